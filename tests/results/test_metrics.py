"""Key figures of tiny runs, checked in the head: street 1 and 2 are 1 km long and take 100 s at free speed."""

import math

import pandas as pd
import pytest
from small_runs import NINE, SEVEN, links_of, run_of, trip, trips_of

from twin.records import STUDY_TRIP_COLUMNS
from twin.results.measuring import metric_table


def value(run, metric, area="city", near_links=()):
    table = metric_table(run, near_links).set_index(["area", "metric"])["value"]
    return table[area, metric]


def test_mean_time_delay_hours_and_speed_come_from_totals() -> None:
    run = run_of(trips_of(trip(1, 300.0), trip(2, 500.0)))
    names = ("mean_travel_time_s", "mean_delay_s", "vehicle_hours", "vehicle_km", "mean_speed_kmh", "tti")
    assert [value(run, name) for name in names] == [400.0, 200.0, 800 / 3600, 4.0, 5.0 * 3.6, 800 / 500]


def test_95_of_100_trips_take_no_longer_than_the_95th_percentile() -> None:
    run = run_of(trips_of(*(trip(i, float(i)) for i in range(101))))
    assert value(run, "p95_travel_time_s") == 95.0


def test_an_unfinished_trip_counts_with_its_time_so_far() -> None:
    run = run_of(trips_of(trip(1, 300.0), trip(2, None, depart_s=NINE - 100.0)))
    assert value(run, "mean_travel_time_s") == (300.0 + 3700.0) / 2
    assert value(run, "unfinished_share") == 0.5


@pytest.mark.parametrize(("status", "share"), [("waiting_outside", 0.5), ("unroutable", 0.5), ("gave_up", 0.0)])
def test_cars_that_never_arrive_are_unfinished_and_those_that_gave_up_are_not(status: str, share: float) -> None:
    run = run_of(trips_of(trip(1, 300.0), trip(2, None, status=status)))
    assert value(run, "unfinished_share") == share


def test_only_trips_that_depart_in_the_window_count_its_end_excluded() -> None:
    early, late = trip(2, 9000.0, depart_s=SEVEN - 1.0), trip(3, 9000.0, depart_s=NINE)
    run = run_of(trips_of(trip(1, 300.0), early, late))
    assert value(run, "mean_travel_time_s") == 300.0


def test_buses_are_not_travellers() -> None:
    run = run_of(trips_of(trip(1, 300.0), trip(2, 9000.0, vehicle_class="bus"), trip(3, 500.0, vehicle_class="truck")))
    assert value(run, "mean_travel_time_s") == 400.0


def test_search_is_averaged_over_those_who_want_a_public_space() -> None:
    run = run_of(
        trips_of(
            trip(1, 300.0),
            trip(2, 300.0, found_space=True),
            trip(3, 400.0, found_space=True, search_s=100.0),
            trip(4, 500.0, found_space=False, search_s=200.0, status="gave_up"),
        )
    )
    assert (value(run, "mean_search_s"), value(run, "no_space_share")) == (100.0, 1 / 3)


def test_who_still_searches_when_the_run_ends_has_found_no_space() -> None:
    run = run_of(trips_of(trip(1, 300.0, found_space=True), trip(2, None, search_s=60.0)))
    assert (value(run, "mean_search_s"), value(run, "no_space_share")) == (30.0, 0.5)


def test_percentiles_of_delay_and_search_leave_five_trips_of_a_hundred_above() -> None:
    trips = [trip(i, 200.0 + i, found_space=True, search_s=float(i)) for i in range(101)]
    run = run_of(trips_of(*trips))
    assert (value(run, "p95_delay_s"), value(run, "p95_search_s")) == (95.0, 95.0)


