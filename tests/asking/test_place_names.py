"""What a question calls a place, and which headings and lines are that place."""

from __future__ import annotations

import pytest

from qa_bot.asking.place_names import is_heading_of, line_of, named_place

CLAUSES = """1.1 The tenant pays rent.
1.2 The tenant must not keep:
   (a) bees;
   (b) goats.
1.20 The tenant may paint.
2.1 The landlord mends the roof."""


@pytest.mark.parametrize(
    ("question", "shown", "asks_more"),
    [
        ("What does section 5 say?", "section 5", False),
        ("section 5", "section 5", False),
        ("What's in § 4?", "§ 4", False),
        ("What does clause 2.2 say about notice?", "clause 2.2", True),
        ("When does the licence end under section 5?", "section 5", True),
        ("What is in Appendix B?", "Appendix B", False),
        ("Summarise chapter IV.", "chapter IV", False),
        ("What does the chapter Safety say?", "chapter Safety", False),
        ("What is the section Water damage about?", "section Water damage", False),
        ("What is BUG-1042 about?", "BUG-1042", False),
        ("Was steht in Abschnitt 3.1?", "Abschnitt 3.1", False),
        ("Que dit l'article 17 ?", "article 17", False),
        ("¿Qué dice el artículo 17?", "artículo 17", False),
        ("What does clause 1.2(b) forbid?", "clause 1.2(b)", False),
        ("What does schedule 2 say?", "schedule 2", False),
        ("Which fees are in Schedule B?", "Schedule B", True),
        ("Which items are listed in schedule 2?", "schedule 2", True),
        ("What does Part I say?", "Part I", False),
        ("What does part I say?", "part I", False),
        ("What does the Schedule I require?", "Schedule I", False),
    ],
)
def test_a_place_that_a_question_names(question: str, shown: str, *, asks_more: bool) -> None:
    place = named_place(question)
    assert place is not None
    assert (place.shown, bool(place.rest)) == (shown, asks_more)


@pytest.mark.parametrize(
    "question",
    [
        "Which part of the engine is hot?",
        "In which section I can find the fees?",
        "Is there a section on safety?",
        "Which bug is about the lift?",
        "How many chapters has it?",
        "What did section chiefs earn in 2020?",
        "Who is the treasurer?",
        "How do I schedule two days off?",
        "Can I schedule 2 visits?",
        "How do I schedule Anna?",
        "When does the schedule I received begin?",
        "Which is the part I liked?",
    ],
)
def test_a_question_without_a_place(question: str) -> None:
    assert named_place(question) is None


@pytest.mark.parametrize(
    ("heading", "question", "same"),
    [
        ("5. Water damage", "section 5", True),
        ("Section 5 Water damage", "section 5", True),
        ("§ 5", "section 5", True),
        ("15. Water", "section 5", False),
        ("5.1 Pipes", "section 5", False),
        ("Chapter 5", "section 5", False),
        ("Water damage (5)", "section 5", False),
        ("2.2 Late fee", "clause 2.2", True),
        ("2.1 Fee", "clause 2.2", False),
        ("12.2 Fee", "clause 2.2", False),
        ("2.2.1 Fee", "clause 2.2", False),
        ("Chapter V: Safety", "chapter 5", True),
        ("I. General", "Part I", True),
        ("A survey", "Part A", False),
        ("Appendix B Tools", "Appendix B", True),
        ("Artikel 17 – Kündigung", "article 17", True),
        ("BUG-1042: the lamp", "BUG-1042", True),
        ("BUG-10421", "BUG-1042", False),
        ("5 March 2024", "section 5", False),
        ("5. März 2024", "section 5", False),
        ("5. March", "section 5", True),
        ("12 Angry Men", "section 12", False),
        ("30 days after delivery", "section 30", False),
        ("10 Common Mistakes", "section 10", False),
        ("7 Ways to Save Water", "section 7", False),
        ("12. Angry Men", "section 12", True),
        ("2 Rules", "section 2", True),
        ("4 Experimental Results", "section 4", True),
        ("3. Safety", "What does the chapter Safety say?", True),
        ("Safety of boats", "What does the chapter Safety say?", False),
    ],
)
def test_which_headings_are_the_place(heading: str, question: str, *, same: bool) -> None:
    place = named_place(question)
    assert place is not None
    assert is_heading_of(heading, place) is same


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("clause 1.1", "1.1 The tenant pays rent.\n"),
        ("clause 1.2(b)", "   (b) goats.\n"),
        ("clause 1.20", "1.20 The tenant may paint.\n"),
        ("clause 2.1", "2.1 The landlord mends the roof."),
        ("clause 0.1", None),
        ("clause 1.3", None),
    ],
)
def test_a_numbered_line_is_a_place(question: str, line: str | None) -> None:
    place = named_place(question)
    assert place is not None
    found = line_of(CLAUSES, place)
    assert (found and CLAUSES[found[0] : found[1]]) == line


def test_a_numbered_sentence_is_a_place() -> None:
    place = named_place("What does clause 4.2 say?")
    assert place is not None
    text = "4.1 The tenant pays 14.2 euros. 4.2 The landlord paints. 4.3 Nobody smokes."
    start, end = line_of(text, place) or (0, 0)
    assert text[start:end].strip() == "4.2 The landlord paints."


def test_a_step_is_a_line_of_a_list() -> None:
    place, section = named_place("What is step 2?"), named_place("What is section 2?")
    assert place is not None
    assert section is not None
    text = "Method:\n1. Soak the beans.\n2. Boil them for 2 hours.\n3. Salt them."
    start, end = line_of(text, place) or (0, 0)
    assert text[start:end].strip() == "2. Boil them for 2 hours."
    assert line_of(text, section) is None
