"""From SUMO's files to the tables of `twin simulate`, on a crossing whose numbers can be checked in the head."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.driving import free_speed_mps, turn_time_s
from benchmarks.sumo_net import SumoNet, read_sumo_net
from benchmarks.sumo_routes import VehicleType, read_sumo_routes
from benchmarks.sumo_signals import EffectiveGreen, greens_of
from benchmarks.sumo_to_gmns import convert, lane_shares, write_tables
from twin.city.network import Movement
from twin.files.gmns_files import read_gmns
from twin.files.trip_files import read_trips

NET = """<net>
  <edge id=":B_0" function="internal"><lane id=":B_0_0" index="0" speed="10" length="20"/></edge>
  <edge id=":B_1" function="internal"><lane id=":B_1_0" index="0" speed="5" length="6"/></edge>
  <edge id=":B_2" function="internal"><lane id=":B_2_0" index="0" speed="5" length="4"/></edge>
  <edge id=":B_3" function="internal"><lane id=":B_3_0" index="0" speed="10" length="20"/></edge>
  <edge id="main" from="A" to="B" priority="9">
    <lane id="main_0" index="0" allow="pedestrian" speed="10" length="100"/>
    <lane id="main_1" index="1" disallow="tram" speed="10" length="100"/>
    <lane id="main_2" index="2" speed="10" length="100"/>
  </edge>
  <edge id="side" from="C" to="B" priority="3"><lane id="side_0" index="0" speed="10" length="80"/></edge>
  <edge id="ahead" from="B" to="D" priority="9">
    <lane id="ahead_0" index="0" speed="10" length="60"/><lane id="ahead_1" index="1" speed="10" length="60"/>
  </edge>
  <edge id="left" from="B" to="E" priority="3"><lane id="left_0" index="0" speed="10" length="50"/></edge>
  <edge id="rails" from="B" to="E"><lane id="rails_0" index="0" allow="tram" speed="10" length="50"/></edge>
  <tlLogic id="lamps" type="static" programID="0" offset="7">
    <phase duration="30" state="GGgr"/><phase duration="3" state="yygr"/>
    <phase duration="24" state="rrGG"/><phase duration="3" state="rryy"/>
  </tlLogic>
  <junction id="A" type="dead_end" x="0" y="0"/><junction id="B" type="traffic_light" x="100" y="0"/>
  <junction id="C" type="dead_end" x="100" y="-80"/><junction id="D" type="priority" x="160" y="0"/>
  <junction id="E" type="dead_end" x="100" y="50"/>
  <connection from="main" to="ahead" fromLane="1" toLane="0" via=":B_0_0" tl="lamps" linkIndex="0" dir="s" state="O"/>
  <connection from="main" to="ahead" fromLane="2" toLane="1" via=":B_0_0" tl="lamps" linkIndex="1" dir="s" state="O"/>
  <connection from="main" to="left" fromLane="2" toLane="0" via=":B_1_0" tl="lamps" linkIndex="2" dir="l" state="o"/>
  <connection from="side" to="ahead" fromLane="0" toLane="0" via=":B_3_0" tl="lamps" linkIndex="3" dir="r" state="o"/>
  <connection from=":B_0" to="ahead" fromLane="0" toLane="0" dir="s" state="M"/>
  <connection from=":B_1" to="left" fromLane="0" toLane="0" via=":B_2_0" dir="l" state="m"/>
  <connection from=":B_2" to="left" fromLane="0" toLane="0" dir="l" state="M"/>
