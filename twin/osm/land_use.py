"""Rough zones of any map: streets cut into cells of equal length, with people by buildings, land use, or streets.

Nothing here is observed: the number of people is so many a kilometre of street, and the map only says where more of
them live or work. Multipolygon relations are not read.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.city.ground import ground_of
from twin.city.network import Network
from twin.osm.extract import Extract, Tags
from twin.units import km_from_metres

Floats = NDArray[np.float64]

RESIDENTS_PER_STREET_KM = 1000.0
"""People a kilometre of street, both directions together. Assumed: between a European and a dense Chinese centre."""

JOBS_PER_RESIDENT = 0.52
"""Jobs for each resident, as assumed for Yantai."""

STREET_KM_PER_ZONE = 10.0
FEWEST_ZONES, MOST_ZONES = 20, 60
STOREY_M2_PER_HOME_SHARE = {"homes": 1.0, "work": 0.0, "mixed": 0.5}
"""Share of floor space that is homes, by what a building is for (assumed)."""

_HALF_BLOCK_M = 50.0
_DEFAULT_LEVELS = 3.0
_MOST_LEVELS = 120.0
_HOMES = frozenset({
    "apartments", "house", "residential", "dormitory", "detached", "semidetached_house", "terrace", "bungalow", "farm",
})  # fmt: skip
_WORK = frozenset({
    "office", "commercial", "retail", "industrial", "warehouse", "school", "university", "college", "hospital",
    "public", "government", "civic", "hotel", "supermarket", "kindergarten", "train_station",
})  # fmt: skip
_NO_PEOPLE = frozenset(
    {"garage", "garages", "roof", "shed", "hut", "carport", "greenhouse", "ruins", "construction", "parking"}
)
_WORK_USES = frozenset({"commercial", "retail", "industrial", "education", "institutional", "civic_admin"})
_HOME_PART_OF_CLASS = {"primary": 0.3, "secondary": 0.5, "tertiary": 0.7, "residential": 1.0}
"""Weight of homes a metre of street by class, where the map draws no buildings (assumed); shops take the rest."""


@dataclass(frozen=True, slots=True)
class ZoneSeed:
    """A cell of streets: its middle, its area, and how many are assumed to live and work in it."""

    name: str
    lon: float
    lat: float
    area_km2: float
    residents: float
    jobs: float


@dataclass(frozen=True, slots=True)
class ZoneSeeds:
    """Zones of a map; `based_on`: what the map said about people ("buildings", "land use" or "streets")."""

    zones: tuple[ZoneSeed, ...]
    based_on: str


def zone_seeds(extract: Extract, network: Network) -> ZoneSeeds:
    """Zones over the streets of a network, in order from west to east; the same for the same map."""
    ground = ground_of(network)
    streets = [link for link in network.links if link.road_class in _HOME_PART_OF_CLASS] or list(network.links)
    lines = ground.link_lines[[network.link_index[link.id] for link in streets]]
    middles = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    lengths = np.array([link.length_m for link in streets])
    street_km = km_from_metres(float(lengths.sum())) / 2.0
    wanted = min(MOST_ZONES, max(FEWEST_ZONES, round(street_km / STREET_KM_PER_ZONE)))
    cells = _cells(middles, lengths, min(wanted, max(1, len({(link.from_node) for link in streets}) // 2)))
    centres = np.array([np.average(middles[cell], axis=0, weights=lengths[cell]) for cell in cells])
    homes, work, based_on = _people(extract, network, centres)
    if based_on == "streets":
        share = np.array([_HOME_PART_OF_CLASS.get(link.road_class, 0.5) for link in streets])
        homes = np.array([float((lengths * share)[cell].sum()) for cell in cells])
        work = np.array([float((lengths * (1.1 - share))[cell].sum()) for cell in cells])
    residents = RESIDENTS_PER_STREET_KM * street_km * homes / homes.sum()
    jobs = JOBS_PER_RESIDENT * RESIDENTS_PER_STREET_KM * street_km * work / work.sum()
    areas = _areas_km2(lines, cells)
    names = _distinct([_street_of([streets[i].name for i in cell], lengths[cell]) for cell in cells])
    zones = []
    for number in range(len(cells)):
        lon, lat = ground.lonlat(*centres[number])
        zones.append(
            ZoneSeed(
                name=names[number],
                lon=round(lon, 6),
                lat=round(lat, 6),
                area_km2=areas[number],
                residents=float(round(residents[number])),
                jobs=float(round(jobs[number])),
            )
        )
    return ZoneSeeds(tuple(zones), based_on)


def _cells(middles: Floats, lengths: Floats, wanted: int) -> list[NDArray[np.int64]]:
    """Streets in groups of about equal length: the longest group is halved across its wider side, again and again."""
    cells = [np.arange(len(middles))]
    while len(cells) < wanted:
        cells.sort(key=lambda cell: (-float(lengths[cell].sum()), cell[0]))
        whole = cells.pop(0)
        axis = int(np.argmax(np.ptp(middles[whole], axis=0)))
        order = whole[np.lexsort((middles[whole][:, 1 - axis], middles[whole][:, axis]))]
        driven = np.cumsum(lengths[order])
        cut = min(len(order) - 1, max(1, int(np.searchsorted(driven, driven[-1] / 2))))
        cells += [np.sort(order[:cut]), np.sort(order[cut:])]
    return sorted(cells, key=lambda cell: tuple(middles[cell].mean(axis=0)))


def _people(extract: Extract, network: Network, centres: Floats) -> tuple[Floats, Floats, str]:
    """Weights of homes and of work for each cell, from buildings, else from land use; each in its nearest cell."""
    homes, work = np.zeros(len(centres)), np.zeros(len(centres))
    for based_on, home_part in (("buildings", _home_part_of_building), ("land use", _home_part_of_use)):
        for area in extract.areas:
            part = home_part(area.tags)
            outline = extract.outline_of(area)
            if part is None or not area.is_closed or len(outline) < 4:
                continue
            corners = ground_of(network).xy([lon for lon, _ in outline], [lat for _, lat in outline])
            shape = shapely.Polygon(corners)
            floor_m2 = shape.area * (_levels(area.tags) if based_on == "buildings" else 1.0)
            middle = np.array([shape.centroid.x, shape.centroid.y])
            nearest = int(np.argmin(((centres - middle) ** 2).sum(axis=1)))
            homes[nearest] += part * floor_m2
            work[nearest] += (1.0 - part) * floor_m2
        if homes.sum() > 0 and work.sum() > 0:
            # Nowhere is nobody: maps leave blanks where nobody has drawn yet.
            return homes + 0.1 * homes.mean(), work + 0.1 * work.mean(), based_on
    return homes, work, "streets"


def _home_part_of_building(tags: Tags) -> float | None:
    """Share of a building's floors that is homes; None for buildings without people."""
    kind = tags.get("building", "no")
    if kind == "no" or kind in _NO_PEOPLE:
        return None
    use = "homes" if kind in _HOMES else "work" if kind in _WORK or "office" in tags or "shop" in tags else "mixed"
    return STOREY_M2_PER_HOME_SHARE[use]


