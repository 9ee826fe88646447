"""What the peers share: ResNet-18 as torchvision has it, with the weights that `assay-bench export` wrote, and lines of
results: case, contender, wall and CPU milliseconds, peak MiB, GFLOP of one run (see bench/bench.h)."""
import os
import pathlib
import resource
import time

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

# On a machine that others use, threads of OpenMP wait in loops: then CPU time means something with THREADS=1 only.
THREADS = int(os.environ.get("THREADS", "2"))


def report(case, contender, wall, cpu, gflop="-"):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(case, contender, f"{1e3 * wall:.6g}", f"{1e3 * cpu:.6g}", peak, gflop, sep="\t", flush=True)


def best(run, repeats, count=1, warm=True):
    """The least wall and CPU seconds of one of `count` things that run() does."""
    if warm:
        run()
    wall, cpu = [], []
    for _ in range(repeats):
        w, c = time.perf_counter(), time.process_time()
        run()
        wall.append((time.perf_counter() - w) / count)
        cpu.append((time.process_time() - c) / count)
    return min(wall), min(cpu)


class Block(nn.Module):
    def __init__(self, a, b, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b)
        self.conv2, self.bn2 = nn.Conv2d(b, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b)
        self.downsample = nn.Sequential(nn.Conv2d(a, b, 1, stride, bias=False), nn.BatchNorm2d(b)) if a != b else None
        self.relu1, self.relu2 = nn.ReLU(), nn.ReLU()

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        return self.relu2(y + (self.downsample(x) if self.downsample else x))


class ResNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.relu, self.maxpool = nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        for i in range(4):
            a, b = 64 << max(i - 1, 0), 64 << i
            setattr(self, f"layer{i + 1}", nn.Sequential(Block(a, b, 1 if a == b else 2), Block(b, b, 1)))
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(512, 1000)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


def resnet18(folder):
    net = ResNet18()
    files = {f.stem: torch.from_numpy(np.load(f)) for f in pathlib.Path(folder).glob("*.npy")}
    wanted = [name for name in net.state_dict() if not name.endswith("num_batches_tracked")]
    net.load_state_dict({name: files[name] for name in wanted}, strict=False)
    return net.eval()


def fold(net):
    """BatchNormalization taken into the convolutions, in place."""
    for owner in [net, *(m for m in net.modules() if isinstance(m, Block))]:
        for name in [n for n, m in owner.named_children() if isinstance(m, nn.Conv2d)]:
            norm = name.replace("conv", "bn")
            setattr(owner, name, fuse_conv_bn_eval(getattr(owner, name), getattr(owner, norm)))
            setattr(owner, norm, nn.Identity())
        if isinstance(owner, Block) and owner.downsample:
            owner.downsample = fuse_conv_bn_eval(*owner.downsample)
    return net


def photograph(path):
    """torchvision's Resize(256), CenterCrop(224), ToTensor and Normalize."""
    from PIL import Image
    image = Image.open(path).convert("RGB")
    w, h = image.size
    size = (256, 256 * h // w) if w < h else (256 * w // h, 256)
    image = image.resize(size, Image.BILINEAR)
    left, top = round((size[0] - 224) / 2), round((size[1] - 224) / 2)
    x = np.asarray(image.crop((left, top, left + 224, top + 224)), np.float32).transpose(2, 0, 1) / 255
    mean, std = np.float32([.485, .456, .406]), np.float32([.229, .224, .225])
    return torch.from_numpy((x - mean[:, None, None]) / std[:, None, None])[None]
