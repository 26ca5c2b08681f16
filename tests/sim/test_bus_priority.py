"""Signals that give buses priority: greens that wait for one, reds cut short, and the plan as it is without one."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.sim.test_flows_agree import differences
from tests.sim.test_signals import junction
from twin.city.network import Network
from twin.city.signals import Green, SignalPlan
from twin.sim.bus import BusFate, BusRun, BusService, Halt, bus, turn_out
from twin.sim.bus_priority import LONGEST_SHIFT_S, SHORTEST_GREEN_S
from twin.sim.buses_ahead import BusesAhead
from twin.sim.environment import Environment
from twin.sim.flow import Fleet, FlowRecords
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.rules import MICROS
from twin.sim.signals import signal_stories
from twin.sim.tables import build_tables

BOTH_FLOWS = pytest.mark.parametrize("make", [CompiledFlow, SimpyFlow])

PLAN = SignalPlan("x", 80.0, 0.0, (Green("wx", None, 0.0, 37.0), Green("sx", None, 40.0, 37.0)), control="bus_priority")
"""80 s: 37 s for buses from the west, 3 s lost, 37 s for cars from the south, 3 s lost."""
FIXED = replace(PLAN, control="fixed")


def hour(
    plan: SignalPlan, make: type = CompiledFlow, *, buses_at: tuple[float, ...] = (), line: str = "1/east",
    cars_every_s: float = 4.0, network: Network | None = None, until_s: float = 3600.0,
) -> tuple[list[float], FlowRecords, list[tuple[float, int]]]:  # fmt: skip
    """When buses (w–x–e, 100 s to x and 50 s from it) arrive, what cars from the south did, and all greens shown."""
    network = network or junction()
    tables = build_tables(network, [plan])
    env = Environment()
    n = np.arange(round(until_s * 0.8 / cars_every_s))
    cars = tables.segments_of(["sx", "xn"])
    fleet = Fleet(
        np.round(n * cars_every_s * MICROS).astype(np.int64), len(cars) * n, len(cars) * (n + 1),
        np.tile(cars, len(n)), 0 * n,
    )  # fmt: skip
    flow = make(env, tables, fleet, keep_passages=True)
    shown: list[tuple[float, int]] = []
    show = flow.show_greens

    def noted(turns, greens):
        shown.append((env.now, len(list(turns))))
        show(turns, greens)

    flow.show_greens = noted
    ahead = BusesAhead(env, flow, [plan])
    for story, agent in signal_stories(env, flow, tables, [plan], [plan], ahead):
        env.story(story, agent)
    service = BusService.without_riders(1)
    service.signals, service.dwell = ahead, replace(service.dwell, doors_s=0.0)
    fates = [BusFate() for _ in buses_at]
    halts = (Halt(tables.segments_of(["wx", "xe"]), False, 0),)
    for i, (start_s, fate) in enumerate(zip(buses_at, fates, strict=True)):
        env.story_at(start_s, bus(env, flow, service, [BusRun(f"{line}#{i}", line, i, start_s, halts)], [fate]), i)
    env.run(until=until_s)
    return [fate.arrived_s or np.nan for fate in fates], flow.finish(), shown


def exits_s(found: FlowRecords, segment: int) -> np.ndarray:
    """When vehicles left a segment; it is link `segment` of e.g. sx 0, wx 1, xe 2, xn 3."""
    assert found.passages is not None
    return np.sort(found.passages[found.passages[:, 1] == segment, 3]) / MICROS


SX, WX = 0, 1


@BOTH_FLOWS
@pytest.mark.parametrize(("sets_out_s", "passes_s"), [(60.0, 160.0), (96.0, 196.0), (100.0, 200.0)])
def test_a_bus_in_the_green_or_just_after_it_passes_at_once(make: type, sets_out_s: float, passes_s: float) -> None:
    """It comes to x 100 s later: at 160 s, when green begins, or at 196 s, within it, or at 200 s, 3 s after its end:
    only then is the plan left, and the green that ends at 197 s goes on.
    """
    (arrives_s,), _, shown = hour(PLAN, make, buses_at=(sets_out_s,))
    assert arrives_s == pytest.approx(passes_s + 50.0)
    assert (len(shown) > 0) == (passes_s == 200.0)


@BOTH_FLOWS
def test_an_extension_costs_the_next_phase_as_much_and_the_cycle_stays(make: type) -> None:
    """The bus is at x at 205 s, 8 s after its green ended. It goes on by 2 s at a time while the bus has not passed:
    to 207 s. Green for the south begins at 210 instead of 200 s, and ends at 237 s as planned, and all others are as
    planned. The south is never empty: its first car leaves when green begins, one every 2 s.
    """
    (arrives_s,), found, _ = hour(PLAN, make, buses_at=(105.0,), cars_every_s=2.0)
    _, plain, _ = hour(FIXED, make, cars_every_s=2.0)
    assert arrives_s == pytest.approx(205.0 + 50.0)
    greens, planned = (np.array([t for t in exits_s(f, SX) if 160.0 <= t < 320.0]) for f in (found, plain))
    assert planned[planned < 240.0].tolist() == [200.0 + 2.0 * i for i in range(19)]
    assert greens[greens < 240.0].tolist() == [210.0 + 2.0 * i for i in range(14)]
    assert greens[greens >= 240.0].tolist() == planned[planned >= 240.0].tolist(), "the next cycle is as planned"


@BOTH_FLOWS
def test_a_red_is_cut_for_a_bus_that_waits_at_most_by_15_s(make: type) -> None:
    """The bus is at x at 215 s, 18 s after its green ended; the next begins at 240 s. The south may lose 15 s, so its
    green ends at 222 s in place of 237 s, just after the car of that moment; the bus has green 3 s later, at 225 s.
    """
    (arrives_s,), found, _ = hour(PLAN, make, buses_at=(115.0,), cars_every_s=2.0)
    assert arrives_s == pytest.approx(225.0 + 50.0)
    south = exits_s(found, SX)
    assert max(t for t in south if t < 240.0) == 222.0
    # Its next green begins when it would have: 280 s.
    assert min(t for t in south if t > 240.0) == 280.0


@BOTH_FLOWS
def test_without_a_bus_it_is_the_fixed_plan_to_the_last_bit(make: type) -> None:
    _, fixed, _ = hour(FIXED, make, cars_every_s=3.0)
    _, with_priority, shown = hour(PLAN, make, cars_every_s=3.0)
    assert shown == [] and differences(fixed, with_priority) == []
    # And with buses that have no priority there.
    other = replace(PLAN, lines=("2/east",))
    buses, of_others, shown = hour(other, make, buses_at=(115.0, 400.0), cars_every_s=3.0)
    plain, fixed, _ = hour(FIXED, make, buses_at=(115.0, 400.0), cars_every_s=3.0)
    assert shown == [] and buses == plain and differences(fixed, of_others) == []


BUSES = tuple(7.0 + 61.0 * i for i in range(45))
"""Forty-five buses that come at all times of the cycle of 80 s."""


def test_buses_gain_the_cross_street_loses_and_both_flows_say_the_same() -> None:
    """Fixed, a bus that comes at random waits r² / 2C = 43² / 160 = 11.6 s on average; with priority less than half of
    that. Cars from the south, 600 an hour where 1,800 · 37/80 = 832 can pass, wait longer.
    """
    fixed_s, fixed, _ = hour(FIXED, buses_at=BUSES, cars_every_s=6.0)
    given_s, given, _ = hour(PLAN, buses_at=BUSES, cars_every_s=6.0)
    by_simpy_s, by_simpy, _ = hour(PLAN, SimpyFlow, buses_at=BUSES, cars_every_s=6.0)
    waits_s = [np.mean(np.array(arrived) - np.array(BUSES)) - 150.0 for arrived in (fixed_s, given_s)]
    assert waits_s[0] == pytest.approx(43.0**2 / 160.0, rel=0.1)
    assert waits_s[1] < 0.5 * waits_s[0]
    n = len(fixed.vehicles.arrive_us) - len(BUSES)
    cars_s = [(f.vehicles.arrive_us - f.vehicles.depart_us)[:n].mean() / MICROS for f in (fixed, given)]
    assert cars_s[1] > cars_s[0] + 0.5
    assert given_s == by_simpy_s and differences(given, by_simpy) == []


def test_no_green_is_shorter_than_the_shortest_and_every_cycle_ends_as_planned() -> None:
    """The south, never empty, leaves every 2 s of green: its greens begin at most 15 s late and end at most 15 s early,
    last 10 s or more, and begin 80 s apart but for that.
    """
    _, found, _ = hour(PLAN, buses_at=BUSES, cars_every_s=2.0)
    south = exits_s(found, SX)
    south = south[(south > 200.0) & (south < 3000.0)]
    begins = [south[0], *(b for a, b in pairwise(south) if b - a > 5.0)]
    ends = [*(a for a, b in pairwise(south) if b - a > 5.0)]
    assert len(begins) == 35, "one green a cycle: 2,800 s ÷ 80 s"
    late_s = np.array([begin % 80.0 - 40.0 for begin in begins])
    early_s = np.array([77.0 - end % 80.0 for end in ends])
    assert late_s.min() == 0.0 and 5.0 < late_s.max() <= LONGEST_SHIFT_S
    assert early_s.max() <= LONGEST_SHIFT_S + 2.0
    assert all(end - begin >= SHORTEST_GREEN_S - 2.0 for begin, end in zip(begins, ends, strict=False))


def test_phases_that_overlap_are_left_as_planned() -> None:
    """A green within another's cannot be moved: the signal keeps its plan."""
    both = replace(PLAN, greens=(Green("wx", None, 0.0, 37.0), Green("sx", None, 30.0, 37.0)))
    _, _, shown = hour(both, buses_at=(115.0,))
    assert shown == []


