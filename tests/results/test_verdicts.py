"""The word for an answer: for one row, for many rows held together, and for a whole study."""

import math

import numpy as np
import pandas as pd
import pytest

from twin import chance
from twin.results.dictionary import METRICS
from twin.results.estimates import Estimate, paired
from twin.results.rows_compared import ROW_COLUMNS, compare_rows
from twin.results.rows_written import bound_written, row_written
from twin.results.verdicts import PRIMARY_METRICS, adjusted, study_verdict, verdict_of, verdict_written
from twin.wording import REFUSALS, VERDICTS


@pytest.mark.parametrize(
    ("low", "high", "better", "verdict"),
    [
        (-7.0, -3.0, "lower", "better"),
        (-7.0, -3.0, "higher", "worse"),
        (3.0, 7.0, "lower", "worse"),
        (3.0, 7.0, "higher", "better"),
        (-1.0, 3.0, "lower", "no_difference"),
        (0.0, 3.0, "lower", "no_difference"),
        (3.0, 7.0, "neither", "neutral"),
    ],
)
def test_a_verdict_needs_an_interval_that_leaves_zero_out(low: float, high: float, better, verdict: str) -> None:
    assert verdict_of(Estimate((low + high) / 2, low, high, 10), better) == verdict


def test_one_pair_has_no_verdict_unless_it_is_exactly_equal() -> None:
    assert verdict_of(paired([7.0], [5.0]), "lower") == "neutral"
    assert verdict_of(paired([7.0], [7.0]), "lower") == "no_difference"
    assert verdict_of(paired([], []), "lower") == "neutral"


def replications(differences: dict[tuple[str, str], list[float]]) -> pd.DataFrame:
    """Before is 100, 110, 120, …; after that and the differences given by (metric, area)."""
    return pd.DataFrame(
        [
            {"arm": arm, "seed": seed, "metric": metric, "area": area, "value": 100.0 + 10.0 * seed + added}
            for (metric, area), values in differences.items()
            for seed, value in enumerate(values)
            for arm, added in (("before", 0.0), ("after", value))
        ]
    )


FIVE = [-4.0, -6.0, -5.0, -3.0, -7.0]  # −5 ± 1.96, p = 0.0021
JUST = [-1.0, -3.0, -2.0, -0.5, -1.0]  # −1.5 ± 1.24, p = 0.028
NOISE = [1.0, -1.0, 2.0, -2.0, 0.0]


def test_a_row_holds_both_intervals_and_what_pairing_was_worth() -> None:
    row = compare_rows(replications({("mean_delay_s", "city"): FIVE})).iloc[0]
    assert list(row.index) == list(ROW_COLUMNS)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((-6.963, -3.037), abs=0.001)
    assert -6.8 < row["bootstrap_low"] < -5.9 and -4.1 < row["bootstrap_high"] < -3.2
    assert row["paired_sd"] == pytest.approx(math.sqrt(2.5))
    before = [100.0, 110.0, 120.0, 130.0, 140.0]
    after = [b + d for b, d in zip(before, FIVE, strict=True)]
    assert row["unpaired_sd"] == pytest.approx(math.sqrt(np.var(before, ddof=1) + np.var(after, ddof=1)))
    assert row["correlation"] > 0.99
    assert row["seen_from"] == pytest.approx((2.776 + 0.941) * math.sqrt(2.5 / 5), abs=0.001)
    assert row["p"] == pytest.approx(0.0021, abs=0.0001)
    assert row["is_primary"]


def test_named_measures_are_held_together_by_holm() -> None:
    """Alone p = 0.028 is called; as the largest of two it stays so, as the smallest of four (0.11) it is not."""
    both = compare_rows(replications({("mean_delay_s", "city"): FIVE, ("tti", "city"): JUST})).set_index("metric")
    assert both.loc["tti", "verdict"] == "better" and both.loc["tti", "p_together"] == both.loc["tti", "p"]
    all_four = {(metric, "city"): NOISE for metric in PRIMARY_METRICS} | {("tti", "city"): JUST}
    four = compare_rows(replications(all_four)).set_index("metric")
    assert four.loc["tti", "p_together"] == pytest.approx(4.0 * four.loc["tti", "p"])
    assert four.loc["tti", "ci_high"] < 0.0 and four.loc["tti", "verdict"] == "no_difference"


def test_an_area_is_a_family_of_its_own_and_all_other_measures_are_one_more() -> None:
    metrics = ["mean_delay_s", "mean_delay_s", "vehicle_hours", "p95_travel_time_s", "vehicle_km"]
    together = adjusted(metrics, ["city", "near", "city", "near", "city"], [0.04, 0.03, 0.04, 0.01, 0.0001])
    assert together[:4].tolist() == pytest.approx([0.04, 0.03, 0.04, 0.02])
    assert math.isnan(together[4]), "vehicle-kilometres have no good direction: nothing is claimed of them"


def test_twenty_false_alarms_of_twenty_measures_are_rare_when_held_together() -> None:
    """Twenty independent measures of nothing: one alone is called in 64 % of studies, held together in some 5 %.

    200 studies: 10 expected, standard deviation 3.1; at most 19 with four standard errors less one study.
    """
    metrics = [metric for metric, words in METRICS.items() if words.better != "neither"][:10]
    alone = together = 0
    for study in range(200):
        p = [
            paired(np.zeros(10), chance.normal(study, f"{metric} {area}", np.arange(10))).p
            for metric in metrics
            for area in ("city", "near")
        ]
        held = adjusted([m for m in metrics for _ in range(2)], ["city", "near"] * len(metrics), p)
        primary = np.array([m in PRIMARY_METRICS for m in metrics for _ in range(2)])
        alone += min(p) <= 0.05
        together += bool((held[primary][::2] <= 0.05).any())  # the named measures, city-wide
    assert alone > 100
    assert together <= 19


