"""Spearman by SciPy and SSIM by scikit-image, one thread, on the sizes of bench/measure.c."""
import time

import numpy as np
from scipy.stats import spearmanr
from skimage.metrics import structural_similarity

rng = np.random.default_rng(1)


def report(case, contender, run):
    wall, cpu = [], []
    for _ in range(21):
        w, c = time.perf_counter(), time.process_time()
        run()
        wall.append(1e3 * (time.perf_counter() - w))
        cpu.append(1e3 * (time.process_time() - c))
    print(case, contender, f"{min(wall):.6g}", f"{min(cpu):.6g}", "-", "-", sep="\t", flush=True)


def ssim(a, b):
    if a.ndim == 3:
        return np.mean([ssim(x, y) for x, y in zip(a, b)])
    span = max(a.max(), b.max()) - min(a.min(), b.min())
    return structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=span)


def both(a, b):
    for x, y in (a, b), (np.abs(a), np.abs(b)):
        spearmanr(x.ravel(), y.ravel())
        ssim(x, y)


for n, text in (784, "784"), (50176, "50,176"), (150528, "150,528"):
    a, b = rng.standard_normal((2, n)).astype(np.float32)
    report(f"Spearman, {text} values", "SciPy", lambda: spearmanr(a, b))
for side in 28, 224:
    a, b = rng.standard_normal((2, side, side))
    report(f"SSIM, {side} x {side}", "scikit-image, float64", lambda: ssim(a, b))
    a, b = a.astype(np.float32), b.astype(np.float32)
    report(f"SSIM, {side} x {side}", "scikit-image, float32", lambda: ssim(a, b))
for shape in (224, 224), (3, 224, 224):
    a, b = rng.standard_normal((2, *shape))
    report(f"both, signed and absolute, {' x '.join(map(str, shape))}", "SciPy, scikit-image", lambda: both(a, b))
