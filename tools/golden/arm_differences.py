"""Golden numbers of the statistics, from independent libraries: report/tests/golden/statistics.json. (A script named
statistics.py would hide Python's own module of that name.)

Run: python3 tools/golden/arm_differences.py

SciPy: Wilcoxon's signed-rank test (exact, exact with ties by enumerating signs, asymptotic), the paired permutation test, Friedman's test,
the studentised range. scikit-posthocs: Nemenyi's comparison. statsmodels: Holm. The bootstrap is written out in numpy on the draws that
report/src/statistics has (counter-based splitmix64), its quantiles and z by numpy and SciPy; SciPy's own BCa interval stands beside it, of
other draws. Inputs are stored with the outputs.
"""

import json

import environment

environment.ensure(["numpy", "scipy", "statsmodels", "scikit-posthocs"])

import numpy as np  # noqa: E402
import scikit_posthocs as posthocs  # noqa: E402
from scipy import stats  # noqa: E402
from statsmodels.stats.multitest import multipletests  # noqa: E402

MASK64 = (1 << 64) - 1
PATH = environment.ROOT / "report/tests/golden/statistics.json"


def splitmix64(word: int) -> int:
    z = (word + 0x9E3779B97F4A7C15) & MASK64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK64
    return z ^ (z >> 31)


def stream(seed: int, *place: int):
    key = splitmix64(seed)
    for part in place:
        key = splitmix64((splitmix64(key) + part) & MASK64)
    return lambda counter: (splitmix64((key + counter) & MASK64) >> 11) / 2.0**53


def wilcoxon(differences):
    """As SciPy has it; where sizes tie, every arrangement of signs is enumerated."""
    kept = np.array([d for d in differences if d != 0])
    ranks = stats.rankdata(np.abs(kept))
    statistic = float(ranks[kept > 0].sum())
    ties = len(set(np.abs(kept).tolist())) < len(kept)
    if len(kept) > 50:
        p = stats.wilcoxon(kept, method="asymptotic", correction=False).pvalue
    elif not ties:
        p = stats.wilcoxon(kept, method="exact").pvalue
    else:
        signed = ranks * np.sign(kept)

        def positive(x, axis):
            return np.where(x > 0, x, 0).sum(axis=axis)

        found = stats.permutation_test((signed,), positive, permutation_type="samples", vectorized=True, n_resamples=np.inf)
        p = found.pvalue
    return {"differences": list(map(float, differences)), "statistic": statistic, "p": float(p), "units": len(kept)}


def permutation(differences):
    found = stats.permutation_test(
        (np.array(differences),), np.mean, permutation_type="samples", vectorized=True, n_resamples=np.inf
    )
    return {"differences": list(map(float, differences)), "p": float(found.pvalue)}


def friedman(rows):
    rows = np.array(rows)
    found = stats.friedmanchisquare(*rows.T)
    ranks = np.array([stats.rankdata(row) for row in rows]).mean(0)
    pairs = posthocs.posthoc_nemenyi_friedman(rows).to_numpy()
    return {
        "rows": rows.tolist(),
        "statistic": float(found.statistic),
        "p": float(found.pvalue),
        "mean_ranks": ranks.tolist(),
        "nemenyi": pairs.tolist(),
    }


def bootstrap(nest, alpha, draws, seed):
    seeds, values = len(nest[0][0]), []
    for number in range(draws):
        draw, counter = stream(seed, number), 0

        def below(count):
            nonlocal counter
            counter += 1
            return int(draw(counter - 1) * count)

        chosen = [below(seeds) for _ in range(seeds)]
        cases = []
        for _ in nest:
            patient = nest[below(len(nest))]
            for _ in patient:
                case = patient[below(len(patient))]
                cases.append(np.mean([case[s] for s in chosen]))
        values.append(np.mean(cases))
    mean = np.mean([np.mean(case) for patient in nest for case in patient])
    left = [np.mean([np.mean(case) for at, patient in enumerate(nest) if at != out for case in patient]) for out in range(len(nest))]
    gaps = np.mean(left) - np.array(left)
    acceleration = (gaps**3).sum() / (6 * (gaps**2).sum() ** 1.5)
    bias = stats.norm.ppf((np.mean(np.array(values) < mean) + np.mean(np.array(values) <= mean)) / 2)
    z = bias + stats.norm.ppf([alpha / 2, 1 - alpha / 2])
    low, high = np.quantile(values, stats.norm.cdf(bias + z / (1 - acceleration * z)))
    flat = [float(np.mean(case)) for patient in nest for case in patient]
    plain = all(len(patient) == 1 for patient in nest) and seeds == 1
    beside = None
    if plain:
        found = stats.bootstrap((flat,), np.mean, n_resamples=50_000, confidence_level=1 - alpha, method="BCa", rng=1)
        beside = [float(found.confidence_interval.low), float(found.confidence_interval.high)]
    return {
        "nest": nest, "alpha": alpha, "draws": draws, "seed": seed,
        "mean": float(mean), "low": float(low), "high": float(high), "scipy": beside,
    }  # fmt: skip


def main() -> None:
    random = np.random.default_rng(7)

    def rounded(values, digits=4):
        return np.round(values, digits).tolist()

    p = rounded(random.uniform(0, 0.2, 7)) + [0.01, 0.01, 0.9]
    nested = [[rounded(random.normal(0.8, 0.05, 3)) for _ in range(1 + at % 3)] for at in range(12)]
    golden = {
        "wilcoxon": [
            wilcoxon(rounded(random.normal(0.02, 0.05, 6))),
            wilcoxon(rounded(random.normal(0.02, 0.05, 17))),
            wilcoxon([1, -2, 2, 2, 3, -1, 4, 0, 5, 0, 2]),
            wilcoxon([0.25, 0.25, 0.25, 0.25, 0.25, 0.25, -0.25]),
            wilcoxon(rounded(random.normal(0.01, 0.05, 90))),
            wilcoxon(rounded(random.normal(0.01, 0.03, 80), 2)),
        ],
        "permutation": [
            permutation(rounded(random.normal(0.02, 0.05, 6))),
            permutation(rounded(random.normal(0.03, 0.05, 13))),
            permutation([1.0, -1.0, 2.0, 2.0, -0.5, 0.0, 1.5]),
        ],
        "friedman": [
            friedman(rounded(random.normal(0.8, 0.05, (12, 4)) + np.array([0, 0.02, 0.04, 0.06]))),
            friedman(rounded(random.normal(0.8, 0.02, (9, 3)), 2)),
            friedman(rounded(random.normal(0.8, 0.05, (20, 7)))),
        ],
        "range": [
            {"q": q, "count": k, "p": float(stats.studentized_range.sf(q, k, np.inf))}
            for k in [2, 3, 7, 20]
            for q in [0.5, 2.0, 3.5, 5.0]
        ],
        "holm": {"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()},
        "bootstrap": [
            bootstrap([[[v]] for v in rounded(random.exponential(0.1, 25))], 0.05, 2000, 3),
            bootstrap(nested, 0.1, 500, 4),
        ],
    }
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(json.dumps(golden, indent=1) + "\n")
    print(f"{PATH.name}: {PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()
