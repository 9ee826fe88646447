"""Reference values for tests/unit/{npy,spearman,ssim,interval,measures}.c from SciPy, scikit-image and NumPy.

    python3 tests/golden/make_measure.py        (SciPy 1.17, scikit-image 0.26, NumPy 2.4 made the committed files)

Writes tests/golden/measure/: the maps of pair NAME as NAME-a.npy, NAME-b.npy (float32, C x H x W) and NAME-mask.npy
(1 where the pixel is in), and the references as tables of words and numbers.
"""
import pathlib

import numpy as np
from scipy import stats
from scipy.ndimage import gaussian_filter
from scipy.spatial import distance
from skimage.feature import hog as skimage_hog
from skimage.metrics import structural_similarity

OUT = pathlib.Path(__file__).parent / "measure"
OUT.mkdir(exist_ok=True)
rng = np.random.default_rng(20240229)


def pairs():
    """name -> (a, b, mask); every map is C x H x W."""
    noise = lambda *shape: rng.standard_normal(shape)
    smooth = lambda *shape: gaussian_filter(noise(*shape), (0, 2, 2))
    a = noise(1, 28, 28)
    yield "noise", a, .6 * a + .8 * noise(1, 28, 28), rng.random((1, 28, 28)) < .5
    a = smooth(1, 28, 28)
    yield "smooth", a, a + .3 * smooth(1, 28, 28), rng.random((1, 28, 28)) < .7
    # What an input-multiplied map of a digit looks like: most pixels exactly zero, some of them -0.
    mask = rng.random((1, 28, 28)) < .2
    a, b = noise(1, 28, 28) * mask, noise(1, 28, 28) * mask
    yield "zeros", a, a + b, mask
    yield "ties", np.round(2 * noise(1, 28, 28)), np.round(2 * noise(1, 28, 28)), rng.random((1, 28, 28)) < .5
    a = smooth(1, 28, 28)
    yield "negated", a, -a, rng.random((1, 28, 28)) < .5
    yield "positive", np.abs(noise(1, 28, 28)), np.abs(smooth(1, 28, 28)), rng.random((1, 28, 28)) < .5
    # The same pattern at both ends of float32, far from zero, and with an offset that dwarfs the signal.
    a, b = smooth(1, 16, 16), smooth(1, 16, 16)
    yield "huge", 1e30 * a, 1e30 * (a + b), rng.random((1, 16, 16)) < .5
    yield "tiny", 1e-30 * a, 1e-30 * (a + b), rng.random((1, 16, 16)) < .5
    yield "unequal", 1e4 * a, b, rng.random((1, 16, 16)) < .5
    yield "offset", a + 1e3, a + b + 1e3, rng.random((1, 16, 16)) < .5
    a = smooth(3, 20, 33)
    yield "channels", a, a + smooth(3, 20, 33), rng.random((3, 20, 33)) < .5
    yield "smallest", noise(1, 11, 11), noise(1, 11, 11), np.ones((1, 11, 11)) > 0
    yield "features", noise(1, 1, 30), np.round(noise(1, 1, 30)), rng.random((1, 1, 30)) < .6


def ssim(a, b, mask):
    """Mean over channels of the mean over the pixels that are set and at least 5 from the border."""
    if min(a.shape[1:]) < 11:
        return float("nan")
    span = max(a.max(), b.max()) - min(a.min(), b.min())
    means = []
    for x, y, m in zip(a, b, mask):
        _, full = structural_similarity(x, y, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
                                        data_range=span, full=True)
        inner, m = full[5:-5, 5:-5], m[5:-5, 5:-5]
        if m.all():
            mean = structural_similarity(x, y, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
                                         data_range=span)
            assert abs(mean - inner.mean()) < 1e-12
        if m.any():
            means.append(inner[m].mean())
    return np.mean(means)


