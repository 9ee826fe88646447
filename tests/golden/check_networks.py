#!/usr/bin/env python3
"""Holds the committed values of networks with a BatchNormalization of their own to central differences in double precision.

    python3 tests/golden/check_networks.py [FOLDER]      FOLDER: where resnet34_imagenet.onnx is, as for make_models.py; then only
                                                         that one is checked, with fewer rows (half an hour of one core)

PyTorch 2.14's backward pass of a BatchNorm2d in evaluation mode is wrong where a flattening and a transposition follow, so no value
may rest on backward passes alone. Forward passes are enough for three of the four kinds of maps: a sketch is the map's product with
rows of signs, and that is a derivative along a row (of integrated gradients, of the row times the sample on the line); the weights
of Grad-CAM are derivatives along a channel. Guided backpropagation is computed again with the normalisation written out. In the
other networks of make_networks.py and make_models.py the normalisation was folded at export, or there is none.
"""
import os
import sys

import make_models
import make_networks
import numpy as np
import onnx
import torch
import torch.nn.functional as F
from network_formula import ROWS, SIGNS, sample, sketch, stream
from network_reference import STEPS, guided
from torch import nn

NETWORKS = ("resnet50_12", "mobilenet_v3_16", "densenet_17", "densenet_19")
MODEL = "resnet34_imagenet"
STEP, BOUND, BATCH = 1e-7, 1e-5, 16
# Of the large model, which has millions of rectifiers: some lie within 1e-7 of their kink, and beside the path of integrated gradients
# within 1e-9. Rounding makes 1.1e-5 of so small a step.
LARGE_STEP, LARGE_PATH_STEP, LARGE_PATH_BOUND = 1e-8, 1e-10, 5e-5
SOME = 32  # rows of signs for the gradient of the large model
FEW = 8  # rows of signs for integrated gradients, each of which wants a derivative at every step


def read_table(path):
    """(samples: seed, target, logits; tensors: shift, scale, name)."""
    samples, tensors = [], []
    for line in open(path):
        kind, *words = line.split()
        if kind == "sample":
            samples.append((int(words[0]), int(words[1]), np.array(words[2:], float)))
        if kind == "tensor":
            tensors.append((float(words[1]), float(words[2]), words[3]))
    return samples, tensors


def rebuild(name):
    """The network of the committed table, with the tensors that an export of today gives the same names."""
    name, build, side, exporter, opset = next(row for row in make_networks.NETWORKS if row[0] == name)
    torch.manual_seed(0)
    net = build().eval()
    for v in net.state_dict().values():
        if v.dim():
            v.uniform_(.5, 1.5)
    graph = make_networks.export(net, side, exporter, opset).graph
    places = make_networks.find_places(net, graph)
    make_networks.unfold(net, places)
    samples, tensors = read_table(os.path.join(make_networks.HERE, name + ".txt"))
    shapes = {t.name: tuple(t.dims) for t in graph.initializer}
    assert {t[2] for t in tensors} == set(places), "the export of today has other tensors"
    for number, (shift, scale, tensor) in enumerate(tensors):
        make_networks.fill(net, [number, places[tensor][0], shapes[tensor], places[tensor][1], shift, scale])
    committed = onnx.load(os.path.join(make_networks.HERE, name + ".onnx"), load_external_data=False).graph
    conv = places[[n for n in committed.node if n.op_type == "Conv"][-1].input[1]][0].removesuffix(".weight")
    return net.double(), net.get_submodule(conv), (3, side, side), samples, STEPS


def load_model(folder):
    name, build, shape, steps, _ = next(row for row in make_models.MODELS if row[0] == MODEL)
    net = build().eval().double()
    make_models.load_weights(net, onnx.load(os.path.join(folder, name + ".onnx")).graph)
    samples, _ = read_table(os.path.join(make_networks.HERE, name + ".txt"))
    return net, [m for m in net.modules() if isinstance(m, nn.Conv2d)][-1], shape, samples, steps


@torch.no_grad()
def derivatives(score, x, directions, step=STEP):
    """Of score at x along each of them."""
    out = []
    for at in range(0, len(directions), BATCH):
        d = directions[at:at + BATCH]
        out.append((score(x + step * d) - score(x - step * d)) / (2 * step))
    return torch.cat(out)


