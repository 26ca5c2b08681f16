"""Each zone before and after: who is near a stop, and how many jobs its residents reach by bus and by car.

By bus and on foot by the timetable, without chance; by car means over seeds, no intervals: for maps and for looking,
verdicts stand in the rows of districts.
"""

from collections.abc import Sequence

import pandas as pd

from twin.results.run import Arm, Run

_WHAT_IT_IS = ["zone_id", "district", "lon", "lat", "residents", "jobs"]
_FIGURES = ("covered_500m", "jobs_bus_45min", "jobs_45min", "hospitals_bus_45min")

ZONE_COMPARISON_COLUMNS = {
    "zone_id": ("id", "the zone"),
    "district": ("name", "its district"),
    "lon": ("degrees", "WGS-84, its centre"),
    "lat": ("degrees", "WGS-84"),
    "residents": ("count", "people who live there"),
    "jobs": ("count", "people who work there"),
    **{f"{arm}_{figure}": ("as in ZONE_COLUMNS", "of that arm") for figure in _FIGURES for arm in ("before", "after")},
}


def compare_zones(before: Sequence[Run], after: Sequence[Run]) -> pd.DataFrame:
    """One row a zone, with ZONE_COMPARISON_COLUMNS, in the order of the runs; empty where zones are not known."""
    arms: dict[Arm, Sequence[Run]] = {"before": before, "after": after}
    first = after[0].zones
    if first is None or not set(_WHAT_IT_IS) <= set(first.columns):
        return pd.DataFrame(columns=list(ZONE_COMPARISON_COLUMNS))
    table = first[_WHAT_IT_IS].reset_index(drop=True)
    for arm, runs in arms.items():
        known = pd.concat([run.zones for run in runs if run.zones is not None])
        means = known.groupby("zone_id")[list(_FIGURES)].mean()
        here = means.reindex(table["zone_id"])
        for figure in _FIGURES:
            table[f"{arm}_{figure}"] = here[figure].to_numpy()
    return table[list(ZONE_COMPARISON_COLUMNS)]
