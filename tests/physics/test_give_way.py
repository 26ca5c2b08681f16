"""Giving way: capacity of the minor turn falls with the conflicting flow, by the formulas of twin.sim.give_way."""

import math

import pytest
from roads import delays_s, evenly, exits_s, in_both_flows, rate_vps, trips_of

from twin.city.network import Link, Movement, Network, Node
from twin.city.signals import Green, SignalPlan
from twin.sim.give_way import GAP_KINDS, Yielding, yielding_turns
from twin.sim.simulation import simulate
from twin.sim.turn_angles import bend_deg, do_conflict

ARMS = {"m": (0.0, 0.0), "n": (0.0, 0.01), "s": (0.0, -0.01), "e": (0.01, 0.0), "w": (-0.01, 0.0)}


def crossing(*, minor: str = "") -> Network:
    """A crossing at m of two-way streets of one lane, 1 km an arm, 0.5 veh/s; arms in `minor` give way."""
    nodes = tuple(Node(node, 121.0 + lon, lat) for node, (lon, lat) in ARMS.items())
    links = []
    for arm in "nsew":
        into = Link(f"{arm}m", arm, "m", 1000.0, 1.0, 20.0, 1800.0, priority=1 if arm in minor else 2)
        links += [into, Link(f"m{arm}", "m", arm, 1000.0, 1.0, 20.0, 1800.0)]
    return Network(nodes, tuple(links))


def capacity_vps(flow_vps: float, critical_gap_s: float, follow_up_s: float) -> float:
    """Harders: what gaps in a random stream leave to a queue."""
    return flow_vps * math.exp(-flow_vps * critical_gap_s) / (1 - math.exp(-flow_vps * follow_up_s))


def turn(a: str, b: str) -> Movement:
    return Movement("m", f"{a}m", f"m{b}")


@pytest.mark.parametrize(
    ("one", "other", "conflicts"),
    [
        ("sw", "ns", True),  # a left turn and what comes against it
        ("se", "ns", False),  # a right turn and what comes against it
        ("se", "we", True),  # both into the east arm
        ("sn", "we", True),  # across
        ("sn", "ew", True),
        ("sw", "ne", False),  # two left turns pass each other
        ("se", "ew", False),  # right turn out of the way of the far side
        ("sn", "sw", False),  # from one link: first in, first out
    ],
)
def test_turns_conflict_where_their_ways_cross_or_join(one: str, other: str, conflicts: bool) -> None:
    streets = crossing()
    assert do_conflict(streets, turn(*one), turn(*other)) is conflicts
    assert do_conflict(streets, turn(*other), turn(*one)) is conflicts


def test_left_is_positive() -> None:
    streets = crossing()
    assert [round(bend_deg(streets, turn("s", to))) for to in "wne"] == [90, 0, -90]


@in_both_flows
@pytest.mark.parametrize("major_vps", [1 / 12, 1 / 6, 1 / 4])
def test_a_minor_queue_leaves_at_the_capacity_that_gaps_leave(flow, major_vps: float) -> None:
    """Right turns from the south into the east arm, t_c 6.2 s and t_f 3.3 s, against 300, 600 and 900 veh/h from the
    west: e.g. (1/6) e^(−1.033) / (1 − e^(−0.55)) = 0.1402 veh/s. Flow is known in steps of 10 veh/h: 2 %. Who has the
    way loses nothing but where both want the east arm at once: at most one headway of 2 s.
    """
    streets = crossing(minor="s")
    trips = trips_of(streets, (evenly(major_vps, 3000.0), ("wm", "me")), (evenly(0.4, 3000.0), ("sm", "me")))
    ended = simulate(streets, trips, flow=flow, keep_passages=True)
    assert rate_vps(exits_s(ended, "sm"), 600.0, 3000.0) == pytest.approx(capacity_vps(major_vps, 6.2, 3.3), rel=0.02)
    major = ended.trips[ended.trips["trip_id"].astype(int) < round(3000 * major_vps)]
    lost_s = major["arrive_s"] - major["depart_s"] - 100.0
    assert lost_s.max() <= 2.0 + 1e-6


