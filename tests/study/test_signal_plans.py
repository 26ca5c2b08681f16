"""Signal plans by hand: Webster's cycle and splits, and what becomes of a plan where streets change."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from twin.city.network import Link, Network, Node
from twin.study.signal_plans import (
    LONGEST_CYCLE_S,
    LOST_S,
    SATURATION_VPH,
    SHORTEST_CYCLE_S,
    SHORTEST_GREEN_S,
    adapted_plans,
    plan_signals,
)

PLACES = {"n": (0, 1), "s": (0, -1), "w": (-1, 0), "e": (1, 0), "x": (0, 0), "q": (1, 1)}


def crossing(arms: str = "nswe", *, control: str = "signal", lanes: Mapping[str, float] | None = None) -> Network:
    """Streets both ways from x to the arms; `lanes` by arm, else 1."""
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


def greens(network: Network, volume_vph: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Start and length of green by approach."""
    (plan,) = plan_signals(network, volume_vph)
    return {green.from_link: (green.start_s, green.green_s) for green in plan.greens}


def test_cycle_and_greens_are_webster_s() -> None:
    """Flow ratios 600/1500 = 0.4, 450/1500 = 0.3: Y = 0.7, L = 6 s, C = (1.5 · 6 + 5) / 0.3 = 46.7 → 60 s, the least.

    To share: 60 − 6 − 24 = 30 s in 4 : 3 → greens 12 + 17.1 and 12 + 12.9 s.
    """
    network = crossing()
    volumes = {"wx": 600.0, "ex": 200.0, "nx": 450.0, "sx": 100.0}
    (plan,) = plan_signals(network, volumes)
    assert plan.cycle_s == SHORTEST_CYCLE_S == 60.0
    by_approach = greens(network, volumes)
    assert by_approach["wx"] == by_approach["ex"] and by_approach["nx"] == by_approach["sx"]
    assert by_approach["wx"][1] == 29.1 and by_approach["nx"][1] == 24.9
    assert sum((29.1, 24.9)) + 2 * LOST_S == plan.cycle_s


def test_cycle_between_the_bounds() -> None:
    """Y = 0.5 + 0.35 = 0.85: C = 14 / 0.15 = 93.3 → 93 s."""
    (plan,) = plan_signals(crossing(), {"wx": 750.0, "nx": 525.0})
    assert plan.cycle_s == 93.0


def test_overloaded_junction_gets_the_longest_cycle() -> None:
    (plan,) = plan_signals(crossing(), {"wx": 1500.0, "nx": 1500.0})
    assert plan.cycle_s == LONGEST_CYCLE_S


def test_critical_approach_counts_by_its_lanes() -> None:
    """900 PCU/h on two lanes load as 450 on one: both phases get the same green."""
    network = crossing(lanes={"w": 2.0, "e": 2.0})
    by_approach = greens(network, {"wx": 900.0, "nx": 450.0})
    assert by_approach["wx"][1] == by_approach["nx"][1]
    (plan,) = plan_signals(network, {})
    saturation = {green.from_link: green.saturation_flow_vph for green in plan.greens}
    assert saturation == {"wx": 3000.0, "ex": 3000.0, "nx": SATURATION_VPH, "sx": SATURATION_VPH}


def test_phases_follow_each_other_with_lost_time_between() -> None:
    by_approach = greens(crossing(), {"wx": 300.0, "nx": 300.0})
    (first_start, first_green), (second_start, _) = sorted(set(by_approach.values()))
    assert first_start == 0.0
    assert second_start == pytest.approx(first_green + LOST_S)


def test_empty_junction_shares_evenly_and_no_green_is_shorter_than_the_least() -> None:
    assert {green for _, green in greens(crossing(), {}).values()} == {27.0}
    lopsided = greens(crossing(), {"wx": 900.0})
    assert lopsided["nx"][1] == SHORTEST_GREEN_S


def test_no_plan_without_a_signal_or_without_crossing_approaches() -> None:
    assert plan_signals(crossing(control="none"), {}) == ()
    assert plan_signals(crossing("we"), {}) == ()


def test_t_junction_has_two_phases() -> None:
    by_approach = greens(crossing("wen"), {"wx": 300.0, "nx": 300.0})
    assert by_approach["wx"] == by_approach["ex"] != by_approach["nx"]


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
    (plan,), (other,) = plan_signals(network, {}), plan_signals(renamed, {"zwx": 100.0})
    assert plan.cycle_s == other.cycle_s and plan.offset_s == other.offset_s
    assert 0.0 <= plan.offset_s < plan.cycle_s


def test_plan_is_kept_where_the_approaches_are_the_same() -> None:
    base = crossing()
    plans = plan_signals(base, {"wx": 600.0})
    (kept,), remade = adapted_plans(base, plans, base)
    assert remade == [] and set(kept.greens) == set(plans[0].greens)
    assert replace(kept, greens=plans[0].greens) == plans[0]


def test_new_approach_gets_the_green_of_the_axis_nearest_its_own() -> None:
    """A T becomes a crossing: the southern approach goes with the northern. Cycle, offset, other greens stay."""
    base, now = crossing("wen"), crossing("wens", lanes={"s": 2.0})
    plans = plan_signals(base, {"wx": 600.0, "nx": 300.0})
    (adapted,), remade = adapted_plans(base, plans, now)
    assert remade == ["x"]
    assert (adapted.cycle_s, adapted.offset_s) == (plans[0].cycle_s, plans[0].offset_s)
    new = {green.from_link: green for green in adapted.greens}
    old = {green.from_link: green for green in plans[0].greens}
    assert {name: new[name] for name in old} == old
    assert (new["sx"].start_s, new["sx"].green_s) == (old["nx"].start_s, old["nx"].green_s)
    assert new["sx"].saturation_flow_vph == 3000.0


def test_slanting_new_approach_joins_the_nearer_axis() -> None:
    """From q, north-east: some 39° from the east–west axis here, 51° from the other."""
    base, now = crossing("wens"), crossing("wensq")
    plans = plan_signals(base, {"wx": 600.0})
    (adapted,), _ = adapted_plans(base, plans, now)
    new = {green.from_link: green for green in adapted.greens}
    assert new["qx"].start_s == new["wx"].start_s


def test_closed_approach_leaves_its_phase_and_the_rest_stays() -> None:
    base, now = crossing("wens"), crossing("wen")
    plans = plan_signals(base, {"wx": 600.0})
    (adapted,), remade = adapted_plans(base, plans, now)
    assert remade == ["x"]
    assert set(adapted.greens) == {green for green in plans[0].greens if green.from_link != "sx"}


def test_wider_approach_keeps_its_green_and_discharges_more() -> None:
    """Lanes are no re-timing, but more lanes pass more at green."""
    base, now = crossing(), crossing(lanes={"w": 2.0})
    plans = plan_signals(base, {"wx": 600.0})
    (adapted,), remade = adapted_plans(base, plans, now)
    assert remade == []
    green = {g.from_link: g for g in adapted.greens}["wx"]
    old = {g.from_link: g for g in plans[0].greens}["wx"]
    assert green == replace(old, saturation_flow_vph=2 * SATURATION_VPH)


def test_lone_approach_needs_no_plan() -> None:
    base = crossing("wens")
    plans = plan_signals(base, {})
    assert adapted_plans(base, plans, crossing("w")) == ((), ["x"])
