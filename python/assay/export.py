"""A torch module as the ONNX file that assay reads: weights as they are, under their own names."""

from __future__ import annotations

import importlib.util
import inspect
import logging
import warnings
from typing import Any, Dict

import torch

from .errors import AssayError


def export(module: torch.nn.Module, sample: torch.Tensor, path: str) -> None:
    """Writes `module` for inputs like `sample` [1, ...], with a free batch. Nothing is folded: folding makes other
    weights of them, some under the old names. Raises AssayError with the exporter's words.
    """
    options: Dict[str, Any] = {
        "training": torch.onnx.TrainingMode.PRESERVE,
        "do_constant_folding": False,
        "input_names": ["input"],
        "output_names": ["logits"],
        "dynamic_axes": {"input": {0: "batch"}, "logits": {0: "batch"}},
    }
    if "dynamo" in inspect.signature(torch.onnx.export).parameters:
        options["dynamo"] = False
    if importlib.util.find_spec("onnx") is None:
        raise AssayError("torch.onnx.export wants the package onnx: pip install onnx")
    quiet = logging.getLogger("torch.onnx")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            torch.onnx.export(module, (sample,), path, **options)
    except Exception as error:
        first = str(error).strip().split("\n")[0]
        raise AssayError(
            f"torch.onnx.export does not export the module: {type(error).__name__}: {first}. Give a file "
            "of your own by onnx=PATH"
        ) from error
    finally:
        quiet.setLevel(level)
