"""Lanes marked for turns (`turn:lanes`) onto the turns of a junction: which turns share which lanes.

The marking of the last way before the junction counts. Turns that have a lane in common are one lane group; where all
turns of an approach share all lanes, the marking says nothing. Left out: lanes that change along the street.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from twin.city.network import Movement
from twin.osm.repairs import note
from twin.osm.street_graph import Stretch
from twin.osm.tags import TURN_WORDS

LOOK_M = 20.0
"""Bends are measured between the last and the first so many metres of two streets."""

WIDEST_MISFIT_DEG = 60.0
"""A turn whose bend differs from every marked direction by more than this is not among them."""

READ = "approaches with lanes marked for turns"
MISFIT = "approaches whose marked lanes do not fit the turns, left out"


def marked_movements(
    approach: Stretch,
    turns: Mapping[str, Stretch],
    node_id: str,
    link_id: str,
    positions: Mapping[int, tuple[float, float]],
    counts: Counter[str],
) -> list[Movement]:
    """The turns of an approach with their lanes; [] where it is not marked or the marking does not fit.

    `turns`: link id → the street that leads on.
    """
    marked = approach.steps[-1].road.turn_lanes
    if not marked or len(turns) < 2:
        return []
    lanes_of = {to: _lanes_for(_bend_deg(approach, onward, positions), marked) for to, onward in turns.items()}
    if not all(lanes_of.values()):
        note(counts, MISFIT, approach.to_node)
        return []
    groups = _sharing(lanes_of)
    if len(groups) < 2:
        return []
    counts[READ] += 1
    return [
        Movement(node_id, link_id, to, lanes=float(len(lanes)), lane_group=number)
        for number, (lanes, together) in enumerate(groups)
        for to in together
    ]


def _lanes_for(bend_deg: float, marked: Sequence[Collection[str]]) -> frozenset[int]:
    """Lanes from which a turn of this bend is made: those marked for the direction nearest to it."""
    words = {word for lane in marked for word in lane if word != "reverse"}
    off = {word: abs(TURN_WORDS[word] - bend_deg) for word in words}
    if not off or min(off.values()) > WIDEST_MISFIT_DEG:
        return frozenset()
    nearest = TURN_WORDS[min(sorted(off), key=lambda word: off[word])]
    return frozenset(k for k, lane in enumerate(marked) if any(TURN_WORDS[word] == nearest for word in lane))


def _sharing(lanes_of: Mapping[str, frozenset[int]]) -> list[tuple[frozenset[int], list[str]]]:
    """Turns that share lanes, directly or through others, with all their lanes; from left to right."""
    groups: list[tuple[frozenset[int], list[str]]] = []
    for to, lanes in lanes_of.items():
        joined = [group for group in groups if group[0] & lanes]
        groups = [group for group in groups if not group[0] & lanes]
        everything = frozenset(lanes).union(*(group[0] for group in joined))
        groups.append((everything, sorted([to, *(t for group in joined for t in group[1])])))
    return sorted(groups, key=lambda group: min(group[0]))


def _bend_deg(approach: Stretch, onward: Stretch, positions: Mapping[int, tuple[float, float]]) -> float:
    """How far one bends (degrees, left positive) from the end of one street into the beginning of another."""
    came = _heading_deg([positions[n] for n in approach.nodes[::-1]], backward=True)
    goes = _heading_deg([positions[n] for n in onward.nodes], backward=False)
    return (goes - came + 180.0) % 360.0 - 180.0


def _heading_deg(line: Sequence[tuple[float, float]], *, backward: bool) -> float:
    """Direction (degrees from east) between a line's first point and the one LOOK_M on, or back to the first."""
    (lon, lat), (east, north) = line[0], (0.0, 0.0)
    for there in line[1:]:
        east = (there[0] - lon) * math.cos(math.radians(lat)) * 111_320.0
        north = (there[1] - lat) * 111_320.0
        if math.hypot(east, north) >= LOOK_M:
            break
    angle = math.degrees(math.atan2(north, east))
    return angle + 180.0 if backward else angle
