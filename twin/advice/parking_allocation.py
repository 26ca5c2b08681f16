"""Where blocks of spaces go: each to where it is worth most now, within limits; then exchanged while that helps.

Knows nothing of cars: it is given a value of any vector of spaces. Greedy steps are the best there are where the value
is concave and places do not touch one another; exchanges mend what neighbours spoil.
"""

import heapq
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Value = Callable[[Ints], float]
Tell = Callable[[int, int], None]

MOST_EXCHANGES = 10
MOST_TAKERS = 8  # places that promise most after the last step; others are not tried in exchanges
SURELY = 1e-9
"""Part of a value by which an exchange must be better to be made."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a place can take: at most so many spaces; `group` shares the limits of the plan."""

    group: str
    most_spaces: int


@dataclass(frozen=True, slots=True)
class Limits:
    """`floors`: least spaces by group; `budget_yuan` with `cost_yuan(place, spaces)`: what all may cost."""

    floors: Mapping[str, int]
    budget_yuan: float | None = None  # None: money is no limit

    @property
    def most_yuan(self) -> float:
        """The budget as a number."""
        return math.inf if self.budget_yuan is None else self.budget_yuan


@dataclass(frozen=True, slots=True)
class Step:
    """One block: at which place, all spaces then placed, and what they are worth together."""

    place: int
    spaces: int
    value: float
    gain: float


@dataclass(frozen=True, eq=False)
class Allocation:
    """Spaces at each place, in order of the places; the steps that led there, and what exchanges added to the value."""

    spaces: Ints
    steps: tuple[Step, ...]
    exchanged: float

    @property
    def value(self) -> float:
        return (self.steps[-1].value if self.steps else 0.0) + self.exchanged


def _silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


def allocate(
    value: Value,
    places: Sequence[Room],
    *,
    spaces: int,
    block: int,
    limits: Limits | None = None,
    cost_yuan: Callable[[int, int], float] = lambda place, spaces: 0.0,
    tell: Tell = _silent,
) -> Allocation:
    """Spaces in blocks of one size (the last may be smaller), each where it adds most to the value of all.

    With a budget a block goes where it adds most for its money, and placing ends where no block can be paid. While
    floors are not met, no block goes where it would leave too few for them. Gains are looked at again only where an
    older look promised most (lazy greedy, Minoux 1978).
    """
    limits = limits or Limits({})
    plan = np.zeros(len(places), dtype=np.int64)
    worth = nothing = value(plan)
    steps: list[Step] = []
    promised = [(-np.inf, place, -1) for place in range(len(places))]  # less the promise, the place, the step it is of
    kept_back: list[tuple[float, int, int]] = []
    left, spent = spaces, 0.0
    while left > 0 and promised:
        promise, place, looked_at = heapq.heappop(promised)
        size, has = min(block, left), int(plan[place])
        price = cost_yuan(place, has + size) - cost_yuan(place, has)
        if has + size > places[place].most_spaces or spent + price > limits.most_yuan:
            continue
        if not _leaves_enough(limits.floors, places, plan, place, size, left):
            kept_back.append((promise, place, looked_at))
            continue
        if looked_at != len(steps):
            by = price if limits.budget_yuan is not None and price > 0.0 else size
            heapq.heappush(promised, ((worth - value(_with(plan, place, size))) / by, place, len(steps)))
            continue
        plan = _with(plan, place, size)
        gain = value(plan) - worth
        worth, left, spent = worth + gain, left - size, spent + price
        steps.append(Step(place, spaces - left, worth - nothing, gain))
        tell(len(steps), -(-spaces // block))
        promised = [*promised, *kept_back, (promise, place, -1)]
        heapq.heapify(promised)
        kept_back = []
    takers = [place for _, place, _ in heapq.nsmallest(MOST_TAKERS, promised)]
    plan, better = _exchanged(value, places, plan, worth, takers, block=block, limits=limits, cost_yuan=cost_yuan)
    return Allocation(plan, tuple(steps), better - worth)


def _with(plan: Ints, place: int, more: int) -> Ints:
    changed = plan.copy()
    changed[place] += more
    return changed


def _leaves_enough(
    floors: Mapping[str, int], places: Sequence[Room], plan: Ints, place: int, size: int, left: int
) -> bool:
    """Whether a block there leaves enough spaces for the floors that are not met yet."""
    missing = 0
    for group, floor in floors.items():
        has = sum(int(n) for n, room in zip(plan, places, strict=True) if room.group == group)
        missing += max(0, floor - has - (size if places[place].group == group else 0))
    return missing <= left - size


def _exchanged(
    value: Value,
    places: Sequence[Room],
    plan: Ints,
    worth: float,
    takers: Sequence[int],
    *,
    block: int,
    limits: Limits,
    cost_yuan: Callable[[int, int], float],
) -> tuple[Ints, float]:
    """Move one block or two from where they are missed least to the taker where they are worth most, while that helps.

    Two at once, as a new place may be worth little until it is large enough.
    """
    for _ in range(MOST_EXCHANGES):
        has = [place for place in range(len(places)) if plan[place] >= block]
        if not has:
            break
        losses = {place: worth - value(_with(plan, place, -block)) for place in has}
        least = sorted(has, key=lambda place: (losses[place], place))[:2]
        gifts = [*((place,) for place in least), *itertools.combinations_with_replacement(least, 2)]
        best = None
        for givers, taker in itertools.product(gifts, takers):
            moved = plan.copy()
            for giver in givers:
                moved[giver] -= block
                moved[taker] += block
            if taker in givers or not _is_allowed(places, moved, taker, limits, cost_yuan, plan):
                continue
            now = value(moved)
            if now > worth + SURELY * abs(worth) and (best is None or now > best[0]):
                best = (now, moved)
        if best is None:
            break
        worth, plan = best
    return plan, worth


def _is_allowed(
    places: Sequence[Room],
    plan: Ints,
    place: int,
    limits: Limits,
    cost_yuan: Callable[[int, int], float],
    before: Ints,
) -> bool:
    if plan[place] > places[place].most_spaces or plan.min() < 0:
        return False
    for group, floor in limits.floors.items():
        here = [room.group == group for room in places]
        if plan[here].sum() < min(floor, int(before[here].sum())):
            return False
    return sum(cost_yuan(i, int(n)) for i, n in enumerate(plan)) <= limits.most_yuan
