"""What every export script writes beside the model: a sample, and in double precision the logits, the gradient of the largest
one, and how much that gradient moves when the input is changed by as little as rounding does."""
import json
import pathlib

import numpy as np

ROUNDING = 3e-6  # of inputs with a spread of one: what single precision does in the layers of a network
DRAWS = 3


def noise_of(function, x, exact, rng):
    """The largest relative change of function(x) under changes of the size of rounding."""
    size = np.linalg.norm(exact)
    return max(np.linalg.norm(function(x + rng.normal(0, ROUNDING, x.shape)) - exact) for _ in range(DRAWS)) / max(size, 1e-300)


def slope_error(logits, gradient, x, target, rng):
    """How far the gradient is from central differences along a random direction, in double precision: a reference that
    disagrees with the function itself is none."""
    direction = rng.normal(0, 1, x.shape)
    direction /= np.linalg.norm(direction)
    expected, found = (gradient * direction).sum(), np.inf
    for step in (1e-5, 1e-6, 1e-8):
        slope = (logits(x + step * direction)[target] - logits(x - step * direction)[target]) / (2 * step)
        found = min(found, abs(slope - expected))
    return found / max(np.linalg.norm(gradient), 1e-300)


def torch_functions(net):
    """Logits of one sample and the gradient of one of them, of a network of PyTorch."""
    import torch
    torch.set_num_threads(1)

    def logits(x):
        with torch.no_grad():
            return net(torch.from_numpy(x)[None])[0].numpy()

    def gradient(x, target):
        x = torch.from_numpy(x)[None].requires_grad_()
        return torch.autograd.grad(net(x)[0, target], x)[0][0].numpy()

    return logits, gradient


def write(folder, x, logits, gradient, info):
    """`x`: one sample, float32. `logits(x)` and `gradient(x, target)`: in double precision, NumPy arrays in and out."""
    folder, rng = pathlib.Path(folder), np.random.default_rng(1)
    exact = x.astype(np.float64)
    y = logits(exact)
    assert y.dtype == np.float64, f"the reference is computed in {y.dtype}"
    target = int(y.argmax())
    g = gradient(exact, target)
    np.save(folder / "input.npy", x)
    np.save(folder / "more.npy", np.stack([x, rng.permutation(x.ravel()).reshape(x.shape).astype(x.dtype)]))
    np.savez(folder / "reference.npz", logits=y, gradient=g)
    noise = {"logits": noise_of(logits, exact, y, rng), "gradient": noise_of(lambda v: gradient(v, target), exact, g, rng)}
    noise = {what: float(value) for what, value in noise.items()}
    if x.dtype.kind == "f":
        slope = slope_error(logits, g, exact, target, rng)
        # A wrong backward pass is off by a good part of itself; the bound leaves room for kinks within the step.
        assert slope < .05, f"the framework's own gradient is {slope:.2g} off central differences: no reference"
    info = dict(info, target=target, noise=noise)
    (folder / "info.json").write_text(json.dumps(info, indent=1))
