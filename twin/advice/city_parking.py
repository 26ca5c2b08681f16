"""A city's public parking as a queueing model: who comes for a space, where and when, and where new ones could go.

Leaves out drivers with a place of their own, through traffic and lorries. All of it is as assumed as the city's demand.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.advice.parking_surrogate import DETOUR, STEP_S, ParkingModel
from twin.city.city import City
from twin.city.ground import Ground, ground_of
from twin.city.zones import Zone
from twin.clock import TimeWindow
from twin.errors import DemandError
from twin.files.city_files import load_city
from twin.scenario.scenario import Scenario
from twin.scenario.street_parts import NEAR_M
from twin.sim.parking_search import LONGEST_WALK_M
from twin.study.period import Period, departures_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PARKING_HOURS = TimeWindow.between("06:00", "22:00")
"""What parking is planned for where nobody says otherwise: hospitals are fullest from 08 to 11, shops from 15 to 21."""

NEW_WALK_M = 500.0
"""Longest walk for which a new space counts (assumed; one driver in five accepts it)."""

DRIVE_MPS = 30 / 3.6  # mean speed from door to door on the way there (assumed), to tell when drivers arrive
USUAL_STAY_S = 3600.0  # sites that admit no stranger for an hour in the middle are left out
STAY_KINDS = 3  # short, middle and long stays: thirds of the drivers
PLACES_A_ZONE = 3
_NO_ENTRANCE = ("motorway", "trunk")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where new spaces could go: a point of a zone's streets, where cars may turn in."""

    zone: Zone
    lon: float
    lat: float


@dataclass(frozen=True, eq=False)
class CityParking:
    """The model of a city's hours. Its sites: those of the city, then the candidates, without spaces yet.

    `destination_zone`, `destination_district`: of each destination of the model, in its order.
    """

    model: ParkingModel
    spaces: Ints
    candidates: tuple[Candidate, ...]
    destination_zone: tuple[str, ...]
    destination_district: tuple[str, ...]

    def with_new(self, new_spaces: Ints) -> Ints:
        """Spaces of all sites, with so many at each candidate."""
        return np.concatenate([self.spaces[: len(self.spaces) - len(self.candidates)], new_spaces])


def city_for(base: Scenario, measured: TimeWindow) -> City:
    """The city of a scenario, with the travellers of a study that measures this window."""
    return base.apply_to(load_city(base.place, hours=departures_of(Period.around(measured))))


def city_parking(city: City, measured: TimeWindow, *, places_a_zone: int = PLACES_A_ZONE) -> CityParking:
    """The model for the drivers of a study that measures this window, warm-up and run-on included.

    Candidates are the street points of each zone that are nearest to most drivers who want a public space: those with
    most of them within a walk of 500 m.
    """
    drivers = public_drivers(city)
    period = Period.around(measured)
    departs = drivers["usual_depart_s"].to_numpy(dtype=np.float64)
    drivers = drivers[(departs >= period.start_s) & (departs < period.last_s)]
    if drivers.empty:
        raise DemandError(f"{city.place}: nobody wants a public space between {measured}; nothing to place spaces for")
    ground = ground_of(city.network)
    points = city.demand.points if city.demand else ()
    points_xy = ground.xy([p.lon for p in points], [p.lat for p in points])
    goals, goal = np.unique(drivers["destination_point"].to_numpy(dtype=np.int64), return_inverse=True)
    arrivals, stay_s = _arrivals(drivers, points_xy, goal, len(goals), period)
    goals_xy = points_xy[goals]
    found = _candidates(city, ground, goals_xy, arrivals.sum(axis=(1, 2)), places_a_zone)
    middle_s = (measured.start_s + measured.end_s) / 2.0
    sites = [site for site in city.open_sites if site.admits(middle_s, USUAL_STAY_S)]
    lons = [*(site.lon for site in sites), *(place.lon for place in found)]
    lats = [*(site.lat for site in sites), *(place.lat for place in found)]
    reach_m = np.array([LONGEST_WALK_M] * len(sites) + [NEW_WALK_M] * len(found))
    empty = np.zeros(len(found))
    model = ParkingModel.laid_out(
        arrivals,
        stay_s,
        goals_xy,
        ground.xy(lons, lats),
        reach_m=reach_m,
        taken_at_start=np.concatenate([[float(site.occupied_at_start) for site in sites], empty]),
        leaves_after_s=np.concatenate([[site.start_stay_s or np.inf for site in sites], empty + np.inf]),
        informed_share=max(city.parking.experienced_share, city.parking.guided_share),
    )
    district = {zone.id: zone.district for zone in city.zones}
    zones = tuple(points[i].zone_id for i in goals)
    return CityParking(
        model,
        np.concatenate([[site.spaces for site in sites], empty]).astype(np.int64),
        found,
        zones,
        tuple(district.get(zone, "") for zone in zones),
    )


