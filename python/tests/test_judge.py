"""assay.judge over the program: words, what is put back, what is refused. Torch is needed."""

import csv
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

import assay  # noqa: E402
from assay import program  # noqa: E402
from assay.export import export  # noqa: E402

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(assay.__file__)))
INPUTS = np.random.default_rng(1).standard_normal((10, 1, 8, 8)).astype("f4")


def network(functional=False, end=None, classes=3):
    """A small CNN of random but fixed weights: controls ask what depends on them, not how good they are."""
    torch.manual_seed(3)

    class Functional(torch.nn.Module):
        def forward(self, x):
            return torch.relu(x)

    relu = Functional if functional else torch.nn.ReLU
    layers = [
        torch.nn.Conv2d(1, 8, 3),
        torch.nn.BatchNorm2d(8),
        relu(),
        torch.nn.Conv2d(8, 8, 3),
        relu(),
        torch.nn.Flatten(),
        torch.nn.Linear(128, 16),
        relu(),
        torch.nn.Linear(16, classes),
    ]
    made = torch.nn.Sequential(*layers, *([end] if end else []))
    made[1].running_mean.normal_(0, 0.1)
    made[1].running_var.uniform_(0.5, 2)
    return made.eval()


def gradient(module, x, targets):
    x.requires_grad_()
    return torch.autograd.grad(module(x).gather(1, targets[:, None]).sum(), x)[0]


def judge(module, explain, folder, controls=("cascading",), **options):
    return assay.judge(module, INPUTS, explain, controls=controls, draws=3, folder=str(folder), **options)


def same(report, one, other, tolerance=1e-3):
    """Whether two rows have the same similarities but for near-ties of ranks."""
    values = {}
    for row in report.json["verdicts"]:
        values[row["explainer"]] = row["score"]
    return abs(values[one] - values[other]) < tolerance


def test_a_gradient_in_torch_is_that_of_the_plugin(tmp_path):
    module = network()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    report = judge(
        module,
        {"mine": gradient, "blind": lambda m, x, t: x},
        tmp_path / "run",
        controls=["cascading", "independent", "linear-identity", "twins"],
        baselines=[{"use": "gradient", "name": "plugin"}],
    )
    assert report["mine", "cascading"] == report["plugin", "cascading"] == "PASS", report
    assert report["blind", "cascading"] == "FAIL" and not report.passed and report.code == 1
    assert report["mine", "twins"] == report["plugin", "twins"], report
    assert same(report, "mine", "plugin")
    assert "never called the module" in " ".join(report.notes)
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_every_control_that_a_module_can_be_asked_under(tmp_path):
    """Masked, raised and relabelled networks are the user's in other words; planted ones are not."""
    controls = ["zero-pixel", "twins", "class-sensitivity", "other-classes", "class-relabelling", "unseen-region"]
    report = judge(
        network(classes=5),
        {"mine": assay.Explainer(lambda m, x, t: x * gradient(m, x, t), claims=["input-multiplier"])},
        tmp_path / "run",
        controls=[*controls, "planted-evidence"],
    )
    assert [report["mine", control] for control in controls] == ["PASS"] * len(controls), report
    assert report["mine", "planted-evidence"] == "SKIP", report


def test_networks_that_were_trained_on_labels_are_loaded_by_name(tmp_path):
    module = network()
    x = np.random.default_rng(2).standard_normal((200, 1, 8, 8)).astype("f4")
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", module(torch.tensor(x)).argmax(1).numpy())
    training = {"source": f"npy:{tmp_path}/x.npy,{tmp_path}/y.npy", "images": 200, "epochs": 10, "optimiser": "adam"}
    report = judge(
        module,
        {"mine": gradient},
        tmp_path / "run",
        ["label-permutation"],
        settings={"training": training},
        baselines=[{"use": "gradient", "name": "plugin"}],
    )
    rows = {name: [] for name in ("mine", "plugin")}  # whatever such small networks learned: the maps are the plugin's
    for row in csv.DictReader(open(os.path.join(report.folder, "results.csv"))):
        if row["control"] == "label-permutation" and row["measure"] == "spearman":
            rows.setdefault(row["explainer"], []).append(float(row["value"]))
    assert len(rows["mine"]) == len(rows["plugin"]) > 100
    assert np.mean(np.abs(np.subtract(rows["mine"], rows["plugin"])) > 1e-3) < 0.02


