"""What hours a study runs: warm-up, the window that counts, run-on; and by which intervals travellers know times."""

from dataclasses import dataclass

import numpy as np

from twin.clock import TimeWindow
from twin.demand.sampling import MORNING

LOOK_S = 300.0
"""Times that travellers know are means of so long (s): short beside the minutes in which a queue builds up."""

LOOK_MS = round(1000 * LOOK_S)
WARM_UP_S = 1800.0  # departures before the measured window that fill the streets
RUN_ON_S = 600.0  # departures after it, so that its last trips meet traffic
LONGEST_RUN_ON_S = 7200.0  # the run ends so long after the window, whoever is still under way


@dataclass(frozen=True, slots=True)
class Period:
    """What a study runs: departures from `start_s` to `last_s`, clock to `until_s`, and the window that counts."""

    measured: TimeWindow
    start_s: float
    last_s: float
    until_s: float

    @classmethod
    def around(cls, measured: TimeWindow) -> "Period":
        """Warm-up before and run-on after a measured window."""
        return cls(
            measured,
            max(0.0, measured.start_s - WARM_UP_S),
            measured.end_s + RUN_ON_S,
            measured.end_s + LONGEST_RUN_ON_S,
        )

    @property
    def n_intervals(self) -> int:
        """Intervals of LOOK_S from midnight to the end."""
        return int(np.ceil(self.until_s / LOOK_S))


def departures_of(period: Period) -> TimeWindow:
    """When the travellers of a study usually depart: the morning where it lies in it, else the hours that are run."""
    if MORNING.start_s <= period.start_s and period.last_s <= MORNING.end_s:
        return MORNING
    return TimeWindow(period.start_s, period.last_s)
