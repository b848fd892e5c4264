"""Processes of our own that handle strangers' files: started, limited, and seen to be gone.

They are subprocesses of this very interpreter: ``fork`` under torch's threads can
deadlock, and ``spawn`` would run a user's unguarded script again.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

_PATIENCE = 0.2  # seconds that a process gets to end by itself


def start(module: str) -> subprocess.Popen[bytes]:
    """Start ``main`` of a module of ours, with pipes to its input and from its output.

    Raises:
        OSError: The system can't start another process.
    """
    # Without the package's own module, which imports everything: two thirds of the start.
    code = (
        "import sys, types; package = sys.modules['qa_bot'] = types.ModuleType('qa_bot'); "
        f"package.__path__ = [{str(Path(__file__).parent)!r}]; import {module} as m; m.main()"
    )
    # -P: a json.py in the current folder must not be taken for Python's own.
    return subprocess.Popen(  # noqa: S603 - this very interpreter and a text of our own
        [sys.executable, "-P", "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for its parent, which ends it
    )


def stop(process: subprocess.Popen[bytes]) -> None:
    """See that a process is gone; its exit status is its own where it ended by itself."""
    with suppress(OSError):
        if process.stdin is not None:
            process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE)
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def limit_memory(memory: int) -> None:
    """Cap this process's address space, in bytes, where the system can (macOS can't)."""
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
