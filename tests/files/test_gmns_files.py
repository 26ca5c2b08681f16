"""GMNS tables are read with their defaults, refused with all their faults, and come back as they were written."""

from dataclasses import replace
from datetime import date

import pytest
from click.testing import CliRunner

from twin.city.network import Link, LinkChange, Movement, Network, Node
from twin.city.signals import Green, SignalPlan
from twin.cli.program import program
from twin.clock import TimeWindow
from twin.errors import DataFileError, DemandError, NetworkError
from twin.files.gmns_files import read_gmns, write_gmns
from twin.files.network_files import load_network
from twin.files.trip_files import read_trips


def crossing() -> Network:
    nodes = tuple(Node(str(i), 121.4 + 0.01 * i, 37.5, "signal" if i == 2 else "none") for i in range(1, 5))
    links = (
        Link("12", "1", "2", 800.0, 2.0, 50 / 3.6, 1800.0, name="魁富路", road_class="primary", merge_weight=2.5),
        Link(
            "23", "2", "3", 650.5, 1.0, 40 / 3.6, 1650.0, geometry=((121.42, 37.5), (121.425, 37.501), (121.43, 37.5))
        ),
        Link("24", "2", "4", 400.0, 1.0, 30 / 3.6, 1600.0, jam_density_vpkm=140.0, priority=1),
    )
    turns = (Movement("2", "12", "23", lanes=1.0), Movement("2", "12", "24", capacity_vph=600.0, penalty_s=3.0))
    return Network(nodes, links, turns, place="town", kind="synthetic", crs="EPSG:32651")


def write(folder, **tables: str):
    folder.mkdir(exist_ok=True)
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


NODES = "node_id,x_coord,y_coord,ctrl_type\n1,121.41,37.5,no_control\n2,121.42,37.5,signal\n3,121.43,37.5,\n"
LINKS = (
    "link_id,from_node_id,to_node_id,directed,length,lanes,free_speed,capacity\n"
    "a,1,2,true,500,1,36,1800\nb,2,3,true,500,2,36,1800\n"
)


def test_a_network_comes_back_as_it_was_written(tmp_path) -> None:
    plan = SignalPlan(
        "2", 90.0, 5.0, (Green("12", "23", 0.0, 40.0, 1700.0), Green("12", "24", 40.0, 30.0, 1600.0, permissive=True))
    )
    write_gmns(crossing(), tmp_path / "town", [plan])
    read = read_gmns(tmp_path / "town")
    assert read.network == crossing()
    assert read.signals == (plan,)
    assert read.notes == ()


def test_a_ban_on_a_turn_is_written_as_the_turns_that_are_left(tmp_path) -> None:
    free = Network(crossing().nodes, crossing().links, banned_turns=frozenset({("12", "24")}))
    write_gmns(free, tmp_path / "town")
    assert [(m.from_link, m.to_link) for m in read_gmns(tmp_path / "town").network.turns()] == [("12", "23")]


def test_tables_of_an_older_network_do_not_stay(tmp_path) -> None:
    write_gmns(crossing(), tmp_path / "town")
    write_gmns(Network(crossing().nodes, crossing().links, place="town", crs="EPSG:32651"), tmp_path / "town")
    assert sorted(path.name for path in (tmp_path / "town").iterdir()) == ["link.csv", "node.csv"]


def test_missing_columns_take_defaults_that_are_told_once(tmp_path) -> None:
    write(tmp_path, node="node_id\n1\n2\n", link="link_id,from_node_id,to_node_id,length\na,1,2,100\n")
    read = read_gmns(tmp_path)
    link = read.network.link_by_id["a"]
    assert (link.lanes, link.capacity_vph, link.free_speed_mps * 3.6) == (1.0, 1650.0, pytest.approx(40.0))
    assert read.notes == (
        "node.csv has no x_coord and y_coord: all nodes are taken to lie at 0, 0",
        "link.csv lacks columns; taken for all links: lanes 1, free_speed 40 km/h, capacity 1650 veh/h per lane, "
        "jam_density 133.333 veh/km per lane",
    )


def test_a_green_without_saturation_flow_has_that_of_its_movements_lanes(tmp_path) -> None:
    write(
        tmp_path,
        node=NODES,
        link=LINKS.replace("500,1,36", "500,3,36"),
        movement="mvmt_id,node_id,ib_link_id,ob_link_id,lanes\n1,2,a,b,2\n",
        signals="node_id,cycle_s,offset_s,ib_link_id,ob_link_id,green_start_s,green_s\n2,60,0,a,b,0,30\n",
    )
    assert read_gmns(tmp_path).signals[0].greens == (Green("a", "b", 0.0, 30.0, 3600.0),)


