"""Each bus stop before and after: how many buses an hour halt there, who boards, and which stops lose service.

Stops at one position are one. Buses an hour are of the timetable in the measured window, without chance; riders are
means over seeds, no intervals.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from twin.results.lines_compared import measured_stops
from twin.results.run import Arm, Run

Service = Literal["lost", "less", "same", "more", "new", "none"]

STOP_COMPARISON_COLUMNS = {
    "name": ("text", "its name"),
    "lon": ("degrees", "WGS-84"),
    "lat": ("degrees", "WGS-84"),
    "before_ph": ("1/h", "buses an hour that halt there in the measured window"),
    "after_ph": ("1/h", "the same, after"),
    "before_lines": ("names", "lines that halt there then, separated by 、"),
    "after_lines": ("names", "the same, after"),
    "before_boardings": ("riders", "who board there, mean over seeds"),
    "after_boardings": ("riders", "the same, after"),
    "service": ("word", "lost: no bus any more; less, same, more; new: none before; none: in neither arm"),
    "next_stop_m": ("m", "as the crow flies to the nearest stop that is served after; 0: itself"),
}

METRES_PER_DEGREE = 111_320.0
LEAST_CHANGE = 0.005
"""Frequencies nearer than half a per cent are the same: the ends of a window round them."""


def service_change(before_ph: float, after_ph: float) -> Service:
    """What becomes of a stop's service.

    >>> service_change(6.0, 0.0), service_change(6.0, 4.0), service_change(0.0, 2.0), service_change(6.0, 6.0)
    ('lost', 'less', 'new', 'same')
    """
    if before_ph <= 0.0:
        return "new" if after_ph > 0.0 else "none"
    if after_ph <= 0.0:
        return "lost"
    if abs(after_ph - before_ph) <= LEAST_CHANGE * before_ph:
        return "same"
    return "more" if after_ph > before_ph else "less"


def compare_stops(before: Sequence[Run], after: Sequence[Run]) -> pd.DataFrame:
    """One row a stop of either arm, with STOP_COMPARISON_COLUMNS, in order of position; empty where none are told."""
    arms: dict[Arm, Sequence[Run]] = {"before": before, "after": after}
    tables = {}
    for arm, runs in arms.items():
        found = _by_place(runs, arm)
        if found is None:
            return pd.DataFrame(columns=list(STOP_COMPARISON_COLUMNS))
        tables[arm] = found
    both = tables["after"].join(tables["before"].rename(columns={"name": "name_then"}), how="outer").sort_index()
    both["name"] = both["name"].fillna(both["name_then"])
    for arm in arms:
        both[[f"{arm}_ph", f"{arm}_boardings"]] = both[[f"{arm}_ph", f"{arm}_boardings"]].fillna(0.0)
        both[f"{arm}_lines"] = both[f"{arm}_lines"].fillna("")
    both["service"] = [service_change(b, a) for b, a in zip(both["before_ph"], both["after_ph"], strict=True)]
    table = both.reset_index()
    return table.assign(next_stop_m=_next_stop_m(table))[list(STOP_COMPARISON_COLUMNS)]


def _by_place(runs: Sequence[Run], arm: Arm) -> pd.DataFrame | None:
    """Name, buses an hour, lines and riders by position; None where the arm's stops are not told."""
    stops = measured_stops(runs)
    if stops is None:
        return None
    at = [stops["lon"].round(6), stops["lat"].round(6)]
    served = stops["line"].where(stops["buses_ph"] > 0.0)
    by_place = stops.groupby(at)
    return pd.DataFrame(
        {
            "name": by_place["name"].first(),
            f"{arm}_ph": by_place["buses_ph"].sum(),
            f"{arm}_lines": served.groupby(at).agg(lambda lines: "、".join(dict.fromkeys(lines.dropna()))),
            f"{arm}_boardings": by_place["boardings"].sum(),
        }
    )


def _next_stop_m(stops: pd.DataFrame) -> np.ndarray:
    """Straight distance to the nearest stop served after; inf where none is."""
    narrowing = np.cos(np.radians(stops["lat"].mean()))
    xy = METRES_PER_DEGREE * np.column_stack([stops["lon"] * narrowing, stops["lat"]])
    served = xy[stops["after_ph"].to_numpy() > 0.0]
    if not len(served):
        return np.full(len(stops), np.inf)
    return np.asarray(cKDTree(served).query(xy)[0], dtype=np.float64)
