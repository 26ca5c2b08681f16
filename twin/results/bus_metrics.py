"""Key figures of buses and their riders: one function each. Names, units and wording: `twin.results.bus_words`.

Riders count who leave home in the measured window; one who is still under way when the run ends, or gave up, counts
with the time so far. What cannot be measured (no bus, no rider) is NaN, never 0.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.results.columns import NAN, mean_of, numbers, quantile_of, ratio_of
from twin.results.metrics import HIGH, bus_speed_kmh, measured_buses
from twin.results.run import Run

WALK_WEIGHT = WAIT_WEIGHT = 2.0
"""Seconds of walking and waiting, in seconds aboard (parking-and-bus notes 5.3: 2.0, 2.0–2.5)."""
TRANSFER_S = 300.0
"""What a change costs beside its walk and wait (5–10 min in practice; the lower end)."""
LEAST_BUSES = 3
"""Fewer buses at a stop tell nothing of headways."""
LATE_S = 300.0
"""A run that reaches its last stop so late is not punctual (5 min, common in Chinese timetables; assumed)."""


def measured_riders(run: Run) -> pd.DataFrame | None:
    """Riders who leave in the measured window and have a way; None where the run has none."""
    riders = run.records.riders
    if riders is None or not len(riders):
        return None
    departs = riders["depart_s"]
    in_window = (departs >= run.measured.start_s) & (departs < run.measured.end_s)
    return riders[in_window & (riders["status"] != "no_way")]


def door_to_door_s(riders: pd.DataFrame) -> NDArray[np.float64]:
    """Time of each rider so far (s): walk + wait + ride."""
    return numbers(riders, "walk_s") + numbers(riders, "wait_s") + numbers(riders, "ride_s")


def _of_riders(run: Run, column: str) -> NDArray[np.float64]:
    riders = measured_riders(run)
    return np.zeros(0) if riders is None else numbers(riders, column)


def bus_riders(run: Run) -> float:
    """Riders who board at least one bus (count)."""
    return NAN if measured_riders(run) is None else float((_of_riders(run, "boardings") > 0).sum())


def rider_time_s(run: Run) -> float:
    """Mean time of riders from door to door (s): walk + wait + ride."""
    return mean_of(_of_riders(run, "walk_s") + _of_riders(run, "wait_s") + _of_riders(run, "ride_s"))


def rider_generalised_s(run: Run) -> float:
    """Mean generalised time of riders (s aboard): 2 · walk + 2 · wait + ride + 300 s a change."""
    changes = np.maximum(0.0, _of_riders(run, "boardings") - 1.0)
    weighted_s = WALK_WEIGHT * _of_riders(run, "walk_s") + WAIT_WEIGHT * _of_riders(run, "wait_s")
    return mean_of(weighted_s + _of_riders(run, "ride_s") + TRANSFER_S * changes)


def rider_wait_s(run: Run) -> float:
    """Mean wait of riders at all their stops together (s)."""
    return mean_of(_of_riders(run, "wait_s"))


def boardings_per_rider(run: Run) -> float:
    """Buses boarded by a rider who boards any (ratio): 1 + changes."""
    boardings = _of_riders(run, "boardings")
    return mean_of(boardings[boardings > 0])


def refused_share(run: Run) -> float:
    """Share (0–1) of riders whom at least one full bus left behind."""
    return mean_of((_of_riders(run, "refused") > 0).astype(np.float64))


def riders_given_up_share(run: Run) -> float:
    """Share (0–1) of riders who gave up after an hour at one stop."""
    riders = measured_riders(run)
    return NAN if riders is None else mean_of((riders["status"] == "gave_up").to_numpy().astype(np.float64))


def no_way_share(run: Run) -> float:
    """Share (0–1) of riders who leave in the measured window whom no line takes and who live too far to walk.

    They stand in no other figure of riders.
    """
    riders = run.records.riders
    if riders is None or not len(riders):
        return NAN
    departs = riders["depart_s"]
    leaving = riders[(departs >= run.measured.start_s) & (departs < run.measured.end_s)]
    return mean_of((leaving["status"] == "no_way").to_numpy().astype(np.float64))


def excess_wait_s(run: Run) -> float:
    """Excess wait (s): mean wait at the headways kept, Σ h² ÷ 2 Σ h, less that of the same time shared evenly by the
    buses due in it, Σ h ÷ 2 n. Never below 0.

    Stop by stop of each line, where the timetable has one headway, so that neither its own changes nor a morning in
    which each bus is faster or slower than the one before count; weight: time. A bus that never came is due all the
    same. The first stop is left out. Source: W = H/2 · (1 + CV²); EWT as London Buses report it.
    """
    buses, visits = measured_buses(run), run.records.bus_stops
    if buses is None or visits is None or not len(buses):
        return NAN
    due = _due_visits(buses, visits)
    came = due[due["leave_s"].notna()].sort_values(["line_id", "stop", "leave_s"], kind="stable")
    headways = came.assign(headway_s=came.groupby(["line_id", "stop"])["leave_s"].diff()).dropna(subset="headway_s")
    groups = headways.assign(square=headways["headway_s"] ** 2).groupby(["line_id", "stop", "due_headway_s"])
    table = groups.agg(total_s=("headway_s", "sum"), squares=("square", "sum"), n=("headway_s", "size"))
    missed = due[due["leave_s"].isna()].groupby(["line_id", "stop", "due_headway_s"]).size()
    n = table["n"] + missed.reindex(table.index, fill_value=0)
    table = table[n >= LEAST_BUSES - 1]
    excess = 0.5 * (table["squares"] - table["total_s"] ** 2 / n[table.index])
    return ratio_of(float(excess.clip(lower=0.0).sum()), float(table["total_s"].sum()))


def _due_visits(buses: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    """Each run at each stop of its line but the first, from the first run that came there to the last that did:
    line_id, stop, leave_s (null: it never came), due_headway_s (whole s since the run before was due).

    The first run has the headway of the next.
    """
    runs = buses[["run_id", "line_id", "depart_s"]].sort_values(["line_id", "depart_s"], kind="stable")
    by_line = runs.groupby("line_id")["depart_s"]
    due_s = by_line.diff().fillna(by_line.diff(-1).abs()).round()
    runs = runs.assign(number=by_line.cumcount(), due_headway_s=due_s.fillna(0.0))
    came = visits[visits["stop"] > 0][["run_id", "stop", "leave_s"]].merge(runs[["run_id", "line_id"]], on="run_id")
    stops = came[["line_id", "stop"]].drop_duplicates()
    due = runs.merge(stops, on="line_id").merge(came[["run_id", "stop", "leave_s"]], on=["run_id", "stop"], how="left")
    number = due["number"].where(due["leave_s"].notna())
    here = number.groupby([due["line_id"], due["stop"]])
    return due[(due["number"] >= here.transform("min")) & (due["number"] <= here.transform("max"))]


def crowded_share(run: Run) -> float:
    """Share (0–1) of riders' time aboard that is spent standing: Σ (load − seats)+ · time ÷ Σ load · time between
    stops.
    """
    buses, visits = measured_buses(run), run.records.bus_stops
    if buses is None or visits is None or not len(visits):
        return NAN
    known = visits.merge(buses[["run_id", "seats"]], on="run_id").sort_values(["run_id", "stop"], kind="stable")
    same = known["run_id"].to_numpy()[1:] == known["run_id"].to_numpy()[:-1]
    seconds = (numbers(known, "arrive_s")[1:] - numbers(known, "leave_s")[:-1]) * same
    load, seats = numbers(known, "load")[:-1], numbers(known, "seats")[:-1]
    return ratio_of(float((np.maximum(0.0, load - seats) * seconds).sum()), float((load * seconds).sum()))


def punctual_share(run: Run) -> float:
    """Share (0–1) of runs that reach their last stop no more than 5 min late; a run under way at the end is late."""
    buses = measured_buses(run)
    if buses is None or not len(buses) or "due_s" not in buses:
        return NAN
    return mean_of((numbers(buses, "arrive_s") - numbers(buses, "due_s") <= LATE_S).astype(np.float64))


def p95_rider_time_s(run: Run) -> float:
    """Time from door to door that 95 % of riders do not exceed (s)."""
    return quantile_of(_of_riders(run, "walk_s") + _of_riders(run, "wait_s") + _of_riders(run, "ride_s"), HIGH)


BUS_METRICS: dict[str, Callable[[Run], float]] = {
    metric.__name__: metric
    for metric in (
        bus_speed_kmh,
        bus_riders,
        rider_time_s,
        p95_rider_time_s,
        rider_generalised_s,
        rider_wait_s,
        excess_wait_s,
        boardings_per_rider,
        refused_share,
        riders_given_up_share,
        no_way_share,
        crowded_share,
        punctual_share,
    )
}
"""Figures of a run's buses and riders."""
