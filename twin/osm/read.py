"""Map files into extracts: `.osm`, `.osm.gz`, `.osm.pbf`, told apart by what is in them, not by their names.

A file that is cut short, damaged, hostile or no map at all is refused in one sentence; nothing is loaded by half.
Left out: relations other than turn restrictions.
"""

import gzip
import io
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import ParseError

import osmium
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from twin.errors import DataFileError, NetworkError
from twin.osm.drivable import street_row
from twin.osm.extract import Extract, OsmRestriction, OsmWay, Tags

UNPACKED_LIMIT_BYTES = 16 * 2**30
PACKING_LIMIT = 200
"""A gzip that unpacks to more than so many times its size is no map: OpenStreetMap XML packs about 12 to 1."""

_CHUNK = 1 << 20
_FREE_UNPACK_BYTES = 64 * _CHUNK  # small files of zeros do no harm
_PROLOGUE_BYTES = 1 << 16
_WRONG_POSITIONS_SHARE = 0.01

_WAY_KEYS = ("highway", "amenity", "landuse", "building")
_CONTROLS = frozenset({"traffic_signals", "stop", "give_way"})
_KEPT_USES = frozenset(
    {"residential", "commercial", "retail", "industrial", "education", "institutional", "civic_admin"}
)
_EXPLAIN = "Allowed are OpenStreetMap XML (.osm), the same packed by gzip (.osm.gz), and .osm.pbf."


def read_extract(path: Path, *, with_land_use: bool = False) -> Extract:
    """Streets and car parks of a map file, and on request its land use and buildings.

    Raises DataFileError for a file that is missing or no whole map, NetworkError for one without a drivable street.
    """
    if not path.is_file():
        raise DataFileError(f"{path}: no such file. {_EXPLAIN}")
    with plain_file(path) as plain:
        try:
            extract = _read(plain, with_land_use)
        except (RuntimeError, ValueError, UnicodeDecodeError, osmium.InvalidLocationError) as error:
            raise DataFileError(f"{path}: not a whole OpenStreetMap file ({error}). {_EXPLAIN}") from error
        if not extract.streets:
            ways, highways = _ways_read(plain)
            raise NetworkError(
                f"{path}: no drivable road found ({ways:,} ways read, {highways:,} with highway=…, "
                f"0 of them for cars). Use an extract that holds the streets of the place."
            )
    return extract


@contextmanager
def plain_file(path: Path) -> Iterator[osmium.io.File]:
    """The file as the reader takes it: unpacked if it was packed, checked at its beginning."""
    with path.open("rb") as stream:
        start = stream.read(_PROLOGUE_BYTES)
    if not start:
        raise DataFileError(f"{path}: the file is empty. {_EXPLAIN}")
    if start[:2] == b"\x1f\x8b":
        # In a folder: Windows opens no file a second time that is open already.
        with tempfile.TemporaryDirectory() as folder:
            unpacked = Path(folder) / "unpacked.osm"
            with path.open("rb") as packed, unpacked.open("wb") as plain:
                _unpack(path, packed, plain)
            with unpacked.open("rb") as stream:
                _refuse_hostile_xml(path, stream.read(_PROLOGUE_BYTES))
            yield osmium.io.File(str(unpacked), "osm")
    elif b"OSMHeader" in start[:32]:
        yield osmium.io.File(str(path), "pbf")
    elif start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        _refuse_hostile_xml(path, start)
        yield osmium.io.File(str(path), "osm")
    else:
        raise DataFileError(f"{path}: not an OpenStreetMap file. {_EXPLAIN}")


def _unpack(path: Path, packed: IO[bytes], unpacked: IO[bytes]) -> None:
    """Unpack a gzip file whole, its length and checksum tested, or refuse it."""
    size = path.stat().st_size
    total = 0
    try:
        with gzip.open(packed) as stream:
            while chunk := stream.read(_CHUNK):
                total += len(chunk)
                if total > UNPACKED_LIMIT_BYTES or total > max(_FREE_UNPACK_BYTES, PACKING_LIMIT * size):
                    raise DataFileError(
                        f"{path}: unpacks to more than {total:,} bytes from {size:,}, which no map does; "
                        f"refused. Unpack it yourself if you trust it."
                    )
                unpacked.write(chunk)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataFileError(f"{path}: the gzip file is cut short or damaged ({error}). Fetch it again.") from error


