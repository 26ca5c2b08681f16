"""Who goes first where streets meet: by merge weight, whoever asked first."""

import pytest

from tests.sim.random_streets import fleet_of
from tests.sim.test_flows_agree import loaded
from twin.city.network import Link, Network, Node
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.rules import MICROS
from twin.sim.tables import FlowTables, build_tables

FLOWS = [SimpyFlow, CompiledFlow]


def merge(weight_a: float | None, weight_b: float | None) -> FlowTables:
    """Links a and b (500 m) into c; each 20 m/s, wave 5 m/s, 0.8 veh/s."""
    nodes = tuple(Node(name, 0.01 * i, 0.0) for i, name in enumerate("ABMC"))
    road = {"length_m": 500.0, "lanes": 1.0, "free_speed_mps": 20.0, "capacity_vph": 2880.0, "jam_density_vpkm": 200.0}
    links = (
        Link("a", "A", "M", merge_weight=weight_a, **road),  # type: ignore[arg-type]
        Link("b", "B", "M", merge_weight=weight_b, **road),  # type: ignore[arg-type]
        Link("c", "M", "C", **road),  # type: ignore[arg-type]
    )
    return build_tables(Network(nodes=nodes, links=links))


@pytest.mark.parametrize("make", FLOWS)
@pytest.mark.parametrize(
    ("weights", "share_a"), [((None, None), 1 / 2), ((1.0, 2.0), 1 / 3), ((0.1, 0.3), 1 / 4), ((1e-9, 1.0), 0.0)]
)
def test_a_full_merge_shares_its_capacity_by_weight(
    weights: tuple[float | None, float | None], share_a: float, make: type
) -> None:
    """T12: both bring more than the link takes; of 0.8 veh/s over 600 s each gets its share, within two vehicles."""
    departs = [i * MICROS for i in range(700)]
    fleet = fleet_of([[0, 2]] * 700 + [[1, 2]] * 700, departs + departs)
    passages = loaded(make, merge(*weights), fleet, "report").passages
    assert passages is not None
    entries = passages[(passages[:, 1] == 2) & (passages[:, 2] >= 100 * MICROS) & (passages[:, 2] < 700 * MICROS)]
    of_a = int((entries[:, 0] < 700).sum())

    assert len(entries) == 480
    assert of_a == pytest.approx(480 * share_a, abs=2)


@pytest.mark.parametrize("make", FLOWS)
def test_who_asks_for_less_than_its_share_gets_all_of_it(make: type) -> None:
    """T12: 0.8 and 0.3 veh/s into 0.8: the second asks for less than half, so it is hardly held up; the rest is 0.5."""
    departs_a = [round(1.25 * i * MICROS) for i in range(600)]
    departs_b = [round(i / 0.3 * MICROS) for i in range(200)]
    fleet = fleet_of([[0, 2]] * 600 + [[1, 2]] * 200, departs_a + departs_b)
    record = loaded(make, merge(None, None), fleet, "report")
    travel_us = record.vehicles.arrive_us[600:] - record.vehicles.depart_us[600:]

    assert travel_us.max() <= (50 + 2 * 1.25) * MICROS
