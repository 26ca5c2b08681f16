"""Where streets stop: dead ends (断头路) and the stems of T-junctions (丁字路), and the way they point.

One-way arms count like two-way ones. Leaves out what lies beyond: `opening_candidates` looks there.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from twin.advice.street_arms import Arm, arms_of
from twin.city.city import City
from twin.city.network import Link, Network

EXPRESS = ("motorway", "trunk")
"""Classes that are joined by ramps only: no new street starts or ends there."""

StubKind = Literal["dead end", "T-stem"]


@dataclass(frozen=True, slots=True)
class Stub:
    """Where a street stops. `heading`: unit vector (east, north) straight on; `street`: a link of its."""

    node_id: str
    kind: StubKind
    heading: tuple[float, float]
    street: Link


def stubs_of(network: Network, arms: Mapping[str, Sequence[Arm]] | None = None) -> list[Stub]:
    """Dead ends, and stems of T-junctions where no expressway meets, in canonical order of nodes.

    `arms`: those of the network's nodes, where they are known.
    """
    stubs = []
    known = arms_of(network) if arms is None else arms
    for node in network.nodes:
        here = known[node.id]
        if len(here) not in (1, 3) or any(arm.link.road_class in EXPRESS for arm in here):
            continue
        stem = _stem(here) if len(here) == 3 else here[0]
        heading = (-stem.away[0], -stem.away[1])
        stubs.append(Stub(node.id, "T-stem" if len(here) == 3 else "dead end", heading, stem.link))
    return stubs


def terminals_of(city: City, network: Network, arms: Mapping[str, Sequence[Arm]]) -> set[str]:
    """Dead ends of the links where bus lines begin or end: places where buses turn, and no gaps."""
    nodes: set[str] = set()
    for line in city.lines:
        for stop in (line.stops[0], line.stops[-1]):
            link = network.link_by_id.get(stop.link_id)
            nodes |= {link.from_node, link.to_node} if link else set()
    return {node for node in nodes if len(arms[node]) == 1}


def _stem(arms: Sequence[Arm]) -> Arm:
    """Of three arms the one that is not part of the straightest pair."""

    def straightness(pair: tuple[int, int]) -> float:
        (east_1, north_1), (east_2, north_2) = arms[pair[0]].away, arms[pair[1]].away
        return -(east_1 * east_2 + north_1 * north_2)

    through = max(itertools.combinations(range(3), 2), key=straightness)
    return next(arm for i, arm in enumerate(arms) if i not in through)
