"""A map into a `Network`: the story from ways to links. The chapters are in the files beside this one.

Left out: times of day, but for those of bus lanes.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TypeVar

from twin.city.network import ROAD_CLASSES, BusLane, Kind, Link, Movement, Network, Node
from twin.errors import NetworkError
from twin.osm.assumptions import capacity_at_speed_vph
from twin.osm.components import connected, join_cut_carriageways
from twin.osm.drivable import DrivableWay, drivable_way
from twin.osm.extract import Extract
from twin.osm.junction_turns import Turn, banned_turns
from twin.osm.junctions import Controls, Merger, controls_of, merge_junctions, merged_control, outside_junctions
from twin.osm.lane_marks import marked_movements
from twin.osm.levels import on_own_levels
from twin.osm.read import read_extract
from twin.osm.repairs import Repairs, note
from twin.osm.report import NetworkReport
from twin.osm.restrictions import turn_rules
from twin.osm.street_graph import Stretch, stretches_of
from twin.units import km_from_metres, kmh_from_mps

Value = TypeVar("Value", str, float)


def read_network(
    path: Path, *, place: str = "", kind: Kind = "openstreetmap", crs: str | None = None
) -> tuple[Network, NetworkReport]:
    """Streets of a map file as a network, and what was assumed and repaired on the way.

    `crs` None: the UTM zone of the middle of the extract. Raises DataFileError, NetworkError.
    """
    return network_of(read_extract(path), place=place, kind=kind, crs=crs, source=path.name)


def network_of(
    extract: Extract, *, place: str = "", kind: Kind = "openstreetmap", crs: str | None = None, source: str = ""
) -> tuple[Network, NetworkReport]:
    """Streets of an extract as a network; ids come from the map's node ids, whatever the order of the file."""
    counts = Repairs(extract.repairs)
    drivable = [way for street in extract.streets if (way := drivable_way(street, counts)) is not None]
    extract, ways = on_own_levels(extract, drivable, counts)
    _note_roundabouts(ways, counts)
    stretches = stretches_of(extract, ways, counts)
    if not stretches:
        raise NetworkError(f"{source or place}: no drivable road found ({len(extract.streets):,} streets read).")
    all_m = sum(stretch.length_m for stretch in stretches)
    controls = controls_of(extract, stretches, counts)
    merger = Merger(extract.positions)
    cut_ends = join_cut_carriageways(stretches, merger, extract.positions, counts)
    merge_junctions(stretches, controls, merger, counts)
    outside = outside_junctions(stretches, merger, counts)
    banned: set[Turn] = set()
    if kind != "schematic":  # a sketch's junctions stand for several: what turns inside them is not drawn
        banned = banned_turns(stretches, outside, merger, turn_rules(extract, stretches, counts), cut_ends, counts)
    kept = connected(outside, merger, cut_ends, counts, banned)
    if not kept:
        raise NetworkError(f"{source or place}: no two places that one can drive between and back.")
    nodes = {node.id: node for node in _nodes(kept, merger, controls)}
    links, stretch_of = _links(kept, merger, nodes, extract, controls)
    if kind != "schematic":  # a sketch's links stand for several streets each
        links = with_assumed_priorities(nodes, links, {i for i, stretch in stretch_of.items() if stretch.is_round})
    id_of = {stretch.nodes: link_id for link_id, stretch in stretch_of.items()}
    bans = frozenset((id_of[a], id_of[b]) for a, b in banned if a in id_of and b in id_of)
    network = Network(
        nodes=tuple(nodes.values()),
        links=tuple(links),
        place=place,
        kind=kind,
        crs=crs or utm_crs(*extract.centre),
        banned_turns=_no_turning_round(links, {str(merger.of(node)) for node in cut_ends}) | bans,
    )
    if kind != "schematic":
        network = _with_marked_lanes(network, stretch_of, extract, counts)
    return network, _report(network, all_m, source, counts, extract)


def _note_roundabouts(ways: Iterable[DrivableWay], counts: Counter[str]) -> None:
    """Count the rings of roundabouts; a ring may be drawn as several ways."""
    rings: list[set[int]] = []
    for way in ways:
        road = way.forward or way.backward
        if road is not None and road.is_round:
            touching = [ring for ring in rings if not ring.isdisjoint(way.way.nodes)]
            rings = [ring for ring in rings if ring.isdisjoint(way.way.nodes)]
            rings.append(set(way.way.nodes).union(*touching))
    for ring in sorted(rings, key=min):
        note(counts, "roundabouts, whose ring has the way", min(ring))


