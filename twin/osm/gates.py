"""Gates of any map: where wide streets end at its edge, traffic from outside comes in."""

import math
from dataclasses import dataclass

import numpy as np
import shapely

from twin.city.ground import ground_of
from twin.city.network import Link, Network

MOST_GATES = 24
GATES_APART_M = 300.0
"""Streets that leave so close together share a gate."""
EDGE_SHARE = 0.1
"""A street end counts as at the edge within this share of the map's breadth from its hull."""

_KIND_OF_CLASS = {
    "motorway": "expressway",
    "trunk": "expressway",
    "primary": "trunk_road",
    "secondary": "road",
    "tertiary": "road",
}
_RANK = {"expressway": 0, "trunk_road": 1, "road": 2}


@dataclass(frozen=True, slots=True)
class GateSeed:
    """A place at the edge through which traffic comes and goes; `kind` as in demand settings."""

    name: str
    kind: str  # expressway, trunk_road or road
    lon: float
    lat: float


def gate_seeds(network: Network) -> tuple[GateSeed, ...]:
    """Gates, widest first: ends of wide streets at the edge where nothing turns; tertiary ones only if there are
    fewer than two others."""
    ends = _street_ends(network)
    wide = [end for end in ends if end[1].road_class != "tertiary"]
    ends = wide if len(wide) >= 2 else ends
    ends.sort(key=lambda end: (_RANK[_KIND_OF_CLASS[end[1].road_class]], -end[1].lanes, end[2], end[0]))
    ground = ground_of(network)
    xy = dict(zip((node.id for node in network.nodes), ground.node_xy, strict=True))
    gates: list[GateSeed] = []
    taken: list[tuple[float, float]] = []
    for node_id, link, _ in ends:
        place = (float(xy[node_id][0]), float(xy[node_id][1]))
        if any(math.dist(place, other) < GATES_APART_M for other in taken) or len(gates) == MOST_GATES:
            continue
        taken.append(place)
        node = network.node_by_id[node_id]
        name = link.name or f"{link.road_class} {len(gates) + 1}"
        gates.append(GateSeed(name, _KIND_OF_CLASS[link.road_class], node.lon, node.lat))
    return tuple(gates)


def _street_ends(network: Network) -> list[tuple[str, Link, tuple[float, float]]]:
    """Nodes near the hull where links end and none goes on, with the widest link there and its position."""
    goes_on = {turn.node_id for turn in network.turns()}
    xy = ground_of(network).node_xy
    hull = shapely.MultiPoint(xy).convex_hull
    breadth_m = float(np.ptp(xy, axis=0).max())
    found = []
    for node, place in zip(network.nodes, xy, strict=True):
        links = [link for link in network.links_in[node.id] if link.road_class in _KIND_OF_CLASS]
        if node.id in goes_on or not links or not network.links_out[node.id]:
            continue
        if hull.boundary.distance(shapely.Point(place)) <= EDGE_SHARE * breadth_m:
            widest = min(links, key=lambda link: (_RANK[_KIND_OF_CLASS[link.road_class]], -link.lanes, link.id))
            found.append((node.id, widest, (node.lon, node.lat)))
    return found
