"""What a reader of a street network should look at: places that are probably wrong, or that decide who gets where.

Every finding has a place on the ground. Nothing is repaired here; what was repaired while a map was read is told by the
room that reads maps. Leaves out whether lanes, speeds and classes are true: no network knows that.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from twin.city.ground import Ground, ground_of
from twin.city.network import Link, Network
from twin.wording import Words

Weight = Literal["error", "look", "fact"]
"""error: trips fail there; look: probably drawn wrong; fact: how the network is."""

SHORTEST_LINK_M = 7.5
"""A link that cannot hold one standing car (HCM 2016: 25 ft a car)."""

NEAR_MISS_M = 15.0
"""A street that ends so near to another without joining it probably should (m)."""

WIDEST_MEDIAN_M = 60.0
"""Carriageways of one street lie no farther apart (m)."""

MOST_LENGTH_OFF = 0.15
"""Share by which a link's length may differ from its drawn line, and the least that counts (m)."""
LEAST_LENGTH_OFF_M = 50.0

END_MOVED_M = 50.0
"""By so much an end of a street may have been moved when it was read from a map: to the middle of a junction that is
several points there, 100 m wide at most. What lies so near to an end says nothing of the map."""

LOOK_BACK_M = 50.0
"""Where a street that ends leads is seen over its last metres (m)."""


@dataclass(frozen=True, slots=True)
class FindingKind:
    """A kind of finding: how grave it is, and what it is called."""

    weight: Weight
    words: Words


FINDING_KINDS = {
    "apart": FindingKind("error", Words("与路网主体不连通的节点", "nodes that do not hang together with the rest")),
    "trap": FindingKind(
        "error", Words("只进不出或只出不进的节点(单行陷阱)", "nodes that one cannot reach, or not leave")
    ),
    "no_way_on": FindingKind("look", Words("到此无路可走的路段", "links at whose end nothing leads on")),
    "crossing": FindingKind("look", Words("同层相交但无路口", "streets that cross on one level without a junction")),
    "near_miss": FindingKind(
        "look", Words("端点距另一道路很近但未相接", "street ends close to a street they do not join")
    ),
    "short": FindingKind("look", Words("短于一辆车的路段", "links too short for one car")),
    "length": FindingKind("look", Words("长度与线形不符的路段", "links whose length is not that of their line")),
    "signal": FindingKind("look", Words("没有冲突方向的信号灯", "signals where no approaches cross")),
    "dead_end": FindingKind("fact", Words("断头路端点", "dead ends")),
    "edge": FindingKind(
        "fact",
        Words(
            "端点前方图上再无道路(多在图边界，未必断头)",
            "street ends with no street ahead on the map, mostly at its edge",
        ),
    ),
    "dual": FindingKind("fact", Words("双幅路(分隔带两侧单行)路段", "links of dual carriageways")),
    "structure": FindingKind("fact", Words("桥梁、隧道路段", "links on bridges and in tunnels")),
    "restricted": FindingKind("fact", Words("有转向限制的路口", "junctions with restricted turns")),
    "marked": FindingKind("fact", Words("有转向车道标线的进口道", "approaches with lanes marked for turns")),
}
"""All kinds, the gravest first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding at a place (lon, lat). `about`: ids of the links or the node it is about."""

    kind: str  # of FINDING_KINDS
    lon: float
    lat: float
    about: tuple[str, ...]
    street: str = ""


def findings_of(network: Network) -> tuple[Finding, ...]:
    """All findings of a network, by kind in the order of FINDING_KINDS, then by id."""
    ground = ground_of(network)
    found = [
        *_connection(network),
        *_crossings(network, ground),
        *_near_misses(network, ground),
        *_single_links(network, ground),
        *_dual_carriageways(network, ground),
        *_junctions(network),
    ]
    order = list(FINDING_KINDS)
    return tuple(sorted(found, key=lambda f: (order.index(f.kind), f.about)))


