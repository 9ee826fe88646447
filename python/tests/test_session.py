"""A client over the protocol: every call, and what becomes of what a method does wrong."""

import importlib

import numpy as np
import pytest

import assay
from assay.explainers import as_maps, collect, kebab
from host import Host, Network

X = np.random.default_rng(5).standard_normal((4, 1, 3, 4)).astype("<f4")
T = np.array([0, 2, 1, 1])


def served(function, x=X, targets=T, network=None, **options):
    """The frame that answers one request."""
    with Host(collect(function, **options)) as host:
        assert host.hello().type == "hello"
        return host.ask(network or Network(), x, targets)


def test_hello_says_what_the_method_is():
    method = assay.Explainer(
        lambda m, x, t: x, name="my_Method", claims=["stochastic"], params={"steps": 5}, summary="s"
    )
    with Host(collect(method)) as host:
        said = host.hello().keys
    assert said["protocol"] == 1 and said["name"] == "my-method" and said["claims"] == ["stochastic"]
    assert said["params"] == {"steps": 5} and said["summary"] == "s" and "numpy" in said["sources"]
    assert len(said["sources"]["test_session.py"]) == 64


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x, t: m.gradient(x, t),
        lambda m, x, t: m.vjp(x, np.eye(m.outputs, dtype="f4")[t]),
        lambda m, x, t: np.stack([m.gradient_sum(x[i : i + 1], t[i : i + 1], [1]) for i in range(len(x))]),
        lambda m, x, t: np.stack([m.line(0 * x[i], x[i], int(t[i]), [1.0], [1.0]) for i in range(len(x))]),
    ],
)
def test_every_way_to_a_gradient_gives_it(call):
    maps = served(call)
    assert maps.type == "maps"
    assert np.allclose(maps.arrays["maps"], Network().gradient(X, T), atol=1e-5)


def test_deeplift_by_rules():
    def deeplift(model, x, targets):
        assert model.operators[1] == assay.Operator(1, "relu", "Relu", "rectifier", False)
        reference = np.float32(0.25)
        slopes = model.propagate(
            x, targets, lambda o: ("rescale",) if o.role == "rectifier" else None, reference=reference
        )
        return (x - reference) * slopes

    maps = served(deeplift).arrays["maps"]
    network = Network()
    difference = network.forward(X) - network.forward(np.full_like(X, 0.25))
    assert np.allclose(maps.sum((1, 2, 3)), difference[np.arange(4), T], atol=1e-4)
    one = served(lambda m, x, t: m.propagate(x, t, [None] * 3)).arrays["maps"]
    assert np.allclose(one, Network().gradient(X, T), atol=1e-5)
    refused = served(lambda m, x, t: m.propagate(x, t, ["magic"] * 3))
    assert refused.keys["status"] == "failed" and "not here" in refused.keys["message"]


def test_samples_of_the_data_are_known_where_there_are_some():
    def compares(model, x, targets):
        assert model.background() is model.background()
        return x - model.background().mean(0)

    assert np.allclose(served(compares).arrays["maps"], X - np.arange(24).reshape(2, 1, 3, 4).mean(0), atol=1e-5)
    answer = served(compares, network=Network(kind="linear"))
    assert (answer.type, answer.keys["status"]) == ("error", "unsupported")


def test_hello_says_what_lists_show():
    about = {"family": "gradient", "formula": "df/dx", "inputs": ["pictures"], "within": 1e-5}
    with Host(collect(lambda m, x, t: x, about=about)) as host:
        assert host.hello().keys["about"] == about
    for wrong in ({"colour": "red"}, {"inputs": ["paintings"]}):
        with pytest.raises(assay.AssayError, match="about: .*wanted some of"):
            assay.Explainer(lambda m, x, t: x, about=wrong)


def test_it_can_look_inside():
    seen = {}

    def look(model, x, targets, seeds):
        seen["layers"] = model.layers
        seen["weights"] = model.weights()
        seen["bias"] = model.tensors(["top.bias"])["top.bias"]
        seen["logits"] = model.forward(x)
        seen["seeds"] = seeds
        return x

    assert served(look).type == "maps"
    assert [layer.op for layer in seen["layers"]] == ["Gemm", "Relu", "Gemm"]
    assert seen["weights"][0].dims == (7, 12) and np.array_equal(seen["bias"], Network().weights["top.bias"])
    assert np.allclose(seen["logits"], Network().forward(X)) and list(seen["seeds"]) == [0, 1, 2, 3]


def wants_guided(model, x, targets):
    return model.gradient(x, targets, rule="guided")


def asks_on(model, x, targets):
    try:
        wants_guided(model, x, targets)
    except assay.Unsupported:
        return model.gradient(x, targets)


def says_unsupported(model, x, targets):
    raise assay.Unsupported("only for pictures of\n three channels")


