"""Writes the small ONNX files of the command-line transcripts (tests/cli) to tests/golden/cli/.

    /opt/oracle/bin/python tests/golden/make_cli.py
"""
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OUT = pathlib.Path(__file__).parent / "cli"


def save(name, nodes, weights, sample, classes, output="logits"):
    graph = helper.make_graph(
        nodes, name,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *sample])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", classes])],
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
