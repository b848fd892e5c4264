"""What ends with a full stop and isn't the end of a sentence, by language."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache


@dataclass(frozen=True, slots=True)
class Abbreviations:
    """A language's habits at a full stop.

    A lower-case entry matches in any case, a capitalised one only as it stands.
    """

    inside: frozenset[str]  # never end a sentence
    before_number: frozenset[str]  # do not end a sentence before a number
    either: frozenset[str]  # end one where the next word is one of ``openings``
    openings: frozenset[str]  # words that begin a sentence, in lower case
    letters: bool = False  # whether a single small letter is an abbreviation, too
    ordinals: bool = False  # whether "3." may be "third"


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_INSIDE = _words(
    """
    Adm Brig Capt Cmdr Col Cpl Dr Dra Ft Gen Gov Hon Hr Lt Maj Messrs Mme Mr Mrs Ms Mt Mx
    Pres Prof Pvt Rep Rev Sen Sgt Sra Supt approx bzw ca cf dept e.g eg esp evtl ggf i.e ie
    incl v vgl viz vs
    """
)
_BEFORE_NUMBER = _words(
    """
    Abb Abs Apr Aug Dec Feb Jan Jul Jun Mar Nov Oct Sep Sept app art arts ch chap cl eq eqs
    ex fig figs fol lib no nos nr op par para pg pl pp pt ref sec secs sect tab tel vol vols
    """
)
_COMPANIES = _words("Bros Co Corp Inc Jr Llc Ltd Sr St Ste")

_ENGLISH = Abbreviations(
    inside=_INSIDE,
    before_number=_BEFORE_NUMBER,
    either=_COMPANIES | _words("Ave Blvd Rd al b c d ed eds est ft lb lbs n oz p s u z"),
    openings=_words(
        """
        a according after all although among an and another are as at because before both but by can
        could despite did does during each even eventually every few finally for from he her here
        his how however i if in instead is it its later many meanwhile moreover most my nevertheless
        no nobody not on once one only or other our several she since so some such that the their
        then there therefore these they this those though through thus to today two under unlike
        until was we were what when where which while who why with would you your
        """
    ),
)

# The others' abbreviations are added to the English ones, since names and titles travel.
_OTHERS = {
    "de": Abbreviations(
        inside=_words(
            """
            Fa Fr Frl Hrn Ing Dipl Mag St Std Stdn allg bspw bes betr bzgl dgl dt einschl engl
            entspr erg evt exkl geb gem gest ggfs griech i.d.R idR inkl insb lat lt max min mind
            od sog sogen u.a u.U urspr usf v.a vorm z.B z.T zB zzgl zw
            """
        ),
        before_number=_words("Abschn Anh Anl Anm Art Aufl Bd Bl Fn Hs Kap Lit Nrn Pos Rn Rz Ziff"),
        either=_words("etc Mio Mrd Tsd Str u.Ä usw ff Chr Jh Jhd Jhdt"),
        openings=_words(
            """
            aber alle allerdings als also am an auch auf aus außerdem bei beide beim bis da dabei
            dadurch dafür daher damit danach dann daran darauf darin darüber darum das dass davon
            dazu dem den denn der deren des deshalb dessen die dies diese diesem diesen dieser
            dieses doch dort du durch ein eine einem einen einer eines einige er erst es etwas
            falls für ganz gegen hier hierbei hierfür hinter ich ihr ihre im immer in indem ist
            ja jede jeder jedes jedoch jetzt kann kein keine können man manche mehr mit nach
            nachdem neben nicht noch nun nur ob obwohl oder ohne schließlich sehr sein seine seit
            sein sie sind so sobald sofern solange sollte sollten sonst trotzdem über um und unter
            vom von vor während wann warum was weil weitere welche wenn wer werden wie wir wird wo
            zu zudem zuerst zum zur zusätzlich zwar zwischen
            """
        ),
        letters=True,
        ordinals=True,
    ),
    "fr": Abbreviations(
        inside=_words(
            """
            M MM Mlle Mlles Mmes Me Mgr Pr Vve av apr bd boul c.-à-d cad dir éd env ex fém
            hab id inf jr lat litt masc max min not p.ex réf resp sing sq sqq suiv sup tél trad
            """
        ),
        before_number=_words("n° nᵒ al alin annexe chap col illustr liv num s tit"),
        either=_words("etc J.-C JC"),
        openings=_words(
            """
            a à afin ainsi alors après au aucun aussi autre autres aux avant avec beaucoup bien c ce
            ceci cela celle celui certains ces cet cette ceux chaque comme comment d dans de depuis
            dès des deux donc du elle elles en encore enfin ensuite entre est et faut grâce il ils
            j je jusqu l la le les leur leurs lors lorsque lui m mais malgré même mon n ne néanmoins
            notre nous on or où ou par parce pendant peu plus plusieurs pour pourquoi puis puisque
            quand que quel quelle quelques qui s sa sans selon ses si sinon son sous sur tandis tel
            toujours tous tout toute toutefois toutes très un une vers voici voilà votre vous y qu
            """
        ),
        letters=True,
    ),
    "es": Abbreviations(
        inside=_words(
            """
            D Dª Dña Dn Excmo Ilmo Ing Lic Lcdo Mons Ntra Sr Sres Srta Sto Sta Ud Uds Vd Vds EE FF
            admón aprox av avda c/ cía dcha dpto ej izq máx mín p.ej pdo pta ptas tel
            """
        ),
        before_number=_words("Ene Abr Ago Dic cap caps lám núm núms pág págs párr ss tít"),
        either=_words("etc UU AA J.C a.C d.C cms kms"),
        openings=_words(
            """
            a además ahora al algunas algunos antes aquel aquella aquí así aún aunque bajo cada casi
            como con contra cual cualquier cuando de debe debido del desde después donde dos durante
            el él ella ellas ellos en entonces entre es esa ese esos esta está estas este esto estos
            finalmente hasta hay incluso la las le les lo los luego más me mediante mi mientras
            mucha muchos muy nadie ni ningún no nos nosotros nuestra o otra otro otros para pero
            pese poco podemos por porque primero pueden puede pues que quien sea según ser si sí
            sido siempre siguiendo sin sino sobre sólo solo son su sus también tampoco tan tanto
            todas todo todos tras tu un una unas unos usted ustedes y ya yo
            """
        ),
        letters=True,
    ),
    "ru": Abbreviations(
        inside=_words(
            """
            акад букв бул вкл включ высш гос гр греч доц зам зав им инж исп кв лат напр наст нем
            обл оз пер пл пос прибл просп проф ред рус см соч ср ст ул урожд франц шт англ т.е т.н
            """
        ),
        before_number=_words("ил илл гл рис стр табл разд абз изд кн подп прим тел ч №"),
        either=_words(
            "гг вв др пр тд тп т.д т.п руб коп тыс млн млрд мин сек час чел км см др н.э"
        ),
        openings=_words(
            """
            а без более большинство был была были было в вам вас ваш весь во вот все всё всего вы
            да даже далее два для до его ее её если есть ещё еще же за здесь затем и из или им
            иногда их к каждая каждый как какие какой когда которые кроме кто ли любой между многие
            можно мой мы на над нам нас наш не него нельзя несмотря нет ни но ну о об обычно один
            однако он она они оно от очень перед по под поскольку после потом потому поэтому почему
            при про раз с сам свой сейчас сначала со так также такие такой там те тем теперь то
            того тоже только том тот три у уже хотя чем через что чтобы эта эти это этого этот я
            """
        ),
        letters=True,
    ),
    "ar": Abbreviations(
        inside=_words("د أ.د م ص ج ط ق"),
        before_number=frozenset(),
        either=frozenset(),
        openings=frozenset(),
    ),
}


@cache
def abbreviations_of(language: str) -> Abbreviations:
    """A language's habits; of one that isn't known here, the English ones."""
    own = _OTHERS.get(language)
    if own is None:
        return _ENGLISH
    return replace(
        own,
        inside=(own.inside | _INSIDE) - own.either,
        before_number=own.before_number | _BEFORE_NUMBER,
        either=own.either | _COMPANIES - own.inside,
    )
