"""The nested logit that pivots about the base's shares: by hand, by sampling, and what must always hold."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.chance import uniform
from twin.demand.inputs import CHOICE_MODES, ChoiceSettings, Nest
from twin.demand.nested_logit import modes_after, pivoted, trips_factor, utility_gain

ALONE = (Nest(("car",), 1.0), Nest(("bus",), 1.0), Nest(("ebike",), 1.0), Nest(("walk",), 1.0))
NESTED = (Nest(("car",), 1.0), Nest(("bus", "ebike"), 0.5), Nest(("walk",), 1.0))
SHARES = np.array([[0.4, 0.2, 0.1, 0.3]])
SETTINGS = ChoiceSettings(
    title="",
    utils_per_min=0.03,
    driver_time_yuan_per_h={"work": 20.0, "other": 20.0},
    rider_time_yuan_per_h=13.0,
    purpose_scale={"work": 1.0, "other": 0.5},
    nests={},
    bus_fare_yuan=1.0,
    ebike_kmh=18.0,
    longest_cost_min=120.0,
    trips_per_logsum=0.2,
)
utils = st.floats(-2.0, 2.0).map(lambda gain: round(gain, 6))
four = st.tuples(utils, utils, utils, utils)


def after(gain: tuple[float, ...], nests: tuple[Nest, ...] = NESTED) -> np.ndarray:
    return pivoted(SHARES, np.array([gain]), CHOICE_MODES, nests)[0][0]


def test_two_modes_follow_the_logit() -> None:
    """Car 60 %, bus 40 %; the car costs 10 min more: 0.6·e^−0.3 ÷ (0.6·e^−0.3 + 0.4) = 0.5263."""
    shares = np.array([[0.6, 0.4, 0.0, 0.0]])
    gain = utility_gain(np.array([[600.0, 0.0, 0.0, 0.0]]), ["work"], SETTINGS)
    found, logsum = pivoted(shares, gain, CHOICE_MODES, ALONE)
    weight = 0.6 * math.exp(-0.3)
    assert found[0].tolist() == pytest.approx([weight / (weight + 0.4), 0.4 / (weight + 0.4), 0.0, 0.0], rel=1e-12)
    assert logsum[0] == pytest.approx(math.log(weight + 0.4), rel=1e-12)


def test_drawn_modes_come_out_as_the_shares_within_four_standard_errors() -> None:
    """100,000 people, 60 % by car: of the car's 0.5263 the standard error is 0.0016."""
    n = 100_000
    shares = np.tile([[0.6, 0.4, 0.0, 0.0]], (n, 1))
    base = (np.arange(n) % 10 >= 6).astype(np.int64)
    wanted = pivoted(shares, np.tile([[-0.3, 0.0, 0.0, 0.0]], (n, 1)), CHOICE_MODES, ALONE)[0]
    mode = modes_after(base, shares, wanted, uniform(1, "test", np.arange(n)))
    share = float(wanted[0, 0])
    assert float((mode == 0).mean()) == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / n))
    assert (mode[base == 1] == 1).all(), "nobody leaves the mode that gained"


def test_who_leaves_takes_the_modes_that_gained_in_proportion_to_their_gains() -> None:
    """Bus closes nearly: its 20 % go to car, e-bike and on foot as those gain, within four standard errors."""
    n = 100_000
    shares = np.tile(SHARES, (n, 1))
    wanted = pivoted(shares, np.tile([[0.0, -20.0, 0.0, 0.0]], (n, 1)), CHOICE_MODES, NESTED)[0]
    mode = modes_after(np.ones(n, dtype=np.int64), shares, wanted, uniform(2, "test", np.arange(n)))
    gains = wanted[0] - SHARES[0]
    for column in (0, 2, 3):
        share = gains[column] / (gains[0] + gains[2] + gains[3])
        assert float((mode == column).mean()) == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / n))


