"""Follow-ups in the chat: the history is passed on, and one click asks again."""

from __future__ import annotations

import base64
import csv
import io
import json
import threading
from pathlib import Path

import pytest
from conftest import ARTICLE, DOCUMENTS
from parsing import Parsed

from qa_bot import Answer, Option
from qa_bot.models.embedding import SentenceTransformerEmbedder
from qa_bot.records import Citation
from qa_bot.web import asking, keeping, leading
from qa_bot.web.conversation import Conversation
from qa_bot.web.service import Service

HOSTILE = "<img src=x onerror='alert(1)'>\"'"


@pytest.fixture
def service(article_folder: Path, model: SentenceTransformerEmbedder) -> Service:
    service = Service(DOCUMENTS, article_folder, model=model)
    service.refresh(requested=False)
    for thread in threading.enumerate():
        if thread.name == "qa-bot-index":
            thread.join(60)
    return service


def ask(
    service: Service,
    conversation: Conversation,
    question: str,
    data: dict[str, object] | None = None,
) -> Answer:
    asking.begin(service, conversation, question, data)
    asking.finish(service, conversation)
    reply = conversation.turns[-1].reply
    assert reply is not None
    return reply.answer


def test_a_follow_up_is_understood_and_asked_alone_by_a_click(service: Service) -> None:
    conversation = Conversation()
    ask(service, conversation, "Why is Iceland important?")
    told = ask(service, conversation, "And Poland?")
    assert told.understood_as == "Why is Poland important?"
    number = conversation.turns[-1].number
    alone = ask(service, conversation, "And Poland?", {"number": number, "alone": True})
    assert alone.understood_as == ""
    assert [turn.question for turn in conversation.turns] == [
        "Why is Iceland important?",
        "And Poland?",
    ]
    assert conversation.turns[-1].number == number


def test_what_was_searched_can_be_changed(service: Service) -> None:
    conversation = Conversation()
    ask(service, conversation, "Why is Iceland important?")
    ask(service, conversation, "And Poland?")
    number = conversation.turns[-1].number
    _, box, _ = asking.revise(conversation, {"what": "reword", "number": number})
    assert box == "Why is Poland important?"
    assert conversation.editing == number


def test_another_visitor_is_told_nothing(service: Service) -> None:
    ask(service, Conversation(), "Why is Iceland important?")
    assert ask(service, Conversation(), "And Poland?").understood_as == ""


def test_an_option_asks_its_document_alone(service: Service) -> None:
    conversation = Conversation()
    data: dict[str, object] = {"documents": [ARTICLE, "gone.txt"], "alone": True}
    ask(service, conversation, "Why is Iceland important?", data)
    assert conversation.turns[-1].documents == (ARTICLE,)
    ask(service, conversation, "Why is Iceland important?", {"documents": "all", "number": "x"})
    assert conversation.turns[-1].documents is None


def test_a_navigation_leads_on_and_is_not_judged(service: Service) -> None:
    conversation = Conversation()
    asking.begin(service, conversation, "What is this document about?")
    patch, *_ = asking.finish(service, conversation)
    assert "qa-places" in patch
    assert "qa-foot" not in patch
    assert "may answer" not in patch


def test_words_of_a_visitor_and_of_documents_are_text() -> None:
    citation = Citation("a.txt", HOSTILE, (), 1, (), "", "0" * 16, 0, 1)
    answer = Answer(
        question=HOSTILE,
        found=False,
        confidence=0.0,
        hits=(),
        quotes=(),
        understood_as=HOSTILE,
        options=(Option(HOSTILE, HOSTILE, (HOSTILE,)),),
        navigation="documents",
        message=HOSTILE,
        places=(citation,),
    )
    html = "".join(
        part(answer)
        for part in (
            leading.understood_html,
            leading.options_html,
            leading.navigation_html,
            leading.places_html,
        )
    )
    assert "<img" not in html
    found = Parsed(html)
    assert found.text.count(HOSTILE) == 4
    assert json.dumps([HOSTILE]) in [value for _, value in found.attributes]


def test_what_has_changed_since_is_never_made_golden_and_is_marked_where_it_is_saved(
    documents: Path, folder: Path, model: SentenceTransformerEmbedder
) -> None:
    file = documents / "herons.md"
    file.write_text("# Herons\n\n## Nests\n\nHerons nest in the reeds by the lake.\n")
    service = Service(documents, folder, model=model)
    service.refresh(requested=False)
    conversation = Conversation()
    assert ask(service, conversation, "Where do herons nest?").found
    number = conversation.turns[0].number
    file.write_text("# Herons\n\n## Nests\n\nHerons nest in old oaks above the mill.\n")
    told = asking.judge(service, conversation, {"number": number, "verdict": "golden"})
    assert "Not kept: the document has changed since it was indexed." in Parsed(told).text
    assert "changed since indexed" in Parsed(told).text, "the turn says so, too"
    assert not (folder / "golden.jsonl").exists()
    sheet = base64.b64decode(
        keeping.sheet_html(conversation, "csv", "").partition("base64,")[2].partition('"')[0]
    ).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(sheet))
    assert row["changed_since_indexed"] == "yes"
