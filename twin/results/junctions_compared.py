"""Each signal junction before and after: vehicles, delay, level by CJJ 37, and the change of delay with its interval.

A junction with no plan in either arm is not in the table. Delay is that of `link_metrics.junction_delay_s`.
"""

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.city.network import id_order
from twin.results.link_metrics import junction_delays
from twin.results.links_compared import judge_each
from twin.results.run import Run
from twin.results.standards import junction_level
from twin.units import SECONDS_PER_HOUR

JUNCTION_COMPARISON_COLUMNS = {
    "node_id": ("id", "the junction"),
    "name": ("text", "streets that reach it; empty: none has a name"),
    "lon": ("degrees", "WGS-84"),
    "lat": ("degrees", "WGS-84"),
    "before_vph": ("veh/h", "vehicles that passed it in the window, mean over seeds"),
    "after_vph": ("veh/h", "the same, after"),
    "before_delay_s": ("s/veh", "mean delay of those vehicles, all seeds together; null: nobody passed"),
    "after_delay_s": ("s/veh", "the same, after"),
    "before_level": ("1–4", "level of service by CJJ 37-2012 (2016), 1 the best; 0: nobody passed"),
    "after_level": ("1–4", "the same, after"),
    "difference_delay_s": ("s/veh", "paired mean change of mean delay; null where a run of either arm has none"),
    "ci_low": ("s/veh", "95 % interval, low end"),
    "ci_high": ("s/veh", "95 % interval, high end"),
    "is_clear": ("true/false", "outside the noise when false discoveries among all junctions are held at 5 %"),
}


def compare_junctions(
    before: Sequence[Run], after: Sequence[Run], links_before: pd.DataFrame, links_after: pd.DataFrame
) -> pd.DataFrame:
    """One row a signal junction of either arm, with JUNCTION_COMPARISON_COLUMNS, in canonical order of ids.

    Runs are pairs, in the same order of seeds; the link tables have STREET_TABLE_COLUMNS.
    """
    approaches = pd.concat([links_after, links_before]).drop_duplicates("link_id")
    approaches = approaches[approaches["signal_node"] != ""]
    ids = id_order(set(approaches["signal_node"]))
    by_node = dict(tuple(approaches.groupby("signal_node")))
    places = [_place_of(by_node[node_id]) for node_id in ids]
    table = pd.DataFrame({"node_id": pd.Series(ids, dtype="str")})
    table["name"] = pd.Series([_name_of(by_node[node_id]) for node_id in ids], dtype="str")
    table["lon"], table["lat"] = ([place[axis] for place in places] for axis in (0, 1))
    means = []
    for arm, runs in (("before", before), ("after", after)):
        vehicles, delay_s = _totals(runs, ids)
        hours = sum(run.measured.duration_s for run in runs) / SECONDS_PER_HOUR
        with np.errstate(divide="ignore", invalid="ignore"):
            means.append(delay_s / vehicles)
            mean_s = delay_s.sum(axis=0) / vehicles.sum(axis=0)
        table[f"{arm}_vph"] = vehicles.sum(axis=0) / hours
        table[f"{arm}_delay_s"] = mean_s
        table[f"{arm}_level"] = [0 if np.isnan(delay) else junction_level(delay) + 1 for delay in mean_s]
    judge_each(table, "difference_delay_s", means[1] - means[0])
    return table[list(JUNCTION_COMPARISON_COLUMNS)]


def _totals(runs: Sequence[Run], ids: list[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Vehicles and delays (s), each (n_runs, n_junctions)."""
    tables = [junction_delays(run, run.measured_links()).reindex(ids).fillna(0.0) for run in runs]
    vehicles, delay_s = (np.array([table[column] for table in tables]) for column in ("vehicles", "delay_s"))
    return vehicles.reshape(len(runs), len(ids)), delay_s.reshape(len(runs), len(ids))


def _name_of(approaches: pd.DataFrame) -> str:
    return " × ".join(sorted({str(name) for name in approaches["name"]} - {""}))


def _place_of(approaches: pd.DataFrame) -> tuple[float, float]:
    lon, lat = json.loads(approaches["geometry"].iloc[0])[-1]
    return float(lon), float(lat)
