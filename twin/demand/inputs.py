"""What demand is made from: zones, settings and tables, as frozen types.

The settings are the schema of `demand.toml` and `parking.toml` as well: `twin.files.demand_files` reads each field
by its name and refuses what its bounds do not allow, so a field added here is a key allowed there. Names carry the
unit a planner writes. `SourcedValue` keeps where every number is from.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import pandas as pd

from twin.city.parking import Access, SiteKind
from twin.city.zones import Zone

OBSERVED_TAGS = ("S", "F")
"""Stated in the work report, or found in a public source; every other tag derives, believes or assumes."""

TAGS = {
    "S": "stated in the government work report",
    "F": "found in a public source, F:n in the passport's list",
    "D": "derived by calculation from stated or found figures",
    "K-h": "general knowledge, high confidence",
    "K-m": "general knowledge, medium confidence",
    "K-l": "general knowledge, low confidence",
    "A": "assumption of the twin",
}

TripPurpose = Literal["work", "school", "business", "other"]
PersonMode = Literal["walk", "ebike", "bus", "car", "taxi"]
BackBy = Literal["profile", "stay"]
"""When who parks drives home in a whole day: as the profile of ways home says, stays following; or when a stay ends."""

PURPOSES: tuple[TripPurpose, ...] = ("work", "school", "business", "other")
PERSON_MODES: tuple[PersonMode, ...] = ("walk", "ebike", "bus", "car", "taxi")
ChoiceMode = Literal["car", "bus", "ebike", "walk"]
OD_PURPOSES = (*PURPOSES, "through", "freight")
"""Purposes whose table may be given as `od_<purpose>.csv`."""


@dataclass(frozen=True, slots=True)
class Within:
    """Bounds of a number: `low <= x <= high`, or `low < x` where `above` is true."""

    low: float
    high: float = math.inf
    above: bool = False

    def allows(self, number: float) -> bool:
        """Whether the number is finite and within the bounds."""
        over = number > self.low if self.above else number >= self.low
        return math.isfinite(number) and over and number <= self.high

    def __str__(self) -> str:
        if math.isinf(self.high):
            return f"{'above' if self.above else 'at least'} {self.low:g}"
        return f"between {self.low:g} and {self.high:g}"


@dataclass(frozen=True, slots=True)
class Length:
    """How many values a list holds."""

    count: int


Share = Annotated[float, Within(0.0, 1.0)]
Amount = Annotated[float, Within(0.0)]
Positive = Annotated[float, Within(0.0, above=True)]
Count = Annotated[int, Within(1)]
Longitude = Annotated[float, Within(-180.0, 180.0)]
Latitude = Annotated[float, Within(-85.0, 85.0)]
Quarters = Annotated[tuple[Share, ...], Length(20)]
OtherHours = Annotated[tuple[Share, ...], Length(19)]
DayHours = Annotated[tuple[Share, ...], Length(24)]


@dataclass(frozen=True, slots=True)
class SourcedValue:
    """One value of an input file and where it is from; `tag` as in TAGS."""

    key: str  # e.g. "purposes.work.persons_per_car"
    value: str
    tag: str
    note: str = ""

    @property
    def is_observed(self) -> bool:
        """Whether somebody stated or published it."""
        return self.tag.split(":")[0] in OBSERVED_TAGS


@dataclass(frozen=True, slots=True)
class Level:
    """How much travel there is. `scale` multiplies car and lorry trips only, `bus_scale` the trips by bus that are
    simulated."""

    scale: Positive
    trips_per_resident: Amount  # person trips on a weekday, all modes
    day_cv: Share  # coefficient of variation of the level from day to day
    departure_sd_min: Amount  # spread of a traveller's departures about the usual one
    bus_scale: Positive = 1.0


@dataclass(frozen=True, slots=True)
class LoadingSettings:
    """Where on a zone's streets trips start and end. `class_weights`: by road class, per metre of street."""

    points_per_zone: Count
    reach_m: Positive
    gate_reach_m: Positive
    class_weights: dict[str, Amount]


@dataclass(frozen=True, slots=True)
class Profile:
    """When trips set out: shares of a day, in quarter hours from 05:00 to 10:00 and in the other 19 hours."""

    quarters_05_10: Quarters
    other_hours: OtherHours  # 00–04, then 10–23


