"""Two readings of each page, compared by their words: where they differ, the better one is taken.

Both give each letter its place, so either can be laid out. Their words are compared as
letters in a row, since readers differ in what they take for a space, and that is ours to tell.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from qa_bot.text import is_stop_word

NOISE = 3  # words of a page in which any two readers may differ
SHARE = 0.02  # of a page's words, likewise
LEAD = 0.25  # by which another reading has to be better to be taken
MANY_LETTERS = 300  # of a page's different words, to tell whether they are a language's
UNLIKE = 0.7  # cosine of their frequencies with those of European languages; real text has more
_SHORTEST_COMPARED, _LONG, _LONGEST_COMPARED = 4, 6, 24  # letters of a word
_MANY_MISSING = 200  # words of a page; among more none is looked for that differs in two letters
FEW = 0.05  # of a page's words; real text has more function words

# Words in the scripts whose letters are written in a row; of others each reader has its own order.
_WORD = re.compile(r"[^\W_\u0590-\u109f\u1780-\u18af\ua8e0-\uabff\ufb1d-\ufdff\ufe70-\ufeff]+")
_VOWEL = re.compile("[aeiouyаеиоуыэюяαειουηω]")
_STEM = re.compile(r"[^\W\d]+")
_LATIN_WORD = re.compile("[a-z]{4,}")
_DROPPED = re.compile("[\u00ad\u0300-\u036f\ufffd\ufffe]+")  # and pdfium's for a hyphen at an end
# Letters in a hundred, a to z: about the mean of English, French, German, Spanish and Italian.
_USUAL = (
    8.4, 1.3, 3.3, 4.3, 14.4, 1.2, 1.7, 2.2, 8.0, 0.3, 0.6, 4.4, 2.8,
    7.8, 6.4, 2.5, 0.6, 6.9, 7.0, 7.3, 3.8, 1.3, 0.8, 0.2, 0.6, 0.7,
)  # fmt: skip
# Without accents, as ``words_of`` gives them.
_FUNCTION_WORDS = frozenset(
    "am an and au av az be by da das de degli dei del den der des det di die do du een el els en "
    "er es est et for fran har het hogy il im in is ja je jest jo ki la las le les los med mit na "
    "nie no nao och of og om on oder os para per pod pour que pa se si som su su te that the till "
    "to um un una und une van ve vi von vor was we with ze zu".split()
)


@dataclass(frozen=True, slots=True)
class Difference:
    """What one reading of a page has, and the other lacks."""

    page: int  # index
    words: int  # that both readings have, and those that ours lacks
    missing: tuple[str, ...]  # of the second reading, not in ours
    added: tuple[str, ...]  # of ours, not in the second

    @property
    def is_beyond_noise(self) -> bool:
        """Whether it is more than any two readers differ by."""
        most = max(len(self.missing), len(self.added))
        return most >= NOISE and most >= SHARE * self.words


@dataclass
class Opinions:
    """The pages of one file on which two readings differ."""

    differences: list[Difference] = field(default_factory=list)
    words: int = 0  # of all pages
    _known: set[str] = field(default_factory=set)  # words that both readings have

    def compare(self, page: int, ours: Sequence[str], said: str, other: str) -> None:
        """Compare a page's readings.

        Args:
            page: Its index.
            ours: The words that ours shows, as ``words_of`` gives them.
            said: All that ours draws, seen or not.
            other: The second reading, nothing where there is none.
        """
        theirs = words_of(other)
        if not theirs:
            return
        row = "".join(theirs)
        mine, both = set(ours), set(theirs)
        letters = "".join(ours)
        missing = [word for word in both - mine if word not in letters]
        if missing:
            letters = f"{letters} {''.join(words_of(said))}"
            most = 2 if len(missing) <= _MANY_MISSING else 1
            missing = [
                word
                for word in missing
                if word not in letters and not _is_variant(word, letters, most)
            ]
        added = [word for word in mine - both if len(word) > 1 and word not in row]
        self.words += len(theirs)
        self._known |= mine & both
        if missing or added:
            ordered = tuple(sorted(missing)), tuple(sorted(added))
            self.differences.append(Difference(page, len(theirs), *ordered))

    def prefers_second(self, one: Difference) -> bool:
        """Whether the second reading of a page is the better one.

        It is where the words that only it has are known more often, by ``LEAD``, than
        those that only ours has: known from what both readings have of the file, or as
        words of English; half so where they could be a word at all.
        """
        if not one.missing:
            return False
        return self._worth(one.missing) - self._worth(one.added) >= LEAD

    def _worth(self, words: Sequence[str]) -> float:
        worth = sum(
            1.0 if word in self._known or is_stop_word(word) else 0.5 * could_be_word(word)
            for word in words
        )
        return worth / len(words) if words else 0.0


def _is_variant(word: str, letters: str, most: int) -> bool:
    """Whether a word is among the letters but for one, or two: brackets read as letters, say.

    Of words as short as what stands there by chance none is told.
    """
    if word.isdigit() or len(word) > _LONGEST_COMPARED:
        return len(word) < 2
    if len(word) <= _SHORTEST_COMPARED:
        return len(word) < _SHORTEST_COMPARED
    if word[1:-1] in letters:
        return True
    ones = [word[:n] + word[n + 1 :] for n in range(len(word))]
    return any(one in letters for one in ones) or (
        most > 1
        and len(word) > _LONG
        and any(one[:n] + one[n + 1 :] in letters for one in ones for n in range(len(one)))
    )


def words_of(text: str) -> list[str]:
    """A text's words in order, in one case, without accents."""
    if not text.isascii():
        text = _DROPPED.sub("", unicodedata.normalize("NFKD", text))
    return _WORD.findall(text.replace("\x02", "").casefold())


def could_be_word(word: str) -> bool:
    """Whether it has a vowel, is short, or a number, or in a script whose vowels aren't known."""
    if word.isdigit() or not word.isalpha():
        return word.isdigit()
    return len(word) < 4 or not _LATIN_WORD.fullmatch(word) or bool(_VOWEL.search(word))


def is_no_language(words: Sequence[str]) -> bool:
    """Whether a page's words in Latin letters can't be in any language that is written in them.

    The letters of its different words are far from as frequent as in European languages,
    and it has none of their function words: so it is where a font says that its letters are
    others. Of 2,373 pages of manuals, four are lists of names and codes that read like that; of
    the same pages, each letter taken for another one, eight in ten. Too few letters tell nothing.
    """
    letters = "".join({stem for word in words for stem in _STEM.findall(word)})
    counts = [letters.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"]
    if sum(counts) < max(MANY_LETTERS, 0.5 * len(letters)):
        return False
    product = sum(a * b for a, b in zip(counts, _USUAL, strict=True))
    sizes = sum(a * a for a in counts) * sum(b * b for b in _USUAL)
    if product / sizes**0.5 >= UNLIKE:
        return False
    return sum(word in _FUNCTION_WORDS for word in words) < FEW * len(words)
