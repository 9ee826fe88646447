"""The program is found, and whole runs of it with methods in Python: spawned and recorded, with numpy alone."""

import json
import os
import re
import subprocess
import sys

import pytest

from assay import program
from assay.errors import AssayError

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", ".."))
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(program.__file__)))


def executable(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x7fELF")
    path.chmod(0o755)
    return str(path)


def test_where_the_program_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(program, "__file__", str(tmp_path / "elsewhere" / "assay" / "program.py"))
    monkeypatch.delenv("ASSAY", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssayError, match="was not found: build it by `make`"):
        program.find()
    checkout = executable(tmp_path / "checkout" / "build" / "assay")
    (tmp_path / "checkout" / "python" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "checkout" / "python" / "deep")
    with pytest.raises(AssayError):
        program.find()  # a folder named build is not yet a checkout
    executable(tmp_path / "checkout" / "explainers" / "explainer.h")
    assert program.find() == checkout
    on_path = executable(tmp_path / "bin" / "assay")
    assert program.find() == on_path
    monkeypatch.setenv("ASSAY", checkout)
    assert program.find() == checkout
    monkeypatch.setenv("ASSAY", str(tmp_path / "none"))
    with pytest.raises(AssayError, match="no program there"):
        program.find()


def test_the_socket_is_the_users_alone():
    with program.Listener() as listener:
        assert os.stat(listener.folder).st_mode & 0o777 == 0o700 and os.path.exists(listener.path)
        assert len(listener.path) < 100
    assert not os.path.exists(listener.folder)


@pytest.fixture
def run(tmp_path):
    """Runs a battery over the small network of fixtures/models/machines-mlp.onnx: exit code, words, results."""
    binary = program.find()
    environment = {**os.environ, "PYTHONPATH": PACKAGE}

    def go(rows, controls=("cascading",), options=(), name="out", **more):
        battery = {
            "name": "test",
            "model": os.path.join(ROOT, "fixtures/models/machines-mlp.onnx"),
            "data": {"source": f"csv:{ROOT}/fixtures/data/machines-test.csv", "inputs": 12},
            "explainers": rows,
            "controls": list(controls),
            "rule": {"draws": 3},
            **more,
        }
        path = tmp_path / "battery.yaml"
        path.write_text(json.dumps(battery))
        done = subprocess.run(
            [binary, "run", str(path), "-o", str(tmp_path / name), "--no-figures", "-j2", *options],
            env=environment,
            capture_output=True,
            text=True,
        )
        if done.returncode == 2:
            raise AssertionError(done.stderr)
        with open(tmp_path / name / "results.csv") as file:
            results = file.read()
        words = dict(
            re.findall(r'^"([^"]+)","cascading","([A-Z]+)"', (tmp_path / name / "verdicts.csv").read_text(), re.M)
        )
        reasons = (tmp_path / name / "verdicts.csv").read_text()
        return done, words, results, reasons

    return go


def row(name, *command, **more):
    return {"name": name, "process": {"command": [sys.executable, *command], **more}}


def of(results, name):
    """The lines of one row, without its name."""
    return [line.split(",", 1)[1] for line in results.split("\n") if line.startswith(f'"{name}",')]


METHODS = """
import assay

def through_vjp(model, x, targets):
    cotangent = model.forward(x) * 0
    cotangent[range(len(x)), targets] = 1
    return model.vjp(x, cotangent)

def alone(model, x, targets):
    return model.inspect(x, model.layers[0], targets)[0][:, :1] * 0 + x

assay.serve({"gradient": lambda m, x, t: m.gradient(x, t), "vjp": through_vjp, "blind": alone})
"""


def test_methods_of_a_program_have_the_bytes_of_the_plugin(run, tmp_path):
    (tmp_path / "method.py").write_text(METHODS)
    rows = [row(name, "method.py", options=name) for name in ("gradient", "vjp", "blind")]
    rows.append({"use": "gradient", "name": "plugin"})
    done, words, results, _ = run(rows)
    assert len(of(results, "plugin")) > 50, done.stderr
    assert of(results, "gradient") == of(results, "plugin") == of(results, "vjp"), done.stderr
    assert words["gradient"] == words["vjp"] == words["plugin"] and words["blind"] == "FAIL"


def test_maps_are_recorded_computed_and_played(run, tmp_path):
    folder = str(tmp_path / "recorded")
    _, words, _, reasons = run([row("mine", "-m", "assay.maps", "record", folder)], options=["--no-sandbox"])
    assert words["mine"] != "ERROR", reasons
    missing = [row("mine", "-m", "assay.maps", "play", folder)]
    _, words, _, reasons = run(missing, name="missing")
    assert words["mine"] == "ERROR" and re.search(r"maps/[0-9a-f]{32}\.npy is missing", reasons), reasons
    (tmp_path / "job.py").write_text(JOB)
    subprocess.run(
        [sys.executable, "job.py", folder], cwd=tmp_path, check=True, env={**os.environ, "PYTHONPATH": PACKAGE}
    )
    rows = [*missing, {"use": "gradient", "name": "plugin"}]
    done, words, results, reasons = run(rows, name="played")
    assert words["mine"] == words["plugin"], reasons
    pairs = [
        (float(a.rsplit(",", 1)[1]), float(b.rsplit(",", 1)[1]))
        for a, b in zip(of(results, "mine"), of(results, "plugin"))
    ]
    assert len(pairs) > 50 and sum(abs(a - b) > 1e-4 for a, b in pairs) < len(pairs) / 50
    _, words, _, reasons = run(rows, name="others", seed=7)
    assert words["mine"] == "ERROR" and ("other inputs" in reasons or "record again" in reasons), reasons


JOB = """
import sys
import numpy as np
from assay import maps

def layers(weights):
    names = sorted({name.rsplit(".", 1)[0] for name in weights})
    return [(weights[name + ".weight"], weights[name + ".bias"]) for name in names]

for request in maps.Folder(sys.argv[1]).pending():
    stack, y, kept = layers(request.weights()), request.inputs, []
    for i, (w, b) in enumerate(stack):
        y = y @ w.T + b
        if i + 1 < len(stack):
            kept.append(y > 0)
            y = np.maximum(y, 0)
    assert np.allclose(y, request.model.forward(request.inputs), atol=1e-3)
    back = np.eye(y.shape[1], dtype="f4")[request.targets]
    for i, (w, b) in reversed(list(enumerate(stack))):
        back = back @ w
        if i:
            back = back * kept[i - 1]
    request.save(back)
"""