def test_all_faults_of_all_tables_are_told_together(tmp_path) -> None:
    write(
        tmp_path,
        node=NODES.replace("no_control", "lights") + "3,0,0,\n",
        link=LINKS.replace("a,1,2,true,500", "a,1,9,true,-5").replace("b,2,3,true", "b,2,3,false"),
        movement="node_id,ib_link_id,ob_link_id\n2,b,a\n",
        signals="node_id,cycle_s,ib_link_id,green_start_s,green_s\n3,60,b,0,70\n",
    )
    with pytest.raises(NetworkError) as told:
        read_gmns(tmp_path)
    message = str(told.value)
    for part in (
        "node.csv: 2 faults",
        "line 5: node_id '3' is there twice",
        "line 2: ctrl_type is 'lights', must be no_control, yield, stop or signal",
        "line 2: to_node_id '9' is not in node.csv",
        "line 2: length is '-5', must be positive metres",
        "line 3: directed is 'false', must be true: list the two directions as two links",
        "line 2: ib_link_id 'b' is no link that leads to node '2'",
        "line 2: green_s 70 is longer than cycle_s 60",
    ):
        assert part in message


def test_a_missing_table_or_column_is_named(tmp_path) -> None:
    with pytest.raises(DataFileError, match=r"node.csv: no such file; it should hold the nodes"):
        read_gmns(tmp_path)
    write(tmp_path, node=NODES, link="link_id,from_node_id\na,1\n")
    with pytest.raises(DataFileError, match="column to_node_id is missing; column length is missing"):
        read_gmns(tmp_path)


def test_trips_have_a_route_or_two_nodes(tmp_path) -> None:
    network = read_gmns(write(tmp_path, node=NODES, link=LINKS)).network
    (tmp_path / "trips.csv").write_text(
        "trip_id,depart_s,route,origin_node_id,destination_node_id,vehicle_class\n"
        "10,5.5, a  b ,,,\n9,0,,1,3,truck\n11,7,b,1,3,bus\n",
        encoding="utf-8",
    )
    trips = read_trips(tmp_path / "trips.csv", network)
    assert list(trips.ids) == ["9", "10", "11"]
    assert trips.depart_s.tolist() == [0.0, 5.5, 7.0]
    assert [trips.links[s:e].tolist() for s, e in zip(trips.start, trips.end, strict=True)] == [[], [0, 1], [1]]
    assert (trips.origin.tolist(), trips.destination.tolist()) == ([0, -1, -1], [2, -1, -1])


def test_bad_trips_are_refused_all_at_once(tmp_path) -> None:
    network = read_gmns(write(tmp_path, node=NODES, link=LINKS)).network
    (tmp_path / "trips.csv").write_text(
        "trip_id,depart_s,route,origin_node_id,destination_node_id,vehicle_class\n"
        "1,-1,a,,,\n2,nan,a,,,\n3,0,a x,,,\n1,0,a,,,\n4,0,,1,,\n5,0,,1,8,\n6,0,b,,,tank\n",
        encoding="utf-8",
    )
    with pytest.raises(DemandError) as told:
        read_trips(tmp_path / "trips.csv", network)
    assert str(told.value).splitlines()[1:] == [
        "  - line 5: trip_id '1' is there twice",
        "  - line 2: depart_s is '-1', must be seconds, not negative",
        "  - line 3: depart_s is 'nan', must be seconds, not negative",
        "  - line 4: route names link 'x', which is not in link.csv",
        "  - line 7: destination_node_id '8' is not in node.csv",
        "  - line 6: neither a route nor both origin_node_id and destination_node_id",
        "  - line 8: vehicle_class is 'tank', must be one of car, bus, truck, ebike",
    ]


def test_of_many_bad_trips_the_first_twenty_are_shown_and_all_are_counted(tmp_path) -> None:
    network = read_gmns(write(tmp_path, node=NODES, link=LINKS)).network
    rows = "\n".join(f"{i},0,b a" for i in range(500))
    (tmp_path / "trips.csv").write_text(f"trip_id,depart_s,route\n{rows}\n", encoding="utf-8")
    with pytest.raises(DemandError) as told:
        read_trips(tmp_path / "trips.csv", network)
    lines = str(told.value).splitlines()
    assert lines[0].endswith("trips.csv: 500 faults")
    assert lines[1] == "  - line 2: route turns from link b into link a, but there is no such turn"
    assert (len(lines), lines[-1]) == (22, "  - and 480 more")


