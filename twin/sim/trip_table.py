"""Vehicles to move: when each departs, and the links it drives or the nodes between which it finds a way.

Leaves out where trips come from: a demand model, a table on disk, or a test that types them by hand.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.city.network import Network, id_order
from twin.errors import SimulationError, joined_faults
from twin.routing.paths import Router
from twin.sim.flow import Fleet, class_index
from twin.sim.rules import MICROS
from twin.sim.tables import FlowTables, Ints

_CHUNK = 1 << 17  # links looked at together: bounds the memory that checking and cutting routes takes


@dataclass(frozen=True, slots=True)
class Trip:
    """One vehicle. `route`: link ids in driving order; empty: the quickest way from `origin` to `destination`."""

    id: str
    depart_s: float
    route: tuple[str, ...] = ()
    origin: str = ""  # node ids
    destination: str = ""
    vehicle_class: str = "car"


@dataclass(frozen=True, eq=False)
class TripTable:
    """Trips as arrays, kept in canonical order of their ids.

    Trip i drives link indices `links[start[i]:end[i]]`. Where `origin[i]` is not −1 it has no route yet: it goes
    from node index `origin[i]` to `destination[i]`. `vehicle_class`: index into tables.CLASS_NAMES.
    """

    ids: pd.Index
    depart_s: NDArray[np.float64]
    vehicle_class: Ints
    start: Ints
    end: Ints
    links: NDArray[np.int32]
    origin: Ints
    destination: Ints

    def __post_init__(self) -> None:
        if not self.ids.is_unique:
            raise SimulationError(f"two trips have one id, e.g. {self.ids[self.ids.duplicated()][0]!r}")
        position = {trip_id: i for i, trip_id in enumerate(self.ids)}
        order = np.array([position[trip_id] for trip_id in id_order(position)], dtype=np.int64)
        if not np.array_equal(order, np.arange(len(order))):
            for name in ("ids", "depart_s", "vehicle_class", "start", "end", "origin", "destination"):
                object.__setattr__(self, name, getattr(self, name)[order])

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(cls, network: Network, trips: Iterable[Trip]) -> "TripTable":
        """A table of trips typed by hand. Raises SimulationError with every link, node and class that is unknown."""
        trips = list(trips)
        nodes = {node.id: i for i, node in enumerate(network.nodes)}
        faults: list[str] = []
        pool: list[int] = []
        start: list[int] = []
        ends: list[tuple[int, int]] = []
        for trip in trips:
            unknown = [link_id for link_id in trip.route if link_id not in network.link_index]
            unknown += [node for node in (trip.origin, trip.destination) if not trip.route and node not in nodes]
            faults += [f"trip {trip.id}: no link or node {place!r}" for place in unknown]
            start.append(len(pool))
            pool += [network.link_index[link_id] for link_id in trip.route if link_id in network.link_index]
            ends.append((-1, -1) if trip.route else (nodes.get(trip.origin, -1), nodes.get(trip.destination, -1)))
        if faults:
            raise SimulationError(joined_faults("trips", faults[:20]))
        origin, destination = np.array(ends, dtype=np.int64).reshape(-1, 2).T
        return cls(
            ids=pd.Index([trip.id for trip in trips], dtype="str"),
            depart_s=np.array([trip.depart_s for trip in trips], dtype=np.float64),
            vehicle_class=np.array([class_index(trip.vehicle_class) for trip in trips], dtype=np.int64),
            start=np.array(start, dtype=np.int64),
            end=np.array([*start[1:], len(pool)][: len(trips)], dtype=np.int64),
            links=np.array(pool, dtype=np.int32),
            origin=origin.copy(),
            destination=destination.copy(),
        )

    def routed(self, network: Network) -> tuple["TripTable", NDArray[np.bool_]]:
        """The same trips, each with its route at free speed, and whether there is no way for it.

        A trip from a node to itself, or with no way, has an empty route.
        """
        asks = self.origin >= 0
        no_way = np.zeros(len(self), dtype=np.bool_)
        if not asks.any():
            return self, no_way
        routes = Router(network).routes(self.origin[asks], self.destination[asks])
        no_way[asks] = routes.cost_ms < 0
        start, end = self.start.copy(), self.end.copy()
        start[asks] = routes.start + len(self.links)
        end[asks] = start[asks] + np.where(routes.cost_ms < 0, 0, routes.length)
        return (
            TripTable(
                ids=self.ids,
                depart_s=self.depart_s,
                vehicle_class=self.vehicle_class,
                start=start,
                end=end,
                links=np.concatenate([self.links, routes.links]),
                origin=np.full(len(self), -1, dtype=np.int64),
                destination=np.full(len(self), -1, dtype=np.int64),
            ),
            no_way,
        )

    def broken_routes(self, network: Network) -> list[tuple[int, str, str]]:
        """Trips whose route turns where one cannot: (trip, from link, to link), the first such turn of each."""
        index = network.link_index
        turns = np.array([(index[t.from_link], index[t.to_link]) for t in network.turns()], dtype=np.int64)
        turns = turns.reshape(-1, 2)
        turns = turns[np.lexsort((turns[:, 1], turns[:, 0]))]
        counts = np.bincount(turns[:, 0], minlength=len(network.links))
        out_start = np.cumsum(counts) - counts
        broken = []
        for trips, positions, links in self._chunks(np.arange(len(self))):
            here, onward = links[:-1], links[1:]
            allowed = np.zeros(len(here), dtype=np.bool_)
            for nth in range(int(counts.max(initial=0))):
                at = np.minimum(out_start[here] + nth, len(turns) - 1)
                allowed |= (nth < counts[here]) & (turns[at, 1] == onward)
            allowed[positions[1:-1] - 1] = True  # from one trip's last link to the next trip's first
            wrong = np.flatnonzero(~allowed)
            rows = np.searchsorted(positions, wrong, side="right") - 1
            _, firsts = np.unique(rows, return_index=True)
            for row, at in zip(rows[firsts].tolist(), wrong[firsts].tolist(), strict=True):
                broken.append((int(trips[row]), network.links[links[at]].id, network.links[links[at + 1]].id))
        return broken

    def fleet(self, tables: FlowTables) -> tuple[Fleet, Ints]:
        """The vehicles with a route, numbered by departure (ties by id), and the trip that each number is."""
        depart_us = np.rint(self.depart_s * MICROS).astype(np.int64)
        order = np.argsort(depart_us, kind="stable")
        order = order[self.end[order] > self.start[order]]
        start, end, route = self.start[order], self.end[order], self.links
        if tables.first_group > len(tables.network.links):
            start, end, route = self._cut(order, tables)
        return Fleet(depart_us[order], start, end, route, self.vehicle_class[order]), order

    def _cut(self, order: Ints, tables: FlowTables) -> tuple[Ints, Ints, NDArray[np.int32]]:
        """Where each of these trips' segments start and end in their pool, and the pool."""
        cuts = np.diff(tables.segment_start)
        lengths, parts = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int32)]
        for _, positions, links in self._chunks(order):
            lengths.append(np.add.reduceat(cuts[links], positions[:-1]))
            parts.append(tables.expand(links))
        length = np.concatenate(lengths)
        end = np.cumsum(length)
        return end - length, end, np.concatenate(parts)

    def _chunks(self, trips: Ints) -> Iterator[tuple[Ints, Ints, NDArray[np.int32]]]:
        """Some trips with a route at a time: (trips, positions (n + 1,), links): trip k of the chunk drives
        `links[positions[k]:positions[k + 1]]`."""
        trips = trips[self.end[trips] > self.start[trips]]
        lengths = self.end[trips] - self.start[trips]
        chunk_of = np.cumsum(lengths) // _CHUNK
        begins = np.flatnonzero(np.diff(chunk_of, prepend=-1))
        ends = np.append(begins[1:], len(trips))[: len(begins)]
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
            here, length = trips[begin:end], lengths[begin:end]
            positions = np.concatenate([[0], np.cumsum(length)])
            take = np.repeat(self.start[here] - positions[:-1], length) + np.arange(positions[-1])
            yield here, positions, self.links[take]
