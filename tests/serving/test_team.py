"""A team: every route is closed to strangers, roles and folders hold, who is taken out is out."""

from __future__ import annotations

import itertools
import json
import re
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import anyio
import httpx
import pytest
from served import LEAVE, PASSWORD, PAY, Team
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from qa_bot.callers import MAY, Action, Caller, Role, current_caller
from qa_bot.errors import ServerError, UsageError
from qa_bot.serving.accounts import (
    AccountFile,
    Ended,
    add_token,
    add_user,
    remove,
    verified,
)
from qa_bot.serving.doorman import Doorman, _cookie
from qa_bot.serving.sessions import COOKIE, SECONDS, Slowing, begin, end, session_user
from qa_bot.web import changing

OPEN = ["/health/live", "/login"]
PATIENT = 60.0  # seconds: hashing a password takes a while on a busy machine
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
BEYOND = ["/", "/nothing", "/api/v1/nothing", "/login/", "/LOGIN", "//login", "/health/live/"]
OUTSIDE = sorted(set(re.findall(r"[A-Za-z]{6,}", PAY)) - {"receives"})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def paths(routes: list[Any], before: str = "") -> Iterator[str]:
    """Every path of an application, and of those mounted in it, with something in its place."""
    for route in routes:
        path = before + getattr(route, "path", "")
        if isinstance(route, Mount):
            yield from paths(list(route.routes), path)
        elif hasattr(route, "original_router"):  # one that was included in another
            prefix = getattr(route.include_context, "prefix", "")
            yield from paths(route.original_router.routes, path + prefix)
        if path:
            yield re.sub(r"\{[^}]*\}", "x", path)


def log_in(team: Team, name: str = "ada", password: str = PASSWORD) -> httpx.Response:
    form = {"name": name, "password": password, "then": "/?quote=0:1-2"}
    return httpx.post(f"{team.url}/login", data=form, headers={"Origin": team.url}, timeout=PATIENT)


def test_every_route_is_closed_to_strangers(team: Team) -> None:
    """All routes of the running application, those that Gradio brings and those that aren't."""
    found = {*paths(team.app.routes), *BEYOND}
    assert {"/api/v1/answer", "/mcp", "/upload", "/file/x", "/gradio_api/run/x"} <= found
    assert len(found) > 40
    credentials = [
        {},
        bearer("qab_wrong"),
        {"Authorization": "Basic YWRhOmFkYQ=="},
        {"Cookie": f"{COOKIE}=WyJhZGEiLCJ4IiwieCJd.aaa.bbb"},
    ]
    got: dict[tuple[str, str], set[int]] = {}
    with httpx.Client(base_url=team.url) as client:
        for path, method in itertools.product(sorted(found), METHODS):
            for headers in credentials:
                response = client.request(method, path, headers=headers)
                got.setdefault((path, method), set()).add(response.status_code)
    let_in = {where for where, codes in got.items() if not codes <= {401, 403}}
    # The log-in page's own methods; the application answers 405 where it is only asked.
    assert {path for path, _ in let_in} <= set(OPEN)
    assert got["/login", "GET"] == {200}
    assert got["/health/live", "GET"] == {200}


def test_a_person_who_opens_the_page_gets_the_log_in_page_which_loads_nothing(team: Team) -> None:
    page = httpx.get(f"{team.url}/?quote=0:1-2", headers={"Accept": "text/html"})
    assert page.status_code == 401
    assert 'value="/?quote=0:1-2"' in page.text
    assert not re.search(r"src=|href=|url\(|<script", page.text)
    assert "form-action 'self'" in page.headers["content-security-policy"]


def test_a_user_logs_in_and_out(team: Team) -> None:
    answered = log_in(team)
    assert (answered.status_code, answered.headers["location"]) == (303, "./?quote=0:1-2")
    cookie = answered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    with httpx.Client(base_url=team.url, cookies=answered.cookies, timeout=PATIENT) as client:
        assert client.get("/").status_code == 200
        assert client.get("/api/v1/documents").json()["total"] == 4
        asked = client.post("/api/v1/answer", json={"question": LEAVE})
        assert asked.status_code == 403, "no other page may ask with this session"
        own = {"Origin": team.url}
        asked = client.post("/api/v1/answer", json={"question": LEAVE}, headers=own)
        assert asked.json()["verdict"] == "answered"
        value = client.cookies[COOKIE]
        assert client.get("/logout").status_code == 200
        assert client.post("/logout", headers=own).status_code == 303
    again = httpx.get(f"{team.url}/api/v1/documents", headers={"Cookie": f"{COOKIE}={value}"})
    assert again.status_code == 401, "the session has ended, not only its cookie"
    started_again = AccountFile(team.accounts.file).accounts()
    assert session_user(started_again, value) is None, "nor does a restart open it"


