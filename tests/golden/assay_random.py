"""The random numbers of framework/base/rng.c: element k of a stream is a function of (seed, k).

Philox 4x32-10: Salmon et al. 2011, doi:10.1145/2063384.2063405. Keys by SplitMix64's finaliser.
"""
import numpy as np

MASK = (1 << 64) - 1


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def block(key, position, domain):
    c = [position & 0xFFFFFFFF, position >> 32, domain, 0]
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k0, b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k1, a & 0xFFFFFFFF]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c


def words(seed, first, n, domain):
    key = mix(seed)
    all_words = [w for p in range(first // 4, (first + n + 3) // 4) for w in block(key, p, domain)]
    return np.array(all_words[first % 4:first % 4 + n], dtype=np.uint64)


def uniform(seed, first, n):
    return (words(seed, first, n, 1) >> np.uint64(8)).astype(np.float32) * np.float32(2.0**-24)


def normal(seed, first, n):
    """Box & Muller 1958, a pair for each two words."""
    start = first // 2 * 2
    w = words(seed, start, n + 2 + (n & 1), 2).astype(np.float64)
    radius = np.sqrt(-2 * np.log((w[0::2] + 1) * 2.0**-32))
    turn = 2 * np.pi * w[1::2] * 2.0**-32
    pairs = np.stack([radius * np.cos(turn), radius * np.sin(turn)], 1).ravel()
    return pairs[first - start:first - start + n].astype(np.float32)
