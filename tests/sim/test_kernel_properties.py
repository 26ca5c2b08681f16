"""What must hold on any network, in both flows: nothing is lost, nobody overtakes, no link gives more than it has."""

import random
from dataclasses import replace

import numpy as np
import pytest

from tests.sim.random_streets import fleet_of, random_case, random_network, random_route
from tests.sim.test_flows_agree import differences, loaded
from twin.city.network import Link, Network, Node
from twin.sim.environment import Environment
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.kernel_state import GONE, MOVING, OUTSIDE
from twin.sim.rules import MICROS, NEVER
from twin.sim.tables import build_tables

FLOWS = [SimpyFlow, CompiledFlow]


@pytest.mark.parametrize("seed", [3, 7, 10, 11, 21])
def test_vehicles_are_conserved_all_along(seed: int) -> None:
    tables, fleet = random_case(seed)
    env = Environment()
    flow = SimpyFlow(env, tables, fleet, keep_passages=True)
    events = 0
    while env.peek() < np.inf:
        env.step()
        events += 1
        if events % 50 == 0:
            record = flow.finish()
            assert record.passages is not None
            inside = int((record.passages[:, 3] == NEVER).sum())
            status = np.bincount(record.vehicles.status, minlength=5)
            assert inside == status[MOVING]
            assert status[OUTSIDE] + status[MOVING] + status[GONE] == len(fleet)
            assert (record.counts >= 0).all()
            on = (record.counts[:, :, 0] - record.counts[:, :, 1]).sum(axis=0)
            assert (on >= 0).all() and on.sum() == inside
    assert events > 100