def test_sessions_end_one_by_one_and_what_is_kept_of_them_is_bounded(tmp_path: Path) -> None:
    file = AccountFile(tmp_path / "auth.json")
    add_user(file, "ada", PASSWORD, "reader")
    accounts = file.accounts()
    laptop, phone = (begin(accounts, accounts.users[0]) for _ in range(2))
    end(file, laptop)
    assert session_user(file.accounts(), laptop) is None
    assert session_user(file.accounts(), phone) == file.accounts().users[0]
    end(file, phone, now=time.time() + 2 * SECONDS)
    assert [one.session for one in file.accounts().users[0].ended] != [], "its cookie still counts"
    assert len(file.accounts().users[0].ended) == 1, "the laptop's is too old to be shown again"
    add_user(file, "bob", PASSWORD, "reader")
    many = tuple(Ended(str(number), 2**33) for number in range(500))
    file.change(
        lambda before: replace(
            before, users=tuple(replace(one, ended=many) for one in before.users)
        )
    )
    bob = file.accounts().users[1]
    first, second = (begin(file.accounts(), bob) for _ in range(2))
    end(file, first)
    assert session_user(file.accounts(), first) is session_user(file.accounts(), second) is None
    assert [len(one.ended) for one in file.accounts().users] == [500, 0]


@pytest.mark.parametrize("then", ["https://evil.example/", "//evil.example", "/\\evil", "evil"])
def test_a_log_in_leads_nowhere_else(team: Team, then: str) -> None:
    form = {"name": "ada", "password": PASSWORD, "then": then}
    answered = httpx.post(
        f"{team.url}/login", data=form, headers={"Origin": team.url}, timeout=PATIENT
    )
    assert answered.headers["location"] == "./"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 421),
    ],
)
def test_a_forged_log_in_is_refused(team: Team, headers: dict[str, str], status: int) -> None:
    form = {"name": "ada", "password": PASSWORD}
    assert httpx.post(f"{team.url}/login", data=form, headers=headers).status_code == status


@pytest.mark.parametrize("said", ["X-Forwarded-For", "X-Real-IP", "X-Forwarded-Proto", "Via"])
def test_behind_a_proxy_that_is_not_trusted_no_credential_is_taken(team: Team, said: str) -> None:
    """It may have come over plain HTTP from anywhere."""
    far = {said: "203.0.113.5", "Origin": team.url}
    form = {"name": "ada", "password": PASSWORD}
    refused = httpx.post(f"{team.url}/login", data=form, headers=far)
    assert refused.status_code == 403
    assert "HTTPS" in refused.text
    told = httpx.get(f"{team.url}/api/v1/health", headers={**bearer(team.reader), **far})
    assert told.status_code == 403


def test_wrong_passwords_have_to_wait_longer_each_time(tmp_path: Path) -> None:
    file = AccountFile(tmp_path / "auth.json")
    add_user(file, "ada", PASSWORD, "reader")
    form = {"name": "ada", "password": "wrong password"}

    async def wrong() -> list[httpx.Response]:
        """Until one has to wait, which doubles: it outlasts what a slow machine takes."""
        transport = httpx.ASGITransport(Doorman(PlainTextResponse("in"), file))
        told: list[httpx.Response] = []
        url = "http://127.0.0.1"
        async with httpx.AsyncClient(transport=transport, base_url=url) as client:
            while (not told or told[-1].status_code != 429) and len(told) < 20:
                told.append(await client.post("/login", data=form, headers={"Origin": url}))
        return told

    *refused, waiting = anyio.run(wrong)
    assert [one.status_code for one in refused] == [403] * len(refused)
    assert len(refused) >= 4
    assert not any(COOKIE in one.cookies for one in refused)
    assert waiting.status_code == 429
    assert 1 <= int(waiting.headers["retry-after"]) <= 30
    now = [0.0]
    slowing = Slowing(lambda: now[0])
    waits = []
    for _ in range(12):
        slowing.failed("ada", "10.0.0.1")
        waits.append((slowing.wait("ada", "elsewhere"), slowing.wait("other", "10.0.0.1")))
        now[0] += 1_000
    assert waits[3:] == [(min(2.0**n, 30), min(2.0**n, 900)) for n in range(9)]
    slowing.succeeded("ada", "10.0.0.1")
    assert slowing.wait("ada", "10.0.0.1") == 0
    for last in range(5):
        slowing.failed(f"name {last}", f"2001:db8::{last}")
    assert slowing.wait("bob", "2001:db8::ffff") == 2, "all of them are one visitor's"
    assert slowing.wait("bob", "2001:db8:0:1::1") == 0