def _home_part_of_use(tags: Tags) -> float | None:
    use = tags.get("landuse")
    return 0.9 if use == "residential" else 0.0 if use in _WORK_USES else None


def _levels(tags: Tags) -> float:
    try:
        levels = float(tags.get("building:levels", ""))
    except ValueError:
        return _DEFAULT_LEVELS
    return levels if 1.0 <= levels <= _MOST_LEVELS else _DEFAULT_LEVELS


def _areas_km2(lines: NDArray[np.object_], cells: list[NDArray[np.int64]]) -> list[float]:
    """Area around the streets of each cell (km²), together no more than the area around all streets."""

    def around(some: NDArray[np.object_]) -> float:
        hull = shapely.convex_hull(shapely.geometrycollections(some))
        return float(shapely.area(shapely.buffer(hull, _HALF_BLOCK_M)))

    each = [around(lines[cell]) for cell in cells]
    overlap = min(1.0, around(lines) / sum(each))
    return [max(0.01, round(overlap * area_m2 / 1e6, 2)) for area_m2 in each]


def _street_of(names: Sequence[str], lengths: Floats) -> str:
    """Name of the street with most length in a cell; "" where none has a name."""
    total_m: Counter[str] = Counter()
    for name, length_m in zip(names, lengths, strict=True):
        if name:
            total_m[name] += math.ceil(length_m)
    return min(total_m, key=lambda name: (-total_m[name], name)) if total_m else ""


def _distinct(names: list[str]) -> list[str]:
    """Names made different by numbers: "文汇街", "文汇街 2"; "zone 7" where there is none."""
    seen: Counter[str] = Counter()
    distinct = []
    for number, name in enumerate(names, start=1):
        seen[name] += 1
        distinct.append(f"zone {number}" if not name else name if seen[name] == 1 else f"{name} {seen[name]}")
    return distinct
