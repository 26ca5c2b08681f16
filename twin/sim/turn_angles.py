"""How turns lie at a junction: left or right, and which of them cross. Traffic keeps to the right."""

import math
from functools import lru_cache

from twin.city.network import Link, Movement, Network

_LEFT_FROM_DEG = 35.0
"""A turn bends left from this angle on, and goes straight below it (HCM movement classes, rounded)."""


def is_left(network: Network, turn: Movement) -> bool:
    """Whether a turn bends left (a U-turn does)."""
    return bend_deg(network, turn) > _LEFT_FROM_DEG


def bend_deg(network: Network, turn: Movement) -> float:
    """By how much a turn bends, −180 < left positive <= 180; 0: straight on."""
    links = network.link_by_id
    bend = _heading_deg(network, links[turn.to_link], at_end=False) - _heading_deg(
        network, links[turn.from_link], at_end=True
    )
    bend = (bend + 180.0) % 360.0 - 180.0
    return 180.0 if bend <= -180.0 + 1e-9 else bend


def do_conflict(network: Network, one: Movement, other: Movement) -> bool:
    """Whether two turns of one node cross or meet: they go into one link, or their ways across the node cross.

    Each way is a chord between where its link comes in and where the other goes out, around the node: a link comes in
    on the right of its street and goes out on the right of its own.
    """
    if one.from_link == other.from_link:
        return False
    if one.to_link == other.to_link:
        return True
    a, b = _chord(network, one)
    c, d = _chord(network, other)
    return _lies_between(a, b, c) != _lies_between(a, b, d)


_KERB_DEG = 1.0
"""Half the angle between the two directions of a street, seen from the node: only their order matters."""


def _chord(network: Network, turn: Movement) -> tuple[float, float]:
    """Where a turn comes in and goes out, as angles around the node (°)."""
    links = network.link_by_id
    came_from = _heading_deg(network, links[turn.from_link], at_end=True) + 180.0
    goes_to = _heading_deg(network, links[turn.to_link], at_end=False)
    # Seen from the node, traffic that comes in keeps to the left of the street's axis, and what goes out to its right.
    return (came_from + _KERB_DEG) % 360.0, (goes_to - _KERB_DEG) % 360.0


def _lies_between(start: float, end: float, angle: float) -> bool:
    return (angle - start) % 360.0 < (end - start) % 360.0


def _heading_deg(network: Network, link: Link, *, at_end: bool) -> float:
    """Heading of a link where it ends or begins, 0 = east, counter-clockwise (°)."""
    points = _line(network, link)
    (lon_0, lat_0), (lon_1, lat_1) = points[-2:] if at_end else points[:2]
    east = (lon_1 - lon_0) * math.cos(math.radians(lat_1))
    return math.degrees(math.atan2(lat_1 - lat_0, east))


@lru_cache(maxsize=1 << 16)
def _parts(points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    """A line without repeated points."""
    kept = [point for i, point in enumerate(points) if i == 0 or point != points[i - 1]]
    return tuple(kept) if len(kept) > 1 else points


def _line(network: Network, link: Link) -> tuple[tuple[float, float], ...]:
    return _parts(network.ends_of(link))
