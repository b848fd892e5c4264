"""The peers' own virtual environment, and jobs for ``benchmarks.peers.worker`` in it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import ROOT
from benchmarks.peers.systems import OFFLINE, System

FOLDER = ROOT / ".venv-peers"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
TORCH = "torch==2.13.0"
PYTHON = FOLDER / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Done:
    """What a job answered, line by line, and how many seconds after its start the first came."""

    answers: tuple[dict[str, Any], ...]
    first: float


class JobError(Exception):
    """A job failed; the message ends with what it said last."""


def make_environment() -> None:
    """Install the peers, and this checkout with them, where that has not been done.

    Everything runs on the same torch and transformers that way. PyTorch comes
    from the index that ``TORCH_INDEX`` names, as in the Makefile.
    """
    wanted = hashlib.sha256(
        b"".join(file.read_bytes() for file in (REQUIREMENTS, ROOT / "pyproject.toml"))
    ).hexdigest()
    stamp = FOLDER / "installed"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    print(f"Installing the peers into {FOLDER.name}; this takes a few minutes, once.", flush=True)
    if not PYTHON.exists():
        _run(sys.executable, "-m", "venv", str(FOLDER))
    pip = (str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    index = os.environ.get("TORCH_INDEX")
    _run(*pip, *(("--index-url", index) if index else ()), TORCH)
    _run(*pip, "--requirement", str(REQUIREMENTS))
    _run(*pip, "--constraint", str(REQUIREMENTS), "--editable", str(ROOT))
    stamp.write_text(wanted)


def do_job(system: System, task: str, python: Path = PYTHON, **details: object) -> Done:
    """Have a new process do it.

    Args:
        system: Which system, at which setting.
        task: A key of ``worker.JOBS``.
        python: The interpreter.
        details: What else the job needs, as JSON can hold it.

    Raises:
        JobError: It failed.
    """
    job = {"task": task, "module": system.module, "options": dict(system.options), **details}
    began = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own module
        [str(python), "-m", "benchmarks.peers.worker"],
        cwd=ROOT,
        env={**os.environ, **OFFLINE},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        answers, first, said = _converse(process, json.dumps(job), began)
    if process.returncode:
        raise JobError(f"{system.key}, {task}: {' / '.join(said.splitlines()[-3:])}")
    return Done(tuple(json.loads(line) for line in answers), first)


def _converse(
    process: subprocess.Popen[str], job: str, began: float
) -> tuple[list[str], float, str]:
    """Hand over the job; the answers, when the first one came, and what was said beside."""
    from threading import Thread

    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    said: list[str] = []
    # Read beside: a process whose pipe is full waits for ever.
    listener = Thread(target=lambda: said.append(process.stderr.read()))  # type: ignore[union-attr]
    listener.start()
    process.stdin.write(job)
    process.stdin.close()
    answers = [process.stdout.readline()]
    first = time.perf_counter() - began
    answers += process.stdout.readlines()
    listener.join()
    return [line for line in answers if line.strip()], first, said[0]


def _run(*command: str) -> None:
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - pip, with fixed arguments
        raise SystemExit("The peers can't be installed; see above.")
