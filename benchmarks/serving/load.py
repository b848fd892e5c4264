"""The server with many visitors at once; rebuilt, edited and killed beneath them.

Run with ``python -m benchmarks.serving.load [--seconds 60] [--visitors 50]``. The server is a
process of its own with its reader on; the visitors run in this one, on the same cores. Each
answer has to be, to the last digit, what one visitor alone was given for that question, of the
documents as they are or, while these change, as they were before.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

import qa_bot
from benchmarks.datasets import SQUAD, need_data, squad
from benchmarks.results import save_section
from benchmarks.serving.running import PASSWORD, Library, Server, make_library
from qa_bot import Index
from qa_bot.evaluation import golden
from qa_bot.models.reader import DEFAULT_READER, Reader

ARTICLES = 6
QUESTIONS = 40
ROUNDS = 4  # of one in flight and many in flight, by turns
MANY = 16
BULLETIN = "Bulletin.txt"
NEWS = "When does the harbour office of Port Aldous open?"


@dataclass(slots=True)
class Visits:
    """What visitors got: seconds of each answer, and what was wrong."""

    seconds: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    memory: list[int] = field(default_factory=list)
    versions: Counter[int] = field(default_factory=Counter)
    took: float = 0.0
    worked: float = 0.0  # seconds of the server's processor time

    @property
    def pace(self) -> float:
        """Answers in a second."""
        return len(self.seconds) / self.took

    def percentile(self, share: float) -> float:
        """Seconds within which that share of the answers came."""
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(share * len(self.seconds)))]


Expected = dict[str, list[str]]
"""By question: what may be answered, oldest version first."""


def told(response: httpx.Response) -> str:
    """What an answer says, in one form; hits have numbers of their index, which a build gives."""
    answer = response.json()
    return json.dumps(
        {
            "verdict": answer["verdict"],
            "confidence": answer["confidence"],
            "quotes": [(one["text"], one["cited"], one["sentences"]) for one in answer["quotes"]],
            "hits": [(one["passage"]["text"], one["score"]) for one in answer["hits"]],
            "unknown": answer["unknown_words"],
        }
    )


def answers(server: Server, questions: Sequence[str]) -> dict[str, str]:
    """What one visitor alone is told now."""
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=120) as client:
        return {
            one: told(client.post("/api/v1/answer", json={"question": one})) for one in questions
        }


async def visit(
    server: Server,
    visitors: int,
    seconds: float,
    expected: Expected,
    until: Callable[[], bool] = lambda: True,
) -> Visits:
    """So many visitors ask without a pause, for so long, and until something has happened."""
    found, worked, began = Visits(), server.worked, time.monotonic()

    def goes_on() -> bool:
        return time.monotonic() - began < seconds or not until()

    async def ask(client: httpx.AsyncClient, number: int) -> None:
        chance = random.Random(number)  # noqa: S311 - questions, not secrets
        newest: dict[str, int] = {}
        while goes_on():
            question = chance.choice(list(expected))
            asked = time.monotonic()
            try:
                response = await client.post("/api/v1/answer", json={"question": question})
            except httpx.TransportError as error:
                found.wrong[type(error).__name__] += 1
                await asyncio.sleep(0.05)
                continue
            found.seconds.append(time.monotonic() - asked)
            if response.status_code != 200:
                found.wrong[f"status {response.status_code}"] += 1
                continue
            version = _version(told(response), expected[question])
            found.versions[version] += 1
            if version < newest.get(question, 0):
                found.wrong["mixed" if version < 0 else "an older version again"] += 1
            newest[question] = max(version, newest.get(question, 0))

    async def sample() -> None:
        while goes_on():
            with suppress(OSError):  # it was killed
                found.memory.append(server.memory)
            await asyncio.sleep(0.25)

    limits = httpx.Limits(max_connections=visitors)
    async with httpx.AsyncClient(
        base_url=server.url, headers=server.headers, timeout=120, limits=limits
    ) as client:
        await asyncio.gather(sample(), *(ask(client, number) for number in range(visitors)))
    found.took, found.worked = time.monotonic() - began, server.worked - worked
    return found


def _version(answer: str, expected: list[str]) -> int:
    """The newest version that says so; -1 where none does."""
    return max((at for at, one in enumerate(expected) if one == answer), default=-1)


def once(found: dict[str, str]) -> Expected:
    """Of one version."""
    return {question: [answer] for question, answer in found.items()}


def asked_here(index: Index, questions: list[str], reader: Reader | None) -> float:
    """Milliseconds of this process's processor time for an answer, without any server."""
    began = time.process_time()
    for question in questions:
        qa_bot.answer(question, index, reader=reader)
    return 1000 * (time.process_time() - began) / len(questions)


