"""Small street networks and fleets drawn at random, for tests that hold on any network."""

import random

import numpy as np

from twin.city.network import Link, Movement, Network, Node
from twin.city.signals import Green, SignalPlan
from twin.sim.flow import Fleet
from twin.sim.rules import MICROS
from twin.sim.tables import CLASS_NAMES, FlowTables, build_tables


def random_network(draw: random.Random, side: int) -> tuple[Network, list[SignalPlan]]:
    """A grid of two-way streets: lengths from 4 m (below one vehicle) on, odd lanes, weights, penalties, signals."""
    nodes = [Node(f"{x},{y}", x * 0.001, y * 0.001) for x in range(side) for y in range(side)]
    links = []
    for x in range(side):
        for y in range(side):
            for dx, dy in ((1, 0), (0, 1)):
                if x + dx < side and y + dy < side:
                    here, there = f"{x},{y}", f"{x + dx},{y + dy}"
                    links += [_random_link(draw, here, there), _random_link(draw, there, here)]
    plain = Network(nodes=tuple(nodes), links=tuple(links))
    movements = []
    for node in nodes:
        if draw.random() < 0.3:
            has_own_lanes = draw.random() < 0.6
            for link in plain.links_in[node.id]:
                for onward in plain.links_out[node.id]:
                    capacity_vph = draw.choice([None, None, 300.0, 900.0])
                    penalty_s = draw.choice([0.0, 0.0, 2.5])
                    lanes = link.lanes / len(plain.links_out[node.id]) if has_own_lanes else None
                    movements.append(Movement(node.id, link.id, onward.id, lanes, capacity_vph, penalty_s))
    network = Network(nodes=tuple(nodes), links=tuple(links), movements=tuple(movements))
    return network, [_random_plan(draw, network, node.id) for node in nodes if draw.random() < 0.4]


def _random_link(draw: random.Random, from_node: str, to_node: str) -> Link:
    return Link(
        id=f"{from_node}>{to_node}",
        from_node=from_node,
        to_node=to_node,
        length_m=draw.choice([4.0, 20.0, 60.0, 100.0, 137.3, 400.0]),
        lanes=draw.choice([1.0, 1.0, 2.0, 3.0]),
        free_speed_mps=draw.choice([8.0, 13.9, 20.0]),
        capacity_vph=draw.choice([900.0, 1600.0, 1800.0]),
        merge_weight=draw.choice([None, None, 1.0, 2.5]),
        priority=draw.choice([1, 2, 2]),
    )


def _random_plan(draw: random.Random, network: Network, node_id: str) -> SignalPlan:
    cycle_s = draw.choice([30.0, 60.0, 77.7])
    greens = []
    for link in network.links_in[node_id]:
        for onward in network.links_out[node_id]:
            if draw.random() < 0.5:
                green_s = draw.choice([0.3, 0.5, 0.5]) * cycle_s
                flow_vph = draw.choice([None, None, 1200.0])
                greens.append(
                    Green(link.id, onward.id, draw.random() * cycle_s, green_s, flow_vph, draw.random() < 0.3)
                )
    return SignalPlan(node_id, cycle_s, draw.choice([0.0, 12.0]), tuple(greens))


def ways_on(tables: FlowTables, segment: int) -> list[int]:
    """Segments of streets that a route may name after a segment, through its lane groups where it has them.

    None of bus lanes.
    """
    groups = range(tables.first_group, tables.first_bus_lane)
    ways: list[int] = []
    for onward in tables.turn_to[tables.turns_out(segment)].tolist():
        ways += tables.turn_to[tables.turns_out(onward)].tolist() if onward in groups else [onward]
    return [way for way in ways if way < tables.first_bus_lane]


def random_route(draw: random.Random, tables: FlowTables, first: int, longest: int) -> list[int]:
    """Segments from `first` on, each turn drawn among those there are."""
    route = [first]
    while len(route) < longest:
        ways = ways_on(tables, route[-1])
        if not ways:
            break
        route.append(draw.choice(ways))
    return route


def random_fleet(draw: random.Random, tables: FlowTables, count: int, within_s: float) -> Fleet:
    """Vehicles of all classes on random routes; many depart at the same whole seconds."""
    routes, departs, kinds = [], [], []
    for _ in range(count):
        routes.append(random_route(draw, tables, draw.randrange(tables.first_group), draw.randint(1, 25)))
        depart_s = draw.random() * within_s
        departs.append(round((round(depart_s) if draw.random() < 0.5 else depart_s) * MICROS))
        kinds.append(draw.choices(range(len(CLASS_NAMES)), [0.7, 0.1, 0.1, 0.1])[0])
    return fleet_of(routes, departs, kinds)


def fleet_of(routes: list[list[int]], departs_us: list[int], kinds: list[int] | None = None) -> Fleet:
    """A fleet of these routes; all cars unless `kinds` says otherwise."""
    lengths = np.array([len(route) for route in routes], dtype=np.int64)
    ends = np.cumsum(lengths)
    return Fleet(
        depart_us=np.array(departs_us, dtype=np.int64),
        route_start=ends - lengths,
        route_end=ends,
        route=np.array([segment for route in routes for segment in route], dtype=np.int32),
        vehicle_class=np.array(kinds if kinds is not None else [0] * len(routes), dtype=np.int64),
    )


def random_case(seed: int) -> tuple[FlowTables, Fleet]:
    """Network and fleet of that seed: from light traffic to a standstill."""
    draw = random.Random(seed)
    network, signals = random_network(draw, draw.choice([2, 3, 4]))
    tables = build_tables(network, signals, segment_m=draw.choice([None, 50.0, 130.0]))
    fleet = random_fleet(draw, tables, draw.choice([20, 200, 600]), draw.choice([60.0, 600.0, 1500.0]))
    return tables, fleet
