"""Percentile windows and resizing by NumPy and Pillow: raters/tests/golden/preprocess.json.

Run: python3 tools/golden/preprocess.py      (makes .deps/golden and installs numpy and pillow if missing)

numpy.percentile (linear) and Pillow's antialiased bilinear and nearest resizing, on a slice padded to a square as our rule
says, from a generator that raters/tests/preprocess.rs has too. Only outputs are stored.
"""

import json

import environment

environment.ensure(["numpy", "pillow"])

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from counter import words  # noqa: E402

# Rows, columns, target side: shrinking, growing, both by odd factors, a single row, and no change. Sides are such that no target
# pixel's middle falls between two source pixels, where Pillow's rounding would decide.
SHAPES = [(23, 31, 16), (40, 12, 16), (9, 7, 24), (16, 16, 16), (33, 33, 11), (1, 5, 8), (65, 48, 10)]
RULES = [(0, 100), (1, 99), (2.5, 90), (50, 75)]


def padded(array: np.ndarray) -> np.ndarray:
    side = max(array.shape)
    before = [(side - length) // 2 for length in array.shape]
    return np.pad(array, [(b, side - length - b) for b, length in zip(before, array.shape)])


def stretched(array: np.ndarray, low: float, high: float) -> np.ndarray:
    first, last = np.percentile(array, [low, high], method="linear")
    return np.clip((array - first) / (last - first), 0, 1)


def main() -> None:
    golden = []
    for seed, (rows, columns, size) in enumerate(SHAPES):
        drawn = words(seed, rows * columns).reshape(rows, columns)
        values = (drawn % np.uint64(1000)).astype(np.float64)
        mask = (drawn >> np.uint64(60) < 7).astype(np.uint8)
        low, high = RULES[seed % len(RULES)]
        image = stretched(values, low, high)
        resized = Image.fromarray(padded(image).astype(np.float32)).resize((size, size), Image.Resampling.BILINEAR)
        nearest = Image.fromarray(padded(mask)).resize((size, size), Image.Resampling.NEAREST)
        golden.append({
            "seed": seed, "rows": rows, "columns": columns, "size": size, "intensity": f"percentile:{low}:{high}",
            "image": [round(float(v), 7) for v in np.asarray(resized).ravel()],
            "mask": "".join(str(v) for v in np.asarray(nearest).ravel()),
        })
    path = environment.ROOT / "raters" / "tests" / "golden" / "preprocess.json"
    path.write_text(json.dumps(golden, indent=0) + "\n")
    print(f"{path.relative_to(environment.ROOT)}: {len(golden)} slices")


if __name__ == "__main__":
    main()
