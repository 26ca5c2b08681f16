"""All figures of a run, by metric and area: which function is asked of which trips, links, zones and places."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import pandas as pd

from twin.city.screenlines import SIDES
from twin.results.areas import destination_area, district_area, kind_of, quarter_area, screenline_area
from twin.results.bus_metrics import BUS_METRICS
from twin.results.dictionary import METRICS
from twin.results.emissions import BUS_EMISSION_METRICS, EMISSION_METRICS
from twin.results.link_metrics import LINK_METRICS
from twin.results.losers import PAIR_METRICS
from twin.results.metrics import TRIP_METRICS
from twin.results.parking_metrics import CRUISING_METRICS, PARKING_TRIP_METRICS, SITE_METRICS, measured_sites
from twin.results.place_metrics import ROAD_METRICS, SCREENLINE_METRICS
from twin.results.reach_metrics import ZONE_METRICS
from twin.results.rider_losers import RIDER_PAIR_METRICS
from twin.results.run import Run
from twin.results.service_metrics import SERVICE_METRICS

FUNCTIONS: dict[str, Callable[..., float]] = {
    **TRIP_METRICS,
    **PARKING_TRIP_METRICS,
    **SITE_METRICS,
    **CRUISING_METRICS,
    **EMISSION_METRICS,
    **PAIR_METRICS,
    **RIDER_PAIR_METRICS,
    **LINK_METRICS,
    **BUS_METRICS,
    **BUS_EMISSION_METRICS,
    **SERVICE_METRICS,
    **ZONE_METRICS,
    **SCREENLINE_METRICS,
    **ROAD_METRICS,
}
"""The function of each metric."""

_OF_TRIPS = TRIP_METRICS | PARKING_TRIP_METRICS | EMISSION_METRICS
_OF_LINKS = LINK_METRICS | CRUISING_METRICS

Values = dict[tuple[str, str], float]


def metric_table(run: Run, near_links: Collection[str] = (), *, roads: Sequence[str] = ()) -> pd.DataFrame:
    """All figures of a run: metric, area, value; by area, "city" and "near" first, and in the order of the dictionary.

    "near": trips marked so and links of `near_links`; no such rows without near links. `roads`: new roads to count, by
    the measures that open them. Figures of pairs of runs are apart: `losers.pair_table`,
    `rider_losers.rider_pair_table`.
    """
    values: Values = {}
    trips, links = run.measured_trips(), run.measured_links()
    _add(values, "city", _OF_TRIPS, run, trips)
    _add(values, "city", _OF_LINKS, run, links)
    _add(values, "city", BUS_METRICS | BUS_EMISSION_METRICS, run)
    if run.lines is not None and len(run.lines):
        _add(values, "city", SERVICE_METRICS, run.lines)
    if near_links:
        near_trips = trips[trips["near"].fillna(False).astype(bool)] if "near" in trips else trips.iloc[:0]
        _add(values, "near", _OF_TRIPS, run, near_trips)
        _add(values, "near", _OF_LINKS, run, links[links["link_id"].isin(list(near_links))])
    _add_districts(values, run, trips)
    _add_parking(values, run, trips)
    for start_s, part in links.groupby("interval_start_s"):
        _add(values, quarter_area(float(str(start_s))), _OF_LINKS, run, part)
    _add_screenlines(values, run)
    for area in roads:
        _add(values, area, ROAD_METRICS, run, area.partition(":")[2])
    order = {metric: place for place, metric in enumerate(METRICS)}
    areas = {area: place for place, area in enumerate(dict.fromkeys(area for area, _ in values))}
    rows = [
        {"metric": metric, "area": area, "value": values[area, metric]}
        for area, metric in sorted(values, key=lambda key: (areas[key[0]], order[key[1]]))
    ]
    return pd.DataFrame(rows, columns=["metric", "area", "value"])


def _add(values: Values, area: str, metrics: dict[str, Callable[..., float]], *asked_of: Any) -> None:
    """The figures that the dictionary has for this kind of area."""
    kind = kind_of(area)
    values |= {(area, name): metric(*asked_of) for name, metric in metrics.items() if kind in METRICS[name].kinds}


def _add_districts(values: Values, run: Run, trips: pd.DataFrame) -> None:
    """Trips by the district they start in; who comes in through a gate has none."""
    if run.zones is not None and len(run.zones):
        _add(values, "city", ZONE_METRICS, run.zones)
        for district, zones in run.zones.groupby("district"):
            _add(values, district_area(str(district)), ZONE_METRICS, zones)
    if "origin_district" in trips:
        origin = trips["origin_district"].astype("str")
        for district in sorted(set(origin.unique()) - {""}):
            _add(values, district_area(district), _OF_TRIPS, run, trips[origin == district])


def _add_parking(values: Values, run: Run, trips: pd.DataFrame) -> None:
    """Trips by the district they go to, where the space is wanted, and the sites there."""
    if "destination_district" in trips:
        goal = trips["destination_district"].astype("str")
        for district in sorted(set(goal.unique()) - {""}):
            _add(values, destination_area(district), _OF_TRIPS, run, trips[goal == district])
    sites = measured_sites(run)
    if sites is None:
        return
    _add(values, "city", SITE_METRICS, run, sites)
    if "district" in sites:
        place = sites["district"].astype("str")
        for district in sorted(set(place.unique()) - {""}):
            _add(values, destination_area(district), SITE_METRICS, run, sites[place == district])


def _add_screenlines(values: Values, run: Run) -> None:
    if run.crossings is None:
        return
    for screenline in run.crossings["screenline"].unique():
        for side in SIDES:
            there = (run.crossings["screenline"] == screenline) & (run.crossings["towards"] == side)
            if there.any():
                area = screenline_area(str(screenline), side)
                _add(values, area, SCREENLINE_METRICS, run, run.crossings[there])
