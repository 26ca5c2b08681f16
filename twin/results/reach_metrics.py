"""Whom bus stops serve, and what residents reach by car and by bus: figures of a run's zones, or of some of them.

Names, units and wording: `twin.results.reach_words`. A zone counts with its residents (or its jobs); what is not known
of a zone makes the figure NaN, never 0.
"""

from collections.abc import Callable

import pandas as pd

from twin.records import REACH_MIN, REACHED, WALKED_M
from twin.results.columns import NAN, numbers, ratio_of

ZoneMetric = Callable[[pd.DataFrame], float]


def zone_mean(zones: pd.DataFrame, column: str, *, weight: str = "residents") -> float:
    """Mean of a column of zones over their residents, or over their jobs: Σ R·x ÷ Σ R.

    >>> zone_mean(pd.DataFrame({"residents": [300.0, 100.0], "jobs_45min": [1000.0, 200.0]}), "jobs_45min")
    800.0
    """
    if column not in zones or weight not in zones:
        return NAN
    people = numbers(zones, weight)
    return ratio_of(float((people * numbers(zones, column)).sum()), float(people.sum()))


def _metric(name: str, doc: str, column: str, *, weight: str = "residents") -> ZoneMetric:
    def metric(zones: pd.DataFrame) -> float:
        return zone_mean(zones, column, weight=weight)

    metric.__name__, metric.__doc__ = name, doc
    return metric


def _reached(what: str, minutes: int, by: str) -> ZoneMetric:
    """Mean over residents of what they reach. Source: Handy & Niemeier 1997, cumulative opportunities."""
    column = f"{what}_{minutes}min" if by == "car" else f"{what}_bus_{minutes}min"
    return _metric(column, f"{what} that a resident reaches by {by} within {minutes} minutes, mean.", column)


def _covered(who: str, metres: int) -> ZoneMetric:
    """Share of people within a walk of a stop. Source: 公交站点覆盖率, GB 50220-95 and GB/T 51328-2018."""
    doc = f"Share (0–1) of {who} within a walk of {metres} m of a stop at which a bus halts in the measured window."
    return _metric(f"covered_{who}_{metres}m", doc, f"covered_{metres}m", weight=who)


CAR_REACH_METRICS: dict[str, ZoneMetric] = {
    metric.__name__: metric for metric in (_reached(what, m, "car") for what in REACHED for m in REACH_MIN)
}
"""What residents reach by car, on the times experienced in a run."""

BUS_REACH_METRICS: dict[str, ZoneMetric] = {
    metric.__name__: metric
    for metric in (
        *(_covered(who, metres) for who in ("residents", "jobs") for metres in WALKED_M),
        *(_reached(what, m, "bus") for what in REACHED for m in REACH_MIN),
    )
}
"""Coverage, and what residents reach by bus: by the timetable, without chance."""

ZONE_METRICS: dict[str, ZoneMetric] = CAR_REACH_METRICS | BUS_REACH_METRICS
"""Figures of a run's zones, or of some of them (ZONE_COLUMNS)."""
