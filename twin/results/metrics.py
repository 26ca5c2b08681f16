"""Key figures of one run: one function each, with formula and source. Names, units and wording: `twin.wording.METRICS`.

Every figure counts all trips that want to start in the measured window. A trip that has not ended when the run ends
counts with its time so far, a lower bound; the share of such trips is a figure of its own. What cannot be measured
(no bus, no parking, no trip) is NaN, never 0.
"""

from collections.abc import Callable, Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.results.run import Run
from twin.results.standards import tpi_by_annex_c
from twin.units import KMH_PER_MPS, METRES_PER_KM, SECONDS_PER_HOUR
from twin.wording import METRICS

UNFINISHED = ("travelling", "waiting_outside", "unroutable")
"""States of trips that never came to an end; who gave up has one."""

NAN = float("nan")


def travel_times_s(run: Run, trips: pd.DataFrame) -> NDArray[np.float64]:
    """Time of each trip from wanting to start to its end (s); without an end, to the end of the run."""
    ends = _numbers(trips, "arrive_s")
    return np.where(np.isnan(ends), run.records.end_s, ends) - _numbers(trips, "depart_s")


def mean_travel_time_s(run: Run, trips: pd.DataFrame) -> float:
    """Mean travel time (s): Σ time ÷ trips."""
    return _mean(travel_times_s(run, trips))


def p95_travel_time_s(run: Run, trips: pd.DataFrame) -> float:
    """Travel time that 95 % of trips do not exceed (s), linear between the two nearest trips."""
    times = travel_times_s(run, trips)
    return float(np.quantile(times, 0.95)) if len(times) else NAN


def mean_delay_s(run: Run, trips: pd.DataFrame) -> float:
    """Mean delay per trip (s): (Σ time − Σ time over the same links at free speed) ÷ trips.

    Junctions, waiting to enter and search for parking are delay. A trip that never drove has its whole wait.
    """
    return _mean(travel_times_s(run, trips) - np.nan_to_num(_numbers(trips, "free_flow_s")))


def vehicle_hours(run: Run, trips: pd.DataFrame) -> float:
    """Vehicle-hours of the trips (veh·h): Σ time ÷ 3600."""
    return float(travel_times_s(run, trips).sum()) / SECONDS_PER_HOUR


def vehicle_km(run: Run, trips: pd.DataFrame) -> float:
    """Vehicle-kilometres of the trips (veh·km), search for parking included: Σ distance."""
    return float(np.nan_to_num(_numbers(trips, "distance_m")).sum()) / METRES_PER_KM


def mean_speed_kmh(run: Run, trips: pd.DataFrame) -> float:
    """Mean speed (km/h): Σ distance ÷ Σ time, waiting and search included; never a mean of speeds."""
    distance_m = float(np.nan_to_num(_numbers(trips, "distance_m")).sum())
    return _ratio(distance_m, float(travel_times_s(run, trips).sum())) * KMH_PER_MPS


def tti(run: Run, trips: pd.DataFrame) -> float:
    """Travel time index: Σ time ÷ Σ time of the same routes in light traffic with signals.

    The light-traffic times are those of the base in both arms. Trips without such a time (no way) count in neither sum.
    Source: ratio of GB/T 33171-2016, 7, on trips in place of links.
    """
    if "free_travel_s" not in trips:
        return NAN
    free = _numbers(trips, "free_travel_s")
    known = free > 0.0
    return _ratio(float(travel_times_s(run, trips)[known].sum()), float(free[known].sum()))


def mean_search_s(run: Run, trips: pd.DataFrame) -> float:
    """Mean search for parking (s) of trips that want a public space, those that need not search counting 0."""
    if "found_space" not in trips:
        return NAN
    return _mean(np.nan_to_num(_numbers(trips[_want_a_space(trips)], "search_s")))


def no_space_share(run: Run, trips: pd.DataFrame) -> float:
    """Share (0–1) of trips that want a public space and got none; who still searches when the run ends got none."""
    if "found_space" not in trips:
        return NAN
    found = trips[_want_a_space(trips)]["found_space"].fillna(False).to_numpy(dtype=np.float64)
    return _mean(1.0 - found)


