"""Each parking site before and after: spaces, how full it is when the measured window ends, and who was turned away."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.city.network import id_order
from twin.city.parking import ParkingSite
from twin.results.run import Run

_WHAT_IT_IS = ["site_id", "name", "kind", "lon", "lat", "zone_id"]

SITE_COMPARISON_COLUMNS = {
    "site_id": ("id", "the site"),
    "name": ("text", "its name; empty: unnamed"),
    "kind": ("word", "kerb, lot or garage"),
    "lon": ("degrees", "WGS-84"),
    "lat": ("degrees", "WGS-84"),
    "zone_id": ("id", "the zone it lies in"),
    "spaces_before": ("spaces", "0: not there"),
    "spaces_after": ("spaces", "0: not there"),
    "before_occupied_share": ("0–1", "occupied at the window's end, mean over seeds; null: no spaces"),
    "after_occupied_share": ("0–1", "the same, after"),
    "before_turned_away": ("cars", "found it full in the window, mean over seeds; null: not there"),
    "after_turned_away": ("cars", "the same, after"),
    "assumed": ("words", "fields that nobody observed, separated by commas"),
}


def sites_of(sites: Iterable[ParkingSite]) -> pd.DataFrame:
    """Parking sites as a table: site_id, name, kind, lon, lat, zone_id, spaces, assumed."""
    rows = [
        {
            "site_id": site.id,
            "name": site.name,
            "kind": site.kind,
            "lon": site.lon,
            "lat": site.lat,
            "zone_id": site.zone_id,
            "spaces": site.spaces,
            "assumed": ",".join(sorted(site.assumed)),
        }
        for site in sites
    ]
    return pd.DataFrame(rows, columns=[*_WHAT_IT_IS, "spaces", "assumed"])


def compare_sites(
    before: Sequence[Run], after: Sequence[Run], sites_before: pd.DataFrame, sites_after: pd.DataFrame
) -> pd.DataFrame:
    """One row a site of either arm, with SITE_COMPARISON_COLUMNS, in canonical order of ids; tables as `sites_of`."""
    new_first = pd.concat([sites_after, sites_before]).drop_duplicates("site_id").set_index("site_id")
    table = new_first.loc[id_order(new_first.index)].reset_index()
    ids = pd.Index(table["site_id"])
    for arm, runs, sites in (("before", before, sites_before), ("after", after, sites_after)):
        spaces = sites.set_index("site_id")["spaces"].reindex(ids).fillna(0).to_numpy(dtype=np.int64)
        occupied, turned_away = _means(runs, ids)
        table[f"spaces_{arm}"] = spaces
        with np.errstate(divide="ignore", invalid="ignore"):
            table[f"{arm}_occupied_share"] = np.where(spaces > 0, occupied / spaces, np.nan)
        table[f"{arm}_turned_away"] = np.where(ids.isin(sites["site_id"]), turned_away, np.nan)
    return table[list(SITE_COMPARISON_COLUMNS)]


def _means(runs: Sequence[Run], ids: pd.Index) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means over runs, each (n_sites,): spaces occupied at the window's end, cars turned away in it; NaN: unknown."""
    occupied, turned_away = (np.full((len(runs), len(ids)), np.nan) for _ in range(2))
    for row, run in enumerate(runs):
        table = run.records.sites
        if table is None:
            continue
        so_far = table[table["interval_start_s"] < run.measured.end_s]
        last = so_far.sort_values("interval_start_s", kind="stable").groupby("site_id")["occupied"].last()
        occupied[row] = last.reindex(ids).to_numpy(dtype=np.float64)
        measured = so_far[so_far["interval_start_s"] >= run.measured.start_s]
        turned_away[row] = measured.groupby("site_id")["turned_away"].sum().reindex(ids).to_numpy(dtype=np.float64)
    return occupied.mean(axis=0), turned_away.mean(axis=0)
