"""Car parks, zones and gates that a map suggests."""

from pathlib import Path

import pytest

from tests.osm.maps import write_map
from twin.osm.extract import Extract
from twin.osm.gates import gate_seeds
from twin.osm.land_use import JOBS_PER_RESIDENT, RESIDENTS_PER_STREET_KM, zone_seeds
from twin.osm.parking_tags import car_parks
from twin.osm.read import read_extract
from twin.osm.streets import network_of

SIDE = range(6)
STREETS = [
    *((10 + i, [100 * i + j + 1 for j in SIDE], {"highway": "residential", "name": f"{i}号路"}) for i in SIDE),
    *((20 + j, [100 * i + j + 1 for i in SIDE], {"highway": "residential"}) for j in SIDE),
]
PLACES = {100 * i + j + 1: (300.0 * i, 300.0 * j) for i in SIDE for j in SIDE}


def _square(first: int, east_m: float, north_m: float) -> tuple[dict[int, tuple[float, float]], list[int]]:
    corners = {first + k: (east_m + 40 * (k in (1, 2)), north_m + 40 * (k in (2, 3))) for k in range(4)}
    return corners, [first, first + 1, first + 2, first + 3, first]


def _extract(folder: Path, places: dict, ways: list, tags: dict | None = None) -> Extract:
    return read_extract(write_map(folder, PLACES | places, [*STREETS, *ways], tags), with_land_use=True)


def test_public_car_parks_are_read_with_the_spaces_the_map_gives(tmp_path: Path) -> None:
    corners, ring = _square(9000, 500, 500)
    ways = [(90, ring, {"amenity": "parking", "parking": "underground", "capacity": "300", "name": "大悦城"})]
    tags = {
        9100: {"amenity": "parking", "capacity": "many"},
        9101: {"amenity": "parking", "access": "private", "capacity": "20"},
        9102: {"amenity": "parking", "parking": "street_side", "capacity": "999999"},
    }
    found = car_parks(_extract(tmp_path, corners | {9100: (0, 10), 9101: (0, 20), 9102: (0, 30)}, ways, tags))
    assert [(park.osm_id, park.name, park.kind, park.spaces) for park in found] == [
        ("node/9100", "", "lot", None),
        ("node/9102", "", "kerb", None),
        ("way/90", "大悦城", "garage", 300),
    ]
    assert found[2].lon == pytest.approx(520 / 111_195, abs=1e-6)


def test_without_buildings_people_live_along_small_streets(tmp_path: Path) -> None:
    extract = _extract(tmp_path, {}, [])
    network, _ = network_of(extract)
    seeds = zone_seeds(extract, network)
    street_km = 12 * 1.5
    assert seeds.based_on == "streets"
    assert sum(zone.residents for zone in seeds.zones) == pytest.approx(RESIDENTS_PER_STREET_KM * street_km, rel=0.01)
    assert sum(zone.jobs for zone in seeds.zones) == pytest.approx(
        JOBS_PER_RESIDENT * RESIDENTS_PER_STREET_KM * street_km, rel=0.01
    )
    assert len({zone.name for zone in seeds.zones}) == len(seeds.zones) == 16  # one for two of the 32 junctions
    assert sum(zone.area_km2 for zone in seeds.zones) <= 1.6**2 + 0.1


def test_people_live_where_homes_are_and_work_where_offices_are(tmp_path: Path) -> None:
    west, home = _square(9000, 100, 700)
    east, office = _square(9010, 1400, 700)
    shed, ring = _square(9020, 700, 100)
    ways = [
        (90, home, {"building": "apartments", "building:levels": "18"}),
        (91, office, {"building": "office", "building:levels": "6"}),
        (92, ring, {"building": "garage"}),
    ]
    extract = _extract(tmp_path, west | east | shed, ways)
    network, _ = network_of(extract)
    seeds = zone_seeds(extract, network)
    assert seeds.based_on == "buildings"
    most_homes = max(seeds.zones, key=lambda zone: zone.residents)
    most_work = max(seeds.zones, key=lambda zone: zone.jobs)
    assert most_homes.lon < 500 / 111_195 < 1000 / 111_195 < most_work.lon
    assert min(zone.residents for zone in seeds.zones) > 0


def test_gates_stand_where_wide_streets_leave_the_map(tmp_path: Path) -> None:
    ways = [
        (30, [901, 3], {"highway": "trunk", "name": "荣乌高速连接线"}),
        (31, [506, 902], {"highway": "primary"}),
        (32, [303, 903], {"highway": "primary"}),  # a dead end in the middle of the town
        (33, [904, 401], {"highway": "residential"}),
    ]
    places = {901: (-700.0, 600.0), 902: (2200.0, 1500.0), 903: (850.0, 850.0), 904: (1200.0, -700.0)}
    network, _ = network_of(_extract(tmp_path, places, ways))
    assert [(gate.name, gate.kind) for gate in gate_seeds(network)] == [
        ("荣乌高速连接线", "expressway"),
        ("primary 2", "trunk_road"),
    ]
