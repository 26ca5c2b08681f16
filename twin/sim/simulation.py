"""One run of the raw engine: vehicles with known routes, and any stories, over a network of streets."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.errors import SimulationError
from twin.records import INTERVAL_S, LINK_COLUMNS, STATUSES
from twin.sim import kernel
from twin.sim.flow import FlowRecords, interval_us
from twin.sim.rules import MICROS
from twin.sim.tables import FlowTables, Ints


def books(statuses: pd.Series) -> dict[str, int]:
    """How many vehicles ended in each status, with "created" as all of them.

    Raises SimulationError where a vehicle has no status of `records.STATUSES`: then one was lost.
    """
    counts = statuses.value_counts()
    book: dict[str, int] = {status: int(counts.get(status, 0)) for status in STATUSES}
    lost = len(statuses) - sum(book.values())
    if lost:
        raise SimulationError(f"the books do not close: {lost} of {len(statuses)} vehicles are in no status")
    return {"created": len(statuses), **book}


def link_table(records: FlowRecords, tables: FlowTables, start_s: float = 0.0) -> pd.DataFrame:
    """Interval statistics of every link, columns as in records.LINK_COLUMNS, rows by interval, then link.

    Of a link cut into segments: `entered` is counted at its first segment and `left` at its last. Its mean travel
    time is the sum over segments of the mean time of those that left the segment in the interval; where none did,
    of the last interval before in which some did (free-flow time of a car where there is none). Density is the
    mean over the part of the interval that the run covers; an interval that the run only touches has none.
    """
    counts, start_us = records.counts, round(start_s * MICROS)
    covered_us = _covered_us(records, start_us)
    touched = (covered_us > 0) | counts[:, :, : kernel.LEFT + 1].any(axis=(1, 2))
    counts, covered_us = counts[touched], covered_us[touched]
    rows = np.flatnonzero(touched) + records.first_interval
    first, last = tables.segment_start[:-1], tables.segment_start[1:] - 1
    length_km = np.add.reduceat(tables.length_mm, first) / 1e6
    on_link = np.add.reduceat(counts[:, :, kernel.DENSITY], first, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        density = on_link / covered_us[:, None].astype(np.float64) / length_km
    n_links = len(first)
    ids = pd.array([link.id for link in tables.network.links], dtype="str")
    columns = (
        ids.take(np.tile(np.arange(n_links), len(rows))),
        np.repeat(rows * INTERVAL_S, n_links),
        counts[:, first, kernel.ENTERED].ravel(),
        counts[:, last, kernel.LEFT].ravel(),
        _mean_times_s(counts, tables).ravel(),
        np.where(np.isfinite(density), density, np.nan).ravel(),
        _queues_mm(counts[:, :, kernel.QUEUE_MM], tables).ravel() / 1000.0,
    )
    return pd.DataFrame(dict(zip(LINK_COLUMNS, columns, strict=True)))


def _covered_us(records: FlowRecords, start_us: int) -> Ints:
    """How much of each interval lies within the run (µs)."""
    width = interval_us(INTERVAL_S)
    begins = (records.first_interval + np.arange(len(records.counts))) * width
    covered: Ints = np.minimum(begins + width, records.end_us) - np.maximum(begins, start_us)
    return np.maximum(covered, 0)


def _mean_times_s(counts: Ints, tables: FlowTables) -> NDArray[np.float64]:
    """Mean time on each link (s), (n_intervals, n_links); NaN where none left it."""
    left, time_us = counts[:, :, kernel.LEFT], counts[:, :, kernel.TIME_ON]
    known = np.where(left > 0, np.arange(len(left))[:, None], -1)
    known = np.maximum.accumulate(known, axis=0)
    segment = np.arange(tables.n_segments)
    mean_us = time_us[known, segment] / np.maximum(left[known, segment], 1)
    mean_us = np.where(known >= 0, mean_us, tables.free_us[0].astype(np.float64))
    mean_s = np.add.reduceat(mean_us, tables.segment_start[:-1], axis=1) / MICROS
    some_left = left[:, tables.segment_start[1:] - 1] > 0
    return np.where(some_left, mean_s, np.nan)


def _queues_mm(segment_mm: Ints, tables: FlowTables) -> Ints:
    """Farthest standing vehicle from each link's end (mm), (n_intervals, n_links).

    A queue goes on into the segment behind where the room left is less than the largest vehicle takes.
    """
    first, last = tables.segment_start[:-1], tables.segment_start[1:] - 1
    largest_mm = tables.jam_mm_per_pcu * max(tables.class_pcu) // MICROS
    is_full = (segment_mm > 0) & (segment_mm >= tables.length_mm - largest_mm)
    queue_mm = segment_mm[:, last].copy()
    beyond_mm = np.zeros(len(first), dtype=np.int64)
    links, goes_on = np.arange(len(first)), is_full[:, last]
    for depth in range(1, int((last - first).max(initial=0)) + 1):
        here = last[links] - depth
        inside = here >= first[links]
        links, here, goes_on = links[inside], here[inside], goes_on[:, inside]
        beyond_mm[links] += tables.length_mm[here + 1]
        reaches = goes_on & (segment_mm[:, here] > 0)
        queue_mm[:, links] = np.where(reaches, beyond_mm[links] + segment_mm[:, here], queue_mm[:, links])
        goes_on = goes_on & is_full[:, here]
    return queue_mm
