"""Which buses to take: optimal strategies on lines that run by frequency, one for each destination.

A strategy is not one path: at a stop a rider waits for a set of attractive lines and boards whichever comes first. The
set is that which makes the expected cost least; a slow line that comes at once may be worth more than a fast one later.
Source: Spiess & Florian 1989, "Optimal strategies: a new assignment model for transit networks", Transportation
Research B 23(2), 83–102. Arcs are taken up in order of their cost, from the destination backward.
Leaves out timetables that fit together, and crowding.
"""

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

WALK_WEIGHT = 2.0
"""Cost of a second of walking, in seconds aboard (2.0 in practice, parking-and-bus notes 5.3)."""
WAIT_WEIGHT = 2.0
"""Cost of a second of waiting (2.0–2.5)."""
BOARDING_COST_S = 300.0
"""Cost of each boarding beside its wait (transfer penalty 5–10 min in practice; the lower end)."""

WAITS, GOES_TO_END = -2, -1


@dataclass(frozen=True, eq=False)
class LineGraph:
    """Stops of all lines as rows, those of a line in order, and the places they stand at.

    `ride_s[r]`: time from row r to the next of its line, inf at the last. `per_s[r]`: buses a second of its line, 0:
    none in these hours. `walk_start`, `walk_place`, `walk_s`: for each place the places one can walk to, both ways
    alike.
    """

    place: Ints
    ride_s: Floats
    per_s: Floats
    n_places: int
    walk_start: Ints
    walk_place: Ints
    walk_s: Floats


@dataclass(frozen=True, eq=False)
class Strategies:
    """For each destination: the rows at which to board and to get off (1), where to walk from each place, and what the
    rest of the trip costs from there (s aboard; inf: no way). Shapes (n_destinations, n_rows) and (…, n_places).
    """

    boards: NDArray[np.uint8]
    alights: NDArray[np.uint8]
    walk_to: NDArray[np.int16]
    walk_s: NDArray[np.float32]
    cost_s: NDArray[np.float32]


def strategies(
    graph: LineGraph,
    near_start: Ints,
    near_place: Ints,
    near_walk_s: Floats,
    *,
    boarding_cost_s: float = BOARDING_COST_S,
) -> Strategies:
    """Optimal strategies to each destination; destination d is walked to from the places
    `near_place[near_start[d]:near_start[d + 1]]` in `near_walk_s` seconds. Wait and walk have the weights above;
    each boarding costs `boarding_cost_s`.
    """
    n, n_rows = len(near_start) - 1, len(graph.place)
    order = np.argsort(graph.place, kind="stable").astype(np.int64)
    row_start = np.searchsorted(graph.place[order], np.arange(graph.n_places + 1)).astype(np.int64)
    found = Strategies(
        np.zeros((n, n_rows), dtype=np.uint8),
        np.zeros((n, n_rows), dtype=np.uint8),
        np.full((n, graph.n_places), WAITS, dtype=np.int16),
        np.zeros((n, graph.n_places), dtype=np.float32),
        np.full((n, graph.n_places), np.inf, dtype=np.float32),
    )
    _all_strategies(
        graph.place, graph.ride_s, graph.per_s, row_start, order, graph.walk_start, graph.walk_place, graph.walk_s,
        near_start, near_place, near_walk_s, boarding_cost_s, found.boards, found.alights, found.walk_to,
        found.walk_s, found.cost_s,
    )  # fmt: skip
    return found


