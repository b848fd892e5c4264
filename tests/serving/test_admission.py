"""How much is asked at once: places, a bounded queue, a count for each visitor, and figures."""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx
import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from served import Team
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from qa_bot.callers import Caller, current_caller
from qa_bot.records import Answer
from qa_bot.serving.accounts import AccountFile, add_token
from qa_bot.serving.admission import Admission, Visits
from qa_bot.serving.app import listen
from qa_bot.serving.doorman import Doorman
from qa_bot.serving.liveness import add_liveness
from qa_bot.serving.metrics import Measuring, Metrics
from qa_bot.serving.request_log import RequestLog


def test_those_that_come_when_too_many_wait_are_told_when_to_come_again() -> None:
    """Two places and three who may wait: of ten at once five are answered, two at a time."""
    busiest = running = 0

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal busiest, running
        running += 1
        busiest = max(busiest, running)
        await anyio.sleep(0.2)
        running -= 1
        await PlainTextResponse("done")(scope, receive, send)

    async def run() -> list[httpx2.Response]:
        app = Admission(slow, Metrics(), places=2, waiting=3, each_minute=1_000)
        transport = httpx2.ASGITransport(app)
        found: list[httpx2.Response] = []
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:

            async def ask() -> None:
                found.append(await client.post("/api/v1/answer"))

            async with anyio.create_task_group() as group:
                for _ in range(10):
                    group.start_soon(ask)
            busy = [one.status_code for one in found]
            assert (await client.post("/api/v1/answer")).status_code == 200, "it is free again"
            assert (await client.get("/")).status_code == 200
        assert sorted(busy) == [200] * 5 + [503] * 5
        return found

    found = anyio.run(run)
    assert busiest == 2
    refused = next(one for one in found if one.status_code == 503)
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["type"] == "urn:qa-bot:problem:too-busy"


LONG = b"x" * 30_000_000  # more than a machine keeps of what nobody reads


@dataclass
class Desk:
    """A server with one place and four who may wait; what is asked is answered once it is let."""

    metrics: Metrics = field(default_factory=Metrics)
    let: anyio.Event = field(default_factory=anyio.Event)
    asked: list[str] = field(default_factory=list)  # by whom, as they got the place
    port: int = 0
    tokens: dict[str, str] = field(default_factory=dict)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = current_caller.get()
        assert caller is not None
        self.asked.append(caller.name)
        if scope["path"].endswith("/long"):
            await StreamingResponse(iter([LONG, LONG]))(scope, receive, send)
            return
        await self.let.wait()
        await PlainTextResponse("done")(scope, receive, send)

    def begun(self, name: str, path: str, length: int) -> socket.socket:
        """A connection over which a request has been sent, but for its body."""
        told = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        told.sendall(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Length: {length}\r\n"
            f"Authorization: Bearer {self.tokens[name]}\r\n\r\n".encode()
        )
        return told

    def client(self, name: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"Authorization": f"Bearer {self.tokens[name]}"},
            timeout=60,
        )

    async def until(self, waiting: int, asked: int) -> None:
        """So many wait for the place, and so many have had it."""
        with anyio.fail_after(60):
            while (self.waiting, len(self.asked)) != (waiting, asked):
                await anyio.sleep(0.01)

    @property
    def waiting(self) -> float | None:
        return self.metrics.registry.get_sample_value("qa_bot_waiting_requests")


