"""Advice on bus lines, in the small town: what is wrong with each, and changes that need no more buses."""

from dataclasses import replace

import pytest

from twin.advice.bus_lines import FEWER, BusAdvice, advise_lines, line_states, lines_that_gain
from twin.advice.bus_scenario import bus_scenario
from twin.city.city import City
from twin.city.network import Link
from twin.city.transit import BusLine
from twin.errors import DemandError
from twin.scenario.bus_measures import SetHeadway
from twin.scenario.line_measures import RerouteLine
from twin.scenario.scenario import Scenario
from twin.scenario.street_openings import OpenLink
from twin.study.bus_forecast import fleet_of, forecast
from twin.wording import Words

SEVEN, NINE = 25_200.0, 32_400.0


def twice(city: City) -> City:
    """The town with each line a second time under another name, so that there are lines enough to change."""
    second = [
        replace(line, id=line.id.replace("路", "路副"), name=line.name.replace("路", "路副")) for line in city.lines
    ]
    return replace(city, lines=(*city.lines, *second))


@pytest.fixture(scope="module")
def city(grid_town: City) -> City:
    return twice(grid_town)


@pytest.fixture(scope="module")
def advice(city: City) -> BusAdvice:
    return advise_lines(city, count=4)


def test_as_many_lines_are_changed_as_asked_each_once(advice: BusAdvice) -> None:
    names = [change.line for change in advice.changes]
    assert len(names) == len(set(names)) == 4


def test_no_more_buses_are_needed_than_now(city: City, advice: BusAdvice) -> None:
    after = city
    for change in advice.changes:
        after = change.measure.apply(after)
    network = city.open_network()
    assert sum(fleet_of(after, network).values()) == advice.fleet[1] <= advice.fleet[0]
    assert advice.fleet[0] == sum(fleet_of(city, network).values())


def test_buses_go_from_where_they_are_worth_least_to_where_they_are_worth_most(city: City, advice: BusAdvice) -> None:
    network = city.open_network()
    states = {s.line: s for s in line_states(city, network, forecast(city, network, SEVEN, NINE))}
    headways = [change.measure for change in advice.changes if isinstance(change.measure, SetHeadway)]
    worth = {True: [], False: []}
    for measure in headways:
        assert measure.factor is not None
        worth[measure.factor < 1.0].append(states[measure.line].saved_h / states[measure.line].buses)
        assert measure.factor <= FEWER
    assert worth[True] and worth[False]
    assert min(worth[True]) >= max(worth[False])


def test_lines_on_one_way_are_doubled(city: City, grid_town: City) -> None:
    """Each line of the doubled town shares all its way with its double: one other line more than before."""
    network = city.open_network()
    alone, doubled = (
        {s.line: s.overlap for s in line_states(c, network, forecast(c, network, SEVEN, NINE))}
        for c in (grid_town, city)
    )
    assert doubled["1路"] == pytest.approx(2 * alone["1路"] + 1.0)


def test_non_linearity_is_the_way_over_the_straight_line(city: City) -> None:
    """1路 goes from the first to the sixth crossing, five times 400 m in a straight line."""
    network = city.open_network()
    states = {s.line: s for s in line_states(city, network, forecast(city, network, SEVEN, NINE))}
    ways = [line.route for line in city.lines if line.name == "1路"]
    longest_m = max(sum(network.link_by_id[link].length_m for link in way) for way in ways)
    assert states["1路"].non_linearity == pytest.approx(longest_m / 2000.0, rel=0.01)


def test_more_lines_than_there_are_is_refused(city: City) -> None:
    with pytest.raises(DemandError, match="regular bus lines, 60 are to be changed"):
        advise_lines(city, count=60)


def test_the_scenario_says_that_it_is_no_published_list(city: City, advice: BusAdvice) -> None:
    scenario = bus_scenario("bus-4", city, "base", advice, [("1路", 3.0)])
    assert [measure.id for measure in scenario.measures] == [change.measure.id for change in advice.changes]
    words = " ".join(scenario.notes)
    assert "no published list" in words and "不是公布的清单" in words and "1路 (3 min)" in words
    assert scenario.apply_to(city).lines != city.lines


def test_a_line_gains_from_an_opening_on_its_way(grid_town: City) -> None:
    """A street of 10 m from the first stop of 3路 to its second saves it the way. Nothing gains where nothing opens."""
    assert lines_that_gain(grid_town, grid_town) == ()
    line: BusLine = next(line for line in grid_town.lines if line.name == "3路")
    first, last = line.stops[0], line.stops[1]
    network = grid_town.open_network()
    start, end = network.link_by_id[first.link_id].to_node, network.link_by_id[last.link_id].to_node
    short = Link("short", start, end, 10.0, 1.0, 20.0, 1800.0)
    opened = replace(grid_town, network=grid_town.network.with_links([*grid_town.network.links, short]))
    gains = dict(lines_that_gain(grid_town, opened))
    assert gains["3路"] > 0.0


def test_an_opening_that_cuts_a_street_of_a_line_is_compared_piece_by_piece(grid_town: City) -> None:
    """From the middle of the first street of 3路 to its second stop: that street is in two pieces afterwards."""
    line = next(line for line in grid_town.lines if line.name == "3路")
    network = grid_town.open_network()
    at, to = network.link_by_id[line.route[0]], network.link_by_id[line.stops[1].link_id]
    (a_lon, a_lat), (b_lon, b_lat) = network.ends_of(at)
    end = network.node_by_id[to.to_node]
    middle = (0.5 * (a_lon + b_lon), 0.5 * (a_lat + b_lat))
    opening = OpenLink(id="o", geometry=(middle, (end.lon, end.lat)), length_m=10.0, speed_kmh=70.0)
    opened = Scenario("o", Words("", ""), grid_town.place, measures=(opening,)).apply_to(grid_town)
    assert at.id not in opened.open_network().link_by_id
    assert "3路" in dict(lines_that_gain(grid_town, opened))


def test_a_straight_way_is_told_without_streets() -> None:
    straight = RerouteLine(id="r", line="1路", from_stop="甲", to_stop="乙")
    assert straight.describe("zh") == "1路在甲至乙间取直"
    assert straight.describe("en") == "line 1路 drives straight from 甲 to 乙"
