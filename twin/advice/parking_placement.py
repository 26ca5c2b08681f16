"""Where new parking spaces would help most: chosen by a queueing model of some hours, under stated limits.

Each block of spaces goes where it saves drivers most search, walking and turning away (`parking_surrogate`). Limits:
new spaces count for walks of up to 500 m; land and size of a place; a floor for each district; money, where a budget
is given. Beside it stands the usual practice, spaces in proportion to demand. The engine then says what both do.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.advice.city_parking import Candidate, CityParking, city_parking, drivers_by
from twin.advice.parking_allocation import Allocation, Limits, Room, Tell, allocate
from twin.advice.parking_costs import SPACE_COSTS, break_even_min, build_cost_yuan, day_over, kind_of_place
from twin.advice.parking_surrogate import Outcome
from twin.city.city import City
from twin.city.zones import Zone
from twin.clock import TimeWindow
from twin.errors import DemandError
from twin.units import SECONDS_PER_HOUR

Ints = NDArray[np.int64]

BLOCK = 50  # spaces placed at a time, and the smallest new site
MOST_IN_A_PLACE = 500  # largest garage (assumed)
LAND_SHARE = 0.005  # of a zone's area that may become parking (assumed)
EQUITY_FLOOR = 0.5  # least share of its proportional part that each district gets (assumed)
NOTHING_MIN = 2.5  # a space that saves all drivers together less than this a day buys nothing
TIME_ELASTICITY = -0.3  # of car trips to the time of a trip (domain notes 5.4: −0.2 to −0.4)
USUAL_TRIP_S = 1500.0  # of a car trip from door to door (assumed)


@dataclass(frozen=True, slots=True)
class ParkingPlace:
    """New spaces at a point of a zone's streets."""

    zone: Zone
    lon: float
    lat: float
    spaces: int

    @property
    def cost_yuan(self) -> float:
        """What they cost to build, land apart."""
        return build_cost_yuan(self.spaces)


@dataclass(frozen=True, slots=True)
class Induced:
    """Trips that easier parking would bring, and what is left of the gain with them (share; 1: all of it)."""

    trips: float
    gain_left: float


CURVE_COLUMNS = {
    "spaces": ("spaces", "placed so far, this block included"),
    "zone": ("name", "where the block goes"),
    "district": ("name", "its district"),
    "kind": ("word", "lot or garage: what the place is with this block"),
    "gain_min_per_space": ("min", "time of all drivers that one space of the block saves in a day"),
    "gain_h": ("h", "time that all spaces so far save in a day"),
    "cost_yuan": ("yuan", "to build all so far, land apart"),
    "is_worth_it": ("true/false", "saves more than such a space costs (`parking_costs`)"),
}


@dataclass(frozen=True, eq=False)
class ParkingPlan:
    """A placement with what it rests on. `curve`: one row a block, CURVE_COLUMNS, in the order of choosing.

    `measured`: the hours planned for. `before`, `after`, `proportional`: outcomes of the model in these hours without
    new spaces, with the plan, and with as many spaces in proportion to demand.
    """

    measured: TimeWindow
    places: tuple[ParkingPlace, ...]
    proportional_places: tuple[ParkingPlace, ...]
    curve: pd.DataFrame
    floors: dict[str, int]
    before: Outcome
    after: Outcome
    proportional: Outcome
    induced: Induced

    @property
    def buys_nothing(self) -> int:
        """How many of the last spaces save less than NOTHING_MIN of all drivers' time a day each."""
        last = self.curve["gain_min_per_space"] >= NOTHING_MIN
        worth = self.curve.loc[last, "spaces"]
        return int(self.curve["spaces"].iloc[-1] - (worth.iloc[-1] if len(worth) else 0))

    @property
    def worth_building(self) -> int:
        """How many spaces, of all blocks, save more than they cost."""
        size = self.curve["spaces"].diff().fillna(self.curve["spaces"])
        return int(size[self.curve["is_worth_it"]].sum())


