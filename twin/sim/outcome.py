"""What became of each vehicle of a raw run, as tables: fleet vehicles under their trips' ids, then those of stories."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.records import PASSAGE_COLUMNS, STATUSES, TRIP_COLUMNS, Status
from twin.sim.flow import VehicleTable
from twin.sim.kernel_state import ASIDE, GONE, MOVING, OUTSIDE, STANDING
from twin.sim.rules import MICROS, NEVER
from twin.sim.tables import CLASS_NAMES, FlowTables, Ints

STATUS_OF: dict[int, Status] = {
    OUTSIDE: "waiting_outside",
    MOVING: "travelling",
    STANDING: "travelling",
    ASIDE: "parked",
    GONE: "finished",
}


@dataclass(frozen=True, eq=False)
class Outcome:
    """The trips of a run (ids, departures, classes) and what the flow tells of its vehicles.

    `trip_of[v]`: the trip that fleet vehicle v makes; vehicles with higher numbers were made by stories and are
    called "story-1", "story-2", … in order of creation. `no_way`: trips between whose nodes no way leads.
    """

    ids: pd.Index
    depart_s: NDArray[np.float64]
    vehicle_class: Ints
    no_way: NDArray[np.bool_]
    trip_of: Ints
    end_us: int
    vehicles: VehicleTable

    def trip_table(self) -> pd.DataFrame:
        """One row a vehicle, columns as in records.TRIP_COLUMNS, in canonical order of ids, story vehicles last.

        A trip from a node to itself is finished at once. A story's vehicle that was never driven did not want to
        start and has no row.
        """
        vehicles, row, n_rows = self.vehicles, self._rows, len(self._ids)
        depart_s = np.full(n_rows, np.nan)
        depart_s[: len(self.ids)] = self.depart_s
        # Trips without a vehicle need no road; the others are overwritten below.
        no_way = np.append(self.no_way, np.zeros(n_rows - len(self.ids), dtype=np.bool_))
        at_once = ~no_way & (depart_s <= self.end_us / MICROS)
        enter_s = np.where(at_once, depart_s, np.nan)
        arrive_s = enter_s.copy()
        distance_m = np.zeros(n_rows)
        free_flow_s = np.where(no_way, np.nan, 0.0)
        status = np.where(no_way, STATUSES.index("unroutable"), STATUSES.index("waiting_outside"))
        status[at_once] = STATUSES.index("finished")
        kind = np.zeros(n_rows, dtype=np.int64)
        kind[: len(self.ids)] = self.vehicle_class

        status_of = np.array([STATUSES.index(STATUS_OF[code]) for code in sorted(STATUS_OF)])
        at_rest = (vehicles.status == GONE) | (vehicles.status == ASIDE)
        # A story's vehicle may start several times; it wanted to when it first came in, at the latest.
        depart_s[row] = in_seconds(np.minimum(vehicles.depart_us, vehicles.enter_us))
        enter_s[row] = in_seconds(vehicles.enter_us)
        arrive_s[row] = np.where(at_rest, in_seconds(vehicles.arrive_us), np.nan)
        distance_m[row], free_flow_s[row] = vehicles.driven_mm / 1000.0, vehicles.free_us / MICROS
        kind[row], status[row] = vehicles.vehicle_class, status_of[vehicles.status]
        columns = (
            self._ids,
            pd.array(CLASS_NAMES, dtype="str").take(kind),
            depart_s,
            enter_s,
            arrive_s,
            distance_m,
            free_flow_s,
            pd.array(STATUSES, dtype="str").take(status),
        )
        table = pd.DataFrame(dict(zip(TRIP_COLUMNS, columns, strict=True)))
        return table[table["depart_s"].notna()].reset_index(drop=True)

    def passage_table(self, passages: Ints, tables: FlowTables) -> pd.DataFrame:
        """Passages of whole links, columns as in records.PASSAGE_COLUMNS, by trip, then time.

        `passages`: (n, 4) vehicle, segment, entry, exit (µs), in order of entry. A vehicle that comes onto a link
        on the way along it, as from a place at the kerb, has the passage of the part it drives.
        """
        vehicle, segment, entry_us, exit_us = passages.T
        row = self._rows[vehicle]
        order = np.argsort(row, kind="stable")
        row, segment, entry_us, exit_us = row[order], segment[order], entry_us[order], exit_us[order]
        link = tables.segment_link[segment]
        goes_on = np.zeros(len(row), dtype=np.bool_)
        is_group = (segment >= tables.first_group) & (segment < tables.first_bus_lane)
        is_next = (segment[1:] == segment[:-1] + 1) | is_group[1:]
        goes_on[1:] = (row[1:] == row[:-1]) & (link[1:] == link[:-1]) & is_next
        first = np.flatnonzero(~goes_on)
        last = np.append(first[1:], len(row))[: len(first)] - 1
        columns = (
            self._ids.take(row[first]),
            pd.array([link.id for link in tables.network.links], dtype="str").take(link[first]),
            in_seconds(entry_us[first]),
            in_seconds(exit_us[last]),
        )
        return pd.DataFrame(dict(zip(PASSAGE_COLUMNS, columns, strict=True)))

    @property
    def _rows(self) -> Ints:
        """Row of each vehicle number: trips in order of ids, then the vehicles of stories."""
        n_story = len(self.vehicles.status) - len(self.trip_of)
        return np.concatenate([self.trip_of, len(self.ids) + np.arange(n_story)])

    @property
    def _ids(self) -> pd.api.extensions.ExtensionArray:
        n_story = len(self.vehicles.status) - len(self.trip_of)
        given: pd.api.extensions.ExtensionArray = self.ids.array
        if n_story == 0:
            return given
        names = _unused_names(set(self.ids))
        return pd.array([*given, *(next(names) for _ in range(n_story))], dtype="str")


def _unused_names(used: set[str]) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        if f"story-{number}" not in used:
            yield f"story-{number}"


def in_seconds(time_us: Ints) -> NDArray[np.float64]:
    """Seconds of microseconds; NaN for NEVER."""
    return np.where(time_us >= NEVER, np.nan, time_us / MICROS)
