"""There and back: when each who leaves a car somewhere drives home again, so that a day's ways belong together.

A tour is a way out, a stay and the way back. Who stops at the door and goes on (drop-offs, taxis) has no stay; those
ways are drawn apart. Leaves out chains of three ways and more, and what a household does with its car meanwhile.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from twin.chance import normal
from twin.clock import DAY_S
from twin.demand.gravity import Balanced, furness
from twin.demand.inputs import ParkingEnd
from twin.demand.profiles import DayShares

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BIN_S = 900.0
N_BINS = round(DAY_S / BIN_S)
SHORTEST_STAY_S = 300.0  # nobody parks for less (assumed)
_HARDLY_EVER = 1e-9
"""Likelihood of a stay that the law of stays leaves out and the profiles ask for."""


@dataclass(frozen=True, slots=True)
class StayLaw:
    """Stays are log-normal: mean (s) and coefficient of variation."""

    mean_s: float
    cv: float

    @classmethod
    def of(cls, end: ParkingEnd) -> "StayLaw":
        """Stays at one kind of place."""
        return cls(3600.0 * end.mean_stay_h, end.stay_cv)

    @property
    def _log_mean_and_spread(self) -> tuple[float, float]:
        spread = max(1e-6, float(np.sqrt(np.log1p(self.cv**2))))
        return float(np.log(self.mean_s)) - 0.5 * spread**2, spread

    def share_below(self, stay_s: Floats) -> Floats:
        """Share of stays shorter than each time (s)."""
        middle, spread = self._log_mean_and_spread
        return np.asarray(ndtr((np.log(np.maximum(stay_s, 1e-9)) - middle) / spread), dtype=np.float64)

    def drawn_s(self, seed: int, purpose: str, ids: Ints) -> Floats:
        """One stay (s) for each id, keyed."""
        middle, spread = self._log_mean_and_spread
        return np.exp(middle + spread * normal(seed, purpose, ids))


def quarter_shares(shares: DayShares) -> Floats:
    """Share of a day's ways that set out in each quarter of an hour: (96,)."""
    edges_s: Floats = BIN_S * np.arange(N_BINS + 1, dtype=np.float64)
    return np.diff(shares.share_before(edges_s))


def ways_back(outward: DayShares, homeward: DayShares, stay: StayLaw, *, drive_s: float) -> Balanced:
    """Share of tours by quarter of an hour of the way out (rows) and of the way back (columns): (96, 96).

    Both profiles are kept, and beyond that stays are as near to their law as they allow: the table of least information
    beside the law (Furness over likelihoods of stays, as gravity does over distances; Wilson 1967). The day goes round:
    who sets out at 22:00 and back at 06:00 stays over night, and nobody stays 24 h or more.
    """
    lag_s: Floats = BIN_S * np.arange(N_BINS, dtype=np.float64) - drive_s
    likely = stay.share_below(lag_s + 0.5 * BIN_S) - stay.share_below(lag_s - 0.5 * BIN_S)
    likely = np.where(lag_s > 0.0, likely + _HARDLY_EVER, 0.0)
    out, back = np.indices((N_BINS, N_BINS))
    return furness(likely[(back - out) % N_BINS], quarter_shares(outward), quarter_shares(homeward))


def stays_between(
    depart_s: Floats, drive_s: Floats, table: Floats, luck: Floats, luck_within: Floats
) -> tuple[Floats, Floats]:
    """When each sets out for home, and the stay before it (s): drawn from the row of the way out, even in a quarter.

    No stay is shorter than SHORTEST_STAY_S: who would set out earlier does when it is over.
    """
    out = (depart_s % DAY_S // BIN_S).astype(np.int64)
    # By lag from the quarter of the way out, so that ways back come in order of time.
    by_lag = table[np.arange(N_BINS)[:, None], (np.arange(N_BINS)[:, None] + np.arange(N_BINS)) % N_BINS]
    total = by_lag.sum(axis=1, keepdims=True)
    cumulative = np.cumsum(np.divide(by_lag, total, out=np.zeros_like(by_lag), where=total > 0), axis=1)
    lag = np.minimum((cumulative[out] <= luck[:, None]).sum(axis=1), N_BINS - 1)
    back_s = depart_s - depart_s % BIN_S + (lag + luck_within) * BIN_S
    stay_s = np.maximum(SHORTEST_STAY_S, back_s - depart_s - drive_s)
    return depart_s + drive_s + stay_s, stay_s
