"""Records → HTML: what is shown, and that nothing in it can be anything but text."""

from __future__ import annotations

from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qa_bot.records import (
    Answer,
    Block,
    Citation,
    Document,
    DocumentSummary,
    Health,
    Hit,
    Page,
    Passage,
    Problem,
    Progress,
    Quote,
    Receipt,
    Section,
    Span,
)
from qa_bot.web import render, report, source
from qa_bot.web.links import SourceLink, link_fragment, parse_fragment
from qa_bot.web.service import Holdings, Reply, Status

HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror='alert(2)'> **bold** $$x^2$$ "
    '"></a> [link](javascript:alert(3)) &lt; {{value}} ${value}'
)
TEXT = f"Rules\n\nFor a trip you need:\n\n- a passport\n- {HOSTILE}\n\nThat is all."


class Parsed(HTMLParser):
    """What a browser would make of a piece of HTML: its elements and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.marked: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "progress" or self._open[-1:] != ["progress"]:
            self._open.append(tag)
        if tag == "mark":
            self.marked.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "mark" in self._open:
            self.marked[-1] += data


def the_document() -> Document:
    start = TEXT.index("- a passport")
    return Document(
        id="rules/<b>trip.md",
        title="<i>Trips",
        text=TEXT,
        sections=(Section((), 0, len(TEXT)), Section(("Rules <u>",), 0, len(TEXT))),
        blocks=(Block("heading", 0, 5), Block("list_item", start, TEXT.index("\n\nThat"))),
    )


def the_passage(document: Document) -> Passage:
    start, end = TEXT.index("- a passport"), TEXT.index("\n\nThat")
    lead_in = TEXT.index("For a trip")
    return Passage(
        document_id=document.id,
        title=document.title,
        section=("Rules <u>",),
        start=start,
        end=end,
        text=TEXT[start:end],
        paragraph=2,
        pages=(Page("iv", 6),),
        context=((lead_in, lead_in + len("For a trip you need:")),),
    )


def the_quote(document: Document, sentences: tuple[Span, ...], *, stale: bool = False) -> Quote:
    passage = the_passage(document)
    citation = Citation(
        document.id,
        document.title,
        passage.section,
        2,
        passage.pages,
        "",
        document.digest,
        passage.start,
        passage.end,
    )
    return Quote(
        passage.text,
        passage.start,
        passage.end,
        passage,
        sentences,
        passage.context,
        citation,
        stale,
    )


def reply(*, found: bool = True, stale: bool = False, unknown: tuple[str, ...] = ()) -> Reply:
    document = the_document()
    start = TEXT.index("a passport")
    quote = the_quote(document, ((start, start + len("a passport")),), stale=stale)
    other = replace(quote.passage, start=0, end=5, text="Rules", context=())
    answer = Answer(
        question=HOSTILE,
        found=found,
        confidence=0.9,
        hits=(Hit(quote.passage, 1.0), Hit(other, 0.5)),
        quotes=(quote,) if found else (),
        unknown_words=unknown,
    )
    return Reply(answer, {document.id: document})


def hostile_receipt() -> Receipt:
    names = (HOSTILE,)
    return Receipt(
        names, names, names, ((HOSTILE, HOSTILE),), names, hostile_health(), 1, 1, 1, 0, 1.0
    )


def hostile_health() -> Health:
    problems = (Problem(HOSTILE, HOSTILE),)
    return Health(problems, problems, (HOSTILE,), 1)


def holdings(health: Health) -> Holdings:
    summary = DocumentSummary(HOSTILE, HOSTILE, "0" * 16, 9, 2, 1, "", warnings=(HOSTILE,))
    return Holdings((summary,), "2026-01-02T03:04:05Z", health, (HOSTILE,))


def test_an_answer_shows_the_passage_whole_with_its_sentence_marked() -> None:
    page = Parsed(render.answer_html(reply()))
    passage = the_passage(the_document())
    assert passage.text in page.text, "verbatim, line breaks included"
    assert page.marked == ["a passport"]
    assert "<i>Trips › Rules <u>, ¶ 2, p. iv (6)" in page.text
    assert "changed since indexed" not in page.text


def test_context_stands_above_the_quote_not_in_it() -> None:
    html = render.answer_html(reply())
    context = html.index("For a trip you need:")
    assert 'class="qa-context' in html[:context]
    assert context < html.index("<blockquote")


def test_passages_that_are_not_quoted_fold_away() -> None:
    html = render.answer_html(reply())
    assert "More passages (1)" in html
    assert html.index("<details") > html.index("</figure>")


def test_a_stale_quote_says_so() -> None:
    assert "changed since indexed" in Parsed(render.answer_html(reply(stale=True))).text


def test_a_stale_passage_that_is_not_quoted_says_so_too() -> None:
    given = reply(found=False)
    answer = replace(given.answer, stale=(given.answer.hits[0].passage.document_id,))
    assert "changed since indexed" not in Parsed(render.answer_html(given)).text
    assert "changed since indexed" in Parsed(render.answer_html(replace(given, answer=answer))).text


def test_nothing_found_is_said_plainly_and_nothing_is_marked() -> None:
    page = Parsed(render.answer_html(reply(found=False, unknown=("<zebra>", "quux", "blip"))))
    assert "The documents don’t answer this." in page.text
    assert "No document contains “<zebra>”, “quux” or “blip”." in page.text
    assert "Nearest passages: not an answer" in page.text
    assert page.marked == []


@pytest.mark.parametrize(
    "html",
    [
        render.turn_html(HOSTILE, ""),
        render.error_html(HOSTILE),
        render.answer_html(reply()),
        render.answer_html(reply(found=False, unknown=(HOSTILE,))),
        render.welcome_html(holdings(Health())),
        report.status_html(Status(problem=HOSTILE)),
        report.status_html(Status(holdings=holdings(hostile_health()))),
        report.receipt_html(Status(receipt=hostile_receipt())),
        source.source_html(the_document(), SourceLink("x", "", 0, 5)),
        source.source_error_html(HOSTILE),
    ],
)
def test_nothing_from_outside_becomes_an_element(html: str) -> None:
    page = Parsed(html)
    assert not {"script", "img", "i", "u"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    for name, value in page.attributes:
        if name in ("href", "src"):
            assert value is not None
            assert value.startswith("#source=")


def test_the_source_shows_the_document_word_for_word_with_the_sentence_marked() -> None:
    document = the_document()
    passage = the_passage(document)
    start = TEXT.index("a passport")
    sentence = (start, start + len("a passport"))
    link = SourceLink(document.id, document.digest, passage.start, passage.end, (sentence,))
    page = Parsed(source.source_html(document, link))
    assert TEXT in page.text
    assert page.marked == ["a passport"]
    assert "Rules <u>" in page.text
    assert "rules/<b>trip.md" in page.text


def test_of_a_long_document_the_source_shows_what_surrounds_the_passage() -> None:
    text = "\n".join(f"line {number}" for number in range(100_000))
    document = Document("a.txt", "A", text, (Section((), 0, len(text)),), ())
    start = text.index("line 50000")
    link = SourceLink("a.txt", document.digest, start, start + 10, ((start, start + 10),))
    page = Parsed(source.source_html(document, link))
    assert page.marked == ["line 50000"]
    assert len(page.text) < 130_000
    assert "characters before this" in page.text
    assert "characters after this" in page.text


@given(st.text(alphabet="ab<>&\"'\n é😀", max_size=30), st.data())
def test_marking_loses_nothing_whatever_the_spans(text: str, data: st.DataObject) -> None:
    """Marks may nest, cross, touch and reach outside: the text stays, and tags are balanced."""
    position = st.integers(0, len(text))
    spans = data.draw(st.lists(st.tuples(position, position).map(sorted), max_size=4))
    marks = [("mark", (start + 7, end + 7)) for start, end in spans if start < end]
    page = Parsed(render.marked_html(text, marks, offset=7))
    assert page.text == text
    marked = {at for _, (start, end) in marks for at in range(start - 7, end - 7)}
    assert sum(map(len, page.marked)) >= len(marked)


def test_a_link_survives_the_journey_through_the_browser() -> None:
    link = SourceLink("a folder/a & b=c#d %?é.md", "0123456789abcdef", 3, 99, ((5, 9), (12, 20)))
    assert parse_fragment(link_fragment(link)) == link


@pytest.mark.parametrize(
    "fragment",
    [None, 7, [], "", "#", "#other", "#source=", "#source=a&at=1", "#source=a&at=x-y", "x" * 5_000],
)
def test_a_fragment_that_is_no_link_is_none(fragment: object) -> None:
    assert parse_fragment(fragment) is None


@given(st.text())
@example("&at=1-2" * 500)
@example("&at=%ff&mark=%f0%28")
def test_no_fragment_can_break_the_parser(fragment: str) -> None:
    link = parse_fragment(f"#source=a&{fragment}")
    assert link is None or link.document_id


def test_half_a_character_is_shown_as_a_question_mark() -> None:
    assert render.plain("caf\udce9 <b>") == "caf? &lt;b&gt;"
    assert "caf%3F.md" in link_fragment(SourceLink("caf\udce9.md", "0", 1, 2))


@pytest.mark.parametrize(
    ("start", "end", "sentences"),
    [(0, 10**9, ()), (5, 5, ()), (9, 5, ()), (0, 5, ((3, 10**9),)), (0, 5, ((4, 4),))],
)
def test_offsets_outside_the_document_do_not_fit(
    start: int, end: int, sentences: tuple[Span, ...]
) -> None:
    document = the_document()
    assert not SourceLink(document.id, document.digest, start, end, sentences).fits(document)


def test_another_text_does_not_fit() -> None:
    document = the_document()
    assert SourceLink(document.id, document.digest, 0, 5).fits(document)
    assert not SourceLink(document.id, "0" * 16, 0, 5).fits(document)


def test_the_status_line_says_how_far_the_work_is() -> None:
    progress = Progress("embedding", 15, 15, 820, 3_400, 1_200, done=0.35, seconds_left=130)
    page = report.status_html(Status("building", progress))
    assert (
        "Read 15 files, 820 pages; 1,200 of 3,400 passages embedded; about 2 min left…"
        in Parsed(page).text
    )
    assert 'value="0.350"' in page
    assert "Loading the model…" in Parsed(report.status_html(Status("opening"))).text


def test_the_receipt_counts_what_happened_and_names_the_unreadable() -> None:
    receipt = Receipt(
        added=("a.md", "b.md"),
        changed=(),
        reprocessed=(),
        renamed=(("e.md", "f.md"),),
        removed=("c.md",),
        health=Health((Problem("d.pdf", "contains no text"),), unsupported=("e.xlsx",)),
        documents=2,
        passages=10,
        embedded=2,
        reused=6,
        seconds=1.26,
    )
    text = unescape(Parsed(report.receipt_html(Status(receipt=receipt, requested=True))).text)
    assert "Index rebuilt in 1.3 s: 2 added, 1 renamed, 1 removed, 1 unreadable" in text
    assert "8 passages written, 75% of their vectors reused" in text
    assert "d.pdf: contains no text" in text
    assert "e.xlsx" in text


def test_the_documents_are_listed_with_what_is_wrong_with_them() -> None:
    health = Health(
        unreadable=(Problem("d.pdf", "contains no text"),),
        warnings=(Problem("a.pdf", "no text on page 3"), Problem("b", "skipped: a link")),
        unsupported=("e.xlsx",),
        hidden=2,
    )
    summary = DocumentSummary("a.pdf", "A", "0" * 16, 9, 4, 7, "", warnings=("no text on page 3",))
    status = Status(holdings=Holdings((summary,), "2026-01-02T03:04:05Z", health, ()))
    text = unescape(Parsed(report.status_html(status)).text)
    assert "1 document · 4 passages · indexed" in text
    assert "3 files with problems" in text
    for line in ("d.pdf: contains no text", "b: skipped: a link", "a.pdf (7 pages, 4 passages)"):
        assert line in text
    assert text.count("no text on page 3") == 1
    assert "e.xlsx" in text
    assert "2 hidden or temporary files ignored" in text
