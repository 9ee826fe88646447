"""Maps that are computed elsewhere: record what assay asks, compute anywhere, play the maps back.

python -m assay.maps record DIR [--claims A,B]     a command of a battery: notes every request, with its network
python -m assay.maps compute DIR FILE [--part I/N] computes what is missing by FILE's module and explainer
python -m assay.maps play DIR                      a command of the same battery: answers from DIR/maps
python -m assay.maps status DIR                    what is there and what is missing
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from .errors import AssayError, Unsupported
from .explainers import Explainer, collect
from .model import Model
from .recording import (
    FORMAT,
    Folder,
    RecordedModel,
    Request,
    network_key,
    request_key,
    sample_key,
    write_file,
    write_json,
)
from .serving import is_spawned, one_thread, serve

__all__ = ["Folder", "Player", "RecordedModel", "Recorder", "Request", "compute", "play", "record", "status"]


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
            write_json(
                self.folder.path("recording.json"), {"format": FORMAT, "network": key, "claims": list(self.claims)}
            )
        if self._first and self.folder.about["network"] != self._first:
            raise AssayError(f"{self.folder.root} holds the recording of another network: record into a new folder")
        if list(self.folder.about["claims"]) != list(self.claims):
            raise AssayError(f"{self.folder.root} was recorded under the claims {self.folder.about['claims']}")
        if key not in self._known and not os.path.exists(self.folder.path("networks", key + ".json")):
            fresh = [w for w in model.weights() if not os.path.exists(self.folder.path("tensors", w.hash + ".npy"))]
            for weight, value in zip(fresh, model.tensors([w.name for w in fresh]).values()):
                write_file(self.folder.path("tensors", weight.hash + ".npy"), lambda file, v=value: np.save(file, v))
            write_json(
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
            request = request_key([keys[i] for i in new])
            logits = model.forward(x[new])
            write_file(
                self.folder.path("requests", request + ".npz"),
                lambda file: np.savez(file, inputs=x[new], targets=targets[new], seeds=seeds[new], logits=logits),
            )
            write_json(
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
                wanted = len(self.folder.json("requests", key)["samples"])  # another number: of another request
                if loaded[key].shape != (wanted, *x.shape[1:]):
                    raise AssayError(
                        f"maps/{key}.npy has the shape {list(loaded[key].shape)}: wanted one map of "
                        f"{list(x.shape[1:])} for each of the {wanted} inputs of the request"
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
            model: Any = request.model  # of Model it has what Own asks for
            try:
                request.save(own.attribute(model, request.inputs, request.targets, request.seeds))
            except Unsupported as error:
                request.skip(str(error))
            done += 1
    return done


def _compute_by(path: str, file: str, part: str) -> str:
    import runpy

    which = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", part)
    first, last = (int(which[1]), int(which[2])) if which else (0, 0)
    if not 1 <= first <= last:
        raise AssayError(f"--part {part}: wanted I/N with I from 1 to N")
    if not os.path.isfile(file):
        raise AssayError(f"{file}: no such file: wanted one with `module` and one function under @assay.explainer")
    namespace: Mapping[str, Any] = runpy.run_path(file, run_name="__assay__")
    found = [value for value in namespace.values() if isinstance(value, Explainer)]
    if "module" not in namespace or len(found) != 1:
        raise AssayError(f"{file}: wanted `module` and one function under @assay.explainer in it")
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
