"""Cutting streets: a link becomes its pieces, and all that refers to it goes on with them.

A piece is named for the link it is of and the nodes it lies between, so that cutting in any order gives the same names.
Nothing else changes: lanes, speed and capacity are those of the link, lengths add up to its own.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from twin.city.city import City
from twin.city.ground import Ground, ground_of
from twin.city.network import Link, Movement, Network, Node
from twin.city.parking import ParkingSite
from twin.city.signals import Green, SignalPlan
from twin.city.transit import BusLine, Stop

Pieces = Mapping[str, tuple[Link, ...]]
"""Id of a link that was cut → its pieces in the direction of travel."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A node that lies so far along a link (share of its length, above 0 and below 1), where it is cut."""

    node_id: str
    share: float


def cut_streets(city: City, nodes: Iterable[Node], cuts: Mapping[str, Sequence[Cut]]) -> tuple[City, Pieces]:
    """The city with links cut at new or known nodes, and the pieces; `cuts` by link id.

    Turns, bans, bus lines and signals go on with the piece that touches the junction. Sites and loading points stay at
    the downstream end, so nobody's origin or destination moves. A stop goes to the piece it lies on.
    """
    network = city.network
    ground = ground_of(network)
    known = network.node_by_id
    added = {node.id: node for node in nodes if node.id not in known}
    places = known | added
    pieces = {link_id: _pieces(network.link_by_id[link_id], ground, places, cuts[link_id]) for link_id in cuts}
    changed = replace(
        city,
        network=_cut_network(network, tuple(added.values()), pieces),
        lines=tuple(_line_on(line, pieces, ground) for line in city.lines),
        sites=_sites_on(city.sites, pieces),
        private_sites=_sites_on(city.private_sites, pieces),
        signals=tuple(_plan_on(plan, pieces) for plan in city.signals),
    )
    if city.demand is not None and any(point.link_id in pieces for point in city.demand.points):
        points = tuple(replace(point, link_id=_last(pieces, point.link_id)) for point in city.demand.points)
        changed = replace(changed, demand=replace(city.demand, points=points))
    return changed, pieces


def _sites_on(sites: Iterable[ParkingSite], pieces: Pieces) -> tuple[ParkingSite, ...]:
    """Parking sites entered from where they were: the end of a link's last piece."""
    return tuple(replace(s, link_id=_last(pieces, s.link_id)) if s.link_id in pieces else s for s in sites)


def with_cuts_of(city: City, other: City) -> City:
    """The city with its streets cut wherever those of `other` are: both have the same links but for what differs.

    Cutting alone changes no result, but it changes rounding, names and tables; two arms are compared piece by piece.
    """
    there, here = other.network, city.network
    cuts: dict[str, list[Cut]] = {}
    nodes: dict[str, Node] = {}
    by_root: dict[str, dict[str, Link]] = {}
    for link in there.links:
        if link.part_of:
            by_root.setdefault(link.part_of, {})[link.from_node] = link
    for link in here.links:
        onward = by_root.get(link.part_of or link.id)
        if onward is None or link.id in there.link_by_id:
            continue
        between = _between(link, onward)
        total_m = sum(piece.length_m for piece in between)
        for piece, passed_m in zip(between, itertools.accumulate(p.length_m for p in between), strict=True):
            if piece is not between[-1]:
                cuts.setdefault(link.id, []).append(Cut(piece.to_node, passed_m / total_m))
                nodes[piece.to_node] = replace(there.node_by_id[piece.to_node], control="none", assumed=frozenset())
    return cut_streets(city, nodes.values(), cuts)[0] if cuts else city


def _between(link: Link, onward: Mapping[str, Link]) -> list[Link]:
    """Pieces that lead from the link's start to its end; [] where they do not."""
    walk: list[Link] = []
    at = link.from_node
    while at in onward and len(walk) <= len(onward):
        walk.append(onward[at])
        at = onward[at].to_node
        if at == link.to_node:
            return walk
    return []


def _pieces(link: Link, ground: Ground, nodes: Mapping[str, Node], cuts: Sequence[Cut]) -> tuple[Link, ...]:
    """The pieces of a link. Who gives way at its end does so at the end of the last piece only."""
    ordered = sorted(cuts, key=lambda cut: cut.share)
    stops = [link.from_node, *(cut.node_id for cut in ordered), link.to_node]
    shares = [0.0, *(cut.share for cut in ordered), 1.0]
    lines = _cut_line(link, ground, nodes, ordered)
    found = []
    for number, (start, end) in enumerate(itertools.pairwise(stops)):
        root = link.part_of or link.id
        piece = replace(
            link,
            id=f"{root}~{start}~{end}",
            from_node=start,
            to_node=end,
            length_m=link.length_m * (shares[number + 1] - shares[number]),
            geometry=lines[number],
            part_of=root,
        )
        if end != link.to_node:
            piece = replace(piece, priority=2, assumed=piece.assumed - {"priority"})
        found.append(piece)
    return tuple(found)


