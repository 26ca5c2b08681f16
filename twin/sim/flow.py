"""A flow moves vehicles between decisions.

A story says `yield flow.drive(vehicle, route)` and goes on when the vehicle stands at the end of the route's last
segment. It keeps that head place, blocking those behind, until the story says `drive` on, `hold` (step aside: a
bay, a kerb place; later it drives on by merging back in) or `leave` (it is gone for good).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from simpy.events import Event

from twin.errors import SimulationError
from twin.sim.environment import Environment
from twin.sim.rules import MICROS
from twin.sim.tables import CLASS_NAMES, FlowTables, Ints

GreenRow = tuple[int, int, int]
"""A green of a turn: start, length, cycle (µs); it comes again and again. Length 0: never."""

ALWAYS_RED: tuple[GreenRow, ...] = ((0, 0, 1),)
ALWAYS_GREEN: tuple[GreenRow, ...] = ()

GridlockPolicy = Literal["report", "relieve"]
PATIENCE_S = 300.0
"""How long a cycle of full links stands before one vehicle is let on, under the policy `relieve` (s)."""


@dataclass(frozen=True, eq=False)
class Fleet:
    """Vehicles whose whole route is known: they need no story. Times in whole microseconds.

    Vehicle i drives segments `route[route_start[i]:route_end[i]]` from `depart_us[i]` and leaves at the end.
    """

    depart_us: Ints
    route_start: Ints
    route_end: Ints
    route: NDArray[np.int32]
    vehicle_class: Ints  # index into tables.CLASS_NAMES

    def __post_init__(self) -> None:
        columns = (self.route_start, self.route_end, self.vehicle_class)
        if any(len(column) != len(self) for column in columns):
            raise SimulationError("a fleet has one departure, one route and one class for each vehicle")
        empty = np.flatnonzero(self.route_start >= self.route_end)
        if len(empty):
            raise SimulationError(f"vehicle {empty[0]} has an empty route; leave it out or give it a link to drive")

    def __len__(self) -> int:
        return len(self.depart_us)

    def and_then(self, others: "Fleet") -> "Fleet":
        """These vehicles, and behind them in number the others."""
        n = len(self.route)
        return Fleet(
            np.append(self.depart_us, others.depart_us),
            np.append(self.route_start, others.route_start + n),
            np.append(self.route_end, others.route_end + n),
            np.append(self.route, others.route),
            np.append(self.vehicle_class, others.vehicle_class),
        )

    @classmethod
    def none(cls) -> "Fleet":
        """No vehicle."""
        empty = np.zeros(0, dtype=np.int64)
        return cls(empty, empty, empty, np.zeros(0, dtype=np.int32), empty)


@dataclass(frozen=True, eq=False)
class VehicleTable:
    """What became of each vehicle, by its number; times in µs, NEVER where it did not happen.

    `status` is the kernel's: OUTSIDE, MOVING, STANDING, ASIDE, GONE.
    """

    depart_us: Ints
    enter_us: Ints
    arrive_us: Ints
    status: Ints
    driven_mm: Ints
    free_us: Ints
    vehicle_class: Ints


@dataclass(frozen=True, eq=False)
class FlowRecords:
    """What a flow counted. `counts`: (n_intervals, L, 5) entered, left, time on (µs), density (veh·µs), queue (mm).

    `passages`: (n, 4) vehicle, segment, entry, exit (µs), or None when not kept. `cycles`: time in µs and segments.
    """

    vehicles: VehicleTable
    counts: NDArray[np.int64]
    first_interval: int
    passages: Ints | None
    n_passages: int
    cycles: tuple[tuple[int, tuple[int, ...]], ...]
    relieved: int
    end_us: int


class Flow(Protocol):
    """One interface, two implementations (`SimpyFlow`, `CompiledFlow`), one answer to the last bit."""

    env: Environment
    tables: FlowTables

    def add_vehicle(self, vehicle_class: str = "car") -> int:
        """A new vehicle outside the network, for a story to drive; returns its number."""
        ...

    def drive(self, vehicle: int, route: Sequence[int] | NDArray[np.integer]) -> Event:
        """Drive the segments of `route`; the event comes when the vehicle stands at the end of the last.

        From outside or aside it queues to enter the first segment; from the end of a segment the first of `route`
        follows that segment. An empty route ends at once. Raises SimulationError for a turn that does not exist.
        """
        ...

    def way_left(self, vehicle: int) -> list[int]:
        """The segments that a vehicle still has before it, that on which it is first; [] where it takes no other way.

        It takes none outside, in the lane group of its turn, on its last segment, or where it stands.
        """
        ...

    def redirect(self, vehicle: int, route: Sequence[int] | NDArray[np.integer]) -> None:
        """From the segment it is on drive `route`, in place of what it still had before it (see `way_left`).

        Raises SimulationError for a turn that does not exist, and where it takes no other way.
        """
        ...

    def place_of(self, vehicle: int) -> tuple[int, float] | None:
        """The segment that a vehicle is on, and when at free speed it is at its end (s); None: it is on none."""
        ...

    def totals(self) -> tuple[Ints, Ints]:
        """So far, by segment: vehicles that left it, and the time that they had spent on it (µs)."""
        ...

    def hold(self, vehicle: int) -> None:
        """Step aside from the end of the segment: those behind may pass."""
        ...

    def leave(self, vehicle: int) -> None:
        """Leave the network for good."""
        ...

    def change_segment(self, segment: int, *, lane_share: float, speed_share: float) -> None:
        """From now on the segment has that share of its lanes and free speed (see `FlowTables.changed`).

        No lanes: closed to entries; vehicles on it drive off. 1 and 1: as it was.
        """
        ...

    def show_greens(self, turns: Iterable[int], greens: Sequence[GreenRow]) -> None:
        """From now on these turns have these greens and no others; none: they are never stopped."""
        ...

    def red_s(self, turn: int) -> float | None:
        """How long a turn still has red (s), 0 where it has green; None: no green comes by what it shows now."""
        ...

    def arrived_s(self, vehicle: int) -> float | None:
        """When a vehicle came to the end of its way (s); None: it has not."""
        ...

    def vehicles_on(self, segment: int) -> int:
        """How many vehicles are on a segment now, under way or standing."""
        ...

    def finish(self) -> FlowRecords:
        """Close the books at the present time."""
        ...


def class_index(name: str) -> int:
    """Number of a vehicle class; raises SimulationError naming the classes there are."""
    try:
        return CLASS_NAMES.index(name)
    except ValueError:
        raise SimulationError(f"no vehicle class {name!r}; there are {', '.join(CLASS_NAMES)}") from None


def refuse_unknown_segments(tables: FlowTables, route: Sequence[int] | NDArray[np.integer]) -> None:
    """Raise SimulationError where a route names segments that are not there."""
    lowest, highest = np.min(route, initial=0), np.max(route, initial=0)
    if lowest < 0 or highest >= max(1, tables.n_segments):
        wrong = lowest if lowest < 0 else highest
        raise SimulationError(f"a route names segment {wrong}; there are segments 0 to {tables.n_segments - 1}")


def interval_us(interval_s: float) -> int:
    """Whole microseconds of an interval."""
    return round(interval_s * MICROS)


def expected_class(tables: FlowTables, name: str) -> int:
    """Number of a vehicle class that may come onto these tables; raises SimulationError for any other."""
    number = class_index(name)
    if tables.class_pcu[number] < tables.smallest_pcu:
        raise SimulationError(f"a vehicle of class {name!r} comes, but the tables were built without that class")
    return number
