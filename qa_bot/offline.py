"""OpenVINO without what tells its makers of it.

Its ``openvino.tools.ovc`` sends a usage event when it is imported, which OpenVINO does by
itself; it goes on without where it can't. So both are kept from being imported.
"""

from __future__ import annotations

import importlib
import sys
import threading
from functools import lru_cache
from types import ModuleType

_PHONES_HOME = ("openvino_telemetry", "openvino.tools.ovc")
_lock = threading.Lock()


@lru_cache(maxsize=1)
def import_openvino() -> ModuleType:
    """The library; whatever it raises where it can't be loaded is raised."""
    with _lock:
        kept_out = [name for name in _PHONES_HOME if name not in sys.modules]
        sys.modules.update(dict.fromkeys(kept_out))  # type: ignore[arg-type] # None: not to be had
        try:
            return importlib.import_module("openvino")
        finally:
            for name in kept_out:
                sys.modules.pop(name, None)
