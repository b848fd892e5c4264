"""Who may see one folder gets, through every route, what a server with that folder alone says.

Each try is sent to a server of all documents, with a token limited to ``staff``, and to one that
has never had anything else. Whatever differs could tell of what is outside.
"""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
import uvicorn
from conftest import lines
from fpdf import FPDF
from served import LEAVE, LIFT, PAY, PRICES, STAFF

from qa_bot import build_index, open_index
from qa_bot.builds import Progress
from qa_bot.callers import Caller, current_caller
from qa_bot.models.embedding import SentenceTransformerEmbedder
from qa_bot.pages.view import PageViewer
from qa_bot.serving.accounts import AccountFile, add_token
from qa_bot.serving.app import listen
from qa_bot.serving.server import Serving, create_application
from qa_bot.sharding.building import build_shards
from qa_bot.web.leasing import Lease
from qa_bot.web.news import News
from qa_bot.web.service import Service, Status

EARLIER_PAY = "# Pay of the board\n\nThe former chairman Balthasar Wintergreen had no bonus.\n"
GONE = "# Merger plan\n\nThe merger with Kestrelworks is secret until Michaelmas.\n"
EARLIER_STAFF = STAFF.replace("twenty-five", "twenty-four")
INDOORS = {
    "staff/handbook.md": STAFF,
    "staff/rota.md": "# Rota\n\nThe night porter Tobias Underhill locks the annexe at ten.\n",
}
OUTDOORS = {
    "board/pay.md": PAY,
    "board/more/abroad.md": "# Travel\n\nThe board flies to Samarkand in first class.\n",
    "shop/prices.csv": PRICES,
    "staffing.md": "# Staffing\n\nRecruitment is frozen until the Quadragesima review.\n",
}
OUTSIDE = sorted(
    set(re.findall(r"[A-Za-z]{5,}", " ".join([*OUTDOORS.values(), EARLIER_PAY, GONE])))
    - set(re.findall(r"[A-Za-z]{5,}", " ".join([STAFF, LIFT, *INDOORS.values()])))
)
NAMES = [*OUTDOORS, "board/plan.md", "board/copy.pdf", "board", "shop/", "board/more", "staffing"]
NAMES += [
    "staff/../board/pay.md",
    "./board/pay.md",
    "/board/pay.md",
    "BOARD/PAY.MD",
    "board%2Fpay.md",
]
EVENTS = "/gradio_api/run/predict"
DIFFERS = re.compile(  # from server to server, whatever they hold: times, and numbers given out
    r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)|\d+ [A-Z][a-z]{2} 20\d\d, \d\d:\d\d|chatcmpl-\w+"
    r"|(?<=\"created\":)\d+|(?<=data-made=)\W+\d+|\"(?:average_)?duration\":[\d.e-]+"
    r"|<!--\d+-->|(?<=data-number=)\W+\d+|(?<=qa-turn-)\d+|(?<=qa-foot-)\d+"
)


@dataclass(frozen=True)
class Try:
    """One request, or several of one visitor of the page, whose responses are put together."""

    method: str
    path: str
    body: Any = None
    events: tuple[tuple[str, Any], ...] = ()  # of Gradio's page: names, and what is sent


def written(word: str) -> tuple[str, ...]:
    """A word as it is, and mistyped in ways that corrections are looked for."""
    return word, word[1] + word[0] + word[2:].lower(), word + word[-1]


def asked(words: list[str]) -> Iterator[Try]:
    """Words that stand only outside, through all that takes a question or a text."""
    for number, word in enumerate(words):
        for one in written(word):
            yield api("answer", question=f"What is said of {one}?")
        yield api("retrieve", question=f"{word} passport", k=50)
        yield api("verify", text=f"{word} {words[number - 1]}")
        said = {"question": f"What of {word}?", "text": f"{words[number - 1]} and {word}."}
        yield api("answer", question="And when do they expire?", history=[said])
        message = {"role": "user", "content": f"Who is {word}?"}
        yield Try("POST", "/v1/chat/completions", {"messages": [message]})
        search = {"query": f"{word} leave", "max_num_results": 50}
        yield Try("POST", "/v1/vector_stores/documents/search", search)
        yield tool("answer_question", question=f"How is {word} mentioned?")
        yield tool("search_documents", query=word, limit=20)
        yield tool("search", query=word)
        yield tool("verify_quote", text=f"{words[number - 1]} {word}")
        yield event(check={"text": f"{word} {words[number - 1]}"})
        yield event(submit=f"What is said of {word}?")


