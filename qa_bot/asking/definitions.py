"""Questions that ask what something is, and sentences that say it: "A quay is …"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa_bot.store.analysis import stems
from qa_bot.text import CELLS, is_stop_word, words

_ASKED = re.compile(
    r"\s*(?:(?:please\s+)?define\s+(?P<named>.+?)"
    r"|(?:what\s+(?:is|are)\s+)?(?:the\s+)?(?:definition|meaning)\s+of\s+(?P<of>.+?)"
    r"|what\s+(?:is|are)\s+meant\s+by\s+(?P<meant>.+?)"
    r"|what\s+do(?:es)?\s+(?P<means>.+?)\s+(?:mean|stand\s+for)"
    r"|what(?:['’]s|\s+(?:is|are|was|were))\s+(?!the\b)"
    r"(?:(?P<one>an?\s+.+?)(?:\s+in\s+[^?]+)?|(?P<is>.+?)))\s*[?.]*\s*",
    re.IGNORECASE,
)
_ARTICLES = frozenset({"a", "an", "the"})
_LONGEST_TERM = 5  # words
_SAME = 3  # letters that forms of a word begin with: few words are stemmed
# What a term that stands for itself has none of: "what is included in the price", "its price".
_NO_TERM = frozenset(
    """
    about after against as at before between by during for from her his how if in into it its my not
    of on or our that their there these this those to under what when where which who why with
    within without your
    """.split()
)
_QUOTES = "\"'“”‘’«»„`*_"
_IS = frozenset({"is", "are", "was", "were"})
_MEANS = frozenset(
    "comprises denote denotes describes mean means refer refers represents signifies".split()
)
_SAYS = (
    "stands for", "shall mean", "happens when", "occurs when", "is characterized",
    "is characterised",
)  # fmt: skip
_RELATIVE = frozenset("caused that where which who".split())  # "is arthritis that affects children"
_NEAR = 4  # words from the verb to it
_ONE = frozenset("a an the any one another either that what when".split())
_NOT_WHAT = frozenset(  # "Forms are available": how things are with it
    """
    able all also always available common different easy found free hard here important in
    likely made missing necessary never no not now often on only open optional out present ready
    required subject set shown sometimes still then there up used useful usually very
    """.split()
)
_ASIDE = 10  # words of an aside between a term and its verb: "A split, or ledger entry, is …"
_TOLD = 3  # words of an entry, at least
_CALLED = r"(?:called|named|termed|dubbed|known\s+as|referred\s+to\s+as)\s+"
_QUOTED = rf"(?:an?\s+|the\s+)?[{_QUOTES}]*"
# "called the Plimsoll line" calls nothing a Plimsoll.
_ENDS = (
    r"(?=\s*(?:$|[^\w\s-])|\s+(?:and|as|at|because|but|by|for|if|in|is|of|on|or|since|so|that|to"
    r"|when|which|with)\b)"
)
_BETWEEN = re.compile(rf"\s*[{_QUOTES}]*\s*(?::|[–—]|\s-|\n|{re.escape(CELLS.strip())})\s*")


def asked_term(question: str) -> tuple[str, ...]:
    """The words of the thing that a question asks about, in lower case; () where it asks otherwise.

    "What is the deadline?" asks for a value, and "What is included?" is told apart by the text:
    no sentence says what an included is.
    """
    asked = _ASKED.fullmatch(question)
    if asked is None:
        return ()
    said = next(filter(None, asked.groups()), "")
    term = [word.casefold() for word in words(said)]
    if term and term[0] in _ARTICLES:
        term = term[1:]
    named = not (asked["is"] or asked["one"]) or _names(said)
    if not 0 < len(term) <= _LONGEST_TERM or (not named and not _NO_TERM.isdisjoint(term)):
        return ()
    return tuple(term)


def _names(said: str) -> bool:
    """Whether it is a name as a whole: "the Amulet of Yendor", "“terms of use”"."""
    parts = words(said)
    return said[:1] in _QUOTES or (parts[0][0].isupper() and parts[-1][0].isupper())


def defines(term: Sequence[str], sentence: str) -> bool:
    """Whether a sentence says what a term is, not just how things are with it.

    It begins with the term and says that it is something ("Quays are walls …", "A split, or
    entry, is the …", "quay: a wall …"), or calls something by it ("…, called a quay"), or
    spells it out ("Local Area Network (LAN)").
    """
    if not term:
        return False
    return _begins(term, sentence) or _is_listed(term, sentence) or _is_named(term, sentence)


def _alike(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether words are the same, or forms of the same."""
    begins = [[word[:_SAME].casefold() for word in said] for said in (one, other)]
    return begins[0] == begins[1] and stems(" ".join(one)) == stems(" ".join(other))


def _begins(term: Sequence[str], sentence: str) -> bool:
    said = words(sentence)
    is_again = said[len(term) : len(term) + 1] in (["A"], ["An"], ["The"])
    if is_again and _alike(said[: len(term)], term):
        return _begins(term, _behind(sentence, len(term)))  # "Quay A quay is …", of a glossary
    if said[:2] == ["The", "term"]:
        return _begins(term, _behind(sentence, 2))
    start = 1 if said and said[0].casefold() in _ARTICLES else 0
    after = start + len(term)
    if not _alike(said[start:after], term):
        return False
    rest = [word.casefold() for word in said[after:]]
    has_aside = re.match(r"\W*[(,]", _behind(sentence, after)) is not None
    for place, word in enumerate(rest[: _ASIDE + 1 if has_aside else 1]):
        if word in _MEANS or " ".join(rest[place : place + 2]) in _SAYS:
            return True
        if word in _IS:  # "The quay is the same as last year" tells of one alone
            is_one = said[0] == "The" and rest[place + 1 : place + 2] == ["the"]
            return not is_one and _says_what(word, rest[place + 1 :])
    return False


def _says_what(verb: str, said: Sequence[str]) -> bool:
    """Whether what follows "is" is a thing: "a wall", "arthritis that …"; not "easy to find"."""
    if not said or said[0] in _NOT_WHAT:
        return False
    if said[0] in _ONE or (verb == "are" and not said[0].endswith(("ed", "ing", "en"))):
        return True
    return not _RELATIVE.isdisjoint(said[1:_NEAR])


def _behind(sentence: str, count: int) -> str:
    """What follows the first words of a sentence."""
    rest = sentence
    for word in words(sentence)[:count]:
        rest = rest.partition(word)[2]
    return rest


def _is_listed(term: Sequence[str], sentence: str) -> bool:
    """Whether it is an entry of a glossary, or a row of a table whose first cell is the term."""
    said = words(sentence)
    if not _alike(said[: len(term)], term):
        return False
    told = sum(word.isalpha() for word in said[len(term) :])
    return told >= _TOLD and _BETWEEN.match(_behind(sentence, len(term))) is not None


def _is_named(term: Sequence[str], sentence: str) -> bool:
    spelled = r"\W{1,3}".join(map(re.escape, term))
    if re.search(rf"\b{_CALLED}{_QUOTED}{spelled}s?{_ENDS}", sentence, re.IGNORECASE):
        return True
    if len(term) != 1:
        return False
    match = re.search(
        rf"(?<![\w-])((?:[\w-]+\s+){{2,8}})\(\s*{spelled}s?\s*[);,]", sentence, re.IGNORECASE
    )
    if match is None:
        return False
    parts = [word.casefold() for word in words(match[1].replace("-", " "))]
    few = [word for word in parts if not is_stop_word(word)]
    return any("".join(one[0] for one in said).endswith(term[0]) for said in (parts, few))
