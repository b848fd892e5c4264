"""What the page's script sends with an event. It comes from a browser: it may be anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr

_MAX_NAMES = 10_000


def sent(event: gr.EventData) -> Mapping[str, Any]:
    """The fields sent with an event; none where it isn't a record."""
    data = event._data
    return data if isinstance(data, dict) else {}


def text(data: Mapping[str, Any], field: str) -> str:
    """A text among the fields, or ""."""
    value = data.get(field)
    return value if isinstance(value, str) else ""


def number(data: Mapping[str, Any], field: str) -> int | None:
    """A whole number among the fields, not negative, or None; texts of digits count."""
    value = data.get(field)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return value if type(value) is int and 0 <= value < 10**15 else None


def numbers(data: Mapping[str, Any], field: str) -> list[int]:
    """A list of whole numbers among the fields, or []."""
    value = data.get(field)
    return (
        [one for one in value[:_MAX_NAMES] if type(one) is int] if isinstance(value, list) else []
    )


def texts(data: Mapping[str, Any], field: str) -> list[str]:
    """A list of texts among the fields, or []."""
    value = data.get(field)
    values = value[:_MAX_NAMES] if isinstance(value, list) else []
    return [one for one in values if isinstance(one, str)]
