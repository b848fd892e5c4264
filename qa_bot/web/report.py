"""What the page says of the index and its files → HTML; every word is escaped by ``plain``."""

from __future__ import annotations

from datetime import datetime

from qa_bot.builds import Receipt
from qa_bot.records import Problem
from qa_bot.web.escaping import name, plain
from qa_bot.web.service import Holdings, Status

_NAMES_SHOWN = 20


def status_html(status: Status) -> str:
    """One quiet line: what is indexed, or how far the work on it is."""
    problem = f'<p class="qa-problem">{plain(status.problem)}</p>' if status.problem else ""
    if status.note and not status.busy:
        problem += f'<p class="qa-status">{plain(status.note)}</p>'
    if status.busy:
        return f'<p class="qa-status">{_progress(status)}</p>'
    if status.holdings is None and status.is_empty:
        return '<p class="qa-status">No documents yet.</p>'
    if status.holdings is None:
        return problem or '<p class="qa-status">Nothing is indexed.</p>'
    return f'<p class="qa-status">{_holdings(status.holdings)}</p>{problem}'


def _progress(status: Status) -> str:
    progress = status.progress
    if progress is None:
        waiting = "Loading the model" if status.activity == "opening" else "Starting"
        return f'{waiting}… <progress aria-label="{waiting}"></progress>'
    bar = f' value="{progress.done:.3f}"' if progress.stage in ("reading", "embedding") else ""
    return f'{progress}… <progress aria-label="How far the index is"{bar}></progress>'


def _holdings(holdings: Holdings) -> str:
    documents = count(len(holdings.documents), "document")
    passages = count(sum(document.passages for document in holdings.documents), "passage")
    health = holdings.health
    names = {problem.document_id for problem in (*health.unreadable, *health.warnings)}
    told = (
        ' · <button type="button" class="qa-open-look">'
        f"{count(len(names), 'file')} {needs(len(names))} a look</button>"
        if names
        else ""
    )
    more = f'<span class="qa-said"> · {passages} · indexed {when(holdings.built_at)}</span>'
    return f"{documents}{more}{told}"


def when(moment: str) -> str:
    """A moment (ISO 8601) in local time, to the minute."""
    local = datetime.fromisoformat(moment).astimezone()
    return f'<time datetime="{plain(moment)}">{local.day} {local:%b %Y, %H:%M}</time>'


def count(number: int, noun: str) -> str:
    """``1 page``, ``1,200 pages``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def needs(number: int) -> str:
    """``1 file needs``, ``2 files need``."""
    return "needs" if number == 1 else "need"


def receipt_html(status: Status) -> str:
    """What the last build did, and every file it could not read; nothing where there is no news."""
    receipt = status.receipt
    if receipt is None:
        return ""
    lists = "".join(
        (
            _names("Added", receipt.added),
            _names("Changed", receipt.changed),
            _names("Renamed", tuple(f"{old} → {new}" for old, new in receipt.renamed)),
            _names("Removed", receipt.removed),
            _names("Read anew for another version or model", receipt.reprocessed),
            _problems("Unreadable", receipt.health.unreadable),
            _problems("Warnings", receipt.health.warnings),
            _names("Of kinds that are not read", receipt.health.unsupported),
        )
    )
    is_open = " open" if status.requested else ""
    return (
        f'<details class="qa-receipt"{is_open}><summary>{_receipt_line(receipt)}</summary>'
        f"{lists}</details>"
    )


def _receipt_line(receipt: Receipt) -> str:
    counts = (
        (len(receipt.added), "added"),
        (len(receipt.changed), "changed"),
        (len(receipt.renamed), "renamed"),
        (len(receipt.removed), "removed"),
        (len(receipt.reprocessed), "read anew"),
        (len(receipt.health.unreadable), "unreadable"),
    )
    changes = ", ".join(f"{number:,} {what}" for number, what in counts if number)
    verb = "updated" if changes else "checked"
    if receipt.remade:
        verb = "made anew, since it was of an older format,"
    line = f"Index {verb} in {receipt.seconds:.1f} s: {changes or 'no file has changed'}"
    passages = receipt.embedded + receipt.reused
    if passages:
        line += f"; {count(passages, 'passage')} written"
    if receipt.reused:
        line += f", {receipt.reused / passages:.0%} of their vectors reused"
    return f"{line}. {name(receipt.chosen)}" if receipt.chosen else line


def _names(title: str, names: tuple[str, ...]) -> str:
    if not names:
        return ""
    shown = "".join(f"<li>{name(one)}</li>" for one in names[:_NAMES_SHOWN])
    rest = len(names) - _NAMES_SHOWN
    more = f"<li>and {rest:,} more</li>" if rest > 0 else ""
    return f"<h3>{title}</h3><ul>{shown}{more}</ul>"


def _problems(title: str, problems: tuple[Problem, ...]) -> str:
    # All of them, however many: a file that is left out must not go unnoticed.
    if not problems:
        return ""
    items = "".join(
        f"<li>{_file(problem.document_id)}: {plain(problem.reason)}</li>" for problem in problems
    )
    heading = f"<h3>{title}</h3>" if title else ""
    return f"{heading}<ul>{items}</ul>"


def _file(document_id: str) -> str:
    return f'<span class="qa-file">{name(document_id)}</span>'