def named(names: list[str]) -> Iterator[Try]:
    """Documents and folders outside, by all that takes a name."""
    for name in names:
        for rest in ("", "/sections", "/text?end=99", "/pages/1.png", "/boxes?start=0&end=9"):
            yield Try("GET", f"/api/v1/documents/{name}{rest}")
        yield Try("GET", f"/file/{name}")
        yield Try("GET", f"/api/v1/documents?limit=1&after={quote(name, safe='')}")
        yield api("answer", question=LEAVE, documents=[name])
        yield api("retrieve", question=LEAVE, documents=[name, "staff"])
        yield api("verify", text="the board", documents=[name])
        yield tool("read_section", document_id=name)
        yield tool("search_documents", query="bonus", documents=[name])
        yield event(choose={"sought": name, "asked": 1})
        yield event(submit=f"What does {name} say?")
        yield event(start={"question": LEAVE, "documents": [name]})
        pair = {"names": [name, "staff/rota.md", "staff/lift.pdf"], "only": True}
        yield event(choose=pair, compare={"question": LEAVE})


def linked(digests: list[str]) -> Iterator[Try]:
    """Texts outside, also former ones, by all that takes a link to a quote."""
    for digest in digests:
        for start in (0, 7, 30):
            place = f"{digest}:{start}-{start + 9}"
            yield Try("GET", f"/api/v1/quotes/{place}")
            yield tool("fetch", id=place)
            uri = f"qa-bot://quote/{digest}/{start}-{start + 9}"
            yield mcp("resources/read", uri=uri)
            for inside in ("", "&in=board/pay.md", "&in=staff/handbook.md"):
                yield event(open={"query": f"?quote={place}{inside}"})
            turn = {"question": LEAVE, "found": True, "quotes": [f"?quote={place}"], "hits": []}
            yield event(restore={"turns": [turn]})
        yield Try("GET", f"/page/{digest}/1")
        yield Try("GET", f"/page/{digest}/1?in=board/copy.pdf")
        yield Try("GET", f"/page/{digest}/1?in=staff/lift.pdf")


def plain() -> Iterator[Try]:
    """What needs no word."""
    for path in ("documents", "health", "nothing", "documents?limit=1"):
        yield Try("GET", f"/api/v1/{path}")
    for path in ("/health/ready", "/health/live", "/v1/models", "/nothing"):
        yield Try("GET", path)
    yield tool("list_documents")
    for name in ("load", "look", "tick"):
        yield event(**{name: None})
    for question in ("Which documents are there?", "Summarise everything.", "Help"):
        yield api("answer", question=question)
        yield event(submit=question)


def api(route: str, **body: object) -> Try:
    return Try("POST", f"/api/v1/{route}", body)


def mcp(method: str, **params: object) -> Try:
    return Try("POST", "/mcp", {"jsonrpc": "2.0", "id": 1, "method": method, "params": params})


def tool(name: str, **arguments: object) -> Try:
    return mcp("tools/call", name=name, arguments=arguments)


def event(**sent: object) -> Try:
    return Try("POST", EVENTS, None, tuple(sent.items()))


def build(home: Path, model: SentenceTransformerEmbedder, outdoors: dict[str, str]) -> set[str]:
    """An index with a history: texts that were changed, documents that were moved or deleted.

    Returns:
        The digests of all texts that were ever outside.
    """
    documents = home / "documents"

    def write(texts: dict[str, str]) -> None:
        for name, text in texts.items():
            (documents / name).parent.mkdir(parents=True, exist_ok=True)
            (documents / name).write_text(text, encoding="utf-8")

    write({"staff/handbook.md": EARLIER_STAFF})
    if outdoors:
        moved = {"board/rota.md": INDOORS["staff/rota.md"]}
        write({"board/pay.md": EARLIER_PAY, "board/plan.md": GONE, **moved})
    build_index(documents, home / "index", model=model)
    outside = digests(home / "index")
    for name in ("board/plan.md", "board/rota.md"):
        (documents / name).unlink(missing_ok=True)
    write(INDOORS | outdoors)
    pdf = FPDF()
    pdf.set_font("helvetica", size=12)
    pdf.set_creation_date(datetime(2026, 1, 1, tzinfo=UTC))
    pdf.add_page()
    lines(pdf, [LIFT, "It carries eight people, or six hundred kilograms."])
    drawn = bytes(pdf.output())
    (documents / "staff" / "lift.pdf").write_bytes(drawn)
    if outdoors:
        (documents / "board" / "copy.pdf").write_bytes(drawn)
        (documents / "board" / "broken.pdf").write_text("no PDF at all", encoding="utf-8")
        (documents / "board" / ".hidden.md").write_text("Hidden.", encoding="utf-8")
    build_index(documents, home / "index", model=model)
    return outside | digests(home / "index")


