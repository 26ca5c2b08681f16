from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.advice.city_parking import PARKING_HOURS, city_parking, public_drivers
from twin.advice.parking_placement import BLOCK, apportioned, plan_parking
from twin.advice.parking_scenarios import plan_scenario, proportional_scenario, write_plan
from twin.city.city import City
from twin.city.network import Link, Network, Node
from twin.city.parking import ParkingSite
from twin.city.trips import Demand
from twin.city.zones import LoadingPoint, Zone
from twin.clock import TimeWindow
from twin.errors import DemandError
from twin.files.scenario_files import read_scenario
from twin.scenario.scenario import Scenario
from twin.wording import Words

MORNING = TimeWindow.between("07:00", "09:00")
WANTED = (400, 100, 60)  # cars that want a public space, by zone, evenly from 07:00 to 09:00
SPACES = (50, 300, 300)


def at(column):
    return 121.40 + 0.05 * column, 37.50


def town(wanted=WANTED, spaces=SPACES, area_km2=4.0):
    """Three zones 4.4 km apart along a street, a site in each; the first wants 400 spaces and has 50."""
    nodes = tuple(Node(f"n{i}", *at(i)) for i in range(4))
    links = tuple(Link(f"l{i}", f"n{i}", f"n{i + 1}", 4400.0, 1.0, 12.5, 1200.0) for i in range(3))
    places = tuple(at(i + 1) for i in range(3))
    zones = tuple(
        Zone(f"Z{i}", f"区{i}", "zone", district, *places[i], area_km2=area_km2)
        for i, district in enumerate(("芝罘区", "芝罘区", "莱山区"))
    )
    points = tuple(LoadingPoint(f"Z{i}", *places[i], f"l{i}") for i in range(3))
    drivers = [zone for zone, cars in enumerate(wanted) for _ in range(2 * cars)]
    travellers = pd.DataFrame(
        {
            "traveller_id": range(len(drivers)),
            "mode": "car",
            "parks": "public",
            "travels_share": 0.5,
            "stay_s": 1e6,  # nobody leaves in the morning
            "usual_depart_s": np.concatenate([np.linspace(7 * 3600, 9 * 3600, 2 * cars, False) for cars in wanted]),
            "origin_point": drivers,
            "destination_point": drivers,
            "destination_zone": [f"Z{zone}" for zone in drivers],
        }
    )
    others = travellers.iloc[:9].assign(parks="private")
    demand = Demand(pd.concat([travellers, others], ignore_index=True), points)
    sites = tuple(
        ParkingSite(f"P{i}", f"场{i}", "lot", *places[i], f"l{i}", f"Z{i}", spaces=spaces[i]) for i in range(3)
    )
    network = Network(nodes, links, crs="EPSG:32651")
    return City("town", "", date(2023, 12, 31), network, zones, sites, demand=demand)


def by_zone(places):
    return {place.zone.id: place.spaces for place in places}


def test_drivers_are_those_who_come_by_car_for_a_public_space_by_their_share_of_days() -> None:
    assert len(public_drivers(town())) == 2 * sum(WANTED)
    parking = city_parking(town(), MORNING)
    assert parking.model.arrivals.sum() == pytest.approx(sum(WANTED))
    assert parking.destination_district == ("芝罘区", "芝罘区", "莱山区")
    assert [candidate.zone.id for candidate in parking.candidates] == ["Z0", "Z1", "Z2"]


def test_who_drives_home_again_wants_no_space_of_a_plan() -> None:
    """Every second trip leads back from the one before it: half as many come."""
    city = town()
    n = len(city.demand.travellers)
    way_out = np.where(np.arange(n) % 2 == 1, np.arange(n) - 1, -1)
    there_and_back = replace(city, demand=replace(city.demand, way_out=way_out))
    assert len(public_drivers(there_and_back)) == sum(WANTED)


def test_a_plan_is_for_the_whole_day_and_its_scenarios_measure_what_it_was_made_for() -> None:
    """From six to ten at night everybody comes who comes from seven to nine: the same drivers, and a day's saving."""
    base = Scenario("baseline", Words("现状", "Baseline"), "town", date=date(2023, 12, 31))
    day = plan_parking(town(), PARKING_HOURS, spaces=350, equity_floor=0.0)
    morning = plan_parking(town(), MORNING, spaces=350, equity_floor=0.0)
    assert str(PARKING_HOURS) == "06:00–22:00"
    assert by_zone(day.places) == by_zone(morning.places)
    assert morning.curve["gain_h"].iloc[-1] == pytest.approx(2.5 * day.curve["gain_h"].iloc[-1], rel=0.01)
    plans = (plan_scenario(day, base, "parking-350"), proportional_scenario(day, base, "parking-even"))
    assert {scenario.measured for scenario in plans} == {PARKING_HOURS}


