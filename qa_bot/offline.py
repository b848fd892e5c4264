"""OpenVINO without what tells its makers of it, and rapidocr without what fetches files.

``openvino.tools.ovc`` sends a usage event when it is imported, which OpenVINO does by
itself; it goes on without where it can't. So both are kept from being imported. rapidocr
imports requests, to fetch models and pictures: it gets a module that can't.
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


def import_rapidocr() -> ModuleType:
    """The package, for what it reads from files that are here."""
    import_openvino()
    with _lock:
        silent = ModuleType("requests")
        vars(silent).update(Response=object, RequestException=OSError)
        is_ours = sys.modules.setdefault("requests", silent) is silent
        try:
            importlib.import_module("rapidocr.main")  # which the package itself puts off
            return importlib.import_module("rapidocr")
        finally:
            if is_ours:  # whoever else imports it gets the real one
                del sys.modules["requests"]
