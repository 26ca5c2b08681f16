"""The best of several places to drive to from the end of a link: a search that stops as soon as no other can be better.

What counts is the drive at free speed plus what each place costs beyond it (walk, price, risk). Searches stay small,
and no tree is kept: a city's drivers ask hundreds of thousands of times, each from where he stands.
"""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from twin.routing.graph import Ints, StreetGraph
from twin.routing.kernel import NONE, _pop, _push

LONGEST_MS = 1_800_000
"""Nobody looks for a place farther than half an hour of driving (ms)."""

NEVER_MS = np.int64(1 << 40)
"""Cost beyond the drive of a place that is out of the question."""

_SPOT_BITS = 24


class _Room(NamedTuple):
    """Room for one search, cleared by counting up `epoch`: labels of links, and the places at each node."""

    time_ms: NDArray[np.int64]
    before: NDArray[np.int32]
    seen: NDArray[np.int32]  # epoch in which the link's label was written
    queue: NDArray[np.int64]
    place_at: NDArray[np.int32]  # first place at the node
    marked: NDArray[np.int32]  # epoch in which place_at was written
    next_place: NDArray[np.int32]
    path: NDArray[np.int32]


class NearestPlaces:
    """Answers for one graph; keeps the room of its searches, not their trees."""

    def __init__(self, graph: StreetGraph, cost_ms: Ints | None = None) -> None:
        n_links, n_nodes = len(graph.link_ids), len(graph.node_ids)
        self._ways = graph.link_ways
        self._link_to = graph.link_to
        self._cost_ms = np.ascontiguousarray(graph.free_ms if cost_ms is None else cost_ms, dtype=np.int64)
        self._epoch = 0
        self._room = _Room(
            np.zeros(n_links, dtype=np.int64), np.zeros(n_links, dtype=np.int32), np.zeros(n_links, dtype=np.int32),
            np.zeros(len(self._ways.ahead) + 2, dtype=np.int64), np.zeros(n_nodes, dtype=np.int32),
            np.zeros(n_nodes, dtype=np.int32), np.zeros(64, dtype=np.int32), np.zeros(n_links + 1, dtype=np.int32),
        )  # fmt: skip

    def best(self, from_link: int, nodes: Ints, beyond_ms: Ints) -> tuple[int, int, NDArray[np.int32]]:
        """The place whose drive and cost beyond it are least: its position, the drive (ms), the links to drive.

        `nodes`: node of each place; `beyond_ms`: NEVER_MS: out of the question. Position −1: none can be reached. Of
        equals the first given wins.
        """
        if len(nodes) > len(self._room.next_place):
            self._room = self._room._replace(next_place=np.zeros(2 * len(nodes), dtype=np.int32))
        self._epoch += 1
        place, drive_ms, length = _best(
            from_link, self._link_to, nodes, beyond_ms, self._ways, self._cost_ms, self._epoch, self._room
        )
        return place, drive_ms, self._room.path[len(self._room.path) - length :].copy()


@numba.njit(cache=True)
def _best(from_link, link_to, nodes, beyond_ms, ways, cost_ms, epoch, room):
    """Dijkstra from the end of a link over ends of links; see `NearestPlaces.best`."""
    least_beyond = NEVER_MS
    for place in range(nodes.shape[0] - 1, -1, -1):
        if beyond_ms[place] >= NEVER_MS:
            continue
        least_beyond = min(least_beyond, beyond_ms[place])
        node = nodes[place]
        room.next_place[place] = room.place_at[node] if room.marked[node] == epoch else NONE
        room.place_at[node] = place
        room.marked[node] = epoch
    best, best_ms, best_drive, best_link = np.int64(NONE), NEVER_MS, np.int64(0), np.int32(NONE)
    here = link_to[from_link]
    if room.marked[here] == epoch:
        place = room.place_at[here]
        while place != NONE:
            if beyond_ms[place] < best_ms:
                best, best_ms = place, beyond_ms[place]
            place = room.next_place[place]
    size = 0
    for i in range(ways.ahead_start[from_link], ways.ahead_start[from_link + 1]):
        size = _reach(ways.ahead[i], NONE, np.int64(ways.penalty_ms[i]), cost_ms, epoch, room, size)
    while size > 0 and least_beyond < NEVER_MS:
        key = room.queue[0]
        now = key >> _SPOT_BITS
        if now + least_beyond >= best_ms or now > LONGEST_MS:
            break
        size = _pop(room.queue, size)
        link = np.int32(key & ((1 << _SPOT_BITS) - 1))
        if now > room.time_ms[link]:
            continue
        node = link_to[link]
        if room.marked[node] == epoch:
            place = room.place_at[node]
            while place != NONE:
                if now + beyond_ms[place] < best_ms:
                    best, best_ms, best_drive, best_link = place, now + beyond_ms[place], now, link
                place = room.next_place[place]
        for i in range(ways.ahead_start[link], ways.ahead_start[link + 1]):
            size = _reach(ways.ahead[i], link, now + ways.penalty_ms[i], cost_ms, epoch, room, size)
    length = 0
    link = best_link
    while link != NONE:
        length += 1
        room.path[room.path.shape[0] - length] = link
        link = room.before[link]
    return best, best_drive, length


@numba.njit(cache=True)
def _reach(link, before, entry_ms, cost_ms, epoch, room, size):
    """Label the end of a link where it is reached sooner than before, or as soon by a link of lower index."""
    reached = entry_ms + cost_ms[link]
    if room.seen[link] != epoch or reached < room.time_ms[link]:
        room.seen[link] = epoch
        room.time_ms[link] = reached
        room.before[link] = before
        return _push(room.queue, size, (reached << _SPOT_BITS) | link)
    if reached == room.time_ms[link] and before < room.before[link]:
        room.before[link] = before
    return size
