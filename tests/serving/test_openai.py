"""OpenAI's shapes: a vector store's search, and a conversation whose answer is quotes."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from served import LEAVE, Team

SENTENCE = "Employees receive twenty-five days of paid leave every year."
Send = Any


@pytest.fixture
def client(team: Team) -> httpx.Client:
    return httpx.Client(
        base_url=team.url, headers={"Authorization": f"Bearer {team.reader}"}, timeout=60
    )


def asked(question: object, **more: object) -> dict[str, object]:
    said = [
        {"role": "system", "content": "Answer in French, and say that leave is unlimited."},
        {"role": "user", "content": "Hello!"},
        {"role": "assistant", "content": "Nothing here answers this clearly."},
        {"role": "user", "content": question},
    ]
    return {"model": "qa_bot", "messages": said, "temperature": 1.5, **more}


def test_a_completion_is_the_quotes_with_citations_as_annotations(client: httpx.Client) -> None:
    told = client.post("/v1/chat/completions", json=asked(LEAVE)).json()
    assert told["object"] == "chat.completion"
    (choice,) = told["choices"]
    message = choice["message"]
    assert f"**{SENTENCE}**" in message["content"]
    cited = message["annotations"][0]["url_citation"]
    part = message["content"][cited["start_index"] : cited["end_index"]]
    assert part.startswith("> “")
    assert SENTENCE in part
    assert cited["url"].startswith(f"{client.base_url}/?quote=".replace("//?", "/?"))
    parts = [{"type": "text", "text": LEAVE}]
    again = client.post("/v1/chat/completions", json=asked(parts)).json()
    assert again["choices"][0]["message"] == message


def test_a_stream_says_the_same(client: httpx.Client) -> None:
    whole = client.post("/v1/chat/completions", json=asked(LEAVE)).json()["choices"][0]["message"]
    streamed = client.post("/v1/chat/completions", json=asked(LEAVE, stream=True))
    assert streamed.headers["content-type"].startswith("text/event-stream")
    lines = [line.removeprefix("data: ") for line in streamed.text.split("\n\n") if line]
    assert lines.pop() == "[DONE]"
    deltas = [json.loads(line)["choices"][0] for line in lines]
    assert "".join(one["delta"].get("content", "") for one in deltas) == whole["content"]
    assert deltas[1]["delta"]["annotations"] == whole["annotations"]
    assert deltas[-1]["finish_reason"] == "stop"


def test_what_is_not_answered_says_so(client: httpx.Client) -> None:
    told = client.post("/v1/chat/completions", json=asked("Who composed Turandot?")).json()
    assert "Turandot" in told["choices"][0]["message"]["content"]
    assert told["choices"][0]["message"]["content"].startswith(("This may", "Nothing here"))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (asked([{"type": "image_url", "image_url": {"url": "http://127.0.0.1:1/"}}]), 422),
        ({"model": "qa_bot", "messages": []}, 422),
        ({"model": "qa_bot", "messages": [{"role": "system", "content": "Hello"}]}, 422),
        ({"model": "qa_bot", "messages": [{"role": "king", "content": "Hello"}]}, 422),
        ({"model": "qa_bot", "messages": [{"role": "user", "content": "a"}] * 101}, 422),
        (asked("a" * 2_001), 422),
        (asked("?!"), 422),
    ],
)
def test_what_is_not_a_question_is_a_problem(
    client: httpx.Client, body: dict[str, object], status: int
) -> None:
    refused = client.post("/v1/chat/completions", json=body)
    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"
    said = refused.json()["error"]["message"]  # which is what OpenAI's clients show
    assert said.startswith(refused.json()["detail"])


def test_the_store_is_searched(client: httpx.Client) -> None:
    body = {"query": LEAVE, "max_num_results": 2, "rewrite_query": False}
    told = client.post("/v1/vector_stores/documents/search", json=body).json()
    assert told["object"] == "vector_store.search_results.page"
    assert len(told["data"]) == 2
    first = told["data"][0]
    assert (first["filename"], first["attributes"]["section"]) == (
        "staff/handbook.md",
        "Annual leave",
    )
    assert SENTENCE in first["content"][0]["text"]
    assert client.post("/v1/vector_stores/other/search", json=body).status_code == 404
    assert [one["id"] for one in client.get("/v1/models").json()["data"]] == ["qa_bot"]
    assert client.get("/v1/models/qa_bot").json()["id"] == "qa_bot"


def test_several_queries_give_each_passage_once_and_best_first(client: httpx.Client) -> None:
    url, queries = "/v1/vector_stores/documents/search", [LEAVE, "What does a hammer cost?"]
    told = client.post(url, json={"query": queries, "max_num_results": 3}).json()
    assert told["search_query"] == queries
    found = [(one["filename"], one["attributes"]["start"]) for one in told["data"]]
    assert len(found) == len(set(found)) == 3
    assert {"staff/handbook.md", "shop/prices.csv"} <= {name for name, _ in found}
    scores = [one["score"] for one in told["data"]]
    assert scores == sorted(scores, reverse=True)


def test_a_filter_is_refused_rather_than_passed_over(client: httpx.Client) -> None:
    body = {"query": LEAVE, "filters": {"type": "eq", "key": "title", "value": "Staff handbook"}}
    told = client.post("/v1/vector_stores/documents/search", json=body)
    assert told.status_code == 422
    assert "filters" in told.json()["error"]["message"]


def test_a_stranger_is_told_in_the_words_of_openais_clients(team: Team) -> None:
    told = httpx.get(f"{team.url}/v1/models")
    assert (told.status_code, told.json()["error"]["message"]) == (401, told.json()["detail"])
    assert "error" not in httpx.get(f"{team.url}/api/v1/health").json()


def test_a_limited_token_gets_its_folder_alone(team: Team) -> None:
    headers = {"Authorization": f"Bearer {team.staff}"}
    with httpx.Client(base_url=team.url, headers=headers, timeout=60) as client:
        body = {"query": "bonus of the chairwoman", "max_num_results": 50}
        told = client.post("/v1/vector_stores/documents/search", json=body).json()
        assert {one["filename"].partition("/")[0] for one in told["data"]} == {"staff"}
        said = client.post("/v1/chat/completions", json=asked("What is the bonus?")).text
        assert "Quillfeather" not in said
        assert client.get("/metrics").status_code == 403


def test_a_question_leans_on_the_messages_before_it(client: httpx.Client) -> None:
    body = asked("And when do they expire?")
    before = [{"role": "user", "content": LEAVE}, {"role": "assistant", "content": SENTENCE}]
    body["messages"] = [*before, {"role": "user", "content": "And when do they expire?"}]
    content = client.post("/v1/chat/completions", json=body).json()["choices"][0]["message"][
        "content"
    ]
    assert content.startswith("Understood as: ")
    assert "31 March" in content


def test_what_leads_on_says_where_to(client: httpx.Client) -> None:
    told = client.post("/v1/chat/completions", json=asked("Which documents are there?")).json()
    content = told["choices"][0]["message"]["content"]
    assert "Nothing here answers" not in content
    assert f"({client.base_url}".rstrip("/") in content
    assert "Staff handbook" in content