def _cut_line(
    link: Link, ground: Ground, nodes: Mapping[str, Node], cuts: Sequence[Cut]
) -> list[tuple[tuple[float, float], ...]]:
    """The link's line in parts, each with the nodes it lies between; () for straight ones."""
    if not link.geometry:
        return [()] * (len(cuts) + 1)
    lons, lats = zip(*link.geometry, strict=True)
    steps = np.hypot(*np.diff(ground.xy(lons, lats), axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)]) / max(float(steps.sum()), 1e-9)
    parts: list[list[tuple[float, float]]] = [[]]
    ahead = list(cuts)
    for point, share in zip(link.geometry, along.tolist(), strict=True):
        while ahead and ahead[0].share <= share:
            node = nodes[ahead.pop(0).node_id]
            parts[-1].append((node.lon, node.lat))
            parts.append([(node.lon, node.lat)])
        if parts[-1][-1:] != [point]:
            parts[-1].append(point)
    return [tuple(part) for part in parts]


def _cut_network(network: Network, added: tuple[Node, ...], pieces: Pieces) -> Network:
    links = [piece for link in network.links for piece in pieces.get(link.id, (link,))]
    return replace(
        network,
        nodes=(*network.nodes, *added),
        links=tuple(links),
        movements=tuple(_movement_on(movement, pieces) for movement in network.movements),
        banned_turns=frozenset((_last(pieces, came), _first(pieces, gone)) for came, gone in network.banned_turns),
    )


def _movement_on(movement: Movement, pieces: Pieces) -> Movement:
    return replace(movement, from_link=_last(pieces, movement.from_link), to_link=_first(pieces, movement.to_link))


def _plan_on(plan: SignalPlan, pieces: Pieces) -> SignalPlan:
    greens = tuple(_green_on(green, pieces) for green in plan.greens)
    return plan if greens == plan.greens else replace(plan, greens=greens)


def _green_on(green: Green, pieces: Pieces) -> Green:
    to_link = None if green.to_link is None else _first(pieces, green.to_link)
    return replace(green, from_link=_last(pieces, green.from_link), to_link=to_link)


def _first(pieces: Pieces, link_id: str) -> str:
    return pieces[link_id][0].id if link_id in pieces else link_id


def _last(pieces: Pieces, link_id: str) -> str:
    return pieces[link_id][-1].id if link_id in pieces else link_id


def _line_on(line: BusLine, pieces: Pieces, ground: Ground) -> BusLine:
    """The line over the pieces; its first and last stop may lie on a later or earlier piece of their links."""
    if not any(link_id in pieces for link_id in line.route):
        return line
    stops: list[Stop] = []
    at, on_piece = 0, {0: 0}  # position on the old route, and the piece of the last stop there
    for stop in line.stops:
        while line.route[at] != stop.link_id:
            at += 1
        if stop.link_id in pieces:
            on_piece[at] = max(on_piece.get(at, 0), _piece_at(stop, pieces[stop.link_id], ground))
            stop = replace(stop, link_id=pieces[stop.link_id][on_piece[at]].id)
        stops.append(stop)
    route = [[piece.id for piece in pieces[i]] if i in pieces else [i] for i in line.route]
    route[at] = route[at][: on_piece.get(at, 0) + 1] if line.route[at] in pieces else route[at]
    first = stops[0].link_id
    route[0] = route[0][route[0].index(first) :]
    return replace(line, stops=tuple(stops), route=tuple(link_id for part in route[: at + 1] for link_id in part))


def _piece_at(stop: Stop, pieces: Sequence[Link], ground: Ground) -> int:
    """Which of the pieces of its link a stop lies on, by its place along the whole link."""
    line = ground.link_lines[ground.network.link_index[stop.link_id]]
    share = float(line.project(shapely.Point(ground.xy(stop.lon, stop.lat)[0]), normalized=True))
    ends = np.cumsum([piece.length_m for piece in pieces]) / sum(piece.length_m for piece in pieces)
    return int(np.searchsorted(ends[:-1], share - 1e-9))
