"""What an index says about itself."""

from __future__ import annotations

import re
from pathlib import Path

from conftest import paragraphs, write

from benchmarks.hashing import HashEmbedder
from qa_bot import Problem, build_index, open_index
from qa_bot.store.health import status


def test_the_status_of_an_index(documents: Path, folder: Path) -> None:
    write(documents, a=paragraphs("otter", 3), b__c=paragraphs("moth", 2))
    (documents / "bad.txt").write_bytes(b"\0")
    (documents / "latin.txt").write_bytes(
        "Das Café in Zürich öffnet früh am Morgen.".encode("cp1252")
    )
    build_index(documents, folder, model=HashEmbedder())
    with open_index(folder, model=HashEmbedder()) as index:
        found = status(index)
        assert [(one.id, one.passages, one.title) for one in found.documents] == [
            ("a.txt", 3, "a"),
            ("b/c.txt", 2, "c"),
            ("latin.txt", 1, "latin"),
        ]
        assert found.passages == sum(one.passages for one in found.documents) == 6
        assert found.model == "hash"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found.built_at)
        files = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
        assert found.bytes == sum(files)
        assert found.health.unreadable == index.health().unreadable
        assert [problem.document_id for problem in found.health.unreadable] == ["bad.txt"]
        for one in found.documents:
            document = index.document(one.id)
            assert (one.digest, one.characters) == (document.digest, len(document.text))
            assert one.warnings == document.warnings
        assert len(found.documents[2].warnings) == 1
        assert "not UTF-8" in found.documents[2].warnings[0]


def test_a_file_that_was_mended_is_no_problem_any_more(documents: Path, folder: Path) -> None:
    write(documents, a=paragraphs("otter", 1))
    (documents / "b.txt").write_bytes(b"\0")
    build_index(documents, folder, model=HashEmbedder())
    (documents / "b.txt").unlink()
    assert build_index(documents, folder, model=HashEmbedder()).nothing_changed
    with open_index(folder, model=HashEmbedder()) as index:
        assert status(index).health.unreadable == ()
        (documents / "c.txt").write_bytes(b"\0")
        build_index(documents, folder, model=HashEmbedder())
        assert status(index).health.unreadable == ()
    with open_index(folder, model=HashEmbedder()) as index:
        assert status(index).health.unreadable == (
            Problem("c.txt", "holds NUL characters: a binary file, not text"),
        )
