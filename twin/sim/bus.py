"""A bus's day, as one reads it aloud: start when due, drive to a stop in the same traffic as the cars, let riders off
and on, wait if it is held, go on; at the last stop rest, then begin the run back.

Where the street has one lane in that direction the bus stops in it and blocks those behind; where it has more, it
stops aside (a bay, the kerb lane) and merges back in, at a stop line when it has green. A stop may say otherwise. A
lane lost to a stopped bus on a wide street is not modelled. In the hours of a bus lane it drives there (`bus_lanes`),
and a stop in the lane holds up the buses behind alone.
"""

import hashlib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from simpy.events import Event

from twin.city.ground import Ground
from twin.city.network import Network
from twin.city.timetables import blocks_of, scheduled_s
from twin.city.transit import BusLine, Control, Stop
from twin.sim.bus_lanes import BusLanes
from twin.sim.buses_ahead import BusesAhead, turn_between
from twin.sim.environment import Environment
from twin.sim.flow import Fleet, Flow, class_index
from twin.sim.passengers import Load, Passengers, RiderDay, RiderWays
from twin.sim.rules import MICROS
from twin.sim.tables import SEGMENT_M, FlowTables

DOORS_S = 4.0  # opening, closing and leaving the stop (TCQSM, TCRP 165: 2–5 s)
BOARDING_S = 2.5  # per rider by card or code at the front door (2.0–3.0 s in Chinese practice, assumed)
ALIGHTING_S = 1.8  # per rider at the rear door (1.5–2.0 s, assumed)
STANDEE_S = 0.5  # more for each who boards while others stand (TCQSM, TCRP 165)
HELD_TO = 0.9  # share of the scheduled headway that headway control restores (assumed; below 1 it costs less speed)
STOPPING_S = 10.0
"""Lost beside the dwell by who stops: braking from 40 km/h and pulling away, v/2 (1/a + 1/b) at 1.2 and 1.0 m/s² (rates
assumed). In the model a vehicle drives up at full speed, so it is spent at the stop, before the doors open; not at the
last, for who ends there only brakes, and who begins at the first only pulls away."""
LONGEST_HOLD_S = 180.0  # no bus is held longer for its headway (assumed)
LATEST_DEPARTURE_S = 1 << 18  # room in an agent id for the second of a run's scheduled departure: three days
LOOK_AGAIN_S = 1.0  # a bus at a red whose end may come sooner than the plan says, or nobody knows
LONGEST_RED_S = 240.0  # then a bus in a bay goes all the same: a signal that counts cars on the street may not see it
FIRST_BUS_AGENT = 1 << 40  # buses come after drivers among simultaneous stories

Steps = Generator[Event, Any, None]


@dataclass(frozen=True, slots=True)
class DwellRule:
    """How long doors are open: `doors_s` + `boarding_s` a rider on + `alighting_s` a rider off.

    Two ways through the doors work side by side and the slower counts; `one_door`: all by one, one after another.
    `is_request_stop`: where nobody gets on or off the bus does not stop at all.
    Source: TCQSM (TCRP Report 165), dwell time by counts of riders at the busiest door.
    """

    doors_s: float = DOORS_S
    boarding_s: float = BOARDING_S
    alighting_s: float = ALIGHTING_S
    standee_s: float = STANDEE_S
    one_door: bool = False
    is_request_stop: bool = False

    def dwell_s(self, on: int, off: int, on_while_standing: int = 0) -> float:
        """Time at the stop (s) with so many on and off.

        >>> DwellRule(5.0, 2.5, 1.5, one_door=True).dwell_s(8, 6), DwellRule(5.0, 2.5, 1.5).dwell_s(8, 6)
        (34.0, 25.0)
        """
        if self.is_request_stop and on == 0 and off == 0:
            return 0.0
        on_s = self.boarding_s * on + self.standee_s * on_while_standing
        off_s = self.alighting_s * off
        return self.doors_s + (on_s + off_s if self.one_door else max(on_s, off_s))


USUAL_DWELL = DwellRule()


@dataclass(frozen=True, slots=True)
class Halt:
    """The way to one stop, and what holds there. `due_s`: by the timetable, after the run's scheduled departure.

    `first_turn`: by which a way that begins at the end of a street leads out of it; None: it begins before that, or
    does not lead on.
    """

    segments: NDArray[np.int32]  # from the stop before
    in_lane: bool  # blocks those behind
    row: int = 0  # of the stop among all stops of lines, see RiderWays
    due_s: float = 0.0
    control: Control = "none"
    first_turn: int | None = None


