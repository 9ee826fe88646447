"""Writes the small ONNX files of the command-line transcripts (tests/cli) to tests/golden/cli/.

    /opt/oracle/bin/python tests/golden/make_cli.py
"""
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OUT = pathlib.Path(__file__).parent / "cli"


def save(name, nodes, weights, sample, classes, output="logits", others=(), inputs=None):
    graph = helper.make_graph(
        nodes, name,
        inputs or [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *sample])],
        [helper.make_tensor_value_info(o, TensorProto.FLOAT, ["N", classes]) for o in (*others, output)],
        [numpy_helper.from_array(np.asarray(value, np.float32), key) for key, value in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="make_cli.py")
    model.ir_version = 8
    OUT.mkdir(exist_ok=True)
    (OUT / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def gemm(x, w, b, y, name):
    return helper.make_node("Gemm", [x, w, b], [y], name=name, transB=1)


# Two features, three classes, weights that can be checked by hand: logits = (x0, x1, x0 + x1 - 1).
LINEAR = {"w": [[1, 0], [0, 1], [1, 1]], "b": [0, 0, -1]}
save("linear", [gemm("x", "w", "b", "logits", "fc1")], LINEAR, [2], 3)

# The same behind an operator that assay does not know.
save("unsupported", [helper.make_node("Tan", ["x"], ["t"], name="bend"), gemm("t", "w", "b", "logits", "fc1")],
     LINEAR, [2], 3)

# The same with a closing Softmax, and with a weight that is not a number.
save("softmax", [gemm("x", "w", "b", "logits", "fc1"), helper.make_node("Softmax", ["logits"], ["p"], name="last", axis=1)],
     LINEAR, [2], 3, "p")
save("nan", [gemm("x", "w", "b", "logits", "fc1")], {"w": [[1, 0], [0, np.nan], [1, 1]], "b": [0, 0, 0]}, [2], 3)

# Two outputs: the logits above, called features, and the same with the first two classes exchanged.
SWAP = {"s": [[0, 1, 0], [1, 0, 0], [0, 0, 1]], "z": [0, 0, 0]}
save("outputs", [gemm("x", "w", "b", "feat", "fc1"), gemm("feat", "s", "z", "logits", "fc2")], LINEAR | SWAP, [2], 3,
     others=["feat"])

# A picture network of any size: 3 classes, the means of red, green and blue.
save("sizes", [helper.make_node("GlobalAveragePool", ["x"], ["m"], name="mean"),
               helper.make_node("Flatten", ["m"], ["f"], name="flatten1", axis=1),
               gemm("f", "w", "b", "logits", "fc1")], {"w": np.eye(3), "b": np.zeros(3)}, [3, "height", "width"], 3)

# Three inputs: x, a bias for every class, and one that nothing reads. logits = the above + bias.
INPUTS = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
          for name, shape in (("x", ["N", 2]), ("bias", ["N", 3]), ("unused", ["N", 4]))]
save("inputs", [gemm("x", "w", "b", "scores", "fc1"), helper.make_node("Add", ["scores", "bias"], ["logits"], name="shift")],
     LINEAR, [2], 3, inputs=INPUTS)

# A Gemm whose weight does not fit its input: the file is wrong in itself.
save("misfit", [gemm("x", "w", "b", "logits", "fc1")], {"w": np.ones((3, 5)), "b": np.zeros(3)}, [2], 3)

# A picture network: 1 x 4 x 4, Conv 2 x 3 x 3, Relu, fc with 2 classes.
rng = np.random.default_rng(1)
save("conv", [helper.make_node("Conv", ["x", "k", "c"], ["h"], name="conv1", kernel_shape=[3, 3]),
              helper.make_node("Relu", ["h"], ["r"], name="relu1"),
              helper.make_node("Flatten", ["r"], ["f"], name="flatten1", axis=1),
              gemm("f", "w", "b", "logits", "fc1")],
     {"k": rng.standard_normal((2, 1, 3, 3)) / 3, "c": np.zeros(2), "w": rng.standard_normal((2, 8)) / 3, "b": np.zeros(2)},
     [1, 4, 4], 2)

# A picture network whose logits are the means of red, green and blue: 3 x 32 x 32.
save("rgb", [helper.make_node("GlobalAveragePool", ["x"], ["m"], name="mean"),
             helper.make_node("Flatten", ["m"], ["f"], name="flatten1", axis=1),
             gemm("f", "w", "b", "logits", "fc1")], {"w": np.eye(3), "b": np.zeros(3)}, [3, 32, 32], 3)

