"""Public spaces: totals, places, and what is taken at the start."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.demand.grid_demand import PARKING, ZONES, grid, inputs, place, zone
from twin.demand.inputs import CrowdedPlace, KnownSite
from twin.demand.parking_supply import apportioned, occupied_share, sites_of


def test_spaces_add_up_to_the_published_kerbs_and_the_rates_of_lots() -> None:
    sites = sites_of(grid(), inputs())
    assert sum(site.spaces for site in sites if site.kind == "kerb") == 103
    # 28,000 jobs × 0.1.
    assert sum(site.spaces for site in sites if site.kind == "lot") == 2_800
    assert [site.id for site in sites] == sorted(site.id for site in sites)
    assert all({"spaces", "lon", "lat", "occupied_at_start"} <= site.assumed for site in sites)
    assert {site.zone_id for site in sites} == {"A", "B", "C", "D"}


def test_half_is_taken_and_more_where_jobs_are_dense() -> None:
    assert occupied_share(zone("A", 0, 0, 100, 0), PARKING.occupancy, 5) == 0.5
    assert occupied_share(zone("A", 0, 0, 0, 6_000), PARKING.occupancy, 5) == 0.5 + 0.5 * 0.5 * 0.5
    assert occupied_share(zone("A", 0, 0, 0, 50_000), PARKING.occupancy, 5) == 0.75


def test_sites_near_a_crowded_place_are_taken_at_least_so_far() -> None:
    hospital = CrowdedPlace("医院", *place(1, 1), radius_m=100_000.0, occupied=0.9)
    crowded = replace(inputs(), parking=replace(PARKING, crowded_places=(hospital,)))
    for site in sites_of(grid(), crowded):
        assert site.occupied_at_start == round(0.9 * site.spaces)


def test_a_named_car_park_keeps_its_number_and_price() -> None:
    known = KnownSite("zhan", "南站", "lot", *place(4.2, 4.1), 600, 0.5, 30.0, 30.0, ("spaces",))
    sites = sites_of(grid(), replace(inputs(), parking=replace(PARKING, sites=(known,))))
    (site,) = [site for site in sites if site.id == "zhan"]
    assert (site.spaces, site.occupied_at_start, site.zone_id) == (600, 300, "D")
    assert site.tariff.fee_yuan(1800.0) == 0.0
    assert site.tariff.fee_yuan(86_399.0) == 30.0
    assert "spaces" in site.assumed and "name" not in site.assumed


def test_order_of_zones_changes_no_site() -> None:
    assert sites_of(grid(), inputs()) == sites_of(grid(), inputs(ZONES[::-1]))


@given(st.lists(st.floats(0.01, 100.0), min_size=1, max_size=8), st.integers(0, 5_000))
def test_apportioned_numbers_add_up_and_miss_by_less_than_one(weights: list[float], total: int) -> None:
    counts = apportioned(np.array(weights), total)
    assert counts.sum() == total
    exact = np.array(weights) * total / sum(weights)
    assert (np.abs(counts - exact) < 1.0 + 1e-9).all()