@njit(cache=True)
def _all_strategies(
    place: Any, ride_s: Any, per_s: Any, row_start: Any, row_of: Any, walk_start: Any, walk_place: Any, walk_s: Any,
    near_start: Any, near_place: Any, near_walk_s: Any, boarding_cost_s: Any, boards: Any, alights: Any, walk_to: Any,
    onward_s: Any, cost_s: Any,
) -> None:  # fmt: skip
    """Label setting from each destination backward; entries of the heap are (cost, number) so that ties are
    canonical.
    """
    n_rows, n_places = len(place), cost_s.shape[1]
    aboard = np.empty(n_rows)  # cost on coming to a row, aboard
    waiting, frequency = np.empty(n_places), np.empty(n_places)
    walking = np.empty(n_places)
    row_done, place_done = np.empty(n_rows, dtype=np.bool_), np.empty(n_places, dtype=np.bool_)
    for d in range(len(near_start) - 1):
        aboard[:] = np.inf
        waiting[:] = np.inf
        walking[:] = np.inf
        frequency[:] = 0.0
        row_done[:] = False
        place_done[:] = False
        # Entries: (cost, number); numbers: places, then rows reached aboard, then rows boarded.
        heap = [(np.inf, np.int64(0))]
        for k in range(near_start[d], near_start[d + 1]):
            p = near_place[k]
            if WALK_WEIGHT * near_walk_s[k] < walking[p]:
                walking[p] = WALK_WEIGHT * near_walk_s[k]
                walk_to[d, p] = GOES_TO_END
                onward_s[d, p] = near_walk_s[k]
                heappush(heap, (walking[p], np.int64(p)))
        while heap[0][0] < np.inf:
            cost, number = heappop(heap)
            if number < n_places:
                p = number
                if place_done[p] or cost > min(waiting[p], walking[p]):
                    continue
                place_done[p] = True
                cost_s[d, p] = cost
                is_waiting = waiting[p] < walking[p]
                if is_waiting:
                    walk_to[d, p] = WAITS
                    onward_s[d, p] = 0.0
                for k in range(row_start[p], row_start[p + 1]):
                    r = row_of[k]
                    if cost < aboard[r]:
                        aboard[r] = cost
                        alights[d, r] = 1
                        heappush(heap, (cost, np.int64(n_places + r)))
                if is_waiting:
                    for k in range(walk_start[p], walk_start[p + 1]):
                        q = walk_place[k]
                        there = cost + WALK_WEIGHT * walk_s[k]
                        if not place_done[q] and there < walking[q]:
                            walking[q] = there
                            walk_to[d, q] = p
                            onward_s[d, q] = walk_s[k]
                            heappush(heap, (there, np.int64(q)))
            elif number < n_places + n_rows:
                r = number - n_places
                if row_done[r] or cost > aboard[r]:
                    continue
                row_done[r] = True
                if r == 0 or not np.isfinite(ride_s[r - 1]):
                    continue
                through = cost + ride_s[r - 1]
                if through < aboard[r - 1]:
                    aboard[r - 1] = through
                    alights[d, r - 1] = 0
                    heappush(heap, (through, np.int64(n_places + r - 1)))
                if per_s[r - 1] > 0.0:
                    heappush(heap, (through + boarding_cost_s, np.int64(n_places + n_rows + r - 1)))
            else:
                r = number - n_places - n_rows
                p = place[r]
                if place_done[p] or cost >= waiting[p]:
                    continue
                f = per_s[r]
                if frequency[p] == 0.0:
                    waiting[p] = 0.5 * WAIT_WEIGHT / f + cost
                else:
                    waiting[p] = (frequency[p] * waiting[p] + f * cost) / (frequency[p] + f)
                frequency[p] += f
                boards[d, r] = 1
                heappush(heap, (waiting[p], np.int64(p)))
        for p in range(n_places):
            if walk_to[d, p] != WAITS or not place_done[p]:
                for k in range(row_start[p], row_start[p + 1]):
                    boards[d, row_of[k]] = 0


@dataclass(frozen=True, eq=False)
class Loads:
    """Expected riders by row when all follow their strategies: who boards there, gets off there, and is aboard from
    there to the next row. `waiting`: riders who wait at each place. `saved_s`: rider-seconds of wait that a line's
    riders would save at each row for each whole time its frequency rises, others' left alone.
    """

    boards: Floats
    alights: Floats
    aboard: Floats
    waiting: Floats
    saved_s: Floats


def loads(graph: LineGraph, found: Strategies, destination: Ints, place: Ints) -> Loads:
    """Riders who start at places (≥ 0) for destinations, loaded on the lines; a line's share is that of its frequency.

    Source: Spiess & Florian 1989, part two of the algorithm: places in falling order of cost. No bus is ever full.
    """
    rides = place >= 0
    demand = np.zeros((len(found.boards), graph.n_places))
    np.add.at(demand, (destination[rides], place[rides]), 1.0)
    order = np.argsort(graph.place, kind="stable").astype(np.int64)
    row_start = np.searchsorted(graph.place[order], np.arange(graph.n_places + 1)).astype(np.int64)
    n = len(graph.place)
    result = Loads(np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(graph.n_places), np.zeros(n))
    for d in np.flatnonzero(demand.any(axis=1)):
        by_cost = np.argsort(-found.cost_s[d], kind="stable").astype(np.int64)
        _load(
            demand[d], by_cost, graph.place, graph.ride_s, graph.per_s, row_start, order, found.boards[d],
            found.alights[d], found.walk_to[d], result.boards, result.alights, result.aboard, result.waiting,
            result.saved_s,
        )  # fmt: skip
    return result


@njit(cache=True)
def _load(
    flow: Any, by_cost: Any, place: Any, ride_s: Any, per_s: Any, row_start: Any, row_of: Any, boards: Any,
    alights: Any, walk_to: Any, boarding: Any, alighting: Any, aboard: Any, waiting: Any, saved_s: Any,
) -> None:  # fmt: skip
    """The riders of one destination; who has passed a place never comes back to it, since costs fall on the way."""
    for p in by_cost:
        riders = flow[p]
        if riders <= 0.0:
            continue
        if walk_to[p] >= 0:
            flow[walk_to[p]] += riders
            continue
        if walk_to[p] == GOES_TO_END:
            continue
        total = 0.0
        for k in range(row_start[p], row_start[p + 1]):
            if boards[row_of[k]]:
                total += per_s[row_of[k]]
        if total <= 0.0:
            continue
        waiting[p] += riders
        for k in range(row_start[p], row_start[p + 1]):
            r = row_of[k]
            if not boards[r]:
                continue
            share = riders * per_s[r] / total
            boarding[r] += share
            saved_s[r] += share * 0.5 / total
            while True:
                aboard[r] += share
                r += 1
                if alights[r] or not np.isfinite(ride_s[r]):
                    break
            alighting[r] += share
            flow[place[r]] += share
