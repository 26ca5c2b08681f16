"""What drivers know of how full sites are: nothing, what earlier days taught, or what guidance shows.

All are chances of finding a space. What a driver has seen with his own eyes goes before them: a site found full is
full, and one forgets that as time passes.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twin.clock import DAY_S
from twin.sim.parking_stock import ParkingStock

Knows = Literal["nothing", "experience", "guidance"]
Floats = NDArray[np.float64]

SLOT_S = 1800.0
SLOTS = int(DAY_S // SLOT_S)
"""Experience is by half-hours of the day."""

UNKNOWN_CHANCE = 0.7  # what who knows nothing takes any site for (assumed)
LEAST_CHANCE = 0.02  # below this nobody goes there
FORGETS_S = 300.0  # a site seen full counts as unknown again with this time constant (assumed)
SHOWN_MARGIN = 2.0
"""Guidance shows n free: others are on the way, so the chance is n / (n + 2) (assumed)."""


class Knowledge:
    """Chances of finding a space on one day. `usual`: (n_sites, SLOTS), from earlier days; None: there are none."""

    def __init__(self, stock: ParkingStock, usual: Floats | None) -> None:
        self._stock = stock
        self._usual = usual

    def chances(self, knows: Knows, sites: NDArray[np.int64], now_s: float) -> Floats:
        """Chance of a space at each of these sites for a driver who knows so much."""
        if knows == "guidance":
            shown = self._stock.shown(now_s)[sites]
            guided: Floats = shown / (shown + SHOWN_MARGIN)
            return guided
        if knows == "experience" and self._usual is not None:
            usual: Floats = self._usual[sites, int(now_s // SLOT_S) % SLOTS]
            return usual
        return np.full(len(sites), UNKNOWN_CHANCE)


def after_seen_full(chance: float, ago_s: float) -> float:
    """Chance at a site that one found full so long ago (s).

    >>> after_seen_full(0.8, 0.0)
    0.0
    """
    return chance * -math.expm1(-ago_s / FORGETS_S)
