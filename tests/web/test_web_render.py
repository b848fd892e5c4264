"""Records → HTML: what is shown, and that nothing in it can be anything but text."""

from __future__ import annotations

from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from parsing import Parsed

from qa_bot.builds import Progress, Receipt
from qa_bot.pages.view import Box
from qa_bot.records import (
    Answer,
    Block,
    Citation,
    Document,
    DocumentSummary,
    Excerpt,
    Health,
    Hit,
    Page,
    Passage,
    Problem,
    Quote,
    Section,
    Span,
)
from qa_bot.web import documents, outline, render, report, source
from qa_bot.web.conversation import Conversation, Turn
from qa_bot.web.escaping import marked_html, name, plain
from qa_bot.web.links import SourceLink, link_query, parse_query
from qa_bot.web.replying import Reply
from qa_bot.web.service import Holdings, Status
from qa_bot.web.sources import Moved, PageView, Source, window
from qa_bot.web.starting_points import StartingPoint
from qa_bot.web.welcome import welcome_html

HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror='alert(2)'> **bold** $$x^2$$ "
    '"></a> [link](javascript:alert(3)) &lt; {{value}} ${value}'
)
TEXT = f"Rules\n\nFor a trip you need:\n\n- a passport\n- {HOSTILE}\n\nThat is all."


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


def reply(
    *,
    found: bool = True,
    stale: bool = False,
    unknown: tuple[str, ...] = (),
    quoted: bool | None = None,
) -> Reply:
    document = the_document()
    start = TEXT.index("a passport")
    quote = the_quote(document, ((start, start + len("a passport")),), stale=stale)
    other = replace(quote.passage, start=0, end=5, text="Rules", context=())
    answer = Answer(
        question=HOSTILE,
        found=found,
        confidence=0.9,
        hits=(Hit(quote.passage, 1.0), Hit(other, 0.5)),
        quotes=(quote,) if (found if quoted is None else quoted) else (),
        unknown_words=unknown,
    )
    contexts = {(document.id, span): TEXT[slice(*span)] for span in quote.context}
    return Reply(answer, {document.id: document.digest}, contexts)


def the_source(link: SourceLink, *, at: int | None = None, stale: bool = False) -> Source:
    document = the_document()
    excerpt = Excerpt(
        document_id=document.id,
        title=document.title,
        digest=document.digest,
        characters=len(TEXT),
        pages=2,
        start=0,
        end=len(TEXT),
        text=TEXT,
        blocks=document.blocks,
        page_spans=(),
    )
    quoted = replace(excerpt, start=link.start, end=link.end, text=TEXT[link.start : link.end])
    place = link.start if at is None else at
    return Source(link, quoted, excerpt, document.sections, place, stale)


def hostile_receipt() -> Receipt:
    names = (HOSTILE,)
    return Receipt(
        names,
        names,
        names,
        ((HOSTILE, HOSTILE),),
        names,
        hostile_health(),
        documents=1,
        passages=1,
        embedded=1,
        reused=0,
        seconds=1.0,
        chosen=f"The index's model is another one, since {HOSTILE} is in German.",
    )


def hostile_health() -> Health:
    problems = (Problem(HOSTILE, HOSTILE),)
    return Health(problems, problems, (HOSTILE,), 1)


def holdings(health: Health) -> Holdings:
    summary = DocumentSummary(HOSTILE, HOSTILE, "0" * 16, 9, 2, 1, "", warnings=(HOSTILE,))
    start = StartingPoint(HOSTILE, HOSTILE, "?quote=")
    return Holdings((summary,), "2026-01-02T03:04:05Z", health, (start,))


def test_an_answer_shows_the_passage_whole_with_its_sentence_marked() -> None:
    page = Parsed(render.answer_html(reply()))
    passage = the_passage(the_document())
    assert passage.text in page.text, "verbatim, line breaks included"
    assert page.marked == ["a passport"]
    assert "<i>Trips › Rules <u>, ¶\N{NO-BREAK SPACE}2, p.\N{NO-BREAK SPACE}iv (6)" in page.text
    assert "changed since indexed" not in page.text


def test_context_stands_above_the_quote_not_in_it() -> None:
    html = render.answer_html(reply())
    context = html.index("For a trip you need:")
    assert 'class="qa-context' in html[:context]
    assert context < html.index("<blockquote")


