"""Signal plans by hand: phases by turn, Webster's cycle and splits, and what becomes of a plan where streets change."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from twin.city.network import Link, Network, Node
from twin.city.signals import LOST_S, Green, SignalOrder, SignalPlan
from twin.clock import TimeWindow
from twin.study.signal_phases import PERMITTED_LEFT_VPH, SATURATION_VPH, Approaches, permitted_left_vph
from twin.study.signal_plans import (
    LONGEST_CYCLE_S,
    SHORTEST_CYCLE_S,
    SHORTEST_GREEN_S,
    adapted_plans,
    junctions_that_differ,
    least_reds,
    plan_signals,
    retimed_plans,
    with_controls,
)

PLACES = {
    "n": (0, 1),
    "s": (0, -1),
    "w": (-1, 0),
    "e": (1, 0),
    "x": (0, 0),
    "q": (1, 1),
    "p": (-0.4, -1),
    "r": (-0.5, 1),
}
WEST_EAST, NORTH_SOUTH = ("wx", "xe"), ("nx", "xs")
WIDE = {"w": 2.0, "e": 2.0}


def crossing(arms: str = "nswe", *, control: str = "signal", lanes: Mapping[str, float] | None = None) -> Network:
    """Streets both ways from x to the arms; `lanes` by arm, else 1: too narrow for a left-turn pocket."""
    nodes = tuple(
        Node(name, 121.0 + 0.005 * east, 0.004 * north, control=control if name == "x" else "none")  # type: ignore[arg-type]
        for name, (east, north) in PLACES.items()
        if name == "x" or name in arms
    )
    links = tuple(
        Link(f"{u}{v}", u, v, 400.0, (lanes or {}).get(arm, 1.0), 10.0, 1500.0)
        for arm in arms
        for u, v in ((arm, "x"), ("x", arm))
    )
    return Network(nodes, links)


def greens(plan: SignalPlan) -> dict[tuple[str, str | None], Green]:
    """The green of each turn; every turn here has one."""
    by_turn = {(green.from_link, green.to_link): green for green in plan.greens}
    assert len(by_turn) == len(plan.greens)
    return by_turn


def window(plan: SignalPlan, *turn: str) -> tuple[float, float]:
    """Start and length of a turn's green."""
    green = greens(plan)[turn[0], turn[1]]
    return green.start_s, green.green_s


def test_cycle_and_greens_are_webster_s() -> None:
    """Flow ratios 660/1650 = 0.4, 495/1650 = 0.3: Y = 0.7, L = 6 s, C = (1.5 · 6 + 5) / 0.3 = 46.7 → 60 s, the least.

    To share: 60 − 6 − 24 = 30 s in 4 : 3 → greens 12 + 17.1 and 12 + 12.9 s.
    """
    volumes = {WEST_EAST: 660.0, ("ex", "xw"): 200.0, NORTH_SOUTH: 495.0, ("sx", "xn"): 100.0}
    (plan,) = plan_signals(crossing(), volumes)
    assert plan.cycle_s == SHORTEST_CYCLE_S == 60.0
    assert window(plan, *WEST_EAST) == window(plan, "ex", "xw") == (0.0, 29.1)
    assert window(plan, *NORTH_SOUTH) == window(plan, "sx", "xn") == (29.1 + LOST_S, 24.9)
    assert sum((29.1, 24.9)) + 2 * LOST_S == plan.cycle_s


def test_cycle_between_the_bounds() -> None:
    """Y = 0.5 + 0.35 = 0.85: C = 14 / 0.15 = 93.3 → 93 s."""
    (plan,) = plan_signals(crossing(), {WEST_EAST: 825.0, NORTH_SOUTH: 577.5})
    assert plan.cycle_s == 93.0


def test_overloaded_junction_gets_the_longest_cycle() -> None:
    (plan,) = plan_signals(crossing(), {WEST_EAST: 1650.0, NORTH_SOUTH: 1650.0})
    assert plan.cycle_s == LONGEST_CYCLE_S


