"""Forward and backward to the input of ResNet-18.   net.py FOLDER users|tuned"""
import sys

import torch

from common import THREADS, best, fold, report, resnet18


def measure(net, contender, layout):
    net = net.requires_grad_(False).to(memory_format=layout)
    for batch in 1, 10:
        x = torch.randn(batch, 3, 224, 224).to(memory_format=layout).requires_grad_()
        for threads in sorted({1, THREADS}):
            torch.set_num_threads(threads)
            wall, cpu = best(lambda: torch.autograd.grad(net(x)[:, 0].sum(), x), 5, batch)
            report(f"ResNet-18, batch {batch}, {threads} core{'s'[:threads - 1]}", contender, wall, cpu)


folder, how = sys.argv[1:]
if how == "users":
    measure(resnet18(folder), "PyTorch", torch.contiguous_format)
else:
    measure(fold(resnet18(folder)), "PyTorch, folded, malloc", torch.contiguous_format)
    measure(fold(resnet18(folder)), "PyTorch, folded, malloc, channels_last", torch.channels_last)
