"""A bus in the same traffic as the cars: it dwells, blocks the lane or stands aside, and always arrives."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from twin.city.network import Network
from twin.city.transit import BusLine, Headway, Stop
from twin.city.zones import Zone
from twin.clock import TimeWindow
from twin.sim.bus import ALIGHTING_S, BOARDING_S, DOORS_S, BusFate, BusRun, Halt, bus, bus_runs
from twin.sim.environment import Environment
from twin.sim.flow import Fleet
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.rules import MICROS
from twin.sim.tables import build_tables

BOTH_FLOWS = pytest.mark.parametrize("make", [CompiledFlow, SimpyFlow])


def line(headway_s: float = 600.0, *, name: str = "1路", stops: tuple[tuple[str, float], ...] = ()) -> BusLine:
    """A line over both links; a stop at the end of each unless told (link, longitude)."""
    places = stops or (("ab", 121.0113), ("bc", 121.0226))
    halts = tuple(Stop(f"s{i}", lon, 37.0, link) for i, (link, lon) in enumerate(places))
    return BusLine(f"{name}/上行", name, "上行", halts, ("ab", "bc"), (Headway(TimeWindow(0.0, 3600.0), headway_s),))


def with_lanes(network: Network, lanes: float) -> Network:
    return network.with_links(replace(link, lanes=lanes) for link in network.links)


def car_arrives_s(network: Network, make: type, *, in_lane: bool, dwell_s: float) -> tuple[float, float]:
    """When the bus and the car 10 s behind it reach c; the bus halts at b."""
    tables = build_tables(network)
    env = Environment()
    one = np.ones(1, dtype=np.int64)
    flow = make(env, tables, Fleet(10 * MICROS * one, 0 * one, 2 * one, tables.segments_of(["ab", "bc"]), 0 * one))
    halts = (Halt(tables.segments_of(["ab"]), in_lane, dwell_s), Halt(tables.segments_of(["bc"]), False, 4.0))
    fate = BusFate()
    env.story_at(0.0, bus(env, flow, BusRun("1", "1", 1, 0.0, halts), fate), 1)
    env.run()
    arrive_us = flow.finish().vehicles.arrive_us
    assert fate.arrived_s is not None and fate.stops_served == 2 and fate.dwell_s == dwell_s + 4.0
    return fate.arrived_s, float(arrive_us[0]) / MICROS


@BOTH_FLOWS
def test_bus_in_the_lane_holds_up_the_car_behind_by_the_rest_of_its_dwell(one_road: Network, make: type) -> None:
    """The bus stands at b from 100 to 130 s. The car comes at 110 s, may leave b 4 s after it (2 PCU at 0.5 PCU/s),
    134 s instead of 110 s, and is at c 100 s later.
    """
    bus_s, car_s = car_arrives_s(one_road, make, in_lane=True, dwell_s=30.0)
    assert bus_s == pytest.approx(100.0 + 30.0 + 100.0 + 4.0)
    assert car_s == pytest.approx(234.0)


@BOTH_FLOWS
def test_bus_that_stops_aside_holds_up_nobody(one_road: Network, make: type) -> None:
    """The car passes at 110 s; the bus drives on at 130 s."""
    bus_s, car_s = car_arrives_s(one_road, make, in_lane=False, dwell_s=30.0)
    assert (bus_s, car_s) == (pytest.approx(234.0), pytest.approx(210.0))


def runs_of(
    network: Network, *lines: BusLine, riders: pd.DataFrame | None = None, seed: int = 1, from_s: float = 0.0
) -> list[BusRun]:
    zones = [Zone("W", "", "zone", "", 121.0, 37.0), Zone("E", "", "zone", "", 121.0226, 37.0)]
    tables = build_tables(network, segment_m=250.0)
    return bus_runs(network, tables, lines, zones, riders, seed=seed, start_s=from_s, end_s=3600.0)


def test_departures_come_each_headway_and_numbers_do_not_hang_on_the_start_of_the_run(one_road: Network) -> None:
    runs = runs_of(one_road, line(600.0))
    assert [run.depart_s for run in runs] == [300.0, 900.0, 1500.0, 2100.0, 2700.0, 3300.0]
    later = runs_of(one_road, line(600.0), from_s=1000.0)
    assert [(run.run_id, run.agent) for run in later] == [(run.run_id, run.agent) for run in runs[2:]]


def test_without_riders_a_stop_takes_the_doors_time(one_road: Network) -> None:
    assert {halt.dwell_s for run in runs_of(one_road, line()) for halt in run.halts} == {DOORS_S}


def test_bus_stops_in_the_lane_where_there_is_one_and_aside_where_there_are_more(one_road: Network) -> None:
    for lanes, in_lane in ((1.0, True), (1.5, True), (2.0, False)):
        (run, *_) = runs_of(with_lanes(one_road, lanes), line())
        assert [halt.in_lane for halt in run.halts] == [in_lane, in_lane]


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
    env, fate = Environment(), BusFate()
    flow = CompiledFlow(env, tables, Fleet.none())
    env.story_at(run.depart_s, bus(env, flow, run, fate), run.agent)
    env.run()
    # 25 s for the segment at which it appears, 100 s for the second link, three times the doors.
    assert fate.arrived_s == pytest.approx(300.0 + 25.0 + 100.0 + 3 * DOORS_S)
    assert fate.stops_served == 3


def test_riders_share_the_stops_of_their_zone(one_road: Network) -> None:
    """360 riders board at E within the hour, 0.1 a second, in two lines of one headway: 0.05 · 600 s = 30 a bus."""
    riders = pd.DataFrame({"zone_id": ["E"], "hour": [0], "riders": [360.0]})
    lines = [line(name=name, stops=(("ab", 121.0010), ("bc", 121.0226))) for name in ("1路", "2路")]
    dwells = [
        [halt.dwell_s for halt in run.halts]
        for seed in range(1, 31)
        for run in runs_of(one_road, *lines, riders=riders, seed=seed)
    ]
    first, second = np.array(dwells).T
    assert (first == DOORS_S).all()
    boards = (second - DOORS_S) / max(BOARDING_S, ALIGHTING_S)
    assert np.abs(boards - np.round(boards)).max() < 1e-3
    # Poisson: the mean of 360 runs within four standard errors.
    assert abs(boards.mean() - 30.0) < 4 * np.sqrt(30.0 / len(boards))


def test_luck_of_a_run_is_its_own(one_road: Network) -> None:
    """Another line beside it, and the order of lines, leave a run's dwell alone (where they share no riders)."""
    riders = pd.DataFrame({"zone_id": ["E"], "hour": [0], "riders": [360.0]})
    west = replace(line(name="9路", stops=(("ab", 121.0010), ("ab", 121.0100))), route=("ab",))
    own = line(stops=(("ab", 121.0010), ("bc", 121.0226)))
    alone = {run.run_id: run.halts[1].dwell_s for run in runs_of(one_road, own, riders=riders)}
    both = {run.run_id: run.halts[1].dwell_s for run in runs_of(one_road, west, own, riders=riders)}
    turned = {run.run_id: run.halts[1].dwell_s for run in runs_of(one_road, own, west, riders=riders)}
    assert both == turned
    assert both.items() >= alone.items()


