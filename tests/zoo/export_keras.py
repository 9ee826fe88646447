"""Exports a Keras model by its own export, under the backend that the exporter's name says.

    python3 tests/zoo/export_keras.py NAME FOLDER, or --serve
"""
import os

import models
import numpy as np
import reference
import serve

BACKENDS = {"keras-torch": "torch", "keras-tf": "tensorflow"}


def small(keras, row, activation):
    L, inputs = keras.layers, keras.Input(row.shape)
    x = inputs
    if row.model == "mlp":
        x = L.Dense(32, activation="relu", name="hidden1")(x)
        x = L.Dense(16, activation="tanh", name="hidden2")(x)
    elif row.model == "cnn":
        x = L.Conv2D(8, 3, activation="relu", padding="same", name="conv1")(x)
        x = L.MaxPooling2D()(L.BatchNormalization(name="bn1")(x))
        x = L.Conv2D(16, 3, strides=2, padding="same", activation="relu", name="conv2")(x)
        x = L.Dropout(.5)(L.Flatten()(x))
    elif row.model == "conv1d":
        x = L.Conv1D(16, 8, activation="relu", name="motifs")(x)
        x = L.MaxPooling1D(4)(x)
        x = L.GlobalMaxPooling1D()(L.Conv1D(16, 3, activation="relu", name="conv2")(x))
    else:
        x = L.LSTM(12, name="lstm")(x)
    return keras.Model(inputs, L.Dense(models.CLASSES, activation=activation, name="predictions")(x))


def build(keras, row, activation):
    if row.model[0].islower():
        return small(keras, row, activation)
    return getattr(keras.applications, row.model)(input_shape=row.shape, weights=None, classes=models.CLASSES,
                                                  classifier_activation=activation)


def randomise(net, rng):
    """Parameters that start from a constant, and running statistics, as training may leave them."""
    def draw(w):
        return w if w.min() < w.max() else rng.uniform(.7, 1.3, w.shape) if w.min() > 0 else rng.normal(0, .1, w.shape)

    for layer in net.layers:
        layer.set_weights([draw(w) for w in layer.get_weights()])


def functions(keras, net):
    if keras.backend.backend() == "torch":
        return reference.torch_functions(net)
    import tensorflow as tf

    def logits(x):
        return net(tf.constant(x[None]), training=False)[0].numpy()

    def gradient(x, target):
        x = tf.constant(x[None])
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = net(x, training=False)[0, target]
        return tape.gradient(y, x)[0].numpy()

    return logits, gradient


def preload(exporter):
    os.environ.update(KERAS_BACKEND=BACKENDS[exporter], TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    import keras
    return keras


def compute_in_double(keras):
    """With PyTorch, Keras would make single precision of what BatchNormalization and others compute, whatever floatx says."""
    from keras.src.backend.common import dtypes
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")


def export_model(name, folder):
    row, rng = models.find(name), np.random.default_rng(1)
    keras = preload(row.exporter)
    keras.utils.set_random_seed(1)
    net = build(keras, row, "softmax")
    randomise(net, rng)
    x = rng.normal(0, 1, row.shape).astype(np.float32)
    net(x[None])
    net.export(f"{folder}/model.onnx", format="onnx", verbose=False)
    compute_in_double(keras)
    exact = build(keras, row, None)
    exact.set_weights([w.astype(np.float64) for w in net.get_weights()])
    info = {"parameters": net.count_params(), "modules": [layer.name for layer in net.layers], "version": keras.__version__}
    reference.write(folder, x, *functions(keras, exact), info)


if __name__ == "__main__":
    serve.main(export_model, preload)
