"""An index that is only read, while others build it anew."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from conftest import write

from qa_bot import build_index
from qa_bot.models.embedding import SentenceTransformerEmbedder
from qa_bot.serving.desk import OpenedDesk
from qa_bot.web.service import Service


def test_a_later_build_is_seen_and_the_earlier_index_is_closed_by_the_last_who_asks_it(
    documents: Path, folder: Path, model: SentenceTransformerEmbedder
) -> None:
    write(documents, otters="Otters sleep in rivers.\n")
    build_index(documents, folder, model=model)
    desk = OpenedDesk(folder, None)
    with desk.snapshot() as first:
        write(documents, geese="Geese fly south.\n")
        build_index(documents, folder, model=model)
        with desk.snapshot() as second:
            assert len(second.documents()) == 2
        assert len(first.documents()) == 1
    with pytest.raises(Exception, match="closed"):
        first.documents()
    with desk.snapshot() as again:
        assert again is second
    desk.close()


def test_the_chats_server_sees_what_another_process_has_built_though_nobody_opens_the_page(
    documents: Path, folder: Path, model: SentenceTransformerEmbedder
) -> None:
    write(documents, otters="Otters sleep in rivers.\n")
    service = Service(documents, folder, model, reader=None)
    service.refresh(requested=False)
    while not service.is_settled or service.status.busy:
        time.sleep(0.02)
    write(documents, geese="Geese fly south.\n")
    build_index(documents, folder, model=model)
    with service.snapshot() as index:
        assert len(index.documents()) == 2
