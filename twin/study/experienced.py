"""Times that travellers experienced on a day that was run: over each link by when they entered it, and outside it."""

import numpy as np
from numpy.typing import NDArray

from twin.records import INTERVAL_S, Records
from twin.sim.stage import Habits, Stage
from twin.study.period import LOOK_S, Period

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def experienced_ms(records: Records, stage: Stage, period: Period, *, interval_s: float = LOOK_S) -> Ints:
    """Mean time over each link by interval of entry (ms), (n_links, n_intervals); `interval_s`: of the records.

    Where nobody left: the last known time, at least an interval if somebody stands there; before anybody: free speed.
    """
    n, k = len(stage.network.links), int(np.ceil(period.until_s / interval_s))
    rows = records.links
    column = (rows["interval_start_s"].to_numpy(dtype=np.float64) // interval_s).astype(np.int64)
    index = stage.router.graph.link_index
    ids, inverse = np.unique(rows["link_id"].to_numpy(dtype=object), return_inverse=True)
    link = np.array([index[i] for i in ids], dtype=np.int64)[inverse]
    mean = np.full((n, k), np.nan)
    density = np.zeros((n, k))
    inside = column < k
    mean[link[inside], column[inside]] = rows["mean_travel_time_s"].to_numpy(dtype=np.float64)[inside]
    density[link[inside], column[inside]] = rows["mean_density_vpkm"].to_numpy(dtype=np.float64)[inside]
    middle_s: Floats = ((np.arange(period.n_intervals) + 0.5) * LOOK_S).astype(np.float64)
    times_s = _by_entry(mean, density > 0, stage.router.graph.free_ms / 1000.0, middle_s, interval_s)
    times_ms: Ints = np.maximum(1, np.rint(1000.0 * times_s)).astype(np.int64)
    return times_ms


def _by_entry(mean_s: Floats, stands: NDArray[np.bool_], free_s: Floats, entry_s: Floats, interval_s: float) -> Floats:
    """Times (s) of who enters at `entry_s`, from means over those that left in each interval (NaN: nobody left).

    Who left in the middle of an interval after T entered T before; between such entries times are interpolated.
    """
    middle_s = (np.arange(mean_s.shape[1]) + 0.5) * interval_s
    table = np.repeat(free_s[:, None], len(entry_s), axis=1)
    for link in np.flatnonzero((~np.isnan(mean_s)).any(axis=1)):
        left = np.flatnonzero(~np.isnan(mean_s[link]))
        entered_s = np.maximum.accumulate(middle_s[left] - mean_s[link, left])
        table[link] = np.interp(entry_s, entered_s, mean_s[link, left])
    for column, interval in enumerate((entry_s // interval_s).astype(np.int64).tolist()):
        stuck = np.isnan(mean_s[:, interval]) & stands[:, interval]
        table[stuck, column] = np.maximum(table[stuck, column], INTERVAL_S)
    return table


def waits_ms(records: Records, habits: Habits, period: Period, n_links: int) -> Ints:
    """Mean wait outside each link of trips that start on it, by interval of departure (ms), (n_links, n_intervals).

    Where nobody started: who came later is not let in earlier, so the wait known before less the time since.
    """
    trips = records.trips
    person = trips["trip_id"].to_numpy(dtype=np.int64)
    starts = habits.routes.length[person] > 0
    first = habits.routes.links[habits.routes.start[person[starts]]]
    depart_s = trips["depart_s"].to_numpy(dtype=np.float64)[starts]
    waited_s = trips["enter_s"].fillna(records.end_s).to_numpy(dtype=np.float64)[starts] - depart_s
    cell = first.astype(np.int64) * period.n_intervals + (depart_s // LOOK_S).astype(np.int64)
    shape = (n_links, period.n_intervals)
    counts = np.bincount(cell, minlength=n_links * period.n_intervals).reshape(shape)
    total_s = np.bincount(cell, weights=waited_s, minlength=n_links * period.n_intervals).reshape(shape)
    mean_s = total_s / np.maximum(1, counts)
    for interval in range(1, period.n_intervals):
        left_s = np.maximum(0.0, mean_s[:, interval - 1] - LOOK_S)
        mean_s[:, interval] = np.where(counts[:, interval] > 0, mean_s[:, interval], left_s)
    waits_ms: Ints = np.rint(1000.0 * mean_s).astype(np.int64)
    return waits_ms
