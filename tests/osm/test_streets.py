"""Maps into networks: directions, junctions, ids, and what is left out."""

import random
from datetime import date
from itertools import pairwise
from pathlib import Path

import osmnx
import pytest

from tests.osm.maps import write_map
from twin.city.network import Network
from twin.errors import NetworkError
from twin.osm.report import NetworkReport
from twin.osm.streets import read_network, utm_crs

PRIMARY = {"highway": "primary"}
YANTAI = Path(__file__).parents[2] / "networks" / "yantai" / "streets.osm"


def _links(network: Network) -> set[str]:
    return {link.id for link in network.links}


def test_a_two_way_street_is_two_links_of_its_length(tmp_path: Path) -> None:
    places = {1: (0, 0), 2: (400, 0), 3: (400, 300)}
    network, _ = read_network(
        write_map(tmp_path, places, [(10, [1, 2, 3], {**PRIMARY, "maxspeed": "36", "name": "文汇街"})])
    )
    there = network.link_by_id["1-3"]
    assert _links(network) == {"1-3", "3-1"}
    assert there.length_m == pytest.approx(700, abs=0.5)
    assert there.free_time_s == pytest.approx(70, abs=0.05)
    assert (there.name, there.source_ids, len(there.geometry)) == ("文汇街", ("10",), 3)


def test_a_merged_link_has_the_name_and_lanes_of_its_longest_part_and_the_time_of_all(tmp_path: Path) -> None:
    places = {1: (0, 0), 2: (100, 0), 3: (400, 0)}
    ways = [
        (10, [1, 2], {**PRIMARY, "name": "短路", "lanes": "2", "maxspeed": "36"}),
        (11, [2, 3], {**PRIMARY, "name": "长路", "lanes": "6", "maxspeed": "54", "bridge": "yes"}),
    ]
    network, _ = read_network(write_map(tmp_path, places, ways))
    link = network.link_by_id["1-3"]
    assert (link.name, link.lanes, link.is_structure, link.source_ids) == ("长路", 3.0, True, ("10", "11"))
    assert link.free_time_s == pytest.approx(100 / 10 + 300 / 15, abs=0.05)


def test_a_candidate_name_is_no_name(tmp_path: Path) -> None:
    places = {1: (0, 0), 2: (400, 0)}
    network, _ = read_network(write_map(tmp_path, places, [(10, [1, 2], {**PRIMARY, "name:candidate": "猜路"})]))
    assert network.street_names == ()


def test_a_street_is_cut_where_the_opening_date_changes(tmp_path: Path) -> None:
    places = {1: (0, 0), 2: (100, 0), 3: (400, 0), 4: (500, 0)}
    ways = [
        (10, [1, 2], PRIMARY),
        (11, [2, 3], {**PRIMARY, "start_date": "2023-12-01"}),
        (12, [3, 4], PRIMARY),
        (13, [1, 5, 4], PRIMARY),
    ]
    network, _ = read_network(write_map(tmp_path, {**places, 5: (250, 300)}, ways))
    assert network.link_by_id["2-3"].opened_on == date(2023, 12, 1)
    assert "2-3" not in _links(network.open_on(date(2023, 11, 30)))
    assert "2-3" in _links(network.open_on(date(2023, 12, 1)))


def test_a_planned_street_is_kept_but_holds_nothing_together(tmp_path: Path) -> None:
    places = {1: (0, 0), 2: (400, 0), 3: (400, 400), 4: (0, 400), 8: (900, 0), 9: (900, 300)}
    ways = [
        (10, [1, 2, 3, 4, 1], PRIMARY),
        (11, [2, 4], {"highway": "construction", "construction": "trunk"}),
        (12, [2, 8], {"highway": "proposed", "proposed": "primary"}),
        (13, [8, 9], PRIMARY),  # cannot be reached today
    ]
    network, report = read_network(write_map(tmp_path, places, ways))
    planned = {link.id for link in network.links if link.opened_on == date.max}
    assert planned == {"2-4", "4-2", "2-8", "8-2"}
    assert not {"8-9", "9-8"} & _links(network)
    assert report.planned_links == 4


def test_a_one_way_trap_is_left_out_and_counted(tmp_path: Path) -> None:
    places = {1: (0, 0), 2: (400, 0), 3: (400, 400), 4: (900, 0)}
    ways = [(10, [1, 2, 3, 1], PRIMARY), (11, [2, 4], {**PRIMARY, "oneway": "yes"})]
    network, report = read_network(write_map(tmp_path, places, ways))
    assert "2-4" not in _links(network)
    assert report.repairs["street directions left out because one cannot get there and back"] == 1
    assert report.kept_length_share < 1


