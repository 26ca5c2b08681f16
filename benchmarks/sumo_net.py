"""What a SUMO network file (`.net.xml`) says of the streets that cars may drive.

Edges with their lanes, connections from lane to lane with their inner length and speed, junctions, and fixed-time
signal programs. Rail, footpaths and inner edges are left out; actuated programs are read as the fixed phases that
stand in them. Source: SUMO documentation, "SUMO Road Networks" and "Traffic Lights".
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import parse

CAR = "passenger"
_ROAD_WORDS = frozenset({"all", CAR})


@dataclass(frozen=True)
class Edge:
    """One direction of a street. `car_lanes`: indices of the lanes that cars may use, from the kerb.

    `shape`: points (m) from end to end, () where it is straight.
    """

    id: str
    from_node: str
    to_node: str
    priority: int
    length_m: float
    speed_mps: float
    car_lanes: tuple[int, ...]
    shape: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Connection:
    """A way from a lane over a junction into a lane of another edge.

    `inner_m`, `inner_mps`: length within the junction and its lowest speed. `inner_edges`: ids of the edges there.
    `signal`: program and index of its lamp. `state`: M has the way, m yields, = equal, s stops; O and o with signals.
    """

    from_edge: str
    from_lane: int
    to_edge: str
    to_lane: int
    direction: str
    state: str
    inner_m: float
    inner_mps: float
    inner_edges: tuple[str, ...]
    signal: tuple[str, int] | None  # None: no lamp


@dataclass(frozen=True)
class Junction:
    """A place where edges meet; `kind` in SUMO's words."""

    id: str
    kind: str
    x_m: float
    y_m: float


@dataclass(frozen=True)
class Program:
    """A signal program: phases of (duration in s, one letter a lamp). The first begins at time `offset_s`."""

    id: str
    offset_s: float
    phases: tuple[tuple[float, str], ...]

    @property
    def cycle_s(self) -> float:
        """Time until it begins again (s)."""
        return sum(duration_s for duration_s, _ in self.phases)


@dataclass(frozen=True)
class SumoNet:
    """The car network of one file."""

    edges: tuple[Edge, ...]
    connections: tuple[Connection, ...]
    junctions: tuple[Junction, ...]
    programs: tuple[Program, ...]


def read_sumo_net(path: Path) -> SumoNet:
    """The streets for cars in a `.net.xml` or `.net.xml.gz`."""
    with _opened(path) as file:
        root: Element = parse(file).getroot()
    edges = tuple(_edges(root))
    ids = {edge.id: frozenset(edge.car_lanes) for edge in edges}
    connections = tuple(c for c in _connections(root) if _is_for_cars(c, ids))
    met = {node for edge in edges for node in (edge.from_node, edge.to_node)}
    junctions = tuple(
        Junction(j.attrib["id"], j.attrib["type"], float(j.attrib["x"]), float(j.attrib["y"]))
        for j in root.iter("junction")
        if j.attrib["id"] in met
    )
    return SumoNet(edges, connections, junctions, tuple(_programs(root)))


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def _is_for_cars(connection: Connection, car_lanes: dict[str, frozenset[int]]) -> bool:
    ends = ((connection.from_edge, connection.from_lane), (connection.to_edge, connection.to_lane))
    return all(lane in car_lanes.get(edge, ()) for edge, lane in ends)


def _edges(root: Element) -> Iterator[Edge]:
    for edge in root.iter("edge"):
        lanes = [lane for lane in edge.iter("lane") if _allows_cars(lane)]
        if edge.get("function", "normal") == "internal" or edge.get("from") is None or not lanes:
            continue
        yield Edge(
            edge.attrib["id"],
            edge.attrib["from"],
            edge.attrib["to"],
            int(edge.get("priority", "-1")),
            float(lanes[0].attrib["length"]),
            max(float(lane.attrib["speed"]) for lane in lanes),
            tuple(int(lane.attrib["index"]) for lane in lanes),
            tuple(_point(text) for text in edge.get("shape", "").split()),
        )


def _point(text: str) -> tuple[float, float]:
    x, y = text.split(",")[:2]
    return float(x), float(y)


def _allows_cars(lane: Element) -> bool:
    if "allow" in lane.attrib:
        return not _ROAD_WORDS.isdisjoint(lane.attrib["allow"].split())
    return _ROAD_WORDS.isdisjoint(lane.get("disallow", "").split())


def _connections(root: Element) -> Iterator[Connection]:
    inner_lanes = {
        lane.attrib["id"]: (float(lane.attrib["length"]), float(lane.attrib["speed"]))
        for edge in root.iter("edge")
        if edge.get("function") == "internal"
        for lane in edge.iter("lane")
    }
    rows = list(root.iter("connection"))
    goes_on = {f"{row.attrib['from']}_{row.attrib['fromLane']}": row.get("via") for row in rows if _is_inner(row)}
    for row in rows:
        if _is_inner(row):
            continue
        inner = list(_inner_way(row.get("via"), goes_on))
        lengths_speeds = [inner_lanes[lane] for lane in inner if lane in inner_lanes]
        yield Connection(
            row.attrib["from"],
            int(row.attrib["fromLane"]),
            row.attrib["to"],
            int(row.attrib["toLane"]),
            row.get("dir", ""),
            row.get("state", ""),
            sum(length for length, _ in lengths_speeds),
            min((speed for _, speed in lengths_speeds), default=0.0),
            tuple(lane.rpartition("_")[0] for lane in inner),
            (row.attrib["tl"], int(row.attrib["linkIndex"])) if "tl" in row.attrib else None,
        )


def _is_inner(row: Element) -> bool:
    return row.attrib["from"].startswith(":")


def _inner_way(lane: str | None, goes_on: dict[str, str | None]) -> Iterator[str]:
    """The lanes within the junction: one, or two where a turn waits in the middle."""
    while lane is not None:
        yield lane
        lane = goes_on.get(lane)


def _programs(root: Element) -> Iterator[Program]:
    """The first program of each signal, as SUMO takes the file's last of one id only where asked to."""
    seen = set()
    for logic in root.iter("tlLogic"):
        if logic.attrib["id"] in seen:
            continue
        seen.add(logic.attrib["id"])
        phases = tuple((float(p.attrib["duration"]), p.attrib["state"]) for p in logic.iter("phase"))
        yield Program(logic.attrib["id"], float(logic.get("offset", "0")), phases)
