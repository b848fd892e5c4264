"""What a build, a check and the state of an index are told as."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape

import qa_bot
from qa_bot.language import language_name
from qa_bot.sharding.state import Replica, Shard
from qa_bot.shell.console import count, err, out, print_text
from qa_bot.store.health import Status
from qa_bot.telling import cure

_NAMES_SHOWN = 20


def print_check(checked: qa_bot.Check) -> None:
    """What a check of the index found."""
    for fault in checked.faults:
        print_text(f"fault: {fault}", "red")
    for change in checked.outdated:
        print_text(f"outdated: {change}", "yellow")
    verdict = "Checked: the index is what it claims"
    if checked.faults:
        verdict = "Checked: something is wrong; `qa-bot index --rebuild` makes it anew"
    elif checked.outdated:
        verdict += ", but `qa-bot index` has work to do"
    recall = (
        "" if checked.recall is None else f" Recall of the vector search: {checked.recall:.3f}."
    )
    out.print(f"{verdict}.{recall}", soft_wrap=True)


def print_status(found: Status, index: Path) -> None:
    """What is indexed, and what is wrong with any file."""
    held = f"{count(len(found.documents), 'document')}, {count(found.passages, 'passage')}"
    out.print(f"[bold]{held}[/]")
    folder = found.documents_folder or "(none: made of ready-made passages)"
    out.print(f"Folder     {escape(folder)} → {escape(str(index))}", soft_wrap=True)
    out.print(f"Model      {escape(found.model)}", soft_wrap=True)
    if found.engine:
        out.print(f"Engine     {escape(found.engine)}", soft_wrap=True)
    built = datetime.fromisoformat(found.built_at).astimezone()
    out.print(f"Built      {built:%Y-%m-%d %H:%M %Z}")
    out.print(f"On disk    {found.bytes / 1e6:.1f} MB")
    for summary in found.documents:
        size = count(summary.passages, "passage")
        if summary.pages:
            size = f"{count(summary.pages, 'page')}, {size}"
        if summary.language:
            size += f", {language_name(summary.language)}"
        out.print(f"  {escape(summary.id)}: {size}", soft_wrap=True)
    print_health(found.health, out)


def print_shards(shards: Sequence[Shard]) -> None:
    """Each shard of an index that is in shards: what it holds, which build, and where it runs."""
    for number, one in enumerate(shards):
        held = f"{count(one.documents, 'document')}, {count(one.passages, 'passage')}"
        told = f"Shard {number:<4} {held}, build {one.generation}"
        if one.replicas is not None:
            places = [_replica(replica) for replica in one.replicas]
            told += f"; served {', '.join(places) or '[yellow]by nothing[/]'}"
        out.print(told, soft_wrap=True)


def _replica(one: Replica) -> str:
    place = f"on {one.node}" if one.node else "[red]by one that doesn't answer[/]"
    return f"{place} [yellow](behind: of build {one.generation})[/]" if one.is_behind else place


def print_health(health: qa_bot.Health, console: Console) -> None:
    """What is wrong with the files, one line each; what is left out on purpose, in one line."""
    for colour, what, problems in (
        ("red", "unreadable", health.unreadable),
        ("yellow", "warning", health.warnings),
    ):
        for problem in problems:
            console.print(
                f"[{colour}]{what}[/] {escape(problem.document_id)}: {escape(problem.reason)}",
                soft_wrap=True,
            )
    if health.unsupported:
        names = ", ".join(health.unsupported[:_NAMES_SHOWN])
        more = len(health.unsupported) - _NAMES_SHOWN
        console.print(
            f"[yellow]unsupported[/] {count(len(health.unsupported), 'file')} not read: "
            f"{escape(names)}{f' and {more:,} more' if more > 0 else ''}",
            soft_wrap=True,
        )
        cures = {cure(name): name for name in reversed(health.unsupported)}
        for said, name in sorted(cures.items()):
            if said:
                console.print(f"[dim]{escape(name)}: {escape(said)}[/]", soft_wrap=True)
    if health.hidden:
        console.print(f"[dim]{count(health.hidden, 'hidden or temporary file')} ignored[/]")


def print_receipt(receipt: qa_bot.Receipt) -> None:
    """What a build did."""
    parts = [
        f"{len(names)} {what}"
        for names, what in (
            (receipt.added, "added"),
            (receipt.changed, "changed"),
            (receipt.reprocessed, "read anew"),
            (receipt.renamed, "renamed"),
            (receipt.removed, "removed"),
        )
        if names
    ]
    if receipt.remade:
        out.print("The index was of an older format and has been made anew.")
    if receipt.chosen:
        print_text(receipt.chosen)
    failed = len(receipt.health.unreadable)
    unreadable = f"; {failed} unreadable" if failed else ""
    out.print(
        f"{', '.join(parts) if parts else 'Nothing changed'}{unreadable}. The index holds "
        f"{count(receipt.documents, 'document')} in {count(receipt.passages, 'passage')} "
        f"({receipt.embedded} embedded, {receipt.reused} reused, {receipt.seconds:.1f} s).",
        soft_wrap=True,
    )
    print_health(receipt.health, err)
