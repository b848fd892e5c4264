"""Questions that ask what something is, and sentences that say it: "A quay is …"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa_bot.text import CELLS, is_stop_word, words

_ASKED = re.compile(
    r"\s*(?:(?:please\s+)?define\s+(?P<named>.+?)"
    r"|(?:what\s+(?:is|are)\s+)?(?:the\s+)?(?:definition|meaning)\s+of\s+(?P<of>.+?)"
    r"|what\s+(?:is|are)\s+meant\s+by\s+(?P<meant>.+?)"
    r"|what\s+do(?:es)?\s+(?P<means>.+?)\s+(?:mean|stand\s+for)"
    r"|what(?:['’]s|\s+(?:is|are|was|were))\s+(?!the\b)"
    r"(?P<is>.+?))\s*[?.]*\s*",
    re.IGNORECASE,
)
_ARTICLES = frozenset({"a", "an", "the"})
_LONGEST_TERM = 5  # words
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
_PRONOUNS = frozenset(
    "he her him i it me one she that them there these they this those we you".split()
)
_IN = re.compile(r"(?<=\w)\s+in\s+(?:(?:this|the|our)\s+\w+|[A-Z][\w-]*)\s*$")  # "in this manual"
_SYMBOLS = re.compile(r"\w[+#]|(?:^|\s)\.\w")  # C++, C#, .NET: words tell them from nothing
_MEANS = frozenset("denote denotes mean means refer refers signifies".split())
_SAYS = (
    "stands for", "shall mean", "happens when", "occurs when", "is characterized",
    "is characterised",
)  # fmt: skip
_RELATIVE = frozenset("caused that which who".split())  # "is arthritis that affects children"
_NEAR = 5  # words from the verb to it
_ONE = frozenset("a an the any another those what".split())
_ONE_IN = frozenset("at in that when where which".split())  # "is one in which no engine runs"
_NOT_WHAT = frozenset(  # "Forms are available": how things are with it
    """
    able all also always available common different due easy expensive found free hard here
    important in likely longer made missing necessary never no not now often on only open optional
    out present ready required responsible set shorter shown sometimes still subject then there up
    used useful usually very
    """.split()
)
_NO_ENTRY = frozenset("free i no none please see we yes you".split())  # "Bob: I think …"
_ASIDE = 10  # words of an aside between a term and its verb: "A split, or ledger entry, is …"
_SHORTEST_PLURAL = 3  # letters
_TOLD = 3  # words of an entry, at least
_CALLED = (
    r"(?:(?:\b(?:is|are|was|were|be|been|also|commonly|often|sometimes|usually)\s+|[,(]\s*)"
    r"(?:called|named|termed|dubbed)|known\s+as|referred\s+to\s+as)\s+"
)
_QUOTED = rf"(?:an?\s+|the\s+)?[{_QUOTES}]*"
# "called the Plimsoll line" calls nothing a Plimsoll.
_ENDS = (
    r"(?=\s*(?:$|[^\w\s-])|\s+(?:and|as|at|because|but|by|for|if|in|is|of|on|or|since|so|that|to"
    r"|when|which|with)\b)"
)
_BETWEEN = re.compile(rf"\s*[{_QUOTES}]*\s*(?::|[–—]|\s-|{re.escape(CELLS.strip())})[ \t]*")


def asked_term(question: str) -> tuple[str, ...]:
    """The words of the thing that a question asks about, in lower case; () where it asks otherwise.

    "What is the deadline?" asks for a value, and "What is included?" is told apart by the text:
    no sentence says what an included is.
    """
    asked = _ASKED.fullmatch(" ".join(question.split()))
    if asked is None:
        return ()
    said = next(filter(None, asked.groups()), "")
    has_article = said.partition(" ")[0].casefold() in _ARTICLES
    said = _IN.sub("", said.partition(" ")[2]) if has_article else said
    term = [word.casefold() for word in words(said)]
    if not 0 < len(term) <= _LONGEST_TERM or term[0] in _PRONOUNS or _SYMBOLS.search(said):
        return ()
    is_named = asked["is"] is None or _is_name(said)
    return tuple(term) if is_named or _NO_TERM.isdisjoint(term) else ()


def _is_name(said: str) -> bool:
    """Whether it is a name as a whole: "Amulet of Yendor", "“terms of use”"."""
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
    """Whether words are the same, but for plurals."""
    pairs = zip(one, other, strict=False)
    return len(one) == len(other) and all(not _forms(a).isdisjoint(_forms(b)) for a, b in pairs)


def _forms(word: str) -> set[str]:
    """A word, and what it may be the plural of."""
    word = word.casefold()
    found = {word}
    if word.endswith("s") and len(word) > _SHORTEST_PLURAL:
        found |= {word[:-1], word.removesuffix("es"), word.removesuffix("ies") + "y"}
    return found


def _begins(term: Sequence[str], sentence: str) -> bool:
    said = words(sentence)
    is_again = said[len(term) : len(term) + 1] in (["A"], ["An"], ["The"])
    skipped = len(term) if is_again and _alike(said[: len(term)], term) else 0
    if not skipped and said[:2] == ["The", "term"] and _alike(said[2 : 2 + len(term)], term):
        skipped = 2
    if skipped:  # "Quay A quay is …", of a glossary; "The term quay refers to …"
        sentence, said = _behind(sentence, skipped), said[skipped:]
    start = 1 if said and said[0].casefold() in _ARTICLES else 0
    after = start + len(term)
    if not _alike(said[start:after], term):
        return False
    rest = [word.casefold() for word in said[after:]]
    has_aside = re.match(r"\W*[(,]", _behind(sentence, after)) is not None
    for place, word in enumerate(rest[: _ASIDE + 1 if has_aside else 1]):
        if rest[place : place + 2] == ["means", "that"]:
            return False
        if word in _MEANS or " ".join(rest[place : place + 2]) in _SAYS:
            return True
        if word in _IS:  # "The quay is the same as last year" tells of one alone
            is_one = said[0] == "The" and rest[place + 1 : place + 2] == ["the"]
            return not is_one and _says_what(rest[place + 1 :])
    return False


def _says_what(said: Sequence[str]) -> bool:
    """Whether what follows "is" is a thing: "a wall", "arthritis that …"; not "easy to find"."""
    if not said or said[0] in _NOT_WHAT:
        return False
    if said[0] == "one":
        return not _ONE_IN.isdisjoint(said[1:2])
    is_told = not _RELATIVE.isdisjoint(said[1 : 1 + _NEAR])
    return said[0] in _ONE or (is_told and not said[0].endswith(("ed", "en", "ing")))


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
    told = [word.casefold() for word in said[len(term) :] if word.isalpha()]
    if len(told) < _TOLD or told[0] in _NO_ENTRY:
        return False
    return _BETWEEN.match(_behind(sentence, len(term))) is not None


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