def rows_of_signs(shape):
    bits = stream(SIGNS, 2 * int(np.prod(shape))).view(np.uint8).reshape(-1, ROWS // 8)
    return torch.from_numpy(np.unpackbits(bits, axis=1, bitorder="little").astype(np.float64).T * 2 - 1).reshape(ROWS, *shape)


def integrated(score, x, rows, steps, step=STEP):
    positions, weights = np.polynomial.legendre.leggauss(steps)
    return sum(w / 2 * derivatives(score, (p + 1) / 2 * x, rows * x, step) for p, w in zip(positions, weights))


@torch.no_grad()
def cam(net, layer, x, target, alone):
    """Grad-CAM whose weights are derivatives along the layer's channels. `alone`: what comes before the layer is computed for one
    sample, and what follows broadcasts."""
    kept, moved = [], [0]
    handle = layer.register_forward_hook(lambda m, into, out: kept.append(out) or out + moved[0])
    net(x[None])
    activation = kept[0]
    channels = activation.shape[1]
    weights = []
    for at in range(0, channels, BATCH):
        some = torch.eye(channels, dtype=x.dtype)[at:at + BATCH, :, None, None] * STEP
        values = []
        for sign in (1, -1):
            moved[0] = sign * some
            values.append(net(x[None] if alone else x.expand(len(some), *x.shape))[:, target])
        weights.append((values[0] - values[1]) / (2 * STEP * activation[0, 0].numel()))
    handle.remove()
    y = (torch.cat(weights)[None, :, None, None] * activation).sum(1, keepdim=True).relu()
    return F.interpolate(y, x.shape[1:], mode="bilinear").expand(1, *x.shape)[0]


def written_out(x, mean, var, weight=None, bias=None, training=False, momentum=.1, eps=1e-5):
    shape = (1, -1, 1, 1)
    return (x - mean.view(shape)) / (var.view(shape) + eps).sqrt() * weight.view(shape) + bias.view(shape)


def error(found, wanted):
    """Relative, by the norm; of what is zero (a Grad-CAM that is negative everywhere) nothing but zero is right."""
    size, off = np.linalg.norm(wanted), np.linalg.norm(found - wanted)
    return off / size if size else np.inf if off else 0


def check(name, net, layer, shape, samples, steps, large=False):
    stored = np.load(os.path.join(make_networks.HERE, name + ".npy"))
    assert any(isinstance(m, nn.BatchNorm2d) for m in net.modules())
    rows, worst = rows_of_signs(shape), np.zeros(5)
    for k, (seed, target, logits) in enumerate(samples):
        x = torch.from_numpy(sample(seed, shape)).double()
        score = lambda y: net(y)[:, target]
        with torch.no_grad():
            found = [net(x[None])[0, :len(logits)].numpy()]
        found.append(derivatives(score, x, rows[:SOME] if large else rows, LARGE_STEP if large else STEP).numpy())
        found.append(integrated(score, x, rows[:FEW], steps, LARGE_PATH_STEP if large else STEP).numpy())
        kernel, F.batch_norm = F.batch_norm, written_out
        found.append(sketch(guided(net, x[None], [target])[0].numpy()))
        F.batch_norm = kernel
        found.append(sketch(cam(net, layer, x, target, large).numpy()))
        wanted = [logits, *(w[:len(f)] for w, f in zip(stored[:, k], found[1:]))]
        worst = np.maximum(worst, [error(f, w) for f, w in zip(found, wanted)])
    print(f"{name}: relative error of logits, gradient, integrated gradients, guided backpropagation, Grad-CAM:",
          *(f"{w:.1e}" for w in worst), flush=True)
    bounds = np.full(5, BOUND)
    bounds[2] = LARGE_PATH_BOUND if large else BOUND
    return bool((worst < bounds).all())


if __name__ == "__main__":
    right = [check(MODEL, *load_model(sys.argv[1]), large=True)] if len(sys.argv) > 1 else [check(n, *rebuild(n)) for n in NETWORKS]
    sys.exit(not all(right))
