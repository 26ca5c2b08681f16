"""Spaces of public sites: who takes one, who is turned away, and the record of both."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from twin.city.parking import ParkingSite
from twin.records import INTERVAL_S

_ARRIVED, _LEFT, _TURNED_AWAY = range(3)


class ParkingStock:
    """Occupancy of every site during one run; sites are numbered in the order given."""

    def __init__(self, sites: Sequence[ParkingSite]) -> None:
        self.sites = tuple(sites)
        self._free = [site.spaces - site.occupied_at_start for site in sites]
        self._times: list[float] = []
        self._events: list[tuple[int, int]] = []

    def free(self, site: int) -> int:
        """Spaces free at this moment."""
        return self._free[site]

    def try_park(self, site: int, now_s: float) -> bool:
        """Take a space if there is one. The space is taken at once: two cars never see one bay."""
        if self._free[site] <= 0:
            self._note(site, _TURNED_AWAY, now_s)
            return False
        self._free[site] -= 1
        self._note(site, _ARRIVED, now_s)
        return True

    def leave(self, site: int, now_s: float) -> None:
        """Give a space back; the next car may take it at the same instant."""
        self._free[site] += 1
        self._note(site, _LEFT, now_s)

    def _note(self, site: int, what: int, now_s: float) -> None:
        self._times.append(now_s)
        self._events.append((site, what))

    def table(self, start_s: float, end_s: float) -> pd.DataFrame:
        """One row a site and interval of 900 s, columns as records.SITE_COLUMNS; intervals from `start_s`'s own."""
        n = len(self.sites)
        first = int(start_s // INTERVAL_S)
        n_intervals = max(1, int(end_s // INTERVAL_S) - first + 1)
        events = np.array(self._events, dtype=np.int64).reshape(-1, 2)
        row = (np.array(self._times) // INTERVAL_S).astype(np.int64) - first
        counts = np.zeros((3, n_intervals, n), dtype=np.int64)
        np.add.at(counts, (events[:, 1], row, events[:, 0]), 1)
        at_start = np.array([site.occupied_at_start for site in self.sites], dtype=np.int64)
        occupied = at_start + np.cumsum(counts[_ARRIVED] - counts[_LEFT], axis=0)
        return pd.DataFrame(
            {
                "site_id": np.tile(np.array([site.id for site in self.sites], dtype=object), n_intervals),
                "interval_start_s": np.repeat((first + np.arange(n_intervals)) * INTERVAL_S, n),
                "occupied": occupied.ravel(),
                "arrived": counts[_ARRIVED].ravel(),
                "turned_away": counts[_TURNED_AWAY].ravel(),
            }
        )