def test_a_loop_at_the_end_of_a_street_can_be_driven(tmp_path: Path) -> None:
    places = {1: (0, 0), 2: (400, 0), 3: (500, 100), 4: (600, 0), 5: (500, -100)}
    network, _ = read_network(write_map(tmp_path, places, [(10, [1, 2], PRIMARY), (11, [2, 3, 4, 5, 2], PRIMARY)]))
    assert _links(network) == {"1-2", "2-1", "2-4", "4-2", "2-4-2", "4-2-2"}


def _crossing_of_dual_carriageways() -> tuple[dict[int, tuple[float, float]], list, dict]:
    """Two streets of two carriageways 20 m apart, stop lines 15 m before the crossing; ends two-way beyond."""
    oneway = {**PRIMARY, "oneway": "yes"}
    places = {
        1: (-10, 10), 2: (10, 10), 3: (10, -10), 4: (-10, -10),  # the crossing, clockwise from north-west
        11: (-10, 25), 12: (25, 10), 13: (10, -25), 14: (-25, -10),  # stop lines
        21: (0, 400), 22: (400, 0), 23: (0, -400), 24: (-400, 0),  # where the carriageways meet
        31: (0, 600), 32: (600, 0), 33: (0, -600), 34: (-600, 0),  # ends
    }  # fmt: skip
    ways = [
        (1, [21, 11, 1, 4, 23], oneway),  # southbound
        (2, [23, 13, 3, 2, 21], oneway),  # northbound
        (3, [24, 14, 4, 3, 22], oneway),  # eastbound
        (4, [22, 12, 2, 1, 24], oneway),  # westbound
        *((4 + arm, [20 + arm, 30 + arm], PRIMARY) for arm in (1, 2, 3, 4)),
    ]
    return places, ways, {node: {"highway": "traffic_signals"} for node in (11, 12, 13, 14)}


def test_a_crossing_of_dual_carriageways_is_one_junction_with_one_signal(tmp_path: Path) -> None:
    network, report = read_network(write_map(tmp_path, *_crossing_of_dual_carriageways()))
    assert [(node.id, node.control) for node in network.nodes if node.control != "none"] == [("1", "signal")]
    arms = {link for arm in "1234" for link in (f"1-2{arm}", f"2{arm}-1", f"2{arm}-3{arm}", f"3{arm}-2{arm}")}
    assert _links(network) == arms
    assert report.signals == 1
    assert report.assumed_signals == 0
    crossing = network.node_by_id["1"]
    assert (crossing.lon, crossing.lat) == (pytest.approx(0, abs=1e-7), pytest.approx(0, abs=1e-7))
    assert network.link_by_id["21-1"].geometry[-1] == (crossing.lon, crossing.lat)


def test_a_bridge_over_a_crossing_stays_apart(tmp_path: Path) -> None:
    places, ways, tags = _crossing_of_dual_carriageways()
    ways += [(9, [31, 33], {**PRIMARY, "bridge": "yes", "layer": "1"})]
    network, _ = read_network(write_map(tmp_path, places, ways, tags))
    over = [link for link in network.links if "9" in link.source_ids]
    assert [(link.is_structure, {link.from_node, link.to_node}) for link in over] == [(True, {"21", "23"})] * 2


def test_a_way_round_back_to_the_same_junction_can_be_driven(tmp_path: Path) -> None:
    places, ways, tags = _crossing_of_dual_carriageways()
    network, _ = read_network(write_map(tmp_path, places, [way for way in ways if way[0] != 5], tags))
    assert {link.to_node for link in network.links_in["21"]} == {"21"}
    assert {"1-21", "21-1"} <= _links(network)


def test_signals_in_mid_street_and_signs_on_approaches(tmp_path: Path) -> None:
    places = {1: (0, 0), 2: (500, 0), 3: (1000, 0), 4: (500, -500), 5: (500, -15), 6: (200, 0)}
    ways = [(10, [1, 6, 2, 3], PRIMARY), (11, [2, 5, 4], {"highway": "residential"})]
    tags = {5: {"highway": "give_way"}, 6: {"highway": "traffic_signals", "crossing": "traffic_signals"}}
    network, report = read_network(write_map(tmp_path, places, ways, tags))
    assert network.node_by_id["2"].control == "yield"
    assert {link.id: link.priority for link in network.links_in["2"]} == {"1-2": 2, "3-2": 2, "4-2": 1}
    assert report.repairs["signals and signs away from junctions left out"] == 1
    assert report.signals == 0


