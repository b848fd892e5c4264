"""Figures against hand-made cases and others' code; outcomes against a plain reading of answers."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import astuple, replace
from itertools import pairwise, permutations
from pathlib import Path
from random import Random
from statistics import mean

import ir_measures
import numpy as np
import pytest
from conftest import ARTICLE, QUESTIONS, write
from fpdf import FPDF
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from benchmarks.hashing import HashEmbedder
from qa_bot import (
    Evaluation,
    Figure,
    Index,
    Question,
    QuestionFileError,
    UsageError,
    answer,
    build_index,
    evaluate,
    open_index,
    read_questions,
    retrieve,
)
from qa_bot.evaluation import exports, figures, judging
from qa_bot.evaluation.figures import RankScores, Score, rank_scores, risk_coverage, summarise
from qa_bot.evaluation.judging import NOWHERE, judge
from qa_bot.evaluation.report import report_lines
from qa_bot.models.embedding import SentenceTransformerEmbedder


@pytest.fixture(scope="module")
def evaluation(article: Index) -> Evaluation:
    """The article's questions, evaluated."""
    return evaluate(read_questions(QUESTIONS), article)


def question(text: str, *quotes: str, **wanted: object) -> Question:
    return replace(Question(text, text, quotes=quotes), **wanted)  # type: ignore[arg-type]


def test_rank_scores_of_rankings_done_by_hand() -> None:
    found = rank_scores(
        {
            "first": ["a", "b"],
            "third of three": ["x", "y", "a"],
            "none": ["x", "y"],
            "eleventh": [*"0123456789", "a"],
            "two of three": ["a", "x", "b"],
            "graded": ["b", "a"],
            "nothing retrieved": [],
        },
        {
            **{
                name: {"a": 1}
                for name in ("first", "third of three", "none", "eleventh", "nothing retrieved")
            },
            "two of three": {"a": 1, "b": 1, "c": 1},
            "graded": {"a": 2, "b": 1},
        },
    )
    second, third = (1 / math.log2(place + 1) for place in (2, 3))
    nothing = (0, 0, 0, 0, 0, 0)
    assert {name: astuple(scores) for name, scores in found.items()} == {
        "first": (1, 1, 1, 1, 1, 1),
        "third of three": pytest.approx((0, 1, 1, 1, 1 / 3, third)),
        "none": nothing,
        "eleventh": nothing,
        "two of three": pytest.approx((1, 1, 1, 1, 1, (1 + third) / (1 + second + third))),
        "graded": pytest.approx((1, 1, 1, 1, 1, (1 + 2 * second) / (2 + second))),
        "nothing retrieved": nothing,
    }


@given(st.permutations("abcdefghijkl"), st.sets(st.sampled_from("abcdefghijklmn"), min_size=1))
def test_rank_scores_follow_the_order_whatever_the_names(
    ranking: list[str], relevant: set[str]
) -> None:
    found = rank_scores({"q": ranking}, {"q": dict.fromkeys(relevant, 1)})["q"]
    places = [place for place, name in enumerate(ranking[:10], 1) if name in relevant]
    gain = sum(1 / math.log2(place + 1) for place in places)
    ideal = sum(1 / math.log2(place + 1) for place in range(1, min(len(relevant), 10) + 1))
    assert found.ndcg == pytest.approx(gain / ideal)
    assert found.reciprocal_rank == pytest.approx(1 / places[0] if places else 0)
    hits = (found.hit_at_1, found.hit_at_3, found.hit_at_5, found.hit_at_10)
    assert hits == tuple(any(place <= k for place in places) for k in (1, 3, 5, 10))


def test_rank_scores_take_any_text_as_a_name() -> None:
    names = ["a\0b", "a\0c", "\ud800", "\udfff", "", "a b"]
    found = rank_scores(
        dict.fromkeys(names, names),
        {question: {question: 1, "\udc00": 1} for question in names},
    )
    assert list(found) == names
    for place, name in enumerate(names, 1):
        assert found[name].reciprocal_rank == pytest.approx(1 / place)


