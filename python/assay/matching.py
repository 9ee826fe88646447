"""Which tensor of a module is which parameter of the network: by bytes first, by names second.

Exporters rename, transpose and fold. A folded file may keep the name `conv1.weight` for another tensor, so a name alone
proves nothing; equal bytes do, in any order of axes.
"""

from __future__ import annotations

import hashlib
import itertools
from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .model import Weight

AXES_MAX = 5  # of which every order is tried: 120 of them


class Match(NamedTuple):
    """A parameter lies in `tensor`; `axes` is the order of its axes that has the parameter's bytes, None: as it is."""

    tensor: str
    axes: Optional[Tuple[int, ...]]


def digest(array: np.ndarray) -> str:
    """SHA-256 of the bytes of an array as float32, in C order."""
    return hashlib.sha256(np.ascontiguousarray(array, dtype="<f4")).hexdigest()


def _orders(rank: int) -> Iterator[Tuple[int, ...]]:
    """Every order of the axes but their own."""
    if 2 <= rank <= AXES_MAX:
        yield from (axes for axes in itertools.permutations(range(rank)) if axes != tuple(range(rank)))


def _by_bytes(
    weight: Weight, tensors: Mapping[str, np.ndarray], digests: Mapping[str, str], taken: Mapping[str, int]
) -> Optional[Match]:
    count = int(np.prod(weight.dims, dtype=np.int64))
    fitting = [name for name, tensor in tensors.items() if tensor.size == count]
    fitting.sort(key=lambda name: (name != weight.name, taken.get(name, 0)))  # the same name, then one that is free
    for name in fitting:
        if digests[name] == weight.hash:
            return Match(name, None)
    for name in fitting:
        for axes in _orders(tensors[name].ndim):
            if digest(tensors[name].transpose(axes)) == weight.hash:
                return Match(name, axes)
    return None


def match_bytes(weights: Sequence[Weight], tensors: Mapping[str, np.ndarray]) -> Dict[str, Optional[Match]]:
    """For each parameter of the network the tensor of the module with its bytes, or None."""
    digests = {name: digest(tensor) for name, tensor in tensors.items()}
    taken: Dict[str, int] = {}
    found: Dict[str, Optional[Match]] = {}
    # Those whose name fits choose first, so that equal bytes (biases of zeros) go to their own names.
    for weight in sorted(weights, key=lambda w: w.name not in tensors):
        match = _by_bytes(weight, tensors, digests, taken)
        found[weight.name] = match
        if match:
            taken[match.tensor] = taken.get(match.tensor, 0) + 1
    return found


def match_names(weights: Sequence[Weight], shapes: Mapping[str, Tuple[int, ...]]) -> Dict[str, Optional[Match]]:
    """The same by names and sizes, where no trained network was seen: the proof on logits has to confirm it."""
    found: Dict[str, Optional[Match]] = {}
    for weight in weights:
        shape = shapes.get(weight.name)
        if shape is None or np.prod(shape, dtype=np.int64) != np.prod(weight.dims, dtype=np.int64):
            found[weight.name] = None
        elif shape != weight.dims and shape == weight.dims[::-1]:
            found[weight.name] = Match(weight.name, tuple(range(len(shape)))[::-1])
        else:
            found[weight.name] = Match(weight.name, None)
    return found


def as_tensor(value: np.ndarray, match: Match, shape: Tuple[int, ...]) -> np.ndarray:
    """The parameter's value laid out as the module's tensor of that shape."""
    if match.axes is None:
        return value.reshape(shape)
    turned = value.reshape([shape[axis] for axis in match.axes])
    return turned.transpose(np.argsort(match.axes))


def difference(weight: Weight, value: np.ndarray, tensors: Mapping[str, np.ndarray]) -> str:
    """What is known of a parameter that no tensor has, in half a sentence."""
    own = tensors.get(weight.name)
    if own is None:
        return f"the module has no tensor with the bytes of {weight.name}, and none of that name"
    if own.size != value.size:
        return f"{weight.name} is {list(weight.dims)} in the network and {list(own.shape)} in the module"
    off = float(np.max(np.abs(own.reshape(-1) - value.reshape(-1))))
    return f"{weight.name} of the network and of the module differ by up to {off:.3g}"


def names(found: List[str], most: int = 3) -> str:
    """The first names of a list."""
    return ", ".join(found[:most]) + (f" and {len(found) - most} more" if len(found) > most else "")
