"""The short answer of a study that changes bus lines: a dozen figures of riders and service, and what a minute costs.

Printed below the headline set where lines differ between the arms; the memo has the rest.
"""

import math
from typing import Any

import pandas as pd

from twin.results.numbers import decimals_within, written
from twin.wording import Language, Words

BUS_SHORT = (
    "bus_riders",
    "rider_generalised_s",
    "rider_wait_s",
    "excess_wait_s",
    "boardings_per_rider",
    "crowded_share",
    "punctual_share",
    "covered_residents_500m",
    "jobs_bus_45min",
    "fleet",
    "bus_cost_measured_yuan",
)
"""Figures of buses, city-wide, in order."""


def bus_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of BUS_SHORT, city-wide, in their order."""
    found = rows[rows["metric"].isin(BUS_SHORT) & (rows["area"] == "city")]
    order = {metric: place for place, metric in enumerate(BUS_SHORT)}
    return found.loc[found["metric"].map(order).sort_values(kind="stable").index]


def minutes_saved(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Generalised minutes that riders of the measured window save in all, mean and ends of the 95 % interval.

    Riders before × saving a rider; NaN where it is not measured.
    """
    time, riders = _row(rows, "rider_generalised_s"), _row(rows, "bus_riders")
    if time is None or riders is None:
        return (math.nan, math.nan, math.nan)
    per_s = float(riders["before"]) / 60.0
    return (-per_s * float(time["difference"]), -per_s * float(time["ci_high"]), -per_s * float(time["ci_low"]))


def cost_sentence(rows: pd.DataFrame, language: Language) -> str:
    """What a generalised rider-minute saved costs in the measured window, or why that is not told.

    No ratio where the saving is not called: it may be 0, and the ratio would be any number.
    """
    cost = _row(rows, "bus_cost_measured_yuan")
    mean, low, high = minutes_saved(rows)
    if cost is None or not all(map(math.isfinite, (mean, low, high, float(cost["difference"])))):
        return Words("每节省一分钟的成本：无法计算。", "Cost of a minute saved: cannot be told.").in_(language)
    more = float(cost["difference"])
    decimals = decimals_within((high - low) / 2.0, 0)
    ends = Words(" ~ ", " to ").in_(language).join(written(end, decimals) for end in (low, high))
    saved = f"{written(mean, decimals)} ({ends})"
    spent = written(more, 0, signed=True)
    facts = Words(
        f"统计时段内乘客共节省 {saved} 广义分钟，运营成本 {spent} 元(假定单价)。",
        f"Riders of the window save {saved} generalised minutes in all, at {spent} yuan (assumed unit costs). ",
    )
    if _verdict(rows) != "better" or not low > 0.0:
        end = Words(
            "合并检验后看不出节省，不计算每分钟成本。",
            "Held together with all figures the saving may be 0: no cost a minute is told.",
        )
    elif more <= 0.0:
        end = Words("节省时间而不增加成本。", "The time saved costs nothing more.")
    else:
        ends = f"{written(more / high, 2)}–{written(more / low, 2)}"
        end = Words(
            f"每节省一广义分钟 {written(more / mean, 2)} 元(区间 {ends})。",
            f"That is {written(more / mean, 2)} yuan a minute saved (interval {ends}).",
        )
    return (facts.zh + end.zh) if language == "zh" else (facts.en + end.en)


def _verdict(rows: pd.DataFrame) -> str:
    """The word for riders' generalised time."""
    time = _row(rows, "rider_generalised_s")
    return "" if time is None else str(time["verdict"])


def _row(rows: pd.DataFrame, metric: str) -> dict[str, Any] | None:
    found = rows[(rows["metric"] == metric) & (rows["area"] == "city")]
    return None if found.empty else {str(name): value for name, value in found.iloc[0].items()}
