"""Signals that change while they run: plans by time of day, control by traffic, and priority for buses
(`bus_priority`). Each junction is a story.

A fixed plan that holds all day is in the tables and needs no story. Which turns give way is decided by the plan in the
tables, so the plans of a junction must agree on what is permissive; its saturation flows hold all day too.

Control by traffic sees how many vehicles are on the last stretch of an approach, under way or standing: on the lane
group of a turn, which approaches of such junctions always have (`lane_groups.detector_groups`).
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from simpy.events import Event

from twin.city.network import Movement
from twin.city.signals import LOST_S, SignalPlan
from twin.clock import DAY_S
from twin.errors import SimulationError
from twin.sim.bus_priority import PrioritySignal
from twin.sim.buses_ahead import BusesAhead
from twin.sim.environment import Environment, Story
from twin.sim.flow import ALWAYS_GREEN, ALWAYS_RED, Flow, GreenRow
from twin.sim.give_way import green_of
from twin.sim.rules import MICROS
from twin.sim.tables import FlowTables, green_row

FIRST_SIGNAL_AGENT = 3 << 46  # after road changes among simultaneous stories

SHORTEST_GREEN_S = 10.0  # 10–15 s
LONGEST_GREEN_S = 60.0  # while others wait (40–60 s on main streets; assumed)
GAP_S = 3.0  # passage time of an actuated phase (HCM 2016: 2–4 s)
DECISION_S = 10.0  # how often max pressure decides (assumed; Varaiya 2013 takes a cycle, practice 5–15 s)
QUEUE_REACHES_BACK = 0.75  # share of a lane group's storage from which on its queue is taken to go on behind it
LONGEST_RED_S = 120.0  # whoever has waited so long is next, whatever the pressure (assumed)

Steps = Generator[Event, Any, None]


def plans_at(signals: Iterable[SignalPlan], time_s: float) -> tuple[SignalPlan, ...]:
    """The plan of each node that is in force at a time."""
    return tuple(_in_force(plans, time_s) for plans in plans_by_node(signals).values())


def first_plans(signals: Iterable[SignalPlan]) -> tuple[SignalPlan, ...]:
    """The first plan of each node."""
    return tuple(plans[0] for plans in plans_by_node(signals).values())


def need_horizon(signals: Iterable[SignalPlan]) -> bool:
    """Whether signals have stories, which never end."""
    return any(len(plans) > 1 or plans[0].control != "fixed" for plans in plans_by_node(signals).values())


def nodes_with_detectors(signals: Iterable[SignalPlan]) -> set[str]:
    """The nodes whose signal traffic controls, at some time of the day."""
    return {plan.node_id for plan in signals if plan.control not in ("fixed", "bus_priority")}


def plans_by_node(signals: Iterable[SignalPlan]) -> dict[str, list[SignalPlan]]:
    """The plans of each node, in the order of the plans."""
    plans: dict[str, list[SignalPlan]] = {}
    for plan in signals:
        plans.setdefault(plan.node_id, []).append(plan)
    return plans


def _in_force(plans: Sequence[SignalPlan], time_s: float) -> SignalPlan:
    """The first plan whose window holds at that time of any day; else that of all day; else the last that began."""
    for plan in plans:
        if plan.window is not None and (time_s - plan.window.start_s) % DAY_S < plan.window.duration_s:
            return plan
    for plan in plans:
        if plan.window is None:
            return plan
    return min(plans, key=lambda plan: (time_s - (plan.window.start_s if plan.window else 0.0)) % DAY_S)


def _next_change_s(plans: Sequence[SignalPlan], time_s: float) -> float:
    """When a window begins or ends next, after that time; infinite: never."""
    if len(plans) == 1:
        return inf
    edges = [edge for p in plans if p.window is not None for edge in (p.window.start_s, p.window.end_s)]
    return time_s + min(((edge - time_s) % DAY_S or DAY_S for edge in edges), default=inf)


def signal_stories(
    env: Environment,
    flow: Flow,
    tables: FlowTables,
    signals: Sequence[SignalPlan],
    shown: Sequence[SignalPlan],
    buses: BusesAhead | None = None,
) -> Iterator[tuple[Story, int]]:
    """A story for each junction whose signal changes, with its agent id. `shown`: the plans in the tables.

    `buses`: who is on the way to signals with priority; None: nobody. Plans in force now that are not in the tables are
    shown at once. Raises SimulationError where plans of a node disagree on what is permissive.
    """
    network = tables.network
    in_tables = {plan.node_id: plan for plan in shown}
    changing = {
        node_id: plans
        for node_id, plans in plans_by_node(signals).items()
        if node_id in network.node_by_id and need_horizon(plans)
    }
    turns = _turns_at(tables, changing)
    for number, node in enumerate(network.nodes):
        plans = changing.get(node.id)
        if plans is None:
            continue
        _refuse_disagreement(plans)
        now_in_force = _in_force(plans, env.now)
        if now_in_force is not in_tables[node.id]:
            _show(flow, turns[node.id], now_in_force)
        yield _junction(env, flow, tables, turns[node.id], plans, buses), FIRST_SIGNAL_AGENT + number


_Turns = list[tuple[int, Movement]]


def _turns_at(tables: FlowTables, nodes: Iterable[str]) -> dict[str, _Turns]:
    """The engine's turns at nodes, with the movement each is."""
    links = tables.network.links
    found: dict[str, _Turns] = {node_id: [] for node_id in nodes}
    if not found:
        return found
    from_link = tables.segment_link[tables.turn_from].tolist()
    to_link = tables.segment_link[tables.turn_to].tolist()
    for turn, (i, j) in enumerate(zip(from_link, to_link, strict=True)):
        if i != j and links[i].to_node in found:
            found[links[i].to_node].append((turn, Movement(links[i].to_node, links[i].id, links[j].id)))
    return found


