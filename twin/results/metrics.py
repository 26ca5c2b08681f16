"""Key figures of a run's trips and buses: one function each, with formula and source. Names, units and wording:
`twin.results.dictionary.METRICS`; which figure is taken of which area: `twin.results.measuring`.

Every figure counts all trips that want to start in the measured window. A trip that has not ended when the run ends
counts with its time so far, a lower bound; the share of such trips is a figure of its own. What cannot be measured
(no bus, no parking, no trip) is NaN, never 0.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.results.columns import NAN, mean_of, numbers, quantile_of, ratio_of
from twin.results.parking_metrics import want_a_space
from twin.results.run import Run
from twin.units import KMH_PER_MPS, METRES_PER_KM, SECONDS_PER_HOUR

UNFINISHED = ("travelling", "waiting_outside", "unroutable")
"""States of trips that never came to an end; who gave up has one."""

HIGH = 0.95
"""The high percentile of travel-time reliability (FHWA 2006)."""


def trips(run: Run, trips: pd.DataFrame) -> float:
    """Trips measured (count): what the means divide by."""
    return float(len(trips))


def travel_times_s(run: Run, trips: pd.DataFrame) -> NDArray[np.float64]:
    """Time of each trip from wanting to start to its end (s); without an end, to the end of the run."""
    ends = numbers(trips, "arrive_s")
    return np.where(np.isnan(ends), run.records.end_s, ends) - numbers(trips, "depart_s")


def mean_travel_time_s(run: Run, trips: pd.DataFrame) -> float:
    """Mean travel time (s): Σ time ÷ trips."""
    return mean_of(travel_times_s(run, trips))


def p95_travel_time_s(run: Run, trips: pd.DataFrame) -> float:
    """Travel time that 95 % of trips do not exceed (s), linear between the two nearest trips."""
    return quantile_of(travel_times_s(run, trips), HIGH)


def delays_s(run: Run, trips: pd.DataFrame) -> NDArray[np.float64]:
    """Delay of each trip (s): time less the same links at free speed; a trip that never drove has its whole wait."""
    return travel_times_s(run, trips) - np.nan_to_num(numbers(trips, "free_flow_s"))


def mean_delay_s(run: Run, trips: pd.DataFrame) -> float:
    """Mean delay per trip (s): (Σ time − Σ time over the same links at free speed) ÷ trips.

    Junctions, waiting to enter and search for parking are delay. A trip that never drove has its whole wait.
    """
    return mean_of(delays_s(run, trips))


def p95_delay_s(run: Run, trips: pd.DataFrame) -> float:
    """Delay that 95 % of trips do not exceed (s), linear between the two nearest trips."""
    return quantile_of(delays_s(run, trips), HIGH)


def delay_per_person_s(run: Run, trips: pd.DataFrame) -> float:
    """Mean delay per person (s): Σ people × delay ÷ Σ people.

    A vehicle whose load is not known counts its driver. NaN where no trip has a load.
    """
    if "persons" not in trips:
        return NAN
    persons = numbers(trips, "persons")
    return ratio_of(float((persons * delays_s(run, trips)).sum()), float(persons.sum()))


def vehicle_hours(run: Run, trips: pd.DataFrame) -> float:
    """Vehicle-hours of the trips (veh·h): Σ time ÷ 3600."""
    return float(travel_times_s(run, trips).sum()) / SECONDS_PER_HOUR


def delay_vehicle_hours(run: Run, trips: pd.DataFrame) -> float:
    """Vehicle-hours of delay (veh·h): Σ delay ÷ 3600."""
    return float(delays_s(run, trips).sum()) / SECONDS_PER_HOUR


def person_hours(run: Run, trips: pd.DataFrame) -> float:
    """Person-hours of the trips (person·h): Σ people × time ÷ 3600; NaN where loads are not known."""
    if "persons" not in trips:
        return NAN
    return float((numbers(trips, "persons") * travel_times_s(run, trips)).sum()) / SECONDS_PER_HOUR


def vehicle_km(run: Run, trips: pd.DataFrame) -> float:
    """Vehicle-kilometres of the trips (veh·km), search for parking included: Σ distance."""
    return float(np.nan_to_num(numbers(trips, "distance_m")).sum()) / METRES_PER_KM


def mean_speed_kmh(run: Run, trips: pd.DataFrame) -> float:
    """Mean speed (km/h): Σ distance ÷ Σ time, waiting and search included; never a mean of speeds."""
    distance_m = float(np.nan_to_num(numbers(trips, "distance_m")).sum())
    return ratio_of(distance_m, float(travel_times_s(run, trips).sum())) * KMH_PER_MPS


def tti(run: Run, trips: pd.DataFrame) -> float:
    """Travel time index: Σ time ÷ Σ time of the same routes in light traffic with signals.

    The light-traffic times are those of the base in both arms. Trips without such a time (no way) count in neither sum.
    Source: ratio of GB/T 33171-2016, 7, on trips in place of links.
    """
    if "free_travel_s" not in trips:
        return NAN
    free = numbers(trips, "free_travel_s")
    known = free > 0.0
    return ratio_of(float(travel_times_s(run, trips)[known].sum()), float(free[known].sum()))


def time_ratios(run: Run, trips: pd.DataFrame) -> NDArray[np.float64]:
    """Time of each trip over that of its route in light traffic with signals; trips without such a time left out."""
    if "free_travel_s" not in trips:
        return np.zeros(0)
    free = numbers(trips, "free_travel_s")
    known = free > 0.0
    ratios: NDArray[np.float64] = travel_times_s(run, trips)[known] / free[known]
    return ratios


def pti(run: Run, trips: pd.DataFrame) -> float:
    """Planning time index: 95th percentile of the trips' time ratios.

    FHWA takes one trip over many days; here it is all trips of one day, and the seeds are days of their own.
    Source: FHWA, Travel Time Reliability (2006).
    """
    return quantile_of(time_ratios(run, trips), HIGH)


def buffer_index(run: Run, trips: pd.DataFrame) -> float:
    """Buffer index (share of the mean): (95th percentile − mean) ÷ mean of the trips' time ratios.

    Source: FHWA, Travel Time Reliability (2006).
    """
    ratios = time_ratios(run, trips)
    mean = mean_of(ratios)
    return ratio_of(quantile_of(ratios, HIGH) - mean, mean)


def mean_search_s(run: Run, trips: pd.DataFrame) -> float:
    """Mean search for parking (s) of trips that want a public space, those that need not search counting 0."""
    if "found_space" not in trips:
        return NAN
    return mean_of(np.nan_to_num(numbers(trips[want_a_space(trips)], "search_s")))


def p95_search_s(run: Run, trips: pd.DataFrame) -> float:
    """Search (s) that 95 % of the trips that want a public space do not exceed."""
    if "found_space" not in trips:
        return NAN
    return quantile_of(np.nan_to_num(numbers(trips[want_a_space(trips)], "search_s")), HIGH)


def no_space_share(run: Run, trips: pd.DataFrame) -> float:
    """Share (0–1) of trips that want a public space and got none; who still searches when the run ends got none."""
    if "found_space" not in trips:
        return NAN
    found = trips[want_a_space(trips)]["found_space"].fillna(False).to_numpy(dtype=np.float64)
    return mean_of(1.0 - found)


def unfinished_share(run: Run, trips: pd.DataFrame) -> float:
    """Share (0–1) of trips still under way, waiting to enter, or without a way when the run ends."""
    return mean_of(trips["status"].isin(UNFINISHED).to_numpy().astype(np.float64))


def measured_buses(run: Run) -> pd.DataFrame | None:
    """Bus runs that start in the measured window; None where the run has no buses."""
    buses = run.records.buses
    if buses is None:
        return None
    departs = buses["depart_s"]
    return buses[(departs >= run.measured.start_s) & (departs < run.measured.end_s)]


def bus_speed_kmh(run: Run) -> float:
    """Operating speed of buses (km/h): Σ distance ÷ Σ time of runs that start in the measured window, dwell included.

    A run that has not reached its last stop counts with its distance and time so far.
    """
    started = measured_buses(run)
    if started is None:
        return NAN
    distance_m = float(np.nan_to_num(numbers(started, "distance_m")).sum())
    return ratio_of(distance_m, float(travel_times_s(run, started).sum())) * KMH_PER_MPS


TRIP_METRICS: dict[str, Callable[[Run, pd.DataFrame], float]] = {
    metric.__name__: metric
    for metric in (
        trips,
        mean_travel_time_s,
        p95_travel_time_s,
        mean_delay_s,
        p95_delay_s,
        delay_per_person_s,
        vehicle_hours,
        delay_vehicle_hours,
        person_hours,
        vehicle_km,
        mean_speed_kmh,
        tti,
        pti,
        buffer_index,
        mean_search_s,
        p95_search_s,
        no_space_share,
        unfinished_share,
    )
}
"""Figures of a run's measured trips, or of some of them."""
