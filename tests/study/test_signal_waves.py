"""Green waves by hand: cycles and offsets along a street, and a platoon that never stops."""

from itertools import pairwise

import pytest

from twin.city.network import Link, Network, Node
from twin.city.signals import SignalPlan
from twin.sim.simulation import simulate
from twin.sim.trip_table import Trip, TripTable
from twin.study.signal_plans import plan_signals

LON_500_M = 0.005
STREET = ("w", "a", "b", "c", "e")  # 500 m apart: 50 s at 10 m/s


def main_street(*, gap_m: float = 500.0, crossing_name: str = "南街") -> Network:
    """Signals at a, b, c of one street of two lanes each way, with a cross street at each."""
    nodes = [Node(name, 121.0 + LON_500_M * i, 0.0, control="signal" if name in "abc" else "none")
             for i, name in enumerate(STREET)]  # fmt: skip
    links: list[Link] = []

    def both(u: str, v: str, length_m: float, lanes: float, name: str) -> None:
        links.extend(Link(f"{a}{b}", a, b, length_m, lanes, 10.0, 1700.0, name=name) for a, b in ((u, v), (v, u)))

    for u, v in pairwise(STREET):
        both(u, v, gap_m, 2.0, "大街")
    for i, name in enumerate("abc", start=1):
        for side, north in (("n", 1), ("s", -1)):
            nodes.append(Node(f"{name}{side}", 121.0 + LON_500_M * i, 0.004 * north))
            both(name, f"{name}{side}", 400.0, 1.0, f"{crossing_name}{name}")
    return Network(tuple(nodes), tuple(links))


def volumes(network: Network, *, east: float = 800.0, west: float = 300.0) -> dict[tuple[str, str], float]:
    """Along the street, and 400 across b, whose own cycle is then the longest."""
    along = {("wa", "ab"): east, ("ab", "bc"): east, ("bc", "ce"): east, ("ec", "cb"): west, ("cb", "ba"): west}
    return {**along, ("bnb", "bbs"): 900.0}


def coordinated(network: Network, volume: dict[tuple[str, str], float]) -> dict[str, SignalPlan]:
    plans = plan_signals(network, volume, coordinated="abc")
    return {plan.node_id: plan for plan in plans}


def begins_s(plan: SignalPlan, from_link: str, to_link: str) -> float:
    """When the green of a turn begins (s into the common cycle)."""
    (green,) = [g for g in plan.greens if (g.from_link, g.to_link) == (from_link, to_link)]
    return (plan.offset_s + green.start_s) % plan.cycle_s


def test_junctions_of_a_street_have_the_longest_cycle_and_greens_later_by_the_time_between() -> None:
    network = main_street()
    volume = volumes(network)
    alone = {plan.node_id: plan for plan in plan_signals(network, volume)}
    plans = coordinated(network, volume)
    longest_s = max(plan.cycle_s for plan in alone.values())
    assert alone["a"].cycle_s < longest_s and {plan.cycle_s for plan in plans.values()} == {longest_s}
    way = (("a", "wa", "ab"), ("b", "ab", "bc"), ("c", "bc", "ce"))
    first, second, third = (begins_s(plans[node], came, goes) for node, came, goes in way)
    assert (second - first) % longest_s == pytest.approx(50.0 % longest_s)
    assert (third - first) % longest_s == pytest.approx(100.0 % longest_s)


def test_wave_runs_with_the_busier_direction() -> None:
    network = main_street()
    plans = coordinated(network, volumes(network, east=300.0, west=800.0))
    cycle_s = plans["a"].cycle_s
    later_s = begins_s(plans["a"], "ba", "aw") - begins_s(plans["b"], "cb", "ba")
    assert later_s % cycle_s == pytest.approx(50.0 % cycle_s)


def test_signals_too_far_apart_are_not_coordinated() -> None:
    network = main_street(gap_m=900.0)
    volume = volumes(network)
    assert plan_signals(network, volume, coordinated="abc") == plan_signals(network, volume)


def test_nothing_is_coordinated_unless_it_is_asked_for() -> None:
    network = main_street()
    volume = volumes(network)
    plans = {plan.node_id: plan for plan in plan_signals(network, volume)}
    later_s = begins_s(plans["b"], "ab", "bc") - begins_s(plans["a"], "wa", "ab")
    assert later_s % plans["b"].cycle_s != pytest.approx(50.0 % plans["b"].cycle_s)


def test_platoon_on_a_green_wave_never_stops() -> None:
    """Ten cars queue at a; from its green on, each passes b and c 50 and 100 s later, at free speed."""
    network = main_street()
    plans = coordinated(network, volumes(network))
    starts_s = begins_s(plans["a"], "wa", "ab") + plans["a"].cycle_s
    cars = [Trip(str(i), starts_s - 60.0 + i, route=("wa", "ab", "bc", "ce")) for i in range(10)]
    trips = TripTable.of(network, cars)
    found = simulate(network, trips, signals=tuple(plans.values()), keep_passages=True)
    assert found.passages is not None
    for link in ("ab", "bc"):
        rows = found.passages[found.passages["link_id"] == link]
        assert (rows["exit_s"] - rows["entry_s"]).to_numpy() == pytest.approx(50.0, abs=1e-6)
