"""Who may add files unasked: who started the chat, from a page of this machine, and nobody else."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from qa_bot.web.owner import KEY, Owner

HERE = {"Host": "127.0.0.1:7860", "Origin": "http://127.0.0.1:7860"}


def key_of(address: str) -> str:
    return address.partition("#key=")[2]


def asked(key: str, **headers: str) -> Headers:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Headers({**HERE, KEY: key, **named})


def test_the_key_of_the_terminal_lasts_and_that_of_the_browser_is_good_once() -> None:
    owner = Owner()
    key, once = key_of(owner.address("/")), key_of(owner.address("/", once=True))
    assert owner.admit(asked(key)) == owner.admit(asked(key)) == key
    assert not owner.is_asking(asked(once))
    assert owner.admit(asked(once)) == key
    assert owner.admit(asked(once)) == ""
    assert key_of(Owner().address("/")) != key, "of this start alone"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "library.example"},
        {"Origin": "http://library.example"},
        {"Origin": "null"},
        {"Forwarded": "for=10.0.0.1"},
        {"X_Forwarded_Proto": "https"},
        {"Via": "1.1 proxy"},
        {"CF_Connecting_IP": "10.0.0.1"},
    ],
)
def test_what_comes_from_elsewhere_is_refused(headers: dict[str, str]) -> None:
    owner = Owner()
    key = key_of(owner.address("/"))
    assert owner.is_asking(asked(key, Host="localhost:1", Origin="http://localhost:1"))
    assert not owner.is_asking(asked(key, **headers))
    assert owner.admit(asked(key_of(owner.address("/", once=True)), **headers)) == ""
