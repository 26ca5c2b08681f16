"""Closed formulas for car parks against the tables that were computed for them."""

import math

import pytest

from twin.sim.parking_theory import (
    break_even_search_s,
    erlang_b,
    erlang_c_wait_s,
    fee_that_ends_search_yuan_h,
    inspected,
    inspected_once_each,
    saturated_search_s,
    searching,
)


def test_erlang_b_of_a_garage() -> None:
    assert erlang_b(20, 18.0) == pytest.approx(0.1092, abs=5e-5)
    assert 18.0 * (1 - erlang_b(20, 18.0)) == pytest.approx(16.03, abs=5e-3)
    assert erlang_b(100, 90.0) == pytest.approx(0.0270, abs=5e-5)
    assert erlang_b(1, 1.0) == 0.5 and erlang_b(0, 1.0) == 1.0


@pytest.mark.parametrize(("arrivals_ph", "wait_s"), [(180, 17.0), (190, 131.5), (196, 622.7)])
def test_erlang_c_wait_without_patience_lost(arrivals_ph: float, wait_s: float) -> None:
    assert erlang_c_wait_s(200, arrivals_ph, 3600.0) == pytest.approx(wait_s, abs=0.06)


def test_more_drivers_than_can_leave_wait_for_ever() -> None:
    assert erlang_c_wait_s(200, 200.0, 3600.0) == math.inf


@pytest.mark.parametrize(
    ("arrivals_ph", "occupancy", "cruisers", "unserved_percent", "search_min"),
    [
        (160, 0.7999, 0.00, 0.01, 0.001),
        (180, 0.8952, 0.16, 0.54, 0.054),
        (190, 0.9331, 0.56, 1.78, 0.178),
        (200, 0.9600, 1.33, 4.00, 0.400),
        (220, 0.9869, 3.77, 10.28, 1.028),
        (240, 0.9960, 6.80, 17.00, 1.700),
    ],
)
def test_search_with_patience_over_two_hundred_spaces(
    arrivals_ph: float, occupancy: float, cruisers: float, unserved_percent: float, search_min: float
) -> None:
    """200 spaces, an hour's stay, ten minutes of patience: digits as the table gives them."""
    found = searching(200, arrivals_ph, 3600.0, 600.0)
    assert found.occupancy == pytest.approx(occupancy, abs=5e-5)
    assert found.cruisers == pytest.approx(cruisers, abs=5e-3)
    assert 100 * found.unserved == pytest.approx(unserved_percent, abs=5e-3)
    assert found.search_s / 60 == pytest.approx(search_min, abs=5e-4)


def test_far_over_supply_the_queue_is_the_fluid_s() -> None:
    """10,000 drivers an hour on 5,000 spaces of an hour: 5,000 are served, C = r(λ − Sμ) = 833 cruise."""
    found = searching(5000, 10_000.0, 3600.0, 600.0)
    assert found.unserved == pytest.approx(0.5, abs=1e-6)
    assert found.cruisers == pytest.approx(5000 / 6, rel=1e-6)


def test_probes_with_and_without_repetition() -> None:
    assert [inspected(share) for share in (0.5, 0.9)] == pytest.approx([2.0, 10.0])
    assert inspected(1.0) == inspected_once_each(9, 0) == math.inf
    pairs = [(100, 10), (100, 1), (20, 3)]
    assert [round(inspected_once_each(*pair), 2) for pair in pairs] == [9.18, 50.5, 5.25]


def test_choice_to_cruise_breaks_even() -> None:
    """Two hours at 6 instead of 2 yuan an hour are worth 8 yuan: 8 / (12 + 1.3 × 30) h = 9.41 min."""
    prices = {"kerb_yuan_h": 2.0, "fuel_yuan_h": 12.0, "persons": 1.3, "value_yuan_h": 30.0}
    assert break_even_search_s(7200.0, off_street_yuan_h=6.0, **prices) / 60 == pytest.approx(9.41, abs=5e-3)
    assert break_even_search_s(7200.0, off_street_yuan_h=2.0, **prices) == 0.0


def test_saturated_streets() -> None:
    """500 spaces an hour each, 50 cruisers: 0.1 h of search, and 3 yuan an hour end it where an hour is worth 30."""
    assert saturated_search_s(500, 3600.0, 50.0) == pytest.approx(360.0)
    assert fee_that_ends_search_yuan_h(500, 50.0, 30.0) == pytest.approx(3.0)
