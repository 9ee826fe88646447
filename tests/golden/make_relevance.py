#!/usr/bin/env python3
"""Reference relevance of attention and normalisations for tests/unit/relevance.c: the rules of LXT, the code of the paper that they
are from (Achtibat et al. 2024, arXiv:2402.05602). LXT has no GroupNorm: that is its LayerNorm's rule, whose standard deviation is a
constant, written out. DeepLIFT of the same, by the products and activations that they consist of.

    pip install torch onnx lxt; python3 tests/golden/make_relevance.py

Writes tests/golden/methods/attn.onnx, the same with operators of 2020 (LayerNormalization as several nodes), norms.onnx, their
inputs, NAME-lrp.npy and NAME-deeplift.npy; and tanh.onnx, one hidden layer, for tests/unit/equalities.c. Computed in float64 from float32 weights and inputs,
stored as float32.
"""
import os

import numpy as np
import torch
from lxt.explicit import functional as lf
from torch import nn
from torch.nn import functional as F

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "methods")
EPSILON = 1e-6


class Plain:
    """What a network does."""

    linear = staticmethod(lambda x, layer: layer(x))
    conv = staticmethod(lambda x, layer: layer(x))
    norm = staticmethod(lambda x, layer: layer(x))
    softmax = staticmethod(lambda x: torch.softmax(x, -1))
    matmul = staticmethod(torch.matmul)
    mul = staticmethod(torch.mul)
    scale = staticmethod(torch.mul)
    add = staticmethod(torch.add)
    mean = staticmethod(lambda x, dims: x.mean(dims))
    silu = staticmethod(F.silu)
    gelu = staticmethod(F.gelu)
    relu = staticmethod(torch.relu)


class Passed(torch.autograd.Function):
    """An activation: relevance passes."""

    @staticmethod
    def forward(ctx, x, function):
        return function(x)

    @staticmethod
    def backward(ctx, relevance):
        return relevance, None


class Divided(torch.autograd.Function):
    """Epsilon of any function that is linear but for a constant: x times what its gradient makes of R / y."""

    @staticmethod
    def forward(ctx, x, function):
        with torch.enable_grad():
            inner = x.detach().requires_grad_()
            outer = function(inner)
        ctx.inner, ctx.outer = inner, outer
        return outer.detach()

    @staticmethod
    def backward(ctx, relevance):
        y = ctx.outer
        share = relevance / (y.detach() + torch.where(y.detach() < 0, -EPSILON, EPSILON))
        return ctx.inner.detach() * torch.autograd.grad(y, ctx.inner, share)[0], None


def detached(x, layer):
    """GroupNorm or InstanceNorm with its standard deviation a constant."""
    groups = layer.num_groups if isinstance(layer, nn.GroupNorm) else x.shape[1]
    sets = x.reshape(len(x), groups, -1)
    sd = (sets.var(-1, keepdim=True, unbiased=False) + layer.eps).sqrt().detach()
    y = ((sets - sets.mean(-1, keepdim=True)) / sd).reshape(x.shape)
    wide = (1, -1) + (1,) * (x.dim() - 2)
    return y * layer.weight.reshape(wide) + layer.bias.reshape(wide)


class Relevance(Plain):
    """Whose gradients are relevance."""

    linear = staticmethod(lambda x, layer: lf.linear_epsilon(x, layer.weight, layer.bias, EPSILON))
    conv = staticmethod(lambda x, layer: Divided.apply(x, layer))
    softmax = staticmethod(lambda x: lf.softmax(x, -1))
    matmul = staticmethod(lambda a, b: lf.matmul(a, b, False, EPSILON))
    mul = staticmethod(lf.mul2)
    scale = staticmethod(lambda x, by: Passed.apply(x, lambda v: v * by))
    add = staticmethod(lambda a, b: lf.add2(a, b, False, EPSILON))
    mean = staticmethod(lambda x, dims: Divided.apply(x, lambda v: v.mean(dims)))
    silu = staticmethod(lambda x: Passed.apply(x, F.silu))
    gelu = staticmethod(lambda x: Passed.apply(x, F.gelu))
    relu = staticmethod(lambda x: Passed.apply(x, torch.relu))

    @staticmethod
    def norm(x, layer):
        if isinstance(layer, nn.LayerNorm):
            return lf.layer_norm(x, layer.weight, layer.bias, layer.eps)
        return Divided.apply(x, lambda v: detached(v, layer))


