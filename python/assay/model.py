"""The network under explanation, as a method sees it: every call is answered by assay, in numpy's float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from .errors import CallFailed, ProtocolError, Unsupported
from .frames import Frame, read_frame, write_frame


@dataclass(frozen=True)
class Layer:
    """A layer that can be looked at: its index, name and ONNX operator, and the shape of one sample's activation."""

    index: int
    name: str
    op: str
    shape: Tuple[int, ...]


class Operator(NamedTuple):
    """What a rule of propagation is for: its index, name and ONNX operator, and what it is to a rule: "layer",
    "linear", "move", "rectifier", "pointwise", "maximum" or "other". first: of a layer, that none comes before it."""

    index: int
    name: str
    op: str
    role: str
    first: bool


Rule = Union[None, str, Tuple[str, float], Tuple[str, float, float]]
"""None is the gradient; else a name of explainers/explainer.h, perhaps with its numbers."""


class Weight(NamedTuple):
    """A parameter of the network: its name, dimensions and the SHA-256 of its bytes."""

    name: str
    dims: Tuple[int, ...]
    hash: str


def _f4(array: Any) -> np.ndarray:
    return np.ascontiguousarray(array, dtype="<f4")


class Model:
    """A network of one request. It may be the user's own, one that was drawn anew from it, or one of a control's:
    a method cannot tell, and is not to. Valid during the call that received it.

    Arrays are row-major; `x` is [n, ...] with the shape of the inputs, `targets` [n] whole numbers below `outputs`.
    Raises Unsupported for what this network does not have, CallFailed for what assay refused.
    """

    def __init__(self, reader: BinaryIO, writer: BinaryIO, request: Frame) -> None:
        self._reader, self._writer = reader, writer
        self._next = 0
        self._layers: Optional[List[Layer]] = None
        self._weights: Optional[List[Weight]] = None
        self._operators: Optional[List[Operator]] = None
        self._background: Optional[np.ndarray] = None
        keys = request.keys
        self.outputs: int = int(keys.get("outputs", 0))
        self.variant: str = str(keys.get("variant", ""))
        self.kind: str = str(keys.get("kind", "model"))

    def call(
        self, op: str, keys: Optional[Mapping[str, Any]] = None, arrays: Optional[Mapping[str, np.ndarray]] = None
    ) -> Frame:
        """One operation of docs/protocol.md: the frame of its answer."""
        self._next += 1
        number = self._next
        write_frame(self._writer, "call", {"id": number, "op": op, **(keys or {})}, arrays or {})
        answer = read_frame(self._reader)
        if answer is None:
            raise ProtocolError(f"assay left while it was asked for {op}")
        if answer.type not in ("answer", "error") or answer.keys.get("id") != number:
            raise ProtocolError(f"asked for {op} as {number}, assay sent {answer.type} {answer.keys.get('id')}")
        if answer.type == "error":
            words = str(answer.keys.get("message", "without a reason"))
            raise (Unsupported if answer.keys.get("status") == "unsupported" else CallFailed)(words)
        return answer

    def _out(self, op: str, keys: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        return self.call(op, keys, arrays).arrays["out"]

    @staticmethod
    def _targets(targets: Any, n: int) -> np.ndarray:
        given = np.asarray(targets)
        if given.size and given.min() < 0:
            raise CallFailed(f"a target of {given.min()}: wanted numbers of outputs, from 0 on")
        return np.ascontiguousarray(np.broadcast_to(given, (n,)), dtype="<u4")

    def forward(self, x: Any) -> np.ndarray:
        """Logits [n, outputs]."""
        return self._out("forward", {}, {"x": _f4(x)})

    def gradient(self, x: Any, targets: Any, rule: str = "gradient") -> np.ndarray:
        """d logit[targets[i]] / d x[i], of x's shape. `rule` is what rectifiers do on the way back:
        "gradient", "guided" (Springenberg et al. 2015) or "deconvnet" (Zeiler & Fergus 2014)."""
        x = _f4(x)
        keys = {} if rule == "gradient" else {"rule": rule}
        return self._out("gradient", keys, {"x": x, "targets": self._targets(targets, len(x))})

    def gradient_sum(self, x: Any, targets: Any, weights: Any) -> np.ndarray:
        """The sum over i of weights[i] times the gradient at x[i]: one map."""
        x = _f4(x)
        arrays = {"x": x, "targets": self._targets(targets, len(x)), "weights": _f4(weights)}
        return self._out("gradient_sum", {}, arrays)

    def line(self, start: Any, end: Any, target: int, positions: Any, weights: Any) -> np.ndarray:
        """The sum over i of weights[i] times the gradient at start + positions[i] * (end - start): one map.
        start and end are one sample each, positions lie in [0, 1]."""
        arrays = {"from": _f4(start), "to": _f4(end), "positions": _f4(positions), "weights": _f4(weights)}
        return self._out("line", {"target": int(target)}, arrays)

    def vjp(self, x: Any, cotangent: Any) -> np.ndarray:
        """The sum over k of cotangent[i, k] * d logit[k] / d x[i], of x's shape. cotangent is [n, outputs]."""
        return self._out("vjp", {}, {"x": _f4(x), "cotangent": _f4(cotangent)})

    @property
    def operators(self) -> List[Operator]:
        """What propagate() wants a rule for, from the input on."""
        if self._operators is None:
            found = self.call("operators").keys["operators"]
            self._operators = [Operator(i, e["name"], e["op"], e["role"], e["first"]) for i, e in enumerate(found)]
        return self._operators

    def propagate(
        self,
        x: Any,
        targets: Any,
        rules: Union[Sequence[Rule], Callable[[Operator], Rule]],
        start: str = "one",
        reference: Any = None,
    ) -> np.ndarray:
        """What arrives at x, of its shape, on a way back under a rule for each of `operators`: relevance propagation,
        DeepLIFT. `rules` is a list of them, or a function of an Operator. It starts with 1 at the target ("one") or
        with its logit ("logit"). `reference` is what "rescale" compares with: samples of x's shape, or one for all."""
        x = _f4(x)
        each = [rules(one) for one in self.operators] if callable(rules) else list(rules)
        keys: Dict[str, Any] = {"rules": [list(rule) if isinstance(rule, tuple) else rule for rule in each]}
        arrays = {"x": x, "targets": self._targets(targets, len(x))}
        if start != "one":
            keys["start"] = start
        if reference is not None:
            keys["reference"] = True
            arrays["reference"] = _f4(np.broadcast_to(np.asarray(reference, dtype="<f4"), x.shape))
        return self._out("propagate", keys, arrays)

    def background(self) -> np.ndarray:
        """Samples [m, ...] of the data, the same in every request, to compare an input with. Raises Unsupported where
        none are known."""
        if self._background is None:
            self._background = self._out("background", {}, {})
        return self._background

    @property
    def layers(self) -> List[Layer]:
        """What can be looked at, from the input on."""
        if self._layers is None:
            found = self.call("layers").keys["layers"]
            self._layers = [Layer(i, e["name"], e["op"], tuple(e["shape"])) for i, e in enumerate(found)]
        return self._layers

    def inspect(
        self, x: Any, layer: Union[int, str, Layer], targets: Any = None
    ) -> Tuple[np.ndarray, Optional[np.ndarray]]:
        """Activation [n, shape] of a layer, by its index or name, and with `targets` the gradient of their logits."""
        x, index = _f4(x), self._index(layer)
        arrays, keys = {"x": x}, {"layer": index}  # type: Dict[str, np.ndarray], Dict[str, Any]
        if targets is not None:
            arrays["targets"], keys["gradient"] = self._targets(targets, len(x)), True
        answer = self.call("inspect", keys, arrays).arrays
        return answer["activation"], answer.get("gradient")

    def _index(self, layer: Union[int, str, Layer]) -> int:
        if isinstance(layer, Layer):
            return layer.index
        if isinstance(layer, int):
            return layer
        for one in self.layers:
            if one.name == layer:
                return one.index
        raise Unsupported(f"the network has no layer {layer}: it has {', '.join(one.name for one in self.layers)}")

    def weights(self) -> List[Weight]:
        """Every parameter, without its values. Beside those of the file there may be `assay.mask`, which the input is
        multiplied by first, and `assay.raised`, which is added to the logits."""
        if self._weights is None:
            found = self.call("weights").keys["weights"]
            self._weights = [Weight(name, tuple(dims), digest) for name, dims, digest in found]
        return self._weights

    def tensors(self, names: Sequence[str]) -> Dict[str, np.ndarray]:
        """The values of these parameters."""
        return self.call("weights", {"names": list(names)}).arrays if names else {}

    def _random(self, kind: str, seed: int, count: int, first: int) -> np.ndarray:
        keys = {"kind": kind, "first": int(first), "count": int(count)}
        return self._out("random", keys, {"seed": np.array([seed], dtype="<u8")})

    def normal(self, seed: int, count: int, first: int = 0) -> np.ndarray:
        """Elements first, first + 1, ... of the stream of that seed: mean 0, standard deviation 1."""
        return self._random("normal", seed, count, first)

    def uniform(self, seed: int, count: int, first: int = 0) -> np.ndarray:
        """The same in [0, 1)."""
        return self._random("uniform", seed, count, first)
