"""MCP over both transports, by the SDK's own client: every tool, and failure as an error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import anyio
import httpx2
import jsonschema
import pytest
from conftest import ROOT
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from served import LEAVE, Team

SENTENCE = "Employees receive twenty-five days of paid leave every year."
TOOLS = {
    "answer_question",
    "fetch",
    "list_documents",
    "read_section",
    "search",
    "search_documents",
    "verify_quote",
}
Checks = Callable[[Client], Coroutine[Any, Any, None]]


async def by_http(team: Team, token: str, checks: Checks) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        transport = streamable_http_client(f"{team.url}/mcp", http_client=http)
        async with Client(transport) as client:
            await checks(client)


async def check_everything(client: Client) -> None:  # noqa: PLR0915 - all tools, one after another
    """Each tool gives text and structured content that fits its schema, and each may fail."""
    listed = (await client.list_tools()).tools
    assert {tool.name for tool in listed} == TOOLS
    schemas = {tool.name: tool.output_schema for tool in listed}
    for tool in listed:
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is True
        assert tool.description

    async def call(name: str, **arguments: object) -> Any:
        result = await client.call_tool(name, arguments)
        assert not result.is_error, result.content
        jsonschema.validate(result.structured_content, schemas[name])
        return result

    async def fails(said: str, name: str, **arguments: object) -> None:
        result: Any = await client.call_tool(name, arguments)
        assert result.is_error
        assert result.structured_content is None
        text = result.content[0].text
        assert said in text
        assert "Traceback" not in text

    answered = await call("answer_question", question=LEAVE)
    told = answered.structured_content
    assert told["verdict"] == "answered"
    assert told["quotes"][0]["answering"] == [SENTENCE]
    assert SENTENCE in answered.content[0].text
    links = [one for one in answered.content if one.type == "resource_link"]
    assert len(links) == len(told["quotes"])
    held: Any = await client.read_resource(links[0].uri)
    assert held.contents[0].text == told["quotes"][0]["text"]

    before = [{"question": LEAVE, "text": SENTENCE}]
    asked = "And when do they expire?"
    followed = (await call("answer_question", question=asked, history=before)).structured_content
    assert "leave" in followed["understood_as"]
    assert "31 March" in str(followed["quotes"])
    led = await call("answer_question", question="Which documents are there?")
    assert "staff/handbook.md" in led.content[0].text
    assert "Nothing in the documents" not in led.content[0].text

    absent = await call("answer_question", question="Who composed the opera Turandot?")
    assert absent.structured_content["verdict"] != "answered"
    assert "Turandot" in absent.content[0].text

    found = await call("search_documents", query="passport", limit=2, documents=["staff"])
    assert found.structured_content["passages"][0]["document_id"] == "staff/handbook.md"
    listing = (await call("list_documents", limit=1)).structured_content
    assert listing["next_after"] is not None
    section = await call("read_section", document_id="staff/handbook.md", section=["Annual leave"])
    assert SENTENCE in section.structured_content["text"]
    start = section.structured_content["start"]
    around = await call("read_section", document_id="staff/handbook.md", start=start)
    assert around.structured_content["section"] == ["Annual leave"]

    checked = await call("verify_quote", text=SENTENCE)
    assert checked.structured_content["verdict"] == "verified"
    near = await call("verify_quote", text=SENTENCE.replace("five", "six"))
    assert near.structured_content["verdict"] == "near"
    assert "six" in near.structured_content["matches"][0]["differences"][0]
    made_up = await call("verify_quote", text="The moon is made of green cheese and ham.")
    assert made_up.structured_content == {"verdict": "absent", "matches": []}

    results = (await call("search", query=LEAVE)).structured_content["results"]
    fetched = await call("fetch", id=results[0]["id"])
    assert json.loads(fetched.content[0].text) == fetched.structured_content
    assert SENTENCE in fetched.structured_content["text"]

    await fails("empty", "answer_question", question="?!")
    await fails("nowhere", "search_documents", query="passport", documents=["nowhere"])
    await fails("nowhere.md", "read_section", document_id="nowhere.md")
    await fails("no such section", "read_section", document_id="staff/handbook.md", section=["x"])
    await fails("characters", "read_section", document_id="staff/handbook.md", start=10**6)
    await fails("no id", "fetch", id="x")
    await fails("digest", "fetch", id=f"{'0' * 16}:0-5")
    await fails("limit", "search_documents", query="a", limit=1_000)
    with pytest.raises(MCPError):
        await client.read_resource(f"qa-bot://quote/{'0' * 16}/0-5")
    with pytest.raises(MCPError, match="no prompts"):
        await client.get_prompt("summarise")


def test_every_tool_over_http(team: Team) -> None:
    anyio.run(by_http, team, team.reader, check_everything)


def test_every_tool_over_stdio(library: Path) -> None:
    async def run() -> None:
        server = StdioServerParameters(
            command=sys.executable,
            args=["-m", "qa_bot", "mcp", "--index", str(library / "index")],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        async with Client(server) as client:
            await check_everything(client)

    anyio.run(run)


def test_a_limited_token_has_tools_that_see_its_folder_alone(team: Team) -> None:
    async def checks(client: Client) -> None:
        listed = (await client.call_tool("list_documents", {})).structured_content
        ids = [one["document_id"] for one in (listed or {})["documents"]]
        assert ids == ["staff/handbook.md", "staff/lift.pdf"]
        outside = await client.call_tool("read_section", {"document_id": "board/pay.md"})
        assert outside.is_error
        asked = await client.call_tool("answer_question", {"question": "Who gets the bonus?"})
        assert "Quillfeather" not in str(asked)

    anyio.run(by_http, team, team.staff, checks)


def test_no_stream_is_held_open(team: Team) -> None:
    headers = {"Authorization": f"Bearer {team.reader}", "Accept": "text/event-stream"}
    told = httpx2.get(f"{team.url}/mcp", headers=headers, timeout=20)
    assert (told.status_code, told.headers["allow"]) == (405, "POST")


def test_without_a_token_there_are_no_tools(team: Team) -> None:
    async def run() -> None:
        async with Client(f"{team.url}/mcp") as client:
            await client.list_tools()

    with pytest.raises(BaseException) as error:  # noqa: PT011 - the SDK raises groups
        anyio.run(run)
    assert not isinstance(error.value, KeyboardInterrupt)
