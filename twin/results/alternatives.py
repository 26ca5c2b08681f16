"""Several answers to one question side by side: comparisons that share their base and their seeds, in one table.

Each alternative against the base, and the last against the first, all paired by seed. Verdicts stay with the
comparisons: here are figures and intervals, each row by itself.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from twin.errors import SimulationError
from twin.results.comparison import Comparison
from twin.results.dictionary import HEADLINE, METRICS
from twin.results.estimates import Estimate, paired
from twin.results.numbers import decimals_within, written
from twin.wording import Language, Words

PARKING_METRICS = (
    "mean_search_s",
    "mean_search_m",
    "searching_share",
    "no_space_share",
    "illegal_stops",
    "mean_walk_m",
    "cruising_share",
    "parking_utilisation",
    "full_spaces_share",
    "parking_turnover",
    "turned_away",
    "parking_revenue_yuan",
)
"""City-wide figures that a choice between building and managing rests on."""

REACTS = Words("出行者改变方式", "people react")
_HEAD = {
    "metric": Words("指标", "metric"),
    "unit": Words("单位", "unit"),
    "base": Words("现状", "before"),
}


def side_by_side(
    comparisons: Sequence[Comparison], metrics: Sequence[str] = (), language: Language = "zh"
) -> pd.DataFrame:
    """One row a city-wide metric, as text: the base, each alternative with its paired change and 95 % interval, and
    the last less the first.

    `metrics`: default those of parking and the headline set. Raises SimulationError where base or seeds differ.
    """
    _refuse_other_bases(comparisons)
    wanted = metrics or tuple(dict.fromkeys((*PARKING_METRICS, *HEADLINE)))
    tables = [_by_seed(comparison) for comparison in comparisons]
    names = [_name(comparison, language) for comparison in comparisons]
    last_less_first = f"{names[-1]} − {names[0]}"
    lines = []
    for metric in wanted:
        if not all(metric in table["after"] for table in tables):
            continue
        before = tables[0]["before"][metric].to_numpy(dtype=np.float64)
        afters = [table["after"][metric].to_numpy(dtype=np.float64) for table in tables]
        words = METRICS[metric]
        line = {
            _HEAD["metric"].in_(language): words.name.in_(language),
            _HEAD["unit"].in_(language): words.unit.in_(language),
            _HEAD["base"].in_(language): written(float(before.mean()), words.decimals),
        }
        for name, after in zip(names, afters, strict=True):
            line[name] = _change(paired(before, after), float(after.mean()), words.decimals, language)
        if len(comparisons) > 1:
            line[last_less_first] = _change(paired(afters[0], afters[-1]), None, words.decimals, language)
        lines.append(line)
    return pd.DataFrame(lines)


def _name(comparison: Comparison, language: Language) -> str:
    """The scenario after; said where people react in it."""
    name = str(comparison.meta["after"])
    return f"{name} ({REACTS.in_(language)})" if len(comparison.mode_rounds) else name


def _by_seed(comparison: Comparison) -> Mapping[str, pd.DataFrame]:
    """City-wide values of each arm: rows by seed, columns by metric."""
    city = comparison.replications[comparison.replications["area"] == "city"]
    return {
        arm: city[city["arm"] == arm].pivot_table(index="seed", columns="metric", values="value")
        for arm in ("before", "after")
    }


def _refuse_other_bases(comparisons: Sequence[Comparison]) -> None:
    bases = {str(comparison.meta["before"]) for comparison in comparisons}
    seeds = {tuple(sorted(comparison.meta["seeds"])) for comparison in comparisons}
    if len(bases) != 1 or len(seeds) != 1:
        raise SimulationError(
            f"cannot be put side by side: bases {', '.join(sorted(bases))}; seeds {sorted(seeds)}. All comparisons "
            "must have one base and the same seeds: `twin run` each with the same --replications."
        )
    first = _by_seed(comparisons[0])["before"]
    for comparison in comparisons[1:]:
        other = _by_seed(comparison)["before"]
        both = [metric for metric in first.columns if metric in other.columns and metric in PARKING_METRICS]
        if not np.array_equal(first[both].to_numpy(), other[both].to_numpy(), equal_nan=True):
            raise SimulationError(
                f"the base {comparison.meta['before']} was not run alike in {comparisons[0].meta['after']} and "
                f"{comparison.meta['after']}: run both again with this version."
            )


def _change(estimate: Estimate, value: float | None, most: int, language: Language) -> str:
    """A value with its change and interval: "4.7 (−2.8: −3.3 to −2.2)"."""
    half_width = (estimate.high - estimate.low) / 2.0
    decimals = decimals_within(half_width, most)
    low, high = (written(end, decimals, signed=True) for end in (estimate.low, estimate.high))
    change = written(estimate.mean, decimals, signed=True)
    interval = f"{low} ~ {high}" if language == "zh" else f"{low} to {high}"
    told = f"{change}: {interval}" if np.isfinite(half_width) else change
    return told if value is None else f"{written(value, decimals)} ({told})"
