"""`pytest`: the method is judged in this process, where breakpoints work."""

import assay

from method import explain
from network import inputs, module, targets


def test_the_map_depends_on_the_network():
    report = assay.judge(
        module, inputs, explain, targets=targets, controls=["cascading", "linear-identity", "zero-pixel"]
    )
    assert report.passed, str(report)
