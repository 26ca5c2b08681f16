from dataclasses import replace
from datetime import date

import pytest

from twin.advice.bus_lines import MORE_OFTEN, find_line_changes
from twin.city.city import City
from twin.city.network import Link, Network, Node
from twin.city.transit import BusLine, Headway, Stop
from twin.city.zones import Zone
from twin.clock import TimeWindow
from twin.errors import DemandError

DAY = (
    TimeWindow.between("05:30", "06:30"),
    TimeWindow.between("06:30", "08:30"),
    TimeWindow.between("08:30", "22:00"),
)


def at(column, row=0):
    return 121.40 + 0.01 * column, 37.50 + 0.01 * row


def line(name, row, headway_s):
    stops = (Stop("首", *at(0, row), f"r{row}-0"), Stop("末", *at(2, row), f"r{row}-1"))
    headways = tuple(Headway(window, headway_s) for window in DAY)
    return BusLine(f"{name}/上行", name, "上行", stops, (f"r{row}-0", f"r{row}-1"), headways)


def city():
    """Row 0: three lines share a street; row 1: one line with few buses serves most people."""
    nodes = tuple(Node(f"n{row}{i}", *at(i, row)) for row in range(2) for i in range(3))
    links = tuple(
        Link(f"r{row}-{i}", f"n{row}{i}", f"n{row}{i + 1}", 880.0, 1.0, 12.5, 1200.0)
        for row in range(2)
        for i in range(2)
    )
    zones = (
        Zone("Z0", "南", "zone", "d", *at(1, 0), residents=10_000),
        Zone("Z1", "北", "zone", "d", *at(1, 1), residents=40_000),
    )
    lines = (line("1路", 0, 300.0), line("2路", 0, 300.0), line("3路", 0, 300.0), line("4路", 1, 1200.0))
    return City("town", "", date(2023, 12, 31), Network(nodes, links, crs="EPSG:32651"), zones, lines=lines)


def test_line_with_most_people_per_bus_gets_more_buses():
    choices = find_line_changes(city(), count=2)
    assert (choices[0].line, choices[0].factor) == ("4路", pytest.approx(MORE_OFTEN, abs=1e-3))
    assert choices[0].people == pytest.approx(40_000 / 3)


def test_line_that_shares_its_way_gives_them():
    choices = find_line_changes(city(), count=2)
    assert choices[1].line == "1路" and choices[1].shared == 2.0 and choices[1].factor > 1


def test_bus_kilometres_stay_equal():
    choices = find_line_changes(city(), count=2)
    before = sum(choice.km_a_day for choice in choices)
    # Factors are rounded to three decimals.
    assert sum(choice.km_a_day / choice.factor for choice in choices) == pytest.approx(before, rel=2e-3)


def test_no_line_is_both_thinned_and_thickened():
    names = [choice.line for choice in find_line_changes(city(), count=4)]
    assert len(names) == len(set(names))


def test_more_lines_than_there_are_is_refused():
    with pytest.raises(DemandError, match="has 4 regular bus lines, 16 are to be changed"):
        find_line_changes(city())


def test_line_that_seldom_runs_is_another_question():
    seldom = city()
    rare = line("5路", 1, 2400.0)
    names = [choice.line for choice in find_line_changes(replace(seldom, lines=(*seldom.lines, rare)), count=2)]
    assert "5路" not in names
