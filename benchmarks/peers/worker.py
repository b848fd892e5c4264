"""One measurement of one system in a process of its own: a job comes in, figures go out.

``benchmarks.peers`` starts it with the interpreter of the environment that holds the
peers. The job is one JSON object on stdin; each answer is one JSON line on stdout.
Only the standard library is imported before the clock starts.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.peers.systems import Peer

Job = dict[str, Any]

DEPTH = 10  # passages asked for
_WARM_UP = 3  # questions before latency is measured


def index_job(job: Job) -> dict[str, Any]:
    """Index the corpus, the model loaded; then change one document of it."""
    from benchmarks.peers.corpora import load_corpus

    corpus, folder = load_corpus(Path(job["corpus"])), Path(job["folder"])
    peer = _made(job)
    peer.warm()
    began = time.perf_counter()
    peer.build(corpus.items, folder)
    seconds = time.perf_counter() - began
    return {
        "index_s": seconds,
        "passages": len(corpus.items),
        "peak_mib": _peak_memory() / 2**20,
        "disk_mib": _size(folder) / 2**20,
        **_change(peer, job, corpus),
    }


def _change(peer: Peer, job: Job, corpus: Any) -> dict[str, Any]:  # noqa: ANN401 - a Corpus
    """How long until one changed document is saved and found."""
    from benchmarks.peers.corpora import changed

    folder = Path(job["folder"])
    prepare = getattr(peer, "prepare_change", None)
    if prepare is not None:
        folder = folder.with_name(f"{folder.name}-changing")
        prepare(corpus.items, folder)
    after, asked = changed(corpus, job["round"] + 2)
    began = time.perf_counter()
    peer.change(after.items, after.items[0].source, folder)
    seconds = time.perf_counter() - began
    if peer.search(asked.text, DEPTH)[:1] != list(asked.relevant):
        raise RuntimeError("the changed document is not found")
    return {"change_s": seconds}


def cold_job(job: Job) -> dict[str, Any]:
    """Answer one question from a saved index, say so, then measure the others warm."""
    began = time.perf_counter()
    peer = _made(job)
    imported = time.perf_counter()
    peer.open(Path(job["folder"]))
    found = peer.search(job["questions"][0], DEPTH)
    _tell({"import_s": imported - began, "found": len(found)})
    for question in job["questions"][:_WARM_UP]:
        peer.search(question, DEPTH)
    latencies = []
    for question in job["questions"]:
        began = time.perf_counter()
        peer.search(question, DEPTH)
        latencies.append(1000 * (time.perf_counter() - began))
    return {"latencies_ms": latencies}


def quality_job(job: Job) -> dict[str, Any]:
    """Index each corpus and rank for each of its questions."""
    from benchmarks.peers.corpora import load_corpus
    from benchmarks.peers.metrics import measure

    peer = _made(job)
    results: dict[str, Any] = {}
    for number, file in enumerate(job["corpora"]):
        corpus = load_corpus(Path(file))
        peer.build(corpus.items, Path(job["folder"], str(number)))
        asked = [one for one in corpus.questions if one.relevant]
        ranked = {one.id: peer.search(one.text, DEPTH) for one in asked}
        results[corpus.name] = measure({one.id: one.relevant for one in asked}, ranked)
        if len(asked) < len(corpus.questions):
            judged = [(bool(one.relevant), *peer.judge(one.text)) for one in corpus.questions]
            results[corpus.name]["judged"] = judged
    return results


def fit_job(job: Job) -> dict[str, Any]:
    """Rank the training questions with each of the settings."""
    from benchmarks.peers.corpora import load_corpus
    from benchmarks.peers.metrics import measure
    from benchmarks.peers.systems import make_peer

    corpus = load_corpus(Path(job["corpus"]))
    relevant = {one.id: one.relevant for one in corpus.questions}
    for number, options in enumerate(job["grid"]):
        peer = make_peer(job["module"], options)
        peer.build(corpus.items, Path(job["folder"], str(number)))
        ranked = {one.id: peer.search(one.text, DEPTH) for one in corpus.questions}
        _tell({"options": options, "values": measure(relevant, ranked)})
    return {}


def size_job(job: Job) -> dict[str, Any]:
    """What the distributions and all that they need take on disk."""
    from benchmarks.peers.sizes import closure, installed_bytes

    needed = closure(job["distributions"])
    sizes = {name: installed_bytes(name) for name in needed}
    return {"sizes": sizes}


JOBS: dict[str, Callable[[Job], dict[str, Any]]] = {
    "index": index_job,
    "cold": cold_job,
    "quality": quality_job,
    "fit": fit_job,
    "size": size_job,
}


def _made(job: Job) -> Peer:
    from benchmarks.peers.systems import make_peer

    return make_peer(job["module"], job["options"])


def _peak_memory() -> int:
    """Bytes that this process held at most."""
    try:
        # getrusage would also count what the parent held when it started this process.
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024
    except FileNotFoundError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _tell(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), file=_OUT, flush=True)


def main() -> None:
    """Do the job on stdin."""
    job = json.load(sys.stdin)
    _tell(JOBS[job["task"]](job))


_OUT = sys.stdout

if __name__ == "__main__":
    # Libraries print as they like: what they say goes to stderr, the answers alone to stdout.
    _OUT = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    main()
