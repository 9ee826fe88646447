#!/usr/bin/env python3
"""Reference values of audit_logit_r: Pearson's correlation of two logit matrices after centring rows and columns (more
than two classes) or the grand mean alone. Writes tests/golden/audit/logit_r.txt: inputs, classes, r, then both matrices."""
import os
import numpy as np

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "audit")
os.makedirs(here, exist_ok=True)
rng = np.random.default_rng(20180310)


def centre(m):
    if m.shape[1] > 2:
        return m - m.mean(axis=1, keepdims=True) - m.mean(axis=0, keepdims=True) + m.mean()
    return m - m.mean()


def logit_r(a, b):
    return np.corrcoef(centre(a).ravel(), centre(b).ravel())[0, 1]


with open(os.path.join(here, "logit_r.txt"), "w") as out:
    out.write("# inputs classes r, then the logits of both networks (tests/golden/make_audit.py, numpy %s)\n" % np.__version__)
    for inputs, classes, share, scale in [(12, 10, 0, 1), (12, 10, .3, 1), (30, 10, .9, 1e3), (8, 3, -.5, 1), (10, 2, .5, 1),
                                          (10, 2, 0, 1e-3), (15, 1, .8, 1), (15, 1, -.2, 100)]:
        a = rng.normal(size=(inputs, classes)) + 5 * rng.normal(size=(1, classes)) + 3 * rng.normal(size=(inputs, 1))
        b = share * a + np.sqrt(1 - share * share) * rng.normal(size=(inputs, classes)) + 4 * rng.normal(size=(1, classes))
        a, b = a.astype(np.float32), (scale * b).astype(np.float32)
        out.write("%d %d %.17g\n" % (inputs, classes, logit_r(a.astype(np.float64), b.astype(np.float64))))
        for m in (a, b):
            out.write(" ".join("%.9g" % v for v in m.ravel()) + "\n")
