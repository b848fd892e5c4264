"""A mailbox of 10,000 mails: indexed, opened, and brought up to date after one more mail.

``python -m benchmarks.upkeep.large_mailbox`` prints the seconds of each; vectors mean nothing here.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from email.message import EmailMessage
from pathlib import Path

from benchmarks.hashing import HashEmbedder
from qa_bot import build_index, open_index
from qa_bot.builds import Receipt
from qa_bot.web.originals import Originals

_DAYS = 28


def mail(number: int) -> bytes:
    """One mail, every tenth with a file attached, every third an answer."""
    made = EmailMessage()
    made["From"] = f"Keeper {number % 50} <keeper{number % 50}@lake.example>"
    made["To"] = "warden@lake.example"
    made["Date"] = f"Mon, {number % _DAYS + 1:02} Jan 2024 10:00:00 +0000"
    made["Subject"] = f"Hut {number} and its otters"
    text = f"Hut {number} has {number % 7} otters.\n\nTheir keeper wrote on day {number % 365}."
    quoted = f"\n\nOn Sunday, the warden wrote:\n> How many otters has hut {number}?\n"
    made.set_content(text + (quoted if number % 3 == 0 else "\n"))
    if number % 10 == 0:
        data = f"hut,otters\n{number},{number % 7}\n".encode()
        made.add_attachment(data, "text", "csv", filename=f"hut{number}.csv")
    return b"From keeper@lake.example Mon Jan  1 10:00:00 2024\n" + made.as_bytes() + b"\n"


def main() -> None:
    """Print how long each takes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mails", type=int, default=10_000)
    count = parser.parse_args().mails
    with tempfile.TemporaryDirectory() as name:
        documents, index = Path(name) / "documents", Path(name) / "index"
        documents.mkdir()
        box, embedder = documents / "in.mbox", HashEmbedder()
        with box.open("wb") as file:
            file.writelines(mail(number) for number in range(count))
        print(f"{count:,} mails, {box.stat().st_size / 2**20:.1f} MiB")

        def build(what: str) -> Receipt:
            began, spent = time.perf_counter(), time.process_time()
            receipt = build_index(documents, index, model=embedder)
            seconds = time.perf_counter() - began, time.process_time() - spent
            print(f"{what}: {seconds[0]:.1f} s, {seconds[1]:.1f} s of them of this process's CPU")
            return receipt

        assert len(build("indexed").added) == count + -(-count // 10)
        time.sleep(2.1)  # else its time could not tell a later change
        with box.open("ab") as file:
            file.write(mail(count + 1))
        receipt = build("one more mail")
        assert (len(receipt.added), receipt.changed, receipt.removed) == (1, (), ())
        time.sleep(2.1)
        build("settled")
        assert build("nothing to do").nothing_changed
        with open_index(index, model=embedder) as opened:
            last = max(opened.documents(), key=lambda one: one.id).id
        began = time.perf_counter()
        found = Originals(documents).file(last)
        print(f"opened {last}: {time.perf_counter() - began:.2f} s")
        assert found is not None


if __name__ == "__main__":
    main()
