"""A bus in the same traffic as the cars: it dwells, blocks the lane or stands aside, and starts late if it comes
late.
"""

from dataclasses import replace

import numpy as np
import pytest

from twin.city.network import Network
from twin.city.transit import BusLine, Headway, Stop
from twin.clock import TimeWindow
from twin.sim.bus import DOORS_S, BusFate, BusRun, BusService, Halt, bus, bus_blocks, line_halts, passing_buses
from twin.sim.environment import Environment
from twin.sim.flow import Fleet
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.rules import MICROS
from twin.sim.tables import CLASS_NAMES, build_tables

BOTH_FLOWS = pytest.mark.parametrize("make", [CompiledFlow, SimpyFlow])


def line(headway_s: float = 600.0, *, name: str = "1路", stops: tuple[tuple[str, float], ...] = ()) -> BusLine:
    """A line over both links; a stop at the end of each unless told (link, longitude)."""
    places = stops or (("ab", 121.0113), ("bc", 121.0226))
    halts = tuple(Stop(f"s{i}", lon, 37.0, link) for i, (link, lon) in enumerate(places))
    return BusLine(f"{name}/上行", name, "上行", halts, ("ab", "bc"), (Headway(TimeWindow(0.0, 3600.0), headway_s),))


def with_lanes(network: Network, lanes: float) -> Network:
    return network.with_links(replace(link, lanes=lanes) for link in network.links)


def car_arrives_s(network: Network, make: type, *, in_lane: bool, stopping_s: float = 0.0) -> tuple[float, float]:
    """When the bus and the car 10 s behind it reach c; the bus halts at b for its doors, 30 s."""
    tables = build_tables(network)
    env = Environment()
    one = np.ones(1, dtype=np.int64)
    flow = make(env, tables, Fleet(10 * MICROS * one, 0 * one, 2 * one, tables.segments_of(["ab", "bc"]), 0 * one))
    halts = (Halt(tables.segments_of(["ab"]), in_lane, 0), Halt(tables.segments_of(["bc"]), False, 1))
    fate, service = BusFate(), BusService.without_riders(2)
    service.dwell, service.stopping_s = replace(service.dwell, doors_s=30.0), stopping_s
    env.story_at(0.0, bus(env, flow, service, [BusRun("1", "1", 1, 0.0, halts)], [fate]), 1)
    env.run()
    arrive_us = flow.finish().vehicles.arrive_us
    assert fate.arrived_s is not None and fate.stops_served == 2 and fate.dwell_s == 60.0
    return fate.arrived_s, float(arrive_us[0]) / MICROS


@BOTH_FLOWS
def test_bus_in_the_lane_holds_up_the_car_behind_by_the_rest_of_its_dwell(one_road: Network, make: type) -> None:
    """The bus stands at b from 100 to 130 s. The car comes at 110 s, may leave b 4 s after it (2 PCU at 0.5 PCU/s),
    134 s instead of 110 s, and is at c 100 s later.
    """
    bus_s, car_s = car_arrives_s(one_road, make, in_lane=True)
    assert bus_s == pytest.approx(100.0 + 30.0 + 100.0 + 30.0)
    assert car_s == pytest.approx(234.0)


@BOTH_FLOWS
def test_a_bus_that_stopped_loses_the_time_to_brake_and_pull_away(one_road: Network, make: type) -> None:
    """Once for the stop on its way, not for the last; in the lane the car behind loses it too."""
    assert car_arrives_s(one_road, make, in_lane=True, stopping_s=10.0) == pytest.approx((270.0, 244.0))


@BOTH_FLOWS
def test_bus_that_stops_aside_holds_up_nobody(one_road: Network, make: type) -> None:
    """The car passes at 110 s; the bus drives on at 130 s, all of its road before it."""
    bus_s, car_s = car_arrives_s(one_road, make, in_lane=False)
    assert (bus_s, car_s) == (pytest.approx(260.0), pytest.approx(210.0))


def runs_of(network: Network, *lines: BusLine, from_s: float = 0.0) -> list[BusRun]:
    tables = build_tables(network, segment_m=250.0)
    blocks = bus_blocks(network, lines, line_halts(network, tables, lines), start_s=from_s, end_s=3600.0)
    return sorted((run for block in blocks for run in block), key=lambda run: (run.depart_s, run.line_id))


def test_departures_come_each_headway_and_numbers_do_not_hang_on_the_start_of_the_run(one_road: Network) -> None:
    runs = runs_of(one_road, line(600.0))
    assert [run.depart_s for run in runs] == [300.0, 900.0, 1500.0, 2100.0, 2700.0, 3300.0]
    later = runs_of(one_road, line(600.0), from_s=1000.0)
    assert [(run.run_id, run.agent) for run in later] == [(run.run_id, run.agent) for run in runs[2:]]


def test_bus_stops_in_the_lane_where_there_is_one_and_aside_where_there_are_more(one_road: Network) -> None:
    for lanes, in_lane in ((1.0, True), (1.5, True), (2.0, False)):
        (run, *_) = runs_of(with_lanes(one_road, lanes), line())
        assert [halt.in_lane for halt in run.halts] == [in_lane, in_lane]


