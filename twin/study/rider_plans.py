"""What the riders of a city do on its lines: optimal strategies for the hours that are run, and where each begins.

Riders know how often buses come and how long they are scheduled to take, not how full they are or how late. Walks are
straight lines times WALK_DETOUR. Leaves out choice between bus and other modes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twin.city.city import City
from twin.city.ground import ground_of
from twin.city.network import Network
from twin.city.timetables import scheduled_s
from twin.city.transit import BusLine
from twin.demand.sampling import riders_today
from twin.routing.hyperpaths import WALK_WEIGHT, LineGraph, Strategies, strategies
from twin.sim.bus import first_rows
from twin.sim.passengers import GOES_TO_END, WAITS, RiderDay, RiderWays

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

WALK_MPS = 1.25
"""4.5 km/h (domain notes 5.5)."""
WALK_DETOUR = 1.2
"""Way walked over the straight line (assumed)."""
ACCESS_M = 800.0
"""Riders consider stops within so far in a straight line (95 % walk up to 500 m; assumed)."""
FARTHEST_ACCESS_M = 2500.0
"""Where none is that near, the nearest one up to here: half the width of the largest zones (assumed)."""
TRANSFER_M = 300.0
"""Stops so near are walked between (assumed)."""
WALKED_M = 2500.0
"""Riders who find a walk of up to so far in a straight line no worse than the bus walk (assumed)."""


@dataclass(frozen=True, eq=False)
class RiderPlan:
    """Strategies of all riders, and for each habit (row of `Demand.riders`) its destination and first place.

    `place`, `access_s` (the walk there): as in RiderDay. `cost_s`: expected generalised time from door to door (s
    aboard), inf: none.
    """

    ways: RiderWays
    destination: Ints
    place: Ints
    access_s: Floats
    cost_s: Floats


@dataclass(frozen=True, eq=False)
class StopPlaces:
    """Where buses halt: rows of stops, the places they share, and positions of places in metres."""

    first_row: dict[str, int]
    place: Ints
    xy: Floats


@dataclass(frozen=True, eq=False)
class Access:
    """Walks between loading points and places with a bus: of point p, entries `start[p]:start[p + 1]`; nearest first.

    `points`: positions in metres, (n_points, 2).
    """

    points: Floats
    start: Ints
    place: Ints
    walk_s: Floats


@dataclass(frozen=True, eq=False)
class Planned:
    """A plan with what it was made from."""

    plan: RiderPlan
    stops: StopPlaces
    graph: LineGraph
    strategies: Strategies


def plan_riders(city: City, network: Network, start_s: float, end_s: float) -> RiderPlan | None:
    """The plan of the city's riders for departures with start_s <= t < end_s; None where it has no lines or riders.

    `network`: the open streets; lines on closed ones do not run.
    """
    made = planned(city, network, start_s, end_s)
    return None if made is None else made.plan


def planned(city: City, network: Network, start_s: float, end_s: float) -> Planned | None:
    """As `plan_riders`, with the graph and the strategies it rests on."""
    demand = city.demand
    if demand is None or demand.riders is None or not len(demand.riders) or not city.lines:
        return None
    stops = stop_places(city, network)
    graph = line_graph(network, city.lines, stops, start_s, end_s)
    access = access_of(city, network, stops, graph)
    found = strategies(graph, access.start, access.place, access.walk_s)
    origin = demand.riders["origin_point"].to_numpy(dtype=np.int64)
    destination = demand.riders["destination_point"].to_numpy(dtype=np.int64)
    place, access_s, cost_s = first_places(origin, destination, found, access)
    ways = RiderWays(stops.first_row, stops.place, found.boards, found.alights, found.walk_to, found.walk_s)
    return Planned(RiderPlan(ways, destination, place, access_s, cost_s), stops, graph, found)


def riders_of_day(
    city: City, plan: RiderPlan | None, seed: int, start_s: float, last_s: float
) -> tuple[RiderWays, RiderDay] | None:
    """Who rides on the day of that seed, departing with start_s <= t < last_s, and what they do."""
    if plan is None or city.demand is None or city.demand.riders is None:
        return None
    trips = riders_today(city.demand, seed)
    trips = trips[(trips["depart_s"] >= start_s) & (trips["depart_s"] < last_s)]
    ids = trips["traveller_id"].to_numpy(dtype=np.int64)
    rows = np.searchsorted(city.demand.riders["traveller_id"].to_numpy(dtype=np.int64), ids)
    depart_s = trips["depart_s"].to_numpy(dtype=np.float64)
    return plan.ways, RiderDay(ids, plan.destination[rows], depart_s, plan.place[rows], plan.access_s[rows])


def stop_places(city: City, network: Network) -> StopPlaces:
    """The stops of all lines of a city; stops at one position are one place."""
    stops = [stop for line in city.lines for stop in line.stops]
    positions = [(round(stop.lon, 6), round(stop.lat, 6)) for stop in stops]
    unique = {position: number for number, position in enumerate(dict.fromkeys(positions))}
    lons, lats = zip(*unique, strict=True)
    place = np.array([unique[position] for position in positions], dtype=np.int64)
    return StopPlaces(first_rows(city.lines), place, ground_of(network).xy(lons, lats))


def line_graph(
    network: Network, lines: Sequence[BusLine], stops: StopPlaces, start_s: float, end_s: float
) -> LineGraph:
    """Lines as riders see them: buses a second in these hours, scheduled times between stops, walks between places."""
    n = len(stops.place)
    ride_s, per_s = np.full(n, np.inf), np.zeros(n)
    for line in lines:
        first, count = stops.first_row[line.id], len(line.stops)
        if all(link in network.link_index for link in line.route):
            ride_s[first : first + count - 1] = np.maximum(1.0, np.diff(scheduled_s(network, line)))
            per_s[first : first + count] = len(line.departures_s(start_s, end_s)) / (end_s - start_s)
    tree = cKDTree(stops.xy)
    pairs = tree.query_pairs(TRANSFER_M, output_type="ndarray")
    both = np.vstack([pairs, pairs[:, ::-1]]).astype(np.int64)
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    apart_m = np.hypot(*(stops.xy[both[:, 0]] - stops.xy[both[:, 1]]).T)
    starts = np.searchsorted(both[:, 0], np.arange(len(stops.xy) + 1)).astype(np.int64)
    return LineGraph(stops.place, ride_s, per_s, len(stops.xy), starts, both[:, 1].copy(), walk_time_s(apart_m))


def walk_time_s(crow_m: Floats) -> Floats:
    """Time to walk between points so far apart in a straight line (s)."""
    return crow_m * (WALK_DETOUR / WALK_MPS)


def access_of(city: City, network: Network, stops: StopPlaces, graph: LineGraph) -> Access:
    """Which stops with a bus people walk to from each loading point of the city."""
    points = () if city.demand is None else city.demand.points
    xy = ground_of(network).xy([point.lon for point in points], [point.lat for point in points])
    return Access(xy, *near_places(xy, stops, np.unique(stops.place[graph.per_s > 0.0])))


def near_places(points: Floats, stops: StopPlaces, runs: Ints) -> tuple[Ints, Ints, Floats]:
    """For each point the places with a bus to walk to, as starts, places and walking times; nearest first."""
    xy = stops.xy[runs]
    places, times, starts = [], [], [0]
    for point in range(len(points)):
        apart_m = np.hypot(*(xy - points[point]).T)
        is_near = apart_m <= ACCESS_M
        if not is_near.any():
            is_near = apart_m <= min(float(apart_m.min(initial=np.inf)), FARTHEST_ACCESS_M)
        here = runs[is_near]
        places.append(here)
        times.append(walk_time_s(np.hypot(*(stops.xy[here] - points[point]).T)))
        starts.append(starts[-1] + len(here))
    return np.array(starts, dtype=np.int64), np.concatenate(places), np.concatenate(times)


def first_places(origin: Ints, destination: Ints, found: Strategies, access: Access) -> tuple[Ints, Floats, Floats]:
    """For each rider the place to walk to first, the walk (s), and the cost of the whole trip (s aboard)."""
    points, near_start, near_place, near_s = access.points, access.start, access.place, access.walk_s
    place = np.full(len(origin), WAITS, dtype=np.int64)
    access_s, cost_s = np.zeros(len(origin)), np.full(len(origin), np.inf)
    order = np.argsort(destination, kind="stable")
    cuts = np.flatnonzero(np.diff(destination[order])) + 1
    if not len(near_place):  # no bus runs: a place that nobody takes
        near_place, near_s = np.zeros(1, dtype=np.int64), np.full(1, np.inf)
    counts = np.diff(near_start)
    with_place = np.flatnonzero(counts > 0)
    for rows in np.split(order, cuts) if len(order) else ():
        d = int(destination[rows[0]])
        costs = WALK_WEIGHT * near_s + found.cost_s[d, near_place]
        # A place from which one would only walk on to the destination is no way by bus.
        costs[found.walk_to[d, near_place] == GOES_TO_END] = np.inf
        best = np.full(len(counts), np.inf)
        if len(with_place):
            best[with_place] = np.minimum.reduceat(costs, near_start[:-1][with_place])
        is_best = np.flatnonzero(costs[: counts.sum()] == np.repeat(best, counts))
        at = np.full(len(counts), -1, dtype=np.int64)
        at[np.repeat(np.arange(len(counts)), counts)[is_best][::-1]] = is_best[::-1]
        start = origin[rows]
        crow_m = np.hypot(*(points[start] - points[d]).T)
        on_foot_s = np.where(crow_m <= WALKED_M, walk_time_s(crow_m), np.inf)
        by_bus = np.isfinite(best[start])
        walks = np.isfinite(on_foot_s) & (WALK_WEIGHT * on_foot_s <= best[start])
        chosen = np.maximum(at[start], 0)
        place[rows] = np.where(walks, GOES_TO_END, np.where(by_bus, near_place[chosen], WAITS))
        access_s[rows] = np.where(walks, on_foot_s, np.where(by_bus, near_s[chosen], 0.0))
        cost_s[rows] = np.where(walks, WALK_WEIGHT * on_foot_s, best[start])
    return place, access_s, cost_s
