"""How people go before and after: trips, shares and words, by hand."""

import numpy as np
import pandas as pd
import pytest

from twin.results.mode_shares import MODE_ROUND_COLUMNS, mode_shares, no_mode_shares, rounds_written, shares_written

CHOOSERS = pd.DataFrame(
    {
        "mode": ["car", "car", "bus", "walk"],
        "purpose": ["work", "other", "work", "work"],
        "people": [4.0, 4.0, 2.0, 10.0],
        "travels_share": [0.5, 1.0, 0.5, 0.3],
    }
)
NEAR = np.array([True, False, False, False])


def shares(mode_after: list[str], factor: float = 1.0) -> pd.DataFrame:
    return mode_shares(CHOOSERS, np.array(mode_after, dtype=object), np.full(4, factor), NEAR)


def test_trips_are_people_times_the_days_on_which_they_travel() -> None:
    """Cars 4·0.5 + 4, bus 2·0.5, on foot 10·0.3: ten trips; one of the cars' two goes by bus after."""
    found = shares(["bus", "car", "bus", "walk"])
    city = found[(found["area"] == "city") & (found["purpose"] == "all")].set_index("mode")
    assert city["before_trips"].to_dict() == pytest.approx(
        {"car": 6.0, "bus": 1.0, "ebike": 0.0, "walk": 3.0, "all": 10}
    )
    assert city["after_trips"].to_dict() == pytest.approx(
        {"car": 4.0, "bus": 3.0, "ebike": 0.0, "walk": 3.0, "all": 10}
    )
    assert city.loc["bus", "after_share"] - city.loc["bus", "before_share"] == pytest.approx(0.2)


def test_the_area_near_the_measures_holds_only_trips_there() -> None:
    found = shares(["bus", "car", "bus", "walk"])
    near = found[(found["area"] == "near") & (found["purpose"] == "all")].set_index("mode")
    assert near.loc["car", "before_trips"] == 2.0 and near.loc["bus", "after_trips"] == 2.0
    assert set(found.loc[found["area"] == "near", "purpose"]) == {"all", "work"}, "nobody there goes shopping"


def test_induced_trips_are_in_the_total() -> None:
    found = shares(["car", "car", "bus", "walk"], factor=1.1)
    total = found[(found["area"] == "city") & (found["purpose"] == "all") & (found["mode"] == "all")].iloc[0]
    assert (total["before_trips"], total["after_trips"]) == pytest.approx((10.0, 11.0))


def test_shares_are_written_with_their_change_in_points() -> None:
    table = shares_written(shares(["bus", "car", "bus", "walk"]), "en")
    assert table.iloc[0].tolist() == ["city-wide", "car", "6", "4", "−2", "60.00", "40.00", "−20.00"]
    assert shares_written(no_mode_shares(), "zh").empty


def test_rounds_are_one_sentence_with_the_gap_of_each() -> None:
    rounds = pd.DataFrame(
        [(0, 0.05, 0.0, 0.6, 0.1, 0.1, 0.2, -30.0, 9.0), (1, 0.001, 0.049, 0.5, 0.2, 0.1, 0.2, -25.4, 8.0)],
        columns=list(MODE_ROUND_COLUMNS),
    )
    text = rounds_written(rounds, "en")
    assert "rounds: 1;" in text and "5.000% → 0.100%" in text and "4.90 % go otherwise" in text and "−25 hours" in text
