"""An effect that still moves gets no verdict."""

import pandas as pd

from tests.results.test_comparison import AFTER_S, BEFORE_S, compared, five
from twin.results.drift import drift_of


def settling(effects: list[float]) -> pd.DataFrame:
    rows = []
    for number, effect in enumerate(effects, start=1):
        rows.append(("before", number, 0.01, 100.0))
        rows.append(("after", number, 0.01, 100.0 + effect))
    return pd.DataFrame(rows, columns=["arm", "round", "relative_gap", "vehicle_hours"])


def test_an_effect_that_moved_by_more_than_half_of_itself_has_not_settled() -> None:
    drift = drift_of(settling([0.0, -4.0, -2.0, -9.0, -10.0, -4.0]))  # the last two: −10, −4
    assert drift is not None
    assert (drift.effect_vehh, drift.drift_vehh, drift.is_settled) == (-4.0, 6.0, False)


def test_no_effect_at_all_is_settled() -> None:
    drift = drift_of(settling([0.0, 0.0, 0.0]))
    assert drift is not None and drift.is_settled


def test_no_winner_is_named_while_the_effect_drifts() -> None:
    runs = five("before", BEFORE_S), five("after", AFTER_S)
    steady = compared(*runs, settling=settling([-4.0] * 6))
    moving = compared(*runs, settling=settling([-4.0] * 5 + [1.0]))
    assert "better" in set(steady.rows["verdict"])
    assert "better" not in set(moving.rows["verdict"])
    assert any("not settled" in warning["en"] for warning in moving.meta["warnings"])
