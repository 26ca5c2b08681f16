"""`SimpyFlow`, written to be read, and `CompiledFlow`, used in every study, give one answer to the last bit."""

import random
from collections.abc import Generator
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from tests.sim.random_streets import fleet_of, random_case, random_route, ways_on
from twin.errors import SimulationError
from twin.sim.environment import Environment
from twin.sim.flow import ALWAYS_GREEN, ALWAYS_RED, Fleet, Flow, FlowRecords, GridlockPolicy
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.rules import MICROS
from twin.sim.tables import FlowTables

Log = list[tuple[float, int, str]]


def loaded(
    make: type[SimpyFlow] | type[CompiledFlow],
    tables: FlowTables,
    fleet: Fleet,
    gridlock: GridlockPolicy,
    until_s: float | None = None,
) -> FlowRecords:
    """What one flow records of a fleet without stories."""
    env = Environment()
    flow = make(env, tables, fleet, gridlock=gridlock, keep_passages=True)
    env.run(until_s)
    return flow.finish()


def differences(a: FlowRecords, b: FlowRecords) -> list[str]:
    """Names of everything in which two records differ."""
    plain = [
        name
        for name in ("cycles", "relieved", "first_interval", "n_passages", "end_us")
        if getattr(a, name) != getattr(b, name)
    ]
    tables = [name for name in ("counts", "passages") if not np.array_equal(getattr(a, name), getattr(b, name))]
    columns = [f.name for f in fields(a.vehicles)]
    return plain + tables + [c for c in columns if not np.array_equal(getattr(a.vehicles, c), getattr(b.vehicles, c))]


@pytest.mark.parametrize("seed", range(60))
def test_both_flows_record_the_same_on_random_networks(seed: int) -> None:
    tables, fleet = random_case(seed)

    assert differences(loaded(SimpyFlow, tables, fleet, "report"), loaded(CompiledFlow, tables, fleet, "report")) == []


@pytest.mark.parametrize("seed", [3, 4, 7, 12, 15, 18, 27, 33, 41, 58])
def test_both_flows_relieve_the_same_gridlocks(seed: int) -> None:
    tables, fleet = random_case(seed)

    by_simpy = loaded(SimpyFlow, tables, fleet, "relieve", 4000.0)

    assert differences(by_simpy, loaded(CompiledFlow, tables, fleet, "relieve", 4000.0)) == []


def test_the_random_networks_include_gridlocks_and_reliefs() -> None:
    records = [loaded(CompiledFlow, *random_case(seed), "relieve", 4000.0) for seed in range(60)]

    assert sum(len(record.cycles) for record in records) > 20
    assert sum(record.relieved for record in records) > 20


@pytest.mark.parametrize("seed", range(20))
def test_the_shortcut_for_free_links_never_gives_room_that_the_full_rule_denies(seed: int) -> None:
    tables, fleet = random_case(seed)
    without = replace(tables, free_storage=np.full_like(tables.free_storage, -1))

    assert (
        differences(loaded(CompiledFlow, tables, fleet, "report"), loaded(CompiledFlow, without, fleet, "report")) == []
    )


def wanderer(
    env: Environment, flow: Flow, draw: random.Random, tables: FlowTables, log: Log, agent: int
) -> Generator[Any, Any, None]:
    """Drives legs; in between it drives on, waits in the lane, or steps aside; at whole seconds, so that many meet."""
    vehicle = flow.add_vehicle(draw.choice(["car", "car", "bus", "truck", "ebike"]))
    here: int | None = None
    for _ in range(draw.randint(1, 5)):
        ways = ways_on(tables, here) if here is not None else range(tables.first_group)
        if not ways:
            break
        route = random_route(draw, tables, draw.choice(ways), draw.randint(1, 6)) if draw.random() < 0.95 else []
        log.append((env.now, agent, "drives"))
        yield flow.drive(vehicle, route)
        log.append((env.now, agent, "stands"))
        if route:
            here = route[-1]
        if draw.random() < 0.4 and here is not None:
            flow.hold(vehicle)
            here = None
        if draw.random() < 0.6:
            yield env.timeout(draw.choice([0, 1, 7, 30, 1200]))
            log.append((env.now, agent, "has waited"))
    flow.leave(vehicle)


def works(env: Environment, flow: Flow, draw: random.Random, tables: FlowTables) -> Generator[Any, Any, None]:
    """Closes, narrows, slows and opens segments."""
    for _ in range(8):
        yield env.timeout(draw.choice([10, 60, 100]))
        segment = draw.randrange(tables.n_segments)
        flow.change_segment(segment, lane_share=draw.choice([0.0, 0.5, 1.0]), speed_share=draw.choice([0.5, 1.0]))
        yield env.timeout(draw.choice([10, 60, 100]))
        flow.change_segment(segment, lane_share=1.0, speed_share=1.0)