def score(
    answered: bool, found: bool, confidence: float = 0.5, *, hit: bool = False, **others: bool
) -> Score:
    ranks = RankScores(hit, hit, hit, hit, hit, hit) if answered else None
    kinds: dict[str, bool | None] = dict.fromkeys(("marked", "document", "section", "page"))
    return Score(answered, found, confidence, ranks, **{**kinds, **others})


def test_not_found_precision_and_recall_by_hand() -> None:
    summary = summarise(
        [
            *[score(True, True)] * 5,
            *[score(True, False)] * 1,
            *[score(False, False)] * 3,
            *[score(False, True)] * 2,
        ]
    )
    assert values(summary.not_found_precision, summary.not_found_recall) == [3 / 4, 3 / 5]
    assert values(summary.found_right) == [8 / 11]
    assert (summary.not_found_precision.count, summary.not_found_recall.count) == (4, 5)


def values(*found: Figure) -> list[float | None]:
    return [figure.value for figure in found]


def test_a_figure_rests_on_the_questions_that_bear_on_it() -> None:
    scores = [score(True, True, hit=True, page=True), score(True, True, page=False)]
    summary = summarise([*scores, score(False, False)])
    assert values(summary.hit_at_1, summary.mrr, summary.page) == [0.5, 0.5, 0.5]
    assert (summary.hit_at_1.count, summary.page.count, summary.found_right.count) == (2, 2, 3)
    nothing = Figure(None, None, None, 0)
    assert (summary.section, summary.marked) == (nothing, nothing)
    assert summarise(scores).auroc == nothing
    assert summarise(scores[:1]).hit_at_1 == Figure(1.0, None, None, 1)


tied = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.1, 0.4, 0.5, 0.9])), min_size=1, max_size=6
)


@given(tied)
def test_the_area_is_the_mean_over_all_orders_of_equal_confidences(
    pairs: list[tuple[bool, float]],
) -> None:
    def area(ordered: Sequence[tuple[bool, float]]) -> float:
        wrong = np.cumsum([not right for right, _ in ordered])
        return float((wrong / np.arange(1, len(ordered) + 1)).mean())

    falling = [
        area(order)
        for order in permutations(pairs)
        if all(a[1] >= b[1] for a, b in pairwise(order))
    ]
    curve = risk_coverage([sure for _, sure in pairs], [right for right, _ in pairs])
    assert mean(y for _, y in curve) == pytest.approx(mean(falling))
    summary = summarise([score(True, True, sure, hit=right) for right, sure in pairs], 5)
    assert summary.aurc.value == pytest.approx(mean(falling))


@given(tied, st.randoms(use_true_random=False))
def test_a_sample_is_figured_as_if_its_questions_were_written_out(
    pairs: list[tuple[bool, float]], random: Random
) -> None:
    pairs.sort(key=lambda pair: -pair[1])
    drawn = sorted(random.choices(range(len(pairs)), k=len(pairs)))
    kinds = np.array([kind for kind, _ in pairs], dtype=bool)
    starts = figures._group_starts(np.array([sure for _, sure in pairs], dtype=np.float64))
    often = np.bincount(drawn, minlength=len(pairs)).astype(np.float64)[None]
    sure = [pairs[place][1] for place in drawn]
    kind = [pairs[place][0] for place in drawn]
    curve = risk_coverage(sure, [not wrong for wrong in kind])
    assert figures._aurc(often, kinds, starts)[0] == pytest.approx(mean(y for _, y in curve))
    with np.errstate(invalid="ignore"):
        found = figures._auroc(often, kinds, starts)[0]
    if any(kind) and not all(kind):
        assert found == pytest.approx(roc_auc_score(kind, sure))
    else:
        assert np.isnan(found)


