"""Maps computed elsewhere: recorded, computed, played; what is missing or another's is named."""

import os
import shutil

import numpy as np
import pytest

import assay
from assay import maps
from host import Host, Network

X = np.random.default_rng(5).standard_normal((4, 1, 3, 4)).astype("<f4")
T = np.array([0, 2, 1, 1])


def asked(explainer, requests):
    """Frames that answer (network, x, targets) one after the other."""
    with Host({explainer.name: explainer}) as host:
        assert host.hello().type == "hello"
        return [host.ask(*request) for request in requests]


def requests():
    trained = Network()
    drawn = trained.redrawn("top.weight")
    return [(trained, X, T), (trained, X[1:2], T[1:2]), (drawn, X, T), (trained, X[:2], T[2:])]


@pytest.fixture
def recording(tmp_path):
    folder = str(tmp_path / "recorded")
    assert all(frame.type == "maps" for frame in asked(maps.Recorder(folder), requests()))
    return folder


def fill(folder):
    """An outside job: numpy alone."""
    for request in maps.Folder(folder).pending():
        network = Network()
        network.weights = request.weights()
        assert np.allclose(network.forward(request.inputs), request.model.forward(request.inputs))
        request.save(network.gradient(request.inputs, request.targets) + 1)


def test_recorded_maps_are_played_in_any_order(recording):
    assert maps.status(recording)[1] is False
    fill(recording)
    assert maps.status(recording)[1] is True
    for (network, x, targets), frame in zip(requests(), asked(maps.Player(recording), requests())):
        assert np.allclose(frame.arrays["maps"], network.gradient(x, targets) + 1, atol=1e-6)


def test_a_tensor_is_stored_once_and_a_sample_is_asked_once(recording):
    assert len(os.listdir(os.path.join(recording, "tensors"))) == 5
    assert sum(len(request.inputs) for request in maps.Folder(recording).requests()) == 4 + 4 + 2


def said(folder, requests):
    frame = asked(maps.Player(folder), requests)[-1]
    assert (frame.type, frame.keys["status"]) == ("error", "failed")
    return frame.keys["message"]


def test_what_is_missing_is_named(recording):
    fill(recording)
    trained = Network()
    key = next(
        key
        for key in maps.Folder(recording).keys()
        if maps.Folder(recording).json("requests", key)["network"] != maps.Folder(recording).about["network"]
    )
    os.remove(os.path.join(recording, "maps", key + ".npy"))
    assert f"maps/{key}.npy is missing" in said(recording, requests()[:1] + requests()[2:3])
    assert key in maps.status(recording)[0]
    assert "fixed number of draws" in said(recording, [(trained, X, T), (trained.redrawn("top.bias"), X, T)])
    assert "other inputs, targets or seeds than input 0" in said(recording, [(trained, X + 1, T)])
    assert "recorded for another network" in said(recording, [(Network(seed=9), X, T)])


def test_broken_maps_are_refused(recording):
    fill(recording)
    for name in os.listdir(os.path.join(recording, "maps")):
        np.save(os.path.join(recording, "maps", name), np.zeros((1, 2), "f4"))
    assert "has the shape [1, 2]" in said(recording, requests()[:1])
    for name in os.listdir(os.path.join(recording, "maps")):
        with open(os.path.join(recording, "maps", name), "wb") as file:
            file.write(b"no array")
    assert ".npy: " in said(recording, requests()[:1])
    request = next(maps.Folder(recording).requests())
    with pytest.raises(assay.AssayError, match="wanted .4, 1, 3, 4|wanted .2, 1, 3, 4"):
        request.save(X[:1])


def test_a_folder_of_another_network_takes_no_recording(recording):
    (frame,) = asked(maps.Recorder(recording), [(Network(seed=9), X, T)])
    assert "recording of another network" in frame.keys["message"]
    (frame,) = asked(maps.Recorder(recording, ["stochastic"]), [(Network(), X, T)])
    assert "recorded under the claims []" in frame.keys["message"]


def test_a_skip_is_played(recording):
    fill(recording)
    shutil.rmtree(os.path.join(recording, "maps"))
    for request in maps.Folder(recording).pending():
        request.skip("for pictures only")
    frame = asked(maps.Player(recording), requests()[:1])[0]
    assert (frame.keys["status"], frame.keys["message"]) == ("unsupported", "for pictures only")


def test_parts_are_disjoint_and_all(recording):
    folder = maps.Folder(recording)
    parts = [[request.key for request in folder.pending((i, 2))] for i in (1, 2)]
    assert sorted(parts[0] + parts[1]) == folder.keys() and not set(parts[0]) & set(parts[1])


@pytest.mark.parametrize(
    "claims",
    [[], ["input-multiplier"], ["non-negative"], ["class-blind"], ["complete"], ["complete", "input-multiplier"]],
)
def test_stand_ins_keep_their_claims(claims):
    found = {}

    def explain(model, x, targets, seeds):
        found["maps"] = maps.stand_in(model, x, targets, seeds, claims)
        return found["maps"]

    network = Network()
    x = X.copy()
    x[:, :, 0] = 0
    asked(assay.Explainer(explain), [(network, x, T)])
    made = found["maps"]
    if "input-multiplier" in claims:
        assert not made[:, :, 0].any()
    if "non-negative" in claims:
        assert (made >= 0).all()
    if "complete" in claims:
        due = (network.forward(x) - network.forward(0 * x))[np.arange(4), T]
        assert np.allclose(made.sum((1, 2, 3)), due, rtol=1e-4)
    assert made.any()


def test_no_recording_is_said(tmp_path):
    with pytest.raises(assay.AssayError, match="no recording"):
        maps.Player(str(tmp_path))


def test_maps_of_another_number_of_inputs_are_refused(recording):
    fill(recording)
    key = maps.Folder(recording).keys()[0]
    path = os.path.join(recording, "maps", key + ".npy")
    np.save(path, np.repeat(np.load(path), 2, 0))
    answers = asked(maps.Player(recording), requests())
    assert any("inputs of the request" in frame.keys.get("message", "") for frame in answers)


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["compute", "DIR", "nowhere.py"], "nowhere.py: no such file"),
        *[(["compute", "DIR", __file__, "--part", part], "wanted I/N") for part in ("1", "2/1", "0/3", "a/b", "1/2/3")],
    ],
)
def test_slips_on_the_command_line_are_answered(arguments, said):
    with pytest.raises(assay.AssayError, match=said):
        maps.main(arguments)