def unfinished_share(run: Run, trips: pd.DataFrame) -> float:
    """Share (0–1) of trips still under way, waiting to enter, or without a way when the run ends."""
    return _mean(trips["status"].isin(UNFINISHED).to_numpy().astype(np.float64))


def tpi(run: Run, links: pd.DataFrame) -> float:
    """Traffic performance index, 0–10, by GB/T 33171-2016 Annex C, of interval statistics of links.

    Each link and 15 min has the delay-time ratio 1 − free time ÷ mean time, at least 0, where free time is that of the
    base in light traffic with signals; weighted by vehicle-kilometres of the vehicles that left; then Annex C.
    A link that nobody left in an interval has no weight, however many stand on it.
    """
    time_s = _numbers(links, "mean_travel_time_s")
    weight = _numbers(links, "left") * _of_links(run.links.set_index("link_id")["length_m"], links)
    free_s = _of_links(run.free_times.over(run.links), links)
    counts = (weight > 0.0) & (time_s > 0.0)
    ratio = np.maximum(0.0, 1.0 - free_s[counts] / time_s[counts])
    return tpi_by_annex_c(_ratio(float((ratio * weight[counts]).sum()), float(weight[counts].sum())))


def bus_speed_kmh(run: Run) -> float:
    """Operating speed of buses (km/h): Σ distance ÷ Σ time of runs that start in the measured window, dwell included.

    A run that has not reached its last stop counts with its distance and time so far.
    """
    buses = run.records.buses
    if buses is None:
        return NAN
    departs = buses["depart_s"]
    started = buses[(departs >= run.measured.start_s) & (departs < run.measured.end_s)]
    distance_m = float(np.nan_to_num(_numbers(started, "distance_m")).sum())
    return _ratio(distance_m, float(travel_times_s(run, started).sum())) * KMH_PER_MPS


TRIP_METRICS: dict[str, Callable[[Run, pd.DataFrame], float]] = {
    "mean_travel_time_s": mean_travel_time_s,
    "p95_travel_time_s": p95_travel_time_s,
    "mean_delay_s": mean_delay_s,
    "vehicle_hours": vehicle_hours,
    "vehicle_km": vehicle_km,
    "mean_speed_kmh": mean_speed_kmh,
    "tti": tti,
    "mean_search_s": mean_search_s,
    "no_space_share": no_space_share,
    "unfinished_share": unfinished_share,
}
"""Figures of a run's measured trips, or of some of them."""


def metric_table(run: Run, near_links: Collection[str] = ()) -> pd.DataFrame:
    """All figures of a run: metric, area, value; in the order of the wording table, "city" before "near".

    "near": trips marked so and links of `near_links`; no such rows without near links. Buses are counted city-wide.
    """
    trips, links = run.measured_trips(), run.measured_links()
    values = {("city", name): metric(run, trips) for name, metric in TRIP_METRICS.items()}
    values["city", "tpi"] = tpi(run, links)
    values["city", "bus_speed_kmh"] = bus_speed_kmh(run)
    if near_links:
        near_trips = trips[trips["near"].fillna(False).astype(bool)] if "near" in trips else trips.iloc[:0]
        values |= {("near", name): metric(run, near_trips) for name, metric in TRIP_METRICS.items()}
        values["near", "tpi"] = tpi(run, links[links["link_id"].isin(list(near_links))])
    rows = [
        {"metric": metric, "area": area, "value": values[area, metric]}
        for area in ("city", "near")
        for metric in METRICS
        if (area, metric) in values
    ]
    return pd.DataFrame(rows, columns=["metric", "area", "value"])


def _want_a_space(trips: pd.DataFrame) -> NDArray[np.bool_]:
    """Trips that came to where they would park in public: found a space, found none, or search still."""
    known = trips["found_space"].notna().to_numpy(dtype=np.bool_)
    wants: NDArray[np.bool_] = known | (np.nan_to_num(_numbers(trips, "search_s")) > 0.0)
    return wants


def _of_links(known: pd.Series, links: pd.DataFrame) -> NDArray[np.float64]:
    """A value by link id, for each row of interval statistics."""
    return known.reindex(links["link_id"]).to_numpy(dtype=np.float64)


def _numbers(table: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """A column as floats, null as NaN."""
    return pd.to_numeric(table[column]).to_numpy(dtype=np.float64, na_value=np.nan)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else NAN


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0.0 else NAN
