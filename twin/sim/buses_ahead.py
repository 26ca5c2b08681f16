"""Buses on their way to signals that give them priority: each says which, when it sets out from a stop.

A signal asks when a bus can be at its stop line: at free speed from where it is. So it knows of a bus as a transponder
with position does, and nothing of the queue before it. A bus at a stop has said nothing yet: no green waits for doors.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from twin.city.signals import SignalPlan
from twin.sim.environment import Awaited, Environment
from twin.sim.flow import Flow, class_index
from twin.sim.rules import MICROS
from twin.sim.tables import FlowTables


@dataclass(frozen=True, slots=True)
class Coming:
    """A bus that will make a turn at a signal. `rest_s`: by segment of its way there, free time from that one's end to
    the stop line; `whole_s`: of the way that it has before it when it sets out."""

    vehicle: int
    turn: int
    rest_s: Mapping[int, float]
    whole_s: float


class BusesAhead:
    """Who is on the way to which signal, in one run. `plans`: of those under bus priority their lines are heard."""

    def __init__(self, env: Environment, flow: Flow, plans: Iterable[SignalPlan]) -> None:
        self._env, self._flow = env, flow
        self._lines = {plan.node_id: frozenset(plan.lines) for plan in plans if plan.control == "bus_priority"}
        self._coming: dict[str, dict[int, Coming]] = {node_id: {} for node_id in self._lines}
        self._calls: dict[str, Awaited] = {}

    @property
    def are_heard(self) -> bool:
        """Whether any signal listens."""
        return bool(self._lines)

    def set_out(self, line_id: str, vehicle: int, stands_at: int | None, segments: Sequence[int]) -> None:
        """A bus sets out along these segments, from the end of a segment (None: from outside)."""
        way = [] if stands_at is None else [stands_at]
        for node_id, turn, to_line in _turns_on([*way, *segments], self._flow.tables):
            lines = self._lines.get(node_id)
            if lines is None or (lines and line_id not in lines):
                continue
            self._coming[node_id][vehicle] = _coming(self._flow.tables, vehicle, turn, to_line, stands_at)
            call = self._calls.pop(node_id, None)
            if call is not None and not call.triggered:
                call.call()

    def are_heard_after(self, segment: int) -> bool:
        """Whether the signal at the end of a segment's link listens to buses."""
        tables = self._flow.tables
        return tables.network.links[tables.link_of(segment)].to_node in self._lines

    def has_come(self, vehicle: int) -> None:
        """A bus is at its stop: it will come to no signal until it sets out again."""
        for coming in self._coming.values():
            coming.pop(vehicle, None)

    def call(self, node_id: str, longest_s: float | None) -> Awaited:
        """What the signal at a node waits for until a bus sets out towards it, or for so long."""
        self._calls[node_id] = awaited = Awaited(self._env, longest_s)
        return awaited

    def at(self, node_id: str) -> list[tuple[int, float]]:
        """The turn of each bus on its way to a signal, and when it can be at the stop line (s); of none that passed."""
        found, passed = [], []
        for coming in self._coming[node_id].values():
            place = self._flow.place_of(coming.vehicle)
            if place is None:
                found.append((coming.turn, self._env.now + coming.whole_s))
            elif place[0] in coming.rest_s:
                found.append((coming.turn, max(place[1], self._env.now) + coming.rest_s[place[0]]))
            else:
                passed.append(coming.vehicle)
        for vehicle in passed:
            del self._coming[node_id][vehicle]
        return found


def _turns_on(way: Sequence[int], tables: FlowTables) -> Iterator[tuple[str, int, list[int]]]:
    """Each turn from link to link on a way of segments: its node, its number, and the segments up to its stop line."""
    passed: list[int] = []
    links = tables.network.links
    for segment, onward in pairwise(way):
        passed.append(segment)
        if tables.link_of(segment) != tables.link_of(onward):
            found = turn_between(tables, segment, onward)
            if found is None:
                raise tables.no_turn(segment, onward, -1)
            turn, group = found
            if group is not None:
                passed.append(group)
            yield links[tables.link_of(segment)].to_node, turn, list(passed)


def turn_between(tables: FlowTables, segment: int, onward: int) -> tuple[int, int | None] | None:
    """The turn between two segments, and the lane group that it is made from, if it is; None: there is no such turn."""
    groups = range(tables.first_group, tables.first_bus_lane)
    for t in range(*tables.out_start[segment : segment + 2].tolist()):
        there = int(tables.turn_to[t])
        if there == onward:
            return t, None
        if there in groups:
            for through in range(*tables.out_start[there : there + 2].tolist()):
                if tables.turn_to[through] == onward:
                    return through, there
    return None


def _coming(tables: FlowTables, vehicle: int, turn: int, to_line: Sequence[int], stands_at: int | None) -> Coming:
    kind, rest_s, after_s = class_index("bus"), {}, 0.0
    for segment in reversed(to_line):
        rest_s[segment] = after_s
        after_s += float(tables.free_us[kind, segment]) / MICROS
    return Coming(vehicle, turn, rest_s, after_s if stands_at is None else rest_s[to_line[0]])
