"""The small CNN of fixtures/models/fashion-cnn.onnx as a torch module, and thirty pictures of Fashion-MNIST that it gets
right (`make demo-deps` installs them). Its parameters have the names of the file."""

import gzip
import os

import numpy as np
import onnx
import torch

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../fixtures/models/fashion-cnn.onnx")
DATA = "/usr/share/datasets/fashion-mnist/t10k-"


class FashionCNN(torch.nn.Module):
    """[n, 1, 28, 28] from 0 to 1, to ten logits. Every rectifier is a module, and runs once: methods hook them."""

    def __init__(self):
        super().__init__()
        self.conv1, self.relu1 = torch.nn.Conv2d(1, 16, 5), torch.nn.ReLU()
        self.conv2, self.relu2 = torch.nn.Conv2d(16, 32, 5), torch.nn.ReLU()
        self.pool1, self.pool2 = torch.nn.MaxPool2d(2), torch.nn.MaxPool2d(2)
        self.fc1, self.relu3 = torch.nn.Linear(512, 64), torch.nn.ReLU()
        self.fc2 = torch.nn.Linear(64, 10)

    def forward(self, x):
        x = self.pool1(self.relu1(self.conv1(x)))
        x = self.pool2(self.relu2(self.conv2(x)))
        return self.fc2(self.relu3(self.fc1(x.flatten(1))))


def _read(name, offset):
    with gzip.open(DATA + name) as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


def load():
    """The trained network, in eval mode."""
    stored = {
        tensor.name: torch.tensor(onnx.numpy_helper.to_array(tensor)) for tensor in onnx.load(FILE).graph.initializer
    }
    network = FashionCNN()
    network.load_state_dict(stored)
    return network.eval()


def pictures(network, n):
    """The first n test pictures that the network classifies correctly, three or so of each class: [n, 1, 28, 28]."""
    x = torch.tensor(_read("images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)[:1000] / np.float32(255))
    labels = torch.tensor(_read("labels-idx1-ubyte.gz", 8)[:1000].astype(np.int64))
    with torch.no_grad():
        right = torch.nonzero(network(x).argmax(1) == labels).flatten()
    turn = [int((labels[right[:i]] == labels[right[i]]).sum()) for i in range(len(right))]
    order = sorted(range(len(right)), key=lambda i: turn[i])  # the first of every class, then the second, ...
    return x[right[order[:n]]]


module = load()
inputs = pictures(module, 30)
