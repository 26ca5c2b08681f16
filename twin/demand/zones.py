"""Where trips of a zone meet the streets: loading points spread over the zone's streets, never its middle alone.

A point is a street end that can be reached from everywhere and left for everywhere. A zone owns the ends that lie
nearest to its centre; which of them it uses is drawn with keyed chance from their coordinates, so that another
numbering of the same streets gives the same points. Gates load at the nearest wider street.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from twin.chance import uniform
from twin.city.ground import ground_of
from twin.city.network import Link, Network
from twin.city.zones import LoadingPoint, Zone
from twin.demand.inputs import LoadingSettings
from twin.routing.paths import Router

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_POINTS_SEED = 0
"""Points belong to the ground, not to a population: one seed for all."""

_GATE_CLASSES = ("motorway", "trunk", "primary", "secondary", "tertiary")


@dataclass(frozen=True, eq=False)
class StreetPoints:
    """Loading points in order of zone, and within a zone in the order drawn.

    `weights`: (n_points,), share of the zone's trips in proportion; `start`: (n_zones + 1,), points of zone i are
    `start[i]:start[i + 1]`; `middle`: (n_zones,), the point nearest to the zone's centre, −1 where it has none.
    """

    zones: tuple[Zone, ...]
    points: tuple[LoadingPoint, ...]
    node_ids: tuple[str, ...]  # of each point
    weights: Floats
    start: Ints
    middle: Ints
    notes: tuple[str, ...]

    @property
    def counts(self) -> Ints:
        """Points of each zone: (n_zones,)."""
        return np.diff(self.start)


@dataclass(frozen=True, eq=False)
class Skim:
    """Free-flow minutes and road kilometres between the middle points of zones, (n_zones, n_zones).

    inf where there is no way or no point; within a zone half of the way to the nearest other zone.
    """

    minutes: Floats
    km: Floats


def street_points(network: Network, zones: Sequence[Zone], settings: LoadingSettings) -> StreetPoints:
    """Loading points of each zone on the streets given (those open on the day: `network.open_on`).

    A zone with no street within `reach_m` of its centre gets no point and a note.
    """
    ordered = tuple(sorted(zones, key=lambda zone: zone.id))
    ends = _StreetEnds(network, settings.class_weights)
    centres = ground_of(network).xy([zone.lon for zone in ordered], [zone.lat for zone in ordered])
    owner = _nearest_zone(ends.xy, centres, [zone.kind == "zone" for zone in ordered])
    chosen: list[list[int]] = []
    notes: list[str] = []
    for number, zone in enumerate(ordered):
        distance = np.hypot(*(ends.xy - centres[number]).T)
        if zone.kind == "gate":
            picked = ends.for_gate(distance, settings.gate_reach_m)
        else:
            picked = ends.for_zone(distance, owner == number, settings)
        chosen.append(picked)
        if not picked:
            reach_m = settings.gate_reach_m if zone.kind == "gate" else settings.reach_m
            notes.append(f"{zone.kind} {zone.id} {zone.name}: no street within {reach_m:g} m, its trips are left out")
    flat = [end for picked in chosen for end in picked]
    start = np.cumsum([0, *(len(picked) for picked in chosen)]).astype(np.int64)
    middle = [
        int(start[number]) + min(range(len(picked)), key=lambda i: math.dist(ends.xy[picked[i]], centres[number]))
        if picked
        else -1
        for number, picked in enumerate(chosen)
    ]
    return StreetPoints(
        zones=ordered,
        points=tuple(ends.point(end, zone.id) for zone, picked in zip(ordered, chosen, strict=True) for end in picked),
        node_ids=tuple(ends.node_ids[end] for end in flat),
        weights=np.array([ends.weights[end] for end in flat], dtype=np.float64),
        start=start,
        middle=np.array(middle, dtype=np.int64),
        notes=tuple(notes),
    )


def skim_zones(router: Router, points: StreetPoints) -> Skim:
    """Times and distances between all zones along the quickest ways at free speed."""
    n = len(points.zones)
    minutes, km = np.full((n, n), np.inf), np.full((n, n), np.inf)
    used = np.flatnonzero(points.middle >= 0)
    graph = router.graph
    nodes = np.array([graph.node_index[points.node_ids[i]] for i in points.middle[used]], dtype=np.int64)
    for row, origin in zip(used, nodes, strict=True):
        routes = router.routes(np.full(len(nodes), origin), nodes)
        driven_m = np.concatenate([[0.0], np.cumsum(graph.length_m[routes.links])])
        is_there = routes.cost_ms >= 0
        length_m = driven_m[routes.start + routes.length] - driven_m[routes.start]
        minutes[row, used] = np.where(is_there, routes.cost_ms / 60_000.0, np.inf)
        km[row, used] = np.where(is_there, length_m / 1000.0, np.inf)
    for table in (minutes, km):
        np.fill_diagonal(table, np.inf)
        positive = np.where(table > 0, table, np.inf)
        nearest = positive.min(axis=1, initial=np.inf)
        # Half the way to the neighbour; where a zone stands alone its trips are short, so call them nothing.
        within = np.where(np.isfinite(nearest), 0.5 * nearest, 0.0)
        np.fill_diagonal(table, np.where(points.middle >= 0, within, np.inf))
    return Skim(minutes, km)


class _StreetEnds:
    """Nodes at which a trip can start and end: they lie in the largest part where every way leads everywhere."""

    def __init__(self, network: Network, class_weights: Mapping[str, float]) -> None:
        self.network = network
        connected = _strongly_connected(network)
        into: dict[str, list[Link]] = {}
        for link in network.links:
            if link.to_node in connected:
                into.setdefault(link.to_node, []).append(link)
        place = {node_id: (network.node_by_id[node_id].lon, network.node_by_id[node_id].lat) for node_id in into}
        # By coordinates, so that the numbering of nodes plays no part.
        self.node_ids = sorted(into, key=lambda node_id: (place[node_id], network.links_in[node_id][0].length_m))
        self.lonlat = [place[node_id] for node_id in self.node_ids]
        self.links = [
            max(into[node_id], key=lambda link: _preference(link, class_weights)) for node_id in self.node_ids
        ]
        self.weights = np.array(
            [
                sum(
                    link.length_m * class_weights.get(link.road_class, 0.0) * (not link.is_structure)
                    for link in into[i]
                )
                for i in self.node_ids
            ],
            dtype=np.float64,
        )
        self.is_for_gates = np.array(
            [any(link.road_class in _GATE_CLASSES for link in into[i]) for i in self.node_ids], dtype=np.bool_
        )
        lonlat = np.array(self.lonlat, dtype=np.float64).reshape(-1, 2)
        self.xy: Floats = ground_of(network).xy(lonlat[:, 0], lonlat[:, 1])
        key = (np.round(lonlat[:, 0] * 1e6).astype(np.int64) << 32) ^ np.round(lonlat[:, 1] * 1e6).astype(np.int64)
        self.draw: Floats = uniform(_POINTS_SEED, "street points", key)

    def point(self, end: int, zone_id: str) -> LoadingPoint:
        lon, lat = self.lonlat[end]
        return LoadingPoint(zone_id, lon, lat, self.links[end].id)

    def for_zone(self, distance_m: Floats, is_own: NDArray[np.bool_], settings: LoadingSettings) -> list[int]:
        """Ends drawn without repetition in proportion to their weight (Efraimidis & Spirakis 2006)."""
        within = distance_m <= settings.reach_m
        for wanted in (within & is_own & (self.weights > 0), within & (self.weights > 0)):
            candidates = np.flatnonzero(wanted)
            if len(candidates):
                wait = -np.log1p(-self.draw[candidates]) / self.weights[candidates]
                order = candidates[np.argsort(wait, kind="stable")]
                # A zone that owns no street borrows the one nearest to its centre.
                if not is_own[candidates].any():
                    order = candidates[np.argsort(distance_m[candidates], kind="stable")][:1]
                return [int(i) for i in order[: settings.points_per_zone]]
        wide_only = np.flatnonzero(within)
        return [int(wide_only[np.argmin(distance_m[wide_only])])] if len(wide_only) else []

    def for_gate(self, distance_m: Floats, reach_m: float) -> list[int]:
        """The nearest end of a street wide enough for a gate, else the nearest of any."""
        for candidates in (
            np.flatnonzero((distance_m <= reach_m) & self.is_for_gates),
            np.flatnonzero(distance_m <= reach_m),
        ):
            if len(candidates):
                return [int(candidates[np.argmin(distance_m[candidates])])]
        return []


def _preference(link: Link, class_weights: Mapping[str, float]) -> tuple[bool, float, float]:
    return (not link.is_structure, class_weights.get(link.road_class, 0.0), link.length_m)


def _nearest_zone(xy: Floats, centres: Floats, is_zone: list[bool]) -> Ints:
    """Index of the nearest zone (gates aside) of each position, −1 where there is none."""
    own = np.flatnonzero(is_zone)
    if not len(own) or not len(xy):
        return np.full(len(xy), -1, dtype=np.int64)
    _, nearest = cKDTree(centres[own]).query(xy)
    return own[nearest].astype(np.int64)


def _strongly_connected(network: Network) -> set[str]:
    """Node ids of the largest part in which every node can be reached from every other."""
    index = {node.id: i for i, node in enumerate(network.nodes)}
    starts = [index[link.from_node] for link in network.links]
    ends = [index[link.to_node] for link in network.links]
    n = len(network.nodes)
    table = coo_array((np.ones(len(starts), dtype=np.int8), (starts, ends)), shape=(n, n)).tocsr()
    _, part = connected_components(table, directed=True, connection="strong")
    largest = int(np.argmax(np.bincount(part))) if n else -1
    return {node.id for node in network.nodes if part[index[node.id]] == largest}
