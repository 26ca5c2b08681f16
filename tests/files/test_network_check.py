"""The check of a network: what is found, where, in words and as files."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import twin.osm
from tests.osm.maps import write_map
from twin.city.network import Link, Movement, Network, Node
from twin.city.street_findings import findings_of
from twin.cli.program import program
from twin.errors import DataFileError
from twin.files.gmns_files import write_gmns
from twin.files.network_check import REPAIRS_ZH, check_network, read_check, write_check

LAT_PER_M = 1 / 110_574.0
LON_PER_M = 1 / 111_320.0
QUANTITIES = {"lanes": 1.0, "free_speed_mps": 10.0, "capacity_vph": 1000.0}


def _network(places: dict[str, tuple[float, float]], streets: list[tuple[str, str]], **values: object) -> Network:
    """Nodes at metres east and north of 121° E on the equator; one-way links of the straight length."""
    nodes = tuple(Node(i, 121.0 + x * LON_PER_M, y * LAT_PER_M) for i, (x, y) in places.items())
    links = []
    for a, b in streets:
        (x0, y0), (x1, y1) = places[a], places[b]
        links.append(Link(f"{a}-{b}", a, b, ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, **QUANTITIES))  # type: ignore[arg-type]
    return Network(nodes, tuple(links), place="t", crs="EPSG:32651", **values)  # type: ignore[arg-type]


def _both(*streets: tuple[str, str]) -> list[tuple[str, str]]:
    return [way for a, b in streets for way in ((a, b), (b, a))]


SQUARE = {"a": (0.0, 0.0), "b": (400.0, 0.0), "c": (400.0, 400.0), "d": (0.0, 400.0)}
RING = _both(("a", "b"), ("b", "c"), ("c", "d"), ("d", "a"))


def _found(network: Network, kind: str) -> list[tuple[str, ...]]:
    return [finding.about for finding in findings_of(network) if finding.kind == kind]


def test_a_sound_town_has_nothing_to_look_at() -> None:
    assert findings_of(_network(SQUARE, RING)) == ()


def test_parts_that_do_not_hang_together_are_told() -> None:
    network = _network({**SQUARE, "x": (900, 0), "y": (990, 0)}, [*RING, *_both(("x", "y"))])
    assert _found(network, "apart") == [("x",), ("y",)]


def test_a_one_way_street_into_nowhere_is_a_trap() -> None:
    network = _network({**SQUARE, "x": (700, 0)}, [*RING, ("b", "x")])
    assert _found(network, "trap") == [("x",)]
    assert _found(_network({**SQUARE, "x": (700, 0)}, [*RING, *_both(("b", "x"))]), "trap") == []


def test_banned_turns_can_make_a_trap_too() -> None:
    """Street x ends at b; who comes from x may turn nowhere."""
    places = {**SQUARE, "x": (700.0, 0.0)}
    bans = frozenset({("x-b", "b-a"), ("x-b", "b-c")})
    network = _network(places, [*RING, *_both(("b", "x"))], banned_turns=bans)
    assert _found(network, "trap") == [("x",)] and _found(network, "no_way_on") == [("x-b",)]
    assert _found(network, "restricted") == [("b",)]


def test_streets_that_cross_without_a_junction_are_told_once_and_where() -> None:
    network = _network(SQUARE, [*RING, *_both(("a", "c"), ("b", "d"))])
    (finding,) = [f for f in findings_of(network) if f.kind == "crossing"]
    assert (finding.lon, finding.lat) == pytest.approx((121.0 + 200 * LON_PER_M, 200 * LAT_PER_M), abs=1e-5)
    over = replace(network, links=tuple(replace(k, is_structure=k.id in ("a-c", "c-a")) for k in network.links))
    assert _found(over, "crossing") == [] and _found(over, "structure") == [("a-c",), ("c-a",)]


def test_a_dead_end_beside_a_street_it_does_not_join_is_told() -> None:
    """x ends 10 m west of the street b–c; y ends 100 m away from it."""
    places = {**SQUARE, "x": (390.0, 200.0), "y": (300.0, 300.0)}
    network = _network(places, [*RING, *_both(("a", "x"), ("d", "y"))])
    assert [about[0] for about in _found(network, "near_miss")] == ["x"]
    assert _found(network, "dead_end") == [("x",), ("y",)]


def test_a_street_that_ends_with_no_street_ahead_is_no_dead_end_but_the_edge_of_the_map() -> None:
    """x leads out of the town to the east; y stops inside it, 100 m short of the street b–c."""
    places = {**SQUARE, "x": (700.0, 0.0), "y": (300.0, 300.0)}
    network = _network(places, [*RING, *_both(("b", "x"), ("d", "y"))])
    assert (_found(network, "edge"), _found(network, "dead_end")) == ([("x",)], [("y",)])


def test_where_streets_of_a_map_were_led_to_the_middle_of_a_junction_their_lines_are_not_held_against_it() -> None:
    """The diagonals cross 283 m from their ends. Two more cross 20 m from the end of one: a map's junction is up to
    100 m wide and its streets are led to its middle, so only streets that were not read from a map are told there.
    So are lengths: 80 m off its line is a moved end, 120 m is not."""
    places = {**SQUARE, "x": (200.0, 220.0), "y": (200.0, 100.0), "m": (180.0, 200.0), "n": (300.0, 200.0)}
    network = _network(places, [*RING, *_both(("a", "c"), ("b", "d"), ("x", "y"), ("m", "n"))])
    mapped = replace(network, kind="openstreetmap")
    told = {frozenset(about) for about in _found(network, "crossing")}
    assert frozenset(("a-c", "b-d")) in told and frozenset(("m-n", "x-y")) in told
    assert {frozenset(about) for about in _found(mapped, "crossing")} == {frozenset(("a-c", "b-d"))}
    for more_m, kind, found in ((80.0, "openstreetmap", 0), (80.0, "synthetic", 1), (120.0, "openstreetmap", 1)):
        links = tuple(replace(k, length_m=k.length_m + more_m) if k.id == "a-b" else k for k in network.links)
        assert len(_found(replace(network, kind=kind, links=links), "length")) == found


def test_the_end_of_a_map_where_nothing_turns_is_no_street_that_leads_nowhere() -> None:
    """Carriageways cut at the border are joined at x, and nobody turns round there."""
    places = {**SQUARE, "x": (700.0, 0.0)}
    streets = [*RING, ("b", "x"), ("x", "c")]
    assert _found(_network(places, streets, banned_turns=frozenset({("b-x", "x-c")})), "no_way_on") == []


def test_every_repair_that_has_a_place_is_told_in_chinese_too() -> None:
    """All words that the reading of maps notes, as they stand in its source."""
    told = set()
    for path in Path(twin.osm.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        constants = {
            node.targets[0].id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "note":
                what = node.args[1]
                told.add(what.value if isinstance(what, ast.Constant) else constants.get(getattr(what, "id", "")))
    assert len(told - {None}) >= 15
    assert told - {None} - REPAIRS_ZH.keys() == set()


def test_short_links_and_lengths_that_are_not_those_of_the_line_are_told() -> None:
    network = _network({**SQUARE, "x": (5.0, 0.0)}, [*RING, *_both(("a", "x"))])
    assert _found(network, "short") == [("a-x",), ("x-a",)]
    longer = replace(network, links=tuple(replace(k, length_m=500.0) if k.id == "a-b" else k for k in network.links))
    assert _found(longer, "length") == [("a-b",)]


def test_carriageways_of_one_street_are_recognised() -> None:
    places = {"a": (0.0, 0.0), "b": (400.0, 0.0), "c": (400.0, 20.0), "d": (0.0, 20.0)}
    network = _network(places, [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")])
    named = tuple(replace(k, name="观海路" if k.length_m > 100 else "") for k in network.links)
    assert _found(replace(network, links=named), "dual") == [("a-b",), ("c-d",)]
    apart = tuple(replace(k, name=k.id) for k in network.links)
    assert _found(replace(network, links=apart), "dual") == []


def test_signals_without_a_crossing_and_marked_lanes_are_told() -> None:
    network = _network(SQUARE, RING)
    nodes = tuple(replace(n, control="signal") if n.id == "a" else n for n in network.nodes)
    marked = (Movement("b", "a-b", "b-c", 1.0, lane_group=0), Movement("b", "c-b", "b-a"))
    network = replace(network, nodes=nodes, movements=marked)
    assert _found(network, "signal") == [("a",)] and _found(network, "marked") == [("a-b",)]


def test_a_check_is_written_and_read_back(tmp_path: Path) -> None:
    places = {1: (0, 0), 2: (400, 0), 3: (400, 400), 9: (2000, 0)}
    ways = [(10, [1, 2, 3, 1], {"highway": "primary", "maxspeed": "fünfzig"}), (11, [2, 9], {"highway": "primary"})]
    check = check_network(str(write_map(tmp_path, places, ways)))
    write_check(check, tmp_path / "out")
    again = read_check(tmp_path / "out")
    assert again.findings.equals(check.findings) and again.links.equals(check.links)
    assert (again.title, again.sentences, again.source) == (check.title, check.sentences, check.source)
    refused = check.findings[check.findings["en"] == "speed limits refused"]
    assert len(refused) == 2 and refused["zh"].iloc[0] == "限速标签无效，按等级取值"
    assert "OpenStreetMap contributors" in check.source


def test_the_command_prints_a_table_and_names_what_is_not_there(tmp_path: Path) -> None:
    folder = tmp_path / "grid"
    folder.mkdir()
    write_gmns(_network(SQUARE, RING), folder)
    answer = CliRunner().invoke(program, ["network", "check", str(folder), "--out", str(tmp_path / "out")])
    assert answer.exit_code == 0 and "grid (GMNS): 4 nodes, 8 links" in answer.output
    assert f"twin map {tmp_path / 'out'}" in answer.output
    missing = CliRunner().invoke(program, ["network", "check", "nowhere.osm"])
    assert missing.exit_code == 2 and "no map file" in missing.output
    with pytest.raises(DataFileError, match="no whole check"):
        read_check(tmp_path)