def top(x, y):
    """Overlap of the highest tenth; values that tie at its edge are in it in equal parts."""
    k = -(-len(x) // 10)
    weights = []
    for v in x, y:
        edge = np.sort(v)[-k]
        weights.append(np.where(v > edge, 1., np.where(v == edge, (k - (v > edge).sum()) / (v == edge).sum(), 0.)))
    return np.minimum(*weights).sum() / k


def hog(a, b):
    if min(a.shape[1:]) < 24:
        return float("nan")
    x, y = (np.concatenate([skimage_hog(c, orientations=9, pixels_per_cell=(8, 8), cells_per_block=(3, 3),
                                        block_norm="L2-Hys") for c in m]) for m in (a, b))
    return np.corrcoef(x, y)[0, 1]


def more(x, y, m, sign, where):
    """pearson cosine top-10 hog ssim-flip, in this order."""
    flip = ssim(x, y, m) if sign == "absolute" else max(ssim(x, y, m), ssim(x, -y, m))
    values = (stats.pearsonr(x[m], y[m]).statistic, 1 - distance.cosine(x[m], y[m]), top(x[m], y[m]),
              hog(x, y) if where == "all" else float("nan"), flip)
    return " ".join(f"{v:.17g}" for v in values)


def similarity():
    others = ["# pair view pearson(scipy) cosine(scipy) top-10(numpy) hog(skimage.feature.hog) ssim-flip(skimage)"]
    lines = ["# pair view spearman(scipy.stats.spearmanr) ssim(skimage.metrics.structural_similarity)"]
    for name, a, b, mask in pairs():
        a, b = a.astype(np.float32), b.astype(np.float32)
        np.save(OUT / f"{name}-a.npy", a)
        np.save(OUT / f"{name}-b.npy", b)
        np.save(OUT / f"{name}-mask.npy", mask.astype(np.float32))
        for sign in "signed", "absolute":
            x, y = a.astype(np.float64), b.astype(np.float64)
            if sign == "absolute":
                x, y = np.abs(x), np.abs(y)
            for where in "all", "nonzero":
                m = mask if where == "nonzero" else np.ones_like(mask)
                rho = stats.spearmanr(x[m], y[m]).statistic
                lines.append(f"{name} {sign}/{where} {rho:.17g} {ssim(x, y, m):.17g}")
                others.append(f"{name} {sign}/{where} {more(x, y, m, sign, where)}")
    (OUT / "similarity.txt").write_text("\n".join(lines) + "\n")
    (OUT / "measures.txt").write_text("\n".join(others) + "\n")


def student():
    lines = ["# p df quantile(scipy.stats.t.ppf) t cdf(scipy.stats.t.cdf)"]
    for df in .5, 1, 1.3, 2.7, 4, 30, 31.9, 32.1, 1e3, 99999, 100001, 1e6, 1e9, 1e12:
        for p in .95, .99, .9983, .5, .05, .6, 1e-6, .51:
            quantile = stats.t.ppf(p, df)
            t = round(quantile, 2)
            lines.append(f"{p!r} {df!r} {quantile:.17g} {t:.17g} {stats.t.cdf(t, df):.17g}")
    (OUT / "student.txt").write_text("\n".join(lines) + "\n")


def two_way(y):
    """The formula of verdict.md, section 1, written with whole arrays; NaN is a missing cell."""
    grand = np.nanmean(y)
    rows, columns = ~np.isnan(y).all(1), ~np.isnan(y).all(0)
    y = y[rows][:, columns]
    R, n = y.shape
    a, b = np.nanmean(y, 1) - grand, np.nanmean(y, 0) - grand
    e = y - grand - a[:, None] - b[None, :]
    va, vb = (a ** 2).sum() / ((R - 1) * R), (b ** 2).sum() / ((n - 1) * n)
    ve = np.nansum(e ** 2) / ((R - 1) * (n - 1) * R * n)
    V = max(va + vb - ve, va, vb)
    return grand, V, V ** 2 / (va ** 2 / (R - 1) + vb ** 2 / (n - 1))


def interval():
    lines = ["# rows columns mean variance df lower(.05) upper(.05/3), then the cells, row by row"]
    for R, n, sa, sb, se, missing in [(5, 8, .1, .3, .1, 0), (5, 8, .1, .3, .1, .2), (4, 30, 0, 0, 1, 0),
                                      (2, 2, 1, 1, .1, 0), (10, 6, .5, 0, .01, .4), (6, 7, .2, .2, .2, "line")]:
        y = .2 + sa * rng.standard_normal((R, 1)) + sb * rng.standard_normal((1, n)) + se * rng.standard_normal((R, n))
        if missing == "line":
            y[2], y[:, 4], y[0, 0] = np.nan, np.nan, np.nan
        else:
            y[rng.random(y.shape) < missing] = np.nan
        mean, V, df = two_way(y)
        lower, upper = mean - stats.t.ppf(.95, df) * V ** .5, mean + stats.t.ppf(1 - .05 / 3, df) * V ** .5
        cells = " ".join(f"{v:.17g}" for v in y.ravel())
        lines.append(f"{R} {n} {mean:.17g} {V:.17g} {df:.17g} {lower:.17g} {upper:.17g} {cells}")
    (OUT / "interval.txt").write_text("\n".join(lines) + "\n")


def ranks():
    lines = ["# n, then n values, then their n ranks (scipy.stats.rankdata, method average)"]
    for values in ([3], [2, 1], [0, -0., 0, 1, -1], [5, 5, 5, 5], [-1.5, -1e-45, 0, 1e-45, 3.4e38, -3.4e38],
                   list(np.round(3 * rng.standard_normal(40))), list(rng.standard_normal(25).astype(np.float32))):
        words = [len(values), *values, *stats.rankdata(values)]
        lines.append(" ".join(f"{float(v):.9g}" for v in words))
    (OUT / "ranks.txt").write_text("\n".join(lines) + "\n")


np.save(OUT / "float64.npy", np.array([[.1, -2.5, 1e10], [0, np.inf, np.nan]]))  # for tests/unit/npy.c
similarity()
student()
interval()
ranks()
