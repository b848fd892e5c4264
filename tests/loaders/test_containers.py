"""Files in files: one budget for all of them, none at the others' cost, and nothing written out."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from qa_bot.builds import Limits
from qa_bot.errors import UnreadableDocumentError
from qa_bot.loaders.containers import Finding, Known, Walk, members_of
from qa_bot.loaders.pool import Inside, Through, extract_member, read_documents
from qa_bot.members import file_of, is_member, own_name, parts_of, shown_name
from qa_bot.text import name_words


def packed(members: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return made.getvalue()


def walk(folder: Path, data: bytes, limits: Limits | None = None, **known: object) -> list[Finding]:
    """What is found in an archive of these bytes."""
    (folder / "a.zip").write_bytes(data)
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    going = Walk(limits or Limits(), scratch, Known(**known), lambda _: None, {})  # type: ignore[arg-type]
    found = list(going.findings(folder / "a.zip", "a.zip"))
    assert list(scratch.iterdir()) == []
    return found


def told(found: list[Finding]) -> list[tuple[str, str, str]]:
    return [(one.kind, one.id, one.reason) for one in found]


def test_an_id_says_what_it_lies_in() -> None:
    name = "x/a.zip › b › c.txt/in.MBOX › 2024 Roof.eml › plan.pdf"
    assert parts_of(name) == ("x/a.zip", "b › c.txt/in.MBOX", "2024 Roof.eml", "plan.pdf")
    assert (file_of(name), own_name(name)) == ("x/a.zip", "plan.pdf")
    assert own_name("a.zip › b/c.txt") == "c.txt"
    assert is_member(name)
    for other in ("a.zip", "a › b.txt", "a.zip›b.txt", "a.zip/b.txt", "a.zipper › b"):
        assert not is_member(other)
        assert file_of(other) == other
    assert shown_name("a\\b\n › \u202ec\x00.txt") == "a/b > \ufffdc\ufffd.txt"
    assert name_words("tax letters.zip › heron_report.pdf") == ["heron", "report"]


def test_one_budget_is_spent_on_all_that_lies_in_a_file(tmp_path: Path) -> None:
    inner = packed({f"{n}.txt": "Otters sleep." for n in range(5)})
    data = packed({"1.zip": inner, "2.zip": inner})
    found = walk(tmp_path, data, replace(Limits(), members=9))
    assert [one.kind for one in found].count("read") == 7
    rest = "holds more than 9 files: the rest isn't read"
    assert told(found)[-1] == ("left out", "a.zip", rest)
    found = walk(tmp_path, data, replace(Limits(), unpacked=len(inner) + 30))
    assert [one.kind for one in found] == ["read", "read", "left out"]
    assert "unpacks to more than" in found[-1].reason
    found = walk(tmp_path, data, replace(Limits(), nested_seconds=-1.0))
    assert [one.kind for one in found] == ["left out"]


def test_a_large_member_and_a_bomb_are_named_and_the_others_read(tmp_path: Path) -> None:
    data = packed({"big.txt": "x " * 3000, "bomb.txt": bytes(20 * 2**20), "small.txt": "Otters."})
    found = walk(tmp_path, data, replace(Limits(), size=2**12))
    assert told(found) == [
        ("unreadable", "a.zip › big.txt", "larger than 0.00390625 MiB"),
        ("unreadable", "a.zip › bomb.txt", "packed too tightly: a decompression bomb?"),
        ("read", "a.zip › small.txt", ""),
    ]


def test_a_member_that_lies_about_its_size_is_cut_off(tmp_path: Path) -> None:
    data = bytearray(packed({"a.txt": "Otters sleep. " * 5000}))
    place = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, place + 24, 10)  # unpacked bytes, as the directory says
    found = walk(tmp_path, bytes(data))
    assert [one.kind for one in found] == ["unreadable"]
    assert found[0].reason.startswith("damaged")


def test_encrypted_members_are_named(tmp_path: Path) -> None:
    data = bytearray(packed({"secret.txt": "Otters."}, zipfile.ZIP_STORED))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flags] |= 1
    found = walk(tmp_path, bytes(data))
    assert told(found) == [("unreadable", "a.zip › secret.txt", "encrypted")]


def test_overlapping_members_are_refused(tmp_path: Path) -> None:
    whole = bytearray(packed({"a.txt": "Otters. " * 100, "b.txt": "x"}))
    place = whole.index(b"PK\x01\x02")
    struct.pack_into("<I", whole, place + 20, len(whole) + 1)
    with pytest.raises(UnreadableDocumentError, match="overlap"):
        walk(tmp_path, bytes(whole))


def test_an_archive_of_nothing_is_named(tmp_path: Path) -> None:
    assert told(walk(tmp_path, packed({}))) == [("left out", "a.zip", "holds no files")]


def test_names_in_old_code_pages_and_twice_are_told_apart(tmp_path: Path) -> None:
    marked = packed({"grün.txt": "Otters.", "x.txt": "a"})
    plain = bytearray(marked)
    for mark, flags in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        plain[plain.index(mark) + flags] &= ~8  # no longer said to be UTF-8, as others write it
    for data in (marked, bytes(plain)):
        assert told(walk(tmp_path, data))[0][1] == "a.zip › grün.txt"
    twice = marked.replace(b"gr\xc3\xbcn.txt", b"xxxxx.txt")
    made = io.BytesIO(twice)
    with zipfile.ZipFile(made, "a") as file:
        file.writestr("xxxxx.txt", "Herons.")
    names = [one.id for one in walk(tmp_path, made.getvalue())]
    assert names == ["a.zip › xxxxx.txt", "a.zip › x.txt", "a.zip › xxxxx (2).txt"]


def test_known_members_are_not_read_and_what_is_in_them_not_looked_at(tmp_path: Path) -> None:
    mail = b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHi.\n--b\n"
    mail += b"Content-Disposition: attachment; filename=a.txt\n\nOtters.\n--b--\n"
    data = packed({"m.eml": mail, "n.txt": "New."})
    first = walk(tmp_path, data)
    assert [one.id for one in first] == ["a.zip › m.eml", "a.zip › m.eml › a.txt", "a.zip › n.txt"]
    hashes = {one.id: one.file_hash for one in first[:2]}
    again = walk(tmp_path, data, hashes=hashes, settled=True)
    assert [(one.kind, one.whole) for one in again] == [("kept", True), ("read", False)]
    again = walk(tmp_path, data, hashes=hashes, settled=False)
    assert [one.kind for one in again] == ["kept", "kept", "read"]


def outcomes(folder: Path, data: bytes, limits: Limits) -> Iterator[Finding]:
    path = folder / "a.zip"
    path.write_bytes(data)
    *found, last = read_documents([("a.zip", path)], limits)
    assert last == Through("a.zip")
    for one in found:
        assert isinstance(one, Inside)
        yield one.finding


def test_a_member_that_takes_too_long_costs_itself(tmp_path: Path) -> None:
    slow = "All work and no play.\n\n" * 1_000_000
    members = {"1.txt": "First.", "2/slow.txt": slow, "3.eml": "Subject: Third\n\nYes."}
    data = packed(members, zipfile.ZIP_STORED)
    found = list(outcomes(tmp_path, data, replace(Limits(), seconds=3.0)))
    assert sorted((one.kind, one.id) for one in found) == [
        ("read", "a.zip › 1.txt"),
        ("read", "a.zip › 3.eml"),
        ("unreadable", "a.zip › 2/slow.txt"),
    ]
    assert [one.reason for one in found if one.reason] == ["takes longer than 3 s to read"]


def test_a_member_is_written_out_by_itself(tmp_path: Path) -> None:
    inner = packed({"deep/b.txt": b"Otters\r\n"})
    path = tmp_path / "a.zip"
    path.write_bytes(packed({"in.zip": inner, "../up.txt": "no"}))
    extract_member(path, "a.zip › in.zip › deep/b.txt", tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_bytes() == b"Otters\r\n"
    for name, reason in (("../up.txt", "leads out"), ("no.txt", "no longer in the file")):
        with pytest.raises(UnreadableDocumentError, match=reason):
            extract_member(path, f"a.zip › {name}", tmp_path / "other.txt")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.zip", "out.txt"]
    assert [one.name for one in members_of(path)] == ["in.zip", "../up.txt"]
