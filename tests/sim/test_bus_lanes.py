"""Buses in a lane of their own: by the hour, past the queue of the others, and the same in both flows."""

import random
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.sim.random_streets import random_fleet, random_network
from tests.sim.test_flows_agree import differences
from twin.city.network import BusLane, Link, LinkChange, Movement, Network, Node
from twin.city.signals import Green, SignalPlan
from twin.clock import TimeWindow
from twin.errors import NetworkError
from twin.sim.bus import BusFate, BusRun, BusService, Halt, bus
from twin.sim.bus_lanes import BusLanes
from twin.sim.environment import Environment
from twin.sim.flow import Fleet, Flow, FlowRecords
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.link_table import link_table
from twin.sim.road_changes import lanes_for_all_at, road_changes
from twin.sim.rules import MICROS
from twin.sim.tables import FlowTables, build_tables

BOTH_FLOWS = pytest.mark.parametrize("make", [CompiledFlow, SimpyFlow])


def streets(bus_lane: BusLane | None, *, lanes: float = 2.0, changes: tuple[LinkChange, ...] = ()) -> Network:
    """a–b–c, 1,000 m each at 10 m/s; 1,800 veh/h a lane. The first has the bus lane, the second one lane for all."""
    nodes = (Node("a", 121.0, 37.0), Node("b", 121.0113, 37.0), Node("c", 121.0226, 37.0))
    first = Link("ab", "a", "b", 1000.0, lanes, 10.0, 1800.0, changes=changes, bus_lane=bus_lane)
    return Network(nodes, (first, Link("bc", "b", "c", 1000.0, 1.0, 10.0, 1800.0)), crs="EPSG:32651")


def day(
    network: Network, make: type, *, cars_at: Sequence[float] = (), buses_at: Sequence[float], in_lane: bool = False,
    dwell_s: float = 0.0, route: Sequence[str] = ("ab",), until_s: float = 5000.0, tables: FlowTables | None = None,
) -> tuple[list[float], list[float], FlowRecords]:  # fmt: skip
    """When buses that halt at b, and cars that drive to c, have arrived."""
    tables = build_tables(network) if tables is None else tables
    env = Environment()
    n = np.arange(len(cars_at))
    cars = tables.segments_of(["ab", "bc"])
    depart_us = np.round(np.array(cars_at) * MICROS).astype(np.int64)
    flow = make(env, tables, Fleet(depart_us, len(cars) * n, len(cars) * (n + 1), np.tile(cars, len(n)), 0 * n))
    for story, agent in road_changes(env, flow, tables):
        env.story(story, agent)
    service = BusService.without_riders(2)
    service.lanes = BusLanes.of(tables)
    service.dwell = replace(service.dwell, doors_s=dwell_s)
    halts = tuple(Halt(tables.segments_of([link]), in_lane, i) for i, link in enumerate(route))
    fates = [BusFate() for _ in buses_at]
    for i, (start_s, fate) in enumerate(zip(buses_at, fates, strict=True)):
        env.story_at(start_s, bus(env, flow, service, [BusRun(f"1#{i}", "1", i, start_s, halts)], [fate]), i)
    env.run(until=until_s)
    found = flow.finish()
    arrived = [np.nan if fate.arrived_s is None else fate.arrived_s for fate in fates]
    return arrived, (found.vehicles.arrive_us[: len(n)] / MICROS).tolist(), found


@BOTH_FLOWS
def test_a_bus_passes_the_queue_in_its_hours_and_stands_in_it_outside_them(make: type) -> None:
    """Cars come to the one lane of bc at 1 a second from 0 s to 400 s, and it takes one every 2 s: at 300 s the queue
    at b holds some 100 cars. The bus that starts at 300 s is at b after 100 s in its lane, and with no bus lane far
    later. Cars are let into ab at 1 a second by two lanes, and at one every 2 s by the one that is left.
    """
    cars = [float(t) for t in range(400)]
    with_lane, cars_beside, _ = day(streets(BusLane((TimeWindow(0.0, 3600.0),))), make, cars_at=cars, buses_at=[300.0])
    without, cars_alone, _ = day(streets(BusLane((TimeWindow(3600.0, 7200.0),))), make, cars_at=cars, buses_at=[300.0])
    plain, cars_plain, _ = day(streets(None), make, cars_at=cars, buses_at=[300.0])
    assert with_lane == [400.0]
    assert without == plain and plain[0] > 500.0
    assert cars_alone == cars_plain, "outside its hours a bus lane is a lane as any other"
    # The bottleneck is bc in both: the last of 400 cars is let in 798 s after the first, and takes 100 s.
    assert max(cars_beside) == pytest.approx(100.0 + 798.0 + 100.0)


