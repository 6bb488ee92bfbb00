"""Golden numbers of the metrics beside soft Dice, from independent libraries: raters/tests/golden/metrics.json.

Run: python3 tools/golden/metrics.py

scikit-learn (Dice, IoU, sensitivity, specificity, precision, Brier), MONAI (Hausdorff distance, average surface distance, the bins
of the reliability curve), statsmodels (Fleiss' kappa), numpy by hand (GED squared, best match, soft IoU). Inputs come from a
counter-based generator that raters/tests/golden_metrics.rs has too; only outputs are stored.

Where a library has no number of its own (an empty mask), nothing is stored: those rules are ours and tested by hand.
"""

import json
import warnings

import environment

environment.ensure(["numpy", "torch", "monai", "scikit-learn", "statsmodels"])

import numpy as np  # noqa: E402
import torch  # noqa: E402
from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance  # noqa: E402
from monai.metrics.calibration import calibration_binning  # noqa: E402
from sklearn import metrics as sk  # noqa: E402
from sklearn.exceptions import UndefinedMetricWarning  # noqa: E402
from statsmodels.stats.inter_rater import fleiss_kappa  # noqa: E402

MASK64 = (1 << 64) - 1
# Rows, columns, raters and hypotheses; `specks` is how many pixels of 256 are flipped at random.
SCENARIOS = [
    {"seed": 1, "height": 24, "width": 31, "raters": 7, "hypotheses": 7, "specks": 0},
    {"seed": 2, "height": 40, "width": 17, "raters": 6, "hypotheses": 3, "specks": 4},
    {"seed": 3, "height": 12, "width": 12, "raters": 3, "hypotheses": 1, "specks": 40},
    {"seed": 4, "height": 64, "width": 48, "raters": 2, "hypotheses": 5, "specks": 1},
]


def splitmix64(word: int) -> int:
    z = (word + 0x9E3779B97F4A7C15) & MASK64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK64
    return z ^ (z >> 31)


def word(seed: int, stream: int, index: int) -> int:
    return splitmix64((seed << 40) + (stream << 32) + index)


def mask(scenario: dict, stream: int) -> np.ndarray:
    """A drawn disc, which may touch the image's edge, with specks."""
    seed, h, w = scenario["seed"], scenario["height"], scenario["width"]
    cy, cx = 3 * h // 8 + word(seed, stream, 0) % (h // 4), 3 * w // 8 + word(seed, stream, 1) % (w // 4)
    radius = min(h, w) // 5 + word(seed, stream, 2) % (min(h, w) // 3)
    flips = np.array([word(seed, stream, 3 + i) % 256 < scenario["specks"] for i in range(h * w)]).reshape(h, w)
    y, x = np.mgrid[:h, :w]
    return (((y - cy) ** 2 + (x - cx) ** 2 <= radius**2) ^ flips).astype(np.uint8)


