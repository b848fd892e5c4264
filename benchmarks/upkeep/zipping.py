"""Zip files of the same bytes each time."""

from __future__ import annotations

import io
import zipfile

_WHEN = (2024, 1, 1, 0, 0, 0)


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip file of the members, in their order."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, data in members.items():
            kind = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            file.writestr(zipfile.ZipInfo(name, _WHEN), data, kind)
    return stream.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    """The members of a zip file."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}
