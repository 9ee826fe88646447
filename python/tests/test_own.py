"""The user's own module: matched, loaded, proven and put back."""

import random

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import assay  # noqa: E402
from assay.binding import Binding  # noqa: E402
from assay.explainers import collect  # noqa: E402
from assay.own import Own  # noqa: E402
from host import Host, Network  # noqa: E402

X = np.random.default_rng(5).standard_normal((4, 1, 3, 4)).astype("<f4")
T = np.array([0, 2, 1, 1])


class Net(torch.nn.Module):
    """host.Network in torch. `functional`: the rectifier is no module."""

    def __init__(self, network, functional=False, end=None, dropout=0.0, names=("hidden", "top")):
        super().__init__()
        self.names, self.functional = names, functional
        for name, stem in zip(names, ("hidden", "top")):
            w = network.weights[stem + ".weight"]
            layer = torch.nn.Linear(w.shape[1], w.shape[0])
            layer.load_state_dict({"weight": torch.tensor(w), "bias": torch.tensor(network.weights[stem + ".bias"])})
            setattr(self, name, layer)
        self.relu = torch.nn.ReLU()
        self.dropout = torch.nn.Dropout(dropout)
        self.end = end or torch.nn.Identity()

    def forward(self, x):
        hidden, top = (getattr(self, name) for name in self.names)
        y = hidden(x.flatten(1))
        y = torch.relu(y) if self.functional else self.relu(y)
        return self.end(top(self.dropout(y)))


def gradient(module, x, targets):
    x.requires_grad_()
    return torch.autograd.grad(module(x).gather(1, targets[:, None]).sum(), x)[0]


def own(module, explain=gradient, **options):
    return Own(module, explain, **options)


def ask_all(explainer, networks, x=X, targets=T):
    """The frames that answer one request about each network, in one session."""
    with explainer.binding.held(), Host({explainer.name: explainer}) as host:
        assert host.hello().type == "hello"
        return [host.ask(network, x, targets) for network in networks]


def words(frame):
    assert frame.type == "error", frame.type
    return frame.keys["status"], frame.keys["message"]


@pytest.mark.parametrize("names", [("hidden", "top"), ("top", "hidden"), ("a", "b")])
def test_weights_of_every_network_are_loaded_and_put_back(names):
    trained = Network()
    module = Net(trained, names=names).eval()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    variants = [trained, trained.redrawn("top.weight", "top.bias"), trained.redrawn("hidden.weight"), trained]
    answers = ask_all(own(module), variants)
    for network, frame in zip(variants, answers):
        assert np.allclose(frame.arrays["maps"], network.gradient(X, T), atol=1e-5)
    assert not np.allclose(answers[0].arrays["maps"], answers[1].arrays["maps"], atol=1e-2)
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_a_transposed_parameter_is_found():
    trained = Network()
    module = Net(trained).eval()
    turned, drawn = Network(), Network()  # they store the hidden matrix as x @ W has it
    drawn.weights["hidden.weight"] = trained.redrawn("hidden.weight").weights["hidden.weight"]
    for network in (turned, drawn):
        plain = network.weights["hidden.weight"]
        network._hidden = lambda x, w=plain, b=network.weights["hidden.bias"]: x.reshape(len(x), -1) @ w.T + b
        network.weights["hidden.weight"] = np.ascontiguousarray(plain.T)
    first, second = ask_all(own(module), [turned, drawn])
    assert first.type == "maps" and second.type == "maps"


@pytest.mark.parametrize(
    "change, status, said",
    [
        (lambda m: setattr(m, "end", torch.nn.Softmax(1)), "failed", "ends in a Softmax"),
        (lambda m: setattr(m, "end", torch.nn.Sigmoid()), "failed", "ends in a Sigmoid"),
        (lambda m: m.relu.register_forward_hook(lambda *a: 3 * a[2]), "failed", "preprocess its inputs"),
        (lambda m: m.register_forward_hook(lambda *a: {"logits": a[2]}), "failed", "returns a dict"),
        (lambda m: m.register_forward_hook(lambda *a: a[2][:, :2]), "failed", "wanted logits [4, 3]"),
        (lambda m: m.register_forward_hook(lambda *a: a[2] * float("nan")), "failed", "not finite"),
        (lambda m: m.top.weight.data.mul_(1.01), "failed", "top.weight of the network and of the module differ"),
        (lambda m: m.dropout.train(), "failed", "training mode (dropout)"),
    ],
)
def test_another_network_is_refused_with_the_cause(change, status, said):
    module = Net(Network(), dropout=0.5).eval()
    explainer = own(module)
    change(module)
    got = words(ask_all(explainer, [Network()])[0])
    assert got[0] == status and said in got[1], got


