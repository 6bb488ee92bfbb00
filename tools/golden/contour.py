"""Golden contours: raters/tests/golden/contour.json.

Run: python3 tools/golden/contour.py      (makes .deps/golden and installs scikit-image if missing)

scikit-image's find_contours on inputs from a counter-based generator that raters/tests/contours.rs has too: random masks, and
smooth maps that are a coarse grid of whole numbers enlarged eight times by bilinear weights in whole numbers. A contour is
stored from its topmost, then leftmost vertex on, as x and y in turn. Only outputs are stored.
"""

import json

import environment

environment.ensure(["numpy", "scikit-image"])

import numpy as np  # noqa: E402
from skimage.measure import find_contours  # noqa: E402

MASK64 = (1 << 64) - 1
MASKS = [(1, 9, 12, 30), (2, 12, 9, 50), (3, 10, 10, 75), (4, 2, 7, 50)]
SMOOTH = [(5, 4, 0.5), (6, 5, 0.31), (7, 3, 0.62)]
ENLARGED = 8


def splitmix64(word: int) -> int:
    z = (word + 0x9E3779B97F4A7C15) & MASK64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK64
    return z ^ (z >> 31)


def draw(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """64-bit words by position in C order."""
    words = [splitmix64((seed << 40) + i) for i in range(int(np.prod(shape)))]
    return np.array(words, dtype=np.uint64).reshape(shape)


def random_mask(seed: int, height: int, width: int, percent: int) -> np.ndarray:
    return (draw(seed, (height, width)) % np.uint64(100) < percent).astype(float)


def smooth_map(seed: int, coarse: int) -> np.ndarray:
    grid = (draw(seed, (coarse, coarse)) >> np.uint64(48)).astype(np.int64)
    side = (coarse - 1) * ENLARGED + 1
    values = np.zeros((side, side), dtype=np.int64)
    for y in range(side):
        for x in range(side):
            (j, fy), (i, fx) = divmod(y, ENLARGED), divmod(x, ENLARGED)
            down, right = min(j + 1, coarse - 1), min(i + 1, coarse - 1)
            upper = (ENLARGED - fx) * grid[j, i] + fx * grid[j, right]
            lower = (ENLARGED - fx) * grid[down, i] + fx * grid[down, right]
            values[y, x] = (ENLARGED - fy) * upper + fy * lower
    return values / float(ENLARGED * ENLARGED * 65535)


def contours(values: np.ndarray, level: float) -> list[dict]:
    found = []
    for rows_and_columns in find_contours(values, level, positive_orientation="low"):
        points = [(float(x), float(y)) for y, x in rows_and_columns]
        closed = points[0] == points[-1]
        if closed:
            points = points[:-1]
            first = min(range(len(points)), key=lambda i: (points[i][1], points[i][0]))
            points = points[first:] + points[:first]
        found.append({"closed": closed, "points": [round(c, 9) for point in points for c in point]})
    return sorted(found, key=lambda contour: (contour["closed"], contour["points"][1], contour["points"][0]))


def main() -> None:
    golden = [
        {"seed": s, "height": h, "width": w, "percent": p, "level": 0.5, "contours": contours(random_mask(s, h, w, p), 0.5)}
        for s, h, w, p in MASKS
    ]
    golden += [
        {"seed": s, "coarse": c, "level": level, "contours": contours(smooth_map(s, c), level)} for s, c, level in SMOOTH
    ]
    path = environment.ROOT / "raters" / "tests" / "golden" / "contour.json"
    path.write_text("[\n" + ",\n".join(json.dumps(scenario) for scenario in golden) + "\n]\n")
    print(f"{path.relative_to(environment.ROOT)}: {sum(len(s['contours']) for s in golden)} contours")


if __name__ == "__main__":
    main()
