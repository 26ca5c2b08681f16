"""Bus lines: stops in order on streets, and how often a bus runs."""

from dataclasses import dataclass

from twin.clock import TimeWindow


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop of one line-direction; the bus halts at the downstream end of `link_id`."""

    name: str
    lon: float
    lat: float
    link_id: str


@dataclass(frozen=True, slots=True)
class Headway:
    """Time between departures (s) for starts within the window."""

    window: TimeWindow
    headway_s: float


@dataclass(frozen=True, slots=True)
class BusLine:
    """One direction of a line. `route`: consecutive link ids from the first stop's link to the last stop's."""

    id: str  # name and direction, e.g. "10路/上行"
    name: str
    direction: str
    stops: tuple[Stop, ...]
    route: tuple[str, ...]
    headways: tuple[Headway, ...]
    capacity: int = 70  # riders of a 12 m bus, standing included
    assumed: frozenset[str] = frozenset()

    def departures_s(self, start_s: float, end_s: float) -> list[float]:
        """Scheduled departures from the first stop with start_s <= t < end_s, evenly within each window.

        The first of each window leaves half a headway after the window begins, so windows do not bunch.
        """
        times: list[float] = []
        for part in self.headways:
            t = part.window.start_s + 0.5 * part.headway_s
            while t < part.window.end_s:
                if start_s <= t < end_s:
                    times.append(t)
                t += part.headway_s
        return sorted(times)


PEAKS = (TimeWindow.between("06:30", "08:30"), TimeWindow.between("16:30", "18:30"))
"""When peak headways run (assumed for Yantai: bus peak service 06:30–08:30 and 16:30–18:00 in 2015, lorry ban
16:30–18:30, domain notes 3.4)."""


def is_peak(window: TimeWindow) -> bool:
    """Whether a window of a timetable lies within a peak."""
    return any(peak.start_s <= window.start_s and window.end_s <= peak.end_s for peak in PEAKS)
