"""Static user equilibrium: textbook cases to the digits of theory, and the best known flows of Sioux Falls."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from twin.city.network import Link, Movement, Network, Node
from twin.routing.graph import StreetGraph
from twin.routing.loading import Pairs, all_or_nothing
from twin.study.static_equilibrium import DelayFunctions, StaticEquilibrium, static_equilibrium

SIOUX_FALLS = Path(__file__).parent / "sioux_falls"


def graph_of(ends: Sequence[str], movements: Sequence[Movement] = ()) -> StreetGraph:
    """Links by the names of their two nodes and perhaps a number, as "ab" or "ab2"; lengths do not count."""
    names = sorted({name for pair in ends for name in pair[:2]})
    nodes = tuple(Node(name, 121.0 + 0.001 * i, 37.0) for i, name in enumerate(names))
    links = tuple(Link(pair, pair[0], pair[1], 100.0, 1.0, 10.0, 900.0) for pair in ends)
    return StreetGraph.of(Network(nodes, links, tuple(movements)))


def delays_of(graph: StreetGraph, functions: dict[str, tuple[float, float, float, float]]) -> DelayFunctions:
    """fixed, rising, capacity and power by link id."""
    return DelayFunctions(*np.array([functions[link_id] for link_id in graph.link_ids]).T)


def demand(graph: StreetGraph, origin: str, destination: str, flow: float) -> Pairs:
    index = graph.node_index
    return Pairs.of(np.array([index[origin]]), np.array([index[destination]]), np.array([[flow]]))


def flow_on(found: StaticEquilibrium, graph: StreetGraph, link_id: str) -> float:
    return float(found.volume[graph.link_index[link_id], 0])


def mean_time(found: StaticEquilibrium, flow: float) -> float:
    return found.vehicle_hours * 3600.0 / flow


def test_T19_bpr_at_half_full_and_beyond_capacity() -> None:
    bpr = DelayFunctions.bpr(np.ones(3), np.ones(3))
    assert bpr.times_s(np.array([0.5, 1.0, 1.2])).tolist() == pytest.approx([1.009375, 1.15, 1.311040], abs=1e-12)


def test_volume_that_is_there_anyhow_drives_the_flow_away() -> None:
    """Two roads of time v for 2: one each. With 1 of other traffic on the first: 0.5 and 1.5, a time of 1.5 on both."""
    graph = graph_of(["ab1", "ab2"])
    alone = delays_of(graph, {"ab1": (0.0, 1.0, 1.0, 1.0), "ab2": (0.0, 1.0, 1.0, 1.0)})
    other = np.zeros(2)
    other[graph.link_index["ab1"]] = 1.0
    pairs = demand(graph, "a", "b", 2.0)
    for delays, flow, time_s in ((alone, 1.0, 1.0), (replace(alone, beside=other), 0.5, 1.5)):
        found = static_equilibrium(graph, pairs, delays, gap=1e-9)
        assert flow_on(found, graph, "ab1") == pytest.approx(flow, abs=1e-6)
        assert found.time_s.tolist() == pytest.approx([time_s, time_s], abs=1e-6)


def test_T17_pigou_all_take_the_road_that_is_never_worse() -> None:
    """Roads of time 1 and v for a demand of 1: all on the second, 1 each; best for all is half and half, 0.75."""
    graph = graph_of(["ab1", "ab2"])
    delays = delays_of(graph, {"ab1": (1.0, 0.0, 1.0, 1.0), "ab2": (0.0, 1.0, 1.0, 1.0)})
    pairs = demand(graph, "a", "b", 1.0)
    user = static_equilibrium(graph, pairs, delays, gap=1e-9)
    best = static_equilibrium(graph, pairs, delays.marginal(), gap=1e-9)
    assert mean_time(user, 1.0) == pytest.approx(1.0, abs=1e-6)
    assert flow_on(best, graph, "ab2") == pytest.approx(0.5, abs=1e-6)
    assert float((best.volume[:, 0] * delays.times_s(best.volume[:, 0])).sum()) == pytest.approx(0.75, abs=1e-6)


BRAESS = {"sa": (0.0, 10.0, 1.0, 1.0), "at": (50.0, 1.0, 1.0, 1.0), "sb": (50.0, 1.0, 1.0, 1.0),
          "bt": (0.0, 10.0, 1.0, 1.0), "ab": (10.0, 1.0, 1.0, 1.0)}  # fmt: skip


def test_T17_braess_a_bridge_makes_everybody_slower() -> None:
    """Six drivers, 10v and 50 + v, bridge 10 + v: 83 each without, 92 with; the optimum of both is 498 in all."""
    open_, closed = graph_of(list(BRAESS)), graph_of([ends for ends in BRAESS if ends != "ab"])
    times = [
        mean_time(static_equilibrium(graph, demand(graph, "s", "t", 6.0), delays_of(graph, BRAESS), gap=1e-8), 6.0)
        for graph in (closed, open_)
    ]
    assert times == pytest.approx([83.0, 92.0], rel=1e-6)
    delays = delays_of(open_, BRAESS)
    best = static_equilibrium(open_, demand(open_, "s", "t", 6.0), delays.marginal(), gap=1e-8)
    total = float((best.volume[:, 0] * delays.times_s(best.volume[:, 0])).sum())
    assert total == pytest.approx(498.0, rel=1e-6)
    assert 6.0 * times[1] / total == pytest.approx(1.1084, abs=5e-5)


@pytest.mark.parametrize(("bridge", "minutes"), [(False, 65.0), (True, 80.0)])
def test_6_10_braess_of_4000_drivers(bridge: bool, minutes: float) -> None:
    """n/100 and 45 min: 2000/100 + 45 = 65; with a bridge of no time all take both narrow roads, 40 + 40 = 80."""
    functions = {"sa": (0.0, 1.0, 100.0, 1.0), "at": (45.0, 0.0, 1.0, 1.0), "sb": (45.0, 0.0, 1.0, 1.0),
                 "bt": (0.0, 1.0, 100.0, 1.0), "ab": (0.0, 0.0, 1.0, 1.0)}  # fmt: skip
    graph = graph_of([ends for ends in functions if bridge or ends != "ab"])
    delays = delays_of(graph, functions)
    pairs = demand(graph, "s", "t", 4000.0)
    assert mean_time(static_equilibrium(graph, pairs, delays, gap=1e-8), 4000.0) == pytest.approx(minutes, rel=1e-6)
    if bridge:
        best = static_equilibrium(graph, pairs, delays.marginal(), gap=1e-8)
        mean = float((best.volume[:, 0] * delays.times_s(best.volume[:, 0])).sum()) / 4000.0
        assert mean == pytest.approx(64.6875, abs=1e-3)
        assert flow_on(best, graph, "ab") == pytest.approx(500.0, abs=1.0)
        assert 80.0 / mean == pytest.approx(1.237, abs=5e-4)


def test_T18_two_bpr_routes() -> None:
    graph = graph_of(["ab1", "ab2"])
    delays = DelayFunctions.bpr(np.array([10.0, 15.0]), np.array([1000.0, 3000.0]))
    found = static_equilibrium(graph, demand(graph, "a", "b", 4000.0), delays, gap=1e-9)
    assert found.volume[:, 0].tolist() == pytest.approx([1426.87, 2573.13], rel=1e-5)
    assert found.time_s.tolist() == pytest.approx([16.2177, 16.2177], rel=1e-5)


def test_all_or_nothing_obeys_turns_and_pays_their_penalty() -> None:
    """By b 20 s and a turn of 5 s, by c 24 s: by c, until the turn at b is free."""
    cost = {"ab": 10.0, "bd": 10.0, "ac": 12.0, "cd": 12.0}
    for penalty_s, way in ((5.0, {"ac", "cd"}), (3.0, {"ab", "bd"})):
        graph = graph_of(list(cost), [Movement("b", "ab", "bd", penalty_s=penalty_s)])
        cost_s = np.array([cost[link_id] for link_id in graph.link_ids])
        volume = all_or_nothing(graph, demand(graph, "a", "d", 7.0), cost_s)
        assert {graph.link_ids[i] for i in np.flatnonzero(volume[:, 0])} == way
        assert set(volume[volume > 0].tolist()) == {7.0}


def test_kinds_of_flow_go_the_same_way_and_the_first_decides_the_times() -> None:
    """Half of the vehicles are lorries of 3 PCU: 4000 PCU an hour are 2000 vehicles."""
    graph = graph_of(["ab1", "ab2"])
    delays = DelayFunctions.bpr(np.array([10.0, 15.0]), np.array([1000.0, 3000.0]))
    trips = Pairs.of(
        np.zeros(2, dtype=np.int64), np.ones(2, dtype=np.int64), np.array([[1000.0, 1000.0], [3000.0, 1000.0]])
    )
    found = static_equilibrium(graph, trips, delays, gap=1e-9)
    assert found.volume.sum(axis=0).tolist() == pytest.approx([4000.0, 2000.0])
    assert np.allclose(found.volume[:, 1], found.volume[:, 0] / 2.0)
    assert found.vehicle_hours == pytest.approx(2000.0 * 16.2177 / 3600.0, rel=1e-5)


def sioux_falls() -> tuple[StreetGraph, Pairs, DelayFunctions, np.ndarray]:
    links, trips = pd.read_csv(SIOUX_FALLS / "links.csv"), pd.read_csv(SIOUX_FALLS / "trips.csv")
    nodes = tuple(Node(str(i), 121.0 + 0.01 * i, 37.0) for i in range(1, 25))
    rows = zip(links["from_node"], links["to_node"], strict=True)
    network = Network(
        nodes, tuple(Link(str(n), str(a), str(b), 100.0, 1.0, 10.0, 900.0) for n, (a, b) in enumerate(rows))
    )
    graph = StreetGraph.of(network)
    pairs = Pairs.of(
        trips["origin"].to_numpy() - 1, trips["destination"].to_numpy() - 1, trips[["flow_vph"]].to_numpy()
    )
    delays = DelayFunctions.bpr(links["free_time_min"].to_numpy(dtype=float), links["capacity_vph"].to_numpy())
    return graph, pairs, delays, links["best_known_flow_vph"].to_numpy()


def beckmann(delays: DelayFunctions, volume: np.ndarray) -> float:
    """Sum over links of the integral of time up to the volume: what user equilibrium makes least."""
    x = volume / delays.capacity
    return float((volume * (delays.fixed_s + delays.rising_s * x**delays.power / (delays.power + 1.0))).sum())


def test_sioux_falls_has_the_best_known_flows() -> None:
    """At a relative gap of 1e-6 each of 76 flows is within 0.1 % of the best known; the objective, published as
    42.31335287 × 1e5, is above the least one by at most gap × all time."""
    graph, pairs, delays, best_known = sioux_falls()
    found = static_equilibrium(graph, pairs, delays, gap=1e-6)
    assert found.relative_gap <= 1e-6
    assert np.abs(found.volume[:, 0] / best_known - 1.0).max() < 1e-3
    least = beckmann(delays, best_known)
    assert least == pytest.approx(42.31335287e5, rel=1e-9)
    excess = beckmann(delays, found.volume[:, 0]) - least
    assert -1e-3 < excess <= found.relative_gap * found.vehicle_hours * 3600.0


def test_sioux_falls_twice_is_the_same_to_the_bit() -> None:
    graph, pairs, delays, _ = sioux_falls()
    once, again = (static_equilibrium(graph, pairs, delays, gap=1e-4) for _ in range(2))
    assert np.array_equal(once.volume, again.volume)
    pd.testing.assert_frame_equal(once.rounds, again.rounds, check_exact=True)


def test_rounds_stop_where_asked_and_say_what_was_reached() -> None:
    graph, pairs, delays, _ = sioux_falls()
    found = static_equilibrium(graph, pairs, delays, gap=1e-12, most_rounds=10)
    assert found.rounds["round"].tolist() == list(range(1, 11))
    assert found.relative_gap == found.rounds["relative_gap"].iloc[-1] > 1e-12


def test_the_flow_is_a_mixture_of_quickest_ways() -> None:
    """Drivers who draw a round by its weight and take its quickest way make the equilibrium's volumes."""
    graph, pairs, delays, _ = sioux_falls()
    found = static_equilibrium(graph, pairs, delays, gap=1e-3)
    assert found.weight.min() >= 0.0 and found.weight.sum() == pytest.approx(1.0)
    ways = [all_or_nothing(graph, pairs, time_s) for time_s in found.mixed_s]
    mixture = sum(share * way for share, way in zip(found.weight, ways, strict=True))
    assert np.allclose(mixture, found.volume, rtol=1e-9)


def test_an_equilibrium_goes_on_from_another_to_the_same_end() -> None:
    """Braess's bridge closed (1,000 to cross): 83 each. Opened from there: 92, as from empty streets."""
    graph = graph_of(list(BRAESS))
    pairs = demand(graph, "s", "t", 6.0)
    closed = delays_of(graph, BRAESS | {"ab": (1000.0, 1.0, 1.0, 1.0)})
    before = static_equilibrium(graph, pairs, closed, gap=1e-8)
    after = static_equilibrium(graph, pairs, delays_of(graph, BRAESS), gap=1e-8, start=before)
    assert mean_time(before, 6.0) == pytest.approx(83.0, abs=1e-4)
    assert mean_time(after, 6.0) == pytest.approx(92.0, abs=1e-4)
    assert after.weight.sum() == pytest.approx(1.0)
    assert len(after.mixed_s) == len(after.weight)
