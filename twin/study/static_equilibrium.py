"""Static user equilibrium: a fast surrogate for screening, never the answer of a study.

Flows per hour are spread over links whose time rises with volume; nobody has a quicker way (Wardrop 1952). There is
no queue that grows, spills back or dissolves, and no signal. The equilibrium is unique in link volumes and is found
to any relative gap, so it can rank measures whose effect is a ten-thousandth of the city's vehicle-hours.

Bi-conjugate Frank–Wolfe: Mitradjieva & Lindberg (2013), "The stiff is moving: conjugate direction Frank–Wolfe methods
with applications to traffic assignment", Transportation Science 47(2), 280–293.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.routing.graph import StreetGraph
from twin.routing.loading import Pairs, all_or_nothing

Floats = NDArray[np.float64]

GAP = 1e-4
"""Relative gap that is reached where none is asked."""

MOST_ROUNDS = 1000
_NEAR_ONE = 0.99  # weight of earlier directions, and step, at most: else the next round starts afresh
_LINE_STEPS = 40  # halvings of the step: to 1e-12

ROUND_COLUMNS = ["round", "relative_gap", "vehicle_hours"]


@dataclass(frozen=True, eq=False)
class DelayFunctions:
    """Time over each link (s) at a volume: fixed_s + rising_s × (volume / capacity) ** power. Arrays over links.

    The function of the Bureau of Public Roads (1964), t0 (1 + α x^β), has fixed_s = t0 and rising_s = α t0. `beside`:
    volume that is there anyhow, as of buses, and counts with the flow that is looked for; None: none.
    """

    fixed_s: Floats
    rising_s: Floats
    capacity: Floats
    power: Floats
    beside: Floats | None = None

    @classmethod
    def bpr(
        cls,
        free_s: Floats,
        capacity: Floats,
        *,
        alpha: float = 0.15,
        beta: float = 4.0,
        beside: Floats | None = None,
    ) -> "DelayFunctions":
        """t0 (1 + α x^β)."""
        return cls(free_s, alpha * free_s, capacity, np.full(len(free_s), beta), beside)

    def times_s(self, volume: Floats) -> Floats:
        """Time over each link at these volumes (s)."""
        times: Floats = self.fixed_s + self.rising_s * (self._all(volume) / self.capacity) ** self.power
        return times

    def slopes(self, volume: Floats) -> Floats:
        """Derivative of each time by its volume."""
        x = np.maximum(self._all(volume), 1e-12 * self.capacity) / self.capacity
        slopes: Floats = self.rising_s * self.power * x ** (self.power - 1.0) / self.capacity
        return slopes

    def _all(self, volume: Floats) -> Floats:
        return volume if self.beside is None else volume + self.beside

    def marginal(self) -> "DelayFunctions":
        """Functions whose user equilibrium is the system optimum of these: t(v) + v t'(v), where nothing is beside."""
        return replace(self, rising_s=self.rising_s * (self.power + 1.0))