def _connection(network: Network) -> Iterator[Finding]:
    """Nodes apart from the largest part, one-way traps, and links that lead nowhere."""
    index = {node.id: k for k, node in enumerate(network.nodes)}
    start = np.array([index[link.from_node] for link in network.links], dtype=np.int64)
    end = np.array([index[link.to_node] for link in network.links], dtype=np.int64)
    n = len(network.nodes)
    graph = csr_array((np.ones(len(start)), (start, end)), shape=(n, n))
    _, weak = connected_components(graph, directed=True, connection="weak")
    main = np.argmax(np.bincount(weak))
    served = _served(network, index)
    for k, node in enumerate(network.nodes):
        kind = "apart" if weak[k] != main else None if served[k] else "trap"
        if kind:
            yield Finding(kind, node.lon, node.lat, (node.id,))
    turns = network.turns()
    leads_on, turning = {turn.from_link for turn in turns}, {turn.node_id for turn in turns}
    for link in network.links:
        onward = [other for other in network.links_out[link.to_node] if other.to_node != link.from_node]
        if onward and link.id not in leads_on and link.to_node in turning:  # where nothing turns the network ends
            node = network.node_by_id[link.to_node]
            yield Finding("no_way_on", node.lon, node.lat, (link.id,), link.name)


def _served(network: Network, index: dict[str, int]) -> NDArray[np.bool_]:
    """Whether each node is reached, by allowed turns, from the largest set of links that reach each other, and back."""
    n = len(network.links)
    turns = [(network.link_index[t.from_link], network.link_index[t.to_link]) for t in network.turns()]
    came, gone = np.array(turns, dtype=np.int64).reshape(-1, 2).T
    graph = csr_array((np.ones(len(came)), (came, gone)), shape=(n, n))
    _, part = connected_components(graph, directed=True, connection="strong")
    length_m = np.bincount(part, weights=[link.length_m for link in network.links])
    sizes = np.bincount(part)
    length_m[sizes < 2] = 0.0
    served = np.zeros(len(index), dtype=np.bool_)
    if len(turns) == 0 or not length_m.any():
        served[:] = True  # a town that is a tree has no core, and nothing to be cut off from
        return served
    first = int(np.flatnonzero(part == np.argmax(length_m))[0])
    reached = breadth_first_order(graph, first, directed=True, return_predecessors=False)
    reaching = breadth_first_order(graph.T.tocsr(), first, directed=True, return_predecessors=False)
    ends = {index[network.links[k].to_node] for k in reached.tolist()}
    starts = {index[network.links[k].from_node] for k in reaching.tolist()}
    served[sorted(ends & starts)] = True
    return served


def _crossings(network: Network, ground: Ground) -> Iterator[Finding]:
    """Pairs of streets on the ground that cross without a node of both; both directions are told once."""
    level = [k for k, link in enumerate(network.links) if not link.is_structure]
    lines = ground.link_lines[level]
    one, other = ground.link_tree.query(lines, predicate="crosses")
    told: set[tuple[frozenset[str], ...]] = set()
    for a, b in zip(one.tolist(), other.tolist(), strict=True):
        first, second = network.links[level[a]], network.links[b]
        ends = {first.from_node, first.to_node}, {second.from_node, second.to_node}
        if level[a] >= b or second.is_structure or ends[0] & ends[1]:
            continue
        key = tuple(sorted((frozenset(ends[0]), frozenset(ends[1])), key=sorted))
        if key in told:
            continue
        told.add(key)
        meeting = shapely.intersection(lines[a], ground.link_lines[b]).centroid
        if _is_at_an_end(meeting, (lines[a], ground.link_lines[b]), _end_moved_m(network)):
            continue
        lon, lat = ground.lonlat(meeting.x, meeting.y)
        yield Finding("crossing", lon, lat, (first.id, second.id), " × ".join(filter(None, (first.name, second.name))))


def _near_misses(network: Network, ground: Ground) -> Iterator[Finding]:
    for node in network.nodes:
        neighbours = {link.from_node for link in network.links_in[node.id]}
        neighbours |= {link.to_node for link in network.links_out[node.id]}
        if len(neighbours) != 1:
            continue
        mine = (*network.links_in[node.id], *network.links_out[node.id])
        name = next((link.name for link in mine if link.name), "")
        is_edge = not _has_street_ahead(mine[0], node.id, network, ground)
        yield Finding("edge" if is_edge else "dead_end", node.lon, node.lat, (node.id,), name)
        if any(link.is_structure for link in mine):
            continue
        for near in ground.links_near(node.lon, node.lat, NEAR_MISS_M):
            link = network.link_by_id[near.link_id]
            if not link.is_structure and not {link.from_node, link.to_node} & {node.id, *neighbours}:
                yield Finding("near_miss", node.lon, node.lat, (node.id, link.id), name)
                break


