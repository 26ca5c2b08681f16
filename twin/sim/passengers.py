"""Riders as a run knows them: who waits at which stop, who is aboard, who was left behind.

A rider follows a strategy (`routing.hyperpaths`): at a stop boards the first bus of an attractive line that has room,
gets off where the strategy says, walks on to another stop or to the destination. Riders wait in the order in which
they came; who waits longer than PATIENCE_S gives up. No rider is a SimPy process: buses ask, riders answer.
Leaves out riders who change their minds because of a crowd or a delay.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heapify, heappop, heappush

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PATIENCE_S = 3600.0
"""A rider who has waited so long at one stop gives up (assumed)."""
WAITS, GOES_TO_END = -2, -1
"""In `RiderWays.walk_to`: board here; walk to the destination. Others: the number of a place to walk to."""
RIDER_STATUSES = ("waiting", "aboard", "arrived", "walked", "gave_up", "no_way")
WAITING, ABOARD, ARRIVED, WALKED, GAVE_UP, NO_WAY = range(6)


@dataclass(frozen=True, eq=False)
class RiderWays:
    """What a rider to each destination does at each stop. Places are stops by position, shared by lines.

    `first_row`: the row of each line's first stop; the stops of a line have rows in order. `place`: place of each row.
    `boards`, `alights`: (n_destinations, n_rows), 1: board this line here; get off here. `walk_to`, `walk_s`:
    (n_destinations, n_places), where to walk from a place (WAITS, GOES_TO_END or a place) and how long that takes (s).
    """

    first_row: Mapping[str, int]
    place: Ints
    boards: NDArray[np.uint8]
    alights: NDArray[np.uint8]
    walk_to: NDArray[np.int16]
    walk_s: NDArray[np.float32]

    @cached_property
    def rows(self) -> tuple[list[bytes], list[bytes]]:
        """`boards` and `alights` by destination, in the form in which one flag is read soonest."""
        return [row.tobytes() for row in self.boards], [row.tobytes() for row in self.alights]

    @classmethod
    def none(cls, first_row: Mapping[str, int], n_rows: int) -> "RiderWays":
        """Nobody rides."""
        flags = np.zeros((0, n_rows), dtype=np.uint8)
        nothing = np.zeros((0, 0))
        return cls(
            first_row, np.arange(n_rows), flags, flags, nothing.astype(np.int16), nothing.astype(np.float32)
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class RiderDay:
    """The riders of one day, by number: id, destination (row of RiderWays), departure, first place, access walk (s).

    `place` GOES_TO_END: walks all the way, `access_s` long; WAITS: no line and no walk joins origin and destination.
    """

    rider_id: Ints
    destination: Ints
    depart_s: Floats
    place: Ints
    access_s: Floats

    @classmethod
    def none(cls) -> "RiderDay":
        """Nobody."""
        no, never = np.zeros(0, dtype=np.int64), np.zeros(0)
        return cls(no, no, never, no, never)


@dataclass(slots=True)
class Load:
    """Riders aboard one run: how many, and who gets off at each stop."""

    off_at: list[list[int]]
    count: int = 0

    @classmethod
    def empty(cls, n_stops: int) -> "Load":
        """Nobody aboard."""
        return cls([[] for _ in range(n_stops)])


@dataclass(eq=False)
class Passengers:
    """The riders of one run, as they stand now."""

    ways: RiderWays
    day: RiderDay
    patience_s: float = PATIENCE_S
    _boards: list[bytes] = field(init=False)
    _alights: list[bytes] = field(init=False)

    def __post_init__(self) -> None:
        n = len(self.day.rider_id)
        self._boards, self._alights = self.ways.rows
        self._destination: list[int] = self.day.destination.tolist()
        self._place: list[int] = self.ways.place.tolist()
        self._status = [WAITING] * n
        self._since = [0.0] * n  # came to the stop, or boarded
        self._ended = [float("nan")] * n
        self._wait_s, self._ride_s = [0.0] * n, [0.0] * n
        self._walk_s: list[float] = self.day.access_s.tolist()
        self._boardings, self._refused = [0] * n, [0] * n
        n_places = int(self.ways.place.max(initial=-1)) + 1
        self._coming: list[list[tuple[float, int]]] = [[] for _ in range(n_places)]
        self._waiting: list[list[int]] = [[] for _ in range(n_places)]
        self._set_out()

    def _set_out(self) -> None:
        arrivals = self.day.depart_s + self.day.access_s
        for rider, (place, at_s) in enumerate(zip(self.day.place.tolist(), arrivals.tolist(), strict=True)):
            if place >= 0:
                self._coming[place].append((at_s, rider))
            elif place == GOES_TO_END:
                self._end(rider, WALKED, at_s)
            else:
                self._end(rider, NO_WAY, at_s)
        for coming in self._coming:
            heapify(coming)

    def get_off(self, load: Load, row: int, number: int, now_s: float) -> int:
        """All who want to get off at this stop do; they walk on, wait for another line or arrive."""
        leaving = load.off_at[number]
        if not leaving:
            return 0
        place = self._place[row]
        for rider in leaving:
            self._ride_s[rider] += now_s - self._since[rider]
            self._go_on(rider, place, now_s)
        load.count -= len(leaving)
        load.off_at[number] = []
        return len(leaving)

    def _go_on(self, rider: int, place: int, now_s: float) -> None:
        destination = self._destination[rider]
        onward = int(self.ways.walk_to[destination, place])
        walk_s = float(self.ways.walk_s[destination, place]) if onward != WAITS else 0.0
        self._walk_s[rider] += walk_s
        if onward == GOES_TO_END:
            self._end(rider, ARRIVED, now_s + walk_s)
            return
        self._status[rider] = WAITING
        heappush(self._coming[place if onward == WAITS else onward], (now_s + walk_s, rider))

    def get_on(self, load: Load, row: int, number: int, last: int, now_s: float, room: int) -> int:
        """Those who wait here for this line get on in the order they came, as many as there is room for."""
        place = self._place[row]
        self._come(place, now_s)
        waiting = self._waiting[place]
        if not waiting:
            return 0
        on, self._waiting[place] = self._board(waiting, load, row, number, last, now_s, room)
        return on

    def get_on_late(self, load: Load, row: int, number: int, last: int, now_s: float, room: int) -> int:
        """As `get_on`, of those who came since the bus stands here: who stayed before stays."""
        place = self._place[row]
        coming = self._coming[place]
        if not coming or coming[0][0] > now_s:
            return 0
        before, self._waiting[place] = self._waiting[place], []
        self._come(place, now_s)
        on, stay = self._board(self._waiting[place], load, row, number, last, now_s, room)
        self._waiting[place] = before + stay
        return on

    def _board(
        self, waiting: list[int], load: Load, row: int, number: int, last: int, now_s: float, room: int
    ) -> tuple[int, list[int]]:
        """How many of those waiting get on, and who stays."""
        stay, on = [], 0
        destinations, boards, since = self._destination, self._boards, self._since
        oldest_s = now_s - self.patience_s
        for rider in waiting:
            if since[rider] < oldest_s:
                self._wait_s[rider] += self.patience_s
                self._end(rider, GAVE_UP, since[rider] + self.patience_s)
            elif on < room and boards[destinations[rider]][row]:
                on += 1
                off = self._alights[destinations[rider]].find(1, row + 1, row - number + last + 1)
                load.off_at[last if off < 0 else off - row + number].append(rider)
                self._status[rider] = ABOARD
                self._wait_s[rider] += now_s - since[rider]
                self._boardings[rider] += 1
                since[rider] = now_s
            else:
                stay.append(rider)
        load.count += on
        return on, stay

    def _come(self, place: int, now_s: float) -> None:
        coming = self._coming[place]
        while coming and coming[0][0] <= now_s:
            came_s, rider = heappop(coming)
            self._since[rider] = came_s
            self._waiting[place].append(rider)

    def leave_behind(self, row: int) -> int:
        """The bus is full and drives off: how many who wanted it stay behind."""
        left = 0
        for rider in self._waiting[self._place[row]]:
            if self._boards[self._destination[rider]][row]:
                self._refused[rider] += 1
                left += 1
        return left

    def _end(self, rider: int, status: int, at_s: float) -> None:
        self._status[rider] = status
        self._ended[rider] = at_s

    def table(self, end_s: float) -> pd.DataFrame:
        """One row a rider, columns as in records.RIDER_COLUMNS; who waits or rides at the end has the time so far."""
        wait_s, ride_s = np.array(self._wait_s), np.array(self._ride_s)
        for waiting in self._waiting:
            for rider in waiting:
                gone_s = end_s - self._since[rider]
                wait_s[rider] += min(gone_s, self.patience_s)
                if gone_s > self.patience_s:
                    self._end(rider, GAVE_UP, self._since[rider] + self.patience_s)
        for coming in self._coming:
            for came_s, rider in coming:
                waited_s = max(0.0, end_s - came_s)
                wait_s[rider] += min(waited_s, self.patience_s)
                if waited_s > self.patience_s:
                    self._end(rider, GAVE_UP, came_s + self.patience_s)
        status = np.array(self._status, dtype=np.int64)
        aboard = status == ABOARD
        ride_s[aboard] += end_s - np.array(self._since)[aboard]
        return pd.DataFrame(
            {
                "rider_id": self.day.rider_id,
                "depart_s": self.day.depart_s,
                "arrive_s": np.array(self._ended, dtype=np.float64),
                "status": pd.Series(np.array(RIDER_STATUSES)[status], dtype="str"),
                "walk_s": np.array(self._walk_s, dtype=np.float64),
                "wait_s": wait_s,
                "ride_s": ride_s,
                "boardings": np.array(self._boardings, dtype=np.int64),
                "refused": np.array(self._refused, dtype=np.int64),
            }
        )


def rider_books(riders: pd.DataFrame) -> dict[str, int]:
    """status → riders, with "created" as their sum: created = arrived + walked + waiting + aboard + gave up + no
    way.
    """
    counts = {status: int((riders["status"] == status).sum()) for status in RIDER_STATUSES}
    return {"created": len(riders), **counts}
