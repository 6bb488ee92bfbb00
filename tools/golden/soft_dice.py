"""Golden numbers of soft Dice and its companions: raters/tests/golden/soft_dice.json.

Run: python3 tools/golden/soft_dice.py      (makes .deps/golden and installs numpy if missing)

An implementation of its own, written threshold by threshold from the definition (paper 5.2.2 and the rules printed with each
metric), on inputs from a counter-based generator that raters/tests/golden.rs has too. Only outputs are stored.
"""

import json
from fractions import Fraction

import environment

environment.ensure(["numpy"])

import numpy as np  # noqa: E402

TENTHS = (1, 3, 5, 7, 9)
MASK64 = (1 << 64) - 1

SCENARIOS = [
    {"seed": 1, "raters": 7},
    {"seed": 2, "raters": 6},
    {"seed": 3, "raters": 3, "empty_masks": [1]},
    {"seed": 4, "raters": 10, "absent": [2, 9]},
    {"seed": 5, "raters": 2, "empty_masks": [0], "empty_predictions": [0]},
    {"seed": 6, "raters": 1},
    {"seed": 7, "raters": 4, "absent": [0], "empty_predictions": [1]},
]
RECURRENCES, STRUCTURES, HEIGHT, WIDTH = 2, 2, 12, 10


def splitmix64(word: int) -> int:
    z = (word + 0x9E3779B97F4A7C15) & MASK64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK64
    return z ^ (z >> 31)


def draw(seed: int, stream: int, shape: tuple[int, ...]) -> np.ndarray:
    """64-bit words by position in C order."""
    start = (seed << 40) + (stream << 32)
    words = [splitmix64(start + i) for i in range(int(np.prod(shape)))]
    return np.array(words, dtype=np.uint64).reshape(shape)


def inputs(scenario: dict):
    seed, raters = scenario["seed"], scenario["raters"]
    prediction = (draw(seed, 0, (RECURRENCES, STRUCTURES, HEIGHT, WIDTH)) >> np.uint64(48)).astype(np.uint16)
    bright = (prediction[0] >> 8).astype(int)
    luck = (draw(seed, 1, (raters, STRUCTURES, HEIGHT, WIDTH)) >> np.uint64(57)).astype(int)
    masks = (bright[None] + luck > 190).astype(int)
    confidences = draw(seed, 2, (RECURRENCES, raters, STRUCTURES, HEIGHT, WIDTH)) >> np.uint64(48)
    luck = (draw(seed, 3, (STRUCTURES, HEIGHT, WIDTH)) >> np.uint64(57)).astype(int)
    arbitrated = (bright + luck > 190).astype(int)
    for k in scenario.get("empty_masks", []):
        masks[:, k] = 0
        arbitrated[k] = 0
    for k in scenario.get("empty_predictions", []):
        prediction[:, k] = 0
    present = [m for m in range(raters) if m not in scenario.get("absent", [])]
    return prediction, masks, confidences.astype(np.uint16), arbitrated, present


def soft_dice(above_prediction, above_reference) -> float:
    total = 0.0
    for tenths in TENTHS:
        a, g = above_prediction(tenths), above_reference(tenths)
        total += (2.0 * np.sum(a & g) + 1e-4) / (np.sum(a) + np.sum(g) + 1e-4)
    return float(total / len(TENTHS))


def of_map(values: np.ndarray):
    return lambda tenths: values > np.float32(tenths / 10)


def of_votes(masks: np.ndarray):
    """Mean of hard masks [n, h, w] as exact fractions."""
    votes, of = masks.sum(axis=0), masks.shape[0]
    return lambda tenths: np.vectorize(lambda v: Fraction(int(v), of) > Fraction(tenths, 10))(votes)


def references(masks, arbitrated, present, k):
    own = masks[present, k]
    yield "mean", own
    yield "majority", (2 * own.sum(axis=0) > len(present)).astype(int)[None]
    yield "arbitrated", arbitrated[k][None]
    for m in present:
        yield f"rater:{m + 1}", masks[[m], k]
    for m in present:
        others = [other for other in present if other != m]
        if others:
            yield f"leave-one-out:{m + 1}", masks[others, k]


def scores(scenario: dict) -> dict[str, float]:
    prediction, masks, confidences, arbitrated, present = inputs(scenario)
    decoded = prediction.astype(np.float32) / np.float32(65535)
    trust = confidences.astype(np.float32) / np.float32(65535)
    found = {}
    for k in range(STRUCTURES):
        for rec in range(RECURRENCES):
            name = f"prediction/{rec}/s{k}"
            for reference, hard in references(masks, arbitrated, present, k):
                found[f"{name}/{reference}/soft_dice@1"] = soft_dice(of_map(decoded[rec, k]), of_votes(hard))
            found[f"{name}/alone/area@1"] = float(np.mean(decoded[rec, k] > 0.5))
            if rec > 0:
                change = np.abs(decoded[rec, k] - decoded[rec - 1, k])
                found[f"{name}/alone/change@1"] = float(np.mean(change, dtype=np.float64))
            spread = np.std(trust[rec, :, k].astype(np.float64), axis=0)
            found[f"{name}/alone/confidence_spread@1"] = float(np.mean(spread))
        for m in present:
            others = [other for other in present if other != m]
            if others:
                key = f"rater:{m + 1}/-/s{k}/leave-one-out:{m + 1}/soft_dice@1"
                found[key] = soft_dice(of_votes(masks[[m], k]), of_votes(masks[others, k]))
    return found


def main() -> None:
    golden = [{**scenario, "scores": scores(scenario)} for scenario in SCENARIOS]
    path = environment.ROOT / "raters" / "tests" / "golden" / "soft_dice.json"
    path.write_text(json.dumps(golden, indent=0) + "\n")
    print(f"{path.relative_to(environment.ROOT)}: {sum(len(s['scores']) for s in golden)} numbers")


if __name__ == "__main__":
    main()
