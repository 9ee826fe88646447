"""Frames: what is written is read, and what is broken is refused before anything is allocated."""

import io
import json

import numpy as np
import pytest

from assay.errors import ProtocolError
from assay.frames import read_frame, write_frame


def test_what_is_written_is_read():
    stream = io.BytesIO()
    arrays = {"x": np.arange(6, dtype="<f4").reshape(2, 3).T, "seeds": np.array([2**63 + 1], dtype="<u8")}
    write_frame(stream, "call", {"id": 3, "op": "forward", "name": "Gefühl"}, arrays)
    write_frame(stream, "bye", {}, {})
    stream.seek(0)
    frame = read_frame(stream)
    assert (frame.type, frame.keys) == ("call", {"id": 3, "op": "forward", "name": "Gefühl"})
    assert np.array_equal(frame.arrays["x"], arrays["x"]) and frame.arrays["x"].shape == (3, 2)
    assert int(frame.arrays["seeds"][0]) == 2**63 + 1
    assert read_frame(stream).type == "bye"
    assert read_frame(stream) is None


def header(**keys):
    return json.dumps({"type": "maps", **keys}).encode() + b"\n"


@pytest.mark.parametrize(
    "data, said",
    [
        (b"no json\n", "no JSON"),
        (b"[1]\n", "no object with a type"),
        (b'{"id": 1}\n', "no object with a type"),
        (b'{"type": "bye"}', "does not end"),
        (b" " * ((4 << 20) + 1) + b"\n", "does not end"),
        (header(arrays=[["x", "<f4", [2]]], bytes=4), "arrays take 8"),
        (header(arrays=[["x", "<f4", [2]]]), "arrays take 8"),
        (header(bytes=4), "arrays take 0"),
        (header(arrays=[["x", "<f4", [1 << 31]]], bytes=1 << 33), "at most"),
        (header(arrays=[["x", "<f4", [1 << 31, 1 << 31, 1 << 31]]], bytes=0), "arrays take"),
        (header(arrays=[["x", "<f8", [1]]], bytes=8), "wanted a text and one of"),
        (header(arrays=[["x", "<f4", [0]]], bytes=0), "whole numbers above 0"),
        (header(arrays=[["x", "<f4", [-1]]], bytes=-4), "whole numbers above 0"),
        (header(arrays=[["x", "<f4", [True]]], bytes=4), "whole numbers above 0"),
        (header(arrays=[["x", "<f4", [1] * 9]], bytes=4), "at most 8"),
        (header(arrays=["x"], bytes=4), "an array is"),
        (header(arrays=3), "wanted a list"),
        (header(arrays=[["x", "<f4", [1]], ["x", "<f4", [1]]], bytes=8) + b"12345678", "two arrays"),
        (header(arrays=[["x", "<f4", [2]]], bytes=8) + b"1234", "4 bytes before the end"),
    ],
)
def test_what_is_broken_is_refused(data, said):
    with pytest.raises(ProtocolError, match=said):
        read_frame(io.BytesIO(data))


def test_other_types_are_not_sent():
    with pytest.raises(ProtocolError, match="float64"):
        write_frame(io.BytesIO(), "maps", {"id": 1}, {"maps": np.zeros(2)})
