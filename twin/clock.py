"""Times of day. Inside, a time is seconds from 00:00 of the scenario's date and may pass 24:00."""

import re
from dataclasses import dataclass

DAY_S = 86_400
_HH_MM = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?")


def seconds_of(text: str) -> int:
    """Seconds since midnight of "HH:MM" or "HH:MM:SS"; hours may exceed 23 (a night that goes on).

    >>> seconds_of("07:30")
    27000
    """
    match = _HH_MM.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a time of day such as '07:30'")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def text_of(time_s: float) -> str:
    """ "HH:MM" of a time in seconds, rounded down to the minute.

    >>> text_of(27000)
    '07:30'
    """
    minutes = int(time_s // 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """Times with `start_s <= t < end_s`; a window over midnight has `end_s` beyond 24:00."""

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not self.start_s < self.end_s:
            raise ValueError(f"a time window ends after it starts, not {self.start_s} to {self.end_s} s")

    def __contains__(self, time_s: float) -> bool:
        return self.start_s <= time_s < self.end_s

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s

    @classmethod
    def between(cls, start: str, end: str) -> "TimeWindow":
        """The window from "HH:MM" to "HH:MM"; an end not after the start is on the next day.

        >>> TimeWindow.between("22:00", "06:00").duration_s
        28800
        """
        start_s, end_s = seconds_of(start), seconds_of(end)
        return cls(start_s, end_s if end_s > start_s else end_s + DAY_S)

    def __str__(self) -> str:
        return f"{text_of(self.start_s)}–{text_of(self.end_s)}"
