#!/usr/bin/env python3
"""Reference maps for tests/unit/perturbation.c, on the networks of make_explainers.py: captum 0.9.0 (Occlusion,
FeatureAblation, ShapleyValueSampling, ShapleyValues, LimeBase), the authors' package saliency 0.2.1 (BlurIG, GuidedIG),
and the papers' formulas in torch (RISE). Random methods draw the numbers of assay_random.py, so that the
samples are the same.

Writes tests/golden/perturbation/NET-*.npy. Computed in float64 from float32 weights and inputs; stored as float32.
"""
import math
import os

import numpy as np
import torch
import torch.nn.functional as F
from captum._utils.models.linear_model import SkLearnLinearRegression, SkLearnRidge
from captum.attr import FeatureAblation, IntegratedGradients, LimeBase, Occlusion, ShapleyValues, ShapleyValueSampling
from saliency.core import INPUT_OUTPUT_GRADIENTS, BlurIG, GuidedIG
from torch import nn

from assay_random import normal, uniform

GOLDEN = os.path.dirname(os.path.abspath(__file__))
HERE = os.path.join(GOLDEN, "perturbation")
SEEDS = (11, 22, 33)  # of tests/unit/lab.h


def save(name, values):
    values = values.detach().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)
    np.save(os.path.join(HERE, name + ".npy"), np.ascontiguousarray(values, dtype=np.float32))


def load(name):
    return torch.from_numpy(np.load(os.path.join(GOLDEN, "explainers", name + ".npy"))).double()


def network(name, layers):
    net = nn.Sequential(*layers).double()
    flat = load(name + "-weights")
    for p in net.parameters():
        p.data = flat[:p.numel()].reshape(p.shape).clone()
        flat = flat[p.numel():]
    assert flat.numel() == 0
    return net.eval()


# ---- features ----