def test_intervals_are_those_of_a_share_and_come_out_the_same_again() -> None:
    scores = [score(True, True, n / 400, hit=n % 4 == 0) for n in range(400)]
    one, again = summarise(scores), summarise(scores)
    assert one == again
    found = one.hit_at_1
    assert found.value == 0.25
    assert found.low is not None
    assert found.high is not None
    half_width = 1.96 * math.sqrt(0.25 * 0.75 / 400)
    assert found.low == pytest.approx(0.25 - half_width, abs=0.01)
    assert found.high == pytest.approx(0.25 + half_width, abs=0.01)


def test_outcomes_are_what_a_plain_reading_of_the_answers_gives(
    evaluation: Evaluation, article: Index
) -> None:
    for line, outcome in zip(
        map(json.loads, QUESTIONS.read_text().splitlines()), evaluation.outcomes, strict=True
    ):
        reply = answer(line["question"], article)
        assert (outcome.found, outcome.confidence) == (reply.found, reply.confidence)
        if line["quote"] is None:
            assert outcome.rank is outcome.marked is outcome.section is None
            assert bool(outcome.failure) == reply.found
            continue
        hits = [hit.passage for hit in answer(line["question"], article, k=10).hits]
        places = [
            place
            for place, passage in enumerate(hits, 1)
            if line["quote"] in passage.text
            and (not line["sections"] or set(line["sections"]) & set(passage.section))
        ]
        assert outcome.rank == (places[0] if places else None)
        text = article.document(ARTICLE).text
        marked = any(
            line["quote"] in text[start:end]
            for quote in (reply.quotes[:1] if reply.found else ())  # what may answer doesn't count
            for start, end in quote.sentences
        )
        assert outcome.marked == marked
        assert outcome.quoted == (reply.quotes[0].text if reply.found else "")
        assert not outcome.problem
        assert bool(outcome.failure) == (not marked or places[:1] != [1])
    counts = (evaluation.summary.hit_at_1.count, evaluation.summary.found_right.count)
    assert counts == (30, 40)
    assert 0 < evaluation.p50 <= evaluation.p95
    assert evaluation.parts == ()


