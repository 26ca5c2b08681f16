"""Bus lines of a map file: relations `type=route` with their stops in order and the ways they are mapped on.

Both schemas: one relation a direction (stops and platforms by role, in order), and one for both, where roles begin
with `forward` or `backward`. What of a relation lies outside the file, and where its ways do not hang together, is
told, never mended. Left out: variants by hour, request stops, `route_master`, trams.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import osmium

from twin.errors import DataFileError
from twin.osm.extract import Tags
from twin.osm.read import plain_file

BUSES = frozenset({"bus", "trolleybus"})
_STOP_ROLES = ("stop", "platform")
_ONE_WAY_ROLES = ("forward", "backward")
Member = tuple[str, int, str]
"""Kind ("n", "w" or "r"), id, role."""


@dataclass(frozen=True, slots=True)
class RouteStop:
    """A stop of a line in WGS-84 degrees; `name` "": the map says none."""

    name: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class RouteGap:
    """Where the ways of a relation do not hang together (lon, lat of the end that is left open)."""

    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class MappedLine:
    """One direction of a line as it is mapped.

    `ways`: ids of its ways, in order; `gaps`: between ways of the file; `outside`: members that the file does not hold.
    `interval_min` None: not told.
    """

    relation: int
    line: str
    direction: str
    stops: tuple[RouteStop, ...]
    ways: tuple[int, ...]
    gaps: tuple[RouteGap, ...]
    outside: int
    interval_min: float | None


@dataclass(frozen=True)
class _Places:
    """What of relations' members the file holds: positions and tags of nodes, nodes and tags of ways."""

    position: Mapping[int, tuple[float, float]]
    node_tags: Mapping[int, Tags]
    way_nodes: Mapping[int, tuple[int, ...]]
    way_tags: Mapping[int, Tags]


def read_mapped_lines(path: Path) -> tuple[MappedLine, ...]:
    """The bus lines of a map file, by name, direction and relation. Raises DataFileError."""
    with plain_file(path) as plain:
        try:
            relations = dict(sorted(_relations(plain)))
            places = _places(plain, relations.values())
        except (RuntimeError, ValueError, UnicodeDecodeError, osmium.InvalidLocationError) as error:
            raise DataFileError(f"{path}: not a whole OpenStreetMap file ({error}).") from error
    found = [line for number, (tags, members) in relations.items() for line in _lines_of(number, tags, members, places)]
    return tuple(_told_apart(sorted(found, key=lambda line: (line.line, line.direction, line.relation))))


def _relations(plain: osmium.io.File) -> Iterator[tuple[int, tuple[Tags, tuple[Member, ...]]]]:
    reader = osmium.FileProcessor(plain, osmium.osm.RELATION).with_filter(osmium.filter.TagFilter(("type", "route")))
    for item in reader:
        if isinstance(item, osmium.osm.Relation) and item.tags.get("route") in BUSES:
            tags = {tag.k: tag.v for tag in item.tags}
            yield item.id, (tags, tuple((m.type, m.ref, m.role) for m in item.members))


def _places(plain: osmium.io.File, relations: Iterable[tuple[Tags, tuple[Member, ...]]]) -> _Places:
    members = {member[:2] for _, of_one in relations for member in of_one}
    way_nodes: dict[int, tuple[int, ...]] = {}
    way_tags: dict[int, Tags] = {}
    for item in osmium.FileProcessor(plain, osmium.osm.WAY):
        if isinstance(item, osmium.osm.Way) and ("w", item.id) in members:
            way_nodes[item.id] = tuple(node.ref for node in item.nodes)
            way_tags[item.id] = {tag.k: tag.v for tag in item.tags}
    wanted = {number for kind, number in members if kind == "n"} | {n for nodes in way_nodes.values() for n in nodes}
    position: dict[int, tuple[float, float]] = {}
    node_tags: dict[int, Tags] = {}
    for item in osmium.FileProcessor(plain, osmium.osm.NODE):
        if isinstance(item, osmium.osm.Node) and item.id in wanted and item.location.valid():
            position[item.id] = (item.location.lon, item.location.lat)
            if ("n", item.id) in members:
                node_tags[item.id] = {tag.k: tag.v for tag in item.tags}
    return _Places(position, node_tags, way_nodes, way_tags)


