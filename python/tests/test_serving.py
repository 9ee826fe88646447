"""A program that assay starts: descriptors 3 and 4, and copies by fork."""

import json
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from assay.frames import read_frame, write_frame
from host import Network, answer

X = np.random.default_rng(5).standard_normal((2, 1, 3, 4)).astype("<f4")
HERE = os.path.dirname(os.path.abspath(__file__))


class Spawned:
    """assay's side of a program with pipes on 3 and 4."""

    def __init__(self, tmp_path, source, name="method.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(source))
        to_read, to_client = os.pipe()
        from_client, to_write = os.pipe()
        environment = {**os.environ, "ASSAY_PROTOCOL": "1", "PYTHONPATH": os.path.dirname(HERE)}
        # The program's ends become 3 and 4 of a shell, which assay does by itself.
        command = f"exec {sys.executable} {path} 3<&{to_read} 4>&{to_write} {to_read}<&- {to_write}>&-"
        self.process = subprocess.Popen(
            ["bash", "-c", command],
            pass_fds=(to_read, to_write),
            env=environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        os.close(to_read)
        os.close(to_write)
        self.reader, self.writer = os.fdopen(from_client, "rb"), os.fdopen(to_client, "wb")
        self.folder, self._next = tmp_path, 0

    def send(self, kind, keys, arrays=None):
        write_frame(self.writer, kind, keys, arrays or {})

    def hello(self, options=""):
        self.send("hello", {"protocol": [1, 1], "assay": "test", "options": options})
        return read_frame(self.reader)

    def fork(self):
        """A copy's pid and its streams."""
        paths = [str(self.folder / f"{end}{self._next}") for end in ("r", "w")]
        self._next += 1
        for path in paths:
            os.mkfifo(path)
        self.send("fork", {"id": self._next, "read": paths[0], "write": paths[1], "folder": str(self.folder)})
        said = read_frame(self.reader)
        if said.type != "forked":
            return said, None, None
        writer = open(paths[0], "wb")  # waits for the copy to open its end
        return said, open(paths[1], "rb"), writer

    def reap(self, pid):
        while True:
            self.send("reap", {"id": 77, "pid": pid})
            said = read_frame(self.reader)
            assert said.type == "ended" and said.keys["pid"] == pid
            if "code" in said.keys or "signal" in said.keys:
                return {key: said.keys[key] for key in ("code", "signal") if key in said.keys}

    def end(self):
        self.writer.close()
        self.reader.close()
        errors = self.process.stderr.read().decode()
        self.process.stderr.close()
        return self.process.wait(30), errors


def ask(reader, writer, network):
    write_frame(
        writer,
        "attribute",
        {"id": 1, "n": 2, "outputs": 3, "kind": "model", "variant": network.variant()},
        {"inputs": X, "targets": np.array([1, 2], "<u4"), "seeds": np.array([1, 2], "<u8")},
    )
    while True:
        frame = read_frame(reader)
        if frame.type != "call":
            return frame
        keys, arrays = answer(network, frame)
        write_frame(writer, "answer", {"id": frame.keys["id"], **keys}, arrays)


COUNTS = """
    import assay, os
    asked = []
    def explain(model, x, targets):
        asked.append(1)
        print("a line to the log")
        if len(asked) == 3: os.abort()
        return model.gradient(x, targets) * len(asked)
    assay.serve(explain, claims=["linear-exact"])
    open(os.path.join(os.path.dirname(__file__), "returned"), "a").write("x")
"""


def test_a_program_serves_and_its_copies_know_nothing_of_each_other(tmp_path):
    program = Spawned(tmp_path, COUNTS)
    hello = program.hello()
    assert hello.keys["forks"] is True and hello.keys["claims"] == ["linear-exact"]
    due = Network().gradient(X, np.array([1, 2]))
    for _ in range(2):
        said, reader, writer = program.fork()
        assert np.allclose(ask(reader, writer, Network()).arrays["maps"], due)
        assert np.allclose(ask(reader, writer, Network()).arrays["maps"], 2 * due)
        writer.close()
        assert program.reap(said.keys["pid"]) == {"code": 0}
        reader.close()
    said, reader, writer = program.fork()
    for _ in range(2):
        ask(reader, writer, Network())
    write_frame(
        writer,
        "attribute",
        {"id": 3, "n": 2, "outputs": 3, "variant": "", "kind": "model"},
        {"inputs": X, "targets": np.array([1, 2], "<u4"), "seeds": np.array([1, 2], "<u8")},
    )
    assert program.reap(said.keys["pid"]) == {"signal": signal.SIGABRT}
    assert np.allclose(ask(program.reader, program.writer, Network()).arrays["maps"], due)
    program.send("bye", {})
    assert program.end()[0] == 0
    assert (tmp_path / "returned").read_text() == "x"  # the program goes on behind serve(); copies do not


def test_threads_are_refused(tmp_path):
    program = Spawned(
        tmp_path,
        """
        import assay, threading
        stop = threading.Event()
        threading.Thread(target=stop.wait, name="mine", daemon=True).start()
        assay.serve(lambda m, x, t: x)
    """,
    )
    program.hello()
    said, _, _ = program.fork()
    assert said.type == "error" and "has threads (mine)" in said.keys["message"]
    assert ask(program.reader, program.writer, Network()).type == "maps"
    assert program.end()[0] == 0


def test_what_the_method_starts_has_no_descriptor_of_assay(tmp_path):
    program = Spawned(
        tmp_path,
        """
        import assay, subprocess, numpy
        def explain(model, x, targets):
            listed = subprocess.run(["ls", "/proc/self/fd"], capture_output=True, text=True).stdout.split()
            return x * 0 + len([fd for fd in listed if fd in ("3", "4")])
        assay.serve(explain)
    """,
    )
    program.hello()
    maps = ask(program.reader, program.writer, Network()).arrays["maps"]
    assert maps.max() <= 1  # 3 is ls's own, of the folder that it reads
    assert program.end()[0] == 0


@pytest.mark.parametrize(
    "bytes_sent, said",
    [
        (b"garbage\n", "no JSON"),
        (json.dumps({"type": "maps", "id": 1}).encode() + b"\n", "wanted attribute or bye"),
        (json.dumps({"type": "attribute", "id": 1}).encode() + b"\n", "attribute without inputs"),
    ],
)
def test_another_language_ends_the_program(tmp_path, bytes_sent, said):
    program = Spawned(tmp_path, "import assay\nassay.serve(lambda m, x, t: x)\n")
    program.hello()
    program.writer.write(bytes_sent)
    program.writer.flush()
    assert read_frame(program.reader) is None
    code, errors = program.end()
    assert code == 1 and said in errors


def test_torch_is_forked_with_one_thread(tmp_path):
    pytest.importorskip("torch")
    program = Spawned(
        tmp_path,
        """
        import os
        os.environ["OMP_NUM_THREADS"] = "1"
        import assay, torch
        torch.nn.Conv2d(3, 8, 3)(torch.rand(8, 3, 32, 32))  # has computed before the fork, with one thread
        def explain(model, x, targets):
            torch.nn.Conv2d(3, 8, 3)(torch.rand(8, 3, 32, 32))
            return x + torch.get_num_threads()
        assay.serve(explain)
    """,
    )
    program.hello()
    _, reader, writer = program.fork()
    assert np.allclose(ask(reader, writer, Network()).arrays["maps"], X + 1)
    writer.close()
    assert program.end()[0] == 0