@BOTH_FLOWS
def test_a_bus_lane_takes_its_lane_from_the_others_while_it_holds(make: type) -> None:
    """One lane of two: cars at 0.5 s apart come onto ab every 2 s from 0 to 1,000 s, later every second."""
    network = streets(BusLane((TimeWindow(0.0, 1000.0),)))
    network = network.with_links(replace(link, lanes=4.0) if link.id == "bc" else link for link in network.links)
    network = network.with_links(
        replace(link, capacity_vph=3600.0) if link.id == "bc" else link for link in network.links
    )
    for first_s, gap_s in ((100.0, 2.0), (2000.0, 1.0)):
        _, arrive_s, _ = day(network, make, cars_at=[first_s + 0.5 * i for i in range(20)], buses_at=[])
        assert np.diff(arrive_s) == pytest.approx([gap_s] * 19)


@BOTH_FLOWS
def test_a_stop_in_the_bus_lane_holds_up_the_bus_behind_and_no_car(make: type) -> None:
    """The first bus stands at b from 100 to 130 s. The second, 10 s behind, comes to the end of the lane at 110 s and
    to the stop when the first is gone: 130 + 4 s (2 PCU at 0.5 PCU/s). Cars beside it are as without buses.
    """
    network = streets(BusLane())
    cars = [5.0 * i for i in range(20)]
    _, alone, _ = day(network, make, cars_at=cars, buses_at=[])
    buses, beside, _ = day(network, make, cars_at=cars, buses_at=[0.0, 10.0], in_lane=True, dwell_s=30.0)
    assert buses == [130.0, 134.0 + 30.0]
    assert beside == alone


@BOTH_FLOWS
def test_a_bus_lane_has_the_greens_of_its_street(make: type) -> None:
    """The next street is b–c. Red until 500 s of a cycle of 1,000: bus and car leave b then, side by side."""
    network = streets(BusLane())
    plan = SignalPlan("b", 1000.0, 0.0, (Green("ab", "bc", 500.0, 400.0),))
    tables = build_tables(network, [plan])
    buses, cars, _ = day(network, make, cars_at=[0.0], buses_at=[0.0], in_lane=True, route=("ab", "bc"), tables=tables)
    assert sorted([buses[0], cars[0]])[0] == 600.0
    assert sorted([buses[0], cars[0]])[1] <= 604.0


def test_links_are_told_of_without_the_buses_in_their_own_lane() -> None:
    """Two cars and one bus: the table counts two on ab, and as many rows as without a bus lane."""
    network = streets(BusLane())
    tables = build_tables(network, segment_m=300.0)
    _, _, found = day(network, CompiledFlow, cars_at=[0.0, 10.0], buses_at=[0.0], tables=tables)
    table = link_table(found, tables)
    assert table.groupby("link_id")["entered"].sum().to_dict() == {"ab": 2, "bc": 2}
    assert tables.link_mm.tolist() == [1_000_000, 1_000_000]


def test_a_bus_lane_runs_beside_lane_groups_to_the_stop_line() -> None:
    """1,000 m with 120 m of marked lanes: two segments of 440 m for all, the same for the bus, and 120 m more."""
    network = replace(
        streets(BusLane(), lanes=3.0), nodes=(*streets(None).nodes, Node("d", 121.0113, 37.01)),
    )  # fmt: skip
    network = network.with_links((*network.links, Link("bd", "b", "d", 500.0, 1.0, 10.0, 1800.0)))
    turns = tuple(Movement("b", "ab", to, 1.0, lane_group=i) for i, to in enumerate(("bd", "bc")))
    tables = build_tables(replace(network, movements=turns), segment_m=800.0)
    lane = range(*tables.bus_lane_start[:2].tolist())
    assert tables.length_mm[lane.start : lane.stop].tolist() == [440_000, 440_000, 120_000]
    lanes, street, onward = BusLanes.of(tables), tables.segments_of(["ab", "bc"]), tables.segments_of(["bc"]).tolist()
    assert lanes.way(street, None, 0.0).tolist() == [*lane, *onward]
    # From a stop in the lane at the end of the second segment, the rest of the lane is before it.
    assert lanes.way(street[2:], lane[1], 0.0).tolist() == [lane[2], *onward]
    # Who came onto the link in the lanes for all stays there.
    assert lanes.way(street[1:], int(street[0]), 0.0).tolist() == street[1:].tolist()