def test_critical_approach_counts_by_its_lanes() -> None:
    """900 PCU/h on two lanes load as 450 on one: both phases get the same green."""
    (plan,) = plan_signals(crossing(lanes=WIDE), {WEST_EAST: 900.0, NORTH_SOUTH: 450.0})
    assert window(plan, *WEST_EAST)[1] == window(plan, *NORTH_SOUTH)[1]


def test_each_turn_discharges_by_its_kind_and_the_lanes_it_waits_in() -> None:
    """West has two lanes and a left-turn pocket of one; north has one lane for all."""
    (plan,) = plan_signals(crossing(lanes=WIDE), {})
    flow = {turn: green.saturation_flow_vph for turn, green in greens(plan).items()}
    assert flow["wx", "xe"] == 2 * SATURATION_VPH["through"] == 3300.0
    assert flow["wx", "xs"] == 2 * SATURATION_VPH["right"] == 2900.0
    assert flow["nx", "xs"] == 1650.0 and flow["nx", "xw"] == 1450.0
    assert flow["wx", "xn"] == flow["nx", "xe"] == PERMITTED_LEFT_VPH == pytest.approx(1440.0)


@pytest.mark.parametrize(("left_vph", "through_vph", "lanes"), [(0, 0, 1.0), (300, 600, 1.0), (600, 300, 2.0)])
def test_lanes_at_the_stop_line_go_to_who_needs_them(left_vph: int, through_vph: int, lanes: float) -> None:
    """Two lanes widen to three: 600 / 1550 in one lane is fuller than 300 / 1650 in one, so lefts then have two."""
    (plan,) = plan_signals(crossing(lanes=WIDE), {("wx", "xn"): left_vph, WEST_EAST: through_vph})
    by_turn = greens(plan)
    assert by_turn["wx", "xn"].lanes == lanes
    assert by_turn[WEST_EAST].lanes == by_turn["wx", "xs"].lanes == 3.0 - lanes
    assert by_turn["nx", "xe"].lanes is None, "a street of one lane is not widened"


def test_two_lanes_of_left_turns_have_a_phase_of_their_own() -> None:
    """200 lefts of 240 vehicles: two lanes; with 20 oncoming neither volume nor product would ask."""
    volumes = {("wx", "xn"): 200.0, WEST_EAST: 40.0, ("ex", "xw"): 20.0}
    (plan,) = plan_signals(crossing(lanes=WIDE), volumes)
    left = greens(plan)["wx", "xn"]
    assert left.lanes == 2.0 and not left.permissive and left.saturation_flow_vph == 3100.0


def test_left_turns_give_way_within_the_phase_of_their_approach() -> None:
    (plan,) = plan_signals(crossing(), {})
    permissive = {turn for turn, green in greens(plan).items() if green.permissive}
    assert permissive == {("wx", "xn"), ("ex", "xs"), ("nx", "xe"), ("sx", "xw")}
    assert window(plan, "wx", "xn") == window(plan, *WEST_EAST)


def test_permitted_left_turn_needs_more_green_the_more_comes_towards_it() -> None:
    """300 PCU/h, q = 1/12 a second: q e^(−4.5 q) / (1 − e^(−2.5 q)) = 0.3045/s, 1,096.3 an hour of gaps.

    Half of each cycle is red: the queue of it takes 300 / (1,650 − 300) = 2/9 of the green, and leaves 852.7. Nobody
    there: 1,440. No flow takes the last 180 an hour.
    """
    network = crossing()
    approaches = Approaches.for_volumes(network, {"x"}, {})
    phase, _ = approaches.phases("x", {})
    left, against = ("wx", "xn"), ("ex", "xw")
    assert permitted_left_vph(300.0, 1650.0) == pytest.approx(852.7, abs=0.1)
    assert permitted_left_vph(300.0, 1e9) == pytest.approx(1096.3, abs=0.1)
    assert approaches.flow_ratio(phase, {left: 100.0}) == pytest.approx(100 / 1440)
    assert approaches.flow_ratio(phase, {left: 200.0, against: 300.0}) == pytest.approx(200 / 852.7, rel=1e-4)
    assert permitted_left_vph(1000.0, 1650.0) == permitted_left_vph(5000.0, 1650.0) == pytest.approx(180.0)