@pytest.mark.parametrize("seed", range(20))
def test_no_link_gives_more_than_capacity_and_storage_and_nobody_overtakes(seed: int) -> None:
    tables, fleet = random_case(seed)
    passages = loaded(CompiledFlow, tables, fleet, "report").passages
    assert passages is not None
    pcu = np.array(tables.class_pcu)[fleet.vehicle_class]
    kind = fleet.vehicle_class
    for segment in range(tables.n_segments):
        rows = passages[passages[:, 1] == segment]
        vehicle, entry, exit_ = rows[:, 0], rows[:, 2], rows[:, 3]
        assert (np.diff(entry) >= pcu[vehicle[:-1]] * tables.us_per_pcu[segment] // MICROS).all()
        gone = exit_ < NEVER
        assert (np.diff(exit_[gone]) >= 0).all()
        assert gone[: gone.sum()].all()  # who came before a vehicle that left has left
        assert (exit_[gone] - entry[gone] >= tables.free_us[kind[vehicle[gone]], segment]).all()
        for i in range(0, len(rows), 7):
            on = (entry <= entry[i]) & (exit_ > entry[i])
            on[i + 1 :] = False
            assert pcu[vehicle[on]].sum() <= max(tables.storage[segment], pcu[vehicle[i]])


@pytest.mark.parametrize("make", FLOWS)
@pytest.mark.parametrize("seed", [2, 6, 7])
def test_a_shift_of_all_departures_shifts_every_result_by_as_much(seed: int, make: type) -> None:
    tables, fleet = random_case(seed)
    # A common multiple of all cycles (30, 60, 77.7 s), or the signals would stand elsewhere.
    shift_us = 77_700 * MICROS
    now = loaded(make, tables, fleet, "report", 4000.0)
    later = loaded(make, tables, replace(fleet, depart_us=fleet.depart_us + shift_us), "report", 4000.0 + 77_700)

    assert now.passages is not None and later.passages is not None
    shifted = later.passages.copy()
    shifted[:, 2] -= shift_us
    shifted[:, 3] -= np.where(shifted[:, 3] < NEVER, shift_us, 0)
    assert np.array_equal(now.passages, shifted)
    assert [time + shift_us for time, _ in now.cycles] == [time for time, _ in later.cycles]


def test_names_change_nothing_while_their_order_stays() -> None:
    tables, fleet = random_case(11)
    network = tables.network
    name = {node.id: f"n{node.id}" for node in network.nodes}
    renamed = Network(
        nodes=tuple(replace(node, id=name[node.id]) for node in reversed(network.nodes)),
        links=tuple(
            replace(link, id=f"x{link.id}", from_node=name[link.from_node], to_node=name[link.to_node])
            for link in reversed(network.links)
        ),
    )
    plain = Network(nodes=network.nodes, links=network.links)
    segment_m = 130.0
    a = build_tables(plain, segment_m=segment_m)
    b = build_tables(renamed, segment_m=segment_m)
    draw = random.Random(1)
    routes = [random_route(draw, a, draw.randrange(a.n_segments), 15) for _ in range(300)]
    fleet = fleet_of(routes, [draw.randrange(300) * MICROS for _ in routes])

    assert differences(loaded(CompiledFlow, a, fleet, "report"), loaded(CompiledFlow, b, fleet, "report")) == []


def test_twice_the_lengths_at_twice_the_speeds_and_half_the_density_change_no_time() -> None:
    draw = random.Random(4)
    network, signals = random_network(draw, 3)
    wide = network.with_links(
        replace(
            link,
            length_m=2 * link.length_m,
            free_speed_mps=2 * link.free_speed_mps,
            jam_density_vpkm=link.jam_density_vpkm / 2,
        )
        for link in network.links
    )
    # Lane groups have lengths of their own.
    a, b = build_tables(network, signals, groups={}), build_tables(wide, signals, groups={})
    routes = [random_route(draw, a, draw.randrange(a.n_segments), 15) for _ in range(400)]
    fleet = fleet_of(routes, [draw.randrange(300) * MICROS for _ in routes])
    near, far = loaded(CompiledFlow, a, fleet, "report"), loaded(CompiledFlow, b, fleet, "report")

    assert np.array_equal(near.passages, far.passages)  # type: ignore[arg-type]


def in_a_row(lengths_m: list[float], last_vph: float, **link: float) -> Network:
    """Links one after another, the last with its own capacity."""
    nodes = tuple(Node(str(i), 0.001 * i, 0.0) for i in range(len(lengths_m) + 1))
    values = {"lanes": 1.0, "free_speed_mps": 20.0, "jam_density_vpkm": 200.0} | link
    capacity = [2880.0] * (len(lengths_m) - 1) + [last_vph]
    links = tuple(
        Link(str(i), str(i), str(i + 1), length, capacity_vph=vph, **values)  # type: ignore[arg-type]
        for i, (length, vph) in enumerate(zip(lengths_m, capacity, strict=True))
    )
    return Network(nodes=nodes, links=links)


def test_cutting_a_road_in_two_moves_no_trip_by_a_headway() -> None:
    """A queue of 0.5 veh/s stands back over a road of 1000 m and dissolves; whole, and cut at its midpoint."""
    departs = [round(i * 1.4 * MICROS) for i in range(250)]
    arrivals = []
    for lengths in ([200.0, 1000.0, 300.0], [200.0, 500.0, 500.0, 300.0]):
        tables = build_tables(in_a_row(lengths, 1800.0))
        fleet = fleet_of([list(range(len(lengths)))] * len(departs), departs)
        arrivals.append(loaded(CompiledFlow, tables, fleet, "report").vehicles.arrive_us)
    headway_us = round(MICROS / 0.8)

    assert np.abs(arrivals[0] - arrivals[1]).max() < headway_us


@pytest.mark.parametrize("make", FLOWS)
def test_room_is_known_after_more_free_passages_than_a_link_remembers(make: type) -> None:
    """1000 cars pass freely (a link of 20 remembers 128 exits), then a queue stands: the wave decides again.

    Storage 20, wave 5 m/s over 100 m: 20 s. A standing queue passes 0.5 veh/s, so entries come 2 s apart at last.
    """
    tables = build_tables(in_a_row([100.0, 100.0, 100.0], 1800.0))
    departs = [3 * i * MICROS for i in range(1000)] + [3000 * MICROS + 1_300_000 * i for i in range(300)]
    fleet = fleet_of([[0, 1, 2]] * len(departs), departs)
    record = loaded(make, tables, fleet, "report")
    assert record.passages is not None
    entries = record.passages[record.passages[:, 1] == 1][:, 2]
    exits = record.passages[record.passages[:, 1] == 1][:, 3]
    room = exits[1150:1200] + 20 * MICROS  # the hole of exit i lets in vehicle i + 20

    assert (np.diff(entries[1150:1250]) == 2 * MICROS).all()
    assert np.abs(entries[1170:1220] - room).max() <= 2 * MICROS
