"""Quantus' MPRT with saliency on one photograph and ResNet-18, folded, so that it has 21 layers to randomise.

    mprt.py FOLDER PHOTO"""
import sys
import time

import numpy as np
import quantus
import torch
from captum.attr import Saliency

from common import THREADS, fold, photograph, report, resnet18

folder, photo = sys.argv[1:]
begin = time.perf_counter(), time.process_time()
torch.set_num_threads(THREADS)
net = fold(resnet18(folder))
x = photograph(photo).numpy()
y = net(torch.from_numpy(x)).argmax(1).numpy()


def explain(model, inputs, targets, **_):
    inputs = torch.as_tensor(inputs).requires_grad_()
    return Saliency(model).attribute(inputs, target=torch.as_tensor(targets)).detach().numpy().mean(1, keepdims=True)


metric = quantus.MPRT(similarity_func=quantus.similarity_func.correlation_spearman, layer_order="top_down",
                      return_average_correlation=False, disable_warnings=True, display_progressbar=False)
scores = metric(model=net, x_batch=x, y_batch=y, explain_func=explain, device="cpu")
print(f"Quantus {quantus.__version__}: {len(scores)} layers", file=sys.stderr)
report("MPRT, 21 layers", "Quantus; imports not counted", time.perf_counter() - begin[0],
       time.process_time() - begin[1])
