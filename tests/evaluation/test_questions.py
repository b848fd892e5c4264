"""Question files: ours, SQuAD's and BEIR's; and the golden questions of an index."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import write
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.hashing import HashEmbedder
from qa_bot import (
    Index,
    IndexStateError,
    Question,
    QuestionFileError,
    UsageError,
    add_golden,
    answer,
    build_index,
    evaluate,
    open_index,
    read_golden,
    read_questions,
)
from qa_bot.evaluation.golden import FILE, wanted
from qa_bot.evaluation.questions import as_line, one_space, question_id


def saved(folder: Path, *lines: object, name: str = "questions.jsonl") -> Path:
    """A file with a line for each of these: as it is if it is text, else as JSON."""
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    (folder / name).write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return folder / name


def test_every_field_of_a_line_is_read(tmp_path: Path) -> None:
    file = saved(
        tmp_path,
        {"question": "Who?", "quote": " the\n old  king ", "document": "a.txt", "page": 7},
        "",
        {"question": "Where?", "id": "q 2", "quote": ["here", "there"], "section": "A › B"},
        {"question": "When?", "sections": ["C", "D"], "page": ["iv", 3]},
        {"question": "Why?", "quote": None, "sections": [], "note": "nobody knows"},
        {"question": "How?", "quote": "so", "context": "Do it so or so."},
    )
    assert read_questions(file) == (
        Question(
            question_id("Who?"),
            "Who?",
            quotes=("the old king",),
            documents=("a.txt",),
            pages=("7",),
        ),
        Question("q 2", "Where?", quotes=("here", "there"), sections=("A › B",)),
        Question(question_id("When?"), "When?", sections=("C", "D"), pages=("iv", "3")),
        Question(question_id("Why?"), "Why?", answered=False),
        Question(question_id("How?"), "How?", quotes=("so",), context="Do it so or so."),
    )


def test_an_id_follows_from_the_words_and_not_from_the_place(tmp_path: Path) -> None:
    lines = [{"question": text, "page": 1} for text in ("Who  Is it?", "What?", "who is it?")]
    one, two, again = (question.id for question in read_questions(saved(tmp_path, *lines)))
    assert again == f"{one}-2"
    turned = read_questions(saved(tmp_path, *reversed(lines)))
    assert [question.id for question in turned] == [one, two, again]


def test_an_id_that_is_given_and_follows_from_anothers_words_is_named(tmp_path: Path) -> None:
    given_id = {"question": "What?", "id": question_id("Who?"), "page": 1}
    lines = [{"question": "Who?", "page": 1}, given_id]
    for those in (lines, lines[::-1]):
        with pytest.raises(QuestionFileError, match=r"line 2: another question has the id"):
            read_questions(saved(tmp_path, *those))


words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=9).map(one_space).filter(bool)
several = st.lists(words, max_size=3, unique=True).map(tuple)


@given(
    text=words.map(lambda text: f"Is {text} so?"),
    quotes=several,
    documents=several,
    sections=several,
    pages=several,
)
def test_a_question_written_as_a_line_is_read_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    text: str,
    quotes: tuple[str, ...],
    documents: tuple[str, ...],
    sections: tuple[str, ...],
    pages: tuple[str, ...],
) -> None:
    is_answered = bool(quotes or documents or sections or pages)
    question = Question(question_id(text), text, is_answered, quotes, documents, sections, pages)
    line = as_line(question)
    assert "\n" not in line
    assert read_questions(saved(tmp_path_factory.mktemp("q"), line)) == (question,)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ({"quote": "x"}, "no 'question' in words"),
        ({"question": "?!", "quote": "x"}, "no 'question' in words"),
        ({"question": ["Who?"], "quote": "x"}, "no 'question' in words"),
        ({"question": "Who?"}, "says nothing of the answer"),
        ({"question": "Who?", "sections": []}, "says nothing of the answer"),
        ({"question": "Who?", "qoute": "x", "document": "a"}, "unknown field 'qoute'; 'quote'"),
        ({"question": "?" * 2000 + "Who", "quote": "x"}, "no 'question' in words"),
        ({"question": "Who?", "page": 1, "answer": "x"}, "unknown field 'answer'; there are quest"),
        ({"question": "Who?", "quote": " "}, "'quote' is empty"),
        ({"question": "Who?", "quote": ["x", ""]}, "'quote' is empty"),
        ({"question": "Who?", "quote": ["x", None]}, "'quote' holds something else than text"),
        ({"question": "Who?", "document": 3}, "'document' holds something else than text"),
        ({"question": "Who?", "page": True}, "'page' holds something else than text"),
        ({"question": "Who?", "section": "a", "sections": "b"}, "both 'section' and 'sections'"),
        ({"question": "Who?", "page": 1, "context": "x"}, "a 'context' without a 'quote'"),
        ({"question": "Who?", "page": 1, "id": []}, "'id' is neither"),
        ({"question": "Who?", "page": 1, "id": "one"}, "another question has the id 'one'"),
    ],
)
def test_a_bad_line_is_named_with_what_is_wrong(tmp_path: Path, line: object, said: str) -> None:
    file = saved(tmp_path, {"question": "What?", "id": "one", "page": 1}, "", line)
    with pytest.raises(QuestionFileError) as raised:
        read_questions(file)
    assert str(raised.value).startswith(f"{file}, line 3: ")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_text_or_not_there_or_empty_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "binary.jsonl").write_bytes(b'{"question": "x", "page": 1}\n\xff\xfe')
    (tmp_path / "empty.jsonl").write_text("\n\n")
    for name, said in (
        ("binary.jsonl", "line 2: not UTF-8"),
        ("empty.jsonl", "holds no questions"),
        ("none.jsonl", "can't be read"),
        ("none.json", "can't be read"),
    ):
        with pytest.raises(QuestionFileError, match=said):
            read_questions(tmp_path / name)


def squad(*asked: object) -> dict[str, object]:
    paragraph = {"context": "Rollo  led the Norse.\nHe swore fealty.", "qas": list(asked)}
    return {"version": "v2.0", "data": [{"title": "Normans", "paragraphs": [paragraph]}]}


def test_squad_gives_any_of_the_answers_within_the_paragraph(tmp_path: Path) -> None:
    answers = [{"text": "Rollo", "answer_start": 0}, {"text": "Rollo ", "answer_start": 0}]
    file = saved(
        tmp_path,
        squad(
            {"id": "a", "question": "Who led?", "answers": [*answers, {"text": "He"}]},
            {"id": "b", "question": "Who fell?", "answers": [], "is_impossible": True},
            {"id": None, "question": "Who?", "is_impossible": True},
        ),
        name="squad.JSON",
    )
    assert read_questions(file) == (
        Question(
            "a",
            "Who led?",
            quotes=("Rollo", "He"),
            context="Rollo led the Norse. He swore fealty.",
        ),
        Question("b", "Who fell?", answered=False),
        Question(question_id("Who?"), "Who?", answered=False),
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"data": 3}, "not as SQuAD has it"),
        ({"answers": []}, "not as SQuAD has it ('data')"),
        ("{", "not JSON"),
        (squad({"id": "a", "question": "Who?"}), "qas[0]: not as SQuAD has it ('answers')"),
        (squad({"id": "a", "question": "Who?", "answers": []}), "qas[0]: neither answers nor"),
        (squad({"id": "a", "question": "", "answers": []}), "qas[0]: no 'question' in words"),
    ],
)
def test_a_damaged_squad_file_is_named_with_the_place(
    tmp_path: Path, content: object, said: str
) -> None:
    with pytest.raises(QuestionFileError) as raised:
        read_questions(saved(tmp_path, content, name="squad.json"))
    assert said in str(raised.value)


def test_lines_of_ours_are_told_from_squad_whatever_the_file_is_called(tmp_path: Path) -> None:
    lines = [{"question": "Who?", "page": 1}, {"question": "What?", "quote": None}]
    assert len(read_questions(saved(tmp_path, *lines, name="mine.json"))) == 2


def beir(folder: Path, *judgements: str, name: str = "test.tsv") -> Path:
    (folder / "qrels").mkdir(exist_ok=True)
    queries = [{"_id": "1", "text": "Who?"}, {"_id": "2", "text": "What?"}]
    saved(folder, *queries, {"_id": "3", "text": "When?"}, name="queries.jsonl")
    saved(folder / "qrels", *judgements, name=name)
    return folder


def test_beir_gives_graded_documents_of_the_judged_queries(tmp_path: Path) -> None:
    folder = beir(tmp_path, "query-id\tcorpus-id\tscore", "2\tdoc a\t1", "2\tb\t2", "2\tc\t0")
    two = Question("2", "What?", documents=("doc a", "b"), grades=(1, 2))
    assert read_questions(folder) == (two,)
    beir(tmp_path, "1 0 b 1", "", "3 0 b 0", name="train.TSV")  # as TREC writes it
    one = Question("1", "Who?", documents=("b",), grades=(1,))
    assert read_questions(folder) == (one, two)
    assert read_questions(folder / "qrels" / "train.TSV") == (one,)


def test_a_damaged_beir_folder_is_named_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(QuestionFileError, match=r"no queries.jsonl with qrels"):
        read_questions(tmp_path)
    for line, said in (
        ("1\ta\tmuch", r"test.tsv, line 1: not a query"),
        ("1\ta", r"test.tsv, line 1: not a query"),
        ("9\ta\t1", "no query '9'"),
        ("1\ta\t2147483647", r"test.tsv, line 1: the grade is not within -100 and 100"),
        ("1\ta\t-101", r"test.tsv, line 1: the grade"),
    ):
        with pytest.raises(QuestionFileError, match=said):
            read_questions(beir(tmp_path, line))


def test_golden_questions_that_cannot_be_read_are_not_none(tmp_path: Path) -> None:
    assert read_golden(tmp_path) == ()
    (tmp_path / FILE).write_text("\n")
    with pytest.raises(QuestionFileError, match="holds no questions"):
        read_golden(tmp_path)
    with pytest.raises(QuestionFileError, match=r"can't be read \(Not a directory\)"):
        read_golden(tmp_path / FILE)
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).mkdir()
    with pytest.raises(QuestionFileError, match=r"can't be read \(Is a directory\)"):
        read_golden(tmp_path)


def test_a_confirmed_answer_wants_its_marked_sentence_where_it_stands(article: Index) -> None:
    reply = answer("Why is Iceland important?", article)
    question = wanted(reply)
    quote = reply.quotes[0]
    marked = [quote.text[a - quote.start : b - quote.start] for a, b in quote.sentences]
    assert question.quotes == tuple(map(one_space, marked))
    assert question.documents == (quote.citation.document_id,)
    assert question.sections == (" › ".join(quote.citation.section),)
    given_phrase = wanted(reply, ["strategic  location"])
    assert given_phrase.quotes == ("strategic location",)
    assert given_phrase.sections == question.sections
    elsewhere = wanted(reply, ["negotiations and compromises"], [quote.citation.document_id])
    assert elsewhere.sections == ()  # the answer's isn't where that phrase stands
    assert elsewhere.documents == (quote.citation.document_id,)
    assert not wanted(answer("How do I bake bread?", article)).answered


def test_the_same_question_replaces_the_older_one_and_nothing_else(
    tmp_path: Path, article: Index
) -> None:
    kept = ['{"question": "Who?", "page": 1}', "by hand, and wrong", '{"question": "What?"']
    (tmp_path / FILE).write_text("\n".join(kept))  # as a crash could leave it, without an end
    first = add_golden(tmp_path, answer("Why is Iceland important?", article))
    assert first.replaced == ()
    second = add_golden(tmp_path, Question("", "why is  Iceland important?", quotes=("x",)))
    assert second.replaced == (as_line(first.question),)
    assert second.file == (tmp_path / FILE).resolve()
    lines = (tmp_path / FILE).read_text().splitlines()
    assert lines == [*kept, as_line(second.question)]
    assert sorted(file.name for file in tmp_path.iterdir()) == [FILE, "golden.lock"]
    with pytest.raises(QuestionFileError, match=r"golden.jsonl, line 2: not JSON"):
        read_golden(tmp_path)


def test_questions_added_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    questions = [Question("", f"Question {n}?", quotes=(f"answer {n}",)) for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda question: add_golden(tmp_path, question), questions))
    assert {question.text for question in read_golden(tmp_path)} == {
        question.text for question in questions
    }


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(IndexStateError, match=r"golden.jsonl can't be written \(No such file"):
        add_golden(tmp_path / "none", Question("", "Who?", quotes=("x",)))


def test_builds_and_rebuilds_leave_the_golden_questions_alone(
    documents: Path, folder: Path
) -> None:
    write(documents, a="Otters sleep on their backs.")
    build_index(documents, folder, model=HashEmbedder())
    assert read_golden(folder) == ()
    add_golden(folder, Question("", "How do otters sleep?", quotes=("on their backs",)))
    before = (folder / FILE).read_bytes()
    write(documents, b="Herons stand.")
    build_index(documents, folder, model=HashEmbedder())
    build_index(documents, folder, model=HashEmbedder("another"), rebuild=True)
    (folder / "qa_bot.sqlite").write_bytes(b"garbage" * 999)
    build_index(documents, folder, model=HashEmbedder(), rebuild=True)
    assert (folder / FILE).read_bytes() == before


FERRIES = """<title>Ferries</title><table><tr><th>Ferry</th><th>Out</th><th>Back</th></tr>
<tr><td>Alby</td><td>07:10</td><td>16:40</td></tr><tr><td>Corve</td><td>08:15</td><td>17:05</td>
</tr><tr><td>Selby</td><td>09:20</td><td>18:30</td></tr><tr><td>Thorn</td><td>07:25</td>
<td>17:40</td></tr><tr><td>Wick</td><td>08:05</td><td>16:55</td></tr></table>"""


def test_a_table_without_a_sure_row_is_golden_by_its_phrase_only(
    documents: Path, folder: Path
) -> None:
    (documents / "ferries.html").write_text(FERRIES)
    build_index(documents, folder)
    asked = "When does the ferry go?"
    with open_index(folder) as index:
        unsure = answer(asked, index, strictness=0.0)
        assert unsure.found
        assert not unsure.quotes[0].is_marked
        with pytest.raises(UsageError, match=r"No row .* --quote"):
            add_golden(folder, unsure)
        assert read_golden(folder) == ()
        question = wanted(unsure, ["Corve"])
        assert question.quotes == ("Corve",)
        (outcome,) = evaluate([question], index, strictness=0.0).outcomes
        assert (outcome.marked, outcome.marks) == (False, "")
        assert outcome.quoted == unsure.quotes[0].text
        assert outcome.failure == "nothing is marked"
