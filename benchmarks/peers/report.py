"""What ``benchmarks.peers`` measured: the text and tables of RESULTS.md and docs/quality.md."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from benchmarks.peers.figures import (
    CHANGE,
    FIGURES,
    LATENCY,
    OURS,
    QUALITY,
    RATE,
    Comparison,
    Figure,
    Judged,
    auroc,
    is_noise,
    mean,
    median,
    ratio,
)
from benchmarks.peers.sizes import MODEL

NOTHING = {  # what each system's documentation has for a question that nothing answers
    "LangChain FAISS": "`score_threshold` of the retriever, yours to choose; none for an ensemble",
    "LlamaIndex": "`SimilarityPostprocessor(similarity_cutoff=…)`, yours to choose",
    "txtai": "`score >= …` in an SQL query, yours to choose",
    "Haystack": "none for the in-memory retrievers and the joiner",
    "bm25s": "none; passages of score 0 are returned, too",
    OURS: "a fitted confidence, below which it says “not found”",
}


DENSE = ("LangChain FAISS, defaults", "LlamaIndex, defaults")
REBUILDING = (*DENSE, "txtai, defaults", "Haystack, defaults")
EMBEDDING = (
    *REBUILDING,
    "LangChain FAISS, best",
    "LlamaIndex, best",
    "txtai, best",
    "Haystack, best",
)


def results_text(found: Comparison) -> str:
    """The section of RESULTS.md."""
    what = f"a sample of {found.sample} questions of each set" if found.sample else "everything"
    lines = [
        "## Beside other systems",
        "",
        f"Made by `python -m benchmarks.peers` ({what}) on "
        f"{found.machine}, qa_bot {found.version}. All systems got the same ready-made passages "
        "and the same model files, in one environment, in processes of their own, offline; their "
        "threads are as each project sets them. “Best” is made of documented options, chosen on "
        "the training data on which qa_bot's weights were fitted (`benchmarks.peers.fit`). "
        "qa_bot also searches the titles and headings that come with the passages; no peer is "
        "given them. Rerankers and other models would help all of them and are left out, but for "
        "the reader that comes with qa_bot and works in its `answer`.",
        "",
        "| system | what it is |",
        "|---|---|",
        *(f"| {one.label} | {one.how} |" for one in found.systems),
        "",
        *_quality_lines(found),
        *_speed_lines(found),
        *_size_lines(found),
        *_nothing_lines(found),
        *_target_lines(found),
        "![hit@1 and indexing speed of all systems](../docs/peers.png)",
    ]
    return "\n".join(lines)


def short_table(found: Comparison) -> str:
    """The table of docs/quality.md: all systems, the figures that differ most, the best in bold."""
    rows = [
        "| same passages, same model, same run | SQuAD half hit@1 | article, in the first "
        "| passages indexed/s | query p50 | one document changed |",
        "|---|---|---|---|---|---|",
    ]
    columns = [
        _best_bold([mean(one, corpus, "Success@1") for one in found.systems], "{:.3f}")
        for corpus in ("squad", "article")
    ]
    for name, unit in ((RATE, ""), (LATENCY, " ms"), (CHANGE, " s")):
        figure = FIGURES[name]
        values = [median(one, figure) for one in found.systems]
        columns.append(_best_bold(values, figure.form + unit, higher=figure.higher))
    for one, *cells in zip(found.systems, *columns, strict=True):
        rows.append(f"| {one.label} | {' | '.join(cells)} |")
    rows += ["", "![hit@1 and indexing speed of all systems](peers.png)"]
    return "\n".join(rows)


def _best_bold(values: Sequence[float | None], form: str, *, higher: bool = True) -> list[str]:
    """The cells of a column, the best in bold."""
    known = [value for value in values if value is not None]
    best = (max if higher else min)(known, default=None)
    return [
        f"**{_show(value, form)}**" if value is not None and value == best else _show(value, form)
        for value in values
    ]


def _quality_lines(found: Comparison) -> Iterator[str]:
    counts = ", ".join(
        f"{name} {found.questions[name]:,} questions on {found.passages[name]:,} passages"
        for name in found.questions
    )
    yield "### Quality"
    yield ""
    yield (
        f"{counts}. Bold is the best of a column, qa_bot's two rows each among the peers; ≈ "
        "can't be told from it (95 %, paired bootstrap over the questions). Multi-turn: the last "
        "question alone, unanswerable ones left out."
    )
    yield ""
    yield "| | " + " | ".join(f"{corpus}: {name}" for _, corpus, _, name in QUALITY) + " |"
    yield "|---|" + "---|" * len(QUALITY)
    columns = [_quality_column(found, corpus, measure) for corpus, _, measure, _ in QUALITY]
    for row, one in enumerate(found.systems):
        yield f"| {one.label} | " + " | ".join(column[row] for column in columns) + " |"
    yield ""
    yield from _ahead_in_quality(found)


def _quality_column(found: Comparison, corpus: str, measure: str) -> list[str]:
    """A cell for each system; both of qa_bot's rows stand against the peers, not each other."""
    means = [mean(one, corpus, measure) for one in found.systems]
    cells = []
    for one, value in zip(found.systems, means, strict=True):
        text = _show(value, "{:.3f}")
        if value is not None:
            rivals = [
                (other, rival)
                for other, rival in zip(found.systems, means, strict=True)
                if rival is not None and not one.name == other.name == OURS
            ]
            best, top = max(rivals, key=lambda pair: pair[1], default=(one, value))
            if value >= top:
                text = f"**{text}**"
            elif is_noise(best.quality[corpus][measure], one.quality[corpus][measure]):
                text += " ≈"
        cells.append(text)
    return cells