def test_a_stop_that_says_where_the_bus_stands_is_obeyed(one_road: Network) -> None:
    bay = replace(line(), stops=tuple(replace(stop, in_lane=False) for stop in line().stops))
    (run, *_) = runs_of(one_road, bay)
    assert [halt.in_lane for halt in run.halts] == [False, False]


def test_stop_along_a_link_stands_at_the_end_of_the_nearest_segment(one_road: Network) -> None:
    """Links of four segments; the stop lies at half of the second link: after its second segment, the sixth of all."""
    middle = line(stops=(("ab", 121.0113), ("bc", 121.0113 + 0.0113 / 2), ("bc", 121.0226)))
    (run, *_) = runs_of(one_road, middle)
    assert [halt.segments.tolist() for halt in run.halts] == [[3], [4, 5], [6, 7]]


def test_two_stops_at_one_segment_s_end_need_no_driving_between(one_road: Network) -> None:
    close = line(stops=(("ab", 121.0113), ("bc", 121.0222), ("bc", 121.0226)))
    (run, *_) = runs_of(one_road, close)
    assert [halt.segments.tolist() for halt in run.halts] == [[3], [4, 5, 6, 7], []]
    tables = build_tables(one_road, segment_m=250.0)
    env, fate, service = Environment(), BusFate(), BusService.without_riders(3)
    flow = CompiledFlow(env, tables, Fleet.none())
    env.story_at(run.depart_s, bus(env, flow, service, [run], [fate]), run.agent)
    env.run()
    # 25 s for the segment at which it appears, 100 s for the second link, three times the doors.
    assert fate.arrived_s == pytest.approx(300.0 + 25.0 + 100.0 + 3 * DOORS_S)
    assert fate.stops_served == 3


def test_line_whose_street_is_closed_does_not_run(one_road: Network) -> None:
    only_first = one_road.with_links(link for link in one_road.links if link.id == "ab")
    assert runs_of(only_first, line()) == []


def test_a_headway_changed_before_leaves_later_runs_as_they_were(one_road: Network) -> None:
    """Twice the buses in the first half-hour; those of the second leave when they did, under the same agents."""
    halves = (TimeWindow(0.0, 1800.0), TimeWindow(1800.0, 3600.0))
    usual = replace(line(), headways=tuple(Headway(half, 600.0) for half in halves))
    denser = replace(usual, headways=(Headway(halves[0], 300.0), usual.headways[1]))
    before, after = ([run for run in runs_of(one_road, one) if run.depart_s > 1800.0] for one in (usual, denser))
    assert [run.depart_s for run in before] == [run.depart_s for run in after] == [2100.0, 2700.0, 3300.0]
    assert [run.run_id for run in before] != [run.run_id for run in after], "they are counted otherwise"
    assert [run.agent for run in before] == [run.agent for run in after]


@BOTH_FLOWS
def test_a_bus_that_comes_late_starts_its_next_run_late(one_road: Network, make: type) -> None:
    """One bus, two runs of 200 s driving and twice 4 s of doors: home at 208 s, rested at 268 s, due at 220 s."""
    (run, *_) = runs_of(one_road, line())
    first = replace(run, depart_s=0.0, layover_s=60.0)
    tables, env, fates = build_tables(one_road, segment_m=250.0), Environment(), [BusFate(), BusFate()]
    halts = (Halt(tables.segments_of(["ab"]), False, 0), Halt(tables.segments_of(["bc"]), False, 1))
    runs = [replace(first, halts=halts), replace(first, halts=halts, depart_s=220.0)]
    flow = make(env, tables, Fleet.none())
    env.story_at(0.0, bus(env, flow, BusService.without_riders(2), runs, fates), 1)
    env.run()
    assert fates[0].arrived_s == pytest.approx(200.0 + 2 * DOORS_S)
    assert fates[1].started_s == pytest.approx(200.0 + 2 * DOORS_S + 60.0)


def test_buses_that_pass_leave_by_the_timetable_and_drive_every_street_of_their_line(one_road: Network) -> None:
    tables = build_tables(one_road, segment_m=250.0)
    fleet = passing_buses(
        one_road, tables, [line(600.0)], line_halts(one_road, tables, [line(600.0)]), start_s=0.0, end_s=1000.0
    )
    assert (fleet.depart_us / MICROS).tolist() == [300.0, 900.0]
    ways = [fleet.route[a:b].tolist() for a, b in zip(fleet.route_start, fleet.route_end, strict=True)]
    assert ways == [[3, 4, 5, 6, 7]] * 2  # it appears at its first stop, as one that stops does
    assert {CLASS_NAMES[k] for k in fleet.vehicle_class} == {"bus"}
    both = fleet.and_then(fleet)
    assert both.route[both.route_start[3] : both.route_end[3]].tolist() == ways[1] and len(both) == 4
