"""Intervals and tests, against numbers computed by hand or published."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin import chance
from twin.results.estimates import (
    bootstrapped,
    false_discovery,
    holm,
    pair_correlation,
    paired,
    paired_many,
    pairs_needed,
    smallest_detectable,
    unpaired,
)

BEFORE = [100.0, 110.0, 120.0, 130.0, 140.0]
AFTER = [97.0, 104.0, 115.0, 126.0, 133.0]  # −3, −6, −5, −4, −7


def test_five_pairs_give_minus_5_plus_minus_1_96() -> None:
    """sd of −3 −6 −5 −4 −7 is √2.5; t(0.975, 4) = 2.776; 2.776 · √2.5 / √5 = 1.963."""
    estimate = paired(BEFORE, AFTER)
    assert (estimate.mean, estimate.n) == (-5.0, 5)
    assert estimate.half_width == pytest.approx(1.963, abs=0.001)


def test_the_same_runs_unpaired_give_plus_minus_22_4() -> None:
    """Variances 250 and 222.5, each over 5; Welch's freedom is 7.97, t = 2.308; 2.308 · √94.5 = 22.43."""
    estimate = unpaired(BEFORE, AFTER)
    assert estimate.mean == -5.0
    assert estimate.half_width == pytest.approx(22.43, abs=0.01)
    assert pair_correlation(BEFORE, AFTER) > 0.99


def test_differences_of_exactly_zero_give_exactly_zero() -> None:
    estimate = paired([0.1, 0.2, 0.3], [0.1, 0.2, 0.3])
    assert (estimate.mean, estimate.low, estimate.high) == (0.0, 0.0, 0.0)
    assert estimate.p == 1.0


def test_one_pair_has_no_interval() -> None:
    estimate = paired([7.0], [5.0])
    assert (estimate.mean, estimate.n) == (-2.0, 1)
    assert math.isnan(estimate.low)


def test_no_pairs_have_no_mean() -> None:
    estimate = paired([float("nan")], [5.0])
    assert math.isnan(estimate.mean) and estimate.n == 0


def test_a_pair_with_a_gap_is_left_out() -> None:
    assert paired([1.0, float("nan"), 3.0], [2.0, 9.0, 5.0]).mean == 1.5


def test_many_at_once_are_the_same_as_one_by_one() -> None:
    differences = np.array([[-3.0, 0.0, 1.0], [-6.0, 0.0, 1.0], [-5.0, 0.0, 1.0]])
    many = paired_many(differences)
    for column in range(3):
        one = paired(np.zeros(3), differences[:, column])
        assert (many.mean[column], many.low[column], many.high[column]) == (one.mean, one.low, one.high)
    assert many.p[1:].tolist() == [1.0, 0.0]


def test_the_bootstrap_draws_the_same_pairs_for_one_seed() -> None:
    after = chance.exponential(7, "test", np.arange(20))
    first, again, other = (bootstrapped(np.zeros(20), after, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert after.min() < first.low < first.mean < first.high < after.max()


def test_the_bootstrap_agrees_with_the_t_interval_for_many_pairs() -> None:
    after = chance.normal(1, "test", np.arange(400))
    before = np.zeros(400)
    t, bootstrap = paired(before, after), bootstrapped(before, after, seed=1)
    # Its ends have a sampling error of about 4 % of the half-width with 2,000 resamples.
    assert bootstrap.half_width == pytest.approx(t.half_width, rel=0.12)


def test_holm_raises_the_smallest_most() -> None:
    assert holm([0.01, 0.04, 0.03]) == [0.03, 0.06, 0.06]


def test_false_discoveries_by_the_example_of_benjamini_and_hochberg() -> None:
    """Their 15 p-values (1995, section 4.1): four are found at 5 %."""
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1.0,
    ]
    assert (false_discovery(p) <= 0.05).sum() == 4
    assert np.isnan(false_discovery([0.01, np.nan])[1])


@given(st.lists(st.floats(0.0, 1.0), max_size=12))
def test_adjusted_p_values_are_never_below_the_raw_ones(p: list[float]) -> None:
    assert all(
        raw <= discovery + 1e-12 and discovery <= family + 1e-12
        for raw, discovery, family in zip(p, false_discovery(p), holm(p), strict=True)
    )


def test_64_pairs_are_needed_for_plus_minus_2_with_a_deviation_of_8() -> None:
    assert pairs_needed(8.0, 2.0) == 64
    assert pairs_needed(0.0, 2.0) == 2


def test_a_precision_that_cannot_be_had_is_refused() -> None:
    with pytest.raises(ValueError, match="no number of pairs"):
        pairs_needed(8.0, 0.0)


def test_the_smallest_detectable_effect_of_25_pairs() -> None:
    """(2.064 + 0.857) · 10 / √25 = 5.84, with t(0.975, 24) and t(0.8, 24)."""
    assert smallest_detectable(10.0, 25) == pytest.approx(5.84, abs=0.01)
    assert math.isnan(smallest_detectable(10.0, 1))
