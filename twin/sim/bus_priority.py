"""Signals that give buses priority: the fixed plan, but for a bus that would come just too late, or waits at red.

Two ways, as practice has them (Smith, Hemily & Ivanovic 2005, Transit Signal Priority: A Planning and Implementation
Handbook): a green that a bus can still make is *extended*, at the cost of the phase after it; a phase that keeps a bus
waiting is *cut* short, and the phase of the bus begins earlier. Every other change of phases comes when the plan says,
so cycle and offset stay, and no phase is shorter than SHORTEST_GREEN_S or loses more than LONGEST_SHIFT_S.

Without a bus on its way the story sleeps and the plan in the tables holds, to the last bit. Left out: priority by how
late or full a bus is, phases left out or put in, and what was taken given back in the next cycle.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from simpy.events import Event

from twin.city.network import Movement
from twin.city.signals import SignalPlan
from twin.sim.buses_ahead import BusesAhead
from twin.sim.environment import Environment
from twin.sim.flow import Flow, GreenRow
from twin.sim.give_way import green_of
from twin.sim.rules import MICROS
from twin.sim.tables import green_row

SHORTEST_GREEN_S = 10.0  # as under control by traffic (`sim.signals`): 10–15 s
LONGEST_SHIFT_S = 15.0
"""By how much at most a phase is extended or cut (s): 10 to 20 s in practice (handbook above; assumed)."""
STEP_S = 2.0  # a green is extended by so much at a time, until the bus has passed, and a red is looked at so often
DECIDES_S = 1.0  # so long before its end it is decided whether a green goes on, for yellow must be announced

Steps = Generator[Event, Any, None]


@dataclass(frozen=True)
class _Phase:
    """Turns of the engine that have green together, so many seconds after the cycle begins, and for how long."""

    turns: frozenset[int]
    start_s: float
    green_s: float
    row: GreenRow


@dataclass(frozen=True)
class _Running:
    """A phase that has green, or will have it next, from when to when; and when the plan ends it."""

    number: int
    began_s: float
    ends_s: float
    planned_end_s: float


class PrioritySignal:
    """One junction under a plan with priority for buses."""

    def __init__(
        self, env: Environment, flow: Flow, buses: BusesAhead, turns: Sequence[tuple[int, Movement]], plan: SignalPlan
    ) -> None:
        self._env, self._flow, self._buses, self._plan = env, flow, buses, plan
        self._phases = _phases(turns, plan)
        self._shown = [phase.row for phase in self._phases]
        self._moved: dict[int, float] = {}  # phases shown otherwise than planned, and from when the plan may be shown

    def run(self, until_s: float) -> Steps:
        """Sleep while no bus comes; with one on its way look at each change of phases."""
        env, node_id = self._env, self._plan.node_id
        if not _follow_one_another(self._phases, self._plan.cycle_s):
            if until_s < inf:
                yield env.timeout(until_s - env.now)
            return
        while env.now < until_s:
            if self._buses.at(node_id):
                yield from self._attend(until_s)
            else:
                yield self._buses.call(node_id, None if until_s == inf else until_s - env.now)
        for number in list(self._moved):
            self._show_planned(number)

    def _attend(self, until_s: float) -> Steps:
        """Phase after phase, until no bus is on its way and the plan is shown again."""
        running = self._phase_now()
        while self._env.now < until_s and (self._moved or self._buses.at(self._plan.node_id)):
            ended_s = yield from self._to_its_end(running, until_s)
            if self._env.now >= until_s:
                return
            for number in [number for number, safe_s in self._moved.items() if safe_s <= self._env.now]:
                self._show_planned(number)
            running = self._following(running, ended_s)

    def _to_its_end(self, running: _Running, until_s: float) -> Generator[Event, Any, float]:
        """Wait for the end of a phase: cut, as it was to be, or extended; answers when it was."""
        env = self._env
        decided_s = running.ends_s - DECIDES_S
        cut_from_s = max(running.began_s + SHORTEST_GREEN_S, running.ends_s - LONGEST_SHIFT_S)
        while env.now < min(decided_s, until_s):
            if env.now >= cut_from_s and self._is_in_the_way(running):
                self._show(running.number, running.began_s, env.now, running.planned_end_s)
                return env.now
            next_s = cut_from_s if env.now < cut_from_s else env.now + STEP_S
            yield env.timeout(min(next_s, decided_s, until_s) - env.now)
        ends_s, latest_s = running.ends_s, running.ends_s + self._room_s(running)
        while env.now < until_s and ends_s < latest_s and self._is_wanted(running.number, latest_s):
            ends_s = min(ends_s + STEP_S, latest_s)
            self._show(running.number, running.began_s, ends_s, running.planned_end_s)
            self._following(running, ends_s)
            yield env.timeout(max(0.0, min(ends_s - DECIDES_S, until_s) - env.now))
        if env.now < min(ends_s, until_s):
            yield env.timeout(min(ends_s, until_s) - env.now)
        return ends_s

    def _is_wanted(self, number: int, until_s: float) -> bool:
        """Whether a bus that turns in this phase can be at the stop line by then and has not passed."""
        turns = self._phases[number].turns
        return any(turn in turns and there_s <= until_s for turn, there_s in self._buses.at(self._plan.node_id))

    def _is_in_the_way(self, running: _Running) -> bool:
        """Whether a phase keeps a bus waiting: it would be there by the time its own had green, were this cut now."""
        if self._is_wanted(running.number, running.ends_s):
            return False
        green_s = self._env.now
        for k in range(len(self._phases) - 1):
            number = (running.number + k) % len(self._phases)
            following = (number + 1) % len(self._phases)
            green_s += self._gap_s(number) + (self._phases[number].green_s if k else 0.0)
            turns = self._phases[following].turns - self._phases[running.number].turns
            if any(turn in turns and there_s <= green_s for turn, there_s in self._buses.at(self._plan.node_id)):
                return True
        return False

    def _room_s(self, running: _Running) -> float:
        """How much longer a phase may go on: what the next one can do without."""
        following = self._phases[(running.number + 1) % len(self._phases)]
        late_s = running.ends_s - running.planned_end_s
        return max(0.0, min(LONGEST_SHIFT_S, following.green_s - SHORTEST_GREEN_S) - max(0.0, late_s))

    def _following(self, running: _Running, ended_s: float) -> _Running:
        """The phase after, shown as it will be: one that begins early keeps its planned end if a bus waits for it or
        for none behind it, else its length."""
        number = (running.number + 1) % len(self._phases)
        began_s = ended_s + self._gap_s(running.number)
        planned_s = running.planned_end_s + self._gap_s(running.number)
        planned_end_s = planned_s + self._phases[number].green_s
        early_s = max(0.0, planned_s - began_s)
        others = self._buses.at(self._plan.node_id)
        mine, passed = self._phases[number].turns, self._phases[running.number].turns
        goes_on = any(turn not in mine and turn not in passed for turn, _ in others)
        keeps = early_s > 0.0 and goes_on and not any(turn in mine for turn, _ in others)
        ends_s = planned_end_s - early_s if keeps else planned_end_s
        if (began_s, ends_s) != (planned_s, planned_end_s):
            self._show(number, began_s, ends_s, planned_end_s)
        return _Running(number, began_s, ends_s, planned_end_s)

    def _phase_now(self) -> _Running:
        """The phase that has green by the plan, or in lost time the one that has it next."""
        cycle_s, offset_s, now_s = self._plan.cycle_s, self._plan.offset_s, self._env.now
        into_s = [(now_s - offset_s - phase.start_s) % cycle_s for phase in self._phases]
        number = min(range(len(into_s)), key=lambda k: into_s[k])
        began_s = now_s - into_s[number]
        ends_s = began_s + self._phases[number].green_s
        running = _Running(number, began_s, ends_s, ends_s)
        return running if now_s < ends_s else self._following(running, ends_s)

    def _gap_s(self, number: int) -> float:
        """Lost time after a phase."""
        phase, following = self._phases[number], self._phases[(number + 1) % len(self._phases)]
        return (following.start_s - phase.start_s - phase.green_s) % self._plan.cycle_s

    def _show(self, number: int, began_s: float, ends_s: float, planned_end_s: float) -> None:
        """Show a phase's green at other times than planned, this once."""
        self._moved[number] = max(ends_s, planned_end_s)
        cycle_us = self._phases[number].row[2]
        start_us, end_us = round(began_s * MICROS), round(ends_s * MICROS)
        self._show_row(number, (start_us % cycle_us, end_us - start_us, cycle_us))

    def _show_planned(self, number: int) -> None:
        self._moved.pop(number, None)
        self._show_row(number, self._phases[number].row)

    def _show_row(self, number: int, row: GreenRow) -> None:
        """From now on this green of a phase, beside what its turns have in others."""
        self._shown[number] = row
        together: dict[tuple[GreenRow, ...], list[int]] = {}
        for turn in sorted(self._phases[number].turns):
            rows = tuple(self._shown[k] for k, phase in enumerate(self._phases) if turn in phase.turns)
            together.setdefault(rows, []).append(turn)
        for rows, turns in together.items():
            self._flow.show_greens(turns, rows)


def _phases(turns: Sequence[tuple[int, Movement]], plan: SignalPlan) -> list[_Phase]:
    """Greens of a plan that begin and end together, in the order of the cycle."""
    together: dict[tuple[float, float], list[int]] = {}
    rows: dict[tuple[float, float], GreenRow] = {}
    for turn, movement in turns:
        for green in green_of(plan, movement):
            if green.green_s > 0:
                key = green.start_s % plan.cycle_s, green.green_s
                together.setdefault(key, []).append(turn)
                rows[key] = green_row(plan, green)
    return [_Phase(frozenset(members), *key, rows[key]) for key, members in sorted(together.items())]


def _follow_one_another(phases: Sequence[_Phase], cycle_s: float) -> bool:
    """Whether there are two phases or more and no two have green at once: then their ends can be moved."""
    ends_s = [phase.start_s + phase.green_s for phase in phases]
    begins_s = [*(phase.start_s for phase in phases[1:]), *(phase.start_s + cycle_s for phase in phases[:1])]
    return len(phases) >= 2 and all(end_s <= begin_s for end_s, begin_s in zip(ends_s, begins_s, strict=True))
