"""A folder of recorded requests: networks, inputs and maps by name (assay.maps says what it is for).

tensors/HASH.npy (each once, whatever number of networks has it), networks/KEY.json, requests/KEY.json and .npz, and
maps/KEY.npy, float32 of the request's inputs' shape. A program in any language can fill in the latter.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from .errors import AssayError, Unsupported
from .model import Layer, Weight

FORMAT = "assay-maps/1"
KEY_DIGITS = 32


def _sha(*parts: bytes) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "little"))
        found.update(part)
    return found.hexdigest()[:KEY_DIGITS]


def network_key(kind: str, weights: Sequence[Weight]) -> str:
    """The name of a network: of its kind and the hashes of its parameters."""
    return _sha(kind.encode(), *(f"{w.name} {w.dims} {w.hash}".encode() for w in weights))


def sample_key(network: str, x: np.ndarray, target: int, seed: Optional[int]) -> str:
    """The name of one map: of a network, an input, a class and, of stochastic methods, a seed."""
    return _sha(
        network.encode(),
        np.ascontiguousarray(x, "<f4").tobytes(),
        str(int(target)).encode(),
        b"" if seed is None else str(int(seed)).encode(),
    )


def request_key(samples: Sequence[str]) -> str:
    """The name of a request of these samples."""
    return _sha(*(sample.encode() for sample in samples))


def write_file(path: str, save: Any) -> None:
    """A file at once or not at all: copies of a recorder write side by side."""
    folder = os.path.dirname(path)
    try:
        os.makedirs(folder, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder)
    except OSError as error:
        raise AssayError(
            f"{folder}: {error.strerror}: recording writes there, which the sandbox forbids: assay run --no-sandbox"
        ) from error
    with os.fdopen(handle, "wb") as file:
        save(file)
    os.replace(name, path)


def write_json(path: str, value: Any) -> None:
    write_file(path, lambda file: file.write(json.dumps(value, indent=1).encode()))


class RecordedModel:
    """A network of a folder, with what Own asks of assay.Model: its parameters, and the logits of the recorded inputs."""

    def __init__(self, folder: "Folder", key: str, inputs: np.ndarray, logits: np.ndarray) -> None:
        about = folder.json("networks", key)
        self._folder, self._inputs, self._logits = folder, inputs, logits
        self.kind: str = about["kind"]
        self.outputs: int = about["outputs"]
        self.variant: str = key
        self._weights = [Weight(name, tuple(dims), digest) for name, dims, digest in about["weights"]]
        self.layers = [Layer(i, e[0], e[1], tuple(e[2])) for i, e in enumerate(about["layers"])]

    def weights(self) -> List[Weight]:
        return list(self._weights)

    def tensors(self, names: Sequence[str]) -> Dict[str, np.ndarray]:
        """The values of these parameters."""
        found = {w.name: w for w in self._weights}
        return {
            name: np.load(self._folder.path("tensors", found[name].hash + ".npy")).reshape(found[name].dims)
            for name in names
        }

    def forward(self, x: Any) -> np.ndarray:
        """assay's logits of the recorded inputs; of no others."""
        if not np.array_equal(x, self._inputs):
            raise Unsupported("a recorded network answers for the recorded inputs only")
        return self._logits


class Request:
    """n samples of one network that maps are wanted for: inputs [n, ...], targets [n], seeds [n]."""

    def __init__(self, folder: "Folder", key: str) -> None:
        self.folder, self.key = folder, key
        self.network: str = folder.json("requests", key)["network"]
        with np.load(folder.path("requests", key + ".npz")) as arrays:
            self.inputs, self.targets, self.seeds = arrays["inputs"], arrays["targets"], arrays["seeds"]
            self.model = RecordedModel(folder, self.network, self.inputs, arrays["logits"])

    def weights(self) -> Dict[str, np.ndarray]:
        """The parameters of the network by name."""
        return self.model.tensors([weight.name for weight in self.model.weights()])

    def save(self, maps: Any) -> None:
        """Keeps the maps, of the inputs' shape."""
        kept = np.asarray(maps, dtype="<f4")
        if kept.shape != self.inputs.shape:
            raise AssayError(
                f"maps of shape {list(kept.shape)} for request {self.key}: wanted {list(self.inputs.shape)}"
            )
        write_file(self.folder.path("maps", self.key + ".npy"), lambda file: np.save(file, kept))

    def skip(self, reason: str) -> None:
        """The method does not apply to this network: a SKIP with that reason."""
        write_json(self.folder.path("maps", self.key + ".json"), {"unsupported": reason})


class Folder:
    """A folder of recorded requests."""

    def __init__(self, path: str) -> None:
        self.root = os.path.abspath(path)
        self._about: Optional[Dict[str, Any]] = None

    def path(self, *parts: str) -> str:
        return os.path.join(self.root, *parts)

    def json(self, *parts: str) -> Dict[str, Any]:
        with open(self.path(*parts) + ".json", encoding="utf-8") as file:
            found: Dict[str, Any] = json.load(file)
        return found

    @property
    def about(self) -> Dict[str, Any]:
        """format, network (the key of the trained one) and claims. Raises AssayError where nothing was recorded."""
        if self._about is None:
            try:
                self._about = self.json("recording")
            except (OSError, ValueError) as error:
                raise AssayError(
                    f"{self.root}: no recording: {error}; make one by `python3 -m assay.maps record`"
                ) from None
            if self._about.get("format") != FORMAT:
                raise AssayError(f"{self.root}: format {self._about.get('format')!r}, wanted {FORMAT}")
        return self._about

    def keys(self) -> List[str]:
        """Of all requests."""
        try:
            return sorted(name[:-5] for name in os.listdir(self.path("requests")) if name.endswith(".json"))
        except FileNotFoundError:
            return []

    def is_done(self, key: str) -> bool:
        return any(os.path.exists(self.path("maps", key + end)) for end in (".npy", ".json"))

    def requests(self) -> Iterator[Request]:
        for key in self.keys():
            yield Request(self, key)

    def pending(self, part: Tuple[int, int] = (1, 1)) -> Iterator[Request]:
        """Those without maps; of part (i, n) every n-th, from the i-th on, for jobs side by side."""
        for key in self.keys()[part[0] - 1 :: part[1]]:
            if not self.is_done(key):
                yield Request(self, key)

    def trained(self) -> Request:
        """A request of the network as it is."""
        for key in self.keys():
            if self.json("requests", key)["network"] == self.about["network"]:
                return Request(self, key)
        raise AssayError(f"{self.root}: no request of the trained network was recorded")
