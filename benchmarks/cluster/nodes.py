"""A Ray cluster of several nodes on this machine's loopback addresses."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qa_bot.sharding.cluster import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
_STORE = 80_000_000  # bytes of shared memory


class Cluster:
    """Nodes that are processes of ours; each is ended by its own process group."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = one.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        # Without it a head asks at the clouds' addresses in which of them it is.
        (folder / "ray_bootstrap_config.yaml").write_text("{}")
        self._proxy = socket.create_server(("127.0.0.1", 0))
        self.asked_out: list[str] = []
        """What nodes wanted from elsewhere: the first line of each request, which goes nowhere."""
        threading.Thread(target=self._refuse, daemon=True).start()
        self.environment = os.environ | SETTINGS
        self.environment |= {
            "RAY_AUTH_TOKEN": secrets.token_hex(16),
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "1",
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder),
            # What would leave the machine by HTTP comes to us; gRPC reads these in small letters.
            "HTTP_PROXY": f"http://127.0.0.1:{self._proxy.getsockname()[1]}",
            "HTTPS_PROXY": f"http://127.0.0.1:{self._proxy.getsockname()[1]}",
            "RAY_health_check_period_ms": "500",
            # Three are too few where the processors are busy: nodes that live were given up.
            "RAY_health_check_failure_threshold": "12",
        }
        self.nodes: list[subprocess.Popen[bytes]] = []

    def start(self, cpus: int = 1, gpus: int = 0) -> int:
        """Start a node, the first time the head; return its number. Its GPUs are only said."""
        number = len(self.nodes)
        role = ["--head", f"--port={self.port}", f"--temp-dir={self.folder}"]
        if number:
            role = [f"--address={self.address}"]
        ray = Path(sys.executable).with_name("ray")
        command = [
            *(str(ray), "start", "--block", *role, f"--node-ip-address={self.address_of(number)}"),
            *(f"--num-cpus={cpus}", f"--num-gpus={gpus}", f"--object-store-memory={_STORE}"),
            *("--include-dashboard=false",) * (not number),
            "--disable-usage-stats",
        ]
        devices = {"CUDA_VISIBLE_DEVICES": ",".join(map(str, range(gpus)))}
        environment = self.environment | (devices if gpus else {})
        with (self.folder / f"node-{number}.log").open("wb") as log:
            node = subprocess.Popen(  # noqa: S603 - our own command
                command, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self.nodes.append(node)
        return number

    def address_of(self, number: int) -> str:
        """The address that a node has been given; Ray calls the head by the machine's own."""
        return f"127.0.0.{number + 1}"

    def peers(self) -> set[str]:
        """The addresses at the other end of all that is connected, or is to be, just now."""
        found = set()
        for node in self.nodes:
            for process in below(node.pid) if node.poll() is None else ():
                found |= _connected_to(process)
        return found

    def kill(self, number: int) -> None:
        """End all processes of a node at once."""
        self._end(number, signal.SIGKILL)

    def _end(self, number: int, how: signal.Signals) -> None:
        node = self.nodes[number]
        for process in reversed(below(node.pid)):
            try:
                os.kill(process, how)
            except ProcessLookupError:
                continue
        node.wait(timeout=60)

    def _refuse(self) -> None:
        with suppress(OSError):  # it was closed
            while True:
                one, _ = self._proxy.accept()
                with one, one.makefile() as stream, suppress(OSError, ValueError):
                    self.asked_out.append(stream.readline().strip())

    def close(self) -> None:
        """End what runs still."""
        self._proxy.close()
        for number, node in reversed(list(enumerate(self.nodes))):
            if node.poll() is None:
                self.kill(number)


def _connected_to(process: int) -> set[str]:
    """The addresses (IPv4, and IPv6 where it is one) that a process's sockets lead to."""
    place = Path(f"/proc/{process}")
    try:
        held = {os.readlink(one) for one in (place / "fd").iterdir()}
        lines = [
            line.split()
            for name in ("tcp", "tcp6")
            for line in (place / "net" / name).read_text().splitlines()[1:]
        ]
    except OSError:  # it has ended
        return set()
    remote = [line[2].partition(":")[0] for line in lines if f"socket:[{line[9]}]" in held]
    return {
        socket.inet_ntop(socket.AF_INET, bytes.fromhex(one[-8:])[::-1])
        for one in remote
        if int(one, 16)  # 0: it listens
    }


def below(process: int) -> list[int]:
    """A process and all that it, or one that it started, has started, by any of its threads."""
    found = [process]
    for one in found:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            with suppress(OSError):  # it has ended
                found += map(int, children.read_text().split())
    return found


@contextmanager
def cluster(nodes: int, head_cpus: int = 1, gpus: int = 0) -> Iterator[Cluster]:
    """A cluster of so many nodes, which is there until the end; a head of 0 runs nothing else.

    All but the head say that they have so many GPUs.
    """
    with tempfile.TemporaryDirectory(prefix="qb-", ignore_cleanup_errors=True) as folder:
        held = Cluster(Path(folder))
        try:
            for number in range(nodes):
                held.start(1 if number else head_cpus, gpus if number else 0)
            yield held
        finally:
            held.close()
