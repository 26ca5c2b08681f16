"""What a minute saved costs, and when that is not told."""

import pandas as pd
import pytest

from twin.results.bus_short import BUS_SHORT, bus_rows, cost_sentence, minutes_saved


def rows(saved_s: tuple[float, float, float], cost_yuan: float, verdict: str = "better") -> pd.DataFrame:
    """6,000 riders whose generalised time changes by −mean s, with its interval, at so many yuan more."""
    mean, low, high = saved_s
    table = [
        ("bus_riders", "city", 6000.0, 0.0, 0.0, 0.0),
        ("rider_generalised_s", "city", 1800.0, -mean, -high, -low),
        ("bus_cost_measured_yuan", "city", 9000.0, cost_yuan, float("nan"), float("nan")),
        ("fleet", "near", 1.0, 0.0, 0.0, 0.0),
    ]
    told = pd.DataFrame(table, columns=["metric", "area", "before", "difference", "ci_low", "ci_high"])
    return told.assign(verdict=verdict)


def test_minutes_saved_are_riders_times_what_each_saves() -> None:
    """6,000 riders save 30 s each: 3,000 minutes, from 2,000 to 4,000."""
    assert minutes_saved(rows((30.0, 20.0, 40.0), 600.0)) == pytest.approx((3000.0, 2000.0, 4000.0))


def test_cost_of_a_minute_is_more_cost_over_minutes_saved() -> None:
    """600 yuan over 3,000 minutes is 0.20 yuan; over 4,000 and 2,000 minutes 0.15 to 0.30."""
    text = cost_sentence(rows((30.0, 20.0, 40.0), 600.0), "en")
    assert "3,000 (2,000 to 4,000) generalised minutes" in text and "0.20 yuan a minute saved" in text
    assert "0.15–0.30" in text


def test_no_cost_a_minute_where_the_saving_may_be_nothing() -> None:
    assert "no cost a minute" in cost_sentence(rows((30.0, -5.0, 65.0), 600.0), "en")
    assert "no cost a minute" in cost_sentence(rows((30.0, 20.0, 40.0), 600.0, "no_difference"), "en")
    assert "不计算" in cost_sentence(rows((30.0, -5.0, 65.0), 600.0), "zh")


def test_time_saved_with_no_more_cost_is_said_to_be_free() -> None:
    assert "costs nothing more" in cost_sentence(rows((30.0, 20.0, 40.0), -50.0), "en")


def test_without_riders_nothing_is_told() -> None:
    assert cost_sentence(rows((30.0, 20.0, 40.0), 1.0).iloc[2:], "en") == "Cost of a minute saved: cannot be told."


def test_the_short_set_stands_in_its_order_and_city_wide() -> None:
    found = bus_rows(rows((30.0, 20.0, 40.0), 1.0).iloc[::-1])["metric"].tolist()
    assert found == [metric for metric in BUS_SHORT if metric in found] and "fleet" not in found