@given(four)
def test_with_every_scale_one_the_nests_are_no_nests(gain: tuple[float, ...]) -> None:
    nests = (Nest(("car", "walk"), 1.0), Nest(("bus", "ebike"), 1.0))
    weight = SHARES[0] * np.exp(gain)
    assert after(gain, nests).tolist() == pytest.approx((weight / weight.sum()).tolist(), abs=1e-12)


def test_a_dearer_bus_sends_riders_to_the_e_bike_of_its_nest_more_than_elsewhere() -> None:
    grown = after((0.0, -0.5, 0.0, 0.0)) / SHARES[0]
    assert grown[2] > grown[0] == pytest.approx(grown[3]) and grown[0] > 1.0 > grown[1]
    alike = after((0.0, -0.5, 0.0, 0.0), ALONE) / SHARES[0]
    assert alike[2] == pytest.approx(alike[0]), "without the nest all others grow alike"


@given(four)
def test_the_logsum_rises_with_each_mode_by_its_share(gain: tuple[float, ...]) -> None:
    """∂ logsum / ∂ gain = share (Williams 1977): central differences of 1e-4, error of the order of 1e-8."""
    found = after(gain)
    for column in range(4):
        step = np.zeros(4)
        step[column] = 1e-4
        up, down = (pivoted(SHARES, np.array([gain + d]), CHOICE_MODES, NESTED)[1][0] for d in (step, -step))
        assert (up - down) / 2e-4 == pytest.approx(found[column], abs=1e-6)


@given(utils)
def test_what_is_the_same_for_all_modes_changes_no_share(gain: float) -> None:
    found, logsum = pivoted(SHARES, np.full((1, 4), gain), CHOICE_MODES, NESTED)
    assert found[0].tolist() == pytest.approx(SHARES[0].tolist(), abs=1e-12)
    assert logsum[0] == pytest.approx(gain, abs=1e-12)


def test_no_change_changes_no_bit_and_nobody() -> None:
    shares = np.tile([[0.1, 0.2, 0.3, 0.4]], (1000, 1)) + 0.0
    found, logsum = pivoted(shares, np.zeros((1000, 4)), CHOICE_MODES, NESTED)
    base = np.arange(1000) % 4
    assert np.array_equal(found, shares) and not logsum.any()
    assert np.array_equal(modes_after(base, shares, found, uniform(3, "test", np.arange(1000))), base)


def test_a_mode_without_a_share_gains_none() -> None:
    shares = np.array([[0.7, 0.0, 0.3, 0.0]])
    found = pivoted(shares, np.array([[0.0, 5.0, 0.0, 5.0]]), CHOICE_MODES, NESTED)[0]
    assert np.array_equal(found, shares)


def test_a_higher_price_moves_whoever_a_lower_one_moved() -> None:
    n = 5000
    shares, base = np.tile(SHARES, (n, 1)), np.zeros(n, dtype=np.int64)
    luck, left = uniform(4, "test", np.arange(n)), np.zeros(n, dtype=np.bool_)
    for price in (0.1, 0.3, 0.9, 2.7):
        wanted = pivoted(shares, np.tile([[-price, 0.0, 0.0, 0.0]], (n, 1)), CHOICE_MODES, NESTED)[0]
        leaves = modes_after(base, shares, wanted, luck) != 0
        assert (leaves | ~left).all() and leaves.sum() > left.sum()
        left = leaves


def test_shopping_is_less_sharp_than_work() -> None:
    gain = utility_gain(np.array([[600.0], [600.0]]), ["work", "other"], SETTINGS)
    assert gain.ravel().tolist() == pytest.approx([-0.3, -0.15])


def test_trips_grow_with_the_logsum_and_never_more_than_double() -> None:
    assert trips_factor(np.array([0.0, 0.1, -0.1]), SETTINGS).tolist() == pytest.approx(
        [1.0, math.exp(0.02), math.exp(-0.02)]
    )
    assert trips_factor(np.array([0.0]), SETTINGS)[0] == 1.0
    assert trips_factor(np.array([1000.0]), SETTINGS)[0] <= 2.0
