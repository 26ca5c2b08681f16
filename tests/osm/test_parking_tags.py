"""What the map says of parking along streets, by side."""

from twin.osm.extract import Extract, OsmWay, Tags
from twin.osm.parking_tags import car_parks, kerbs

# 0.00227 degrees of longitude are 200 m at 37.5° N.
POSITIONS = {1: (121.4, 37.5), 2: (121.40114, 37.5), 3: (121.40227, 37.5)}


def kerb_rows(tags: Tags) -> list[tuple[str, int | None, str, str, bool]]:
    way = OsmWay(7, (1, 2, 3), {"highway": "residential", "name": "青年路", **tags})
    found = kerbs(Extract(POSITIONS, {}, (way,)))
    return [(row.osm_id, row.spaces, row.side, row.access, row.is_estimate) for row in found]


def test_capacity_is_read_where_it_is_mapped_and_else_follows_from_the_length() -> None:
    """Seven tenths of 200 m are 140 m: 23 bays of 6 m along the kerb, 56 of 2.5 m across."""
    assert kerb_rows({"parking:right": "lane", "parking:right:capacity": "31"}) == [
        ("way/7/right", 31, "right", "public", False)
    ]
    assert [row[1] for row in kerb_rows({"parking:both": "lane"})] == [23, 23]
    assert [row[1] for row in kerb_rows({"parking:left": "lane", "parking:left:orientation": "perpendicular"})] == [56]


def test_older_scheme_is_read_too() -> None:
    assert [(row[1], row[2]) for row in kerb_rows({"parking:lane:right": "diagonal"})] == [(40, "right")]
    assert kerb_rows({"parking:lane:both": "no_stopping"}) == []


def test_sides_without_parking_and_private_ones_are_left_out_and_permits_are_told() -> None:
    assert kerb_rows({"parking:both": "no"}) == kerb_rows({}) == []
    assert kerb_rows({"parking:left": "lane", "parking:left:access": "private"}) == []
    assert [row[3] for row in kerb_rows({"parking:left": "lane", "parking:left:zone": "A"})] == ["permit"]


def test_charging_piles_of_a_car_park() -> None:
    tags = {"amenity": "parking", "capacity": "100", "capacity:charging": "12", "parking": "underground"}
    (park,) = car_parks(Extract(POSITIONS, {1: tags}, ()))
    assert (park.kind, park.spaces, park.charging) == ("garage", 100, 12)
