"""Which gaps are found, and what lies across them. The town: `gap_town`."""

import gzip
import json
from dataclasses import replace

import pytest
import shapely

from tests.advice.gap_town import at, both_ways, city
from twin.advice.opening_candidates import find_candidates
from twin.advice.stubs import stubs_of
from twin.city.barriers import Barrier
from twin.city.network import Link, Node
from twin.city.transit import BusLine, Stop
from twin.errors import DataFileError
from twin.files.barrier_files import BARRIERS_FILE, read_barriers_of, write_barriers


def ends(place, **options):
    return [(c.stub.node_id, c.ends[1].node_id) for c in find_candidates(place, **options).candidates]


def test_spur_is_led_straight_on_to_the_junction_beyond():
    assert ends(city()) == [("spur", "b2")]


def test_candidate_tells_its_length_and_the_way_round():
    """155 m back, 2 × 440 m along, 440 m across, 2 × 440 m along: 2,355 m for 289 m."""
    (candidate,) = find_candidates(city()).candidates
    assert candidate.crow_m == pytest.approx(289, abs=1)
    assert candidate.round_m == pytest.approx(2355.0)
    assert (candidate.road_class, candidate.lanes, candidate.stub.kind) == ("tertiary", 1.0, "dead end")


def test_stem_of_a_t_is_a_stub_and_heads_across_the_through_street():
    stubs = {stub.node_id: stub for stub in stubs_of(city().network)}
    assert {node: stub.kind for node, stub in stubs.items()} == {"spur": "dead end", "a2": "T-stem"}
    assert stubs["spur"].heading[1] > 0.99
    assert stubs["a2"].heading[1] < -0.99


def test_one_way_dead_end_is_a_stub_too():
    there = [Link("b2-x", "b2", "x", 100.0, 1.0, 10.0, 1200.0)]
    stubs = stubs_of(city(extra_nodes=[Node("x", *at(2, 0.8))], extra_links=there).network)
    assert {"x", "b2"} <= {stub.node_id for stub in stubs}


def test_a_street_met_between_its_junctions_is_joined_in_its_middle():
    """Without the junction b2 the spur meets b1–b3 half way: 880 m long, so share 1/2 either way."""
    plain = city()
    gone = {"b1-b2", "b2-b1", "b2-b3", "b3-b2"}
    links = [link for link in plain.network.links if link.id not in gone] + both_ways("b1", "b3", 880.0)
    nodes = tuple(node for node in plain.network.nodes if node.id != "b2")
    place = replace(plain, network=replace(plain.network, nodes=nodes, links=tuple(links)))
    (candidate,) = find_candidates(place).candidates
    assert candidate.ends[1].node_id is None
    assert [(link, pytest.approx(share, abs=0.01)) for link, share in candidate.ends[1].links] == [
        ("b1-b3", 0.5),
        ("b3-b1", 0.5),
    ]
    assert candidate.crow_m == pytest.approx(289, abs=1)


def test_dead_end_where_a_bus_line_turns_is_no_gap():
    stops = (Stop("首站", *at(2, 0.35), "spur-a2"), Stop("末站", *at(3, 0), "a2-a3"))
    line = BusLine("1路/上行", "1路", "上行", stops, ("spur-a2", "a2-a3"), ())
    found = find_candidates(city(lines=(line,)))
    assert found.candidates == ()
    assert found.left_out["dead ends where buses turn"] == 1


def test_no_candidate_crosses_a_street_at_grade():
    between = [Node("c0", *at(0, 0.7)), Node("c4", *at(4, 0.7))]
    found = find_candidates(city(extra_nodes=between, extra_links=both_ways("c0", "c4", 1760.0)))
    assert [[link for link, _ in c.ends[1].links] for c in found.candidates] == [["c0-c4", "c4-c0"]]


def test_nothing_is_joined_beyond_the_longest_gap():
    assert ends(city(), max_gap_m=280.0) == []
    assert ends(city(), max_gap_m=300.0) == [("spur", "b2")]


