"""Plain text: kept as it stands, and an outline that a reader would agree with."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ARTICLE, DOCUMENTS, blocks
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.building.passages import split_document
from qa_bot.errors import UnreadableDocumentError
from qa_bot.loaders import load_document
from qa_bot.loaders.decoding import decode, without_terminal_codes
from qa_bot.loaders.page_breaks import without_page_breaks
from qa_bot.loaders.plain import parse_plain
from qa_bot.records import Document

ARTICLE_FILE = DOCUMENTS / ARTICLE
ARTICLE_OUTLINE = """
Foundations of Military Partnerships with NATO Allies
Strategic Objectives of NATO Military Partnerships
Major Forms of Military Cooperation within NATO
Role of Bilateral and Multilateral Agreements
Impact of Military Partnerships on International Security
Challenges and Limitations of NATO Military Collaborations
  Political differences among member states
  Budgetary constraints and resource allocation
  Maintaining operational readiness and cohesion
Case Studies of Notable Military Partnerships with NATO Allies
Future Trends in NATO Military Partnerships
The Role of Military Diplomacy in Strengthening NATO Alliances
  Diplomatic initiatives supporting military collaboration
  Building trust through shared strategic interests
Impact of NATO’s Military Partnerships on Global Military Diplomacy
  Setting international security standards
  Influencing geopolitical stability in key regions
Conclusion: The Strategic Significance of Military Partnerships with NATO allies
"""


def parse(text: str) -> Document:
    return parse_plain(text, "folder/my-file_name.txt")


def outline(document: Document) -> list[str]:
    """Its headings, each indented by two spaces a level."""
    return ["  " * (len(section.path) - 1) + section.path[-1] for section in document.sections[1:]]


@pytest.fixture(scope="module")
def article() -> Document:
    return load_document(ARTICLE_FILE, ARTICLE_FILE.name)


def test_the_article_has_the_outline_its_author_gave_it(article: Document) -> None:
    assert outline(article) == ARTICLE_OUTLINE.strip().split("\n")
    assert article.title == (
        "Strengthening Security: An Overview of Military Partnerships with NATO Allies"
    )


def test_the_article_is_kept_to_the_letter(article: Document) -> None:
    assert article.text == ARTICLE_FILE.read_bytes().decode("utf-8")
    assert article.warnings == ()
    assert article.pages == ()


def test_the_article_links_are_no_text_of_its_own(article: Document) -> None:
    links = blocks(article, "link")
    assert [link.split("\xa0 ") for link in links] == [
        [
            "See also",
            "The Significance and Dynamics of Bilateral Military Relations in Global Security",
        ],
        [
            "See also",
            "Comprehensive Overview of Security Sector Reform Initiatives in Modern Defense",
        ],
        ["See also", "The Role of Defense Diplomacy in Enhancing National Security Strategies"],
    ]
    passages = split_document(article, lambda texts: [len(text.split()) for text in texts], 200)
    assert not any("See also" in passage.text for passage in passages)


def test_the_article_lists_are_lists(article: Document) -> None:
    items = blocks(article, "list_item")
    assert [item[:2] for item in items] == ["1.", "2.", "3."] * 4
    assert items[0] == "1. Political disagreements among NATO members."
    assert len(blocks(article, "heading")) == 19
    assert len(blocks(article, "paragraph")) == 62


OUTLINES = {
    "numbered": (
        """User Guide

1 Introduction

This guide explains the tool.

1.1 Scope

It covers all of it.

1.1.1 Limits

There are no limits here.

2 Usage

Run the tool.

Appendix A

Extra tables.
""",
        "User Guide",
        ["1 Introduction", "  1.1 Scope", "    1.1.1 Limits", "2 Usage", "Appendix A"],
    ),
    "chapters": (
        """The Old House

Part One

Chapter 1

It was a dark night. Nobody came.

Chapter 2: The Door

The door was open.

Appendix A

Maps of the house.
""",
        "The Old House",
        ["Chapter 1", "Chapter 2: The Door", "Appendix A"],
    ),
    "chapters with a name on the next line": (
        """ALICE IN WONDERLAND

CHAPTER I.
Down the Rabbit-Hole

Alice was beginning to get very tired of sitting by her sister
on the bank.