@pytest.mark.parametrize("plan", [{"window": TimeWindow(0.0, 3600.0)}, {"control": "actuated"}])
def test_plans_that_the_table_cannot_hold_are_refused(tmp_path, plan) -> None:
    """A plan of one hour read back would hold all day."""
    fixed = SignalPlan("2", 90.0, 5.0, (Green("12", "23", 0.0, 40.0),))
    with pytest.raises(NetworkError, match="fixed plans of all day; those of node 2"):
        write_gmns(crossing(), tmp_path, (replace(fixed, **plan),))


def test_what_gmns_has_no_column_for_comes_back_too(tmp_path) -> None:
    """Dates, hours, bridges, assumptions, bans, shared lanes, the place, and a speed that 3.6 does not divide."""
    change = LinkChange(TimeWindow.between("22:00", "06:00"), 1.0)
    town = crossing()
    links = (
        replace(
            town.links[0], opened_on=date(2023, 12, 1), changes=(change,), assumed=frozenset({"lanes", "priority"})
        ),
        replace(town.links[1], is_structure=True, source_ids=("7", "8"), part_of="2-9", free_speed_mps=11.111111111),
        replace(town.links[2], opened_on=date.max, closed_on=date(2030, 1, 1), road_class="residential"),
    )
    movements = tuple(replace(turn, lanes=2.0, lane_group=0) for turn in town.movements)
    whole = Network(
        (*town.nodes[:3], replace(town.nodes[3], assumed=frozenset({"control"}))), links, movements,
        place="elsewhere", kind="surveyed", crs="EPSG:4548", banned_turns=frozenset({("12", "24")}),
    )  # fmt: skip
    plan = SignalPlan("2", 90.0, 5.0, (Green("12", "23", 0.0, 40.0, lanes=2.0),), assumed=frozenset({"plan"}))
    write_gmns(whole, tmp_path / "town", [plan])
    read = read_gmns(tmp_path / "town")
    assert read.network == whole and read.signals == (plan,)
    write_gmns(crossing(), tmp_path / "town")
    assert not (tmp_path / "town" / "twin.json").exists() and read_gmns(tmp_path / "town").network == crossing()


def test_a_ban_comes_back_as_a_ban_and_not_as_a_list_of_turns(tmp_path) -> None:
    town = Network(crossing().nodes, crossing().links, place="town", crs="EPSG:32651", banned_turns={("12", "24")})
    town = replace(town, banned_turns=frozenset(town.banned_turns))
    write_gmns(town, tmp_path / "town")
    assert read_gmns(tmp_path / "town").network == town


def test_a_link_taken_out_of_the_table_by_hand_is_gone(tmp_path) -> None:
    town = replace(crossing(), movements=(), banned_turns=frozenset({("12", "24")}))
    write_gmns(town, tmp_path / "town")
    table = tmp_path / "town" / "link.csv"
    table.write_text("".join(line for line in table.open() if not line.startswith("24,")), encoding="utf-8")
    (tmp_path / "town" / "movement.csv").unlink()
    read = read_gmns(tmp_path / "town").network
    assert [link.id for link in read.links] == ["12", "23"] and read.banned_turns == frozenset()


def test_a_file_beside_the_tables_that_cannot_be_read_is_named(tmp_path) -> None:
    write_gmns(crossing(), tmp_path / "town")
    for text in ("{", '{"format": "other"}', '{"format": "twin-gmns/1", "links": {"12": {"colour": 1}}}'):
        (tmp_path / "town" / "twin.json").write_text(text, encoding="utf-8")
        with pytest.raises(NetworkError, match=r"twin\.json: cannot be read"):
            read_gmns(tmp_path / "town")


def test_streets_of_a_place_are_exported_without_loss(tmp_path) -> None:
    """The embedded city: 1,854 links with dates, assumptions and ways they were made from."""
    answer = CliRunner().invoke(program, ["network", "export", "yantai", str(tmp_path / "tables")])
    assert answer.exit_code == 0 and "620 nodes, 1,854 links" in answer.output
    assert read_gmns(tmp_path / "tables").network == load_network("yantai")[0]
