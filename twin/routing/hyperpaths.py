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
