"""Golden numbers of the model-free fusions: raters/tests/golden/fusion.json.

Run: python3 tools/golden/staple.py      (makes .deps/golden and installs what is missing)

Masks are drawn by the counter-based generator that raters/tests/fusion_golden.rs has too; only outputs are stored.

* STAPLE: SimpleITK's STAPLEImageFilter, on which our model and its agree when its foreground value is 1 and its confidence
  weight 1 (the default: the prior is the mean of all decisions). It begins with W = mean of the masks and an M step and stops
  when no rate moved by more than 1e-7 in a step; its W is then the fixed point to far less than 1e-4.
* Dawid-Skene: crowd-kit's DawidSkene with pixels as tasks. It begins with the vote shares and an M step, and estimates the
  class prior after each E step. Over several cases with a prior each it has no counterpart; one case is compared.
* Majority: crowd-kit's MajorityVote, on odd numbers of raters (its ties are drawn).
* Shape-based average: the sign of the mean signed distance, by SciPy's exact Euclidean distance transform.
"""

import json
from pathlib import Path

import environment

environment.ensure(["numpy", "scipy", "SimpleITK", "crowd-kit"])

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import SimpleITK as sitk  # noqa: E402
from crowdkit.aggregation import DawidSkene, MajorityVote  # noqa: E402
from scipy.ndimage import distance_transform_edt  # noqa: E402

from soft_dice import draw  # noqa: E402

HEIGHT, WIDTH = 24, 20
# Each rater's chance in 128 to miss a pixel of the disc and to mark one outside it.
SCENARIOS = [
    {"seed": 21, "miss": [8, 16, 30], "stray": [4, 6, 3]},
    {"seed": 22, "miss": [10, 20, 5, 40, 12], "stray": [3, 8, 15, 2, 6]},
    {"seed": 23, "miss": [12, 18, 9, 33, 25, 14, 7], "stray": [5, 4, 9, 12, 3, 6, 8]},
    {"seed": 24, "miss": [15, 15, 50], "stray": [10, 3, 30]},
]
# Enough for every scenario to stand still.
STEPS = 2000
EVERY = 7


def masks(scenario: dict) -> np.ndarray:
    """[m, h, w]: a disc, missed and strayed from by each rater in their own way."""
    raters = len(scenario["miss"])
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    disc = (2 * y - 23) ** 2 + (2 * x - 19) ** 2 < 15**2
    luck = (draw(scenario["seed"], 0, (raters, HEIGHT, WIDTH)) >> np.uint64(57)).astype(int)
    chance = np.where(disc[None], np.reshape(scenario["miss"], (-1, 1, 1)), np.reshape(scenario["stray"], (-1, 1, 1)))
    return (disc[None] ^ (luck < chance)).astype(np.uint8)


def staple(drawn: np.ndarray) -> dict:
    chosen = sitk.STAPLEImageFilter()
    chosen.SetForegroundValue(1)
    chosen.SetConfidenceWeight(1.0)
    chosen.SetMaximumIterations(STEPS)
    w = sitk.GetArrayFromImage(chosen.Execute([sitk.GetImageFromArray(mask) for mask in drawn]))
    assert chosen.GetElapsedIterations() < STEPS
    return {
        "map": sample(w),
        "marked": int((w > 0.5).sum()),
        "sensitivity": rounded(chosen.GetSensitivity()),
        "specificity": rounded(chosen.GetSpecificity()),
    }


def answers(drawn: np.ndarray) -> pd.DataFrame:
    flat = drawn.reshape(len(drawn), -1)
    rows = [(pixel, rater, int(flat[rater, pixel])) for rater in range(len(flat)) for pixel in range(flat.shape[1])]
    return pd.DataFrame(rows, columns=["task", "worker", "label"])


def dawid_skene(drawn: np.ndarray) -> dict:
    # A tolerance no step can miss: all steps are taken.
    model = DawidSkene(n_iter=300, tol=-1.0).fit(answers(drawn))
    w = model.probas_.sort_index()[1].to_numpy().reshape(HEIGHT, WIDTH)
    raters = range(len(drawn))
    return {
        "map": sample(w),
        "marked": int((w > 0.5).sum()),
        "sensitivity": rounded(model.errors_.loc[(m, 1), 1] for m in raters),
        "specificity": rounded(model.errors_.loc[(m, 0), 0] for m in raters),
        "prior": float(model.priors_[1]),
    }


def majority(drawn: np.ndarray) -> list[int]:
    return [int(v) for v in MajorityVote().fit_predict(answers(drawn)).sort_index()][::EVERY]


def shape_average(drawn: np.ndarray) -> dict:
    mean = np.mean([distance_transform_edt(mask) - distance_transform_edt(1 - mask) for mask in drawn], axis=0)
    # A mean of 0 is a tie, which rounding must not decide.
    fused = mean > 1e-9
    return {"mask": [int(v) for v in fused.ravel()][::EVERY], "marked": int(fused.sum())}


def sample(values: np.ndarray) -> list[float]:
    return rounded(values.ravel()[::EVERY])


def rounded(values) -> list[float]:
    return [float(f"{value:.7g}") for value in values]


def main() -> None:
    golden = []
    for scenario in SCENARIOS:
        drawn = masks(scenario)
        golden.append(
            {
                **scenario,
                "every": EVERY,
                "staple": staple(drawn),
                "dawid_skene": dawid_skene(drawn),
                "majority": majority(drawn),
                "shape_average": shape_average(drawn),
            }
        )
    path: Path = environment.ROOT / "raters" / "tests" / "golden" / "fusion.json"
    path.write_text(json.dumps(golden, indent=0) + "\n")
    print(f"{path.relative_to(environment.ROOT)}: {len(golden)} sets of masks")


if __name__ == "__main__":
    main()
