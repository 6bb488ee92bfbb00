"""The step of `mrprism_step.py` with each of its options changed, one a case, some with raters absent.

A case's name and a number decide its draws: the first number at which plain PyTorch agrees with itself when the images change
by 1e-7 or 1e-6. Elsewhere some sum lies so close to the kink of a ReLU, or some map to a threshold, that one pixel falls to
either side, and the gradients then say more about rounding than about the step.
"""

from mrprism_step import ABSENT, EVERYONE, run  # first: it chooses the Python

import itertools

from generator import write

KEYS = ["encoder.layer4.2.conv2.weight", "conp.stage2.join.conv.weight", "divp.stem1.conv.weight", "divp.heads.out"]
CASES = {
    "concat": {"integration": "concat"},
    "convlstm": {"integration": "convlstm"},
    "multi-head": {"multi_head": 0.3},
    "per-head": {"shuffle_form": "per_head"},
    "straight-through": {"shuffle_threshold": "straight_through"},
    "both": {"shuffle_gradient": "both"},
    "self": {"target": "self"},
    "head": {"confidence": "head"},
    "share": {"confidence": "share", "confidence_scale": "raters", "initial_scale": "normalised"},
    "log-head": {"confidence": "log_head"},
    "per-rater": {"initial_draw": "per_rater", "initial_noise_cell": 8},
    "divp-image": {"divp_input": "mask_image", "divp_stride": 4},
    "logit": {"divp_signal": "logit"},
    # A larger ε: with Adam's own the first update is the gradient's sign, which rounding decides where there is none.
    "recurrence": {"update": "recurrence", "eps": 0.01},
}
WITH_ABSENT = ["multi-head", "per-head", "share", "log-head", "per-rater"]

STEADY = 8e-5
NUDGES = [1e-7, -1e-7, 1e-6, -1e-6]
SAMPLES = 4


def apart(one, other):
    """How far two runs' gradients lie apart: norms relative to norms, sampled numbers to the tensor's largest."""
    worst = abs(one["gradient_norm"] / other["gradient_norm"] - 1)
    for key in KEYS:
        a, b = one["gradients"][key], other["gradients"][key]
        worst = max(worst, abs(a["norm"] / b["norm"] - 1))
        largest, step = max(abs(v) for v in b["values"]), max(1, len(b["values"]) // SAMPLES)
        pairs = list(zip(a["values"], b["values"]))[::step][:SAMPLES]
        worst = max(worst, *(abs(x - y) / largest for x, y in pairs))
    return worst


def steady(name, **changed):
    present = ABSENT if name in WITH_ABSENT else EVERYONE
    for number in itertools.count(1):
        case = f"{name}.{number}"
        whole = run(case, present, 1 << 30, KEYS, 0, **changed)
        worst = max(apart(whole, run(case, present, 1 << 30, KEYS, 0, nudge, **changed)) for nudge in NUDGES)
        print(f"{case}: {worst:.1e}", flush=True)
        if worst < STEADY:
            return case, run(case, present, SAMPLES, KEYS, 2, **changed)


if __name__ == "__main__":
    write("mrprism_switches", dict(steady(name, **changed) for name, changed in CASES.items()), lines=True)