def crowd(library: Library, questions: list[str], visitors: int, seconds: float) -> dict[str, Any]:
    """One visitor, sixteen and fifty, and by turns the same questions without a server."""
    pairs: list[tuple[Visits, Visits]] = []
    here: list[list[float]] = []
    with Server(library) as server, ExitStack() as stack:
        server.wait()
        index = stack.enter_context(qa_bot.open_index(library.index))
        asked_here(index, questions, DEFAULT_READER)  # loads the models
        expected = once(answers(server, questions))
        for _ in range(ROUNDS):
            one = asyncio.run(visit(server, 1, seconds / 12, expected))
            many = asyncio.run(visit(server, MANY, seconds / 12, expected))
            pairs.append((one, many))
            here.append([asked_here(index, questions, one) for one in (DEFAULT_READER, None)])
        fifty = asyncio.run(visit(server, visitors, seconds, expected))
    third = len(fifty.memory) // 3
    return {
        "alone": [one for one, _ in pairs],
        "many": [many for _, many in pairs],
        "fifty": fifty,
        "here": [statistics.median(all_) for all_ in zip(*here, strict=True)],
        "grown": statistics.mean(fifty.memory[-third:]) / statistics.mean(fifty.memory[:third]),
    }


def rebuilt(library: Library, questions: list[str], visitors: int) -> Visits:
    """Another process makes the whole index anew, and the visitors are to notice nothing."""
    words = ("--documents", str(library.documents), "--index", str(library.index))
    with Server(library) as server:
        server.wait()
        expected = once(answers(server, questions))
        build = library.qa_bot("index", "--rebuild", *words)
        found = asyncio.run(visit(server, visitors, 5, expected, lambda: build.poll() is not None))
    found.wrong["the build failed"] += bool(build.returncode)
    return found


def edited(library: Library, questions: list[str], visitors: int) -> Visits:
    """A document of a watched folder is edited: answers are of the one version or the other."""
    texts = [f"The harbour office of Port Aldous opens at {hour} o'clock." for hour in (7, 9)]
    file, asked = library.documents / BULLETIN, [*questions[:3], NEWS]
    with Server(library, None, "--watch") as server:
        server.wait()
        versions: list[dict[str, str]] = []
        for text in texts:  # each as one visitor alone sees it
            file.write_text(text, encoding="utf-8")
            asyncio.run(_shown(server, text))
            versions.append(answers(server, asked))
        file.write_text(texts[0], encoding="utf-8")
        asyncio.run(_shown(server, texts[0]))
        expected = {one: [version[one] for version in versions] for one in asked}
        found = asyncio.run(_edited(server, visitors, expected, file, texts[1]))
    file.unlink()
    return found


async def _edited(
    server: Server, visitors: int, expected: Expected, file: Path, text: str
) -> Visits:
    seen: list[str] = []
    visits = asyncio.create_task(visit(server, visitors, 5, expected, lambda: bool(seen)))
    await asyncio.sleep(2)
    file.write_text(text, encoding="utf-8")
    await _shown(server, text)
    await asyncio.sleep(2)
    seen.append(text)
    return await visits


async def _shown(server: Server, text: str) -> None:
    """Until the answer is that text."""
    until = time.monotonic() + 300
    async with httpx.AsyncClient(
        base_url=server.url, headers=server.headers, timeout=120
    ) as client:
        while True:
            response = await client.post("/api/v1/answer", json={"question": NEWS})
            if text in response.text:
                return
            if time.monotonic() > until:
                raise SystemExit("The watched folder isn't looked at.")
            await asyncio.sleep(0.3)


def killed(library: Library, questions: list[str], visitors: int) -> dict[str, Any]:
    """The server is killed among its visitors and started again on the same port."""
    kept = [library.accounts, library.index / golden.FILE]
    kept[1].write_text('{"question": "Kept?", "answers": []}\n', encoding="utf-8")
    before = [file.read_bytes() for file in kept]
    first = Server(library)
    starting = first.wait()
    expected = once(answers(first, questions))
    cookie = _log_in(first)
    asyncio.run(_killed(first, visitors, expected))
    with Server(library, int(first.url.rpartition(":")[2])) as second:
        restarting = second.wait()
        again = asyncio.run(visit(second, visitors, 5, expected))
        headers = {"Cookie": cookie}
        seen = httpx.get(f"{second.url}/api/v1/health", headers=headers, timeout=60)
    again.wrong["the session is lost"] += seen.status_code != 200
    changed = before != [file.read_bytes() for file in kept]
    again.wrong["users or golden questions are lost"] += changed
    kept[1].unlink()
    return {"starting": starting, "restarting": restarting, "again": again}