@dataclass(frozen=True, eq=False)
class StaticEquilibrium:
    """Volumes on links, (n_links, k) by kind as in the pairs; times (s) at the first kind's; the gap, and its way.

    The flow is a mixture: a `weight` (n_rounds,), sum 1, of all flow is on the quickest ways at each of the times
    `mixed_s` (n_rounds, n_links). `rounds`: round, relative_gap and vehicle_hours (of the last kind, an hour).
    """

    volume: Floats
    time_s: Floats
    relative_gap: float
    rounds: pd.DataFrame
    weight: Floats
    mixed_s: Floats

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
    start: StaticEquilibrium | None = None,
) -> StaticEquilibrium:
    """Link volumes at which no driver could save more than `gap` of all time: (Σ v t − Σ y t) / Σ v t ≤ gap.

    y: all on the quickest ways at times t. The first kind of flow decides the times. `relative_gap` is larger than
    `gap` where `most_rounds` were not enough. `start`: an equilibrium of the same streets and pairs to go on from, on
    whose ways everybody still can drive; None: the quickest ways of empty streets. Deterministic on one machine;
    between kinds of processor powers may differ in the last digit.
    """
    if start is None:
        times = [delays.times_s(np.zeros(len(graph.link_ids)))]
        now = _Mixture(all_or_nothing(graph, pairs, times[0]), np.ones(1))
    else:
        times, now = list(start.mixed_s), _Mixture(start.volume, start.weight)
    directions = _Directions()
    rows: list[tuple[int, float, float]] = []
    while True:
        time_s = delays.times_s(now.volume[:, 0])
        quickest = all_or_nothing(graph, pairs, time_s)
        reached = _gap(now.volume[:, 0], quickest[:, 0], time_s)
        rows.append((len(rows) + 1, reached, float((now.volume[:, -1] * time_s).sum()) / 3600.0))
        if reached <= gap or len(rows) >= most_rounds:
            table = pd.DataFrame(rows, columns=ROUND_COLUMNS)
            return StaticEquilibrium(now.volume, time_s, reached, table, now.weight, np.array(times))
        times.append(time_s)
        alone = np.zeros(len(times))
        alone[-1] = 1.0
        target = directions.next_target(now, _Mixture(quickest, alone), delays.slopes(now.volume[:, 0]))
        step = _best_step(now.volume[:, 0], target.volume[:, 0] - now.volume[:, 0], delays)
        directions.remember(target, step)
        now = _mixed((1.0 - step, now), (step, target))


def _gap(volume: Floats, quickest: Floats, time_s: Floats) -> float:
    spent = float((volume * time_s).sum())
    return max(0.0, (spent - float((quickest * time_s).sum())) / spent) if spent > 0 else 0.0


@dataclass(frozen=True, eq=False)
class _Mixture:
    """Volumes on links, and how much of them is from each round's quickest ways (later rounds: none)."""

    volume: Floats
    weight: Floats


def _mixed(*parts: tuple[float, _Mixture]) -> _Mixture:
    n = max(len(part.weight) for _, part in parts)
    volume = sum((share * part.volume for share, part in parts), start=np.zeros_like(parts[0][1].volume))
    weight = sum((share * np.pad(part.weight, (0, n - len(part.weight))) for share, part in parts), start=np.zeros(n))
    return _Mixture(volume, weight)


class _Directions:
    """The last two targets and the last step: what makes the next direction conjugate to theirs."""

    def __init__(self) -> None:
        self._last: _Mixture | None = None  # None: no target before, or a step too long to build on
        self._before_last: _Mixture | None = None
        self._step = 0.0

    def next_target(self, now: _Mixture, quickest: _Mixture, slopes: Floats) -> _Mixture:
        """Where to go from here: between the quickest ways and the targets before."""

        def product(a: Floats, b: Floats) -> float:
            return float((a[:, 0] * slopes * b[:, 0]).sum())

        if self._last is None:
            return quickest
        here, y, last = now.volume, quickest.volume, self._last.volume
        if self._before_last is None:
            below = product(last - here, y - last)
            weight = product(last - here, y - here) / below if below != 0.0 else 0.0
            weight = min(max(weight, 0.0), _NEAR_ONE)
            return _mixed((weight, self._last), (1.0 - weight, quickest))
        before_last = self._before_last.volume
        along = self._step * last + (1.0 - self._step) * before_last - here
        below_mu, below_nu = product(along, before_last - last), product(last - here, last - here)
        mu = max(0.0, -product(along, y - here) / below_mu) if below_mu != 0.0 else 0.0
        nu = -product(last - here, y - here) / below_nu if below_nu != 0.0 else 0.0
        nu = max(0.0, nu + mu * self._step / (1.0 - self._step))
        total = 1.0 + mu + nu
        return _mixed((1.0 / total, quickest), (nu / total, self._last), (mu / total, self._before_last))

    def remember(self, target: _Mixture, step: float) -> None:
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