def test_delay_per_person_weighs_a_full_car_more() -> None:
    run = run_of(trips_of(trip(1, 300.0, persons=3.0), trip(2, 500.0, persons=1.0)))
    # Delays 100 s and 300 s for three people and one.
    assert value(run, "delay_per_person_s") == (3 * 100.0 + 300.0) / 4
    assert value(run, "person_hours") == (3 * 300.0 + 500.0) / 3600
    assert value(run, "delay_vehicle_hours") == 400.0 / 3600


def test_planning_time_and_buffer_come_from_ratios_to_light_traffic() -> None:
    # Ratios 1.00, 1.01, … 2.00: mean 1.5, 95th percentile 1.95.
    run = run_of(trips_of(*(trip(i, 250.0 + 2.5 * i) for i in range(101))))
    assert value(run, "pti") == pytest.approx(1.95)
    assert value(run, "buffer_index") == pytest.approx(0.45 / 1.5)


def test_a_trip_without_a_light_traffic_time_is_in_no_ratio() -> None:
    run = run_of(trips_of(trip(1, 500.0), trip(2, None, free_travel_s=0.0, status="unroutable")))
    assert (value(run, "pti"), value(run, "buffer_index")) == (2.0, 0.0)


def test_districts_are_those_in_which_trips_start_and_gates_have_none() -> None:
    run = run_of(trips_of(trip(1, 300.0), trip(2, 500.0, origin_district="莱山区"), trip(3, 900.0, origin_district="")))
    assert value(run, "mean_travel_time_s", "district:芝罘区") == 300.0
    assert value(run, "mean_delay_s", "district:莱山区") == 300.0
    areas = metric_table(run)["area"]
    assert [area for area in areas.unique() if area.startswith("district")] == ["district:芝罘区", "district:莱山区"]


def test_bus_speed_is_distance_over_time_of_runs_that_start_in_the_window() -> None:
    buses = pd.DataFrame(
        {
            "run_id": ["a", "b", "c"],
            "depart_s": [SEVEN, SEVEN, SEVEN - 600.0],
            "arrive_s": [SEVEN + 1800.0, SEVEN + 3600.0, SEVEN + 9000.0],
            "distance_m": [9000.0, 9000.0, 9000.0],
        }
    )
    assert value(run_of(buses=buses), "bus_speed_kmh") == pytest.approx(18.0 / 1.5)


SUMS_OVER_NOBODY = {
    "illegal_stops",
    *("trips", "vehicle_hours", "delay_vehicle_hours", "person_hours", "vehicle_km", "fuel_l", "electricity_kwh"),
    *("co2_kg", "car_nox_kg", "car_co_kg", "car_hc_kg", "car_pm25_kg"),
}


def test_what_cannot_be_measured_is_nan_and_never_zero() -> None:
    table = metric_table(run_of(trips_of(), links_of()), near_links={"1"})
    is_zero = table["value"] == 0.0
    assert set(table.loc[is_zero, "metric"]) == SUMS_OVER_NOBODY
    assert table.loc[~is_zero, "value"].isna().all()


def test_raw_runs_without_parking_have_every_other_figure() -> None:
    raw = trips_of(trip(1, 300.0)).drop(columns=list(STUDY_TRIP_COLUMNS))
    run = run_of(raw)
    assert value(run, "mean_travel_time_s") == 300.0
    unknown = ("tti", "pti", "buffer_index", "mean_search_s", "p95_search_s", "no_space_share", "delay_per_person_s")
    assert all(math.isnan(value(run, name)) for name in unknown)


def test_near_counts_trips_marked_so_and_links_in_the_set() -> None:
    run = run_of(
        trips_of(trip(1, 300.0), trip(2, 500.0, near=True)),
        links_of(("1", SEVEN, 1, 100.0), ("2", SEVEN, 1, 200.0)),
    )
    assert value(run, "mean_travel_time_s", "near", {"2"}) == 500.0
    assert value(run, "tpi", "near", {"2"}) == 4.0


def test_without_near_links_there_are_no_rows_for_them() -> None:
    assert set(metric_table(run_of())["area"]) == {"city", "district:芝罘区", "destination:莱山区", "quarter:07:00"}