def arrives_by_the_bay_s(make: type, plan: SignalPlan, sets_out_s: float) -> float:
    """When a bus (100 s to a bay at the stop line of x, doors open for 30 s, 50 s on from x) arrives."""
    network = junction()
    tables = build_tables(network, [plan])
    env = Environment()
    flow = make(env, tables, Fleet.none())
    ahead = BusesAhead(env, flow, [plan])
    for story, agent in signal_stories(env, flow, tables, [plan], [plan], ahead):
        env.story(story, agent)
    service, fate = BusService.without_riders(2), BusFate()
    service.signals, service.dwell = ahead, replace(service.dwell, doors_s=30.0)
    there, onward = (tables.segments_of([link]) for link in ("wx", "xe"))
    halts = (Halt(there, False, 0), Halt(onward, True, 1, first_turn=turn_out(tables, int(there[-1]), onward)))
    run = BusRun("1#0", "1", 0, sets_out_s, halts)
    env.story_at(sets_out_s, bus(env, flow, service, [run], [fate]), 0)
    env.run(until=600.0)
    assert fate.arrived_s is not None
    return fate.arrived_s - 30.0  # its doors at the last stop


@BOTH_FLOWS
@pytest.mark.parametrize(("sets_out_s", "passes_s"), [(0.0, 160.0), (40.0, 170.0), (66.9, 196.9), (67.0, 240.0)])
def test_a_bus_in_a_bay_at_the_stop_line_merges_in_at_green(make: type, sets_out_s: float, passes_s: float) -> None:
    """Its doors close 130 s after it set out; green for it is from 0 to 37 s of each 80."""
    assert arrives_by_the_bay_s(make, FIXED, sets_out_s) == pytest.approx(passes_s + 50.0)


@BOTH_FLOWS
def test_a_signal_with_priority_hears_a_bus_in_a_bay_when_its_doors_close(make: type) -> None:
    """At 130 s the cars' green has shown for 10 s: it is cut short, and nothing is done while the doors are open."""
    assert 130.0 + SHORTEST_GREEN_S - 10.0 < arrives_by_the_bay_s(make, PLAN, 0.0) - 50.0 < 160.0
