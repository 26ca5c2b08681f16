"""Dijkstra's algorithm over spots and links, compiled.

A *spot* is where a driver stands with the same ways ahead, whatever the way there: a node, or, where turns are
restricted or cost time, the end of one link (`graph.Ways`). Labels are arrival times in integer milliseconds.

Costs may depend on the time of day: `spent_ms[link, k]` holds for entries in the k-th interval, the last column for all
later ones, so a static cost is a table of one column. Nobody who enters a link earlier leaves it later
(`time_over`), so that label setting is exact (Dreyfus 1969; Kaufman & Smith 1993).

Ties are canonical: among equal times the link with the lowest index wins, then the spot with the lowest index before
it. Costs are at least 1 ms, so whatever could tie has settled before: the order in which the queue gives equal keys
decides nothing.
"""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

INTERVAL_MS = 900_000  # of costs by time of day, where no other is given
NONE = -1
UNREACHED = np.int64(2**62)

_SPOT_BITS = 24  # the queue's keys are time × 2**24 + spot: one number to move, times to 2**39 ms, 17 years


class Ways(NamedTuple):
    """Where one stands and how one goes on, as arrays.

    `spot_of`: (n_links,), where one stands at a link's end; `node_of`: (n_spots,), node of each spot. Ways ahead of
    spot s: entries `ahead_start[s]:ahead_start[s + 1]` of `ahead` (link) and `penalty_ms` (to turn into it).
    Spots of node v: `spots[spots_start[v]:spots_start[v + 1]]`. Links out of it, where trips start, likewise.
    """

    spot_of: NDArray[np.int32]
    node_of: NDArray[np.int32]
    ahead_start: NDArray[np.int32]
    ahead: NDArray[np.int32]
    ahead_spot: NDArray[np.int32]
    penalty_ms: NDArray[np.int32]
    spots_start: NDArray[np.int32]
    spots: NDArray[np.int32]
    out_start: NDArray[np.int32]
    out: NDArray[np.int32]


class Costs(NamedTuple):
    """Times by interval (ms), (n_links, n_intervals): `spent_ms` over each link by entry; `later_ms` the least of who
    enters at an interval's start or waits for a later one; `wait_ms` before a trip may start on it (no rows: none).
    `ahead_ms`: turn and link for each entry of `Ways.ahead`, where times are the same all day (no rows: they are not).
    """

    spent_ms: NDArray[np.int32]
    later_ms: NDArray[np.int32]
    wait_ms: NDArray[np.int32]
    interval_ms: int
    ahead_ms: NDArray[np.int32]


class Tree(NamedTuple):
    """Room for one search: per spot the arrival, the link it came by and the spot before; and the queue."""

    time_ms: NDArray[np.int64]
    by: NDArray[np.int32]
    before: NDArray[np.int32]
    queue: NDArray[np.int64]


def static_ahead(ways: Ways, spent_ms: NDArray[np.int32]) -> NDArray[np.int32]:
    """`Costs.ahead_ms`."""
    if spent_ms.shape[1] > 1:
        return np.zeros(0, dtype=np.int32)
    ahead_ms: NDArray[np.int32] = ways.penalty_ms + spent_ms[ways.ahead, 0]
    return ahead_ms


@numba.njit(cache=True)
def new_tree(ways):
    n = ways.node_of.shape[0]
    room = ways.ahead.shape[0] + ways.out.shape[0] + 1
    return Tree(
        np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32),
        np.empty(room, dtype=np.int64),
    )  # fmt: skip


@numba.njit(cache=True)
def _push(queue, size, key):
    i = size
    while i > 0:
        parent = (i - 1) >> 1
        if queue[parent] <= key:
            break
        queue[i] = queue[parent]
        i = parent
    queue[i] = key
    return size + 1


@numba.njit(cache=True)
def _pop(queue, size):
    """Take the least key away: the hole sinks to a leaf by the lesser child, then the last key rises from there."""
    size -= 1
    key = queue[size]
    queue[size] = UNREACHED  # so that a child without a sibling is the lesser
    i = 0
    child = 1
    while child < size:
        child += queue[child + 1] < queue[child]
        queue[i] = queue[child]
        i = child
        child = 2 * i + 1
    while i > 0:
        parent = (i - 1) >> 1
        if queue[parent] <= key:
            break
        queue[i] = queue[parent]
        i = parent
    queue[i] = key
    return size


