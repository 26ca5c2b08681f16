"""Bus lines: stops in order on streets, how often a bus runs, and how it is kept to time."""

import math
from dataclasses import dataclass
from typing import Literal

from twin.clock import TimeWindow

Control = Literal["none", "timetable", "headway"]
"""How a bus is held at its control stops: not at all; until the timetable's time; until half of the bus before's lead
is restored (`sim.bus`)."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop of one line-direction; the bus halts at the downstream end of `link_id`."""

    name: str
    lon: float
    lat: float
    link_id: str
    in_lane: bool | None = None  # None: in the lane where the street has one, aside where it has more


@dataclass(frozen=True, slots=True)
class Headway:
    """Time between departures (s) for starts within the window."""

    window: TimeWindow
    headway_s: float


@dataclass(frozen=True, slots=True)
class BusLine:
    """One direction of a line. `route`: consecutive link ids from the first stop's link to the last stop's.

    `timetable_s`: departures from the first stop, in place of `headways`. `running_s`: scheduled time from the first
    stop to each stop; (): by the rule of `timetables.scheduled_s`. `held_at`: names of stops at which `control`
    holds a bus; (): at every stop but the last. `layover_s`: least time between two runs of one bus.
    """

    id: str  # name and direction, e.g. "10路/上行"
    name: str
    direction: str
    stops: tuple[Stop, ...]
    route: tuple[str, ...]
    headways: tuple[Headway, ...]
    capacity: int = 70  # riders of a 12 m bus, standing included
    seats: int = 30
    assumed: frozenset[str] = frozenset()
    timetable_s: tuple[float, ...] = ()
    running_s: tuple[float, ...] = ()
    control: Control = "none"
    held_at: tuple[str, ...] = ()
    layover_s: float = 300.0

    def departures_s(self, start_s: float, end_s: float) -> list[float]:
        """Scheduled departures from the first stop with start_s <= t < end_s, evenly within each window.

        The first of each window leaves half a headway after the window begins, so windows do not bunch.
        """
        if self.timetable_s:
            return sorted(t for t in self.timetable_s if start_s <= t < end_s)
        times: list[float] = []
        for part in self.headways:
            t = part.window.start_s + 0.5 * part.headway_s
            while t < part.window.end_s:
                if start_s <= t < end_s:
                    times.append(t)
                t += part.headway_s
        return sorted(times)


def as_headways(line: BusLine) -> tuple[Headway, ...]:
    """How often a bus runs, of a line with a timetable by hours of departures: an hour with n of them has 3600 / n
    s.
    """
    if not line.timetable_s:
        return line.headways
    counts: dict[int, int] = {}
    for t in line.timetable_s:
        counts[int(t // 3600)] = counts.get(int(t // 3600), 0) + 1
    return tuple(
        Headway(TimeWindow(3600.0 * hour, 3600.0 * (hour + 1)), 3600.0 / n) for hour, n in sorted(counts.items())
    )


PEAKS = (TimeWindow.between("06:30", "08:30"), TimeWindow.between("16:30", "18:30"))
"""When peak headways run (assumed for Yantai: bus peak service 06:30–08:30 and 16:30–18:00 in 2015, lorry ban
16:30–18:30, domain notes 3.4)."""


def is_peak(window: TimeWindow) -> bool:
    """Whether a window of a timetable lies within a peak."""
    return any(peak.start_s <= window.start_s and window.end_s <= peak.end_s for peak in PEAKS)


def buses_needed(cycle_s: float, headway_s: float) -> int:
    """Buses that a line needs: its cycle (both ways and layovers) over its headway, rounded up.

    >>> buses_needed(95 * 60, 600), buses_needed((40 + 40 / 3 + 10) * 60, 600)
    (10, 7)

    Source: Transit Capacity and Quality of Service Manual (TCRP Report 165), fleet of a route. A millionth of a bus is
    rounding, not a bus.
    """
    return math.ceil(cycle_s / headway_s - 1e-6)
