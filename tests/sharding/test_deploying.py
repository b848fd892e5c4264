"""What deploy/ has for a cluster: Ray's launcher and Docker Compose, as those read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from qa_bot.sharding.cluster import SETTINGS

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def held(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text())
    return found


def test_the_launcher_takes_the_configuration_and_starts_every_node_with_a_token() -> None:
    util = pytest.importorskip("ray.autoscaler._private.util", reason="needs qa-bot[ray]")
    config = util.prepare_config(held("ray-cluster.yml"))
    util.validate_config(config)
    assert config["provider"]["type"] == "local"
    for commands in (config["head_start_ray_commands"], config["worker_start_ray_commands"]):
        (start,) = (one for one in commands if "ray start" in one)
        assert all(f"{name}={value}" in start for name, value in SETTINGS.items())
    assert f"--node-ip-address={config['provider']['head_ip']}" in str(config)


def test_nothing_of_the_composed_cluster_is_reached_from_outside_but_the_chat() -> None:
    services = held("ray-compose.yml")["services"]
    for service in services.values():
        settings = service["environment"]
        assert all(settings[name] == value for name, value in SETTINGS.items())
        assert settings["RAY_AUTH_TOKEN"].startswith("${RAY_AUTH_TOKEN:?")  # refuses to start
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert ports == ["127.0.0.1:7860:7860"]
    assert services["worker"]["deploy"]["replicas"] >= 2
