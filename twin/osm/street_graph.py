"""Ways into stretches: what lies between two junctions, one direction, simplified by osmnx.

A stretch ends at junctions, at dead ends, and where the opening date changes; nowhere else.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, chain, pairwise

import networkx as nx
import osmnx

from twin.osm.drivable import Carriageway, DrivableWay
from twin.osm.extract import Extract
from twin.osm.repairs import note

LOOPS_SPLIT = "directions of loops from a junction to itself split in their middle"


@dataclass(frozen=True, slots=True)
class Step:
    """One straight piece of a stretch, from node to node of the map."""

    from_node: int
    to_node: int
    length_m: float
    road: Carriageway


@dataclass(frozen=True, slots=True)
class Stretch:
    """One direction of a street between two ends; steps in driving order."""

    steps: tuple[Step, ...]

    @property
    def from_node(self) -> int:
        return self.steps[0].from_node

    @property
    def to_node(self) -> int:
        return self.steps[-1].to_node

    @property
    def length_m(self) -> float:
        return sum(step.length_m for step in self.steps)

    @property
    def nodes(self) -> tuple[int, ...]:
        """Map nodes along the stretch, both ends included."""
        return (self.from_node, *(step.to_node for step in self.steps))

    @property
    def is_structure(self) -> bool:
        return any(step.road.is_structure for step in self.steps)

    @property
    def is_round(self) -> bool:
        """Part of the ring of a roundabout."""
        return any(step.road.is_round for step in self.steps)

    @property
    def is_open(self) -> bool:
        """Open since before records began: no date is known at which it opens or closes."""
        return self.steps[0].road.opened_on is None and self.steps[0].road.closed_on is None

    @property
    def is_planned(self) -> bool:
        """Not built yet, and no opening date is known."""
        return self.steps[0].road.opened_on == date.max


def stretches_of(extract: Extract, ways: Iterable[DrivableWay], counts: Counter[str]) -> list[Stretch]:
    """Stretches of all ways, in order of their map ids; a loop from a junction to itself becomes two."""
    graph = _graph(extract, ways, counts)
    simple = osmnx.simplify_graph(
        graph, edge_attrs_differ=["state"], edge_attr_aggs={"length": sum, "steps": _joined}, remove_rings=True
    )
    stretches: list[Stretch] = []
    for _, _, found in simple.edges(data=True):
        stretch = Stretch(found["steps"])
        if stretch.from_node == stretch.to_node:
            note(counts, LOOPS_SPLIT, stretch.from_node)
            stretches += halves(stretch)
        else:
            stretches.append(stretch)
    return sorted(stretches, key=lambda stretch: stretch.nodes)


def _joined(parts: list[tuple[Step, ...]]) -> tuple[Step, ...]:
    return tuple(chain.from_iterable(parts))


def halves(loop: Stretch) -> tuple[Stretch, Stretch]:
    """A loop as two stretches; both directions of one loop split at the same node."""
    driven_m = list(accumulate(step.length_m for step in loop.steps))
    ways = range(1, len(loop.steps))
    cut = min(ways, key=lambda i: (round(abs(driven_m[i - 1] - driven_m[-1] / 2), 3), loop.steps[i].from_node))
    return Stretch(loop.steps[:cut]), Stretch(loop.steps[cut:])


def _graph(extract: Extract, ways: Iterable[DrivableWay], counts: Counter[str]) -> "nx.MultiDiGraph[int]":
    """The graph as osmnx knows it, one edge a step and direction, nodes and edges in order of id."""
    roads: dict[tuple[int, int], Carriageway] = {}
    for way in ways:
        if any(node not in extract.positions for node in way.way.nodes):
            inside = [node for node in way.way.nodes if node in extract.positions]
            note(counts, "ways cut where their nodes lie outside the file", (inside or way.way.nodes)[-1])
        for u, v in pairwise(way.way.nodes):
            if u == v or u not in extract.positions or v not in extract.positions:
                continue
            for ends, road in (((u, v), way.forward), ((v, u), way.backward)):
                if road is None:
                    continue
                if ends in roads:
                    note(counts, "pieces of street drawn twice, first kept", ends[0])
                else:
                    roads[ends] = road
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph(crs="epsg:4326")
    for node in sorted({node for ends in roads for node in ends}):
        lon, lat = extract.positions[node]
        graph.add_node(node, x=lon, y=lat)
    for (u, v), road in sorted(roads.items(), key=lambda item: item[0]):
        graph.add_edge(u, v, osmid=road.way_id, state=f"{road.opened_on}/{road.closed_on}/{road.access}/{road.changes}")
    if graph.number_of_edges():
        graph = osmnx.distance.add_edge_lengths(graph)
    for u, v, data in graph.edges(data=True):
        data["steps"] = (Step(u, v, float(data["length"]), roads[u, v]),)
    return graph


def neighbours_of(stretches: Iterable[Stretch]) -> dict[int, set[int]]:
    """Ends of stretches → the ends next to them, either direction."""
    neighbours: dict[int, set[int]] = defaultdict(set)
    for stretch in stretches:
        neighbours[stretch.from_node].add(stretch.to_node)
        neighbours[stretch.to_node].add(stretch.from_node)
    return dict(neighbours)
