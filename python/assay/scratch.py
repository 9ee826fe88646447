"""Folders below the temporary one that do not outlast a process that was killed: whoever owns one holds a lock on it,
which goes with the process, and the next to come removes those that nobody holds."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from typing import Optional

OWNED, FRESH = "assay-locked-", "assay-fresh-"  # as the program has them (framework/workers/scratch_folder.c), which
# removes those without a lock, too. A fresh one is not locked yet and never removed.
JUDGE = "assay-judge-"  # is kept once its run came to an end
MARK = "running"  # in one of those until then


def _lock(path: str) -> Optional[int]:
    """A locked descriptor of the folder; None: it is not ours, or somebody holds it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if os.fstat(descriptor).st_uid == os.geteuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


class Scratch:
    """A folder that this process owns until close(), which removes it."""

    def __init__(self) -> None:
        fresh = tempfile.mkdtemp(prefix=FRESH)  # mode 0700, and short: a path of a socket has 108 bytes
        self._lock = _lock(fresh)
        self.path = os.path.join(os.path.dirname(fresh), OWNED + fresh[-8:])
        os.rename(fresh, self.path)

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


class Unfinished:
    """Marks a folder while a run in it is at work: `with Unfinished(folder): ...`. Who is killed leaves the mark."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __enter__(self) -> "Unfinished":
        self._lock = _lock(self.folder)
        with open(os.path.join(self.folder, MARK), "w", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.folder, MARK))
        if self._lock is not None:
            os.close(self._lock)


def judge_folder() -> str:
    """A new folder for a run, which is kept."""
    return tempfile.mkdtemp(prefix=JUDGE)


def sweep() -> None:
    """Removes what processes left that were killed."""
    parent = tempfile.gettempdir()
    for name in os.listdir(parent):
        path = os.path.join(parent, name)
        left = name.startswith(OWNED) or (name.startswith(JUDGE) and os.path.exists(os.path.join(path, MARK)))
        lock = _lock(path) if left else None
        if lock is not None:
            if name.startswith(OWNED) or os.path.exists(os.path.join(path, MARK)):  # it may have ended meanwhile
                shutil.rmtree(path, ignore_errors=True)
            os.close(lock)
