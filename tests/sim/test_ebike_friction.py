"""Bicycles beside cars: right turns at signals and shared lanes lose capacity; nobody riding changes nothing."""

from dataclasses import replace

import numpy as np
import pytest

from twin.city.city import City
from twin.city.network import Link, Network, Node
from twin.city.signals import Green, SignalPlan
from twin.scenario.ebike_measures import SetEbikes
from twin.sim.ebike_friction import lane_share, right_turn_share, with_right_turns_beside, with_shared_lanes
from twin.sim.stage import Stage


def corner(ebikes_vph: float = 0.0, *, apart: bool = False) -> Network:
    """From the south to a junction, and on to the north (straight) and to the east (right); 1,800 veh/h a lane."""
    nodes = (
        Node("s", 121.0, 36.99),
        Node("j", 121.0, 37.0, "signal"),
        Node("n", 121.0, 37.01),
        Node("e", 121.01, 37.0),
    )
    links = tuple(
        Link(f"{u}{v}", u, v, 1000.0, 1.0, 10.0, 1800.0, ebikes_vph=ebikes_vph, ebikes_apart=apart)
        for u, v in ("sj", "jn", "je")
    )
    return Network(nodes, links, crs="EPSG:32651")


PLAN = SignalPlan("j", 90.0, 0.0, (Green("sj", "je", 0.0, 45.0, 1500.0), Green("sj", "jn", 0.0, 45.0, 1600.0)))


def saturation(network: Network) -> dict[str | None, float | None]:
    (plan,) = with_right_turns_beside((PLAN,), network)
    return {green.to_link: green.saturation_flow_vph for green in plan.greens}


def test_half_a_cycle_of_green_doubles_the_bicycles_in_it() -> None:
    """540 an hour are 1,080 an hour of green: occupancy 0.02 + 1080 / 2700 = 0.42."""
    assert right_turn_share(540.0, 90.0, 45.0) == pytest.approx(0.58)
    assert right_turn_share(540.0, 90.0, 90.0) == pytest.approx(1 - 0.02 - 0.2)
    assert right_turn_share(0.0, 90.0, 45.0) == right_turn_share(540.0, 90.0, 0.0) == 1.0


def test_beyond_1900_an_hour_of_green_a_right_turn_loses_no_more() -> None:
    assert right_turn_share(950.0, 90.0, 45.0) == right_turn_share(5000.0, 90.0, 45.0) == pytest.approx(0.98 - 19 / 27)


def test_only_the_right_turn_gives_way_to_those_who_ride_on() -> None:
    assert saturation(corner()) == {"je": 1500.0, "jn": 1600.0}
    assert saturation(corner(540.0)) == {"je": pytest.approx(1500.0 * 0.58), "jn": 1600.0}
    assert saturation(corner(540.0, apart=True)) == saturation(corner(540.0))  # their lane ends at the junction


def test_lanes_that_are_shared_keep_four_fifths_of_their_capacity_at_most_volumes() -> None:
    assert [lane_share(v, is_apart=False) for v in (0.0, 500.0, 1000.0, 3000.0)] == pytest.approx([1.0, 0.9, 0.8, 0.8])
    assert lane_share(3000.0, is_apart=True) == 1.0
    assert [link.capacity_vph for link in with_shared_lanes(corner(1000.0)).links] == pytest.approx([1440.0] * 3)
    assert with_shared_lanes(corner()) is not None and with_shared_lanes(corner()).links == corner().links


def test_a_measure_puts_bicycles_on_streets_and_the_engine_sees_what_they_leave(grid_town: City) -> None:
    city = replace(grid_town, signals=(), lines=())
    before = Stage.of(city)
    after = Stage.of(SetEbikes(id="e", road_classes=("tertiary",), ebikes_vph=1000.0).apply(city))
    ratio = after.tables.us_per_pcu / before.tables.us_per_pcu
    links = [before.network.links[i] for i in before.tables.segment_link[: len(ratio)]]
    is_tertiary = np.array([link.road_class == "tertiary" for link in links])
    assert ratio[is_tertiary] == pytest.approx(1.25, rel=1e-5)
    assert (ratio[~is_tertiary] == 1.0).all() and (~is_tertiary).any()
