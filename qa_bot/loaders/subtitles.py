"""Subtitles (.srt, .vtt): what is said, with the time of each line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from qa_bot.loaders.decoding import decode, refuse_binary
from qa_bot.loaders.writing import one_line, title_of_name
from qa_bot.records import Block, Document, Page, PageSpan, Section

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,]\d{1,3}"
_CUE = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}")
_SPEAKER = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<\d[\d:.]*>|\{\\[^{}]*\}")
_ASIDE = re.compile(r"(?:NOTE|STYLE|REGION|WEBVTT)\b")
_PAUSE = 3  # seconds without a word: something else begins
_LONG = 500  # characters of a paragraph, which then ends with the next sentence
_ENDS = (".", "!", "?", "…", '."', "?”", ".”", "。")


@dataclass(frozen=True, slots=True)
class _Cue:
    start: int  # in seconds
    end: int
    text: str


def load_subtitles(path: Path, document_id: str) -> Document:
    """Read a file of subtitles.

    Raises:
        ValueError: It has no times, or is no text.
    """
    source, warnings = decode(path.read_bytes())
    refuse_binary(source)
    cues = list(_cues(source))
    if not cues:
        raise ValueError("damaged: it has no lines with times")
    return _laid_out(cues, document_id, warnings)


def _cues(source: str) -> Iterator[_Cue]:
    """Each stretch of time with what is said in it; notes are a part of their own without time."""
    shown: list[str] = []  # the lines of the cue before: captions that roll say them again
    end = 0
    for part in re.split(r"\n[ \t]*\n", source.strip("\ufeff\n ")):
        lines = part.split("\n")
        at = next((number for number, line in enumerate(lines) if _CUE.match(line)), None)
        if at is None:
            if not _ASIDE.match(lines[0]) and not lines[0].strip().isdecimal():
                text = one_line(_said("\n".join(lines)))
                if text and shown:  # a blank line inside of a cue
                    yield _Cue(end, end, text)
            continue
        found = _CUE.match(lines[at])
        if found is None:
            continue
        start, end = _seconds(*found.groups()[:3]), _seconds(*found.groups()[3:])
        said = [one_line(_said(line)) for line in lines[at + 1 :]]
        said = [line for line in said if line]
        again = next(
            (size for size in range(len(said), 0, -1) if size and said[:size] == shown[-size:]), 0
        )
        shown = said
        if text := " ".join(said[again:]):
            yield _Cue(start, max(start, end), text)


def _seconds(hours: str | None, minutes: str, seconds: str) -> int:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)


def _said(line: str) -> str:
    """What a line shows: without its looks, with who speaks."""
    line = _SPEAKER.sub(lambda found: f"{found[1].strip()}: ", line)
    return unescape(_TAG.sub("", line))


def _named(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def _laid_out(cues: list[_Cue], document_id: str, warnings: tuple[str, ...]) -> Document:
    """Paragraphs that end with a pause, or a sentence; a line for each stretch of time."""
    parts: list[str] = []
    blocks: list[Block] = []
    starts: list[int] = []
    length = begins = 0
    for number, cue in enumerate(cues):
        before = cues[number - 1] if number else None
        if before is not None:
            is_long = length - begins > _LONG and before.text.endswith(_ENDS)
            ends = is_long or cue.start - before.end >= _PAUSE
            if ends:
                blocks.append(Block("paragraph", begins, length))
            parts.append("\n\n" if ends else "\n")
            length += len(parts[-1])
            begins = length if ends else begins
        starts.append(length)
        parts.append(cue.text)
        length += len(cue.text)
    blocks.append(Block("paragraph", begins, length))
    pages = tuple(
        PageSpan(Page(_label(cue), number, 0, "time"), start, end)
        for number, (cue, start, end) in enumerate(
            zip(cues, starts, [*starts[1:], length], strict=True), 1
        )
    )
    text = "".join(parts)
    whole = (Section((), 0, length),)
    title = title_of_name(document_id)
    return Document(document_id, title, text, whole, tuple(blocks), pages, warnings)


def _label(cue: _Cue) -> str:
    return "–".join(dict.fromkeys((_named(cue.start), _named(cue.end))))