def _refuse_disagreement(plans: Sequence[SignalPlan]) -> None:
    permissive = [{(g.from_link, g.to_link) for g in plan.greens if g.permissive} for plan in plans]
    if any(turns != permissive[0] for turns in permissive):
        raise SimulationError(
            f"signal at node {plans[0].node_id}: its plans do not agree on which turns give way (permissive); that "
            "cannot change by the hour"
        )


def _junction(
    env: Environment,
    flow: Flow,
    tables: FlowTables,
    turns: _Turns,
    plans: Sequence[SignalPlan],
    buses: BusesAhead | None,
) -> Story:
    """Keep showing the plan in force, or let traffic decide while the plan in force says so."""
    while True:
        plan = _in_force(plans, env.now)
        until_s = _next_change_s(plans, env.now)
        phases = _phases(tables, turns, plan)
        if plan.control == "bus_priority" and buses is not None:
            yield from PrioritySignal(env, flow, buses, turns, plan).run(until_s)
            if until_s == inf:
                return
        elif plan.control in ("fixed", "bus_priority") or len(phases) < 2:
            if until_s == inf:
                return
            yield env.timeout(until_s - env.now)
        elif plan.control == "actuated":
            yield from _actuated(env, flow, phases, until_s)
        else:
            yield from _max_pressure(env, flow, tables, phases, until_s)
        following = _in_force(plans, env.now)
        if following is not plan:
            _show(flow, turns, following)


def _show(flow: Flow, turns: _Turns, plan: SignalPlan) -> None:
    """From now on the greens of a plan; turns with the same greens are shown together."""
    by_rows: dict[tuple[GreenRow, ...], list[int]] = {}
    for turn, movement in turns:
        rows = tuple(green_row(plan, green) for green in green_of(plan, movement))
        by_rows.setdefault(rows, []).append(turn)
    for rows, together in by_rows.items():
        flow.show_greens(together, rows)


@dataclass(frozen=True)
class _Phase:
    """Turns of the engine that have green together; `queues`: the segments on which they wait."""

    turns: tuple[int, ...]
    queues: tuple[int, ...]


def _phases(tables: FlowTables, turns: _Turns, plan: SignalPlan) -> list[_Phase]:
    """Greens of a plan that begin and end together are a phase, in the order of the cycle."""
    together: dict[tuple[float, float], list[int]] = {}
    for turn, movement in turns:
        for green in green_of(plan, movement):
            if green.green_s > 0:
                together.setdefault((green.start_s, green.green_s), []).append(turn)
    return [
        _Phase(tuple(members), tuple(dict.fromkeys(int(tables.turn_from[turn]) for turn in members)))
        for _, members in sorted(together.items())
    ]


def _waiting(flow: Flow, phase: _Phase) -> int:
    """Vehicles on the queues of a phase, standing or on their way there."""
    return sum(flow.vehicles_on(segment) for segment in phase.queues)


def _begin(flow: Flow, phases: Sequence[_Phase]) -> None:
    """The first phase has green, all others red."""
    rest = [turn for phase in phases[1:] for turn in phase.turns if turn not in phases[0].turns]
    flow.show_greens(list(dict.fromkeys(rest)), ALWAYS_RED)
    flow.show_greens(phases[0].turns, ALWAYS_GREEN)


def _switch(env: Environment, flow: Flow, old: _Phase, new: _Phase) -> Steps:
    """From one phase to another: the lost time lies between; turns of both keep their green."""
    flow.show_greens([turn for turn in old.turns if turn not in new.turns], ALWAYS_RED)
    yield env.timeout(LOST_S)
    flow.show_greens([turn for turn in new.turns if turn not in old.turns], ALWAYS_GREEN)