@in_both_flows
def test_a_lone_minor_vehicle_waits_for_a_first_gap(flow) -> None:
    """Against 600 veh/h: (e^(6.2/6) − 1) · 6 − 6.2 = 4.66 s (Adams), and up to 2 s until the east arm takes another."""
    streets = crossing(minor="s")
    lone = evenly(0.01, 2000.0, from_s=400.0)
    ended = simulate(streets, trips_of(streets, (lone, ("sm", "me")), (evenly(1 / 6, 2400.0), ("wm", "me"))), flow=flow)
    is_lone = ended.trips["trip_id"].astype(int) < len(lone)
    assert delays_s(ended)[is_lone].between(4.66 - 0.1, 4.66 + 2.1).all()


@in_both_flows
def test_a_minor_vehicle_that_nobody_is_in_the_way_of_does_not_wait(flow) -> None:
    """Right turns from the south do not cross what comes from the east."""
    streets = crossing(minor="s")
    lone = evenly(0.01, 2000.0, from_s=400.0)
    ended = simulate(streets, trips_of(streets, (lone, ("sm", "me")), (evenly(1 / 6, 2400.0), ("em", "mw"))), flow=flow)
    assert delays_s(ended).abs().max() < 1e-6


@in_both_flows
def test_a_street_into_a_roundabout_gives_way_to_the_ring(flow) -> None:
    """600 veh/h on the ring leave 1380 e^(−0.612) = 748 veh/h (HCM); the gap formula gives 742. Within 2 %."""
    nodes = tuple(Node(node, 121.0 + lon, lat) for node, (lon, lat) in ARMS.items() if node != "n")
    ring = (Link("wm", "w", "m", 1000.0, 1.0, 20.0, 1800.0), Link("me", "m", "e", 1000.0, 1.0, 20.0, 1800.0))
    streets = Network(nodes, (*ring, Link("sm", "s", "m", 1000.0, 1.0, 20.0, 1800.0, priority=1)))
    trips = trips_of(streets, (evenly(1 / 6, 3000.0), ("wm", "me")), (evenly(0.4, 3000.0), ("sm", "me")))
    ended = simulate(streets, trips, flow=flow, keep_passages=True)
    assert rate_vps(exits_s(ended, "sm"), 600.0, 3000.0) == pytest.approx(748 / 3600, rel=0.02)


@in_both_flows
@pytest.mark.parametrize(("permissive", "a_cycle"), [(True, 6.2), (False, 15.0)])
def test_permitted_left_turns_use_the_gaps_of_the_opposing_stream_on_green(flow, permissive, a_cycle) -> None:
    """Green 30 of 60 s for both. 360 veh/h come against the left turns, on green at twice that: 0.2 veh/s, which leave
    0.2 e^(−0.9) / (1 − e^(−0.5)) = 0.2067 veh/s of green, 6.2 a cycle. Protected they are 15. Within one a cycle.
    """
    streets = crossing()
    left, against = Green("sm", "mw", 0.0, 30.0, permissive=permissive), Green("nm", "ms", 0.0, 30.0)
    trips = trips_of(streets, (evenly(0.4, 3000.0), ("sm", "mw")), (evenly(0.1, 3000.0), ("nm", "ms")))
    plans = [SignalPlan("m", 60.0, 0.0, (left, against))]
    ended = simulate(streets, trips, signals=plans, flow=flow, keep_passages=True)
    assert 60 * rate_vps(exits_s(ended, "sm"), 600.0, 3000.0) == pytest.approx(a_cycle, abs=1.0)


def test_who_yields_to_whom_follows_priority_and_permissive_greens() -> None:
    streets = crossing(minor="s")
    found = yielding_turns(streets, [])
    assert set(found) == {("sm", "me"), ("sm", "mn"), ("sm", "mw")}
    assert found["sm", "me"].to == (("wm", "me"), ("nm", "me")) or found["sm", "me"].to == (("nm", "me"), ("wm", "me"))
    assert GAP_KINDS[found["sm", "mw"].kind].name == "minor left"
    assert yielding_turns(crossing(), []) == {}
    left, against = Green("sm", "mw", 0.0, 30.0, permissive=True), Green("nm", "ms", 10.0, 15.0)
    across = Green("wm", "me", 30.0, 30.0)
    # The stream from the north has green for a quarter of the cycle: while it has, it flows four times its mean.
    assert yielding_turns(streets, [SignalPlan("m", 60.0, 0.0, (left, against, across))]) == {
        ("sm", "mw"): Yielding(3, (("nm", "ms"),), (4000,))
    }