def inputs(scenario: dict):
    seed, h, w = scenario["seed"], scenario["height"], scenario["width"]
    masks = np.stack([mask(scenario, 100 + m) for m in range(scenario["raters"])])
    hypotheses = np.stack([mask(scenario, 200 + j) for j in range(scenario["hypotheses"])])
    # Near the share of raters, with values on the bounds of bins among them: steps of 1/40 in 16-bit fixed point.
    luck = np.array([word(seed, 300, i) % 21 for i in range(h * w)]).reshape(h, w).astype(int) - 10
    steps = np.clip((40 * masks.sum(axis=0).astype(int)) // scenario["raters"] + luck, 0, 40)
    fixed = (steps * 65535) // 40
    return masks, hypotheses, fixed.astype(np.float32) / np.float32(65535)


def overlaps(prediction: np.ndarray, reference: np.ndarray) -> dict[str, float]:
    a, g = prediction.ravel(), reference.ravel()
    return {
        "dice": sk.f1_score(g, a),
        "iou": sk.jaccard_score(g, a),
        "sensitivity": sk.recall_score(g, a),
        "specificity": sk.recall_score(g, a, pos_label=0),
        "precision": sk.precision_score(g, a),
    }


def distances(prediction: np.ndarray, reference: np.ndarray) -> dict[str, float]:
    a, g = (torch.from_numpy(mask)[None, None].float() for mask in (prediction, reference))
    hausdorff = {
        f"hausdorff_{percentile}": compute_hausdorff_distance(a, g, include_background=True, percentile=percentile)
        for percentile in (50, 95, 100)
    }
    mean = compute_average_surface_distance(a, g, include_background=True, symmetric=True)
    return {**{name: value.item() for name, value in hausdorff.items()}, "average_surface_distance": mean.item()}


def calibration(probability: np.ndarray, masks: np.ndarray) -> dict:
    """MONAI's bins; the Brier score against single marks (scikit-learn) less what no prediction changes."""
    raters, frequency = len(masks), masks.mean(axis=0)
    # MONAI's bounds lie a little (1e-7 of 1) above ours, so that it puts a value on a bound into the lower bin as we do.
    confidence, observed, count = calibration_binning(
        torch.from_numpy(probability)[None, None],
        torch.from_numpy(frequency.astype(np.float32))[None, None],
        num_bins=10,
        right=False,
    )
    confidence, observed, count = (found[0, 0].double().numpy() for found in (confidence, observed, count))
    filled = count > 0
    ece = np.sum(count[filled] * np.abs(confidence[filled] - observed[filled])) / probability.size
    marks = masks.reshape(raters, -1).ravel()
    of_marks = sk.brier_score_loss(marks, np.tile(probability.astype(np.float64).ravel(), raters))
    noted = lambda values: [None if np.isnan(value) else float(value) for value in values]  # noqa: E731
    return {
        "ece": float(ece),
        "brier": float(of_marks - np.mean(frequency * (1 - frequency))),
        "count": [int(value) for value in count],
        "confidence": noted(confidence),
        "frequency": noted(observed),
    }


def iou(a: np.ndarray, b: np.ndarray) -> float:
    either = np.logical_or(a, b).sum()
    return 1.0 if either == 0 else float(np.logical_and(a, b).sum() / either)


def ged_squared(hypotheses: np.ndarray, masks: np.ndarray) -> float:
    mean = lambda xs, ys: np.mean([[1 - iou(x, y) for y in ys] for x in xs])  # noqa: E731
    return float(2 * mean(hypotheses, masks) - mean(hypotheses, hypotheses) - mean(masks, masks))


def best_match_dice(hypotheses: np.ndarray, masks: np.ndarray) -> float:
    matrix = [[sk.f1_score(mask.ravel(), hypothesis.ravel()) for hypothesis in hypotheses] for mask in masks]
    return float(np.mean(np.max(matrix, axis=1)))


def soft_iou(probability: np.ndarray, masks: np.ndarray) -> float:
    """Threshold by threshold; votes are compared as whole numbers."""
    total, votes = 0.0, masks.sum(axis=0).astype(int)
    for tenths in (1, 3, 5, 7, 9):
        a, g = probability > np.float32(tenths / 10), votes * 10 > tenths * len(masks)
        total += (np.sum(a & g) + 1e-6) / (np.sum(a | g) + 1e-6)
    return float(total / 5)


def kappa(masks: np.ndarray) -> float:
    votes = masks.sum(axis=0).ravel().astype(int)
    return float(fleiss_kappa(np.stack([len(masks) - votes, votes], axis=1), method="fleiss"))


def numbers(scenario: dict) -> dict:
    masks, hypotheses, probability = inputs(scenario)
    hard = (probability > 0.5).astype(np.uint8)
    majority = (2 * masks.sum(axis=0).astype(int) > len(masks)).astype(np.uint8)
    return {
        "pairs": [{**overlaps(h, m), **distances(h, m)} for h in hypotheses for m in masks],
        "prediction": {**overlaps(hard, majority), **distances(hard, majority)},
        "calibration": calibration(probability, masks),
        "soft_iou": soft_iou(probability, masks),
        "ged_squared": ged_squared(hypotheses, masks),
        "best_match_dice": best_match_dice(hypotheses, masks),
        "fleiss_kappa": kappa(masks),
    }


def main() -> None:
    # MONAI warns of its own next version; a score that scikit-learn cannot define must not be stored.
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("error", category=UndefinedMetricWarning)
    golden = [{**scenario, **numbers(scenario)} for scenario in SCENARIOS]
    path = environment.ROOT / "raters" / "tests" / "golden" / "metrics.json"
    path.write_text(json.dumps(golden, indent=0) + "\n")
    print(f"{path.relative_to(environment.ROOT)}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