SIDE_STREET = ({1: (0, 0), 2: (500, 0), 3: (1000, 0), 4: (500, -500)}, [2, 4])


@pytest.mark.parametrize(
    ("side", "tags", "priority_of_side"),
    [
        ("residential", {}, 1),
        ("primary", {}, 2),
        ("residential", {2: {"highway": "traffic_signals"}}, 2),
    ],
)
def test_side_street_of_lower_class_gives_way_where_no_sign_and_no_signal_is_mapped(
    tmp_path: Path, side: str, tags: dict[int, dict[str, str]], priority_of_side: int
) -> None:
    places, way = SIDE_STREET
    ways = [(10, [1, 2, 3], PRIMARY), (11, way, {"highway": side})]
    network, report = read_network(write_map(tmp_path, places, ways, tags))
    into = network.links_in["2"]
    assert {link.id: link.priority for link in into} == {"1-2": 2, "3-2": 2, "4-2": priority_of_side}
    assert [link.id for link in network.links if "priority" in link.assumed] == ["4-2"] * (priority_of_side == 1)
    assert ("1 of 6 links have assumed priorities." in report.sentences()) is (priority_of_side == 1)


def test_nobody_is_assumed_to_give_way_in_a_sketch(tmp_path: Path) -> None:
    places, way = SIDE_STREET
    ways = [(10, [1, 2, 3], PRIMARY), (11, way, {"highway": "residential"})]
    network, _ = read_network(write_map(tmp_path, places, ways), kind="schematic")
    assert all(link.priority == 2 for link in network.links)


def test_mapped_sign_is_believed_instead_of_the_class(tmp_path: Path) -> None:
    """The sign stands on the main street's western approach: nothing is assumed of the others."""
    places, way = SIDE_STREET
    places = {**places, 5: (485, 0)}
    ways = [(10, [1, 5, 2, 3], PRIMARY), (11, way, {"highway": "residential"})]
    network, _ = read_network(write_map(tmp_path, places, ways, {5: {"highway": "give_way"}}))
    assert {link.id: link.priority for link in network.links_in["2"]} == {"1-2": 1, "3-2": 2, "4-2": 2}
    assert not any("priority" in link.assumed for link in network.links)


def test_street_that_only_changes_its_class_gives_way_to_nobody(tmp_path: Path) -> None:
    places = {1: (0, 0), 2: (500, 0), 3: (1000, 0)}
    ways = [(10, [1, 2], PRIMARY), (11, [2, 3], {"highway": "residential"})]
    network, _ = read_network(write_map(tmp_path, places, ways))
    assert all(link.priority == 2 for link in network.links)


def test_a_piece_too_short_for_a_car_is_part_of_the_junction(tmp_path: Path) -> None:
    places = {1: (0, 0), 2: (500, 0), 3: (504, 0), 4: (1000, 0), 5: (500, 300), 6: (504, -300)}
    ways = [(10, [1, 2, 3, 4], PRIMARY), (11, [2, 5], PRIMARY), (12, [3, 6], PRIMARY)]
    network, report = read_network(write_map(tmp_path, places, ways))
    assert {node.id for node in network.nodes} == {"1", "2", "4", "5", "6"}
    assert report.shortest_link_m > 100


def test_a_cut_dual_carriageway_keeps_its_ends_and_nobody_turns_round_there(tmp_path: Path) -> None:
    oneway = {"highway": "trunk", "oneway": "yes"}
    places = {1: (0, 0), 2: (400, 0), 3: (400, 400), 8: (2000, 0), 9: (2000, 30)}
    ways = [(10, [1, 2, 3, 1], PRIMARY), (11, [2, 8], oneway), (12, [9, 2], oneway)]
    network, report = read_network(write_map(tmp_path, places, ways))
    assert {"2-8", "8-2"} <= _links(network)
    assert network.banned_turns == {("2-8", "8-2")}
    assert report.repairs["cut streets whose two carriageways were joined at the border"] == 1