def _ahead_in_quality(found: Comparison) -> Iterator[str]:
    """One line for each column that qa_bot doesn't lead."""
    for corpus, title, measure, name in QUALITY:
        rows = [
            (mean(one, corpus, measure) or 0.0, one.label, one.name == OURS)
            for one in found.systems
        ]
        top, label, _ = max(rows, default=(0.0, "", True))
        mine = max((value for value, _, is_ours in rows if is_ours), default=None)
        if mine is not None and top > mine:
            yield (
                f"- {label} is ahead in {title}, {name}: {top:.3f} to {mine:.3f}. qa_bot's weights "
                "were fitted on questions about one paragraph of an encyclopaedia that stand on "
                "their own."
            )
    yield ""


def _speed_lines(found: Comparison) -> Iterator[str]:
    ours = found.ours
    yield f"### Speed: medians of {found.rounds} interleaved rounds"
    yield ""
    yield (
        f"{found.passages['speed']} passages that every system embeds in full. In brackets the "
        "median ratio to `retrieve` in the same round. The index of a changed document is saved; "
        "defaults build it again, as their scripts do, and best settings use the documented "
        "update. Indexing and change are timed with the model loaded."
    )
    yield ""
    yield "| | " + " | ".join(FIGURES) + " |"
    yield "|---|" + "---:|" * len(FIGURES)
    for one in found.systems:
        cells = []
        for figure in FIGURES.values():
            times = ratio(one, ours, figure) if ours and one is not ours else None
            beside = f" ({times:.2f} ×)" if times is not None else ""
            cells.append(_show(median(one, figure), figure.form) + beside)
        yield f"| {one.label} | " + " | ".join(cells) + " |"
    yield ""
    for figure in FIGURES.values():
        ahead = _ahead(found, figure)
        if ahead:
            yield f"- {figure.name}: {', '.join(ahead)} ahead of `retrieve`: {figure.why}."
    yield ""


