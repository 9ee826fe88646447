"""Integrated gradients, 50 steps, of ResNet-18 by captum on two threads.   ig.py FOLDER INPUT.npy MAP.npy users|tuned

MAP.npy is ours of the same network and input, and must be the same map."""
import sys

import numpy as np
import torch
from captum.attr import IntegratedGradients

from common import THREADS, best, fold, report, resnet18

CASE = "integrated gradients, 50 steps"
folder, given, ours, how = sys.argv[1:]
torch.set_num_threads(THREADS)
x = torch.from_numpy(np.load(given))


def measure(net, contender, **more):
    target = int(net(x).argmax())
    found = {}

    def attribute():
        found["map"] = IntegratedGradients(net).attribute(x, target=target, n_steps=50, **more)

    report(CASE, contender, *best(attribute, 1, warm=False))
    a, b = found["map"].detach().double().numpy().ravel(), np.load(ours).astype(np.float64).ravel()
    error = np.linalg.norm(a - b) / np.linalg.norm(a)
    print(f"{contender}: relative L2 distance of the maps {error:.1e}", file=sys.stderr)
    assert error < 1e-3


if how == "users":
    measure(resnet18(folder), "captum")
    measure(resnet18(folder), "captum, internal batch 10", internal_batch_size=10)
else:
    net = fold(resnet18(folder)).requires_grad_(False)
    measure(net, "captum, internal batch 10, folded, malloc", internal_batch_size=10)
    x = x.to(memory_format=torch.channels_last)
    measure(net.to(memory_format=torch.channels_last), "captum, internal batch 10, folded, malloc, channels_last",
            internal_batch_size=10)
