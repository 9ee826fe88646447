"""A cascade over ResNet-18 with captum and scipy, one photograph: the script of the course notes.

    cascade.py FOLDER PHOTO OUT.csv integrated-gradients|saliency users|tuned

integrated-gradients: layer4, layer3, layer2, layer1, conv1, every parameter N(0, 0.1^2), 50 steps, as in the notes;
saliency: the 21 layers with weights, one by one. tuned: internal batch 10, folded, channels_last."""
import copy
import sys
import time

BEGIN = time.perf_counter(), time.process_time()
import torch
from captum.attr import IntegratedGradients, Saliency
from scipy.stats import spearmanr

from common import THREADS, fold, photograph, report, resnet18

folder, photo, out, method, how = sys.argv[1:]
LOADED = time.perf_counter(), time.process_time()
torch.set_num_threads(THREADS)


def prepare(net):
    if how == "users":
        return net
    return fold(copy.deepcopy(net)).requires_grad_(False).to(memory_format=torch.channels_last)


def attribute(net):
    net = prepare(net)
    if method == "saliency":
        return Saliency(net).attribute(x, target=target)
    return IntegratedGradients(net).attribute(x, target=target, n_steps=50, **({} if how == "users" else
                                                                               {"internal_batch_size": 10}))


def flat(a):
    return a.squeeze().abs().mean(dim=0).detach().numpy().ravel()


def stages(net):
    if method != "saliency":
        return [[name] for name in ("layer4", "layer3", "layer2", "layer1", "conv1")]
    names = [n for n, m in net.named_modules() if isinstance(m, (torch.nn.Conv2d, torch.nn.Linear))]
    norm = lambda n: n.replace("conv", "bn") if "conv" in n else n.replace("downsample.0", "downsample.1")
    return [[n] if n == "fc" else [n, norm(n)] for n in names[::-1]]


net = resnet18(folder)
x = photograph(photo).requires_grad_()
with torch.no_grad():
    target = int(net(x).argmax())
first = flat(attribute(net))
randomised = copy.deepcopy(net)
rows = [("original", 1.0)]
for stage in stages(net):
    for name in stage:
        for parameter in randomised.get_submodule(name).parameters():
            torch.nn.init.normal_(parameter.data, std=0.1)
    rows.append((stage[0], spearmanr(first, flat(attribute(randomised))).statistic))
with open(out, "w") as file:
    file.writelines(f"{name},{rho}\n" for name, rho in rows)
END = time.perf_counter(), time.process_time()
label = {"users": "captum", "tuned": "captum, internal batch 10, folded, malloc, channels_last"}[how]
case = "21-stage saliency cascade" if method == "saliency" else "the notes' cascade"
report(case, f"{label}; imports not counted", END[0] - LOADED[0], END[1] - LOADED[1])