def test_ways_that_leave_the_file_are_cut_there(tmp_path: Path) -> None:
    places = {1: (0, 0), 2: (400, 0), 3: (800, 0)}
    network, report = read_network(write_map(tmp_path, places, [(10, [1, 2, 3, 99, 98], PRIMARY)]))
    assert _links(network) == {"1-3", "3-1"}
    assert report.repairs["ways cut where their nodes lie outside the file"] == 1


def test_one_place_is_no_network(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="no drivable road found"):
        read_network(write_map(tmp_path, {1: (0, 0)}, [(10, [1, 1], PRIMARY)]))
    with pytest.raises(NetworkError, match="no two places"):
        oneway = {**PRIMARY, "oneway": "yes"}
        read_network(write_map(tmp_path, {1: (0, 0), 2: (900, 0)}, [(10, [1, 2], oneway)]))


def test_parallel_streets_have_ids_by_their_length(tmp_path: Path) -> None:
    places = {1: (0, 0), 2: (400, 0), 3: (200, 200), 4: (-400, 0), 5: (800, 0)}
    ways = [(10, [1, 3, 2], PRIMARY), (11, [1, 2], PRIMARY), (12, [4, 1], PRIMARY), (13, [2, 5], PRIMARY)]
    network, _ = read_network(write_map(tmp_path, places, ways))
    assert network.link_by_id["1-2"].length_m < network.link_by_id["1-2-2"].length_m


def test_the_order_of_the_file_changes_nothing(tmp_path: Path) -> None:
    shuffle = random.Random(7)
    side = range(6)
    places = {10 * i + j + 1: (200.0 * i + 13 * j, 190.0 * j) for i in side for j in side}
    rows = [[10 * i + j + 1 for j in side] for i in side]
    lines = rows + [list(column) for column in zip(*rows, strict=True)]
    ways = [
        (n * 10 + k, list(pair), PRIMARY) for n, line in enumerate(lines, 1) for k, pair in enumerate(pairwise(line))
    ]
    tags = {22: {"highway": "traffic_signals"}}
    expected = read_network(write_map(tmp_path, places, ways, tags))
    for _ in range(3):
        shuffle.shuffle(ways)
        items = list(places.items())
        shuffle.shuffle(items)
        assert read_network(write_map(tmp_path, dict(items), ways, tags)) == expected


def test_zones_of_the_metric_system() -> None:
    assert [utm_crs(121.4, 37.5), utm_crs(24.9, 60.2), utm_crs(-70.6, -33.4), utm_crs(180.0, 0.0)] == [
        "EPSG:32651",
        "EPSG:32635",
        "EPSG:32719",
        "EPSG:32660",
    ]


@pytest.fixture(scope="module")
def yantai() -> tuple[Network, NetworkReport]:
    return read_network(YANTAI, place="yantai", kind="schematic")


def test_the_streets_of_yantai_are_those_that_osmnx_finds(yantai: tuple[Network, NetworkReport]) -> None:
    """Today's streets: 614 nodes, 1,836 directions, less nothing; two terminal loops are split in their middle."""
    network, report = yantai
    graph = osmnx.graph_from_xml(YANTAI, simplify=False, retain_all=True)
    graph.remove_edges_from(
        [(u, v, k) for u, v, k, what in graph.edges(keys=True, data="highway") if what == "construction"]
    )
    graph.remove_nodes_from([node for node in list(graph) if graph.degree(node) == 0])
    simple = osmnx.simplify_graph(graph)
    assert (len(simple), len(simple.edges)) == (614, 1836)
    open_links = [link for link in network.links if link.opened_on != date.max]
    assert sum(link.length_m for link in open_links) == pytest.approx(
        sum(length for _, _, length in simple.edges(data="length")), rel=1e-9
    )
    assert (report.nodes, report.links, report.planned_links) == (620, 1854, 6)
    assert report.kept_length_share == pytest.approx(1.0)
    assert report.signals == report.assumed_signals == 127
    assert report.named_length_share == pytest.approx(0.39, abs=0.01)


def test_what_is_assumed_of_yantai_is_told(yantai: tuple[Network, NetworkReport]) -> None:
    network, report = yantai
    assert "1,852 of 1,854 links have assumed lane counts." in report.sentences()
    assert all("capacity_vph" in link.assumed for link in network.links)
    opened = {link.name: link.opened_on for link in network.links if link.opened_on not in (None, date.max)}
    assert opened == {"双河东路": date(2023, 12, 1)}