def _actuated(env: Environment, flow: Flow, phases: Sequence[_Phase], until_s: float) -> Steps:
    """A phase stays until its queues are empty or it has had the longest green, if others wait; in turn, by order.

    A phase that nobody waits for is left out. Full actuation with passage time (HCM 2016, chapter 31); detectors are as
    long as the lane group.
    """
    _begin(flow, phases)
    now = 0
    while env.now < until_s:
        began_s = env.now
        yield env.timeout(min(SHORTEST_GREEN_S, until_s - env.now))
        following = now
        while env.now < until_s:
            others = [(now + k) % len(phases) for k in range(1, len(phases))]
            following = next((k for k in others if _waiting(flow, phases[k])), now)
            is_over = not _waiting(flow, phases[now]) or env.now - began_s >= LONGEST_GREEN_S
            if following != now and is_over:
                break
            yield env.timeout(min(GAP_S, until_s - env.now))
        if env.now < until_s:
            yield from _switch(env, flow, phases[now], phases[following])
            now = following


def _max_pressure(env: Environment, flow: Flow, tables: FlowTables, phases: Sequence[_Phase], until_s: float) -> Steps:
    """Every DECISION_S the phase of greatest pressure has green (Varaiya 2013); of equal ones that which has it.

    A phase with vehicles that has been red for LONGEST_RED_S is next.
    """
    _begin(flow, phases)
    streams = [_streams(tables, phase) for phase in phases]
    served_s = [env.now] * len(phases)
    now = 0
    while env.now < until_s:
        yield env.timeout(min(DECISION_S, until_s - env.now))
        served_s[now] = env.now
        pressure = [sum(stream.pressure(flow) for stream in of_phase) for of_phase in streams]
        best = max(range(len(phases)), key=lambda k: (pressure[k], k == now, -k))
        starved = [
            k for k, phase in enumerate(phases) if env.now - served_s[k] >= LONGEST_RED_S and _waiting(flow, phase)
        ]
        if starved:
            best = min(starved, key=lambda k: served_s[k])
        if best != now and env.now < until_s:
            yield from _switch(env, flow, phases[now], phases[best])
            now = best


@dataclass(frozen=True)
class _Stream:
    """One queue of a phase: what lies before it and behind it.

    `body`: segments of the link ahead of the lane groups, of whose vehicles `share` are counted to this queue while it
    holds `many` or more, for then it reaches back to them. `onward`: for each turn its saturation flow (PCU/s) and the
    link it leads to.
    """

    queue: int
    many: float
    body: tuple[int, ...]
    share: float
    onward: tuple[tuple[float, "_Link"], ...]

    def pressure(self, flow: Flow) -> float:
        """Saturation × (queue before − queue behind), as a mean over the queue's turns (veh²/s)."""
        before = float(flow.vehicles_on(self.queue))
        if before >= self.many:
            before += self.share * sum(flow.vehicles_on(segment) for segment in self.body)
        each = [vps * (before - link.queue(flow)) for vps, link in self.onward]
        return sum(each) / len(each)


@dataclass(frozen=True)
class _Link:
    """The link behind a turn; `moving`: as many vehicles as it holds at capacity and free speed."""

    segments: tuple[int, ...]
    moving: float

    def queue(self, flow: Flow) -> float:
        """Vehicles that must be standing: those above what can be moving."""
        return max(0.0, sum(flow.vehicles_on(segment) for segment in self.segments) - self.moving)


def _streams(tables: FlowTables, phase: _Phase) -> list[_Stream]:
    found = []
    for queue in phase.queues:
        link = tables.link_of(queue)
        body = [s for s in range(*tables.segment_start[link : link + 2].tolist()) if s != queue]
        share = 1.0
        if queue >= tables.first_bus_lane:
            body = []
        elif queue >= tables.first_group:
            first, end = tables.group_start[link : link + 2].tolist()
            groups = range(first, max(first + 1, end - 1))  # without the one of those who end here
            share = float(tables.storage[queue]) / sum(float(tables.storage[group]) for group in groups)
        onward = tuple(
            (MICROS / float(tables.exit_us_per_pcu[turn]), _link(tables, tables.link_of(int(tables.turn_to[turn]))))
            for turn in phase.turns
            if tables.turn_from[turn] == queue
        )
        many = QUEUE_REACHES_BACK * float(tables.storage[queue]) / MICROS
        found.append(_Stream(queue, many, tuple(body), share, onward))
    return found


def _link(tables: FlowTables, link: int) -> _Link:
    first, group = int(tables.segment_start[link]), tables.group_start[link : link + 2].tolist()
    one_way_through = [*range(first, int(tables.segment_start[link + 1])), *range(*group)[:1]]
    free_us = sum(float(tables.free_us[0, segment]) for segment in one_way_through)
    return _Link(tuple(tables.all_segments(link)), free_us / float(tables.us_per_pcu[first]))
