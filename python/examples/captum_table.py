"""Judges captum's methods on the fixture CNN beside assay's own, and prints the table of docs/python.md.

PYTHONPATH=python OMP_NUM_THREADS=1 python3 python/examples/captum_table.py [NAME ...]
"""

import sys

import captum.attr as A
import torch

import assay
from fashion_cnn import inputs, module

STOCHASTIC = ["stochastic"]
PATCHES = torch.arange(784).reshape(28, 28) // 4 % 7 + torch.arange(28)[:, None] // 4 * 7  # 49 squares of 4 x 4 pixels


def upsampled(maps, x):
    return A.LayerAttribution.interpolate(maps, tuple(x.shape[2:]), "bilinear")


def background(m, x):
    return torch.cat([torch.zeros_like(x[:1]), torch.full_like(x[:1], 0.5)])


def one_by_one(method):
    """What captum computes of one input at a time, or would mix within a batch."""
    return lambda m, x, t: torch.cat([method(m, x[i : i + 1], t[i : i + 1]) for i in range(len(x))])


def noise(kind):
    return lambda m, x, t: A.NoiseTunnel(A.Saliency(m)).attribute(
        x, target=t, nt_type=kind, nt_samples=20, stdevs=0.15, abs=False
    )


METHODS = {
    "saliency": (lambda m, x, t: A.Saliency(m).attribute(x, target=t), []),
    "gradient": (lambda m, x, t: A.Saliency(m).attribute(x, target=t, abs=False), []),
    "input-x-gradient": (lambda m, x, t: A.InputXGradient(m).attribute(x, target=t), []),
    "integrated-gradients": (lambda m, x, t: A.IntegratedGradients(m).attribute(x, target=t, n_steps=50), []),
    "guided-backprop": (lambda m, x, t: A.GuidedBackprop(m).attribute(x, target=t), []),
    "deconvolution": (lambda m, x, t: A.Deconvolution(m).attribute(x, target=t), []),
    "layer-grad-cam": (
        lambda m, x, t: upsampled(A.LayerGradCam(m, m.relu2).attribute(x, target=t, relu_attributions=True), x),
        [],
    ),
    "guided-grad-cam": (
        lambda m, x, t: A.GuidedGradCam(m, m.relu2).attribute(x, target=t, interpolate_mode="bilinear"),
        [],
    ),
    "deeplift": (lambda m, x, t: A.DeepLift(m).attribute(x, target=t), []),
    "gradient-shap": (
        lambda m, x, t: A.GradientShap(m).attribute(x, target=t, baselines=background(m, x), n_samples=20, stdevs=0.1),
        STOCHASTIC,
    ),
    "occlusion": (lambda m, x, t: A.Occlusion(m).attribute(x, (1, 4, 4), (1, 2, 2), target=t), []),
    "feature-ablation": (lambda m, x, t: A.FeatureAblation(m).attribute(x, target=t, feature_mask=PATCHES), []),
    "shapley-sampling": (
        lambda m, x, t: A.ShapleyValueSampling(m).attribute(x, target=t, feature_mask=PATCHES, n_samples=5),
        STOCHASTIC,
    ),
    "kernel-shap": (
        lambda m, x, t: A.KernelShap(m).attribute(x, target=t, feature_mask=PATCHES, n_samples=100),
        STOCHASTIC,
    ),
    "lime": (lambda m, x, t: A.Lime(m).attribute(x, target=t, feature_mask=PATCHES, n_samples=100), STOCHASTIC),
    "lrp": (lambda m, x, t: A.LRP(m).attribute(x, target=t), []),
    "smoothgrad": (noise("smoothgrad"), STOCHASTIC),
    "smoothgrad-squared": (noise("smoothgrad_sq"), STOCHASTIC),
    "vargrad": (noise("vargrad"), STOCHASTIC),
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
}
CONTROLS = ["cascading", "independent"]


def share(report, name):
    """The largest mean similarity of a stage, over signed maps of all pixels: what the figures show."""
    rows = report.similarities
    if not hasattr(rows, "groupby"):
        return ""
    chosen = rows[
        (rows.explainer == name)
        & (rows.control == "cascading")
        & (rows.pairing == "matched")
        & (rows.measure == "spearman")
        & (rows["view"] == "signed/all")
    ]
    return f"{chosen.groupby('stage_index').value.mean().max():.3f}" if len(chosen) else ""


def main(names):
    chosen = {name: METHODS[name] for name in names or METHODS}
    explainers = {name: assay.Explainer(method, claims=claims) for name, (method, claims) in chosen.items()}
    ours = [{"use": OURS[name], "name": f"own-{name}"} for name in chosen if name in OURS]
    report = assay.judge(module, inputs, explainers, baselines=ours, controls=CONTROLS, progress=True)
    print("| captum | cascading | independent | overall | top similarity | as a plugin |")
    print("|---|---|---|---|---|---|")
    for name in chosen:
        words = " | ".join(report[name, control] for control in (*CONTROLS, "overall"))
        own = f"{report['own-' + name, 'overall']}, {share(report, 'own-' + name)}" if name in OURS else ""
        print(f"| {name} | {words} | {share(report, name)} | {own} |")
    print(report)


if __name__ == "__main__":
    main(sys.argv[1:])
