"""assay.judge: a battery for the user's module, run by the program and served by this process."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

import numpy as np

from . import program, scratch
from .errors import AssayError
from .explainers import Explainer, collect
from .report import Report

CONTROLS = ("cascading", "independent")
RUN, MODEL = "run", "model.onnx"
DATA = {"source": "npy:inputs.npy,labels.npy", "preprocess": "none", "target": "label", "only-correct": False}
OWN_KEYS = ("name", "model", "seed", "data", "explainers", "controls", "expect")  # of the battery: set by judge()
RESULT_CODES = (0, 1, 3, 4)  # those of a run that came to its end; docs/assay.1, EXIT STATUS


def _inputs(inputs: Any) -> np.ndarray:
    if hasattr(inputs, "detach"):
        inputs = inputs.detach().cpu().numpy()
    found = np.asarray(inputs)
    if found.dtype.kind in "iu":
        raise AssayError(
            "inputs: whole numbers: wanted the floats that the module takes; networks of tokens are judged "
            "by a battery (docs/python.md)"
        )
    if found.dtype.kind != "f" or found.ndim < 2 or not found.size:
        raise AssayError(f"inputs: {found.dtype} of shape {list(found.shape)}: wanted floats [n, ...]")
    with np.errstate(over="ignore"):
        found = np.ascontiguousarray(found, dtype=np.float32)
    if not np.isfinite(found).all():
        raise AssayError("inputs: not all of them are finite as float32")
    return found


def _targets(targets: Any, n: int, logits: np.ndarray) -> np.ndarray:
    """A class for each input: those given, else the predicted ones."""
    if targets is None:
        return (logits[:, 0] > 0).astype(np.int64) if logits.shape[1] == 1 else logits.argmax(1)
    if hasattr(targets, "detach"):
        targets = targets.detach().cpu().numpy()
    found = np.asarray(targets)
    classes = max(2, logits.shape[1])
    if found.ndim == 0:
        found = np.full(n, found)
    if found.shape != (n,) or found.dtype.kind not in "iu" or (found.min() < 0 or found.max() >= classes):
        raise AssayError(f"targets: wanted {n} classes from 0 to {classes - 1}, or one for all inputs")
    return found.astype(np.int64)


def _logits(module: Any, x: np.ndarray, device: Any) -> np.ndarray:
    import torch

    found = []
    with torch.no_grad():
        for i in range(0, len(x), 64):
            try:
                out = module(torch.from_numpy(x[i : i + 64]).to(device))
            except Exception as error:
                raise AssayError(
                    f"inputs: the module does not take [n, {', '.join(map(str, x.shape[1:]))}]: "
                    f"{type(error).__name__}: {error}"
                ) from error
            if not isinstance(out, torch.Tensor):
                raise AssayError(
                    f"the module returns a {type(out).__name__}, wanted a tensor of logits [n, K]: wrap it "
                    "in a module that picks them out"
                )
            found.append(out.detach().cpu().float().numpy().reshape(len(out), -1))
    return np.concatenate(found)


def _rows(explainers: Mapping[str, Explainer], path: str) -> List[Dict[str, Any]]:
    return [{"name": name, "process": {"connect": path, "options": name}} for name in explainers]


def _write_battery(folder: str, battery: Mapping[str, Any]) -> None:
    """As JSON, which is YAML."""
    with open(os.path.join(folder, "battery.yaml"), "w", encoding="utf-8") as file:
        json.dump(battery, file, indent=1)
        file.write("\n")


def _write_network(folder: str, module: Any, sample: Any, onnx: Optional[str]) -> None:
    """The module as a file: exported, or the user's own."""
    if onnx is not None:
        shutil.copy(onnx, os.path.join(folder, MODEL))
        return
    from .export import export

    export(module, sample, os.path.join(folder, MODEL))


def _bind(module: Any, explainers: Mapping[str, Explainer], claims: Sequence[str]) -> Dict[str, Any]:
    from .own import Own
    from .binding import Binding

    binding = Binding(module)
    bound: Dict[str, Any] = {}
    for name, one in explainers.items():
        bound[name] = Own(
            module,
            one.function,
            binding,
            name=name,
            claims=one.claims or claims,
            params=one.params,
            summary=one.summary,
            source=one.source,
            about=one.about,
        )
        bound[name].logs = False  # the report says them
    return bound


def _folder(folder: Optional[str]) -> str:
    """The folder of what is judged, in which RUN will be the run folder."""
    if folder is None:
        return scratch.judge_folder()
    if os.path.exists(os.path.join(folder, RUN)):
        raise AssayError(f"folder: {folder} holds a run already: name another, or remove it")
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise AssayError(f"folder: {folder}: {error.strerror}: name a folder that can be made") from None
    return os.path.abspath(folder)