@dataclass(frozen=True, slots=True)
class PurposeSettings:
    """Trips of one purpose, from a home (or, on business, a workplace) to an activity and back, half of them each way.

    The weights say what makes trips: so much for each resident, so much for each job of a zone.
    """

    share_of_trips: Share  # of all person trips
    starts_at: str  # what the traveller comes from: a key of `ParkingSettings.ends`
    ends_at: str
    start_resident_weight: Amount
    start_job_weight: Amount
    end_resident_weight: Amount
    end_job_weight: Amount
    deterrence_per_min: Amount
    persons_per_car: Annotated[float, Within(1.0)]
    travels_share: Positive  # share of days on which a habitual trip is made
    outward: Profile
    homeward: Profile
    back_by: BackBy = "profile"


@dataclass(frozen=True, slots=True)
class ModeSettings:
    """Shares of person trips by mode: for each purpose and mode one share for each band of distance."""

    bands_km: tuple[Positive, ...]  # upper ends; one more band lies beyond the last
    persons_per_taxi: Annotated[float, Within(1.0)]
    shares: dict[str, dict[str, tuple[Share, ...]]]


CHOICE_MODES: tuple[ChoiceMode, ...] = ("car", "bus", "ebike", "walk")
"""Modes that people choose among, in the order of columns. Who goes by taxi goes on doing so."""


@dataclass(frozen=True, slots=True)
class Nest:
    """Modes that stand in for one another more than for others. `scale`: 1 as all others, near 0 the same thing."""

    modes: tuple[ChoiceMode, ...]
    scale: Annotated[float, Within(0.0, 1.0, above=True)]


@dataclass(frozen=True, slots=True)
class ChoiceSettings:
    """Everything in `mode_choice.toml`: what people weigh when they choose how to go.

    `utils_per_min`: utility lost by a minute in the car or aboard. `purpose_scale`: times all utilities of a purpose.
    `driver_time_yuan_per_h` (by purpose) turns parking fees into minutes, `rider_time_yuan_per_h` fares.
    `longest_cost_min`: no way costs more, so that a mode without any is dear and not impossible. `trips_per_logsum`:
    relative change of trips where the logsum changes by one, if trips may be induced.
    """

    title: str
    utils_per_min: Positive
    driver_time_yuan_per_h: dict[str, Positive]
    rider_time_yuan_per_h: Positive
    purpose_scale: dict[str, Positive]
    nests: dict[str, Nest]
    bus_fare_yuan: Amount  # for each boarding
    ebike_kmh: Positive
    longest_cost_min: Positive
    trips_per_logsum: Annotated[float, Within(0.0, 1.0)]


@dataclass(frozen=True, slots=True)
class GateKind:
    """Traffic of each gate of one kind, both ways together. `through_share`: goes on to another gate."""

    cars_per_day: Amount
    lorries_per_day: Amount
    through_share: Share


@dataclass(frozen=True, slots=True)
class GateSettings:
    """Traffic that crosses the edge of the area, by kind of gate."""

    kinds: dict[str, GateKind]
    deterrence_per_min: Amount
    resident_weight: Amount
    job_weight: Amount
    least_through_km: Amount  # gates closer than this exchange nothing
    travels_share: Positive
    ends_at: str  # parking of visitors who come in: a key of `ParkingSettings.ends`
    profile: Profile


@dataclass(frozen=True, slots=True)
class LorryBan:
    """A daily window in which lorries may not run inside, "HH:MM" to "HH:MM"."""

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class LorrySettings:
    """Lorries inside the area; those of gates stand with the gates.

    A lorry that would set out less than `clear_min` before a ban or in it goes before or after instead, within
    `spread_min`.
    """

    trips_per_job: Amount  # a day
    deterrence_per_min: Amount
    travels_share: Positive
    clear_min: Amount
    spread_min: Positive
    bans: tuple[LorryBan, ...]
    profile: Profile


@dataclass(frozen=True, slots=True)
class DemandSettings:
    """Everything in `demand.toml`."""

    title: str
    level: Level
    loading: LoadingSettings
    purposes: dict[str, PurposeSettings]
    modes: ModeSettings
    gates: GateSettings
    lorries: LorrySettings


