"""How streets leave a node: one arm a street, both carriageways of a dual one together.

A map has a carriageway's next junction where it has it: those of one street often lead to different nodes. Counted by
neighbours, many crossings of wide streets would have five or six arms.
"""

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.city.ground import ground_of
from twin.city.network import Link, Network

SKIP_M = 15.0
"""A street's first metres are not looked at: there it turns to the node that stands for a wide junction (m)."""

LOOK_BACK_M = 50.0
"""Where a street comes from is seen over so many metres before (m)."""

ONE_STREET_DEG = 30.0
"""Carriageways of one name that leave a node within this angle (°), one in and one out, are one street."""


@dataclass(frozen=True, slots=True)
class Arm:
    """A street as it leaves a node. `away`: unit vector (east, north); `link`: one of its links, one that leads here
    where there is one."""

    away: tuple[float, float]
    link: Link


@dataclass(frozen=True, slots=True)
class _LinkEnd:
    """A link at one of its nodes."""

    away: tuple[float, float]
    link: Link
    leads_here: bool
    other_node: str
    is_one_way: bool


def arms_of(network: Network) -> dict[str, tuple[Arm, ...]]:
    """The arms of each node, in order of the nodes they lead to; one-way streets count like others."""
    arms = {}
    for node_id, ends in _ends_by_node(network).items():
        streets: list[list[_LinkEnd]] = []
        for end in sorted(ends, key=lambda e: (e.other_node, not e.leads_here)):
            own = next((street for street in streets if any(_is_one_street(end, other) for other in street)), None)
            if own is None:
                streets.append([end])
            else:
                own.append(end)
        arms[node_id] = tuple(Arm(street[0].away, street[0].link) for street in streets)
    return arms


def turn_deg(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Angle (°) between two unit vectors.

    >>> turn_deg((1.0, 0.0), (0.0, 1.0))
    90.0
    """
    return math.degrees(math.acos(max(-1.0, min(1.0, one[0] * other[0] + one[1] * other[1]))))


def unit(vector: NDArray[np.float64]) -> tuple[float, float]:
    """The vector at length 1; zero stays zero."""
    norm = float(np.hypot(vector[0], vector[1])) or 1.0
    return float(vector[0]) / norm, float(vector[1]) / norm


def _ends_by_node(network: Network) -> dict[str, list[_LinkEnd]]:
    start, end = _away(network)
    joined = {(link.from_node, link.to_node) for link in network.links}
    ends: dict[str, list[_LinkEnd]] = {node.id: [] for node in network.nodes}
    for i, link in enumerate(network.links):
        a, b = link.from_node, link.to_node
        if a == b:
            continue
        is_one_way = (b, a) not in joined
        ends[a].append(_LinkEnd(unit(start[i]), link, False, b, is_one_way))
        ends[b].append(_LinkEnd(unit(end[i]), link, True, a, is_one_way))
    return ends


def _away(network: Network) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Vectors (n_links, 2) along each link away from its first node, and away from its last."""
    lines = ground_of(network).link_lines
    length_m = shapely.length(lines)
    near_m = np.minimum(SKIP_M, length_m / 3.0)
    far_m = np.minimum(SKIP_M + LOOK_BACK_M, length_m)
    points = [
        shapely.get_coordinates(shapely.line_interpolate_point(lines, at_m))
        for at_m in (near_m, far_m, length_m - near_m, length_m - far_m)
    ]
    return points[1] - points[0], points[3] - points[2]


def _is_one_street(one: _LinkEnd, other: _LinkEnd) -> bool:
    """Whether two ends at a node are both directions of a street, or its two carriageways."""
    if turn_deg(one.away, other.away) > ONE_STREET_DEG:
        return False
    are_carriageways = one.is_one_way and other.is_one_way and one.leads_here != other.leads_here
    return one.other_node == other.other_node or (are_carriageways and one.link.name == other.link.name)
