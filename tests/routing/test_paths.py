"""Ways: networkx as the oracle of times, a plain reading of the rule as the oracle of ties."""

import itertools
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin import chance
from twin.city.network import Link, Movement, Network, Node
from twin.routing import paths
from twin.routing.kernel import INTERVAL_MS
from twin.routing.paths import Router

SIDE = 4


def town(seed: int, *, banned: float = 0.0, penalised: float = 0.0, even: bool = False) -> Network:
    """A grid of 16 crossings of streets both ways, 10 to 30 s long (all 10 s if `even`), one in eight missing.

    `banned`: share of turns that are not allowed; `penalised`: share of nodes whose turns cost 5 s each, with one
    turn back allowed.
    """
    nodes = [Node(str(i), 121.0 + 0.001 * (i % SIDE), 37.0 + 0.001 * (i // SIDE)) for i in range(SIDE * SIDE)]
    ids = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    ends = [(a, b) for row in (ids, ids.T) for line in row for a, b in itertools.pairwise(line.tolist())]
    ends = sorted([*ends, *((b, a) for a, b in ends)])
    keep = chance.uniform(seed, "street is there", np.arange(len(ends))) > 1 / 8
    length = np.floor(10.0 + 21.0 * chance.uniform(seed, "length", np.arange(len(ends))))
    links = [
        Link(str(n), str(a), str(b), 10.0 if even else float(length[n]), 1.0, 1.0, 300.0)
        for n, (a, b) in enumerate(ends)
        if keep[n]
    ]
    plain = Network(tuple(nodes), tuple(links))
    turns = plain.turns()
    gone = chance.uniform(seed, "banned", np.arange(len(turns))) < banned
    costs = chance.uniform(seed, "penalised", np.arange(len(nodes))) < penalised
    movements = [
        Movement(turn.node_id, turn.from_link, turn.to_link, penalty_s=5.0)
        for turn in turns
        if costs[int(turn.node_id)]
    ]
    for node in (node for node in nodes if costs[int(node.id)]):
        back = [(a, b) for a in plain.links_in[node.id] for b in plain.links_out[node.id] if b.to_node == a.from_node]
        movements += [Movement(node.id, a.id, b.id, penalty_s=20.0) for a, b in back[:1]]
    return Network(
        tuple(nodes), tuple(links), tuple(movements),
        banned_turns=frozenset((t.from_link, t.to_link) for t, is_gone in zip(turns, gone, strict=True) if is_gone),
    )  # fmt: skip


def turn_graph(network: Network) -> Any:
    """Links as nodes and turns as edges: weight is the turn's penalty and the time over the link turned into (ms)."""
    graph = nx.DiGraph()
    graph.add_nodes_from(("from", node.id) for node in network.nodes)
    free_ms = {link.id: round(1000 * link.free_time_s) for link in network.links}
    for link in network.links:
        graph.add_node(link.id)
        graph.add_edge(("from", link.from_node), link.id, weight=free_ms[link.id])
        graph.add_edge(link.id, ("to", link.to_node), weight=0)
    for turn in network.turns():
        graph.add_edge(turn.from_link, turn.to_link, weight=free_ms[turn.to_link] + round(1000 * turn.penalty_s))
    return graph


def pairs() -> tuple[Any, Any]:
    both = np.array(list(itertools.product(range(SIDE * SIDE), repeat=2)), dtype=np.int64)
    return both[:, 0], both[:, 1]


CASES = {
    "plain": {},
    "banned": {"banned": 0.3},
    "penalised": {"penalised": 0.3},
    "all": {"banned": 0.2, "penalised": 0.4},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", range(4))
def test_times_between_all_nodes_are_those_of_networkx(case: str, seed: int) -> None:
    network = town(seed, **CASES[case])
    router, graph = Router(network), turn_graph(network)
    found = router.routes(*pairs())
    table = router.node_times_ms(np.arange(SIDE * SIDE))
    expected = [nx.single_source_dijkstra_path_length(graph, ("from", node)) for node in router.graph.node_ids]
    for i, (a, b) in enumerate(zip(*pairs(), strict=True)):
        least = 0 if a == b else expected[a].get(("to", router.graph.node_ids[b]), -1)
        assert found.cost_ms[i] == table[a, b] == least


@pytest.mark.parametrize("case", CASES)
def test_routes_obey_turns_and_cost_what_they_say(case: str) -> None:
    network = town(7, **CASES[case])
    router = Router(network)
    allowed = {(turn.from_link, turn.to_link) for turn in network.turns()}
    found = router.routes(*pairs())
    costs = router.costs_of(found, depart_ms=np.zeros(len(found.start), dtype=np.int64), cost_ms=router.free_cost_ms)
    assert np.array_equal(np.where(found.cost_ms < 0, 0, found.cost_ms), costs)
    for i, (a, b) in enumerate(zip(*pairs(), strict=True)):
        ids = [router.graph.link_ids[k] for k in found.of(i)]
        if ids:
            assert network.link_by_id[ids[0]].from_node == router.graph.node_ids[a]
            assert network.link_by_id[ids[-1]].to_node == router.graph.node_ids[b]
        assert all(turn in allowed for turn in itertools.pairwise(ids))


@pytest.mark.parametrize("seed", range(8))
def test_turns_are_obeyed_whatever_streets_take_and_however_long_one_waits_outside(seed: int) -> None:
    """Waits up to 2000 s and times up to 61 times the free ones, by intervals of five minutes."""
    network = town(seed)
    router = Router(network)
    graph = router.graph
    drawn = np.arange(6 * len(graph.link_ids)).reshape(-1, 6)
    cost_ms = np.rint(graph.free_ms[:, None] * (1.0 + 60.0 * chance.uniform(seed, "jam", drawn))).astype(np.int64)
    wait_ms = np.rint(2e6 * chance.uniform(seed, "wait", drawn)).astype(np.int64)
    depart_ms = np.full(len(pairs()[0]), 150_000)
    known: Any = {"depart_ms": depart_ms, "cost_ms": cost_ms, "wait_ms": wait_ms, "interval_ms": 300_000}
    found = router.routes(*pairs(), **known)
    allowed = {(turn.from_link, turn.to_link) for turn in network.turns()}
    for i in range(len(found.start)):
        ids = [graph.link_ids[k] for k in found.of(i)]
        assert all(turn in allowed for turn in itertools.pairwise(ids))
    assert np.array_equal(router.costs_of(found, **known), np.maximum(0, found.cost_ms))


def canonical(router: Router, origin: int, destination: int) -> list[int]:
    """The way by the rule as it is written: from the end back, each time the lowest link that keeps the least time."""
    graph = router.graph
    n = len(graph.link_ids)
    time = np.full(n, np.inf)
    time[graph.out_links[graph.out_start[origin] : graph.out_start[origin + 1]]] = 0.0
    time += graph.free_ms
    turns = list(zip(graph.turn_from.tolist(), graph.turn_to.tolist(), graph.turn_penalty_ms.tolist(), strict=True))
    for _ in range(n):  # Bellman and Ford
        for a, b, penalty in turns:
            time[b] = min(time[b], time[a] + penalty + graph.free_ms[b])
    into = np.flatnonzero((graph.link_to == destination) & np.isfinite(time))
    if origin == destination or len(into) == 0:
        return []
    way = [int(into[np.argmin(time[into])])]
    while not (graph.link_from[way[0]] == origin and time[way[0]] == graph.free_ms[way[0]]):
        last = way[0]
        way.insert(0, min(a for a, b, p in turns if b == last and time[a] + p + graph.free_ms[b] == time[b]))
    return way


@pytest.mark.parametrize("case", CASES)
def test_among_equal_ways_the_lowest_links_from_the_end_win(case: str) -> None:
    """In a town of equal blocks nearly every pair of nodes has several quickest ways."""
    network = town(3, even=True, **CASES[case])
    router = Router(network)
    found = router.routes(*pairs())
    for i, (a, b) in enumerate(zip(*pairs(), strict=True)):
        assert found.of(i).tolist() == canonical(router, int(a), int(b))


@pytest.mark.parametrize("case", CASES)
def test_closing_a_street_that_nobody_drives_changes_no_way(case: str) -> None:
    network = town(5, even=True, **CASES[case])
    router = Router(network)
    few = tuple(ends[:64] for ends in pairs())  # from the four nodes of one side
    found = router.routes(*few)
    used = set(found.links.tolist())
    idle = [link.id for i, link in enumerate(network.links) if i not in used]
    assert idle
    fewer = Router(network.with_links(link for link in network.links if link.id not in idle))
    again = fewer.routes(*few)
    for i in range(len(found.start)):
        assert [router.graph.link_ids[k] for k in found.of(i)] == [fewer.graph.link_ids[k] for k in again.of(i)]


def test_one_banned_turn_far_away_changes_no_way_that_does_not_use_it() -> None:
    """Nodes as spots and ends of links as spots give the same ways, ties and all."""
    network = town(3, even=True)
    plain = Router(network)
    found = plain.routes(*pairs())
    used = {turn for i in range(len(found.start)) for turn in itertools.pairwise(found.of(i).tolist())}
    idle = next(
        (a, b)
        for a, b in zip(plain.graph.turn_from.tolist(), plain.graph.turn_to.tolist(), strict=True)
        if (a, b) not in used
    )
    ids = plain.graph.link_ids
    restricted = Router(Network(network.nodes, network.links, banned_turns=frozenset({(ids[idle[0]], ids[idle[1]])})))
    assert len(plain.graph.ways.node_of) == 16
    assert len(restricted.graph.ways.node_of) == len(network.links)
    again = restricted.routes(*pairs())
    assert np.array_equal(found.links, again.links) and np.array_equal(found.cost_ms, again.cost_ms)


def test_a_banned_left_turn_is_driven_round_the_block() -> None:
    """From a past x to y, but the turn at x is banned: on to b, round by c and back to x, then to y, all one way."""
    names = {"ax": ("a", "x"), "xb": ("x", "b"), "bc": ("b", "c"), "cx": ("c", "x"), "xy": ("x", "y")}
    nodes = tuple(Node(name, 121.0 + 0.001 * i, 37.0) for i, name in enumerate("abcxy"))
    links = tuple(Link(name, *ends, 100.0, 1.0, 10.0, 900.0) for name, ends in names.items())
    assert Router(Network(nodes, links)).path("a", "y") == ("ax", "xy")
    network = Network(nodes, links, banned_turns=frozenset({("ax", "xy")}))
    assert Router(network).path("a", "y") == ("ax", "xb", "bc", "cx", "xy")


def test_nobody_gains_by_entering_a_link_earlier() -> None:
    """A link takes 2,000 s in one quarter and 100 s in the next: who enters 60 s before the change waits as long."""
    nodes = (Node("a", 121.0, 37.0), Node("b", 121.01, 37.0))
    router = Router(Network(nodes, (Link("ab", "a", "b", 1000.0, 1.0, 10.0, 900.0),)))
    cost_ms = np.array([[2_000_000, 100_000]])
    route = router.routes(np.array([0]), np.array([1]))
    for depart_s, expected_s in ((0, 1000), (840, 160), (899, 101), (900, 100), (5000, 100)):
        cost = router.costs_of(route, depart_ms=np.array([1000 * depart_s]), cost_ms=cost_ms)
        assert cost.tolist() == [1000 * expected_s]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from(sorted(CASES)))
def test_under_costs_by_quarter_hour_no_way_at_all_is_quicker(seed: int, case: str) -> None:
    """Every way without a link twice, from every other node, is timed; the quickest is what the router found."""
    network = town(seed, **CASES[case])
    router = Router(network)
    graph = router.graph
    n = len(graph.link_ids)
    scale = 1.0 + 60.0 * chance.uniform(seed, "jam", np.arange(3 * n)).reshape(n, 3)
    cost_ms = np.rint(graph.free_ms[:, None] * scale).astype(np.int64)
    depart_ms = np.array([INTERVAL_MS // 2], dtype=np.int64)  # as the tree of a quarter's travellers starts
    origin, destination = seed % 16, (seed // 16) % 16
    found = router.routes(np.array([origin]), np.array([destination]), depart_ms=depart_ms, cost_ms=cost_ms)
    best = _quickest_of_all(router, origin, destination, int(depart_ms[0]), cost_ms)
    assert found.cost_ms[0] == (0 if origin == destination else best)
    if found.length[0]:
        assert router.costs_of(found, depart_ms=depart_ms, cost_ms=cost_ms)[0] == best


def _quickest_of_all(router: Router, origin: int, destination: int, depart_ms: int, cost_ms: Any) -> int:
    """Least time by label correcting over links, each time over a link found by trying every moment to enter."""
    graph = router.graph
    arrive = [None] * len(graph.link_ids)

    def leaves(link: int, entry_ms: int) -> int:
        starts = [entry_ms, *(k * INTERVAL_MS for k in range(1, cost_ms.shape[1]) if k * INTERVAL_MS > entry_ms)]
        return int(min(t + cost_ms[link, min(t // INTERVAL_MS, cost_ms.shape[1] - 1)] for t in starts))

    todo = [(int(link), leaves(int(link), depart_ms)) for link in np.flatnonzero(graph.link_from == origin)]
    while todo:
        link, now = todo.pop()
        known: Any = arrive[link]
        if known is not None and known <= now:
            continue
        arrive[link] = now  # type: ignore[call-overload]
        for turn in range(graph.turn_start[link], graph.turn_start[link + 1]):
            onward = int(graph.turn_to[turn])
            todo.append((onward, leaves(onward, now + int(graph.turn_penalty_ms[turn]))))
    times = [arrive[i] for i in np.flatnonzero(graph.link_to == destination) if arrive[i] is not None]
    return min(times) - depart_ms if times else -1  # type: ignore[type-var,operator]


def test_a_wait_outside_a_link_counts_where_a_trip_starts_on_it_and_only_there() -> None:
    """ab takes 100 s, ac and cb 60 s each; 30 s of wait outside ab in the second interval make the way by c quicker,
    and who comes from o is not held up by it."""
    nodes = tuple(Node(name, 121.0 + 0.001 * i, 37.0) for i, name in enumerate("abco"))
    lengths = {"ab": 1000.0, "ac": 600.0, "cb": 600.0, "oa": 100.0}
    router = Router(Network(nodes, tuple(Link(e, e[0], e[1], m, 1.0, 10.0, 900.0) for e, m in lengths.items())))
    graph = router.graph
    wait_ms = np.zeros((4, 2), dtype=np.int64)
    wait_ms[graph.link_index["ab"], 1] = 30_000
    known: Any = {"cost_ms": np.repeat(router.free_cost_ms, 2, axis=1), "wait_ms": wait_ms, "interval_ms": 300_000}
    for origin, depart_s, way, time_s in (("a", 0, "ab", 100), ("a", 400, "ac cb", 120), ("o", 400, "oa ab", 110)):
        depart_ms = np.array([1000 * depart_s])
        ends = np.array([graph.node_index[origin]]), np.array([graph.node_index["b"]])
        found = router.routes(*ends, depart_ms=depart_ms, **known)
        assert [graph.link_ids[i] for i in found.of(0)] == way.split()
        assert router.costs_of(found, depart_ms=depart_ms, **known).tolist() == [1000 * time_s]


@pytest.mark.parametrize("restricted", [False, True])
def test_nobody_drives_out_and_back_to_jump_the_queue_outside(restricted: bool) -> None:
    """1000 s of wait outside ab; round by c, d and back to a takes 30 s, and the turn from da into ab no wait."""
    nodes = tuple(Node(name, 121.0 + 0.001 * i, 37.0) for i, name in enumerate("abcd"))
    lengths = {"ab": 1000.0, "ac": 100.0, "ca": 100.0, "cd": 100.0, "da": 100.0}
    links = tuple(Link(e, e[0], e[1], m, 1.0, 10.0, 900.0) for e, m in lengths.items())
    banned = frozenset({("ca", "ab")}) if restricted else frozenset()
    router = Router(Network(nodes, links, banned_turns=banned))
    graph = router.graph
    wait_ms = np.zeros((len(links), 1), dtype=np.int64)
    wait_ms[graph.link_index["ab"]] = 1_000_000
    ends = np.array([graph.node_index["a"]]), np.array([graph.node_index["b"]])
    found = router.routes(*ends, cost_ms=router.free_cost_ms, wait_ms=wait_ms)
    assert [graph.link_ids[i] for i in found.of(0)] == ["ab"]
    assert found.cost_ms.tolist() == [1_100_000]


def test_ways_from_the_end_of_a_link_obey_its_turns() -> None:
    network = town(11, banned=0.2)
    router, graph = Router(network), turn_graph(network)
    for link in network.links[::5]:
        time_ms, before = router.link_tree(router.graph.link_index[link.id])
        expected = nx.single_source_dijkstra_path_length(graph, link.id)
        for other in network.links:
            k = router.graph.link_index[other.id]
            if other.id in expected and other.id != link.id:
                assert time_ms[k] == expected[other.id]
            elif other.id != link.id:
                assert time_ms[k] >= 2**62 and before[k] == -1


def test_trees_from_links_are_kept_within_their_room_and_come_out_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for three trees of the grid: the one asked for longest ago goes, and is the same when it is grown anew."""
    network = town(3)
    n_links = len(network.links)
    monkeypatch.setattr(paths, "TREES_BYTES", 3 * 16 * n_links)
    router = Router(network)
    first = router.link_tree(0)
    for link in (1, 2, 0, 3):
        router.link_tree(link)
    assert list(router._link_trees) == [2, 0, 3]
    assert router.link_tree(0) is first
    grown_anew = [Router(network).link_tree(link) for link in range(n_links)]
    for link in range(n_links):
        assert all(np.array_equal(a, b) for a, b in zip(router.link_tree(link), grown_anew[link], strict=True))
    assert len(router._link_trees) == 3


def test_parts_answered_at_once_are_the_same_to_the_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of origins by quarters of an hour, in two threads and in one; costs change by the quarter."""
    router = Router(town(3, banned=0.1))
    n_links = len(router.graph.link_ids)
    luck = chance.uniform(5, "costs", np.arange(n_links * 96)).reshape(n_links, 96)
    cost_ms = (router.free_cost_ms * (1.0 + 2.0 * luck)).astype(np.int64)
    origins, destinations = pairs()
    repeats = 1 + 2000 // len(origins)
    origins, destinations = np.tile(origins, repeats), np.tile(destinations, repeats)
    depart_ms = np.sort(chance.uniform(6, "departs", np.arange(len(origins))) * 86_400_000).astype(np.int64)
    known = {"depart_ms": depart_ms, "cost_ms": cost_ms}
    monkeypatch.setattr(paths, "_WORTH_A_THREAD", 50)
    together = router.routes(origins, destinations, **known)
    times = router.costs_of(together, **known)
    monkeypatch.setattr(paths, "THREADS", 1)
    alone = router.routes(origins, destinations, **known)
    for name in ("start", "length", "links", "cost_ms"):
        assert np.array_equal(getattr(together, name), getattr(alone, name)), name
    assert np.array_equal(times, router.costs_of(alone, **known))