def test_no_difference_says_how_large_one_could_be_and_what_could_have_been_seen() -> None:
    row = compare_rows(replications({("mean_delay_s", "city"): NOISE})).iloc[0]
    # ± 2.776 · √2.5 / √5 = 1.963; (2.776 + 0.941) · √2.5 / √5 = 2.628
    assert row_written(row, "en").verdict == "no difference larger than 2.0 s; could have seen from ± 2.6 on"
    assert row_written(row, "zh").verdict == "差别不大于 2.0 秒；±2.6 起可发现"


def test_the_largest_difference_is_rounded_up_so_that_it_stays_true() -> None:
    assert bound_written(-4.21, 1.0, 1) == "4.3"
    assert bound_written(-4.2, 4.1, 1) == "4.2"
    assert bound_written(-120.0, 231.0, -1) == "240"


def test_before_and_after_that_are_equal_to_the_last_digit_are_exactly_the_same() -> None:
    row = compare_rows(replications({("mean_delay_s", "city"): [0.0, 0.0]})).iloc[0]
    assert row["verdict"] == "no_difference" and row_written(row, "en").verdict == "exactly the same"


def test_nothing_is_named_where_something_stands_against_it() -> None:
    given = {("mean_delay_s", "city"): FIVE, ("vehicle_hours", "city"): NOISE, ("unfinished_share", "city"): FIVE}
    rows = compare_rows(replications({**given, ("tti", "city"): [0.0] * 5}), ("drifting",)).set_index("metric")
    assert rows["verdict"].to_dict() == {
        "mean_delay_s": "refused",
        "vehicle_hours": "refused",
        "unfinished_share": "better",
        "tti": "no_difference",
    }


def study(city: dict[str, str], near: dict[str, str] | None = None) -> pd.DataFrame:
    """Rows of primary measures with these verdicts."""
    rows = []
    for area, words in (("city", city), ("near", near or {})):
        for metric, verdict in words.items():
            sign = {"better": -1.0, "worse": 1.0}.get(verdict, 0.0)
            row = {name: float("nan") for name in ROW_COLUMNS} | {"metric": metric, "area": area, "n": 10}
            rows.append(row | {"difference": 2 * sign, "ci_low": sign - 1, "ci_high": sign + 1, "verdict": verdict})
    return pd.DataFrame(rows, columns=list(ROW_COLUMNS))


@pytest.mark.parametrize(
    ("city", "near", "verdict"),
    [
        ({"mean_delay_s": "better", "tti": "no_difference"}, {}, "better"),
        ({"mean_delay_s": "no_difference", "tti": "worse"}, {}, "worse"),
        ({"mean_delay_s": "better", "mean_search_s": "worse"}, {}, "depends"),
        ({"mean_delay_s": "better"}, {"mean_delay_s": "worse"}, "depends"),
        ({"mean_delay_s": "worse"}, {"tti": "better"}, "depends"),
        ({"mean_delay_s": "better"}, {"mean_delay_s": "no_difference"}, "better"),
        ({"mean_delay_s": "no_difference"}, {"mean_delay_s": "better"}, "no_difference"),
        ({"mean_delay_s": "neutral"}, {}, "neutral"),
        ({"mean_delay_s": "refused", "tti": "no_difference"}, {}, "refused"),
        ({"vehicle_hours": "better", "mean_delay_s": "no_difference"}, {}, "no_difference"),
    ],
)
def test_the_word_of_a_study_comes_from_its_named_measures(city, near, verdict: str) -> None:
    assert study_verdict(study(city, near)) == verdict


def test_the_verdict_names_the_measures_that_say_so() -> None:
    better = study({"mean_delay_s": "better", "tti": "better", "mean_search_s": "no_difference"})
    assert verdict_written(better, (), "en") == (
        "Named measures, city-wide: better (better: delay per trip, delay index (TTI); "
        "no difference seen: mean search for parking)."
    )
    depends = study({"mean_delay_s": "better"}, {"tti": "worse"})
    assert verdict_written(depends, (), "en") == (
        "Named measures, city-wide: depends (better: delay per trip; worse: delay index (TTI) (within 2 km of the "
        "measures))."
    )
    district = study({"mean_delay_s": "better"}).assign(area="district:芝罘区")
    assert verdict_written(pd.concat([depends, district]), (), "en") == verdict_written(depends, (), "en")
    nothing = study({"mean_delay_s": "no_difference"})
    assert "city-wide: delay per trip no difference larger than 1.0 s" in verdict_written(nothing, (), "en")


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_gives_its_reason_and_no_winner(refusal: str) -> None:
    for language in ("zh", "en"):
        line = verdict_written(study({"mean_delay_s": "refused"}), (refusal,), language)
        assert REFUSALS[refusal].reason.in_(language) in line and VERDICTS["refused"].in_(language) in line
        assert VERDICTS["better"].in_(language) not in line and VERDICTS["worse"].in_(language) not in line


def test_many_figures_of_parking_do_not_make_other_findings_rarer() -> None:
    """Two others at 0.02 and 0.04 stand at 0.04 and 0.04, with or without thirty rows of parking that show nothing."""
    others = [("vehicle_hours", "city", 0.02), ("mean_travel_time_s", "city", 0.04)]
    parking = [("mean_search_m", f"destination:区{i}", 0.9) for i in range(30)]
    metrics, areas, p = zip(*others, *parking, strict=True)
    assert adjusted(metrics, areas, p)[:2].tolist() == [0.04, 0.04]
