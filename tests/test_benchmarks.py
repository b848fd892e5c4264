"""The benchmarks' own logic: what is counted, and where results are kept."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from benchmarks import ROOT
from benchmarks.pdf.oracle import OracleLine, find_furniture
from benchmarks.pdf.readers import plain_document, without_furniture
from benchmarks.peers.comparing import claim, code_digest
from benchmarks.peers.corpora import (
    as_documents,
    load_corpus,
    sampled,
    save_corpus,
    squad_corpus,
)
from benchmarks.peers.environment import JobError, do_job
from benchmarks.peers.figures import (
    FIGURES,
    RATE,
    Comparison,
    Measured,
    Round,
    auroc,
    is_noise,
    ratio,
)
from benchmarks.peers.metrics import measure
from benchmarks.peers.plot import plot
from benchmarks.peers.report import results_text
from benchmarks.peers.sizes import closure, installed_bytes
from benchmarks.peers.systems import SYSTEMS
from benchmarks.peers.worker import index_job, quality_job
from benchmarks.results import save_section


def page(*rows: tuple[str, float]) -> list[OracleLine]:
    return [OracleLine(text, top, 0) for text, top in rows]


def test_a_benchmark_replaces_its_own_section_only(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    save_section("a", "first", file)
    save_section("b", "other \\1", file)
    save_section("a", "second", file)
    text = file.read_text()
    assert text.startswith("# Results\n")
    assert "first" not in text
    assert text.index("second") < text.index("other \\1")


def test_a_running_header_that_changes_is_known_by_its_page_number() -> None:
    titles = ("Birds", "Nests", "Eggs", "Migration", "Songs")
    pages = [
        page((f"{title} {number + 3}", 800), (f"Text of {title} itself.", 700))
        for number, title in enumerate(titles)
    ]
    found = [[line.text for line in lines] for lines in find_furniture(pages)]
    assert found == [[f"{title} {number + 3}"] for number, title in enumerate(titles)]


def test_a_label_that_also_stands_within_the_text_is_no_header() -> None:
    pages = [
        page(("Indicators", 800), ("Text.", 700), ("Indicators", 400), (f"More {n}.", 380))
        for n in "abcdef"
    ]
    pages[3:] = [page((f"Other text {n}.", 800), (f"and more {n}", 790)) for n in range(9)]
    assert not any(line.text == "Indicators" for lines in find_furniture(pages) for line in lines)


def test_headers_leave_a_page_whole_or_in_parts_and_equal_words_stay() -> None:
    text = "Annual Report\n7\nThe report is annual.\n7"
    assert without_furniture(text, ["Annual Report 7"]) == "The report is annual.\n7"


def test_a_plain_document_has_its_paragraphs_and_pages() -> None:
    document = plain_document(["One.\n\nTwo\ngoes on.", "Three."], "a.pdf")
    blocks = [document.text[block.start : block.end] for block in document.blocks]
    assert blocks == ["One.", "Two\ngoes on.", "Three."]
    assert [document.text[s.start : s.end].strip() for s in document.pages] == [
        "One.\n\nTwo\ngoes on.",
        "Three.",
    ]


def tiny_squad(file: Path) -> Path:
    """Two articles of two paragraphs each; one paragraph stands in both."""
    whales = "Whales breathe air. A blue whale weighs 150 tonnes."
    bees = "Bees dance to tell where flowers are."
    rust = "Iron rusts in damp air. Paint keeps it dry."

    def paragraph(text: str, *questions: str) -> dict[str, object]:
        asked = [{"question": one, "answers": [{"text": text[:5]}]} for one in questions]
        return {"context": text, "qas": asked}

    data = [
        {
            "title": "Animals",
            "paragraphs": [
                paragraph(bees, "What do bees dance for?"),
                paragraph(whales, "How much does a blue whale weigh?"),
            ],
        },
        {
            "title": "Matter",
            "paragraphs": [
                paragraph(whales, "What do whales breathe?"),
                paragraph(rust, "What does iron do in damp air?"),
            ],
        },
    ]
    file.write_text(json.dumps({"data": data}))
    return file


def test_a_text_that_stands_twice_is_given_once_and_its_questions_follow(tmp_path: Path) -> None:
    corpus = squad_corpus("tiny", tiny_squad(tmp_path / "tiny.json"))
    assert [item.id for item in corpus.items] == ["Animals#0", "Animals#1", "Matter#0"]
    gold = {one.text: one.relevant for one in corpus.questions}
    assert gold["What do whales breathe?"] == ("Animals#1",)
    assert gold["What does iron do in damp air?"] == ("Matter#0",)


def test_a_sample_keeps_each_question_with_the_text_that_answers_it(tmp_path: Path) -> None:
    whole = squad_corpus("tiny", tiny_squad(tmp_path / "tiny.json"))
    texts = {item.id: item.text for item in whole.items}
    answers = {one.text: texts[one.relevant[0]] for one in whole.questions}
    part = sampled(whole, 1)
    assert len(part.questions) == 1
    assert len(part.items) == 2
    kept = {item.id: item.text for item in part.items}
    assert all(kept[one.relevant[0]] == answers[one.text] for one in part.questions)
    ordinals = [
        f"{document.id}#{passage.paragraph - 1}"
        for document, passages in as_documents(part.items)
        for passage in passages
    ]
    assert ordinals == [item.id for item in part.items]


def test_a_corpus_survives_its_file_and_becomes_documents_with_the_same_texts(
    tmp_path: Path,
) -> None:
    corpus = squad_corpus("tiny", tiny_squad(tmp_path / "tiny.json"))
    save_corpus(corpus, tmp_path / "corpus.json")
    assert load_corpus(tmp_path / "corpus.json") == corpus
    items = [replace(item, section=("A", "B")) for item in corpus.items]
    for document, passages in as_documents(items):
        for passage in passages:
            assert document.text[passage.start : passage.end] == passage.text
            assert any(
                section.path == passage.section
                and section.start <= passage.start
                and passage.end <= section.end
                for section in document.sections
            )


def test_measures_are_those_computed_by_hand() -> None:
    relevant = {"first": ("a",), "second": ("a",), "two": ("a", "b"), "absent": ("a",)}
    ranked = {"first": ["a", "b"], "second": ["b", "a"], "two": ["c", "b", "a"], "absent": []}
    found = measure(relevant, ranked)
    assert found["Success@1"] == [1, 0, 0, 0]
    assert found["Success@3"] == [1, 1, 1, 0]
    assert found["RR@10"] == pytest.approx([1, 1 / 2, 1 / 2, 0])
    both = (1 / math.log2(3) + 1 / math.log2(4)) / (1 + 1 / math.log2(3))
    assert found["nDCG@10"] == pytest.approx([1, 1 / math.log2(3), both, 0])


def test_a_ranking_that_names_a_passage_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="ranked twice"):
        measure({"q": ("a",)}, {"q": ["a", "a"]})


OURS = next(system for system in SYSTEMS if system.name == "qa_bot")


def test_our_worker_indexes_answers_and_follows_a_change(tmp_path: Path) -> None:
    corpus = squad_corpus("tiny", tiny_squad(tmp_path / "tiny.json"))
    save_corpus(corpus, tmp_path / "corpus.json")
    folder = str(tmp_path / "index")
    job = {"module": OURS.module, "options": {}, "folder": folder, "round": 0}
    built = index_job({**job, "corpus": str(tmp_path / "corpus.json")})
    assert built["passages"] == 3
    assert min(built["index_s"], built["change_s"], built["disk_mib"]) > 0
    asked = [one.text for one in corpus.questions]
    python = Path(sys.executable)
    cold = do_job(OURS, "cold", python=python, folder=folder, questions=asked)
    assert cold.answers[0]["found"] == 3
    assert len(cold.answers[-1]["latencies_ms"]) == len(asked)
    assert cold.first > cold.answers[0]["import_s"]


def test_our_ranking_is_measured_on_the_passages_that_were_given(tmp_path: Path) -> None:
    corpus = squad_corpus("tiny", tiny_squad(tmp_path / "tiny.json"))
    file = tmp_path / "corpus.json"
    save_corpus(corpus, file)
    folder = str(tmp_path / "index")
    job = {"module": OURS.module, "options": {}, "corpora": [str(file)], "folder": folder}
    assert quality_job(job)["tiny"]["Success@1"] == [1, 1, 1, 1]


def test_a_job_that_fails_says_why(tmp_path: Path) -> None:
    missing = replace(OURS, module="peer_that_is_not_there")
    with pytest.raises(JobError, match="peer_that_is_not_there"):
        do_job(missing, "cold", python=Path(sys.executable), folder=str(tmp_path), questions=["?"])


def test_what_a_distribution_needs_is_counted_and_nothing_else() -> None:
    needed = closure(["faiss-cpu"])
    assert {"faiss-cpu", "numpy"} <= set(needed)
    assert not {"torch", "gradio"} & set(needed)
    module = ROOT / "qa_bot" / "asking" / "retrieval.py"
    assert installed_bytes("qa-bot") > module.stat().st_size


def system_with(name: str, firsts: list[float], rate: float, *numbers: int) -> Measured:
    """A system's figures: hit@1 of each SQuAD question, and passages/s in the given rounds."""
    rounds = [
        Round(
            number=number,
            passages_per_s=rate * (number + 1),
            change_s=1,
            peak_mib=1,
            disk_mib=1,
            import_s=1,
            first_s=1,
            p50_ms=1,
            p95_ms=1,
        )
        for number in numbers
    ]
    quality = {"squad": {"Success@1": firsts, "Success@5": firsts, "RR@10": firsts}}
    return Measured(name, "defaults", "how", {"torch": 2**20, "a": 2**20}, quality, rounds)


