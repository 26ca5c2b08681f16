"""Shortest ways between nodes, and from link to link, with turns obeyed.

Positions are nodes: a trip starts on any link out of its origin and ends at the end of any link into its
destination. Ties are broken canonically (see `kernel`), so a closed but unused link changes no path.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from twin.city.network import Network
from twin.routing import kernel
from twin.routing.graph import Ints, StreetGraph

Answer = TypeVar("Answer")

TREES_BYTES = 64 * 2**20
"""Room for the trees from links that a router keeps: 170 on 24,000 links. The one asked for longest ago goes first."""


THREADS = 2
"""So many parts of a large question are answered at once; the answer is the same."""

_WORTH_A_THREAD = 500  # fewer groups, or routes, are done before a thread has begun


def _parts(count: int) -> list[range]:
    """So many things, in order, as one part or THREADS."""
    n = THREADS if count >= THREADS * _WORTH_A_THREAD else 1
    cuts = [count * i // n for i in range(n + 1)]
    return [range(begin, end) for begin, end in pairwise(cuts)]


def _at_once(work: Callable[[range], Answer], parts: Sequence[range]) -> list[Answer]:
    """What `work` answers for each part, in order; compiled code runs at the same time."""
    if len(parts) == 1:
        return [work(parts[0])]
    with ThreadPoolExecutor(len(parts)) as threads:
        return list(threads.map(work, parts))


@dataclass(frozen=True, eq=False)
class Routes:
    """Routes of n travellers as one pool of link indices.

    Traveller i drives `links[start[i]:start[i] + length[i]]`; `cost_ms[i]`: expected time, −1: no way.
    """

    start: Ints
    length: Ints
    links: NDArray[np.int32]
    cost_ms: Ints

    def select(self, rows: Ints) -> "Routes":
        """The routes of some travellers, in the order given."""
        counts = self.length[rows]
        ends = np.cumsum(counts)
        at = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - counts, counts)
        return Routes(ends - counts, counts, self.links[np.repeat(self.start[rows], counts) + at], self.cost_ms[rows])

    def replaced(self, rows: Ints, others: "Routes") -> "Routes":
        """These routes with those of `rows` replaced by `others`, in order; the pool is packed anew."""
        n, k = len(self.start), len(rows)
        both = Routes(
            np.concatenate([self.start, others.start + len(self.links)]),
            np.concatenate([self.length, others.length]),
            np.concatenate([self.links, others.links]),
            np.concatenate([self.cost_ms, others.cost_ms]),
        )
        chosen = np.arange(n, dtype=np.int64)
        chosen[rows] = n + np.arange(k)
        return both.select(chosen)

    def of(self, traveller: int) -> NDArray[np.int32]:
        """Link indices of one traveller, first to last."""
        begin = self.start[traveller]
        return self.links[begin : begin + self.length[traveller]]


class Router:
    """Answers for one network; keeps the compiled graph and the trees from links asked so far."""

    def __init__(self, network: Network) -> None:
        self.graph = StreetGraph.of(network)
        self.free_cost_ms: Ints = self.graph.free_ms.reshape(-1, 1).copy()
        self._link_trees: OrderedDict[int, tuple[Ints, Ints]] = OrderedDict()
        self._most_trees = max(2, TREES_BYTES // (16 * max(1, len(self.graph.link_ids))))

    def path(self, origin_node: str, destination_node: str) -> tuple[str, ...] | None:
        """Ids of the links of the quickest way at free speed; () for one and the same node, None for no way."""
        graph = self.graph
        found = self.routes(np.array([graph.node_index[origin_node]]), np.array([graph.node_index[destination_node]]))
        if found.cost_ms[0] < 0:
            return None
        return tuple(graph.link_ids[i] for i in found.of(0))

    def routes(
        self,
        origins: Ints,
        destinations: Ints,
        *,
        depart_ms: Ints | None = None,
        cost_ms: Ints | None = None,
        wait_ms: Ints | None = None,
        interval_ms: int = kernel.INTERVAL_MS,
    ) -> Routes:
        """Quickest ways of n travellers between node indices.

        `cost_ms`: (n_links, n_intervals) by interval of the entry time; default: free speed. `wait_ms`: the same shape,
        by interval of departure, before a trip may start on a link; default: none.
        `depart_ms`: departures; travellers of one origin and interval share the tree that starts in its middle.
        """
        graph = self.graph
        costs = _costs(graph.ways, self.free_cost_ms if cost_ms is None else cost_ms, interval_ms, wait_ms)
        n = len(origins)
        quarter = np.zeros(n, dtype=np.int64) if depart_ms is None else depart_ms // interval_ms
        if costs.spent_ms.shape[1] == 1:
            quarter = np.zeros(n, dtype=np.int64)
        order = np.lexsort((np.arange(n), quarter, origins)).astype(np.int64)
        by_origin, by_quarter = origins[order], quarter[order]
        is_first = np.ones(n, dtype=np.bool_)
        is_first[1:] = (by_origin[1:] != by_origin[:-1]) | (by_quarter[1:] != by_quarter[:-1])
        firsts = np.flatnonzero(is_first)
        group_start = np.append(firsts, n).astype(np.int64)
        group_origin = by_origin[firsts].astype(np.int64)
        group_ms = by_quarter[firsts].astype(np.int64) * interval_ms + interval_ms // 2
        start, length, cost = (np.zeros(n, dtype=np.int64) for _ in range(3))
        ends = np.asarray(destinations, dtype=np.int64)

        def grown(groups: range) -> NDArray[np.int32]:
            """Write down the routes of some groups; answers their links."""
            room = 16 * int(group_start[groups.stop] - group_start[groups.start])
            pool = np.empty(max(room, 8 * len(graph.link_ids)) + 1024, dtype=np.int32)
            done, used = groups.start, 0
            while done < groups.stop:
                done, used = kernel.route_groups(
                    group_start, group_origin[: groups.stop], group_ms, order, ends, done, graph.ways,
                    costs, start, length, cost, pool, used,
                )  # fmt: skip
                if done < groups.stop:
                    pool = np.concatenate([pool, np.empty_like(pool)])
            return pool[:used].copy()

        parts = _parts(len(group_origin))
        pools = _at_once(grown, parts)
        shifts = np.cumsum([0, *(len(pool) for pool in pools)])
        for groups, shift in zip(parts[1:], shifts[1:], strict=False):
            start[order[group_start[groups.start] : group_start[groups.stop]]] += shift
        return Routes(start, length, np.concatenate(pools), cost)

    def costs_of(
        self,
        routes: Routes,
        *,
        depart_ms: Ints,
        cost_ms: Ints,
        wait_ms: Ints | None = None,
        interval_ms: int = kernel.INTERVAL_MS,
    ) -> Ints:
        """Time of each route from its own departure on (ms), waits and costs as for `routes`."""
        graph, costs = self.graph, _costs(self.graph.ways, cost_ms, interval_ms, wait_ms)
        cost, departs_ms = np.zeros(len(routes.start), dtype=np.int64), depart_ms.astype(np.int64)

        def told(rows: range) -> None:
            some = slice(rows.start, rows.stop)
            kernel.route_costs(
                routes.start[some], routes.length[some], routes.links, departs_ms[some], costs, graph.turn_start,
                graph.turn_to, graph.turn_penalty_ms, cost[some],
            )  # fmt: skip

        _at_once(told, _parts(len(cost)))
        return cost

    def skim_s(self, origin_nodes: Sequence[str], destination_nodes: Sequence[str]) -> NDArray[np.float64]:
        """Free-speed times (s), (n_origins, n_destinations); inf where there is no way, 0 from a node to itself."""
        index = self.graph.node_index
        origins = np.array([index[node] for node in origin_nodes], dtype=np.int64)
        unique, position = np.unique(origins, return_inverse=True)
        table = self.node_times_ms(unique)
        columns = np.array([index[node] for node in destination_nodes], dtype=np.int64)
        picked = table[position][:, columns].astype(np.float64)
        return np.where(picked < 0, np.inf, picked / 1000.0)

    def node_times_ms(
        self,
        origins: Ints,
        *,
        cost_ms: Ints | None = None,
        start_ms: int = 0,
        interval_ms: int = kernel.INTERVAL_MS,
    ) -> Ints:
        """Times from node indices to every node (ms), (n_origins, n_nodes); −1 where there is no way.

        `cost_ms`: (n_links, n_intervals of `interval_ms`), as for `routes`; None: at free speed.
        """
        costs = _costs(self.graph.ways, self.free_cost_ms if cost_ms is None else cost_ms, interval_ms)
        table: Ints = kernel.node_times(np.asarray(origins, dtype=np.int64), np.int64(start_ms), self.graph.ways, costs)
        return table

    def link_tree(self, from_link: int) -> tuple[Ints, Ints]:
        """Free-speed times from the end of a link to the end of every link (ms), and the link before each.

        UNREACHED (2**62) where no way leads; the trees asked for last are kept for the next question.
        """
        tree = self._link_trees.get(from_link)
        if tree is None:
            tree = kernel.link_tree(from_link, self.graph.link_ways, _costs(self.graph.link_ways, self.free_cost_ms))
            self._link_trees[from_link] = tree
            if len(self._link_trees) > self._most_trees:
                self._link_trees.popitem(last=False)
        else:
            self._link_trees.move_to_end(from_link)
        return tree

    def trees_from_links(self, cost_ms: Ints) -> Callable[[int], tuple[Ints, Ints]]:
        """`link_tree` at other times over links, (n_links,), the same all day; nothing is kept."""
        ways = self.graph.link_ways
        costs = _costs(ways, cost_ms.reshape(-1, 1))
        return lambda from_link: kernel.link_tree(from_link, ways, costs)

    def way_finder(self, cost_ms: Ints, interval_ms: int) -> Callable[[int, int, int], NDArray[np.int32] | None]:
        """What tells, one at a time, the quickest way (links) from node to node at a departure (ms); None: no way.

        `cost_ms`: (n_links, n_intervals) by interval of the entry time; made ready once, so that a question is cheap.
        """
        graph, costs = self.graph, _costs(self.graph.ways, cost_ms, interval_ms)
        order, group_start = np.zeros(1, dtype=np.int64), np.array([0, 1], dtype=np.int64)
        pool = np.empty(len(graph.link_ids) + 1, dtype=np.int32)  # no quickest way drives a link twice

        def way(origin: int, destination: int, depart_ms: int) -> NDArray[np.int32] | None:
            origins, ends, departs = (np.array([x], dtype=np.int64) for x in (origin, destination, depart_ms))
            start, length, cost = (np.zeros(1, dtype=np.int64) for _ in range(3))
            kernel.route_groups(
                group_start, origins, departs, order, ends, 0, graph.ways, costs, start, length, cost, pool, 0
            )
            return pool[: length[0]].copy() if cost[0] >= 0 else None

        return way

    def link_path(self, from_link: str, to_link: str) -> tuple[str, ...] | None:
        """Links to drive after `from_link` up to and including `to_link`, at free speed; None for no way.

        From a link to itself: (), since one stands on it already.
        """
        graph = self.graph
        if from_link == to_link:
            return ()
        time_ms, before = self.link_tree(graph.link_index[from_link])
        link = graph.link_index[to_link]
        if time_ms[link] >= kernel.UNREACHED:
            return None
        path = []
        while link != kernel.NONE:
            path.append(graph.link_ids[link])
            link = int(before[link])
        return tuple(reversed(path))


def _costs(
    ways: kernel.Ways, cost_ms: Ints, interval_ms: int = kernel.INTERVAL_MS, wait_ms: Ints | None = None
) -> kernel.Costs:
    """A table of times over links as it is searched, with the least time of who waits for a later interval."""
    spent_ms = np.ascontiguousarray(np.minimum(cost_ms, _LONGEST_MS), dtype=np.int32)
    later_ms = spent_ms.copy()
    for interval in range(spent_ms.shape[1] - 2, -1, -1):
        waits = later_ms[:, interval + 1] + interval_ms
        later_ms[:, interval] = np.minimum(later_ms[:, interval], waits)
    waits_ms = (
        spent_ms[:0] if wait_ms is None else np.ascontiguousarray(np.minimum(wait_ms, _LONGEST_MS), dtype=np.int32)
    )
    return kernel.Costs(spent_ms, later_ms, waits_ms, interval_ms, kernel.static_ahead(ways, spent_ms))


_LONGEST_MS = 2**30  # 12 days: longer times over a link count as that