def _ahead(found: Comparison, figure: Figure) -> list[str]:
    """Labels of the systems that are better than qa_bot's `retrieve`."""
    ours = found.ours
    if ours is None:
        return []
    ratios = [(one, ratio(one, ours, figure)) for one in found.systems if one.name != OURS]
    return [
        one.label
        for one, times in ratios
        if times is not None and (times > 1 if figure.higher else times < 1)
    ]


def _size_lines(found: Comparison) -> Iterator[str]:
    yield "### Install size"
    yield ""
    yield (
        "Files of the distributions and of all that they require, in MiB, without the model's "
        "files (87 MiB, which all but bm25s need). qa_bot's hold the web chat, the readers of "
        "PDF, Word and the like, and OCR's renderer, which the others don't have."
    )
    yield ""
    yield "| | distributions | in all | without torch |"
    yield "|---|---:|---:|---:|"
    for one in found.systems:
        sizes = {name: size for name, size in one.sizes.items() if name != MODEL}
        total, torch = sum(sizes.values()), sizes.get("torch", 0)
        yield (
            f"| {one.label} | {len(sizes)} | {total / 2**20:.0f} | {(total - torch) / 2**20:.0f} |"
        )
    yield ""


def _nothing_lines(found: Comparison) -> Iterator[str]:
    yield "### Nothing relevant"
    yield ""
    yield (
        "The article's questions that it doesn't answer: for how many a system returns something "
        "all the same, for how many of the others it does, and how well its best score tells them "
        "apart (AUROC; 0.5 is chance)."
    )
    yield ""
    yield "| | unanswerable, answered | answerable, answered | AUROC | documented threshold |"
    yield "|---|---:|---:|---:|---|"
    for one in found.systems:
        judged = one.quality.get("article", {}).get("judged", [])
        cells = _nothing_cells(judged) if judged else ["not run"] * 3
        yield f"| {one.label} | {' | '.join(cells)} | {NOTHING.get(one.name, '')} |"
    yield ""


def _nothing_cells(judged: Sequence[Judged]) -> list[str]:
    """The shares of both kinds of questions for which something came back, and the AUROC."""
    apart = auroc(judged)
    shares = [
        statistics.mean(returned for answerable, returned, _ in judged if answerable is wanted)
        for wanted in (False, True)
    ]
    return [*(f"{share:.2f}" for share in shares), "no scores" if apart is None else f"{apart:.2f}"]


def _target_lines(found: Comparison) -> Iterator[str]:
    ours = found.ours
    if ours is None or not ours.rounds:
        return
    yield "### To reach"
    yield ""
    yield "| | measured | to reach |"
    yield "|---|---:|---:|"
    columns = [_quality_column(found, corpus, measure) for corpus, _, measure, _ in QUALITY]
    for place, one in enumerate(found.systems):
        if one.name == OURS:
            behind = sum(not column[place].endswith(("*", "≈")) for column in columns)
            yield f"| quality columns in which {one.label} is behind beyond noise | {behind} | 0 |"
    for name, ratios, worst, goal in (
        (
            "indexing, against the fastest that embeds",
            [1 / one for one in _ratios(found, RATE, EMBEDDING)],
            min,
            "2.5 ×",
        ),
        (
            "query p50, against the fastest that is dense alone",
            [1 / one for one in _ratios(found, LATENCY, DENSE)],
            max,
            "at most 1.3 ×",
        ),
        (
            "one document changed, against the fastest that embeds and builds again",
            _ratios(found, CHANGE, REBUILDING),
            min,
            "20 ×",
        ),
    ):
        if ratios:
            yield f"| {name} | {worst(ratios):.2f} × | {goal} |"
    yield ""


def _ratios(found: Comparison, figure: str, labels: Sequence[str]) -> list[float]:
    """Those systems' ratios to qa_bot."""
    ours = found.ours
    every = [
        ratio(one, ours, FIGURES[figure])
        for one in found.systems
        if ours is not None and one.label in labels
    ]
    return [one for one in every if one is not None]


def _show(value: float | None, form: str) -> str:
    return "not run" if value is None else form.format(value)
