"""What n paired runs can say: differences with intervals, and tests for many at once.

Intervals show chance between seeds only, never errors of data or model. Leaves out where the values are from, and the
words for an answer (`verdicts`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student_t

from twin import chance

CONFIDENCE = 0.95
POWER = 0.8
"""Share of studies in which an effect of the smallest detectable size would be seen (Cohen 1988)."""
FALSE_DISCOVERIES = 0.05
"""Accepted share of false alarms among the streets that are called clear."""
RESAMPLES = 2000
MOST_PAIRS = 1_000_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean difference, after less before, with its interval. `n`: pairs (or runs of the smaller arm).

    With fewer than two pairs there is no interval (NaN), unless the only difference is exactly 0.
    """

    mean: float
    low: float
    high: float
    n: int
    sd: float = float("nan")
    p: float = float("nan")  # two-sided, of no difference at all

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2.0

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0.0 or self.high < 0.0


@dataclass(frozen=True, eq=False)
class ManyEstimates:
    """Estimates of many things at once, each array (n_things,); `p`: two-sided, of no difference at all."""

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    p: NDArray[np.float64]


def paired(before: ArrayLike, after: ArrayLike, *, confidence: float = CONFIDENCE) -> Estimate:
    """Mean of the paired differences with its Student-t interval, mean ± t·s/√n; pairs with a gap are left out.

    >>> five = paired([0, 0, 0, 0, 0], [-4, -6, -5, -3, -7])
    >>> five.mean, round(five.half_width, 2)
    (-5.0, 1.96)
    """
    differences = np.asarray(after, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    differences = differences[np.isfinite(differences)]
    if not len(differences):
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    many = paired_many(differences.reshape(-1, 1), confidence=confidence)
    sd = float(differences.std(ddof=1)) if len(differences) > 1 else float("nan")
    return Estimate(
        float(many.mean[0]), float(many.low[0]), float(many.high[0]), len(differences), sd, float(many.p[0])
    )


def paired_many(differences: NDArray[np.float64], *, confidence: float = CONFIDENCE) -> ManyEstimates:
    """Student-t intervals and p-values of many paired differences: (n_pairs, n_things).

    Differences that are all exactly 0 give exactly 0 with interval [0, 0] and p = 1.
    """
    n = differences.shape[0]
    mean = differences.mean(axis=0)
    is_zero = ~differences.any(axis=0)
    if n < 2:
        unknown = np.where(is_zero, 0.0, np.nan)
        return ManyEstimates(mean, unknown, unknown, np.where(is_zero, 1.0, np.nan))
    error = differences.std(axis=0, ddof=1) / np.sqrt(n)
    reach = student_t.ppf(0.5 + confidence / 2.0, n - 1) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.abs(mean) / error
    p = np.where(is_zero, 1.0, 2.0 * student_t.sf(ratio, n - 1))
    return ManyEstimates(mean, mean - reach, mean + reach, p)


def bootstrapped(
    before: ArrayLike, after: ArrayLike, *, seed: int, resamples: int = RESAMPLES, confidence: float = CONFIDENCE
) -> Estimate:
    """Mean of the paired differences with its percentile bootstrap interval; pairs are drawn whole, keyed by `seed`.

    Source: Efron & Tibshirani 1993, ch. 13. It is too narrow for few pairs: shown beside the t interval, not for it.
    """
    differences = np.asarray(after, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    differences = differences[np.isfinite(differences)]
    n = len(differences)
    if n < 2:
        return paired(np.zeros(n), differences, confidence=confidence)
    draws = chance.uniform(seed, "bootstrap", np.arange(resamples * n)).reshape(resamples, n)
    means = differences[(draws * n).astype(np.int64)].mean(axis=1)
    low, high = np.quantile(means, [0.5 - confidence / 2.0, 0.5 + confidence / 2.0])
    return Estimate(float(differences.mean()), float(low), float(high), n, float(differences.std(ddof=1)))


def unpaired(before: ArrayLike, after: ArrayLike, *, confidence: float = CONFIDENCE) -> Estimate:
    """The interval these runs would give if their pairing were not known (Welch 1947): what pairing is worth."""
    first, second = (np.asarray(values, dtype=np.float64) for values in (before, after))
    n = min(len(first), len(second))
    difference = float(second.mean() - first.mean()) if n else float("nan")
    if n < 2:
        return Estimate(difference, float("nan"), float("nan"), n)
    parts = [values.var(ddof=1) / len(values) for values in (first, second)]
    variance = float(sum(parts))
    if variance == 0.0:
        return Estimate(difference, difference, difference, n, 0.0)
    freedom = variance**2 / (parts[0] ** 2 / (len(first) - 1) + parts[1] ** 2 / (len(second) - 1))
    reach = float(student_t.ppf(0.5 + confidence / 2.0, freedom)) * math.sqrt(variance)
    return Estimate(difference, difference - reach, difference + reach, n, math.sqrt(variance * n))


def pair_correlation(before: ArrayLike, after: ArrayLike) -> float:
    """Correlation of the arms over seeds, −1 to 1; not above 0: pairing did not work. NaN: one arm is constant.

    >>> round(pair_correlation([1, 2, 3], [2, 3, 4]), 9)
    1.0
    """
    first, second = (np.asarray(values, dtype=np.float64) for values in (before, after))
    if len(first) < 2 or not first.std() > 0.0 or not second.std() > 0.0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted so that any false alarm among them stays as rare as asked (Holm 1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    raised = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(raised, 1.0)
    return [float(value) for value in adjusted]


def false_discovery(p_values: ArrayLike) -> NDArray[np.float64]:
    """p-values adjusted for the share of false alarms among findings (Benjamini & Hochberg 1995); NaN stays NaN.

    >>> false_discovery([0.01, 0.04, 0.03, 0.5]).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    p = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full_like(p, np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted


def smallest_detectable(sd: float, n: int, *, power: float = POWER, confidence: float = CONFIDENCE) -> float:
    """Smallest true difference that n pairs would show in a share `power` of studies (unit of `sd`); NaN below 2 pairs.

    (t for the interval + t for the power) · sd/√n; `sd` is that of the paired differences. Source: Cohen 1988.
    """
    if n < 2:
        return float("nan")
    reach = float(student_t.ppf(0.5 + confidence / 2.0, n - 1)) + float(student_t.ppf(power, n - 1))
    return reach * sd / math.sqrt(n)


def pairs_needed(sd: float, half_width: float, *, confidence: float = CONFIDENCE) -> int:
    """Fewest pairs, two or more, whose interval is no wider than ± `half_width`, given the differences' `sd`.

    Raises ValueError where no number of pairs up to a million is enough.

    >>> pairs_needed(8.0, 2.0)
    64
    """

    def reach(n: int) -> float:
        return float(student_t.ppf(0.5 + confidence / 2.0, n - 1)) * sd / math.sqrt(n)

    if not half_width > 0.0 or not reach(MOST_PAIRS) <= half_width:
        raise ValueError(f"no number of pairs up to {MOST_PAIRS} gives ± {half_width:g} with a deviation of {sd:g}")
    enough, too_few = 2, 1
    while reach(enough) > half_width:
        too_few, enough = enough, 2 * enough
    while enough - too_few > 1:  # the reach falls with every pair, so halving finds the first that is enough
        middle = (too_few + enough) // 2
        too_few, enough = (too_few, middle) if reach(middle) <= half_width else (middle, enough)
    return enough
