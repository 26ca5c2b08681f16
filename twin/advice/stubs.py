"""Where streets stop: dead ends (断头路) and the stems of T-junctions (丁字路), and the way they point.

One-way arms count like two-way ones. Leaves out what lies beyond: `opening_candidates` looks there.
"""

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City
from twin.city.ground import Ground, ground_of
from twin.city.network import Link, Network

EXPRESS = ("motorway", "trunk")
"""Classes that are joined by ramps only: no new street starts or ends there."""

LOOK_BACK_M = 50.0
"""Where a street comes from is seen so far before its end (m)."""

StubKind = Literal["dead end", "T-stem"]


@dataclass(frozen=True, slots=True)
class Stub:
    """Where a street stops. `heading`: unit vector (east, north) straight on; `street`: a link of its."""

    node_id: str
    kind: StubKind
    heading: tuple[float, float]
    street: Link


def stubs_of(network: Network) -> list[Stub]:
    """Dead ends, and stems of T-junctions where no expressway meets, in canonical order of nodes."""
    ground = ground_of(network)
    stubs = []
    for position, node in enumerate(network.nodes):
        arms = arms_of(network, node.id)
        if len(arms) not in (1, 3) or any(link.road_class in EXPRESS for link in arms.values()):
            continue
        here = ground.node_xy[position]
        heading = {other: _unit(here - seen_from(ground, link, node.id)) for other, link in arms.items()}
        stem = _stem(heading) if len(arms) == 3 else next(iter(arms))
        stubs.append(Stub(node.id, "T-stem" if len(arms) == 3 else "dead end", heading[stem], arms[stem]))
    return stubs


def terminals_of(city: City, network: Network) -> set[str]:
    """Dead ends of the links where bus lines begin or end: places where buses turn, and no gaps."""
    nodes: set[str] = set()
    for line in city.lines:
        for stop in (line.stops[0], line.stops[-1]):
            link = network.link_by_id.get(stop.link_id)
            nodes |= {link.from_node, link.to_node} if link else set()
    return {node for node in nodes if len(arms_of(network, node)) == 1}


def arms_of(network: Network, node_id: str) -> dict[str, Link]:
    """Neighbours of a node and a link between them, the one that leads here first; in order of neighbours."""
    arms = {link.to_node: link for link in network.links_out[node_id]}
    arms |= {link.from_node: link for link in network.links_in[node_id]}
    arms.pop(node_id, None)
    return {other: arms[other] for other in sorted(arms)}


def _stem(heading: dict[str, tuple[float, float]]) -> str:
    """Of three arms the one that is not part of the straightest pair."""

    def straightness(pair: tuple[str, str]) -> float:
        (east_1, north_1), (east_2, north_2) = heading[pair[0]], heading[pair[1]]
        return -(east_1 * east_2 + north_1 * north_2)

    through = max(itertools.combinations(sorted(heading), 2), key=straightness)
    return next(arm for arm in sorted(heading) if arm not in through)


def seen_from(ground: Ground, link: Link, node_id: str) -> NDArray[np.float64]:
    """A point on the link up to 50 m from the node: where the street comes from."""
    line = ground.link_lines[ground.network.link_index[link.id]]
    back_m = min(LOOK_BACK_M, line.length)
    point = line.interpolate(line.length - back_m if link.to_node == node_id else back_m)
    return np.array([point.x, point.y])


def _unit(vector: NDArray[np.float64]) -> tuple[float, float]:
    norm = float(np.hypot(vector[0], vector[1])) or 1.0
    return float(vector[0]) / norm, float(vector[1]) / norm