# ---- DeepLIFT: the first half of a batch are the inputs, the second their references ----

class Slope(torch.autograd.Function):
    """A function of one element: the difference of its output over that of its input, or the derivative where that is 0."""

    @staticmethod
    def forward(ctx, x, function):
        y = function(x)
        ctx.save_for_backward(x, y)
        ctx.function = function
        return y

    @staticmethod
    def backward(ctx, m):
        (x, x0), (y, y0) = (v.chunk(2) for v in ctx.saved_tensors)
        with torch.enable_grad():
            same = x.detach().requires_grad_()
            derivative, = torch.autograd.grad(ctx.function(same).sum(), same)
        between = torch.where(x == x0, derivative, (y - y0) / torch.where(x == x0, 1, x - x0))
        return torch.cat([m.chunk(2)[0] * between, torch.zeros_like(x)]), None


class Product(torch.autograd.Function):
    """Of two values: each has the mean of the other."""

    @staticmethod
    def forward(ctx, a, b, function):
        ctx.save_for_backward(a, b)
        ctx.function = function
        return function(a, b)

    @staticmethod
    def backward(ctx, m):
        a, b = (sum(v.chunk(2)) / 2 for v in ctx.saved_tensors)
        with torch.enable_grad():
            a, b = a.requires_grad_(), b.requires_grad_()
            grads = torch.autograd.grad(ctx.function(a, b), (a, b), m.chunk(2)[0])
        return (*(torch.cat([g, torch.zeros_like(g)]) for g in grads), None)


class Largest(torch.autograd.Function):
    """The largest of a row: to the place that held it, of the input where it rose, of the reference where it fell."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.amax(-1, keepdim=True)

    @staticmethod
    def backward(ctx, m):
        x, x0 = ctx.saved_tensors[0].chunk(2)
        (top, at), (top0, at0) = x.max(-1, keepdim=True), x0.max(-1, keepdim=True)
        place = torch.where(top >= top0, at, at0)
        share = (top - top0) / (x - x0).gather(-1, place) * m.chunk(2)[0]
        return torch.cat([torch.zeros_like(x).scatter(-1, place, share), torch.zeros_like(x)])


def product(a, b, function=torch.mul):
    return Product.apply(a, b, function)


def slope(function):
    return lambda x: Slope.apply(x, function)


class DeepLift(Plain):
    """Softmax and normalisations by the products and activations that they consist of."""

    matmul = staticmethod(lambda a, b: product(a, b, torch.matmul))
    mul = staticmethod(product)
    silu, gelu, relu = (staticmethod(slope(f)) for f in (F.silu, F.gelu, torch.relu))

    @staticmethod
    def softmax(x):
        e = slope(torch.exp)(x - Largest.apply(x))
        return product(e, slope(torch.reciprocal)(e.sum(-1, keepdim=True)))

    @staticmethod
    def norm(x, layer):
        wide = (1, -1) + (1,) * (x.dim() - 2)
        if isinstance(layer, nn.LayerNorm):
            sets, wide = x, (1,) * (x.dim() - 1) + (-1,)
        else:
            sets = x.reshape(len(x), layer.num_groups if isinstance(layer, nn.GroupNorm) else x.shape[1], -1)
        sets = sets - sets.mean(-1, keepdim=True)
        inverse = slope(torch.rsqrt)(product(sets, sets).mean(-1, keepdim=True) + layer.eps)
        return product(sets, inverse).reshape(x.shape) * layer.weight.reshape(wide) + layer.bias.reshape(wide)


class Attention(nn.Module):
    """A block of a transformer over five places of six channels, two heads, with a gated perceptron (SiLU) and a second one (GELU)."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(6, 6) for _ in range(4))
        self.norm1, self.norm2 = nn.LayerNorm(6), nn.LayerNorm(6)
        self.gate, self.up, self.down = nn.Linear(6, 8), nn.Linear(6, 8), nn.Linear(8, 6)
        self.wide, self.narrow, self.head = nn.Linear(6, 7), nn.Linear(7, 6), nn.Linear(6, 4)
        self.how = Plain

    def forward(self, x):
        f = self.how
        x = x.transpose(1, 2)
        y = f.norm(x, self.norm1)
        q, k, v = (f.linear(y, layer).reshape(-1, 5, 2, 3).transpose(1, 2) for layer in (self.q, self.k, self.v))
        y = f.matmul(f.softmax(f.scale(f.matmul(q, k.transpose(-1, -2)), 3**-.5)), v)
        x = f.add(x, f.linear(y.transpose(1, 2).reshape(-1, 5, 6), self.o))
        y = f.norm(x, self.norm2)
        y = f.mul(f.silu(f.linear(y, self.gate)), f.linear(y, self.up))
        x = f.add(x, f.linear(y, self.down))
        x = f.add(x, f.linear(f.gelu(f.linear(x, self.wide)), self.narrow))
        return f.linear(f.mean(x, 1), self.head)


