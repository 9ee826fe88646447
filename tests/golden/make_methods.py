#!/usr/bin/env python3
"""Reference attributions for tests/unit/methods.c: captum (paths, DeepLIFT), zennit (relevance propagation, excitation
backpropagation), and the papers' formulas in PyTorch where neither has the method (class activation maps, RectGrad).

    pip install torch captum zennit onnx scipy; python3 tests/golden/make_methods.py

Writes tests/golden/methods/NET-*.npy and res.onnx. The networks cnn and mlp are those of make_explainers.py, whose
files are read. Computed in float64 from float32 weights and inputs; stored as float32.
"""
import os

import numpy as np
import torch
from captum.attr import DeepLift, DeepLiftShap, IntegratedGradients
from scipy.ndimage import gaussian_filter
from torch import nn
from zennit.attribution import Gradient
from zennit.canonizers import SequentialMergeBatchNorm
from zennit.composites import (EpsilonAlpha2Beta1, EpsilonAlpha2Beta1Flat, EpsilonGammaBox, EpsilonPlus,
                               EpsilonPlusFlat, ExcitationBackprop, SpecialFirstLayerMapComposite, layer_map_base)
from zennit.layer import Sum
from zennit.rules import AlphaBeta, Epsilon, Flat, Gamma, WSquare, ZBox, ZPlus
from zennit.types import Linear

ROOT = os.path.dirname(os.path.abspath(__file__))
HERE = os.path.join(ROOT, "methods")


def save(name, values):
    values = values.detach().numpy() if isinstance(values, torch.Tensor) else values
    np.save(os.path.join(HERE, name + ".npy"), np.ascontiguousarray(values, dtype=np.float32))


def committed(name):
    return torch.from_numpy(np.load(os.path.join(ROOT, "explainers", name + ".npy"))).double()


def fill(net, flat):
    at = 0
    for p in net.parameters():
        p.data = flat[at:at + p.numel()].reshape(p.shape).clone()
        at += p.numel()
    assert at == flat.numel()
    return net


def widened(net):
    """Wide enough that many units are on and many are off; float32 values."""
    for p in net.parameters():
        p.data = (p.data * 1.5).double()
    return net.double()


class Residual(nn.Module):
    """Everything that relevance meets: normalisations behind convolutions, a residual sum, averages, a maximum."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1, self.relu1 = nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()
        self.conv2, self.bn2 = nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.sum, self.relu2, self.average = Sum(), nn.ReLU(), nn.AvgPool2d(2)
        self.conv3, self.relu3, self.copy, self.maximum = nn.Conv2d(4, 6, 3), nn.ReLU(), Copy(), nn.MaxPool2d(2)
        self.all, self.flat, self.fc = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5)

    def forward(self, x):
        x = self.relu1(self.bn1(self.conv1(x)))
        x = self.relu2(self.sum(torch.stack([x, self.bn2(self.conv2(x))], dim=-1)))
        x = self.relu3(self.conv3(self.average(x)))
        return self.fc(self.flat(self.all(self.maximum(self.copy(x)))))


class Exported(nn.Module):
    """The same with a plain sum, for the ONNX file."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        n = self.net
        x = n.relu1(n.bn1(n.conv1(x)))
        x = n.relu2(x + n.bn2(n.conv2(x)))
        x = n.relu3(n.conv3(n.average(x)))
        return n.fc(n.flat(n.all(n.maximum(x))))


class Copy(nn.Module):
    """captum 0.9 loses its rule for a MaxPool whose input is a ReLU's output: the ReLU's hook, which sits on the same
    tensor, has seen the gradient already. Its maps then do not add up. A copy between the two gives it a tensor."""

    def forward(self, x):
        return x.clone()


# ---- Class activation maps: features (n x C x places) and gradients there ----

def features(net, layer, x, target):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = net(x)
    handle.remove()
    gradient, = torch.autograd.grad(logits.gather(1, target[:, None]).sum(), kept[0])
    return kept[0].detach(), gradient


def enlarge(cam, like):
    """n x places, bilinear, into every channel of `like`."""
    mode = "bilinear" if cam.dim() == 3 else "linear"
    wide = nn.functional.interpolate(cam[:, None], like.shape[2:], mode=mode, align_corners=False)
    return wide.expand(like.shape)


def plus_plus(a, g):
    """Chattopadhay et al. 2018, equations 10 and 19: alpha from powers of the gradient."""
    places = tuple(range(2, a.dim()))
    below = 2 * g ** 2 + a.sum(places, keepdim=True) * g ** 3
    alpha = torch.where(g != 0, g ** 2 / torch.where(below != 0, below, 1), 0)
    return ((alpha * g.clamp(min=0)).sum(places, keepdim=True) * a).sum(1)


