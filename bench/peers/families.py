"""Nine families of networks at 224 pixels, with random weights.
    families.py export NAME FILE.onnx      as PyTorch's exporter writes it
    families.py measure NAME MAP.npy LABEL users|tuned BATCH
                                           forward and backward to the input, by PyTorch, one sample and up to BATCH
MAP.npy is ours of the same network and input, and must be the same map."""
import copy
import sys
import warnings

import numpy as np
import torch

from common import THREADS, best, report

TIMM = ("deit_tiny_patch16_224",)


def create(name):
    torch.manual_seed(0)
    if name in TIMM:
        import timm

        # The plain formula, which exporters know: both sides compute the same operators.
        timm.layers.set_fused_attn(False)
        return timm.create_model(name, pretrained=False).eval()
    import torchvision

    return getattr(torchvision.models, name)(weights=None).eval()


def settle(net):
    """What a network without training has from constants becomes random: heads of zeros, scales of 1e-6, and running
    statistics, which become those of a few noisy images."""
    with torch.no_grad():
        for p in net.parameters():
            if p.numel() > 1 and bool((p == p.flatten()[0]).all()):
                scale = p.shape[1:].numel() ** -0.5 if p.dim() > 1 else 0.1
                p.copy_(torch.randn_like(p) * scale if p.flatten()[0] == 0 else torch.rand_like(p) * 0.6 + 0.7)
        norms = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        for m in norms:
            m.train().momentum = 1.0
        if norms:
            net(torch.randn(4, 3, 224, 224))
        for m in norms:
            m.eval().momentum = 0.1
    return net


def sample(batch):
    # As rng_fill_normal would be different bits in every version, a formula.
    at = np.arange(3 * 224 * 224, dtype=np.float64)
    x = np.stack([np.sin(at * (0.37 + 0.01 * i)) + np.cos(at * at * 1e-3) for i in range(batch)]).astype(np.float32)
    return torch.from_numpy(x.reshape(batch, 3, 224, 224))


def export(name, path):
    x = torch.randn(1, 3, 224, 224)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(settle(create(name)), (x,), path, dynamo=False, opset_version=17, input_names=["x"],
                          output_names=["y"], dynamic_axes={"x": {0: "N"}, "y": {0: "N"}})


def fold(net):
    """Convolutions and the normalisations behind them as one, where torch.fx can follow the network; or the same net."""
    from torch.fx.experimental.optimization import fuse

    try:
        return fuse(copy.deepcopy(net))
    except Exception:  # what cannot be traced is as fast as it is
        return net


def compare(label, gradient, path):
    a, b = gradient[0].double().numpy().ravel(), np.load(path).astype(np.float64).ravel()
    error = np.linalg.norm(a - b) / np.linalg.norm(a)
    print(f"{label}: relative L2 distance of the maps {error:.1e}", file=sys.stderr)
    assert error < 0.1  # PyTorch's own distance from double precision reaches 0.02: rectifiers near zero take either side


def measure(name, path, label, how, most):
    net = settle(create(name)).requires_grad_(False)
    forms = [(net, torch.contiguous_format)]
    if how == "tuned":
        folded = fold(net)
        forms = [(folded, torch.contiguous_format), (copy.deepcopy(folded), torch.channels_last)]
    forms = [(form.to(memory_format=layout), layout) for form, layout in forms]
    for threads in sorted({1, THREADS}):
        torch.set_num_threads(threads)
        for batch, repeats in ((1, 7), (10, 2)):
            if batch > int(most):
                continue
            wall = cpu = float("inf")
            for form, layout in forms:
                x = sample(batch).to(memory_format=layout).requires_grad_()
                found = {}

                def gradient():
                    found["map"] = torch.autograd.grad(form(x)[:, 0].sum(), x)[0]

                w, c = best(gradient, repeats, batch)
                wall, cpu = min(wall, w), min(cpu, c)
                if batch == 1:
                    compare(label, found["map"], path)
            report(f"{name}, batch {batch}, {threads} core{'s'[:threads - 1]}", label, wall, cpu)


if __name__ == "__main__":
    {"export": export, "measure": measure}[sys.argv[1]](*sys.argv[2:])
