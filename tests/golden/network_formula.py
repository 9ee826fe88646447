"""What tests/unit/networks.h computes too: numbers from a hash, and the sketch of a map.

A sketch is the map's product with 128 rows of random signs: for any difference d of two maps, |sketch(d)|^2 / 128 is |d|^2 give or
take an eighth (Johnson & Lindenstrauss; Achlioptas 2003, "Database-friendly random projections"). So 128 numbers show whether two
maps of any size agree to 1e-4.
"""
import numpy as np

ROWS = 128
SAMPLES, SIGNS = 1 << 20, 1 << 21  # streams; tensors have the numbers below


def stream(number, count):
    """splitmix64 (Steele et al. 2014) of (stream, element)."""
    z = (np.uint64(number) << np.uint64(32)) + np.arange(count, dtype=np.uint64)
    with np.errstate(over="ignore"):
        z = (z + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(number, count):
    """In [-1, 1), 24 bits."""
    return (stream(number, count) >> np.uint64(40)).astype(np.float64) / 2**23 - 1


def tensor(number, shape, shift, scale):
    return (shift + scale * uniform(number, int(np.prod(shape)))).astype(np.float32).reshape(shape)


def sample(seed, shape):
    return tensor(SAMPLES + seed, shape, 0, 1.5)


def sketch(values):
    values = np.asarray(values, dtype=np.float64).ravel()
    bits = stream(SIGNS, 2 * values.size).view(np.uint8).reshape(values.size, 16)
    signs = np.unpackbits(bits, axis=1, bitorder="little").astype(np.float64) * 2 - 1
    return (values @ signs).astype(np.float32)
