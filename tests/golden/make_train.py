"""Steps of torch.optim on given gradients, for tests/unit/train.c."""
import numpy as np
import torch

STEPS, N = 25, 6
rng = np.random.default_rng(1)
start = rng.normal(size=N).astype(np.float32)
# From large to tiny, with exact zeros: Adam divides by the size of what it has seen.
grads = (rng.normal(size=(STEPS, N)) * np.array([10, 1, .1, 1e-3, 1e-6, 0])).astype(np.float32)


def run(make):
    w = torch.nn.Parameter(torch.tensor(start))
    optimiser = make([w])
    out = []
    for g in grads:
        w.grad = torch.tensor(g)
        optimiser.step()
        out.append(w.detach().numpy().copy())
    return np.stack(out)


np.save("tests/golden/train/start.npy", start)
np.save("tests/golden/train/grads.npy", grads)
np.save("tests/golden/train/adam.npy", run(lambda p: torch.optim.Adam(p, lr=.01)))
np.save("tests/golden/train/sgd.npy", run(lambda p: torch.optim.SGD(p, lr=.05, momentum=.9)))
np.save("tests/golden/train/adam-decay.npy", run(lambda p: torch.optim.Adam(p, lr=.01, weight_decay=.1)))
np.save("tests/golden/train/sgd-decay.npy", run(lambda p: torch.optim.SGD(p, lr=.05, momentum=.9, weight_decay=.1)))
