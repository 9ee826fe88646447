#!/usr/bin/env python3
"""The zoo: exports models by their own exporters, holds the program to them and writes the table of docs/models.md.

    make zoo PYTHON=VENV/bin/python        or     VENV/bin/python tests/zoo/run.py --assay build/assay [NAME PATTERN ...]

Models are kept in --cache (default ~/.cache/assay-zoo), so that a second run exports nothing, and an interrupted one goes on.
What was found with the same program is not looked for again. One process at a time, each with limits of time and memory.
"""
import argparse
import csv
import fnmatch
import hashlib
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time

import models
import numpy as np
import table

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SCRIPTS = {"legacy": "torch", "apart": "torch", "dynamo": "torch", "keras-torch": "keras", "keras-tf": "keras",
           "skl2onnx": "sklearn"}
GIB = 1 << 30
GROUPS = ', groups: "rest=*", classifier: first'
BATTERY = """name: zoo
model: {model}
data: {{source: "csv:{data}", inputs: 2, only-correct: false, target: predicted}}
explainers: [gradient]
controls: [{{id: cascading{groups}}}]
rule: {{draws: 1}}
time-limit: 60
"""


class Limited:
    """Runs one program at a time, in a process group of its own that ends when this program is interrupted."""

    def __init__(self, seconds, gib):
        self.seconds, self.memory = seconds, int(gib * GIB)

    def start(self):
        resource.setrlimit(resource.RLIMIT_DATA, (self.memory, self.memory))

    def run(self, command):
        """(exit code, what it printed), or (None, why) where it took too long."""
        command = [str(c) for c in command]
        with tempfile.TemporaryFile() as out:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                       preexec_fn=self.start, start_new_session=True)
            try:
                code = process.wait(self.seconds)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
            out.seek(0)
            text = out.read().decode(errors="replace").strip()
        return code, text if code is not None else f"longer than {self.seconds} s"


def digest(*paths):
    h = hashlib.sha256()
    for path in paths:
        h.update(path.read_bytes())
    return h.hexdigest()[:16]


def write_json(path, value):
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, indent=1))
    part.replace(path)


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("assay: ") and ": warning: " not in line]
    raised = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Unsupported\w*):? ", line)]
    line = (errors or raised or lines or ["no message"])[-1]
    return re.sub(r"/\S*/(?=[\w.]+\.(onnx|yaml|npy))", "", line)  # no folder of this machine


# ---- Exporting ----

