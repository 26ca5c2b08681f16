"""Small maps by hand: a dictionary of places and a list of ways become a map file."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.sax.saxutils import quoteattr

Tags = Mapping[str, str]
Way = tuple[int, list[int], Tags]
Restriction = tuple[int, list[tuple[str, int, str]], Tags]
"""Relation id, members as (type, id, role), tags."""

METRE_LAT = 1.0 / 111_195.0
"""Degrees of latitude in a metre on the sphere that osmnx measures on."""


def xml_of(
    places: Mapping[int, tuple[float, float]],
    ways: Iterable[Way],
    tags: Mapping[int, Tags] | None = None,
    restrictions: Iterable[Restriction] = (),
) -> str:
    """OSM XML; `places`: node → (metres east, metres north) of 0° 0′, where a degree is the same both ways."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="test">']
    for node, (east_m, north_m) in places.items():
        here = (tags or {}).get(node, {})
        lines.append(f'<node id="{node}" lat="{north_m * METRE_LAT:.9f}" lon="{east_m * METRE_LAT:.9f}">')
        lines += [*map(_tag, here.items()), "</node>"]
    for way, nodes, way_tags in ways:
        lines.append(f'<way id="{way}">')
        lines += [f'<nd ref="{node}"/>' for node in nodes]
        lines += [*map(_tag, way_tags.items()), "</way>"]
    for relation, members, relation_tags in restrictions:
        lines.append(f'<relation id="{relation}">')
        lines += [f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members]
        lines += [*map(_tag, {"type": "restriction", **relation_tags}.items()), "</relation>"]
    return "\n".join([*lines, "</osm>"])


def _tag(item: tuple[str, str]) -> str:
    return f"<tag k={quoteattr(item[0])} v={quoteattr(item[1])}/>"


def write_map(
    folder: Path,
    places: Mapping[int, tuple[float, float]],
    ways: Iterable[Way],
    tags: Mapping[int, Tags] | None = None,
    restrictions: Iterable[Restriction] = (),
) -> Path:
    """The map as a file in the folder."""
    path = folder / "map.osm"
    path.write_text(xml_of(places, ways, tags, restrictions), encoding="utf-8")
    return path
