"""Frames of protocol 1: a line of JSON, then the bytes of arrays (docs/protocol.md, "A frame")."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Dict, Mapping, Optional, Tuple

import numpy as np

from .errors import ProtocolError

HEADER_MAX = 4 << 20  # bytes of the line, with its end
BYTES_MAX = 1 << 31  # bytes behind it
TYPES = ("<f4", "<u4", "<u8")
DIMENSIONS_MAX = 8


@dataclass
class Frame:
    """One message: its keys but for `type`, `arrays` and `bytes`, and its arrays by name."""

    type: str
    keys: Dict[str, Any] = field(default_factory=dict)
    arrays: Dict[str, np.ndarray] = field(default_factory=dict)


def _read_exactly(stream: BinaryIO, size: int) -> bytearray:
    data = bytearray(size)
    view, have = memoryview(data), 0
    while have < size:
        got = stream.readinto(view[have:])  # type: ignore[attr-defined]
        if not got:
            raise ProtocolError(f"the connection ended {size - have} bytes before the end of a frame")
        have += got
    return data


def _described(entry: Any) -> Tuple[str, np.dtype, Tuple[int, ...]]:
    """Name, type and dimensions of one entry of `arrays`."""
    if not (isinstance(entry, list) and len(entry) == 3):
        raise ProtocolError(f"an array is [name, type, dimensions], not {entry!r}")
    name, kind, dims = entry
    if not isinstance(name, str) or kind not in TYPES:
        raise ProtocolError(f"an array of name {name!r} and type {kind!r}: wanted a text and one of {', '.join(TYPES)}")
    whole = isinstance(dims, list) and all(type(d) is int and 0 < d <= BYTES_MAX for d in dims)
    if not whole or len(dims) > DIMENSIONS_MAX:
        raise ProtocolError(f"array {name}: dimensions {dims!r}: wanted at most {DIMENSIONS_MAX} whole numbers above 0")
    return name, np.dtype(kind), tuple(dims)


def _header(line: bytes) -> Dict[str, Any]:
    if len(line) > HEADER_MAX or not line.endswith(b"\n"):
        raise ProtocolError(f"a header that does not end within {HEADER_MAX} bytes: {line[:60]!r}")
    try:
        header = json.loads(line)
    except ValueError as error:
        raise ProtocolError(f"a header that is no JSON: {line[:60]!r} ({error})") from None
    if not isinstance(header, dict) or not isinstance(header.get("type"), str):
        raise ProtocolError(f"a header that is no object with a type: {line[:60]!r}")
    return header


def read_frame(stream: BinaryIO) -> Optional[Frame]:
    """The next frame, or None where the other side has closed the connection between two frames.

    The sizes are checked before anything is allocated. Raises ProtocolError.
    """
    line = stream.readline(HEADER_MAX + 1)
    if not line:
        return None
    header = _header(line)
    kind, entries, size = header.pop("type"), header.pop("arrays", []), header.pop("bytes", 0)
    if not isinstance(entries, list):
        raise ProtocolError(f"arrays: wanted a list, not {entries!r}")
    described = [_described(entry) for entry in entries]
    sizes = []
    for _, dtype, dims in described:
        count = 1
        for d in dims:
            count *= d  # Python's integers do not overflow
        sizes.append(count * dtype.itemsize)
    if type(size) is not int or size != sum(sizes) or size > BYTES_MAX:
        raise ProtocolError(f"bytes: {size!r}: the arrays take {sum(sizes)}, and at most {BYTES_MAX} are allowed")
    if len({name for name, _, _ in described}) != len(described):
        raise ProtocolError("two arrays of one name")
    arrays = {}
    for (name, dtype, dims), wanted in zip(described, sizes):
        arrays[name] = np.frombuffer(_read_exactly(stream, wanted), dtype).reshape(dims)
    return Frame(kind, header, arrays)


def write_frame(stream: BinaryIO, kind: str, keys: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Sends one frame. Arrays are float32, uint32 or uint64, of any layout in memory."""
    header: Dict[str, Any] = {"type": kind, **keys}
    sent = []
    for name, array in arrays.items():
        kept = np.ascontiguousarray(array, dtype=np.asarray(array).dtype.newbyteorder("<"))
        if kept.dtype.str not in TYPES:
            raise ProtocolError(f"array {name}: type {kept.dtype}: wanted one of {', '.join(TYPES)}")
        sent.append((name, kept))
    if sent:
        header["arrays"] = [[name, array.dtype.str, list(array.shape)] for name, array in sent]
        header["bytes"] = sum(array.nbytes for _, array in sent)
        if header["bytes"] > BYTES_MAX:
            raise ProtocolError(f"{header['bytes']} bytes in one frame: at most {BYTES_MAX} are allowed")
    line = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
    if len(line) > HEADER_MAX:
        raise ProtocolError(f"a header of {len(line)} bytes: at most {HEADER_MAX} are allowed")
    stream.write(line)
    for _, array in sent:
        stream.write(memoryview(array).cast("B"))
    stream.flush()
