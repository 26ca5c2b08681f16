"""Barriers from a map file: what is water, rail, building or park, also where a polygon is put together from parts."""

import shapely

from twin.osm.barriers import barrier_kind, read_barriers

NODES = {
    1: (121.40, 37.50), 2: (121.41, 37.50), 3: (121.41, 37.51), 4: (121.40, 37.51), 5: (121.402, 37.502),
    6: (121.404, 37.502), 7: (121.404, 37.504), 8: (121.402, 37.504),
}  # fmt: skip


def write_map(path, ways, relations=""):
    nodes = "".join(f'<node id="{i}" version="1" lon="{lon}" lat="{lat}"/>' for i, (lon, lat) in NODES.items())
    body = "".join(
        f'<way id="{number}" version="1">{"".join(f"<nd ref={chr(34)}{n}{chr(34)}/>" for n in refs)}'
        f"{''.join(f'<tag k={chr(34)}{k}{chr(34)} v={chr(34)}{v}{chr(34)}/>' for k, v in tags.items())}</way>"
        for number, refs, tags in ways
    )
    path.write_text(f'<?xml version="1.0"?><osm version="0.6">{nodes}{body}{relations}</osm>', "utf-8")
    return path


def test_river_railway_building_and_park_are_barriers_and_a_footway_is_none(tmp_path) -> None:
    ways = [
        (11, (1, 2), {"waterway": "river", "name": "夹河"}),
        (12, (2, 3), {"railway": "rail"}),
        (13, (5, 6, 7, 8, 5), {"building": "yes"}),
        (14, (1, 2, 3, 4, 1), {"leisure": "park"}),
        (15, (3, 4), {"highway": "footway"}),
    ]
    found = read_barriers(write_map(tmp_path / "m.osm", ways))
    assert [(barrier.kind, barrier.name) for barrier in found] == [
        ("rail", ""), ("water", "夹河"), ("building", ""), ("park", ""),
    ]  # fmt: skip


def test_lake_of_two_banks_with_an_island_is_one_area_with_a_hole(tmp_path) -> None:
    ways = [(11, (1, 2, 3), {}), (12, (3, 4, 1), {}), (13, (5, 6, 7, 8, 5), {})]
    members = "".join(
        f'<member type="way" ref="{ref}" role="{role}"/>' for ref, role in ((11, "outer"), (12, "outer"), (13, "inner"))
    )
    relation = (
        f'<relation id="9" version="1">{members}<tag k="type" v="multipolygon"/><tag k="natural" v="water"/></relation>'
    )
    (lake,) = read_barriers(write_map(tmp_path / "m.osm", ways, relation))
    assert lake.kind == "water"
    assert not shapely.contains(lake.shape, shapely.Point(121.403, 37.503))  # on the island
    assert shapely.contains(lake.shape, shapely.Point(121.408, 37.508))


def test_what_lies_underground_is_no_barrier() -> None:
    assert barrier_kind({"railway": "subway", "tunnel": "yes"}, is_area=False) is None
    assert barrier_kind({"waterway": "stream", "tunnel": "culvert"}, is_area=False) is None
    assert barrier_kind({"railway": "rail", "layer": "-1"}, is_area=False) is None
    assert barrier_kind({"railway": "rail", "bridge": "yes"}, is_area=False) == "rail"


def test_a_file_whose_ways_are_out_of_order_still_gives_its_barriers(tmp_path) -> None:
    ways = [
        (12, (2, 3), {"railway": "rail"}),
        (11, (5, 6, 7, 8, 5), {"building": "yes"}),
    ]
    found = read_barriers(write_map(tmp_path / "m.osm", ways))
    assert [(barrier.kind, barrier.shape.geom_type) for barrier in found] == [
        ("rail", "LineString"),
        ("building", "Polygon"),
    ]
