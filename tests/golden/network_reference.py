"""Reference values of one network: logits, gradient, integrated gradients, guided backpropagation, Grad-CAM, in double precision."""
import numpy as np
import torch
import torch.nn.functional as F
from captum.attr import GuidedBackprop, IntegratedGradients, LayerAttribution, LayerGradCam
from network_formula import sample, sketch
from torch import nn

STEPS = 20
torch.set_num_threads(1)


def guided(net, x, target):
    """The gradient of every rectifier passes only where it is positive (Springenberg et al. 2015)."""
    def only_positive(module, into, out):
        return (into[0].clamp(min=0),)

    rectifiers = [m for m in net.modules() if isinstance(m, (nn.ReLU, nn.ReLU6))]
    hooks = [m.register_full_backward_hook(only_positive) for m in rectifiers]
    x = x.clone().requires_grad_()
    net(x)[range(len(x)), target].sum().backward()
    for hook in hooks:
        hook.remove()
    if rectifiers and all(isinstance(m, nn.ReLU) for m in rectifiers):  # the only ones that captum knows
        assert torch.allclose(x.grad, GuidedBackprop(net).attribute(x.detach(), target=target), rtol=1e-9, atol=1e-12)
    return x.grad


def check_gradient(net, x, target, gradient):
    """Central differences along a random direction, in double precision: PyTorch 2.14's backward pass of a BatchNorm2d in
    evaluation mode is wrong where a flattening and a transposition follow, and no value here may rest on it."""
    direction = torch.randn(x.shape, generator=torch.Generator().manual_seed(1), dtype=x.dtype)
    direction /= direction.flatten(1).norm(dim=1).view(-1, *[1] * (x.dim() - 1))
    score = lambda y: net(y)[range(len(y)), target]
    found, size = (gradient * direction).flatten(1).sum(1), gradient.flatten(1).norm(dim=1).clamp(min=1e-12)
    with torch.no_grad():
        off = [(score(x + h * direction) - score(x - h * direction)) / (2 * h) - found for h in (1e-5, 1e-6, 1e-7)]
    off = (torch.stack(off).abs() / size).min(0).values.max().item()
    assert off < 1e-4, f"the gradient is {off:.2g} off central differences"
    return off


def references(net, layer, x, target, steps=STEPS):
    """`layer`: the convolution for Grad-CAM. Maps in the order of tests/unit/networks.c."""
    y = x.clone().requires_grad_()
    gradient, = torch.autograd.grad(net(y)[range(len(y)), target].sum(), y)
    check_gradient(net, x, target, gradient)
    integrated = IntegratedGradients(net).attribute(x, target=target, n_steps=steps)
    cam = LayerGradCam(net, layer).attribute(x, target, relu_attributions=True)
    cam = LayerAttribution.interpolate(cam, x.shape[2:], "bilinear").expand(x.shape)
    return [gradient, integrated, guided(net, x, target), cam]


KINKS = {nn.ReLU: (0,), nn.ReLU6: (0, 6), nn.Hardswish: (-3, 3), nn.Hardsigmoid: (-3, 3)}


def distance(module, x):
    """From the nearest kink, or tie of a maximum, in units of the layer's own spread."""
    if isinstance(module, nn.MaxPool2d):
        k, s, p = module.kernel_size, module.stride, module.padding
        more = s if module.ceil_mode else 0
        windows = F.pad(x, (p, p + more, p, p + more), value=-1e9).unfold(2, k, s).unfold(3, k, s).flatten(-2)
        top = windows.topk(2).values
        gap = (top[..., 0] - top[..., 1])[top[..., 0] > 1e-9]  # of a rectifier's zeros all are the same
        return (gap.min() / x.std()).item() if gap.numel() else 1
    return min(((x - kink).abs().min() / x.std()).item() for kink in KINKS[type(module)])


def margin(net, x, steps):
    """How near any unit of the network comes to a kink, at x and on the way to it from zero. Where a unit is nearer than what
    float32 resolves, two right programs may differ by that unit's whole part in the gradient."""
    nearest = [1.0]
    hooks = [m.register_forward_pre_hook(lambda m, into: nearest.append(distance(m, into[0])))
             for m in net.modules() if type(m) in KINKS or isinstance(m, nn.MaxPool2d)]
    positions = (np.polynomial.legendre.leggauss(steps)[0] + 1) / 2
    with torch.no_grad():
        net(torch.cat([x] + [x * t for t in positions]))
    for hook in hooks:
        hook.remove()
    return min(nearest)


def choose(net, shape, wanted, candidates, steps=STEPS):
    """The seeds, of so many, whose samples keep the largest distance from kinks."""
    found = sorted(((margin(net, torch.from_numpy(sample(seed, (1, *shape))).double(), steps), seed) for seed in range(candidates)),
                   reverse=True)
    return sorted(seed for _, seed in found[:wanted]), found[wanted - 1][0]


def steadiness(net, layer, x, target, steps):
    """How far PyTorch's own float32 is from its float64, with noise of a few parts in a million, the size of what rounding does
    in the layers."""
    worst, exact = 0, references(net, layer, x, target, steps)
    noise = np.random.default_rng(0)
    net.float()
    for draw in range(4):
        rough = references(net, layer, (x + torch.from_numpy(noise.normal(0, 3e-6, x.shape))).float(), target, steps)
        worst = max(worst, *(((a - b).norm() / b.norm()).item() for a, b in zip(rough, exact)))
    net.double()
    return worst


def sketches(maps):
    return np.stack([[sketch(m.detach().numpy()) for m in kind] for kind in maps])
