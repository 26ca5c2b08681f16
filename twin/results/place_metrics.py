"""Key figures of places: traffic over screenlines, vehicles on new roads; what zones reach: `reach_metrics`.

Which links cross a screenline and who uses a new road is data of the run. What cannot be measured is NaN, never 0.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from twin.results.columns import numbers, ratio_of
from twin.results.run import Run
from twin.units import KMH_PER_MPS, SECONDS_PER_HOUR


def screenline_vph(run: Run, crossing: pd.DataFrame) -> float:
    """Vehicles that leave the crossing links in the measured window, per hour (veh/h); NaN where none crosses.

    `crossing`: rows of CROSSING_COLUMNS, one direction of one screenline.
    """
    links = _links_of(run, crossing)
    hours = run.measured.duration_s / SECONDS_PER_HOUR
    return float(numbers(links, "left").sum()) / hours if len(crossing) else float("nan")


def screenline_vc(run: Run, crossing: pd.DataFrame) -> float:
    """Volume over capacity of a screenline: vehicles per hour ÷ Σ lanes × capacity a lane of the crossing links.

    Vehicles are not weighted by size, and junctions, which hold less, are left out: a lower bound. Source: CJJ 37.
    """
    streets = run.links[run.links["link_id"].isin(crossing["link_id"])]
    capacity_vph = float((numbers(streets, "lanes") * numbers(streets, "capacity_vph")).sum())
    return ratio_of(screenline_vph(run, crossing), capacity_vph)


def screenline_speed_kmh(run: Run, crossing: pd.DataFrame) -> float:
    """Speed on the links that cross a screenline (km/h): Σ vehicles × length ÷ Σ vehicles × time."""
    links = _links_of(run, crossing)
    left, time_s = numbers(links, "left"), np.nan_to_num(numbers(links, "mean_travel_time_s"))
    length_m = run.links.set_index("link_id")["length_m"].reindex(links["link_id"]).to_numpy(dtype=np.float64)
    return KMH_PER_MPS * ratio_of(float((left * length_m).sum()), float((left * time_s).sum()))


def road_vehicles(run: Run, road: str) -> float:
    """Measured trips whose usual route uses a new road (veh): its select-link flow; 0 where it is not open.

    NaN where the run does not say who uses new roads. Detours in search of a space are not in it.
    """
    if run.new_roads is None:
        return float("nan")
    users = run.new_roads.loc[run.new_roads["road"] == road, "trip_id"]
    return float(run.measured_trips()["trip_id"].isin(users).sum())


def _links_of(run: Run, crossing: pd.DataFrame) -> pd.DataFrame:
    links = run.measured_links()
    return links[links["link_id"].isin(crossing["link_id"])]


SCREENLINE_METRICS: dict[str, Callable[[Run, pd.DataFrame], float]] = {
    "screenline_vph": screenline_vph,
    "screenline_vc": screenline_vc,
    "screenline_speed_kmh": screenline_speed_kmh,
}
"""Figures of the links that cross one screenline in one direction."""

ROAD_METRICS: dict[str, Callable[[Run, str], float]] = {"road_vehicles": road_vehicles}
"""Figures of one new road."""