def _further(settings: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
    """Keys of the battery that are not judge()'s own: other rows or another model would be judged in their place."""
    taken = [key for key in settings or {} if key in OWN_KEYS]
    if taken:
        raise AssayError(f"settings: {', '.join(taken)}: judge() sets that itself; it has arguments for it")
    return dict(settings or {})


def _controls(controls: Any) -> Any:
    if not isinstance(controls, (str, list, tuple)):
        raise AssayError(f"controls: {controls!r}: wanted a list such as {list(CONTROLS)}, or \"default\"")
    return controls if isinstance(controls, str) else list(controls)


def _expectations(expect: Union[None, str, Mapping[str, Any]], names: Sequence[str]) -> Dict[str, Any]:
    return {name: expect for name in names} if isinstance(expect, str) else dict(expect or {})


def judge(
    module: Any,
    inputs: Any,
    explain: Any,
    *,
    claims: Sequence[str] = (),
    targets: Any = None,
    controls: Union[str, Sequence[Any]] = CONTROLS,
    draws: Optional[int] = None,
    baselines: Sequence[Any] = (),
    expect: Union[None, str, Mapping[str, Any]] = None,
    seed: int = 1,
    jobs: Optional[int] = None,
    folder: Optional[str] = None,
    onnx: Optional[str] = None,
    settings: Optional[Mapping[str, Any]] = None,
    figures: bool = False,
    progress: bool = False,
) -> Report:
    """Judges explanation methods on a torch module: runs the controls of assay, which asks this process for maps.

    module:     a torch.nn.Module in eval mode: float32 [n, ...] to logits [n, K]. Its weights change while this runs,
                and are put back whatever happens
    inputs:     tensor or array [n, ...], as the module takes them; about 30 decide, fewer than 5 hardly
    explain:    function (module, x, targets) to maps of x's shape, an @assay.explainer, or a mapping {name: those}
    claims:     what the method promises, of assay.CLAIMS; methods that draw random numbers claim "stochastic"
    targets:    the class to explain, one or [n]; default: the predicted ones
    controls:   names or mappings as in a battery, or "default"
    draws:      a fixed number of re-drawn networks; default: 5, 10 or 20, as it takes to decide
    baselines:  further rows of the program's own, such as "edge-detector" or "gradient"
    expect:     a word for all, or {name: word or {control: word}}, as in a battery; default: PASS (or SKIP)
    seed:       of all that is random; the same seed gives the same bytes
    jobs:       worker processes of the program; this process serves one at a time
    folder:     of the battery, the exported module, the inputs, and below it the run folder; default: a new one below
                the temporary folder, which is kept
    onnx:       the module as ONNX file, where torch.onnx.export cannot write it
    settings:   further keys of the battery, such as {"rule": {...}}; none of those that arguments stand for
    figures:    have figures drawn; progress: show the program's progress on standard error

    Raises AssayError where nothing could be judged. An interrupted run (Ctrl-C) ends the program and is raised.
    """
    x, further = _inputs(inputs), _further(settings)
    explainers = _bind(module, collect(explain), (claims,) if isinstance(claims, str) else tuple(claims))
    binding = next(iter(explainers.values())).binding
    command = [program.find(), "run", "battery.yaml", "-o", RUN, "-j", str(jobs or min(2, os.cpu_count() or 1))]
    scratch.sweep()
    work = _folder(folder)
    with scratch.Unfinished(work), binding.held(), program.Listener() as listener:
        labels = _targets(targets, len(x), _logits(module, x, binding.device))
        _write_network(work, module, binding.tensor(x[:1]), onnx)
        np.save(os.path.join(work, "inputs.npy"), x)
        np.save(os.path.join(work, "labels.npy"), labels)
        battery: Dict[str, Any] = {
            "name": "judge",
            "model": MODEL,
            "seed": seed,
            "data": {**DATA, "inputs": len(x)},
            "explainers": [*_rows(explainers, listener.path), *baselines],
            "controls": _controls(controls),
            **({"expect": _expectations(expect, list(explainers))} if expect else {}),
            **further,
            **({"rule": {**further.get("rule", {}), "draws": int(draws)}} if draws is not None else {}),
        }
        _write_battery(work, battery)
        done = program.run_served(command + ([] if figures else ["--no-figures"]), listener, explainers, work, progress)
    run = os.path.join(work, RUN)
    if done.returncode not in RESULT_CODES or not os.path.exists(os.path.join(run, "verdicts.csv")):
        said = (done.stderr.strip() or done.stdout.strip() or "it said why above").split("\n")
        raise AssayError(f"assay ended with code {done.returncode}: {said[-1]} (in {work})")
    return Report(run, done.returncode, binding.notes + [note for one in explainers.values() for note in one.notes()])


def judge_file(path: str, arguments: Sequence[str] = ()) -> int:
    """`python -m assay FILE`: judges the explainers of a file that has `module` and `inputs` (perhaps also `targets`,
    `claims`, `controls`, `draws`, `expect`, `settings`). Prints the table; returns the exit code.
    """
    import runpy

    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    namespace = runpy.run_path(path, run_name="__assay__")
    missing = [name for name in ("module", "inputs") if name not in namespace]
    found = {one.name: one for one in namespace.values() if isinstance(one, Explainer)}
    if missing or not found:
        raise AssayError(f"{path}: wanted {' and '.join(missing or ['a function under @assay.explainer'])} in it")
    known = ("claims", "targets", "controls", "draws", "baselines", "expect", "seed", "onnx", "settings")
    options = {name: namespace[name] for name in known if name in namespace}
    options.update(parse(arguments))
    report = judge(namespace["module"], namespace["inputs"], found, progress=sys.stderr.isatty(), **options)
    print(report)
    return report.code


def parse(arguments: Sequence[str]) -> Dict[str, Any]:
    """Options of the command line that judge() has, too."""
    import argparse

    parser = argparse.ArgumentParser(prog="python -m assay FILE", add_help=False, allow_abbrev=False)
    parser.add_argument("-o", "--output", dest="folder")
    parser.add_argument("--controls", type=lambda text: text.split(","))
    parser.add_argument("--draws", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("-j", "--jobs", type=int)
    parser.add_argument("--figures", action="store_true", default=None)
    given = vars(parser.parse_args(list(arguments)))
    return {name: value for name, value in given.items() if value is not None}
