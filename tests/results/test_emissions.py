"""Fuel and exhaust of single trips, checked by hand; a car takes 2 km."""

import math

import numpy as np
import pandas as pd
import pytest
from small_runs import SEVEN, run_of, trip, trips_of

from twin.files.sourced_toml import is_tag
from twin.results.emissions import FACTORS, SPEED_CORRECTIONS, fuel_l_per_100km
from twin.results.measuring import metric_table

ELECTRIC = 0.055


def value(run, metric):
    return metric_table(run).set_index(["area", "metric"])["value"]["city", metric]


def test_every_factor_is_tagged_and_sourced_and_shares_of_standards_are_whole() -> None:
    assert all(is_tag(factor.tag) and factor.unit and factor.source for factor in FACTORS.values())
    assert sum(FACTORS[f"share_{standard}"].value for standard in ("gb3", "gb4", "gb5")) == pytest.approx(1.0)
    assert all(len(corrections) == 5 for corrections in SPEED_CORRECTIONS.values())


def test_a_car_at_36_km_an_hour_burns_what_the_curve_says() -> None:
    """2 km in 200 s: 36 km/h, 5 + 95/36 + 0.00035 · 36² = 8.0925 L/100 km, of the cars that are not electric."""
    run = run_of(trips_of(trip(1, 200.0)))
    litres = 0.02 * (5.0 + 95.0 / 36.0 + 0.00035 * 36.0**2)
    assert value(run, "fuel_l") == pytest.approx(litres * (1 - ELECTRIC))
    assert value(run, "electricity_kwh") == pytest.approx(0.02 * 16.0 * ELECTRIC)
    co2 = litres * (1 - ELECTRIC) * 2.31 + 0.02 * 16.0 * ELECTRIC * 0.54
    assert value(run, "co2_kg") == pytest.approx(co2)
    assert value(run, "co2_g_per_km") == pytest.approx(1000.0 * co2 / 2.0)


def test_the_curve_is_held_at_its_ends() -> None:
    slow, slowest, fast, fastest = fuel_l_per_100km(np.array([0.0, 5.0, 130.0, 100.0]))
    assert (slow, fast) == (slowest, fastest) == (24.0 + 0.00875, 5.0 + 0.95 + 3.5)


def test_a_lorry_burns_three_times_as_much_diesel_and_none_is_electric() -> None:
    car, lorry = run_of(trips_of(trip(1, 200.0))), run_of(trips_of(trip(1, 200.0, vehicle_class="truck")))
    assert value(lorry, "fuel_l") == pytest.approx(3.0 * value(car, "fuel_l") / (1 - ELECTRIC))
    assert value(lorry, "co2_kg") == pytest.approx(value(lorry, "fuel_l") * 2.68)
    assert value(lorry, "electricity_kwh") == value(lorry, "car_nox_kg") == 0.0


def test_pollutants_of_cars_fall_where_speed_rises_past_a_bound_of_the_guide() -> None:
    """2 km in 360 s are 20 km/h: the class above 20. In 361 s they are slower: the class below."""
    base_g = 0.1 * 1.18 + 0.3 * 0.68 + 0.6 * 0.46
    for time_s, correction in ((360.0, 1.26), (361.0, 1.69)):
        run = run_of(trips_of(trip(1, time_s)))
        assert value(run, "car_co_kg") == pytest.approx(2.0 * (1 - ELECTRIC) * base_g * correction / 1000.0)
    assert value(run, "car_pm25_kg") == pytest.approx(2.0 * (1 - ELECTRIC) * 0.0034 / 1000.0)


def test_waiting_to_enter_burns_nothing_but_a_trip_under_way_counts_its_distance_so_far() -> None:
    waited = run_of(trips_of(trip(1, 500.0, enter_s=SEVEN + 300.0)))
    assert value(waited, "fuel_l") == value(run_of(trips_of(trip(1, 200.0))), "fuel_l")
    outside = run_of(trips_of(trip(1, None, enter_s=None, distance_m=0.0, status="waiting_outside")))
    assert value(outside, "fuel_l") == 0.0
    under_way = run_of(trips_of(trip(1, None, distance_m=1000.0)))
    # 1 km in the 3 h to the end of the run: slower than the curve's slowest.
    assert value(under_way, "fuel_l") == pytest.approx(0.01 * (24.0 + 0.00875) * (1 - ELECTRIC))


def test_buses_are_partly_electric() -> None:
    buses = pd.DataFrame({"run_id": ["a"], "depart_s": [SEVEN], "arrive_s": [SEVEN + 1800.0], "distance_m": [10_000.0]})
    a_km = (0.702 * 90.0 * 0.54 + 0.298 * 35.0 * 2.68) / 100.0
    assert value(run_of(buses=buses), "bus_co2_kg") == pytest.approx(10.0 * a_km)
    assert math.isnan(value(run_of(), "bus_co2_kg")) and math.isnan(value(run_of(buses=buses[:0]), "bus_co2_kg"))