def _has_street_ahead(link: Link, node_id: str, network: Network, ground: Ground) -> bool:
    """Whether straight on from the node where a link ends or begins lies any street of the map, however far."""
    line = ground.link_lines[network.link_index[link.id]]
    drawn = line if link.to_node == node_id else line.reverse()
    end, back = drawn.interpolate(drawn.length), drawn.interpolate(max(0.0, drawn.length - LOOK_BACK_M))
    step = np.array([end.x - back.x, end.y - back.y]) / max(end.distance(back), 1e-9)
    breadth_m = float(np.hypot(*np.ptp(ground.node_xy, axis=0)))
    ray = shapely.LineString([(end.x, end.y), (end.x + breadth_m * step[0], end.y + breadth_m * step[1])])
    met = (network.links[k] for k in ground.link_tree.query(ray, predicate="intersects").tolist())
    return any(node_id not in (other.from_node, other.to_node) for other in met)


def _end_moved_m(network: Network) -> float:
    return END_MOVED_M if network.kind == "openstreetmap" else 0.0


def _is_at_an_end(place: shapely.Point, lines: Sequence[shapely.LineString], within_m: float) -> bool:
    return any(place.distance(line.boundary) <= within_m for line in lines)


def _single_links(network: Network, ground: Ground) -> Iterator[Finding]:
    least_off_m = max(LEAST_LENGTH_OFF_M, 2.0 * _end_moved_m(network))
    for link, line in zip(network.links, ground.link_lines, strict=True):
        lon, lat = _middle(ground, line)
        if link.length_m < SHORTEST_LINK_M:
            yield Finding("short", lon, lat, (link.id,), link.name)
        if abs(line.length - link.length_m) > max(MOST_LENGTH_OFF * link.length_m, least_off_m):
            yield Finding("length", lon, lat, (link.id,), link.name)
        if link.is_structure:
            yield Finding("structure", lon, lat, (link.id,), link.name)


def _dual_carriageways(network: Network, ground: Ground) -> Iterator[Finding]:
    """One-way links with a one-way link of the same street beside them that leads the other way."""
    two_way = {(link.from_node, link.to_node) for link in network.links}
    one_way: dict[str, list[int]] = defaultdict(list)
    for k, link in enumerate(network.links):
        if link.name and (link.to_node, link.from_node) not in two_way:
            one_way[link.name].append(k)
    for name, positions in one_way.items():
        lines = ground.link_lines[positions]
        heading = np.array([_heading(line) for line in lines])
        middles = shapely.line_interpolate_point(lines, 0.5, normalized=True)
        tree = shapely.STRtree(lines)
        beside = defaultdict(list)
        for a, b in tree.query(middles, predicate="dwithin", distance=WIDEST_MEDIAN_M).T.tolist():
            beside[a].append(b)
        for a, others in sorted(beside.items()):
            if any(float(heading[a] @ heading[b]) < -0.7 for b in others):
                lon, lat = ground.lonlat(middles[a].x, middles[a].y)
                yield Finding("dual", lon, lat, (network.links[positions[a]].id,), name)


def _junctions(network: Network) -> Iterator[Finding]:
    restricted = {network.link_by_id[came].to_node for came, _ in network.banned_turns}
    for node in network.nodes:
        neighbours = {link.from_node for link in network.links_in[node.id]}
        neighbours |= {link.to_node for link in network.links_out[node.id]}
        if node.control == "signal" and (len(neighbours) < 3 or len(network.links_in[node.id]) < 2):
            yield Finding("signal", node.lon, node.lat, (node.id,))
        if node.id in restricted:
            yield Finding("restricted", node.lon, node.lat, (node.id,))
    for link_id in dict.fromkeys(m.from_link for m in network.movements if m.lane_group is not None):
        link = network.link_by_id[link_id]
        node = network.node_by_id[link.to_node]
        yield Finding("marked", node.lon, node.lat, (link_id,), link.name)


def _middle(ground: Ground, line: shapely.LineString) -> tuple[float, float]:
    point = line.interpolate(0.5, normalized=True)
    return ground.lonlat(point.x, point.y)


def _heading(line: shapely.LineString) -> tuple[float, float]:
    (x0, y0), (x1, y1) = line.coords[0], line.coords[-1]
    norm = math.hypot(x1 - x0, y1 - y0) or 1.0
    return (x1 - x0) / norm, (y1 - y0) / norm
