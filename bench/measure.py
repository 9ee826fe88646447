"""The peers of bench/measure.c: SciPy and scikit-image on the same sizes; milliseconds, best of 21."""
import time

import numpy as np
import scipy
import skimage
from scipy.stats import spearmanr
from skimage.metrics import structural_similarity

rng = np.random.default_rng(1)


def best(run):
    times = []
    for _ in range(21):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


print(f"SciPy {scipy.__version__}, scikit-image {skimage.__version__}, NumPy {np.__version__}")
for n in 784, 50176, 150528:
    a, b = rng.standard_normal((2, n)).astype(np.float32)
    print(f"spearman {n:<25} {best(lambda: spearmanr(a, b)):9.4f} ms")
for side in 28, 224:
    a, b = rng.standard_normal((2, side, side)).astype(np.float32)
    for kind in np.float32, np.float64:
        x, y = a.astype(kind), b.astype(kind)
        span = max(x.max(), y.max()) - min(x.min(), y.min())
        run = lambda: structural_similarity(x, y, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
                                            data_range=span)
        print(f"ssim {side}x{side} {np.dtype(kind).name:<20} {best(run):9.4f} ms")
