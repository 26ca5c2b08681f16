"""From where to where: productions and attractions of zones, and the table that joins them.

Doubly constrained gravity: trips(i, j) ∝ exp(−β · free-flow minutes), balanced by Furness's iteration until both
margins are met (Furness 1965; Wilson 1967; Ortúzar & Willumsen 2011, section 5.6).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.city.zones import Zone

Floats = NDArray[np.float64]

WIDEST_GAP = 1e-6
MOST_ROUNDS = 2000
_STALLED = 1.0 - 1e-6


@dataclass(frozen=True, eq=False)
class Balanced:
    """A table with given margins. `gap`: largest difference from a margin over the total, after `rounds`."""

    table: Floats
    rounds: int
    gap: float

    @property
    def has_converged(self) -> bool:
        """Whether both margins are met to one in a million of the total."""
        return self.gap <= WIDEST_GAP


def furness(pull: Floats, productions: Floats, attractions: Floats) -> Balanced:
    """The table proportional to `pull` in each row and column whose margins are the productions and attractions.

    `pull`: (n, m), non-negative, 0 where there is no way. Rows without any way are left out and show as a gap;
    attractions are scaled to the total of the rest. Where margins cannot be met, it stops when it gets no nearer.
    """
    total = productions.sum()
    starts = np.where(pull.sum(axis=1) > 0, productions, 0.0)
    ends = np.where(pull.sum(axis=0) > 0, attractions, 0.0)
    left_out = float((productions - starts).max(initial=0.0) / total) if total > 0 else 0.0
    if starts.sum() <= 0 or ends.sum() <= 0:
        return Balanced(np.zeros_like(pull), 0, 1.0 if total > 0 else 0.0)
    goals = ends * (starts.sum() / ends.sum())
    by_row, by_column = np.ones(pull.shape[0]), np.ones(pull.shape[1])
    gap, last_gap = np.inf, np.inf
    rounds = 0
    while rounds < MOST_ROUNDS and gap > WIDEST_GAP and (rounds < 2 or gap < _STALLED * last_gap):
        by_row = _factors(starts, pull @ by_column)
        by_column = _factors(goals, by_row @ pull)
        last_gap = gap
        missed_starts = np.abs(by_row * (pull @ by_column) - starts).max()
        missed_ends = np.abs(by_column * (by_row @ pull) - goals).max()
        gap = float(max(missed_starts, missed_ends) / total)
        rounds += 1
    return Balanced(by_row[:, None] * pull * by_column[None, :], rounds, max(gap, left_out))


def _factors(goals: Floats, sums: Floats) -> Floats:
    return np.divide(goals, sums, out=np.zeros_like(goals), where=sums > 0)


def deterrence(minutes: Floats, per_min: float) -> Floats:
    """exp(−β t) of free-flow minutes; 0 where there is no way."""
    return np.where(np.isfinite(minutes), np.exp(-per_min * np.where(np.isfinite(minutes), minutes, 0.0)), 0.0)


def weights_of(zones: Sequence[Zone], *, resident_weight: float, job_weight: float) -> Floats:
    """What each zone counts for: so much a resident and so much a job; gates count nothing."""
    return np.array([zone.residents * resident_weight + zone.jobs * job_weight for zone in zones], dtype=np.float64)


def scaled_to(weights: Floats, total: float) -> Floats:
    """Weights brought to a total; all zero stay zero."""
    whole = weights.sum()
    return weights * (total / whole) if whole > 0 else np.zeros_like(weights)


def table_of(od: pd.DataFrame, zones: Sequence[Zone]) -> Floats:
    """A table of (origin, destination, trips) as a matrix in order of the zones; pairs not listed are 0."""
    index: Mapping[str, int] = {zone.id: i for i, zone in enumerate(zones)}
    table = np.zeros((len(zones), len(zones)), dtype=np.float64)
    origins = od["origin"].map(index).to_numpy(dtype=np.int64)
    destinations = od["destination"].map(index).to_numpy(dtype=np.int64)
    order = np.lexsort((destinations, origins))  # sums must not depend on the order of rows
    np.add.at(table, (origins[order], destinations[order]), od["trips"].to_numpy(dtype=np.float64)[order])
    return table