def signal_hand(
    env: Environment, flow: Flow, draw: random.Random, tables: FlowTables, log: Log
) -> Generator[Any, Any, None]:
    """Switches turns by hand: red, green, and a cycle of its own; notes how many stand there."""
    for _ in range(30):
        yield env.timeout(draw.choice([3, 10, 40]))
        turns = [draw.randrange(len(tables.turn_to)) for _ in range(3)]
        flow.show_greens(turns, draw.choice([ALWAYS_RED, ALWAYS_GREEN, ((5 * MICROS, 9 * MICROS, 31 * MICROS),)]))
        log.append((env.now, flow.vehicles_on(int(tables.turn_from[turns[0]])), "on the approach"))


def a_day_of_stories(make: type[SimpyFlow] | type[CompiledFlow], seed: int) -> tuple[FlowRecords, Log]:
    tables, fleet = random_case(seed)
    env = Environment()
    flow = make(env, tables, fleet, gridlock=("report", "relieve")[seed % 2], keep_passages=True)
    log: Log = []
    draw = random.Random(seed)
    for agent in range(80):
        start_s = draw.choice([0, 5, 5, 60, 300, 1000])
        env.story_at(start_s, wanderer(env, flow, random.Random(1000 * seed + agent), tables, log, agent), agent)
    env.story(works(env, flow, draw, tables))
    if seed % 3 == 0:
        env.story(signal_hand(env, flow, random.Random(seed), tables, log))
    env.run(5000.0)
    return flow.finish(), log


@pytest.mark.parametrize("seed", range(40))
def test_stories_live_the_same_day_on_both_flows(seed: int) -> None:
    by_simpy, simpy_log = a_day_of_stories(SimpyFlow, seed)
    by_kernel, kernel_log = a_day_of_stories(CompiledFlow, seed)

    assert simpy_log == kernel_log
    assert differences(by_simpy, by_kernel) == []


def guide(
    env: Environment, flow: Flow, draw: random.Random, tables: FlowTables, n_vehicles: int, log: Log
) -> Generator[Any, Any, None]:
    """Sends vehicles of the fleet other ways, at random; notes what they had before them and what has left so far."""
    for _ in range(60):
        yield env.timeout(draw.choice([1, 5, 20, 60]))
        for vehicle in range(n_vehicles):
            way_left = flow.way_left(vehicle)
            if way_left and draw.random() < 0.3 and (ways := ways_on(tables, way_left[0])):
                log.append((env.now, vehicle, f"leaves the way {way_left}"))
                flow.redirect(vehicle, random_route(draw, tables, draw.choice(ways), draw.randint(1, 9)))
        left, time_us = flow.totals()
        log.append((env.now, int(left.sum()), f"left after {time_us.tolist()}"))


def a_guided_day(make: type[SimpyFlow] | type[CompiledFlow], seed: int) -> tuple[FlowRecords, Log]:
    tables, fleet = random_case(seed)
    env = Environment()
    flow = make(env, tables, fleet, gridlock=("report", "relieve")[seed % 2], keep_passages=True)
    log: Log = []
    draw = random.Random(seed)
    for agent in range(20):
        env.story_at(draw.choice([0, 5, 60]), wanderer(env, flow, random.Random(agent), tables, log, agent), agent)
    env.story(guide(env, flow, draw, tables, len(fleet), log), 1 << 30)
    env.run(4000.0)
    return flow.finish(), log


@pytest.mark.parametrize("seed", range(30))
def test_vehicles_take_the_same_other_ways_on_both_flows(seed: int) -> None:
    by_simpy, simpy_log = a_guided_day(SimpyFlow, seed)
    by_kernel, kernel_log = a_guided_day(CompiledFlow, seed)

    assert simpy_log == kernel_log
    assert differences(by_simpy, by_kernel) == []
    assert any("leaves the way" in what for _, _, what in simpy_log)


@pytest.mark.parametrize("make", [SimpyFlow, CompiledFlow])
def test_a_vehicle_that_has_no_way_before_it_takes_no_other(make: type[SimpyFlow] | type[CompiledFlow]) -> None:
    """It is outside until 100 s, and then on its last segment."""
    tables, _ = random_case(5)
    env = Environment()
    flow = make(env, tables, fleet_of([[0]], [100_000_000]))
    assert flow.way_left(0) == []
    with pytest.raises(SimulationError, match="takes no other way"):
        flow.redirect(0, [1])
    env.run(100.001)
    assert flow.way_left(0) == []


@pytest.mark.parametrize("make", [SimpyFlow, CompiledFlow])
def test_a_vehicle_under_way_takes_no_other_orders(make: type[SimpyFlow] | type[CompiledFlow]) -> None:
    tables, _ = random_case(5)
    env = Environment()
    flow = make(env, tables, Fleet.none())
    vehicle = flow.add_vehicle()
    flow.drive(vehicle, [0])

    with pytest.raises(SimulationError, match="under way"):
        flow.drive(vehicle, [0])
    with pytest.raises(SimulationError, match="does not stand"):
        flow.hold(vehicle)
    with pytest.raises(SimulationError, match="does not stand"):
        flow.leave(vehicle)
    with pytest.raises(SimulationError, match="there is no such turn"):
        flow.drive(flow.add_vehicle(), [0, 0])
    with pytest.raises(SimulationError, match="there are segments 0 to"):
        flow.drive(flow.add_vehicle(), [-1])
