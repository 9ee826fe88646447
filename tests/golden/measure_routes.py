"""Prints the table of docs/performance.md: errors of whole networks, by each route of convolution, against PyTorch in
double precision on the same weights.

    python3 tests/golden/measure_routes.py build NAME=FILE.onnx PHOTO...

Logits and the gradient of the largest one with respect to the input; means over the photographs.
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from PIL import Image
from scipy.stats import spearmanr

ROUTES = ["direct", "winograd"]
RIVAL = "PyTorch, single precision"

# An explainer that returns logits in place of a map, so that the program itself computes them.
LOGITS = """
#include "explainer.h"
static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    for (size_t k = model->outputs; k < model->input.count; k++) maps[k] = 0;
    return model->forward(model, 1, request->inputs, maps, why);
}
static const assay_explainer_info info = {.id = "logits", .name = "Logits", .summary = "logits", .source = "none"};
ASSAY_PLUGIN(info, attribute);
"""


def pads(a):
    top, left, bottom, right = a.get("pads", [0, 0, 0, 0])
    return (left, right, top, bottom)


def pool(x, a, how):
    value = float("-inf") if how is F.max_pool2d else 0
    assert how is F.max_pool2d or not any(a.get("pads", []))
    return how(F.pad(x, pads(a), value=value), a["kernel_shape"], a["strides"], ceil_mode=bool(a.get("ceil_mode", 0)))


OPS = {
    "Conv": lambda a, x, w, b=None: F.conv2d(F.pad(x, pads(a)), w, b, a.get("strides", [1, 1]), 0, 1, a.get("group", 1)),
    "BatchNormalization": lambda a, x, g, b, m, v: F.batch_norm(x, m, v, g, b, eps=a.get("epsilon", 1e-5)),
    "Relu": lambda a, x: F.relu(x),
    "MaxPool": lambda a, x: pool(x, a, F.max_pool2d),
    "AveragePool": lambda a, x: pool(x, a, F.avg_pool2d),
    "GlobalAveragePool": lambda a, x: x.mean((2, 3), keepdim=True),
    "Concat": lambda a, *x: torch.cat(x, a["axis"]),
    "Add": lambda a, x, y: x + y,
    "Dropout": lambda a, x, *_: x,
    "Flatten": lambda a, x: x.flatten(1),
    "Reshape": lambda a, x, s: x.reshape(len(x), -1),
    "Gemm": lambda a, x, w, b: x @ (w.T if a.get("transB") else w) + b,
    "Pad": lambda a, x, p, *_: F.pad(x, [int(v) for d in range(3, -1, -1) for v in (p[d], p[d + 4])]),
    "Constant": lambda a: torch.as_tensor(numpy_helper.to_array(a["value"]).copy()),
    "Identity": lambda a, x: x,
}


def forward(graph, x):
    values = {t.name: torch.as_tensor(numpy_helper.to_array(t).copy()) for t in graph.initializer}
    values = {k: v.to(x.dtype) if v.is_floating_point() else v for k, v in values.items()}
    values[[i.name for i in graph.input if i.name not in values][0]] = x
    for node in graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        values[node.output[0]] = OPS[node.op_type](attributes, *[values[k] for k in node.input if k])
    return values[graph.output[0].name].flatten(1)


def photo(path, side):
    image = Image.open(path).convert("RGB")
    scale = 256 / min(image.size)
    image = image.resize([round(s * scale) for s in image.size], Image.BILINEAR)
    left, top = [round((s - side) / 2) for s in image.size]
    pixels = np.asarray(image.crop((left, top, left + side, top + side)), np.float32) / 255
    return ((pixels - [.485, .456, .406]) / [.229, .224, .225]).transpose(2, 0, 1).astype(np.float32)


def explain(build, model, explainer, target, route, x, folder):
    np.save(folder / "x.npy", x)
    subprocess.run([f"{build}/assay", "explain", "--model", model, "--input", folder / "x.npy", "--target", str(target),
                    "--explainer", explainer, "--conv", route, "-o", folder / "y.npy"], check=True, capture_output=True)
    return np.load(folder / "y.npy").astype(np.float64)


def error(got, true):
    return np.linalg.norm(got - true) / np.linalg.norm(true)


def magnitude(g):
    return np.abs(g).mean(0).ravel()


def pytorch(graph, sample, target, dtype):
    """Logits, the gradient of one of them (None: the largest), and which."""
    x = torch.from_numpy(sample[None]).to(dtype).requires_grad_()
    logits = forward(graph, x)[0]
    target = int(logits.argmax()) if target is None else target
    g = torch.autograd.grad(logits[target], x)[0][0]
    return logits.detach().double().numpy(), g.double().numpy(), target


def measure(build, name, model, photos, folder):
    graph = onnx.load(model).graph
    side = [i for i in graph.input if i.name not in {t.name for t in graph.initializer}][0].type.tensor_type.shape.dim[2].dim_value
    rows = {route: [] for route in [*ROUTES, RIVAL]}
    for path in photos:
        sample = photo(path, side)
        logits, gradient, target = pytorch(graph, sample, None, torch.float64)
        got = {RIVAL: pytorch(graph, sample, target, torch.float32)[:2]}
        for route in ROUTES:
            got[route] = (explain(build, model, folder / "logits.so", 0, route, sample, folder).ravel()[:len(logits)],
                          explain(build, model, "gradient", target, route, sample, folder))
        for route, (l, g) in got.items():
            rows[route].append([error(l, logits), error(g, gradient),
                                1 - spearmanr(magnitude(g), magnitude(gradient)).statistic])
    for route, errors in rows.items():
        logit, gradient, rank = np.mean(errors, 0)
        print(f"| {name} | {route} | {logit:.1e} | {gradient:.1e} | {rank:.1e} |", flush=True)


def main():
    build, models, photos = sys.argv[1], [a for a in sys.argv[2:] if "=" in a], [a for a in sys.argv[2:] if "=" not in a]
    root = pathlib.Path(__file__).resolve().parents[2]
    print("| network | route | logits | gradient | 1 - ρ of \\|gradient\\| |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "logits.c").write_text(LOGITS)
        subprocess.run(["cc", "-shared", "-fPIC", "-I", root / "explainers", "-o", folder / "logits.so", folder / "logits.c"],
                       check=True)
        for model in models:
            measure(build, *model.split("=", 1), photos, folder)


if __name__ == "__main__":
    main()
