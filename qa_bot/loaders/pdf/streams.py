"""A content stream → its operators, of a damaged one as many as can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pypdf._protocols import PdfCommonDocProtocol
    from pypdf.generic import PdfObject

Operations = list[tuple[Any, bytes]]
"""Operands, and the operator that they are for."""


def operations(stream: PdfObject, pdf: PdfCommonDocProtocol | None) -> tuple[Operations, bool]:
    """The operators up to where the stream is damaged, and whether it is."""
    from pypdf.generic import ContentStream

    try:
        if not isinstance(stream, ContentStream):
            stream = ContentStream(stream, pdf, "bytes")
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - pypdf raises anything on damaged bytes
        return [], True
    is_cut = False
    for _ in range(2):  # asked again, it gives what it had read when it broke off
        try:
            return stream.operations, is_cut
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001
            is_cut = True
    return [], True
