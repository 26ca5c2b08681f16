"""What the bus service of an arm is and costs: figures of its timetable (LINE_COLUMNS), without chance.

Costs are assumed unit costs of three kinds, as fleets are costed: per hour, per kilometre, per bus. They are for what a
change costs more or less, not for accounts. Leaves out fares, deadheading, and buses that stand in reserve.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.results.columns import NAN, numbers
from twin.units import METRES_PER_KM, SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True)
class BusCost:
    """Yuan for an hour a bus is on the road (with its layovers), for a kilometre, and for a bus a day.

    Source: three-variable cost allocation (hours, kilometres, peak vehicles: TCRP Report 88, 2003); sizes assumed so
    that a bus of 200 km and 12 h a day costs some 8 yuan a kilometre, the order of what Chinese operators report [A].
    """

    yuan_per_hour: float = 60.0
    yuan_per_km: float = 3.0
    yuan_per_bus_day: float = 300.0


USUAL_COST = BusCost()


def fleet(lines: pd.DataFrame) -> float:
    """Buses that all lines need for their timetables (buses), reserve apart: Σ over lines, all directions together."""
    return float(numbers(_each_line(lines), "buses").sum()) if len(lines) else NAN


def bus_runs_a_day(lines: pd.DataFrame) -> float:
    """Departures of all lines on the day (runs)."""
    return float(numbers(lines, "runs_a_day").sum()) if len(lines) else NAN


def bus_km_a_day(lines: pd.DataFrame) -> float:
    """Kilometres of all runs on the day by the timetable (bus·km): Σ runs × length."""
    return float(_km_a_day(lines).sum()) if len(lines) else NAN


def bus_cost_yuan(lines: pd.DataFrame, cost: BusCost = USUAL_COST) -> float:
    """What the day's service costs (yuan, assumed unit costs): hours and kilometres of all runs, and the buses."""
    if not len(lines):
        return NAN
    hours = float(_hours_a_day(lines).sum())
    return cost.yuan_per_hour * hours + cost.yuan_per_km * bus_km_a_day(lines) + cost.yuan_per_bus_day * fleet(lines)


def bus_cost_measured_yuan(lines: pd.DataFrame, cost: BusCost = USUAL_COST) -> float:
    """The part of the day's cost that falls on the measured window, by each line's share of its runs (yuan)."""
    if not len(lines):
        return NAN
    each = pd.DataFrame(
        {
            "name": lines["name"].to_numpy(),
            "a_day": numbers(lines, "runs_a_day"),
            "measured": numbers(lines, "runs_measured"),
            "hours": _hours_a_day(lines),
            "km": _km_a_day(lines),
        }
    )
    line = each.groupby("name").sum()
    buses = numbers(_each_line(lines).set_index("name").loc[line.index], "buses")
    cost_yuan = cost.yuan_per_hour * line["hours"] + cost.yuan_per_km * line["km"] + cost.yuan_per_bus_day * buses
    share = np.where(line["a_day"] > 0.0, line["measured"] / line["a_day"].where(line["a_day"] > 0.0, 1.0), 0.0)
    return float((share * cost_yuan).sum())


def _hours_a_day(lines: pd.DataFrame) -> NDArray[np.float64]:
    hours: NDArray[np.float64] = numbers(lines, "runs_a_day") * np.nan_to_num(numbers(lines, "scheduled_s"))
    return hours / SECONDS_PER_HOUR


def _km_a_day(lines: pd.DataFrame) -> NDArray[np.float64]:
    km: NDArray[np.float64] = numbers(lines, "runs_a_day") * numbers(lines, "length_m") / METRES_PER_KM
    return km


def _each_line(lines: pd.DataFrame) -> pd.DataFrame:
    """One row a line: `buses` stands on each of its directions."""
    return lines.drop_duplicates("name")


SERVICE_METRICS: dict[str, Callable[[pd.DataFrame], float]] = {
    metric.__name__: metric for metric in (fleet, bus_runs_a_day, bus_km_a_day, bus_cost_yuan, bus_cost_measured_yuan)
}
"""Figures of an arm's lines (LINE_COLUMNS)."""
