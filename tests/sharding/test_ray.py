"""Shards on a cluster of two nodes of this machine: built, asked, and lost."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Shell, paragraphs, unstale, write

from benchmarks.cluster.nodes import Cluster, cluster
from benchmarks.hashing import HashEmbedder
from qa_bot import answer, build_index, open_index, retrieve
from qa_bot.building.changes import Options
from qa_bot.builds import Progress
from qa_bot.errors import IndexNotFoundError, UnavailableError
from qa_bot.models.embedding import Embedder
from qa_bot.sharding.cluster import SETTINGS

os.environ.update(SETTINGS)  # Ray reads them when it is first imported
ray = pytest.importorskip("ray", reason="needs the extra qa-bot[ray]")

from qa_bot.sharding.building import build_shards  # noqa: E402
from qa_bot.sharding.cluster import joined  # noqa: E402
from qa_bot.sharding.index import ShardedIndex  # noqa: E402
from qa_bot.sharding.serving import RayShards  # noqa: E402
from qa_bot.sharding.tasks import on_ray  # noqa: E402

pytestmark = pytest.mark.xdist_group("ray")

PATIENCE = 300  # seconds that a state may take to come about on a busy machine


@pytest.fixture(scope="module")
def nodes() -> Iterator[Cluster]:
    """Two nodes, which this process has joined; the second says that it has a GPU."""
    with cluster(2, gpus=1) as made:
        os.environ["RAY_AUTH_TOKEN"] = made.environment["RAY_AUTH_TOKEN"]
        until(lambda: _is_joined(made.address))
        until(lambda: alive() == 2)
        yield made
        ray.shutdown()


def _is_joined(address: str) -> bool:
    try:
        joined(address)
    except Exception:  # noqa: BLE001 - it is not there yet
        return False
    return True


def alive() -> int:
    return sum(node["Alive"] for node in ray.nodes())


def with_one_beside_the_head(nodes: Cluster) -> int:
    """The number of the one node that is left, or started, so: whichever test came before."""
    running = [number for number, one in enumerate(nodes.nodes) if number and one.poll() is None]
    for number in running[1:]:
        nodes.kill(number)
    number = running[0] if running else nodes.start(gpus=1)
    until(lambda: alive() == 2)
    return number


def until(true: Callable[[], bool]) -> None:
    """Wait for a state."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.2)


def test_a_build_is_told_of_cancelled_and_gone_on_with(
    nodes: Cluster, documents: Path, folder: Path
) -> None:
    write(documents, **{f"otter_{n}": paragraphs("otter", 4) for n in range(4)})
    slow = HashEmbedder(seconds=0.2)
    seen: list[Progress] = []

    def cancel(progress: Progress) -> None:
        seen.append(progress)
        if progress.files_read:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_shards(
            documents,
            folder,
            2,
            model=slow,
            options=Options(on_progress=cancel),
            run=on_ray(nodes.address),
        )
    assert 0 < seen[-1].files_read <= 4
    with pytest.raises(IndexNotFoundError):
        open_index(folder)
    quick = HashEmbedder()
    options = Options(on_progress=seen.append)
    receipt = build_shards(
        documents, folder, 2, model=quick, options=options, run=on_ray(nodes.address)
    )
    assert (receipt.documents, len(receipt.added)) == (4, 4)
    assert "of 2 shards built" in str(seen[-1])
    assert [one for one in (folder / "shards").iterdir() if one.name.startswith(".")] == []


def test_nodes_with_a_gpu_and_without_build_and_see_what_they_have(
    nodes: Cluster, documents: Path, folder: Path, tmp_path: Path
) -> None:
    with_one_beside_the_head(nodes)
    write(documents, **{f"otter_{n}": paragraphs("otter", 2) for n in range(4)})
    noted = tmp_path / "noted"
    noted.mkdir()

    class Noting(HashEmbedder):
        """Notes which GPUs it is given where it runs, and holds a machine so long."""

        def encode_passages(self, *given: Any) -> Any:
            import os

            import ray

            machine = ray.get_runtime_context().get_node_id()
            (noted / machine).write_text(os.environ.get("CUDA_VISIBLE_DEVICES", "none"))
            return super().encode_passages(*given)

    build_shards(documents, folder, 2, model=Noting(seconds=0.2), run=on_ray(nodes.address))
    has = {node["NodeID"]: node["Resources"].get("GPU", 0) for node in ray.nodes() if node["Alive"]}
    seen = {has[one.name]: one.read_text() for one in noted.iterdir()}
    assert seen == {0: "none", 1: "0"}


