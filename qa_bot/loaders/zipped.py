"""The members of a zip file. Nothing is unpacked but into memory, part by part."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from qa_bot.loaders.archive import ENCRYPTED, METHODS, PATCH
from qa_bot.loaders.member_files import Member, MemberError
from qa_bot.members import shown_name

MAX_RATIO = 400  # unpacked to packed; a log of one repeated line stays under 300
_SMALL = 10 * 2**20  # bytes; a member that unpacks to less may be packed as tightly as it likes
_CHUNK = 2**20  # bytes
_DAMAGED = (BadZipFile, EOFError, OSError, zlib.error, ValueError)  # what zipfile raises
_DRIVE = re.compile(r"[A-Za-z]:")
_UTF8 = 0x800  # flag of a member: its name is in UTF-8


def zip_members(path: Path) -> Iterator[Member]:
    """Each file in a zip file; folders are none.

    Raises:
        MemberError: It is no zip file, or one that is made to fill a disk.
    """
    try:
        opened = ZipFile(path)
    except NotImplementedError as error:
        raise MemberError("of a newer version of zip than can be read here") from error
    except _DAMAGED as error:
        raise MemberError("damaged: not a zip file, or cut short") from error
    with opened as file:
        listed = file.infolist()
        if sum(one.compress_size for one in listed) > path.stat().st_size:
            raise MemberError("its files overlap: a decompression bomb?")
        for info in listed:
            name = shown_name(_name(info))
            if info.is_dir() or not name:
                continue
            problem = _problem(info, name)
            yield Member(name, info.file_size, problem, partial(_unpacked, file, info))


def _name(info: ZipInfo) -> str:
    """The member's name; one that isn't marked as UTF-8 may be, or is in an old code page."""
    if info.flag_bits & _UTF8 or info.orig_filename.isascii():
        return info.filename
    try:
        return info.orig_filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _problem(info: ZipInfo, name: str) -> str:
    if ".." in name.split("/") or name.startswith("/") or _DRIVE.match(name):
        return "its name leads out of the archive"
    if info.flag_bits & ENCRYPTED:
        return "encrypted"
    if info.flag_bits & PATCH:
        return "packed as a patch, which can't be unpacked here"
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        method = METHODS.get(info.compress_type, f"method {info.compress_type}")
        return f"packed with {method}, which can't be unpacked here"
    if info.file_size > max(_SMALL, MAX_RATIO * info.compress_size):
        return "packed too tightly: a decompression bomb?"
    return ""


def _unpacked(file: ZipFile, info: ZipInfo) -> Iterator[bytes]:
    try:
        with file.open(info) as member:
            while chunk := member.read(_CHUNK):
                yield chunk
    except (*_DAMAGED, NotImplementedError, RuntimeError) as error:
        raise MemberError("damaged: it can't be unpacked") from error
