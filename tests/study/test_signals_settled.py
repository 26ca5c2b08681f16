"""Signals in a settled city: frozen unless a measure says otherwise, and new plans come from the arm's own volumes."""

from dataclasses import replace

import pandas as pd
import pytest

from tests.study.test_settle import PERIOD, two_routes
from twin.city.city import City
from twin.city.signals import SignalOrder
from twin.city.transit import BusLine, Headway, Stop
from twin.sim.city_run import run_city
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.study.assumptions import signals_that_differ
from twin.study.habits import demand_of, trips_of_day
from twin.study.settle import SETTLING_SEED, settle_arm, settle_base
from twin.study.signal_plans import plan_signals
from twin.study.turn_volumes import turn_volumes


def signalled(n: int = 600) -> City:
    """Two ways from a to d with a signal where they meet: by b the short one, by c the long one."""
    city = two_routes(n)
    nodes = tuple(replace(node, control="signal") if node.id == "d" else node for node in city.network.nodes)
    return replace(city, network=replace(city.network, nodes=nodes))


RETIMED = (SignalOrder("d", retime="alone"),)


def test_volumes_by_turn_are_those_of_the_routes() -> None:
    """600 depart evenly in the hour from 07:00, 450 of them in the 45 minutes of the window: 600 an hour."""
    base = settle_base(signalled(), PERIOD, rounds=1)
    volume = turn_volumes(base.stage, base.habits, PERIOD.measured)
    assert volume["bd", "dz"] + volume["cd", "dz"] == pytest.approx(600.0)
    assert volume["ab", "bd"] == volume["bd", "dz"] and ("oa", "ab") not in volume, "trips begin at a"


def test_buses_count_in_volumes_by_their_size() -> None:
    """A bus every three minutes is 20 an hour, 40 PCU, on top of the cars."""
    city = signalled()
    stops = (Stop("s", 0.0, 0.0, "ab"), Stop("t", 0.0, 0.0, "dz"))
    buses = BusLine("1/east", "1", "east", stops, ("ab", "bd", "dz"), (Headway(PERIOD.measured, 180.0),))
    base = settle_base(city, PERIOD, rounds=1)
    without = turn_volumes(base.stage, base.habits, PERIOD.measured)
    stage = replace(base.stage, city=replace(base.stage.city, lines=(buses,)))
    volume = turn_volumes(stage, base.habits, PERIOD.measured)
    more = {turn: volume[turn] - without[turn] for turn in volume}
    assert more["ab", "bd"] == more["bd", "dz"] == pytest.approx(40.0)
    assert more["cd", "dz"] == 0.0


def test_plans_are_frozen_in_an_arm_without_orders() -> None:
    city = signalled()
    base = settle_base(city, PERIOD, rounds=2)
    (plan,) = base.stage.city.signals
    assert plan.node_id == "d" and len(plan.greens) == 2
    arm = settle_arm(base, city, PERIOD, rounds=2)
    assert arm.stage.city.signals == base.stage.city.signals
    assert signals_that_differ(base.stage.city, arm.stage.city) == ()


def test_retimed_plan_comes_from_the_volumes_that_settled_in_the_arm() -> None:
    """The arm begins again from the base with the new plan: as many rounds as any other arm has."""
    city = signalled(1500)
    base = settle_base(city, PERIOD, rounds=2)
    wider = tuple(replace(link, lanes=2.0) if link.id == "bd" else link for link in city.network.links)
    changed = replace(city, network=city.network.with_links(wider))
    frozen = settle_arm(base, changed, PERIOD, rounds=3)
    retimed = settle_arm(base, replace(changed, signal_orders=RETIMED), PERIOD, rounds=3)
    volume = turn_volumes(frozen.stage, frozen.habits, PERIOD.measured)
    assert retimed.stage.city.signals == plan_signals(frozen.stage.network, volume)
    assert retimed.stage.city.signals != frozen.stage.city.signals
    assert retimed.rounds["round"].tolist() == frozen.rounds["round"].tolist() == [3, 4, 5]
    (said,) = signals_that_differ(frozen.stage.city, retimed.stage.city)
    assert "d" in said.en and "d" in said.zh


def test_order_that_the_base_has_too_is_no_new_order() -> None:
    city = replace(signalled(), signal_orders=RETIMED)
    base = settle_base(city, PERIOD, rounds=2)
    assert settle_arm(base, city, PERIOD, rounds=2).stage.city.signals == base.stage.city.signals


@pytest.mark.parametrize("control", ["actuated", "max_pressure"])
def test_control_by_traffic_runs_a_day_alike_in_both_flows(control: str) -> None:
    order = SignalOrder("d", control=control)  # type: ignore[arg-type]
    city = signalled(900)
    base = settle_base(city, PERIOD, rounds=2)
    arm = settle_arm(base, replace(city, signal_orders=(order,)), PERIOD, rounds=1)
    assert [plan.control for plan in arm.stage.city.signals] == [control]
    day = trips_of_day(demand_of(city), SETTLING_SEED, PERIOD.start_s, PERIOD.last_s)
    one, other = (
        run_city(arm.stage, arm.habits, day, seed=1, start_s=PERIOD.start_s, until_s=PERIOD.until_s, flow_class=flow)
        for flow in (CompiledFlow, SimpyFlow)
    )
    pd.testing.assert_frame_equal(one.trips, other.trips)
    fixed = run_city(base.stage, arm.habits, day, seed=1, start_s=PERIOD.start_s, until_s=PERIOD.until_s)
    assert not one.trips["arrive_s"].equals(fixed.trips["arrive_s"])
    assert one.books["finished"] == len(day.traveller)
