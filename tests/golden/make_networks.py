#!/usr/bin/env python3
"""Whole networks for tests/unit/networks.c: torch.onnx.export's files, without weights, and reference values.

Writes tests/golden/networks/NAME.onnx (tensors are external data in weights.bin, which no file here holds), NAME.txt (the formula of
every tensor in weights.bin, samples, targets, logits) and NAME.npy (sketches of maps: [kind][sample][128]). Weights come from
network_formula.py, which the test computes as well. torch 2.13, onnxscript 0.7, captum 0.9.
network_reference.check_gradient holds every gradient to central differences when values are made. The values here are older: of the
networks that kept a BatchNormalization they were held to central differences afterwards, by check_networks.py.
"""
import contextlib
import io
import os
import sys
import tempfile

import numpy as np
import onnx
import torch
from network_formula import sample, tensor
from network_reference import choose, references, sketches
from network_zoo import (VGG11, VGG16, BasicBlock, Bottleneck, DenseNet, Inception3, MobileNetV2, MobileNetV3Small, ResNet, SqueezeNet,
                         TimmViT, VGG, VisionTransformer)
from onnx import numpy_helper
from torch import nn

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "networks")
SAMPLES, CANDIDATES = 3, 24

resnet18 = lambda: ResNet(BasicBlock, [2, 2, 2, 2], 6)
resnet50 = lambda: ResNet(Bottleneck, [3, 4, 6, 3], 4)
mobilenet_v3 = lambda: MobileNetV3Small(2)
densenet = lambda: DenseNet([3, 4, 6, 3], 4)
vit_timm = lambda: TimmViT(32, 8, 24, 2, 3, False)
vit_torchvision = lambda: VisionTransformer(32, 8, 24, 2, 3)

# name, network, side of the input, exporter, operator set; "apart": BatchNormalization is not folded at export
NETWORKS = [
    ("resnet18_11", resnet18, 32, "legacy", 11),
    ("resnet18_18", resnet18, 32, "dynamo", 18),
    ("resnet50_12", resnet50, 32, "apart", 12),
    ("resnet50_20", resnet50, 32, "dynamo", 20),
    ("vgg11_13", lambda: VGG(VGG11, 6, 1), 32, "legacy", 13),
    ("vgg16_19", lambda: VGG(VGG16, 4, 1), 32, "dynamo", 19),
    ("squeezenet1_1_14", lambda: SqueezeNet(4), 42, "legacy", 14),
    ("mobilenet_v2_15", lambda: MobileNetV2(2), 32, "legacy", 15),
    ("mobilenet_v3_16", mobilenet_v3, 32, "apart", 16),
    ("mobilenet_v3_20", mobilenet_v3, 32, "dynamo", 20),
    ("densenet_17", densenet, 32, "legacy", 17),
    ("densenet_19", densenet, 32, "dynamo", 19),
    ("inception_v3_18", lambda: Inception3(1), 75, "legacy", 18),
    ("vit_timm_13", vit_timm, 32, "legacy", 13),
    ("vit_timm_20", vit_timm, 32, "dynamo", 20),
    ("vit_timm_fused_14", lambda: TimmViT(32, 8, 24, 2, 3, True), 32, "legacy", 14),
    ("vit_torchvision_17", vit_torchvision, 32, "legacy", 17),
    ("vit_torchvision_18", vit_torchvision, 32, "dynamo", 18),
]


def export(net, side, exporter, opset):
    x = torch.randn(2, 3, side, side)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        path = os.path.join(folder, "net.onnx")
        keys = dict(opset_version=opset, input_names=["input"], output_names=["logits"])
        if exporter == "dynamo":
            torch.onnx.export(net, (x,), path, dynamo=True, external_data=False, dynamic_shapes=({0: torch.export.Dim("N")},),
                              verbose=False, **keys)
        else:
            mode = torch.onnx.TrainingMode.PRESERVE if exporter == "apart" else torch.onnx.TrainingMode.EVAL
            torch.onnx.export(net, (x,), path, dynamo=False, dynamic_axes={"input": {0: "N"}, "logits": {0: "N"}}, training=mode, **keys)
        return onnx.load(path)


def strip(model):
    """Without what says where in the source a node comes from, and the shapes of values: nobody needs them."""
    del model.metadata_props[:], model.graph.metadata_props[:], model.graph.value_info[:]
    for message in (model, model.graph, *model.graph.node):
        message.doc_string = ""
    for message in (*model.graph.node, *model.graph.initializer, *model.graph.input, *model.graph.output):
        del message.metadata_props[:]


# ---- Which tensor of the file is which of the module ----

def module_of(node):
    """layer1.0.conv1 from /layer1/layer1.0/conv1/Conv."""
    parts = node.name.split("/")[1:-1]
    return ".".join(p for i, p in enumerate(parts) if i + 1 == len(parts) or not parts[i + 1].startswith(p + "."))


def find_places(net, graph):
    """Tensor of the file -> (name in the module, transposed). A tensor that is no parameter itself is a folded Conv's."""
    state = {k: v.numpy() for k, v in net.state_dict().items() if v.dim()}
    places = {}
    for t in graph.initializer:
        values = numpy_helper.to_array(t)
        if values.dtype != np.float32 or values.size < 2:
            continue
        same = [(k, False) for k, v in state.items() if v.shape == values.shape and np.array_equal(v, values)]
        same += [(k, True) for k, v in state.items() if v.ndim == 2 and v.T.shape == values.shape and np.array_equal(v.T, values)]
        if same:
            places[t.name] = same[0]
    for node in graph.node:
        if node.op_type == "Conv" and node.input[1] not in places:
            module = module_of(node) if "/" in node.name else node.input[1].removesuffix(".weight")
            places[node.input[1]], places[node.input[2]] = (module + ".weight", False), (module + ".bias", False)
    return places


