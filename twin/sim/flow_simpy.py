"""`SimpyFlow`: how vehicles move, written to be read. `CompiledFlow` does the same with arrays, to the last bit.

A street network is a set of **segments**. A segment is a first-in, first-out row of vehicles; and it is a *server*
that lets vehicles in, one after another. Those who ask to be let in are the **approaches**: the segments that lead
to it, and its **origin**, the row of vehicles that wait outside. Of each approach only the first vehicle, its
*head*, asks; the head knows when it is *ready* (it has arrived, the one before it is out of the way, its turn shows
green) and which segment it wants.

A segment lets the next vehicle in when a head is ready, the headway since the last entry is over, and there is
room. Only that moment is on the SimPy calendar, one event for each segment; who goes is decided when it comes. A
full segment whose next gap nobody can foresee has no event at all: the exit that makes the gap sets one. So a
blocked head costs nothing, and a passage costs one event.

`_serve`, `_reconsider`, `_move` and `_new_head` are the whole of it; the formulas are in `rules`.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from simpy.events import Event

from twin.errors import SimulationError
from twin.records import INTERVAL_S
from twin.sim.environment import Environment, FlowEvent, LegEnd
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
from twin.sim.kernel_state import ASIDE, GONE, LEFT, MOVING, OUTSIDE, STANDING, TIME_ON
from twin.sim.rules import (
    MICROS,
    NEVER,
    earliest_exit,
    flow_step,
    gap_headway,
    headway,
    relief_time,
    start_tag,
    tag_step,
)
from twin.sim.street import Approach, Origin, Segment, Vehicle, build_street
from twin.sim.tables import FlowTables, Ints


class SimpyFlow:
    """Moves vehicles by events on the SimPy calendar; see `flow.Flow` for the interface.

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
        self._width_us = interval_us(interval_s)
        self._first_interval = env.now_us // self._width_us
        self._patience_us = round(PATIENCE_S * MICROS) if gridlock == "relieve" else 0
        self._segments = build_street(tables, env.now_us, self._width_us)
        n = tables.n_segments
        for number, segment in enumerate(self._segments):
            segment.entry = FlowEvent(env, number, partial(self._serve, segment))
            segment.leg_end = FlowEvent(env, n + number, partial(self._end_leg, segment))
            segment.relief = FlowEvent(env, 2 * n + number, partial(self._relieve, segment))
        self._now_us = env.now_us  # of the last event
        self._keep_passages = keep_passages
        self._passages: list[list[int]] = []
        self._n_passages = 0
        self._cycles: list[tuple[int, tuple[int, ...]]] = []
        self._relieved = 0
        self._vehicles = self._scheduled(fleet)

    def _scheduled(self, fleet: Fleet) -> list[Vehicle]:
        """The fleet, queued outside its first segments by departure, then number."""
        refuse_unknown_segments(self.tables, fleet.route)
        route = [self._segments[number] for number in fleet.route.tolist()]
        vehicles = []
        rows = zip(fleet.vehicle_class, fleet.depart_us, fleet.route_start, fleet.route_end, strict=True)
        for number, (kind, depart_us, start, end) in enumerate(rows):
            vehicle = Vehicle(number, int(kind), self.tables.class_pcu[kind])
            vehicle.depart_us = int(depart_us)
            vehicle.route = self._through_groups(vehicle, route[start:end])
            last = vehicle.route[-1]
            if last.exit_group is not None:
                vehicle.route.append(last.exit_group)
            vehicles.append(vehicle)
        for vehicle in sorted(vehicles, key=lambda vehicle: vehicle.depart_us):
            vehicle.route[0].origin.vehicles.append(vehicle)
        for segment in self._segments:
            self._new_head(segment.origin, self._now_us)
        return vehicles

    def _through_groups(self, vehicle: Vehicle, route: Sequence[Segment]) -> list[Segment]:
        """The route with the lane groups that its turns go through. Raises SimulationError for a turn there is not."""
        whole = [*route[:1]]
        for segment, onward in pairwise(route):
            if onward not in segment.turns:
                group = segment.group_to(onward)
                if group is None:
                    raise self.tables.no_turn(segment.number, onward.number, vehicle.number)
                whole.append(group)
            whole.append(onward)
        return whole

    # --- what stories say -------------------------------------------------------------------------------------

    def add_vehicle(self, vehicle_class: str = "car") -> int:
        kind = expected_class(self.tables, vehicle_class)
        self._vehicles.append(Vehicle(len(self._vehicles), kind, self.tables.class_pcu[kind]))
        return len(self._vehicles) - 1

    def drive(self, vehicle: int, route: Sequence[int] | NDArray[np.integer]) -> Event:
        event = LegEnd(self.env, vehicle)
        if len(route) == 0:
            return event.succeed()
        driven = self._vehicles[vehicle]
        if driven.leg_ends is not None:
            raise SimulationError(f"vehicle {vehicle} is under way; wait for the end of its leg before it drives on")
        refuse_unknown_segments(self.tables, route)
        ahead = [self._segments[int(number)] for number in route]
        stands_on = driven.stands_on
        if stands_on is None:
            ahead = self._through_groups(driven, ahead)
        else:
            ahead = self._through_groups(driven, [stands_on, *ahead])[1:]
        now = self.env.now_us
        driven.route, driven.at = ahead, 0
        driven.leg_ends = event
        if stands_on is None:
            driven.depart_us = now
            driven.status = OUTSIDE
            self._join_queue(ahead[0].origin, driven, now)
        else:
            driven.stands_on = None
            driven.status = MOVING
            self._new_head(stands_on, now)
        return event

    def way_left(self, vehicle: int) -> list[int]:
        driver = self._vehicles[vehicle]
        if driver.status != MOVING or not 0 < driver.at < len(driver.route):
            return []
        here, *ahead = driver.route[driver.at - 1 :]
        if here.is_group or ahead[0] is here.exit_group:
            return []
        return [segment.number for segment in (here, *ahead) if not segment.is_group]

    def redirect(self, vehicle: int, route: Sequence[int] | NDArray[np.integer]) -> None:
        if not self.way_left(vehicle) or len(route) == 0:
            raise SimulationError(f"vehicle {vehicle} takes no other way where it is")
        refuse_unknown_segments(self.tables, route)
        driver = self._vehicles[vehicle]
        here = driver.route[driver.at - 1]
        ahead = self._through_groups(driver, [here, *(self._segments[int(number)] for number in route)])
        if driver.leg_ends is None and ahead[-1].exit_group is not None:
            ahead.append(ahead[-1].exit_group)
        driver.route, driver.at = ahead, 1
        if here.vehicles[0] is driver:
            now = self.env.now_us
            wanted = here.target
            assert wanted is not None  # it had a way before it
            member: Segment | None = here
            while member is not None and member.in_cycle:  # a gridlock that it stood in is one no more
                member.in_cycle = False
                member = member.target
            wanted.waiting.remove(here)
            here.target = None
            self._reconsider(wanted, now)
            self._new_head(here, now)

    def place_of(self, vehicle: int) -> tuple[int, float] | None:
        driver = self._vehicles[vehicle]
        if driver.status not in (MOVING, STANDING) or driver.on is None:
            return None
        return driver.on.number, driver.arrives_us / MICROS

    def totals(self) -> tuple[Ints, Ints]:
        sums = [np.array(segment.counts(), dtype=np.int64).sum(axis=0) for segment in self._segments]
        table = np.array(sums, dtype=np.int64).reshape(-1, 5)
        return table[:, LEFT], table[:, TIME_ON]

    def hold(self, vehicle: int) -> None:
        self._step_off(vehicle, ASIDE)

    def leave(self, vehicle: int) -> None:
        leaver = self._vehicles[vehicle]
        if leaver.leg_ends is not None or leaver.stands_on is not None:
            self._step_off(vehicle, GONE)
        else:
            leaver.status = GONE

    def _step_off(self, vehicle: int, status: int) -> None:
        segment = self._vehicles[vehicle].stands_on
        if segment is None:
            raise SimulationError(f"vehicle {vehicle} does not stand at the end of a link, so it cannot leave the road")
        self._take_off(segment, self.env.now_us, status)

    def change_segment(self, segment: int, *, lane_share: float, speed_share: float) -> None:
        self._segments[segment].change(self.tables.changed(segment, lane_share=lane_share, speed_share=speed_share))
        self._reconsider(self._segments[segment], self.env.now_us)

    def show_greens(self, turns: Iterable[int], greens: Sequence[GreenRow]) -> None:
        now = self.env.now_us
        for number in turns:
            segment = self._segments[int(self.tables.turn_from[number])]
            turn = segment.turns[self._segments[int(self.tables.turn_to[number])]]
            turn.greens = list(greens)
            if segment.vehicles and segment.turn is turn and segment.target is not None:
                segment.ready_us = self._ready_from(segment, now)
                self._reconsider(segment.target, now)

    def red_s(self, turn: int) -> float | None:
        segment = self._segments[int(self.tables.turn_from[turn])]
        green_us = segment.turns[self._segments[int(self.tables.turn_to[turn])]].green_from(self.env.now_us)
        return None if green_us >= NEVER else (green_us - self.env.now_us) / MICROS

    def arrived_s(self, vehicle: int) -> float | None:
        arrive_us = self._vehicles[vehicle].arrive_us
        return None if arrive_us >= NEVER else arrive_us / MICROS

    def vehicles_on(self, segment: int) -> int:
        return len(self._segments[segment].vehicles)

    # --- who is let in, and when ------------------------------------------------------------------------------

    def _serve(self, segment: Segment, now: int) -> None:
        """The segment's time has come: let in whose turn it is, if signal and room agree."""
        self._now_us = now
        approach = segment.next_approach(now)
        if approach is not None:
            green_us = approach.turn.green_from(now)
            if green_us > now:
                assert isinstance(approach, Segment)  # an origin queue has no greens
                approach.ready_us = self._ready_from(approach, now)
            elif segment.next_entry_us <= now and segment.room_from(approach.vehicles[0].pcu) <= now:
                self._move(approach, segment, now)
                return
        self._reconsider(segment, now)

    def _reconsider(self, segment: Segment, now: int) -> None:
        """Set when the segment next lets a vehicle in."""
        when = segment.entry_from(now)
        if when >= NEVER and segment.waiting:
            self._look_for_gridlock(segment, now)
        self.env.schedule_flow(segment.entry, when)

    def _move(self, approach: Approach, segment: Segment, now: int) -> None:
        """Let the head of an approach into a segment."""
        vehicle = approach.vehicles[0]
        turn = approach.turn
        segment.virtual_time = start_tag(turn.tag, segment.virtual_time)
        turn.tag = segment.virtual_time + tag_step(vehicle.pcu, turn.step)
        if isinstance(approach, Segment):
            self._dissolve(approach)
        segment.waiting.remove(approach)
        approach.target = None
        if isinstance(approach, Segment):
            us_per_pcu = turn.exit_us_per_pcu
            if turn.yields_to:
                us_per_pcu = max(
                    us_per_pcu, gap_headway(turn.follow_at(now), now - approach.ready_us, segment.us_per_pcu)
                )
            if turn.stream is not None:
                turn.stream.add(vehicle.pcu, now)
            self._leave_segment(approach, now, us_per_pcu)
        else:
            approach.vehicles.popleft()
            if vehicle.enter_us == NEVER:
                vehicle.enter_us = now
            vehicle.status = MOVING
        was_empty = not segment.vehicles
        self._enter_segment(segment, vehicle, now)
        if was_empty:
            self._new_head(segment, now)
        self._new_head(approach, now)
        if isinstance(approach, Segment):
            self._reconsider(approach, now)
        self._reconsider(segment, now)

    def _new_head(self, approach: Approach, now: int) -> None:
        """The vehicle now first at an approach: when it is ready, and what it wants."""
        if not approach.vehicles:
            approach.target = None
            approach.ready_us = NEVER
            return
        vehicle = approach.vehicles[0]
        if isinstance(approach, Origin):
            wanted = approach.into
            approach.ready_us = max(now, vehicle.depart_us)
        elif vehicle.at < len(vehicle.route):
            wanted = vehicle.route[vehicle.at]
            approach.turn = approach.turns[wanted]
            approach.ready_us = self._ready_from(approach, now)
        else:
            approach.ready_us = max(now, earliest_exit(vehicle.arrives_us, approach.next_exit_us))
            self.env.schedule_flow(approach.leg_end, approach.ready_us)
            return
        approach.target = wanted
        wanted.waiting.append(approach)
        self._reconsider(wanted, now)

    def _ready_from(self, segment: Segment, now: int) -> int:
        """From when on the head of a segment may go by its turn, room and others left out of account."""
        turn = segment.turn
        arrival_us = segment.vehicles[0].arrives_us + turn.penalty_us
        ready_us = turn.green_from(max(now, earliest_exit(arrival_us, segment.next_exit_us)))
        if ready_us >= NEVER or not turn.yields_to:
            return ready_us
        flow, gone_us = turn.against(now, ready_us)
        wait_us = turn.wait_us[flow_step(flow)]
        goes_us = max(ready_us, arrival_us + wait_us)
        if gone_us > ready_us:
            goes_us = max(goes_us, gone_us + wait_us)
        return turn.green_from(min(goes_us, max(ready_us, turn.sneaks_from(ready_us))))

    def _leave_segment(self, segment: Segment, now: int, us_per_pcu: int) -> None:
        """Take the head off a segment: the exit is remembered, room and a headway follow from it."""
        vehicle = segment.vehicles.popleft()
        if now - vehicle.arrives_us >= segment.us_per_pcu:  # it lost more than a headway: it stood
            segment.count_queue(vehicle, now)
        segment.cum_out += vehicle.pcu
        segment.remember_exit(now)
        segment.next_exit_us = now + headway(vehicle.pcu, us_per_pcu)
        segment.count_vehicles(now, -1)
        segment.left += 1
        segment.time_on_us += now - vehicle.entry_us
        if self._keep_passages:
            self._passages[vehicle.passage][3] = now

    def _enter_segment(self, segment: Segment, vehicle: Vehicle, now: int) -> None:
        """Put a vehicle at the tail of a segment."""
        free_us = segment.free_us[vehicle.kind]
        vehicle.at += 1
        vehicle.on = segment
        vehicle.entry_us = now
        vehicle.arrives_us = now + free_us
        vehicle.level = segment.cum_in
        vehicle.driven_mm += segment.base_length_mm
        vehicle.free_us += segment.base_free_us[vehicle.kind]
        segment.cum_in += vehicle.pcu
        segment.next_entry_us = now + headway(vehicle.pcu, segment.us_per_pcu)
        segment.count_vehicles(now, 1)
        segment.entered += 1
        if self._keep_passages:
            vehicle.passage = self._n_passages
            self._passages.append([vehicle.number, segment.number, now, NEVER])
        self._n_passages += 1
        segment.vehicles.append(vehicle)

    # --- where legs begin and end -----------------------------------------------------------------------------

    def _join_queue(self, origin: Origin, vehicle: Vehicle, now: int) -> None:
        """Put a vehicle behind those who wait outside, ahead of those who depart later."""
        queue = origin.vehicles
        place = len(queue)
        while place > 0 and queue[place - 1].depart_us > now:
            place -= 1
        queue.insert(place, vehicle)
        if place == 0:
            if origin.target is not None:
                origin.target.waiting.remove(origin)
            self._new_head(origin, now)

    def _end_leg(self, segment: Segment, now: int) -> None:
        """The head of a segment stands at the end of its route: it leaves, or its story takes over."""
        self._now_us = now
        vehicle = segment.vehicles[0]
        vehicle.arrive_us = now
        if vehicle.leg_ends is None:
            self._take_off(segment, now, GONE)
            return
        segment.ready_us = NEVER
        vehicle.stands_on = segment
        vehicle.status = STANDING
        event, vehicle.leg_ends = vehicle.leg_ends, None
        event.succeed()  # stories run after every flow event of this instant

    def _take_off(self, segment: Segment, now: int, status: int) -> None:
        """Take the head off a segment, to the roadside (ASIDE) or for good (GONE)."""
        vehicle = segment.vehicles[0]
        self._leave_segment(segment, now, segment.us_per_pcu)
        vehicle.stands_on = None
        vehicle.status = status
        self._new_head(segment, now)
        self._reconsider(segment, now)

    # --- gridlock ---------------------------------------------------------------------------------------------

    def _look_for_gridlock(self, start: Segment, now: int) -> None:
        """Follow who waits for whom: a way back to the start through full segments is a cycle that stands."""
        if start.is_closed or start.in_cycle:
            return
        cycle: list[Segment] = []
        segment = start
        while not cycle or segment is not start:
            cycle.append(segment)
            wanted = segment.target
            if len(cycle) > len(self._segments) or segment.in_cycle or wanted is None or wanted.is_closed:
                return
            if wanted.entry_from(now) < NEVER:
                return
            segment = wanted
        for segment in cycle:
            segment.in_cycle = True
        self._cycles.append((now, tuple(segment.number for segment in cycle)))
        if self._patience_us > 0:
            first = min(cycle, key=lambda segment: segment.number)
            relieved_us = max(segment.relieved_us for segment in cycle)
            self.env.schedule_flow(first.relief, relief_time(now, relieved_us, self._patience_us))

    def _dissolve(self, segment: Segment) -> None:
        """The head of a segment goes: the cycle it is part of, if any, stands no longer and is looked at anew."""
        member: Segment | None = segment
        while member is not None and member.in_cycle:
            member.in_cycle = False
            member = member.target

    def _relieve(self, segment: Segment, now: int) -> None:
        """Patience is over: if the cycle still stands, let the head of this segment on over the storage limit."""
        self._now_us = now
        wanted = segment.target
        if not segment.in_cycle or wanted is None:
            return
        ready_us = max(segment.ready_us, segment.turn.green_from(now))
        if wanted.is_closed:
            ready_us = now + self._patience_us
        if ready_us > now:
            self.env.schedule_flow(segment.relief, ready_us)
            return
        self._relieved += 1
        segment.relieved_us = now
        member = wanted
        while member is not segment:
            member.relieved_us = now
            assert member.target is not None  # all of a cycle wait
            member = member.target
        self._move(segment, wanted, now)

    # --- the books --------------------------------------------------------------------------------------------

    def finish(self) -> FlowRecords:
        now = max(self.env.now_us, self._now_us)
        for segment in self._segments:
            segment.count_vehicles(now, 0)
            for vehicle in segment.vehicles:
                segment.count_queue(vehicle, now)
        counts = np.array([segment.counts() for segment in self._segments], dtype=np.int64)
        passages = np.array(self._passages, dtype=np.int64).reshape(-1, 4)
        return FlowRecords(
            vehicles=VehicleTable(
                depart_us=self._column("depart_us"),
                enter_us=self._column("enter_us"),
                arrive_us=self._column("arrive_us"),
                status=self._column("status"),
                driven_mm=self._column("driven_mm"),
                free_us=self._column("free_us"),
                vehicle_class=self._column("kind"),
            ),
            counts=np.ascontiguousarray(counts.transpose(1, 0, 2)),
            first_interval=self._first_interval,
            passages=passages if self._keep_passages else None,
            n_passages=self._n_passages,
            cycles=tuple(self._cycles),
            relieved=self._relieved,
            end_us=now,
        )

    def _column(self, name: str) -> NDArray[Any]:
        return np.array([getattr(vehicle, name) for vehicle in self._vehicles], dtype=np.int64)
