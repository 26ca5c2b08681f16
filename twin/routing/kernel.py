"""Dijkstra's algorithm over links and turns, compiled.

Labels are arrival times at the *end* of a link in integer milliseconds. Costs may depend on the time of day:
`cost_ms[link, k]` holds for entries in the k-th interval of 900 s, the last column for all later ones, so a
static cost is a table of one column. Ties are canonical: among equal times the predecessor with the lowest link
index wins, which does not depend on the order in which the queue gives equal keys; costs are at least 1 ms, so
every equal predecessor has settled before the link does.
"""

import numba
import numpy as np

INTERVAL_MS = 900_000
NONE = -1
UNREACHED = np.int64(2**62)


@numba.njit(cache=True)
def _push(heap_key, heap_link, size, key, link):
    i = size
    while i > 0:
        parent = (i - 1) >> 1
        if heap_key[parent] <= key:
            break
        heap_key[i] = heap_key[parent]
        heap_link[i] = heap_link[parent]
        i = parent
    heap_key[i] = key
    heap_link[i] = link
    return size + 1


@numba.njit(cache=True)
def _pop(heap_key, heap_link, size):
    size -= 1
    key = heap_key[size]
    link = heap_link[size]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and heap_key[child + 1] < heap_key[child]:
            child += 1
        if heap_key[child] >= key:
            break
        heap_key[i] = heap_key[child]
        heap_link[i] = heap_link[child]
        i = child
    heap_key[i] = key
    heap_link[i] = link
    return size