def test_two_nodes_build_and_serve_what_one_index_answers_also_when_they_die(
    nodes: Cluster, documents: Path, folder: Path, tmp_path: Path, model: Embedder, shell: Shell
) -> None:
    second = with_one_beside_the_head(nodes)
    write(
        documents,
        otter=paragraphs("otter", 5),
        heron=paragraphs("heron", 3),
        bees="The bees at the abbey are kept by brother Anselm, who sells their honey.",
        bell="The morning bell is rung at six.",
    )
    build_index(documents, tmp_path / "single", model=model)
    receipt = build_shards(documents, folder, 2, run=on_ray(nodes.address))
    assert receipt.added == ("bees.txt", "bell.txt", "heron.txt", "otter.txt")
    assert build_shards(documents, folder, run=on_ray(nodes.address)).nothing_changed

    questions = ["When is the morning bell rung?", "Who keeps the bees?", "Where is otter 2?"]
    with (
        open_index(tmp_path / "single", model=model) as one,
        open_index(f"ray://{nodes.address}{folder}", model=model) as shards,
    ):
        assert isinstance(shards, ShardedIndex)
        replicas = shards._shards
        assert isinstance(replicas, RayShards)
        expected = [unstale(answer(question, one)) for question in questions]
        for question, wanted in zip(questions, expected, strict=True):
            assert [hit.passage for hit in retrieve(question, shards)] == [
                hit.passage for hit in retrieve(question, one)
            ]
            assert unstale(answer(question, shards)) == wanted

        until(lambda: all(all(places) for places in shards.nodes().values()))
        assert all(len(set(places)) == 2 for places in shards.nodes().values())

        write(documents, bell="The morning bell is rung at seven.")
        build_shards(documents, folder, model=model)

        def served() -> list[dict[str, Any]]:
            told = shell("status", "--index", folder, "--ray", nodes.address, "--json").out
            return [one for shard in json.loads(told)["shards"] for one in shard["replicas"]]

        # A replica that is busy doesn't say at once which build it has.
        until(lambda: [one["is_behind"] for one in served()] == [True] * 4)
        assert {one["node"] for one in served()} == {
            one["NodeManagerAddress"] for one in ray.nodes()
        }

        own = {node["NodeManagerAddress"] for node in ray.nodes()}
        assert nodes.peers()
        assert {one for one in nodes.peers() if not one.startswith("127.")} <= own, "outward"
        assert nodes.asked_out == []

        nodes.kill(second)
        assert [unstale(answer(question, shards)) for question in questions] == expected
        until(lambda: alive() == 1)

        # Now the other replicas, too: nothing of this build can be asked.
        for held in replicas._replicas:
            for replica in held:
                ray.kill(replica, no_restart=True)
        with pytest.raises(UnavailableError):
            answer("Who won the football match in Madrid?", shards)


def test_a_shard_whose_node_died_comes_back_with_another_node(
    nodes: Cluster, documents: Path, folder: Path, model: Embedder
) -> None:
    write(documents, bees="The bees are kept by Anselm.", bell="The bell is rung at six.")
    build_shards(documents, folder, 2, model=model)
    number = with_one_beside_the_head(nodes)
    with open_index(f"ray://{nodes.address}{folder}", model=model) as shards:
        assert isinstance(shards, ShardedIndex)
        until(lambda: all(all(places) for places in shards.nodes().values()))
        nodes.kill(number)
        until(lambda: alive() == 1)
        assert answer("When is the bell rung?", shards).found
        nodes.start()
        until(lambda: alive() == 2)
        until(lambda: all(all(places) for places in shards.nodes().values()))


def test_what_a_node_wants_from_elsewhere_would_be_seen(nodes: Cluster) -> None:
    import subprocess
    import sys

    script = "import urllib.request as r; r.urlopen('https://example.org', timeout=60)"
    before = len(nodes.asked_out)
    subprocess.run(
        [sys.executable, "-c", script], env=nodes.environment, capture_output=True, check=False
    )
    until(lambda: len(nodes.asked_out) > before)
    assert nodes.asked_out[before].startswith("CONNECT example.org:443 ")
    del nodes.asked_out[before:]


def test_nobody_joins_without_the_token(nodes: Cluster, tmp_path: Path) -> None:
    import subprocess
    import sys

    script = (
        "import sys; from qa_bot.sharding.cluster import joined\n"
        "try: joined(sys.argv[1])\n"
        "except Exception as error: print('refused:', error)\n"
        "else: print('let in')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, nodes.address],
        env=nodes.environment | {"RAY_AUTH_TOKEN": "0" * 32},
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=PATIENCE,
        check=False,
    )
    assert "refused:" in done.stdout