def test_claims_are_held_to_and_expectations_are_met(tmp_path):
    report = judge(network(), gradient, tmp_path / "honest", ["linear-identity"], claims="linear-exact")
    assert report.passed and report["gradient", "linear-identity"] == "PASS", report
    broken = judge(
        network(),
        lambda m, x, t: 2 * gradient(m, x, t),
        tmp_path / "broken",
        ["linear-identity"],
        claims=["linear-exact"],
    )
    assert not broken.passed, broken
    expected = judge(network(), {"blind": lambda m, x, t: x}, tmp_path / "blind", expect="FAIL")
    assert expected.passed and expected.code == 0, expected


def test_randomness_needs_its_claim(tmp_path):
    def noisy(module, x, targets):
        return gradient(module, x + 0.05 * torch.randn_like(x), targets)

    report = judge(
        network(), {"said": assay.Explainer(noisy, claims=["stochastic"]), "unsaid": noisy}, tmp_path / "run"
    )
    assert report["said", "cascading"] != "ERROR" and report["unsaid", "cascading"] == "ERROR", report
    assert report.code == 3


def test_closures_and_layers_of_the_users_module_work(tmp_path):
    module = network()
    report = judge(module, {"closure": lambda m, x, t: gradient(module, x, t)}, tmp_path / "run")
    assert report["closure", "cascading"] == "PASS", report


@pytest.mark.parametrize(
    "module, said",
    [
        (lambda: network(end=torch.nn.Softmax(1).eval()), "ends in a Softmax"),
        (lambda: changing(network()), "not the network that assay randomised"),
    ],
)
def test_another_network_is_an_error_of_its_row(tmp_path, module, said):
    report = judge(module(), gradient, tmp_path / "run")
    assert report["gradient", "cascading"] == "ERROR" and report.code == 3
    assert said in report.verdicts[0].reason


def changing(module):
    """A module that answers otherwise than its exported file."""
    module.register_forward_hook(lambda m, inputs, out: out if torch.onnx.is_in_onnx_export() else 1.5 * out)
    return module


def test_an_exception_of_a_method_is_its_words(tmp_path):
    def broken(module, x, targets):
        return {}["layer9"]

    report = judge(network(), {"broken": broken, "honest": gradient}, tmp_path / "run")
    assert report["honest", "cascading"] == "PASS" and report["broken", "cascading"] == "ERROR"
    assert "KeyError: 'layer9' (test_judge.py:" in report.verdicts[0].reason, report


def test_functional_rectifiers_are_said(tmp_path, capfd):
    report = judge(network(functional=True), gradient, tmp_path / "run")
    assert "rectifiers" not in "".join(capfd.readouterr()), "the report says it, and nobody else"
    assert str(report).count("3 rectifiers") == 1
    assert "3 rectifiers, of which 0 are modules" in report.notes[0] and "of which 0 are modules" in str(report)


def test_jobs_do_not_change_bytes(tmp_path):
    one, three = (judge(network(), gradient, tmp_path / str(jobs), jobs=jobs) for jobs in (1, 3))
    read = [open(os.path.join(report.folder, "results.csv"), "rb").read() for report in (one, three)]
    assert read[0] == read[1] and len(read[0]) > 1000


@pytest.mark.parametrize(
    "module, inputs, options, said",
    [
        (lambda: network().train(), INPUTS, {}, "training mode"),
        (network, INPUTS[0, 0], {}, "does not take"),
        (network, np.zeros((3, 1, 8, 8), "i8"), {}, "whole numbers"),
        (network, INPUTS * np.nan, {}, "not all of them are finite"),
        (network, INPUTS, {"targets": [0] * 9 + [3]}, "10 classes from 0 to 2"),
        (network, INPUTS, {"targets": [0]}, "10 classes from 0 to 2"),
        (network, INPUTS, {"claims": ["exact"]}, "wanted some of complete"),
        (network, INPUTS, {"controls": ["cascade"]}, "cascad"),
        (network, INPUTS, {"expect": {"nobody": "FAIL"}}, "nobody"),
        (lambda: torch.nn.Linear(2, 2).eval(), INPUTS, {}, "does not take"),
    ],
)
def test_what_cannot_be_judged(tmp_path, module, inputs, options, said):
    with pytest.raises(assay.AssayError, match=said):
        assay.judge(module(), inputs, gradient, folder=str(tmp_path / "run"), **options)


def test_a_folder_with_a_run_is_left_alone(tmp_path):
    judge(network(), gradient, tmp_path / "run")
    with pytest.raises(assay.AssayError, match="holds a run already"):
        judge(network(), gradient, tmp_path / "run")


