"""Bridges and tunnels taken apart from the streets they pass over or under, where a map draws one point for both."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from twin.osm.drivable import Carriageway, DrivableWay
from twin.osm.extract import Extract
from twin.osm.repairs import note

LIFTED = 10**16
"""Added to the id of a map node for the street that passes over or under it; the map's own ids are shorter."""


def on_own_levels(
    extract: Extract, ways: Sequence[DrivableWay], counts: Counter[str]
) -> tuple[Extract, list[DrivableWay]]:
    """The ways with points of their own where a bridge or tunnel passes through a point of a street on another level.

    A street may change its level where it ends; within it nobody turns off a bridge onto the street below.
    """
    levels: dict[int, set[int]] = defaultdict(set)  # of the ways that pass a node
    for way in ways:
        for node in way.way.nodes[1:-1]:
            levels[node].add(_road(way).level)
    positions = dict(extract.positions)
    found = []
    for way in ways:
        apart = {n for n in way.way.nodes[1:-1] if _road(way).is_structure and len(levels[n]) > 1 and n in positions}
        for node in sorted(apart):
            note(counts, "points that a bridge or tunnel shares with the street below, taken apart", node)
            positions[node + LIFTED] = positions[node]
        nodes = tuple(node + LIFTED if node in apart else node for node in way.way.nodes)
        found.append(replace(way, way=replace(way.way, nodes=nodes)) if apart else way)
    return replace(extract, positions=positions), found


def _road(way: DrivableWay) -> Carriageway:
    road = way.forward or way.backward
    assert road is not None
    return road
