"""Zip files of XML (Word, EPUB), opened so that a hostile one costs little."""

from __future__ import annotations

import zlib
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from qa_bot.loaders.html.markup import parse_xml

if TYPE_CHECKING:
    from lxml import etree

MAX_UNPACKED = 200 * 2**20  # bytes, of all members together
MAX_RATIO = 150  # unpacked to packed; Word's own XML stays under 50
MAX_MEMBERS = 20_000
_SMALL = 2**20  # bytes; a member that unpacks to less may be packed as tightly as it likes
_DAMAGED = (BadZipFile, EOFError, OSError, zlib.error)  # what zipfile raises
METHODS = {  # of packing that are not read here, by the numbers in zip's specification
    1: "Shrink",
    6: "Implode",
    9: "Deflate64",
    12: "bzip2",
    14: "LZMA",
    93: "Zstandard",
    95: "XZ",
    98: "PPMd",
    99: "AES encryption",
}
ENCRYPTED = 0x41  # flags of a member: encrypted, strongly or not
PATCH = 0x20
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")


class Archive:
    """A zip file whose members fit into memory.

    Raises:
        ValueError: It would unpack to too much, or is no zip file.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            if file.read(len(_OLE)) == _OLE:
                raise ValueError("protected by a password, or in an Office format of before 2007")
        try:
            self._zip = ZipFile(path)
        except _DAMAGED as error:
            raise ValueError("damaged: not a zip file, as this format should be") from error
        except NotImplementedError as error:
            raise ValueError("of a newer version of zip than can be read here") from error
        try:
            self._check()
        except BaseException:
            self._zip.close()
            raise
        self._left = MAX_UNPACKED

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    @property
    def names(self) -> list[str]:
        """The members' names."""
        return self._zip.namelist()

    def _check(self) -> None:
        members = self._zip.infolist()
        if len(members) > MAX_MEMBERS:
            raise ValueError(f"holds more than {MAX_MEMBERS} files")
        if sum(member.file_size for member in members) > MAX_UNPACKED:
            raise ValueError(f"unpacks to more than {MAX_UNPACKED // 2**20} MiB")
        for member in members:
            if member.file_size > max(_SMALL, MAX_RATIO * member.compress_size):
                raise ValueError(f"{member.filename} is packed too tightly: a decompression bomb?")

    def read(self, name: str) -> bytes:
        """Unpack one member; all calls together never yield more than ``MAX_UNPACKED``.

        Raises:
            ValueError: It isn't there, is damaged, encrypted or packed by a
                method that isn't read here, or the limit is reached.
        """
        try:
            member = self._zip.getinfo(name)
        except KeyError as error:
            raise ValueError(f"damaged: {name} is missing") from error
        if member.flag_bits & ENCRYPTED:
            raise ValueError("encrypted")
        if member.flag_bits & PATCH:
            raise ValueError(f"{name} is packed as a patch, which can't be unpacked here")
        if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            method = METHODS.get(member.compress_type, f"method {member.compress_type}")
            raise ValueError(f"{name} is packed with {method}, which can't be unpacked here")
        try:
            with self._zip.open(member) as file:
                data = file.read(self._left + 1)  # the declared size may be a lie
        except _DAMAGED as error:
            raise ValueError(f"damaged: {name} can't be unpacked") from error
        self._left -= len(data)
        if self._left < 0:
            raise ValueError(f"unpacks to more than {MAX_UNPACKED // 2**20} MiB")
        return data

    def read_xml(self, name: str) -> etree._Element:
        """Unpack and parse one member; see ``parse_xml``."""
        try:
            return parse_xml(self.read(name))
        except SyntaxError as error:  # lxml's XMLSyntaxError
            raise ValueError(f"damaged: {name} is not well-formed") from error
