"""Riders of the small town: whom the day makes, what they do, and that their books close in a run of the city."""

from dataclasses import replace

import numpy as np
import pytest

from twin.city.city import City
from twin.city.transit import Headway
from twin.clock import TimeWindow
from twin.demand.sampling import FIRST_RIDER_ID, riders_today
from twin.results.run import LightTraffic
from twin.scenario.bus_measures import SetHeadway
from twin.sim.passengers import GOES_TO_END, rider_books
from twin.study.arms import StudyArm, make_run, riders_of
from twin.study.bus_forecast import fleet_of, forecast
from twin.study.period import Period
from twin.study.rider_plans import WALK_DETOUR, WALK_MPS, plan_riders, riders_of_day, walk_time_s
from twin.study.settle import Settlement, settle_base

SEVEN, NINE = 7 * 3600.0, 9 * 3600.0
PERIOD = Period.around(TimeWindow(SEVEN, NINE))


@pytest.fixture(scope="module")
def settled(grid_town: City) -> Settlement:
    return settle_base(grid_town, PERIOD, rounds=1)


def run_of(settled: Settlement, seed: int = 1):
    nobody = np.zeros(len(settled.habits.site), dtype=np.bool_)
    arm = StudyArm("s", "before", settled, PERIOD, LightTraffic({}), nobody, riders=riders_of(settled, PERIOD))
    return make_run(arm, seed)


def test_riders_have_ids_of_their_own_and_each_day_its_own(grid_town: City) -> None:
    demand = grid_town.demand
    assert demand is not None and demand.riders is not None
    ids = demand.riders["traveller_id"]
    assert ids.min() == FIRST_RIDER_ID and ids.is_unique and (demand.riders["mode"] == "bus").all()
    one, other = riders_today(demand, 1), riders_today(demand, 2)
    assert one.equals(riders_today(demand, 1)) and not one["traveller_id"].equals(other["traveller_id"])
    assert (one["traveller_id"].isin(ids)).all() and len(one) < len(ids)


def test_walks_are_straight_lines_times_a_detour() -> None:
    """125 m at 1.25 m/s and 1.2 times the way: 120 s."""
    assert (WALK_DETOUR, WALK_MPS) == (1.2, 1.25)
    assert walk_time_s(np.array([125.0])).tolist() == pytest.approx([120.0])


def test_books_of_riders_close_in_a_city(settled: Settlement) -> None:
    """Created = arrived + walked + waiting + aboard + gave up + no way; boardings = alightings + aboard."""
    records = run_of(settled).records
    assert records.riders is not None and records.buses is not None and records.bus_stops is not None
    books = rider_books(records.riders)
    assert books["created"] == len(records.riders) > 100
    assert books["created"] == sum(count for status, count in books.items() if status != "created")
    assert books["arrived"] > 100
    boardings = int(records.riders["boardings"].sum())
    assert boardings == int(records.bus_stops["on"].sum()) == int(records.buses["on"].sum())
    assert boardings == int(records.buses["off"].sum()) + books["aboard"]
    visits = records.bus_stops.merge(records.buses[["run_id", "capacity"]], on="run_id")
    assert ((visits["load"] >= 0) & (visits["load"] <= visits["capacity"])).all()


def test_a_rider_s_time_is_walk_wait_and_ride(settled: Settlement) -> None:
    riders = run_of(settled).records.riders
    assert riders is not None
    arrived = riders[riders["status"].isin(["arrived", "walked"])]
    parts = arrived["walk_s"] + arrived["wait_s"] + arrived["ride_s"]
    assert np.abs(parts - (arrived["arrive_s"] - arrived["depart_s"])).max() < 1e-3


def test_the_same_seed_gives_the_same_riders_to_the_last_bit(settled: Settlement) -> None:
    one, other = run_of(settled).records, run_of(settled).records
    assert one.riders is not None and one.riders.equals(other.riders)
    assert one.bus_stops is not None and one.bus_stops.equals(other.bus_stops)


def test_without_lines_or_riders_there_is_no_plan(grid_town: City) -> None:
    network = grid_town.open_network()
    assert plan_riders(replace(grid_town, lines=()), network, SEVEN, NINE) is None
    assert riders_of_day(grid_town, None, 1, SEVEN, NINE) is None


def test_who_lives_near_the_destination_walks(grid_town: City) -> None:
    """In hours without buses all who can walk do, and the others have no way."""
    plan = plan_riders(grid_town, grid_town.open_network(), 0.0, 3600.0)
    assert plan is not None
    assert set(plan.place.tolist()) <= {GOES_TO_END, -2}


def test_more_buses_save_riders_time_and_need_more_buses(grid_town: City) -> None:
    network = grid_town.open_network()
    before = forecast(grid_town, network, SEVEN, NINE)
    denser = SetHeadway(id="h", line="1路", factor=0.5).apply(grid_town)
    after = forecast(denser, network, SEVEN, NINE)
    assert after.generalised_h < before.generalised_h
    assert fleet_of(denser, network)["1路"] > fleet_of(grid_town, network)["1路"]
    assert before.loads.boards.sum() == pytest.approx(before.loads.alights.sum())


def test_a_line_that_never_runs_is_ridden_by_nobody(grid_town: City) -> None:
    night = tuple(
        replace(line, headways=(Headway(TimeWindow(0.0, 3600.0), 600.0),)) if line.name == "1路" else line
        for line in grid_town.lines
    )
    now = forecast(replace(grid_town, lines=night), grid_town.open_network(), SEVEN, NINE)
    first = now.made.stops.first_row["1路/上行"]
    assert now.loads.boards[first : first + 6].sum() == 0.0