* * *

So she was considering in her own mind.

CHAPTER II.
THE POOL OF TEARS

Curiouser and curiouser!
""",
        "ALICE IN WONDERLAND",
        ["CHAPTER I.", "  Down the Rabbit-Hole", "CHAPTER II.", "  THE POOL OF TEARS"],
    ),
    "capitals": (
        """EMPLOYEE HANDBOOK

WORKING HOURS

The office opens at nine.

HOLIDAYS

Everybody has thirty days.
""",
        "EMPLOYEE HANDBOOK",
        ["WORKING HOURS", "HOLIDAYS"],
    ),
    "underlined": (
        """Project Notes
=============

Some notes on the project.

Setup
-----

Install everything first.

What to do next
---------------

Run it.
""",
        "Project Notes",
        ["Setup", "What to do next"],
    ),
    "underlined, text right below, a line above": (
        """=============
Project Notes
=============
Some notes on the project.

Setup:
------
Install everything first.
Then run it.

Name      Age
-------------
Ann       3
""",
        "Project Notes",
        ["Setup:"],
    ),
    "glued to the paragraph": (
        """1. SCOPE
This document says what the service does. It is
wrapped at some width.

2. Terms of use
The terms used here are these. They
apply everywhere.

PAYMENT
All invoices are due within a month. Late
payment costs interest.
""",
        "my file name",
        ["1. SCOPE", "2. Terms of use", "PAYMENT"],
    ),
    "roman numbers": (
        """ANNUAL REPORT

I. Introduction

This is the text. It goes on.

II. Methods

We did a number of things:

1. The first thing

2. The second thing

III. Results

They are good.
""",
        "ANNUAL REPORT",
        ["I. Introduction", "II. Methods", "III. Results"],
    ),
    "paragraph signs": (
        """Allgemeine Bedingungen

§ 1 Geltungsbereich

Diese Bedingungen gelten für alle Verträge.

§ 2 Zahlung

(1) Die Rechnung ist sofort fällig.

(2) Skonto wird nicht gewährt.
""",
        "Allgemeine Bedingungen",
        ["§ 1 Geltungsbereich", "§ 2 Zahlung"],
    ),
    "questions": (
        """Frequently Asked Questions

How do I reset my password?

Open the settings and choose Reset. A mail is sent.

Can I use it offline?

Yes. Everything runs on your own computer.

Who can see my files?

Only you.
""",
        "Frequently Asked Questions",
        ["How do I reset my password?", "Can I use it offline?", "Who can see my files?"],
    ),
    "sections that begin with a list": (
        """My Paper

1. Introduction

Text of it here.

2. Requirements

- one
- two

3. Methods

1. Take it.
2. Shake it.
3. Bake it.

4. Results

It was good.
""",
        "My Paper",
        ["1. Introduction", "2. Requirements", "3. Methods", "4. Results"],
    ),
    "a table of contents": (
        """The Report

Contents

1. Scope
2. Terms

1. Scope

This is the scope of it.

2. Terms

These are the terms.
""",
        "The Report",
        ["Contents", "1. Scope", "2. Terms"],
    ),
    "a contract": (
        """SERVICE AGREEMENT

This Agreement is made between Acme Ltd ("Supplier") and Bolt plc ("Customer").

Article 1 – Definitions

In this Agreement:

(a) "Services" means the services in Schedule 1;

(b) "Term" means the period in Article 3.

Article 2 – Services

2.1 The Supplier shall provide the Services.

2.2 Either party may end this Agreement if:

(a) the other party is in breach;
(b) the other party is insolvent.

ARTICLE III
TERM AND TERMINATION

Section 3 applies to all contracts

This Agreement lasts two years.
""",
        "SERVICE AGREEMENT",
        [
            "Article 1 – Definitions",
            "Article 2 – Services",
            "ARTICLE III",
            "  TERM AND TERMINATION",
            "    Section 3 applies to all contracts",
        ],
    ),
    "minutes": (
        """MINUTES OF THE BOARD MEETING

Date: 4 May 2024
Present: Ann Lee, Bob Ray, Cy Tan

1. Approval of the minutes

The minutes of the last meeting were approved.

2. Budget

ANN: The budget is over by five per cent.

