"""Each link before and after: speeds, flows, and the change of delay with its interval.

Delay is counted from interval statistics in the measured window; how the engine made them is no matter here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.city.network import Network, id_order
from twin.city.signals import SignalPlan
from twin.results.estimates import FALSE_DISCOVERIES, false_discovery, paired_many
from twin.results.run import Run
from twin.results.standards import street_los
from twin.units import KMH_PER_MPS, SECONDS_PER_HOUR

STREET_TABLE_COLUMNS = {
    "link_id": ("id", "the link"),
    "name": ("text", "its street; empty: unnamed"),
    "road_class": ("word", "one of ROAD_CLASSES"),
    "lanes": ("count", "lanes in its direction"),
    "length_m": ("m", "its length"),
    "free_speed_mps": ("m/s", "its free speed, without junction delay"),
    "capacity_vph": ("PCU/h", "a lane"),
    "signal_node": ("id", "the junction with a signal plan at its end; empty: none"),
    "geometry": ("JSON", "[[lon, lat], …] in driving direction"),
    "assumed": ("words", "fields that nobody observed, separated by commas"),
}

LINK_COMPARISON_COLUMNS = {
    **{name: STREET_TABLE_COLUMNS[name] for name in ("link_id", "name", "road_class", "lanes", "length_m")},
    "geometry": STREET_TABLE_COLUMNS["geometry"],
    "assumed": STREET_TABLE_COLUMNS["assumed"],
    "is_new": ("true/false", "can be driven after, not before"),
    "is_closed": ("true/false", "can be driven before, not after"),
    "free_speed_kmh": ("km/h", "its free speed, after where it is there"),
    "before_speed_kmh": ("km/h", "distance over time of the vehicles that left it in the window, all seeds together"),
    "after_speed_kmh": ("km/h", "the same, after; null: nobody left it"),
    "before_ratio": ("0–1", "speed over free speed, before"),
    "after_ratio": ("0–1", "speed over free speed, after"),
    "before_flow_vph": ("veh/h", "vehicles that left it in the window, mean over seeds"),
    "after_flow_vph": ("veh/h", "the same, after"),
    "before_los": ("A–F", "level of service of a street by HCM 6 of its speed over free speed; empty: nobody left it"),
    "after_los": ("A–F", "the same, after"),
    "difference_delay_vehh": ("veh·h", "paired mean change of delay in the window; null where one arm lacks the link"),
    "ci_low": ("veh·h", "95 % interval, low end"),
    "ci_high": ("veh·h", "95 % interval, high end"),
    "is_clear": (
        "true/false",
        "outside the noise with false discoveries among all links held at 5 %; no winner: none is",
    ),
}


@dataclass(frozen=True, eq=False)
class LinkTotals:
    """Sums in the measured window, each (n_runs, n_links): vehicles that left, and the time they spent (s)."""

    left: NDArray[np.float64]
    time_s: NDArray[np.float64]


def streets_of(network: Network, signals: Iterable[SignalPlan] = ()) -> pd.DataFrame:
    """The links of a network as a table with STREET_TABLE_COLUMNS; those of `Run.links` are among them."""
    planned = {(plan.node_id, green.from_link) for plan in signals for green in plan.greens}
    rows = [
        {
            "link_id": link.id,
            "name": link.name,
            "road_class": link.road_class,
            "lanes": link.lanes,
            "length_m": link.length_m,
            "free_speed_mps": link.free_speed_mps,
            "capacity_vph": link.capacity_vph,
            "signal_node": link.to_node if (link.to_node, link.id) in planned else "",
            "geometry": _line_text(network.ends_of(link)),
            "assumed": ",".join(sorted(link.assumed)),
        }
        for link in network.links
    ]
    return pd.DataFrame(rows, columns=list(STREET_TABLE_COLUMNS))


def compare_links(
    before: Sequence[Run], after: Sequence[Run], links_before: pd.DataFrame, links_after: pd.DataFrame
) -> pd.DataFrame:
    """One row a link of either arm, with LINK_COMPARISON_COLUMNS, in canonical order of ids.

    Runs are pairs, in the same order of seeds; the link tables have STREET_TABLE_COLUMNS. Delay is Σ over intervals of
    vehicles that left × (mean time − time at free speed); vehicles still on a link count when they leave it.
    """
    new_first = pd.concat([links_after, links_before]).drop_duplicates("link_id").set_index("link_id")
    table = new_first.loc[id_order(new_first.index)].reset_index()
    ids = pd.Index(table["link_id"])
    table["is_new"] = ~ids.isin(links_before["link_id"])
    table["is_closed"] = ~ids.isin(links_after["link_id"])
    table["free_speed_kmh"] = table["free_speed_mps"] * KMH_PER_MPS
    delays = []
    for arm, runs, streets in (("before", before, links_before), ("after", after, links_after)):
        own = streets.set_index("link_id").reindex(ids)
        length_m, free_mps = (own[name].to_numpy(dtype=np.float64) for name in ("length_m", "free_speed_mps"))
        totals = _totals(runs, ids)
        left, time_s = totals.left.sum(axis=0), totals.time_s.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            speed_mps = np.where(time_s > 0.0, left * length_m / time_s, np.nan)
        table[f"{arm}_speed_kmh"] = speed_mps * KMH_PER_MPS
        table[f"{arm}_ratio"] = speed_mps / free_mps
        table[f"{arm}_los"] = street_los(speed_mps / free_mps)
        hours = sum(run.measured.duration_s for run in runs) / SECONDS_PER_HOUR
        table[f"{arm}_flow_vph"] = np.where(np.isnan(length_m), np.nan, left / hours)
        delays.append((totals.time_s - totals.left * (length_m / free_mps)) / SECONDS_PER_HOUR)
    judge_each(table, "difference_delay_vehh", delays[1] - delays[0])
    return table[list(LINK_COMPARISON_COLUMNS)]


def judge_each(table: pd.DataFrame, column: str, differences: NDArray[np.float64]) -> None:
    """Add to each row the mean difference (as `column`), its interval and whether it is clear of false discoveries.

    `differences`: (n_pairs, n_rows) in the column's unit, NaN for a row that one arm lacks.
    """
    known = np.isfinite(differences).all(axis=0)
    estimates = paired_many(differences[:, known])
    for name, values in (
        (column, estimates.mean),
        ("ci_low", estimates.low),
        ("ci_high", estimates.high),
    ):
        everywhere = np.full(len(table), np.nan)
        everywhere[known] = values
        table[name] = everywhere
    clear = np.zeros(len(table), dtype=np.bool_)
    clear[known] = false_discovery(estimates.p) <= FALSE_DISCOVERIES
    table["is_clear"] = clear


def _totals(runs: Sequence[Run], ids: pd.Index) -> LinkTotals:
    left, time_s = np.zeros((len(runs), len(ids))), np.zeros((len(runs), len(ids)))
    for row, run in enumerate(runs):
        statistics = run.measured_links()
        at = ids.get_indexer(pd.Index(statistics["link_id"]))
        count = statistics["left"].to_numpy(dtype=np.float64)
        mean_s = pd.to_numeric(statistics["mean_travel_time_s"]).to_numpy(dtype=np.float64, na_value=np.nan)
        use = (at >= 0) & (count > 0.0)
        left[row] = np.bincount(at[use], count[use], minlength=len(ids))
        time_s[row] = np.bincount(at[use], count[use] * mean_s[use], minlength=len(ids))
    return LinkTotals(left, time_s)


def _line_text(line: Sequence[tuple[float, float]]) -> str:
    """A line as JSON, with every digit of its numbers."""
    return f"[{','.join(f'[{lon!r},{lat!r}]' for lon, lat in line)}]"
