"""`CompiledFlow`: the rules over arrays, compiled by numba. The flow of every study."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from simpy.events import Event

from twin.errors import SimulationError
from twin.records import INTERVAL_S
from twin.sim import kernel, kernel_door, legs, memory, ways
from twin.sim import kernel_state as k
from twin.sim.counting import close_counts
from twin.sim.environment import Environment, LegEnd
from twin.sim.first_state import blank_journeys, blank_vehicles, first_state
from twin.sim.flow import (
    PATIENCE_S,
    Fleet,
    FlowRecords,
    GreenRow,
    GridlockPolicy,
    VehicleTable,
    expected_class,
    interval_us,
    refuse_unknown_segments,
)
from twin.sim.rules import MICROS, NEVER, wait_for_green
from twin.sim.tables import FlowTables, Ints


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
        interval_s: float = INTERVAL_S,
    ) -> None:
        self.env = env
        self.tables = tables
        self._n_vehicles = len(fleet)
        self._events: dict[int, LegEnd] = {}
        patience_us = round(PATIENCE_S * MICROS) if gridlock == "relieve" else 0
        self._keep(
            first_state(
                tables,
                fleet,
                env.now_us,
                width_us=interval_us(interval_s),
                patience_us=patience_us,
                keep_passages=keep_passages,
            )
        )
        self._past_legs: list[tuple[int, int, int]] = []  # vehicle, first and end of the legs before its last
        self._last_leg: dict[int, int] = {}  # where among the ways a story vehicle's last leg begins
        self._last_end: dict[int, int] = {}  # and where it ends
        self._redirected: set[int] = set()  # vehicles whose last leg is another way they took
        self._greens_at: dict[tuple[GreenRow, ...], tuple[int, int]] = {}  # rows of greens shown by stories so far
        self._fleet_start = self._fleet_ways(fleet)
        self._ways_used = int(self._fleet_start[-1])
        order = np.lexsort((np.arange(len(fleet)), fleet.depart_us)).astype(np.int64)
        legs.load_origins(self._state, order, env.now_us)
        env.calendar_flow = self

    def _keep(self, state: k.State) -> None:
        """Keep the state, where its arrays lie, and what of it stories ask for at every leg."""
        self._state, self._at = state, kernel_door.addresses(state)
        control = state.control
        # Seen as plain memory: a number is read from it in a third of the time that an array takes.
        self._next_us, self._now_us = control["next"].data, control["now"].data
        self._n_ended, self._ended = control["ended"].data, state.ended.data
        self._green_at, self._green_end = state.turn["green_at"].data, state.turn["green_end"].data
        self._status, self._way_end = state.vehicle["status"].data, state.vehicle["end"].data

    def _fleet_ways(self, fleet: Fleet) -> NDArray[np.int64]:
        """Write down every fleet vehicle's ways; answers where each begins, (n + 1,)."""
        refuse_unknown_segments(self.tables, fleet.route)
        state = self._state
        way_start = np.zeros(len(fleet) + 1, dtype=np.int64)
        vehicle, at = ways.find_all_ways(
            state.road, state.turn, fleet.route, fleet.route_start, fleet.route_end, state.way, way_start
        )
        if vehicle >= 0:
            raise self.tables.no_turn(int(fleet.route[at - 1]), int(fleet.route[at]), int(vehicle))
        state.vehicle["at"], state.vehicle["end"] = way_start[:-1], way_start[1:]
        return way_start

    # --- what stories say -------------------------------------------------------------------------------------

    def add_vehicle(self, vehicle_class: str = "car") -> int:
        vehicle = self._n_vehicles
        if vehicle == len(self._state.vehicle):
            more = max(1024, vehicle)
            state = self._state
            self._keep(
                state._replace(
                    vehicle=_longer(state.vehicle, blank_vehicles(more)),
                    journey=_longer(state.journey, blank_journeys(more)),
                )
            )
        rows, kind = self._state.vehicle, expected_class(self.tables, vehicle_class)
        rows["kind"][vehicle], rows["pcu"][vehicle] = kind, self.tables.class_pcu[kind]
        rows["has_story"][vehicle] = 1
        self._n_vehicles += 1
        return vehicle

    def drive(self, vehicle: int, route: Sequence[int] | NDArray[np.integer]) -> Event:
        event = LegEnd(self.env, vehicle)
        n = len(route)
        if n == 0:
            return event.succeed()
        if vehicle in self._events:
            raise SimulationError(f"vehicle {vehicle} is under way; wait for the end of its leg before it drives on")
        begin = self._ways_used
        self._make_room(2 * n)
        steps = np.asarray(route, dtype=np.int32)
        if self._say(legs.start_leg, vehicle, self.env.now_us, steps, begin) == k.NO_WAY:
            row = self._state.vehicle[vehicle]
            self._refuse(vehicle, route, int(row["where"]) if row["status"] == k.STANDING else k.NOBODY)
        end = self._ways_used = self._way_end[vehicle]
        self._events[vehicle] = event
        if vehicle in self._last_leg:  # it stands where that leg ended
            self._past_legs.append((vehicle, self._last_leg[vehicle], self._last_end[vehicle]))
        self._last_leg[vehicle], self._last_end[vehicle] = begin, end
        self._redirected.discard(vehicle)
        return event

    def way_left(self, vehicle: int) -> list[int]:
        row = self._state.vehicle[vehicle]
        at, end = int(row["at"]), int(row["end"])
        is_fleet = vehicle < len(self._fleet_start) - 1
        began = self._last_leg.get(vehicle, int(self._fleet_start[vehicle]) if is_fleet else -1)
        if row["status"] != k.MOVING or at >= end or (at == began and vehicle not in self._redirected):
            return []
        here, *ahead = self._state.turn["to"][self._state.way[at - 1 : end]].tolist()
        groups = range(self.tables.first_group, self.tables.first_bus_lane)
        if here in groups or ahead[0] == self.tables.exit_group[here]:
            return []
        return [here, *(segment for segment in ahead if segment not in groups)]

    def redirect(self, vehicle: int, route: Sequence[int] | NDArray[np.integer]) -> None:
        way_left = self.way_left(vehicle)
        if not way_left or len(route) == 0:
            raise SimulationError(f"vehicle {vehicle} takes no other way where it is")
        refuse_unknown_segments(self.tables, route)
        begin, here = self._ways_used, way_left[0]
        self._make_room(2 * len(route) + 1)
        at, has_story = int(self._state.vehicle[vehicle]["at"]), bool(self._state.vehicle[vehicle]["has_story"])
        steps = np.asarray(route, dtype=np.int32)
        if self._say(legs.redirect, vehicle, self.env.now_us, here, not has_story, steps, begin) == k.NO_WAY:
            self._refuse(vehicle, route, here)
        end = self._ways_used = int(self._state.vehicle[vehicle]["end"])
        began = self._last_leg.get(vehicle)
        self._past_legs.append((vehicle, int(self._fleet_start[vehicle]) if began is None else began, at))
        self._last_leg[vehicle], self._last_end[vehicle] = begin + 1, end
        self._redirected.add(vehicle)

    def place_of(self, vehicle: int) -> tuple[int, float] | None:
        row = self._state.vehicle[vehicle]
        if row["status"] not in (k.MOVING, k.STANDING):
            return None
        at = int(row["at"])
        has_not_moved = at == self._last_leg.get(vehicle) and vehicle not in self._redirected
        stands = row["status"] == k.STANDING or has_not_moved
        here = int(row["where"]) if stands else int(self._state.turn["to"][self._state.way[at - 1]])
        return here, int(row["arrives"]) / MICROS

    def totals(self) -> tuple[Ints, Ints]:
        state = self._state
        rows = state.counts[: int(state.control[0]["row"]) + 1]
        here = state.approach[: self.tables.n_segments]
        left = rows[:, :, k.LEFT].sum(axis=0) + here["exits"] - state.road["exits_before"]
        return left, rows[:, :, k.TIME_ON].sum(axis=0) + here["time_on"]

    def _make_room(self, ways_more: int) -> None:
        """See that there is room for so many ways behind those there are."""
        if self._ways_used + ways_more + k.WAYS_AHEAD > len(self._state.way):
            more = np.zeros(max(4096, len(self._state.way), ways_more + k.WAYS_AHEAD), dtype=np.int32)
            self._keep(self._state._replace(way=np.concatenate([self._state.way, more])))

    def _say(self, what: Callable[..., int], *words: Any) -> int:
        """Tell the kernel something, making room first where it asks for it."""
        while (answer := what(self._at, *words)) not in (k.IDLE, k.NO_WAY):
            self._grow(answer)
        return answer

    def _refuse(self, vehicle: int, route: Sequence[int] | NDArray[np.integer], stands_on: int) -> None:
        """Say which step of a route there is not."""
        refuse_unknown_segments(self.tables, route)
        steps, way = np.asarray(route, dtype=np.int32), np.zeros(2 * len(route) + 1, dtype=np.int32)
        state = self._state
        at = ~int(ways.find_ways(state.road, state.turn, stands_on, False, steps, 0, len(steps), way, 0))
        raise self.tables.no_turn(int(route[at - 1]) if at else stands_on, int(route[at]), vehicle)

    def hold(self, vehicle: int) -> None:
        self._take_off(vehicle, k.ASIDE)

    def leave(self, vehicle: int) -> None:
        if vehicle in self._events or self._status[vehicle] == k.STANDING:
            self._take_off(vehicle, k.GONE)
        else:
            self._status[vehicle] = k.GONE

    def _take_off(self, vehicle: int, status: int) -> None:
        if self._status[vehicle] != k.STANDING:
            raise SimulationError(f"vehicle {vehicle} does not stand at the end of a link, so it cannot leave the road")
        self._say(kernel.take_off, vehicle, self.env.now_us, status)

    def change_segment(self, segment: int, *, lane_share: float, speed_share: float) -> None:
        state, numbers = self._state, self.tables.changed(segment, lane_share=lane_share, speed_share=speed_share)
        road = state.road[segment]
        road["storage"], road["jam_mm"] = numbers.storage, numbers.jam_mm
        road["wave_us"], road["wave_us_per_pcu"] = numbers.wave_us, numbers.wave_us_per_pcu
        road["room_at"] = 0
        here = state.approach[segment]
        here["us_per_pcu"], here["free_us"] = numbers.us_per_pcu, numbers.free_us[0]
        # The shortcut of `is_surely_free` was derived for a road that does not change.
        here["free_storage"] = -1
        state.free_us[segment] = numbers.free_us
        state.turn["us_per_pcu"][self.tables.turns_out(segment)] = numbers.exit_us_per_pcu
        self._say(kernel.close_segment, segment, self.env.now_us, int(numbers.is_closed))

    def show_greens(self, turns: Iterable[int], greens: Sequence[GreenRow]) -> None:
        rows = tuple(greens)
        if rows not in self._greens_at:
            more = np.array(rows, dtype=np.int64).reshape(-1, 3)
            added = np.zeros(len(more), dtype=k.GREEN)
            added["start"], added["length"], added["cycle"] = more.T
            begin = len(self._state.greens)
            self._keep(self._state._replace(greens=np.concatenate([self._state.greens, added])))
            self._greens_at[rows] = begin, begin + len(more)
        for turn in turns:
            segment = int(self.tables.turn_from[turn])
            self._say(kernel.show_greens, segment, turn, *self._greens_at[rows], self.env.now_us)

    def red_s(self, turn: int) -> float | None:
        now, begin, end = self.env.now_us, self._green_at[turn], self._green_end[turn]
        if begin == end:
            return 0.0
        green_us = min(wait_for_green(now, *green) for green in self._state.greens[begin:end].tolist())
        return None if green_us >= NEVER else (green_us - now) / MICROS

    def arrived_s(self, vehicle: int) -> float | None:
        arrive_us = int(self._state.journey["arrive"][vehicle])
        return None if arrive_us >= NEVER else arrive_us / MICROS

    def vehicles_on(self, segment: int) -> int:
        here = self._state.approach[segment]
        return int(here["entries"]) - int(here["exits"])

    # --- the clock --------------------------------------------------------------------------------------------

    def next_us(self) -> int:
        return int(self._next_us[0])

    def advance(self, until_us: int) -> bool:
        if self._next_us[0] > until_us:
            return False
        while (answer := kernel.advance(self._at, until_us)) != k.LEGS_ENDED:
            if answer == k.IDLE:
                return False
            self._grow(answer)
        self._hand_over()
        return True

    def _hand_over(self) -> None:
        pop = self._events.pop
        ends = [pop(vehicle) for vehicle in self._ended[: self._n_ended[0]].tolist()]
        self._n_ended[0] = 0
        self.env.legs_end(self._now_us[0], ends)

    def _grow(self, answer: int) -> None:
        state = self._state
        if answer == k.MORE_PASSAGES:
            self._keep(state._replace(passage=_doubled(state.passage)))
        elif answer == k.MORE_INTERVALS:
            self._keep(state._replace(counts=_doubled(state.counts)))
        else:
            self._keep(state._replace(cycle=_doubled(state.cycle), cycle_links=_doubled(state.cycle_links)))

    # --- the books --------------------------------------------------------------------------------------------

    def finish(self) -> FlowRecords:
        control = self._state.control[0]
        now = max(self.env.now_us, int(control["now"]))
        last = int(now // control["interval_us"] - control["first_interval"])
        while len(self._state.counts) <= last + 1:
            self._grow(k.MORE_INTERVALS)
        state = self._state
        close_counts(state, now)
        vehicles, journeys = state.vehicle[: self._n_vehicles], state.journey[: self._n_vehicles]
        cycles, at = [], 0
        for time_us, length in state.cycle[: control["cycles"]].tolist():
            cycles.append((time_us, tuple(state.cycle_links[at : at + length].tolist())))
            at += length
        driven_mm, free_us = self._driven(vehicles)
        passages = state.passage[: control["passages"]] if control["keep_passages"] else None
        return FlowRecords(
            vehicles=VehicleTable(
                depart_us=journeys["depart"].copy(),
                enter_us=journeys["enter"].copy(),
                arrive_us=journeys["arrive"].copy(),
                status=vehicles["status"].astype(np.int64),
                driven_mm=driven_mm,
                free_us=free_us,
                vehicle_class=vehicles["kind"].astype(np.int64),
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
        begins = vehicles["at"].astype(np.int64)
        begins[: len(self._fleet_start) - 1] = self._fleet_start[:-1]
        begins[list(self._last_leg)] = list(self._last_leg.values())
        last = np.stack([np.arange(len(vehicles)), begins, vehicles["at"]], axis=1)
        driven = np.concatenate([np.array(self._past_legs, dtype=np.int64).reshape(-1, 3), last])
        driven_mm, free_us = np.zeros((2, len(vehicles)), dtype=np.int64)
        times = np.ascontiguousarray(self.tables.free_us.T)
        state, kinds = self._state, vehicles["kind"].astype(np.int64)
        ways.add_driven(state.way, state.turn, self.tables.length_mm, times, kinds, driven, driven_mm, free_us)
        return driven_mm, free_us


def _doubled(array: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([array, np.zeros_like(array)])


def _longer(array: NDArray[Any], more: NDArray[Any]) -> NDArray[Any]:
    both = memory.zeros(len(array) + len(more), array.dtype)
    both[: len(array)], both[len(array) :] = array, more
    return both
