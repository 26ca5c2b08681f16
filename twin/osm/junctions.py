"""Signals and signs onto junctions, and the map nodes of one junction into one node.

Maps draw a crossing of dual carriageways as four nodes, and signals at stop lines. One junction shall be one node
with one control: nodes of signals that short pieces join are merged, and pieces too short for a car vanish.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import networkx as nx

from twin.city.network import Control
from twin.osm.extract import Extract, Tags
from twin.osm.repairs import note
from twin.osm.street_graph import LOOPS_SPLIT, Stretch, halves, neighbours_of

SIGN_REACH_M = 30.0
"""A signal or sign on an approach belongs to the junction within this distance of it."""

ROOM_OF_A_CAR_M = 7.5
"""A piece of street that cannot hold one standing car is part of the junction (HCM 2016: 25 ft a car)."""

MERGE_TWO_SIGNALS_M = 30.0
MERGE_TWO_SIGNALS_ONE_WAY_M = 50.0  # across the median of a wide street
MERGE_SIGNAL_M = 20.0  # a junction without signal so near to one with it
BOX_SIDE_M = 40.0  # between the carriageways of a wide street, where it crosses another one
MEDIAN_M = 20.0  # the same piece of a street with one carriageway
WIDEST_JUNCTION_M = 100.0

MERGED = "map nodes merged into the junction they are part of"

_RANK: dict[Control, int] = {"none": 0, "yield": 1, "stop": 2, "signal": 3}
_CONTROL_OF_TAG: dict[str, Control] = {"traffic_signals": "signal", "stop": "stop", "give_way": "yield"}
_EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Controls:
    """Who rules each end of stretches, and whether that is assumed; `yields`: last steps before a sign to yield."""

    control: dict[int, Control] = field(default_factory=dict)
    assumed: frozenset[int] = frozenset()
    yields: frozenset[tuple[int, int]] = frozenset()  # map nodes of the step


def controls_of(extract: Extract, stretches: list[Stretch], counts: Counter[str]) -> Controls:
    """Controls of the ends of stretches, from tags on the ends and on the approaches within SIGN_REACH_M."""
    neighbours = neighbours_of(stretches)
    crossings = {node for node, others in neighbours.items() if len(others) >= 3}
    control: dict[int, Control] = {}
    assumed: set[int] = set()
    yields: set[tuple[int, int]] = set()
    placed: set[int] = set()

    def set_control(junction: int, sign: int, tags: Tags) -> None:
        kind = _CONTROL_OF_TAG[tags["highway"]]
        placed.add(sign)
        if _RANK[kind] > _RANK[control.get(junction, "none")]:
            control[junction] = kind
            assumed.discard(junction)
            if tags.get("source:traffic_signals") == "assumed":
                assumed.add(junction)

    signs = {node: tags for node, tags in extract.node_tags.items() if tags.get("highway") in _CONTROL_OF_TAG}
    for node, tags in signs.items():
        if node in crossings:
            set_control(node, node, tags)
    for stretch in stretches:
        driven_m = 0.0
        for step in stretch.steps[:-1]:
            driven_m += step.length_m
            sign = step.to_node
            if sign not in signs or sign in crossings:
                continue
            to_end_m = stretch.length_m - driven_m
            is_ahead = to_end_m <= min(SIGN_REACH_M, driven_m) and stretch.to_node in crossings
            if is_ahead:
                set_control(stretch.to_node, sign, signs[sign])
                if signs[sign]["highway"] != "traffic_signals":
                    yields.add((stretch.nodes[-2], stretch.to_node))
            elif driven_m <= SIGN_REACH_M and stretch.from_node in crossings:
                if signs[sign]["highway"] == "traffic_signals":
                    set_control(stretch.from_node, sign, signs[sign])
                else:
                    placed.add(sign)
    on_streets = {node for stretch in stretches for node in stretch.nodes}
    for sign in sorted((signs.keys() & on_streets) - placed):
        note(counts, "signals and signs away from junctions left out", sign)
    return Controls(control, frozenset(assumed), frozenset(yields))


class Merger:
    """Which map nodes are one node of the network; the lowest id stands for all of them."""

    def __init__(self, positions: dict[int, tuple[float, float]]) -> None:
        self._positions = positions
        self._parent: dict[int, int] = {}
        self._members: dict[int, list[int]] = {}

    def of(self, node: int) -> int:
        """The node that stands for this one."""
        while (parent := self._parent.get(node, node)) != node:
            node = parent
        return node

    def members(self, node: int) -> list[int]:
        """All map nodes merged with this one, itself included."""
        return self._members.get(self.of(node), [node])

    def merge(self, a: int, b: int) -> bool:
        """Make two nodes one; False where that would span more than WIDEST_JUNCTION_M."""
        keep, gone = sorted((self.of(a), self.of(b)))
        if keep == gone:
            return True
        together = [*self.members(keep), *self.members(gone)]
        places = [self._positions[node] for node in together]
        west, east = min(lon for lon, _ in places), max(lon for lon, _ in places)
        south, north = min(lat for _, lat in places), max(lat for _, lat in places)
        if distance_m((west, south), (east, north)) > WIDEST_JUNCTION_M:
            return False
        self._parent[gone] = keep
        self._members[keep] = sorted(together)
        self._members.pop(gone, None)
        return True

    def position(self, node: int) -> tuple[float, float]:
        """Mean position of the merged nodes (lon, lat)."""
        places = [self._positions[member] for member in self.members(node)]
        return (
            round(math.fsum(lon for lon, _ in places) / len(places), 7),
            round(math.fsum(lat for _, lat in places) / len(places), 7),
        )


def merge_junctions(stretches: Iterable[Stretch], controls: Controls, merger: Merger, counts: Counter[str]) -> None:
    """Merge the ends of stretches that are one junction, shortest stretch first."""
    stretches = list(stretches)
    neighbours = neighbours_of(stretches)
    driven = {(stretch.from_node, stretch.to_node) for stretch in stretches}
    inside_boxes = _sides_of_boxes(stretches, neighbours)
    for stretch in sorted(stretches, key=lambda stretch: (stretch.length_m, stretch.nodes)):
        if stretch.length_m > MERGE_TWO_SIGNALS_ONE_WAY_M:
            break
        if not stretch.is_open:
            continue
        ends = (stretch.from_node, stretch.to_node)
        is_one_way = ends[::-1] not in driven
        within_m = _merge_within_m(ends, is_one_way, stretch.is_structure, controls, neighbours)
        is_inside = stretch.length_m <= within_m or ends in inside_boxes
        if is_inside and merger.of(ends[0]) != merger.of(ends[1]) and merger.merge(*ends):
            note(counts, MERGED, ends[0])


def _sides_of_boxes(stretches: list[Stretch], neighbours: dict[int, set[int]]) -> set[tuple[int, int]]:
    """Pieces of street between the carriageways of a crossing: sides of a ring of three or four short pieces that is no
    roundabout, or the short piece of a two-way street between two one-way ones.

    A car could stand on them, but they are not streets: as streets they would hold two cars each and lock one another.
    """
    short: nx.DiGraph[int] = nx.DiGraph()
    length_m: dict[tuple[int, int], float] = {}
    one_way_ends: set[int] = set()
    driven = {(stretch.from_node, stretch.to_node) for stretch in stretches}
    for stretch in stretches:
        ends = (stretch.from_node, stretch.to_node)
        if ends[::-1] not in driven and stretch.length_m > BOX_SIDE_M:
            one_way_ends.update(ends)
        is_side = stretch.is_open and not stretch.is_structure and not stretch.is_round
        if is_side and stretch.length_m <= BOX_SIDE_M and all(len(neighbours[end]) >= 3 for end in ends):
            short.add_edge(*ends)
            length_m[ends] = stretch.length_m
    sides: set[tuple[int, int]] = set()
    for ring in nx.simple_cycles(short, length_bound=4):
        around = list(zip(ring, [*ring[1:], ring[0]], strict=True))
        if len(ring) > 2:
            one_way = [side for side in around if side[::-1] not in driven]
            if len(one_way) >= 2:
                sides.update(around)
        elif length_m[around[0]] <= MEDIAN_M and one_way_ends.issuperset(ring):
            sides.update(around)
    return sides


def _merge_within_m(
    ends: tuple[int, int],
    is_one_way: bool,
    is_structure: bool,
    controls: Controls,
    neighbours: dict[int, set[int]],
) -> float:
    """Greatest length (m) at which a stretch between these ends counts as inside a junction."""
    if is_structure:
        return ROOM_OF_A_CAR_M
    with_signal = [end for end in ends if controls.control.get(end) == "signal"]
    if len(with_signal) == 2:
        return MERGE_TWO_SIGNALS_ONE_WAY_M if is_one_way else MERGE_TWO_SIGNALS_M
    if len(with_signal) == 1 and all(len(neighbours[end]) >= 3 for end in ends):
        return MERGE_SIGNAL_M
    return ROOM_OF_A_CAR_M


def outside_junctions(stretches: Iterable[Stretch], merger: Merger, counts: Counter[str]) -> list[Stretch]:
    """The stretches that are not inside a merged junction; a long way round from one to itself becomes two."""
    outside: list[Stretch] = []
    for stretch in stretches:
        if merger.of(stretch.from_node) != merger.of(stretch.to_node):
            outside.append(stretch)
        elif stretch.length_m > WIDEST_JUNCTION_M and len(stretch.steps) > 1:
            note(counts, LOOPS_SPLIT, stretch.from_node)
            outside += halves(stretch)
    return outside


def merged_control(members: Iterable[int], controls: Controls) -> tuple[Control, bool]:
    """Control of a merged junction, the strongest of its members', and whether it is assumed."""
    ranked = sorted(members, key=lambda node: (-_RANK[controls.control.get(node, "none")], node in controls.assumed))
    first = ranked[0]
    return controls.control.get(first, "none"), first in controls.assumed


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance between two places given as (lon, lat) in degrees (m)."""
    lon_a, lat_a, lon_b, lat_b = map(math.radians, (*a, *b))
    half = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * _EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))
