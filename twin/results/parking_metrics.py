"""Key figures of parking: one function each, taken from trips that want a public space, from sites, and from cars that
cruise.

A district here is that of the destination, where the space is wanted. What cannot be measured is NaN, never 0.
"""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.records import INTERVAL_S
from twin.results.columns import NAN, mean_of, numbers, of_links, quantile_of, ratio_of
from twin.results.run import Run
from twin.units import SECONDS_PER_HOUR

HIGH = 0.95


def want_a_space(trips: pd.DataFrame) -> NDArray[np.bool_]:
    """Trips that came to where they would park in public: found a space, found none, or search still."""
    known = trips["found_space"].notna().to_numpy(dtype=np.bool_)
    wants: NDArray[np.bool_] = known | (np.nan_to_num(numbers(trips, "search_s")) > 0.0)
    return wants


def mean_search_m(run: Run, trips: pd.DataFrame) -> float:
    """Mean distance driven in search (m) of trips that want a public space, those that need not search counting 0.

    Local streets that the network does not have are in it.
    """
    if "found_space" not in trips:
        return NAN
    return mean_of(np.nan_to_num(numbers(trips[want_a_space(trips)], "search_m")))


def searching_share(run: Run, trips: pd.DataFrame) -> float:
    """Share (0–1) of the trips that want a public space that had to search for it."""
    if "found_space" not in trips:
        return NAN
    return mean_of((np.nan_to_num(numbers(trips[want_a_space(trips)], "search_s")) > 0.0).astype(np.float64))


def mean_walk_m(run: Run, trips: pd.DataFrame) -> float:
    """Mean walk from the space to the destination (m), one way, as the crow flies, of trips that parked in public."""
    return mean_of(_walks_m(trips))


def p95_walk_m(run: Run, trips: pd.DataFrame) -> float:
    """Walk (m) that 95 % of the trips that parked in public do not exceed."""
    return quantile_of(_walks_m(trips), HIGH)


def illegal_stops(run: Run, trips: pd.DataFrame) -> float:
    """Cars that stopped where it is forbidden because they found no space (count)."""
    return float((trips["parked_how"] == "illegal").sum()) if "parked_how" in trips else NAN


def mean_fee_yuan(run: Run, trips: pd.DataFrame) -> float:
    """Mean fee of the whole stay (yuan) of trips that parked in a public space."""
    if "fee_yuan" not in trips or "parked_how" not in trips:
        return NAN
    return mean_of(numbers(trips[trips["parked_how"].isin(["site", "booked"])], "fee_yuan"))


def cruising_share(run: Run, links: pd.DataFrame) -> float:
    """Share (0–1) of driving that is search for a space: Σ passages in search × length ÷ Σ vehicles × length.

    Of links and intervals; local streets that the network does not have are in neither sum. Above 0.1 for a whole city
    something is wrong with supply or demand: 1–5 % is plausible, the often quoted 30 % is of chosen streets
    (FHWA-HOP-23-004).
    """
    cruising = run.records.cruising
    if cruising is None:
        return NAN
    length_m = run.links.set_index("link_id")["length_m"]
    # math.fsum: a street that nobody drives must not change the order in which digits are lost.
    driven_m = math.fsum(numbers(links, "left") * of_links(length_m, links))
    here = cruising.merge(links[["link_id", "interval_start_s"]].drop_duplicates(), on=["link_id", "interval_start_s"])
    return ratio_of(math.fsum(numbers(here, "searching") * of_links(length_m, here)), driven_m)


def parking_utilisation(run: Run, sites: pd.DataFrame) -> float:
    """Utilisation (利用率): Σ occupied ÷ Σ spaces over sites and intervals of the measured window (0–1)."""
    if "spaces" not in sites:
        return NAN
    return ratio_of(float(numbers(sites, "occupied").sum()), float(numbers(sites, "spaces").sum()))


def parking_turnover(run: Run, sites: pd.DataFrame) -> float:
    """Turnover (周转率): cars that parked ÷ spaces, an hour of the measured window (1/h).

    By the hour, so that windows of any length can be compared; a day's figure needs a day's run.
    """
    if "spaces" not in sites:
        return NAN
    hours = sites["interval_start_s"].nunique() * INTERVAL_S / SECONDS_PER_HOUR
    spaces = float(sites.drop_duplicates("site_id")["spaces"].sum())
    return ratio_of(float(numbers(sites, "arrived").sum()), spaces * hours)


def full_spaces_share(run: Run, sites: pd.DataFrame) -> float:
    """Share (0–1) of spaces that lie in sites more than 85 % full, mean over intervals of the measured window.

    From 85 % on drivers begin to search (Shoup 2005; Levy, Martens & Benenson 2013).
    """
    if "spaces" not in sites:
        return NAN
    spaces = numbers(sites, "spaces")
    is_full = numbers(sites, "occupied") > 0.85 * spaces
    return ratio_of(float(spaces[is_full].sum()), float(spaces.sum()))


def turned_away(run: Run, sites: pd.DataFrame) -> float:
    """Times that a car found a site full in the measured window (count); one car may at several."""
    return float(numbers(sites, "turned_away").sum()) if len(sites) else NAN


def parking_revenue_yuan(run: Run, sites: pd.DataFrame) -> float:
    """Fees (yuan) of cars that parked in the measured window, for their whole stays."""
    return float(numbers(sites, "revenue_yuan").sum()) if "revenue_yuan" in sites and len(sites) else NAN


def measured_sites(run: Run) -> pd.DataFrame | None:
    """Records of sites in the intervals of the measured window; None where the run has no sites."""
    sites = run.records.sites
    if sites is None or sites.empty:
        return None
    starts = sites["interval_start_s"]
    return sites[(starts >= run.measured.start_s) & (starts < run.measured.end_s)]


def _walks_m(trips: pd.DataFrame) -> NDArray[np.float64]:
    if "walk_m" not in trips or "parked_how" not in trips:
        return np.zeros(0)
    walks = numbers(trips[trips["parked_how"].isin(["site", "booked"])], "walk_m")
    known: NDArray[np.float64] = walks[~np.isnan(walks)]
    return known


PARKING_TRIP_METRICS: dict[str, Callable[[Run, pd.DataFrame], float]] = {
    metric.__name__: metric
    for metric in (mean_search_m, searching_share, mean_walk_m, p95_walk_m, illegal_stops, mean_fee_yuan)
}
"""Figures of a run's measured trips, or of some of them."""

CRUISING_METRICS: dict[str, Callable[[Run, pd.DataFrame], float]] = {"cruising_share": cruising_share}
"""Figures of links and the cars that cruise on them."""

SITE_METRICS: dict[str, Callable[[Run, pd.DataFrame], float]] = {
    metric.__name__: metric
    for metric in (parking_utilisation, parking_turnover, full_spaces_share, turned_away, parking_revenue_yuan)
}
"""Figures of the sites of a run in the measured window, or of some of them."""
