"""Choose each peer's best setting among the documented ones, on the training file alone.

Run with ``python -m benchmarks.peers.fit``: it prints each setting's figures; the best
ones stand as ``BEST`` in the peers' modules. qa_bot's weights come from other
training sets (``training.fit_retrieval``).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from benchmarks.datasets import need_data
from benchmarks.peers.corpora import save_corpus, training_corpus
from benchmarks.peers.environment import do_job, make_environment
from benchmarks.peers.systems import SYSTEMS, Options

GRIDS: dict[str, tuple[Options, ...]] = {  # module → changes to its best setting
    "bm25s": (
        {"method": "lucene"},
        {"method": "lucene", "k1": 1.2},
        {"method": "lucene", "k1": 0.9, "b": 0.4},
        {"method": "lucene", "b": 0.5},
        {"method": "robertson"},
        {"method": "bm25l"},
        {"method": "bm25+"},
        {"method": "lucene", "titles": True},
    ),
    "langchain": (
        {"lexical": 0.3},
        {"lexical": 0.5},
        {"lexical": 0.7},
        {"lexical": 0.8},
        {"lexical": 0.7, "bfloat16": False},
        {"lexical": 0.7, "titles": True},
    ),
    "llamaindex": (
        {"fusion": "reciprocal_rerank"},
        {"fusion": "relative_score", "lexical": 0.4},
        {"fusion": "relative_score", "lexical": 0.6},
        {"fusion": "dist_based_score", "lexical": 0.4},
        {"fusion": "dist_based_score", "lexical": 0.6},
        {"fusion": "dist_based_score", "lexical": 0.7},
        {"fusion": "relative_score", "lexical": 0.6, "titles": True},
    ),
    "txtai": (
        {"lexical": 0.2},
        {"lexical": 0.3},
        {"lexical": 0.3, "titles": True},
        {"lexical": 0.5},
        {"lexical": 0.7},
        {"normalise": "bayes"},
        {"normalise": False},
        {"stop_words": True},
    ),
    "haystack": (
        {"bm25": "BM25L"},
        {"bm25": "BM25Plus"},
        {"bm25": "BM25Okapi"},
        {"bm25": "BM25Plus", "lexical": 0.7},
        {"bm25": "BM25Plus", "join": "distribution_based_rank_fusion"},
        {"bm25": "BM25Plus", "titles": True},
    ),
}


def main() -> None:
    """Print the figures of every setting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=list(GRIDS))
    parser.add_argument("--passages", type=int, default=300)
    parser.add_argument("--questions", type=int, default=400)
    arguments = parser.parse_args()
    need_data()
    make_environment()
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "training.json")
        save_corpus(training_corpus(arguments.passages, arguments.questions), file)
        for system in SYSTEMS:
            if system.setting == "best" and system.module in arguments.modules:
                grid = [{**system.options, **changes} for changes in GRIDS[system.module]]
                folder = str(Path(scratch, system.module))
                for answer in do_job(
                    system, "fit", corpus=str(file), grid=grid, folder=folder
                ).answers:
                    if answer:
                        means = {n: statistics.mean(v) for n, v in answer["values"].items()}
                        figures = ", ".join(f"{n} {mean:.3f}" for n, mean in means.items())
                        print(f"{system.name}: {answer['options']}: {figures}", flush=True)


if __name__ == "__main__":
    main()