ANN LEE: I agree

CY: So do I

Action: Bob to propose cuts by 1 June

3. Any other business

The meeting closed at 11:30.
""",
        "MINUTES OF THE BOARD MEETING",
        ["1. Approval of the minutes", "2. Budget", "3. Any other business"],
    ),
    "an interview": (
        """Interview with Ann

Interviewer

When did you start?

Ann

In 1990. I was young then.
""",
        "Interview with Ann",
        ["Interviewer", "Ann"],
    ),
    "a standard, with page breaks": (
        """
Network Group                                                J. Smith
Request for Comments: 9999                                   Acme Ltd

                     A Protocol for Sending Bread

Status of this Memo

   This memo provides information for the Internet community.  It does
   not specify an Internet standard of any kind.

Table of Contents

   1. Introduction ................................................. 1
   2. Protocol ..................................................... 2
      2.1. Messages ................................................ 2

1.  Introduction

   Bread is hard to send over a network.  This document explains
   how it is done.

2.  Protocol

2.1.  Messages

   A message has the following fields:

      o  Type: the kind of bread, which must be one of the kinds
         in the registry.

Smith                        Informational                      [Page 1]

RFC 9999                Bread Sending Protocol                March 2001

   The sender MUST wait for a reply.
""",
        "my file name",
        [
            "A Protocol for Sending Bread",
            "  Status of this Memo",
            "Table of Contents",
            "1.  Introduction",
            "2.  Protocol",
            "  2.1.  Messages",
        ],
    ),
    "a report's front page": (
        """Quarterly Report

Author: Jane Doe

Date: 4 May 2024

Overview

All is well here. Nothing happened.
""",
        "Quarterly Report",
        ["Overview"],
    ),
    "the parts of a paper": (
        """Introduction

This is the first part of the text.

Methods

We did things.
""",
        "my file name",
        ["Introduction", "Methods"],
    ),
}


@pytest.mark.parametrize("name", OUTLINES)
def test_the_outline_is_the_one_a_reader_sees(name: str) -> None:
    text, title, expected = OUTLINES[name]
    document = parse(text)
    assert outline(document) == expected
    assert document.title == title
    assert document.text == text


NO_HEADINGS = {
    "one line": "Just one line of text.",
    "one line that looks like a heading": "Only A Heading",
    "nothing": "\n \n",
    "lines of a rule": "-----\n\n=====\n-----\n",
    "a letter": """Jane Doe
12 Hill Road

Dear Mr Smith

Thank you for your letter of 1 March. I am writing to
confirm that I accept the offer.

Yours sincerely,

Jane Doe
""",
    "clauses, wrapped": """1. The Supplier shall deliver the goods to the
Customer within 30 days of the order being placed
by the Customer.

2. The Customer shall pay.
""",
    "amounts": """200 g of flour

1.5 litres of milk

3 eggs

Mix it all. Bake it.
""",
    "a log": """2024-03-01 10:00:01 INFO Server started on port 8080
2024-03-01 10:00:02 INFO Loaded 12 plugins

2024-03-01 10:02:00 INFO Retrying

2024-03-01 10:02:01 INFO Done
""",
    "a poem": """Two roads diverged in a yellow wood,
And sorry I could not travel both
And be one traveler, long I stood

Then took the other, as just as fair,
And having perhaps the better claim,
Because it was grassy and wanted wear;
""",
    "a warning in capitals": """THE SOFTWARE IS PROVIDED AS IT IS
WITHOUT WARRANTY OF ANY KIND