def test_passages_that_are_not_quoted_fold_away() -> None:
    html = render.answer_html(reply())
    assert "More passages (1)" in html
    assert html.index('<details class="qa-more"') > html.index("</figure>")


def test_a_stale_quote_says_so() -> None:
    assert "changed since indexed" in Parsed(render.answer_html(reply(stale=True))).text


@pytest.mark.parametrize("found", [True, False])
def test_a_warning_about_the_reader_is_shown_above_the_answer(*, found: bool) -> None:
    given = reply(found=found)
    without = Parsed(render.answer_html(given)).text
    html = render.answer_html(replace(given, answer=replace(given.answer, warning=HOSTILE)))
    assert Parsed(html).text == HOSTILE + without


def test_a_stale_passage_that_is_not_quoted_says_so_too() -> None:
    given = reply(found=False)
    answer = replace(given.answer, stale=(given.answer.hits[0].passage.document_id,))
    assert "changed since indexed" not in Parsed(render.answer_html(given)).text
    assert "changed since indexed" in Parsed(render.answer_html(replace(given, answer=answer))).text


def test_what_may_answer_is_quoted_and_said_to_be_unsure() -> None:
    sure = Parsed(render.answer_html(reply()))
    page = Parsed(render.answer_html(reply(found=False, quoted=True, unknown=("quux",))))
    assert page.text.startswith("This may answer it:No document contains “quux”.")
    assert "a passport" in page.text
    assert "This may answer it" not in sure.text
    assert "not an answer" not in page.text


def test_nothing_found_is_said_plainly_and_nothing_is_marked() -> None:
    page = Parsed(render.answer_html(reply(found=False, unknown=("<zebra>", "quux", "blip"))))
    assert "Nothing here answers this clearly." in page.text
    assert "No document contains “<zebra>”, “quux” or “blip”." in page.text
    assert "Closest: not an answer" in page.text
    assert page.marked == []


@pytest.mark.parametrize(
    "html",
    [
        render.turn_html(1, HOSTILE, ""),
        render.error_html(HOSTILE),
        render.answer_html(reply()),
        render.answer_html(reply(found=False, unknown=(HOSTILE,))),
        welcome_html(Status(holdings=holdings(Health())), [HOSTILE]),
        welcome_html(Status(is_empty=True, problem=HOSTILE), (), Path(HOSTILE), "owner"),
        report.status_html(Status(problem=HOSTILE)),
        report.status_html(Status(holdings=holdings(hostile_health()), note=HOSTILE)),
        documents.list_html(holdings(hostile_health()), Conversation(), deletable=True),
        report.receipt_html(Status(receipt=hostile_receipt())),
        source.source_html(the_source(SourceLink("0" * 16, 0, 5))),
        source.source_html(the_source(SourceLink("0" * 16, 0, 5)), PageView(0, 2, (), (), HOSTILE)),
        source.moved_html(Moved(HOSTILE, None)),
        source.moved_html(Moved(HOSTILE, SourceLink("0" * 16, 0, 5))),
        source.source_error_html(HOSTILE),
    ],
)
def test_nothing_from_outside_becomes_an_element(html: str) -> None:
    page = Parsed(html)
    assert not {"script", "img", "i", "u"} & set(page.tags)
    assert not [attribute for attribute, _ in page.attributes if attribute.startswith("on")]
    for attribute, value in page.attributes:
        if attribute in ("href", "src"):
            assert value is not None
            assert value.startswith(("?quote=", "/file/"))


def test_the_source_shows_the_text_word_for_word_with_the_sentence_marked() -> None:
    passage = the_passage(the_document())
    start = TEXT.index("a passport")
    sentence = (start, start + len("a passport"))
    link = SourceLink("0" * 16, passage.start, passage.end, (sentence,))
    page = Parsed(source.source_html(the_source(link)))
    assert TEXT in page.text
    assert page.marked == ["a passport"]
    assert "Rules <u>" in page.text
    assert "rules/<b>trip.md" in page.text
    assert "changed since indexed" not in page.text
    stale = Parsed(source.source_html(the_source(link, stale=True)))
    assert "changed since indexed" in stale.text


