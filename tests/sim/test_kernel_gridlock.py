"""A ring of full links: found when it closes, named, counted; and let on, one vehicle at a time, where policy says."""

import pytest

from tests.sim.random_streets import fleet_of
from twin.city.network import Link, Network, Node
from twin.sim.environment import Environment
from twin.sim.flow import PATIENCE_S, FlowRecords, GridlockPolicy
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.kernel_state import GONE
from twin.sim.rules import MICROS
from twin.sim.tables import build_tables

FLOWS = [SimpyFlow, CompiledFlow]
ROUND_S = 4 * 5.0


def ring(make: type[SimpyFlow] | type[CompiledFlow], gridlock: GridlockPolicy, until_s: float) -> FlowRecords:
    """Four links of 100 m (20 cars each, 5 s) in a ring; 30 cars start on each at once and drive five links."""
    nodes = tuple(Node(str(i), 0.001 * (i in (1, 2)), 0.001 * (i in (2, 3))) for i in range(4))
    links = tuple(Link(str(i), str(i), str((i + 1) % 4), 100.0, 1.0, 20.0, 2880.0, 200.0) for i in range(4))
    tables = build_tables(Network(nodes=nodes, links=links))
    routes = [[(start + i) % 4 for i in range(5)] for start in range(4) for _ in range(30)]
    env = Environment()
    flow = make(env, tables, fleet_of(routes, [0] * len(routes)), gridlock=gridlock, keep_passages=True)
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
