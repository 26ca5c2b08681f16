"""Lane groups: a queue for each turn on the last stretch of a link; a full one blocks the rest, not before."""

from dataclasses import replace

import pandas as pd
import pytest
from roads import evenly, exits_s, in_both_flows, network_of, rate_vps, road, trips_of

from twin.city.network import Link, Movement, Network, Node
from twin.city.signals import Green, SignalPlan
from twin.sim.lane_groups import OWN_LANES_M, given_groups, planned_groups
from twin.sim.simulation import simulate
from twin.sim.tables import build_tables


def fork(*, with_lanes: bool) -> Network:
    """Two lanes of 0.4 veh/s lead 1000 m to b; from there a narrow street (0.1) to c and a wide one (0.8) to d."""
    streets = network_of(
        replace(road("1", "ab", capacity_vps=0.4, jam_vpm=0.1), lanes=2.0),
        road("2", "bc", capacity_vps=0.1),
        road("3", "bd"),
    )
    lanes = 1.0 if with_lanes else None
    movements = tuple(Movement("b", "1", onward, lanes) for onward in ("2", "3"))
    return replace(streets, movements=movements)


def half_and_half(streets: Network, duration_s: float):
    """0.4 veh/s for b, every second one into the narrow street: 0.2 veh/s, twice what it takes."""
    turning = evenly(0.2, duration_s)
    return trips_of(streets, (turning, "12"), ([t + 2.5 for t in turning], "13"))


@in_both_flows
def test_T13_one_queue_for_both_turns_holds_both_to_the_slower(flow) -> None:
    """First in, first out: half of the flow goes at 0.1 veh/s, so the other half does too. Within one vehicle."""
    streets = fork(with_lanes=False)
    ended = simulate(streets, half_and_half(streets, 900.0), flow=flow, keep_passages=True)
    assert rate_vps(exits_s(ended, "1"), 200.0, 800.0) == pytest.approx(0.2, abs=1 / 600)


@in_both_flows
def test_T13_a_queue_for_each_turn_lets_the_other_turn_pass(flow) -> None:
    """The lane of 120 m holds 12 vehicles. They come into it at 0.2 veh/s from 44 s on and leave at 0.1 from 50 s on;
    a hole takes 24 s to come back at 5 m/s. It is full at t with 0.2 (t − 44) = 12 + 0.1 (t − 74), so at 134 s: who
    departs by 85 s for d passes free, whatever waits for c. Rates within one vehicle.
    """
    streets = fork(with_lanes=True)
    ended = simulate(streets, half_and_half(streets, 85.0), flow=flow, keep_passages=True)
    trips = ended.trips.sort_values("depart_s", kind="stable")
    to_d = trips[trips["depart_s"] % 5 == 2.5]
    assert (to_d["arrive_s"] - to_d["depart_s"]).tolist() == pytest.approx([100.0] * len(to_d))
    assert rate_vps(exits_s(ended, "1"), 50.0, 130.0) == pytest.approx(0.3, abs=1 / 80)


@in_both_flows
def test_a_full_lane_blocks_the_rest(flow) -> None:
    """After the lane for c is full, the head for c holds up everybody behind: both turns go at 0.1 veh/s."""
    streets = fork(with_lanes=True)
    ended = simulate(streets, half_and_half(streets, 1500.0), flow=flow, keep_passages=True)
    assert rate_vps(exits_s(ended, "1"), 500.0, 1400.0) == pytest.approx(0.2, abs=2 / 900)


@in_both_flows
def test_lane_groups_that_nothing_queues_in_change_no_time_and_no_distance(flow) -> None:
    """0.05 veh/s each: 2000 m at 20 m/s are 100 s, and who ends at b has driven 1000 m in 50 s."""
    plain, grouped = fork(with_lanes=False), fork(with_lanes=True)
    for streets in (plain, grouped):
        turning = evenly(0.05, 400.0)
        trips = trips_of(streets, (turning, "12"), ([t + 7 for t in turning], "13"), ([t + 11 for t in turning], "1"))
        ended = simulate(streets, trips, flow=flow)
        spent = (ended.trips["arrive_s"] - ended.trips["depart_s"]).round(6)
        assert sorted(set(zip(spent, ended.trips["distance_m"], strict=True))) == [(50.0, 1000.0), (100.0, 2000.0)]
        first = ended.links[ended.links["link_id"] == "1"]
        assert first["entered"].sum() == first["left"].sum() == 60
        assert first["mean_travel_time_s"].dropna().tolist() == pytest.approx([50.0])


def test_passages_and_densities_speak_of_links_not_of_groups() -> None:
    """Little: 0.2 veh/s for 50 s on 1 km are 10 vehicles; over an interval of 900 s with 60 vehicles 3.33 veh/km."""
    streets = fork(with_lanes=True)
    turning = evenly(0.05, 600.0)
    trips = trips_of(streets, (turning, "12"), ([t + 7 for t in turning], "13"))
    ended = simulate(streets, trips, keep_passages=True, until_s=900.0)
    assert isinstance(ended.passages, pd.DataFrame)
    assert len(ended.passages) == 2 * 60
    first = ended.passages[ended.passages["link_id"] == "1"]
    assert (first["exit_s"] - first["entry_s"]).round(6).unique().tolist() == [50.0]
    density = ended.links.loc[ended.links["link_id"] == "1", "mean_density_vpkm"]
    assert density.tolist() == pytest.approx([60 * 50 / 900])