def comparison(*systems: Measured) -> Comparison:
    return Comparison(list(systems), {"squad": 40}, {"squad": 9, "speed": 3}, "here", "0", 3, 0)


def test_the_best_is_bold_and_what_cannot_be_told_from_it_is_marked() -> None:
    better, close, worse = [1.0] * 30 + [0.0] * 10, [1.0] * 29 + [0.0] * 11, [0.0] * 40
    text = results_text(
        comparison(
            system_with("txtai", better, 1, 0),
            system_with("qa_bot", close, 1, 0),
            replace(system_with("qa_bot", better, 1, 0), setting="answer"),
            system_with("bm25s", worse, 1, 0),
        )
    )
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    firsts = {row[0]: row[1] for row in rows if len(row) > 10}
    assert firsts["| txtai, defaults"] == "**0.750**"
    assert firsts["| bm25s, defaults"] == "0.000"
    assert firsts["| qa_bot, defaults"] == "0.725 ≈"
    assert firsts["| qa_bot, answer"] == "**0.750**"
    assert "is ahead in" not in text, "one of qa_bot's rows is as good"


def test_a_peer_that_leads_is_named_and_qa_bots_rows_are_no_rivals() -> None:
    best, good, fair = [1.0] * 40, [1.0] * 20 + [0.0] * 20, [1.0] * 10 + [0.0] * 30
    ours = system_with("qa_bot", fair, 1, 0)
    reading = replace(system_with("qa_bot", good, 1, 0), setting="answer")
    led = results_text(comparison(ours, reading, system_with("txtai", best, 1, 0)))
    assert "txtai, defaults is ahead in SQuAD half, hit@1: 1.000 to 0.500" in led
    leading = results_text(comparison(ours, reading, system_with("txtai", fair, 1, 0)))
    (row,) = [line for line in leading.splitlines() if line.startswith("| qa_bot, defaults | **")]
    assert row.startswith("| qa_bot, defaults | **0.250** |"), "level with the best peer"


