"""Two streets 440 m apart that meet only at their ends, and a spur that ends 290 m short of the other street."""

from dataclasses import replace
from datetime import date

import pytest

from twin.advice.missing_links import find_missing_links, stubs_of, write_openings
from twin.city.city import City
from twin.city.network import Link, Network, Node
from twin.city.transit import BusLine, Stop
from twin.city.zones import Zone
from twin.files.scenario_files import read_scenario

SPUR = ("a2", "spur")


def at(column, row):
    return 121.40 + 0.005 * column, 37.50 + 0.004 * row


def both_ways(start, end, length_m=440.0, road_class="tertiary"):
    quantities = {"lanes": 1.0, "free_speed_mps": 12.5, "capacity_vph": 1200.0, "road_class": road_class}
    return [Link(f"{a}-{b}", a, b, length_m, **quantities) for a, b in ((start, end), (end, start))]


def city(*, extra_nodes=(), extra_links=(), lines=()):
    nodes = [Node(f"{row}{i}", *at(i, j)) for j, row in enumerate("ab") for i in range(5)] + [
        Node("spur", *at(2, 0.35))
    ]
    pairs = [(f"{row}{i}", f"{row}{i + 1}") for row in "ab" for i in range(4)] + [("a0", "b0"), ("a4", "b4")]
    links = [link for pair in pairs for link in both_ways(*pair)] + both_ways(*SPUR, 155.0)
    network = Network((*nodes, *extra_nodes), (*links, *extra_links), place="yantai", crs="EPSG:32651")
    zone = Zone("Z1", "中", "zone", "芝罘区", *at(2, 0.5), residents=10_000)
    return City("yantai", "", date(2023, 12, 31), network, zones=(zone,), lines=lines)


def joined(place):
    return [(candidate.start_node, candidate.end_node) for candidate in find_missing_links(place)]


def test_spur_is_led_straight_on_to_the_street_beyond():
    assert joined(city()) == [("spur", "b2")]


def test_candidate_tells_way_round_and_residents():
    """155 m back, 2 × 440 m along, 440 m across, 2 × 440 m along: 2,355 m for 289 m."""
    candidate = find_missing_links(city())[0]
    assert candidate.network_m == pytest.approx(2355.0)
    assert candidate.crow_m == pytest.approx(289, abs=1)
    assert 9_000 < candidate.residents_near <= 10_000
    assert (candidate.road_class, candidate.lanes) == ("tertiary", 1.0)


def test_stem_of_a_t_is_a_stub_and_heads_across_the_through_street():
    stubs = {stub.node_id: stub for stub in stubs_of(city().network)}
    assert set(stubs) == {"spur", "a2"}
    assert stubs["spur"].heading[1] > 0.99
    assert stubs["a2"].heading[1] < -0.99


def test_dead_end_where_a_bus_line_begins_is_no_gap():
    stops = (Stop("首站", *at(2, 0.35), "spur-a2"), Stop("末站", *at(3, 0), "a2-a3"))
    line = BusLine("1路/上行", "1路", "上行", stops, ("spur-a2", "a2-a3"), ())
    assert joined(city(lines=(line,))) == []


def test_no_candidate_crosses_a_street():
    between = [Node("c0", *at(0, 0.7)), Node("c4", *at(4, 0.7))]
    assert joined(city(extra_nodes=between, extra_links=both_ways("c0", "c4", 1760.0))) == []


def test_nobody_near_means_no_gain():
    empty = replace(city(), zones=())
    assert joined(empty) == []


def test_expressways_are_not_joined():
    crossing = both_ways("b2", "far", 800.0, "trunk")
    assert joined(city(extra_nodes=[Node("far", *at(2, 2.8))], extra_links=crossing)) == [("spur", "b3")]


def test_scenario_written_opens_the_candidates(tmp_path):
    (tmp_path / "baseline.toml").write_text('name = "baseline"\nplace = "yantai"\n', encoding="utf-8")
    write_openings(city(), tmp_path / "ten-openings.toml")
    scenario = read_scenario(tmp_path / "ten-openings.toml")
    after = scenario.apply_to(city())
    new = set(after.network.link_by_id) - set(city().network.link_by_id)
    assert {(after.network.link_by_id[i].from_node, after.network.link_by_id[i].name) for i in new} == {
        ("spur", "候选A"),
        ("b2", "候选A"),
    }
    header = (tmp_path / "ten-openings.toml").read_text(encoding="utf-8").splitlines()[0]
    assert header.startswith("# Written by: python -c ")
    assert "write_openings(load_city('yantai'), Path('ten-openings.toml'))" in header
