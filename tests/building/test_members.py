"""Documents that lie in other files: found, cited, kept up to date and told of, one by one."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import write

from benchmarks.hashing import HashEmbedder
from qa_bot import build_index, check_index, open_index
from qa_bot.builds import Limits, Receipt

EMBEDDER = HashEmbedder()
OTTERS = "Otters sleep in rivers and hold hands."
HERONS = "Herons wait by the lake for hours."
TOO_DEEP = "inside more than 3 files: not opened"
NAME = "notes.zip › animals/otters.txt"


def pack(path: Path, members: Mapping[str, str | bytes]) -> bytes:
    """Write a zip file; its bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path.read_bytes()


@pytest.fixture
def build(documents: Path, folder: Path) -> Any:
    """Bring the index up to date."""

    def run(**options: Any) -> Receipt:
        return build_index(documents, folder, model=EMBEDDER, **options)

    return run


@pytest.fixture
def notes(documents: Path) -> Path:
    """An archive of two texts, and a text beside it."""
    write(documents, beside="Badgers dig at night.")
    path = documents / "notes.zip"
    pack(path, {"animals/otters.txt": OTTERS, "herons.txt": HERONS})
    return path


def ids(folder: Path) -> list[str]:
    with open_index(folder, model=EMBEDDER) as index:
        return [one.id for one in index.documents()]


def test_members_are_documents_with_the_names_of_both(
    notes: Path, folder: Path, build: Any
) -> None:
    receipt = build()
    assert receipt.added == ("beside.txt", NAME, "notes.zip › herons.txt")
    with open_index(folder, model=EMBEDDER) as index:
        assert index.document(NAME).text == OTTERS
        assert index.document(NAME).title == "otters"
        (numbers, _) = index.scope(["notes.zip"])
        assert len(numbers) == 2
        assert len(index.scope(["notes.zip › animals"])[0]) == 1
        assert index.stale(ids(folder)) == set()
    assert check_index(folder).faults == check_index(folder).outdated == ()
    assert notes.exists()


def test_a_build_without_changes_has_nothing_to_do(notes: Path, build: Any) -> None:
    build()
    os.utime(notes, ns=(1, 1))  # so that its time can tell a change
    assert build().nothing_changed
    assert build().nothing_changed


def test_only_changed_members_are_read_again(notes: Path, folder: Path, build: Any) -> None:
    build()
    pack(
        notes, {"animals/otters.txt": OTTERS, "herons.txt": HERONS + " At dawn.", "new.txt": "So."}
    )
    with open_index(folder, model=EMBEDDER) as index:
        assert index.stale([NAME, "beside.txt"]) == {NAME}
    receipt = build()
    assert (receipt.added, receipt.changed) == (
        ("notes.zip › new.txt",),
        ("notes.zip › herons.txt",),
    )
    assert receipt.reprocessed == receipt.removed == ()
    with open_index(folder, model=EMBEDDER) as index:
        assert index.stale([NAME]) == set()


def test_members_that_are_gone_are_removed_and_moved_ones_followed(
    notes: Path, documents: Path, folder: Path, build: Any
) -> None:
    build()
    with open_index(folder, model=EMBEDDER) as index:
        digest = index.document(NAME).digest
    pack(notes, {"brook/otters of the brook.txt": OTTERS})
    receipt = build()
    new = "notes.zip › brook/otters of the brook.txt"
    assert receipt.renamed == ((NAME, new),)
    assert receipt.removed == ("notes.zip › herons.txt",)
    (documents / "otters.txt").write_text(OTTERS)  # as if unpacked
    notes.unlink()
    receipt = build()
    assert receipt.renamed == ((new, "otters.txt"),)
    with open_index(folder, model=EMBEDDER) as index:
        named = index.named(digest)
        assert named is not None
        assert (named.document_id, named.state) == ("otters.txt", "current")


def test_a_renamed_archive_is_not_read_again(notes: Path, folder: Path, build: Any) -> None:
    build()
    notes.rename(notes.with_name("diary.zip"))
    receipt = build()
    assert receipt.renamed == (
        (NAME, "diary.zip › animals/otters.txt"),
        ("notes.zip › herons.txt", "diary.zip › herons.txt"),
    )
    assert receipt.embedded == receipt.reused == 0
    assert ids(folder) == ["beside.txt", "diary.zip › animals/otters.txt", "diary.zip › herons.txt"]
    assert build().nothing_changed


def test_what_is_not_read_is_named_and_stays_named(notes: Path, folder: Path, build: Any) -> None:
    deep = b""
    for name in ("4.zip", "3.zip", "2.zip", "1.zip"):
        deep = pack(notes, {name.replace("zip", "txt"): OTTERS, **({name: deep} if deep else {})})
    members: dict[str, str | bytes] = {
        "../up.txt": "no",
        "C:\\x.txt": "no",
        "photo.raw": "no",
        ".hidden/x.txt": "no",
        "__MACOSX/._x.txt": "no",
        "empty.txt": "",
        "broken.zip": b"PK\3\4 and no more",
        "good › odd.txt": HERONS,
        "deep.zip": deep,
    }
    pack(notes, members)
    for receipt in (build(), build(), build(limits=replace(Limits(), seconds=299))):
        health = receipt.health
        assert [(one.document_id, one.reason) for one in health.unreadable] == [
            ("notes.zip › ../up.txt", "its name leads out of the archive"),
            ("notes.zip › C:/x.txt", "its name leads out of the archive"),
            ("notes.zip › broken.zip", "damaged: not a zip file, or cut short"),
            ("notes.zip › deep.zip › 1.zip › 2.zip › 3.txt", TOO_DEEP),
            ("notes.zip › deep.zip › 1.zip › 2.zip › 3.zip", TOO_DEEP),
            ("notes.zip › empty.txt", "the file is empty"),
        ]
        assert health.unsupported == ("notes.zip › photo.raw",)
        assert health.hidden == 2
    assert "notes.zip › good > odd.txt" in ids(folder)