def _with_marked_lanes(
    network: Network, stretch_of: Mapping[str, Stretch], extract: Extract, counts: Counter[str]
) -> Network:
    """The network with lanes of turns where they are marked; a node with a marked approach lists all its turns."""
    turns: dict[str, list[Movement]] = defaultdict(list)
    for turn in network.turns():
        turns[turn.node_id].append(turn)
    movements: list[Movement] = []
    for node_id, here in turns.items():
        marked: dict[tuple[str, str], Movement] = {}
        for link_id in dict.fromkeys(turn.from_link for turn in here):
            onward = {turn.to_link: stretch_of[turn.to_link] for turn in here if turn.from_link == link_id}
            found = marked_movements(stretch_of[link_id], onward, node_id, link_id, extract.positions, counts)
            marked |= {(movement.from_link, movement.to_link): movement for movement in found}
        if marked:
            movements += [marked.get((turn.from_link, turn.to_link), turn) for turn in here]
    return replace(network, movements=tuple(movements)) if movements else network


def utm_crs(lon: float, lat: float) -> str:
    """The UTM zone of a place, as an EPSG code.

    >>> utm_crs(121.4, 37.5)
    'EPSG:32651'
    """
    zone = min(60, int((lon + 180.0) // 6.0) + 1)
    return f"EPSG:{32600 + zone if lat >= 0 else 32700 + zone}"


def _nodes(kept: list[Stretch], merger: Merger, controls: Controls) -> list[Node]:
    nodes = []
    for node in sorted({merger.of(end) for stretch in kept for end in (stretch.from_node, stretch.to_node)}):
        control, is_assumed = merged_control(merger.members(node), controls)
        lon, lat = merger.position(node)
        nodes.append(Node(str(node), lon, lat, control, frozenset({"control"}) if is_assumed else frozenset()))
    return nodes


def _links(
    kept: list[Stretch], merger: Merger, nodes: dict[str, Node], extract: Extract, controls: Controls
) -> tuple[list[Link], dict[str, Stretch]]:
    """The links, and the stretch that each was made from."""
    parallel: dict[tuple[str, str], list[Stretch]] = defaultdict(list)
    for stretch in kept:
        parallel[str(merger.of(stretch.from_node)), str(merger.of(stretch.to_node))].append(stretch)
    links, stretch_of = [], {}
    for (u, v), together in parallel.items():
        together.sort(key=lambda stretch: (stretch.length_m, stretch.nodes))
        for number, stretch in enumerate(together, start=1):
            link_id = f"{u}-{v}" if number == 1 else f"{u}-{v}-{number}"
            links.append(_link(link_id, nodes[u], nodes[v], stretch, extract, stretch.nodes[-2:] in controls.yields))
            stretch_of[link_id] = stretch
    return links, stretch_of


def _link(link_id: str, u: Node, v: Node, stretch: Stretch, extract: Extract, yields: bool) -> Link:
    """One link of a stretch: class, name and lanes of its longest part, speed by time driven."""
    rows = {step.road.row.highway: step.road.row for step in stretch.steps}
    row = rows[_longest((step.road.row.highway, step.length_m) for step in stretch.steps)]
    length_m = stretch.length_m
    speed_mps = length_m / sum(step.length_m / step.road.free_speed_mps for step in stretch.steps)
    between = [extract.positions[node] for node in stretch.nodes[1:-1]]
    first = stretch.steps[0].road
    lanes = _longest((step.road.lanes, step.length_m) for step in stretch.steps)
    return Link(
        id=link_id,
        from_node=u.id,
        to_node=v.id,
        length_m=length_m,
        lanes=lanes,
        free_speed_mps=speed_mps,
        capacity_vph=capacity_at_speed_vph(row, kmh_from_mps(speed_mps)),
        jam_density_vpkm=row.jam_density_vpkm,
        road_class=row.road_class,
        name=_longest((step.road.name, step.length_m) for step in stretch.steps),
        geometry=((u.lon, u.lat), *between, (v.lon, v.lat)) if between else (),
        priority=1 if yields else 2,
        opened_on=first.opened_on,
        closed_on=first.closed_on,
        access=first.access,
        changes=first.changes,
        is_structure=stretch.is_structure,
        source_ids=tuple(dict.fromkeys(str(step.road.way_id) for step in stretch.steps)),
        assumed=frozenset().union(*(step.road.assumed for step in stretch.steps)),
        bus_lane=_bus_lane(stretch, lanes),
    )


def _bus_lane(stretch: Stretch, lanes: float) -> BusLane | None:
    """The bus lane that most of a stretch has; None where most has none, or it would leave no lane for others."""
    lengths: dict[BusLane | None, float] = defaultdict(float)
    for step in stretch.steps:
        lengths[step.road.bus_lane] += step.length_m
    most = max(lengths, key=lambda lane: (lengths[lane], lane is None, repr(lane)))
    return most if most is not None and most.lanes < lanes else None


def with_assumed_priorities(
    nodes: Mapping[str, Node], links: Sequence[Link], round_ids: Collection[str] = frozenset()
) -> list[Link]:
    """The links with who gives way where no signal is mapped and no sign on an approach.

    Who comes to the ring of a roundabout (`round_ids`) gives way to those on it, whatever the classes.

    At a junction of three streets or more, links of a lower class than the highest that comes in give way: drivers of a
    side street wait for those of the main one (assumed; between streets of one class nobody does: that who comes from
    the right goes first is not modelled). A planned street raises nobody's class before it is open.
    """
    into: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        into[link.to_node].append(link)
    gives_way = set()
    for node_id, approaches in into.items():
        is_told = nodes[node_id].control == "signal" or any(link.priority == 1 for link in approaches)
        on_ring = {link.id for link in approaches if link.id in round_ids}
        if not is_told and on_ring:
            gives_way |= {link.id for link in approaches if link.id not in on_ring}
            continue
        open_now = [_rank(link) for link in approaches if link.opened_on != date.max]
        if not is_told and open_now and len({link.from_node for link in approaches}) >= 3:
            gives_way |= {link.id for link in approaches if _rank(link) > min(open_now)}
    return [
        replace(link, priority=1, assumed=link.assumed | {"priority"}) if link.id in gives_way else link
        for link in links
    ]


def _rank(link: Link) -> int:
    """Position of a link's class among ROAD_CLASSES: the lower, the wider."""
    return ROAD_CLASSES.index(link.road_class)


def _longest(lengths: Iterable[tuple[Value, float]]) -> Value:
    """The value that holds along most of a stretch; the smaller of two that hold equally far."""
    total_m: dict[Value, float] = defaultdict(float)
    for value, length_m in lengths:
        total_m[value] += length_m
    return min(total_m, key=lambda value: (-total_m[value], value))


def _no_turning_round(links: Iterable[Link], cut_ends: set[str]) -> frozenset[tuple[str, str]]:
    """Turns at the border where the two carriageways of a cut street were joined."""
    into, out_of = defaultdict(list), defaultdict(list)
    for link in links:
        if link.to_node in cut_ends:
            into[link.to_node].append(link.id)
        if link.from_node in cut_ends:
            out_of[link.from_node].append(link.id)
    return frozenset((came, gone) for node in into for came in into[node] for gone in out_of[node])


def _report(network: Network, all_m: float, source: str, counts: Repairs, extract: Extract) -> NetworkReport:
    length_m = sum(link.length_m for link in network.links)
    named_m = sum(link.length_m for link in network.links if link.name)
    signals = [node for node in network.nodes if node.control == "signal"]
    return NetworkReport(
        source=source,
        nodes=len(network.nodes),
        links=len(network.links),
        length_km=km_from_metres(length_m),
        named_length_share=named_m / length_m,
        kept_length_share=length_m / all_m,
        signals=len(signals),
        assumed_signals=sum("control" in node.assumed for node in signals),
        planned_links=sum(link.opened_on == date.max for link in network.links),
        shortest_link_m=min(link.length_m for link in network.links),
        assumed_links=dict(Counter(field for link in network.links for field in sorted(link.assumed))),
        repairs=dict(counts),
        repaired_at={
            what: tuple(extract.positions[node] for node in nodes if node in extract.positions)
            for what, nodes in counts.nodes.items()
        },
    )