def divides(model, x, targets):
    return 1 / 0


def leaves(model, x, targets):
    raise SystemExit(3)


def negative(model, x, targets):
    return model.gradient(x, -1)


@pytest.mark.parametrize(
    "method, status, said",
    [
        (wants_guided, "unsupported", "not here"),
        (says_unsupported, "unsupported", "only for pictures of three channels"),
        (divides, "failed", "ZeroDivisionError: division by zero (test_session.py:"),
        (leaves, "failed", "SystemExit 3"),
        (negative, "failed", "a target of -1"),
        (lambda m, x, t: None, "failed", "returned None"),
        (lambda m, x, t: x[:2], "failed", "[2, 1, 3, 4], wanted [4, 1, 3, 4]"),
        (lambda m, x, t: "a map", "failed", "wanted numbers"),
        (lambda m, x, t: m.inspect(x, "conv9"), "unsupported", "no layer conv9"),
    ],
)
def test_what_goes_wrong_is_said_and_the_session_goes_on(method, status, said):
    with Host(collect({"m": method})) as host:
        host.hello()
        for _ in range(2):
            answer = host.ask(Network(), X, T)
            assert (answer.type, answer.keys["status"]) == ("error", status)
            assert said in answer.keys["message"] and "\n" not in answer.keys["message"]


def test_a_refused_call_is_not_the_end():
    assert np.allclose(served(asks_on).arrays["maps"], Network().gradient(X, T), atol=1e-5)


def test_options_choose():
    both = collect({"one": lambda m, x, t: x, "Two": lambda m, x, t: -x})
    for options, factor in (("one", 1), ("two", -1)):
        with Host(both) as host:
            host.hello(options)
            assert np.array_equal(host.ask(Network(), X, T).arrays["maps"], factor * X)
    for options, said in (("three", "no explainer three"), ("", "which of one, two")):
        with Host(both) as host:
            answer = host.hello(options)
            assert answer.type == "error" and said in answer.keys["message"]


def test_a_protocol_of_the_future_is_refused():
    with Host(collect(lambda m, x, t: x)) as host:
        answer = host.hello(versions=(2, 3))
        assert answer.type == "error" and "protocol [2, 3]" in answer.keys["message"]


@pytest.mark.parametrize("shape, given", [((4, 3, 2, 2), (4, 1, 2, 2)), ((4, 3, 2, 2), (4, 2, 2)), ((4, 5), (4, 5))])
def test_maps_without_channels_are_those_of_each(shape, given):
    maps = as_maps(np.random.default_rng(0).random(given), shape)
    assert maps.shape == shape and maps.dtype == np.dtype("<f4")
    assert (maps == maps[:, :1]).all() or shape == given


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda: assay.Explainer(3), "a function"),
        (lambda: assay.Explainer(lambda m, x: x), "takes 2 arguments"),
        (lambda: assay.Explainer(lambda m, x, t: x, claims=["exact"]), "'exact': wanted some of complete"),
        (lambda: collect({}), "no explainer"),
        (lambda: collect({"a_b": divides, "a-b": divides}), "two explainers"),
        (lambda: assay.serve(divides), "assay did not start this program"),
    ],
)
def test_what_cannot_be_an_explainer(make, said):
    with pytest.raises(assay.AssayError, match=said):
        make()


def test_names_are_kebab_case():
    assert [kebab(n) for n in ("GuidedBackprop", "guided_backprop", "KernelShap 2", "λ")] == [
        "guided-backprop",
        "guided-backprop",
        "kernel-shap-2",
        "method",
    ]


def test_the_decorator_keeps_a_function_a_function():
    @assay.explainer(claims=["class-blind"])
    def twice(model, x, targets):
        return 2 * x

    assert twice(None, 3, None) == 6 and twice.name == "twice" and twice.claims == ("class-blind",)


def test_what_makes_a_method_are_its_own_files(tmp_path, monkeypatch):
    """A helper that is edited makes it another method; what is installed has a version."""
    (tmp_path / "deep.py").write_text("def f(x):\n    return x\n")
    (tmp_path / "helper.py").write_text("import json\nimport numpy\nfrom deep import f\n")
    (tmp_path / "method.py").write_text("import helper\n\ndef explain(model, x, targets):\n    return helper.f(x)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    explain = importlib.import_module("method").explain
    before = assay.Explainer(explain).sources()
    assert {"method.py", "helper.py", "deep.py"} <= set(before)
    assert not [name for name in before if name.endswith(".py") and name not in ("method.py", "helper.py", "deep.py")]
    (tmp_path / "deep.py").write_text("def f(x):\n    return 2 * x\n")
    after = assay.Explainer(explain).sources()
    assert {name for name in before if before[name] != after[name]} == {"deep.py"}