def test_odd_cookies_of_other_servers_on_this_host_hide_no_session() -> None:
    odd = f'prefs={{"a":[1]}}; x=2|1:0|"y; {COOKIE}=a.b.c; z[1]=@'
    assert _cookie(Headers({"cookie": odd})) == "a.b.c"


@pytest.mark.parametrize("action", get_args(Action))
@pytest.mark.parametrize("role", get_args(Role))
def test_the_table_of_roles_and_actions(role: Role, action: Action) -> None:
    table = {
        "reader": {"ask", "feedback"},
        "editor": {"ask", "feedback", "golden", "rebuild", "cancel", "add", "delete"},
    }
    whole, part = Caller("a", "user", role), Caller("a", "user", role, ("staff",))
    assert whole.may(action) == (action in table[role]) == (action in MAY[role])
    assert part.may(action) == (action in {"ask", "feedback"}), "what is all's is not theirs"


def test_only_editors_add_and_delete(team: Team) -> None:
    url = f"{team.url}/upload?name=new.txt&size=3"
    assert httpx.post(url, content=b"new", headers=bearer(team.reader)).status_code == 403
    assert httpx.post(url, content=b"new", headers=bearer(team.staff)).status_code == 403
    assert httpx.post(url, content=b"new", headers=bearer(team.editor)).status_code == 200
    for role, refused in (("reader", True), ("editor", False)):
        token = current_caller.set(Caller("a", "user", role))  # type: ignore[arg-type]
        try:
            told = changing.delete(team.service, {"name": "nothing.txt"})
        finally:
            current_caller.reset(token)
        assert ("not allowed" in told) == refused


def test_a_limited_token_sees_its_folder_and_nothing_of_the_rest(team: Team) -> None:
    """Words that stand only outside, typed right and wrong, through every route that answers."""
    whole = httpx.get(f"{team.url}/api/v1/documents/board/pay.md", headers=bearer(team.reader))
    digest = whole.json()["digest"]
    tried, seen = 0, []
    with httpx.Client(base_url=team.url, headers=bearer(team.staff), timeout=60) as client:
        listed = client.get("/api/v1/documents").json()
        assert [one["id"] for one in listed["documents"]] == ["staff/handbook.md", "staff/lift.pdf"]
        health = client.get("/api/v1/health").json()
        assert (health["documents"], health["health"]["unreadable"]) == (2, [])
        for name in ("board/pay.md", "board", "board/", "shop/prices.csv", "./board/pay.md"):
            for path in ("", "/sections", "/text", "/pages/1.png", "/boxes?start=0&end=9"):
                answered = client.get(f"/api/v1/documents/{name}{path}")
                unknown = client.get(f"/api/v1/documents/{'n' * len(name)}{path}")
                tried += 1
                assert answered.status_code == unknown.status_code == 404
            assert client.get(f"/file/{name}").status_code == 404
            asked = client.post("/api/v1/answer", json={"question": LEAVE, "documents": [name]})
            assert asked.status_code == 404
        for start in range(60):
            place = f"{digest}:{start}-{start + 9}"
            answered = client.get(f"/api/v1/quotes/{place}")
            nothing = client.get(f"/api/v1/quotes/{'0' * 16}:{start}-{start + 9}")
            tried += 1
            assert (answered.status_code, answered.text) == (404, nothing.text)
        assert client.get(f"/page/{digest}/1").status_code == 404
        for word in OUTSIDE:
            for written in (word, word.lower(), word[1] + word[0] + word[2:], word + word[-1]):
                said = client.post(
                    "/api/v1/answer", json={"question": f"What is said of {written}?"}
                ).text
                tried += 1
                others = set(OUTSIDE) - {word}
                seen += [other for other in others if other.lower() in said.lower()]
                told = json.loads(said)
                assert word not in told["searched_too"]
                assert written in told["unknown_words"], "it isn't in what the token sees"
    assert seen == []
    assert tried > 100


