"""Fits a scikit-learn model to random data and exports it by skl2onnx.

    python3 tests/zoo/export_sklearn.py NAME FOLDER, or --serve
"""
import models
import numpy as np
import reference
import serve
import sklearn
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler
from sklearn.svm import LinearSVC
from skl2onnx import to_onnx

MLP = dict(hidden_layer_sizes=(16, 8), max_iter=30, random_state=1)
ESTIMATORS = {
    "logistic": lambda: LogisticRegression(),
    "logistic-binary": lambda: LogisticRegression(),
    "scaled-logistic": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "ridge-classifier": lambda: RidgeClassifier(),
    "linear-svc": lambda: LinearSVC(),
    "linear-regression": lambda: LinearRegression(),
    "mlp-classifier": lambda: MLPClassifier(**MLP),
    "mlp-binary": lambda: MLPClassifier(activation="tanh", **MLP),
    "scaled-mlp": lambda: make_pipeline(StandardScaler(), MLPClassifier(activation="logistic", **MLP)),
    "pca-mlp": lambda: make_pipeline(PCA(6), MLPClassifier(**MLP)),
    "mlp-regressor": lambda: MLPRegressor(**MLP),
    "normalised-logistic": lambda: make_pipeline(Normalizer(), LogisticRegression()),
    "forest": lambda: RandomForestClassifier(n_estimators=5, max_depth=3),
}


def mlp_scores(head, x):
    """What the last layer of a multilayer perceptron gives, before the softmax or the logistic function."""
    act = {"relu": lambda v: np.maximum(v, 0), "tanh": np.tanh, "logistic": lambda v: 1 / (1 + np.exp(-v))}[head.activation]
    for w, b in zip(head.coefs_[:-1], head.intercepts_[:-1]):
        x = act(x @ w + b)
    return x @ head.coefs_[-1] + head.intercepts_[-1]


def logits_of(model):
    """The scores that the probabilities are the softmax, or for two classes the logistic function, of."""
    head = model[-1] if hasattr(model, "steps") else model
    before = model[:-1].transform if hasattr(model, "steps") else lambda x: x
    if hasattr(head, "coefs_"):
        def scores(x):
            return mlp_scores(head, x)
    else:
        scores = next(getattr(head, name) for name in ("decision_function", "predict_proba", "predict") if hasattr(head, name))
    return lambda x: np.atleast_1d(scores(before(x[None]))[0])


def export_model(name, folder):
    row, rng = models.find(name), np.random.default_rng(1)
    X = rng.normal(0, 1, (300, *row.shape))
    kinds = 2 if "binary" in row.model else 4
    scores = X @ rng.normal(0, 1, (row.shape[0], kinds)) + np.abs(X) @ rng.normal(0, 1, (row.shape[0], kinds))
    regression = "regress" in row.model
    model = ESTIMATORS[row.model]().fit(X, scores[:, 0] if regression else scores.argmax(1))
    onnx = to_onnx(model, X[:1].astype(np.float32), options=None if regression else {id(model): {"zipmap": False}}
                   if not isinstance(model, (RidgeClassifier, LinearSVC)) else None)
    with open(f"{folder}/model.onnx", "wb") as file:
        file.write(onnx.SerializeToString())
    logits = logits_of(model)

    def gradient(x, target, step=1e-5):
        rows = [(logits(x + d)[target] - logits(x - d)[target]) / (2 * step) for d in step * np.eye(x.size)]
        return np.array(rows)

    info = {"parameters": 0, "modules": [], "version": sklearn.__version__}
    reference.write(folder, X[0].astype(np.float32), logits, gradient, info)


if __name__ == "__main__":
    serve.main(export_model)