def test_a_page_has_its_boxes_where_the_words_are() -> None:
    view = PageView(2, 2, (Box(2, 0.1, 0.2, 0.5, 0.25),), (Box(2, 0.1, 0.2, 0.3, 0.25),))
    page = Parsed(source.source_html(the_source(SourceLink("0" * 16, 0, 5)), view))
    assert "Page 2 of 2" in page.text
    assert (
        "src",
        "/page/0000000000000000/2?in=rules%2F%3Cb%3Etrip.md&width=1200",
    ) in page.attributes
    styles = [value for attribute, value in page.attributes if attribute == "style"]
    assert "left:10.000%;top:20.000%;width:40.000%;height:5.000%" in styles
    assert "left:10.000%;top:20.000%;width:20.000%;height:5.000%" in styles
    assert ("disabled", None) in page.attributes, "there is no page after the last one"


def test_where_nothing_can_be_boxed_the_text_is_shown_and_why() -> None:
    view = PageView(0, 2, (), (), "The file has changed since it was indexed.")
    page = Parsed(source.source_html(the_source(SourceLink("0" * 16, 0, 5)), view))
    assert "The file has changed since it was indexed. This is its text." in page.text
    assert TEXT in page.text


SECTIONS = (
    Section((), 0, 100_000),
    Section(("A",), 0, 50_000),
    Section(("A", "small"), 10_000, 12_000),
    Section(("A", "large"), 12_000, 45_000),
    Section(("B",), 50_000, 100_000),
)


def test_a_quote_says_which_language_it_is_in() -> None:
    shown = reply()
    (quote,) = shown.answer.quotes
    passage = replace(quote.passage, language="ar")
    quoted = replace(shown, answer=replace(shown.answer, quotes=(replace(quote, passage=passage),)))
    html = render.answer_html(quoted)
    assert '<blockquote class="qa-text" lang="ar" dir="auto">' in html
    assert '<p class="qa-context qa-text" lang="ar" dir="auto">' in html
    asked = replace(quoted.answer, question="When must the landlord repair the heating?")
    assert ">in Arabic</span>" in render.answer_html(replace(quoted, answer=asked))
    assert "lang=" not in render.answer_html(shown)  # nobody knows: it is not claimed
    assert '<blockquote class="qa-text" dir="auto">' in render.answer_html(shown)


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        ((20_000, 20_100), (12_000, 45_000)),  # its section
        ((11_000, 11_100), (5_000, 17_000)),  # a small section, and some more
        ((60_000, 60_100), (54_050, 66_050)),  # no section is small enough
        ((0, 10), (0, 6_005)),
        ((99_990, 100_000), (93_995, 100_000)),
        ((10_000, 10_000), (5_000, 17_000)),  # a place: the section that begins there
    ],
)
def test_a_source_opens_at_a_section_or_at_some_text_around(span: Span, shown: Span) -> None:
    assert window(SECTIONS, span) == shown


def test_a_short_text_is_shown_whole() -> None:
    assert window((Section((), 0, 30_000), Section(("A",), 0, 10)), (5, 6)) == (0, 30_000)


def test_the_outline_lights_the_innermost_section() -> None:
    html = outline.outline_html(SECTIONS, 13_000)
    assert Parsed(html).text == "AsmalllargeB"
    assert html.count("aria-current") == 1
    assert 'value="12000" aria-current="true">large' in html
    assert outline.outline_html(SECTIONS[:1], 5) == ""


def test_of_very_many_sections_those_on_the_way_are_listed() -> None:
    many = [Section((), 0, 10**6)]
    for chapter in range(100):
        start = chapter * 10_000
        many.append(Section((f"c{chapter}",), start, start + 10_000))
        for part in range(10):
            path = (f"c{chapter}", f"c{chapter}.{part}")
            many.append(Section(path, start + part * 1_000, start + (part + 1) * 1_000))
    text = Parsed(outline.outline_html(many, 15_500)).text
    assert "c99" in text
    assert "c1.5" in text
    assert "c2.5" not in text


@given(st.text(alphabet="ab<>&\"'\n é😀", max_size=30), st.data())
def test_marking_loses_nothing_whatever_the_spans(text: str, data: st.DataObject) -> None:
    """Marks may nest, cross, touch and reach outside: the text stays, and tags are balanced."""
    position = st.integers(0, len(text))
    spans = data.draw(st.lists(st.tuples(position, position).map(sorted), max_size=4))
    marks = [("mark", (start + 7, end + 7)) for start, end in spans if start < end]
    page = Parsed(marked_html(text, marks, offset=7))
    assert page.text == text
    marked = {at for _, (start, end) in marks for at in range(start - 7, end - 7)}
    assert sum(map(len, page.marked)) >= len(marked)