def unfold(net, places):
    """The module as the file has it: a normalisation that was folded is the identity, and its convolution has a bias."""
    kept = {name for name, _ in places.values()}
    for name, module in list(net.named_modules()):
        if isinstance(module, nn.BatchNorm2d) and name + ".weight" not in kept:
            parent, _, last = name.rpartition(".")
            setattr(net.get_submodule(parent), last, nn.Identity())
        if isinstance(module, nn.Conv2d) and module.bias is None and name + ".bias" in kept:
            module.bias = nn.Parameter(torch.zeros(module.out_channels))
    missing = {k for k, v in net.state_dict().items() if v.dim()} - kept
    assert not missing, missing


# ---- The formula ----

def short(x):
    return float(f"{x:.4g}")


def first_guess(net, name):
    """shift and scale of a tensor's uniform numbers, as the table has them."""
    module = net.get_submodule(name.rpartition(".")[0])
    last = name.rpartition(".")[2]
    if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm)):
        return {"weight": (1, .3), "bias": (0, .2), "running_mean": (0, .2), "running_var": (1, .3)}[last]
    if last in ("weight", "in_proj_weight"):
        return 0, short((3 / net.state_dict()[name][0].numel())**.5)
    return 0, .2 if "bias" in last else .5


def fill(net, row):
    number, name, shape, transposed, shift, scale = row
    values = torch.from_numpy(tensor(number, shape, shift, scale))
    with torch.no_grad():
        net.state_dict()[name].copy_(values.T if transposed else values)


def set_weights(net, rows, x):
    """Fills the module, with every layer's weights scaled so that what it computes from `x` has a spread of one."""
    for row in rows:
        fill(net, row)
    for row in rows:
        module = net.get_submodule(row[1].rpartition(".")[0])
        if not isinstance(module, (nn.Conv2d, nn.Linear)) or not row[1].endswith(".weight"):
            continue
        spread = []
        hook = module.register_forward_hook(lambda m, into, out: spread.append(out.std().item()))
        with torch.no_grad():
            net(x)
        hook.remove()
        if spread:  # MultiheadAttention does not call its out_proj
            row[5] = short(row[5] / spread[0])
            fill(net, row)


def put_outside(graph, rows):
    offset = 0
    tensors = {t.name: t for t in graph.initializer}
    for file_name, row in rows:
        t, size = tensors[file_name], 4 * int(np.prod(row[2]))
        t.ClearField("raw_data"), t.ClearField("float_data")
        t.data_location = onnx.TensorProto.EXTERNAL
        for key, value in (("location", "weights.bin"), ("offset", offset), ("length", size)):
            t.external_data.add(key=key, value=str(value))
        offset += size


def write_table(path, title, rows, samples, *lines):
    with open(path, "w") as out:
        print(f"# {title}", *lines, sep="\n", file=out)
        for seed, target, logits in samples:
            print("sample", seed, target, *(f"{v:.9g}" for v in logits), file=out)
        for file_name, row in rows:
            print("tensor", int(np.prod(row[2])), f"{row[4]:.4g}", f"{row[5]:.4g}", file_name, file=out)


def make(name, build, side, exporter, opset):
    torch.manual_seed(0)
    net = build().eval()
    for v in net.state_dict().values():
        if v.dim():
            v.uniform_(.5, 1.5)  # no two the same: exporters merge equal tensors
    model = export(net, side, exporter, opset)
    assert [o.version for o in model.opset_import if not o.domain] == [opset]
    strip(model)
    places = find_places(net, model.graph)
    unfold(net, places)
    rows = [(t.name, [k, places[t.name][0], tuple(t.dims), places[t.name][1], *first_guess(net, places[t.name][0])])
            for k, t in enumerate(t for t in model.graph.initializer if t.name in places)]
    set_weights(net, [row for _, row in rows], torch.randn(8, 3, side, side))
    put_outside(model.graph, rows)

    net.double()
    seeds, margin = choose(net, (3, side, side), SAMPLES, CANDIDATES)
    x = torch.from_numpy(np.stack([sample(seed, (3, side, side)) for seed in seeds])).double()
    logits = net(x).detach()
    target = (logits.argmax(1) + torch.arange(SAMPLES)) % logits.shape[1]
    conv = places[[n for n in model.graph.node if n.op_type == "Conv"][-1].input[1]][0].removesuffix(".weight")
    maps = references(net, net.get_submodule(conv), x, target.tolist())

    onnx.save(model, os.path.join(HERE, name + ".onnx"))
    write_table(os.path.join(HERE, name + ".txt"), f"{type(net).__name__}, {exporter} exporter, operator set {opset}", rows,
                zip(seeds, target.tolist(), logits.tolist()))
    np.save(os.path.join(HERE, name + ".npy"), sketches(maps))
    print(f"{name}: {len(model.graph.node)} nodes, margin {margin:.1e}, Grad-CAM at {conv}, "
          f"logits' spread {logits.std():.2g}, {os.path.getsize(os.path.join(HERE, name + '.onnx'))} bytes", flush=True)


if __name__ == "__main__":
    os.makedirs(HERE, exist_ok=True)
    for row in NETWORKS:
        if len(sys.argv) < 2 or row[0] in sys.argv[1:]:
            make(*row)
