"""One finished run, with what its measures need: records, the measured window, and the streets it ran on.

Leaves out the city: a run can be read from disk and measured without it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pandas as pd

from twin.clock import TimeWindow
from twin.records import Records

Arm = Literal["before", "after"]

NOT_MEASURED_CLASSES = ("bus",)
"""Vehicle classes whose trips are not a traveller's own: they have their own table and metrics."""

STREET_COLUMNS = {
    "link_id": ("id", "the link"),
    "length_m": ("m", "its length"),
    "free_speed_mps": ("m/s", "its free speed, without junction delay"),
    "lanes": ("count", "of this direction"),
    "capacity_vph": ("PCU/h", "a lane"),
    "signal_node": ("id", "the junction with a signal plan at its end; empty: none"),
}


@dataclass(frozen=True, slots=True)
class LightTraffic:
    """Times over links when hardly anybody drives, signals included (s); frozen from the base for both arms.

    `times_s`: link id → s. A link that is not in it (opened by a measure, say) counts with its free speed.
    """

    times_s: Mapping[str, float]

    def over(self, streets: pd.DataFrame) -> pd.Series:
        """Time over each link of a table with STREET_COLUMNS (s), indexed by link id."""
        ids = pd.Index(streets["link_id"], name="link_id")
        free = pd.Series((streets["length_m"] / streets["free_speed_mps"]).to_numpy(dtype="float64"), index=ids)
        known = pd.Series(self.times_s, dtype="float64")
        if known.empty:
            return free
        return known.reindex(ids).fillna(free)


@dataclass(frozen=True, eq=False)
class Run:
    """What one arm of a study did with one seed.

    `records.trips` has TRIP_COLUMNS, and STUDY_TRIP_COLUMNS where travellers park; `links` has STREET_COLUMNS, one
    row for each link that could be driven. `zones` has ZONE_COLUMNS, `crossings` CROSSING_COLUMNS, `new_roads`
    NEW_ROAD_COLUMNS, `lines` LINE_COLUMNS and `line_stops` LINE_STOP_COLUMNS; None: not known.
    """

    scenario: str
    arm: Arm
    seed: int
    records: Records
    measured: TimeWindow
    links: pd.DataFrame
    free_times: LightTraffic = LightTraffic({})
    zones: pd.DataFrame | None = None
    crossings: pd.DataFrame | None = None
    new_roads: pd.DataFrame | None = None
    lines: pd.DataFrame | None = None
    line_stops: pd.DataFrame | None = None

    def measured_trips(self) -> pd.DataFrame:
        """Trips of travellers and lorries that want to start in the measured window, ended or not; buses apart."""
        return self._measured_trips

    @cached_property
    def _measured_trips(self) -> pd.DataFrame:
        trips = self.records.trips
        departs = trips["depart_s"]
        in_window = (departs >= self.measured.start_s) & (departs < self.measured.end_s)
        return trips[in_window & ~trips["vehicle_class"].isin(NOT_MEASURED_CLASSES)]

    def measured_links(self) -> pd.DataFrame:
        """Interval statistics of links whose interval starts in the measured window."""
        return self._measured_links

    @cached_property
    def _measured_links(self) -> pd.DataFrame:
        links = self.records.links
        starts = links["interval_start_s"]
        return links[(starts >= self.measured.start_s) & (starts < self.measured.end_s)]

    def __repr__(self) -> str:
        created = self.records.books.get("created", len(self.records.trips))
        return f"<Run {self.scenario} ({self.arm}), seed {self.seed}: {created} trips, measured {self.measured}>"