def test_a_picture_is_not_told_of_to_who_may_not_see_it(team: Team) -> None:
    """Not even to one who has it from before."""
    page = "/api/v1/documents/staff/lift.pdf/pages/1.png"
    token = add_token(team.accounts, "board", "reader", ["board"])
    with httpx.Client(base_url=team.url, timeout=60) as client:
        seen = client.get(page, headers=bearer(team.staff))
        has = {"If-None-Match": seen.headers["etag"]}
        got = [
            client.get(page, headers=has | sent).status_code
            for sent in (bearer(team.staff), bearer(token), {})
        ]
    remove(team.accounts, "token", "board")
    assert got == [304, 404, 401]


def test_taking_a_token_out_ends_its_streams_at_once(team: Team) -> None:
    token = add_token(team.accounts, "leaving", "reader")
    with (
        httpx.Client(base_url=team.url, headers=bearer(token), timeout=20) as client,
        client.stream("GET", "/gradio_api/heartbeat/abcdef") as stream,
    ):
        assert stream.status_code == 200
        received = stream.iter_raw()
        next(received)
        remove(team.accounts, "token", "leaving")
        began = time.monotonic()
        with suppress(httpx.RemoteProtocolError):  # it is cut off where it was
            for _ in received:
                pass
        assert time.monotonic() - began < 10
    assert httpx.get(f"{team.url}/api/v1/health", headers=bearer(token)).status_code == 401


def test_taking_a_user_out_or_a_new_password_ends_their_sessions(team: Team) -> None:
    add_user(team.accounts, "bob", PASSWORD, "reader")
    cookies = log_in(team, "bob").cookies
    url = f"{team.url}/api/v1/health"
    assert httpx.get(url, cookies=cookies).status_code == 200
    add_user(team.accounts, "bob", f"{PASSWORD} 2", "reader")
    assert httpx.get(url, cookies=cookies).status_code == 401
    cookies = log_in(team, "bob", f"{PASSWORD} 2").cookies
    assert httpx.get(url, cookies=cookies).status_code == 200
    remove(team.accounts, "user", "bob")
    assert httpx.get(url, cookies=cookies).status_code == 401


def test_the_file_keeps_hashes_and_is_its_owners_alone(tmp_path: Path) -> None:
    accounts = AccountFile(tmp_path / "auth.json")
    add_user(accounts, "ada", PASSWORD, "editor", ["a/b/"])
    token = add_token(accounts, "ci", "reader")
    written = accounts.file.read_text("utf-8")
    assert PASSWORD not in written
    assert token not in written
    assert "$argon2id$" in written
    assert stat.S_IMODE(accounts.file.stat().st_mode) == 0o600
    held = accounts.accounts()
    assert held.users[0].folders == ("a/b",)
    assert verified(held, "ada", PASSWORD) == held.users[0]
    assert verified(held, "ada", "wrong") is None
    assert verified(held, "nobody", PASSWORD) is None
    accounts.file.chmod(0o640)
    with pytest.raises(ServerError, match="chmod 600"):
        AccountFile(accounts.file).accounts()


def test_a_token_expires(tmp_path: Path) -> None:
    accounts, now = AccountFile(tmp_path / "auth.json"), datetime(2026, 1, 1, tzinfo=UTC)
    written = add_token(accounts, "ci", "reader", days=2, now=now)
    held = accounts.accounts()
    assert held.token(written, now + timedelta(days=1)) == held.tokens[0]
    assert held.token(written, now + timedelta(days=2)) is None
    assert replace(held.tokens[0], expires="").is_valid(now + timedelta(days=9_999))


def test_what_cannot_be_used_is_refused_and_loses_nothing(tmp_path: Path) -> None:
    accounts = AccountFile(tmp_path / "auth.json")
    add_token(accounts, "ci", "reader")
    before = accounts.file.read_text("utf-8")
    for name, password, folders in (
        ("a b", PASSWORD, []),
        ("ada", "short", []),
        ("ada", PASSWORD, [".."]),
        ("ada", PASSWORD, ["a//b"]),
        ("ada", PASSWORD, ["/"]),
    ):
        with pytest.raises(UsageError):
            add_user(accounts, name, password, "reader", folders)
    with pytest.raises(UsageError, match="There is a token"):
        add_token(accounts, "ci", "reader")
    with pytest.raises(UsageError, match="no user"):
        remove(accounts, "user", "ada")
    assert accounts.file.read_text("utf-8") == before
    accounts.file.write_text("{}", encoding="utf-8")
    with pytest.raises(ServerError, match="damaged"):
        accounts.accounts()