Use it with care.
""",
}


@pytest.mark.parametrize("name", NO_HEADINGS)
def test_there_is_no_heading_where_a_reader_sees_none(name: str) -> None:
    document = parse(NO_HEADINGS[name])
    assert blocks(document, "heading") == []
    assert document.title == "my file name"


NOTES = "Buy milk|Call Anna|Book a table|Schedule a call|Fix the door|Ask about the lease".split(
    "|"
)


@pytest.mark.parametrize("lines", [NOTES, NOTES * 3])
def test_notes_in_short_lines_are_not_headings(lines: list[str]) -> None:
    document = parse("Things to do\n\n" + "\n\n".join(lines))
    assert len(outline(document)) <= 1
    document = parse("Things to do\n\n" + "\n".join(lines) + "\n\n" + "\n".join(lines))
    assert document.title == "Things to do"
    assert outline(document) == []


def test_verse_in_single_lines_has_no_headings() -> None:
    lines = [f"The sun goes down on hill {i}" for i in range(12)]
    assert outline(parse("\n\n".join([*lines, "And it is night.", *lines]))) == []


@pytest.mark.parametrize("markers", [["1.", "2.", "3."], ["-", "-", "-"], ["a)", "b)", "c)"]])
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_a_list_is_a_list_with_and_without_empty_lines(markers: list[str], gap: str) -> None:
    items = [f"{marker} Fruit of kind {i}" for i, marker in enumerate(markers)]
    text = f"We need the following things:\n\n{gap.join(items)}\n\nPlease buy them today.\n"
    document = parse(text)
    assert blocks(document, "list_item") == items
    assert blocks(document, "paragraph") == [
        "We need the following things:",
        "Please buy them today.",
    ]
    assert outline(document) == []


def test_items_keep_their_wrapped_lines() -> None:
    document = parse("Bring these:\n  - a rope,\n    long enough\n  - a lamp\n")
    assert blocks(document, "paragraph") == ["Bring these:"]
    assert blocks(document, "list_item") == ["- a rope,\n    long enough", "- a lamp"]


def test_a_number_that_wraps_to_a_line_start_begins_no_list() -> None:
    text = "It burnt down in the year\n19. The mayor rebuilt it within a few\nyears.\n"
    assert blocks(parse(text)) == [text.strip()]


def test_lines_too_long_to_be_wrapped_are_paragraphs_of_their_own() -> None:
    long = ["This line is paragraph one. " * 9, "And this line is the next one. " * 9]
    document = parse("\n".join(["The Title", long[0], long[1], "Second Part", long[0]]))
    assert document.title == "The Title"
    assert outline(document) == ["Second Part"]
    assert blocks(document, "paragraph") == [line.strip() for line in [*long, long[0]]]


def test_links_to_other_pages_are_marked() -> None:
    text = "A paragraph. It goes on.\n\nRead more: The Next Thing\n\nSee also the next part."
    document = parse(text)
    assert blocks(document, "link") == ["Read more: The Next Thing"]
    assert blocks(document, "paragraph")[-1] == "See also the next part."


TEXT = "Le café est fermé à Noël. L’été, il rouvre dès l’aube – déjà.\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"One.\r\nTwo.\rThree.\n", "One.\nTwo.\nThree.\n"),
        (b"\xef\xbb\xbfOne.\r\n", "One.\n"),
        (TEXT.encode(), TEXT),
    ],
)
def test_utf8_is_read_without_a_warning(data: bytes, expected: str) -> None:
    assert decode(data) == (expected, ())


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (TEXT, "cp1252"),
        ("It’s a dog’s life – isn’t it? It costs €5.\n", "cp1252"),
        ("Die Straße nach Köln ist naß. Er sagt: „Hallo“.\n", "cp1252"),
        ("naïve", "cp1252"),
        ("Wczoraj poszedłem do sklepu, żeby kupić chleb i świeże mleko.\n", "cp1250"),
        ("Привет, мир. Это короткий текст о погоде.\n", "cp1251"),
        ("今日は雨です。家にいます。カタカナも。\n", "cp932"),
        (TEXT, "utf_16"),
    ],
)
def test_another_encoding_is_recognised_and_reported(text: str, encoding: str) -> None:
    decoded, warnings = decode(text.encode(encoding))
    assert decoded == text
    assert warnings == (f"not UTF-8: read as {encoding}, check its accents and quotation marks",)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("Café, naïve, Łódź, Straße.".encode() + b"\xff", "Café, naïve, Łódź, Straße.\ufffd"),
        ("今日は雨です。".encode()[:-1], "今日は雨です\ufffd"),
        (b"Otters sleep. " * 20 + bytes(range(1, 9)) + b"\x0e\x0f\x10\xff\x81\x8d",
         "Otters sleep. " * 20 + bytes(range(1, 9)).decode() + "\x0e\x0f\x10" + "\ufffd" * 3),
    ],
)  # fmt: skip
def test_damage_to_utf8_costs_the_damaged_characters(data: bytes, expected: str) -> None:
    decoded, (warning,) = decode(data)
    assert decoded == expected
    lost = expected.count("\ufffd")
    assert warning == f"damaged: {lost} of its characters can't be read, and show as \ufffd"


def test_a_warning_travels_with_the_document(tmp_path: Path) -> None:
    file = tmp_path / "café.txt"
    file.write_bytes(TEXT.encode("cp1252"))
    document = load_document(file, "café.txt")
    assert document.text == TEXT
    assert len(document.warnings) == 1


@pytest.mark.parametrize("data", [b"text\x00text", bytes(range(256)), b"", b" \n\t\n"])
def test_what_is_no_text_is_unreadable(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "file.txt"
    file.write_bytes(data)
    with pytest.raises(UnreadableDocumentError, match=r"file\.txt: "):
        load_document(file, "file.txt")


LINES = st.sampled_from(
    [
        *"1. Scope|1.1 Terms|2. Parts|I. Preface|Chapter 1|ALL CAPITALS|Title Case Line".split("|"),
        *"A sentence line|A full sentence.|- item|  1. item|See also The Other|-----|====".split(
            "|"
        ),
        *"* * *|Is it?|Name: value|. . . .|Columns   of    things|\ufeff|\x0c|long long ".split(
            "|"
        ),
        *["", "", "word " * 40],
    ]
)


@given(st.lists(LINES, max_size=25).map("\n".join) | st.text(max_size=200))
def test_any_text_is_kept_and_every_visible_character_is_in_one_block(text: str) -> None:
    text = text.replace("\x00", "")
    document = parse(text)
    assert document.text == text
    position = 0
    for block in document.blocks:
        assert position <= block.start < block.end <= len(text)
        assert not text[position : block.start].strip()
        position = block.end
    assert not text[position:].strip()
    starts = {block.start for block in document.blocks if block.kind == "heading"}
    assert {section.start for section in document.sections[1:]} <= starts


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [TEXT, "Привет, мир.\nЭто текст о погоде.\n", "plain\n"])
def test_utf_16_is_read_without_a_mark_in_either_order(text: str, encoding: str) -> None:
    decoded, warnings = decode(text.encode(encoding))
    assert decoded == text
    assert warnings == (f"not UTF-8: read as {encoding}, check its accents and quotation marks",)


@pytest.mark.parametrize(
    "data", [b"a\0" * 9 + b"\0\0", bytes(range(256)) * 4, b"\1\0\2\0\3\0", b"ab\0"]
)
def test_zeros_alone_make_no_utf_16(data: bytes) -> None:
    try:
        _, warnings = decode(data)
    except ValueError:
        return
    assert not any("utf-16-" in warning for warning in warnings)


def test_lines_marked_as_in_markdown_are_the_headings() -> None:
    document = parse_plain(
        "# Hen house\n\nBuilt In Two Weeks\n\nSix hens live here.\n\n"
        "## Feed\n\nA cup of oats each.\n\n"
        "### Grit ###\n\nOyster shell.\n\n## Doors\n\nShut at dusk.\n",
        "hens.txt",
    )
    assert document.title == "Hen house"
    assert outline(document) == ["Feed", "  Grit", "Doors"]
    assert "## Feed" in document.text, "the text stays as it is"


@pytest.mark.parametrize(
    "text",
    [
        "# one comment\n\nkey = value\n\nother = 3\n",
        "# a comment\n# over two lines\n\nkey = value\n\n# ***\n\nmore = 2\n",
        "#hashtag\n\nSaid something.\n\n#another\n\nAnd more.\n",
        "#!/bin/sh\n\n# Check arguments\n\ntest $1\n\n# Run it\n\nrun\n",
        "# define X 1\n\nint x;\n\n# ifdef Y\n\nint y;\n\n# endif\n\nint z;\n",
        "# Change to no here!\n\nyes\n\n# Change that, too.\n\nno\n",
        "def f():\n\n    # Inner comment\n\n    pass\n\n    # Another one\n\n    pass\n",
    ],
)
def test_comments_and_hashtags_are_no_headings(text: str) -> None:
    assert outline(parse_plain(text, "x.txt")) == []


def test_comments_leave_the_other_headings_alone() -> None:
    document = parse_plain(
        "INTRO\n\nText of it.\n\n1. Numbered Section\n\nText.\n\n# remark one\n\nls\n\n"
        "# remark two\n\nls\n\n2. Second Section\n\nText.\n",
        "x.txt",
    )
    assert outline(document) == ["1. Numbered Section", "2. Second Section"]


def test_a_list_of_prices_is_no_list_of_contents() -> None:
    document = parse_plain("Menu\n\nCoffee ..... 3\nTea ........ 2\nCake ....... 5\n", "menu.txt")
    assert not blocks(document, "link")


def test_numbered_headings_may_end_with_a_full_stop() -> None:
    document = parse_plain(
        "RULES OF THE MILL\n\n 1. Opening Hours.\n\nThe mill opens at six.\n\n 2. Grain.\n\n"
        "Rye comes first. Wheat\nfollows it.\n\nArticle 3. Sacks and Carts.\n\nBring your own.\n",
        "mill.txt",
    )
    assert outline(document) == ["1. Opening Hours.", "2. Grain.", "Article 3. Sacks and Carts."]


@pytest.mark.parametrize(
    "text",
    [
        "Do this:\n\n1. Wash the apples.\n\n2. Cut the apples.\n\n3. Eat the apples.\n",
        "There were two.\n\n3. He came back in May.\n\nNobody saw him.\n",
        "It began in 1914.\n\nSection 5 applies here.\n\nNothing else does.\n",
        "1. We went to the mill and sat.\n\nIt rained.\n\n2. We went home again.\n\nIt shone.\n",
    ],
)
def test_numbered_sentences_are_no_headings(text: str) -> None:
    assert outline(parse_plain(text, "x.txt")) == []


def test_a_man_pages_headings_stand_out_to_the_left() -> None:
    document = parse_plain(
        "GRIND(1)              User Commands              GRIND(1)\n\n"
        "NAME\n       grind - mill grain\n\n"
        "EXIT STATUS\n       0      All is ground.\n\n       2      The hopper is empty.\n\n"
        "SEE ALSO\n       sift(1)\n",
        "grind.txt",
    )
    assert outline(document) == ["NAME", "EXIT STATUS", "SEE ALSO"]


def test_each_line_of_a_log_is_whole() -> None:
    lines = [f"2024-03-0{day} 06:00:01 WARN gate {day} open. Closing it" for day in range(1, 8)]
    lines[3] += "\n    at gate.close (gate.c:12)"
    document = parse_plain("\n".join(lines) + "\n", "gate.txt")
    assert blocks(document, "list_item") == lines
    passages = split_document(document, lambda texts: [len(text.split()) for text in texts], 20)
    assert len(passages) > 2
    assert all(passage.text.startswith("2024-03-0") for passage in passages)


PRINTED = (
    "Contents\n\n  1. Scope ......... 1\n  2. Gates ......... 2\n\n1. Scope\n\n"
    "The keeper opens the lock for\n\n\nPell            Lock Manual      [Page 1]\n\f"
    "LOCK-7          Lock Manual      May 2020\n\n\nboats of any size.\n\n2. Gates\n\n"
    "The gates weigh 3 tons.\n\nPell            Lock Manual      [Page 2]\n\f"
    "LOCK-7          Lock Manual      May 2020\n\nThey are of oak.\n\n"
    "Pell            Lock Manual      [Page 3]\n\f"
    "LOCK-7          Lock Manual      May 2020\n\nNo more.\n"
)


def test_sentences_go_on_over_the_pages_of_printed_text(tmp_path: Path) -> None:
    path = tmp_path / "lock.txt"
    path.write_text(PRINTED, encoding="utf-8")
    document = load_document(path, path.name)
    assert "for\nboats of any size." in document.text
    assert "3 tons.\n\nThey are of oak.\n\nNo more." in document.text
    assert "\f" not in document.text
    assert document.text.count("LOCK-7") == document.text.count("Pell") == 1
    assert document.text.endswith("[Page 1]\n"), "what was taken out is kept once"
    assert outline(document)[1:] == ["1. Scope", "2. Gates"]
    assert any("......" in link for link in blocks(document, "link"))


@pytest.mark.parametrize(
    "text",
    [
        "One.\fTwo.\fThree.",
        "Same first line\n\nA.\fSame first line\n\nB.",
        "\f\fAlone\f",
        "\f",
        "Text.\n\fChapter 2\n\nx\n\fChapter 3\n\ny\n\fChapter 4\n\nz\n",
        "Invoice\n\nDue:     12\n\fInvoice\n\nDue:     75\n\fInvoice\n\nDue:     99\n",
        "Step 1\n\fStep 2\n\fStep 3\n\fStep 4\n",
        "import x\n\n\fdef a():\n    pass\n\fdef b():\n    pass\n\fdef c():\n    pass\n",
    ],
)
def test_what_does_not_repeat_beside_a_form_feed_stays(text: str) -> None:
    assert without_page_breaks(text).split() == text.replace("\f", " ").split()


def test_headers_on_all_pages_but_the_first_go_though_the_last_page_ends_with_a_form_feed() -> None:
    """As RFCs do, of which three pages are short ones."""
    rest = [
        f"RFC 77          Signals          May 1971\n\n{body}\n\nKay        [Page {number}]\n\f"
        for number, body in (
            (2, "has been seen from the other shore.  Then it is put out."),
            (3, "End."),
        )
    ]
    first = "1.  Lamps\n\nA lamp is lit and is not moved until the\n\nKay        [Page 1]\n\f"
    document = parse_plain(without_page_breaks(first + "".join(rest)), "a.txt")
    assert "until the\nhas been seen" in document.text
    assert outline(document) == ["1.  Lamps"]


@pytest.mark.parametrize("line", ["Lamps are lit and", "A Word About the", "What is put out, or"])
def test_a_line_that_goes_on_is_no_heading(line: str) -> None:
    document = parse_plain(f"First of all.\n\n{line}\n\nIt rained on the mill.\n", "a.txt")
    assert outline(document) == []


@pytest.mark.parametrize(
    ("data", "expected", "lost"),
    [
        (b"Tar \xed\xa0\x80 and rope", "Tar \ufffd and rope", 1),
        (b"Smile \xed\xa0\xbd\xed\xb8\x80", "Smile \U0001f600", 0),
        ("Öl ".encode() + b"\xed\xbf\xbf\r\nx", "Öl \ufffd\nx", 1),
    ],
)
def test_halves_of_surrogate_pairs_in_utf8_are_no_other_encoding(
    data: bytes, expected: str, lost: int
) -> None:
    """Java and Oracle write them so."""
    text, warnings = decode(data)
    assert text == expected
    assert len(warnings) == lost
    assert all(warning.startswith("damaged: 1 ") for warning in warnings)


@given(st.text(alphabet="ab1 .\n\f", max_size=80))
def test_joining_pages_loses_lines_that_repeat_and_no_others(text: str) -> None:
    lines = {line.strip() for page in text.split("\f") for line in page.split("\n")}
    joined = without_page_breaks(text)
    if text.count("\f") < 2:
        assert joined == text
        return
    kept = {line.strip() for line in joined.split("\n")}
    assert kept <= lines | {""}
    assert {"".join(c for c in one if not c.isdigit()) for one in kept} == {
        "".join(c for c in one if not c.isdigit()) for one in lines | {""}
    } | ({""} if "" in kept else set())


@pytest.mark.parametrize("days", [("3. Oktober.", "4. Oktober."), ("1. May", "2. May"),
                                  ("24. joulukuuta", "25. joulukuuta")])  # fmt: skip
def test_a_day_is_no_numbered_heading(days: tuple[str, str]) -> None:
    text = "\n\n".join(f"{day}\n\nIt snowed, and the road to the mill was closed." for day in days)
    assert outline(parse_plain(text, "x.txt")) == []


def pages_of(lines: int, header: str, footer: str) -> str:
    """Six pages of so many lines, without form feeds; a sentence goes on over each end."""
    printed = []
    for page in range(6):
        body = ["wheel and", f"Rule {page} of the mill says what the miller may", "grind.", ""]
        body += [f"Line {page}.{number} is about grain." for number in range(lines - 16)]
        body += ["", "The miller of this mill has to look after the" if page < 5 else "End."]
        top = ["", header.replace("#", str(page + 1)), "", ""]
        printed += [*top, *body, "", "", footer.replace("#", str(page + 1)), "", "", ""]
    return "\n".join(printed)


@pytest.mark.parametrize("lines", [58, 66])
@pytest.mark.parametrize(
    ("header", "footer"),
    [
        ("The Mill Guide                                #", "Mill 2.1                 May 3, 1987"),
        ("", "Mill 2.1                  #"),
        ("The Mill Guide               page #", ""),
    ],
)
def test_pages_of_as_many_lines_are_joined_as_those_with_form_feeds_are(
    lines: int, header: str, footer: str
) -> None:
    printed = pages_of(lines, header, footer)
    joined = without_page_breaks(printed)
    assert joined.count("to look after the\nwheel and") == 5
    assert "Mill 2.1" not in joined.rpartition("End.")[0]
    assert "Mill Guide" not in joined.rpartition("End.")[0].partition("wheel")[2]
    kept = [line for line in printed.splitlines() if line.startswith(("Line", "Rule"))]
    assert [line for line in joined.splitlines() if line.startswith(("Line", "Rule"))] == kept


@pytest.mark.parametrize("title", ["Patient          {}", "Annual report        {}", "{}."])
def test_records_of_as_many_lines_are_no_pages(title: str) -> None:
    fields = "".join(f"Field {i}: a value of some length that has no end\n" for i in range(52))
    records = "".join(f"\n\n\n\n{title.format(number)}\n\n{fields}" for number in range(1991, 1999))
    assert without_page_breaks(records) == records


def test_a_number_sign_is_no_number_of_a_page() -> None:
    pages = (f"{'#' if k % 2 else k} {k}    x\n\nbody {k} here.\nmore" for k in range(1, 9))
    assert "body 5 here." in without_page_breaks("\f".join(pages))


@pytest.mark.parametrize(
    "headings",
    [
        ("PART I", "I. The Mill", "II. The Road", "PART II", "III. The River"),
        ("Article 1", "1.1 Flour", "1.2 Bran", "Article 2", "1.3 Rye"),
    ],
)
def test_parts_are_in_no_clause_though_numbers_go_on_over_them(headings: tuple[str, ...]) -> None:
    document = parse("".join(f"{one}\n\nWhat is said under it.\n\n" for one in headings))
    paths = [one.path for one in document.sections[1:]]
    assert paths[3] == (headings[3],)
    assert paths[4] == (headings[3], headings[4])


def test_headings_between_two_numbers_are_of_the_first() -> None:
    document = parse(
        "1. Basics\n\nText.\n\n1.1. Files\n\nHOME\n\nWhere it is.\n\nRope And Tackle\n\n"
        "What it needs.\n\n1.2. Keys\n\nText.\n\nTABLE OF KEYS\n\nMore of it.\n\n2. Rest\n\n"
        "Text.\n\nANNEX\n\nWhat comes last.\n"
    )
    assert [" › ".join(one.path) for one in document.sections[1:]] == [
        "1. Basics",
        "1. Basics › 1.1. Files",
        "1. Basics › 1.1. Files › HOME",
        "1. Basics › 1.1. Files › HOME › Rope And Tackle",
        "1. Basics › 1.2. Keys",
        "TABLE OF KEYS",
        "TABLE OF KEYS › 2. Rest",
        "ANNEX",
    ]


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("\x1b[1;31merror\x1b[0m: the disk is full\n", "error: the disk is full\n"),
        ("\x1b]0;title\x07$ ls\n", "$ ls\n"),
        ("N\bNA\bAM\bME\bE\n   _\bl_\bs - l\bl\bl\n", "NAME\n   ls - l\n"),
        ("tea\n", "tea\n"),
        ("l\b_s\b_ is\n", "ls is\n"),
        ("\x1b[1;1HTotal\x1b[2;1HNext\n", "\nTotal\nNext\n"),
        ("a\x1b[10Cb\x1b=\n", "a b\n"),
    ],
)
def test_text_out_of_a_terminal_is_read_as_it_shows_it(printed: str, shown: str) -> None:
    assert without_terminal_codes(printed) == shown
