"""Words lost, invented, glued and torn, for every format, beside readers that are not ours.

``python -m benchmarks.reading.loss FOLDER…`` reads all files of the kinds that qa_bot reads,
in these folders and below, and prints a table, the worst files and what went wrong in them.
``--json FILE`` keeps the figures, ``--save`` writes the section of RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.reading.independent import READERS, missing_tools, read_all
from benchmarks.reading.words import Loss, compare
from benchmarks.results import save_section
from qa_bot.errors import UnreadableDocumentError
from qa_bot.loaders import load_document

WORST = 5  # files of each format that are named
_SAID = 60  # characters of a reason


@dataclass
class Report:
    """What was found, format by format."""

    losses: dict[str, Loss] = field(default_factory=dict)  # path → what went wrong in it
    refused: dict[str, str] = field(default_factory=dict)  # path → why it can't be read
    problems: dict[str, list[str]] = field(default_factory=dict)  # path → readers that gave up

    def format_of(self, suffix: str) -> list[tuple[str, Loss]]:
        """A format's files, the worst first."""
        found = [(path, loss) for path, loss in self.losses.items() if path.endswith(suffix)]
        return sorted(found, key=lambda pair: -pair[1].wrong)


def files_in(places: Sequence[Path]) -> list[Path]:
    """The files of these places and below that qa_bot reads."""
    found = [file for place in places for file in (place.rglob("*") if place.is_dir() else [place])]
    return sorted(file for file in found if file.suffix.lower() in READERS and file.is_file())


def measure(paths: Sequence[Path], *, is_shown: bool = False) -> Report:
    """Read each file, and compare."""
    report = Report()
    for path in paths:
        name = str(path)
        try:
            text = load_document(path, path.name).text
        except UnreadableDocumentError as error:
            report.refused[name] = error.reason
            continue
        readings, problems = read_all(path)
        if problems:
            report.problems[name] = problems
        if readings:
            report.losses[name] = compare(text, readings)
        if is_shown:
            print(_line(path.name, report.losses.get(name, Loss())), flush=True)
    return report


def _per_thousand(part: int, whole: int) -> str:
    return f"{1000 * part / max(whole, 1):.2f}"


HEADER = (
    "| | files | words | lost ‰ | invented ‰ | glued ‰ | torn ‰ | neighbours kept"
    " | numbers added ‰ | left out on purpose ‰ |\n"
    "|---|" + "---:|" * 9
)


def _line(name: str, loss: Loss) -> str:
    parts = (loss.lost, loss.invented, loss.glued, loss.torn)
    figures = " | ".join(_per_thousand(words.total(), loss.words) for words in parts)
    return (
        f"| {name} | {loss.files} | {loss.words:,} | {figures}"
        f" | {loss.kept_pairs / max(loss.pairs, 1):.4f}"
        f" | {_per_thousand(loss.numbers, loss.words)} | {_per_thousand(loss.left, loss.words)} |"
    )


def table(report: Report) -> Iterator[str]:
    """One row for each format, and one for all but PDF."""
    yield HEADER
    rest = Loss()
    for suffix in READERS:
        total = Loss()
        for _, loss in report.format_of(suffix):
            total.add(loss)
        if total.files:
            yield _line(suffix, total)
        if suffix != ".pdf":
            rest.add(total)
    yield _line("all but .pdf", rest)


def worst(report: Report, count: int) -> Iterator[str]:
    """The worst files of each format, with examples."""
    for suffix in READERS:
        for path, loss in report.format_of(suffix)[:count]:
            if loss.wrong:
                yield _line(Path(path).name, loss)
                yield from (f"    {example}" for example in loss.examples)
    for path, reason in report.refused.items():
        yield f"refused: {path}: {reason}"
    for path, reasons in report.problems.items():
        yield f"{path}: {', '.join(reasons)}"


def figures(report: Report) -> dict[str, object]:
    """All that was counted, file by file, to be kept as JSON."""
    return {
        "files": {path: vars(loss) for path, loss in report.losses.items()},
        "refused": report.refused,
        "gave_up": report.problems,
    }


def section(report: Report) -> Iterator[str]:
    """The section of RESULTS.md."""
    yield f"## Words lost: {len(report.losses):,} real files"
    yield ""
    yield "Made by `python -m benchmarks.reading.loss FOLDER… --save`."
    yield ""
    yield from table(report)
    yield ""
    yield f"{len(report.refused)} more were refused. The worst of each format, with an example:"
    yield ""
    for suffix in READERS:
        for path, loss in report.format_of(suffix)[:WORST]:
            if loss.wrong:
                counts = ", ".join(
                    f"{getattr(loss, kind).total():,} {kind}"
                    for kind in ("lost", "invented", "glued", "torn")
                    if getattr(loss, kind)
                )
                yield f"- {Path(path).name}: {counts} of {loss.words:,} words ({loss.examples[0]})"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("places", nargs="+", type=Path, help="folders, or files")
    parser.add_argument("--worst", type=int, default=WORST, help="files of each format to name")
    parser.add_argument("--json", type=Path, help="keep all figures in this file")
    parser.add_argument("--save", action="store_true", help="write the section of RESULTS.md")
    arguments = parser.parse_args()
    paths = files_in(arguments.places)
    if not paths:
        raise SystemExit(f"no file that qa_bot reads in {arguments.places[0]}")
    for line in missing_tools():
        print(line)
    report = measure(paths, is_shown=True)
    print("\n".join(["", *table(report), "", *worst(report, arguments.worst)]))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures(report), ensure_ascii=False, indent=1))
    if arguments.save:
        save_section("loss", "\n".join(section(report)))


if __name__ == "__main__":
    main()