def plan_parking(
    city: City,
    measured: TimeWindow,
    *,
    spaces: int = 5_000,
    block: int = BLOCK,
    equity_floor: float = EQUITY_FLOOR,
    budget_yuan: float | None = None,
    tell: Tell = lambda done, total: None,
) -> ParkingPlan:
    """Place so many new spaces for the drivers of these hours.

    Raises DemandError where land does not hold them, or money pays for none.
    """
    hours = city_parking(city, measured)
    rooms = _rooms(hours.candidates)
    if sum(room.most_spaces for room in rooms) < spaces:
        raise DemandError(
            f"{city.place}: land for {sum(room.most_spaces for room in rooms):,} new spaces where drivers need them, "
            f"not for {spaces:,} (at most {LAND_SHARE:.1%} of each zone)"
        )
    before = hours.model.outcome(hours.spaces)
    floors = district_floors(hours, rooms, round(equity_floor * spaces))

    def value(new_spaces: Ints) -> float:
        return before.cost_h - hours.model.outcome(hours.with_new(new_spaces)).cost_h

    found = allocate(
        value,
        rooms,
        spaces=spaces,
        block=block,
        limits=Limits(floors, budget_yuan),
        cost_yuan=lambda place, n: build_cost_yuan(n),
        tell=tell,
    )
    if not found.steps:
        size = min(block, spaces)
        raise DemandError(
            f"a budget of {(budget_yuan or 0.0) / 1e6:g} million yuan pays for none: {size} spaces in one place cost "
            f"{build_cost_yuan(size) / 1e6:g} million (assumed, land apart)"
        )
    proportional = proportional_spaces(hours, int(found.spaces.sum()))
    after = hours.model.outcome(hours.with_new(found.spaces))
    return ParkingPlan(
        measured=measured,
        places=_places(hours.candidates, found.spaces),
        proportional_places=_places(hours.candidates, proportional),
        curve=curve_of(found, hours.candidates, day_over(measured)),
        floors=floors,
        before=before,
        after=after,
        proportional=hours.model.outcome(hours.with_new(proportional)),
        induced=induced_driving(hours, before, after, found.spaces),
    )


def district_floors(hours: CityParking, rooms: Sequence[Room], spaces: int) -> dict[str, int]:
    """Least new spaces of each district: those held back for fairness in proportion to its drivers, as land allows."""
    drivers = drivers_by(hours.destination_district, hours.model.arrivals.sum(axis=(1, 2)))
    land = drivers_by([room.group for room in rooms], np.array([float(room.most_spaces) for room in rooms]))
    districts = sorted(district for district in drivers if land.get(district, 0.0) > 0.0)
    shares = apportioned(spaces, [drivers[district] for district in districts])
    return {district: min(n, int(land[district])) for district, n in zip(districts, shares, strict=True)}


def proportional_spaces(hours: CityParking, spaces: int) -> Ints:
    """Spaces at each candidate by the usual practice: to zones in proportion to drivers who come, at their best point.

    Zones that would get fewer than the smallest site get none.
    """
    first: dict[str, int] = {}
    for number, candidate in enumerate(hours.candidates):
        first.setdefault(candidate.zone.id, number)
    drivers = drivers_by(hours.destination_zone, hours.model.arrivals.sum(axis=(1, 2)))
    zones = [zone for zone in first if drivers.get(zone, 0.0) > 0.0]
    while True:
        counts = apportioned(spaces, [drivers[zone] for zone in zones])
        kept = [zone for zone, n in zip(zones, counts, strict=True) if n >= min(BLOCK, spaces)]
        if len(kept) in (0, len(zones)):
            break
        zones = kept
    placed = np.zeros(len(hours.candidates), dtype=np.int64)
    placed[[first[zone] for zone in zones]] = counts
    return placed


