"""The HTTP API: the package's functions as JSON, and errors as problem details."""

from __future__ import annotations

import io
from typing import Any

import httpx2 as httpx
import jsonschema
import pytest
from PIL import Image
from served import LEAVE, LIFT, STAFF
from starlette.testclient import TestClient

from qa_bot import answer
from qa_bot.models.reader import DEFAULT_READER
from qa_bot.serving.desk import OpenedDesk

SENTENCE = "Employees receive twenty-five days of paid leave every year."


def check_problem(response: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """An error is a problem of its media type, in a line, and tells nothing of the server."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = response.json()
    assert told["type"] == f"urn:qa-bot:problem:{kind}"
    assert told["status"] == status
    assert "\n" not in told["detail"]
    assert "Traceback" not in response.text
    assert "/tmp/" not in response.text  # noqa: S108 - where the tests' index is
    return told


def check_schema(api: TestClient, told: object, path: str, method: str = "get") -> None:
    """What is told is as the description says."""
    openapi = api.get("/openapi.json").json()
    content = openapi["paths"][path][method]["responses"]["200"]["content"]["application/json"]
    schema = {**content["schema"], "components": openapi["components"]}
    jsonschema.Draft202012Validator(schema).validate(told)


def test_an_answer_is_the_record_with_its_verdict_citations_and_links(
    api: TestClient, desk: OpenedDesk
) -> None:
    response = api.post("/answer", json={"question": LEAVE})
    assert response.status_code == 200
    told = response.json()
    check_schema(api, told, "/answer", "post")
    with desk.snapshot() as index:
        reply = answer(LEAVE, index, reader=DEFAULT_READER)
    assert told["verdict"] == reply.verdict == "answered"
    quote, record = told["quotes"][0], reply.quotes[0]
    (start, end) = quote["sentences"][0]
    assert quote["text"][start - quote["start"] : end - quote["start"]] == SENTENCE
    assert quote["cited"] == str(record.citation)
    assert quote["link"].startswith(f"?quote={record.citation.digest}:{record.start}-{record.end}")
    assert [hit["passage"]["start"] for hit in told["hits"]] == [
        hit.passage.start for hit in reply.hits
    ]


def test_a_table_tells_what_its_cells_say(api: TestClient) -> None:
    told = api.post("/answer", json={"question": "What is the price of a spirit level?"}).json()
    check_schema(api, told, "/answer", "post")
    table = told["quotes"][0]["table"]
    assert table["cell"]["text"] == "19"
    assert {"hammer", "12", "spirit level"} <= {cell["text"] for cell in table["table"]["cells"]}


def test_passages_are_retrieved_within_the_documents_asked_for(api: TestClient) -> None:
    body = {"question": LEAVE, "k": 3, "documents": ["board"]}
    told = api.post("/retrieve", json=body).json()
    check_schema(api, told, "/retrieve", "post")
    assert {hit["passage"]["document_id"] for hit in told["hits"]} == {"board/pay.md"}


def test_a_quote_is_verified_or_told_where_it_differs(api: TestClient) -> None:
    told = api.post("/verify", json={"text": SENTENCE}).json()
    check_schema(api, told, "/verify", "post")
    assert told["verdict"] == "verified"
    place = told["matches"][0]["link"].partition("=")[2].partition("&")[0]
    assert api.get(f"/quotes/{place}").json()["text"] == SENTENCE
    near = api.post("/verify", json={"text": SENTENCE.replace("twenty", "thirty")}).json()
    check_schema(api, near, "/verify", "post")
    assert near["verdict"] == "near"
    (difference,) = near["matches"][0]["differences"]
    assert "thirty" in SENTENCE.replace("twenty", "thirty")[slice(*difference["given"])]
    check_problem(api.post("/verify", json={"text": "…"}), 422, "wrong-usage")


def test_documents_are_listed_by_id_a_page_at_a_time(api: TestClient) -> None:
    first = api.get("/documents", params={"limit": 2}).json()
    check_schema(api, first, "/documents")
    rest = api.get("/documents", params={"after": first["next"]}).json()
    ids = [one["id"] for one in first["documents"] + rest["documents"]]
    assert ids == ["board/pay.md", "shop/prices.csv", "staff/handbook.md", "staff/lift.pdf"]
    assert (first["total"], rest["next"]) == (4, None)


def test_a_document_its_sections_and_its_text_are_read(api: TestClient) -> None:
    name = "/documents/staff/handbook.md"
    summary = api.get(name).json()
    check_schema(api, summary, "/documents/{document_id}")
    assert summary["title"] == "Staff handbook"
    outline = api.get(f"{name}/sections").json()
    check_schema(api, outline, "/documents/{document_id}/sections")
    assert outline["digest"] == summary["digest"]
    leave = next(one for one in outline["sections"] if one["path"][-1:] == ["Annual leave"])
    excerpt = api.get(f"{name}/text", params={"start": leave["start"], "end": leave["end"]}).json()
    check_schema(api, excerpt, "/documents/{document_id}/text")
    assert SENTENCE in excerpt["text"]
    assert "passport" not in excerpt["text"]
    assert "passport" in STAFF


def test_a_quote_has_boxes_on_its_page_and_the_page_is_a_picture(api: TestClient) -> None:
    name = "/documents/staff/lift.pdf"
    text = api.get(f"{name}/text").json()["text"]
    start = text.index(LIFT)
    told = api.get(f"{name}/boxes", params={"start": start, "end": start + len(LIFT)}).json()
    check_schema(api, told, "/documents/{document_id}/boxes")
    (box,) = told["boxes"]
    assert box["page"] == 1
    # Drawn by the test at 20 of 210 mm from the left, and 30 of 297 mm from the top.
    assert box["left"] == pytest.approx(20 / 210, abs=0.01)
    assert box["bottom"] == pytest.approx(30 / 297, abs=0.01)
    page = api.get(f"{name}/pages/1.png", params={"width": 300})
    assert page.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(page.content)) as picture:
        assert (picture.format, picture.width) == ("PNG", 300)


def test_a_picture_that_one_has_is_not_sent_again(api: TestClient) -> None:
    address = "/documents/staff/lift.pdf/pages/1.png"
    page = api.get(address, params={"width": 300})
    assert page.headers["cache-control"] == "private, no-cache"
    has = {"If-None-Match": f'"another", W/{page.headers["etag"]}'}
    again = api.get(address, params={"width": 300}, headers=has)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == page.headers["etag"]
    wider = api.get(address, params={"width": 400}, headers=has)
    assert wider.status_code == 200
    assert wider.headers["etag"] != page.headers["etag"]


def test_a_permanent_link_leads_to_the_very_text(api: TestClient) -> None:
    text = api.get("/documents/staff/handbook.md/text").json()
    start = text["text"].index(SENTENCE)
    place = f"{text['digest']}:{start}-{start + len(SENTENCE)}"
    told = api.get(f"/quotes/{place}").json()
    check_schema(api, told, "/quotes/{digest}:{start}-{end}")
    assert told["text"] == SENTENCE
    assert told["section"][-1] == "Annual leave"
    check_problem(api.get(f"/quotes/{'0' * 16}:0-5"), 404, "unknown-quote")
    check_problem(api.get(f"/quotes/{text['digest']}:0-39000"), 404, "unknown-quote")
    check_problem(api.get(f"/quotes/{text['digest']}:5-5"), 422, "malformed")


def test_health_tells_which_file_could_not_be_read(api: TestClient) -> None:
    told = api.get("/health").json()
    check_schema(api, told, "/health")
    assert told["documents"] == 4
    assert [one["document_id"] for one in told["health"]["unreadable"]] == ["board/broken.pdf"]


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"question": "?!"}, 422, "empty-question"),
        ({"question": LEAVE, "documents": ["nowhere"]}, 404, "unknown-document"),
        ({"question": LEAVE, "k": 0}, 422, "malformed"),
        ({"question": LEAVE, "k": 51}, 422, "malformed"),
        ({"question": "a" * 2_001}, 422, "malformed"),
        ({"question": LEAVE, "documents": ["a"] * 101}, 422, "malformed"),
        ({"question": LEAVE, "strictness": 1.5}, 422, "malformed"),
        ({"question": LEAVE, "strictness": False}, 422, "malformed"),
        ({"question": LEAVE, "k": True}, 422, "malformed"),
        ({"question": LEAVE, "k": "5"}, 422, "malformed"),
        ({"question": LEAVE, "colour": "red"}, 422, "malformed"),
        ({}, 422, "malformed"),
        ([], 422, "malformed"),
    ],
)
def test_a_wrong_question_is_a_problem(
    api: TestClient, body: object, status: int, kind: str
) -> None:
    check_problem(api.post("/answer", json=body), status, kind)


def test_what_is_no_text_is_a_problem_that_is_described(api: TestClient) -> None:
    told = api.post("/answer", content=b"=\xff", headers={"Content-Type": "application/json"})
    check_problem(told, 400, "bad-request")
    for path in api.get("/openapi.json").json()["paths"].values():
        for operation in path.values():
            assert "400" in operation["responses"]


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/nothing", 404, "not-found"),
        ("/answer", 405, "method-not-allowed"),
        ("/documents/a.md", 404, "unknown-document"),
        ("/documents/a.md/sections", 404, "unknown-document"),
        ("/documents/a.md/text", 404, "unknown-document"),
        ("/documents/a.md/boxes?start=0&end=1", 404, "unknown-document"),
        ("/documents/../../etc/passwd/pages/1.png", 404, "not-found"),
        ("/documents/..%2F..%2Fetc%2Fpasswd/pages/1.png", 404, "unknown-document"),
        ("/documents/staff/lift.pdf/pages/2.png", 422, "no-page"),
        ("/documents/staff/handbook.md/pages/1.png", 422, "no-page"),
        ("/documents/staff/handbook.md/boxes?start=0&end=9", 422, "no-page"),
        ("/documents/staff/handbook.md/text?start=5&end=4", 422, "malformed"),
        ("/documents/staff/handbook.md/text?start=0&end=100001", 422, "malformed"),
        ("/documents?limit=0", 422, "malformed"),
    ],
)
def test_a_wrong_path_is_a_problem(api: TestClient, path: str, status: int, kind: str) -> None:
    check_problem(api.get(path), status, kind)


def test_a_fault_of_our_own_is_a_problem_without_a_traceback(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("qa_bot.store.rows.read_health", broken)
    told = check_problem(api.get("/health"), 500, "went-wrong")
    assert "secret" not in str(told)


def test_the_description_has_an_example_and_problems_of_their_media_type(api: TestClient) -> None:
    openapi = api.get("/openapi.json").json()
    asked = openapi["components"]["schemas"]["AnswerRequest"]
    assert asked["examples"][0]["question"]
    for path in openapi["paths"].values():
        for operation in path.values():
            assert operation["description"]
            assert set(operation["responses"]["422"]["content"]) == {"application/problem+json"}
