"""Files of questions: ours, SQuAD's, and the BEIR folder with TREC's judgements."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from qa_bot.errors import QuestionFileError
from qa_bot.evaluation.questions import Question, in_words, one_space, parse, question_id

_GREATEST_GRADE = 100  # trec_eval counts the grades up to the greatest, in 32 bits


def read_questions(path: str | Path) -> tuple[Question, ...]:
    """Read a file of questions.

    Args:
        path: A JSON Lines file of ours; a SQuAD file (``.json``), whose
            paragraphs become contexts; or a BEIR folder (``queries.jsonl`` and
            ``qrels/*.tsv``, whose corpus ids are document ids), or one of its
            qrels files. BEIR's queries without a relevant document are left
            out, since nobody judged them.

    Raises:
        QuestionFileError: The file can't be read, or one of its lines; the
            message names the line. Nothing is skipped.
    """
    file = Path(path)
    if file.is_dir() or file.suffix.lower() == ".tsv":
        drafts = list(_read_beir(file))
    else:
        text = read_text(file)
        if file.suffix.lower() == ".json" and not _is_json_lines(text):
            drafts = list(_read_squad(file, text))
        else:
            drafts = [(where, parse(line, where)) for where, line in _json_lines(file, text)]
    if not drafts:
        raise QuestionFileError(f"{file} holds no questions.")
    return _named(drafts)


def _read_squad(file: Path, text: str) -> Iterator[tuple[str, Question]]:
    """The questions of a SQuAD file (1.1 or 2.0), each with its place in the file.

    Any of its answers will do as the quote, and the paragraph is the context:
    an answer of one word may stand in many others. A title needn't name a
    document.
    """
    where = str(file)
    try:
        articles = json.loads(text)["data"]
        for number, article in enumerate(articles):
            where = f"{file}, data[{number}]"
            for place, paragraph in enumerate(article["paragraphs"]):
                context = one_space(paragraph["context"])
                for order, asked in enumerate(paragraph["qas"]):
                    where = f"{file}, data[{number}].paragraphs[{place}].qas[{order}]"
                    yield where, _squad_question(asked, context, where)
    except (ValueError, RecursionError) as error:
        raise QuestionFileError(f"{file}: not JSON ({error}).") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise QuestionFileError(f"{where}: not as SQuAD has it ({error}).") from error


def _squad_question(asked: dict[str, Any], context: str, where: str) -> Question:
    identifier, text = asked.get("id"), asked["question"]
    identifier = "" if identifier is None else str(identifier)
    if not isinstance(text, str) or not in_words(text):
        raise QuestionFileError(f"{where}: no 'question' in words.")
    if asked.get("is_impossible"):
        return Question(identifier, text, answered=False)
    answers = [one_space(answer["text"]) for answer in asked["answers"]]
    quotes = tuple(dict.fromkeys(filter(None, answers)))
    if not quotes:
        raise QuestionFileError(f"{where}: neither answers nor 'is_impossible'.")
    return Question(identifier, text, quotes=quotes, context=context)


def _read_beir(path: Path) -> Iterator[tuple[str, Question]]:
    """The judged queries of a BEIR folder, or of one of its qrels files, in the queries' order."""
    folder = path if path.is_dir() else path.parent.parent
    files = [path]
    if path.is_dir():
        files = sorted(file for file in (path / "qrels").glob("*") if file.suffix.lower() == ".tsv")
    queries = folder / "queries.jsonl"
    if not files or not queries.is_file():
        raise QuestionFileError(f"{folder} holds no queries.jsonl with qrels/*.tsv beside it.")
    judged: dict[str, dict[str, int]] = {}
    for file in files:
        for query, document, grade in _judgements(file):
            judged.setdefault(query, {})[document] = grade
    for where, line in _json_lines(queries, read_text(queries)):
        identifier, text = line.get("_id"), line.get("text")
        if not isinstance(identifier, str | int) or not isinstance(text, str):
            raise QuestionFileError(f"{where}: no '_id' and 'text', as BEIR has them.")
        grades = judged.pop(str(identifier), {})
        relevant = {name: grade for name, grade in grades.items() if grade > 0}
        if not relevant:
            continue
        if not in_words(text):
            raise QuestionFileError(f"{where}: no 'text' in words.")
        yield (
            where,
            Question(
                str(identifier),
                text,
                documents=tuple(relevant),
                grades=tuple(relevant.values()),
            ),
        )
    if judged:
        raise QuestionFileError(
            f"{queries} holds no query {next(iter(judged))!r}, which {files[0].parent} judges."
        )


def _judgements(file: Path) -> Iterator[tuple[str, str, int]]:
    """Query, document and grade of each line: BEIR's three columns, or TREC's four."""
    for number, line in enumerate(read_text(file).split("\n"), 1):
        columns = line.split("\t") if "\t" in line else line.split()
        columns = [column.strip() for column in columns]
        if not any(columns) or (number == 1 and columns[0] == "query-id"):
            continue
        try:
            query, document, written = columns if len(columns) == 3 else columns[:1] + columns[2:]
            grade = int(written)
        except ValueError as error:
            raise QuestionFileError(
                f"{file}, line {number}: not a query, a document and a whole-numbered grade."
            ) from error
        if abs(grade) > _GREATEST_GRADE:
            raise QuestionFileError(
                f"{file}, line {number}: the grade is not within "
                f"-{_GREATEST_GRADE} and {_GREATEST_GRADE}."
            )
        yield query, document, grade


def read_text(file: Path) -> str:
    """The whole of a file in UTF-8.

    Raises:
        QuestionFileError: It can't be read, or isn't UTF-8; the message names the line.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise QuestionFileError(f"{file} can't be read ({error.strerror}).") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise QuestionFileError(f"{file}, line {line}: not UTF-8.") from error


def _json_lines(file: Path, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each line's place ("questions.jsonl, line 3") and object; empty lines are passed over.

    Raises:
        QuestionFileError: A line isn't a JSON object.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            where = f"{file}, line {number}"
            try:
                found = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise QuestionFileError(f"{where}: not JSON ({error}).") from error
            if not isinstance(found, dict):
                raise QuestionFileError(f"{where}: not a JSON object in braces.")
            yield where, found


def _is_json_lines(text: str) -> bool:
    """Whether a file that is called ``.json`` is one object on each line all the same."""
    try:
        found = json.loads(text.split("\n", 1)[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "question" in found


def _named(drafts: Iterable[tuple[str, Question]]) -> tuple[Question, ...]:
    """The questions with an id each; one that repeats another's text gets a number."""
    named: list[Question] = []
    given: set[str] = set()
    repeats: Counter[str] = Counter()
    for where, draft in drafts:
        if draft.id:
            identifier = draft.id
        else:
            key = question_id(draft.text, draft.history)
            repeats[key] += 1
            identifier = key if repeats[key] == 1 else f"{key}-{repeats[key]}"
        if identifier in given:
            raise QuestionFileError(f"{where}: another question has the id {identifier!r}.")
        given.add(identifier)
        named.append(replace(draft, id=identifier))
    return tuple(named)
