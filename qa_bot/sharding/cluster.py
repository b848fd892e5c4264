"""A Ray cluster that this machine is a part of: how it is joined, and by whom.

Ray tells its makers how it is used, and lets anyone in who reaches its ports, unless told
otherwise before it is first imported.
"""

from __future__ import annotations

import logging
import os
from typing import Any

from qa_bot.errors import NotInstalledError, QaBotError

NAMESPACE = "qa_bot"
SETTINGS = {
    "RAY_AUTH_MODE": "token",  # of RAY_AUTH_TOKEN, or the file that RAY_AUTH_TOKEN_PATH names
    "RAY_USAGE_STATS_ENABLED": "0",
    # Without it a head tells its makers, once, that they are not to be told.
    "RAY_USAGE_STATS_REPORT_URL": "nowhere",
}
"""Also to be set where `ray start` is run."""


def joined(address: str) -> Any:  # noqa: ANN401 - Ray is not always installed
    """Ray, connected to the cluster at ``HOST:PORT``; what is connected already is used.

    Raises:
        NotInstalledError: ``pip install 'qa-bot[ray]'``.
        QaBotError: There is no cluster, or it knows another token.
    """
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise NotInstalledError("ray", "A cluster", "ray") from error
    if ray.is_initialized():
        return ray
    try:
        ray.init(
            address=address,
            namespace=NAMESPACE,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise QaBotError(
            f"No Ray cluster at {address} can be joined ({reason}): `ray start` makes this machine "
            "a part of one, and RAY_AUTH_TOKEN has to be the cluster's."
        ) from error
    return ray
