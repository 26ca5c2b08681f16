"""Tables that show what a population was drawn from: totals, trip lengths, pairs of zones, riders of buses.

All are expected values of a weekday; nothing here is drawn.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.clock import TimeWindow
from twin.demand.inputs import DemandInputs
from twin.demand.profiles import DayShares
from twin.demand.streams import TripTables, balance_table, zone_ids
from twin.demand.zones import Skim

Floats = NDArray[np.float64]

LENGTH_BIN_KM = 1.0
LONGEST_KM = 60.0


def overview_tables(
    inputs: DemandInputs, tables: TripTables, skim: Skim, window: TimeWindow, notes: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """Name → DataFrame:

    modes: mode, unit (persons, vehicles), trips, share (of person trips), mean_km; trip_lengths: mode, unit, from_km,
    to_km, trips; purposes: purpose, mode, vehicles, vehicles_in_window, mean_km; od: origin_zone, destination_zone,
    vehicles, vehicles_in_window; bus_riders: zone_id, hour, riders; balance: purpose, rounds, gap; notes: note.
    """
    return {
        "modes": _modes(tables, skim),
        "trip_lengths": _trip_lengths(tables, skim),
        "purposes": _purposes(tables, skim, window),
        "od": _pairs(inputs, tables, window),
        "bus_riders": _bus_riders(inputs, tables),
        "balance": balance_table(tables.balances),
        "notes": pd.DataFrame({"note": pd.Series(list(notes), dtype="str")}),
    }


def _by_mode(tables: TripTables) -> dict[tuple[str, str], Floats]:
    """(mode, unit) → matrix of trips a day."""
    totals: dict[tuple[str, str], Floats] = {}
    for (_, mode), persons in sorted(tables.persons.items()):
        key = (mode, "persons")
        totals[key] = totals.get(key, np.zeros_like(persons)) + persons
    for stream in tables.streams:
        key = (stream.mode, "vehicles")
        totals[key] = totals.get(key, np.zeros_like(stream.vehicles)) + stream.vehicles
    return totals


def mean_km(table: Floats, km: Floats) -> float:
    """Mean length of a trip (km), free-flow way between the zones' middle points; nan for no trips."""
    total = table.sum()
    return float((table * np.where(np.isfinite(km), km, 0.0)).sum() / total) if total > 0 else float("nan")


def _modes(tables: TripTables, skim: Skim) -> pd.DataFrame:
    rows = [
        (mode, unit, float(table.sum()), mean_km(table, skim.km)) for (mode, unit), table in _by_mode(tables).items()
    ]
    shown = pd.DataFrame(rows, columns=["mode", "unit", "trips", "mean_km"])
    is_person = shown["unit"].eq("persons")
    persons = shown.loc[is_person, "trips"].sum()
    shown.insert(3, "share", (shown["trips"] / persons).where(is_person) if persons > 0 else np.nan)
    return shown


def _trip_lengths(tables: TripTables, skim: Skim) -> pd.DataFrame:
    edges_km = np.append(np.arange(0.0, LONGEST_KM, LENGTH_BIN_KM), np.inf)
    parts = []
    for (mode, unit), table in _by_mode(tables).items():
        is_there = table > 0
        trips, _ = np.histogram(skim.km[is_there], bins=edges_km, weights=table[is_there])
        parts.append(
            pd.DataFrame({"mode": mode, "unit": unit, "from_km": edges_km[:-1], "to_km": edges_km[1:], "trips": trips})
        )
    columns = ["mode", "unit", "from_km", "to_km", "trips"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _purposes(tables: TripTables, skim: Skim, window: TimeWindow) -> pd.DataFrame:
    vehicles: dict[tuple[str, str], Floats] = {}
    in_window: dict[tuple[str, str], float] = {}
    for stream in tables.streams:
        key = (stream.purpose, stream.mode)
        vehicles[key] = vehicles.get(key, np.zeros_like(stream.vehicles)) + stream.vehicles
        within = float(stream.vehicles.sum()) * DayShares.of(stream.profile).share_in(window)
        in_window[key] = in_window.get(key, 0.0) + within
    rows = [
        (purpose, mode, float(table.sum()), in_window[purpose, mode], mean_km(table, skim.km))
        for (purpose, mode), table in vehicles.items()
    ]
    return pd.DataFrame(rows, columns=["purpose", "mode", "vehicles", "vehicles_in_window", "mean_km"])


def _pairs(inputs: DemandInputs, tables: TripTables, window: TimeWindow) -> pd.DataFrame:
    n = len(inputs.zones)
    whole, within = np.zeros((n, n)), np.zeros((n, n))
    for stream in tables.streams:
        whole += stream.vehicles
        within += stream.vehicles * DayShares.of(stream.profile).share_in(window)
    origin, destination = np.nonzero(whole)
    names = zone_ids(inputs.zones)
    return pd.DataFrame(
        {
            "origin_zone": pd.Series(names[origin], dtype="str"),
            "destination_zone": pd.Series(names[destination], dtype="str"),
            "vehicles": whole[origin, destination],
            "vehicles_in_window": within[origin, destination],
        }
    )


def _bus_riders(inputs: DemandInputs, tables: TripTables) -> pd.DataFrame:
    rows, hours = np.nonzero(tables.bus_riders)
    return pd.DataFrame(
        {
            "zone_id": pd.Series(zone_ids(inputs.zones)[rows], dtype="str"),
            "hour": hours.astype(np.int64),
            "riders": tables.bus_riders[rows, hours],
        }
    )
