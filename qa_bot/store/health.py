"""What state an index is in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qa_bot.errors import ModelError
from qa_bot.records import DocumentSummary, Health
from qa_bot.store.opening import Index


@dataclass(frozen=True, slots=True)
class Status:
    """An index at a glance. ``bytes`` is its size on disk."""

    documents: tuple[DocumentSummary, ...]
    passages: int
    model: str
    built_at: str  # ISO 8601, UTC
    bytes: int
    health: Health
    documents_folder: str  # that it was built from; "" where it was made of ready-made passages
    engine: str = ""  # what runs the model, and why not another; "" where the model doesn't say


def status(index: Index) -> Status:
    """Describe an open index."""
    folder = index.documents_folder
    return Status(
        documents=index.documents(),
        passages=index.passage_count,
        model=index.model,
        built_at=index.built_at,
        bytes=_size(index.folder),
        health=index.health(),
        documents_folder=str(folder.resolve()) if folder else "",
        engine=_engine(index),
    )


def _engine(index: Index) -> str:
    try:
        return str(getattr(index.embedder, "engine", ""))
    except ModelError as error:
        return f"none: {error}"


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
