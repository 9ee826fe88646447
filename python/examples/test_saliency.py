# test_saliency.py
import assay
import captum.attr as A
from fashion_cnn import inputs, module  # a torch.nn.Module in eval mode, and thirty of its inputs


def test_saliency():
    report = assay.judge(module, inputs, lambda m, x, t: A.Saliency(m).attribute(x, target=t, abs=False))
    assert report.passed, str(report)


def test_guided_backprop():
    report = assay.judge(module, inputs, lambda m, x, t: A.GuidedBackprop(m).attribute(x, target=t))
    assert report.passed, str(report)