def grid(shape, wanted):
    """A feature number for each element: the smallest cells of equal sides that are `wanted` at most."""
    _, height, width = shape
    side = 1
    while -(-height // side) * -(-width // side) > wanted:
        side += 1
    y, x = np.divmod(np.arange(height * width).reshape(height, width), width)
    return torch.tensor(np.broadcast_to(y // side * -(-width // side) + x // side, shape).copy())


def slic(x, wanted, compactness=.1, rounds=10):
    """Achanta et al. 2012: k-means of values and places, each centre looking two steps far."""
    start = grid(x.shape, wanted)[0].numpy()
    step = next(s for s in range(1, 99) if (start[0] == start[0, 0]).sum() == s)
    spread = float(x.max() - x.min())
    height, width = start.shape
    places = np.stack(np.mgrid[:height, :width], -1).astype(float)
    label = start.copy()
    for _ in range(rounds):
        best = np.full((height, width), np.inf)
        found = label.copy()
        for k in range(start.max() + 1):
            mine = label == k
            if not mine.any():
                continue
            value, place = x[:, mine].mean(1), places[mine].mean(0)
            near = (np.abs(places - place) <= 2 * step).all(-1)
            distance = (((x - value[:, None, None]) / spread)**2).sum(0) / compactness**2
            distance = distance + (((places - place) / step)**2).sum(-1)
            better = near & (distance < best)
            best[better], found[better] = distance[better], k
        label = found
    numbers = {}
    for k in label.ravel():
        numbers.setdefault(k, len(numbers))
    return torch.tensor(np.vectorize(numbers.get)(label))[None].expand(*x.shape).contiguous()


def each(x, target, explain):
    """explain(x[1, ...], target, seed), input by input."""
    return torch.cat([explain(x[i:i + 1], int(target[i]), SEEDS[i]) for i in range(len(x))])


def orders(seed, features, samples):
    for i in range(samples):
        yield np.argsort(uniform(seed, i * features, features), kind="stable").tolist()


def shapley_sampling(net, mask, samples, baseline):
    def explain(x, target, seed):
        method = ShapleyValueSampling(net)
        method.permutation_generator = lambda n, _: orders(seed, n, samples)
        return method.attribute(x, baselines=baseline, target=target, feature_mask=mask, n_samples=samples)
    return explain


def shapley_exact(net, mask, baseline):
    return lambda x, target, seed: ShapleyValues(net).attribute(x, baselines=baseline, target=target, feature_mask=mask)


def fit(net, x, target, mask, baseline, rows, weights, model):
    """captum's LIME on given rows of zeros and ones with given weights: the value of each feature at its elements."""
    given = iter(zip(rows, weights))
    held = {}

    def perturb(original, **kwargs):
        z, held["weight"] = next(given)
        return torch.tensor(z, dtype=torch.float64)[None]

    def show(z, original, **kwargs):
        shown = z[0][mask].bool()
        return torch.where(shown, original[0], torch.full_like(original[0], baseline))[None]

    lime = LimeBase(net, model, lambda *a, **k: held["weight"], perturb, True, show, None)
    values = lime.attribute(x, target=target, n_samples=len(rows), show_progress=False)
    return values[0][mask][None].double()


def kernel_shap(net, mask, samples, baseline):
    n = int(mask.max()) + 1

    def explain(x, target, seed):
        rows, weights = [[0] * n, [1] * n], [1e7, 1e7]
        sizes = np.array([1 / (s * (n - s)) for s in range(1, n)])
        steps = np.cumsum(sizes)
        while len(rows) < samples + 2:
            numbers = uniform(seed, (len(rows) - 2) // 2 * (n + 1), n + 1)
            size = min(int((steps <= float(numbers[n]) * steps[-1]).sum()) + 1, n - 1)
            z = np.zeros(n, dtype=int)
            z[np.argsort(-numbers[:n], kind="stable")[:size]] = 1
            rows += [z.tolist(), (1 - z).tolist()]
            weights += [1, 1]
        return fit(net, x, target, mask, baseline, rows[:samples + 2], weights, SkLearnLinearRegression())
    return explain


def lime(net, mask, samples, baseline, width=.25, ridge=1.):
    n = int(mask.max()) + 1

    def explain(x, target, seed):
        rows, weights = [], []
        for i in range(samples):
            z = (uniform(seed, i * n, n) >= .5).astype(int)
            z = z if i else np.ones(n, dtype=int)
            distance = 1 - (z.sum() / math.sqrt(n * z.sum()) if z.any() else 0)
            rows.append(z.tolist())
            weights.append(math.exp(-distance**2 / width**2))
        model = SkLearnRidge(alpha=ridge) if ridge else SkLearnLinearRegression()
        return fit(net, x, target, mask, baseline, rows, weights, model)
    return explain


def rise(net, samples, cells=7, p=.5, baseline=0., probability=False, centred=False):
    def explain(x, target, seed):
        _, _, height, width = x.shape
        cell = (-(-height // cells), -(-width // cells))
        masks = []
        for m in range(samples):
            u = uniform(seed, m * (cells**2 + 2), cells**2 + 2)
            coins = torch.tensor((u[:cells**2] < p).astype(float)).reshape(1, 1, cells, cells)
            large = F.interpolate(coins, size=[(cells + 1) * c for c in cell], mode="bilinear", align_corners=False)
            y, z = int(float(u[-2]) * cell[0]), int(float(u[-1]) * cell[1])
            masks.append(large[0, 0, y:y + height, z:z + width])
        masks = torch.stack(masks)[:, None]
        scores = net(baseline + masks * (x - baseline)).detach()
        scores = (scores.softmax(1) if probability else scores)[:, target]
        scores = scores - scores.mean() if centred else scores
        return ((scores[:, None, None, None] * masks).sum(0, keepdim=True) / (samples * p)).expand_as(x)
    return explain


def lines(net, background, samples, noise=0.):
    """Expected gradients (Erion et al. 2021), and GradientSHAP with noise on the input."""
    def explain(x, target, seed):
        u, size = uniform(seed, 0, 2 * samples).astype(float), x.numel()
        n = normal(seed, 0, samples * size).astype(float).reshape(samples, *x.shape[1:])
        begin = background[(u[0::2] * len(background)).astype(int)]
        way = x + noise * float(x.max() - x.min()) * torch.from_numpy(n) - begin
        share = torch.from_numpy(u[1::2]).reshape(-1, *[1] * (x.dim() - 1))
        point = (begin + share * way).requires_grad_()
        net(point)[:, target].sum().backward()
        return (way * point.grad).mean(0, keepdim=True)
    return explain


def expected(net, background):
    """What they are in the limit: captum's integrated gradients, averaged over baselines."""
    method = IntegratedGradients(net)
    return lambda x, target, seed: torch.stack(
        [method.attribute(x, baselines=b[None], target=target, n_steps=500, method="riemann_middle") for b in background]).mean(0)


# ---- the authors' package: pictures have their channels last there, and NumPy an argument that is now called method ----

quantile = np.quantile
np.quantile = lambda *a, interpolation="linear", **k: quantile(*a, method=interpolation, **k)


def gradients(net, target):
    def call(batch, call_model_args=None, expected_keys=None):
        x = torch.tensor(np.moveaxis(np.asarray(batch), -1, 1)).double().requires_grad_()
        net(x if x.shape[2] > 1 else x[:, :, 0, 0])[:, target].sum().backward()
        return {INPUT_OUTPUT_GRADIENTS: np.moveaxis(x.grad.numpy(), 1, -1)}
    return call


def last(x):
    return np.moveaxis(x[0].numpy(), 0, -1)


def blur_ig(net, **options):
    def explain(x, target, seed):
        return torch.tensor(BlurIG().GetMask(last(x), gradients(net, target), batch_size=1, **options)).permute(2, 0, 1)[None]
    return explain


def guided_ig(net, baseline=0., **options):
    def explain(x, target, seed):
        whole = x if x.dim() == 4 else x[:, :, None, None]
        mask = GuidedIG().GetMask(last(whole), gradients(net, target), x_baseline=np.full_like(last(whole), baseline),
                                  **options)
        return torch.tensor(mask).permute(2, 0, 1)[None].reshape(x.shape)
    return explain


def cnn():
    net = network("cnn", [nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3), nn.ReLU(),
                          nn.Flatten(), nn.Linear(150, 16), nn.ReLU(), nn.Linear(16, 5)])
    x, target = load("cnn-inputs"), torch.tensor([0, 3, 4])
    nine, four = grid(x.shape[1:], 9), grid(x.shape[1:], 4)
    occlusion, ablation = Occlusion(net), FeatureAblation(net)
    save("cnn-occlusion", occlusion.attribute(x, (2, 4, 4), (2, 3, 3), target=target))
    save("cnn-occlusion-default", occlusion.attribute(x, (2, 2, 2), (2, 1, 1), target=target))
    save("cnn-occlusion-alone", occlusion.attribute(x, (1, 3, 3), (1, 2, 2), baselines=.3, target=target))
    save("cnn-ablation", ablation.attribute(x, baselines=.3, target=target, feature_mask=nine))
    save("cnn-ablation-elements", ablation.attribute(x, target=target))
    save("cnn-ablation-slic", each(x, target, lambda one, t, seed: ablation.attribute(
        one, target=t, feature_mask=slic(one[0].numpy(), 16))))
    save("cnn-shapley", each(x, target, shapley_sampling(net, nine, 5, .3)))
    save("cnn-kernel-shap", each(x, target, kernel_shap(net, nine, 101, .3)))
    save("cnn-shapley-exact", each(x, target, shapley_exact(net, four, .3)))
    save("cnn-lime", each(x, target, lime(net, nine, 100, .3)))
    save("cnn-lime-wide", each(x, target, lime(net, nine, 60, 0., width=2., ridge=0)))
    save("cnn-rise", each(x, target, rise(net, 40)))
    save("cnn-rise-options", each(x, target, rise(net, 40, cells=4, p=.3, baseline=.2, probability=True, centred=True)))
    save("cnn-expected-gradients", each(x, target, lines(net, x, 70)))
    save("cnn-gradient-shap", each(x, target, lines(net, x, 70, .1)))
    save("cnn-zero-shap", each(x, target, lines(net, torch.zeros_like(x[:1]), 30, .25)))
    save("cnn-expected", each(x, target, expected(net, x)))
    save("cnn-blur-ig", each(x, target, blur_ig(net, max_sigma=14 / 6, steps=50)))
    save("cnn-blur-ig-9", each(x, target, blur_ig(net, max_sigma=9, steps=20)))
    save("cnn-guided-ig", each(x, target, guided_ig(net)))
    save("cnn-guided-ig-free", each(x, target, guided_ig(net, baseline=.3, x_steps=20, fraction=.1, max_dist=1.)))


def mlp():
    net = network("mlp", [nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 4)])
    x, target = load("mlp-inputs"), torch.tensor([1, 2, 0])
    alone = torch.arange(20)
    groups = torch.tensor([0] * 4 + [1, 2, 3, 4, 5, 4] + list(range(6, 16)))  # 0-3/7+9
    fives = torch.arange(20) // 5
    ablation = FeatureAblation(net)
    save("mlp-ablation", ablation.attribute(x, target=target))
    save("mlp-ablation-baseline", ablation.attribute(x, baselines=.3, target=target))
    save("mlp-ablation-groups", ablation.attribute(x, target=target, feature_mask=groups))
    save("mlp-shapley", each(x, target, shapley_sampling(net, alone, 7, 0.)))
    save("mlp-shapley-exact", each(x, target, shapley_exact(net, fives, 0.)))
    save("mlp-kernel-shap", each(x, target, kernel_shap(net, alone, 200, 0.)))
    save("mlp-lime", each(x, target, lime(net, alone, 100, .3)))
    save("mlp-expected-gradients", each(x, target, lines(net, x, 70)))
    save("mlp-gradient-shap", each(x, target, lines(net, x, 70, .1)))
    save("mlp-guided-ig", each(x, target, guided_ig(net)))


os.makedirs(HERE, exist_ok=True)
cnn()
mlp()