class Norms(nn.Module):
    """The normalisations of pictures."""

    def __init__(self):
        super().__init__()
        self.conv1, self.group = nn.Conv2d(2, 6, 3), nn.GroupNorm(2, 6)
        self.conv2, self.instance, self.head = nn.Conv2d(6, 4, 3), nn.InstanceNorm2d(4, affine=True), nn.Linear(4, 3)
        self.how = Plain

    def forward(self, x):
        f = self.how
        x = f.relu(f.norm(f.conv(x, self.conv1), self.group))
        x = f.relu(f.norm(f.conv(x, self.conv2), self.instance))
        return f.linear(f.mean(x, (2, 3)), self.head)


def save(name, values):
    np.save(os.path.join(HERE, name + ".npy"), np.ascontiguousarray(values.detach().numpy(), dtype=np.float32))


def make(name, files, net, shape, targets, seed):
    torch.manual_seed(seed)
    net.eval()
    for p in net.parameters():
        p.data = torch.randn_like(p) * (.6 if p.dim() > 1 else .3) + (1. if p.dim() == 1 else 0.) * (p.data == 1)
    x = torch.from_numpy(np.random.default_rng(seed).normal(0, 1, (3, *shape)).astype(np.float32))
    for file, opset in files.items():
        torch.onnx.export(net, (x,), os.path.join(HERE, file + ".onnx"), input_names=["x"], output_names=["logits"],
                          dynamic_axes={"x": {0: "n"}, "logits": {0: "n"}}, opset_version=opset, dynamo=False,
                          training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    save(name + "-inputs", x)
    net = net.double()
    plain = net(x.double())
    save(name + "-logits", plain)
    net.how = Relevance
    x = x.double().requires_grad_()
    logits = net(x)
    assert torch.allclose(logits, plain)
    chosen = logits.gather(1, torch.tensor(targets)[:, None])
    relevance, = torch.autograd.grad(chosen, x, chosen.detach())
    save(name + "-lrp", relevance)
    net.how = DeepLift
    pair = torch.cat([x.detach(), torch.full_like(x, .3)]).requires_grad_()
    logits = net(pair)
    assert torch.allclose(logits[:3], plain)
    multipliers, = torch.autograd.grad(logits[:3].gather(1, torch.tensor(targets)[:, None]).sum(), pair)
    contributions = (x.detach() - .3) * multipliers[:3]
    difference = (logits[:3] - logits[3:]).gather(1, torch.tensor(targets)[:, None]).flatten()
    assert torch.allclose(contributions.flatten(1).sum(1), difference)
    save(name + "-deeplift", contributions)
    print(name, "logits", chosen.detach().flatten().tolist(), "relevance", relevance.flatten(1).sum(1).tolist())


make("attn", {"attn": 17, "attn-written-out": 13}, Attention(), (6, 5), [0, 3, 1], 7)
make("norms", {"norms": 17}, Norms(), (2, 9, 9), [2, 0, 1], 8)

torch.manual_seed(9)
torch.onnx.export(nn.Sequential(nn.Linear(20, 12), nn.Tanh(), nn.Linear(12, 3)).eval(), (torch.zeros(1, 20),),
                  os.path.join(HERE, "tanh.onnx"), input_names=["x"], output_names=["logits"],
                  dynamic_axes={"x": {0: "n"}, "logits": {0: "n"}}, opset_version=17, dynamo=False)