@pytest.mark.parametrize(
    ("left_vph", "against_vph", "has_own_phase"),
    [(241, 100, True), (240, 100, False), (241, 0, False), (200, 450, False), (200, 451, True)],
)
def test_left_phase_where_lefts_are_many_or_cross_many(left_vph: int, against_vph: int, has_own_phase: bool) -> None:
    """More than 240 an hour, or left × oncoming above 90,000 on two oncoming lanes; nobody oncoming: none."""
    volumes = {WEST_EAST: 500.0, ("wx", "xn"): left_vph, ("ex", "xw"): against_vph}
    (plan,) = plan_signals(crossing(lanes=WIDE), volumes)
    left = greens(plan)["wx", "xn"]
    assert left.permissive is not has_own_phase
    assert (window(plan, "wx", "xn") != window(plan, *WEST_EAST)) is has_own_phase
    if has_own_phase:
        assert window(plan, "wx", "xn") == window(plan, "ex", "xs"), "both lefts of the street together, ahead"
        assert left.start_s == 0.0 and left.saturation_flow_vph == SATURATION_VPH["left"]
        last = max(green.start_s + green.green_s for green in plan.greens)
        assert last + LOST_S == pytest.approx(plan.cycle_s), "three phases lose 9 s"


def test_no_left_phase_where_lefts_have_no_lane_to_wait_in() -> None:
    (plan,) = plan_signals(crossing(), {("wx", "xn"): 400.0, ("ex", "xw"): 400.0})
    assert greens(plan)["wx", "xn"].permissive


def test_empty_junction_shares_evenly_and_no_green_is_shorter_than_the_least() -> None:
    (plan,) = plan_signals(crossing(), {})
    assert {green.green_s for green in plan.greens} == {27.0}
    (lopsided,) = plan_signals(crossing(), {WEST_EAST: 900.0})
    assert window(lopsided, *NORTH_SOUTH)[1] == SHORTEST_GREEN_S


def test_no_plan_without_a_signal_or_without_crossing_approaches() -> None:
    assert plan_signals(crossing(control="none"), {}) == ()
    assert plan_signals(crossing("we"), {}) == ()


def test_t_junction_has_two_phases() -> None:
    (plan,) = plan_signals(crossing("wen"), {WEST_EAST: 300.0, ("nx", "xw"): 300.0})
    assert window(plan, *WEST_EAST) == window(plan, "ex", "xn") != window(plan, "nx", "xw")


def test_offset_hangs_on_the_place_alone() -> None:
    """Other ids in any order, another load of the same cycle: the same offset."""
    network = crossing()
    renamed = Network(
        tuple(replace(node, id=f"z{node.id}") for node in network.nodes),
        tuple(
            replace(link, id=f"z{link.id}", from_node=f"z{link.from_node}", to_node=f"z{link.to_node}")
            for link in network.links
        ),
    )
    (plan,), (other,) = plan_signals(network, {}), plan_signals(renamed, {("zwx", "zxe"): 100.0})
    assert plan.cycle_s == other.cycle_s and plan.offset_s == other.offset_s
    assert 0.0 <= plan.offset_s < plan.cycle_s


def test_plan_is_kept_where_the_approaches_are_the_same() -> None:
    base = crossing(lanes=WIDE)
    plans = plan_signals(base, {WEST_EAST: 600.0, ("wx", "xn"): 300.0, ("ex", "xw"): 300.0})
    assert adapted_plans(base, plans, base) == (plans, [])


