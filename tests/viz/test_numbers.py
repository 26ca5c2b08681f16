"""Numbers as text: digits no finer than chance allows."""

import math

from twin.results.numbers import decimals_within, written
from viz.numbers import number_of


def test_an_interval_of_plus_minus_240_supports_hundreds_only() -> None:
    assert written(54_321.0, decimals_within(240.0, 0)) == "54,300"


def test_a_metric_never_shows_more_decimals_than_its_own() -> None:
    assert decimals_within(0.0003, 1) == 1


def test_a_difference_that_rounds_to_nothing_has_no_sign() -> None:
    assert written(-0.04, 1, signed=True) == "0.0"


def test_what_is_missing_is_a_dash_and_not_a_zero() -> None:
    assert [written(number_of(value), 1) for value in (None, math.nan, "x", math.inf)] == ["—"] * 4
