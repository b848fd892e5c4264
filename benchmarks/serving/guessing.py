"""The API, asked by a machine that makes requests of its description.

Run with ``python -m benchmarks.serving.guessing [--requests 3000]``. schemathesis is installed into
an environment of its own. No request may end in a 5xx other than 503, each answer has to be as
described, and without a token nothing is told at all.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import httpx

from benchmarks import ROOT
from benchmarks.datasets import SHARED, need_data
from benchmarks.results import save_section
from benchmarks.serving.running import Library, Server, make_library

ENVIRONMENT = ROOT / ".venv-schemathesis"
PINNED = "schemathesis==4.32.5"
# Not whether all that is described is taken: that a span ends after it starts can't be described.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
# A body that is too long is refused as such. A picture needs a document that has pages: where one
# is named, no other name is tried, so that what may not be asked can't be told of.
_SETTINGS = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429, 503]
[[operations]]
include-path = "/documents/{document_id}/pages/{number}.png"
parameters = { "path.document_id" = "invoice.pdf" }
generation.mode = "positive"
[[operations]]
include-path = "/documents/{document_id}/boxes"
parameters = { "path.document_id" = "invoice.pdf" }
generation.mode = "positive"
"""
PAGED = SHARED / "cases" / "pdf-invoice" / "invoice.pdf"
_MADE = re.compile(r"(\d[\d,]*) generated(?:, (\d+) found)?")


def install() -> Path:
    """schemathesis, in an environment of its own."""
    program = ENVIRONMENT / "bin" / "schemathesis"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)  # noqa: S603
        pip: list[str | Path] = [
            ENVIRONMENT / "bin" / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            PINNED,
        ]
        subprocess.run(pip, check=True)  # noqa: S603
    return program


def guess(program: Path, description: Path, server: Server, token: str, each: int) -> str:
    """What schemathesis says; ``each`` is the number of examples for an operation."""
    done = subprocess.run(  # noqa: S603
        [
            *(program, "run", description, "--url", f"{server.url}/api/v1"),
            *("--header", f"Authorization: Bearer {token}", "--seed", "1", "--no-color"),
            *("--max-examples", str(each), "--phases", "examples,coverage,fuzzing"),
            *("--checks", ",".join(CHECKS), "--continue-on-failure", "--request-timeout", "120"),
            *("--suppress-health-check", "all", "--workers", "2"),
        ],
        cwd=description.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def statuses(server: Server) -> Counter[str]:
    """How many responses had each status since the server was started, but for its figures."""
    told = httpx.get(f"{server.url}/metrics", headers=server.headers, timeout=60).text
    found: Counter[str] = Counter()
    for line in re.findall(r'seconds_count\{route="/api.*', told):
        found[line.partition('status="')[2][:3]] += int(float(line.rpartition(" ")[2]))
    return found


def ask(library: Library, requests: int) -> str:
    """The section of RESULTS.md."""
    program = install()
    rows = []
    with Server(library) as server:
        server.wait()
        described = httpx.get(f"{server.url}/api/v1/openapi.json", headers=server.headers)
        description = library.home / "openapi.json"
        description.write_text(described.text, encoding="utf-8")
        (library.home / "schemathesis.toml").write_text(_SETTINGS, encoding="utf-8")
        operations = sum(len(path) for path in described.json()["paths"].values())
        for name, token in (("with a token", library.token), ("with a wrong one", "qab_wrong")):
            before, came = len(server.log), statuses(server)
            told = guess(program, description, server, token, -(-requests // operations))
            print(told)
            made = _MADE.search(told)
            logged = [line for line in server.log[before:] if "Traceback" in line]
            got = statuses(server) - came
            codes = ", ".join(f"{code}: {count:,}" for code, count in sorted(got.items()))
            found = (made and made[2]) or 0
            rows.append(
                f"| {name} | {made[1] if made else 0} | {found} | {len(logged)} | {codes} |"
            )
    return "\n".join(
        [
            "## Serving: requests made of the API's description",
            "",
            f"Made by `python -m benchmarks.serving.guessing`: {PINNED}, {operations} operations; "
            f"checked: {', '.join(CHECKS)}.",
            "",
            "| | requests | that failed a check | tracebacks in the log | responses by status |",
            "|---|---:|---:|---:|---|",
            *rows,
        ]
    )


def main() -> None:
    """Ask, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=3_000)
    options = parser.parse_args()
    need_data()
    home = Path(tempfile.mkdtemp(prefix="qa-bot-guess-"))
    try:
        library = make_library(home, 1)
        shutil.copy(PAGED, library.documents)
        text = ask(library, options.requests)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(text)
    save_section("serving-guessing", text)


if __name__ == "__main__":
    main()