@pytest.mark.parametrize(
    ("hour", "lanes", "speed_mps"),
    [(0.0, 3.0, 10.0), (7.5, 2.0, 10.0), (8.5, 1.0, 5.0), (9.5, 1.0, 5.0), (31.5, 2.0, 10.0)],
)
def test_the_narrowest_of_bus_lane_and_works_holds(hour: float, lanes: float, speed_mps: float) -> None:
    """Three lanes; the bus lane holds 07:00–09:00, works leave one lane and 5 m/s 08:00–10:00."""
    works = LinkChange(TimeWindow.between("08:00", "10:00"), lanes=1.0, free_speed_mps=5.0)
    network = streets(BusLane((TimeWindow.between("07:00", "09:00"),)), lanes=3.0, changes=(works,))
    assert lanes_for_all_at(network.link_by_id["ab"], 3600.0 * hour) == (lanes, speed_mps)


@BOTH_FLOWS
def test_a_closure_closes_the_bus_lane_too(make: type) -> None:
    network = streets(BusLane(), changes=(LinkChange(TimeWindow(0.0, 1000.0), lanes=0.0),))
    buses, cars, _ = day(network, make, cars_at=[10.0], buses_at=[10.0])
    assert buses == [1100.0] and cars == [1200.0]


def test_a_bus_lane_leaves_a_lane_for_all() -> None:
    with pytest.raises(NetworkError, match="1 of its 1 lanes for buses leave no lane for others"):
        streets(BusLane(), lanes=1.0)


def with_random_bus_lanes(draw: random.Random, network: Network) -> Network:
    """Half of the wide links have a bus lane, in some hours of the run or always."""
    hours = [(), (TimeWindow(0.0, 400.0),), (TimeWindow(300.0, 700.0), TimeWindow(900.0, 2000.0))]
    return network.with_links(
        replace(link, bus_lane=BusLane(draw.choice(hours))) if link.lanes > 1 and draw.random() < 0.5 else link
        for link in network.links
    )


def random_bus(
    env: Environment, flow: Flow, draw: random.Random, lanes: BusLanes, log: list[tuple[float, int, int]]
) -> Generator[Any, Any, None]:
    """Drives from stop to stop over random turns, stopping in the lane or aside."""
    tables, network = lanes.tables, lanes.tables.network
    turns: dict[str, list[str]] = {}
    for turn in network.turns():
        turns.setdefault(turn.from_link, []).append(turn.to_link)
    vehicle, link, stands_on = flow.add_vehicle("bus"), draw.choice(network.links).id, None
    ahead = tables.segments_of([link]).tolist()
    for _ in range(8):
        count = draw.randint(1, len(ahead))
        leg, ahead = lanes.way(np.array(ahead[:count], dtype=np.int32), stands_on, env.now), ahead[count:]
        yield flow.drive(vehicle, leg)
        stands_on = int(leg[-1])
        log.append((env.now, vehicle, stands_on))
        if draw.random() < 0.5:
            flow.hold(vehicle)
            stands_on = None
        yield env.timeout(draw.choice([0, 7, 30]))
        if not ahead:
            if link not in turns:
                break
            link = draw.choice(turns[link])
            ahead = tables.segments_of([link]).tolist()
    flow.leave(vehicle)


@pytest.mark.parametrize("seed", range(12))
def test_both_flows_agree_on_streets_with_bus_lanes(seed: int) -> None:
    logs, records = [], []
    for make in (SimpyFlow, CompiledFlow):
        draw = random.Random(seed)
        network, signals = random_network(draw, 3)
        network = with_random_bus_lanes(draw, network)
        tables = build_tables(network, signals, segment_m=draw.choice([None, 50.0, 130.0]))
        assert tables.first_bus_lane < tables.n_segments, "there are bus lanes"
        fleet = random_fleet(draw, tables, 200, 600.0)
        env = Environment()
        flow = make(env, tables, fleet, gridlock="relieve", keep_passages=True)
        for story, agent in road_changes(env, flow, tables):
            env.story(story, agent)
        log: list[tuple[float, int, int]] = []
        for agent in range(40):
            story = random_bus(env, flow, random.Random(100 * seed + agent), BusLanes.of(tables), log)
            env.story_at(draw.choice([0, 5, 300, 600, 1000]), story, agent)
        env.run(4000.0)
        logs.append(log)
        records.append(flow.finish())
    assert logs[0] == logs[1]
    assert any(segment >= tables.first_bus_lane for _, _, segment in logs[0]), "some stop in a bus lane"
    assert differences(*records) == []
