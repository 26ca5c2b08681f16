"""`CompiledFlow`: the rules over arrays, compiled by numba. The flow of every study."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from simpy.events import Event

from twin.errors import SimulationError
from twin.records import INTERVAL_S
from twin.sim import kernel as k
from twin.sim import memory
from twin.sim.environment import Environment, LegEnd
from twin.sim.flow import (
    PATIENCE_S,
    Fleet,
    FlowRecords,
    GridlockPolicy,
    VehicleTable,
    expected_class,
    interval_us,
    refuse_unknown_segments,
)
from twin.sim.rules import MICROS, NEVER
from twin.sim.tables import FlowTables


class CompiledFlow:
    """Moves vehicles by `kernel.advance`; see `flow.Flow` for the interface.

    `fleet`: vehicles with whole routes, numbered from 0; story vehicles are numbered after them.
    """

    def __init__(
        self,
        env: Environment,
        tables: FlowTables,
        fleet: Fleet,
        *,
        gridlock: GridlockPolicy = "report",
        keep_passages: bool = False,
    ) -> None:
        self.env = env
        self.tables = tables
        self._n_vehicles = len(fleet)
        self._route_used = len(fleet.route)
        self._events: dict[int, LegEnd] = {}
        self._state = _state(tables, fleet, env.now_us, gridlock, keep_passages)
        self._past_legs: list[tuple[int, int, int]] = []  # vehicle, first and end of the legs before its last
        self._last_leg: dict[int, int] = {}  # where in the route pool a story vehicle's last leg begins
        self._last_end: dict[int, int] = {}  # and where it ends
        self._fleet_start = fleet.route_start
        self._heap_size, self._heap_time = self._state.control["heap_size"], self._state.heap["time"]
        self._refuse_broken_routes(fleet)
        order = np.lexsort((np.arange(len(fleet)), fleet.depart_us)).astype(np.int64)
        k.load_origins(self._state, order, env.now_us)
        env.calendar_flow = self

    def _refuse_broken_routes(self, fleet: Fleet) -> None:
        refuse_unknown_segments(self.tables, fleet.route)
        vehicle, at = k.first_broken_turn(
            fleet.route, fleet.route_start, fleet.route_end, self._state.road, self._state.turn
        )
        if vehicle >= 0:
            raise self.tables.no_turn(int(fleet.route[at]), int(fleet.route[at + 1]), int(vehicle))

    # --- what stories say -------------------------------------------------------------------------------------

    def add_vehicle(self, vehicle_class: str = "car") -> int:
        vehicle = self._n_vehicles
        if vehicle == len(self._state.vehicle):
            more = _blank_vehicles(max(1024, vehicle))
            both = memory.zeros(vehicle + len(more), k.VEHICLE)
            both[:vehicle], both[vehicle:] = self._state.vehicle, more
            self._state = self._state._replace(vehicle=both)
        row = self._state.vehicle[vehicle]
        row["kind"] = expected_class(self.tables, vehicle_class)
        row["pcu"] = self.tables.class_pcu[row["kind"]]
        row["has_story"] = 1
        self._n_vehicles += 1
        return vehicle

    def drive(self, vehicle: int, route: Sequence[int] | NDArray[np.integer]) -> Event:
        event = LegEnd(self.env, vehicle)
        n = len(route)
        if n == 0:
            return event.succeed()
        if vehicle in self._events:
            raise SimulationError(f"vehicle {vehicle} is under way; wait for the end of its leg before it drives on")
        begin = self._route_used
        if begin + n > len(self._state.route):
            more = np.zeros(max(4096, len(self._state.route), n), dtype=np.int32)
            self._state = self._state._replace(route=np.concatenate([self._state.route, more]))
        self._state.route[begin : begin + n] = route
        self._route_used = begin + n
        if self._say(k.start_leg, vehicle, self.env.now_us, begin, begin + n) == k.NO_WAY:
            self._refuse(vehicle, route)
        self._events[vehicle] = event
        if vehicle in self._last_leg:  # it stands where that leg ended
            self._past_legs.append((vehicle, self._last_leg[vehicle], self._last_end[vehicle]))
        self._last_leg[vehicle], self._last_end[vehicle] = begin, begin + n
        return event

    def _say(self, what: Callable[..., int], *words: int) -> int:
        """Tell the kernel something, making room first where it asks for it."""
        while (answer := what(self._state, *words)) not in (k.IDLE, k.NO_WAY):
            self._grow(answer)
        return answer

    def _refuse(self, vehicle: int, route: Sequence[int] | NDArray[np.integer]) -> None:
        """Say which step of a route there is not."""
        refuse_unknown_segments(self.tables, route)
        row = self._state.vehicle[vehicle]
        ahead = [int(row["where"])] if row["status"] == k.STANDING else []
        pool = np.array([*ahead, *route], dtype=np.int32)
        whole = np.zeros(1, dtype=np.int64), np.array([len(pool)], dtype=np.int64)
        _, at = k.first_broken_turn(pool, *whole, self._state.road, self._state.turn)
        raise self.tables.no_turn(int(pool[at]), int(pool[at + 1]), vehicle)

    def hold(self, vehicle: int) -> None:
        self._take_off(vehicle, k.ASIDE)

    def leave(self, vehicle: int) -> None:
        if vehicle in self._events or self._state.vehicle[vehicle]["status"] == k.STANDING:
            self._take_off(vehicle, k.GONE)
        else:
            self._state.vehicle[vehicle]["status"] = k.GONE

    def _take_off(self, vehicle: int, status: int) -> None:
        if self._state.vehicle[vehicle]["status"] != k.STANDING:
            raise SimulationError(f"vehicle {vehicle} does not stand at the end of a link, so it cannot leave the road")
        self._say(k.take_off, vehicle, self.env.now_us, status)

    def change_segment(self, segment: int, *, lane_share: float, speed_share: float) -> None:
        state, numbers = self._state, self.tables.changed(segment, lane_share=lane_share, speed_share=speed_share)
        road = state.road[segment]
        road["storage"], road["us_per_pcu"], road["jam_mm"] = numbers.storage, numbers.us_per_pcu, numbers.jam_mm
        road["wave_us"], road["wave_us_per_pcu"] = numbers.wave_us, numbers.wave_us_per_pcu
        # The shortcut of `is_surely_free` was derived for a road that does not change.
        road["free_storage"] = -1
        state.approach[segment]["room_at"] = 0
        state.free_us[segment], state.entry_gap[segment] = numbers.free_us, numbers.entry_gap_us
        state.exit_gap[self.tables.turns_out(segment)] = numbers.exit_gap_us
        self._say(k.close_segment, segment, self.env.now_us, int(numbers.is_closed))

    # --- the clock --------------------------------------------------------------------------------------------

    def next_us(self) -> int:
        return int(self._heap_time[0]) if self._heap_size[0] > 0 else NEVER

    def advance(self, until_us: int) -> None:
        while True:
            answer = k.advance(self._state, until_us)
            if answer == k.IDLE:
                return
            if answer == k.LEGS_ENDED:
                self._hand_over()
                return
            self._grow(answer)

    def _hand_over(self) -> None:
        control = self._state.control[0]
        ended = self._state.ended[: control["ended"]].tolist()
        self.env.set_now_us(int(control["now"]))
        control["ended"] = 0
        for vehicle in ended:
            self._events.pop(vehicle).succeed()

    def _grow(self, answer: int) -> None:
        state = self._state
        if answer == k.MORE_PASSAGES:
            self._state = state._replace(passage=_doubled(state.passage))
        elif answer == k.MORE_INTERVALS:
            self._state = state._replace(counts=_doubled(state.counts))
        else:
            self._state = state._replace(cycle=_doubled(state.cycle), cycle_links=_doubled(state.cycle_links))

    # --- the books --------------------------------------------------------------------------------------------

    def finish(self) -> FlowRecords:
        control = self._state.control[0]
        now = max(self.env.now_us, int(control["now"]))
        last = int(now // control["interval_us"] - control["first_interval"])
        while len(self._state.counts) <= last + 1:
            self._grow(k.MORE_INTERVALS)
        state = self._state
        k.close_counts(state, now)
        vehicles = state.vehicle[: self._n_vehicles]
        cycles, at = [], 0
        for time_us, length in state.cycle[: control["cycles"]].tolist():
            cycles.append((time_us, tuple(state.cycle_links[at : at + length].tolist())))
            at += length
        driven_mm, free_us = self._driven(vehicles)
        passages = state.passage[: control["passages"]] if control["keep_passages"] else None
        return FlowRecords(
            vehicles=VehicleTable(
                depart_us=vehicles["depart"].copy(),
                enter_us=vehicles["enter"].copy(),
                arrive_us=vehicles["arrive"].copy(),
                status=vehicles["status"].copy(),
                driven_mm=driven_mm,
                free_us=free_us,
                vehicle_class=vehicles["kind"].copy(),
            ),
            counts=state.counts[: last + 1],
            first_interval=int(control["first_interval"]),
            passages=None if passages is None else passages.view(np.int64).reshape(-1, 4),
            n_passages=int(control["passages"]),
            cycles=tuple(cycles),
            relieved=int(control["relieved"]),
            end_us=now,
        )

    def _driven(self, vehicles: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Distance (mm) and free-speed time (µs) of the segments each vehicle came onto so far."""
        begins = vehicles["at"].copy()
        begins[: len(self._fleet_start)] = self._fleet_start
        begins[list(self._last_leg)] = list(self._last_leg.values())
        past = np.array(self._past_legs, dtype=np.int64).reshape(-1, 3)
        pool = self._state.route[: self._route_used]
        lengths = np.concatenate([[0], np.cumsum(self.tables.length_mm[pool])])
        driven_mm = lengths[vehicles["at"]] - lengths[begins]
        np.add.at(driven_mm, past[:, 0], lengths[past[:, 2]] - lengths[past[:, 1]])
        free_us = np.zeros(len(vehicles), dtype=np.int64)
        for kind, times in enumerate(self.tables.free_us):
            mine = vehicles["kind"] == kind
            if mine.any():
                cumulative = np.concatenate([[0], np.cumsum(times[pool])])
                free_us[mine] = cumulative[vehicles["at"][mine]] - cumulative[begins[mine]]
                legs = past[mine[past[:, 0]]]
                np.add.at(free_us, legs[:, 0], cumulative[legs[:, 2]] - cumulative[legs[:, 1]])
        return driven_mm, free_us


