"""Candidates for openings: dead ends and T-stems led on to the next street.

The rule: straight on from the stub (within 60°), 60 m to `max_gap_m` far, to a junction, to another stub or to the
middle of the street that lies straight on, where the way round is at least one and a half times as long. No street at
grade is crossed. What the line crosses on the map (water, rail, buildings, parks, expressways, streets on bridges or in
tunnels) is named with the candidate; where it crosses ground that must not be built on there is none.
Dead ends where a bus line begins or ends are left out: they are terminals.
Leaves out heights, ownership and whatever the map does not have.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

from twin.advice.street_arms import Arm, arms_of, turn_deg, unit
from twin.advice.stubs import EXPRESS, Stub, stubs_of, terminals_of
from twin.city.barriers import BARRIER_KINDS, Barrier, BarrierGround, BarrierKind
from twin.city.city import City
from twin.city.ground import Ground, ground_of
from twin.city.network import ROAD_CLASSES, Link, Network
from twin.scenario.street_joints import AT_JUNCTION_M
from twin.scenario.street_parts import NEAR_M

MAX_GAP_M = 600.0
SHORTEST_M = 60.0
WIDEST_TURN_DEG = 60.0
LEAST_DETOUR = 1.5
LONGEST_WAY_M = 8_000.0
"""A way round longer than this counts as this long."""

ONE_GAP_M = 60.0
"""Candidates whose ends lie pairwise within this distance (m) are one gap."""

MOST_ENDS = 4
"""Ends that are kept for each stub: the straightest."""

LEAST_ANGLE_DEG = 30.0
"""A new street that met another at a sharper angle (°) would run beside it."""

_ARMS_OF_AN_END = (1, 3)
"""No junction gets a fifth arm, and where two arms meet is the middle of a street."""

_STUBS_AT_ONCE = 256
_WIDEST = "secondary"
_MOST_LANES = 2.0


@dataclass(frozen=True, slots=True)
class CandidateEnd:
    """Where a candidate meets the streets: a junction, or a point so far along a link (share) and against it.

    `links`: () at a junction; else the link, and its opposite direction where it has one.
    """

    lon: float
    lat: float
    node_id: str | None = None  # None: in the middle of a street
    links: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A gap that may be worth closing. `round_m`: the way round through the streets; `straightness`: 1 straight on
    from both ends, 0 at 60°; `goes_on`: the stub's street goes on under its name beyond; `crosses`: what lies on the
    line; `road_class` and `lanes` are those of the stub."""

    key: str
    stub: Stub
    ends: tuple[CandidateEnd, CandidateEnd]
    crow_m: float
    round_m: float
    straightness: float
    goes_on: bool
    road_class: str
    lanes: float
    crosses: tuple[BarrierKind, ...] = ()

    @property
    def plausibility(self) -> float:
        """How much the streets say that one is missing here: straight on from both ends, and under one name."""
        return self.straightness + (1.0 if self.goes_on else 0.0)

    @property
    def places(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """(lon, lat) of both ends."""
        return (self.ends[0].lon, self.ends[0].lat), (self.ends[1].lon, self.ends[1].lat)


@dataclass(frozen=True)
class Discovery:
    """Candidates of a city, in order of their keys, and how many gaps were left out for which reason."""

    candidates: tuple[Candidate, ...]
    left_out: dict[str, int] = field(default_factory=dict)


def find_candidates(
    city: City, *, max_gap_m: float = MAX_GAP_M, barriers: Sequence[Barrier] = (), stubs: Sequence[Stub] | None = None
) -> Discovery:
    """All gaps of the rule of this module. `stubs` None: every dead end and T-stem but bus terminals."""
    network = city.open_network()
    left_out: Counter[str] = Counter()
    arms = arms_of(network)
    if stubs is None:
        terminals = terminals_of(city, network, arms)
        found = stubs_of(network, arms)
        stubs = [stub for stub in found if stub.node_id not in terminals]
        left_out["dead ends where buses turn"] = len(found) - len(stubs)
    search = _Search(network, arms, max_gap_m, barriers, left_out)
    candidates = search.candidates(stubs)
    return Discovery(tuple(candidates), {reason: n for reason, n in sorted(left_out.items()) if n})


class _Search:
    """Looks from stubs over the streets of one network."""

    def __init__(
        self,
        network: Network,
        arms: Mapping[str, Sequence[Arm]],
        max_gap_m: float,
        barriers: Sequence[Barrier],
        left_out: Counter[str],
    ) -> None:
        self.network, self.arms, self.max_gap_m, self.left_out = network, arms, max_gap_m, left_out
        self.ground: Ground = ground_of(network)
        self.barriers = BarrierGround(barriers, self.ground)
        self.joins_within_m = NEAR_M if network.kind == "schematic" else AT_JUNCTION_M
        self.index = {node.id: i for i, node in enumerate(network.nodes)}
        self.node_tree = KDTree(self.ground.node_xy)
        self.is_joinable = _joinable(network)

    def candidates(self, stubs: Sequence[Stub]) -> list[Candidate]:
        graph = _length_graph(self.network, self.index)
        kept: list[Candidate] = []
        for first in range(0, len(stubs), _STUBS_AT_ONCE):
            part = stubs[first : first + _STUBS_AT_ONCE]
            ways = dijkstra(graph, directed=False, indices=[self.index[s.node_id] for s in part], limit=LONGEST_WAY_M)
            for stub, way_m in zip(part, ways, strict=True):
                here = [c for end in self._ends_ahead(stub) if (c := self._candidate(stub, end, way_m))]
                here.sort(key=lambda c: (-c.plausibility, c.crow_m, c.key))
                kept += here[:MOST_ENDS]
        return self._one_a_gap(kept)

    def _ends_ahead(self, stub: Stub) -> Iterator[CandidateEnd]:
        """Junctions within the cone, and the point where the street straight on is met."""
        xy, start = self.ground.node_xy, self.index[stub.node_id]
        near = np.array(sorted(self.node_tree.query_ball_point(xy[start], self.max_gap_m)), dtype=np.int64)
        offset = xy[near] - xy[start]
        far_m = np.hypot(offset[:, 0], offset[:, 1])
        ahead = offset @ np.array(stub.heading) >= far_m * math.cos(math.radians(WIDEST_TURN_DEG))
        for position in near[ahead & (far_m >= SHORTEST_M)].tolist():
            node = self.network.nodes[position]
            if self.is_joinable[position] and len(self.arms[node.id]) in _ARMS_OF_AN_END:
                yield CandidateEnd(node.lon, node.lat, node.id)
        straight_on = self._straight_on(stub)
        if straight_on is not None:
            yield straight_on

    def _straight_on(self, stub: Stub) -> CandidateEnd | None:
        """The middle of the first street that a new one may join; None where a junction is near enough or none is."""
        at = self.ground.node_xy[self.index[stub.node_id]]
        ray = shapely.LineString([at + 1.0 * np.array(stub.heading), at + self.max_gap_m * np.array(stub.heading)])
        met: list[tuple[float, int]] = []
        for position in self.ground.link_tree.query(ray, predicate="intersects"):
            link = self.network.links[int(position)]
            if self._is_level(link) and stub.node_id not in (link.from_node, link.to_node):
                meeting = shapely.intersection(ray, self.ground.link_lines[position])
                met.append((float(shapely.Point(at).distance(meeting)), int(position)))
        if not met:
            return None
        nearest_m = min(far_m for far_m, _ in met)
        if nearest_m < SHORTEST_M:
            return None
        link = self.network.links[min(position for far_m, position in met if far_m <= nearest_m + 1e-6)]
        point = at + nearest_m * np.array(stub.heading)
        lon, lat = self.ground.lonlat(*point)
        near_m, node_id = min(
            (float(np.hypot(*(self.ground.node_xy[self.index[node]] - point))), node)
            for node in (link.from_node, link.to_node)
        )
        if near_m <= self.joins_within_m:
            if len(self.arms[node_id]) != 2:
                return None  # a junction, looked at as one
            node = self.network.node_by_id[node_id]
            return CandidateEnd(node.lon, node.lat, node_id)
        there = self.ground.links_near(lon, lat, 5.0, among={link.id, *self._back(link)})
        between_deg = turn_deg(stub.heading, there[0].heading)
        if min(between_deg, 180.0 - between_deg) < LEAST_ANGLE_DEG:
            return None
        shares = tuple((near.link_id, near.along_m / self.network.link_by_id[near.link_id].length_m) for near in there)
        return CandidateEnd(round(lon, 6), round(lat, 6), None, shares)

    def _back(self, link: Link) -> list[str]:
        return [back.id for back in self.network.links_out[link.to_node] if back.to_node == link.from_node]

    def _is_level(self, link: Link) -> bool:
        return link.road_class not in EXPRESS and not link.is_structure

    def _candidate(self, stub: Stub, end: CandidateEnd, way_m: NDArray[np.float64]) -> Candidate | None:
        """The candidate from a stub to an end; None where the rule refuses it."""
        a = self.ground.node_xy[self.index[stub.node_id]]
        b = self.ground.xy(end.lon, end.lat)[0]
        crow_m = float(np.hypot(*(b - a)))
        round_m = min(self._way_to(end, way_m), LONGEST_WAY_M)
        if round_m < LEAST_DETOUR * crow_m:
            return None
        along, back = unit(b - a), unit(a - b)
        here, there = self.arms[stub.node_id], self.arms[end.node_id] if end.node_id else ()
        if any(
            turn_deg(way, arm.away) < LEAST_ANGLE_DEG for way, arms in ((along, here), (back, there)) for arm in arms
        ):
            return None
        line = shapely.LineString([a, b])
        crossed = self._streets_crossed(line, stub, end)
        if crossed is None:
            return None
        kinds = {barrier.kind for barrier in self.barriers.crossed_by(line)} | crossed
        if "not_buildable" in kinds:
            self.left_out["gaps over ground that must not be built on"] += 1
            return None
        straight_on = [(_aligned(along, arm.away), arm.link.name) for arm in there]
        beyond = max((aligned for aligned, _ in straight_on), default=0.0)
        names = {name for aligned, name in straight_on if aligned > 0.0}
        narrowest = max(ROAD_CLASSES.index(stub.street.road_class), ROAD_CLASSES.index(_WIDEST))
        start_node = self.network.node_by_id[stub.node_id]
        start = CandidateEnd(round(start_node.lon, 6), round(start_node.lat, 6), stub.node_id)
        return Candidate(
            key=f"{stub.node_id}>{end.node_id or f'{end.lon:.6f},{end.lat:.6f}'}",
            stub=stub,
            ends=(start, CandidateEnd(round(end.lon, 6), round(end.lat, 6), end.node_id, end.links)),
            crow_m=crow_m,
            round_m=round_m,
            straightness=(_aligned(along, stub.heading) + beyond) / 2.0,
            goes_on=bool(stub.street.name) and stub.street.name in names,
            road_class=ROAD_CLASSES[narrowest],
            lanes=max(1.0, min(_MOST_LANES, stub.street.lanes)),
            crosses=tuple(kind for kind in BARRIER_KINDS if kind in kinds),
        )

    def _way_to(self, end: CandidateEnd, way_m: NDArray[np.float64]) -> float:
        if end.node_id is not None:
            return float(way_m[self.index[end.node_id]])
        link_id, share = end.links[0]
        link = self.network.link_by_id[link_id]
        by_start = way_m[self.index[link.from_node]] + share * link.length_m
        return float(min(by_start, way_m[self.index[link.to_node]] + (1.0 - share) * link.length_m))

    def _streets_crossed(self, line: shapely.LineString, stub: Stub, end: CandidateEnd) -> set[BarrierKind] | None:
        """Expressways and structures on the line; None where it crosses a street at grade."""
        met = {link_id for link_id, _ in end.links}
        own = {stub.node_id, end.node_id}
        kinds: set[BarrierKind] = set()
        for position in self.ground.link_tree.query(line, predicate="intersects"):
            link = self.network.links[int(position)]
            if link.id in met or own & {link.from_node, link.to_node}:
                continue
            if self._is_level(link):
                return None
            kinds.add("structure" if link.is_structure else "motorway")
        return kinds

    def _one_a_gap(self, candidates: list[Candidate]) -> list[Candidate]:
        """Of candidates that are one gap the straightest; the order of keys."""
        ordered = sorted(candidates, key=lambda c: (bool(c.crosses), -c.plausibility, c.crow_m, c.key))
        places = np.array([place for c in ordered for place in c.places]).reshape(-1, 2)
        ends = self.ground.xy(places[:, 0], places[:, 1]).reshape(-1, 2, 2)
        kept: list[Candidate] = []
        is_kept = np.zeros(len(ordered), dtype=np.bool_)
        for i, near in enumerate(_near_ends(ends)):
            if not any(is_kept[k] and _is_same_gap(ends[i], ends[k]) for k in near):
                is_kept[i] = True
                kept.append(ordered[i])
        self.left_out["gaps that are the same as another"] += len(ordered) - len(kept)
        return sorted(kept, key=lambda c: c.key)


def _near_ends(ends: NDArray[np.float64]) -> list[list[int]]:
    """For each of n gaps (n, 2 ends, 2) those with an end near its first one, in order."""
    if not len(ends):
        return []
    tree = KDTree(ends.reshape(-1, 2))
    return [sorted({k // 2 for k in tree.query_ball_point(end, ONE_GAP_M)}) for end in ends[:, 0]]


def _is_same_gap(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether both ends lie within ONE_GAP_M of the other's, either way round."""
    return any(np.hypot(*(one - turned).T).max() <= ONE_GAP_M for turned in (other, other[::-1]))


def _aligned(along: tuple[float, float], heading: tuple[float, float]) -> float:
    """1 where a way keeps its heading, falling to 0 at a turn of 60°."""
    return max(0.0, 1.0 - turn_deg(along, heading) / WIDEST_TURN_DEG)


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
        bool(arms) and not any(link.road_class in EXPRESS for link in arms)
        for arms in ((*network.links_out[node.id], *network.links_in[node.id]) for node in network.nodes)
    ]
