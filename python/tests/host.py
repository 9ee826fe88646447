"""The other side of the protocol as a test double: a network of two layers in numpy, and assay's part of a session."""

from __future__ import annotations

import hashlib
import socket
import threading
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

import numpy as np

from assay.errors import ProtocolError
from assay.frames import Frame, read_frame, write_frame
from assay.session import Session


class Network:
    """relu(x A^T + a) B^T + b over flattened samples; the logits of y = mask * x, plus raised."""

    def __init__(
        self, seed: int = 0, shape: Tuple[int, ...] = (1, 3, 4), hidden: int = 7, outputs: int = 3, kind: str = "model"
    ) -> None:
        random = np.random.default_rng(seed)
        count = int(np.prod(shape))
        self.shape, self.outputs, self.kind = shape, outputs, kind
        self.weights: Dict[str, np.ndarray] = {
            "hidden.weight": random.standard_normal((hidden, count)).astype("<f4"),
            "hidden.bias": random.standard_normal(hidden).astype("<f4"),
            "top.weight": random.standard_normal((outputs, hidden)).astype("<f4"),
            "top.bias": random.standard_normal(outputs).astype("<f4"),
        }
        self.special: Dict[str, np.ndarray] = {}

    def redrawn(self, *names: str, seed: int = 99) -> "Network":
        """A copy with these parameters drawn anew."""
        made = Network(shape=self.shape, outputs=self.outputs, kind=self.kind)
        made.weights = dict(self.weights)
        random = np.random.default_rng(seed)
        for name in names:
            made.weights[name] = random.standard_normal(self.weights[name].shape).astype("<f4")
        return made

    def variant(self) -> str:
        return hashlib.sha256(b"".join(v.tobytes() for v in self.weights.values())).hexdigest()

    def _hidden(self, x: np.ndarray) -> np.ndarray:
        y = (x * self.special.get("assay.mask", np.float32(1))).reshape(len(x), -1)
        return y @ self.weights["hidden.weight"].T + self.weights["hidden.bias"]

    def forward(self, x: np.ndarray) -> np.ndarray:
        top = np.maximum(self._hidden(x), 0) @ self.weights["top.weight"].T + self.weights["top.bias"]
        return (top + self.special.get("assay.raised", np.float32(0))).astype("<f4")

    def vjp(self, x: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
        back = (cotangent @ self.weights["top.weight"]) * (self._hidden(x) > 0)
        mask = self.special.get("assay.mask", np.float32(1))
        return ((back @ self.weights["hidden.weight"]).reshape(x.shape) * mask).astype("<f4")

    def gradient(self, x: np.ndarray, targets: np.ndarray) -> np.ndarray:
        return self.vjp(x, np.eye(self.outputs, dtype="<f4")[targets])

    def propagate(
        self, x: np.ndarray, targets: np.ndarray, keys: Mapping[str, Any], reference: Optional[np.ndarray]
    ) -> np.ndarray:
        """Rules of which it has two: the gradient, and rescale for its rectifier."""
        if keys["rules"] == [None, None, None] and "reference" not in keys:
            return self.gradient(x, targets) * (self.forward(x)[:, :1] if keys.get("start") == "logit" else 1)
        if keys["rules"] != [None, ["rescale"], None] or not keys["reference"]:
            raise Refusal("failed")
        now, then = self._hidden(x), self._hidden(reference)
        slope = (np.maximum(now, 0) - np.maximum(then, 0)) / (now - then)
        back = self.weights["top.weight"][targets] * slope
        return (back @ self.weights["hidden.weight"]).reshape(x.shape).astype("<f4")


class Refusal(Exception):
    """An answer of assay's that is an error."""


def _list(network: Network) -> List[List[Any]]:
    both = {**network.weights, **network.special}
    return [[name, list(v.shape), hashlib.sha256(v.tobytes()).hexdigest()] for name, v in both.items()]


def answer(network: Network, call: Frame) -> Tuple[Dict[str, Any], Dict[str, np.ndarray]]:
    """Keys and arrays of the answer to one call."""
    a, op = call.arrays, call.keys["op"]
    if op == "forward":
        return {}, {"out": network.forward(a["x"])}
    if op == "gradient":
        if call.keys.get("rule", "gradient") != "gradient":
            raise Refusal("unsupported")
        return {}, {"out": network.gradient(a["x"], a["targets"])}
    if op == "gradient_sum":
        each = network.gradient(a["x"], a["targets"])
        return {}, {"out": np.tensordot(a["weights"], each, 1).astype("<f4")}
    if op == "line":
        points = a["from"] + a["positions"].reshape(-1, *[1] * a["from"].ndim) * (a["to"] - a["from"])
        each = network.gradient(points, np.full(len(points), call.keys["target"]))
        return {}, {"out": np.tensordot(a["weights"], each, 1).astype("<f4")}
    if op == "vjp":
        return {}, {"out": network.vjp(a["x"], a["cotangent"])}
    if op == "layers":
        return {
            "layers": [
                {"name": "hidden", "op": "Gemm", "shape": [7]},
                {"name": "relu", "op": "Relu", "shape": [7]},
                {"name": "top", "op": "Gemm", "shape": [network.outputs]},
            ]
        }, {}
    if op == "operators":
        keys = ("name", "op", "role", "first")
        each = ("hidden", "Gemm", "layer", True), ("relu", "Relu", "rectifier", False), ("top", "Gemm", "layer", False)
        return {"operators": [dict(zip(keys, one)) for one in each]}, {}
    if op == "propagate":
        return {}, {"out": network.propagate(a["x"], a["targets"], call.keys, a.get("reference"))}
    if op == "background":
        if network.kind != "model":
            raise Refusal("unsupported")
        return {}, {"out": np.arange(2 * np.prod(network.shape), dtype="<f4").reshape(2, *network.shape)}
    if op == "weights" and "names" not in call.keys:
        return {"weights": _list(network)}, {}
    if op == "weights":
        both = {**network.weights, **network.special}
        return {}, {name: both[name] for name in call.keys["names"]}
    raise Refusal("failed")


class Host:
    """assay's side of one connection to explainers that a thread serves."""

    def __init__(self, explainers: Mapping[str, Any], serve: Optional[Callable[[Session], None]] = None) -> None:
        ours, theirs = socket.socketpair()
        self._sockets = ours, theirs
        self.reader, self.writer = ours.makefile("rb"), ours.makefile("wb")
        self.session = Session(theirs.makefile("rb"), theirs.makefile("wb"), explainers)
        self.broken: Optional[BaseException] = None
        self._serve = serve or self._plain
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._next = 0

    @staticmethod
    def _plain(session: Session) -> None:
        if session.greet():
            session.serve()

    def _run(self) -> None:
        try:
            self._serve(self.session)
        except BaseException as error:
            self.broken = error
        finally:
            for file in (self.session.writer, self.session.reader):
                try:
                    file.close()
                except OSError:
                    pass
            self._sockets[1].close()

    def send(self, kind: str, keys: Mapping[str, Any], arrays: Optional[Mapping[str, np.ndarray]] = None) -> None:
        write_frame(self.writer, kind, keys, arrays or {})

    def hello(self, options: str = "", versions: Tuple[int, int] = (1, 1)) -> Frame:
        self.send("hello", {"protocol": list(versions), "assay": "test", "options": options})
        said = read_frame(self.reader)
        assert said is not None
        return said

    def ask(self, network: Network, x: np.ndarray, targets: np.ndarray, seeds: Optional[np.ndarray] = None) -> Frame:
        """One attribute, with every call answered: the frame that ends it."""
        self._next += 1
        kept = np.arange(len(x)) if seeds is None else seeds
        self.send(
            "attribute",
            {
                "id": self._next,
                "n": len(x),
                "outputs": network.outputs,
                "kind": network.kind,
                "variant": network.variant(),
            },
            {"inputs": x, "targets": targets.astype("<u4"), "seeds": kept.astype("<u8")},
        )
        while True:
            frame = read_frame(self.reader)
            if frame is None:
                raise ProtocolError("the client left")
            if frame.type != "call":
                return frame
            try:
                keys, arrays = answer(network, frame)
            except Refusal as refused:
                self.send("error", {"id": frame.keys["id"], "status": str(refused), "message": "not here"})
            else:
                self.send("answer", {"id": frame.keys["id"], "us": 1, **keys}, arrays)

    def close(self) -> None:
        try:
            self.send("bye", {})
        except OSError:
            pass
        for file in (self.writer, self.reader):
            try:
                file.close()
            except OSError:
                pass
        self._sockets[0].close()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def __enter__(self) -> "Host":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