class Exporters:
    """A process for each export script, and for each backend of Keras; each starts one for each model."""

    def __init__(self, seconds, gib, log):
        self.limits, self.processes, self.log = (str(seconds), str(gib)), {}, open(log, "ab")

    def start(self, *command):
        environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", HF_HUB_OFFLINE="1")
        return subprocess.Popen([sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                text=True, env=environment, cwd=HERE, start_new_session=True)

    def answer(self, script, row, folder):
        key = row.exporter if row.family == "keras" else script
        if key not in self.processes:
            self.processes[key] = self.start(script, "--serve", row.exporter)
        process = self.processes[key]
        print(row.name, folder, *self.limits, sep="\t", file=process.stdin, flush=True)
        return process.stdout.readline().strip()

    def close(self):
        for process in self.processes.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.log.close()


def export(row, folder, exporters):
    """Says whether the folder holds the model; info.json is written last."""
    done, failed = folder / "info.json", folder / "failed.json"
    script = HERE / f"export_{SCRIPTS[row.exporter]}.py"
    key = hashlib.sha256((repr(row) + digest(script, HERE / "reference.py")).encode()).hexdigest()[:16]
    for path in (done, failed):
        if path.exists() and json.loads(path.read_text()).get("key") == key:
            return path is done
    for path in folder.glob("*"):
        path.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    start = time.time()
    code = exporters.answer(script, row, folder)
    if code != "0" or not done.exists():
        log = folder / "export.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        late = f"longer than {exporters.limits[0]} s" if code == "late" else ""
        write_json(failed, {"key": key, "reason": late or last_line(text) + ("" if text else f" (exit code {code})")})
        return False
    import onnx
    model = onnx.load(folder / "model.onnx", load_external_data=False)
    info = json.loads(done.read_text())
    opset = max(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
    write_json(done, dict(info, key=key, seconds=round(time.time() - start, 1), opset=opset, nodes=len(model.graph.node)))
    return True


# ---- Holding the program to it ----

def called(name):
    """A layer's name as its module is called: without the module around the network, or what Keras's export puts around a name."""
    return re.sub(r"_1$", "", name.rpartition("/")[2]) if "/" in name else name.removeprefix("net.")


class Subject:
    def __init__(self, assay, folder, limited, logits):
        self.assay, self.folder, self.limited, self.logits = assay, folder, limited, logits
        self.info = json.loads((folder / "info.json").read_text())
        self.reference = np.load(folder / "reference.npz")
        self.x = np.load(folder / "input.npy")

    def run(self, *arguments):
        return self.limited.run([self.assay, *arguments])

    def layers(self):
        code, text = self.run("list", "layers", "--model", self.folder / "model.onnx")
        if code != 0:
            return {"reason": last_line(text)}
        names = [line.split()[0] for line in text.splitlines() if line.rstrip().endswith("parameters")]
        modules = set(self.info["modules"])
        warnings = [line for line in text.splitlines() if ": warning: " in line]
        return {"layers": len(names), "named": sum(called(n) in modules for n in names), "warnings": warnings}

    def explain(self, explainer, target, scratch):
        """One map, in the axes of the sample, or why there is none. A network whose channels are last may be fed either way."""
        first = None
        for order in [None, *{2: [(1, 0)], 3: [(2, 0, 1)]}.get(self.x.ndim, [])]:
            np.save(scratch / "x.npy", self.x if order is None else self.x.transpose(order))
            code, text = self.run("explain", "--model", self.folder / "model.onnx", "--input", scratch / "x.npy",
                                  "--target", target, "--explainer", explainer, "-o", scratch / "map.npy")
            if code == 0:
                y = np.load(scratch / "map.npy").astype(np.float64)
                if explainer != self.logits and y.shape != self.x.shape and y.ndim == 3:
                    y = y.transpose(1, 2, 0)  # maps are C x H x W whatever the network's file takes
                elif explainer != self.logits and order is not None and y.ndim == 2:
                    y = y.transpose(np.argsort(order))
                return y, ""
            first = first or last_line(text)
        return None, first

    def numbers(self, scratch):
        """Relative errors of logits and gradient, and what rounding does to them."""
        y, why = self.explain(self.logits, 0, scratch)
        if y is None:
            return {"reason": why}
        wanted = self.reference["logits"]
        errors = {note: float(np.linalg.norm(y.ravel()[:w.size] - w) / np.linalg.norm(w))
                  for note, w in forms(wanted).items() if w.size <= y.size}
        note = min(errors, key=errors.get)
        found = {"logits": errors[note], "form": note, "logits_noise": self.info["noise"]["logits"]}
        g, why = self.explain("gradient", self.info["target"], scratch)
        if g is None:
            return {**found, "reason": why}
        exact = self.reference["gradient"]
        if g.size != exact.size:
            return {**found, "reason": f"a map of shape {list(g.shape)} where {list(exact.shape)} was wanted"}
        signs = (1, -1) if wanted.size == 1 else (1,)
        if note == "two_probabilities":  # a saturating end that stays: of p = 1 / (1 + exp(-z))
            p = 1 / (1 + np.exp(-wanted[0]))
            exact = exact * p * (1 - p)
        size = max(np.linalg.norm(exact), 1e-300)
        found["gradient"] = float(min(np.linalg.norm(s * g.reshape(exact.shape) - exact) for s in signs) / size)
        return {**found, "gradient_noise": self.info["noise"]["gradient"]}

    def battery(self, layers, scratch):
        """The word of a small battery (a network of one layer has no rest), and its reason where it is an ERROR or did not run."""
        more = np.load(self.folder / "more.npy").reshape(2, -1)
        with open(scratch / "data.csv", "w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow([f"p{k}" for k in range(more.shape[1])] + ["label"])
            labels = [0, min(1, self.reference["logits"].size - 1)]
            rows.writerows([*(f"{v:.9g}" for v in sample), label] for sample, label in zip(more, labels))
        (scratch / "zoo.yaml").write_text(BATTERY.format(model=self.folder / "model.onnx", data=scratch / "data.csv",
                                                         groups=GROUPS if layers > 1 else ""))
        code, text = self.run("run", scratch / "zoo.yaml", "-o", scratch / "out", "-j", "1", "--no-figures")
        verdicts = scratch / "out" / "verdicts.csv"
        if code in (0, 1, 3, 4) and verdicts.exists():
            found = next(csv.DictReader(verdicts.open()))
            return {"battery": found["verdict"], "battery_reason": found["reason"]}
        return {"battery": "did not run", "battery_reason": last_line(text)[-400:]}


def forms(logits):
    """What a network's output may be for these logits: themselves, or where the closing Softmax or Sigmoid was kept, their
    probabilities."""
    e = np.exp(logits - logits.max())
    out = {"logits": logits, "probabilities": e / e.sum()}
    if logits.size == 1:
        p = 1 / (1 + np.exp(-logits))
        out.update(probabilities=p, two_probabilities=np.append(1 - p, p), two_logits=np.append(-logits, logits))
    return out


def judge(row, folder, assay, limited, logits, key):
    path = folder / "result.json"
    if path.exists() and json.loads(path.read_text())["key"] == key:
        return json.loads(path.read_text())
    subject = Subject(assay, folder, limited, logits)
    result = {"key": key, **subject.layers()}
    with tempfile.TemporaryDirectory(prefix="assay-zoo-") as name:
        scratch = pathlib.Path(name)
        if "layers" in result:
            result.update(subject.numbers(scratch))
        if "gradient" in result:
            result.update(subject.battery(result["layers"], scratch))
    write_json(path, result)
    return result


def options():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("patterns", nargs="*", default=["*"], help="names of models, such as 'timm/*' or '*@dynamo'")
    p.add_argument("--assay", type=pathlib.Path, default=ROOT / "build" / "assay")
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "assay-zoo"
    p.add_argument("--cache", type=pathlib.Path, default=cache)
    p.add_argument("--time", type=int, default=300, help="seconds that one process may take")
    p.add_argument("--memory", type=float, default=8, help="GiB that one process may take")
    p.add_argument("--export-only", action="store_true")
    p.add_argument("--write", type=pathlib.Path, help="write the table to this file, such as docs/models.md")
    return p.parse_args()


def build_logits(cache):
    library = cache / "logits.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-I", ROOT / "explainers", "-o", library, HERE / "logits.c"], check=True)
    return library


def visit(row, o, exporters, judge_it):
    folder = o.cache / row.name
    if not export(row, folder, exporters):
        return row, json.loads((folder / "failed.json").read_text()), None
    info = json.loads((folder / "info.json").read_text())
    return row, info, {} if o.export_only else judge_it(row, folder, info["key"])


def main():
    o = options()
    o.cache, o.assay = o.cache.resolve(), o.assay.resolve()
    o.cache.mkdir(parents=True, exist_ok=True)
    logits, limited = build_logits(o.cache), Limited(o.time, o.memory)
    exporters = Exporters(o.time, o.memory, o.cache / "exporters.log")
    key = digest(o.assay, HERE / "run.py", *sorted((o.assay.parent / "explainers").glob("*.so")))
    found = []
    try:
        for row in models.rows():
            if any(fnmatch.fnmatch(row.name, pattern) for pattern in o.patterns):
                found.append(visit(row, o, exporters, lambda r, f, k: judge(r, f, o.assay, limited, logits, key + k)))
                print(table.line(*found[-1]), flush=True)
    finally:
        exporters.close()
    if not o.export_only:
        print(table.summary(found))
    if o.write:
        o.write.write_text(table.document(found))
    return 0 if o.export_only else table.exit_code(found)


def interrupted(*_):
    raise KeyboardInterrupt


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("interrupted: the same command goes on", file=sys.stderr)
        sys.exit(130)
