"""Training the MNIST network: 5x5x32, 5x5x64, fully connected 1024; batches of 100, Adam.   train.py STEPS"""
import sys
import time

import torch
from torch import nn

from common import THREADS, report

steps = int(sys.argv[1])


def measure(contender, layout):
    torch.manual_seed(1)
    net = nn.Sequential(nn.Conv2d(1, 32, 5, 1, 2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5, 1, 2), nn.ReLU(),
                        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3136, 1024), nn.ReLU(), nn.Linear(1024, 10))
    net = net.to(memory_format=layout)
    x = torch.randn(steps * 100, 1, 28, 28).to(memory_format=layout)
    y = torch.arange(len(x)) % 10
    optimiser = torch.optim.Adam(net.parameters(), .001)
    begin = time.perf_counter(), time.process_time()
    order = torch.randperm(len(x))
    for i in range(steps):
        batch = order[i * 100:i * 100 + 100]
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(x[batch]), y[batch]).backward()
        optimiser.step()
    with torch.no_grad():  # ours measures the accuracy at the end, too
        for i in range(steps):
            net(x[i * 100:i * 100 + 100]).argmax(1)
    report("training the MNIST network, one step of 100", contender, (time.perf_counter() - begin[0]) / steps,
           (time.process_time() - begin[1]) / steps)


torch.set_num_threads(THREADS)
measure("PyTorch", torch.contiguous_format)
measure("PyTorch, channels_last", torch.channels_last)
