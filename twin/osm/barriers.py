"""Barriers of a map file: water, rail, buildings, parks and closed ground. Polygons in several parts are put together.

Left out: what lies underground (tunnels, culverts), trams, heights and slopes; motorways are streets of the network.
"""

from pathlib import Path

import osmium
import shapely

from twin.city.barriers import Barrier, BarrierKind
from twin.errors import DataFileError
from twin.osm.extract import Tags
from twin.osm.read import plain_file

_KEYS = ("natural", "waterway", "railway", "building", "leisure", "landuse", "boundary")
_WATER_LINES = frozenset({"river", "canal", "stream", "drain"})
_WATER_USES = frozenset({"reservoir", "basin", "salt_pond"})
_RAILS = frozenset({"rail", "light_rail", "narrow_gauge", "subway", "monorail", "preserved"})
_PARKS = frozenset({"park", "garden", "golf_course", "nature_reserve", "stadium", "sports_centre", "pitch", "track"})
_GREEN_USES = frozenset({"forest", "cemetery", "recreation_ground", "military"})
_UNDERGROUND = frozenset({"yes", "culvert", "building_passage", "covered"})


def barrier_kind(tags: Tags, *, is_area: bool) -> BarrierKind | None:
    """What kind of barrier an object is by its tags; None: none, or it lies underground.

    >>> barrier_kind({"waterway": "river"}, is_area=False)
    'water'
    >>> barrier_kind({"railway": "subway", "tunnel": "yes"}, is_area=False)
    """
    if tags.get("tunnel") in _UNDERGROUND or tags.get("location") == "underground" or _below(tags):
        return None
    if is_area:
        if tags.get("natural") == "water" or tags.get("waterway") in ("riverbank", "dock"):
            return "water"
        if tags.get("landuse") in _WATER_USES:
            return "water"
        if tags.get("landuse") == "railway":
            return "rail"
        if tags.get("building", "no") != "no":
            return "building"
        is_park = tags.get("leisure") in _PARKS or tags.get("landuse") in _GREEN_USES or tags.get("natural") == "wood"
        return "park" if is_park else None
    if tags.get("waterway") in _WATER_LINES or tags.get("natural") == "coastline":
        return "water"
    return "rail" if tags.get("railway") in _RAILS else None


def _below(tags: Tags) -> bool:
    return tags.get("layer", "").startswith("-") and "railway" in tags


_Found = list[tuple[int, BarrierKind, int, Barrier]]  # whether an area, kind, id


def read_barriers(path: Path) -> tuple[Barrier, ...]:
    """The barriers of a map file, lines first, each in order of kind and id. Raises DataFileError.

    Where the file's objects are out of order, polygons of several ways cannot be put together and are left out.
    """
    with plain_file(path) as plain:
        try:
            try:
                found = _with_polygons(plain)
            except RuntimeError as error:
                if "out of order" not in str(error):
                    raise
                found = _of_single_ways(plain)
        except (RuntimeError, ValueError, UnicodeDecodeError, osmium.InvalidLocationError) as error:
            raise DataFileError(f"{path}: not a whole OpenStreetMap file ({error}).") from error
    return tuple(barrier for *_, barrier in sorted(found, key=lambda row: row[:3]))


def _with_polygons(plain: osmium.io.File) -> _Found:
    found: _Found = []
    factory = osmium.geom.WKBFactory()
    for item in osmium.FileProcessor(plain).with_areas().with_filter(osmium.filter.KeyFilter(*_KEYS)):
        if not isinstance(item, osmium.osm.Area | osmium.osm.Way):
            continue
        is_area = isinstance(item, osmium.osm.Area)
        tags = {tag.k: tag.v for tag in item.tags}
        kind = barrier_kind(tags, is_area=is_area)
        shape = None if kind is None else _shape(factory, item)
        if kind is not None and shape is not None:
            found.append((int(is_area), kind, item.id, Barrier(kind, tags.get("name", ""), shape)))
    return found


def _of_single_ways(plain: osmium.io.File) -> _Found:
    found: _Found = []
    for item in osmium.FileProcessor(plain).with_locations().with_filter(osmium.filter.KeyFilter(*_KEYS)):
        if not isinstance(item, osmium.osm.Way):
            continue
        tags = {tag.k: tag.v for tag in item.tags}
        line = [(node.lon, node.lat) for node in item.nodes if node.location.valid()]
        for is_area in (False, True):
            kind = barrier_kind(tags, is_area=is_area)
            if kind is None or len(line) < (4 if is_area else 2) or (is_area and line[0] != line[-1]):
                continue
            shape = shapely.Polygon(line) if is_area else shapely.LineString(line)
            found.append((int(is_area), kind, item.id, Barrier(kind, tags.get("name", ""), shape)))
    return found


def _shape(factory: osmium.geom.WKBFactory, item: osmium.osm.Area | osmium.osm.Way) -> shapely.Geometry | None:
    """The shape in degrees; None where the file has too few of its nodes to draw it."""
    try:
        if isinstance(item, osmium.osm.Area):
            wkb = factory.create_multipolygon(item)
        else:
            wkb = factory.create_linestring(item)
    except (RuntimeError, osmium.InvalidLocationError):
        return None
    shape = shapely.from_wkb(bytes.fromhex(wkb) if isinstance(wkb, str) else wkb)
    return None if shape.is_empty else shape
