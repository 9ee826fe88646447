"""The network and the inputs that the method is judged on: put your own here. This one tells apart pictures of bars
that lie, stand and lean, and is trained in some seconds; its weights are kept in network.pt."""

import os

import numpy as np
import torch

SIDE = 12
HERE = os.path.dirname(os.path.abspath(__file__))
WEIGHTS = os.path.join(HERE, "network.pt")


def pictures(n, seed):
    """n pictures [n, 1, SIDE, SIDE] with their classes [n]."""
    random = np.random.default_rng(seed)
    classes = random.integers(0, 3, n)
    x = 0.3 * random.standard_normal((n, 1, SIDE, SIDE))
    for picture, label in zip(x, classes):
        row, column, length = random.integers(1, SIDE - 6, 2).tolist() + [6]
        for k in range(length):
            picture[0, row + (label > 0) * k, column + (label != 1) * k] += 2
    return torch.tensor(x, dtype=torch.float32), torch.tensor(classes)


def build():
    """The architecture, without its weights."""
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 3),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(8, 16, 3),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(16 * 9, 3),
    )


def trained():
    """The network in eval mode: from network.pt, or trained and kept there."""
    network = build()
    if os.path.exists(WEIGHTS):
        network.load_state_dict(torch.load(WEIGHTS, weights_only=True))
        return network.eval()
    torch.manual_seed(0)
    network = build()
    optimiser = torch.optim.Adam(network.parameters(), 0.003)
    x, classes = pictures(3000, 1)
    for _ in range(300):
        some = torch.randperm(len(x))[:64]
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(x[some]), classes[some]).backward()
        optimiser.step()
    torch.save(network.state_dict(), WEIGHTS)
    return network.eval()


module = trained()
inputs, targets = pictures(30, 2)

if __name__ == "__main__":  # for battery.yaml: the same as files
    from assay.export import export

    export(module, inputs[:1], os.path.join(HERE, "model.onnx"))
    np.save(os.path.join(HERE, "inputs.npy"), inputs.numpy())
    np.save(os.path.join(HERE, "labels.npy"), targets.numpy())
