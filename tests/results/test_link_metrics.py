"""Figures of streets and junctions of tiny runs: street 1 and 2 are 1 km long and take 100 s at free speed."""

import math

import pytest
from small_runs import NINE, SEVEN, STREETS, links_of, run_of

from twin.results.measuring import metric_table

QUARTER = 900.0


def value(run, metric, area="city", near_links=()):
    return metric_table(run, near_links).set_index(["area", "metric"])["value"][area, metric]


def test_tpi_of_links_at_half_their_free_speed_is_4_by_annex_c() -> None:
    run = run_of(links=links_of(("1", SEVEN, 10, 200.0), ("2", SEVEN, 10, 200.0)))
    assert value(run, "tpi") == 4.0


def test_tpi_weighs_links_by_vehicle_kilometres() -> None:
    run = run_of(links=links_of(("1", SEVEN, 3, 100.0), ("2", SEVEN, 1, 500.0), ("2", SEVEN + 900, 0, None)))
    # Delay-time ratios 0 and 0.8, weighted 3 to 1: 0.2, two thirds of the first band, 0–0.3.
    assert value(run, "tpi") == pytest.approx(4 / 3, abs=1e-9)


def test_tpi_takes_light_traffic_with_signals_as_free() -> None:
    run = run_of(links=links_of(("1", SEVEN, 1, 150.0), ("2", SEVEN, 1, 100.0)), light_s={"1": 150.0})
    assert value(run, "tpi") == 0.0


def test_tpi_leaves_out_intervals_beyond_the_window() -> None:
    run = run_of(links=links_of(("1", SEVEN, 1, 200.0), ("1", SEVEN - 900, 1, 9000.0), ("1", NINE, 1, 9000.0)))
    assert value(run, "tpi") == 4.0


def test_each_quarter_of_an_hour_has_its_tpi_and_its_congested_kilometres() -> None:
    run = run_of(links=links_of(("1", SEVEN, 1, 200.0), ("2", SEVEN, 1, 200.0), ("1", SEVEN + QUARTER, 1, 100.0)))
    assert (value(run, "tpi", "quarter:07:00"), value(run, "tpi", "quarter:07:15")) == (4.0, 0.0)
    assert value(run, "congested_km", "quarter:07:00") == 2.0
    assert value(run, "congested_km", "quarter:07:15") == 0.0


def test_a_link_is_congested_at_half_its_light_traffic_speed_and_not_above() -> None:
    def congested_km(time_s, **light):
        return value(run_of(links=links_of(("1", SEVEN, 1, time_s)), **light), "congested_km")

    assert (congested_km(200.0), congested_km(199.0), congested_km(200.0, light_s={"1": 150.0})) == (1.0, 0.0, 0.0)


def test_congested_kilometres_are_averaged_over_quarters_and_the_worst_is_told() -> None:
    run = run_of(
        links=links_of(
            *(("1", SEVEN + QUARTER * k, 1, 200.0) for k in range(4)),
            *(("2", SEVEN + QUARTER * k, 1, 300.0 if k == 0 else 100.0) for k in range(4)),
        )
    )
    # Street 1 in all four quarters, street 2 in one: 2, 1, 1, 1 km of 2 km.
    assert (value(run, "congested_km"), value(run, "most_congested_km")) == (1.25, 2.0)
    assert value(run, "congested_km_share") == 5 / 8


def test_a_link_with_a_standing_queue_that_nobody_leaves_is_congested_and_an_empty_one_is_not() -> None:
    links = links_of(("1", SEVEN, 0, None), ("2", SEVEN, 0, None))
    run = run_of(links=links.assign(max_queue_m=[400.0, 0.0]))
    assert value(run, "congested_km") == 1.0
    assert value(run, "congested_km_share") == 1.0, "of the kilometres with anybody on them"


def test_congested_duration_counts_quarters_with_a_tpi_of_four_or_more() -> None:
    rows = [("1", SEVEN + QUARTER * k, 1, time_s) for k, time_s in enumerate([200.0, 400.0, 190.0, 100.0])]
    assert value(run_of(links=links_of(*rows)), "congested_min") == 30.0
    assert math.isnan(value(run_of(links=links_of(("1", SEVEN, 0, None))), "congested_min"))


def test_kilometres_at_level_e_or_f_are_those_at_most_at_two_fifths_of_free_speed() -> None:
    # 1 vehicle at 150 s and 1 at 350 s: 250 s on average, exactly 40 %: level E. Street 2 at 249 s: level D.
    run = run_of(links=links_of(("1", SEVEN, 1, 150.0), ("1", SEVEN + QUARTER, 1, 350.0), ("2", SEVEN, 1, 249.0)))
    assert value(run, "los_e_f_km_share") == 0.5


def test_delay_at_signal_junctions_is_time_over_free_time_on_their_approaches_alone() -> None:
    run = run_of(links=links_of(("1", SEVEN, 3, 140.0), ("1", SEVEN + QUARTER, 1, 180.0), ("2", SEVEN, 9, 900.0)))
    assert value(run, "junction_delay_s") == (3 * 40.0 + 80.0) / 4
    assert value(run, "junctions_level_4_share") == 0.0


def test_a_junction_above_sixty_seconds_is_of_level_four() -> None:
    both = STREETS.assign(signal_node=["N1", "N2"])
    links = links_of(("1", SEVEN, 1, 160.0), ("2", SEVEN, 1, 161.0))
    assert value(run_of(links=links, streets=both), "junctions_level_4_share") == 0.5


def test_without_signals_or_traffic_there_is_no_junction_delay() -> None:
    none = STREETS.assign(signal_node="")
    assert math.isnan(value(run_of(streets=none), "junction_delay_s"))
    assert math.isnan(value(run_of(links=links_of(("1", SEVEN, 0, None))), "junctions_level_4_share"))


def test_near_takes_links_of_the_set_alone() -> None:
    run = run_of(links=links_of(("1", SEVEN, 1, 100.0), ("2", SEVEN, 1, 200.0)))
    assert (value(run, "tpi", "near", {"2"}), value(run, "congested_km", "near", {"2"})) == (4.0, 1.0)