def public_drivers(city: City) -> pd.DataFrame:
    """Travellers who come by car and look for a public space.

    Without those who drive home again: where a public space is their own place, it counts as taken all day, though it
    is free while they are away.
    """
    if city.demand is None:
        raise DemandError(f"{city.place}: no travellers, so nobody can tell where parking is short")
    travellers, way_out = city.demand.travellers, city.demand.way_out
    comes = travellers["parks"].eq("public") & travellers["mode"].eq("car")
    return travellers[comes if way_out is None else comes & (way_out < 0)]


def _arrivals(
    drivers: pd.DataFrame, points_xy: Floats, goal: Ints, n_goals: int, period: Period
) -> tuple[Floats, Floats]:
    """Drivers by destination, step of arrival and kind of stay, by their share of days; the mean stay of each kind."""
    share = drivers["travels_share"].to_numpy(dtype=np.float64)
    stay_s = drivers["stay_s"].to_numpy(dtype=np.float64)
    kind = np.searchsorted(np.quantile(stay_s, np.arange(1, STAY_KINDS) / STAY_KINDS), stay_s, side="right")
    from_xy = points_xy[drivers["origin_point"].to_numpy(dtype=np.int64)]
    to_xy = points_xy[drivers["destination_point"].to_numpy(dtype=np.int64)]
    drive_s = DETOUR * np.hypot(*(to_xy - from_xy).T) / DRIVE_MPS
    arrive_s = drivers["usual_depart_s"].to_numpy(dtype=np.float64) + drive_s
    n_steps = int(np.ceil((period.until_s - period.start_s) / STEP_S))
    step = np.minimum(((arrive_s - period.start_s) // STEP_S).astype(np.int64), n_steps - 1)
    arrivals = np.zeros((n_goals, n_steps, STAY_KINDS))
    np.add.at(arrivals, (goal, step, kind), share)
    last = int(np.flatnonzero(arrivals.sum(axis=(0, 2)))[-1])
    means = np.array(
        [(stay_s * share)[kind == k].sum() / max(share[kind == k].sum(), 1e-12) for k in range(STAY_KINDS)]
    )
    return arrivals[:, : last + 1], np.maximum(means, STEP_S)


def _candidates(
    city: City, ground: Ground, goals_xy: Floats, drivers: Floats, places_a_zone: int
) -> tuple[Candidate, ...]:
    """The street points of each zone with most drivers within a walk; of equal ones those nearest to its centre."""
    zones = {zone.id: zone for zone in city.zones if zone.kind == "zone"}
    best: dict[str, list[tuple[float, float, tuple[float, float]]]] = {}
    for zone_id, spots in street_spots(city).items():
        xy = ground.xy([lon for lon, _ in spots], [lat for _, lat in spots])
        for rank, (place, at) in enumerate(zip(spots, xy, strict=True)):
            served = float(drivers[np.hypot(*(goals_xy - at).T) <= NEW_WALK_M].sum())
            if served > 0.0:
                best.setdefault(zone_id, []).append((-served, rank, place))
    return tuple(
        Candidate(zones[zone_id], *place)
        for zone_id in sorted(best)
        for _, _, place in sorted(best[zone_id])[:places_a_zone]
    )


def street_spots(city: City) -> dict[str, list[tuple[float, float]]]:
    """For each zone the points of its streets (lon, lat) where cars may turn in, nearest to its middle first."""
    network = city.network
    ground = ground_of(network)
    among = {link.id for link in network.links if link.is_open_on(city.date) and link.road_class not in _NO_ENTRANCE}
    middle = {zone.id: (zone.lon, zone.lat) for zone in city.zones if zone.kind == "zone"}
    spots: dict[str, dict[tuple[float, float], float]] = {}
    for point in city.demand.points if city.demand else ():
        place = (round(point.lon, 6), round(point.lat, 6))
        if point.zone_id in middle and ground.links_near(*place, NEAR_M, among=among):
            spots.setdefault(point.zone_id, {})[place] = ground.crow_m(middle[point.zone_id], place)
    return {zone_id: sorted(found, key=lambda place: (found[place], place)) for zone_id, found in spots.items()}


def drivers_by(groups: Sequence[str], drivers: Floats) -> dict[str, float]:
    """Sums by group, in the order in which groups first come."""
    sums: dict[str, float] = {}
    for group, n in zip(groups, drivers.tolist(), strict=True):
        sums[group] = sums.get(group, 0.0) + n
    return sums