@dataclass(frozen=True, slots=True)
class BusRun:
    """One departure of a line on one day. `headway_s`: scheduled, to the bus before it; infinite for the first."""

    run_id: str
    line_id: str
    agent: int
    depart_s: float
    halts: tuple[Halt, ...]
    capacity: int = 70
    seats: int = 30
    headway_s: float = float("inf")
    layover_s: float = 0.0


@dataclass(slots=True)
class BusFate:
    """What became of a run; times in s, None where it has not happened."""

    vehicle: int = -1
    started_s: float | None = None
    arrived_s: float | None = None
    dwell_s: float = 0.0
    held_s: float = 0.0
    stops_served: int = 0
    on: int = 0
    off: int = 0
    left_behind: int = 0
    max_load: int = 0


Visit = tuple[str, int, float, float, int, int, int, int]
"""run_id, stop (from 0), arrive_s, leave_s, on, off, load when it leaves, left behind."""


@dataclass(slots=True)
class BusService:
    """What buses of one run of the model share: riders, how long doors are open, who left which stop last, lanes of
    their own, and signals that wait for them (None: there are none). `stopping_s`: see STOPPING_S."""

    passengers: Passengers
    dwell: DwellRule = USUAL_DWELL
    visits: list[Visit] = field(default_factory=list)
    left_s: dict[tuple[str, int], float] = field(default_factory=dict)  # (line, stop) → last departure
    lanes: BusLanes | None = None
    signals: BusesAhead | None = None
    stopping_s: float = 0.0

    @classmethod
    def without_riders(cls, n_rows: int = 0) -> "BusService":
        """Buses that nobody rides: they open their doors and go on."""
        return cls(Passengers(RiderWays.none({}, n_rows), RiderDay.none()))


def bus(env: Environment, flow: Flow, service: BusService, runs: Sequence[BusRun], fates: Sequence[BusFate]) -> Steps:
    """One bus: its runs one after another, each when it is due and the bus has rested; who comes late starts late."""
    for run, fate in zip(runs, fates, strict=True):
        if env.now < run.depart_s:
            yield env.timeout(run.depart_s - env.now)
        yield from drive_line(env, flow, service, run, fate)
        yield env.timeout(run.layover_s)


def drive_line(env: Environment, flow: Flow, service: BusService, run: BusRun, fate: BusFate) -> Steps:
    """Serve the stops in order, then leave the network at the last."""
    fate.started_s = env.now
    fate.vehicle = flow.add_vehicle("bus")
    load = Load.empty(len(run.halts))
    stands_on: int | None = None  # the segment at whose end it stands in its lane; None: aside, or not yet there
    stands_at: int | None = None  # the segment of the street at whose end it stands, in its lane or aside
    for number, halt in enumerate(run.halts):
        segments = halt.segments
        if len(segments):
            if service.lanes is not None:
                segments = service.lanes.way(segments, stands_on, env.now)
            if service.signals is not None:
                service.signals.set_out(run.line_id, fate.vehicle, stands_at, segments.tolist())
            if halt.first_turn is not None and stands_on is None and stands_at is not None:
                yield from wait_at_line(env, flow, service.signals, stands_at, halt.first_turn)
            yield flow.drive(fate.vehicle, segments)
            stands_on, stands_at = int(segments[-1]), int(halt.segments[-1])
            if service.signals is not None:
                service.signals.has_come(fate.vehicle)
        if not halt.in_lane and stands_on is not None:
            flow.hold(fate.vehicle)
            stands_on = None
        yield from serve(env, service, run, number, load, fate)
    fate.arrived_s = env.now
    flow.leave(fate.vehicle)


def wait_at_line(env: Environment, flow: Flow, signals: BusesAhead | None, stands_at: int, turn: int) -> Steps:
    """A bus that stopped aside at the end of a street sets out when its turn there has green, and then merges in.

    It has come past the queue by its bay; those it gives way to without a signal are left out.
    """
    may_change = signals is not None and signals.are_heard_after(stands_at)
    latest_s = env.now + LONGEST_RED_S
    while env.now < latest_s and (red_s := flow.red_s(turn)) != 0.0:
        yield env.timeout(LOOK_AGAIN_S if red_s is None else min(red_s, LOOK_AGAIN_S) if may_change else red_s)


