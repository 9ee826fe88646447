"""assay: negative controls for explanation methods. The guide is docs/python.md of the checkout.

report = assay.judge(module, inputs, explain=lambda m, x, t: ...)     # PyTorch, in this process
assay.serve(explain)                                                 # a program that a battery names
python -m assay method.py                                            # the same from a shell
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import AssayError, CallFailed, ProtocolError, Unsupported
from .explainers import CLAIMS, Explainer, explainer
from .judging import judge
from .model import Layer, Model, Operator, Weight
from .report import Report, Verdict
from .serving import serve

if TYPE_CHECKING:
    from .binding import Binding
    from .facade import Facade
    from .own import Own

__version__ = "0.1.0"
__all__ = [
    "AssayError",
    "Binding",
    "CLAIMS",
    "CallFailed",
    "Explainer",
    "Facade",
    "Layer",
    "Model",
    "Operator",
    "Own",
    "ProtocolError",
    "Report",
    "Unsupported",
    "Verdict",
    "Weight",
    "explainer",
    "judge",
    "maps",
    "serve",
]

_LAZY = {"Binding": "binding", "Facade": "facade", "Own": "own"}  # those that need torch, which is not imported before


def __getattr__(name: str) -> Any:
    import importlib

    if name in _LAZY:
        return getattr(importlib.import_module(f".{_LAZY[name]}", __name__), name)
    if name == "maps":
        return importlib.import_module(".maps", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
