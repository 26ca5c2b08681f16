"""How segments let vehicles in, written to be read; `kernel` does the same with arrays, to the last bit.

A street network is a set of **segments**. A segment is a first-in, first-out row of vehicles; and it is a *server*
that lets vehicles in, one after another. Those who ask to be let in are the **approaches**: the segments that lead
to it, and its **origin**, the row of vehicles that wait outside. Of each approach only the first vehicle, its
*head*, asks; the head knows when it is *ready* (it has arrived, the one before it is out of the way, its turn shows
green) and which segment it wants.

A segment lets the next vehicle in when a head is ready, the headway since the last entry is over, and there is
room. Only that moment is on the SimPy calendar, one event for each segment; who goes is decided when it comes. A
full segment whose next gap nobody can foresee has no event at all: the exit that makes the gap sets one. So a
blocked head costs nothing, and a passage costs one event.

`_serve`, `reconsider`, `_move` and `new_head` are the whole of it; the formulas are in `rules`.
"""

from functools import partial

from twin.sim.environment import Environment, FlowEvent
from twin.sim.kernel_state import GONE, MOVING, STANDING
from twin.sim.rules import (
    NEVER,
    earliest_exit,
    flow_step,
    gap_headway,
    headway,
    relief_time,
    start_tag,
    tag_step,
)
from twin.sim.street import Approach, Origin, Segment, Vehicle


class StreetService:
    """Lets vehicles into segments, by events on the SimPy calendar.

    `patience_us`: how long a gridlock stands before it is relieved; 0: it is not.
    """

    def __init__(self, env: Environment, segments: list[Segment], *, patience_us: int, keep_passages: bool) -> None:
        self._env = env
        self._segments = segments
        self._patience_us = patience_us
        self._keep_passages = keep_passages
        self.now_us = env.now_us  # of the last event
        self.passages: list[list[int]] = []  # vehicle, segment, entry, exit
        self.n_passages = 0
        self.cycles: list[tuple[int, tuple[int, ...]]] = []  # when each gridlock closed, and its segments
        self.relieved = 0
        n = len(segments)
        for number, segment in enumerate(segments):
            segment.entry = FlowEvent(env, number, partial(self._serve, segment))
            segment.leg_end = FlowEvent(env, n + number, partial(self._end_leg, segment))
            segment.relief = FlowEvent(env, 2 * n + number, partial(self._relieve, segment))

    # --- who is let in, and when ------------------------------------------------------------------------------

    def _serve(self, segment: Segment, now: int) -> None:
        """The segment's time has come: let in whose turn it is, if signal and room agree."""
        self.now_us = now
        approach = segment.next_approach(now)
        if approach is not None:
            green_us = approach.turn.green_from(now)
            if green_us > now:
                assert isinstance(approach, Segment)  # an origin queue has no greens
                approach.ready_us = self.ready_from(approach, now)
            elif segment.next_entry_us <= now and segment.room_from(approach.vehicles[0].pcu) <= now:
                self._move(approach, segment, now)
                return
        self.reconsider(segment, now)

    def reconsider(self, segment: Segment, now: int) -> None:
        """Set when the segment next lets a vehicle in."""
        when = segment.entry_from(now)
        if when >= NEVER and segment.waiting:
            self._look_for_gridlock(segment, now)
        self._env.schedule_flow(segment.entry, when)

    def _move(self, approach: Approach, segment: Segment, now: int) -> None:
        """Let the head of an approach into a segment."""
        vehicle = approach.vehicles[0]
        turn = approach.turn
        segment.virtual_time = start_tag(turn.tag, segment.virtual_time)
        turn.tag = segment.virtual_time + tag_step(vehicle.pcu, turn.step)
        if isinstance(approach, Segment):
            self.dissolve(approach)
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
            self.new_head(segment, now)
        self.new_head(approach, now)
        if isinstance(approach, Segment):
            self.reconsider(approach, now)
        self.reconsider(segment, now)

    def new_head(self, approach: Approach, now: int) -> None:
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
            approach.ready_us = self.ready_from(approach, now)
        else:
            approach.ready_us = max(now, earliest_exit(vehicle.arrives_us, approach.next_exit_us))
            self._env.schedule_flow(approach.leg_end, approach.ready_us)
            return
        approach.target = wanted
        wanted.waiting.append(approach)
        self.reconsider(wanted, now)

    def ready_from(self, segment: Segment, now: int) -> int:
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
            self.passages[vehicle.passage][3] = now

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
            vehicle.passage = self.n_passages
            self.passages.append([vehicle.number, segment.number, now, NEVER])
        self.n_passages += 1
        segment.vehicles.append(vehicle)

    # --- where legs begin and end -----------------------------------------------------------------------------

    def join_queue(self, origin: Origin, vehicle: Vehicle, now: int) -> None:
        """Put a vehicle behind those who wait outside, ahead of those who depart later."""
        queue = origin.vehicles
        place = len(queue)
        while place > 0 and queue[place - 1].depart_us > now:
            place -= 1
        queue.insert(place, vehicle)
        if place == 0:
            if origin.target is not None:
                origin.target.waiting.remove(origin)
            self.new_head(origin, now)

    def _end_leg(self, segment: Segment, now: int) -> None:
        """The head of a segment stands at the end of its route: it leaves, or its story takes over."""
        self.now_us = now
        vehicle = segment.vehicles[0]
        vehicle.arrive_us = now
        if vehicle.leg_ends is None:
            self.take_off(segment, now, GONE)
            return
        segment.ready_us = NEVER
        vehicle.stands_on = segment
        vehicle.status = STANDING
        event, vehicle.leg_ends = vehicle.leg_ends, None
        event.succeed()  # stories run after every flow event of this instant

    def take_off(self, segment: Segment, now: int, status: int) -> None:
        """Take the head off a segment, to the roadside (ASIDE) or for good (GONE)."""
        vehicle = segment.vehicles[0]
        self._leave_segment(segment, now, segment.us_per_pcu)
        vehicle.stands_on = None
        vehicle.status = status
        self.new_head(segment, now)
        self.reconsider(segment, now)

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
        self.cycles.append((now, tuple(segment.number for segment in cycle)))
        if self._patience_us > 0:
            first = min(cycle, key=lambda segment: segment.number)
            relieved_us = max(segment.relieved_us for segment in cycle)
            self._env.schedule_flow(first.relief, relief_time(now, relieved_us, self._patience_us))

    def dissolve(self, segment: Segment) -> None:
        """The head of a segment goes: the cycle it is part of, if any, stands no longer and is looked at anew."""
        member: Segment | None = segment
        while member is not None and member.in_cycle:
            member.in_cycle = False
            member = member.target

    def _relieve(self, segment: Segment, now: int) -> None:
        """Patience is over: if the cycle still stands, let the head of this segment on over the storage limit."""
        self.now_us = now
        wanted = segment.target
        if not segment.in_cycle or wanted is None:
            return
        ready_us = max(segment.ready_us, segment.turn.green_from(now))
        if wanted.is_closed:
            ready_us = now + self._patience_us
        if ready_us > now:
            self._env.schedule_flow(segment.relief, ready_us)
            return
        self.relieved += 1
        segment.relieved_us = now
        member = wanted
        while member is not segment:
            member.relieved_us = now
            assert member.target is not None  # all of a cycle wait
            member = member.target
        self._move(segment, wanted, now)
