"""Explainers: a function with its claims, and what has to happen around its call."""

from __future__ import annotations

import hashlib
import inspect
import os
import platform
import re
import sys
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

import numpy as np

from .errors import AssayError
from .sources import own_files

CLAIMS = ("complete", "input-multiplier", "non-negative", "stochastic", "class-blind", "linear-exact")
"""What a method may promise, as `assay list explainers` has it: assay holds it to each."""


def _checked_claims(claims: Sequence[str]) -> Tuple[str, ...]:
    if isinstance(claims, str):
        claims = [claims]
    for claim in claims:
        if claim not in CLAIMS:
            raise AssayError(f"claims: {claim!r}: wanted some of {', '.join(CLAIMS)}")
    return tuple(claims)


INPUTS = ("features", "sequences", "pictures", "volumes", "tokens")
"""What a method may be for."""


def _checked_about(about: Mapping[str, Any]) -> Dict[str, Any]:
    known = ("family", "formula", "cost", "checked", "inputs", "within")
    for key in about:
        if key not in known:
            raise AssayError(f"about: {key!r}: wanted some of {', '.join(known)}")
    for one in about.get("inputs", ()):
        if one not in INPUTS:
            raise AssayError(f"about: inputs: {one!r}: wanted some of {', '.join(INPUTS)}")
    return dict(about)


def kebab(name: str) -> str:
    """A name as batteries have them: GuidedBackprop and guided_backprop are guided-backprop."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    return re.sub(r"[^a-z0-9]+", "-", spaced.lower()).strip("-") or "method"


def _name_of(function: Callable[..., Any]) -> str:
    name = getattr(function, "__name__", type(function).__name__)
    return "explain" if name == "<lambda>" else name


def takes(function: Callable[..., Any], most: int) -> int:
    """How many arguments it can be given by their place, at most that many."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return most
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return most
    return min(most, sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters))


