"""Missing links: dead ends and T-junctions worth joining to a street beyond. A simple stated rule, no simulation yet.

The rule: a dead end, or the stem of a T-junction, is led straight on (within 60° of its heading) to a junction
60 to 600 m away, where the way round through the streets is at least twice as long and no street is crossed. Of all
such gaps those are taken that save most metres of way round times residents nearby, no two within 1 km of each other.
Dead ends where a bus line begins or ends are left out: they are terminals, not gaps.
Knows nothing of water, hills, buildings or ownership.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from twin.advice.candidate_files import write_candidates
from twin.city.city import City
from twin.city.ground import Ground, ground_of
from twin.city.network import ROAD_CLASSES, Link, Network
from twin.scenario.scenario import Scenario
from twin.scenario.street_openings import OpenLink
from twin.wording import Words

SHORTEST_M, LONGEST_M = 60.0, 600.0
WIDEST_TURN_DEG = 60.0
LEAST_DETOUR = 2.0
APART_M = 1_000.0
NEARBY_M = 2_000.0
"""Residents of a zone count in full at its middle, falling to nothing 2 km away."""
_LONGEST_WAY_M = 8_000.0
"""A way round longer than this counts as this long."""
_STUBS_AT_ONCE = 256
_EXPRESS = ("motorway", "trunk")
_WIDEST = "secondary"
_MOST_LANES = 2.0


@dataclass(frozen=True, slots=True)
class Stub:
    """Where a street stops: a dead end or the stem of a T. `heading`: unit vector (east, north) straight on."""

    node_id: str
    heading: tuple[float, float]
    street: Link


@dataclass(frozen=True, slots=True)
class Candidate:
    """A gap worth joining. `network_m`: way round through the streets; `residents_near`: weighted by nearness;
    `score`: metres saved times residents near."""

    start_node: str
    end_node: str
    ends: tuple[tuple[float, float], tuple[float, float]]  # (lon, lat)
    crow_m: float
    network_m: float
    residents_near: float
    road_class: str
    lanes: float

    @property
    def score(self) -> float:
        return (self.network_m - self.crow_m) * self.residents_near


def find_missing_links(city: City, *, count: int = 10) -> tuple[Candidate, ...]:
    """The best gaps to join by the rule of this module, best first; fewer where the city has no more."""
    network = city.open_network()
    ground = ground_of(network)
    stubs = [stub for stub in stubs_of(network) if stub.node_id not in terminals_of(city, network)]
    found = [c for c in _gaps(city, network, ground, stubs) if c.score > 0]
    found.sort(key=lambda c: (-c.score, c.start_node, c.end_node))
    chosen: list[Candidate] = []
    for candidate in found:
        if len(chosen) == count:
            break
        if all(ground.crow_m(_middle(candidate), _middle(other)) >= APART_M for other in chosen):
            chosen.append(candidate)
    return tuple(chosen)


def stubs_of(network: Network) -> list[Stub]:
    """Dead ends, and stems of T-junctions where no expressway meets, in canonical order of nodes."""
    ground = ground_of(network)
    position = {node.id: ground.node_xy[i] for i, node in enumerate(network.nodes)}
    stubs = []
    for node in network.nodes:
        arms = {link.from_node: link for link in network.links_in[node.id]}
        neighbours = arms.keys() | {link.to_node for link in network.links_out[node.id]}
        if len(neighbours) not in (1, 3) or len(arms) != len(neighbours):
            continue
        if any(link.road_class in _EXPRESS for link in arms.values()):
            continue
        heading = {other: _unit(position[node.id] - _arm_end(ground, arms[other])) for other in sorted(arms)}
        stem = _stem(heading) if len(arms) == 3 else next(iter(arms))
        stubs.append(Stub(node.id, heading[stem], arms[stem]))
    return stubs


def terminals_of(city: City, network: Network) -> set[str]:
    """Nodes at either end of the links where bus lines begin or end."""
    nodes: set[str] = set()
    for line in city.lines:
        for stop in (line.stops[0], line.stops[-1]):
            link = network.link_by_id.get(stop.link_id)
            nodes |= {link.from_node, link.to_node} if link else set()
    return {node for node in nodes if len({link.to_node for link in network.links_out[node]}) == 1}


def write_openings(city: City, path: Path, *, count: int = 10) -> tuple[Candidate, ...]:
    """Write the best gaps as a scenario of openings, named 候选A, B, C …."""
    candidates = find_missing_links(city, count=count)
    measures = tuple(
        OpenLink(
            id=f"opening-{letter}",
            group="openings",
            ends=candidate.ends,
            name=f"候选{letter}",
            road_class=candidate.road_class,
            lanes=candidate.lanes,
        )
        for letter, candidate in zip(letters(), candidates, strict=False)
    )
    scenario = Scenario(
        name=path.stem,
        title=Words(f"打通{len(measures)}条断头路、丁字路(候选)", f"{len(measures)} missing links opened (candidates)"),
        place=city.place,
        based_on="baseline",
        answers=("work-report-2024/p02-dead-ends-2024",),
        measures=measures,
        notes=OPENING_NOTES,
    )
    write_candidates(path, scenario, write_openings)
    return candidates


OPENING_NOTES = (
    "2024年政府工作报告未列出这十条路的名称，公开渠道也未查到清单；这里的候选A–J由程序按简单规则选出，不是真实项目。",
    "规则：断头路端点或丁字路口，沿原方向(±60°)60–600米内有路口，绕行至少为直线的2倍，连线不穿过已有道路；"
    "按“节省绕行米数×2公里内居民数(按距离折减)”从大到小选，互相至少相距1公里，不取公交首末站。",
    "示意路网不知道水面、山体、建筑和用地：候选连线可能落在水上或不能建设的地方，须人工核实。",
    "The report names none of the ten roads and no list was found: candidates A–J are chosen by a simple stated "
    "rule, not by simulation, and are not the real projects.",
    "Rule: a dead end or the stem of a T led straight on (within 60°) to a junction 60–600 m away, way round at "
    "least twice the straight line, no street crossed; most metres saved times residents within 2 km first, at "
    "least 1 km apart, bus terminals left out.",
    "The schematic network knows no water, hills or buildings: a candidate may lie where nothing can be built.",
)


def letters() -> Iterator[str]:
    """A, B … Z, AA, AB …"""
    alphabet = [chr(ord("A") + i) for i in range(26)]
    for length in itertools.count(1):
        yield from ("".join(word) for word in itertools.product(alphabet, repeat=length))


def _gaps(city: City, network: Network, ground: Ground, stubs: list[Stub]) -> Iterator[Candidate]:
    index = {node.id: i for i, node in enumerate(network.nodes)}
    graph = _length_graph(network, index)
    tree = shapely.STRtree(ground.link_lines)
    xy = ground.node_xy
    joinable = _joinable(network)
    for first in range(0, len(stubs), _STUBS_AT_ONCE):
        part = stubs[first : first + _STUBS_AT_ONCE]
        ways = dijkstra(graph, indices=[index[stub.node_id] for stub in part], limit=_LONGEST_WAY_M)
        for stub, way_m in zip(part, ways, strict=True):
            start = index[stub.node_id]
            for end in _ahead(xy, start, stub.heading):
                crow_m = float(np.hypot(*(xy[end] - xy[start])))
                round_m = min(float(way_m[end]), _LONGEST_WAY_M)
                if not joinable[end] or round_m < LEAST_DETOUR * crow_m:
                    continue
                if not _crosses(network, ground, tree, start, end):
                    yield _candidate(city, network, ground, stub, end, crow_m, round_m)


def _candidate(
    city: City, network: Network, ground: Ground, stub: Stub, end: int, crow_m: float, round_m: float
) -> Candidate:
    start_node, end_node = network.node_by_id[stub.node_id], network.nodes[end]
    ends = ((round(start_node.lon, 6), round(start_node.lat, 6)), (round(end_node.lon, 6), round(end_node.lat, 6)))
    middle = ((ends[0][0] + ends[1][0]) / 2, (ends[0][1] + ends[1][1]) / 2)
    residents = 0.0
    for zone in city.zones:
        far_m = ground.crow_m(middle, (zone.lon, zone.lat))
        residents += zone.residents * max(0.0, 1.0 - far_m / NEARBY_M)
    narrowest = max(ROAD_CLASSES.index(stub.street.road_class), ROAD_CLASSES.index(_WIDEST))
    return Candidate(
        start_node=start_node.id,
        end_node=end_node.id,
        ends=ends,
        crow_m=crow_m,
        network_m=round_m,
        residents_near=residents,
        road_class=ROAD_CLASSES[narrowest],
        lanes=max(1.0, min(_MOST_LANES, stub.street.lanes)),
    )


def _length_graph(network: Network, index: dict[str, int]) -> csr_array:
    """Shortest link length (m) between neighbouring nodes."""
    shortest: dict[tuple[int, int], float] = {}
    for link in network.links:
        pair = index[link.from_node], index[link.to_node]
        shortest[pair] = min(link.length_m, shortest.get(pair, math.inf))
    rows, columns = zip(*shortest, strict=True)
    n = len(network.nodes)
    return csr_array((list(shortest.values()), (rows, columns)), shape=(n, n))


def _joinable(network: Network) -> list[bool]:
    """Whether a new street may end at each node: it is on streets, and on no expressway."""
    return [
        bool(network.links_out[node.id])
        and not any(link.road_class in _EXPRESS for link in (*network.links_out[node.id], *network.links_in[node.id]))
        for node in network.nodes
    ]


def _ahead(xy: NDArray[np.float64], start: int, heading: tuple[float, float]) -> Iterable[int]:
    """Nodes 60 to 600 m away, straight on within 60°."""
    offset = xy - xy[start]
    far_m = np.hypot(offset[:, 0], offset[:, 1])
    along_m = offset @ np.asarray(heading)
    ahead = along_m >= far_m * math.cos(math.radians(WIDEST_TURN_DEG))
    return (int(i) for i in np.flatnonzero(ahead & (far_m >= SHORTEST_M) & (far_m <= LONGEST_M)))


def _crosses(network: Network, ground: Ground, tree: shapely.STRtree, start: int, end: int) -> bool:
    """Whether the straight line meets a street anywhere but at its own ends."""
    line = shapely.LineString([ground.node_xy[start], ground.node_xy[end]])
    own = {network.nodes[start].id, network.nodes[end].id}
    for i in tree.query(line, predicate="intersects"):
        link = network.links[int(i)]
        if not own & {link.from_node, link.to_node}:
            return True
    return False


def _stem(heading: dict[str, tuple[float, float]]) -> str:
    """Of three arms the one that is not part of the straightest pair."""

    def straightness(pair: tuple[str, str]) -> float:
        (east_1, north_1), (east_2, north_2) = heading[pair[0]], heading[pair[1]]
        return -(east_1 * east_2 + north_1 * north_2)

    through = max(itertools.combinations(sorted(heading), 2), key=straightness)
    return next(arm for arm in sorted(heading) if arm not in through)


def _arm_end(ground: Ground, link: Link) -> NDArray[np.float64]:
    """A point on the link up to 50 m before its end: where the street comes from."""
    line = ground.link_lines[ground.network.link_index[link.id]]
    point = line.interpolate(max(0.0, line.length - 50.0))
    return np.array([point.x, point.y])


def _unit(vector: NDArray[np.float64]) -> tuple[float, float]:
    norm = float(np.hypot(vector[0], vector[1])) or 1.0
    return float(vector[0]) / norm, float(vector[1]) / norm


def _middle(candidate: Candidate) -> tuple[float, float]:
    (lon_1, lat_1), (lon_2, lat_2) = candidate.ends
    return (lon_1 + lon_2) / 2, (lat_1 + lat_2) / 2
