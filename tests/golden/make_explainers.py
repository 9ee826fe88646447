#!/usr/bin/env python3
"""Reference attributions for tests/unit/explainers.c: captum (gradients, IG, guided backpropagation, Grad-CAM), scipy (Sobel).

Writes tests/golden/explainers/NET-*.npy. Computed in float64 from float32 weights and inputs; stored as float32.
"""
import os

import numpy as np
import scipy.ndimage
import torch
from captum.attr import (Deconvolution, GuidedBackprop, GuidedGradCam, InputXGradient, IntegratedGradients,
                         LayerAttribution, LayerGradCam, Saliency)
from torch import nn

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "explainers")


def save(name, values):
    values = values.detach().numpy() if isinstance(values, torch.Tensor) else values
    np.save(os.path.join(HERE, name + ".npy"), np.ascontiguousarray(values, dtype=np.float32))


def build(layers, seed):
    """`layers` makes the list, so that the seed is set before the weights are drawn."""
    torch.manual_seed(seed)
    net = nn.Sequential(*layers())
    for p in net.parameters():
        p.data = (p.data * 1.5).double()  # wide enough that many units are on and many are off; float32 values
    return net


def common(name, net, x, target):
    save(f"{name}-weights", torch.cat([p.flatten() for p in net.parameters()]))
    save(f"{name}-inputs", x)
    save(f"{name}-logits", net(x))
    save(f"{name}-gradient", Saliency(net).attribute(x, target, abs=False))
    save(f"{name}-saliency", Saliency(net).attribute(x, target))
    save(f"{name}-input-x-gradient", InputXGradient(net).attribute(x, target))
    save(f"{name}-guided-backprop", GuidedBackprop(net).attribute(x, target=target))
    save(f"{name}-deconvnet", Deconvolution(net).attribute(x, target=target))
    ig = IntegratedGradients(net)
    save(f"{name}-ig-default", ig.attribute(x, target=target, n_steps=50))
    save(f"{name}-ig-baseline", ig.attribute(x, baselines=.3, target=target, n_steps=30))
    save(f"{name}-ig-middle", ig.attribute(x, target=target, n_steps=20, method="riemann_middle"))
    # captum's trapezoid weights sum to (n - 1)/n, ours to 1
    save(f"{name}-ig-trapezoid", ig.attribute(x, target=target, n_steps=20, method="riemann_trapezoid") * 20 / 19)
    save(f"{name}-ig-average", IntegratedGradients(net, multiply_by_inputs=False).attribute(x, target=target, n_steps=50))


def float32(x):
    return torch.from_numpy(x.astype(np.float32)).double()


def cnn():
    net = build(lambda: [nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3), nn.ReLU(), nn.Flatten(),
                 nn.Linear(150, 16), nn.ReLU(), nn.Linear(16, 5)], 7)
    rng = np.random.default_rng(7)
    x = float32(np.clip(rng.normal(.4, .5, (3, 2, 14, 14)), 0, 1.5))  # exact zeros, as in images
    target = torch.tensor([0, 3, 4])
    common("cnn", net, x, target)
    for name, layer, relu in (("grad-cam", 3, True), ("grad-cam-signed", 3, False), ("grad-cam-conv1", 0, True)):
        cam = LayerGradCam(net, net[layer]).attribute(x, target, relu_attributions=relu)
        cam = LayerAttribution.interpolate(cam, (14, 14), "bilinear")
        save(f"cnn-{name}", cam.expand(-1, 2, -1, -1))
    cam = LayerAttribution.interpolate(LayerGradCam(net, net[3]).attribute(x, target, relu_attributions=True), (14, 14),
                                       "bilinear")
    product = GuidedGradCam(net, net[3]).attribute(x, target, interpolate_mode="bilinear")
    largest = cam.amax(dim=(1, 2, 3), keepdim=True)
    save("cnn-guided-grad-cam", product / torch.where(largest > 0, largest, 1))
    planes = x.numpy().reshape(-1, 14, 14)
    edges = [np.hypot(*(scipy.ndimage.sobel(p, axis=a, mode="nearest") for a in (0, 1))) for p in planes]
    save("cnn-edge-detector", np.reshape(edges, x.shape))


def mlp():
    net = build(lambda: [nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 4)], 11)
    x = float32(np.random.default_rng(11).normal(0, 1, (3, 20)))
    common("mlp", net, x, torch.tensor([1, 2, 0]))


os.makedirs(HERE, exist_ok=True)
cnn()
mlp()
