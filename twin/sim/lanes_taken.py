"""Lanes that standing cars take: stopped where it is forbidden, or in line for a gate that is full.

Works and closures change the same streets by the hour (`road_changes`); what both leave open multiplies.
"""

from typing import Protocol

from twin.sim.tables import FlowTables

ILLEGAL_LANES = 0.5
"""What one car that stopped at the kerb takes of a lane: others squeeze past (assumed; HCM 2000, eq. 16-4, takes a
tenth of a lane and 18 s a manoeuvre for cars that park where they may)."""

MOST_LANES = 1.0  # standing cars stand behind one another: they take no more than the lane at the kerb
LEAST_SHARE = 0.5  # and leave at least so much of the street open


class ChangesSegments(Protocol):
    """What changes streets during a run: a flow, or `LanesTaken` before it."""

    def change_segment(self, segment: int, *, lane_share: float, speed_share: float) -> None:
        """From now on the segment has that share of its lanes and free speed."""


class LanesTaken:
    """Standing cars and works on the segments of one run."""

    def __init__(self, flow: ChangesSegments, tables: FlowTables) -> None:
        self._flow = flow
        self._lanes = [link.lanes for link in tables.network.links]
        self._link_of = tables.segment_link
        self._works: dict[int, tuple[float, float]] = {}
        self._standing: dict[int, float] = {}

    def change_segment(self, segment: int, *, lane_share: float, speed_share: float) -> None:
        """Works begin or end, as `Flow.change_segment`."""
        self._works[segment] = lane_share, speed_share
        self._tell(segment)

    def take(self, segment: int, lanes: float) -> None:
        """A car stands there from now on."""
        self._standing[segment] = self._standing.get(segment, 0.0) + lanes
        self._tell(segment)

    def give_back(self, segment: int, lanes: float) -> None:
        """It stands there no longer."""
        self._standing[segment] -= lanes
        self._tell(segment)

    def open_share(self, segment: int) -> float:
        """Share of the street that standing cars leave open."""
        lanes = self._lanes[int(self._link_of[segment])]
        taken = min(MOST_LANES, self._standing.get(segment, 0.0))
        return max(LEAST_SHARE, 1.0 - taken / lanes)

    def _tell(self, segment: int) -> None:
        lane_share, speed_share = self._works.get(segment, (1.0, 1.0))
        self._flow.change_segment(segment, lane_share=lane_share * self.open_share(segment), speed_share=speed_share)
