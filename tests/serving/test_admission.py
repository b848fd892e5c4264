"""How much is asked at once: places, a bounded queue, a count for each visitor, and figures."""

from __future__ import annotations

import io
import json
import threading

import anyio
import anyio.to_thread
import httpx
import httpx2
from fastapi import FastAPI
from served import Team
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from qa_bot.callers import Caller, current_caller
from qa_bot.records import Answer
from qa_bot.serving.admission import Admission, Visits
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
