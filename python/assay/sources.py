"""Which files make a method: its own module and those of the user's that it imports."""

from __future__ import annotations

import inspect
import os
import site
import sys
import sysconfig
from typing import Any, Mapping, Set


def _installed() -> tuple[str, ...]:
    """Folders of what is installed: a version stands for it."""
    paths = sysconfig.get_paths()
    folders = {paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders.update(site.getsitepackages() + [site.getusersitepackages(), os.path.dirname(__file__)])
    return tuple(os.path.realpath(folder) + os.sep for folder in folders)


def _module_of(value: Any) -> Any:
    if inspect.ismodule(value):
        return value
    try:
        return sys.modules.get(value.__module__)
    except Exception:  # not every object answers, and a name may be anything
        return None


def own_files(names: Mapping[str, Any]) -> Set[str]:
    """Paths of the module whose names these are and of what it imported, from module to module, but for what is
    installed."""
    installed = _installed()
    files: Set[str] = set()
    waiting = [names]
    while waiting:
        names = waiting.pop()
        path = os.path.realpath(names.get("__file__") or "")
        if not names.get("__file__") or path in files or path.startswith(installed):
            continue
        files.add(path)
        waiting.extend(vars(module) for module in map(_module_of, list(names.values())) if module is not None)
    return files
