"""Parking that the map draws, as plain rows: car parks (`amenity=parking`), kerbs along streets (`parking:right=lane`).

Kerbs are read in the scheme of 2022 (`parking:left`, `:right`, `:both`, with `:orientation` and `:capacity`) and in the
older one (`parking:lane:right=parallel`). A street says nothing: nothing is known, and nothing is read.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from twin.city.parking import Access, SiteKind
from twin.osm.extract import Extract, OsmWay, Tags

_GARAGES = frozenset({"multi-storey", "underground", "rooftop", "garage", "garages", "garage_boxes", "carports"})
_KERBS = frozenset({"street_side", "lane", "on_kerb", "half_on_kerb", "layby"})
_NOT_PUBLIC = frozenset({"private", "no", "permit", "employees", "residents"})
MOST_SPACES = 20_000
"""A capacity beyond this is a slip of the keyboard; the largest car parks of the world have about 20,000 spaces."""


@dataclass(frozen=True, slots=True)
class MappedCarPark:
    """A car park of the map. `spaces` None: the map does not say."""

    osm_id: str  # "node/…" or "way/…"
    name: str
    lon: float
    lat: float
    kind: SiteKind
    spaces: int | None
    side: Literal["", "left", "right"] = ""  # of the street as drawn, for kerbs
    access: Access = "public"
    charging: int = 0
    is_estimate: bool = False  # spaces by the length of the street


def car_parks(extract: Extract) -> tuple[MappedCarPark, ...]:
    """Car parks open to the public, in order of id; polygons at the mean of their corners."""
    found = []
    for node, tags in extract.node_tags.items():
        if _is_public(tags):
            found.append(_car_park(f"node/{node}", tags, extract.positions[node]))
    for area in extract.areas:
        corners = sorted(set(extract.outline_of(area)))
        if corners and _is_public(area.tags):
            lon = sum(corner[0] for corner in corners) / len(corners)
            lat = sum(corner[1] for corner in corners) / len(corners)
            found.append(_car_park(f"way/{area.id}", area.tags, (lon, lat)))
    return tuple(found)


def _is_public(tags: Tags) -> bool:
    return tags.get("amenity") == "parking" and tags.get("access") not in _NOT_PUBLIC


def _car_park(osm_id: str, tags: Tags, place: tuple[float, float]) -> MappedCarPark:
    form = tags.get("parking", "surface")
    kind: SiteKind = "garage" if form in _GARAGES else "kerb" if form in _KERBS else "lot"
    return MappedCarPark(
        osm_id, tags.get("name", ""), round(place[0], 6), round(place[1], 6), kind, _spaces(tags),
        charging=_spaces(tags, "capacity:charging") or 0,
    )  # fmt: skip


_SPACE_M = {"parallel": 6.0, "diagonal": 3.5, "perpendicular": 2.5}
"""Kerb that one car takes (m): 城市道路路内停车泊位设置规范 GA/T 850-2009, lengths and widths of bays (K)."""

_USABLE = 0.7  # of a street's length, the rest being crossings, driveways and stops (assumed)
_NO_KERB = frozenset({"no", "none", "no_parking", "no_stopping", "separate", "fire_lane", "not_on_kerb"})
_OLD_FORMS = frozenset(_SPACE_M) | {"marked"}
_EARTH_M_PER_DEG = 111_320.0


def kerbs(extract: Extract) -> tuple[MappedCarPark, ...]:
    """Kerb spaces of each street and side of which the map says something, in order of id; at the street's middle."""
    return tuple(kerb for way in extract.streets for kerb in _kerbs_of(way, extract))


def _kerbs_of(way: OsmWay, extract: Extract) -> Iterator[MappedCarPark]:
    line = extract.outline_of(way)
    sides: tuple[Literal["left", "right"], ...] = ("left", "right")
    for side in sides:
        form, orientation = _kerb_tags(way.tags, side)
        if not form or form in _NO_KERB or len(line) < 2:
            continue
        access = _first(way.tags, side, "access") or way.tags.get("access", "")
        permit = bool(_first(way.tags, side, "zone")) or access in ("permit", "residents")
        if access in _NOT_PUBLIC and not permit:
            continue
        told = _first(way.tags, side, "capacity")
        spaces = int(told) if told.isascii() and told.isdecimal() and 0 < int(told) <= MOST_SPACES else None
        space_m = _SPACE_M.get(orientation, _SPACE_M["parallel"])
        estimate = int(_USABLE * _length_m(line) / space_m)
        if spaces is None and estimate == 0:
            continue
        lon, lat = line[len(line) // 2]
        yield MappedCarPark(
            f"way/{way.id}/{side}", way.tags.get("name", ""), round(lon, 6), round(lat, 6), "kerb",
            estimate if spaces is None else spaces, side, "permit" if permit else "public", 0, spaces is None,
        )  # fmt: skip


def _kerb_tags(tags: Tags, side: str) -> tuple[str, str]:
    """How cars stand along a side ("" for nothing known) and in which direction."""
    form = tags.get(f"parking:{side}", tags.get("parking:both", ""))
    if form:
        return form, _first(tags, side, "orientation")
    old = tags.get(f"parking:lane:{side}", tags.get("parking:lane:both", ""))
    return (old, old) if old in _OLD_FORMS else ("", "")


def _first(tags: Tags, side: str, what: str) -> str:
    return tags.get(f"parking:{side}:{what}", tags.get(f"parking:both:{what}", "")).strip()


def _length_m(line: tuple[tuple[float, float], ...]) -> float:
    """Length of a line in degrees, on a sphere (m): good enough to count bays."""
    narrow = math.cos(math.radians(line[0][1]))
    return sum(_EARTH_M_PER_DEG * math.hypot((b[0] - a[0]) * narrow, b[1] - a[1]) for a, b in pairwise(line))


def _spaces(tags: Tags, key: str = "capacity") -> int | None:
    text = tags.get(key, "").strip()
    if not text.isdecimal() or not text.isascii():
        return None
    return int(text) if 0 < int(text) <= MOST_SPACES else None
