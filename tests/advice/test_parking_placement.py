from dataclasses import replace
from datetime import date
from math import inf

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.advice.parking_placement import ZoneParking, apportioned, find_parking_places, levelled, morning_parking
from twin.city.city import City
from twin.city.network import Link, Network, Node
from twin.city.parking import ParkingSite
from twin.city.trips import Demand
from twin.city.zones import LoadingPoint, Zone

SHARES = {("芝罘区",): 0.8, ("莱山区",): 0.2}


def at(column):
    return 121.40 + 0.01 * column, 37.50


def city():
    """Three zones along a street; 300, 100 and 40 cars want public spaces; 20 are free in the first."""
    nodes = tuple(Node(f"n{i}", *at(i)) for i in range(4))
    links = tuple(Link(f"l{i}", f"n{i}", f"n{i + 1}", 880.0, 1.0, 12.5, 1200.0) for i in range(3))
    zones = tuple(
        Zone(f"Z{i}", f"区{i}", "zone", district, *at(i + 0.5))
        for i, district in enumerate(("芝罘区", "芝罘区", "莱山区"))
    )
    wanted = [("Z0", "public", 300), ("Z1", "public", 100), ("Z2", "public", 40), ("Z2", "private", 900)]
    rows = [(zone, parks, "car", 0.5) for zone, parks, cars in wanted for _ in range(2 * cars)]
    travellers = pd.DataFrame(rows, columns=["destination_zone", "parks", "mode", "travels_share"])
    points = tuple(LoadingPoint(f"Z{i}", *at(i + 1), f"l{i}") for i in range(3))
    site = ParkingSite("P", "场", "lot", *at(1), "l0", "Z0", spaces=50, occupied_at_start=30)
    network = Network(nodes, links, crs="EPSG:32651")
    return City("town", "", date(2023, 12, 31), network, zones, (site,), demand=Demand(travellers, points))


def test_fullness_is_cars_that_stand_or_come_over_spaces():
    parking = morning_parking(city())
    assert parking["Z0"] == ZoneParking(cars=330.0, spaces=50.0)
    assert parking["Z2"] == ZoneParking(cars=40.0, spaces=0.0) and parking["Z2"].fullness == inf


def test_fullest_zones_come_down_to_one_level():
    """900 cars want 1,000 spaces at a level of 0.9: the zone at 1.0 gets 600/0.9 − 600, the one at 1.5 the rest."""
    full, fuller, calm = ZoneParking(600.0, 600.0), ZoneParking(300.0, 200.0), ZoneParking(100.0, 400.0)
    added = levelled([full, fuller, calm], 200.0)
    assert added == pytest.approx([600 / 0.9 - 600, 300 / 0.9 - 200, 0.0])


def test_small_total_goes_to_the_fullest_zone_alone():
    assert levelled([ZoneParking(600.0, 600.0), ZoneParking(300.0, 200.0)], 50.0) == pytest.approx([0.0, 50.0])


def test_spaces_follow_district_shares():
    places = find_parking_places(city(), spaces=500, sites=3, shares=SHARES)
    assert [place.zone.id for place in places] == ["Z1", "Z0", "Z2"]
    # 400 spaces: level (330 + 100) / (50 + 400), so Z1 gets 100 × 450 / 430 and Z0 the rest; 100 for Z2.
    assert [place.spaces for place in places] == [105, 295, 100]


def test_spaces_of_a_zone_are_spread_over_its_streets():
    crowded = city()
    points = (*crowded.demand.points, LoadingPoint("Z0", *at(0.2), "l0"))
    more = replace(crowded, demand=Demand(crowded.demand.travellers, points))
    places = find_parking_places(more, spaces=500, sites=4, shares=SHARES)
    assert [(place.zone.id, place.spaces) for place in places if place.zone.id == "Z0"] == [("Z0", 148), ("Z0", 147)]


def test_new_spaces_lie_on_the_zone_s_street():
    place = find_parking_places(city(), spaces=500, sites=3, shares=SHARES)[1]
    assert (place.lon, place.lat) == pytest.approx(at(1))


@given(st.integers(0, 10_000), st.lists(st.floats(0.01, 100), min_size=1, max_size=20))
def test_apportioned_adds_up_and_stays_within_one(total, weights):
    counts = apportioned(total, weights)
    assert sum(counts) == total
    exact = [total * weight / sum(weights) for weight in weights]
    assert all(abs(count - share) < 1 + 1e-9 for count, share in zip(counts, exact, strict=True))


@given(
    st.lists(st.builds(ZoneParking, st.floats(1, 1e4), st.floats(0, 1e4)), min_size=1, max_size=12),
    st.floats(1, 1e4),
)
def test_levelled_adds_up_and_leaves_nobody_fuller_who_got_nothing(parking, total):
    added = levelled(parking, total)
    assert sum(added) == pytest.approx(total)
    served = [zone.cars / (zone.spaces + more) for zone, more in zip(parking, added, strict=True) if more > 1e-6]
    level = max(served)
    assert served == pytest.approx([level] * len(served))
    assert all(zone.fullness <= level * (1 + 1e-6) for zone, more in zip(parking, added, strict=True) if more <= 1e-6)
