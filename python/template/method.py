"""@NAME@: an explanation method for assay. As it stands, it multiplies every input value by the derivative of the
target's logit (Input x Gradient, Shrikumar et al. 2016, arXiv:1605.01713): put your method there."""

import assay
import torch

from network import inputs, module, targets  # `python -m assay method.py` takes them from here


# assay holds the method to what it claims: assay.CLAIMS has them all. One that draws random numbers claims "stochastic".
@assay.explainer(name="@NAME@", claims=["input-multiplier", "linear-exact"])
def explain(m, x, t):
    """m: the network that is asked about, float32 [n, ...] to logits [n, K]; x [n, ...]; t: classes, int64 [n]."""
    x.requires_grad_()
    logits = m(x).gather(1, t[:, None])
    return x * torch.autograd.grad(logits.sum(), x)[0]


if __name__ == "__main__":  # assay has started this file: battery.yaml
    assay.serve(assay.Own(module, explain))
