"""Drivers who hear of other ways: who takes one, when, and that it is the same in both flows."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.sim.random_streets import fleet_of
from twin.city.network import Link, Network, Node
from twin.routing.paths import Router
from twin.sim.environment import Environment
from twin.sim.flow import FlowRecords
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.navigation import OtherWay, Times, navigation
from twin.sim.tables import FlowTables, build_tables

LENGTH_M = {"ab": 3000.0, "bx": 1000.0, "xd": 500.0, "bc": 700.0, "cd": 700.0, "de": 1000.0}
USUAL = ("ab", "bx", "xd", "de")


def streets() -> Network:
    """From b to d by x (75 s at 20 m/s; 0.2 veh/s pass x) or by c (70 s); 150 s lead there, 50 s on to e."""
    nodes = tuple(Node(name, 121.0 + 0.01 * i, 37.0) for i, name in enumerate("abxcde"))
    links = tuple(
        Link(i, i[0], i[1], metres, 1.0, 20.0, 720.0 if i == "xd" else 2880.0, jam_density_vpkm=200.0)
        for i, metres in LENGTH_M.items()
    )
    return Network(nodes, links)


def driven(
    make: type[SimpyFlow] | type[CompiledFlow], hear: list[int], network: Network | None = None
) -> tuple[FlowRecords, list[OtherWay], FlowTables]:
    """0.4 veh/s on the usual way from 0 to 900 s; `hear`: who of them listens."""
    network = network or streets()
    tables = build_tables(network)
    route = tables.segments_of(USUAL).tolist()
    env = Environment()
    flow = make(env, tables, fleet_of([route] * 360, [2_500_000 * i for i in range(360)]), keep_passages=True)
    took: list[OtherWay] = []
    env.story(navigation(env, flow, Router(network), lambda: hear, took.append))
    env.run(3000.0)
    return flow.finish(), took, tables


def travel_s(records: FlowRecords) -> np.ndarray:
    return (records.vehicles.arrive_us - records.vehicles.depart_us) / 1e6


@pytest.mark.parametrize("make", [SimpyFlow, CompiledFlow])
def test_who_hears_of_a_queue_drives_round_it(make: type[SimpyFlow] | type[CompiledFlow]) -> None:
    """At 600 s the queue before x costs minutes. Who departed from 451 s on is still on ab then: one in four hears, and
    drives 150 + 70 + 50 s, and up to three headways of 1.25 s where the ways meet. The others wait longer.
    """
    hear = list(range(0, 360, 4))
    records, took, _ = driven(make, hear)
    on_ab = [v for v in hear if 451 <= 2.5 * v <= 595]
    assert {other.vehicle for other in took} >= set(on_ab)
    spent_s = travel_s(records)
    assert all(270.0 - 1e-6 <= spent_s[v] <= 273.75 for v in on_ab)
    assert min(spent_s[v + 1] for v in on_ab) > 270.0 + 60.0


@pytest.mark.parametrize("make", [SimpyFlow, CompiledFlow])
def test_another_way_counts_with_its_own_distance_and_the_difference_is_told(
    make: type[SimpyFlow] | type[CompiledFlow],
) -> None:
    """By c 700 + 700 m in place of 1,000 + 500 m: 100 m less of 5,500."""
    records, took, _ = driven(make, list(range(0, 360, 4)))
    turned = [other.vehicle for other in took]
    assert {other.more_m for other in took} == {-100.0}
    assert set(records.vehicles.driven_mm[turned].tolist()) == {5_400_000}
    others = [v for v in range(360) if v not in turned]
    assert set(records.vehicles.driven_mm[others].tolist()) == {5_500_000}


def test_nobody_who_hears_nothing_turns_and_times_alone_change_nothing() -> None:
    told, took, tables = driven(CompiledFlow, [])
    env = Environment()
    flow = CompiledFlow(
        env, tables, fleet_of([tables.segments_of(USUAL).tolist()] * 360, [2_500_000 * i for i in range(360)]),
        keep_passages=True,
    )  # fmt: skip
    env.run(3000.0)
    untold = flow.finish()
    assert took == [] and np.array_equal(told.counts, untold.counts)
    assert np.array_equal(told.passages, untold.passages)  # type: ignore[arg-type]


def test_a_way_that_saves_less_than_a_minute_is_not_taken() -> None:
    """With 0.35 veh/s through x the queue costs less than a minute at 300 s, and about a minute and a half at 600 s."""
    wide = streets()
    links = tuple(replace(link, capacity_vph=1260.0) if link.id == "xd" else link for link in wide.links)
    _, took, _ = driven(CompiledFlow, list(range(0, 360, 4)), replace(wide, links=links))
    first = [v for v in range(0, 120, 4) if 2.5 * v >= 151]
    assert not {other.vehicle for other in took} & set(first)


def test_both_flows_turn_the_same_vehicles() -> None:
    hear = list(range(0, 360, 3))
    (one, took_one, _), (other, took_other, _) = (driven(make, hear) for make in (SimpyFlow, CompiledFlow))
    assert [t.vehicle for t in took_one] == [t.vehicle for t in took_other] != []
    assert np.array_equal(one.passages, other.passages) and np.array_equal(one.counts, other.counts)  # type: ignore[arg-type]


def test_times_of_the_last_minutes_are_means_of_those_that_left_since() -> None:
    """One vehicle alone takes 150 s over ab; nobody else knows better afterwards. On bx it is still under way."""
    network = streets()
    tables = build_tables(network)
    env = Environment()
    flow = CompiledFlow(env, tables, fleet_of([tables.segments_of(USUAL).tolist()], [0]))
    times, index = Times(flow), network.link_index
    env.run(180.0)
    link_ms = times.renewed_ms()
    assert link_ms[index["ab"]] == 150_000
    assert link_ms[index["bx"]] == 300_000, "nobody left it, though somebody is on it"
    assert [int(link_ms[index[a + b]]) for a, b in pairwise("bcd")] == [35_000, 35_000]
