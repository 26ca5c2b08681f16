"""Spaces of public sites: who takes one, books one or is turned away, who waits for one, and the record of all.

A space is free, taken, or kept for somebody who booked it. Who leaves hands the space to the first who waits for it;
where nobody waits it is free to the next at the same instant.
"""

import math
from collections import deque
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.city.parking import ParkingSite
from twin.records import INTERVAL_S
from twin.sim.environment import Awaited

_ARRIVED, _LEFT, _TURNED_AWAY = range(3)


class ParkingStock:
    """Occupancy of every site during one run; sites are numbered in the order given.

    `delay_s`: how old at most is what guidance shows: it is read off every so many seconds; 0: as it is now.
    """

    def __init__(self, sites: Sequence[ParkingSite], *, delay_s: float = 0.0) -> None:
        self.sites = tuple(sites)
        self._free = np.array([max(0, site.spaces - site.occupied_at_start) for site in sites], dtype=np.int64)
        self._booked = [0] * len(self.sites)
        self._waiting: dict[int, deque[Awaited]] = {}
        self._delay_s = delay_s
        self._shown = self._free.copy()
        self._shown_until_s = -math.inf
        self._times: list[float] = []
        self._events: list[tuple[int, int]] = []
        self._paid: list[tuple[int, float, float, float]] = []  # site, s, yuan, s at the gate

    def free(self, site: int) -> int:
        """Spaces free at this moment."""
        return int(self._free[site])

    def taken(self, site: int) -> int:
        """Spaces taken at this moment, those kept for bookings left aside."""
        return self.sites[site].spaces - int(self._free[site]) - self._booked[site]

    def shown(self, now_s: float) -> NDArray[np.int64]:
        """Free spaces of every site as guidance shows them: (n_sites,), as of the last reading."""
        self._read_off(now_s)
        return self._shown if self._delay_s > 0.0 else self._free

    def try_park(self, site: int, now_s: float) -> bool:
        """Take a space if there is one. The space is taken at once: two cars never see one bay."""
        if self._free[site] <= 0:
            self._note(site, _TURNED_AWAY, now_s)
            return False
        self._note(site, _ARRIVED, now_s)
        self._free[site] -= 1
        return True

    def leave(self, site: int, now_s: float) -> None:
        """Give a space back; the first who waits has it, else the next car may take it at the same instant."""
        self._note(site, _LEFT, now_s)
        queue = self._waiting.get(site)
        if queue:
            self._note(site, _ARRIVED, now_s)
            queue.popleft().call()
        else:
            self._free[site] += 1

    # --- booking ----------------------------------------------------------------------------------------------

    def book(self, site: int, now_s: float) -> bool:
        """Keep a space for somebody on the way, if there is one."""
        self._read_off(now_s)
        if self._free[site] <= 0:
            return False
        self._free[site] -= 1
        self._booked[site] += 1
        return True

    def cancel(self, site: int, now_s: float) -> None:
        """A booking ends; the space is free."""
        self._read_off(now_s)
        self._booked[site] -= 1
        self._free[site] += 1

    def park_booked(self, site: int, now_s: float) -> None:
        """Who booked a space comes and takes it."""
        self._note(site, _ARRIVED, now_s)
        self._booked[site] -= 1

    # --- waiting ----------------------------------------------------------------------------------------------

    def wait(self, site: int, turn: Awaited) -> Awaited:
        """Queue for a space of a full site: `turn` is called when one is freed, and the space is then the caller's."""
        self._waiting.setdefault(site, deque()).append(turn)
        return turn

    def waiting(self, site: int) -> int:
        """How many wait for a space of the site."""
        return len(self._waiting.get(site, ()))

    def wait_no_more(self, site: int, turn: Awaited) -> None:
        """Leave the queue without a space."""
        self._waiting[site].remove(turn)

    # --- the books --------------------------------------------------------------------------------------------

    def pay(self, site: int, now_s: float, fee_yuan: float, gate_s: float) -> None:
        """Write down what a stay that begins costs, and the time at the gate."""
        self._paid.append((site, now_s, fee_yuan, gate_s))

    def _note(self, site: int, what: int, now_s: float) -> None:
        self._read_off(now_s)
        self._times.append(now_s)
        self._events.append((site, what))

    def _read_off(self, now_s: float) -> None:
        """Show what is free as it was when last read off; nothing has changed since the event before."""
        if self._delay_s > 0.0 and now_s >= self._shown_until_s:
            self._shown[:] = self._free
            self._shown_until_s = (now_s // self._delay_s + 1) * self._delay_s

    def table(self, start_s: float, end_s: float) -> pd.DataFrame:
        """One row a site and interval of 900 s, columns as records.SITE_COLUMNS; intervals from `start_s`'s own."""
        n = len(self.sites)
        first = int(start_s // INTERVAL_S)
        n_intervals = max(1, int(end_s // INTERVAL_S) - first + 1)
        events = np.array(self._events, dtype=np.int64).reshape(-1, 2)
        row = (np.array(self._times) // INTERVAL_S).astype(np.int64) - first
        counts = np.zeros((3, n_intervals, n), dtype=np.int64)
        np.add.at(counts, (events[:, 1], row, events[:, 0]), 1)
        paid = np.array(self._paid, dtype=np.float64).reshape(-1, 4)
        sums = np.zeros((2, n_intervals, n))
        at = ((paid[:, 1] // INTERVAL_S).astype(np.int64) - first, paid[:, 0].astype(np.int64))
        for money_or_time in (0, 1):
            np.add.at(sums[money_or_time], at, paid[:, 2 + money_or_time])
        at_start = np.array([site.occupied_at_start for site in self.sites], dtype=np.int64)
        occupied = at_start + np.cumsum(counts[_ARRIVED] - counts[_LEFT], axis=0)
        return pd.DataFrame(
            {
                "site_id": np.tile(np.array([site.id for site in self.sites], dtype=object), n_intervals),
                "interval_start_s": np.repeat((first + np.arange(n_intervals)) * INTERVAL_S, n),
                "occupied": occupied.ravel(),
                "arrived": counts[_ARRIVED].ravel(),
                "turned_away": counts[_TURNED_AWAY].ravel(),
                "left": counts[_LEFT].ravel(),
                "revenue_yuan": sums[0].ravel(),
                "gate_wait_s": sums[1].ravel(),
            }
        )