def serve(env: Environment, service: BusService, run: BusRun, number: int, load: Load, fate: BusFate) -> Steps:
    """Stop, let riders off and on; who comes meanwhile gets on too; then wait if the bus is held."""
    halt, last = run.halts[number], len(run.halts) - 1
    passengers, came_s = service.passengers, env.now
    stopping_s = service.stopping_s if number < last else 0.0
    off = passengers.get_off(load, halt.row, number, env.now)
    on = on_while_standing = 0
    board = passengers.get_on
    while True:
        if number < last and load.count < run.capacity:
            standing = load.count >= run.seats
            more = board(load, halt.row, number, last, env.now, run.capacity - load.count)
            board = passengers.get_on_late
            on += more
            on_while_standing += more if standing else 0
        dwell_s = service.dwell.dwell_s(on, off, on_while_standing)
        stays_s = dwell_s + stopping_s - (env.now - came_s) if dwell_s else 0.0
        if stays_s <= 1e-6:
            break
        yield env.timeout(stays_s)
    fate.dwell_s += dwell_s
    if number < last and halt.control != "none":
        hold_s = held_s(service, run, number, env.now)
        if hold_s > 0.0:
            fate.held_s += hold_s
            yield env.timeout(hold_s)
            on += passengers.get_on(load, halt.row, number, last, env.now, run.capacity - load.count)
    left = passengers.leave_behind(halt.row) if number < last and load.count >= run.capacity else 0
    service.left_s[run.line_id, number] = env.now
    service.visits.append((run.run_id, number, came_s, env.now, on, off, load.count, left))
    fate.stops_served += 1
    fate.on, fate.off, fate.left_behind = fate.on + on, fate.off + off, fate.left_behind + left
    fate.max_load = max(fate.max_load, load.count)


def held_s(service: BusService, run: BusRun, number: int, now_s: float) -> float:
    """How long a bus that is ready is held (s): until the timetable's time, or until its headway is restored.

    Headway control holds it until HELD_TO of the scheduled headway after the bus before left this stop, at most
    LONGEST_HOLD_S (forward headway control in its simplest form: Daganzo 2009, TR-B 43(10)).
    """
    halt = run.halts[number]
    if halt.control == "timetable":
        return max(0.0, run.depart_s + halt.due_s - now_s)
    before_s = service.left_s.get((run.line_id, number))
    if halt.control == "headway" and before_s is not None and np.isfinite(run.headway_s):
        return min(LONGEST_HOLD_S, max(0.0, before_s + HELD_TO * run.headway_s - now_s))
    return 0.0


def first_rows(lines: Sequence[BusLine]) -> dict[str, int]:
    """The row of each line's first stop, where all stops of lines stand in order."""
    rows, row = {}, 0
    for line in lines:
        rows[line.id] = row
        row += len(line.stops)
    return rows


def line_halts(network: Network, tables: FlowTables, lines: Sequence[BusLine]) -> dict[str, tuple[Halt, ...]]:
    """Where the buses of each line drive and halt, by line id; a line whose streets are closed is not in it."""
    rows = first_rows(lines)
    open_lines = [line for line in lines if all(link in network.link_index for link in line.route)]
    return {line.id: _halts(network, tables, line, rows[line.id]) for line in open_lines}


def bus_blocks(
    network: Network,
    lines: Sequence[BusLine],
    halts: Mapping[str, tuple[Halt, ...]],
    *,
    start_s: float,
    end_s: float,
) -> list[list[BusRun]]:
    """What each bus drives, departures with start_s <= t < end_s, of the lines that have `halts` (of `line_halts`)."""
    open_lines = [line for line in lines if line.id in halts]
    by_id = {line.id: line for line in open_lines}
    departures = {line.id: line.departures_s(0.0, end_s) for line in open_lines}
    blocks = []
    for block in blocks_of(network, open_lines, start_s, end_s):
        runs = []
        for scheduled in block:
            line, times = by_id[scheduled.line_id], departures[scheduled.line_id]
            number = times.index(scheduled.depart_s)
            # A run is known by its departure: counted by number it would have another place when a measure adds one.
            agent = FIRST_BUS_AGENT + _key(line.id) * LATEST_DEPARTURE_S + int(scheduled.depart_s)
            before_s = times[number - 1] if number else -float("inf")
            runs.append(
                BusRun(
                    f"{line.id}#{number}",
                    line.id,
                    agent,
                    scheduled.depart_s,
                    halts[line.id],
                    line.capacity,
                    line.seats,
                    scheduled.depart_s - before_s,
                    line.layover_s,
                )
            )
        blocks.append(runs)
    return blocks


