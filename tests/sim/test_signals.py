"""Signals that change while they run: plans by the hour, actuated and max-pressure control, in both flows."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from tests.physics.roads import in_both_flows
from twin.city.network import Link, Network, Node
from twin.city.signals import Control, Green, SignalPlan
from twin.clock import DAY_S, TimeWindow
from twin.errors import SimulationError
from twin.records import Records
from twin.sim.signals import LONGEST_RED_S, plans_at
from twin.sim.simulation import FlowName, simulate
from twin.sim.trip_table import Trip, TripTable

Stream = tuple[float, Sequence[str]]
"""Vehicles an hour and their route."""

HOUR_S = 3600.0


def junction(*, with_spur: bool = False) -> Network:
    """Two one-way streets that cross at x: w–x–e and s–x–n, 1,000 m to x and 500 m from it at 10 m/s, 1,800 veh/h.

    With a spur: another junction, far away, that nobody drives.
    """
    places = {"w": (-1, 0), "x": (0, 0), "e": (1, 0), "s": (0, -1), "n": (0, 1)}
    ends = [("w", "x", 1000.0), ("x", "e", 500.0), ("s", "x", 1000.0), ("x", "n", 500.0)]
    if with_spur:
        places |= {"A": (-5, 5), "B": (-4, 5), "C": (-4, 6), "D": (-3, 5)}
        ends += [("A", "B", 300.0), ("C", "B", 300.0), ("B", "D", 300.0)]
    nodes = tuple(Node(name, 121.0 + 0.01 * east, 0.01 * north) for name, (east, north) in places.items())
    return Network(nodes, tuple(Link(u + v, u, v, length_m, 1.0, 10.0, 1800.0) for u, v, length_m in ends))


def halves(control: Control = "fixed", *, node: str = "x", links: tuple[str, str] = ("wx", "sx")) -> SignalPlan:
    """60 s: 27 s green for the first street, 27 s for the second, 3 s lost after each: 14 cars a minute each way."""
    one, other = links
    return SignalPlan(node, 60.0, 0.0, (Green(one, None, 0.0, 27.0), Green(other, None, 30.0, 27.0)), control=control)


def all_first(window: TimeWindow | None = None) -> SignalPlan:
    """Green for the west all the time, none for the south."""
    return SignalPlan("x", 60.0, 0.0, (Green("wx", None, 0.0, 60.0), Green("sx", None, 0.0, 0.0)), window=window)


def all_second(window: TimeWindow | None = None) -> SignalPlan:
    return SignalPlan("x", 60.0, 0.0, (Green("wx", None, 0.0, 0.0), Green("sx", None, 0.0, 60.0)), window=window)


WEST, SOUTH = ("wx", "xe"), ("sx", "xn")


def run(
    signals: Sequence[SignalPlan], streams: Sequence[Stream], *, flow: FlowName = "compiled", from_s: float = 0.0,
    for_s: float = HOUR_S, until_s: float | None = None, network: Network | None = None,
) -> Records:  # fmt: skip
    """Even streams for a while, then as long again for the rest, if no end is given."""
    network = network or junction()
    trips = [
        Trip(f"{number}-{i}", from_s + (i + number / 2) * HOUR_S / vph, tuple(route))
        for number, (vph, route) in enumerate(streams)
        for i in range(round(vph * for_s / HOUR_S))
    ]
    until_s = from_s + 2 * for_s if until_s is None else until_s
    table = TripTable.of(network, trips)
    return simulate(network, table, signals=signals, flow=flow, start_s=from_s, until_s=until_s, keep_passages=True)


def exits_s(found: Records, link: str) -> np.ndarray:
    """When vehicles left a link, in order."""
    assert found.passages is not None
    rows = found.passages[found.passages["link_id"] == link]
    return np.sort(rows["exit_s"].dropna().to_numpy())


def mean_wait_s(found: Records, street: str) -> float:
    """Mean time over the 100 s of the approach, of those that left it."""
    assert found.passages is not None
    rows = found.passages[found.passages["link_id"] == street]
    return float((rows["exit_s"] - rows["entry_s"]).mean()) - 100.0


# --- plans by time of day ------------------------------------------------------------------------------------------


def test_plan_in_force_is_the_one_whose_hours_hold_else_that_of_all_day() -> None:
    night = all_first(TimeWindow.between("22:00", "06:00"))
    day, rest = all_second(TimeWindow.between("07:00", "09:00")), halves()
    hours = {1: night, 5.99: night, 6: rest, 7: day, 8.99: day, 9: rest, 22: night, 25: night, 29.99: night, 31: day}
    for hour, plan in hours.items():
        assert plans_at((night, day, rest), 3600.0 * hour) == (plan,), hour


def test_without_a_plan_of_all_day_the_last_one_goes_on() -> None:
    night, day = all_first(TimeWindow.between("22:00", "06:00")), all_second(TimeWindow.between("07:00", "09:00"))
    assert plans_at((night, day), 3600.0 * 6.5) == (night,)
    assert plans_at((night, day), 3600.0 * 12) == (day,)


@in_both_flows
def test_greens_change_when_the_window_begins(flow: FlowName) -> None:
    """South has no green until 600 s, then all; west the other way round. One car each minute."""
    plans = (all_first(TimeWindow(0.0, 600.0)), all_second(TimeWindow(600.0, 3600.0)))
    found = run(plans, [(60, WEST), (60, SOUTH)], flow=flow, for_s=1200.0, until_s=2400.0)
    west, south = exits_s(found, "wx"), exits_s(found, "sx")
    assert west.tolist() == [100.0 + 60.0 * i for i in range(9)], "entered 0, 60 … 480; the next comes at 640 to red"
    assert south[0] == 600.0 and len(south) == 20


@in_both_flows
def test_windows_hold_on_the_next_day_and_past_midnight(flow: FlowName) -> None:
    """From 23:50 the south has red until 24:10, its window of 22:00 to 00:10 ending on the next day."""
    night = all_first(TimeWindow.between("22:00", "00:10"))
    day = all_second(TimeWindow.between("00:10", "22:00"))
    from_s = DAY_S - 600.0
    found = run((night, day), [(60, SOUTH)], flow=flow, from_s=from_s, for_s=600.0, until_s=from_s + 3000.0)
    assert exits_s(found, "sx")[0] == DAY_S + 600.0
    assert len(exits_s(found, "sx")) == 10


def test_plans_that_disagree_on_who_gives_way_are_refused() -> None:
    other = replace(halves(), greens=(Green("wx", None, 0.0, 30.0, permissive=True),))
    with pytest.raises(SimulationError, match="do not agree on which turns give way"):
        run((replace(halves(), window=TimeWindow(0.0, 600.0)), other), [(60, WEST)])


def test_signals_that_never_end_need_a_horizon() -> None:
    network = junction()
    table = TripTable.of(network, [Trip("1", 0.0, WEST)])
    with pytest.raises(SimulationError, match="give `until_s`"):
        simulate(network, table, signals=(halves("actuated"),))


# --- control by traffic --------------------------------------------------------------------------------------------

in_both_controls = pytest.mark.parametrize("control", ["actuated", "max_pressure"])


@in_both_flows
@in_both_controls
def test_street_that_all_use_keeps_its_green(control: Control, flow: FlowName) -> None:
    """1,500 an hour from the west alone: nobody waits, while 27 s of 60 pass 14 cars a minute, 840 an hour."""
    found = run((halves(control),), [(1500, WEST)], flow=flow)
    assert len(exits_s(found, "wx")) == 1500 and mean_wait_s(found, "wx") < 0.1
    even = run((halves(),), [(1500, WEST)], flow=flow, until_s=HOUR_S)
    assert len(exits_s(even, "wx")) <= 840


@in_both_flows
@in_both_controls
def test_other_street_gets_green_soon_after_somebody_comes(control: Control, flow: FlowName) -> None:
    """The south from the first car on: no more than a minute or two of red."""
    found = run((halves(control),), [(900, WEST), (30, SOUTH)], flow=flow)
    assert found.passages is not None
    south = found.passages[found.passages["link_id"] == "sx"]
    assert (south["exit_s"] - south["entry_s"]).max() < 100.0 + LONGEST_RED_S + 15.0
    assert len(exits_s(found, "sx")) == 30


@in_both_flows
def test_max_pressure_serves_what_lies_within_capacity_and_an_even_split_cannot(flow: FlowName) -> None:
    """1,200 and 300 an hour: 1200/1800 + 300/1800 = 0.83 of the hour. An even split passes 840 of the 1,200."""
    demand = [(1200.0, WEST), (300.0, SOUTH)]
    even = run((halves(),), demand, flow=flow, until_s=HOUR_S)
    adaptive = run((halves("max_pressure"),), demand, flow=flow, until_s=HOUR_S)
    assert len(exits_s(even, "wx")) <= 840
    assert len(exits_s(adaptive, "wx")) > 1200 - 70 and len(exits_s(adaptive, "sx")) > 300 - 40
    west, south = (exits_s(adaptive, link) for link in ("wx", "sx"))
    assert (west > 1800.0).sum() >= 590 and (south > 1800.0).sum() >= 140, "600 and 150 came: queues do not grow"
    assert mean_wait_s(adaptive, "wx") < 30.0 and mean_wait_s(adaptive, "sx") < 60.0 < mean_wait_s(even, "wx")


@in_both_controls
def test_both_flows_give_one_answer_to_the_last_bit(control: Control) -> None:
    demand = [(700.0, WEST), (500.0, SOUTH)]
    one, other = (run((halves(control),), demand, flow=flow, for_s=1800.0) for flow in ("compiled", "simpy"))
    assert one.passages is not None and other.passages is not None
    pd.testing.assert_frame_equal(one.trips, other.trips)
    columns = ["trip_id", "link_id", "entry_s", "exit_s"]
    ordered = [p[columns].sort_values(columns, ignore_index=True) for p in (one.passages, other.passages)]
    pd.testing.assert_frame_equal(*ordered)


@in_both_controls
def test_junction_that_nobody_drives_changes_nothing(control: Control) -> None:
    demand = [(700.0, WEST), (500.0, SOUTH)]
    far = halves(control, node="B", links=("AB", "CB"))
    alone = run((halves(control),), demand, for_s=1800.0, network=junction(with_spur=True))
    beside = run((halves(control), far), demand, for_s=1800.0, network=junction(with_spur=True))
    pd.testing.assert_frame_equal(alone.trips, beside.trips)


@in_both_controls
def test_control_by_traffic_holds_in_its_window_only(control: Control) -> None:
    """After 1,800 s the plan by the clock is back: nobody from the south passes outside 30 to 57 s of each minute."""
    plans = (replace(halves(control), window=TimeWindow(0.0, 1800.0)), halves())
    found = run(plans, [(600, WEST), (600, SOUTH)], until_s=2 * HOUR_S)
    late = exits_s(found, "sx")
    late = late[late > 1800.0] % 60.0
    assert len(late) > 200 and (late >= 30.0).all() and (late < 57.0).all()
    early = exits_s(found, "sx")
    early = early[early < 1800.0] % 60.0
    assert ((early < 30.0) | (early >= 57.0)).any()


def test_no_two_streets_have_green_within_the_lost_time_of_each_other() -> None:
    """Whoever passes from one street comes at least 3 s after the last from the other."""
    for control in ("actuated", "max_pressure"):
        found = run((halves(control),), [(700, WEST), (500, SOUTH)])  # type: ignore[arg-type]
        both = sorted([(t, "w") for t in exits_s(found, "wx")] + [(t, "s") for t in exits_s(found, "sx")])
        changes = [b[0] - a[0] for a, b in pairwise(both) if a[1] != b[1]]
        assert len(changes) > 20 and min(changes) >= 3.0 - 1e-9
