from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.advice.parking_placement import apportioned, find_parking_places, public_shortage
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


def test_shortage_is_cars_that_want_a_public_space_less_free_ones():
    assert public_shortage(city()) == {"Z0": 280.0, "Z1": 100.0, "Z2": 40.0}


def test_spaces_follow_district_shares_then_shortage():
    places = find_parking_places(city(), spaces=500, sites=3, shares=SHARES)
    assert [place.zone.id for place in places] == ["Z0", "Z1", "Z2"]
    assert sum(place.spaces for place in places[:2]) == 400 and places[2].spaces == 100
    # 30 each, the other 340 as 280 to 100.
    assert places[0].spaces == pytest.approx(30 + 340 * 280 / 380, abs=1)


def test_one_zone_s_shortage_counts_for_at_most_twice_the_mean():
    crowded = city()
    lone = replace(crowded, zones=(*crowded.zones[:2], *(replace(crowded.zones[1], id=f"Y{i}") for i in range(2))))
    points = tuple(LoadingPoint(f"Y{i}", *at(2), "l1") for i in range(2))
    more = Demand(crowded.demand.travellers, (*crowded.demand.points, *points))
    places = find_parking_places(replace(lone, demand=more), spaces=500, sites=4, shares={("芝罘区",): 1.0})
    # Short of 280, 100, 0 and 0, of which the last two count as 1: mean 95.5, so the first counts as 191.
    assert places[0].spaces == pytest.approx(30 + 380 * 191 / 293, abs=1)


def test_new_spaces_lie_on_the_zone_s_street():
    place = find_parking_places(city(), spaces=500, sites=3, shares=SHARES)[0]
    assert (place.lon, place.lat) == pytest.approx(at(1))


@given(st.integers(0, 10_000), st.lists(st.floats(0.01, 100), min_size=1, max_size=20))
def test_apportioned_adds_up_and_stays_within_one(total, weights):
    counts = apportioned(total, weights)
    assert sum(counts) == total
    exact = [total * weight / sum(weights) for weight in weights]
    assert all(abs(count - share) < 1 + 1e-9 for count, share in zip(counts, exact, strict=True))