# A network of volumes, and some: 1 x 6 x 8 x 8, Conv 4 x 3 x 3 x 3, Relu, MaxPool, Conv 4 x 3 x 3 x 3, Relu, fc.
rng = np.random.default_rng(3)
save("volume", [helper.make_node("Conv", ["x", "conv1.weight"], ["a"], name="conv1", kernel_shape=[3, 3, 3], pads=[1] * 6),
                helper.make_node("Relu", ["a"], ["r"], name="relu1"),
                helper.make_node("MaxPool", ["r"], ["p"], name="pool1", kernel_shape=[2, 2, 2], strides=[2, 2, 2]),
                helper.make_node("Conv", ["p", "conv2.weight"], ["c"], name="conv2", kernel_shape=[3, 3, 3], pads=[1] * 6),
                helper.make_node("Relu", ["c"], ["s"], name="relu2"),
                helper.make_node("Flatten", ["s"], ["f"], name="flatten1", axis=1),
                gemm("f", "w", "b", "logits", "fc1")],
     {"conv1.weight": rng.standard_normal((4, 1, 3, 3, 3)) / 4, "conv2.weight": rng.standard_normal((4, 4, 3, 3, 3)) / 8,
      "w": rng.standard_normal((2, 192)) / 14, "b": np.zeros(2)}, [1, 6, 8, 8], 2)
np.save(OUT / "volumes.npy", rng.standard_normal((6, 1, 6, 8, 8)).astype(np.float32))

# A ResNet of 3 x 32 x 32 and 4 classes in miniature, with torchvision's names: what torch.onnx.export leaves of a network
# in evaluation mode when nothing is folded (conv1, bn1, layer1.0.conv1, layer1.0.bn1, ..., fc).
WIDTHS = {1: 8, 2: 8, 3: 16, 4: 16}
rng = np.random.default_rng(2)
weights, nodes = {}, []


def conv_bn(x, conv, bn, inputs, outputs, kernel, stride, relu):
    weights[f"{conv}.weight"] = rng.standard_normal((outputs, inputs, kernel, kernel)) * np.sqrt(2 / (inputs * kernel ** 2))
    weights[f"{bn}.weight"] = rng.uniform(.5, 1.5, outputs)
    weights[f"{bn}.bias"] = .1 * rng.standard_normal(outputs)
    weights[f"{bn}.running_mean"] = .1 * rng.standard_normal(outputs)
    weights[f"{bn}.running_var"] = rng.uniform(.5, 1.5, outputs)
    nodes.append(helper.make_node("Conv", [x, f"{conv}.weight"], [f"{conv}/y"], name=conv, kernel_shape=[kernel, kernel],
                                  pads=[kernel // 2] * 4, strides=[stride, stride]))
    nodes.append(helper.make_node("BatchNormalization",
                                  [f"{conv}/y"] + [f"{bn}.{p}" for p in ("weight", "bias", "running_mean", "running_var")],
                                  [f"{bn}/y"], name=bn))
    if relu:
        nodes.append(helper.make_node("Relu", [f"{bn}/y"], [f"{bn}/r"]))
    return f"{bn}/r" if relu else f"{bn}/y"


x, channels = conv_bn("x", "conv1", "bn1", 3, 8, 3, 1, True), 8
for k, width in WIDTHS.items():
    name, stride = f"layer{k}.0", 1 if k == 1 else 2
    y = conv_bn(x, f"{name}.conv1", f"{name}.bn1", channels, width, 3, stride, True)
    y = conv_bn(y, f"{name}.conv2", f"{name}.bn2", width, width, 3, 1, False)
    short = conv_bn(x, f"{name}.downsample.0", f"{name}.downsample.1", channels, width, 1, stride, False) if k > 1 else x
    nodes += [helper.make_node("Add", [y, short], [f"{name}/s"]), helper.make_node("Relu", [f"{name}/s"], [f"{name}/r"])]
    x, channels = f"{name}/r", width
nodes += [helper.make_node("GlobalAveragePool", [x], ["m"]), helper.make_node("Flatten", ["m"], ["f"], axis=1)]
weights |= {"fc.weight": rng.standard_normal((4, channels)), "fc.bias": np.zeros(4)}
nodes.append(gemm("f", "fc.weight", "fc.bias", "logits", "fc"))
save("resnet", nodes, weights, [3, 32, 32], 4)
