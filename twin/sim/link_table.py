"""What a flow counted of segments, as a table of links by interval."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.records import INTERVAL_S, LINK_COLUMNS
from twin.sim.flow import FlowRecords, interval_us
from twin.sim.kernel_state import DENSITY, ENTERED, LEFT, QUEUE_MM, TIME_ON
from twin.sim.rules import MICROS
from twin.sim.tables import FlowTables, Ints


def link_table(
    records: FlowRecords, tables: FlowTables, start_s: float = 0.0, *, interval_s: float = INTERVAL_S
) -> pd.DataFrame:
    """Interval statistics of every link, columns as in records.LINK_COLUMNS, rows by interval, then link.

    Of a link cut into segments: `entered` is counted at its first segment and `left` at its last, lane groups taken
    together. Its mean travel time is the sum over segments of the mean time of those that left the segment in the
    interval; where none did, of the last interval before in which some did (free-flow time of a car where there is
    none); time spent in waiting places inside the junction counts as a mean over all that left. Density is the mean
    over the part of the interval that the run covers; an interval that the run only touches has none. Buses on a lane
    of their own are not in it: the table tells of the lanes that all drive.
    """
    counts, start_us = records.counts, round(start_s * MICROS)
    covered_us = _covered_us(records, start_us, interval_us(interval_s))
    touched = (covered_us > 0) | counts[:, :, : LEFT + 1].any(axis=(1, 2))
    counts, covered_us = counts[touched], covered_us[touched]
    rows = np.flatnonzero(touched) + records.first_interval
    pieces = _pieces(counts, tables)
    first, last = pieces.start[:-1], pieces.start[1:] - 1
    on_link = np.add.reduceat(pieces.counts[:, :, DENSITY], first, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        density = on_link / covered_us[:, None].astype(np.float64) / (tables.link_mm / 1e6)
    # Who ends on a link may never come into its lane groups.
    left = pieces.counts[:, last, LEFT].copy()
    body_end = last - pieces.is_grouped
    left += np.where(pieces.is_grouped, pieces.counts[:, body_end, LEFT] - pieces.counts[:, last, ENTERED], 0)
    n_links = len(first)
    ids = pd.array([link.id for link in tables.network.links], dtype="str")
    columns = (
        ids.take(np.tile(np.arange(n_links), len(rows))),
        np.repeat(rows * interval_s, n_links),
        pieces.counts[:, first, ENTERED].ravel(),
        left.ravel(),
        np.where(left > 0, _mean_times_s(pieces), np.nan).ravel(),
        np.where(np.isfinite(density), density, np.nan).ravel(),
        _queues_mm(pieces).ravel() / 1000.0,
    )
    return pd.DataFrame(dict(zip(LINK_COLUMNS, columns, strict=True)))


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Links as rows of pieces: their segments, and their lane groups taken as one last piece.

    `start[i]:start[i + 1]` are the pieces of link i.
    """

    start: Ints  # (n_links + 1,)
    counts: Ints  # (n_intervals, P, 5)
    free_us: Ints  # (P,) of a car
    length_mm: Ints  # (P,)
    jam_mm_per_pcu: Ints  # (P,)
    largest_pcu: int
    is_grouped: NDArray[np.bool_]  # (n_links,)
    has_places: NDArray[np.bool_]  # (n_links,) its last piece is a place inside the junction, which not all go through


def _pieces(counts: Ints, tables: FlowTables) -> _Pieces:
    is_grouped = np.diff(tables.group_start) > 0
    grouped = np.flatnonzero(is_grouped)
    cut, end = tables.first_group, tables.first_bus_lane
    ends, begins = tables.segment_start[grouped + 1], tables.group_start[grouped] - cut

    def joined(values: Ints, join: np.ufunc) -> Ints:
        """Values by segment along the last axis, those of a link's groups joined and put behind its last segment."""
        if len(grouped) == 0:
            return values[..., :cut]
        return np.insert(values[..., :cut], ends, join.reduceat(values[..., cut:end], begins, axis=-1), axis=-1)

    layers = [joined(counts[:, :, i], np.maximum if i == QUEUE_MM else np.add) for i in range(counts.shape[2])]
    return _Pieces(
        start=tables.segment_start + np.concatenate([[0], np.cumsum(is_grouped)]),
        counts=np.stack(layers, axis=2),
        free_us=joined(tables.free_us[0], np.maximum),
        length_mm=joined(tables.length_mm, np.maximum),
        jam_mm_per_pcu=joined(tables.jam_mm_per_pcu, np.maximum),
        largest_pcu=max(tables.class_pcu),
        is_grouped=is_grouped,
        has_places=np.diff(tables.group_start) == 1,
    )


def _covered_us(records: FlowRecords, start_us: int, width: int) -> Ints:
    """How much of each interval lies within the run (µs)."""
    begins = (records.first_interval + np.arange(len(records.counts))) * width
    covered: Ints = np.minimum(begins + width, records.end_us) - np.maximum(begins, start_us)
    return np.maximum(covered, 0)


def _mean_times_s(pieces: _Pieces) -> NDArray[np.float64]:
    """Mean time on each link (s), (n_intervals, n_links)."""
    left, time_us = pieces.counts[:, :, LEFT].copy(), pieces.counts[:, :, TIME_ON]
    places = pieces.start[1:][pieces.has_places] - 1
    left[:, places] = left[:, places - 1]
    known = np.where(left > 0, np.arange(len(left))[:, None], -1)
    known = np.maximum.accumulate(known, axis=0)
    piece = np.arange(left.shape[1])
    mean_us = time_us[known, piece] / np.maximum(left[known, piece], 1)
    mean_us = np.where(known >= 0, mean_us, pieces.free_us.astype(np.float64))
    mean_s: NDArray[np.float64] = np.add.reduceat(mean_us, pieces.start[:-1], axis=1) / MICROS
    return mean_s


def _queues_mm(pieces: _Pieces) -> Ints:
    """Farthest standing vehicle from each link's end (mm), (n_intervals, n_links).

    A queue goes on into the piece behind where the room left is less than the largest vehicle takes.
    """
    piece_mm = pieces.counts[:, :, QUEUE_MM]
    first, last = pieces.start[:-1], pieces.start[1:] - 1
    largest_mm = pieces.jam_mm_per_pcu * pieces.largest_pcu // MICROS
    is_full = (piece_mm > 0) & (piece_mm >= pieces.length_mm - largest_mm)
    queue_mm = piece_mm[:, last].copy()
    beyond_mm = np.zeros(len(first), dtype=np.int64)
    links, goes_on = np.arange(len(first)), is_full[:, last]
    for depth in range(1, int((last - first).max(initial=0)) + 1):
        here = last[links] - depth
        inside = here >= first[links]
        links, here, goes_on = links[inside], here[inside], goes_on[:, inside]
        beyond_mm[links] += pieces.length_mm[here + 1]
        reaches = goes_on & (piece_mm[:, here] > 0)
        queue_mm[:, links] = np.where(reaches, beyond_mm[links] + piece_mm[:, here], queue_mm[:, links])
        goes_on = goes_on & is_full[:, here]
    return queue_mm
