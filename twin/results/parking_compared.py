"""Parking before and after, place by place: how full each site is over time, where cars cruise, and how long
drivers search in each zone.

Means over seeds, no intervals: they are for maps and for looking, verdicts stand in the rows.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from twin.results.columns import numbers
from twin.results.parking_metrics import want_a_space
from twin.results.run import Run

SITE_TIME_COLUMNS = {
    "site_id": ("id", "the site"),
    "interval_start_s": ("s", "start of the interval of 900 s, warm-up and run-on included"),
    "before_occupied": ("spaces", "taken at the interval's end, mean over seeds; null: not there"),
    "after_occupied": ("spaces", "the same, after"),
}

CRUISING_COMPARISON_COLUMNS = {
    "link_id": ("id", "the link"),
    "interval_start_s": ("s", "start of the interval of 900 s in the measured window"),
    "before_share": ("0–1", "passages in search over vehicles that left, all seeds together; null: nobody left"),
    "after_share": ("0–1", "the same, after"),
    "before_searching": ("count", "passages in search, mean over seeds"),
    "after_searching": ("count", "the same, after"),
}
"""Links and intervals with any search in either arm."""

SEARCH_ZONE_COLUMNS = {
    "zone_id": ("id", "the zone of the destination"),
    "before_wanted": ("count", "trips that want a public space, mean over seeds"),
    "after_wanted": ("count", "the same, after"),
    "before_search_s": ("s", "mean search of those, all seeds together"),
    "after_search_s": ("s", "the same, after"),
    "before_search_m": ("m", "mean distance of search"),
    "after_search_m": ("m", "the same, after"),
    "before_none_share": ("0–1", "share that found no space"),
    "after_none_share": ("0–1", "the same, after"),
}


def compare_site_times(before: Sequence[Run], after: Sequence[Run]) -> pd.DataFrame:
    """One row a site and interval, with SITE_TIME_COLUMNS; empty where runs have no sites."""
    arms = {}
    for arm, runs in (("before", before), ("after", after)):
        tables = [run.records.sites for run in runs if run.records.sites is not None]
        if tables:
            whole = pd.concat(tables, ignore_index=True)
            arms[f"{arm}_occupied"] = whole.groupby(["site_id", "interval_start_s"])["occupied"].mean()
    if len(arms) < 2:
        return pd.DataFrame(columns=list(SITE_TIME_COLUMNS))
    return pd.DataFrame(arms).reset_index()[list(SITE_TIME_COLUMNS)]


def compare_cruising(before: Sequence[Run], after: Sequence[Run]) -> pd.DataFrame:
    """One row a link and interval of the measured window with search, with CRUISING_COMPARISON_COLUMNS."""
    keys = ["link_id", "interval_start_s"]
    arms = {}
    for arm, runs in (("before", before), ("after", after)):
        searching = [_measured_cruising(run) for run in runs]
        left = pd.concat([run.measured_links()[[*keys, "left"]] for run in runs]).groupby(keys)["left"].sum()
        found = pd.concat(searching).groupby(keys)["searching"].sum()
        vehicles = left.reindex(found.index).to_numpy(dtype=np.float64)
        counts = found.to_numpy(dtype=np.float64)
        # A car in search that is still on the link has not left it: the share is at most 1.
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(vehicles > 0, np.minimum(1.0, counts / vehicles), np.nan)
        arms[f"{arm}_share"] = pd.Series(share, index=found.index)
        arms[f"{arm}_searching"] = found / len(runs)
    table = pd.DataFrame(arms)
    if table.empty:
        return pd.DataFrame(columns=list(CRUISING_COMPARISON_COLUMNS))
    searching_columns = ["before_searching", "after_searching"]
    table[searching_columns] = table[searching_columns].fillna(0.0)
    return table.sort_index().reset_index()[list(CRUISING_COMPARISON_COLUMNS)]


def compare_search_zones(before: Sequence[Run], after: Sequence[Run]) -> pd.DataFrame:
    """One row a zone that drivers with a wish for a public space go to, with SEARCH_ZONE_COLUMNS."""
    arms = {}
    for arm, runs in (("before", before), ("after", after)):
        trips = pd.concat([_wanting(run) for run in runs], ignore_index=True)
        by_zone = trips.groupby("zone_id")
        arms[f"{arm}_wanted"] = by_zone.size() / len(runs)
        for column in ("search_s", "search_m", "none_share"):
            arms[f"{arm}_{column}"] = by_zone[column].mean()
    table = pd.DataFrame(arms)
    if table.empty:
        return pd.DataFrame(columns=list(SEARCH_ZONE_COLUMNS))
    return table.sort_index().rename_axis("zone_id").reset_index()[list(SEARCH_ZONE_COLUMNS)]


def _measured_cruising(run: Run) -> pd.DataFrame:
    table = run.records.cruising
    if table is None:
        return pd.DataFrame({"link_id": [], "interval_start_s": [], "searching": []}).astype({"link_id": "str"})
    starts = table["interval_start_s"]
    here = (starts >= run.measured.start_s) & (starts < run.measured.end_s) & (table["searching"] > 0)
    return table.loc[here, ["link_id", "interval_start_s", "searching"]]


def _wanting(run: Run) -> pd.DataFrame:
    trips = run.measured_trips()
    if "found_space" not in trips or "destination_zone" not in trips:
        return pd.DataFrame({"zone_id": [], "search_s": [], "search_m": [], "none_share": []})
    trips = trips[want_a_space(trips)]
    found = trips["found_space"].fillna(False).to_numpy(dtype=np.float64)
    return pd.DataFrame(
        {
            "zone_id": trips["destination_zone"].astype("str").to_numpy(),
            "search_s": np.nan_to_num(numbers(trips, "search_s")),
            "search_m": np.nan_to_num(numbers(trips, "search_m")),
            "none_share": 1.0 - found,
        }
    )