def test_t_that_becomes_a_crossing_keeps_every_green_and_the_new_approach_shares_the_stem_s() -> None:
    """The southern approach goes with the northern; new left turns give way. What was stays."""
    base, now = crossing("wen"), crossing("wens", lanes={"s": 2.0})
    plans = plan_signals(base, {WEST_EAST: 600.0, ("nx", "xw"): 300.0})
    (adapted,), remade = adapted_plans(base, plans, now)
    assert remade == ["x"]
    assert (adapted.cycle_s, adapted.offset_s) == (plans[0].cycle_s, plans[0].offset_s)
    new, old = greens(adapted), greens(plans[0])
    assert {turn: new[turn] for turn in old} == old
    assert window(adapted, "sx", "xn") == window(adapted, "nx", "xs") == window(plans[0], "nx", "xw")
    assert window(adapted, "wx", "xs") == window(adapted, "ex", "xs") == window(plans[0], *WEST_EAST)
    assert new["sx", "xn"].saturation_flow_vph == 3300.0 and not new["sx", "xn"].permissive
    assert new["sx", "xw"].permissive and new["ex", "xs"].permissive and not new["wx", "xs"].permissive


def test_new_left_turn_goes_with_the_left_phase_of_its_axis_where_it_has_a_pocket() -> None:
    """Nothing leads south before: only the western left turn has a phase. Then the eastern one joins it."""
    now = crossing(lanes=WIDE)
    base = replace(now, links=tuple(link for link in now.links if link.id != "xs"))
    plans = plan_signals(base, {("wx", "xn"): 300.0, ("ex", "xw"): 300.0})
    (adapted,), remade = adapted_plans(base, plans, now)
    assert remade == ["x"] and not greens(adapted)["wx", "xn"].permissive
    assert greens(adapted)["ex", "xs"] == replace(greens(plans[0])["wx", "xn"], from_link="ex", to_link="xs")


def test_slanting_new_approach_joins_the_nearer_axis() -> None:
    """From q, north-east: some 39° from the east–west axis here, 51° from the other."""
    base, now = crossing("wens"), crossing("wensq")
    plans = plan_signals(base, {WEST_EAST: 600.0})
    (adapted,), _ = adapted_plans(base, plans, now)
    assert window(adapted, "qx", "xw") == window(adapted, *WEST_EAST)


def test_approach_off_every_axis_has_a_phase_of_its_own_and_its_lost_time() -> None:
    """Axes at 0° and 63° (p); r comes at 122°, 58° off both: 12 s green and 3 s lost are added to the cycle of 60 s."""
    base, now = crossing("wep"), crossing("wepr")
    (plan,) = plan_signals(base, {})
    (adapted,), remade = adapted_plans(base, (plan,), now)
    assert remade == ["x"] and (plan.cycle_s, adapted.cycle_s) == (60.0, 75.0)
    assert window(adapted, "rx", "xe") == (60.0, SHORTEST_GREEN_S)
    assert {turn: green for turn, green in greens(adapted).items() if turn in greens(plan)} == greens(plan)


def test_closed_approach_leaves_its_phase_and_the_rest_stays() -> None:
    base, now = crossing("wens"), crossing("wen")
    plans = plan_signals(base, {WEST_EAST: 600.0})
    (adapted,), remade = adapted_plans(base, plans, now)
    assert remade == ["x"]
    assert set(adapted.greens) == {g for g in plans[0].greens if g.from_link != "sx" and g.to_link != "xs"}


def test_wider_approach_keeps_its_green_and_discharges_more() -> None:
    """Lanes are no re-timing, but more lanes pass more at green."""
    base, now = crossing(), crossing(lanes={"w": 2.0})
    plans = plan_signals(base, {WEST_EAST: 600.0})
    (adapted,), remade = adapted_plans(base, plans, now)
    assert remade == []
    assert greens(adapted)[WEST_EAST] == replace(greens(plans[0])[WEST_EAST], saturation_flow_vph=3300.0, lanes=2.0)


