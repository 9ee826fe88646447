"""A program that assay starts: pipes on descriptors 3 and 4, and copies of itself by fork (docs/protocol.md)."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any, BinaryIO, Callable, Dict, List, Mapping, Optional, Tuple

from .errors import AssayError, ProtocolError
from .explainers import Explainer, collect
from .frames import Frame, write_frame
from .session import Session

READ, WRITE = 3, 4


def one_thread() -> None:
    """One thread of OpenMP and BLAS from here on: torch may be forked only where one thread computed, and two pools
    of threads beside each other spin. Of use before numpy and torch are imported; harmless later."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


def is_spawned() -> bool:
    """Whether assay started this process."""
    return "ASSAY_PROTOCOL" in os.environ


class ForkServer:
    """The parent of copies: it answers `fork` and `reap`, and never computes maps itself."""

    def __init__(self, session: Session, open_pipe: Callable[[str, str], BinaryIO]) -> None:
        self.session = session
        self.ended: Dict[int, int] = {}  # pid to wait status
        self.children: List[int] = []
        self._open = open_pipe

    def _collect(self) -> None:
        for pid in list(self.children):
            got, status = os.waitpid(pid, os.WNOHANG)
            if got:
                self.children.remove(pid)
                self.ended[pid] = status

    def fork(self, frame: Frame) -> bool:
        """True in the copy, once it has served."""
        self._collect()
        if threading.active_count() > 1:
            names = ", ".join(t.name for t in threading.enumerate() if t is not threading.main_thread())
            self.session.refuse(
                frame,
                "failed",
                f"the program has threads ({names}), and a copy of it would hang: "
                "start them in explain(), or not at all",
            )
            return False
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            self.children.append(pid)
            write_frame(self.session.writer, "forked", {"id": frame.keys.get("id"), "pid": pid}, {})
            return False
        self._copy(frame)
        return True

    def _copy(self, frame: Frame) -> None:
        """The copy's whole life: it serves one job and leaves, without what the parent meant to do at its end."""
        code = 1
        try:
            reader = self._open(str(frame.keys["read"]), "rb")
            writer = self._open(str(frame.keys["write"]), "wb")
            os.environ["TMPDIR"] = str(frame.keys.get("folder") or os.environ.get("TMPDIR", "/tmp"))
            self.session.reader.close()
            self.session.writer.close()
            self.session.reader, self.session.writer = reader, writer
            self.session.serve()
            code = 0
        except BaseException as error:  # nothing of the parent's is to run in the copy
            print(f"assay: {error}", file=sys.stderr)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def reap(self, frame: Frame) -> bool:
        self._collect()
        pid = frame.keys.get("pid")
        said: Dict[str, Any] = {"id": frame.keys.get("id"), "pid": pid}
        if pid in self.ended:
            status = self.ended.pop(pid)
            if os.WIFSIGNALED(status):
                said["signal"] = os.WTERMSIG(status)
            else:
                said["code"] = os.WEXITSTATUS(status)
        write_frame(self.session.writer, "ended", said, {})
        return False


def _pipes() -> Tuple[BinaryIO, BinaryIO]:
    """Descriptors 3 and 4, which nothing that the method starts is to inherit."""
    for descriptor in (READ, WRITE):
        os.set_inheritable(descriptor, False)
    return os.fdopen(READ, "rb"), os.fdopen(WRITE, "wb")


def _opened(path: str, mode: str) -> BinaryIO:
    flags = os.O_RDONLY if mode == "rb" else os.O_WRONLY
    return os.fdopen(os.open(path, flags | os.O_CLOEXEC), mode)  # type: ignore[return-value]


def serve(explain: Any, claims: Tuple[str, ...] = (), **options: Any) -> None:
    """Serves assay, which has started this program; returns when assay is done with it.

    explain:  a function of (model, x, targets) or (model, x, targets, seeds) with an assay.Model and numpy arrays,
              returning maps of x's shape; an assay.Own; or a mapping {name: one of those}, of which `options` in the
              battery names one
    claims and other options:   as of assay.Explainer, where explain is one function
    """
    if claims:
        options["claims"] = claims
    explainers = collect(explain, **options)
    if not is_spawned():
        raise AssayError(
            "assay.serve: assay did not start this program: name it in a battery, "
            "`process: {command: [python3, FILE]}`, and run that"
        )
    one_thread()
    reader, writer = _pipes()
    serve_connection(reader, writer, explainers)


def serve_connection(
    reader: BinaryIO,
    writer: BinaryIO,
    explainers: Mapping[str, Explainer],
    open_pipe: Optional[Callable[[str, str], BinaryIO]] = None,
) -> None:
    """serve() on any two streams."""
    session = Session(reader, writer, explainers)
    try:
        if session.greet(forks=hasattr(os, "fork")):
            server = ForkServer(session, open_pipe or _opened)
            session.serve({"fork": server.fork, "reap": server.reap})
    except ProtocolError as error:
        print(f"assay: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
