"""Who travels: travellers with habits, and the trips of one day."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.city.zones import LoadingPoint

TRAVELLER_COLUMNS = {
    "traveller_id": "integer, from 0; contains no id of a link or zone",
    "purpose": "work, school, business, other, through, freight",
    "mode": "car, bus, ebike, walk or truck",
    "origin_zone": "zone id",
    "destination_zone": "zone id",
    "origin_point": "index into Demand.points",
    "destination_point": "index into Demand.points",
    "usual_depart_s": "habitual departure, s from 00:00",
    "stay_s": "how long the traveller stays at the destination, s",
    "parks": "public, private (a place of one's own) or none (through traffic)",
    "travels_share": "share of days on which this trip is made, 0 to 1",
    "persons": "people in the vehicle, the driver of a car included; 1 where the load is not known",
}
"""Columns of `Demand.travellers`, and what each means."""

CHOOSER_COLUMNS = {
    "chooser_id": "integer: id as a traveller or rider in the base, or one beyond them",
    "mode": "how the chooser goes in the base: car, bus, ebike or walk",
    "purpose": "work, school, business or other",
    "people": "person trips of a day on which it is made that this row stands for",
    "origin_point": "index into Demand.points",
    "destination_point": "index into Demand.points",
    "usual_depart_s": "habitual departure, s from 00:00",
    "stay_s": "how long the car would stay at the destination, s",
    "parks": "what the car would need there, as in TRAVELLER_COLUMNS",
    "travels_share": "share of days on which this trip is made, 0 to 1",
    "first_traveller": "the first of the rows of Demand.travellers that are the chooser's, as a driver",
    "vehicles": "how many those are",
    "first_rider": "the first of the rows of Demand.riders that are the chooser's, as riders",
    "riders": "how many those are",
    "share_car": "share in the base of those who go there for that purpose by car; share_bus, … alike, together 1",
    "share_bus": "share by bus",
    "share_ebike": "share by e-bike",
    "share_walk": "share on foot",
}
"""Columns of `Demand.choosers`, and what each means."""


@dataclass(frozen=True, slots=True)
class DayToDay:
    """How days differ. `level_cv`: coefficient of variation of the share who travel, common to all on one day;
    `departure_sd_s`: spread of a traveller's departures about the usual one (s)."""

    level_cv: float = 0.0
    departure_sd_s: float = 0.0


@dataclass(frozen=True, eq=False)
class Demand:
    """Travellers of a place, one row a habitual trip, and the street points they load at.

    `travellers`: DataFrame with TRAVELLER_COLUMNS, sorted by traveller_id, index 0…n−1: everybody who drives.
    `riders`: the same columns for those who go by bus, with ids of their own. `choosers`: everybody who could go
    otherwise, with CHOOSER_COLUMNS; then travellers and riders hold, last and with a `travels_share` of 0, who would
    drive or ride if choosers of other modes did.
    `way_out`: (n,), for each traveller's trip the row of the one that it leads back from, −1 where it leads back from
    none; a tour is made on a day or not, both ways.
    `tables`: what they were drawn from, for showing (name → DataFrame), e.g. "trip_lengths".
    """

    travellers: pd.DataFrame
    points: tuple[LoadingPoint, ...]
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    assumed: frozenset[str] = frozenset()
    day_to_day: DayToDay = DayToDay()
    riders: pd.DataFrame | None = None  # None: not known; buses run empty
    choosers: pd.DataFrame | None = None  # None: nobody is asked
    way_out: NDArray[np.int64] | None = None  # None: nobody comes back, as in studies of a few hours