async def _killed(server: Server, visitors: int, expected: Expected) -> None:
    visits = asyncio.create_task(visit(server, visitors, 4, expected))
    await asyncio.sleep(2)
    server.kill()
    await visits


def _log_in(server: Server) -> str:
    form = {"name": "ada", "password": PASSWORD}
    answered = httpx.post(
        f"{server.url}/login", data=form, headers={"Origin": server.url}, timeout=60
    )
    return answered.headers["set-cookie"].partition(";")[0]


def report(
    found: dict[str, Any], rebuild: Visits, edit: Visits, kill: dict[str, Any], visitors: int
) -> str:
    """The section of RESULTS.md."""
    alone, many, fifty = found["alone"], found["many"], found["fifty"]
    single = statistics.median(itertools.chain.from_iterable(one.seconds for one in alone))
    ratio = statistics.median(m.pace / one.pace for one, m in zip(alone, many, strict=True))
    each = [
        1000 * sum(one.worked for one in all_) / sum(len(one.seconds) for one in all_)
        for all_ in (alone, many)
    ]
    paces = [statistics.median(one.pace for one in all_) for all_ in (alone, many)]
    read, unread = found["here"]
    p95, cores = fifty.percentile(0.95), fifty.worked / fifty.took
    rows = [
        ("errors and wrong answers", _wrong(*alone, *many, fifty), "0"),
        (f"{visitors}: p95, times the p50 of one alone", f"{p95 / single:.1f}", "38"),
        (f"{visitors}: memory, last third against first", f"{found['grown']:.3f}", "1.05"),
        (f"answers a second, {MANY} in flight against 1", f"{ratio:.2f}", "1.5"),
        ("rebuilt beneath them: errors and mixed answers", _wrong(rebuild), "0"),
        ("a watched document edited: errors and mixed answers", _wrong(edit), "0"),
        ("killed, started again: errors, wrong answers, losses", _wrong(kill["again"]), "0"),
    ]
    lines = [
        f"## Serving: {visitors} visitors",
        "",
        "Made by `python -m benchmarks.serving.load`: "
        f"{len(fifty.seconds):,} answers to {visitors} visitors within {fifty.took:.0f} s, "
        f"{len(rebuild.seconds):,} during a rebuild, {len(edit.seconds):,} around an edit "
        f"({edit.versions[1]:,} of the later version or of both). Visitors run on the same cores.",
        "",
        "| | | to reach |",
        "|---|---:|---:|",
        *(f"| {what} | {value} | {goal} |" for what, value, goal in rows),
        "",
        f"One alone: p50 {single * 1000:.0f} ms, {paces[0]:.1f} answers a second, {each[0]:.0f} ms "
        f"of the server's processor time for each; {MANY} in flight: {paces[1]:.1f} a second, "
        f"{each[1]:.0f} ms for each. {visitors}: p50 {fifty.percentile(0.5):.2f} s, p95 "
        f"{p95:.2f} s, {fifty.pace:.1f} a second; the server had {cores:.2f} cores. Started again "
        f"after SIGKILL it was ready in {kill['restarting']:.1f} s, before that in "
        f"{kill['starting']:.1f} s.",
        "",
        "The same questions, asked by turns of `qa_bot.answer` in a plain process: "
        f"{read:.0f} ms of processor time for an answer, {unread:.0f} ms without the reader.",
    ]
    return "\n".join(lines)


def _wrong(*visits: Visits) -> str:
    wrong = sum((one.wrong for one in visits), Counter[str]())  # without those of none
    return ", ".join(f"{what} {count}" for what, count in wrong.items()) or "0"


def main() -> None:
    """Measure, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--print", action="store_true", help="print it, and leave RESULTS.md")
    options = parser.parse_args()
    need_data()
    home = Path(tempfile.mkdtemp(prefix="qa-bot-load-"))
    try:
        library = make_library(home, ARTICLES)
        names = {one.stem for one in library.documents.iterdir()}
        asked = [one.text for one in squad(SQUAD).questions if one.gold[0] in names]
        questions = random.Random(0).sample(asked, QUESTIONS)  # noqa: S311
        found = crowd(library, questions, options.visitors, options.seconds)
        parts = (
            rebuilt(library, questions, options.visitors),
            edited(library, questions, options.visitors),
        )
        text = report(found, *parts, killed(library, questions, options.visitors), options.visitors)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(text)
    if not options.print:
        save_section("serving-load", text)


if __name__ == "__main__":
    main()
