"""Whether shards answer like one index: ``python -m benchmarks.cluster.equality``.

The same articles in one index and in 1, 2, 4 and 8 shards, all open in this process; each
question's ten hits and its answer by retrieval alone are compared. Another build of the one index
says how many differ because candidates tie: passages are numbered as files come to be read.
With ``--ray HOST:PORT`` the cluster that this machine is a part of serves the shards.
``--hashed`` takes an embedder without meaning, which is quick and leaves most to the words.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.datasets import SQUAD, need_data, squad
from benchmarks.hashing import HashEmbedder
from benchmarks.results import save_section
from qa_bot import Index, answer, build_index, open_index, retrieve
from qa_bot.models.embedding import DEFAULT_MODEL, Embedder, load_embedder
from qa_bot.sharding.building import build_shards
from qa_bot.sharding.upkeep import place_of

SHARDS = (1, 2, 4, 8)
CLOSE = 1e-5


def main() -> None:
    """Compare, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--hashed", action="store_true")
    parser.add_argument("--shards", type=int, nargs="*", default=SHARDS)
    parser.add_argument("--folder", type=Path, help="where indexes are kept, and used again")
    parser.add_argument("--ray", default="", metavar="HOST:PORT")
    parser.add_argument("--section", default="cluster-equality", help="none to only print")
    arguments = parser.parse_args()
    need_data()
    model: Embedder = HashEmbedder() if arguments.hashed else load_embedder(DEFAULT_MODEL)
    collection = squad(SQUAD)
    texts = [one.text for one in collection.questions]
    asked = texts[:: max(1, len(texts) // arguments.questions)][: arguments.questions]
    lines = [
        f"Made by `python -m benchmarks.cluster.equality{' --hashed' * arguments.hashed}`: "
        f"{arguments.questions} questions of SQuAD on {len(collection.documents)} articles, ten "
        f"hits each, model {model.name}. Processor time of one question, all in one process.",
        "",
        "| shards | same ten passages in the same order | largest difference of a score"
        " | same answer | ms, one index | ms, shards |",
        "|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        work = arguments.folder or Path(folder)
        documents = work / "documents"
        documents.mkdir(parents=True, exist_ok=True)
        for document, _ in collection.documents:
            file, text = documents / f"{document.id}.txt", f"{document.title}\n\n{document.text}"
            if not file.exists() or file.read_text() != text:
                file.write_text(text)
        build_index(documents, work / "one", model=model)
        build_index(documents, work / "again", model=model)
        with open_index(work / "one", model=model) as one:
            if not arguments.ray:
                with open_index(work / "again", model=model) as again:
                    lines.append(f"| none, built again | {_compared(asked, one, again)} |")
                print(lines[-1], flush=True)
            for count in arguments.shards:
                place = work / str(count)
                build_shards(documents, place, count, model=model)
                with open_index(place_of(place, arguments.ray), model=model) as shards:
                    way = ", over Ray" if arguments.ray else ""
                    lines.append(f"| {count}{way} | {_compared(asked, one, shards)} |")
                print(lines[-1], flush=True)
    if arguments.section != "none":
        save_section(arguments.section, "## Shards beside one index\n\n" + "\n".join(lines))


def _compared(asked: list[str], one: Index, shards: Index) -> str:
    same = answered = 0
    widest, spent = 0.0, [0.0, 0.0]
    for question in asked:
        found = []
        for place, index in enumerate((one, shards)):
            began = time.process_time()
            found.append(retrieve(question, index, 10))
            spent[place] += time.process_time() - began
        expected, got = found
        same += [hit.passage for hit in expected] == [hit.passage for hit in got]
        differences = [abs(a.score - b.score) for a, b in zip(expected, got, strict=False)]
        widest = max(widest, *differences, 0.0)
        first, second = (answer(question, index, reader=None) for index in (one, shards))
        answered += (
            first.verdict == second.verdict
            and [quote.text for quote in first.quotes] == [quote.text for quote in second.quotes]
            and abs(first.confidence - second.confidence) < CLOSE
        )
    whole, apart = (1000 * seconds / len(asked) for seconds in spent)
    return f"{same} | {widest:.1e} | {answered} | {whole:.1f} | {apart:.1f}"


if __name__ == "__main__":
    main()
