"""Fuel, electricity and exhaust of a run's vehicles: distance of each trip × a factor at its mean speed.

FACTORS is the table of every number, each with its tag: F found in a public source, K-h / K-m / K-l general knowledge
of high / medium / low confidence, A assumed. Levels are therefore rough; differences between two arms rest on
distance and speed alone. Leaves out cold starts, slopes, wear of brakes and tyres, idling outside the network, and
pollutants of lorries and buses, for which no factor could be checked.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.results.columns import NAN, numbers, ratio_of
from twin.results.metrics import measured_buses, vehicle_km
from twin.results.run import Run
from twin.units import KMH_PER_MPS, METRES_PER_KM

Floats = NDArray[np.float64]

GRAMS_PER_KG = 1000.0


@dataclass(frozen=True, slots=True)
class Factor:
    """One number of the emission model, and how sure it is; `tag` as in the data of a place."""

    value: float
    unit: str
    tag: str
    source: str


_MEE = "MEE guide 2014 (道路机动车大气污染物排放清单编制技术指南), small petrol cars; from memory, to be verified"
_CURVE = "L/100 km = a + b/v + c·v², v in km/h: 11.4 at 15, 8.5 at 30, 7.8 at 60, 8.4 at 80"

FACTORS: dict[str, Factor] = {
    "car_fuel_a": Factor(5.0, "L/100 km", "A", _CURVE),
    "car_fuel_b": Factor(95.0, "L·km/h/100 km", "A", _CURVE),
    "car_fuel_c": Factor(0.00035, "L/100 km/(km/h)²", "A", _CURVE),
    "lorry_fuel_ratio": Factor(3.0, "lorry ÷ car", "A", "about 24 L/100 km at 40 km/h for a medium diesel lorry"),
    "slowest_kmh": Factor(5.0, "km/h", "A", "curve and corrections are held below it"),
    "fastest_kmh": Factor(100.0, "km/h", "A", "curve is held above it"),
    "electric_car_share": Factor(0.055, "share", "K-l", "new-energy vehicles 5–6 % of cars at the end of 2023"),
    "electric_car": Factor(16.0, "kWh/100 km", "A", "15–17 kWh/100 km"),
    "petrol_co2": Factor(2.31, "kg/L", "K-h", "carbon of petrol"),
    "diesel_co2": Factor(2.68, "kg/L", "K-h", "carbon of diesel"),
    "grid_co2": Factor(0.54, "kg/kWh", "K-m", "national grid 2022; Shandong's is higher"),
    "battery_bus_share": Factor(
        0.702, "share", "F:58", "省交通运输厅 2025-12-01: 70.2 % of 2,400 buses run on batteries"
    ),
    "battery_bus": Factor(90.0, "kWh/100 km", "K-m", "12 m battery bus 80–100 kWh/100 km"),
    "other_bus": Factor(35.0, "L/100 km", "A", "diesel equivalent of gas, hybrid and hydrogen buses"),
    "share_gb3": Factor(0.10, "share of petrol cars", "A", "国3 and older"),
    "share_gb4": Factor(0.30, "share of petrol cars", "A", "国4"),
    "share_gb5": Factor(0.60, "share of petrol cars", "A", "国5 and 国6; the guide has no factors for 国6"),
    "co_gb3": Factor(1.18, "g/km", "K-m", _MEE),
    "co_gb4": Factor(0.68, "g/km", "K-m", _MEE),
    "co_gb5": Factor(0.46, "g/km", "K-m", _MEE),
    "hc_gb3": Factor(0.191, "g/km", "K-m", _MEE),
    "hc_gb4": Factor(0.075, "g/km", "K-m", _MEE),
    "hc_gb5": Factor(0.056, "g/km", "K-m", _MEE),
    "nox_gb3": Factor(0.100, "g/km", "K-m", _MEE),
    "nox_gb4": Factor(0.032, "g/km", "K-m", _MEE),
    "nox_gb5": Factor(0.017, "g/km", "K-m", _MEE),
    "pm25_gb3": Factor(0.007, "g/km", "K-m", _MEE),
    "pm25_gb4": Factor(0.003, "g/km", "K-m", _MEE),
    "pm25_gb5": Factor(0.003, "g/km", "K-m", _MEE),
}

SPEED_BOUNDS_KMH = (20.0, 30.0, 40.0, 80.0)
"""Bounds of the guide's speed classes (K-m): a speed at a bound is of the class above."""

SPEED_CORRECTIONS: dict[str, tuple[float, ...]] = {  # MEE guide 2014, petrol (K-m)
    "co": (1.69, 1.26, 0.79, 0.39, 0.62),
    "hc": (1.68, 1.25, 0.78, 0.32, 0.59),
    "nox": (1.38, 1.13, 0.90, 0.96, 0.96),
    "pm25": (1.0, 1.0, 1.0, 1.0, 1.0),  # none is given
}


def fuel_l_per_100km(speeds_kmh: Floats) -> Floats:
    """Fuel of a petrol car at mean speeds (L/100 km); see FACTORS.

    >>> [round(float(v), 1) for v in fuel_l_per_100km(np.array([15.0, 30.0, 60.0]))]
    [11.4, 8.5, 7.8]
    """
    v = np.clip(speeds_kmh, _of("slowest_kmh"), _of("fastest_kmh"))
    used: Floats = _of("car_fuel_a") + _of("car_fuel_b") / v + _of("car_fuel_c") * v**2
    return used


