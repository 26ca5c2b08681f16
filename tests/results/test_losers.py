"""Who loses and who gains: the same traveller in both arms, by trip id."""

import math

import pytest
from small_runs import END_S, SEVEN, run_of, trip, trips_of

from twin.results.losers import pair_table


def value(before, after, metric, area="city", arm="after", near=()):
    table = pair_table([before], [after], near=near).set_index(["arm", "area", "metric"])["value"]
    return table[arm, area, metric]


def arms(*changes_s, **changed):
    """A traveller for each change of time (s), who takes 300 s before."""
    before = run_of(trips_of(*(trip(i, 300.0, **changed) for i in range(len(changes_s)))))
    after = run_of(trips_of(*(trip(i, 300.0 + c, **changed) for i, c in enumerate(changes_s))), arm="after")
    return before, after


def test_losing_and_gaining_begin_beyond_one_minute() -> None:
    pair = arms(60.0, 61.0, 200.0, -60.0, -61.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert (value(*pair, "losers"), value(*pair, "losers_share")) == (2.0, 0.2)
    assert (value(*pair, "gainers"), value(*pair, "gainers_share")) == (1.0, 0.1)
    assert value(*pair, "losers", arm="before") == 0.0


def test_only_those_who_travel_in_both_arms_are_compared() -> None:
    before = run_of(trips_of(trip(1, 300.0), trip(2, 300.0)))
    after = run_of(trips_of(trip(2, 400.0), trip(3, 900.0)), arm="after")
    assert (value(before, after, "losers"), value(before, after, "losers_share")) == (1.0, 1.0)


def test_who_never_arrives_after_has_lost_and_who_never_arrived_before_has_gained() -> None:
    ends, stuck = run_of(trips_of(trip(1, 300.0))), run_of(trips_of(trip(1, None)), arm="after")
    assert END_S - SEVEN > 360.0
    assert value(ends, stuck, "losers") == 1.0
    assert value(stuck, ends, "gainers") == 1.0


def test_shares_are_told_by_district_of_origin_and_near_the_measures() -> None:
    before = run_of(trips_of(trip(1, 300.0, near=True), trip(2, 300.0, origin_district="莱山区")))
    after = run_of(trips_of(trip(1, 400.0, near=True), trip(2, 300.0, origin_district="莱山区")), arm="after")
    assert value(before, after, "losers_share", "district:芝罘区") == 1.0
    assert value(before, after, "losers_share", "district:莱山区") == 0.0
    assert value(before, after, "losers_share", "near", near={"1"}) == 1.0


def test_where_nobody_travels_in_both_arms_there_is_no_share() -> None:
    before, after = run_of(trips_of(trip(1, 300.0))), run_of(trips_of(trip(2, 300.0)), arm="after")
    assert math.isnan(value(before, after, "losers_share"))
    assert math.isnan(value(before, after, "losers_share", arm="before"))


@pytest.mark.parametrize("metric", ["losers", "losers_share", "gainers", "gainers_share"])
def test_an_arm_beside_itself_has_no_losers(metric: str) -> None:
    assert value(*arms(0.0, 0.0), metric) == 0.0
