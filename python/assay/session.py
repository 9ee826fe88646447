"""The client's side of one connection: hello, requests, bye (docs/protocol.md, "A session")."""

from __future__ import annotations

import sys
import traceback
from typing import BinaryIO, Callable, Dict, Mapping, Optional

import numpy as np

from .errors import AssayError, CallFailed, ProtocolError, Unsupported
from .explainers import Explainer
from .frames import Frame, read_frame, write_frame
from .model import Model

PROTOCOL = 1
MESSAGE_MAX = 1000  # characters of a reason


def sentence(error: BaseException) -> str:
    """An exception in one line: its words, and where it was raised where those alone would not tell."""
    words = " ".join(str(error).encode("utf-8", "replace").decode().split()) or "no reason given"
    if not isinstance(error, AssayError):
        words = f"{type(error).__name__}: {words}"
        frames = traceback.extract_tb(error.__traceback__)
        if frames:
            words += f" ({frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno})"
    return words if len(words) <= MESSAGE_MAX else words[: MESSAGE_MAX - 3] + "..."


def choose(explainers: Mapping[str, Explainer], options: str) -> Explainer:
    """The one that the battery's `options` name; the only one where they name none."""
    if options:
        if options not in explainers:
            raise AssayError(f"options: there is no explainer {options}, only {', '.join(explainers)}")
        return explainers[options]
    if len(explainers) > 1:
        raise AssayError(f"options: which of {', '.join(explainers)}? Name one in the battery: options: NAME")
    return next(iter(explainers.values()))


class Session:
    """One connection. `explainers` are those that can be asked for.

    `reader` and `writer` are binary and buffered; `interrupts` says whether KeyboardInterrupt goes through to the
    caller (in the user's own process) or is a failure of the method like any other.
    """

    def __init__(
        self, reader: BinaryIO, writer: BinaryIO, explainers: Mapping[str, Explainer], interrupts: bool = False
    ) -> None:
        self.reader, self.writer = reader, writer
        self.explainers = explainers
        self.interrupts = interrupts
        self.explainer: Optional[Explainer] = None

    def greet(self, forks: bool = False) -> bool:
        """Exchanges hello. False where the other side left at once, or was told why this one cannot serve."""
        hello = read_frame(self.reader)
        if hello is None:
            return False
        if hello.type != "hello":
            raise ProtocolError(f"wanted hello, assay sent {hello.type}")
        versions = hello.keys.get("protocol")
        try:
            if not (isinstance(versions, list) and len(versions) == 2 and versions[0] <= PROTOCOL <= versions[1]):
                raise AssayError(
                    f"this assay speaks protocol {versions}, the Python package {PROTOCOL}: "
                    "install both from one checkout"
                )
            self.explainer = choose(self.explainers, str(hello.keys.get("options") or ""))
            said = self.explainer.hello()
        except Exception as error:
            self.refuse(hello, "failed", sentence(error))
            return False
        write_frame(self.writer, "hello", {"protocol": PROTOCOL, **said, **({"forks": True} if forks else {})}, {})
        return True

    def refuse(self, request: Frame, status: str, message: str) -> None:
        """An error in place of the answer; the session goes on."""
        keys = {"status": status, "message": message}
        if "id" in request.keys:
            keys["id"] = request.keys["id"]
        write_frame(self.writer, "error", keys, {})

    def answer(self, request: Frame) -> None:
        """Answers one `attribute`, by maps or by an error in the method's words."""
        assert self.explainer is not None
        arrays = request.arrays
        for name, kind in (("inputs", "<f4"), ("targets", "<u4"), ("seeds", "<u8")):
            if name not in arrays or arrays[name].dtype.str != kind:
                raise ProtocolError(f"attribute without {name} of {kind}")
        x = arrays["inputs"]
        try:
            maps = self.explainer.attribute(
                Model(self.reader, self.writer, request), x, arrays["targets"], arrays["seeds"]
            )
        except ProtocolError:
            raise
        except Unsupported as error:
            self.refuse(request, "unsupported", sentence(error))
        except KeyboardInterrupt as error:
            if self.interrupts:
                raise
            self.refuse(request, "failed", sentence(error))
        except SystemExit as error:
            self.refuse(request, "failed", f"the method ended its process: SystemExit {error.code}")
        except Exception as error:
            if not isinstance(error, (AssayError, CallFailed)):
                traceback.print_exc(file=sys.stderr)
            self.refuse(request, "failed", sentence(error))
        else:
            write_frame(self.writer, "maps", {"id": request.keys.get("id")}, {"maps": np.asarray(maps, "<f4")})

    def serve(self, other: Optional[Dict[str, Callable[[Frame], bool]]] = None) -> None:
        """Answers until bye or the end of the connection. `other` takes further types of frames; a handler that
        returns True has ended this loop (a forked copy that served its own pipes)."""
        while True:
            frame = read_frame(self.reader)
            if frame is None or frame.type == "bye":
                return
            if frame.type == "attribute":
                self.answer(frame)
            elif other and frame.type in other:
                if other[frame.type](frame):
                    return
            else:
                raise ProtocolError(f"wanted attribute or bye, assay sent {frame.type}")