def test_an_interrupt_ends_the_program_and_restores_the_weights(tmp_path):
    module = network()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    calls = []

    def slow(m, x, t):
        calls.append(1)
        if len(calls) == 12:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        return gradient(m, x, t)

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        judge(module, slow, tmp_path / "run")
    assert time.monotonic() - started < 60
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    assert not [
        line
        for line in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout.split("\n")
        if str(tmp_path) in line
    ]


def test_it_works_in_another_thread(tmp_path):
    found = []
    thread = threading.Thread(target=lambda: found.append(judge(network(), gradient, tmp_path / "run")))
    thread.start()
    thread.join()
    assert found[0]["gradient", "cascading"] == "PASS"


METHOD = """
import assay, torch
import numpy as np

torch.manual_seed(0)
module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 12), torch.nn.ReLU(), torch.nn.Linear(12, 3)).eval()
inputs = torch.randn(12, 1, 4, 4)
draws = 3
controls = ["cascading"]

@assay.explainer
def mine(m, x, t):
    x.requires_grad_()
    return torch.autograd.grad(m(x).gather(1, t[:, None]).sum(), x)[0] * FACTOR

if __name__ == "__main__":
    assay.serve(assay.Own(module, mine))
"""


@pytest.mark.parametrize("factor, code", [("1", 0), ("0 + x", 1), ("float('nan')", 3)])
def test_a_file_is_judged_from_a_shell(tmp_path, factor, code):
    (tmp_path / "method.py").write_text(METHOD.replace("FACTOR", factor))
    done = subprocess.run(
        [sys.executable, "-m", "assay", "method.py", "-o", "out"],
        cwd=tmp_path,
        text=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": PACKAGE, "ASSAY": program.find()},
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stdout.startswith("explainer  cascading") and (tmp_path / "out" / "run" / "report.txt").exists()


def test_a_file_without_a_method_is_said(tmp_path):
    (tmp_path / "method.py").write_text("module = 1\ninputs = 2\n")
    done = subprocess.run(
        [sys.executable, "-m", "assay", "method.py"],
        cwd=tmp_path,
        text=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": PACKAGE},
    )
    assert done.returncode == 2 and "@assay.explainer" in done.stderr


def spawned(tmp_path, battery, options=()):
    """Runs a battery of METHOD's network: the words by row, and the report."""
    import json

    (tmp_path / "method.py").write_text(METHOD.replace("FACTOR", "1"))
    sys.path.insert(0, str(tmp_path))
    try:
        import method
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("method", None)
    export(method.module, method.inputs[:1], str(tmp_path / "model.onnx"))
    np.save(tmp_path / "inputs.npy", method.inputs.numpy())
    whole = {
        "name": "spawned",
        "model": "model.onnx",
        "controls": ["cascading"],
        "rule": {"draws": 3},
        "data": {
            "source": "npy:inputs.npy",
            "preprocess": "none",
            "inputs": 12,
            "target": "predicted",
            "only-correct": False,
        },
        **battery,
    }
    (tmp_path / "battery.yaml").write_text(json.dumps(whole))
    done = subprocess.run(
        [program.find(), "run", "battery.yaml", "-o", "out", "--no-figures", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": PACKAGE},
    )
    assert done.returncode != 2, done.stderr
    return assay.Report(str(tmp_path / "out"), done.returncode)


def test_the_users_module_in_a_program_of_its_own(tmp_path):
    report = spawned(
        tmp_path,
        {
            "explainers": [
                {"name": "mine", "process": {"command": [sys.executable, "method.py"]}},
                {"use": "gradient", "name": "plugin"},
            ]
        },
    )
    assert report["mine", "cascading"] == report["plugin", "cascading"] == "PASS", report
    assert same(report, "mine", "plugin")


def test_recorded_maps_by_torch_are_those_of_judge(tmp_path):
    folder = str(tmp_path / "maps")
    row = {"name": "mine", "process": {"command": [sys.executable, "-m", "assay.maps", "record", folder]}}
    spawned(tmp_path, {"explainers": [row]}, ["--no-sandbox"])
    assay.maps.main(["compute", folder, str(tmp_path / "method.py")])
    row["process"]["command"][3] = "play"
    report = spawned(tmp_path, {"explainers": [row, {"use": "gradient", "name": "plugin"}]})
    assert report["mine", "cascading"] == "PASS" and same(report, "mine", "plugin"), report