@numba.njit(cache=True, inline="always")
def time_over(spent_ms, later_ms, interval_ms, link, entry_ms):
    """Time over a link (ms) from an entry on: its interval's, or less where who comes later is through earlier."""
    last = spent_ms.shape[1] - 1
    if last == 0:
        return np.int64(spent_ms[link, 0])
    column = min(max(entry_ms // interval_ms, 0), last)
    spent = np.int64(spent_ms[link, column])
    if column < last:
        spent = min(spent, (column + 1) * interval_ms - entry_ms + later_ms[link, column + 1])
    return spent


@numba.njit(cache=True)
def start_wait(costs, link, depart_ms):
    """How long a trip that wants to start on a link waits outside (ms)."""
    if costs.wait_ms.shape[0] == 0:
        return np.int64(0)
    column = min(max(depart_ms // costs.interval_ms, 0), costs.wait_ms.shape[1] - 1)
    return np.int64(costs.wait_ms[link, column])


@numba.njit(cache=True)
def grow_tree(origin, start_links, start_ms, ways, costs, wanted, n_wanted, tree):
    """Fill `tree` from the start links, which are entered at `start_ms` or after the wait outside them.

    No way comes back to the node `origin` (NONE: any may): it would only be driven to jump the queue outside. Stops
    once `n_wanted` nodes marked in `wanted` have been reached (0: grow the whole tree); marks are taken away from
    nodes reached. All labels up to the last one's time are final then.
    """
    time_ms, by, before, queue = tree
    spent_ms, later_ms, _, interval_ms, ahead_ms = costs
    ahead_start, ahead, ahead_spot, penalty_ms = ways.ahead_start, ways.ahead, ways.ahead_spot, ways.penalty_ms
    time_ms[:] = UNREACHED
    if origin != NONE:
        for i in range(ways.spots_start[origin], ways.spots_start[origin + 1]):
            time_ms[ways.spots[i]] = start_ms
    size = 0
    for link in start_links:
        entry = start_ms + start_wait(costs, link, start_ms)
        reached = entry + time_over(spent_ms, later_ms, interval_ms, link, entry)
        spot = ways.spot_of[link]
        if reached < time_ms[spot] or (reached == time_ms[spot] and link < by[spot]):
            time_ms[spot] = reached
            by[spot] = link
            before[spot] = NONE
            size = _push(queue, size, (reached << _SPOT_BITS) | spot)
    missing = n_wanted
    is_static = ahead_ms.shape[0] > 0
    while size > 0:
        key = queue[0]
        size = _pop(queue, size)
        now = key >> _SPOT_BITS
        here = np.int32(key & ((1 << _SPOT_BITS) - 1))
        if now > time_ms[here]:
            continue
        if n_wanted > 0 and wanted[ways.node_of[here]]:
            wanted[ways.node_of[here]] = False
            missing -= 1
            if missing == 0:
                break
        for i in range(ahead_start[here], ahead_start[here + 1]):
            link = ahead[i]
            if is_static:
                reached = now + ahead_ms[i]
            else:
                entry = now + penalty_ms[i]
                reached = entry + time_over(spent_ms, later_ms, interval_ms, link, entry)
            spot = ahead_spot[i]
            if reached < time_ms[spot]:
                time_ms[spot] = reached
                by[spot] = link
                before[spot] = here
                size = _push(queue, size, (reached << _SPOT_BITS) | spot)
            elif reached == time_ms[spot] and (link < by[spot] or (link == by[spot] and here < before[spot])):
                by[spot] = link
                before[spot] = here


@numba.njit(cache=True)
def _first_spot(node, ways, time_ms):
    """Where a node is reached first, the lowest spot among equals; NONE where it is not."""
    best = NONE
    for i in range(ways.spots_start[node], ways.spots_start[node + 1]):
        spot = ways.spots[i]
        if time_ms[spot] < UNREACHED and (best == NONE or time_ms[spot] < time_ms[best]):
            best = spot
    return best


@numba.njit(cache=True, nogil=True)
def route_groups(
    group_start, group_origin, group_start_ms, order, destination, first_group, ways, costs, route_at, route_length,
    route_cost_ms, pool, pool_used,
):  # fmt: skip
    """Routes of travellers grouped by origin and departure, one tree a group.

    Writes each route's links into `pool` (first to last) and its place into `route_at`/`route_length`; cost −1
    and length 0 where there is no way, or where origin and destination are one node (cost 0).
    Returns (next group to do, pool used): fewer than all groups when the pool is too small for the next.
    """
    tree = new_tree(ways)
    time_ms, by, before, _ = tree
    wanted = np.zeros(ways.out_start.shape[0] - 1, dtype=np.bool_)
    for group in range(first_group, group_origin.shape[0]):
        members = order[group_start[group] : group_start[group + 1]]
        origin = group_origin[group]
        n_wanted = 0
        for member in members:
            node = destination[member]
            if node != origin and not wanted[node]:
                wanted[node] = True
                n_wanted += 1
        if n_wanted > 0:
            out = ways.out[ways.out_start[origin] : ways.out_start[origin + 1]]
            grow_tree(origin, out, group_start_ms[group], ways, costs, wanted, n_wanted, tree)
        used_before = pool_used
        for member in members:
            node = destination[member]
            wanted[node] = False
            route_at[member] = pool_used
            route_length[member] = 0
            route_cost_ms[member] = 0
            if node == origin:
                continue
            last = _first_spot(node, ways, time_ms)
            if last == NONE:
                route_cost_ms[member] = -1
                continue
            length = 0
            spot = last
            while spot != NONE:
                length += 1
                spot = before[spot]
            if pool_used + length > pool.shape[0]:
                for other in members:
                    wanted[destination[other]] = False
                return group, used_before
            spot = last
            for at in range(pool_used + length - 1, pool_used - 1, -1):
                pool[at] = by[spot]
                spot = before[spot]
            route_length[member] = length
            route_cost_ms[member] = time_ms[last] - group_start_ms[group]
            pool_used += length
    return group_origin.shape[0], pool_used


@numba.njit(cache=True)
def load_groups(group_start, group_origin, destination, flow, ways, costs, volume):
    """Add the flow of every pair to the links of its quickest way: `volume` (n_links, k), `flow` (n_pairs, k).

    Pairs are sorted by origin, those of group g at `group_start[g]:group_start[g + 1]`. Returns the number of pairs
    that have no way; their flow is nowhere.
    """
    tree = new_tree(ways)
    time_ms, by, before, _ = tree
    wanted = np.zeros(ways.out_start.shape[0] - 1, dtype=np.bool_)
    lost = 0
    for group in range(group_origin.shape[0]):
        origin = group_origin[group]
        n_wanted = 0
        for pair in range(group_start[group], group_start[group + 1]):
            if not wanted[destination[pair]]:
                wanted[destination[pair]] = True
                n_wanted += 1
        out = ways.out[ways.out_start[origin] : ways.out_start[origin + 1]]
        grow_tree(origin, out, np.int64(0), ways, costs, wanted, n_wanted, tree)
        for pair in range(group_start[group], group_start[group + 1]):
            wanted[destination[pair]] = False
            spot = _first_spot(destination[pair], ways, time_ms)
            lost += spot == NONE
            while spot != NONE:
                for kind in range(flow.shape[1]):
                    volume[by[spot], kind] += flow[pair, kind]
                spot = before[spot]
    return lost


@numba.njit(cache=True)
def node_times(origin_nodes, start_ms, ways, costs):
    """Travel time in ms from each origin node to every node, (n_origins, n_nodes); −1 where there is no way."""
    tree = new_tree(ways)
    wanted = np.zeros(1, dtype=np.bool_)
    n_nodes = ways.out_start.shape[0] - 1
    table = np.full((origin_nodes.shape[0], n_nodes), np.int64(-1))
    for row in range(origin_nodes.shape[0]):
        origin = origin_nodes[row]
        out = ways.out[ways.out_start[origin] : ways.out_start[origin + 1]]
        grow_tree(origin, out, start_ms, ways, costs, wanted, 0, tree)
        for node in range(n_nodes):
            spot = _first_spot(node, ways, tree.time_ms)
            if spot != NONE:
                table[row, node] = tree.time_ms[spot] - start_ms
        table[row, origin] = 0
    return table


@numba.njit(cache=True)
def link_tree(from_link, ways, costs):
    """Tree from the end of one link, obeying its turns: arrival at each link's end, and the link before.

    `ways` must have a spot for each link (spot = link).
    """
    tree = new_tree(ways)
    wanted = np.zeros(1, dtype=np.bool_)
    start = ways.ahead[ways.ahead_start[from_link] : ways.ahead_start[from_link + 1]]
    grow_tree(NONE, start, np.int64(0), ways, costs, wanted, 0, tree)
    before = np.full(tree.before.shape[0], np.int64(NONE))
    for spot in range(before.shape[0]):
        if tree.time_ms[spot] < UNREACHED:
            before[spot] = tree.before[spot]
    return tree.time_ms, before


@numba.njit(cache=True, nogil=True)
def route_costs(route_at, route_length, links, depart_ms, costs, turn_start, turn_to, turn_penalty_ms, cost):
    """Time of each route from its departure on under time-dependent costs (ms), written into `cost`."""
    spent_ms, later_ms, interval_ms = costs.spent_ms, costs.later_ms, costs.interval_ms
    for i in range(route_at.shape[0]):
        now = depart_ms[i]
        if route_length[i] > 0:
            now += start_wait(costs, links[route_at[i]], now)
        for at in range(route_at[i], route_at[i] + route_length[i]):
            link = links[at]
            if at > route_at[i]:
                for turn in range(turn_start[links[at - 1]], turn_start[links[at - 1] + 1]):
                    if turn_to[turn] == link:
                        now += turn_penalty_ms[turn]
                        break
            now += time_over(spent_ms, later_ms, interval_ms, link, now)
        cost[i] = now - depart_ms[i]
