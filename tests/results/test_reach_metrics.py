"""Coverage, access, fleet and cost of tiny tables checked in the head; rows without chance have no interval."""

import math

import pandas as pd
import pytest
from small_runs import run_of
from test_comparison import compared

from twin.records import LINE_COLUMNS
from twin.results.dictionary import METRICS
from twin.results.measuring import metric_table
from twin.results.reach_metrics import BUS_REACH_METRICS, CAR_REACH_METRICS, ZONE_METRICS
from twin.results.service_metrics import BusCost, bus_cost_measured_yuan, bus_cost_yuan, bus_km_a_day, fleet
from twin.wording import NO_CHANCE

ZONES = pd.DataFrame(
    {
        "zone_id": ["Z1", "Z2"],
        "district": ["芝罘区", "莱山区"],
        "residents": [300.0, 100.0],
        "jobs": [100.0, 300.0],
        "covered_300m": [0.5, 0.1],
        "covered_500m": [1.0, 0.2],
        "jobs_bus_45min": [1000.0, 200.0],
    }
)
LINES = pd.DataFrame(
    [
        ["1路/上行", "1路", "上行", 9, 10_000.0, 1800.0, 60, 12, 5],
        ["1路/下行", "1路", "下行", 9, 10_000.0, 1800.0, 60, 12, 5],
        ["2路/上行", "2路", "上行", 9, 5_000.0, 900.0, 10, 0, 1],
    ],
    columns=list(LINE_COLUMNS),
)  # fmt: skip
PLAIN = BusCost(yuan_per_hour=10.0, yuan_per_km=1.0, yuan_per_bus_day=100.0)


def test_coverage_weighs_zones_by_residents_or_by_jobs() -> None:
    """Residents (300 · 1 + 100 · 0.2) / 400, jobs (100 · 1 + 300 · 0.2) / 400."""
    assert ZONE_METRICS["covered_residents_500m"](ZONES) == pytest.approx(0.8)
    assert ZONE_METRICS["covered_jobs_500m"](ZONES) == pytest.approx(0.4)
    assert ZONE_METRICS["covered_residents_300m"](ZONES) == pytest.approx(0.4)


def test_what_is_not_known_of_a_zone_is_not_measured() -> None:
    assert math.isnan(ZONE_METRICS["schools_bus_45min"](ZONES))
    gap = ZONES.assign(jobs_bus_45min=[1000.0, math.nan])
    assert math.isnan(ZONE_METRICS["jobs_bus_45min"](gap))


def test_figures_by_bus_and_coverage_hold_no_chance_and_those_by_car_do() -> None:
    assert all(METRICS[metric].is_exact for metric in BUS_REACH_METRICS)
    assert not any(METRICS[metric].is_exact for metric in CAR_REACH_METRICS)


def test_buses_of_a_line_are_counted_once_for_both_directions() -> None:
    assert fleet(LINES) == 6.0


def test_costs_are_of_hours_kilometres_and_buses() -> None:
    """Line 1: 120 runs of 10 km and half an hour; line 2: 10 of 5 km and a quarter: 1,250 km, 62.5 h, 6 buses."""
    assert bus_km_a_day(LINES) == 1250.0
    assert bus_cost_yuan(LINES, PLAIN) == 10.0 * 62.5 + 1250.0 + 600.0
    # In the window 24 of the 120 runs of line 1, none of line 2: a fifth of 600 + 1,200 + 500.
    assert bus_cost_measured_yuan(LINES, PLAIN) == pytest.approx(2300.0 / 5)


def arms(covered_after: list[float]):
    before = [run_of(zones=ZONES, lines=LINES, seed=seed) for seed in (1, 2, 3)]
    zones = ZONES.assign(covered_500m=covered_after)
    after = [run_of(zones=zones, lines=LINES, arm="after", seed=seed) for seed in (1, 2, 3)]
    return compared(before, after)


def row(comparison, metric, area="city"):
    return comparison.rows.set_index(["area", "metric"]).loc[(area, metric)]


def test_a_difference_without_chance_has_a_word_and_no_interval() -> None:
    comparison = arms([1.0, 0.1])
    lost = row(comparison, "covered_residents_500m")
    assert lost["difference"] == pytest.approx(-0.025) and lost["verdict"] == "worse"
    assert all(math.isnan(lost[name]) for name in ("ci_low", "ci_high", "bootstrap_low", "p", "p_together"))
    table = comparison.table("en", whole=True).set_index(["metric", "area"])
    written = table.loc[(METRICS["covered_residents_500m"].name.en, "city-wide")]
    assert (written["95 % interval"], written["verdict"]) == (NO_CHANCE.en, "worse")


def test_what_changes_nothing_is_exactly_zero_and_said_to_be_the_same() -> None:
    comparison = arms([1.0, 0.2])
    for metric in ("covered_residents_500m", "jobs_bus_45min", "fleet", "bus_cost_yuan"):
        same = row(comparison, metric)
        assert same[["difference", "ci_low", "ci_high"]].tolist() == [0.0, 0.0, 0.0]
        assert same["verdict"] == "no_difference"
    table = comparison.table("en", whole=True).set_index(["metric", "area"])
    assert table.loc[(METRICS["fleet"].name.en, "city-wide"), "verdict"] == "exactly the same"


def test_a_small_difference_without_chance_is_written_with_the_digits_it_needs() -> None:
    table = arms([1.0, 0.19996]).table("en", whole=True).set_index(["metric", "area"])
    assert table.loc[(METRICS["covered_residents_500m"].name.en, "city-wide"), "change"] == "−0.000010"


def test_a_district_has_its_own_coverage() -> None:
    values = metric_table(run_of(zones=ZONES)).set_index(["area", "metric"])["value"]
    assert values["district:莱山区", "covered_residents_500m"] == 0.2
