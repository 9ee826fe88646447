"""assay.judge and careless users: slips are refused, and what a method does to the module is undone. Torch is needed."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

import assay  # noqa: E402
from test_judge import INPUTS, gradient, judge, network, same  # noqa: E402


@pytest.mark.parametrize(
    "options, said",
    [
        *[({"settings": {key: None}}, f"{key}: judge.. sets that itself") for key in ("explainers", "model", "data")],
        ({"settings": {"expect": {"gradient": "FAIL"}}}, "expect: judge.. sets that itself"),
        ({"controls": None}, "controls: None: wanted a list"),
        ({"folder": __file__}, "File exists: name a folder that can be made"),
        ({"inputs": INPUTS.astype("f8") * 1e200}, "finite as float32"),
        ({"module": lambda: torch.jit.script(network())}, "ScriptModule"),
    ],
)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_what_a_slip_would_judge_is_refused(tmp_path, options, said):
    options = {"folder": str(tmp_path / "run"), "inputs": INPUTS, "module": network, **options}
    module, inputs = options.pop("module")(), options.pop("inputs")
    with pytest.raises(assay.AssayError, match=said):
        assay.judge(module, inputs, gradient, **options)


def test_whatever_a_method_did_to_the_module_is_undone(tmp_path):
    """The running means of a module in training mode are no weights that assay drew anew."""
    module = network()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    weight, first = module[0].weight, module[2]

    def careless(m, x, targets):
        found = gradient(m, x, targets)
        m.train()
        m(x)
        m[0].weight = torch.nn.Parameter(2 * m[0].weight.detach())
        m[2] = torch.nn.Tanh()
        return found

    report = judge(module, careless, tmp_path / "run")
    assert report.code == 3 and not module.training and module[0].weight is weight and module[2] is first
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_the_mode_of_inference_of_a_notebook_does_not_matter(tmp_path):
    module = network()
    with torch.inference_mode():
        assert judge(module, gradient, tmp_path / "run")["gradient", "cascading"] == "PASS"


def test_what_one_method_leaves_in_the_module_does_not_reach_the_next(tmp_path):
    """Logits cannot tell: a hook on the way back leaves them as they are."""

    def guided(m, x, targets):
        for part in m.modules():
            if isinstance(part, torch.nn.ReLU):
                part.register_full_backward_hook(lambda _, inputs, outputs: (inputs[0].clamp(min=0),))
        return gradient(m, x, targets)

    plugin = {"use": "gradient", "name": "plugin"}
    report = judge(network(), {"guided": guided, "after": gradient}, tmp_path / "run", baselines=[plugin], jobs=1)
    assert same(report, "after", "plugin"), report
    assert not same(report, "guided", "plugin"), report
    assert "guided: explain() leaves hooks" in str(report)


def test_a_reason_that_is_no_utf_8_is_a_reason(tmp_path):
    def broken(module, x, targets):
        raise ValueError("<b> \ud800 \u2028 \x1b[31m \udc00")

    report = judge(network(), broken, tmp_path / "run")
    assert "ValueError: <b> ?" in report.verdicts[0].reason, report


def test_a_temporary_folder_of_a_long_name_is_said(tmp_path, monkeypatch):
    long = tmp_path / ("x" * 110)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with pytest.raises(assay.AssayError, match="short TMPDIR"):
        judge(network(), gradient, tmp_path / "run")
    assert not list(long.iterdir())