def test_lone_approach_needs_no_plan() -> None:
    base = crossing("wens")
    plans = plan_signals(base, {})
    assert adapted_plans(base, plans, crossing("w")) == ((), ["x"])


def test_retimed_junction_has_the_plan_of_its_volumes_and_the_others_keep_theirs() -> None:
    network, volumes = crossing(), {WEST_EAST: 825.0, NORTH_SOUTH: 577.5}
    old = plan_signals(network, {})
    assert retimed_plans(old, (SignalOrder("x", retime="alone"),), network, volumes) == plan_signals(network, volumes)
    assert retimed_plans(old, (SignalOrder("x", control="actuated"),), network, volumes) == old
    assert junctions_that_differ(old, plan_signals(network, volumes)) == ["x"]
    assert junctions_that_differ(old, old) == []


def test_ordered_control_is_written_on_the_plan() -> None:
    (plan,) = with_controls(plan_signals(crossing(), {}), (SignalOrder("x", control="max_pressure"),))
    assert plan.control == "max_pressure"


def test_least_red_of_an_approach_is_that_of_its_longest_green() -> None:
    (plan,) = plan_signals(crossing(), {WEST_EAST: 660.0, NORTH_SOUTH: 495.0})
    assert least_reds((plan,))["wx"] == (pytest.approx(60.0 - 29.1), 60.0)


MORNING, EVENING = TimeWindow.between("07:00", "09:00"), TimeWindow.between("17:00", "19:00")
BY_HOURS = ((MORNING, {WEST_EAST: 660.0, NORTH_SOUTH: 330.0}), (EVENING, {WEST_EAST: 165.0, NORTH_SOUTH: 495.0}))


def test_hours_with_volumes_of_their_own_have_greens_by_them_and_the_phases_of_all() -> None:
    """Flow ratios 0.4 and 0.2 in the morning, 0.1 and 0.3 in the evening: greens beyond the shortest as 2 to 1 and
    as 1 to 3."""
    plans = plan_signals(crossing(), {WEST_EAST: 660.0, NORTH_SOUTH: 495.0}, by_hours=BY_HOURS)
    assert [plan.window for plan in plans] == [None, MORNING, EVENING]
    beyond = [[max(g.green_s for g in plan.greens if g.from_link == i) - 12.0 for i in ("wx", "nx")] for plan in plans]
    assert beyond[1][0] / beyond[1][1] == pytest.approx(2.0, rel=0.02)
    assert beyond[2][0] / beyond[2][1] == pytest.approx(1.0 / 3.0, rel=0.02)
    who = [[(g.from_link, g.to_link, g.permissive, g.lanes, g.saturation_flow_vph) for g in p.greens] for p in plans]
    assert who[0] == who[1] == who[2]


def test_plans_by_the_hour_are_adapted_retimed_and_compared_each() -> None:
    volumes = {WEST_EAST: 660.0, NORTH_SOUTH: 495.0}
    plans = plan_signals(crossing(), volumes, by_hours=BY_HOURS)
    adapted, remade = adapted_plans(crossing(), plans, crossing("wes"))
    assert [plan.window for plan in adapted] == [None, MORNING, EVENING] and remade == ["x"]
    assert adapted_plans(crossing(), plans, crossing()) == (plans, [])
    other = plan_signals(crossing(), volumes, by_hours=(BY_HOURS[0], (EVENING, {WEST_EAST: 330.0})))
    assert junctions_that_differ(plans, other) == ["x"] and junctions_that_differ(plans, plans) == []
    order = (SignalOrder("x", retime="alone"),)
    assert retimed_plans(plan_signals(crossing(), volumes), order, crossing(), volumes, BY_HOURS) == plans
    with_wave = plan_signals(crossing(), volumes, coordinated="x", by_hours=BY_HOURS)
    assert {plan.window for plan in with_wave} <= {None, MORNING, EVENING}
