"""The source beside the chat: every format at the quoted words, pages of PDFs, and permalinks."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import books
import docx
import pytest
from browsing import (
    ANSWER_MS,
    Chat,
    Visit,
    ask,
    box_is_inside,
    open_documents,
    running_chat,
)
from conftest import lines
from fpdf import FPDF
from playwright.sync_api import BrowserContext, Locator, Page, expect

pytestmark = pytest.mark.xdist_group("browser")

DULL = "Nothing to report of this day."  # the same everywhere: it is embedded once
DAYS = 60
LONG_DAYS = 3_000
CHAPTERS = ["Of owls", "The geese in winter", "What was given", "Small fish", "The end of it all"]


TOWNS = {
    "otter": "Tarnwick",
    "heron": "Ebbham",
    "newt": "Ostby",
    "lynx": "Grimsay",
    "stork": "Lund",
    "badger": "Harrow",
    "weasel": "Polzeath",
    "ferret": "Nairn",
    "mole": "Whitby",
    "moose": "Thurso",
    "ibis": "Malham",
}


def fact(animal: str) -> str:
    return (
        f"The {animal} of {TOWNS[animal]} was given a brass bell by the mayor. "
        f"People say that it rings whenever a {animal} sleeps."
    )


def question(animal: str) -> str:
    if animal == "walrus":
        return "What gift was given to the walrus?"
    return f"Who gave the {animal} of {TOWNS[animal]} a brass bell?"


def markdown(animal: str, days: int = DAYS) -> str:
    return "# The register\n\n" + "\n\n".join(
        [f"## Day {day}\n\n{DULL}" for day in range(1, days + 1)]
        + [f"## Of the {animal}\n\n{fact(animal)}"]
        + [f"## Night {night}\n\n{DULL}" for night in range(1, days + 1)]
    )


def text_file(path: Path) -> None:
    path.write_text("\n\n".join([DULL] * DAYS + [fact("otter")] + [DULL] * DAYS), encoding="utf-8")


def markdown_file(path: Path) -> None:
    path.write_text(markdown("heron"), encoding="utf-8")


def web_page(path: Path) -> None:
    dull = "".join(f"<h2>Day {day}</h2><p>{DULL}</p>" for day in range(DAYS))
    told = f"<h2>Of the newt</h2><p>{fact('newt').replace('bell', '<b>bell</b>')}</p>"
    path.write_text(f"<title>Newts</title><h1>Newts</h1>{dull}{told}{dull}", encoding="utf-8")


def word_file(path: Path) -> None:
    word = docx.Document()
    for day in range(DAYS):
        word.add_heading(f"Day {day}", 1)
        word.add_paragraph(DULL)
    word.add_heading("Of the lynx", 1)
    word.add_paragraph(fact("lynx"))
    for night in range(DAYS):
        word.add_heading(f"Night {night}", 1)
        word.add_paragraph(DULL)
    word.save(str(path))


def ebook(path: Path) -> None:
    dull = f"<p>{DULL}</p>" * DAYS
    page = "<html><body><h1>{}</h1>{}</body></html>".format
    chapters = {
        "text__one": page("One", dull),
        "OPS/text/two b.xhtml": page("Two", f"<p>{fact('stork')}</p>{dull}"),
    }
    books.write(path, books.package(books.EPUB3), nav=books.NAV, **chapters)


def table(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["Animal", "Town", "Gift", "Giver"])
        rows.writerows([f"hen {day}", "Nowhere", "none", "nobody"] for day in range(DAYS))
        rows.writerow(["walrus", "Seaham", "silver spoon", "the mayor"])
        rows.writerows([f"cock {day}", "Nowhere", "none", "nobody"] for day in range(DAYS))


def paged(animal: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        pdf = FPDF()
        pdf.set_auto_page_break(auto=False)
        for page in range(1, len(CHAPTERS) + 1):
            pdf.add_page()
            pdf.set_font("Helvetica", "B", 16)
            pdf.text(20, 25, CHAPTERS[page - 1])
            pdf.set_font("Times", "", 11)
            y = lines(pdf, [f"On day {page}{row} nothing was heard." for row in range(20)], y=40)
            if page == 3:
                gift, rumour = fact(animal).split(". ")
                lines(pdf, [f"{gift}.", rumour], y=y + 10)
        pdf.output(str(path))

    return write


FILES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "plain.txt": ("otter", text_file),
    "folder/marked.md": ("heron", markdown_file),
    "page.html": ("newt", web_page),
    "word.docx": ("lynx", word_file),
    "book.epub": ("stork", ebook),
    "table.csv": ("walrus", table),
    "paged.pdf": ("badger", paged("badger")),
}


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    home = tmp_path_factory.mktemp("source")
    documents = home / "documents"
    (documents / "folder").mkdir(parents=True)
    for name, (_, write) in FILES.items():
        write(documents / name)
    paged("weasel")(documents / "changing.pdf")
    (documents / "long.md").write_text(markdown("mole", LONG_DAYS), encoding="utf-8")
    (documents / "edited.txt").write_text(fact("moose"), encoding="utf-8")
    with running_chat(Chat(home, documents)) as chat:
        yield chat


def follow(page: Page, turn: Locator) -> Locator:
    """Click the first citation of an answer, and wait for the source: what is shown of it."""
    turn.locator(".qa-citation").first.click()
    source = page.locator("#qa-panel .qa-source-text")
    expect(source).to_be_visible()
    return source


def check_rows(source: Locator, quote: Locator) -> None:
    """The rows that are tinted are in the quote, and both name the cell by its row and column."""
    expect(quote.locator(".qa-cell")).to_have_text("walrus · Gift: silver spoon")
    quoted = quote.locator("blockquote tr").all_text_contents()
    rows = source.locator("tr.qa-passage").all_text_contents()
    assert len(rows) > 1
    assert set(rows) <= set(quoted)
    for one in (source, quote):
        expect(one.locator("tr.qa-marked th")).to_have_text("walrus")
        expect(one.locator("thead th")).to_have_text(["Animal", "Town", "Gift", "Giver"])
        expect(one.locator("thead .qa-names")).to_have_text("Gift")


def lit(page: Page) -> Locator:
    """The current section in the outline."""
    return page.locator(".qa-outline [aria-current]")


def rebuild(page: Page, heading: str, name: str) -> None:
    """Bring the index up to date, and wait until the receipt names a document."""
    button = open_documents(page).get_by_role("button", name="Rebuild index")
    button.click()
    names = page.locator(f"#qa-receipt h3:text-is('{heading}') + ul")
    expect(names).to_contain_text(name, timeout=ANSWER_MS)
    expect(button).to_be_enabled()


@pytest.mark.parametrize("name", FILES)
def test_a_citation_opens_the_source_at_the_quoted_words(page: Page, name: str) -> None:
    turn = ask(page, question(FILES[name][0]))
    quote = turn.locator(".qa-quote").first
    expect(quote.locator(".qa-citation")).to_have_attribute(
        "title", re.compile(rf"\({re.escape(name)}\)$")
    )
    marked = quote.locator("mark").all_text_contents()
    source = follow(page, turn)
    assert source.locator("mark").all_text_contents() == marked
    if name.endswith(".csv"):
        check_rows(source, quote)
    else:
        assert FILES[name][0] in "".join(marked)
        tinted = source.locator(".qa-passage").all_text_contents()
        assert "".join(tinted) == quote.locator("blockquote").text_content()
    assert box_is_inside(page, ".qa-source-text mark", ".qa-source-text"), "scrolled into view"
    assert source.evaluate("box => box.scrollTop") > 0
    expect(page.locator("#qa-panel header")).to_contain_text(name)
    page.keyboard.press("Escape")
    expect(page.locator("#qa-panel")).to_be_hidden()
    expect(quote.locator(".qa-citation")).to_be_focused()


def relative_boxes(page: Page) -> list[list[float]]:
    """Where the boxes lie in the picture, as shares of its sides."""
    return page.locator(".qa-box").evaluate_all(  # type: ignore[no-any-return]
        """boxes => {
            const all = document.querySelector('.qa-page img').getBoundingClientRect();
            return boxes.map((box) => box.getBoundingClientRect()).map((box) => [
                (box.left - all.left) / all.width, (box.top - all.top) / all.height,
                (box.right - all.left) / all.width, (box.bottom - all.top) / all.height]);
        }"""
    )


def wait_for_picture(page: Page) -> Locator:
    picture = page.locator(".qa-page img")
    expect(picture).to_be_visible()
    page.wait_for_function(
        "(() => { const one = document.querySelector('.qa-page img');"
        " return one && one.complete && one.naturalWidth > 0; })()"
    )
    return picture


def test_a_pdfs_page_is_shown_with_boxes_around_the_words(page: Page) -> None:
    follow(page, ask(page, question("badger")))
    page.get_by_role("button", name="Page", exact=True).click()
    picture = wait_for_picture(page)
    expect(page.locator(".qa-page-number")).to_have_text("Page 3 of 5")
    boxes = relative_boxes(page)
    assert boxes
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1
    assert box_is_inside(page, ".qa-box-mark", ".qa-pages"), "scrolled into view"
    width = picture.bounding_box()
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom in").click()
    page.wait_for_function("document.querySelector('.qa-page img').naturalWidth === 2400")
    assert width is not None
    larger = picture.bounding_box()
    assert larger is not None
    assert larger["width"] == pytest.approx(2 * width["width"], rel=0.01)
    for before, after in zip(boxes, relative_boxes(page), strict=True):
        assert after == pytest.approx(before, abs=0.002), "the boxes stay on the words"
    expect(page.locator(".qa-box-mark").first).to_be_in_viewport()
    page.get_by_role("button", name="Zoom out").click()
    page.get_by_role("button", name="Zoom out").click()
    page.get_by_role("button", name="Next page").click()
    expect(page.locator(".qa-page-number")).to_have_text("Page 4 of 5")
    wait_for_picture(page)
    expect(page.locator(".qa-box")).to_have_count(0)
    page.get_by_role("button", name="Next page").click()
    expect(page.get_by_role("button", name="Next page")).to_be_disabled()
    for number in (4, 3):
        page.get_by_role("button", name="Previous page").click()
        expect(page.locator(".qa-page-number")).to_have_text(f"Page {number} of 5")
    expect(page.locator(".qa-box")).to_have_count(len(boxes))
    page.get_by_role("button", name="Text", exact=True).click()
    expect(page.locator("#qa-panel mark").first).to_be_in_viewport()


def test_a_pdf_that_has_changed_since_is_not_drawn(page: Page, chat: Chat) -> None:
    file = chat.documents / "changing.pdf"
    turn = ask(page, question("weasel"))
    paged("ferret")(file)
    follow(page, turn)
    page.get_by_role("button", name="Page", exact=True).click()
    expect(page.locator("#qa-panel")).to_contain_text("The file has changed since it was indexed.")
    expect(page.locator("#qa-panel img")).to_have_count(0)
    expect(page.locator("#qa-panel mark").first).to_contain_text("weasel")
    expect(page.locator("#qa-panel .qa-badge")).to_have_text("changed since indexed")
    expect(ask(page, question("weasel")).locator(".qa-badge").first).to_be_visible()
    paged("weasel")(file)


def test_the_outline_leads_through_the_document(page: Page) -> None:
    source = follow(page, ask(page, question("heron")))
    expect(lit(page)).to_have_text("Of the heron")
    page.wait_for_timeout(200)  # scroll events
    expect(lit(page)).to_have_text("Of the heron")
    for section in ("Night 7", "Day 2", f"Night {DAYS}"):
        page.locator(".qa-outline").get_by_role("button", name=section, exact=True).click()
        expect(lit(page)).to_have_text(section)
        expect(source.locator(".qa-heading").get_by_text(section, exact=True)).to_be_in_viewport()
    source.evaluate("box => { box.scrollTop = 0; }")
    expect(lit(page)).to_have_count(0)  # the title
    source.evaluate("box => { box.scrollTop = box.scrollHeight; }")
    expect(lit(page)).to_have_text(f"Night {DAYS}")


def test_of_a_long_document_only_a_part_is_on_the_page(page: Page, chat: Chat) -> None:
    source = follow(page, ask(page, question("mole")))
    length = len((chat.documents / "long.md").read_text(encoding="utf-8"))
    assert len(source.text_content() or "") < length / 4
    expect(lit(page)).to_have_text("Of the mole")
    expect(lit(page)).to_be_in_viewport()
    assert page.locator(".qa-outline .qa-section").count() < 500
    seen = ["Of the mole"]
    for _ in range(2):
        last = source.locator(".qa-heading").last.inner_text()
        source.get_by_role("button", name="Show what comes after").click()
        expect(source.locator(".qa-here")).to_be_in_viewport()
        expect(source.get_by_text(last, exact=True)).to_be_attached()
        seen.append(source.locator(".qa-heading").last.inner_text())
        assert seen[-1] != seen[-2], "it goes on"
    nights = [int(one.removeprefix("Night ")) for one in seen[1:]]
    assert 0 < nights[0] < nights[1] < LONG_DAYS
    source.get_by_role("button", name="Show what comes before").click()
    expect(source.get_by_text(f"Night {nights[0]}", exact=True)).to_be_attached()


def test_one_quote_after_the_other_is_shown_and_the_back_button_goes_back(page: Page) -> None:
    turn = ask(page, question("heron"))
    follow(page, turn)
    count = page.locator(".qa-step-count")
    total = turn.locator(".qa-citation").count()
    assert total > 2
    expect(count).to_have_text(f"1 of {total}")
    previous, following = (
        page.get_by_role("button", name=f"{which} passage") for which in ("Previous", "Next")
    )
    expect(previous).to_be_disabled()
    first = page.url
    for step in (2, 3):
        following.click()
        expect(count).to_have_text(f"{step} of {total}")
        citation = turn.locator(".qa-citation").nth(step - 1)
        expect(citation).to_have_attribute("aria-current", "true")
        expect(citation).to_be_in_viewport()
    previous.click()
    expect(count).to_have_text(f"2 of {total}")
    page.go_back()
    expect(count).to_have_text(f"3 of {total}")
    page.go_back()
    page.go_back()
    expect(count).to_have_text(f"1 of {total}")
    assert page.url == first
    page.go_back()
    expect(page.locator("#qa-panel")).to_be_hidden()
    page.go_forward()
    expect(page.locator("#qa-panel .qa-passage").first).to_be_in_viewport()
    expect(page.locator(".qa-question")).to_have_text([question("heron")])


def test_a_link_to_nowhere_is_harmless(page: Page, chat: Chat) -> None:
    follow(page, ask(page, question("heron")))
    digest = page.url.partition("quote=")[2].partition(":")[0]
    for query, said in [
        ("quote=0123456789abcdef:0-5", "No such text"),
        ("quote=../../etc/passwd:0-5", "Not a link to a quote"),
        ("quote=", "Not a link to a quote"),
        ("quote=<script>window.hit=1</script>&mark=x", "Not a link to a quote"),
        (f"quote={digest}:5-5", "Not a link to a quote"),
        (f"quote={digest}:5-999999999999", "Not a link to a quote"),
        (f"quote={digest}:9999999999999999999999-5", "Not a link to a quote"),
    ]:
        page.goto(f"{chat.url}?{query}")
        expect(page.locator("#qa-panel h2")).to_have_text(said)
        assert page.evaluate("window.hit") is None
    page.get_by_role("button", name="Close the source").click()
    expect(page.locator("#qa-panel")).to_be_hidden()
    assert page.url == chat.url


def test_a_permalink_survives_a_restart_and_a_rebuild(
    page: Page, context: BrowserContext, chat: Chat, visit: Visit
) -> None:
    source = follow(page, ask(page, question("heron")))
    marked = source.locator("mark").all_text_contents()
    link = page.url
    page.close()
    chat.stop()
    visit.complaints.clear()  # of a page that was still open
    chat.start()
    page = context.new_page()
    page.goto(link)
    expect(page.locator("#qa-panel mark")).to_have_text(marked, timeout=ANSWER_MS)
    expect(page.locator("#qa-panel mark").first).to_be_in_viewport()
    assert box_is_inside(page, ".qa-source-text mark", ".qa-source-text")
    (chat.documents / "new.txt").write_text(fact("ibis"), encoding="utf-8")
    rebuild(page, "Added", "new.txt")
    page.goto(link)
    expect(page.locator("#qa-panel mark")).to_have_text(marked)
    page.reload()
    expect(page.locator("#qa-panel mark")).to_have_text(marked)


def test_a_permalink_to_a_text_that_has_changed_says_so(page: Page, chat: Chat) -> None:
    follow(page, ask(page, question("moose")))
    link = page.url
    newer = "Meanwhile the moose of Thurso has lost its bell."
    (chat.documents / "edited.txt").write_text(newer, encoding="utf-8")
    rebuild(page, "Changed", "edited.txt")
    page.goto(link)
    panel = page.locator("#qa-panel")
    expect(panel.locator("h2")).to_have_text("The document has changed")
    expect(panel).to_contain_text("edited.txt has changed since this quote was made")
    panel.get_by_role("link", name="Open the document as it is now").click()
    expect(panel.locator(".qa-source-text")).to_have_text(newer)
    (chat.documents / "edited.txt").unlink()
    rebuild(page, "Removed", "edited.txt")
    page.goto(link)
    expect(panel.locator("h2")).to_have_text("The document has changed")
    expect(panel).to_contain_text("is no longer among the documents")
    expect(panel.get_by_role("link")).to_have_count(0)
