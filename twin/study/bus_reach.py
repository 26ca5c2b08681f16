"""Whom the stops of an arm serve, and what residents reach by its buses: by the timetable, so without chance.

Coverage is of people within a walk of a stop at which a bus halts in the measured window. Access counts walk, wait and
ride: at each stop one waits for whatever lines make the expected time least (`routing.hyperpaths`), half a headway on
the mean. Walks are straight lines times `rider_plans.WALK_DETOUR`. Leaves out late and full buses: riders' own times,
which know of both, stand in `results.bus_metrics`.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twin.city.city import City
from twin.city.ground import ground_of
from twin.city.network import Network
from twin.clock import TimeWindow
from twin.records import REACH_MIN, REACHED, WALKED_M
from twin.routing.hyperpaths import WAIT_WEIGHT, WALK_WEIGHT, LineGraph, strategies
from twin.study.rider_plans import (
    WALK_DETOUR,
    StopPlaces,
    line_graph,
    near_places,
    stop_places,
    walk_time_s,
)
from twin.study.rider_plans import WALKED_M as LONGEST_WALK_M
from twin.study.zone_ground import ZoneGround, zone_ground
from twin.units import SECONDS_PER_MIN

Floats = NDArray[np.float64]

KINDS_OF_PLACES = {"schools": ("school",), "hospitals": ("hospital",)}
"""What counts as reached, by kind of known place."""


def bus_reach(city: City, network: Network, window: TimeWindow) -> pd.DataFrame:
    """Columns of ZONE_COLUMNS on coverage and access by bus, indexed by zone id; null without lines or such places."""
    ground = zone_ground(city, network)
    columns: dict[str, Floats] = {}
    if city.lines and ground.zones:
        stops = stop_places(city, network)
        graph = line_graph(network, city.lines, stops, window.start_s, window.end_s)
        served = np.unique(stops.place[graph.per_s > 0.0])
        columns |= _covered(ground, stops.xy[served])
        columns |= _reached(city, network, ground, stops, graph, served)
    index = pd.Index([zone.id for zone in ground.zones], name="zone_id", dtype="str")
    return pd.DataFrame(columns, index=index)


def _covered(ground: ZoneGround, served_xy: Floats) -> dict[str, Floats]:
    """Share of each zone's ground within a walk of a stop, for each walk asked about."""
    if not len(served_xy):
        return {f"covered_{metres}m": np.zeros(len(ground.zones)) for metres in WALKED_M}
    crow_m, _ = cKDTree(served_xy).query(ground.xy)
    walk_m = WALK_DETOUR * np.asarray(crow_m, dtype=np.float64)
    return {f"covered_{metres}m": ground.mean_of((walk_m <= metres).astype(np.float64)) for metres in WALKED_M}


def _reached(
    city: City, network: Network, ground: ZoneGround, stops: StopPlaces, graph: LineGraph, served: NDArray[np.int64]
) -> dict[str, Floats]:
    """What residents of each zone reach within each time, mean over its ground."""
    goals = _goals(city, network, ground)
    xy = np.concatenate([there for there, _ in goals.values()])
    found = strategies(plain_time(graph), *_plain_walks(near_places(xy, stops, served)), boarding_cost_s=0.0)
    near_start, near_place, near_s = near_places(ground.xy, stops, served)
    columns: dict[str, Floats] = {}
    number = 0
    for what, (there, weights) in goals.items():
        counts = {minutes: np.zeros(len(ground.zones)) for minutes in REACH_MIN}
        for goal, weight in zip(there, weights, strict=True):
            onward_s = found.cost_s[number, near_place].astype(np.float64)
            time_s = np.minimum(_least(near_start, near_s + onward_s), _on_foot_s(ground.xy, goal))
            for minutes in REACH_MIN:
                within = (time_s <= minutes * SECONDS_PER_MIN).astype(np.float64)
                counts[minutes] += weight * ground.mean_of(within)
            number += 1
        known = len(there) > 0
        columns |= {f"{what}_bus_{m}min": counts[m] if known else np.full(len(ground.zones), np.nan) for m in REACH_MIN}
    return columns


def plain_time(graph: LineGraph) -> LineGraph:
    """The graph on which strategies cost seconds by the clock: waits and walks count once, not with their weights."""
    return replace(graph, per_s=WAIT_WEIGHT * graph.per_s, walk_s=graph.walk_s / WALK_WEIGHT)


def _plain_walks(
    near: tuple[NDArray[np.int64], NDArray[np.int64], Floats],
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    return near[0], near[1], near[2] / WALK_WEIGHT


def _goals(city: City, network: Network, ground: ZoneGround) -> dict[str, tuple[Floats, Floats]]:
    """Where jobs (at the centres of zones), schools and hospitals are, in metres, and how many at each."""
    on_ground = ground_of(network)
    found = {}
    for what in REACHED:
        if what == "jobs":
            spots = [(zone.lon, zone.lat, zone.jobs) for zone in ground.zones]
        else:
            spots = [(place.lon, place.lat, 1.0) for place in city.places if place.kind in KINDS_OF_PLACES[what]]
        table = np.array(spots, dtype=np.float64).reshape(-1, 3)
        found[what] = (on_ground.xy(table[:, 0], table[:, 1]), table[:, 2])
    return found


def _least(start: NDArray[np.int64], values: Floats) -> Floats:
    """The least value of each part `values[start[i]:start[i + 1]]`, inf where it is empty."""
    least = np.full(len(start) - 1, np.inf)
    has_any = np.flatnonzero(np.diff(start) > 0)
    if len(has_any):
        least[has_any] = np.minimum.reduceat(values, start[:-1][has_any])
    return least


def _on_foot_s(xy: Floats, goal: Floats) -> Floats:
    crow_m = np.hypot(*(xy - goal).T)
    return np.where(crow_m <= LONGEST_WALK_M, walk_time_s(crow_m), np.inf)