@numba.njit(cache=True)
def grow_tree(
    start_links,
    start_ms,
    cost_ms,
    turn_start,
    turn_to,
    turn_penalty_ms,
    link_to,
    wanted,
    n_wanted,
    time_ms,
    before,
    settled,
    heap_key,
    heap_link,
):
    """Fill `time_ms` (arrival at each link's end) and `before` (link before it) from the start links.

    Stops once `n_wanted` nodes marked in `wanted` have been reached (0: grow the whole tree). A node is reached
    canonically only when no equal label can still improve: the search goes on through all keys equal to the last.
    """
    n_intervals = cost_ms.shape[1]
    time_ms[:] = UNREACHED
    before[:] = NONE
    settled[:] = False
    size = 0
    column = min(max(start_ms // INTERVAL_MS, 0), n_intervals - 1)
    for link in start_links:
        time_ms[link] = start_ms + cost_ms[link, column]
        size = _push(heap_key, heap_link, size, time_ms[link], link)
    missing = n_wanted
    stop_after = UNREACHED
    while size > 0:
        key = heap_key[0]
        link = heap_link[0]
        size = _pop(heap_key, heap_link, size)
        if settled[link]:
            continue
        if key > stop_after:
            break
        settled[link] = True
        if n_wanted > 0 and wanted[link_to[link]]:
            wanted[link_to[link]] = False
            missing -= 1
            if missing == 0:
                stop_after = key
        for turn in range(turn_start[link], turn_start[link + 1]):
            onward = turn_to[turn]
            if settled[onward]:
                continue
            entry = key + turn_penalty_ms[turn]
            column = min(max(entry // INTERVAL_MS, 0), n_intervals - 1)
            reached = entry + cost_ms[onward, column]
            if reached < time_ms[onward]:
                time_ms[onward] = reached
                before[onward] = link
                size = _push(heap_key, heap_link, size, reached, onward)
            elif reached == time_ms[onward] and before[onward] != NONE and link < before[onward]:
                before[onward] = link


@numba.njit(cache=True)
def _last_link(node, in_start, in_links, time_ms):
    """The link by which a node is reached first, the lowest index among equals; NONE where it is not."""
    best = NONE
    for position in range(in_start[node], in_start[node + 1]):
        link = in_links[position]
        if time_ms[link] < UNREACHED and (best == NONE or time_ms[link] < time_ms[best]):
            best = link
    return best


@numba.njit(cache=True)
def route_groups(
    group_start,
    group_origin,
    group_start_ms,
    order,
    destination,
    first_group,
    cost_ms,
    turn_start,
    turn_to,
    turn_penalty_ms,
    link_to,
    out_start,
    out_links,
    in_start,
    in_links,
    route_at,
    route_length,
    route_cost_ms,
    pool,
    pool_used,
):
    """Routes of travellers grouped by origin and departure, one tree a group.

    Writes each route's links into `pool` (first to last) and its place into `route_at`/`route_length`; cost −1
    and length 0 where there is no way, or where origin and destination are one node (cost 0).
    Returns (next group to do, pool used): fewer than all groups when the pool is too small for the next.
    """
    n_links = link_to.shape[0]
    n_nodes = out_start.shape[0] - 1
    time_ms = np.empty(n_links, dtype=np.int64)
    before = np.empty(n_links, dtype=np.int64)
    settled = np.empty(n_links, dtype=np.bool_)
    heap_key = np.empty(turn_to.shape[0] + n_links + 1, dtype=np.int64)
    heap_link = np.empty(turn_to.shape[0] + n_links + 1, dtype=np.int64)
    wanted = np.zeros(n_nodes, dtype=np.bool_)
    for group in range(first_group, group_origin.shape[0]):
        members = order[group_start[group] : group_start[group + 1]]
        if pool.shape[0] - pool_used < members.shape[0] * 8 + n_links:
            return group, pool_used
        origin = group_origin[group]
        n_wanted = 0
        for member in members:
            node = destination[member]
            if node != origin and not wanted[node]:
                wanted[node] = True
                n_wanted += 1
        if n_wanted > 0:
            grow_tree(
                out_links[out_start[origin] : out_start[origin + 1]],
                group_start_ms[group],
                cost_ms,
                turn_start,
                turn_to,
                turn_penalty_ms,
                link_to,
                wanted,
                n_wanted,
                time_ms,
                before,
                settled,
                heap_key,
                heap_link,
            )
        used_before = pool_used
        full = False
        for member in members:
            node = destination[member]
            wanted[node] = False
            route_at[member] = pool_used
            route_length[member] = 0
            route_cost_ms[member] = 0
            if node == origin:
                continue
            last = _last_link(node, in_start, in_links, time_ms)
            if last == NONE:
                route_cost_ms[member] = -1
                continue
            length = 0
            link = last
            while link != NONE:
                length += 1
                link = before[link]
            if pool_used + length > pool.shape[0]:
                full = True
                break
            link = last
            for step in range(length):
                pool[pool_used + length - 1 - step] = link
                link = before[link]
            route_length[member] = length
            route_cost_ms[member] = time_ms[last] - group_start_ms[group]
            pool_used += length
        if full:
            for member in members:
                wanted[destination[member]] = False
            return group, used_before
    return group_origin.shape[0], pool_used


@numba.njit(cache=True)
def node_times(origin_nodes, start_ms, cost_ms, turn_start, turn_to, turn_penalty_ms, link_to, out_start, out_links):
    """Travel time in ms from each origin node to every node, (n_origins, n_nodes); −1 where there is no way."""
    n_links = link_to.shape[0]
    n_nodes = out_start.shape[0] - 1
    time_ms = np.empty(n_links, dtype=np.int64)
    before = np.empty(n_links, dtype=np.int64)
    settled = np.empty(n_links, dtype=np.bool_)
    heap_key = np.empty(turn_to.shape[0] + n_links + 1, dtype=np.int64)
    heap_link = np.empty(turn_to.shape[0] + n_links + 1, dtype=np.int64)
    wanted = np.zeros(n_nodes, dtype=np.bool_)
    table = np.full((origin_nodes.shape[0], n_nodes), np.int64(-1))
    for row in range(origin_nodes.shape[0]):
        origin = origin_nodes[row]
        grow_tree(
            out_links[out_start[origin] : out_start[origin + 1]],
            start_ms,
            cost_ms,
            turn_start,
            turn_to,
            turn_penalty_ms,
            link_to,
            wanted,
            0,
            time_ms,
            before,
            settled,
            heap_key,
            heap_link,
        )
        for link in range(n_links):
            if time_ms[link] < UNREACHED:
                spent = time_ms[link] - start_ms
                node = link_to[link]
                if table[row, node] < 0 or spent < table[row, node]:
                    table[row, node] = spent
        table[row, origin] = 0
    return table


@numba.njit(cache=True)
def link_times(
    from_link, cost_ms, turn_start, turn_to, turn_penalty_ms, link_to, time_ms, before, settled, heap_key, heap_link
):
    """Tree from the end of one link, obeying its turns: fills `time_ms` and `before` (static costs)."""
    start = turn_to[turn_start[from_link] : turn_start[from_link + 1]]
    wanted = np.zeros(1, dtype=np.bool_)
    grow_tree(
        start,
        np.int64(0),
        cost_ms,
        turn_start,
        turn_to,
        turn_penalty_ms,
        link_to,
        wanted,
        0,
        time_ms,
        before,
        settled,
        heap_key,
        heap_link,
    )


@numba.njit(cache=True)
def route_costs(route_at, route_length, links, depart_ms, cost_ms, turn_start, turn_to, turn_penalty_ms, cost):
    """Time of each route from its departure on under time-dependent costs (ms), written into `cost`."""
    n_intervals = cost_ms.shape[1]
    for i in range(route_at.shape[0]):
        now = depart_ms[i]
        for at in range(route_at[i], route_at[i] + route_length[i]):
            link = links[at]
            if at > route_at[i]:
                for turn in range(turn_start[links[at - 1]], turn_start[links[at - 1] + 1]):
                    if turn_to[turn] == link:
                        now += turn_penalty_ms[turn]
                        break
            column = min(max(now // INTERVAL_MS, 0), n_intervals - 1)
            now += cost_ms[link, column]
        cost[i] = now - depart_ms[i]