def induced_driving(hours: CityParking, before: Outcome, after: Outcome, new_spaces: Ints) -> Induced:
    """Car trips that the plan would bring, by an elasticity of trips to their time, and the gain left to others.

    Each destination gains trips by −0.3 × saved time ÷ usual time of a trip; the hours are then followed again.
    """
    drivers = hours.model.arrivals.sum(axis=(1, 2))
    saved_h = before.cost_h_by_destination - after.cost_h_by_destination
    saved_s = SECONDS_PER_HOUR * np.divide(saved_h, drivers, out=np.zeros_like(drivers), where=drivers > 0)
    more = np.clip(-TIME_ELASTICITY * saved_s / USUAL_TRIP_S, 0.0, 1.0)
    again = hours.model.with_arrivals(1.0 + more).outcome(hours.with_new(new_spaces))
    gain = before.cost_h - after.cost_h
    gain_left = before.cost_h - float((again.cost_h_by_destination / (1.0 + more)).sum())
    return Induced(float((more * drivers).sum()), gain_left / gain if gain > 0.0 else math.nan)


def curve_of(found: Allocation, candidates: Sequence[Candidate], days: float) -> pd.DataFrame:
    """Diminishing returns: one row a block, CURVE_COLUMNS, blocks in falling order of what they save.

    `days`: for how much of the hours' gain a day stands (`parking_costs.day_over`).
    Blocks that a floor asked for stand by their worth, not by when they were placed; exchanges afterwards are left out.
    """
    rows, at = [], dict[int, int]()
    placed, gain_h, cost = 0, 0.0, 0.0
    sizes = np.diff([0, *(step.spaces for step in found.steps)])
    order = sorted(range(len(found.steps)), key=lambda n: (-found.steps[n].gain / sizes[n], n))
    for step, size in ((found.steps[n], int(sizes[n])) for n in order):
        has = at.get(step.place, 0)
        at[step.place] = has + size
        placed, gain_h = placed + size, gain_h + days * step.gain
        cost += build_cost_yuan(has + size) - build_cost_yuan(has)
        rows.append(_curve_row(days * step.gain, size, candidates[step.place], placed, gain_h, cost, has + size))
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))


def _curve_row(
    saved_h: float, size: int, candidate: Candidate, placed: int, gain_h: float, cost_yuan: float, in_place: int
) -> tuple[int, str, str, str, float, float, float, bool]:
    kind = kind_of_place(in_place)
    minutes = 60.0 * saved_h / size
    zone = candidate.zone
    return placed, zone.name, zone.district, kind, minutes, gain_h, cost_yuan, minutes >= break_even_min(kind)


def _rooms(candidates: Sequence[Candidate]) -> list[Room]:
    """What each candidate can take: its part of the zone's land, built as a garage, and the largest garage."""
    in_zone = drivers_by([candidate.zone.id for candidate in candidates], np.ones(len(candidates)))
    rooms = []
    for candidate in candidates:
        land_m2 = LAND_SHARE * 1e6 * candidate.zone.area_km2 / in_zone[candidate.zone.id]
        rooms.append(Room(candidate.zone.district, min(MOST_IN_A_PLACE, int(land_m2 // SPACE_COSTS["garage"].land_m2))))
    return rooms


def _places(candidates: Sequence[Candidate], spaces: Ints) -> tuple[ParkingPlace, ...]:
    """Places that get spaces, largest first."""
    taken = [
        ParkingPlace(candidate.zone, candidate.lon, candidate.lat, int(n))
        for candidate, n in zip(candidates, spaces, strict=True)
        if n > 0
    ]
    return tuple(sorted(taken, key=lambda place: (-place.spaces, place.zone.id, place.lon, place.lat)))


def apportioned(total: int, weights: list[float]) -> list[int]:
    """Whole numbers in proportion to weights that add up to the total (largest remainders, Hamilton's method).

    >>> apportioned(10, [1.0, 1.0, 1.0])
    [4, 3, 3]
    """
    exact = [total * weight / sum(weights) for weight in weights]
    counts = [int(share) for share in exact]
    by_remainder = sorted(range(len(weights)), key=lambda i: (counts[i] - exact[i], i))
    for i in by_remainder[: total - sum(counts)]:
        counts[i] += 1
    return counts