def _refuse_hostile_xml(path: Path, start: bytes) -> None:
    """Refuse document types and entities, which only the text before the first element can declare."""
    try:
        _, root = next(iterparse(io.BytesIO(start), events=("start",), forbid_dtd=True))
    except DefusedXmlException:
        raise DataFileError(
            f"{path}: the XML declares a document type or entities, which no map needs; refused. {_EXPLAIN}"
        ) from None
    except (ParseError, ValueError, LookupError, StopIteration) as error:
        raise DataFileError(f"{path}: not a whole OpenStreetMap file ({error}). {_EXPLAIN}") from error
    if root.tag != "osm":
        raise DataFileError(f"{path}: XML of <{root.tag}>, not of OpenStreetMap. {_EXPLAIN}")


def _read(plain: osmium.io.File, with_land_use: bool) -> Extract:
    repairs: Counter[str] = Counter()
    streets: dict[int, OsmWay] = {}
    areas: dict[int, OsmWay] = {}
    for item in osmium.FileProcessor(plain, osmium.osm.WAY).with_filter(osmium.filter.KeyFilter(*_WAY_KEYS)):
        if not isinstance(item, osmium.osm.Way):
            continue
        tags = {tag.k: tag.v for tag in item.tags}
        kept = streets if street_row(tags) is not None else areas if _is_area(tags, with_land_use) else None
        if kept is None:
            continue
        if item.id in kept:
            repairs["ways with an id used before, left out"] += 1
            continue
        kept[item.id] = OsmWay(item.id, tuple(node.ref for node in item.nodes), tags)
    positions, node_tags = _nodes(plain, [*streets.values(), *areas.values()], repairs)
    return Extract(
        positions=positions,
        node_tags=node_tags,
        streets=tuple(streets[i] for i in sorted(streets)),
        areas=tuple(areas[i] for i in sorted(areas)),
        restrictions=_restrictions(plain, repairs),
        repairs=dict(repairs),
    )


def _nodes(
    plain: osmium.io.File, ways: list[OsmWay], repairs: Counter[str]
) -> tuple[dict[int, tuple[float, float]], dict[int, Tags]]:
    """Positions of the nodes that ways use and of car parks drawn as points; tags that the twin reads."""
    wanted = {node for way in ways for node in way.nodes}
    found: dict[int, tuple[float, float]] = {}
    found_tags: dict[int, Tags] = {}
    wrong = 0
    for item in osmium.FileProcessor(plain, osmium.osm.NODE):
        if not isinstance(item, osmium.osm.Node):
            continue
        tags = {tag.k: tag.v for tag in item.tags} if len(item.tags) else {}
        is_park = tags.get("amenity") == "parking"
        if not (is_park or item.id in wanted):
            continue
        if not item.location.valid():
            wrong += 1
            continue
        if item.id in found:
            repairs["nodes with an id used before, left out"] += 1
            continue
        found[item.id] = (item.location.lon, item.location.lat)
        if is_park or tags.get("highway") in _CONTROLS:
            found_tags[item.id] = tags
    if wrong > _WRONG_POSITIONS_SHARE * max(1, len(wanted)):
        raise ValueError(f"{wrong:,} of {len(wanted):,} nodes lie nowhere on Earth; longitude and latitude swapped?")
    if wrong:
        repairs["nodes that lie nowhere on Earth, left out"] += wrong
    return {i: found[i] for i in sorted(found)}, {i: found_tags[i] for i in sorted(found_tags)}


def _restrictions(plain: osmium.io.File, repairs: Counter[str]) -> tuple[OsmRestriction, ...]:
    """Relations of turn restrictions, by id."""
    found: dict[int, OsmRestriction] = {}
    relations = osmium.FileProcessor(plain, osmium.osm.RELATION).with_filter(osmium.filter.KeyFilter("type"))
    for item in relations:
        if not isinstance(item, osmium.osm.Relation):
            continue
        tags = {tag.k: tag.v for tag in item.tags}
        if tags["type"].partition(":")[0] != "restriction":
            continue
        if item.id in found:
            repairs["relations with an id used before, left out"] += 1
            continue
        found[item.id] = OsmRestriction(item.id, tags, tuple((m.type, m.ref, m.role) for m in item.members))
    return tuple(found[i] for i in sorted(found))


def _is_area(tags: Tags, with_land_use: bool) -> bool:
    if tags.get("amenity") == "parking":
        return True
    return with_land_use and (tags.get("landuse") in _KEPT_USES or tags.get("building", "no") != "no")


def _ways_read(plain: osmium.io.File) -> tuple[int, int]:
    """Ways in the file, and how many of them have a highway tag: only counted to explain a refusal."""
    ways = highways = 0
    for item in osmium.FileProcessor(plain, osmium.osm.WAY):
        ways += 1
        highways += isinstance(item, osmium.osm.Way) and "highway" in item.tags
    return ways, highways
