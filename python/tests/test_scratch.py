"""What a killed process leaves in the temporary folder is gone with the next one; what is in use or done stays."""

import os
import signal
import subprocess
import sys
import tempfile

import pytest

import assay
from assay import program, scratch

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(assay.__file__)))
OWNER = """
import sys
from assay import program, scratch
listener = program.Listener()
folder = scratch.judge_folder()
with scratch.Unfinished(folder):
    print(listener.folder, folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def owner(temporary):
    environment = {**os.environ, "PYTHONPATH": PACKAGE, "TMPDIR": str(temporary)}
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    yield process, process.stdout.readline().split()
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def test_what_a_killed_process_left_is_removed(owner):
    process, folders = owner
    assert len(folders) == 2 and all(map(os.path.isdir, folders))
    scratch.sweep()
    assert all(map(os.path.isdir, folders)), "removed under a process that is at work"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert all(map(os.path.isdir, folders))
    scratch.sweep()
    assert not any(map(os.path.exists, folders))


def test_what_is_done_stays(temporary):
    folder = scratch.judge_folder()
    with scratch.Unfinished(folder):
        pass
    scratch.sweep()
    assert os.listdir(temporary) == [os.path.basename(folder)] and os.listdir(folder) == []
    with pytest.raises(ValueError), scratch.Unfinished(folder):
        raise ValueError
    scratch.sweep()
    assert os.path.isdir(folder)


def test_a_listener_leaves_nothing(temporary):
    with program.Listener() as listener:
        assert os.path.exists(listener.path)
    assert os.listdir(temporary) == []


def test_strange_folders_are_left_alone(temporary):
    (temporary / "assay-fresh-one").mkdir()
    (temporary / "assay-locked-link").symlink_to(temporary / "assay-fresh-one")
    (temporary / "assay-locked-file").write_text("")
    scratch.sweep()
    assert len(os.listdir(temporary)) == 3
