"""Hours of departure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.demand.grid_demand import FLAT, SEVEN_TO_NINE
from twin.clock import TimeWindow
from twin.demand.profiles import DayShares, hour_shares, move_out_of_bans

MORNING = TimeWindow.between("05:00", "10:00")


def test_share_of_a_window_is_the_sum_of_its_bins() -> None:
    shares = DayShares.of(SEVEN_TO_NINE)
    assert shares.share_in(TimeWindow.between("07:00", "08:00")) == pytest.approx(0.5)
    assert shares.share_in(TimeWindow.between("07:00", "07:05")) == pytest.approx(0.125 / 3)
    assert shares.share_in(TimeWindow.between("09:00", "07:00")) == pytest.approx(0.0)


def test_hours_add_up_to_a_day() -> None:
    assert hour_shares(SEVEN_TO_NINE).tolist() == pytest.approx([0.5 if hour in (7, 8) else 0.0 for hour in range(24)])
    assert hour_shares(FLAT).sum() == pytest.approx(1.0)


@given(st.floats(0.0, 1.0, exclude_max=True))
def test_departures_stay_within_the_window_and_the_hours_that_have_trips(luck: float) -> None:
    (time_s,) = DayShares.of(SEVEN_TO_NINE).departures_s(np.array([luck]), MORNING)
    assert 7 * 3600 <= time_s <= 9 * 3600
    assert time_s == pytest.approx(7 * 3600 + luck * 7200)


def test_a_window_over_midnight_reaches_the_next_day() -> None:
    night = TimeWindow.between("22:00", "02:00")
    times_s = DayShares.of(FLAT).departures_s(np.array([0.0, 0.5, 0.999]), night)
    assert times_s[0] == 22 * 3600
    assert times_s[1] == pytest.approx(24 * 3600)
    assert times_s[2] < 26 * 3600


def test_departures_that_would_run_into_a_ban_go_before_or_after_it() -> None:
    ban = TimeWindow.between("07:00", "08:30")
    departures_s = np.array([6.0, 6.75, 7.5, 7.5, 8.5]) * 3600
    luck = np.array([0.9, 0.25, 0.0, 0.75, 0.9])
    moved = move_out_of_bans(departures_s, luck, [ban], clear_s=1800.0, spread_s=3600.0) / 3600
    assert moved.tolist() == [6.0, 6.0, 5.5, 9.0, 8.5]
