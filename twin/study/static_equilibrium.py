"""Static user equilibrium: a fast surrogate for screening, never the answer of a study.

Flows per hour are spread over links whose time rises with volume; nobody has a quicker way (Wardrop 1952). There is
no queue that grows, spills back or dissolves, and no signal. The equilibrium is unique in link volumes and is found
to any relative gap, so it can rank measures whose effect is a ten-thousandth of the city's vehicle-hours.

Bi-conjugate Frank–Wolfe: Mitradjieva & Lindberg (2013), "The stiff is moving: conjugate direction Frank–Wolfe methods
with applications to traffic assignment", Transportation Science 47(2), 280–293.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.routing.graph import StreetGraph
from twin.routing.loading import Pairs, all_or_nothing

Floats = NDArray[np.float64]

GAP = 1e-4
"""Relative gap that is reached where none is asked."""

MOST_ROUNDS = 5000
_NEAR_ONE = 0.99  # weight of earlier directions, and step, at most: else the next round starts afresh
_LINE_STEPS = 40  # halvings of the step: to 1e-12

ROUND_COLUMNS = ["round", "relative_gap", "vehicle_hours"]


@dataclass(frozen=True, eq=False)
class DelayFunctions:
    """Time over each link (s) at a volume: fixed_s + rising_s × (volume / capacity) ** power. Arrays over links.

    The function of the Bureau of Public Roads (1964), t0 (1 + α x^β), has fixed_s = t0 and rising_s = α t0.
    """

    fixed_s: Floats
    rising_s: Floats
    capacity: Floats
    power: Floats

    @classmethod
    def bpr(cls, free_s: Floats, capacity: Floats, *, alpha: float = 0.15, beta: float = 4.0) -> "DelayFunctions":
        """t0 (1 + α x^β)."""
        return cls(free_s, alpha * free_s, capacity, np.full(len(free_s), beta))

    def times_s(self, volume: Floats) -> Floats:
        """Time over each link at these volumes (s)."""
        times: Floats = self.fixed_s + self.rising_s * (volume / self.capacity) ** self.power
        return times

    def slopes(self, volume: Floats) -> Floats:
        """Derivative of each time by its volume."""
        x = np.maximum(volume, 1e-12 * self.capacity) / self.capacity
        slopes: Floats = self.rising_s * self.power * x ** (self.power - 1.0) / self.capacity
        return slopes

    def marginal(self) -> "DelayFunctions":
        """Functions whose user equilibrium is the system optimum of these: t(v) + v t'(v)."""
        return replace(self, rising_s=self.rising_s * (self.power + 1.0))


@dataclass(frozen=True, eq=False)
class StaticEquilibrium:
    """Volumes on links, (n_links, k) by kind as in the pairs; times (s) at the first kind's; the gap, and its way.

    `rounds`: round, relative_gap and vehicle_hours (of the last kind, an hour) before each step.
    """

    volume: Floats
    time_s: Floats
    relative_gap: float
    rounds: pd.DataFrame

    @property
    def vehicle_hours(self) -> float:
        """Vehicle-hours that the last kind of flow spends in an hour."""
        return float((self.volume[:, -1] * self.time_s).sum()) / 3600.0


def static_equilibrium(
    graph: StreetGraph,
    pairs: Pairs,
    delays: DelayFunctions,
    *,
    gap: float = GAP,
    most_rounds: int = MOST_ROUNDS,
    tell: Callable[[float], None] | None = None,
) -> StaticEquilibrium:
    """Link volumes at which no driver could save more than `gap` of all time: (Σ v t − Σ y t) / Σ v t ≤ gap.

    y: all on the quickest ways at times t. The first kind of flow decides the times. `relative_gap` is larger than
    `gap` where `most_rounds` were not enough. Deterministic on one machine; between kinds of processor powers may
    differ in the last digit.
    """
    volume = all_or_nothing(graph, pairs, delays.times_s(np.zeros(len(graph.link_ids))))
    directions = _Directions()
    rows: list[tuple[int, float, float]] = []
    while True:
        time_s = delays.times_s(volume[:, 0])
        quickest = all_or_nothing(graph, pairs, time_s)
        reached = _gap(volume[:, 0], quickest[:, 0], time_s)
        rows.append((len(rows) + 1, reached, float((volume[:, -1] * time_s).sum()) / 3600.0))
        if tell is not None:
            tell(reached)
        if reached <= gap or len(rows) >= most_rounds:
            return StaticEquilibrium(volume, time_s, reached, pd.DataFrame(rows, columns=ROUND_COLUMNS))
        target = directions.next_target(volume, quickest, delays.slopes(volume[:, 0]))
        step = _best_step(volume[:, 0], target[:, 0] - volume[:, 0], delays)
        directions.remember(target, step)
        volume = volume + step * (target - volume)


def _gap(volume: Floats, quickest: Floats, time_s: Floats) -> float:
    spent = float((volume * time_s).sum())
    return max(0.0, (spent - float((quickest * time_s).sum())) / spent) if spent > 0 else 0.0


class _Directions:
    """The last two targets and the last step: what makes the next direction conjugate to theirs."""

    def __init__(self) -> None:
        self._last: Floats | None = None  # None: no target before, or a step too long to build on
        self._before_last: Floats | None = None
        self._step = 0.0

    def next_target(self, volume: Floats, quickest: Floats, slopes: Floats) -> Floats:
        """Where to go from `volume`: between the quickest ways and the targets before (equations 15 to 19)."""

        def product(a: Floats, b: Floats) -> float:
            return float((a[:, 0] * slopes * b[:, 0]).sum())

        last, before_last = self._last, self._before_last
        if last is None:
            return quickest
        to_quickest, to_last = quickest - volume, last - volume
        if before_last is None:
            above = product(to_last, to_quickest)
            below = product(to_last, quickest - last)
            weight = above / below if below != 0.0 else 0.0
            weight = min(max(weight, 0.0), _NEAR_ONE)
            return weight * last + (1.0 - weight) * quickest
        along = self._step * last + (1.0 - self._step) * before_last - volume
        below_mu, below_nu = product(along, before_last - last), product(to_last, to_last)
        mu = max(0.0, -product(along, to_quickest) / below_mu) if below_mu != 0.0 else 0.0
        nu = -product(to_last, to_quickest) / below_nu if below_nu != 0.0 else 0.0
        nu = max(0.0, nu + mu * self._step / (1.0 - self._step))
        return (quickest + nu * last + mu * before_last) / (1.0 + mu + nu)

    def remember(self, target: Floats, step: float) -> None:
        """Keep the target and the step made to it; a step nearly all the way leaves nothing to be conjugate to."""
        if step >= _NEAR_ONE:
            self._last = self._before_last = None
            return
        self._last, self._before_last, self._step = target, self._last, step


def _best_step(volume: Floats, direction: Floats, delays: DelayFunctions) -> float:
    """Step in [0, 1] along the direction that makes Beckmann's objective least: where Σ t(v + step d) d = 0."""
    low, high = 0.0, 1.0
    if float((delays.times_s(np.maximum(0.0, volume + direction)) * direction).sum()) <= 0.0:
        return 1.0
    for _ in range(_LINE_STEPS):
        middle = (low + high) / 2.0
        if float((delays.times_s(np.maximum(0.0, volume + middle * direction)) * direction).sum()) < 0.0:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0