def fuel_l(run: Run, trips: pd.DataFrame) -> float:
    """Petrol and diesel of cars and lorries (L): Σ distance × (1 − electric share) × consumption at the mean speed."""
    petrol, diesel = _fuel_by_kind_l(run, trips)
    return petrol + diesel


def electricity_kwh(run: Run, trips: pd.DataFrame) -> float:
    """Electricity of electric cars (kWh): Σ distance × electric share × kWh a kilometre, the same at every speed."""
    cars_km = float(_driven_km(trips)[~_are_lorries(trips)].sum())
    return cars_km * _of("electric_car_share") * _of("electric_car") / 100.0


def co2_kg(run: Run, trips: pd.DataFrame) -> float:
    """Carbon dioxide (kg): petrol and diesel burnt × kg a litre + electricity × kg a kWh of the grid."""
    petrol, diesel = _fuel_by_kind_l(run, trips)
    grid = electricity_kwh(run, trips) * _of("grid_co2")
    return petrol * _of("petrol_co2") + diesel * _of("diesel_co2") + grid


def co2_g_per_km(run: Run, trips: pd.DataFrame) -> float:
    """Carbon dioxide per vehicle-kilometre (g/km): total over total."""
    return GRAMS_PER_KG * ratio_of(co2_kg(run, trips), vehicle_km(run, trips))


def car_nox_kg(run: Run, trips: pd.DataFrame) -> float:
    """Nitrogen oxides of petrol cars (kg). Source: MEE guide 2014, base factors × speed correction."""
    return _pollutant_kg(run, trips, "nox")


def car_co_kg(run: Run, trips: pd.DataFrame) -> float:
    """Carbon monoxide of petrol cars (kg). Source: MEE guide 2014, base factors × speed correction."""
    return _pollutant_kg(run, trips, "co")


def car_hc_kg(run: Run, trips: pd.DataFrame) -> float:
    """Hydrocarbons of petrol cars (kg). Source: MEE guide 2014, base factors × speed correction."""
    return _pollutant_kg(run, trips, "hc")


def car_pm25_kg(run: Run, trips: pd.DataFrame) -> float:
    """Fine particles from the exhaust of petrol cars (kg). Source: MEE guide 2014, base factors."""
    return _pollutant_kg(run, trips, "pm25")


def bus_co2_kg(run: Run) -> float:
    """Carbon dioxide of bus runs that start in the measured window (kg); NaN where there are no buses."""
    buses = measured_buses(run)
    if buses is None or not len(buses):
        return NAN
    electric = _of("battery_bus_share") * _of("battery_bus") * _of("grid_co2")
    fuelled = (1.0 - _of("battery_bus_share")) * _of("other_bus") * _of("diesel_co2")
    return float(_driven_km(buses).sum()) * (electric + fuelled) / 100.0


EMISSION_METRICS: dict[str, Callable[[Run, pd.DataFrame], float]] = {
    metric.__name__: metric
    for metric in (
        fuel_l,
        electricity_kwh,
        co2_kg,
        co2_g_per_km,
        car_nox_kg,
        car_co_kg,
        car_hc_kg,
        car_pm25_kg,
    )
}
"""Figures of a run's measured trips, or of some of them."""

BUS_EMISSION_METRICS: dict[str, Callable[[Run], float]] = {"bus_co2_kg": bus_co2_kg}


def _of(name: str) -> float:
    return FACTORS[name].value


def _driven_km(table: pd.DataFrame) -> Floats:
    return np.nan_to_num(numbers(table, "distance_m")) / METRES_PER_KM


def _are_lorries(trips: pd.DataFrame) -> NDArray[np.bool_]:
    return (trips["vehicle_class"] == "truck").to_numpy(dtype=np.bool_)


def _speeds_kmh(run: Run, trips: pd.DataFrame) -> Floats:
    """Mean speed of each trip on the streets (km/h): distance over time from coming on to the end, or to now."""
    ends = numbers(trips, "arrive_s")
    driven_s = np.where(np.isnan(ends), run.records.end_s, ends) - numbers(trips, "enter_s")
    on_the_way = np.nan_to_num(driven_s) > 0.0
    speeds: Floats = np.divide(numbers(trips, "distance_m"), driven_s, out=np.zeros(len(trips)), where=on_the_way)
    return np.nan_to_num(speeds) * KMH_PER_MPS


def _fuel_by_kind_l(run: Run, trips: pd.DataFrame) -> tuple[float, float]:
    """Petrol of cars and diesel of lorries (L)."""
    as_a_car_l = _driven_km(trips) * fuel_l_per_100km(_speeds_kmh(run, trips)) / 100.0
    lorries = _are_lorries(trips)
    petrol = float(as_a_car_l[~lorries].sum()) * (1.0 - _of("electric_car_share"))
    return petrol, float(as_a_car_l[lorries].sum()) * _of("lorry_fuel_ratio")


def _pollutant_kg(run: Run, trips: pd.DataFrame, pollutant: str) -> float:
    base_g_per_km = sum(_of(f"share_{standard}") * _of(f"{pollutant}_{standard}") for standard in _STANDARDS)
    corrections = np.array(SPEED_CORRECTIONS[pollutant])
    correction = corrections[np.digitize(_speeds_kmh(run, trips), SPEED_BOUNDS_KMH)]
    petrol_km = _driven_km(trips) * ~_are_lorries(trips) * (1.0 - _of("electric_car_share"))
    return float((petrol_km * correction).sum()) * base_g_per_km / GRAMS_PER_KG


_STANDARDS = ("gb3", "gb4", "gb5")
