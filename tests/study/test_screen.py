"""Screening: both arms to one gap, exact nothing for a change that changes nothing, a loss where a bridge closes."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.grid_town import write_measures
from twin.city.city import City
from twin.cli.program import program
from twin.clock import TimeWindow
from twin.errors import ScenarioError
from twin.sim.stage import Stage
from twin.study.habits import first_habits
from twin.study.mean_hour import mean_hour, street_delays
from twin.study.screen import screen

CLOSE_BRIDGE = 'kind = "close_link"\nstreet = "东风桥"'


def test_closing_one_of_two_bridges_costs_vehicle_hours(in_town: Path) -> None:
    found = screen(write_measures(in_town, "screen-closed", CLOSE_BRIDGE), gap=1e-5)
    before, after = found.vehicle_hours
    assert max(found.before.relative_gap, found.after.relative_gap) <= 1e-5
    assert after - before > 100 * found.doubt_vehicle_hours > 0.0


def test_an_empty_scenario_changes_nothing_at_all(in_town: Path) -> None:
    before, after = screen(write_measures(in_town, "screen-empty")).vehicle_hours
    assert before == after > 0.0


def test_an_alley_that_nobody_drives_may_close_without_any_change(in_town: Path) -> None:
    before, after = screen(
        write_measures(in_town, "screen-alley", 'kind = "close_link"\nstreet = "小巷"')
    ).vehicle_hours
    assert before == pytest.approx(after, rel=1e-12)


def test_a_scenario_that_stands_alone_cannot_be_screened(in_town: Path) -> None:
    with pytest.raises(ScenarioError, match="nothing to compare it with"):
        screen("base")


def test_the_mean_hour_counts_vehicles_and_passenger_car_units(grid_town: City) -> None:
    """Of those who usually depart in the window, by their share of days; a lorry is 2.5 cars."""
    assert grid_town.demand is not None
    travellers = grid_town.demand.travellers
    lorry = travellers["traveller_id"] % 4 == 0
    travellers = travellers.assign(mode=travellers["mode"].mask(lorry, "truck").astype("str"))
    city = replace(grid_town, demand=replace(grid_town.demand, travellers=travellers))
    window = TimeWindow.between("07:15", "08:00")
    habits = first_habits(Stage.of(city))
    pcu, counted = mean_hour(city, habits, window).flow.sum(axis=0)
    usual = travellers["usual_depart_s"]
    drives = (usual >= window.start_s) & (usual < window.end_s) & (habits.origin != habits.destination)
    assert counted == pytest.approx(travellers.loc[drives, "travels_share"].sum() / 0.75)
    assert pcu - counted == pytest.approx(1.5 * travellers.loc[drives & lorry, "travels_share"].sum() / 0.75)
    assert pcu > counted


def test_a_signal_takes_half_the_hour_and_fifteen_seconds(grid_town: City) -> None:
    """At capacity a link takes 1.6 times its free time, x^3.5 with α 0.6."""
    network = grid_town.open_network()
    delays = street_delays(network)
    for i, link in enumerate(network.links):
        at_signal = network.node_by_id[link.to_node].control == "signal"
        assert delays.fixed_s[i] == pytest.approx(link.free_time_s + (15.0 if at_signal else 0.0))
        assert delays.capacity[i] == pytest.approx(link.capacity_vph * link.lanes * (0.5 if at_signal else 1.0))
    assert delays.times_s(delays.capacity).tolist() == pytest.approx((1.6 * delays.fixed_s).tolist())


def test_twin_screen_says_what_it_is_and_what_gap_it_reached(in_town: Path) -> None:
    path = write_measures(in_town, "screen-cli", CLOSE_BRIDGE)
    answer = CliRunner().invoke(program, ["screen", str(path), "--gap", "1e-4"])
    assert answer.exit_code == 0, answer.output
    assert "static equilibrium" in answer.output and "静态均衡" in answer.output
    row = next(line for line in answer.output.splitlines() if "screen-cli" in line)
    assert "+" in row and "e-05 " in row