def test_others_compute_the_same_figures_from_the_files(
    article: Index, evaluation: Evaluation
) -> None:
    lost = question("Who is the king?", "a phrase that stands nowhere")
    whole = evaluate([*read_questions(QUESTIONS), lost], article)
    for found in (evaluation, whole):
        run = list(ir_measures.read_trec_run(io.StringIO(exports.as_run(found))))
        qrels = list(ir_measures.read_trec_qrels(io.StringIO(exports.as_qrels(found))))
        measures = {
            ir_measures.Success @ 1: found.summary.hit_at_1,
            ir_measures.Success @ 10: found.summary.hit_at_10,
            ir_measures.RR @ 10: found.summary.mrr,
            ir_measures.RR: found.summary.mrr,
            ir_measures.nDCG @ 10: found.summary.ndcg,
        }
        recomputed = ir_measures.calc_aggregate(list(measures), qrels, run)
        for measure, figure in measures.items():
            assert recomputed[measure] == pytest.approx(figure.value), measure
    assert values(whole.summary.hit_at_1) != values(evaluation.summary.hit_at_1)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of a few small documents, by an embedder without meaning."""
    documents = tmp_path_factory.mktemp("zoo")
    write(
        documents,
        otters="Otters sleep on their backs and hold\nhands, so that none drifts away at night.",
        herons="Herons stand on one leg in the water. Birds sleep on their feet, says the keeper.",
        birds__herons="Herons also nest in trees, and sleep on their\nbranches by day.",
    )
    (documents / "guide.md").write_text(
        "# Guide\n\nWelcome to all who come to see the animals of our zoo today.\n\n"
        "## Food\n\n### Fish\n\nThe keeper feeds the seals at noon with herring and with sprat.\n\n"
        "## Drink\n\n### Water\n\nThe keeper feeds the fountain at noon with water from the brook."
    )
    pdf = FPDF(format="A5")
    pdf.set_font("helvetica", size=12)
    for text in (
        "The gate is open all day, but for Sunday. " * 6,
        "At noon the keeper sleeps, so go home.",
    ):
        pdf.add_page()
        pdf.multi_cell(0, 8, text)
    pdf.output(str(documents / "map.pdf"))
    build_index(documents, documents / ".index", model=HashEmbedder())
    return documents / ".index"


@pytest.mark.parametrize(
    ("wanted", "documents"),
    [
        (question("?", "sleep on their"), {"otters.txt", "herons.txt", "birds/herons.txt"}),
        (question("?", "hold hands,  so"), set()),  # one_space is the reader's work
        (question("?", "hold hands, so"), {"otters.txt"}),
        (question("?", "OTTERS"), set()),
        (question("?", "none", "one leg"), {"otters.txt", "herons.txt"}),
        (question("?", "sleep on their", documents=("herons",)), {"herons.txt"}),
        (
            question("?", "sleep on", documents=("herons.txt", "otters")),
            {"herons.txt", "otters.txt"},
        ),
        (question("?", documents=("birds/herons",)), {"birds/herons.txt"}),
        (question("?", "keeper feeds", sections=("Fish",)), {"guide.md"}),
        (question("?", sections=("Food › Fish", "None")), {"guide.md"}),
        (question("?", sections=("Food › Water",)), set()),
        (question("?", sections=("Foo",)), set()),
        (question("?", "keeper sleeps", pages=("2",)), {"map.pdf"}),
        (question("?", "keeper sleeps", pages=("1",)), set()),
        (
            question("?", "sleep", context="Birds sleep on their feet, says the keeper. So do I."),
            {"herons.txt"},
        ),
        (question("?", "sleep", context="Nobody may sleep here."), set()),
    ],
)
def test_a_passage_is_relevant_when_it_satisfies_all_that_is_given(
    zoo: Path, wanted: Question, documents: set[str]
) -> None:
    with open_index(zoo, model=HashEmbedder()) as index:
        found = judge([wanted], index)[0]
    assert found.documents == documents
    assert len([name for name in found.relevant if name != NOWHERE]) == len(documents)
    assert bool(found.problem) == (not documents)


def test_judging_takes_as_many_steps_for_many_documents_as_for_few(tmp_path: Path) -> None:
    steps = []
    for count in (3, 120):
        documents = tmp_path / str(count)
        documents.mkdir()
        write(documents, **{f"d{n}": f"Otter {n} sleeps on its back." for n in range(count)})
        build_index(documents, documents / ".index", model=HashEmbedder())
        with open_index(documents / ".index", model=HashEmbedder()) as index:
            done: list[str] = []
            index._connection.set_trace_callback(done.append)
            found = judge([question("?", "on its back"), question("!", "Otter 2 sleeps")], index)
        assert found[0].documents == {f"d{n}.txt" for n in range(count)}
        assert found[1].documents == {"d2.txt"}
        steps.append(len(done))
    assert steps[0] == steps[1]


@pytest.mark.parametrize("block", [1, 2, 5])
def test_what_is_relevant_does_not_depend_on_how_much_is_read_at_once(
    article: Index, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    asked = read_questions(QUESTIONS)
    named = [replace(one, documents=(ARTICLE,)) if one.answered else one for one in asked]
    whole = judge(asked, article)
    shares: list[float] = []
    monkeypatch.setattr(judging, "_BLOCK", block)
    for few in (0, 100):
        monkeypatch.setattr(judging, "_FEW", few)
        again = judge(named, article, lambda _, share: shares.append(share))
        for one, other in zip(whole, again, strict=True):
            assert list(one.relevant.items()) == list(other.relevant.items())
        assert shares.pop() == 1
        assert shares == sorted(shares)
        shares.clear()


@pytest.mark.parametrize(
    ("lost", "problem"),
    [
        (question("?", "Otters  fly"), "the quote occurs nowhere"),
        (
            question("?", "one leg", documents=("otters",)),
            "the quote occurs nowhere in this document",
        ),
        (question("?", "one leg", documents=("otter",)), "no document 'otter'"),
        (question("?", documents=("otter",)), "no document 'otter'"),
        (question("?", documents=("otters", "seals")), "no document 'seals'"),
        (question("?", "noon with herring and with sprat. Drink"), "no passage holds the whole"),
        (question("?", "one leg", sections=("Fish",)), "no passage with the quote fits section"),
        (question("?", sections=("Seals",)), "no passage fits section and page"),
        (question("?", pages=("3",)), "no passage fits section and page"),
    ],
)
def test_what_the_index_does_not_hold_is_said_and_counts_as_a_failure(
    zoo: Path, lost: Question, problem: str
) -> None:
    with open_index(zoo, model=HashEmbedder()) as index:
        found = evaluate([replace(lost, text="How do otters sleep?")], index)
    assert found.outcomes[0].problem.startswith(problem)
    if len(lost.documents) < 2:
        assert found.summary.hit_at_10.value == found.summary.ndcg.value == 0
        assert found.failures == found.outcomes


def test_documents_are_ranked_where_documents_are_what_is_wanted(
    tmp_path: Path, model: SentenceTransformerEmbedder
) -> None:
    documents = tmp_path / "documents"
    paragraphs = [f"Otters sleep on their backs, says keeper {n}." for n in range(12)]
    long_one = "\n\n".join(
        paragraph + " Otters sleep and eat all day." * 9 for paragraph in paragraphs
    )
    write(documents, many=long_one, one="Herons stand on one leg.", two="Seals eat fish.")
    build_index(documents, tmp_path / "index", model=model)
    asked = [
        Question("a b", "How do otters sleep?", documents=("one",)),
        Question("b", "How do otters sleep?", documents=("many", "two", "gone"), grades=(1, 3, 2)),
    ]
    with open_index(tmp_path / "index", model=model) as index:
        assert index.passage_count > 12
        found = evaluate(asked, index)
        order = list(
            dict.fromkeys(hit.passage.document_id for hit in retrieve(asked[0].text, index, k=40))
        )
    assert order[0] == "many.txt"
    assert found.rankings[0].names == tuple(order)  # the herons, behind twelve passages
    one, two = found.outcomes
    assert one.rank == order.index("one.txt") + 1
    assert one.document is False
    assert two.rank == 1
    assert two.ranks is not None
    gains = {"many.txt": 1, "two.txt": 3}
    gain = sum(gains.get(name, 0) / math.log2(n + 1) for n, name in enumerate(order, 1))
    ideal = sum(grade / math.log2(n + 1) for n, grade in enumerate((3, 2, 1), 1))
    assert two.ranks.ndcg == pytest.approx(gain / ideal)


def test_figures_by_document_are_those_of_its_questions(zoo: Path) -> None:
    asked = [
        question("How do otters sleep?", "Otters sleep"),
        question("Where do otters hold hands?", "Herons nest"),
        question("Where do herons stand?", "Herons stand"),
        question("Where do they sleep?", "sleep on their"),
        question("How do I bake bread?", answered=False),
    ]
    with open_index(zoo, model=HashEmbedder()) as index:
        found = evaluate(asked, index)
    assert {part.document: part.questions for part in found.parts} == {
        "herons.txt": 1,
        "otters.txt": 1,
        "": 3,
    }
    for part in found.parts:
        own = [one.score for one in found.outcomes if one.held_by == part.document]
        assert part.summary == summarise(own)


def test_an_evaluation_is_read_back_from_its_json(evaluation: Evaluation, tmp_path: Path) -> None:
    file = tmp_path / "evaluation.json"
    file.write_text(json.dumps(exports.as_json(evaluation)))
    assert exports.read_evaluation(file) == replace(evaluation, rankings=())


def test_cells_that_a_spreadsheet_would_compute_are_marked(evaluation: Evaluation) -> None:
    texts = ["=1+1", "+1", "-1", "@a", "\tx", "a=1", ""]
    outcomes = [replace(evaluation.outcomes[0], quoted=text) for text in texts]
    table = exports.as_csv(replace(evaluation, outcomes=tuple(outcomes)))
    rows = csv.DictReader(io.StringIO(table, newline=""))
    assert [row["quoted"] for row in rows] == [*(f"'{text}" for text in texts[:5]), *texts[5:]]


def test_risks_are_printed_with_the_coverage_that_they_belong_to(evaluation: Evaluation) -> None:
    curve = ((0.25, 0.0), (0.5, 0.0), (0.75, 0.0), (1.0, 0.25))
    lines = [text for _, text in report_lines(replace(evaluation, risk_coverage=curve))]
    assert any("the surest first: 0% of 50%, 0% of 75%, 25% of 100%." in line for line in lines)
    lines = [text for _, text in report_lines(replace(evaluation, risk_coverage=((1.0, 0.0),)))]
    assert any("the surest first: 0% of 100%." in line for line in lines)


def test_of_two_names_of_one_document_the_greater_grade_counts(zoo: Path) -> None:
    for grades in ((3, 1), (1, 3)):
        wanted = question("?", documents=("otters", "otters.txt"), grades=grades)
        with open_index(zoo, model=HashEmbedder()) as index:
            assert judge([wanted], index)[0].relevant == {"otters.txt": 3}


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"version": 1}', '{"version": 2}'])
def test_what_is_no_evaluation_is_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "e.json").write_text(content)
    with pytest.raises(QuestionFileError, match=r"e\.json is (not )?an evaluation"):
        exports.read_evaluation(tmp_path / "e.json")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("threshold",), None),
        (("threshold",), "x"),
        (("p50",), float("nan")),
        (("p95",), 10**400),
        (("documents",), "many"),
        (("passages",), True),
        (("model",), 3),
        (("outcomes",), {}),
        (("parts",), "none"),
        (("risk_coverage",), [[1]]),
        (("summary", "mrr", "value"), "x"),
        (("outcomes", 0, "found"), "yes"),
        (("outcomes", 0, "rank"), 1.5),
        (("outcomes", 0, "marks"), None),
        (("outcomes", 0, "ranks", "hit_at_1"), "x"),
        (("outcomes", 0, "ranks"), []),
        (("outcomes", 0, "question", "text"), 5),
        (("outcomes", 0, "question", "quotes"), "a phrase"),
        (("outcomes", 0, "question", "id"), []),
    ],
)
def test_a_damaged_value_of_an_evaluation_is_one_line(
    evaluation: Evaluation, tmp_path: Path, path: Sequence[str | int], value: object
) -> None:
    found = json.loads(json.dumps(exports.as_json(evaluation)))
    place = found
    for name in path[:-1]:
        place = place[name]
    assert place[path[-1]] != value
    place[path[-1]] = value
    (tmp_path / "e.json").write_text(json.dumps(found))
    with pytest.raises(QuestionFileError, match=r"e\.json is not an .* --json > earlier\.json`"):
        exports.read_evaluation(tmp_path / "e.json")


def test_no_questions_or_two_of_one_id_are_refused(article: Index) -> None:
    with pytest.raises(QuestionFileError, match="no questions"):
        evaluate([], article)
    with pytest.raises(QuestionFileError, match="same id"):
        evaluate([question("Who?", "x")] * 2, article)


def test_what_cannot_read_and_a_strictness_out_of_range_are_refused_before_any_work(
    article: Index,
) -> None:
    said: list[str] = []
    asked = [question("Who?", "x")]
    with pytest.raises(UsageError, match="load_reader"):
        evaluate(
            asked,
            article,
            reader="default",  # type: ignore[arg-type]
            on_progress=lambda what, _: said.append(what),
        )
    with pytest.raises(UsageError, match="from 0 to 1"):
        evaluate(asked, article, strictness=1.5, on_progress=lambda what, _: said.append(what))
    assert not said
