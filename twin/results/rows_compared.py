"""Each metric before and after: one row a metric and area, with both kinds of interval, what pairing was worth, what
could have been seen, and the word for it when all rows are judged together.
"""

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from twin.results.dictionary import METRICS
from twin.results.estimates import Estimate, bootstrapped, pair_correlation, paired, smallest_detectable, unpaired
from twin.results.verdicts import (
    PRIMARY_METRICS,
    adjusted,
    exact_verdict,
    held_together,
    refused_where,
    verdict_of,
)

BOOTSTRAP_SEED = 0
"""The same pairs are drawn for every metric, so that their bootstrap intervals belong together."""

ROW_COLUMNS = {
    "metric": ("id", "one of dictionary.METRICS"),
    "area": ("word", "city; near: within 2 km of a measure; or a kind and a name, as in `areas`"),
    "unit": ("text", "the metric's unit"),
    "before": ("unit", "mean over seeds; null: cannot be measured"),
    "after": ("unit", "mean over seeds"),
    "difference": ("unit", "mean of the paired differences, after less before"),
    "ci_low": ("unit", "95 % interval by Student's t, low end; null with fewer than two pairs, or without chance"),
    "ci_high": ("unit", "95 % interval, high end"),
    "bootstrap_low": ("unit", "95 % interval by the bootstrap of pairs, low end; too narrow for few pairs"),
    "bootstrap_high": ("unit", "95 % interval by the bootstrap, high end"),
    "n": ("count", "pairs of runs"),
    "paired_sd": ("unit", "standard deviation of the paired differences"),
    "unpaired_sd": ("unit", "the same if pairing were not known: √(variance before + variance after)"),
    "correlation": ("−1 to 1", "of the arms over seeds; not above 0: pairing did not work; null: an arm is constant"),
    "seen_from": ("unit", "smallest true difference that four of five such studies would show"),
    "p": ("0–1", "of no difference at all, this row alone, two-sided"),
    "p_together": ("0–1", "the same held together with the other rows; null: no good direction"),
    "is_primary": ("true/false", "one of the named primary measures"),
    "verdict": ("word", "better, worse, no_difference, refused, or neutral: none"),
}


def compare_rows(replications: pd.DataFrame, refusals: Collection[str] = ()) -> pd.DataFrame:
    """One row a metric and area, with ROW_COLUMNS, in the order of the replications.

    `replications`: columns as comparison.REPLICATION_COLUMNS, the same seeds in both arms; a pair with a gap is left
    out. `refusals`: what stands against a verdict, keys of wording.REFUSALS.
    """
    rows, estimates = [], []
    for (area, metric), values in replications.groupby(["area", "metric"], sort=False):
        row, estimate = _row(str(metric), str(area), values)
        rows.append(row)
        estimates.append(estimate)
    metrics, areas = ([row[name] for row in rows] for name in ("metric", "area"))
    together = adjusted(metrics, areas, [estimate.p for estimate in estimates])
    for row, estimate, p_together in zip(rows, estimates, together, strict=True):
        if METRICS[row["metric"]].is_exact:  # rests on timetables alone: nothing of routes or chance stands against it
            row["p_together"] = np.nan
            row["verdict"] = exact_verdict(estimate.mean, METRICS[row["metric"]].better)
            continue
        alone = verdict_of(estimate, METRICS[row["metric"]].better)
        held = held_together(alone, row["metric"], float(p_together))
        row["p_together"] = p_together
        row["verdict"] = refused_where(held, estimate, row["metric"], refusals)
    return pd.DataFrame(rows, columns=list(ROW_COLUMNS))


def _row(metric: str, area: str, values: pd.DataFrame) -> tuple[dict[str, Any], Estimate]:
    arms = {arm: values[values["arm"] == arm].sort_values("seed")["value"] for arm in ("before", "after")}
    before, after = (arms[arm].to_numpy(dtype=np.float64) for arm in ("before", "after"))
    pairs = np.isfinite(before) & np.isfinite(after)
    before, after = before[pairs], after[pairs]
    estimate = paired(before, after)
    bootstrap = bootstrapped(before, after, seed=BOOTSTRAP_SEED)
    is_exact = METRICS[metric].is_exact
    if is_exact and estimate.mean != 0.0:  # the same on every seed: there is no interval
        estimate = bootstrap = Estimate(estimate.mean, np.nan, np.nan, estimate.n)
    return {
        "metric": metric,
        "area": area,
        "unit": METRICS[metric].unit.en,
        "before": before.mean() if len(before) else np.nan,
        "after": after.mean() if len(after) else np.nan,
        "difference": estimate.mean,
        "ci_low": estimate.low,
        "ci_high": estimate.high,
        "bootstrap_low": bootstrap.low,
        "bootstrap_high": bootstrap.high,
        "n": estimate.n,
        "paired_sd": estimate.sd,
        "unpaired_sd": unpaired(before, after).sd,
        "correlation": np.nan if is_exact else pair_correlation(before, after),
        "seen_from": smallest_detectable(estimate.sd, estimate.n),
        "p": estimate.p,
        "is_primary": metric in PRIMARY_METRICS,
    }, estimate
