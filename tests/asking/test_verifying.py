"""Is this quote real: three results, where it stands, and what differs."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from conftest import ARTICLE, DOCUMENTS, paragraphs, write

import qa_bot
from benchmarks.hashing import HashEmbedder
from benchmarks.quality.quote_changes import drawn, made_up, respaced, with_a_word_changed
from qa_bot import Index, UsageError, Verification, build_index, open_index, verify

MANY = 200


def differences(found: Verification, index: Index) -> list[tuple[str, str]]:
    """What differs at the first place, as words of both."""
    match = found.matches[0]
    spans = [one.found for one in match.differences]
    theirs = index.slices(match.citation.document_id, spans)
    own = [found.text[slice(*one.given)] for one in match.differences]
    return list(zip(own, theirs, strict=True))


@pytest.fixture(scope="module")
def article(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """The article; the model doesn't matter where nothing is compared by meaning."""
    folder = tmp_path_factory.mktemp("article")
    build_index(DOCUMENTS, folder, model=HashEmbedder())
    return open_index(folder, model=HashEmbedder())


@pytest.fixture(scope="module")
def text(article: Index) -> str:
    return article.document(ARTICLE).text


def test_true_quotes_with_changed_white_space_are_verified(article: Index, text: str) -> None:
    draw = random.Random(26)  # noqa: S311 - the same for each run
    quotes = [respaced(drawn(text, draw), draw) for _ in range(MANY)]
    verdicts = [verify(quote, article).verdict for quote in quotes]
    assert verdicts.count("verified") >= 0.99 * MANY


def test_quotes_with_a_word_changed_are_near_and_the_word_is_named(
    article: Index, text: str
) -> None:
    draw = random.Random(27)  # noqa: S311 - the same for each run
    others = sorted({word for word in text.split() if word.isalpha()})
    changed = [with_a_word_changed(drawn(text, draw), others, draw) for _ in range(MANY)]
    named = 0
    for one in changed:
        found = verify(one.text, article)
        assert found.verdict != "verified"
        named += found.verdict == "near" and differences(found, article) == [(one.given, one.found)]
    assert named >= 0.98 * MANY


def test_made_up_text_is_never_verified(article: Index, text: str) -> None:
    draw = random.Random(28)  # noqa: S311 - the same for each run
    others = sorted({word for word in text.split() if word.isalpha()})
    verdicts = {verify(made_up(others, draw), article).verdict for _ in range(MANY)}
    assert verdicts == {"absent"}


def test_a_match_is_a_slice_of_its_document_with_its_place(article: Index, text: str) -> None:
    found = verify("Despite Iceland's  limited military forces,", article)
    (match,) = found.matches
    assert found.verdict == "verified"
    assert match.text == text[match.citation.start : match.citation.end]
    assert match.text == "Despite Iceland’s limited military forces,"
    assert match.exact
    assert match.citation.section[-1].startswith("Case Studies")
    assert match.citation.paragraph == 2
    assert not verify("despite icelands limited military forces", article).matches[0].exact


def test_a_quote_over_several_paragraphs_and_a_heading_is_verified(
    article: Index, text: str
) -> None:
    section = article.sections(ARTICLE)[3]
    before, after = text[: section.start].split()[-120:], text[section.start :].split()[:400]
    found = verify("\n".join([*before, *after]), article)
    assert found.verdict == "verified"
    assert found.matches[0].text.split() == [*before, *after]


@pytest.fixture(scope="module")
def herons(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("herons")
    (folder / "documents").mkdir()
    write(
        folder / "documents",
        heron=paragraphs("heron", 60),
        other__heron=paragraphs("heron", 3),
        otter=f"The end of it\n\nIt was so, and this is all of it. {paragraphs('otter', 5)}",
    )
    build_index(folder / "documents", folder / "index", model=HashEmbedder())
    return open_index(folder / "index", model=HashEmbedder())


def test_places_in_several_documents_are_told_and_may_be_limited(herons: Index) -> None:
    quote = "Its keeper wrote on page 2 that every heron"
    both = verify(quote, herons)
    names = [match.citation.document_id for match in both.matches]
    assert names == ["heron.txt", "other/heron.txt"]
    assert [one.citation.document_id for one in verify(quote, herons, ["other"]).matches] == [
        "other/heron.txt"
    ]
    assert verify(quote, herons, ["otter.txt"]).verdict == "near"
    assert verify("written by nobody at all ever", herons, ["otter.txt"]).verdict == "absent"
    with pytest.raises(qa_bot.UnknownDocumentError):
        verify(quote, herons, ["badger.txt"])


def test_of_many_places_that_are_alike_the_one_with_the_number_is_found(herons: Index) -> None:
    found = verify("The heron number 47 was seen near the heron hill.", herons)
    assert found.verdict == "verified"
    assert "47" in found.matches[0].text
    near = verify("The heron number 470 was seen near the heron hill.", herons)
    assert near.verdict == "near"
    assert differences(near, herons)[0][0] == "470"


def test_a_text_of_common_words_alone_is_found(herons: Index) -> None:
    assert verify("it was so, and this is all of it", herons).verdict == "verified"
    assert verify("all of this was it and so", herons).verdict == "absent"
    assert verify("the end of it", herons).verdict == "verified"  # a heading


def test_a_quote_of_a_file_that_changed_says_so(documents: Path, folder: Path) -> None:
    write(documents, heron=paragraphs("heron", 3))
    build_index(documents, folder, model=HashEmbedder())
    (documents / "heron.txt").write_text("Gone.")
    with open_index(folder, model=HashEmbedder()) as index:
        assert verify("seen near the heron hill", index).matches[0].stale


@pytest.mark.parametrize("text", ["", " \n", "“…”", "x" * 20_001])
def test_what_cannot_be_checked_is_refused(article: Index, text: str) -> None:
    with pytest.raises(UsageError):
        verify(text, article)


@pytest.mark.parametrize(
    "text", ["\ud83d half a pair", "\x00 and \x1b[1m", "(" * 5_000 + "a", "ต้" * 9_000, "𝒜 ²³"]
)
def test_odd_text_is_just_not_found(article: Index, text: str) -> None:
    assert verify(text, article).verdict in {"absent", "verified"}
