"""Passages: slices of one section that together hold everything quotable, exactly once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

import pytest
from conftest import ARTICLE, DOCUMENTS
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.building.passages import TokenCounter, split_document
from qa_bot.loaders import load_document
from qa_bot.loaders.html.load import parse_web_page
from qa_bot.loaders.markdown import parse_markdown
from qa_bot.loaders.outline import Heading, nest_sections
from qa_bot.loaders.plain import parse_plain
from qa_bot.models.embedding import DEFAULT_MODEL, load_embedder
from qa_bot.records import Block, BlockKind, Document, Page, PageSpan, Passage, Section

ARTICLE_FILE = DOCUMENTS / ARTICLE
MAX_TOKENS = 40
PARTS = {"caption", "table_header", "table_row"}
QUOTABLE = {"paragraph", "list_item", "code", *PARTS}


def count_tokens(texts: Sequence[str]) -> list[int]:
    """A token for every eight characters of a word, so that long words are many tokens."""
    return [sum(-(-len(word) // 8) for word in text.split()) for text in texts]


def check(
    document: Document,
    passages: Sequence[Passage],
    counter: TokenCounter = count_tokens,
    max_tokens: int = MAX_TOKENS,
) -> None:
    """Everything that is promised for the passages of any document."""
    text = document.text
    for passage in passages:
        assert text[passage.start : passage.end] == passage.text
        assert passage.text.strip()
        check_sentences(passage)
        assert list(passage.context) == sorted(passage.context)
        for start, end in passage.context:
            assert 0 <= start < end <= len(text)
            assert end <= passage.start or passage.end <= start
        assert passage.pages == tuple(
            place.page
            for place in document.pages
            if place.start < passage.end and passage.start < place.end
        )
    sizes = counter([passage.text for passage in passages])
    assert max(sizes, default=0) <= max_tokens
    places = [check_place(document, passage) for passage in passages]
    for (before, place), (after, next_place) in pairwise(zip(passages, places, strict=True)):
        assert before.end <= after.start
        if place == next_place:
            assert before.sentences[-1].paragraph <= after.sentences[0].paragraph
    check_coverage(document, passages)
    check_tables(document, passages, counter, max_tokens)


def check_tables(
    document: Document, passages: Sequence[Passage], counter: TokenCounter, max_tokens: int
) -> None:
    """Rows are whole where they fit, and stand under their header and caption or name them."""
    known: dict[int, set[int]] = {number: set() for number, _ in enumerate(passages)}
    for table in tables(document):
        captions = [block for block in table if block.kind == "caption"]
        header: list[Block] = []
        for before, block in zip([None, *table], table, strict=False):
            inside = [
                number
                for number, passage in enumerate(passages)
                if passage.start < block.end and block.start < passage.end
            ]
            if counter([document.text[block.start : block.end]])[0] <= max_tokens:
                assert len(inside) == 1 or block.kind == "caption"
            if block.kind == "table_header":
                continues = before is not None and before.kind == "table_header"
                header = [*header, block] if continues else [block]
            needed = [] if block.kind == "caption" else [*captions]
            needed += header if block.kind == "table_row" else []
            for number in inside:
                known[number].update(place for b in needed for place in range(b.start, b.end))
    for number, passage in enumerate(passages):
        told = {i for start, end in passage.context for i in range(start, end)}
        visible = {i for i in known[number] if not document.text[i].isspace()}
        assert visible <= told | set(range(passage.start, passage.end))


def tables(document: Document) -> list[list[Block]]:
    """The blocks of each table: those that stand on consecutive lines."""
    found: list[list[Block]] = []
    for before, block in pairwise([Block("heading", 0, 0), *document.blocks]):
        if block.kind not in PARTS:
            continue
        gap = document.text[before.end : block.start]
        if before.kind in PARTS and found and gap.count("\n") == 1:
            found[-1].append(block)
        else:
            found.append([block])
    return [table for table in found if {block.kind for block in table} != {"caption"}]


def check_place(document: Document, passage: Passage) -> Section:
    """The passage names the innermost section around it, and reaches into no other."""
    around = [
        section
        for section in document.sections
        if section.start <= passage.start and passage.end <= section.end
    ]
    assert passage.section == around[-1].path
    assert passage.anchor == around[-1].anchor
    assert not any(passage.start < section.start < passage.end for section in document.sections)
    assert (passage.document_id, passage.title) == (document.id, document.title)
    return around[-1]


def check_sentences(passage: Passage) -> None:
    """They are in order, span the passage, and leave only white space between them."""
    sentences = passage.sentences
    assert (passage.start, passage.end) == (sentences[0].start, sentences[-1].end)
    assert passage.paragraph == sentences[0].paragraph >= 1
    for before, after in pairwise(sentences):
        assert before.end <= after.start
        assert not passage.text[before.end - passage.start : after.start - passage.start].strip()
        assert 0 <= after.paragraph - before.paragraph <= 1


def check_coverage(document: Document, passages: Sequence[Passage]) -> None:
    """Every visible character of a quotable block is in one passage, of other blocks in none."""
    held = [0] * len(document.text)
    for passage in passages:
        for i in range(passage.start, passage.end):
            held[i] += 1
    for block in document.blocks:
        expected = 1 if block.kind in QUOTABLE else 0
        for i in range(block.start, block.end):
            assert document.text[i].isspace() or held[i] == expected


def split(document: Document, max_tokens: int = MAX_TOKENS) -> list[Passage]:
    passages = split_document(document, count_tokens, max_tokens)
    check(document, passages, max_tokens=max_tokens)
    return passages


WORDS = st.lists(
    st.sampled_from(
        "the alliance NATO 1949 Dr. agreed, (so) said: today. here! no? é 今天。 ok.".split()
    ),
    min_size=1,
    max_size=60,
).map(" ".join)
LONG_WORD = st.integers(1, 2000).map(lambda length: "x" * length)
TABLE = "| a | b |\n|---|---|\n" + "| one cell | another cell |\n" * 12


def markup(marker: str, max_size: int) -> st.SearchStrategy[str]:
    """Lines that all open with a marker."""
    return st.lists(WORDS, min_size=1, max_size=max_size).map(
        lambda items: "\n".join(marker + item for item in items)
    )


PARAGRAPHS = st.one_of(
    WORDS,
    LONG_WORD,
    markup("- ", 8),
    markup("1. ", 3),
    WORDS.map(lambda text: f"It includes:\n\n- {text}\n- {text}"),
    st.sampled_from(
        ["A Title Line", "SECTION", "1.1 Scope", "See also Another Page", "# One", "## Two"]
    ),
    st.sampled_from([TABLE, "```\ncode  here\n\n  more\n```", "***", "x", "\ufeff", "A\nB\nC"]),
)
SOURCES = st.lists(PARAGRAPHS, max_size=12).map("\n\n".join)


@given(SOURCES, st.integers(1, 60))
def test_plain_text_is_cut_into_passages_that_hold_all_of_it(source: str, limit: int) -> None:
    split(parse_plain(source, "a.txt"), limit)


@given(SOURCES, st.integers(1, 60))
def test_markdown_is_cut_into_passages_that_hold_all_of_it(source: str, limit: int) -> None:
    split(parse_markdown(source, "a.md"), limit)


def build(
    blocks: Sequence[tuple[BlockKind, str]],
    page_starts: Sequence[int] = (),
    apart: Collection[int] = (),
) -> Document:
    """A document with exactly these blocks, and pages that begin at these offsets.

    Parts of a table, and code after a list, are put right under each other but
    for those whose numbers are in ``apart``.
    """
    placed: list[Block] = []
    headings: list[Heading] = []
    text = ""
    for number, (kind, content) in enumerate(blocks):
        last = placed[-1].kind if placed else None
        adjoins = (kind in PARTS and last in PARTS) or (kind == "code" and last == "list_item")
        gap = "\n" if adjoins and number not in apart else "\n\n"
        text += gap if text else ""
        placed.append(Block(kind, len(text), len(text) + len(content)))
        if kind == "heading":
            headings.append(Heading(content, 1 + len(content) % 3, len(text), len(text) + 1))
        text += content
    bounds = [*sorted({start for start in page_starts if start < len(text)} | {0}), len(text)]
    pages = tuple(
        PageSpan(Page(str(i + 1), i + 1), start, end)
        for i, (start, end) in enumerate(pairwise(bounds))
    )
    return Document("a.pdf", "A", text, nest_sections(headings, len(text)), tuple(placed), pages)


KINDS: list[BlockKind] = [
    *("paragraph", "list_item", "code", "heading", "link"),
    *("caption", "table_header", "table_row", "table_row", "table_row"),
]


@given(
    st.lists(st.tuples(st.sampled_from(KINDS), WORDS), max_size=15),
    st.lists(st.integers(0, 3000), max_size=5),
    st.sets(st.integers(0, 15), max_size=4),
    st.integers(1, 60),
)
def test_documents_with_pages_are_cut_into_passages_that_hold_all_of_them(
    blocks: list[tuple[BlockKind, str]], page_starts: list[int], apart: set[int], limit: int
) -> None:
    split(build(blocks, page_starts, apart), limit)


def sentences(count: int, words: int = 10) -> str:
    """As many sentences of so many words, each one telling its number."""
    return " ".join(f"Number {i} " + "is " * (words - 3) + "here." for i in range(count))


def test_a_paragraph_that_fits_is_one_passage() -> None:
    passages = split(build([("paragraph", sentences(4)), ("paragraph", sentences(4))]))
    assert [len(passage.sentences) for passage in passages] == [4, 4]
    assert [passage.paragraph for passage in passages] == [1, 2]


def test_a_long_paragraph_is_cut_between_sentences_into_similar_parts() -> None:
    passages = split(build([("paragraph", sentences(5))]))
    assert [len(passage.sentences) for passage in passages] == [3, 2]
    assert [passage.paragraph for passage in passages] == [1, 1]


@pytest.mark.parametrize(
    ("sizes", "joined"), [([1, 3], [[1, 2]]), ([3, 1], [[1, 2]]), ([3, 1, 3], [[1], [2, 3]])]
)
def test_a_short_paragraph_joins_its_neighbour(sizes: list[int], joined: list[list[int]]) -> None:
    passages = split(build([("paragraph", sentences(size)) for size in sizes]))
    found = [sorted({sentence.paragraph for sentence in passage.sentences}) for passage in passages]
    assert found == joined


def test_a_list_travels_with_what_introduces_it() -> None:
    items: list[tuple[BlockKind, str]] = [("list_item", f"- item {i}") for i in range(3)]
    document = build([("paragraph", sentences(3)), ("paragraph", "These are:"), *items])
    last = split(document)[-1]
    assert last.text == "These are:\n\n- item 0\n\n- item 1\n\n- item 2"
    assert [sentence.paragraph for sentence in last.sentences] == [2, 2, 2, 2]
    assert last.context == ()


def test_a_long_list_names_its_lead_in_as_context_of_the_later_passages() -> None:
    items: list[tuple[BlockKind, str]] = [
        ("list_item", f"- {i} " + "word " * 8 + "end.") for i in range(12)
    ]
    document = build([("paragraph", "It is long. These are the items:"), *items])
    first, *later = split(document)
    assert first.text.startswith("It is long. These are the items:\n\n- 0 ")
    assert first.context == ()
    assert len(later) >= 3
    for passage in later:
        [(start, end)] = passage.context
        assert document.text[start:end] == "These are the items:"
        assert passage.text.startswith("- ")


def test_a_long_table_names_its_header_as_context_of_the_later_passages() -> None:
    document = build([("paragraph", sentences(3)), *table(12)])
    _, first, *later = split(document)
    assert first.text.startswith("Table 1. Cells\nNumber | Cells\n(from 0) | (all)\n0 | cell")
    assert first.paragraph == 1
    for passage in later:
        assert context(document, passage) == ["Table 1. Cells", "Number | Cells\n(from 0) | (all)"]


def table(rows: int, caption: str = "Table 1. Cells") -> list[tuple[BlockKind, str]]:
    """A captioned table of so many rows of ten tokens, under a header of two rows."""
    cells = " ".join(["cell"] * 7)
    return [
        ("caption", caption),
        ("table_header", "Number | Cells"),
        ("table_header", "(from 0) | (all)"),
        *(("table_row", f"{i} | {cells}") for i in range(rows)),
    ]


def context(document: Document, passage: Passage) -> list[str]:
    """The texts that a passage names as its context."""
    return [document.text[start:end] for start, end in passage.context]


def test_two_tables_in_a_row_are_not_in_one_passage() -> None:
    document = build([*table(1), *table(1, "Table 2. More"), *table(1)], apart={4, 8})
    passages = split(document, 200)
    assert [passage.text.count("\n") for passage in passages] == [3, 3, 3]
    assert [passage.paragraph for passage in passages] == [1, 2, 3]


def test_a_header_is_never_parted_from_the_first_row_that_fits_under_it() -> None:
    wide: list[tuple[BlockKind, str]] = [
        ("table_header", " | ".join(["column"] * 16)),
        *(("table_row", " | ".join(["cell"] * 8)) for _ in range(2)),
    ]
    assert [passage.text.count("\n") for passage in split(build(wide), 50)] == [1, 0]


def test_the_caption_below_a_table_is_context_of_what_stands_above() -> None:
    caption, *rest = table(12)
    document = build([*rest, caption])
    *earlier, last = split(document)
    assert last.text.endswith("Table 1. Cells")
    for passage in earlier:
        assert context(document, passage)[-1] == "Table 1. Cells"


def test_a_header_that_comes_again_is_the_one_of_the_rows_below_it() -> None:
    again: tuple[BlockKind, str] = ("table_header", "Again | Cells")
    document = build([*table(8), again, *table(8)[3:]])
    passages = split(document)
    assert [context(document, passage)[-1][:5] for passage in passages[1:]] == [
        "Numbe",
        "Numbe",
        "Again",
        "Again",
    ]


def test_a_figures_caption_is_joined_with_nothing() -> None:
    document = build([("paragraph", "Short."), ("caption", "Figure 1."), ("paragraph", "Short.")])
    assert [passage.text for passage in split(document)] == ["Short.", "Figure 1.", "Short."]
    assert [passage.paragraph for passage in split(document)] == [1, 2, 3]


def test_a_short_table_joins_the_paragraph_before_it_and_shares_its_number() -> None:
    document = build([("paragraph", sentences(3)), *table(1)[1:], ("paragraph", sentences(3))])
    first, second = split(document, 70)
    assert first.text.endswith("0 | cell cell cell cell cell cell cell")
    assert {sentence.paragraph for sentence in first.sentences} == {1}
    assert second.paragraph == 2


def test_what_introduces_a_long_table_stays_with_its_first_rows() -> None:
    document = build([("paragraph", "These are all cells:"), *table(12)[1:]])
    assert split(document)[0].text.startswith("These are all cells:\n\nNumber | Cells\n(from 0)")


def test_code_joins_a_list_only_where_it_is_part_of_it() -> None:
    items: list[tuple[BlockKind, str]] = [("list_item", "- one"), ("list_item", "- two")]
    inside = split(build([*items, ("code", "make x")]))
    assert [passage.text for passage in inside] == ["- one\n\n- two\nmake x"]
    after = split(build([*items, ("code", "make x")], apart={2}))
    assert [passage.text for passage in after] == ["- one\n\n- two", "make x"]


def test_headings_and_links_interrupt_but_do_not_restart_the_count_of_paragraphs() -> None:
    document = build(
        [
            ("heading", "One"),
            ("paragraph", sentences(4)),
            ("link", "See also Two"),
            ("paragraph", "A short one."),
            ("heading", "Two"),
            ("paragraph", "Another one."),
        ]
    )
    assert [(passage.section, passage.paragraph) for passage in split(document)] == [
        (("One",), 1),
        (("One",), 2),
        (("Two",), 1),
    ]


def test_a_passage_over_a_page_break_stands_on_both_pages() -> None:
    text = sentences(4)
    document = build([("paragraph", text), ("paragraph", text)], [len(text) // 2])
    first, second = split(document)
    assert [page.number for page in first.pages] == [1, 2]
    assert [page.number for page in second.pages] == [2]


@pytest.mark.parametrize("character", ["x", "今", ".", "\u0301", "😀"])
def test_a_megabyte_without_spaces_is_cut_all_the_same(character: str) -> None:
    text = character * (2**20 // len(character.encode()))
    passages = split(parse_plain(text, "a.txt"), 254)
    assert "".join(passage.text for passage in passages) == text


def test_a_huge_word_is_cut_even_where_the_model_takes_it_for_one_token() -> None:
    document = parse_plain("x" * 2**20, "a.txt")
    passages = split_document(document, lambda texts: [len(text.split()) for text in texts], 254)
    assert max(len(passage.text) for passage in passages) <= 254 * 21
    check_coverage(document, passages)


def test_ten_thousand_short_paragraphs_are_joined_into_fewer_passages() -> None:
    passages = split(parse_plain("\n\n".join(["It is a short one."] * 10_000), "a.txt"))
    assert len(passages) < 10_000 / 5
    assert passages[-1].sentences[-1].paragraph == 10_000


def test_a_document_without_text_of_its_own_has_no_passages() -> None:
    assert split(build([("heading", "One"), ("link", "See also Two")])) == []
    assert split(build([])) == []


def test_the_default_model_can_read_every_passage_in_full() -> None:
    embedder = load_embedder(DEFAULT_MODEL)
    article = load_document(ARTICLE_FILE, ARTICLE_FILE.name)
    odd = parse_plain(
        "\n\n".join(["今天下雨。我们留在家里！" * 100, "x" * 20_000, "a.b " * 2000, "😀" * 3000]),
        "a.txt",
    )
    for document in (article, odd):
        passages = split_document(document, embedder.count_tokens, embedder.max_tokens)
        check(document, passages, embedder.count_tokens, embedder.max_tokens)
    paragraphs = sum(block.kind == "paragraph" for block in article.blocks)
    cut = split_document(article, embedder.count_tokens, embedder.max_tokens)
    assert paragraphs / 2 < len(cut) <= paragraphs


def test_text_in_which_the_model_sees_no_token_is_cut_like_other_text() -> None:
    """Of control characters, say: joining all of it would take time without bound."""
    document = parse_plain("\x01\n\n" * 200, "a.txt")
    passages = split_document(document, lambda texts: [0] * len(texts), 50)
    assert 4 <= len(passages) <= 10
    assert "".join(passage.text for passage in passages).count("\x01") == 200


def test_two_short_lists_with_leads_of_their_own_are_two_passages() -> None:
    text = "To bring:\n- a lamp\n- 2 l water\n\nTo leave:\n- glass\n- 1 dog\n"
    assert [passage.text.split("\n")[0] for passage in split(parse_plain(text, "a.txt"))] == [
        "To bring:",
        "To leave:",
    ]


def test_terms_with_their_meanings_are_one_passage() -> None:
    source = "<dl><dt>berth</dt><dd>A place.</dd><dt>quay</dt><dd>A wall.</dd></dl>"
    (passage,) = split(parse_web_page(source, "a.html"))
    assert passage.text.split() == "berth A place. quay A wall.".split()


def test_short_paragraphs_at_the_end_join_what_is_before_them() -> None:
    """The greeting and the name under a letter are no passage of their own."""
    texts = [sentences(4), sentences(3), "Yours,", "R. Holt"]
    passages = split(build([("paragraph", text) for text in texts]))
    found = [sorted({sentence.paragraph for sentence in passage.sentences}) for passage in passages]
    assert found == [[1], [2, 3, 4]]


def test_what_is_short_at_the_end_of_a_page_is_not_joined_with_the_next_page() -> None:
    letter = ["2 May 1961", sentences(3), "R. Holt"]
    blocks: list[tuple[BlockKind, str]] = [("paragraph", text) for text in letter * 2]
    length = len("\n\n".join(letter)) + 2
    first, second = split(build(blocks, [length]))
    assert first.text.startswith("2 May 1961")
    assert first.text.endswith("R. Holt")
    assert second.text == first.text
    assert [[page.number for page in one.pages] for one in (first, second)] == [[1], [2]]