async def at_desk(
    folder: Path, run: Callable[[Desk], Awaitable[None]], patience: float = 60.0
) -> None:
    """Over real HTTP, with ada's token and bob's."""
    desk, file = Desk(), AccountFile(folder / "auth.json")
    desk.tokens = {name: add_token(file, name, "reader") for name in ("ada", "bob")}
    app = Admission(
        desk.answer,
        desk.metrics,
        places=1,
        waiting=4,
        each_minute=1_000,
        most_open=20,
        patience=patience,
    )
    with listen("127.0.0.1", 0) as listener:
        desk.port = listener.getsockname()[1]
        config = uvicorn.Config(Doorman(app, file), log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        async with anyio.create_task_group() as group:
            group.start_soon(server.serve, [listener])
            await run(desk)
            server.should_exit = True


def test_no_caller_has_more_than_half_of_the_places_that_wait_and_callers_take_turns(
    tmp_path: Path,
) -> None:
    async def run(desk: Desk) -> None:
        found: dict[str, list[httpx.Response]] = {"ada": [], "bob": []}

        async def ask(name: str, client: httpx.AsyncClient) -> None:
            found[name].append(await client.post("/api/v1/answer", json={}))

        async with (
            desk.client("ada") as ada,
            desk.client("bob") as bob,
            anyio.create_task_group() as group,
        ):
            group.start_soon(ask, "ada", ada)
            await desk.until(waiting=0, asked=1)
            for _ in range(4):
                group.start_soon(ask, "ada", ada)
            await desk.until(waiting=2, asked=1)
            while len(found["ada"]) < 2:
                await anyio.sleep(0.01)
            group.start_soon(ask, "bob", bob)
            await desk.until(waiting=3, asked=1)
            desk.let.set()
        refused = found["ada"][:2]
        assert [one.status_code for one in refused] == [503, 503]
        assert [one.headers["retry-after"] for one in refused] == ["1", "1"]
        assert "your requests" in refused[0].json()["detail"]
        assert [one.status_code for one in (*found["ada"][2:], *found["bob"])] == [200] * 4
        assert desk.asked == ["ada", "ada", "bob", "ada"]
        assert desk.waiting == 0

    anyio.run(at_desk, tmp_path, run)


def test_who_sends_or_reads_slowly_or_goes_away_keeps_nobody_waiting(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        async with desk.client("bob") as bob, anyio.create_task_group() as group:
            with closing(desk.begun("ada", "/api/v1/answer", 10)) as sends_slowly:
                sends_slowly.sendall(b"{")
                with closing(desk.begun("ada", "/api/v1/long", 0)):
                    await desk.until(waiting=0, asked=1)  # and nothing of it is read
                    group.start_soon(bob.post, "/api/v1/answer")
                    await desk.until(waiting=0, asked=2)
                with closing(desk.begun("ada", "/api/v1/answer", 0)):
                    await desk.until(waiting=1, asked=2)
                await desk.until(waiting=0, asked=2)
                desk.let.set()
        assert desk.asked == ["ada", "bob"]

    anyio.run(at_desk, tmp_path, run)


def test_the_pages_of_one_caller_keep_nobody_elses_waiting(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        async with (
            desk.client("ada") as ada,
            desk.client("bob") as bob,
            anyio.create_task_group() as group,
        ):
            for _ in range(12):
                group.start_soon(ada.post, "/gradio_api/run/predict")
            await desk.until(waiting=0, asked=8)
            group.start_soon(bob.post, "/gradio_api/run/predict")
            await desk.until(waiting=0, asked=9)
            desk.let.set()
        assert desk.asked == ["ada"] * 8 + ["bob"] + ["ada"] * 4

    anyio.run(at_desk, tmp_path, run)


def test_one_caller_has_only_so_many_requests_open_streams_too(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        async with (
            desk.client("ada") as ada,
            desk.client("bob") as bob,
            anyio.create_task_group() as group,
        ):
            for _ in range(20):
                group.start_soon(ada.get, "/events")
            await desk.until(waiting=0, asked=20)
            refused = await ada.get("/events")
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
            group.start_soon(bob.get, "/events")
            await desk.until(waiting=0, asked=21)
            desk.let.set()
        async with desk.client("ada") as ada:
            assert (await ada.get("/events")).status_code == 200

    anyio.run(at_desk, tmp_path, run)


@pytest.mark.parametrize("steps", range(6))
@pytest.mark.parametrize("taken", [False, True])
def test_a_place_is_free_again_whenever_its_request_is_ended(steps: int, taken: bool) -> None:
    """As when its caller is taken out, at whatever step towards the place it is."""

    async def run() -> None:
        app = Admission(PlainTextResponse("done"), Metrics(), places=1, waiting=1, each_minute=9)
        turns = app._turns
        if taken:
            await turns.take("")
        scope = {"type": "http", "method": "GET", "path": "/api/v1/documents", "headers": []}
        begun: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Message:
            if not begun:
                await anyio.sleep_forever()
            return begun.pop()

        async def send(_: Message) -> None:
            await anyio.lowlevel.checkpoint()

        async with anyio.create_task_group() as group:
            group.start_soon(app, scope, receive, send)
            for _ in range(steps):
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
        if taken:
            turns.leave()
        assert (turns.free, turns.all) == (1, 0)

    anyio.run(run)


def test_a_request_that_does_not_come_to_its_end_is_given_up(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        with closing(desk.begun("ada", "/api/v1/answer", 10)) as begun:
            told = await anyio.to_thread.run_sync(begun.recv, 4_096)
        assert told.startswith(b"HTTP/1.1 408 ")
        assert not desk.asked

    anyio.run(at_desk, tmp_path, run, 0.1)


def test_a_visitor_who_asks_too_much_waits_and_others_do_not() -> None:
    now = [100.0]
    visits = Visits(3, lambda: now[0])
    assert [visits.wait("ada") for _ in range(4)] == [0, 0, 0, 60]
    assert visits.wait("bob") == 0
    now[0] += 59
    assert visits.wait("ada") == 1
    now[0] += 1
    assert visits.wait("ada") == 0


def test_a_page_that_asks_too_much_waits_and_programs_do_not() -> None:
    async def run() -> list[int]:
        app = Admission(PlainTextResponse("done"), Metrics(), places=2, waiting=3, each_minute=2)
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            events = [await client.post("/gradio_api/run/predict") for _ in range(3)]
            drawn = await client.get("/page/0123/1")
            asked = await client.post("/api/v1/answer")
            return [one.status_code for one in (*events, drawn, asked, await client.get("/"))]

    assert anyio.run(run) == [200, 200, 429, 429, 200, 200]


def test_metrics_tell_latency_verdicts_and_the_age_of_the_index(team: Team) -> None:
    headers = {"Authorization": f"Bearer {team.reader}"}
    with httpx2.Client(base_url=team.url, headers=headers, timeout=60) as client:
        question = {"question": "How many days of paid leave do employees receive?"}
        assert client.post("/api/v1/answer", json=question).status_code == 200
        told = client.get("/metrics").text
    assert 'qa_bot_request_seconds_count{route="/api/v1/answer",status="200"}' in told
    assert 'qa_bot_answers_total{verdict="answered"}' in told
    assert "qa_bot_index_documents 4.0" in told
    age = next(line for line in told.splitlines() if line.startswith("qa_bot_index_age_seconds "))
    assert 0 < float(age.split()[1]) < 86_400
    assert "paid leave" not in told


def test_the_log_has_what_was_asked_only_where_that_was_asked_for() -> None:
    """A line of JSON for each request and answer, and in none of them a secret or a query."""

    async def asking(scope: Scope, receive: Receive, send: Send) -> None:
        scope["qa_bot.caller"] = caller = Caller("ada", "user", "reader")
        token = current_caller.set(caller)
        log.note_answer(Answer("Where is the treasure?", True, 0.75, (), ()))
        current_caller.reset(token)
        await PlainTextResponse("done", 201)(scope, receive, send)

    async def run() -> None:
        transport = httpx2.ASGITransport(Measuring(asking, log.note_request))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            headers = {"Authorization": "Bearer qab_secret"}
            await client.post("/api/v1/answer%0A{?after=treasure", headers=headers)

    written = {}
    for logged in ("requests", "questions"):
        log = RequestLog(logged, stream := io.StringIO())
        anyio.run(run)
        written[logged] = stream.getvalue()
    answered, requested = map(json.loads, written["requests"].splitlines())
    assert (answered["event"], answered["verdict"], answered["user"]) == (
        "answer",
        "answered",
        "ada",
    )
    assert (requested["event"], requested["status"], requested["user"]) == ("request", 201, "ada")
    assert requested["path"] == "/api/v1/answer\n{"
    assert "treasure" not in written["requests"]
    assert json.loads(written["questions"].splitlines()[0])["question"] == "Where is the treasure?"
    assert "after=" not in written["questions"]
    assert "qab_secret" not in written["questions"]


def test_who_is_not_let_in_is_counted_too(team: Team) -> None:
    httpx.get(f"{team.url}/api/v1/documents")
    told = httpx.get(f"{team.url}/metrics", headers={"Authorization": f"Bearer {team.reader}"}).text
    assert 'qa_bot_request_seconds_count{route="/api/v1/documents",status="401"}' in told


def test_the_server_says_that_it_lives_while_every_thread_is_taken(team: Team) -> None:
    """Else whatever watches over it would kill it for being asked much."""
    app, free = FastAPI(), threading.Event()
    add_liveness(app, team.service)

    async def hold() -> None:
        await anyio.to_thread.run_sync(free.wait)

    async def run() -> httpx2.Response:
        transport = httpx2.ASGITransport(app)
        limiter = anyio.to_thread.current_default_thread_limiter()
        async with anyio.create_task_group() as group:
            for _ in range(int(limiter.total_tokens)):
                group.start_soon(hold)
            while limiter.available_tokens:
                await anyio.sleep(0.01)
            try:
                with anyio.fail_after(60):
                    url = "http://127.0.0.1"
                    async with httpx2.AsyncClient(transport=transport, base_url=url) as client:
                        return await client.get("/health/live")
            finally:
                free.set()
        raise AssertionError

    assert anyio.run(run).status_code == 200
