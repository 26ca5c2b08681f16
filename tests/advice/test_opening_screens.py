"""The screens: gains at fixed times, and static equilibria of sets. The town: `gap_town`."""

from dataclasses import replace

import numpy as np
import pytest

from tests.advice.gap_town import city
from twin.advice.offered_streets import offered, opening_of
from twin.advice.opening_candidates import find_candidates
from twin.advice.opening_equilibria import OpeningEquilibria
from twin.advice.openings import fixed_gains_vehh
from twin.clock import TimeWindow
from twin.routing.paths import Router
from twin.study.screen import city_equilibrium

HOUR = TimeWindow.between("07:00", "08:00")
FEW = (("a2-spur", "b1-b2", 36),)  # from the end of the spur to the junction beyond


def place(trips=FEW):
    return city(trips=trips)


def test_gain_at_fixed_times_is_what_the_skims_say_with_the_street_and_without():
    """36 cars an hour from the spur to b2: 2,355 m at 10 m/s and next to no traffic are 235.5 s, the new street's 289 m
    take 28.9 s: 36 × 206.6 s are 2.066 vehicle-hours."""
    town = place()
    (candidate,) = find_candidates(town).candidates
    gain = fixed_gains_vehh(town, [candidate], HOUR)[0]
    assert gain == pytest.approx(36 * (235.5 - 28.9) / 3600.0, rel=0.01)
    built = offered(town, [opening_of(candidate, "x", "新")]).city
    ways = [Router(c.network).skim_s(["spur"], ["b2"])[0, 0] for c in (town, built)]
    assert gain == pytest.approx(36 * (ways[0] - ways[1]) / 3600.0, rel=0.01)


def test_static_gain_of_one_opening_is_that_of_two_separate_equilibria():
    town = place((("a2-spur", "b1-b2", 400), ("a0-a1", "b2-b3", 300), ("b0-b1", "a2-a3", 500)))
    (candidate,) = find_candidates(town).candidates
    streets = offered(town, [opening_of(candidate, "x", "新")])
    together = OpeningEquilibria(town, streets, HOUR, gap=1e-7)
    apart = [city_equilibrium(c, HOUR, gap=1e-7).vehicle_hours for c in (town, streets.city)]
    assert together.vehicle_hours() == pytest.approx(apart[0], rel=1e-5)
    assert together.vehicle_hours(["x"]) == pytest.approx(apart[1], rel=1e-5)
    assert together.saved_vehh(["x"]) == pytest.approx(apart[0] - apart[1], rel=1e-3)
    assert together.evaluations == 2


def test_an_opening_that_is_not_built_carries_nobody():
    town = place()
    (candidate,) = find_candidates(town).candidates
    streets = offered(town, [opening_of(candidate, "x", "新")])
    equilibria = OpeningEquilibria(town, streets, HOUR)
    own = [equilibria.router.graph.link_index[i] for i in streets.links["x"]]
    assert np.all(equilibria.equilibrium(()).volume[own] == 0.0)
    assert equilibria.equilibrium(["x"]).volume[own, -1].sum() == pytest.approx(36.0)


def test_signal_of_a_new_junction_stands_only_where_something_is_opened():
    """An opening that joins a secondary street in mid-block gets a signal: 15 s and half the green, once it is
    built."""
    from tests.advice.gap_town import both_ways

    town = place()
    gone = {"b1-b2", "b2-b1", "b2-b3", "b3-b2"}
    wide = [replace(link, road_class="secondary") for link in town.network.links if link.id not in gone]
    nodes = tuple(node for node in town.network.nodes if node.id != "b2")
    links = (*wide, *both_ways("b1", "b3", 880.0, "secondary"))
    town = replace(city(trips=(("a2-spur", "b1-b3", 36),)), network=replace(town.network, nodes=nodes, links=links))
    town = replace(town, demand=city(trips=(("a2-spur", "b0-b1", 36),)).demand)
    (candidate,) = find_candidates(town).candidates
    streets = offered(town, [opening_of(candidate, "x", "新")])
    equilibria = OpeningEquilibria(town, streets, HOUR)
    new = [link.id for link in equilibria.network.links if link.part_of == "b1-b3" and link.from_node == "b1"]
    first = equilibria.router.graph.link_index[new[0]]
    closed, opened = equilibria.delays(()), equilibria.delays(["x"])
    assert opened.fixed_s[first] - closed.fixed_s[first] == pytest.approx(15.0)
    assert opened.capacity[first] == pytest.approx(closed.capacity[first] / 2)