def test_expressways_are_not_joined_and_one_that_is_crossed_is_named():
    """An expressway half way between: the candidate goes on to the street beyond, and says what it crosses."""
    nodes = [Node("e0", *at(-1, 0.7)), Node("e4", *at(5, 0.7))]
    place = city(extra_nodes=nodes, extra_links=both_ways("e0", "e4", 2640.0, "trunk"))
    (candidate,) = find_candidates(place).candidates
    assert (candidate.ends[1].node_id, candidate.crosses) == ("b2", ("motorway",))


def stripe(kind, low, high):
    """An area across the gap, from west to east of the town."""
    return Barrier(kind, "", shapely.box(*at(-1, low), *at(5, high)))


@pytest.mark.parametrize("kind", ["water", "rail", "building", "park"])
def test_candidate_across_a_barrier_is_flagged(kind):
    (candidate,) = find_candidates(city(), barriers=[stripe(kind, 0.6, 0.7)]).candidates
    assert candidate.crosses == (kind,)


def test_railway_line_is_a_barrier_too_and_several_are_all_named():
    rail = Barrier("rail", "", shapely.LineString([at(-1, 0.5), at(5, 0.5)]))
    (candidate,) = find_candidates(city(), barriers=[stripe("water", 0.6, 0.7), rail]).candidates
    assert candidate.crosses == ("water", "rail")


def test_barrier_beside_the_gap_is_not_crossed():
    beside = Barrier("water", "", shapely.box(*at(2.2, 0.4), *at(3, 0.9)))
    (candidate,) = find_candidates(city(), barriers=[beside]).candidates
    assert candidate.crosses == ()


def test_ground_that_must_not_be_built_on_leaves_no_candidate():
    found = find_candidates(city(), barriers=[stripe("not_buildable", 0.6, 0.7)])
    assert found.candidates == ()
    assert found.left_out == {"gaps over ground that must not be built on": 1}


def test_barriers_come_back_from_disk_as_they_were(tmp_path):
    barriers = [stripe("water", 0.6, 0.7), Barrier("rail", "蓝烟铁路", shapely.LineString([at(0, 0.5), at(4, 0.5)]))]
    write_barriers(tmp_path / BARRIERS_FILE, barriers)
    found = read_barriers_of(tmp_path)
    assert [(b.kind, b.name) for b in found] == [("water", ""), ("rail", "蓝烟铁路")]
    assert all(shapely.equals_exact(a.shape, b.shape, 2e-6) for a, b in zip(found, barriers, strict=True))


def test_area_given_by_the_planner_must_not_be_built_on(tmp_path):
    shape = shapely.geometry.mapping(stripe("park", 0.6, 0.7).shape)
    path = tmp_path / "areas.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": shape}]}))
    found = read_barriers_of(tmp_path, not_buildable=path)
    assert [b.kind for b in found] == ["not_buildable"]
    assert ends(city(), barriers=found) == []


def test_barrier_file_with_a_kind_nobody_knows_is_refused_by_its_feature(tmp_path):
    text = '{"features": [{"properties": {"kind": "lava"}, "geometry": {"type": "Point", "coordinates": [0, 0]}}]}'
    (tmp_path / BARRIERS_FILE).write_bytes(gzip.compress(text.encode()))
    with pytest.raises(DataFileError, match="feature 1: kind is 'lava', must be one of water"):
        read_barriers_of(tmp_path)


def slanting(east_m):
    """The town with a street across the spur's way, 244 m on, that leads so far east over 111 m north."""
    plain = city()
    gone = {"b1-b2", "b2-b1", "b2-b3", "b3-b2"}
    ends = [Node("s", *at(2 - east_m / 441.0, 0.65)), Node("t", *at(2 + east_m / 441.0, 1.15))]
    nodes = [*(node for node in plain.network.nodes if node.id != "b2"), *ends]
    links = [link for link in plain.network.links if link.id not in gone]
    links += [*both_ways("b1", "s"), *both_ways("s", "t", 240.0), *both_ways("t", "b3")]
    return replace(plain, network=replace(plain.network, nodes=tuple(nodes), links=tuple(links)))


def test_a_street_that_would_be_met_at_a_sharp_angle_is_not_joined():
    """40 m east for 111 m north are 20° off the spur's heading, less than 30°; 111 m are 45°."""
    assert ends(slanting(40.0)) == []
    assert ends(slanting(111.0)) == [("spur", None)]
