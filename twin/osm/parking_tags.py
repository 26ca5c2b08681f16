"""Car parks that the map draws (`amenity=parking`), as plain rows. Kerb parking along ways is not read."""

from dataclasses import dataclass

from twin.city.parking import SiteKind
from twin.osm.extract import Extract, Tags

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
    return MappedCarPark(osm_id, tags.get("name", ""), round(place[0], 6), round(place[1], 6), kind, _spaces(tags))


def _spaces(tags: Tags) -> int | None:
    text = tags.get("capacity", "").strip()
    if not text.isdecimal() or not text.isascii():
        return None
    return int(text) if 0 < int(text) <= MOST_SPACES else None
