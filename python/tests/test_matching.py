"""Which tensor is which parameter: bytes first, in any order of axes; names second."""

import numpy as np
import pytest

from assay.matching import Match, as_tensor, digest, match_bytes, match_names
from assay.model import Weight

RANDOM = np.random.default_rng(0)
SQUARE = RANDOM.standard_normal((4, 4)).astype("f4")
KERNEL = RANDOM.standard_normal((2, 3, 5, 5)).astype("f4")


def weight(name, array):
    return Weight(name, array.shape, digest(array))


@pytest.mark.parametrize(
    "stored, tensors, found",
    [
        (SQUARE, {"w": SQUARE}, Match("w", None)),
        (SQUARE, {"other": SQUARE}, Match("other", None)),
        (SQUARE.T, {"w": SQUARE}, Match("w", (1, 0))),
        (SQUARE.reshape(2, 8), {"w": SQUARE}, Match("w", None)),
        (KERNEL.transpose(2, 3, 1, 0), {"w": KERNEL}, Match("w", (2, 3, 1, 0))),
        (SQUARE + 1e-6, {"w": SQUARE}, None),
        (SQUARE, {}, None),
        # The name of a folded file belongs to another tensor: bytes win.
        (SQUARE, {"w": SQUARE + 1, "v": SQUARE}, Match("v", None)),
    ],
)
def test_bytes(stored, tensors, found):
    assert match_bytes([weight("w", stored)], tensors) == {"w": found}
    if found:
        laid = as_tensor(np.ascontiguousarray(stored), found, tensors[found.tensor].shape)
        assert np.array_equal(laid, tensors[found.tensor])


def test_equal_bytes_go_to_their_names_then_to_what_is_free():
    zeros = np.zeros(3, "f4")
    tensors = {"a.bias": zeros, "b.bias": zeros, "c.bias": zeros}
    found = match_bytes([weight("x", zeros), weight("b.bias", zeros), weight("y", zeros)], tensors)
    assert found["b.bias"].tensor == "b.bias"
    assert sorted(m.tensor for m in found.values()) == ["a.bias", "b.bias", "c.bias"]


@pytest.mark.parametrize(
    "dims, shape, found",
    [
        ((2, 3), (2, 3), Match("w", None)),
        ((3, 2), (2, 3), Match("w", (1, 0))),
        ((6,), (2, 3), Match("w", None)),
        ((7,), (2, 3), None),
        ((2, 3), None, None),
    ],
)
def test_names(dims, shape, found):
    shapes = {} if shape is None else {"w": shape}
    assert match_names([Weight("w", dims, "")], shapes) == {"w": found}