def digests(folder: Path) -> set[str]:
    """Of the texts outside that an index holds now."""
    with open_index(folder) as index:
        return {one.digest for one in index.documents() if not one.id.startswith("staff/")}


@dataclass(frozen=True)
class Served:
    """A server as one client sees it."""

    client: httpx.Client
    functions: list[dict[str, Any]]  # of Gradio's page, as it tells them

    def told(self, tried: Try) -> tuple[int, str]:
        """Status and text of what comes, without what differs from server to server."""
        if not tried.events:
            return self._sent(tried.method, tried.path, tried.body)
        visitor, told = uuid4().hex, []
        for name, sent in tried.events:
            number = next(
                one["id"] for one in self.functions if name in (on for _, on in one["targets"])
            )
            asked = name == "submit"
            body = {"data": [sent, None], "event_data": None} if asked else {"event_data": sent}
            while number is not None:
                body = {"data": [None], "session_hash": visitor, **body, "fn_index": number}
                told.append(self._sent("POST", EVENTS, body))
                body = {}
                number = next(
                    (one["id"] for one in self.functions if one["trigger_after"] == number), None
                )
        return told[-1][0], "\n".join(text for _, text in told)

    def _sent(self, method: str, path: str, body: object) -> tuple[int, str]:
        response = self.client.request(method, path, json=body)
        kind = response.headers.get("content-type", "")
        text = response.text if "image" not in kind else response.content.hex()
        text = text.replace(str(self.client.base_url).rstrip("/"), "http://here")
        return response.status_code, DIFFERS.sub("…", text)