def passing_buses(
    network: Network,
    tables: FlowTables,
    lines: Sequence[BusLine],
    halts: Mapping[str, tuple[Halt, ...]],
    *,
    start_s: float,
    end_s: float,
) -> Fleet:
    """The same buses as vehicles that leave by the timetable and drive through without a stop: what cars meet of them
    where stops would cost too much to run. In the hours of a bus lane, when they set out, they drive there.
    """
    lanes = BusLanes.of(tables)
    runs = [run for block in bus_blocks(network, lines, halts, start_s=start_s, end_s=end_s) for run in block]
    ways = [lanes.way(np.concatenate([halt.segments for halt in run.halts]), None, run.depart_s) for run in runs]
    if not ways:
        return Fleet.none()
    ends = np.cumsum([len(way) for way in ways]).astype(np.int64)
    return Fleet(
        np.array([round(run.depart_s * MICROS) for run in runs], dtype=np.int64),
        np.append(0, ends[:-1]),
        ends,
        np.concatenate(ways).astype(np.int32),
        np.full(len(runs), class_index("bus"), dtype=np.int64),
    )


def _key(text: str) -> int:
    """28 bits that hang on a text alone."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "little") >> 4


def _halts(network: Network, tables: FlowTables, line: BusLine, first_row: int) -> tuple[Halt, ...]:
    due, halts, stands_at = scheduled_s(network, line), [], None
    for i, (stop, (segments, in_lane)) in enumerate(
        zip(line.stops, _stop_segments(network, tables, line), strict=True)
    ):
        first_turn = turn_out(tables, stands_at, segments)
        halts.append(Halt(segments, in_lane, first_row + i, due[i], _control_at(line, stop), first_turn))
        stands_at = int(segments[-1]) if len(segments) else stands_at
    return tuple(halts)


def turn_out(tables: FlowTables, stands_at: int | None, onward: NDArray[np.int32]) -> int | None:
    """The turn by which a way leads out of the street at whose end one stands (`Halt.first_turn`)."""
    if stands_at is None or len(onward) == 0 or tables.link_of(stands_at) == tables.link_of(int(onward[0])):
        return None
    found = turn_between(tables, stands_at, int(onward[0]))
    return None if found is None else found[0]


def _control_at(line: BusLine, stop: Stop) -> Control:
    return line.control if not line.held_at or stop.name in line.held_at else "none"


def _stop_segments(network: Network, tables: FlowTables, line: BusLine) -> list[tuple[NDArray[np.int32], bool]]:
    """For each stop the segments from the stop before to the segment end nearest it, and whether it is in the lane.

    The first stop begins with the segments after it, so the bus enters there.
    """
    links = [network.link_index[link] for link in line.route]
    segments = tables.expand(np.array(links, dtype=np.int64))
    first_of_link = np.concatenate([[0], np.cumsum(np.diff(tables.segment_start)[links])])
    ground = Ground(network)
    at, position, parts = -1, 0, []
    for number, stop in enumerate(line.stops):
        while line.route[position] != stop.link_id:
            position += 1
        n_parts = int(first_of_link[position + 1] - first_of_link[position])
        share = _share_along(network, ground, stop, line.route[position])
        here = int(first_of_link[position]) + min(n_parts, max(1, round(share * n_parts))) - 1
        here = max(here, at, 0)
        # The bus appears at its first stop by way of the segment that ends there.
        begin = here if number == 0 else at + 1
        in_lane = network.links[links[position]].lanes < 2 if stop.in_lane is None else stop.in_lane
        parts.append((segments[begin : here + 1], in_lane))
        at = here
    return parts


def _share_along(network: Network, ground: Ground, stop: Stop, link_id: str) -> float:
    link = network.link_by_id[link_id]
    if link.length_m <= SEGMENT_M:
        return 1.0  # one segment: a stop on it can only be at its end
    line = shapely.LineString(ground.xy(*zip(*network.ends_of(link), strict=True)))
    return float(line.project(shapely.Point(ground.xy(stop.lon, stop.lat)[0]), normalized=True))