def test_a_link_survives_the_journey_through_the_browser() -> None:
    link = SourceLink("0123456789abcdef", 3, 99, ((5, 9), (12, 20)))
    assert link_query(link) == "?quote=0123456789abcdef:3-99&mark=5-9,12-20"
    assert parse_query(link_query(link)) == link
    named = replace(link, document_id="a folder/a & b=c#d %?é.md")
    assert parse_query(link_query(named)) == named
    assert parse_query("?quote=0123456789abcdef:3-99") == SourceLink("0123456789abcdef", 3, 99)


@pytest.mark.parametrize(
    "query",
    [
        None,
        7,
        [],
        "",
        "?",
        "?other",
        "?quote=",
        "?quote=0123456789abcdef",
        "?quote=0123456789abcdef:5",
        "?quote=0123456789ABCDEF:1-2",
        "?quote=abc:1-2",
        "?quote=0123456789abcdef:1-x",
        "x" * 5_000,
    ],
)
def test_a_query_that_is_no_link_is_none(query: object) -> None:
    assert parse_query(query) is None


@given(st.text())
@example(":1-2&mark=" + "1-2," * 100)
@example(":1-2&mark=%f0%28")
def test_no_query_can_break_the_parser(query: str) -> None:
    link = parse_query(f"?quote=0123456789abcdef{query}")
    assert link is None or link.digest == "0123456789abcdef"


def test_half_a_character_is_shown_as_a_question_mark() -> None:
    assert plain("caf\udce9 <b>") == "caf? &lt;b&gt;"
    assert source.original_url("caf\udce9.md") == "/file/caf%3F.md"


def test_what_would_turn_a_name_round_is_spelled_out() -> None:
    assert name("gpj\u202e.exe\n<b>") == "<bdi>gpj⟨U+202E⟩.exe &lt;b&gt;</bdi>"


@pytest.mark.parametrize(
    ("start", "end", "sentences"),
    [(0, 10**9, ()), (5, 5, ()), (9, 5, ()), (0, 5, ((3, 10**9),)), (0, 5, ((4, 4),))],
)
def test_offsets_outside_the_text_do_not_fit(
    start: int, end: int, sentences: tuple[Span, ...]
) -> None:
    assert not SourceLink("0" * 16, start, end, sentences).fits(len(TEXT))
    assert SourceLink("0" * 16, 0, len(TEXT), ((0, 5),)).fits(len(TEXT))
    assert not SourceLink("0" * 16, 9, 20, ((0, 5),)).fits(len(TEXT)), "marked outside the passage"
    assert not SourceLink("0" * 16, 0, 10**6).fits(10**7), "no passage is as long"


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
    assert "Index updated in 1.3 s: 2 added, 1 renamed, 1 removed, 1 unreadable" in text
    assert "8 passages written, 75% of their vectors reused" in text
    assert "d.pdf: contains no text" in text
    assert "e.xlsx" in text


def listed(given: Holdings, conversation: Conversation) -> str:
    return unescape(Parsed(documents.list_html(given, conversation)).text)


def test_the_documents_are_listed_with_what_is_wrong_with_them() -> None:
    health = Health(
        unreadable=(Problem("d.pdf", "contains no text"),),
        warnings=(Problem("a.pdf", "no text on page 3"), Problem("b", "skipped: a link")),
        unsupported=("e.xlsx",),
        hidden=2,
    )
    summary = DocumentSummary("a.pdf", "A", "0" * 16, 9, 4, 7, "", warnings=("no text on page 3",))
    given = Holdings((summary,), "2026-01-02T03:04:05Z", health, ())
    line = unescape(Parsed(report.status_html(Status(holdings=given))).text)
    assert line.startswith("1 document · 4 passages · indexed")
    assert line.endswith("3 files need a look")
    text = listed(given, Conversation())
    for part in ("d.pdfcontains no text", "bskipped: a link", "a.pdf7 pages · 4 passages"):
        assert part in text
    assert text.count("no text on page 3") == 1
    assert "e.xlsx" in text
    assert "2 hidden or temporary files ignored" in text


def three() -> Holdings:
    summaries = tuple(
        DocumentSummary(f"{name}.txt", title, name * 16, size, 1, 0, f"2026-01-0{day}T00:00:00Z")
        for name, title, size, day in (
            ("a", "Zebras", 30, 2),
            ("b", "Apes", 10, 3),
            ("c", "Apples and pears", 20, 1),
        )
    )
    return Holdings(summaries, "2026-01-02T03:04:05Z", Health(), ())