def score_cam(net, a, x, target):
    """Wang et al. 2020, algorithm 1."""
    cams = []
    for i in range(len(x)):
        masks = enlarge_each(a[i], x[i])
        low, high = (f(masks.flatten(1), 1).reshape((-1,) + (1,) * (masks.dim() - 1)) for f in (torch.amin, torch.amax))
        masks = torch.where(high > low, (masks - low) / torch.where(high > low, high - low, 1), 0)
        scores = net(x[i][None] * masks[:, None])[:, target[i]] - net(torch.zeros_like(x[i][None]))[0, target[i]]
        weights = torch.softmax(scores, 0)
        cams.append((weights.reshape((-1,) + (1,) * (a.dim() - 2)) * a[i]).sum(0))
    return torch.stack(cams)


def enlarge_each(a, x):
    mode = "bilinear" if x.dim() == 3 else "linear"
    return nn.functional.interpolate(a[None], x.shape[1:], mode=mode, align_corners=False)[0]


def eigen_cam(a):
    cams = []
    for one in a:
        matrix = one.flatten(1).T  # places x channels
        v = torch.linalg.svd(matrix, full_matrices=False)[2][0]
        cam = matrix @ v
        cams.append((cam if cam.sum() >= 0 else -cam).reshape(one.shape[1:]))
    return torch.stack(cams)


def cams(name, net, layer, x, target):
    a, g = features(net, layer, x, target)
    save(f"{name}-grad-cam-plus-plus", enlarge(plus_plus(a, g).clamp(min=0), x))
    save(f"{name}-layer-cam", enlarge((g.clamp(min=0) * a).sum(1).clamp(min=0), x))
    save(f"{name}-hirescam", enlarge((g * a).sum(1), x))
    save(f"{name}-score-cam", enlarge(score_cam(net, a, x, target).clamp(min=0), x))
    save(f"{name}-eigen-cam", enlarge(eigen_cam(a), x))


# ---- Propagation ----

def relevance(name, net, composite, x, target, from_logit=True):
    def start(output):
        mark = nn.functional.one_hot(target, output.shape[1]).to(output)
        return mark * output if from_logit else mark
    with Gradient(model=net, composite=composite, attr_output=start) as attributor:
        save(name, attributor(x)[1])


def single(rule, first=None):
    """Every layer under one rule, the first one perhaps under another."""
    return SpecialFirstLayerMapComposite(layer_map=layer_map_base() + [(Linear, rule)],
                                         first_map=[(Linear, first or rule)], canonizers=[SequentialMergeBatchNorm()])


def propagation(name, net, x, target, few):
    merge = {"canonizers": [SequentialMergeBatchNorm()]}
    relevance(f"{name}-lrp-epsilon-plus", net, EpsilonPlus(**merge), x, target)
    relevance(f"{name}-lrp-epsilon-alpha2-beta1", net, EpsilonAlpha2Beta1(**merge), x, target)
    relevance(f"{name}-lrp-epsilon", net, single(Epsilon(.01)), x, target)
    relevance(f"{name}-lrp-gamma", net, single(Gamma(.5)), x, target)
    relevance(f"{name}-lrp-w-square", net, single(Epsilon(1e-6), WSquare(zero_params="bias")), x, target)
    relevance(f"{name}-excitation-backprop", net, ExcitationBackprop(zero_params="bias", **merge), x, target, False)
    if few:
        return
    relevance(f"{name}-lrp-epsilon-plus-flat", net, EpsilonPlusFlat(**merge), x, target)
    relevance(f"{name}-lrp-epsilon-alpha2-beta1-flat", net, EpsilonAlpha2Beta1Flat(**merge), x, target)
    if x.dim() > 2:
        relevance(f"{name}-lrp-epsilon-gamma-box", net, EpsilonGammaBox(-.5, 1.5, **merge), x,
                  target)
    relevance(f"{name}-lrp-alpha-beta", net, single(AlphaBeta(3, 2)), x, target)
    relevance(f"{name}-lrp-z-plus", net, single(ZPlus()), x, target, False)
    relevance(f"{name}-lrp-flat", net, single(Epsilon(1e-6), Flat()), x, target)
    relevance(f"{name}-lrp-z-box", net, single(Epsilon(1e-6), ZBox(-1., 2.)), x, target)


def deeplift(name, net, x, target):
    if isinstance(net, nn.Sequential):
        net = nn.Sequential(*(layer for m in net for layer in ((Copy(), m) if "MaxPool" in type(m).__name__ else (m,))))
    save(f"{name}-deeplift", DeepLift(net).attribute(x, baselines=0, target=target))
    save(f"{name}-deeplift-baseline", DeepLift(net).attribute(x, baselines=.3, target=target))
    save(f"{name}-deep-shap", DeepLiftShap(net).attribute(x, baselines=x, target=target))


