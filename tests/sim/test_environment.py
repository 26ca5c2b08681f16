"""Who acts first at one instant: flow before stories, stories by agent, never by who was made first."""

import random
from functools import partial
from typing import Any

import numpy as np
import pytest

from twin.city.network import Network
from twin.sim.environment import Environment, FlowEvent, LegEnd
from twin.sim.flow import Fleet
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.rules import NEVER
from twin.sim.tables import build_tables


def tells(env: Environment, log: list[tuple[float, str]], name: str, wait_s: float) -> Any:
    log.append((env.now, f"{name} begins"))
    yield env.timeout(wait_s)
    log.append((env.now, f"{name} acts"))


def test_stories_begin_and_act_by_agent_in_whatever_order_they_were_made() -> None:
    env = Environment()
    log: list[tuple[float, str]] = []
    for name, agent in (("C", 3), ("A", 1), ("B", 2)):
        env.story(tells(env, log, name, 5.0), agent)
    env.run()

    begins = [(0.0, "A begins"), (0.0, "B begins"), (0.0, "C begins")]
    assert log == [*begins, (5.0, "A acts"), (5.0, "B acts"), (5.0, "C acts")]


def test_stories_of_later_begin_by_agent_too() -> None:
    env = Environment()
    log: list[tuple[float, str]] = []
    env.story_at(10.0, tells(env, log, "B", 0.0), 2)
    env.story_at(10.0, tells(env, log, "A", 0.0), 1)
    env.story_at(9.0, tells(env, log, "C", 1.0), 3)
    env.run()

    assert log == [
        (9.0, "C begins"),
        (10.0, "A begins"),
        (10.0, "A acts"),
        (10.0, "B begins"),
        (10.0, "B acts"),
        (10.0, "C acts"),
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_over_hours_the_calendar_keeps_its_order_run_at_once_or_step_by_step(seed: int) -> None:
    """Stories that wait from nothing to hours, many for the same second: by time, then agent."""
    chance = random.Random(seed)
    waits_s = {
        agent: [float(chance.choice([0, 1, 30, 66, 67, 68, 600, 7200])) for _ in range(8)] for agent in range(40)
    }

    def waits(env: Environment, log: list[tuple[float, int]], agent: int) -> Any:
        for wait_s in waits_s[agent]:
            yield env.timeout(wait_s)
            log.append((env.now, agent))

    def loaded() -> tuple[Environment, list[tuple[float, int]]]:
        env, log = Environment(), list[tuple[float, int]]()
        for agent in waits_s:
            env.story_at(float(agent // 4), waits(env, log, agent), agent)
        return env, log

    env, at_once = loaded()
    env.run(until=500.0)
    env.run()
    stepwise, by_step = loaded()
    while (due_s := stepwise.peek()) < float("inf"):
        stepwise.step()
        assert stepwise.now == due_s
    assert at_once == by_step
    assert [now for now, _ in at_once] == sorted(now for now, _ in at_once)
    assert len(at_once) == 320
    expected = {agent: np.cumsum([agent // 4, *waits_s[agent]])[1:].tolist() for agent in waits_s}
    assert {agent: [now for now, a in at_once if a == agent] for agent in waits_s} == expected


def test_of_stories_to_come_none_is_made_before_it_starts() -> None:
    env = Environment()
    log: list[tuple[float, str]] = []

    def make(name: str) -> Any:
        log.append((env.now, f"{name} is made"))
        return tells(env, log, name, 0.0)

    coming = ((2.0, 7, "A"), (2.0, 9, "B"), (5.0, 1, "C"))
    env.stories_at((at_s, agent, partial(make, name)) for at_s, agent, name in coming)
    assert log == []
    env.run()

    does = ("is made", "begins", "acts")
    assert log == [(at_s, f"{name} {what}") for at_s, _, name in coming for what in does]


def test_flow_comes_before_stories_and_by_server() -> None:
    env = Environment(100.0)
    log: list[tuple[float, str]] = []
    env.story(tells(env, log, "A", 5.0), 1)

    def serves(server: int, now_us: int) -> None:
        log.append((now_us / 1e6, f"server {server}"))

    for server in (7, 3):
        env.schedule_flow(FlowEvent(env, server, partial(serves, server)), 105_000_000)
    env.run()

    assert log == [(100.0, "A begins"), (105.0, "server 3"), (105.0, "server 7"), (105.0, "A acts")]


def test_a_flow_event_happens_only_when_it_is_last_due() -> None:
    env = Environment()
    happened: list[int] = []
    event = FlowEvent(env, 0, happened.append)
    for due_us in (9_000_000, 2_000_000, 4_000_000, 2_000_000, 3_000_000):
        env.schedule_flow(event, due_us)
    assert env.peek() == 3.0
    env.run()

    assert happened == [3_000_000]
    assert env.now == 3.0  # entries out of date do not move the clock
    env.schedule_flow(event, 5_000_000)
    env.schedule_flow(event, NEVER)
    env.run()
    assert happened == [3_000_000]


@pytest.mark.parametrize("others", [0, 1, 9])
@pytest.mark.parametrize("make", [CompiledFlow, SimpyFlow])
def test_who_started_before_does_not_decide_who_acts_first(one_road: Network, make: type, others: int) -> None:
    """A (agent 5) reaches the end of 1,000 m at 10 m/s when B (agent 3) has waited 100 s. B acts first, whatever the
    number of A's vehicle: others that started before raise it, as the buses of a measure do.
    """
    env = Environment()
    tables = build_tables(one_road)
    flow = make(env, tables, Fleet.none())
    log: list[tuple[float, str]] = []

    def drives() -> Any:
        yield flow.drive(flow.add_vehicle(), tables.segments_of(["ab"]))
        log.append((env.now, "A arrives"))

    for _ in range(others):
        flow.add_vehicle("bus")
    env.story(tells(env, log, "B", 100.0), 3)
    env.story(drives(), 5)
    env.run()

    assert log == [(0.0, "B begins"), (100.0, "B acts"), (100.0, "A arrives")]


def test_ends_of_legs_without_a_story_are_handed_over_by_vehicle() -> None:
    env = Environment()
    log = []
    for vehicle in (5, 2):
        end = LegEnd(env, vehicle)
        end.callbacks.append(lambda event: log.append(event.agent))
        end.succeed()
    env.run()

    assert log == [2, 5]


def test_times_are_whole_microseconds() -> None:
    env = Environment()
    log: list[tuple[float, str]] = []

    def twice() -> Any:
        yield env.timeout(0.1)
        yield env.timeout(0.2)
        log.append((env.now, "after 0.1 + 0.2 s"))

    env.story(twice(), 2)
    env.story(tells(env, log, "A", 0.3), 1)
    env.run()

    assert log[1:] == [(0.3, "A acts"), (0.3, "after 0.1 + 0.2 s")]


def test_a_story_that_fails_ends_the_run() -> None:
    env = Environment()

    def breaks() -> Any:
        yield env.timeout(1.0)
        raise ValueError("the bus has no driver")

    env.story(breaks())
    with pytest.raises(ValueError, match="no driver"):
        env.run()
