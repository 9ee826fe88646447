"""The program: where it is found, and a run of it that this process serves."""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, Optional, Sequence

from .errors import AssayError, ProtocolError
from .explainers import Explainer
from .scratch import Scratch
from .session import Session

NOT_FOUND = (
    "the program assay was not found: build it by `make` in a checkout and put it on PATH, or name it by "
    "the environment's ASSAY=/path/to/build/assay"
)
WAIT = 0.05  # seconds between two looks whether the program has ended


def _checkouts() -> Iterator[Path]:
    """Folders that may be a checkout: that of this file, then the current one and those above it."""
    yield Path(__file__).resolve().parents[2]
    here = Path.cwd()
    yield from (here, *here.parents)


def find() -> str:
    """The program: ASSAY of the environment, else on PATH, else build/assay of a checkout. Raises AssayError."""
    named = os.environ.get("ASSAY")
    if named:
        found = shutil.which(named)
        if not found:
            raise AssayError(f"ASSAY={named}: no program there")
        return os.path.abspath(found)
    found = shutil.which("assay")
    if found and not _is_ours(found):
        return found
    for folder in _checkouts():
        program = folder / "build" / "assay"
        if (folder / "explainers" / "explainer.h").is_file() and os.access(program, os.X_OK):
            return str(program)
    raise AssayError(NOT_FOUND)


def _is_ours(path: str) -> bool:
    """Whether that is a script of Python's own folder, and not the program."""
    return (
        os.path.dirname(os.path.realpath(path)) == os.path.dirname(os.path.realpath(sys.executable))
        and open(path, "rb").read(2) == b"#!"
    )


class Listener:
    """A UNIX socket in a folder that only this user can enter."""

    def __init__(self) -> None:
        self._scratch = Scratch()
        self.folder = self._scratch.path
        self.path = os.path.join(self.folder, "s")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.socket.bind(self.path)
            self.socket.listen(64)
        except OSError as error:
            self.close()
            raise AssayError(f"{self.path}: no socket can be there: {error}; name a short TMPDIR") from None

    def close(self) -> None:
        self.socket.close()
        self._scratch.close()

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends the program as Ctrl-C does, and by force where that takes too long."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _serve_one(connection: socket.socket, explainers: Mapping[str, Explainer]) -> Optional[str]:
    """One session, to its end; what broke it, or None."""
    with connection, connection.makefile("rb") as reader, connection.makefile("wb") as writer:
        session = Session(reader, writer, explainers, interrupts=True)
        try:
            if session.greet():
                session.serve()
        except (ProtocolError, ConnectionError) as error:  # assay says ERROR for the row, in its words
            return str(error)
    return None


def run_served(
    command: Sequence[str], listener: Listener, explainers: Mapping[str, Explainer], folder: str, progress: bool
) -> "subprocess.CompletedProcess[str]":
    """Runs the program and serves its workers, one session after the other, until it ends."""
    with (
        open(os.path.join(folder, "terminal.txt"), "w+b") as out,
        open(os.path.join(folder, "progress.txt"), "w+b") as errors,
    ):
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=None if progress else errors,
            start_new_session=True,
        )
        broken: Dict[str, None] = {}
        try:
            while process.poll() is None:
                if select.select([listener.socket], [], [], WAIT)[0]:
                    said = _serve_one(listener.socket.accept()[0], explainers)
                    if said:
                        broken[said] = None
        finally:
            _end(process)
        texts: List[str] = []
        for file in (out, errors):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    return subprocess.CompletedProcess(list(command), process.returncode, texts[0], texts[1] + "\n".join(broken))