class Rectified(torch.autograd.Function):
    """Kim et al. 2019, equation 1: the percentile is one of a sample's layer."""

    @staticmethod
    def forward(ctx, x, percentile):
        y = x.clamp(min=0)
        ctx.save_for_backward(y)
        ctx.percentile = percentile
        return y

    @staticmethod
    def backward(ctx, r):
        y, = ctx.saved_tensors
        weighed = (y * r).flatten(1)
        least = torch.quantile(weighed, ctx.percentile / 100, dim=1, keepdim=True)
        return torch.where((weighed > least).reshape(r.shape), r, 0), None


def rect_grad(name, net, x, target, percentile):
    changed = [m for m in net.modules() if isinstance(m, nn.ReLU)]
    for m in changed:
        m.forward = lambda v: Rectified.apply(v, percentile)
    z = x.clone().requires_grad_()
    gradient, = torch.autograd.grad(net(z).gather(1, target[:, None]).sum(), z)
    for m in changed:
        del m.forward
    save(f"{name}-rect-grad", x * gradient)


def paths(name, net, x, target, places):
    ig = IntegratedGradients(net)
    for side in ("left", "right"):
        save(f"{name}-ig-{side}", ig.attribute(x, target=target, n_steps=20, method=f"riemann_{side}"))
    save(f"{name}-ig-several", sum(ig.attribute(x, b, target=target, n_steps=30) for b in (-1., .5, 1.)) / 3)
    if not places:
        return
    mean = x.mean(tuple(range(2, x.dim())), keepdim=True).expand(x.shape)
    save(f"{name}-ig-mean", ig.attribute(x, mean, target=target, n_steps=30))
    sd = [0, 0] + [.15 * max(x.shape[2:])] * (x.dim() - 2)
    blurred = torch.from_numpy(gaussian_filter(x.numpy(), sd, mode="nearest", truncate=3)).float().double()
    save(f"{name}-ig-blurred", ig.attribute(x, blurred, target=target, n_steps=30))


def everything(name, net, layer, x, target, few, percentile):
    net.eval()
    if layer is not None:
        cams(name, net, layer, x, target)
    propagation(name, net, x, target, few)
    deeplift(name, net, x, target)
    rect_grad(name, net, x, target, percentile)
    paths(name, net, x, target, x.dim() > 2)


def cnn():
    net = fill(nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3), nn.ReLU(),
                             nn.Flatten(), nn.Linear(150, 16), nn.ReLU(), nn.Linear(16, 5)), committed("cnn-weights"))
    everything("cnn", net, net[4], committed("cnn-inputs"), torch.tensor([0, 3, 4]), False, 70.)


def mlp():
    net = fill(nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 4)),
               committed("mlp-weights"))
    everything("mlp", net, None, committed("mlp-inputs"), torch.tensor([1, 2, 0]), False, 70.)


def res():
    torch.manual_seed(3)
    net = widened(Residual())
    for bn in (net.bn1, net.bn2):
        bn.weight.data = torch.tensor([1.5, -.75, .5, 1.25]).double()  # one below zero: it turns the signs of weights
        bn.bias.data = torch.tensor([.1, -.2, .3, 0]).double()
        bn.running_mean.data = torch.tensor([.2, -.1, 0, .3]).double()
        bn.running_var.data = torch.tensor([.5, 1, 2, .25]).double()
    x = torch.from_numpy(np.random.default_rng(3).normal(0, 1, (3, 2, 14, 14)).astype(np.float32)).double()
    save("res-inputs", x)
    net.eval()
    save("res-logits", net(x))
    plain = Exported(net).float().eval()
    torch.onnx.export(plain, (x.float(),), os.path.join(HERE, "res.onnx"), input_names=["x"], output_names=["logits"],
                      dynamic_axes={"x": {0: "n"}, "logits": {0: "n"}}, opset_version=17, dynamo=False,
                      training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    everything("res", net.double(), net.relu3, x, torch.tensor([1, 0, 3]), True, 70.)


def seq():
    torch.manual_seed(5)
    net = widened(nn.Sequential(nn.Conv1d(4, 6, 5), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(6, 8, 3), nn.ReLU(),
                                nn.Flatten(), nn.Linear(64, 3)))
    letters = np.random.default_rng(6).integers(0, 4, (3, 24))
    x = torch.from_numpy(np.eye(4, dtype=np.float32)[letters].transpose(0, 2, 1).copy()).double()
    save("seq-weights", torch.cat([p.flatten() for p in net.parameters()]))
    save("seq-inputs", x)
    everything("seq", net, net[4], x, torch.tensor([2, 0, 1]), True, 70.)


os.makedirs(HERE, exist_ok=True)
cnn()
mlp()
res()
seq()
