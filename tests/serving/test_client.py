"""The clients: the same records over HTTP as from the package, and its errors."""

from __future__ import annotations

import anyio
import pytest
from served import LEAVE, LIFT, Team

import qa_bot
from qa_bot import EmptyQuestionError, RemoteError, UsageError
from qa_bot.client import AsyncClient, Client


def test_the_records_are_those_of_the_package(team: Team) -> None:
    with Client(team.url, team.reader) as client, team.service.snapshot() as index:
        assert client.answer(LEAVE) == qa_bot.answer(LEAVE, index)
        before = [(LEAVE, "Employees receive twenty-five days of paid leave every year.")]
        asked = "And when do they expire?"
        followed = client.answer(asked, history=before)
        assert followed == qa_bot.answer(asked, index, history=before)
        assert followed.understood_as
        assert client.retrieve(LEAVE, 3) == qa_bot.retrieve(LEAVE, index, 3)
        sentence = "Employees receive twenty-five days of paid leave every year."
        assert client.verify(sentence) == qa_bot.verify(sentence, index)
        assert client.verify(sentence).verdict == "verified"
        price = "What is the price of a spirit level?"
        assert client.answer(price) == qa_bot.answer(price, index)
        assert client.documents() == index.documents()
        name = "staff/handbook.md"
        assert client.document(name) == index.documents()[2]
        assert client.sections(name) == index.sections(name)
        assert client.excerpt(name, 10, 90) == index.excerpt(name, 10, 90)
        assert client.health().health == index.health()


def test_places_are_found_again(team: Team) -> None:
    with Client(f"{team.url}/", team.reader) as client:
        excerpt = client.excerpt("staff/lift.pdf")
        start = excerpt.text.index(LIFT)
        (box,) = client.boxes("staff/lift.pdf", start, start + len(LIFT))
        assert (box.page, box.left < box.right) == (1, True)
        assert client.page("staff/lift.pdf", 1, 200).startswith(b"\x89PNG")
        quote = client.quote(excerpt.digest, start, start + len(LIFT))
        assert (quote.text, quote.document_id) == (LIFT, "staff/lift.pdf")


def test_errors_are_the_packages(team: Team) -> None:
    with Client(team.url, team.reader) as client:
        with pytest.raises(EmptyQuestionError):
            client.answer("?!")
        with pytest.raises(UsageError, match="body/k"):
            client.retrieve(LEAVE, 0)
        with pytest.raises(RemoteError, match=r"a\.md") as error:
            client.document("a.md")
        assert (error.value.status, error.value.kind) == (404, "unknown-document")
    with Client(team.url, "qab_wrong") as stranger, pytest.raises(RemoteError) as refused:
        stranger.health()
    assert refused.value.status == 401
    with Client("http://127.0.0.1:1") as nobody, pytest.raises(RemoteError, match="reached"):
        nobody.health()


def test_the_awaited_client_gives_the_same(team: Team) -> None:
    async def run() -> None:
        async with AsyncClient(team.url, team.reader) as client:
            reply, documents = await client.answer(LEAVE), await client.documents()
        with Client(team.url, team.reader) as blocking:
            assert (reply, documents) == (blocking.answer(LEAVE), blocking.documents())

    anyio.run(run)


def test_both_clients_have_the_same_functions() -> None:
    names = [{name for name in vars(one) if name[0] != "_"} for one in (Client, AsyncClient)]
    assert names[0] == names[1]
