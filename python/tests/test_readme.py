"""Every block of Python in README.md and docs/python.md is run as it stands there. Torch and captum are needed."""

import os
import re
import subprocess
import sys

import pytest

pytest.importorskip("torch")
pytest.importorskip("captum")
pytest.importorskip("onnx")

from assay import program  # noqa: E402

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(program.__file__)))
EXAMPLES = os.path.join(ROOT, "python", "examples")


def blocks(document, language="python"):
    with open(os.path.join(ROOT, document), encoding="utf-8") as file:
        return re.findall(rf"^```{language}\n(.*?)^```", file.read(), re.M | re.S)


def named(document, name):
    """The block whose first line says that it is this file."""
    found = [block for block in blocks(document) if block.startswith(f"# {name}")]
    assert len(found) == 1, f"{document} has {len(found)} blocks of {name}"
    return found[0]


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def run(folder, *command):
    environment = {**os.environ, "PYTHONPATH": PACKAGE + os.pathsep + EXAMPLES, "ASSAY": program.find()}
    return subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, env=environment)


def test_the_readme_judges_saliency_and_guided_backprop(folder):
    text = named("README.md", "test_saliency.py")
    with open(os.path.join(EXAMPLES, "test_saliency.py"), encoding="utf-8") as file:
        assert file.read() == text
    done = run(EXAMPLES, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_saliency.py")
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "FAILED test_saliency.py::test_guided_backprop" in done.stdout
    assert re.search(r"explainer +cascading +independent +overall\nE +explain +FAIL! +FAIL! +FAIL", done.stdout), (
        done.stdout
    )
    assert "The map survives at stage" in done.stdout


def test_the_guide_judges_a_module(folder):
    (folder / "judge.py").write_text(named("docs/python.md", "judge.py"))
    done = run(folder, "judge.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nPASS\n" in done.stdout and "edge-detector  FAIL" in done.stdout


def test_the_guide_judges_a_file(folder):
    (folder / "method.py").write_text(named("docs/python.md", "method.py"))
    done = run(folder, "-m", "assay", "method.py", "--controls", "cascading", "--draws", "3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^smooth +PASS", done.stdout, re.M), done.stdout


@pytest.mark.parametrize("name", ["gradient_times_input.py", "lrp_epsilon.py", "facade.py"])
def test_the_programs_of_the_guide_keep_the_rules(folder, name):
    (folder / name).write_text(named("docs/python.md", name))
    environment = {**os.environ, "PYTHONPATH": PACKAGE}
    done = subprocess.run(
        [program.find(), "check", f"process:{sys.executable} {name}"],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert ": ok " in done.stdout


def test_what_assay_new_writes_runs_at_once(folder):
    environment = {**os.environ, "PYTHONPATH": PACKAGE, "ASSAY": program.find(), "PYTHON": sys.executable}
    subprocess.run([program.find(), "new", "--python", "mine"], cwd=folder, check=True, capture_output=True)
    for target, said in (("test", "1 passed"), ("run", "mine           PASS")):
        done = subprocess.run(
            ["make", "-s", "-C", "mine", target, f"PYTHON={sys.executable}"],
            cwd=folder,
            text=True,
            capture_output=True,
            env=environment,
        )
        assert done.returncode == 0 and said in done.stdout, done.stdout + done.stderr