@contextmanager
def serve(home: Path, model: SentenceTransformerEmbedder) -> Iterator[tuple[Served, Served]]:
    """A server that runs: as a token limited to ``staff`` sees it, and as one for everything."""
    (home / "auth.json").unlink(missing_ok=True)  # of another test that served the same
    accounts = AccountFile(home / "auth.json")
    tokens = add_token(accounts, "staff", "reader", ["staff"]), add_token(accounts, "all", "reader")
    service = Service(home / "documents", home / "index", model)
    with ExitStack() as stack:
        viewer = stack.enter_context(PageViewer())
        listener = stack.enter_context(listen("127.0.0.1", 0))
        serving = Serving(accounts=accounts, requests_per_minute=10**6)
        guarded, _ = create_application(service, viewer, serving)
        server = uvicorn.Server(uvicorn.Config(guarded, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        service.refresh(requested=False)
        while not server.started or not service.is_settled or service.status.busy:
            time.sleep(0.05)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        seen = []
        for token in tokens:
            headers = {
                "Authorization": f"Bearer {token}",
                "Accept": "application/json, text/event-stream",
            }
            client = httpx.Client(base_url=url, headers=headers, timeout=120)
            told = stack.enter_context(client).get("/config").json()
            seen.append(Served(client, told["dependencies"]))
        yield seen[0], seen[1]
        server.should_exit = True
        thread.join(10)


@dataclass(frozen=True)
class Homes:
    """Two folders, each with documents and their index."""

    whole: Path
    alone: Path
    outside: list[str]  # digests of texts that are or were in the whole alone


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory, model: SentenceTransformerEmbedder) -> Homes:
    whole, alone = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("alone")
    build(alone, model, {})
    return Homes(whole, alone, sorted(build(whole, model, OUTDOORS)))


def test_whatever_is_tried_nothing_tells_of_what_is_outside(
    homes: Homes, model: SentenceTransformerEmbedder
) -> None:
    tries = [*plain(), *asked(OUTSIDE[::4]), *named(NAMES), *linked(homes.outside)]
    assert len(tries) >= 500
    with serve(homes.whole, model) as (limited, whole), serve(homes.alone, model) as (alone, _):
        expected = [alone.told(one) for one in tries]
        seen = [
            (one, told, right)
            for one, right in zip(tries, expected, strict=True)
            if (told := limited.told(one)) != right
        ]
        assert seen == []
        differing = [
            one
            for one, right in list(zip(tries, expected, strict=True))[::10]
            if whole.told(one) != right
        ]
        assert len(differing) > 20, "who sees everything is told so, by the same requests"
        assert limited.told(Try("GET", "/metrics"))[0] == 403
        assert "zephyrium" in whole.told(Try("GET", "/api/v1/documents/board/pay.md/text"))[1]


def test_rights_hold_on_every_shard(
    homes: Homes, tmp_path: Path, model: SentenceTransformerEmbedder
) -> None:
    """A few of those tries; all of them were made once (benchmarks/RESULTS.md)."""
    shutil.copytree(homes.whole / "documents", tmp_path / "documents")
    build_shards(tmp_path / "documents", tmp_path / "index", 3, model=model)
    tries = [*plain(), *asked(OUTSIDE[::16]), *named(NAMES[::5]), *linked(homes.outside[::4])][::9]
    with serve(tmp_path, model) as (limited, whole), serve(homes.alone, model) as (alone, _):
        assert [one for one in tries if limited.told(one) != alone.told(one)] == []
        assert [one for one in tries[:5] if whole.told(one) != alone.told(one)]


@contextmanager
def seeing(*folders: str) -> Iterator[None]:
    token = current_caller.set(Caller("try", "token", "reader", folders))
    try:
        yield
    finally:
        current_caller.reset(token)


def test_who_has_a_part_already_waits_for_nobody_elses(
    homes: Homes, model: SentenceTransformerEmbedder
) -> None:
    with open_index(homes.alone / "index", model=model) as index, ThreadPoolExecutor() as others:
        lease = Lease(index)
        made = lease.within(("nowhere",))
        with lease.limiting:  # one is being made
            found = others.submit(lease.within, ("nowhere",)).result(60)
        assert found is made


def test_what_changes_outside_is_no_news(
    homes: Homes, tmp_path: Path, model: SentenceTransformerEmbedder
) -> None:
    """Neither the stream of events nor a build's receipt tells that anything was built."""
    home = Path(shutil.copytree(homes.whole, tmp_path / "home"))
    service = Service(home / "documents", home / "index", model)

    def built() -> tuple[str, Status]:
        service.refresh(requested=True)
        while service.status.busy:
            time.sleep(0.05)
        with seeing("staff"):
            return News(service).state(), service.status

    def while_built() -> tuple[str, Status]:
        """As it is while a build is under way that is held up at its first report."""
        note, held, go = service._note_progress, threading.Event(), threading.Event()

        def hold(progress: Progress) -> None:
            held.set()
            go.wait(60)
            note(progress)

        service._note_progress = hold  # type: ignore[method-assign]
        try:
            service.refresh(requested=True)
            assert held.wait(60)
            assert service.status.busy
            with seeing("staff"):
                return News(service).state(), service.status
        finally:
            go.set()
            service._note_progress = note  # type: ignore[method-assign]

    before, _ = built()
    (home / "documents" / "board" / "pay.md").write_text("Nobody is paid.", encoding="utf-8")
    (home / "documents" / "shop" / "prices.csv").unlink()
    with seeing("staff"):
        assert News(service).state() == before, "a file outside has changed"
    state, status = while_built()
    assert (state, status.busy, status.progress) == (before, False, None)
    state, status = built()
    assert (state, status.receipt) == (before, None)
    assert status.holdings is not None
    assert len(status.holdings.documents) == 3
    (home / "documents" / "staff" / "rota.md").write_text("Nobody locks it.", encoding="utf-8")
    (home / "documents" / "board" / "pay.md").write_text("Nobody is paid now.", encoding="utf-8")
    state, status = built()
    assert state != before
    assert status.receipt is not None
    assert status.receipt.changed == ("staff/rota.md",)
    assert "board" not in repr(status)