def _lines_of(number: int, tags: Tags, members: Sequence[Member], places: _Places) -> Iterator[MappedLine]:
    """One line-direction, or two where the roles of stops tell both directions of one relation."""
    is_stop = [_is_stop(member, places) for member in members]
    ways = [m for m, stop in zip(members, is_stop, strict=True) if not stop and m[0] == "w"]
    halts = [m for m, stop in zip(members, is_stop, strict=True) if stop]
    has_both = any(role.startswith("backward") for _, _, role in halts)
    for side in _ONE_WAY_ROLES if has_both else ("",):
        other = {"forward": "backward", "backward": "forward", "": "-"}[side]
        own_stops = [m for m in halts if not m[2].startswith(other)]
        own_ways = [m for m in ways if not m[2].startswith(other)]
        if side == "backward":
            own_stops, own_ways = own_stops[::-1], own_ways[::-1]
        here = [m[1] for m in own_ways if m[1] in places.way_nodes]
        stops, lost = _stops(own_stops, places)
        yield MappedLine(
            relation=number,
            line=(tags.get("ref") or tags.get("name") or str(number)).strip(),
            direction=_direction(tags, side),
            stops=stops,
            ways=tuple(here),
            gaps=tuple(_gaps([m[1] for m in own_ways], places)),
            outside=lost + len(own_ways) - len(here),
            interval_min=_minutes(tags.get("interval", "")),
        )


def _is_stop(member: Member, places: _Places) -> bool:
    """Whether a member is a stop: by its role; without one, by its tags or for being a point."""
    kind, number, role = member
    if any(word in role for word in _STOP_ROLES):
        return True
    if kind == "n":
        return role in ("", *_ONE_WAY_ROLES)
    return kind == "w" and places.way_tags.get(number, {}).get("public_transport") == "platform"


def _stops(members: Sequence[Member], places: _Places) -> tuple[tuple[RouteStop, ...], int]:
    """Stops in order, and how many the file does not hold. A stop position and its platform are one stop.

    A position lies on the street, so it is taken where both are mapped; the name is that of whichever has one.
    """
    found: list[tuple[str, RouteStop]] = []
    lost = 0
    for kind, number, role in members:
        tags = (places.node_tags if kind == "n" else places.way_tags).get(number, {})
        place = places.position.get(number) if kind == "n" else _middle(number, places)
        if place is None:
            lost += 1
            continue
        what = "platform" if "platform" in role or tags.get("public_transport") == "platform" else "stop"
        stop = RouteStop(tags.get("name", "").strip(), *place)
        if found and found[-1][0] != what and _is_one(found[-1][1], stop):
            on_street, beside = (stop, found[-1][1]) if what == "stop" else (found[-1][1], stop)
            found[-1] = ("both", RouteStop(on_street.name or beside.name, on_street.lon, on_street.lat))
        else:
            found.append((what, stop))
    return tuple(stop for _, stop in found), lost


def _is_one(first: RouteStop, second: RouteStop) -> bool:
    """Whether a stop position and a platform beside each other in the list are one stop: within some 100 m, or of one
    name."""
    is_near = abs(first.lon - second.lon) < 0.0012 and abs(first.lat - second.lat) < 0.001
    return is_near or (first.name != "" and first.name == second.name)


def _middle(way: int, places: _Places) -> tuple[float, float] | None:
    points = [places.position[node] for node in places.way_nodes.get(way, ()) if node in places.position]
    if not points:
        return None
    return sum(lon for lon, _ in points) / len(points), sum(lat for _, lat in points) / len(points)


def _gaps(ways: Sequence[int], places: _Places) -> Iterator[RouteGap]:
    """Ends that are left open between ways next to each other in the list, both in the file.

    Ways join at their ends; a closed one, a roundabout, at any of its nodes.
    """
    for first, second in pairwise(ways):
        if first not in places.way_nodes or second not in places.way_nodes:
            continue
        if _ends(places.way_nodes[first]).isdisjoint(_ends(places.way_nodes[second])):
            place = places.position.get(places.way_nodes[first][-1])
            if place is not None:
                yield RouteGap(*place)


def _ends(nodes: tuple[int, ...]) -> set[int]:
    return set(nodes) if nodes[0] == nodes[-1] else {nodes[0], nodes[-1]}


def _direction(tags: Tags, side: str) -> str:
    """Where it leads, in the map's words."""
    start, end = (tags.get(key, "").strip() for key in ("from", "to"))
    if side == "backward":
        start, end = end, start
    return f"{start} → {end}" if start and end else end or start or side or "one way"


def _minutes(text: str) -> float | None:
    """Minutes of an `interval` such as "10", "00:10" or "00:10:00"; None for ranges and words.

    >>> _minutes("00:10"), _minutes("7"), _minutes("10-15")
    (10.0, 7.0, None)
    """
    parts = text.strip().split(":")
    if not text or not all(part.isdecimal() for part in parts) or len(parts) > 3:
        return None
    numbers = [float(part) for part in parts]
    minutes = numbers[0] if len(numbers) == 1 else 60.0 * numbers[0] + numbers[1]
    return minutes if 0.0 < minutes <= 24 * 60 else None


def _told_apart(lines: Iterable[MappedLine]) -> Iterator[MappedLine]:
    """Lines of one name and direction get the number of their relation behind it."""
    lines = list(lines)
    names = [(line.line, line.direction) for line in lines]
    for line, name in zip(lines, names, strict=True):
        if names.count(name) > 1:
            number = f"{line.direction} ({line.relation})"
            line = replace(line, direction=number)
        yield line