def test_groups_are_given_only_where_all_lanes_fit_the_link() -> None:
    streets = fork(with_lanes=True)
    assert [group.lanes for group in given_groups(streets)["1"]] == [1.0, 1.0]
    assert given_groups(streets)["1"][0].length_m == OWN_LANES_M
    too_many = replace(streets, movements=tuple(replace(m, lanes=1.5) for m in streets.movements))
    assert given_groups(too_many) == {}
    short = replace(streets, links=tuple(replace(link, length_m=15.0) for link in streets.links))
    assert given_groups(short) == {}


PLAN = SignalPlan(
    "m",
    60.0,
    0.0,
    (Green("sm", "mw", 0.0, 20.0, lanes=1.0), Green("sm", "mn", 0.0, 20.0, lanes=2.0), Green("nm", None, 0, 20)),
)


def test_a_plan_that_gives_lanes_to_turns_makes_groups_of_left_turns_and_the_others(crossing: Network) -> None:
    groups = planned_groups(crossing, [PLAN])
    assert {link: [(g.to_links, g.lanes) for g in own] for link, own in groups.items()} == {
        "sm": [(("mw",), 1.0), (("me", "mn"), 2.0)]
    }
    without_left = replace(crossing, links=tuple(link for link in crossing.links if link.id != "mw"))
    assert planned_groups(without_left, [PLAN])["sm"] == (groups["sm"][1],)


def test_a_group_has_its_share_of_an_approach_s_storage(crossing: Network) -> None:
    tables = build_tables(crossing, groups=planned_groups(crossing, [PLAN]))
    link = crossing.link_index["sm"]
    body, left, others, exit_ = tables.all_segments(link)
    assert tables.length_mm[[body, left]].tolist() == [440_000, 60_000]
    # One lane more than the link has: 60 m hold 8 PCU a lane.
    assert (tables.storage[[left, others, exit_]] / 1e6).tolist() == pytest.approx([8.0, 16.0, 16.0])


def test_turns_that_give_way_on_green_have_two_places_to_wait_where_they_have_no_lane(crossing: Network) -> None:
    plan = SignalPlan("m", 60.0, 0.0, (Green("em", "ms", 0.0, 20.0, permissive=True), Green("em", "mw", 0.0, 20.0)))
    tables = build_tables(crossing, [plan])
    body, places = tables.all_segments(crossing.link_index["em"])
    assert (tables.length_mm[body], tables.length_mm[places], tables.storage[places]) == (500_000, 0, 2_000_000)
    assert tables.exit_group[body] == -1, "who ends on the link leaves from its end"
    own_lanes = (
        Green("sm", "mw", 0.0, 20.0, permissive=True, lanes=1.0),
        Green("sm", "mn", 0.0, 20.0, lanes=2.0),
    )
    plan = SignalPlan("m", 60.0, 0.0, own_lanes)
    grouped = build_tables(crossing, [plan], groups=planned_groups(crossing, [plan]))
    assert len(grouped.all_segments(crossing.link_index["sm"])) == 4, "a lane of their own is place enough"


def test_time_in_waiting_places_is_a_mean_over_all_that_left_the_link(crossing: Network) -> None:
    """One in five turns left; the other four and it drive 500 m at 15 m/s, 33.3 s, when nobody is in the way."""
    plan = SignalPlan("m", 60.0, 0.0, (Green("em", "ms", 0.0, 60.0, permissive=True), Green("em", "mw", 0.0, 60.0)))
    trips = trips_of(crossing, ([50.0 * i for i in range(4)], ("em", "mw")), ([225.0], ("em", "ms")))
    ended = simulate(crossing, trips, signals=[plan])
    row = ended.links[(ended.links["link_id"] == "em") & (ended.links["left"] > 0)]
    assert row["left"].tolist() == [5] and row["mean_travel_time_s"].tolist() == pytest.approx([500 / 15], abs=1e-3)
    assert ended.trips["distance_m"].tolist() == [1000.0] * 5


@pytest.fixture
def crossing() -> Network:
    """A crossing at m: two lanes from north and south, one from east and west, 500 m each."""
    at = {"m": (0.0, 0.0), "n": (0.0, 0.005), "s": (0.0, -0.005), "e": (0.005, 0.0), "w": (-0.005, 0.0)}
    nodes = tuple(Node(node, 121.0 + lon, 37.0 + lat) for node, (lon, lat) in at.items())
    links = []
    for arm, lanes in (("n", 2.0), ("s", 2.0), ("e", 1.0), ("w", 1.0)):
        links += [Link(f"{a}{b}", a, b, 500.0, lanes, 15.0, 1800.0) for a, b in ((arm, "m"), ("m", arm))]
    return Network(nodes, tuple(links))
