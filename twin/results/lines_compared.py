"""Each bus line before and after: runs, buses, riders and speed; and the trajectories of the lines that changed.

Means over seeds, no intervals: they are for maps and for looking, verdicts stand in the rows. What is counted is of
runs that start in the measured window.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from twin.results.columns import numbers
from twin.results.metrics import measured_buses, travel_times_s
from twin.results.run import Arm, Run
from twin.units import KMH_PER_MPS, METRES_PER_KM

LINE_COMPARISON_COLUMNS = {
    "name": ("text", "the line, all its directions together"),
    "before_runs": ("count", "departures in the measured window; null: no such line"),
    "after_runs": ("count", "the same, after"),
    "before_buses": ("buses", "that its timetable needs; null: no such line"),
    "after_buses": ("buses", "the same, after"),
    "before_km": ("km", "length, all directions together; null: no such line"),
    "after_km": ("km", "the same, after"),
    "before_boardings": ("riders", "who board it, mean over seeds"),
    "after_boardings": ("riders", "the same, after"),
    "before_speed_kmh": ("km/h", "operating speed, all seeds together; null: no run"),
    "after_speed_kmh": ("km/h", "the same, after"),
    "is_changed": ("true/false", "its stops, way, times or departures differ between the arms"),
}
LINE_VISIT_COLUMNS = {
    "arm": ("word", "before or after"),
    "line_id": ("id", "a line-direction that changed"),
    "run_id": ("id", "the run"),
    "stop": ("number", "stop of the line, from 0"),
    "name": ("text", "the stop's name"),
    "along_m": ("m", "along the line from its first stop"),
    "due_s": ("s", "scheduled"),
    "arrive_s": ("s", "came to the stop; null: not yet"),
    "leave_s": ("s", "left it"),
    "load": ("riders", "aboard when it leaves"),
}
"""Every halt of the first seed, warm-up included: what a time–space diagram is drawn from."""


def changed_lines(before: Run, after: Run) -> tuple[str, ...]:
    """Line-directions whose stops, way, times or departures differ between the arms, in order of ids."""
    told = []
    for run in (before, after):
        if run.lines is None or run.line_stops is None:
            return ()
        told.append(_told(run.lines, run.line_stops))
    return tuple(sorted(line for line in {*told[0], *told[1]} if told[0].get(line) != told[1].get(line)))


def _told(lines: pd.DataFrame, stops: pd.DataFrame) -> dict[str, tuple[object, ...]]:
    """All that is said of each line-direction but its buses, which change with its other direction too."""
    shown = lines.drop(columns="buses").astype(object).where(lines.drop(columns="buses").notna(), None)
    told = {str(row["line_id"]): tuple(row.values()) for row in shown.to_dict("records")}
    places = stops.astype(object).where(stops.notna(), None)
    for line_id, rows in places.groupby("line_id", sort=False):
        told[str(line_id)] += tuple(map(tuple, rows.to_numpy()))
    return told


def compare_lines(before: Sequence[Run], after: Sequence[Run]) -> pd.DataFrame:
    """One row a line of either arm, with LINE_COMPARISON_COLUMNS, in order of names; empty where lines are not told."""
    arms: dict[Arm, Sequence[Run]] = {"before": before, "after": after}
    tables = {}
    for arm, runs in arms.items():
        lines = runs[0].lines
        if lines is None or not len(lines):
            return pd.DataFrame(columns=list(LINE_COMPARISON_COLUMNS))
        by_line = lines.groupby("name")
        table = pd.DataFrame(
            {
                f"{arm}_runs": by_line["runs_measured"].sum(),
                f"{arm}_buses": by_line["buses"].first(),
                f"{arm}_km": by_line["length_m"].sum() / METRES_PER_KM,
            }
        )
        tables[arm] = table.join(_driven(runs, arm))
    both = tables["before"].join(tables["after"], how="outer").sort_index()
    changed = set(changed_lines(before[0], after[0]))
    names = {line_id: name for run in (before[0], after[0]) for line_id, name in _names(run).items()}
    both["is_changed"] = both.index.isin({names[line_id] for line_id in changed})
    return both.rename_axis("name").reset_index()[list(LINE_COMPARISON_COLUMNS)]


def _driven(runs: Sequence[Run], arm: Arm) -> pd.DataFrame:
    """Riders and speed by line."""
    parts = []
    for run in runs:
        buses = measured_buses(run)
        if buses is None or not len(buses):
            continue
        name = buses["line_id"].map(_names(run))
        time_s = travel_times_s(run, buses)
        on = numbers(buses, "on") if "on" in buses else np.full(len(buses), np.nan)
        distance_m = np.nan_to_num(numbers(buses, "distance_m"))
        parts.append(pd.DataFrame({"name": name, "on": on, "distance_m": distance_m, "time_s": time_s}))
    columns = [f"{arm}_boardings", f"{arm}_speed_kmh"]
    if not parts:
        return pd.DataFrame(columns=columns)
    sums = pd.concat(parts).groupby("name")[["on", "distance_m", "time_s"]].sum()
    speed = KMH_PER_MPS * sums["distance_m"] / sums["time_s"].where(sums["time_s"] > 0.0)
    return pd.DataFrame({columns[0]: sums["on"] / len(runs), columns[1]: speed})


def _names(run: Run) -> dict[str, str]:
    """Name of the line of each line-direction."""
    if run.lines is None:
        return {}
    return dict(zip(run.lines["line_id"].astype(str), run.lines["name"].astype(str), strict=True))


def measured_stops(runs: Sequence[Run]) -> pd.DataFrame | None:
    """Stops of an arm's lines (LINE_STOP_COLUMNS) with `line`, its name, and `boardings`, mean over seeds of runs that
    start in the measured window; None where the arm's stops are not told.
    """
    stops = runs[0].line_stops
    if stops is None or not len(stops):
        return None
    keys = ["line_id", "stop"]
    on = []
    for run in runs:
        buses, visits = measured_buses(run), run.records.bus_stops
        if buses is not None and visits is not None and "on" in visits:
            on.append(visits.merge(buses[["run_id", "line_id"]], on="run_id")[[*keys, "on"]])
    boardings = pd.concat(on).groupby(keys)["on"].sum() / len(runs) if on else pd.Series(dtype="float64")
    index = pd.MultiIndex.from_frame(stops[keys])
    known = boardings.reindex(index).fillna(0.0).to_numpy() if on else np.nan
    return stops.assign(line=stops["line_id"].map(_names(runs[0])), boardings=known)


def compare_line_visits(before: Sequence[Run], after: Sequence[Run]) -> pd.DataFrame:
    """Halts of the lines that changed, of the first seed, with LINE_VISIT_COLUMNS."""
    changed = changed_lines(before[0], after[0])
    arms: dict[Arm, Run] = {"before": before[0], "after": after[0]}
    parts = [_visits(run, arm, changed) for arm, run in arms.items()] if changed else []
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(LINE_VISIT_COLUMNS))


def _visits(run: Run, arm: Arm, line_ids: Sequence[str]) -> pd.DataFrame:
    buses, visits, stops = run.records.buses, run.records.bus_stops, run.line_stops
    if buses is None or visits is None or stops is None:
        return pd.DataFrame(columns=list(LINE_VISIT_COLUMNS))
    runs = buses.loc[buses["line_id"].isin(list(line_ids)), ["run_id", "line_id", "depart_s"]]
    table = runs.merge(stops[["line_id", "stop", "name", "along_m", "due_s"]], on="line_id")
    table = table.merge(visits[["run_id", "stop", "arrive_s", "leave_s", "load"]], on=["run_id", "stop"], how="left")
    table = table.assign(arm=arm, due_s=table["depart_s"] + table["due_s"])
    return table.sort_values(["line_id", "depart_s", "run_id", "stop"], kind="stable")[list(LINE_VISIT_COLUMNS)]