</net>
"""

STEADY = '<vType id="steady" length="5" minGap="5" sigma="0" accel="2" decel="4"/>'


def routes_file(folder: Path, *, ahead: int, left: int) -> Path:
    rows = [
        f'<vehicle id="a{i}" type="steady" depart="{i}"><route edges="main ahead"/></vehicle>' for i in range(ahead)
    ]
    rows += [f'<vehicle id="l{i}" type="steady" depart="{i}"><route edges="main left"/></vehicle>' for i in range(left)]
    path = folder / "routes.rou.xml"
    path.write_text(f"<routes>{STEADY}{''.join(rows)}</routes>", encoding="utf-8")
    return path


@pytest.fixture
def net(tmp_path: Path) -> SumoNet:
    path = tmp_path / "crossing.net.xml"
    path.write_text(NET, encoding="utf-8")
    return read_sumo_net(path)


def test_only_lanes_for_cars_are_read(net: SumoNet) -> None:
    assert {edge.id: edge.car_lanes for edge in net.edges} == {
        "main": (1, 2),
        "side": (0,),
        "ahead": (0, 1),
        "left": (0,),
    }
    assert {junction.id for junction in net.junctions} == set("ABCDE")


def test_a_turn_in_two_steps_has_the_length_of_both(net: SumoNet) -> None:
    left = next(c for c in net.connections if c.to_edge == "left")
    assert (left.inner_m, left.inner_mps, left.inner_edges) == (10.0, 5.0, (":B_1", ":B_2"))


def test_effective_green_begins_with_the_lost_time_and_ends_within_the_yellow(net: SumoNet) -> None:
    program = net.programs[0]
    assert program.cycle_s == 60.0
    # Lamp 0 is green 0–30 s: lost 3.4 s, and 1.6 s of the yellow are used.
    assert greens_of(program, [0]) == [EffectiveGreen(3.4, pytest.approx(28.2), False)]
    # Lamp 3 is green 33–57 s.
    assert greens_of(program, [3]) == [EffectiveGreen(36.4, pytest.approx(22.2), False)]


def test_a_green_that_yields_first_is_permissive_and_then_protected(net: SumoNet) -> None:
    # Lamp 2 yields 0–33 s, has the way 33–57 s and is yellow to the cycle's end.
    yields, has_way = greens_of(net.programs[0], [2])
    assert yields == EffectiveGreen(3.4, pytest.approx(29.6), True)
    assert has_way == EffectiveGreen(33.0, pytest.approx(25.6), False)


def test_an_approach_with_a_shared_lane_is_one_queue(net: SumoNet, tmp_path: Path) -> None:
    network, _ = convert(net, read_sumo_routes(routes_file(tmp_path, ahead=30, left=10)))
    assert [m.lanes for m in network.movements] == [None, None, None]


def test_turns_that_share_no_lane_have_theirs(net: SumoNet, tmp_path: Path) -> None:
    apart = replace(net, connections=tuple(c for c in net.connections if (c.from_lane, c.to_edge) != (2, "ahead")))
    network, _ = convert(apart, read_sumo_routes(routes_file(tmp_path, ahead=30, left=10)))
    lanes = {(m.from_link, m.to_link): m.lanes for m in network.movements}
    assert lanes == {("main", "ahead"): 1.0, ("main", "left"): 1.0, ("side", "ahead"): None}


def test_cars_spread_over_lanes_until_these_carry_the_same(net: SumoNet) -> None:
    """40 cars on two lanes: 20 a lane. Lane 1: 20 ahead; lane 2: 10 ahead and 10 left."""
    grouped = {
        turn: [c for c in net.connections if (c.from_edge, c.to_edge) == turn]
        for turn in (("main", "ahead"), ("main", "left"))
    }
    shares = lane_shares(grouped, {("main", "ahead"): 30, ("main", "left"): 10})
    assert shares["main", "ahead"] == pytest.approx({1: 2 / 3, 2: 1 / 3}, abs=0.01)
    assert shares["main", "left"] == {2: 1.0}


def test_queue_numbers_follow_the_kind_of_car(net: SumoNet, tmp_path: Path) -> None:
    """Cars of 5 m + 5 m: 100 a kilometre; 1.26 + 0.0924 · 10 = 2.184 s apart out of a queue, 1,648 an hour."""
    network, _ = convert(net, read_sumo_routes(routes_file(tmp_path, ahead=3, left=1)))
    main = network.link_by_id["main"]
    assert (main.lanes, main.length_m, main.free_speed_mps) == (2.0, 100.0, 10.0)
    assert main.jam_density_vpkm == 100.0
    assert main.capacity_vph == pytest.approx(1648.4, abs=0.1)


def test_a_slow_turn_takes_its_way_and_the_slowing() -> None:
    """10 m at 5 m/s is 2 s; from 10 to 5 m/s: 25 / 20 · (1/4 + 1/2) = 0.94 s more."""
    steady = VehicleType(accel_mps2=2.0, decel_mps2=4.0, sigma=0.0)
    assert turn_time_s(steady, 10.0, 5.0, 10.0) == pytest.approx(2.9375)
    assert turn_time_s(steady, 20.0, 10.0, 10.0) == 2.0
    assert free_speed_mps(steady, 10.0) == 10.0


def test_tables_can_be_read_back_and_carry_signals_and_routes(net: SumoNet, tmp_path: Path) -> None:
    routes = routes_file(tmp_path, ahead=30, left=10)
    write_tables(tmp_path / "crossing.net.xml", routes, tmp_path / "tables")
    read = read_gmns(tmp_path / "tables")
    assert {node.id: node.control for node in read.network.nodes}["B"] == "signal"
    assert len(read.network.movements) == 3 and all(isinstance(m, Movement) for m in read.network.movements)
    (plan,) = read.signals
    assert (plan.node_id, plan.cycle_s, plan.offset_s) == ("B", 60.0, 7.0)
    assert [g.permissive for g in plan.greens if g.to_link == "left"] == [True, False]
    trips = read_trips(tmp_path / "tables" / "TRIPS.csv", read.network)
    assert len(trips) == 40
    table = pd.read_csv(tmp_path / "tables" / "TRIPS.csv")
    assert table.loc[table["trip_id"] == "l3", ["depart_s", "route"]].to_numpy().tolist() == [[3.0, "main left"]]


def test_trips_without_a_route_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "trips.rou.xml"
    path.write_text('<routes><trip id="t" depart="0" from="a" to="b"/></routes>', encoding="utf-8")
    with pytest.raises(ValueError, match="duarouter"):
        read_sumo_routes(path)
