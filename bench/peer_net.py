"""The peer of bench/net.c: ResNet-18 in PyTorch, BatchNormalization folded, as users call it and as channels_last,
beside ours in alternating runs. Milliseconds per image, forward + backward to the input, best of the rounds.

    python3 bench/peer_net.py build/bench/net
"""
import re
import resource
import subprocess
import sys
import time

import torch
from torch import nn

ROUNDS = 3


class Block(nn.Module):
    def __init__(self, a, b, stride):
        super().__init__()
        self.one = nn.Conv2d(a, b, 3, stride, 1)
        self.two = nn.Conv2d(b, b, 3, 1, 1)
        self.down = nn.Conv2d(a, b, 1, stride) if a != b else nn.Identity()

    def forward(self, x):
        return torch.relu(self.two(torch.relu(self.one(x))) + self.down(x))


def resnet18():
    blocks, a = [], 64
    for i in range(8):
        b = 64 << i // 2
        blocks.append(Block(a, b, 1 if a == b else 2))
        a = b
    return nn.Sequential(nn.Conv2d(3, 64, 7, 2, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1), *blocks, nn.AdaptiveAvgPool2d(1),
                         nn.Flatten(), nn.Linear(512, 1000)).eval().requires_grad_(False)


def once(net, x):
    x = x.detach().requires_grad_()
    net(x)[:, 0].sum().backward()


def best(net, x, clock):
    once(net, x)
    times = []
    for _ in range(4):
        start = clock()
        once(net, x)
        times.append((clock() - start) / len(x))
    return 1e3 * min(times)


def ours(program, batch):
    text = subprocess.run([program, str(batch)], capture_output=True, text=True, check=True).stdout
    return float(re.search(r"ResNet-18 .*forward \+ backward +([0-9.]+) ms", text)[1])


print(f"PyTorch {torch.__version__}")
for batch in 1, 10:
    rows = {}
    for _ in range(ROUNDS):
        found = {"ours, 1 thread (CPU time)": ours(sys.argv[1], batch)}
        for layout in torch.contiguous_format, torch.channels_last:
            net = resnet18().to(memory_format=layout)
            x = torch.randn(batch, 3, 224, 224).to(memory_format=layout)
            for threads in 1, 2:
                torch.set_num_threads(threads)
                name = f"{str(layout).split('.')[1]}, {threads} thread{'s'[:threads - 1]}"
                clock = time.process_time if threads == 1 else time.perf_counter
                found[f"{name} ({'CPU' if threads == 1 else 'wall'} time)"] = best(net, x, clock)
        for name, value in found.items():
            rows[name] = min(value, rows.get(name, 1e9))
    mine = rows["ours, 1 thread (CPU time)"]
    for name, value in rows.items():
        print(f"ResNet-18 {batch:3}  {name:44} {value:8.2f} ms/image  {value / mine:5.2f} x ours")
print(f"peak memory of PyTorch: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")
