"""An effect that still moves gets no verdict."""

import pandas as pd
import pytest
from small_runs import SEVEN, links_of

from tests.results.test_comparison import AFTER_S, BEFORE_S, META, compared, five
from twin.results.drift import TwoStarts, drift_of


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


def test_drift_is_held_against_the_effect_of_the_runs_where_that_is_larger() -> None:
    """A span of 6 is more than half of the last round's 4, and of the runs' 11, but not of their 12."""
    table = settling([0.0, -4.0, -2.0, -9.0, -10.0, -4.0])
    by_runs = {vehh: drift_of(table, in_runs_vehh=vehh) for vehh in (-3.0, -11.0, -12.0, 12.0)}
    assert {vehh: drift.is_settled for vehh, drift in by_runs.items() if drift} == {
        -3.0: False, -11.0: False, -12.0: True, 12.0: True
    }  # fmt: skip
    assert [TwoStarts(-4.0, 1.0).is_one_answer(vehh) for vehh in (0.0, 9.9, -10.0)] == [False, False, True]


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


def uneven(gap_after: float) -> pd.DataFrame:
    """An effect of −4 on 100 veh·h that stands still; the base's gap is 1 %."""
    table = settling([-4.0] * 6)
    table.loc[table["arm"] == "after", "relative_gap"] = gap_after
    return table


def test_gaps_may_differ_by_no_more_than_half_of_the_effect() -> None:
    """2 points of 100 veh·h are 2 veh·h, half of 4: allowed; 3 points are not."""
    alike, apart = (drift_of(uneven(gap)) for gap in (0.03, 0.04))
    assert alike is not None and apart is not None
    assert alike.gaps_worth_vehh == pytest.approx(2.0) and apart.gaps_worth_vehh == pytest.approx(3.0)
    runs = five("before", BEFORE_S), five("after", AFTER_S)
    assert compared(*runs, settling=uneven(0.029)).refusals == ()
    refused = compared(*runs, settling=uneven(0.04))
    assert refused.refusals == ("gaps_apart",) and refused.verdict == "refused"
    assert "1.00% before and 4.00% after are up to 3.0 vehicle-hours apart" in refused.meta["warnings"][1]["en"]


@pytest.mark.parametrize(
    ("effects", "is_one"), [((-4.0, -2.0), True), ((-4.0, -1.9), False), ((-4.0, 4.0), False), ((0.0, 0.0), True)]
)
def test_two_starts_are_one_answer_within_half_of_the_effect(effects: tuple[float, float], is_one: bool) -> None:
    assert TwoStarts(*effects).is_one_answer() == is_one


def test_no_winner_is_named_anywhere_where_two_starts_disagree() -> None:
    """Not in the table, the sentence, the one-line form, or on any street."""
    slower, faster = ({"links": links_of(("1", SEVEN, 36, time_s))} for time_s in (200.0, 150.0))
    runs = five("before", BEFORE_S, **slower), five("after", AFTER_S, **faster)
    agree = compared(*runs, meta=META | {"effects_of_two_starts": [-4.0, -3.0]})
    differ = compared(*runs, meta=META | {"effects_of_two_starts": [-4.0, 1.0]})
    assert agree.verdict == "better" and agree.links["is_clear"].any()
    assert not {"better", "worse", "no_difference"} & set(differ.rows[differ.rows["difference"] != 0.0]["verdict"])
    assert not differ.links["is_clear"].any()
    assert "not judged: the effect differs between two starting points" in repr(differ)
    assert "not judged" in differ.verdict_line("en") and "不判断" in differ.verdict_line("zh")
    assert differ.meta["warnings"][-1]["en"].startswith("Settled from two starting points, the effect on vehicle-hours")


def test_a_study_from_one_start_says_that_the_other_was_not_checked() -> None:
    runs = five("before", BEFORE_S), five("after", AFTER_S)
    assert any("--two-starts" in note for note in compared(*runs).notes("en"))
    checked = compared(*runs, meta=META | {"effects_of_two_starts": [-4.0, -3.0]}).notes("en")
    assert any("-4.0 and -3.0" in note for note in checked)