class Explainer:
    """A method and what it promises.

    `function` is called with (model, x, targets) or (model, x, targets, seeds). What those are depends on who calls:
    `assay.judge` and `assay.Own` pass a torch.nn.Module and tensors, `assay.serve` an assay.Model and numpy arrays.

    name:     kebab-case, the row in tables; default: that of the function
    claims:   some of CLAIMS: what assay holds it to
    params:   numbers and texts for the record, such as {"steps": 50}; `baseline` is what `complete` is about
    summary, source:   one line each: what it does; the paper and its section
    about:    what lists show of it, some of: family, formula, cost, checked (a line each), inputs (some of INPUTS),
              within (a number)
    """

    def __init__(
        self,
        function: Callable[..., Any],
        name: Optional[str] = None,
        claims: Sequence[str] = (),
        params: Optional[Mapping[str, Any]] = None,
        summary: str = "",
        source: str = "",
        about: Optional[Mapping[str, Any]] = None,
    ) -> None:
        if isinstance(function, Explainer):
            known: Explainer = function
            name, claims, params = name or known.name, claims or known.claims, params or known.params
            summary, source, function = summary or known.summary, source or known.source, known.function
            about = about or known.about
        if not callable(function):
            raise AssayError(f"an explainer is a function of (model, x, targets), not {function!r}")
        self.function: Callable[..., Any] = function
        self.name: str = kebab(name or _name_of(function))
        self.claims: Tuple[str, ...] = _checked_claims(claims)
        self.params: Dict[str, Any] = dict(params or {})
        self.summary: str = summary
        self.source: str = source
        self.about: Dict[str, Any] = _checked_about(about or {})
        self._said: Optional[Dict[str, Any]] = None
        self._arguments = takes(function, 4)
        if self._arguments < 3:
            raise AssayError(
                f"{self.name}: an explainer takes (model, x, targets), perhaps seeds as well; "
                f"this one takes {self._arguments} arguments"
            )

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self.function(*arguments, **keywords)

    def explain(self, model: Any, x: Any, targets: Any, seeds: Any) -> Any:
        """The function's own answer, with as many arguments as it takes."""
        return self.function(*(model, x, targets, seeds)[: self._arguments])

    def attribute(self, model: Any, x: np.ndarray, targets: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        """Maps [n, ...] for one request of assay's. Here: whatever the function says of the Model."""
        return as_maps(self.explain(model, x, targets, seeds), x.shape)

    def hello(self) -> Dict[str, Any]:
        """What the client's hello says of it: every session of a process the same, whatever was imported since."""
        if self._said is not None:
            return self._said
        said: Dict[str, Any] = {
            "name": self.name,
            "claims": list(self.claims),
            "sources": self.sources(),
            "language": f"Python {platform.python_version()}",
        }
        said.update({key: value for key, value in (("summary", self.summary), ("source", self.source)) if value})
        said.update({key: value for key, value in (("params", self.params), ("about", self.about)) if value})
        self._said = said
        return said

    def sources(self) -> Dict[str, str]:
        """What makes the method, a part of the run's identity: digests of its file and of the user's own files that it
        imports, versions of libraries."""
        found = {"python": platform.python_version(), "numpy": np.__version__}
        for library in ("torch", "captum", "zennit"):
            module = sys.modules.get(library)
            if module is not None:
                found[library] = str(getattr(module, "__version__", "unknown"))
        files = own_files(getattr(inspect.unwrap(self.function), "__globals__", {}))
        try:
            files.add(inspect.getsourcefile(inspect.unwrap(self.function)) or "")
        except TypeError:  # a function of C has no file
            pass
        for path in sorted(files):
            try:
                with open(path, "rb") as file:
                    digest = hashlib.sha256(file.read()).hexdigest()
            except OSError:  # nor has one of a notebook
                continue
            name = os.path.basename(path)
            found[name if name not in found else path] = digest
        code = getattr(self.function, "__code__", None)
        if not any(path and os.path.exists(path) for path in files) and code is not None:
            found["code"] = hashlib.sha256(code.co_code + repr(code.co_names).encode()).hexdigest()
        return found


def as_maps(maps: Any, shape: Tuple[int, ...]) -> np.ndarray:
    """Maps as float32 of the inputs' shape. A map without channels, [n, 1, ...] or [n, ...], is that of each channel."""
    if hasattr(maps, "detach"):
        maps = maps.detach().cpu().numpy()
    if maps is None:
        raise AssayError("explain() returned None: wanted one map for each input")
    found = np.asarray(maps)
    if found.dtype.kind not in "fiub":
        raise AssayError(f"explain() returned {type(maps).__name__} of {found.dtype}: wanted numbers")
    with np.errstate(over="ignore"):  # an infinite number is for assay to find
        found = found.astype("<f4")
    if found.shape == shape:
        return np.ascontiguousarray(found, dtype="<f4")
    wide = len(shape) > 2 and (shape[0],) + shape[2:]
    if wide and found.shape == wide:
        found = found[:, None]
    if wide and found.shape == (shape[0], 1) + shape[2:]:
        return np.ascontiguousarray(np.broadcast_to(found, shape), dtype="<f4")
    raise AssayError(f"explain() returned maps of shape {list(found.shape)}, wanted {list(shape)}")


def explainer(function: Optional[Callable[..., Any]] = None, **options: Any) -> Any:
    """Decorator: `@assay.explainer` or `@assay.explainer(claims=["stochastic"])`; options as of Explainer."""
    if function is not None:
        return Explainer(function, **options)
    return lambda f: Explainer(f, **options)


def collect(explain: Any, **options: Any) -> Dict[str, Explainer]:
    """Explainers by name: of one function, of a list of them or of a mapping {name: function}."""
    if isinstance(explain, Mapping):
        pairs = [(kebab(str(name)), one) for name, one in explain.items()]
    elif isinstance(explain, (list, tuple)):
        pairs = [(Explainer(one).name, one) for one in explain]
    else:
        pairs = [("", explain)]
    found: Dict[str, Explainer] = {}
    for name, one in pairs:
        made = one if isinstance(one, Explainer) and not options and name in ("", one.name) else None
        if made is None:
            keep = type(one) is not Explainer and isinstance(one, Explainer)  # an Own stays what it is
            made = one if keep else Explainer(one, name=name or None, **options)
        if (name or made.name) in found:
            raise AssayError(
                f"two explainers of the name {name or made.name}: give them as a mapping, {{name: function}}"
            )
        found[name or made.name] = made
    if not found:
        raise AssayError("no explainer: wanted a function, or a mapping {name: function}")
    return found