@dataclass(frozen=True, slots=True)
class SupplySettings:
    """Public spaces: kerb spaces of a published total spread over zones, and lots by residents and jobs.

    Private spaces, of homes and of offices, are nobody else's until a measure shares them. Where the network is a
    sketch (less than `sketch_km_per_km2` of streets), kerb spaces lie along local streets that it does not have, so
    many kilometres of all streets a square kilometre, and one searches those within `search_reach_m`.
    """

    kerb_spaces: Annotated[int, Within(0)]
    kerb_sites: Annotated[int, Within(0)]
    kerb_resident_weight: Amount
    kerb_job_weight: Amount
    lot_spaces_per_resident: Amount
    lot_spaces_per_job: Amount
    spaces_per_lot: Positive
    cars_per_resident: Amount = 0.4
    home_spaces_per_resident: Amount = 0.0
    office_spaces_per_job: Amount = 0.0
    sketch_km_per_km2: Amount = 4.0
    streets_km_per_km2: Amount = 8.0
    search_reach_m: Positive = 300.0
    gate_s: Amount = 0.0  # time one car takes at the gate of a car park
    gate_from_spaces: Count = 200  # car parks of so many spaces have one
    charging_share: Share = 0.0  # of the spaces of car parks


@dataclass(frozen=True, slots=True)
class OccupancySettings:
    """Share of public spaces taken at the start of a run by cars that stay through it, by hour of the start.

    Where jobs are dense the rest fills up: at `dense_jobs_per_km2` and over by `dense_extra` of what is free.
    """

    near_homes: DayHours
    near_jobs: DayHours
    dense_jobs_per_km2: Positive
    dense_extra: Share
    start_stay_h: Amount = 0.0  # mean time until cars of nobody who travels leave, in whole days; 0: they stay


@dataclass(frozen=True, slots=True)
class TariffSettings:
    """Price of public parking."""

    half_hour_yuan: Amount
    day_cap_yuan: Amount
    night_cap_yuan: Amount
    free_min: Amount


@dataclass(frozen=True, slots=True)
class ParkingEnd:
    """Where cars are left at one kind of place, and for how long. The rest wants a public space."""

    own_place: Share
    drop_off: Share  # stops at the door and goes on
    mean_stay_h: Positive
    stay_cv: Amount


@dataclass(frozen=True, slots=True)
class CrowdedPlace:
    """A place around which at least this share of public spaces is taken at the start (a hospital, a station)."""

    name: str
    lon: Longitude
    lat: Latitude
    radius_m: Positive
    occupied: Share


@dataclass(frozen=True, slots=True)
class KnownSite:
    """A car park, or kerb spaces of one side of a street, that somebody named. `assumed` names the fields that nobody
    published; what is left out is as everywhere in the place. `shared_hours`: "HH:MM-HH:MM" when strangers may park."""

    id: str
    name: str
    kind: SiteKind
    lon: Longitude
    lat: Latitude
    spaces: Count
    occupied: Share
    day_cap_yuan: Amount
    free_min: Amount
    assumed: tuple[str, ...]
    side: Literal["", "left", "right"] = ""
    access: Access = "public"
    half_hour_yuan: float | None = None
    first_half_hour_yuan: float | None = None
    open_hours: str = ""
    shared_hours: str = ""
    longest_stay_min: Amount = 0.0  # 0: no limit
    gate_s: float | None = None
    gates: Count = 1
    charging_spaces: Annotated[int, Within(0)] = 0


@dataclass(frozen=True, slots=True)
class ParkingSettings:
    """Everything in `parking.toml`."""

    title: str
    supply: SupplySettings
    occupancy: OccupancySettings
    tariff: TariffSettings
    ends: dict[str, ParkingEnd]
    sites: tuple[KnownSite, ...] = ()
    crowded_places: tuple[CrowdedPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class DemandPassport:
    """What a folder of demand is: its source, licence and date. `citations`: "F:31" → the publication."""

    title: str
    place: str
    kind: Literal["assumed", "surveyed", "mixed", "synthetic"]
    made_on: str
    licence: str
    note: str
    citations: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class DemandInputs:
    """A folder of demand, checked. Zones are kept in order of id, so row order of files changes nothing.

    `od_tables`: purpose → DataFrame (origin, destination, trips a day); where one is given the gravity model is left
    aside. Person trips from home to activity for the four purposes, vehicles for "through" and "freight".
    """

    zones: tuple[Zone, ...]
    demand: DemandSettings
    parking: ParkingSettings
    passport: DemandPassport
    od_tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    sources: tuple[SourcedValue, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "zones", tuple(sorted(self.zones, key=lambda zone: zone.id)))

    @property
    def assumed_values(self) -> tuple[SourcedValue, ...]:
        """The values that nobody stated or published, in order of the files."""
        return tuple(value for value in self.sources if not value.is_observed)
