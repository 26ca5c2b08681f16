"""Figures of parking, from tables that can be added up in the head."""

import math

import pandas as pd
import pytest
from small_runs import NINE, SEVEN, cruising_of, links_of, parked, run_of, sites_of_run, trip, trips_of

from twin.results import parking_metrics as figures
from twin.results.cautions import cautions_of
from twin.results.measuring import metric_table
from twin.results.parking_compared import compare_cruising, compare_search_zones, compare_site_times

NO_SETTLING = pd.DataFrame(columns=["arm", "round", "relative_gap", "vehicle_hours"])


def three_drivers():
    """One parks at once 50 m off; one searches 600 m, 4 min, and walks 250 m; one searches 900 m, stops illegally."""
    return trips_of(
        parked(1, 300.0),
        parked(2, 540.0, search_s=240.0, search_m=600.0, walk_m=250.0, fee_yuan=8.0, destination_district="芝罘区"),
        trip(3, 900.0, found_space=False, search_s=600.0, search_m=900.0, parked_how="illegal", status="gave_up"),
        trip(4, 300.0),
    )


def test_search_and_walk_are_means_over_those_who_want_a_public_space() -> None:
    run = run_of(three_drivers())
    trips = run.measured_trips()
    assert figures.mean_search_m(run, trips) == 500.0  # (0 + 600 + 900) ÷ 3: the fourth wants none
    assert figures.searching_share(run, trips) == pytest.approx(2 / 3)
    assert figures.mean_walk_m(run, trips) == 150.0
    assert figures.p95_walk_m(run, trips) == pytest.approx(240.0)  # linear between 50 and 250
    assert figures.mean_fee_yuan(run, trips) == 5.0
    assert figures.illegal_stops(run, trips) == 1.0


def test_parking_is_told_by_the_district_where_the_space_is_wanted() -> None:
    table = metric_table(run_of(three_drivers())).set_index(["area", "metric"])["value"]
    assert table["destination:芝罘区", "mean_search_m"] == 600.0
    assert table["destination:莱山区", "mean_search_m"] == 450.0
    assert ("district:芝罘区", "mean_search_m") not in table.index


def test_cruising_is_the_part_of_driving_that_is_search() -> None:
    """Two links of 1 km: 100 and 300 vehicles leave them, of which 10 and 2 passages are in search: 12 of 400."""
    links = links_of(("1", SEVEN, 100, 200.0), ("2", SEVEN, 300, 200.0))
    run = run_of(links=links, cruising=cruising_of(("1", SEVEN, 10), ("2", SEVEN, 2), ("2", NINE, 99)))
    assert figures.cruising_share(run, run.measured_links()) == 0.03
    assert figures.cruising_share(run, run.measured_links().iloc[:1]) == 0.1
    table = metric_table(run).set_index(["area", "metric"])["value"]
    assert table["quarter:07:00", "cruising_share"] == 0.03


def test_without_records_of_cruising_there_is_no_share_of_it() -> None:
    run = run_of()
    assert math.isnan(figures.cruising_share(run, run.measured_links()))


def sites():
    """07:00–07:30: 10 spaces with 8 and 10 taken, 6 arrivals; 30 spaces with 6 taken, 4 arrivals, 12 yuan."""
    return sites_of_run(
        ("P1", SEVEN, 8, 4, 0),
        ("P2", SEVEN, 6, 2, 0),
        ("P1", SEVEN + 900.0, 10, 2, 3),
        ("P2", SEVEN + 900.0, 6, 2, 0),
        ("P1", NINE, 10, 9, 9),
        spaces=[10, 30, 10, 30, 10],
        district=["芝罘区", "莱山区"] * 2 + ["芝罘区"],
        revenue_yuan=[3.0] * 5,
    )


def test_utilisation_turnover_and_refusals_are_of_sites_in_the_window() -> None:
    run = run_of(sites=sites())
    there = figures.measured_sites(run)
    assert figures.parking_utilisation(run, there) == 30 / 80
    assert figures.parking_turnover(run, there) == 10 / 40 / 0.5
    assert figures.full_spaces_share(run, there) == 10 / 80  # P1 in the second quarter
    assert figures.turned_away(run, there) == 3.0
    assert figures.parking_revenue_yuan(run, there) == 12.0
    table = metric_table(run).set_index(["area", "metric"])["value"]
    assert table["destination:芝罘区", "parking_utilisation"] == 0.9
    assert table["destination:芝罘区", "parking_turnover"] == 6 / 10 / 0.5


def test_a_city_that_cruises_for_more_than_a_tenth_is_flagged_as_an_error_and_names_no_winner() -> None:
    def found(share: float):
        values = [("before", "cruising_share", "city", 0.02), ("after", "cruising_share", "city", share)]
        table = pd.DataFrame(values, columns=["arm", "metric", "area", "value"]).assign(seed=1)
        books = pd.DataFrame({"arm": ["before", "after"], "gridlocks": 0, "relieved": 0, "created": 9})
        return cautions_of(table, books, NO_SETTLING)

    assert found(0.1).refusals == ()
    flagged = found(0.12)
    assert flagged.refusals == ("cruising",)
    assert "12.0%" in flagged.warnings[0].en and flagged.warnings[0].en.startswith("Error flag")


def test_occupancy_is_told_site_by_site_and_quarter_by_quarter_for_both_arms() -> None:
    emptier = sites().assign(occupied=lambda table: table["occupied"] - 2)
    before = [run_of(seed=1, sites=sites()), run_of(seed=2, sites=emptier)]
    table = compare_site_times(before, [run_of(arm="after", seed=seed, sites=emptier) for seed in (1, 2)])
    first = table[table["site_id"] == "P1"].set_index("interval_start_s")
    assert first["before_occupied"].to_dict() == {SEVEN: 7.0, SEVEN + 900.0: 9.0, NINE: 9.0}
    assert first["after_occupied"].tolist() == [6.0, 8.0, 8.0]


def test_cruising_is_told_by_street_and_quarter_of_an_hour() -> None:
    links = links_of(("1", SEVEN, 100, 200.0), ("2", SEVEN, 300, 200.0))
    before = [run_of(seed=seed, links=links, cruising=cruising_of(("1", SEVEN, 10 * seed))) for seed in (1, 2)]
    after = [run_of(arm="after", seed=seed, links=links, cruising=cruising_of(("2", SEVEN, 3))) for seed in (1, 2)]
    table = compare_cruising(before, after).set_index("link_id")
    assert table.loc["1", ["before_share", "before_searching", "after_searching"]].tolist() == [0.15, 15.0, 0.0]
    assert table.loc["2", ["after_share", "after_searching"]].tolist() == [0.01, 3.0]


def test_search_is_told_by_the_zone_where_the_space_is_wanted() -> None:
    before, after = ([run_of(three_drivers(), arm=arm)] for arm in ("before", "after"))
    table = compare_search_zones(before, after).set_index("zone_id")
    assert table.loc["Z2", ["before_wanted", "before_search_s", "before_search_m"]].tolist() == [3.0, 280.0, 500.0]
    assert table.loc["Z2", "before_none_share"] == pytest.approx(1 / 3)


def test_runs_without_parking_have_empty_tables_of_it() -> None:
    runs = [run_of(trips_of(trip(1, 300.0)))], [run_of(trips_of(trip(1, 300.0)), arm="after")]
    assert [len(f(*runs)) for f in (compare_site_times, compare_cruising, compare_search_zones)] == [0, 0, 0]
