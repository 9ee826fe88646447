#!/usr/bin/env python3
"""Reference values of the four real models for tests/unit/networks.c: make_models.py FOLDER, where the .onnx files are.

The models themselves are not ours to pass on. They are written here anew as PyTorch modules, with the weights of the files, and
evaluated in double precision. Writes tests/golden/networks/NAME.txt (samples, targets, the first logits) and NAME.npy (sketches).
check_networks.py holds those of resnet34_imagenet, the one with BatchNormalization, to central differences.
"""
import os
import sys

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from make_networks import HERE, write_table
from network_formula import sample
from network_reference import references, sketches, steadiness
from network_zoo import SqueezeNet
from onnx import numpy_helper
from torch import nn

SAMPLES, LOGITS = 3, 64


class Block(nn.Module):
    """Of a ResNet without weights in its shortcuts: these take every second pixel, or the mean of four, and pad channels."""

    def __init__(self, i, o, stride, pad, shortcut, norm):
        super().__init__()
        self.conv1, self.bn1, self.relu1 = nn.Conv2d(i, o, 3, stride, pad), norm(o), nn.ReLU()
        self.conv2, self.bn2, self.relu2 = nn.Conv2d(o, o, 3, 1, 1), norm(o), nn.ReLU()
        self.shortcut = shortcut

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        return self.relu2(y + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self, stem, counts, width, pad, shortcut, norm, classes):
        super().__init__()
        self.stem, blocks, i = stem, [], width
        for stage, count in enumerate(counts):
            for b in range(count):
                o, down = width * 2**stage, stage > 0 and b == 0
                blocks.append(Block(i, o, 2, pad, shortcut, norm) if down else Block(i, o, 1, 1, nn.Identity(), norm))
                i = o
        self.blocks, self.fc = nn.Sequential(*blocks), nn.Linear(i, classes)

    def forward(self, x):
        return self.fc(self.blocks(self.stem(x)).mean((2, 3)))


class PooledShortcut(nn.Module):
    def forward(self, x):
        return F.pad(F.avg_pool2d(x, 2), (0, 0, 0, 0, 0, x.shape[1]))


class StridedShortcut(nn.Module):
    def forward(self, x):
        half = x.shape[1] // 2
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, half, half))


def resnet34():
    norm = lambda channels: nn.BatchNorm2d(channels, eps=0)
    stem = nn.Sequential(nn.Conv2d(3, 64, 7, 2), norm(64), nn.ReLU(), nn.MaxPool2d(3, 2, 0))
    return ResNet(stem, [3, 4, 6, 3], 64, 0, PooledShortcut(), norm, 1000)


def resnet20():
    return ResNet(nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1), nn.ReLU()), [3, 3, 3], 16, 1, StridedShortcut(), nn.Identity, 10)


class Shift(nn.Module):
    """A bias by itself, as CNTK has it: no part of what Grad-CAM sees."""

    def __init__(self, channels):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        return x + self.bias[:, None, None]


def mnist8():
    return nn.Sequential(nn.Conv2d(1, 8, 5, padding=2), Shift(8), nn.ReLU(), nn.MaxPool2d(2, 2, 0), nn.Conv2d(8, 16, 5, padding=2),
                         Shift(16), nn.ReLU(), nn.MaxPool2d(3, 3, 0), nn.Flatten(), nn.Linear(256, 10))


def set_parameters(module, tensors, names):
    parts = ("weight", "bias", "running_mean", "running_var")
    for part, name in zip(parts if not isinstance(module, Shift) else ("bias",), names):
        getattr(module, part).data = torch.from_numpy(tensors[name].copy()).reshape(getattr(module, part).shape)


def load_weights(net, graph):
    """Modules and nodes of a kind come in the same order. Weights that lie transposed in the file are turned."""
    tensors = {t.name: numpy_helper.to_array(t).astype(np.float64) for t in graph.initializer}
    tensors["Parameter193"] = tensors["Parameter193"].reshape(256, 10).T if "Parameter193" in tensors else None
    kinds = {"Conv": nn.Conv2d, "BatchNormalization": nn.BatchNorm2d, "Add": Shift, "Gemm": nn.Linear}
    for op, kind in kinds.items():
        nodes = [n for n in graph.node if n.op_type == op and n.input[1] in tensors]
        for module, node in zip((m for m in net.modules() if isinstance(m, kind)), nodes):
            set_parameters(module, tensors, node.input[1:])
            if kind is nn.Conv2d and len(node.input) < 3:
                module.bias.data.zero_()
    if tensors["Parameter193"] is not None:
        set_parameters(net[-1], tensors, ("Parameter193", "Parameter194"))


# name, module, input, steps of integrated gradients, samples to choose from
MODELS = [
    ("mnist-8", mnist8, (1, 28, 28), 20, 12),
    ("resnet20_cifar10", resnet20, (3, 32, 32), 5, 64),
    ("squeezenet1.1_imagenet", lambda: SqueezeNet(16, 1000), (3, 224, 224), 5, 16),
    ("resnet34_imagenet", resnet34, (3, 227, 227), 5, 6),
]


def choose(net, conv, shape, steps, candidates):
    """Large networks always have a rectifier so near zero that rounding decides it; the samples for which that matters least."""
    found = []
    for seed in range(candidates):
        x = torch.from_numpy(sample(seed, (1, *shape))).double()
        found.append((steadiness(net, conv, x, net(x).argmax(1).tolist(), steps), seed))
    return sorted(seed for _, seed in sorted(found)[:SAMPLES]), [f for f, _ in sorted(found)]


def make(folder, name, build, shape, steps, candidates):
    net = build().eval().double()
    load_weights(net, onnx.load(os.path.join(folder, name + ".onnx")).graph)
    conv = [m for m in net.modules() if isinstance(m, nn.Conv2d)][-1]
    seeds, found = choose(net, conv, shape, steps, candidates)
    x = torch.from_numpy(np.stack([sample(seed, shape) for seed in seeds])).double()
    logits = net(x).detach()
    target = logits.argmax(1).tolist()
    maps = references(net, conv, x, target, steps)
    write_table(os.path.join(HERE, name + ".txt"), f"{name}.onnx, integrated gradients of {steps} steps", [],
                zip(seeds, target, logits[:, :LOGITS].tolist()), f"rounding {max(found[:SAMPLES]):.1e}")
    np.save(os.path.join(HERE, name + ".npy"), sketches(maps))
    print(f"{name}: targets {target}; float32 differs from float64 by (the last: of those not taken, at most)", *(f"{f:.1e}" for f in (*found[:SAMPLES], found[-1])), flush=True)


if __name__ == "__main__":
    for row in MODELS:
        if len(sys.argv) < 3 or row[0] in sys.argv[2:]:
            make(sys.argv[1], *row)