def test_weights_that_are_no_tensors_are_noticed_on_the_first_new_network():
    class Hidden(Net):
        def __init__(self, network):
            super().__init__(network)
            self.frozen = [self.top.weight.detach().clone()]

        def forward(self, x):
            return torch.relu(self.hidden(x.flatten(1))) @ self.frozen[0].T + self.top.bias

    trained = Network()
    answers = ask_all(own(Hidden(trained).eval()), [trained, trained.redrawn("top.weight")])
    assert answers[0].type == "maps"
    assert "not the network that assay randomised" in words(answers[1])[1]


def test_a_module_of_other_weights_is_refused():
    message = words(ask_all(own(Net(Network(seed=1)).eval()), [Network()])[0])[1]
    assert "does not have the network's weights" in message and "of 4 parameters 0 are the same" in message


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda: Net(Network()), "in training mode .dropout"),
        (lambda: torch.nn.Linear(2, 2).train(), "in training mode"),
        (lambda: "net", "wanted a torch.nn.Module"),
    ],
)
def test_what_cannot_be_bound(make, said):
    with pytest.raises(assay.AssayError, match=said):
        Binding(make())


def test_labels_are_matched_by_names():
    trained, labels = Network(), Network(seed=3, kind="labels")
    (frame,) = ask_all(own(Net(trained).eval()), [labels])
    assert np.allclose(frame.arrays["maps"], labels.gradient(X, T), atol=1e-5)
    (renamed,) = ask_all(own(Net(trained, names=("a", "b")).eval()), [labels])
    assert "no tensor of the module" in words(renamed)[1]


class Linear(Network):
    """W x + b, as assay's control has it."""

    def __init__(self):
        super().__init__(kind="linear")
        top = np.random.default_rng(8).standard_normal((3, 12)).astype("<f4")
        self.weights = {"W": top, "b": np.ones(3, "<f4")}

    def forward(self, x):
        return x.reshape(len(x), -1) @ self.weights["W"].T + self.weights["b"]

    def gradient(self, x, targets):
        return self.weights["W"][targets].reshape(x.shape)


def looks_at_hidden(module, x, targets):
    return module.hidden(x.flatten(1)).sum() * x


def test_the_linear_control_is_a_module_of_its_own():
    module = Net(Network()).eval()
    (frame,) = ask_all(own(module), [Linear()])
    assert np.allclose(frame.arrays["maps"], Linear().gradient(X, T), atol=1e-6)
    assert words(ask_all(own(module, looks_at_hidden), [Linear()])[0])[0] == "unsupported"
    assert words(ask_all(own(module, looks_at_hidden, claims=["linear-exact"]), [Linear()])[0])[0] == "failed"
    assert words(ask_all(own(module, lambda m, x, t: gradient(module, x, t)), [Linear()])[0])[0] == "unsupported"


def test_networks_of_controls_are_skipped_but_for_the_users_own_in_other_words():
    trained = Network()
    permuted = trained.redrawn()
    order = [1, 2, 0]
    permuted.kind = "other"
    permuted.weights["top.weight"] = np.ascontiguousarray(trained.weights["top.weight"][order])
    permuted.weights["top.bias"] = trained.weights["top.bias"][order]
    foreign = Network(seed=4, hidden=9, kind="other")
    answers = ask_all(own(Net(trained).eval()), [trained, permuted, foreign, trained])
    assert np.allclose(answers[1].arrays["maps"], permuted.gradient(X, T), atol=1e-5)
    assert words(answers[2]) == (
        "unsupported",
        "this control brings a network of its own, which the user's module cannot be",
    )
    assert answers[3].type == "maps"


def softmax_gradient(module, x, targets):
    x.requires_grad_()
    return torch.autograd.grad(module(x).softmax(1).gather(1, targets[:, None]).sum(), x)[0]


def test_masks_and_raised_logits_are_applied():
    trained, masked, raised = Network(), Network(), Network()
    masked.special["assay.mask"] = np.zeros((1, 3, 4), "<f4")
    masked.special["assay.mask"][:, :, :2] = 1
    raised.special["assay.raised"] = np.array([0, 5, 5], "<f4")
    module = Net(trained).eval()
    plain, behind, again = ask_all(own(module), [trained, masked, trained])
    assert np.allclose(behind.arrays["maps"], masked.gradient(X, T), atol=1e-5)
    assert not behind.arrays["maps"][..., 2:].any() and np.array_equal(plain.arrays["maps"], again.arrays["maps"])
    before, after = ask_all(own(module, softmax_gradient), [trained, raised])
    assert before.type == after.type == "maps"
    assert not np.allclose(before.arrays["maps"], after.arrays["maps"], rtol=0.1)