def test_spaces_go_to_the_zone_that_is_short_and_beat_spaces_in_proportion_to_demand() -> None:
    """350 of 400 find no space in the first zone. In proportion it would get 400/560 of 350, which is 250."""
    plan = plan_parking(town(), MORNING, spaces=350, equity_floor=0.0)
    assert by_zone(plan.places) == {"Z0": 350}
    assert by_zone(plan.proportional_places) == {"Z0": 280, "Z1": 70}  # the third would get fewer than a block
    assert plan.before.turned_away == pytest.approx(350.0, rel=0.02)
    assert plan.after.turned_away < 20.0 < 60.0 < plan.proportional.turned_away
    assert plan.after.cost_h < plan.proportional.cost_h < plan.before.cost_h


def test_each_district_gets_its_floor() -> None:
    """Half of 600 is held back by drivers: 500 of 560 in 芝罘区, 60 in 莱山区."""
    plan = plan_parking(town(), MORNING, spaces=600, equity_floor=0.5)
    assert plan.floors == {"芝罘区": 268, "莱山区": 32}
    assert by_zone(plan.places)["Z2"] >= 32


def test_the_curve_falls_and_says_how_many_spaces_buy_nothing() -> None:
    """The first 350 or so serve somebody; the rest of 800 serves nobody.

    A space saves its driver half an hour and some search, two and a half times that in a day, which pays for a lot
    (19 min) and not for a garage (86 min): the fourth block in one place would make it one.
    """
    plan = plan_parking(town(), MORNING, spaces=800, equity_floor=0.0)
    gains = plan.curve["gain_min_per_space"]
    assert gains.is_monotonic_decreasing
    assert plan.curve["spaces"].tolist() == list(range(BLOCK, 801, BLOCK))
    assert plan.buys_nothing == pytest.approx(400, abs=BLOCK)
    assert plan.worth_building == 150
    assert plan.curve["gain_h"].iloc[-1] == pytest.approx(2.5 * (plan.before.cost_h - plan.after.cost_h), rel=0.05)


def test_a_budget_ends_the_plan_where_the_money_ends() -> None:
    """A lot of 150 costs 2.25 million yuan; another block would make it a garage of 16 million: 3 million buy 150."""
    plan = plan_parking(town(), MORNING, spaces=350, equity_floor=0.0, budget_yuan=3e6)
    assert by_zone(plan.places)["Z0"] == 150
    assert sum(place.cost_yuan for place in plan.places) <= 3e6


def test_a_budget_that_pays_for_no_block_is_refused_with_what_one_costs() -> None:
    """Fifty spaces in a lot cost 50 × 15,000 = 0.75 million yuan."""
    with pytest.raises(DemandError, match=r"0\.5 million yuan pays for none: 50 .* cost 0\.75 million"):
        plan_parking(town(), MORNING, spaces=350, equity_floor=0.0, budget_yuan=5e5)


def test_easier_parking_brings_more_trips_and_they_take_some_of_the_gain() -> None:
    plan = plan_parking(town(), MORNING, spaces=350, equity_floor=0.0)
    assert plan.induced.trips > 0.0
    assert 0.5 < plan.induced.gain_left < 1.0


def test_where_land_does_not_hold_the_spaces_nothing_is_proposed() -> None:
    """Of 0.1 km² half a hundredth is 500 m², room for 83 spaces in a garage, in each of three zones."""
    with pytest.raises(DemandError, match="land for 249 new spaces"):
        plan_parking(town(area_km2=0.1), MORNING, spaces=350)


def test_the_plan_and_its_rival_are_scenarios_that_say_which_command_wrote_them(tmp_path) -> None:
    base = Scenario("baseline", Words("现状", "Baseline"), "town", date=date(2023, 12, 31))
    plan = plan_parking(town(), MORNING, spaces=350, equity_floor=0.0)
    command = "twin advise parking baseline --spaces 350"
    paths = write_plan(plan, base, tmp_path, name="parking-350", proportional_name="parking-even", command=command)
    assert [path.name for path in paths] == ["parking-350.toml", "parking-even.toml"]
    assert paths[0].read_text(encoding="utf-8").startswith(f"# Written by: {command}\n")
    (tmp_path / "baseline.toml").write_text(
        'format = "twin-scenario/1"\nname = "baseline"\ntitle = "现状 / Baseline"\nplace = "town"\n', encoding="utf-8"
    )
    written = read_scenario(paths[0])
    assert sum(measure.spaces for measure in written.measures) == 350
    assert "buy nothing" in " ".join(written.notes)


@given(st.integers(0, 10_000), st.lists(st.floats(0.01, 100), min_size=1, max_size=20))
def test_apportioned_adds_up_and_stays_within_one(total, weights):
    counts = apportioned(total, weights)
    assert sum(counts) == total
    exact = [total * weight / sum(weights) for weight in weights]
    assert all(abs(count - share) < 1 + 1e-9 for count, share in zip(counts, exact, strict=True))
