#!/usr/bin/env python3
"""Reference maps of two vision transformers of make_networks.py for tests/unit/networks.c: attention rollout (Abnar & Zuidema 2020)
and attention times gradient (Chefer et al. 2021, equations 5 and 6), whole matrices multiplied, in double precision. Attention is
caught on its way through PyTorch's softmax.

Writes tests/golden/networks/NAME-attention.npy: sketches of maps, [kind][sample][128].
"""
import os

import numpy as np
import torch
import torch.nn.functional as F
from make_networks import HERE, NETWORKS, export, fill, find_places, strip, unfold
from network_formula import sample
from network_reference import sketches

caught = []
softmax = torch.Tensor.softmax


def catch(scores, dim):
    weights = softmax(scores, dim=dim)
    if weights.requires_grad:
        weights.retain_grad()
    caught.append(weights)
    return weights


def attention(q, k, v, *args, **kwargs):
    return catch(q @ k.transpose(-2, -1) / q.shape[-1]**.5, -1) @ v


def filled(name, build, side, exporter, opset):
    """The module with the weights of the committed table, its seeds and targets."""
    torch.manual_seed(0)
    net = build().eval()
    for v in net.state_dict().values():
        if v.dim():
            v.uniform_(.5, 1.5)
    model = export(net, side, exporter, opset)
    strip(model)
    places = find_places(net, model.graph)
    unfold(net, places)
    with open(os.path.join(HERE, name + ".txt")) as table:
        lines = [line.split() for line in table if not line.startswith("#")]
    tensors = [line for line in lines if line[0] == "tensor"]
    files = [t for t in model.graph.initializer if t.name in places]
    assert [int(np.prod(t.dims)) for t in files] == [int(line[1]) for line in tensors], name  # numbers in names may differ
    for k, (t, line) in enumerate(zip(files, tensors)):
        fill(net, [k, places[t.name][0], tuple(t.dims), places[t.name][1], float(line[2]), float(line[3])])
    samples = [line for line in lines if line[0] == "sample"]
    return net.double(), [int(s[1]) for s in samples], [int(s[2]) for s in samples], [list(map(float, s[3:])) for s in samples]


def enlarge(row, side):
    grid = int(len(row[1:])**.5)
    map_ = F.interpolate(row[1:].reshape(1, 1, grid, grid), (side, side), mode="bilinear", align_corners=False)
    return map_.expand(1, 3, side, side)


def make(row):
    name, side = row[0], row[2]
    net, seeds, targets, logits = filled(*row)
    torch.Tensor.softmax = lambda self, dim, **kwargs: catch(self, dim)
    F.scaled_dot_product_attention = attention
    maps = [[], []]
    for seed, target, wanted in zip(seeds, targets, logits):
        caught.clear()
        x = torch.from_numpy(sample(seed, (3, side, side)))[None].double().requires_grad_()
        out = net(x)[0]
        assert np.allclose(out.detach().numpy(), wanted, rtol=1e-5, atol=1e-6), (name, out, wanted)
        out[target].backward()
        assert len(caught) == 2
        weights = [(w.detach().reshape(-1, *w.shape[-2:]), w.grad.reshape(-1, *w.shape[-2:])) for w in caught]
        identity = torch.eye(weights[0][0].shape[-1], dtype=torch.float64)
        rollout = relevance = identity
        for w, g in weights:
            rollout = (.5 * w.mean(0) + .5 * identity) @ rollout
            relevance = relevance + (w * g).clamp(min=0).mean(0) @ relevance
        maps[0].append(enlarge(rollout[0], side))
        maps[1].append(enlarge(relevance[0], side))
    torch.Tensor.softmax = softmax
    np.save(os.path.join(HERE, name + "-attention.npy"), sketches([torch.cat(m) for m in maps]))
    print(name)


for row in NETWORKS:
    if row[0] in ("vit_timm_13", "vit_torchvision_17"):
        make(row)
