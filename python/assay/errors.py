"""What can go wrong, in the words of the protocol (docs/protocol.md)."""

from __future__ import annotations


class AssayError(Exception):
    """Something stands in the way of judging: bad arguments, no program, a module that cannot be used."""


class Unsupported(AssayError):
    """The method does not apply to this network: a SKIP with this reason. A method may raise it itself."""


class CallFailed(AssayError):
    """assay refused a call of a method (a wrong shape, a number that is not finite). The session goes on."""


class ProtocolError(AssayError):
    """The other side sent what the protocol does not have. The connection is of no further use."""