@pytest.mark.parametrize(
    ("order", "names"),
    [("name", "abc"), ("title", "bca"), ("newest", "bac"), ("longest", "acb"), ("nonsense", "abc")],
)
def test_the_list_is_sorted_as_chosen(order: str, names: str) -> None:
    found = documents.matching(three(), "", order)
    assert "".join(document.id[0] for document in found) == names


def test_the_list_is_filtered_by_words_of_title_and_name() -> None:
    assert [one.id for one in documents.matching(three(), "AP", "name")] == ["b.txt", "c.txt"]
    assert [one.id for one in documents.matching(three(), "pears c.t", "name")] == ["c.txt"]
    assert documents.matching(three(), "pears zebras", "name") == []


def test_some_documents_can_be_asked_alone() -> None:
    held = frozenset(one.id for one in three().documents)
    conversation = Conversation()
    assert documents.scope_html(held, conversation.scope(held)) == ""
    conversation.choose(["a.txt"], held, wanted=False)
    scope = conversation.scope(held)
    assert scope == frozenset({"b.txt", "c.txt"})
    assert "Asking 2 of 3 documents" in documents.scope_html(held, scope)
    assert "2 of 3 documents asked" in listed(three(), conversation)
    conversation.choose(["a.txt", "never-heard-of.txt"], held, wanted=True)
    assert conversation.scope(held) is None, "all of them again"


def test_a_document_that_is_added_later_is_asked_unless_only_some_were_chosen() -> None:
    held = frozenset({"a", "b"})
    all_but_one, only_one = Conversation(), Conversation()
    all_but_one.choose(["a"], held, wanted=False)
    only_one.choose(["a", "b"], held, wanted=False)
    assert only_one.scope(held) == frozenset()
    only_one.choose(["b"], held, wanted=True)
    assert all_but_one.scope(held) == only_one.scope(held) == frozenset({"b"})
    later = held | {"c"}
    assert all_but_one.scope(later) == frozenset({"b", "c"})
    assert only_one.scope(later) == frozenset({"b"})
    assert only_one.scope(later - {"b"}) == frozenset(), "what was chosen is gone: not all of them"


def test_an_edited_question_keeps_its_place() -> None:
    conversation = Conversation()
    first, second = conversation.begin("one"), None
    conversation.finish(first, reply())
    second = conversation.begin("two")
    conversation.finish(second, reply())
    assert conversation.edit(first.number) is not None
    asked = conversation.begin("uno")
    assert asked.number == first.number
    assert conversation.finish(asked, reply())
    assert [turn.question for turn in conversation.turns] == ["uno", "two"]
    numbers = {first.number, second.number, conversation.begin("three").number}
    numbers.add(Conversation().begin("one").number)
    assert len(numbers) == 4, "not even after the chat was started again is one given twice"


def test_a_stopped_question_is_answered_no_more() -> None:
    conversation = Conversation()
    asked = conversation.begin("one")
    assert conversation.stop() is asked
    assert conversation.begin("two").number > asked.number
    assert not conversation.finish(asked, reply())
    assert conversation.turns == [asked]


def test_the_last_question_is_taken_back_but_not_while_it_is_answered() -> None:
    conversation = Conversation()
    asked = conversation.begin("one")
    assert conversation.undo() is None
    conversation.finish(asked, None)
    assert conversation.undo() == Turn(asked.number, "one")
    assert conversation.undo() is None


def test_what_nothing_mentions_and_what_was_searched_for_too_is_told_and_escaped() -> None:
    given = reply(found=False, quoted=True, unknown=("quux",))
    answer = replace(given.answer, missing=("<2.2>", "quux"), searched_too=("<fee>", "rent"))
    page = Parsed(render.answer_html(replace(given, answer=answer)))
    assert "Searched for “<fee>” and “rent”, too." in page.text
    assert "Nothing here mentions “<2.2>”." in page.text
    assert "No document contains “quux”." in page.text


def test_how_sure_an_answer_is_stands_below_it_in_a_word() -> None:
    given = reply()
    for confidence, word in ((0.9, "Sure."), (0.7, "Likely.")):
        answer = replace(given.answer, confidence=confidence)
        markup = render.answer_html(replace(given, answer=answer))
        assert word in Parsed(markup).text
        assert f'title="Confidence {confidence:.2f} of 1"' in markup
