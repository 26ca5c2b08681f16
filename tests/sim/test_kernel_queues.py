"""How far back queues stand: `counts[..., QUEUE_MM]`, against the kinematic wave.

Setting of all: one lane, 20 m/s, backward wave 5 m/s, 200 veh/km standing (5 m a car), hence 0.8 veh/s.
"""

from typing import Any

import pytest

from tests.sim.random_streets import fleet_of
from tests.sim.test_flows_agree import loaded
from twin.city.network import Link, Network, Node
from twin.city.signals import Green, SignalPlan
from twin.sim.environment import Environment
from twin.sim.flow import FlowRecords
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.kernel_state import QUEUE_MM
from twin.sim.rules import MICROS
from twin.sim.tables import build_tables

FLOWS = [SimpyFlow, CompiledFlow]
TIMES_RED_S, CYCLE_S = 30.0, 60.0


def two_links(length_m: float = 1000.0) -> Network:
    nodes = tuple(Node(str(i), 0.01 * i, 0.0) for i in range(3))
    links = tuple(Link(str(i), str(i), str(i + 1), length_m, 1.0, 20.0, 2880.0, 200.0) for i in range(2))
    return Network(nodes=nodes, links=links)


def at_the_signal(make: type, cars: int, until_s: float | None) -> FlowRecords:
    """T09: red 0–30 s, green 30–60 s; a car every 5 s, of which the first arrives 0.625 s into the second red."""
    plan = SignalPlan("1", CYCLE_S, 0.0, (Green("0", "1", TIMES_RED_S, CYCLE_S - TIMES_RED_S),))
    tables = build_tables(two_links(), [plan])
    departs = [round((60.625 - 50.0 + 5 * i) * MICROS) for i in range(cars)]
    return loaded(make, tables, fleet_of([[0, 1]] * cars, departs), "report", until_s)


@pytest.mark.parametrize("make", FLOWS)
def test_six_cars_stand_at_the_end_of_red(make: type) -> None:
    """Arrivals at 60.6, 65.6 … 85.6 s: six cars of 5 m by 90 s."""
    record = at_the_signal(make, 20, 90.0 - 0.001)

    assert record.counts[0, 0, QUEUE_MM] == 30_000


@pytest.mark.parametrize("make", FLOWS)
def test_the_queue_of_a_red_reaches_40_m_back_8_s_into_green(make: type) -> None:
    """T09: tail grows at 0.2/(0.2 − 0.01) m/s … meets the wave of the green (5 m/s) 40 m back, 8 s after it began.

    The eighth car is the last to stop: one car less or more is what whole vehicles can differ from the fluid.
    """
    record = at_the_signal(make, 12, None)

    assert record.counts[0, 0, QUEUE_MM] == pytest.approx(40_000, abs=5_000)
    assert record.counts[0, 0, QUEUE_MM] % 5_000 == 0


@pytest.mark.parametrize("make", FLOWS)
def test_a_stopped_link_takes_its_storage_and_stands_full(make: type) -> None:
    """T07: the end is shut; 0.5 veh/s fill 1000 m with 200 cars, and no more come in. 25 run free when the first stops.

    The tail of the queue comes at 0.5/(0.2 − 0.025) = 2.857 m/s from the end, from 50 s on: full at 400 s.
    """
    tables = build_tables(two_links())
    fleet = fleet_of([[0, 1]] * 300, [2 * i * MICROS for i in range(300)])
    heights = {}
    for until_s in (225.0, 400.0, 500.0):
        env = Environment()
        flow = make(env, tables, fleet, keep_passages=True)
        flow.change_segment(1, lane_share=0.0, speed_share=1.0)
        env.run(until_s)
        record = flow.finish()
        heights[until_s] = int(record.counts[0, 0, QUEUE_MM])
    entered = int(record.counts[0, 0, 0])

    assert entered == 200
    assert heights[225.0] == pytest.approx(500_000, abs=10_000)  # 2.857 m/s for 175 s; within a vehicle or two
    assert heights[400.0] == pytest.approx(1_000_000, abs=10_000)
    assert heights[500.0] == 1_000_000


@pytest.mark.parametrize("make", FLOWS)
def test_free_traffic_has_no_queue(make: type) -> None:
    tables = build_tables(two_links())
    record = loaded(make, tables, fleet_of([[0, 1]] * 100, [1_250_000 * i for i in range(100)]), "report")

    assert (record.counts[:, :, QUEUE_MM] == 0).all()


@pytest.mark.parametrize("make", FLOWS)
def test_an_act_long_after_the_last_event_counts_in_its_own_interval(make: type) -> None:
    """A car comes to the end at 50 s and leaves the road at 2000 s: the exit is of the third quarter of an hour."""
    env = Environment()
    flow = make(env, build_tables(two_links()), fleet_of([], []))

    def stay_long() -> Any:
        car = flow.add_vehicle()
        yield flow.drive(car, [0])
        yield env.timeout(1950.0)
        flow.leave(car)

    env.story(stay_long())
    env.run(3000.0)
    record = flow.finish()

    assert record.counts[:, 0, 1].tolist() == [0, 0, 1, 0]
    assert (record.counts[:, 0, 3] / MICROS).tolist() == [900.0, 900.0, 200.0, 0.0]
