"""One town that hangs together: every kept junction can be reached from every other without turning round.

Where the border of an extract cuts a street of two carriageways, the two ends are joined, so that the street
stays; trips may begin and end there, but nobody turns round.
"""

from collections import Counter
from collections.abc import Collection, Iterable

import networkx as nx

from twin.osm.junctions import Merger, distance_m
from twin.osm.repairs import note
from twin.osm.street_graph import Stretch

Nodes = tuple[int, ...]
"""Map nodes of a stretch, by which it is known."""

LEFT_OUT = "street directions left out because one cannot get there and back"

CUT_ENDS_APART_M = 60.0
"""Ends of two carriageways of one cut street lie no farther apart."""

MOST_TRAPPED_SHARE = 0.1
"""Streets that lead only into traps are left out up to this share of the length; beyond it trips there fail instead."""


def join_cut_carriageways(
    stretches: Iterable[Stretch], merger: Merger, positions: dict[int, tuple[float, float]], counts: Counter[str]
) -> frozenset[int]:
    """Merge one-way ends that lead out with those that lead in, nearest first; gives the nodes so made."""
    into: dict[int, list[Stretch]] = {}
    out_of: dict[int, list[Stretch]] = {}
    for stretch in stretches:
        into.setdefault(stretch.to_node, []).append(stretch)
        out_of.setdefault(stretch.from_node, []).append(stretch)
    exits = sorted(into.keys() - out_of.keys())
    entries = sorted(out_of.keys() - into.keys())
    pairs = []
    for gone in exits:
        for came in entries:
            same_class = {s.steps[-1].road.row.road_class for s in into[gone]} & {
                s.steps[0].road.row.road_class for s in out_of[came]
            }
            if not same_class or abs(positions[gone][1] - positions[came][1]) > 0.001:
                continue
            apart_m = distance_m(positions[gone], positions[came])
            if apart_m <= CUT_ENDS_APART_M:
                pairs.append((apart_m, gone, came))
    used: set[int] = set()
    joined: set[int] = set()
    for _, gone, came in sorted(pairs):
        if gone in used or came in used or not merger.merge(gone, came):
            continue
        used |= {gone, came}
        joined.add(merger.of(gone))
    if joined:
        for node in sorted(joined):
            note(counts, "cut streets whose two carriageways were joined at the border", node)
    return frozenset(joined)


def connected(
    stretches: list[Stretch],
    merger: Merger,
    cut_ends: frozenset[int],
    counts: Counter[str],
    banned: Collection[tuple[Nodes, Nodes]] = frozenset(),
) -> list[Stretch]:
    """The stretches of the largest strongly connected part; the rest is counted.

    Streets not built yet are kept where they would be part of it once open, but hold nothing together. `cut_ends`:
    nodes at which nothing turns; `banned`: turns that nobody may make, as the map nodes of two stretches.
    """
    built = [stretch for stretch in stretches if not stretch.is_planned]
    kept = _within(built, _largest_part(built, merger, counts), merger)
    kept = _without_traps(kept, merger, cut_ends, banned)
    planned = [stretch for stretch in stretches if stretch.is_planned]
    if planned:
        kept += _within(planned, _largest_part([*kept, *planned], merger, Counter()), merger)
    there = {stretch.nodes for stretch in kept}
    for stretch in stretches:
        if stretch.nodes not in there:
            note(counts, LEFT_OUT, stretch.nodes[len(stretch.nodes) // 2])
    return sorted(kept, key=lambda stretch: stretch.nodes)


def _within(stretches: list[Stretch], nodes: set[int], merger: Merger) -> list[Stretch]:
    return [stretch for stretch in stretches if {merger.of(stretch.from_node), merger.of(stretch.to_node)} <= nodes]


def _without_traps(
    stretches: list[Stretch],
    merger: Merger,
    cut_ends: frozenset[int],
    banned: Collection[tuple[Nodes, Nodes]],
) -> list[Stretch]:
    """Leave out junctions that one could reach or leave only by turning round in the street.

    A core of stretches, each reachable from each by turns, must reach a junction and be reached from it. Where that
    would cost more than MOST_TRAPPED_SHARE of the length (a town that is a tree has no core), all stays.
    """
    kept = stretches
    while True:
        nodes = _served_by_core(kept, merger, cut_ends, banned)
        inside = _within(kept, nodes, merger)
        if len(inside) == len(kept):
            return kept
        kept = inside
        length_m = sum(stretch.length_m for stretch in kept)
        if length_m < (1.0 - MOST_TRAPPED_SHARE) * sum(stretch.length_m for stretch in stretches):
            return stretches


def _served_by_core(
    stretches: list[Stretch],
    merger: Merger,
    cut_ends: frozenset[int],
    banned: Collection[tuple[Nodes, Nodes]],
) -> set[int]:
    """Junctions that the largest set of mutually reachable stretches reaches, and from which it is reached."""
    ends = [(merger.of(stretch.from_node), merger.of(stretch.to_node)) for stretch in stretches]
    leaving: dict[int, list[int]] = {}
    for number, (start, _) in enumerate(ends):
        leaving.setdefault(start, []).append(number)
    stops = {merger.of(node) for node in cut_ends}
    turns: nx.DiGraph[int] = nx.DiGraph()
    turns.add_nodes_from(range(len(ends)))
    turns.add_edges_from(
        (number, onward)
        for number, (start, end) in enumerate(ends)
        if end not in stops
        for onward in leaving.get(end, ())
        if ends[onward][1] != start and (stretches[number].nodes, stretches[onward].nodes) not in banned
    )
    parts = list(nx.strongly_connected_components(turns))
    if not parts:
        return set()
    core = max(parts, key=lambda part: (sum(stretches[i].length_m for i in sorted(part)), -min(part)))
    first = min(core)
    reached = nx.descendants(turns, first) | {first}
    reaching = nx.ancestors(turns, first) | {first}
    return {ends[i][1] for i in reached} & {ends[i][0] for i in reaching}


def _largest_part(stretches: list[Stretch], merger: Merger, counts: Counter[str]) -> set[int]:
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_edges_from((merger.of(stretch.from_node), merger.of(stretch.to_node)) for stretch in stretches)
    parts = list(nx.strongly_connected_components(graph))
    if not parts:
        return set()
    length_m: Counter[int] = Counter()
    part_of = {node: number for number, part in enumerate(parts) for node in part}
    for stretch in stretches:
        u, v = merger.of(stretch.from_node), merger.of(stretch.to_node)
        if part_of[u] == part_of[v]:
            length_m[part_of[u]] += round(stretch.length_m)
    best = max(range(len(parts)), key=lambda number: (length_m[number], -min(parts[number])))
    for part in sorted((part for number, part in enumerate(parts) if number != best and len(part) > 1), key=min):
        note(counts, "smaller parts that hang together, but not with the rest", min(part))
    return set(parts[best])
