"""Bus lanes: where a bus has a lane of its own beside the others, and when it drives there.

In the tables a bus lane is a row of segments beside its link (`FlowTables.bus_lane_start`), with the turns and greens
of the link; nobody else's route names them. A bus keeps to its lane from one end of a link to the other and decides
where it comes onto a link: into the bus lane in its hours, else into the lanes for all. Left out: who turns right
across the lane, cars that use it all the same, and taxis that may.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.sim.tables import FlowTables, Ints

NO_LANE = -1


@dataclass(frozen=True, eq=False)
class BusLanes:
    """The bus lanes of one run's tables. `beside`: by segment of a street, the piece of bus lane there, or NO_LANE."""

    tables: FlowTables
    beside: Ints

    @classmethod
    def of(cls, tables: FlowTables) -> "BusLanes":
        """The bus lanes that the tables have."""
        beside = np.full(tables.first_group, NO_LANE, dtype=np.int64)
        for link in np.flatnonzero(np.diff(tables.bus_lane_start)).tolist():
            first, end = tables.segment_start[link : link + 2].tolist()
            beside[first:end] = int(tables.bus_lane_start[link]) + np.arange(end - first)
        return cls(tables, beside)

    def way(self, segments: NDArray[np.int32], stands_on: int | None, now_s: float) -> NDArray[np.int32]:
        """The way of a bus along these segments of streets, in bus lanes where they hold now.

        `stands_on`: the segment it stands on in its lane; None: it comes in from aside or from outside.
        """
        if self.tables.first_bus_lane == self.tables.n_segments:
            return segments
        found: list[int] = []
        here = stands_on
        for segment in segments.tolist():
            link = self.tables.link_of(segment)
            if here is not None and self.tables.link_of(here) == link:
                is_in_lane = here >= self.tables.first_bus_lane
            else:
                found += () if here is None else self._rest_of_lane(here)
                lane = self.tables.network.links[link].bus_lane
                is_in_lane = lane is not None and lane.holds_at(now_s)
            here = int(self.beside[segment]) if is_in_lane else segment
            found.append(here)
        return np.array(found, dtype=np.int32)

    def _rest_of_lane(self, here: int) -> range:
        """What of its bus lane is before a bus that leaves the link; nothing where it is in a lane for all."""
        end = int(self.tables.bus_lane_start[self.tables.link_of(here) + 1])
        return range(here + 1, end if here >= self.tables.first_bus_lane else here + 1)
