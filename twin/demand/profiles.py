"""When trips set out: shares of the day and the departures they give."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.clock import DAY_S, TimeWindow
from twin.demand.inputs import Profile

Floats = NDArray[np.float64]

QUARTERS_START_S = 5 * 3600
QUARTERS_END_S = 10 * 3600
QUARTER_S = 900
HOUR_S = 3600


@dataclass(frozen=True, eq=False)
class DayShares:
    """A day cut into bins: `edges_s` (n + 1,), 0 to 86,400; `shares` (n,), total 1; departures even within a bin."""

    edges_s: Floats
    shares: Floats

    @classmethod
    def of(cls, profile: Profile) -> "DayShares":
        """The bins of a profile as written; its shares are brought to a total of exactly 1."""
        edges = [
            *range(0, QUARTERS_START_S, HOUR_S),
            *range(QUARTERS_START_S, QUARTERS_END_S, QUARTER_S),
            *range(QUARTERS_END_S, DAY_S + 1, HOUR_S),
        ]
        before = QUARTERS_START_S // HOUR_S
        shares = np.array(
            [*profile.other_hours[:before], *profile.quarters_05_10, *profile.other_hours[before:]], dtype=np.float64
        )
        return cls(np.array(edges, dtype=np.float64), shares / shares.sum())

    @property
    def cumulative(self) -> Floats:
        """Share that has set out by each edge: (n + 1,), from 0 to 1."""
        return np.concatenate([[0.0], np.cumsum(self.shares)])

    def share_before(self, times_s: Floats | float) -> Floats:
        """Share of the day's trips that set out before each time."""
        return np.asarray(np.interp(times_s, self.edges_s, self.cumulative), dtype=np.float64)

    def share_in(self, window: TimeWindow) -> float:
        """Share of the day's trips that set out in the window (a window past 24:00 runs into the next day)."""
        whole_days = window.end_s // DAY_S - window.start_s // DAY_S
        within = self.share_before(window.end_s % DAY_S) - self.share_before(window.start_s % DAY_S)
        return float(whole_days + within)

    def departures_s(self, luck: Floats, window: TimeWindow) -> Floats:
        """Departures (s) in the window for uniform draws, spread as the profile says."""
        days, start_s = divmod(window.start_s, DAY_S)
        level = float(self.share_before(start_s)) + luck * self.share_in(window)
        later, level = np.divmod(level, 1.0)
        # The last bin that starts at or below the level: bins without trips are passed over.
        position = np.searchsorted(self.cumulative, level, side="right") - 1
        position = np.minimum(position, int(np.flatnonzero(self.shares)[-1]))
        part = (level - self.cumulative[position]) / self.shares[position]
        time_s = self.edges_s[position] + part * np.diff(self.edges_s)[position] + (days + later) * DAY_S
        return np.clip(time_s, window.start_s, np.nextafter(window.end_s, window.start_s))


def hour_shares(profile: Profile) -> Floats:
    """Share of the day's trips that set out in each clock hour: (24,)."""
    edges_s = np.arange(0, DAY_S + 1, HOUR_S, dtype=np.float64)
    shares: Floats = np.diff(DayShares.of(profile).share_before(edges_s))
    return shares


def move_out_of_bans(
    departures_s: Floats, luck: Floats, bans: Sequence[TimeWindow], *, clear_s: float, spread_s: float
) -> Floats:
    """Departures with those that would run into a ban moved before or after it, half each.

    A trip runs into a ban when it starts less than `clear_s` before it, or in it. Moved trips start evenly within
    `spread_s` before that moment, or after the ban's end.
    """
    moved = departures_s.copy()
    for ban in bans:
        closing_s = ban.start_s - clear_s
        is_hit = (departures_s >= closing_s) & (departures_s < ban.end_s)
        early = closing_s - (0.5 - luck) * 2.0 * spread_s
        late = ban.end_s + (luck - 0.5) * 2.0 * spread_s
        moved[is_hit] = np.where(luck < 0.5, early, late)[is_hit]
    return moved
