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


def excess_wait_s(run: Run) -> float:
    """Excess wait (s): mean wait at the headways kept less that at the scheduled ones, W = Σ h² ÷ 2 Σ h over each stop
    of each line. Stops with three buses or more in the window; weight: scheduled time covered.
    Source: W = H/2 · (1 + CV²); EWT as London Buses report it.
    """
    buses, visits = measured_buses(run), run.records.bus_stops
    if buses is None or visits is None or not len(buses):
        return NAN
    known = visits.merge(buses[["run_id", "line_id", "depart_s"]], on="run_id")
    known = known.sort_values(["line_id", "stop", "leave_s"], kind="stable")
    excess_s, weight_s = 0.0, 0.0
    for (_, stop), part in known.groupby(["line_id", "stop"], sort=True):
        if int(str(stop)) == 0 or len(part) < LEAST_BUSES:
            continue
        kept = np.diff(part["leave_s"].to_numpy(dtype=np.float64))
        due = np.diff(np.sort(part["depart_s"].to_numpy(dtype=np.float64)))
        covered_s = float(due.sum())
        excess_s += covered_s * (_mean_wait_s(kept) - _mean_wait_s(due))
        weight_s += covered_s
    return ratio_of(excess_s, weight_s)


def _mean_wait_s(headways_s: NDArray[np.float64]) -> float:
    """Mean wait of riders who come at any time, W = Σ h² ÷ 2 Σ h (s); 0 where all buses come at once."""
    total_s = float(headways_s.sum())
    return float((headways_s**2).sum()) / (2.0 * total_s) if total_s > 0 else 0.0


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
        crowded_share,
        punctual_share,
    )
}
"""Figures of a run's buses and riders."""
