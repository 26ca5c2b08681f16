"""The queueing model of a morning against answers that are known exactly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.advice.parking_surrogate import ParkingModel, refusal
from twin.sim.parking_theory import erlang_b, searching

HOUR = 12  # steps of 300 s


def one_site(arrivals_ph: float, hours: int, *, stay_s: float = 3600.0, taken: float = 0.0) -> ParkingModel:
    """Drivers who come evenly to one place with one site beside it."""
    arrivals = np.full((1, hours * HOUR, 1), arrivals_ph / HOUR)
    here = np.zeros((1, 2))
    return ParkingModel.laid_out(
        arrivals, np.array([stay_s]), here, here, reach_m=np.array([500.0]), taken_at_start=np.array([taken])
    )


@pytest.mark.parametrize(("spaces", "load"), [(7, 3.0), (20, 18.0), (200, 180.0), (200, 240.0), (1000, 1100.0)])
def test_refusal_is_erlang_s_formula_where_the_site_is_as_full_as_its_load_makes_it(spaces, load) -> None:
    """a(1 − B) cars stand there, and B of those who come are refused; the table is read to 3 parts in 100."""
    blocked = erlang_b(spaces, load)
    found = refusal(np.array([float(spaces)]), np.array([load * (1.0 - blocked)]))[0]
    assert found == pytest.approx(blocked, rel=0.03)


def test_a_site_without_spaces_refuses_everybody_and_an_empty_one_nobody() -> None:
    assert refusal(np.array([0.0, 100.0]), np.array([0.0, 0.0])).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(("arrivals_ph", "rel"), [(180, 0.05), (198, 0.04), (240, 0.04)])
def test_in_the_long_run_a_site_turns_away_as_many_as_erlang_says(arrivals_ph, rel) -> None:
    """200 spaces, stays of an hour, the ten hours after the first ten; what is left is the step of five minutes."""
    early, whole = (one_site(arrivals_ph, hours).outcome(np.array([200])) for hours in (10, 20))
    away = (whole.turned_away - early.turned_away) / (whole.drivers - early.drivers)
    assert away == pytest.approx(erlang_b(200, arrivals_ph), rel=rel)


def test_a_morning_fills_up_before_anybody_is_turned_away() -> None:
    """100 come in an hour and stay: with 200 spaces nobody is refused, with 50 half of them (none leaves)."""
    morning = one_site(100.0, 1, stay_s=1e9)
    assert morning.outcome(np.array([200])).turned_away == pytest.approx(0.0, abs=0.01)
    assert morning.outcome(np.array([50])).turned_away == pytest.approx(50.0, abs=1.5)  # the last spaces are found late


def test_cars_that_stand_at_the_start_take_spaces_and_leave_when_they_are_said_to() -> None:
    stay = one_site(100.0, 1, stay_s=1e9, taken=60.0)
    assert stay.outcome(np.array([100])).taken_at_end[0] == pytest.approx(100.0, abs=1.5)
    go = ParkingModel(
        stay.arrivals, stay.stay_s, stay.near, stay.walk_m, stay.taken_at_start, leaves_after_s=np.array([60.0])
    )
    assert go.outcome(np.array([200])).taken_at_end[0] == pytest.approx(100.0, abs=0.1)


def two_sites(spaces_far: int, *, apart_m: float = 400.0) -> float:
    """Drivers turned away where 60 come to a site of 30 and may go on to another."""
    arrivals = np.full((1, HOUR, 1), 60.0 / HOUR)
    sites = np.array([[0.0, 0.0], [apart_m, 0.0]])
    model = ParkingModel.laid_out(
        arrivals, np.array([1e9]), np.zeros((1, 2)), sites, reach_m=np.array([500.0, 500.0]), taken_at_start=np.zeros(2)
    )
    return model.outcome(np.array([30, spaces_far])).turned_away


def test_who_is_refused_spills_over_to_the_neighbour_within_a_walk() -> None:
    alone = two_sites(0)
    assert alone == pytest.approx(30.0, abs=1.5)  # the last spaces are found late
    assert two_sites(40) == pytest.approx(0.0, abs=0.5)
    assert two_sites(40, apart_m=600.0) == alone


def test_refused_drivers_search_as_long_as_the_way_to_the_next_site_takes() -> None:
    """A full site at the door, an empty one 400 m off: who tries the first searches 30 s + 1.13·1.3·400 m, 15 km/h."""
    arrivals = np.full((1, 1, 1), 1.0)
    sites = np.array([[0.0, 0.0], [400.0, 0.0]])
    taken = np.array([9.0, 0.0])
    model = ParkingModel.laid_out(
        arrivals, np.array([1e9]), np.zeros((1, 2)), sites, reach_m=np.array([500.0] * 2), taken_at_start=taken
    )
    found = model.outcome(np.array([9, 1_000]))
    leg_s = 30.0 + 1.13 * 1.3 * 400.0 / (15 / 3.6)
    assert found.refused_by_site[0] > 0.01
    assert found.searching_s == pytest.approx(found.refused_by_site[0] * leg_s, rel=1e-6)


def test_with_patience_fewer_are_turned_away_than_in_a_loss_system() -> None:
    """The model is a loss system; drivers who wait (M/M/c+M) find a little more: the model errs on the safe side."""
    assert searching(200, 198.0, 3600.0, 600.0).unserved < erlang_b(200, 198.0)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 4),
    st.lists(st.integers(0, 200), min_size=3, max_size=3),
    st.floats(1.0, 400.0),
    st.floats(600.0, 1e6),
)
def test_drivers_park_or_are_turned_away_and_no_site_holds_more_than_its_spaces(n, spaces, drivers, stay_s) -> None:
    at = np.array([[150.0 * i, 0.0] for i in range(3)])
    arrivals = np.full((3, 6 * n, 1), drivers / (18 * n))
    model = ParkingModel.laid_out(
        arrivals, np.array([stay_s]), at, at, reach_m=np.full(3, 500.0), taken_at_start=np.array([5.0, 0.0, 50.0])
    )
    found = model.outcome(np.array(spaces))
    assert found.parked_by_site.sum() + found.turned_away == pytest.approx(found.drivers)
    assert (found.taken_at_end <= np.array(spaces) + 1e-9).all()
    assert found.turned_away >= -1e-9 and found.searching_s >= 0.0