def _doubled(array: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([array, np.zeros_like(array)])


def _blank_vehicles(count: int) -> NDArray[Any]:
    rows = memory.zeros(count, k.VEHICLE)
    for field in ("next", "where"):
        rows[field] = k.NOBODY
    for field in ("depart", "enter", "arrive"):
        rows[field] = NEVER
    rows["status"] = k.OUTSIDE
    return rows


def _approaches(n: int, start_us: int) -> NDArray[Any]:
    approach = memory.zeros(2 * n, k.APPROACH)
    for field in ("head", "tail", "target"):
        approach[field] = k.NOBODY
    approach["ready"] = NEVER
    approach["since"] = start_us
    return approach


def _roads(tables: FlowTables) -> NDArray[Any]:
    road = memory.zeros(tables.n_segments, k.ROAD)
    road["wave_us"], road["storage"] = tables.wave_us, tables.storage
    road["us_per_pcu"], road["jam_mm"] = tables.us_per_pcu, tables.jam_mm_per_pcu
    road["wave_us_per_pcu"] = tables.wave_us_per_pcu
    road["length_mm"] = np.maximum(1, tables.length_mm)
    ring_size = tables.exits_kept
    road["free_storage"] = tables.free_storage
    road["ring_at"], road["ring_mask"] = np.cumsum(ring_size) - ring_size, ring_size - 1
    road["out_at"], road["out_end"] = tables.out_start[:-1], tables.out_start[1:]
    road["in_at"], road["in_end"] = tables.in_start[:-1], tables.in_start[1:]
    return road


def _turns(tables: FlowTables) -> NDArray[Any]:
    n_turns = len(tables.turn_to)
    turn = memory.zeros(n_turns + tables.n_segments, k.TURN)
    turn["step"] = tables.weight_step
    turn["from_"][:n_turns], turn["to"][:n_turns] = tables.turn_from, tables.turn_to
    turn["penalty_us"][:n_turns] = tables.penalty_us
    turn["green_at"][:n_turns], turn["green_end"][:n_turns] = tables.green_start[:-1], tables.green_start[1:]
    return turn


def _vehicles(tables: FlowTables, fleet: Fleet) -> NDArray[Any]:
    vehicle = _blank_vehicles(len(fleet))
    vehicle["kind"], vehicle["depart"] = fleet.vehicle_class, fleet.depart_us
    vehicle["pcu"] = np.array(tables.class_pcu, dtype=np.int64)[fleet.vehicle_class]
    vehicle["at"], vehicle["end"] = fleet.route_start, fleet.route_end
    return vehicle


def _state(tables: FlowTables, fleet: Fleet, start_us: int, gridlock: GridlockPolicy, keep_passages: bool) -> k.State:
    """Arrays of an empty network with the fleet's vehicles, not yet queued."""
    n = tables.n_segments
    road = _roads(tables)
    width = interval_us(INTERVAL_S)
    control = np.zeros(1, dtype=k.CONTROL)
    control["keep_passages"] = int(keep_passages)
    control["patience_us"] = round(PATIENCE_S * MICROS) if gridlock == "relieve" else 0
    control["interval_us"], control["first_interval"] = width, start_us // width
    control["row_ends"], control["now"] = (start_us // width + 1) * width, start_us
    latest_us = int(fleet.depart_us.max(initial=start_us))
    greens = np.zeros(len(tables.greens), dtype=k.GREEN)
    for column, field in enumerate(("start", "length", "cycle")):
        greens[field] = tables.greens[:, column]
    return k.State(
        approach=_approaches(n, start_us),
        road=road,
        turn=_turns(tables),
        free_us=memory.copied(tables.free_us.T),
        entry_gap=memory.copied(tables.entry_gap_us.T),
        exit_gap=memory.copied(tables.exit_gap_us.T),
        in_turns=memory.copied(tables.in_turns),
        in_from=memory.copied(tables.turn_from[tables.in_turns]),
        greens=greens,
        ring=memory.zeros(int(road["ring_mask"].sum()) + n, k.EXIT),
        vehicle=_vehicles(tables, fleet),
        route=memory.copied(fleet.route),
        heap=memory.zeros(3 * n, k.ENTRY),
        heap_at=memory.copied(np.full(3 * n, k.NOBODY, dtype=np.int64)),
        counts=memory.zeros(((latest_us - start_us) // width + 5, n, 5)),
        passage=np.zeros(len(fleet.route) + 1024 if keep_passages else 1, dtype=k.PASSAGE),
        ended=np.zeros(n, dtype=np.int64),
        cycle=np.zeros(64, dtype=k.CYCLE),
        cycle_links=np.zeros(6 * (n + 1) + 64, dtype=np.int64),
        in_cycle=np.zeros(n, dtype=np.int64),
        control=control,
    )