def test_a_headway_changed_before_leaves_the_luck_of_later_runs_alone(one_road: Network) -> None:
    """Twice the buses in the first half-hour; those of the second leave when they did, as full as they were."""
    riders = pd.DataFrame({"zone_id": ["E"], "hour": [0], "riders": [360.0]})
    halves = (TimeWindow(0.0, 1800.0), TimeWindow(1800.0, 3600.0))
    usual = replace(line(), headways=tuple(Headway(half, 600.0) for half in halves))
    denser = replace(usual, headways=(Headway(halves[0], 300.0), usual.headways[1]))
    before, after = ([run for run in runs_of(one_road, one, riders=riders) if run.depart_s > 1800.0]
                     for one in (usual, denser))  # fmt: skip
    assert [run.depart_s for run in before] == [run.depart_s for run in after] == [2100.0, 2700.0, 3300.0]
    assert [run.run_id for run in before] != [run.run_id for run in after], "they are counted otherwise"
    assert [run.agent for run in before] == [run.agent for run in after]
    assert [r.halts[1].dwell_s for r in before] == [r.halts[1].dwell_s for r in after]


def test_a_stop_taken_away_leaves_the_luck_of_the_others_alone(one_road: Network) -> None:
    """The stop at a has riders of W, those at b and c of E: without the first the others board whom they boarded."""
    riders = pd.DataFrame({"zone_id": ["W", "E"], "hour": [0, 0], "riders": [360.0, 360.0]})
    whole = line(stops=(("ab", 121.0005), ("ab", 121.0010), ("bc", 121.0226)))
    shorter = replace(whole, stops=(whole.stops[0], whole.stops[2]))
    dwells = [[run.halts[-1].dwell_s for run in runs_of(one_road, one, riders=riders)] for one in (whole, shorter)]
    assert dwells[0] == dwells[1] and len(set(dwells[0])) > 1


def test_line_whose_street_is_closed_does_not_run(one_road: Network) -> None:
    only_first = one_road.with_links(link for link in one_road.links if link.id == "ab")
    assert runs_of(only_first, line()) == []