def noisy(module, x, targets):
    return x + torch.randn_like(x) + random.random() + float(np.random.rand())


def test_stochastic_methods_are_seeded_input_by_input():
    explainer = own(Net(Network()).eval(), noisy, claims=["stochastic"])
    states = torch.random.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    with explainer.binding.held(), Host({"m": explainer}) as host:
        host.hello()
        seeds = np.array([1, 2**64 - 1, 3, 4], dtype="<u8")
        batch = host.ask(Network(), X, T, seeds).arrays["maps"]
        single = host.ask(Network(), X[1:2], T[1:2], seeds[1:2]).arrays["maps"]
        other = host.ask(Network(), X[1:2], T[1:2], seeds[2:3]).arrays["maps"]
    assert np.array_equal(batch[1:2], single) and not np.array_equal(single, other)
    assert torch.equal(states[0], torch.random.get_rng_state())
    assert states[1:] == (np.random.get_state()[1].tolist(), random.getstate())


def test_threads_gradients_and_weights_are_put_back_after_a_failure():
    trained = Network()
    module = Net(trained).eval()
    module.top.weight.grad = torch.ones_like(module.top.weight)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    explainer = own(module)
    try:
        with pytest.raises(KeyboardInterrupt):
            with explainer.binding.held():
                assert torch.get_num_threads() == 1
                with Host({"m": explainer}) as host:
                    host.hello()
                    host.ask(trained, X, T)
                    host.ask(trained.redrawn("top.weight"), X, T)
                raise KeyboardInterrupt
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert np.array_equal(module.top.weight.detach().numpy(), trained.weights["top.weight"])
    assert (module.top.weight.grad == 1).all()


@pytest.mark.parametrize("functional, said", [(True, "1 rectifiers, of which 0 are modules"), (False, None)])
def test_functional_rectifiers_are_counted(functional, said):
    explainer = own(Net(Network(), functional=functional).eval())
    ask_all(explainer, [Network()])
    assert [said in note for note in explainer.binding.notes] == ([True] if said else [])


def test_a_method_that_never_calls_its_module_is_told_of():
    module = Net(Network()).eval()
    explainer = own(module, lambda m, x, t: x)
    ask_all(explainer, [Network()])
    assert "never called the module" in explainer.notes()[0]
    honest = own(module)
    ask_all(honest, [Network()])
    assert honest.notes() == []


@pytest.mark.parametrize(
    "explain, claims, told",
    [
        (lambda m, x, t: gradient(m, x, t).abs(), [], True),
        (lambda m, x, t: gradient(m, x, t).abs(), ["non-negative"], False),
        (lambda m, x, t: gradient(m, x, t), [], False),
    ],
)
def test_a_map_without_signs_is_told_of_unless_it_is_claimed(explain, claims, told):
    explainer = own(Net(Network()).eval(), explain, claims=claims)
    ask_all(explainer, [Network()])
    assert ["no map has a value below zero" in note for note in explainer.notes()] == ([True] if told else [])


def test_one_logit_is_two_classes():
    class Binary(Network):
        def __init__(self):
            super().__init__(outputs=1)
            self.outputs = 2

        def forward(self, x):
            logit = super().forward(x)
            return np.concatenate([-logit, logit], 1)

        def gradient(self, x, targets):
            return self.vjp(x, np.where(targets, 1, -1)[:, None].astype("<f4"))

    network = Binary()
    targets = np.array([0, 1, 1, 0])
    (frame,) = ask_all(own(Net(network).eval()), [network], targets=targets)
    assert np.allclose(frame.arrays["maps"], network.gradient(X, targets), atol=1e-5)


def test_a_facade_is_the_network_and_nothing_inside():
    def through(model, x, targets):
        facade = assay.Facade(model)
        assert not hasattr(facade, "conv1")
        inputs = torch.from_numpy(x.copy()).requires_grad_()
        facade(inputs).gather(1, torch.from_numpy(targets.astype("i8"))[:, None]).sum().backward()
        return inputs.grad

    def hooks(model, x, targets):
        assay.Facade(model).apply(lambda part: None)

    def layer(model, x, targets):
        return assay.Facade(model).conv1

    with Host(collect({"through": through, "hooks": hooks, "layer": layer})) as host:
        host.hello("through")
        assert np.array_equal(host.ask(Network(), X, T).arrays["maps"], Network().gradient(X, T))
    for name, said in (("hooks", "no layers inside"), ("layer", "no layer conv1")):
        with Host(collect({"through": through, "hooks": hooks, "layer": layer})) as host:
            host.hello(name)
            status, message = words(host.ask(Network(), X, T))
            assert status == "unsupported" and said in message
