"""Random words by counter, for golden scripts that need NumPy alone: word i of seed s is splitmix64 of (s << 40) + i.

The Rust tests have the same function, so that only outputs are stored.
"""

import numpy as np


def words(seed: int, count: int) -> np.ndarray:
    """`count` 64-bit words."""
    with np.errstate(over="ignore"):
        z = np.arange(count, dtype=np.uint64) + np.uint64(seed << 40) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
