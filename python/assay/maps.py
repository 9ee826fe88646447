"""Maps that are computed elsewhere: record what assay asks, compute anywhere, play the maps back.

    python -m assay.maps record DIR [--claims A,B]     a command of a battery: notes every request, with its network
    python -m assay.maps compute DIR FILE [--part I/N] computes what is missing by FILE's module and explainer
    python -m assay.maps play DIR                      a command of the same battery: answers from DIR/maps
    python -m assay.maps status DIR                    what is there and what is missing

A folder holds tensors/HASH.npy (each once, whatever number of networks has it), networks/KEY.json, requests/KEY.json
and .npz, and maps/KEY.npy, float32 of the request's inputs' shape. A program in any language can fill in the latter.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from .errors import AssayError, Unsupported
from .explainers import Explainer, collect
from .model import Layer, Model, Weight
from .serving import is_spawned, one_thread, serve

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


def _write(path: str, save: Any) -> None:
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


def _write_json(path: str, value: Any) -> None:
    _write(path, lambda file: file.write(json.dumps(value, indent=1).encode()))


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
        _write(self.folder.path("maps", self.key + ".npy"), lambda file: np.save(file, kept))

    def skip(self, reason: str) -> None:
        """The method does not apply to this network: a SKIP with that reason."""
        _write_json(self.folder.path("maps", self.key + ".json"), {"unsupported": reason})


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


def _original(session_first: Optional[str], model: Model, key: str) -> Optional[str]:
    """The key of the trained network: that of the first model that a process is asked about."""
    return session_first if session_first or model.kind != "model" else key


class Recorder(Explainer):
    """Notes every request, and answers with stand-ins that keep the claims, so that all requests are made."""

    def __init__(self, path: str, claims: Sequence[str] = ()) -> None:
        super().__init__(lambda model, x, targets: x, name="recorder", claims=claims)
        self.folder = Folder(path)
        self._first: Optional[str] = None
        self._known: Dict[str, None] = {}

    def sources(self) -> Dict[str, str]:
        return {"recording": self.folder.root}

    def _network(self, model: Model) -> str:
        key = network_key(model.kind, model.weights())
        self._first = _original(self._first, model, key)
        if model.kind == "model" and not os.path.exists(self.folder.path("recording.json")):
            _write_json(
                self.folder.path("recording.json"), {"format": FORMAT, "network": key, "claims": list(self.claims)}
            )
        if self._first and self.folder.about["network"] != self._first:
            raise AssayError(f"{self.folder.root} holds the recording of another network: record into a new folder")
        if list(self.folder.about["claims"]) != list(self.claims):
            raise AssayError(f"{self.folder.root} was recorded under the claims {self.folder.about['claims']}")
        if key not in self._known and not os.path.exists(self.folder.path("networks", key + ".json")):
            fresh = [w for w in model.weights() if not os.path.exists(self.folder.path("tensors", w.hash + ".npy"))]
            for weight, value in zip(fresh, model.tensors([w.name for w in fresh]).values()):
                _write(self.folder.path("tensors", weight.hash + ".npy"), lambda file, v=value: np.save(file, v))
            _write_json(
                self.folder.path("networks", key + ".json"),
                {
                    "kind": model.kind,
                    "outputs": model.outputs,
                    "weights": [list(w) for w in model.weights()],
                    "layers": [[layer.name, layer.op, list(layer.shape)] for layer in model.layers],
                },
            )
        self._known[key] = None
        return key

    def attribute(self, model: Model, x: np.ndarray, targets: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        network = self._network(model)
        random = "stochastic" in self.claims
        keys = [sample_key(network, x[i], targets[i], seeds[i] if random else None) for i in range(len(x))]
        new = [i for i, key in enumerate(keys) if key not in self._known and keys.index(key) == i]
        if new:
            request = _sha(*(keys[i].encode() for i in new))
            logits = model.forward(x[new])
            _write(
                self.folder.path("requests", request + ".npz"),
                lambda file: np.savez(file, inputs=x[new], targets=targets[new], seeds=seeds[new], logits=logits),
            )
            _write_json(
                self.folder.path("requests", request + ".json"), {"network": network, "samples": [keys[i] for i in new]}
            )
            self._known.update((keys[i], None) for i in new)
        return stand_in(model, x, targets, seeds, self.claims)


def stand_in(model: Model, x: np.ndarray, targets: np.ndarray, seeds: np.ndarray, claims: Sequence[str]) -> np.ndarray:
    """Maps that keep any claims, and say nothing: the gradient, bent to what was promised."""
    if "class-blind" in claims:
        targets = np.zeros_like(targets)
    maps = np.array(model.gradient(x, targets))
    if "input-multiplier" in claims:
        maps *= x
    if "non-negative" in claims:
        maps = np.abs(maps)
    if "stochastic" in claims:
        for i, seed in enumerate(seeds):
            maps[i] *= 1 + 0.1 * model.uniform(int(seed), 1)[0]
    if "complete" in claims:  # x^2 shares out f(x) - f(0): zero where the input is, and of the right sum
        rows = np.arange(len(x))
        due = (model.forward(x) - model.forward(np.zeros_like(x)))[rows, targets]
        shares = np.square(x, dtype=np.float64)
        sums = shares.reshape(len(x), -1).sum(1)
        scale = np.divide(due, sums, out=np.zeros(len(x)), where=sums > 0)
        maps = (shares * scale.reshape(-1, *[1] * (x.ndim - 1))).astype(np.float32)
    return maps


class Player(Explainer):
    """Answers from the maps of a folder. What is missing is named, and what belongs to another network is refused."""

    def __init__(self, path: str) -> None:
        self.folder = Folder(path)
        super().__init__(lambda model, x, targets: x, name="recorded-maps", claims=self.folder.about["claims"])
        self._first: Optional[str] = None
        self._at: Dict[str, Tuple[str, int]] = {}
        for key in self.folder.keys():
            for row, sample in enumerate(self.folder.json("requests", key)["samples"]):
                self._at[sample] = key, row

    def sources(self) -> Dict[str, str]:
        """The maps are the method: all of them."""
        found = hashlib.sha256()
        for key in self.folder.keys():
            for end in (".npy", ".json"):
                path = self.folder.path("maps", key + end)
                if os.path.exists(path):
                    with open(path, "rb") as file:
                        found.update(key.encode() + hashlib.sha256(file.read()).digest())
        return {"maps": found.hexdigest()}

    def _missing(self, network: str, i: int) -> AssayError:
        if os.path.exists(self.folder.path("networks", network + ".json")):
            return AssayError(
                f"{self.folder.root} was recorded for other inputs, targets or seeds than input {i} of this "
                f"request (network {network}): record again with this battery"
            )
        return AssayError(
            f"{self.folder.root} has no network {network}, which this request is about: record again with this "
            "battery, its seed and a fixed number of draws, rule: {draws: N}"
        )

    def _maps(self, key: str) -> np.ndarray:
        reason, path = self.folder.path("maps", key), self.folder.path("maps", key + ".npy")
        if os.path.exists(reason + ".json"):
            raise Unsupported(str(self.folder.json("maps", key).get("unsupported", "no reason given")))
        if not os.path.exists(path):
            raise AssayError(
                f"{path} is missing: compute the maps of request {key}, or let "
                f"`python3 -m assay.maps status {self.folder.root}` list all that are"
            )
        try:
            maps: np.ndarray = np.load(path)
            return maps
        except (OSError, ValueError) as error:
            raise AssayError(f"{path}: {error}") from None

    def attribute(self, model: Model, x: np.ndarray, targets: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        network = network_key(model.kind, model.weights())
        self._first = _original(self._first, model, network)
        if self._first and self._first != self.folder.about["network"]:
            raise AssayError(
                f"{self.folder.root} was recorded for another network ({self.folder.about['network']}, this one "
                f"is {self._first}): record again with this battery"
            )
        random = "stochastic" in self.claims
        maps = np.empty(x.shape, "<f4")
        loaded: Dict[str, np.ndarray] = {}
        for i in range(len(x)):
            place = self._at.get(sample_key(network, x[i], targets[i], seeds[i] if random else None))
            if place is None:
                raise self._missing(network, i)
            key, row = place
            if key not in loaded:
                loaded[key] = self._maps(key)
            if loaded[key].shape[1:] != x.shape[1:] or row >= len(loaded[key]):
                raise AssayError(
                    f"maps/{key}.npy has the shape {list(loaded[key].shape)}: wanted one map of "
                    f"{list(x.shape[1:])} for each input of the request"
                )
            maps[i] = loaded[key][row]
        return maps


def record(path: str, claims: Sequence[str] = ()) -> None:
    """Serves assay, noting every request below `path`. `claims` are those of the method that will make the maps."""
    serve(Recorder(path, claims))


def play(path: str) -> None:
    """Serves assay from the maps below `path`."""
    serve(Player(path))


def compute(path: str, module: Any, explain: Any, part: Tuple[int, int] = (1, 1)) -> int:
    """Computes what is missing below `path` by a torch module and a function as of assay.Own; the number of requests.

    The module has to be the network that was recorded: its logits are compared with the recorded ones.
    """
    from .binding import Binding
    from .own import Own

    folder, (one,) = Folder(path), collect(explain).values()
    binding = Binding(module)
    own = Own(module, one.function, binding, name=one.name, claims=folder.about["claims"])
    done = 0
    with binding.held():
        trained = folder.trained()
        with binding.network(trained.model, trained.inputs):  # type: ignore[arg-type]
            pass  # it is known by now which tensor is which parameter
        for request in folder.pending(part):
            try:
                request.save(
                    own.attribute(
                        request.model,
                        request.inputs,
                        request.targets,  # type: ignore[arg-type]
                        request.seeds,
                    )
                )
            except Unsupported as error:
                request.skip(str(error))
            done += 1
    return done


def _compute_by(path: str, file: str, part: str) -> str:
    import runpy

    namespace: Mapping[str, Any] = runpy.run_path(file, run_name="__assay__")
    found = [value for value in namespace.values() if isinstance(value, Explainer)]
    if "module" not in namespace or len(found) != 1:
        raise AssayError(f"{file}: wanted `module` and one function under @assay.explainer in it")
    first, last = (int(number) for number in part.split("/"))
    if not 1 <= first <= last:
        raise AssayError(f"--part {part}: wanted I/N with I from 1 to N")
    return f"{compute(path, namespace['module'], found[0], (first, last))} requests computed"


def status(path: str) -> Tuple[str, bool]:
    """A line for people, the requests without maps behind it; and whether there are none."""
    folder = Folder(path)
    network = folder.about["network"]
    keys = folder.keys()
    missing = [key for key in keys if not folder.is_done(key)]
    lines = [f"network {network}: {len(keys)} requests, {len(missing)} without maps"]
    return "\n".join(lines + [f"maps/{key}.npy" for key in missing]), not missing


def main(arguments: List[str]) -> int:
    import argparse

    parser = argparse.ArgumentParser(prog="python -m assay.maps", description="maps that are computed elsewhere")
    parser.add_argument("action", choices=("record", "compute", "play", "status"))
    parser.add_argument("folder")
    parser.add_argument("file", nargs="?", help="of compute: a file with `module` and one @assay.explainer")
    parser.add_argument("--claims", default="", help="of record: what the method will promise, A,B")
    parser.add_argument("--part", default="1/1", help="of compute: I/N, for jobs side by side")
    given = parser.parse_args(arguments)
    one_thread()
    with contextlib.suppress(BrokenPipeError):
        if given.action == "record":
            record(given.folder, [claim for claim in given.claims.split(",") if claim])
        elif given.action == "play":
            play(given.folder)
        elif given.action == "compute" and given.file:
            print(_compute_by(given.folder, given.file, given.part))
        elif given.action == "status":
            text, complete = status(given.folder)
            print(text)
            return 0 if complete else 1
        else:
            parser.error("compute: wanted FILE")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except AssayError as failure:
        print(f"assay: {failure}", file=sys.stderr)
        sys.exit(1 if is_spawned() else 2)