def test_a_folder_of_figures_belongs_to_one_plan(tmp_path: Path) -> None:
    claim(tmp_path / "work", {"sample": 0, "code": code_digest()})
    claim(tmp_path / "work", {"sample": 0, "code": code_digest()})
    with pytest.raises(SystemExit, match="another sample"):
        claim(tmp_path / "work", {"sample": 50, "code": code_digest()})


def test_a_difference_is_noise_where_resampled_questions_could_turn_it() -> None:
    assert is_noise([1, 0, 1, 1] * 10, [1, 1, 0, 1] * 10)
    assert not is_noise([1] * 40, [0] * 20 + [1] * 20)


def test_a_ratio_compares_the_same_round_though_another_one_failed() -> None:
    ours, theirs = system_with("qa_bot", [1], 10, 0, 1, 2), system_with("txtai", [1], 5, 2)
    assert ratio(theirs, ours, FIGURES[RATE]) == pytest.approx(0.5)


def test_a_comparison_is_the_same_after_it_was_kept(tmp_path: Path) -> None:
    found = comparison(system_with("qa_bot", [1.0], 10, 0), system_with("txtai", [0.5], 5, 0))
    assert Comparison.from_json(json.dumps(asdict(found))) == found
    plot(found, tmp_path / "peers.png")
    assert (tmp_path / "peers.png").read_bytes().startswith(b"\x89PNG")


def test_scores_that_fall_apart_have_an_auroc_of_one_and_silence_is_below_them() -> None:
    assert auroc([(True, True, 3.0), (True, True, -2.0), (False, False, None)]) == 1
    assert auroc([(True, True, None), (False, True, None)]) is None
