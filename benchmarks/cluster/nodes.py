"""A Ray cluster of several nodes on this machine's loopback addresses."""

from __future__ import annotations

import os
import secrets
import shutil
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
_SWITCH = "qa-bot-switch"
_STORE = 80_000_000  # bytes of shared memory


class Cluster:
    """Nodes that are processes of ours; each is ended by its own process group.

    They have loopback addresses; or where this process runs in the network namespace that
    ``namespaces`` made for a head, one of their own each, with an address and a cable to a switch.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_apart = _namespace() == named(0)
        with socket.socket() as one:
            one.bind((self.address_of(0), 0))
            self.port = one.getsockname()[1]
        self.address = f"{self.address_of(0)}:{self.port}"
        # Without it a head asks at the clouds' addresses in which of them it is.
        (folder / "ray_bootstrap_config.yaml").write_text("{}")
        self._proxy = socket.create_server((self.address_of(0), 0))
        self.asked_out: list[str] = []
        """What nodes wanted from elsewhere: the first line of each request, which goes nowhere."""
        threading.Thread(target=self._refuse, daemon=True).start()
        proxy = "http://{}:{}".format(*self._proxy.getsockname())
        self.environment = os.environ | SETTINGS
        self.environment |= {
            "RAY_AUTH_TOKEN": secrets.token_hex(16),
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "1",
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder),
            # What would leave the machine by HTTP comes to us; gRPC reads these in small letters.
            "HTTP_PROXY": proxy,
            "HTTPS_PROXY": proxy,
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
        if self.is_apart and number:
            connect(number)
            command = ["ip", "netns", "exec", named(number), *command]
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
        return f"{'10.99.0' if self.is_apart else '127.0.0'}.{number + 1}"

    def peers(self) -> set[str]:
        """The addresses at the other end of all that is connected, or is to be, just now."""
        found = set()
        for node in self.nodes:
            for process in below(node.pid) if node.poll() is None else ():
                found |= _connected_to(process)
        return found

    def kill(self, number: int) -> None:
        """End all processes of a node at once; apart from others, nobody is told that it ended."""
        if self.is_apart:
            _ip("-n", _SWITCH, "link", "set", f"node{number}", "down")
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


def named(number: int) -> str:
    """The network namespace of a node."""
    return f"qa-bot-node-{number}"


def _namespace() -> str:
    """The one that this process runs in; "" for none that has a name."""
    if not shutil.which("ip"):
        return ""
    return _ip("netns", "identify", str(os.getpid())).strip()


def _ip(*arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own command
        ["ip", *arguments],  # noqa: S607 - wherever it is
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def connect(number: int) -> None:
    """Make a node's namespace, and connect it to the switch."""
    name, cable = named(number), f"node{number}"
    _ip("netns", "add", name)
    _ip("link", "add", cable, "netns", _SWITCH, "type", "veth", "peer", "eth0", "netns", name)
    _ip("-n", _SWITCH, "link", "set", cable, "master", "switch", "up")
    _ip("-n", name, "address", "add", f"10.99.0.{number + 1}/24", "dev", "eth0")
    for device in ("eth0", "lo"):
        _ip("-n", name, "link", "set", device, "up")


@contextmanager
def namespaces() -> Iterator[str]:
    """A switch, and the namespace of a head, in which a process is then to run; needs root."""
    _ip("netns", "add", _SWITCH)
    try:
        _ip("-n", _SWITCH, "link", "add", "switch", "type", "bridge")
        _ip("-n", _SWITCH, "link", "set", "switch", "up")
        connect(0)
        yield named(0)
    finally:
        for line in _ip("netns", "list").splitlines():
            if line.startswith(("qa-bot-node-", _SWITCH)):
                _ip("netns", "delete", line.split()[0])


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
