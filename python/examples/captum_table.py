"""Judges captum's methods on the fixture CNN beside assay's own, and prints the table of docs/python.md.

PYTHONPATH=python OMP_NUM_THREADS=1 python3 python/examples/captum_table.py [NAME ...]
"""

import csv
import os
import sys

import captum.attr as A
import numpy as np
import torch

import assay
from fashion_cnn import inputs, module

STOCHASTIC = ["stochastic"]
PATCHES = torch.arange(784).reshape(28, 28) // 4 % 7 + torch.arange(28)[:, None] // 4 * 7  # 49 squares of 4 x 4 pixels


def upsampled(maps, x):
    return A.LayerAttribution.interpolate(maps, tuple(x.shape[2:]), "bilinear")


def background(m, x):
    return torch.cat([torch.zeros_like(x[:1]), torch.full_like(x[:1], 0.5)])


def noise(kind):
    return lambda m, x, t: A.NoiseTunnel(A.Saliency(m)).attribute(
        x, target=t, nt_type=kind, nt_samples=20, stdevs=0.15, abs=False
    )


METHODS = {  # name: the method, what it claims, on how many inputs (those that ask the network often: on fewer)
    "saliency": (lambda m, x, t: A.Saliency(m).attribute(x, target=t), ["non-negative", "linear-exact"], 30),
    "gradient": (lambda m, x, t: A.Saliency(m).attribute(x, target=t, abs=False), ["linear-exact"], 30),
    "input-x-gradient": (
        lambda m, x, t: A.InputXGradient(m).attribute(x, target=t),
        ["input-multiplier", "linear-exact"],
        30,
    ),
    "integrated-gradients": (
        lambda m, x, t: A.IntegratedGradients(m).attribute(x, target=t, n_steps=50),
        ["complete", "input-multiplier", "linear-exact"],
        30,
    ),
    "guided-backprop": (lambda m, x, t: A.GuidedBackprop(m).attribute(x, target=t), [], 30),
    "deconvolution": (lambda m, x, t: A.Deconvolution(m).attribute(x, target=t), [], 30),
    "layer-grad-cam": (
        lambda m, x, t: upsampled(A.LayerGradCam(m, m.conv2).attribute(x, target=t, relu_attributions=True), x),
        ["non-negative"],
        30,
    ),
    "guided-grad-cam": (
        lambda m, x, t: A.GuidedGradCam(m, m.conv2).attribute(x, target=t, interpolate_mode="bilinear"),
        [],
        30,
    ),
    "deeplift": (
        lambda m, x, t: A.DeepLift(m).attribute(x, target=t),
        ["complete", "input-multiplier", "linear-exact"],
        30,
    ),
    "lrp": (lambda m, x, t: A.LRP(m).attribute(x, target=t), ["input-multiplier"], 30),
    "gradient-shap": (
        lambda m, x, t: A.GradientShap(m).attribute(x, target=t, baselines=background(m, x), n_samples=20, stdevs=0.1),
        STOCHASTIC,
        30,
    ),
    "smoothgrad": (noise("smoothgrad"), STOCHASTIC, 30),
    "smoothgrad-squared": (noise("smoothgrad_sq"), [*STOCHASTIC, "non-negative"], 30),
    "vargrad": (noise("vargrad"), [*STOCHASTIC, "non-negative"], 30),
    "occlusion": (lambda m, x, t: A.Occlusion(m).attribute(x, (1, 4, 4), (1, 2, 2), target=t), [], 12),
    "feature-ablation": (lambda m, x, t: A.FeatureAblation(m).attribute(x, target=t, feature_mask=PATCHES), [], 12),
    "shapley-sampling": (
        lambda m, x, t: A.ShapleyValueSampling(m).attribute(x, target=t, feature_mask=PATCHES, n_samples=5),
        STOCHASTIC,
        12,
    ),
    "kernel-shap": (
        lambda m, x, t: A.KernelShap(m).attribute(x, target=t, feature_mask=PATCHES, n_samples=100),
        STOCHASTIC,
        12,
    ),
    "lime": (
        lambda m, x, t: A.Lime(m).attribute(x, target=t, feature_mask=PATCHES, n_samples=100),
        STOCHASTIC,
        12,
    ),
}
OURS = {  # the same method as a plugin of assay's, set to the same parameters
    "saliency": "saliency",
    "gradient": "gradient",
    "input-x-gradient": "input-x-gradient",
    "integrated-gradients": "integrated-gradients:steps=50",
    "guided-backprop": "guided-backprop",
    "layer-grad-cam": "grad-cam",
    "guided-grad-cam": "guided-grad-cam",
    "smoothgrad": "smoothgrad:samples=20,noise=0.15",
    "deconvolution": "deconvnet",
    "deeplift": "deeplift",
    "lrp": "lrp:composite=epsilon,epsilon=0.000000001",
    "smoothgrad-squared": "smoothgrad-squared:samples=20,noise=0.15",
    "vargrad": "vargrad:samples=20,noise=0.15",
    "occlusion": "occlusion:window=4,stride=2",
    "feature-ablation": "feature-ablation:cut=grid,features=49",
    "shapley-sampling": "shapley-sampling:samples=5,cut=grid,features=49",
    "kernel-shap": "kernel-shap:samples=100,cut=grid,features=49",
    "lime": "lime:samples=100,cut=grid,features=49",
}
CONTROLS = ["cascading", "independent"]


def share(report, name):
    """The largest mean rank correlation with the original at a stage of the cascade, signed maps, all pixels."""
    by_stage = {}
    path = os.path.join(report.folder, "results.csv")
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            kind = row["control"], row["pairing"], row["measure"], row["view"]
            defined = row["value"] != ""  # an empty map has no ranks
            if defined and row["explainer"] == name and kind == ("cascading", "matched", "spearman", "signed/all"):
                by_stage.setdefault(row["stage"], []).append(float(row["value"]))
    return f"{max(np.mean(values) for values in by_stage.values()):.2f}" if by_stage else ""


def line(name):
    """One method beside the plugin, as a line of the table."""
    method, claims, count = METHODS[name]
    ours = [{"use": OURS[name], "name": "plugin"}] if name in OURS else []
    report = assay.judge(
        module, inputs[:count], {name: assay.Explainer(method, claims=claims)}, baselines=ours, controls=CONTROLS
    )
    words = " | ".join(report[name, control] for control in (*CONTROLS, "overall"))
    own = f"{report['plugin', 'overall']}, {share(report, 'plugin')}" if ours else ""
    for one in report.verdicts:
        print(f"{name}: {one.explainer} under {one.control}: {one.verdict} {one.reason}", file=sys.stderr, flush=True)
    return f"| {name} | {count} | {words} | {share(report, name)} | {own} |"


def main(names):
    print("| captum | inputs | cascading | independent | overall | similarity | the plugin |")
    print("|---|---|---|---|---|---|---|")
    for name in names or METHODS:
        print(line(name), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
