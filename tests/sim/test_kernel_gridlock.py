"""A ring of full links: found when it closes, named, counted; and let on, one vehicle at a time, where policy says."""

import random
from itertools import pairwise

import pytest

from tests.sim.random_streets import fleet_of
from twin.city.network import Link, Network, Node
from twin.sim.environment import Environment
from twin.sim.flow import PATIENCE_S, FlowRecords, GridlockPolicy
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.kernel_state import GONE
from twin.sim.rules import MICROS, RELIEVED_AGAIN_US
from twin.sim.tables import CLASS_NAMES, build_tables

FLOWS = [SimpyFlow, CompiledFlow]
TRUCK = CLASS_NAMES.index("truck")


def ring(make: type[SimpyFlow] | type[CompiledFlow], gridlock: GridlockPolicy, until_s: float) -> FlowRecords:
    """Four links of 100 m (20 cars each, 5 s) in a ring; 30 cars start on each at once and drive five links."""
    routes = [[(start + i) % 4 for i in range(5)] for start in range(4) for _ in range(30)]
    return driven(make, routes, [0] * len(routes), [0] * len(routes), gridlock, until_s)


def mixed_ring(make: type[SimpyFlow] | type[CompiledFlow], seed: int) -> FlowRecords:
    """The same ring, where 40 cars and lorries a link start in 200 s and drive two to six links; until all is over."""
    draw = random.Random(seed)
    routes = [[(start + i) % 4 for i in range(draw.choice((2, 3, 4, 5, 6)))] for start in range(4) for _ in range(40)]
    departs_us = [draw.randrange(0, 200) * MICROS for _ in routes]
    return driven(make, routes, departs_us, [TRUCK * (draw.random() < 0.3) for _ in routes], "report", 20_000.0)


def driven(
    make: type[SimpyFlow] | type[CompiledFlow],
    routes: list[list[int]],
    departs_us: list[int],
    kinds: list[int],
    gridlock: GridlockPolicy,
    until_s: float,
) -> FlowRecords:
    nodes = tuple(Node(str(i), 0.001 * (i in (1, 2)), 0.001 * (i in (2, 3))) for i in range(4))
    links = tuple(Link(str(i), str(i), str((i + 1) % 4), 100.0, 1.0, 20.0, 2880.0, 200.0) for i in range(4))
    tables = build_tables(Network(nodes=nodes, links=links))
    env = Environment()
    flow = make(env, tables, fleet_of(routes, departs_us, kinds), gridlock=gridlock, keep_passages=True)
    env.run(until_s)
    return flow.finish()


@pytest.mark.parametrize("make", FLOWS)
def test_a_ring_of_full_links_is_found_once_and_stands(make: type) -> None:
    record = ring(make, "report", 10_000.0)

    assert len(record.cycles) == 1
    time_us, members = record.cycles[0]
    assert sorted(members) == [0, 1, 2, 3]
    assert record.relieved == 0
    assert (record.counts[-1, :, 0] == 0).all()
    assert time_us == record.passages[:, 2].max()  # type: ignore[index]  # when the last car that fits came in


@pytest.mark.parametrize("make", FLOWS)
def test_relief_lets_one_vehicle_on_after_its_patience(make: type) -> None:
    found_us, members = ring(make, "report", 200.0).cycles[0]
    patience_us = round(PATIENCE_S * MICROS)
    before = ring(make, "relieve", (found_us + patience_us) / MICROS - 0.001)
    after = ring(make, "relieve", (found_us + patience_us) / MICROS + 0.001)

    assert (before.relieved, after.relieved) == (0, 1)
    assert before.n_passages < after.n_passages
    moved = after.passages[after.passages[:, 2] == found_us + patience_us]  # type: ignore[index]
    assert moved[0, 1] == (min(members) + 1) % 4  # the head of the lowest link of the cycle


@pytest.mark.parametrize("make", FLOWS)
def test_relief_empties_the_ring_in_the_end(make: type) -> None:
    record = ring(make, "relieve", 200_000.0)

    assert (record.vehicles.status == GONE).all()
    assert record.relieved == len(record.cycles) > 1


@pytest.mark.parametrize("make", FLOWS)
def test_a_jam_that_closes_again_is_relieved_again_without_a_new_patience(make: type) -> None:
    record = ring(make, "relieve", 200_000.0)

    closed_us = [time_us for time_us, _ in record.cycles]
    apart_us = [later - earlier for earlier, later in pairwise(closed_us)]
    assert apart_us[0] > PATIENCE_S * MICROS
    assert RELIEVED_AGAIN_US < apart_us[1] < PATIENCE_S * MICROS


@pytest.mark.parametrize("make", FLOWS)
def test_whatever_stands_for_ever_stands_in_a_cycle_that_was_found(make: type) -> None:
    """Also where a lorry, first in turn, finds no room behind it and a car would: both stand."""
    records = [mixed_ring(make, seed) for seed in range(30)]

    standing = [(record.vehicles.status < GONE).any() for record in records]
    assert sum(standing) > 10
    assert all(record.cycles for record, stands in zip(records, standing, strict=True) if stands)
