"""Where new parking spaces would help: a simple stated rule, no simulation yet.

The rule: spaces are split over districts by given shares. Within a district they go where public parking is fullest on
a morning (cars that stand at its start and cars that come and want a public space, over spaces), so many to each zone
that the fullest zones come down to one level. A zone's spaces are spread over several of its streets.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from twin.advice.candidate_files import write_candidates
from twin.city.city import City
from twin.city.ground import ground_of
from twin.city.zones import Zone
from twin.errors import DemandError
from twin.scenario.parking_measures import AddParking
from twin.scenario.scenario import Scenario
from twin.scenario.street_parts import NEAR_M
from twin.wording import Words

YANTAI_SHARES = {
    ("芝罘区",): 0.40,
    ("莱山区",): 0.20,
    ("开发区",): 0.20,
    ("福山区",): 0.10,
    ("高新区", "牟平区"): 0.10,
}
"""Share of the new spaces by district [A]: the default split of domain notes 2.3; no list is published."""

YANTAI_SITES = 31
"""Sites of the central-city programme 2022–2024: 31 with about 5,208 spaces [F:29]."""

SMALLEST_ZONE_SHARE = 30
"""Zones that would get fewer spaces than this get none."""
LARGEST_LOT = 150
"""More spaces than this in one place are taken for a garage (assumed)."""
_NO_ENTRANCE = ("motorway", "trunk")


@dataclass(frozen=True, slots=True)
class ZoneParking:
    """Public parking of a zone on a morning. `cars`: those that stand at its start and those that come for a space."""

    cars: float
    spaces: float

    @property
    def fullness(self) -> float:
        """Cars over spaces; above 1 somebody finds none. A zone with cars and no space is infinitely full."""
        if self.spaces > 0:
            return self.cars / self.spaces
        return math.inf if self.cars > 0 else 0.0


@dataclass(frozen=True, slots=True)
class ParkingPlace:
    """A place for new spaces. `fullness`: of its zone's public parking on a morning, before."""

    zone: Zone
    lon: float
    lat: float
    spaces: int
    fullness: float


def find_parking_places(
    city: City,
    *,
    spaces: int = 5_000,
    sites: int = YANTAI_SITES,
    shares: dict[tuple[str, ...], float] = YANTAI_SHARES,
) -> tuple[ParkingPlace, ...]:
    """Places for so many new spaces in at most so many sites, by district and fullness."""
    parking = morning_parking(city)
    where = _entrances(city)
    weights = list(shares.values())
    places: list[ParkingPlace] = []
    for districts, district_spaces, district_sites in zip(
        shares, apportioned(spaces, weights), apportioned(sites, weights), strict=True
    ):
        zones = {zone.id: zone for zone in city.zones if zone.district in districts and zone.id in where}
        if district_spaces == 0:
            continue
        if not zones:
            raise DemandError(f"no zone of {' or '.join(districts)} has a street to put parking on")
        amounts = _amounts({zone_id: parking[zone_id] for zone_id in zones}, district_spaces, max(1, district_sites))
        more_sites = apportioned(max(0, district_sites - len(amounts)), [float(n) for n in amounts.values()])
        for (zone_id, amount), extra in zip(amounts.items(), more_sites, strict=True):
            spots = where[zone_id][: 1 + extra]
            for (lon, lat), count in zip(spots, apportioned(amount, [1.0] * len(spots)), strict=True):
                places.append(ParkingPlace(zones[zone_id], lon, lat, count, parking[zone_id].fullness))
    return tuple(places)


def morning_parking(city: City) -> dict[str, ZoneParking]:
    """Public parking of each zone: cars by their share of days, and spaces of the sites open on the city's date."""
    if city.demand is None:
        raise DemandError(f"{city.place}: no travellers, so nobody can tell where parking is short")
    travellers = city.demand.travellers
    wanting = travellers[travellers["parks"].eq("public") & travellers["mode"].eq("car")]
    wanted = pd.Series(wanting["travels_share"].to_numpy(), index=wanting["destination_zone"].to_numpy())
    cars: dict[str, float] = {str(zone): float(n) for zone, n in wanted.groupby(level=0).sum().items()}
    spaces: dict[str, float] = {}
    for site in city.open_sites:
        cars[site.zone_id] = cars.get(site.zone_id, 0.0) + site.occupied_at_start
        spaces[site.zone_id] = spaces.get(site.zone_id, 0.0) + site.spaces
    return {
        zone.id: ZoneParking(cars.get(zone.id, 0.0), spaces.get(zone.id, 0.0))
        for zone in city.zones
        if zone.kind == "zone"
    }


def _amounts(parking: dict[str, ZoneParking], total: int, most_zones: int) -> dict[str, int]:
    """New spaces of each zone that gets any, fullest first, adding up to the total."""
    chosen = sorted(parking, key=lambda zone_id: (-parking[zone_id].fullness, zone_id))[:most_zones]
    while True:
        wanted = levelled([parking[zone_id] for zone_id in chosen], float(total))
        kept = [zone_id for zone_id, spaces in zip(chosen, wanted, strict=True) if spaces >= SMALLEST_ZONE_SHARE]
        if len(kept) in (0, len(chosen)):
            return dict(zip(chosen, apportioned(total, wanted), strict=True))
        chosen = kept


def levelled(parking: list[ZoneParking], total: float) -> list[float]:
    """New spaces of each zone that bring the fullest down to one level of fullness and add up to the total.

    In equal parts where no zone has any car.
    """
    if not any(zone.cars for zone in parking):
        return [total / len(parking)] * len(parking)
    fullest_first = sorted((zone for zone in parking if zone.cars), key=lambda zone: -zone.fullness)
    cars = spaces = level = 0.0
    for zone in fullest_first:
        if zone.fullness <= level:  # this one and all after it lie below the level already
            break
        cars, spaces = cars + zone.cars, spaces + zone.spaces
        level = cars / (spaces + total)
    return [max(0.0, zone.cars / level - zone.spaces) for zone in parking]


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


def write_parking(city: City, path: Path, *, spaces: int = 5_000) -> tuple[ParkingPlace, ...]:
    """Write the places as a scenario of new parking, named 候选场01, 02 …."""
    places = find_parking_places(city, spaces=spaces)
    measures = tuple(
        AddParking(
            id=f"parking-{number:02d}",
            group="parking",
            at=(place.lon, place.lat),
            spaces=place.spaces,
            site_kind="garage" if place.spaces > LARGEST_LOT else "lot",
            name=f"候选场{number:02d}({place.zone.name})",
        )
        for number, place in enumerate(places, start=1)
    )
    scenario = Scenario(
        name=path.stem,
        title=Words(f"新增{spaces}个停车位(候选)", f"{spaces:,} new parking spaces (candidates)"),
        place=city.place,
        based_on="baseline",
        answers=("work-report-2024/p12-parking-spaces",),
        measures=measures,
        notes=PARKING_NOTES,
    )
    write_candidates(path, scenario, write_parking)
    return places


PARKING_NOTES = (
    "2024年政府工作报告未说明5000个停车位建在哪里，公开渠道也未查到清单；这里的候选场由程序按简单规则选出，不是真实项目。",
    "规则：按区分配(芝罘40%、莱山20%、开发区20%、福山10%、高新区和牟平10%，假定)，最多31处(取自2022—2024年计划的处数)；"
    "区内给早间公共停车最满的小区(已停车辆加上来找公共泊位的车辆，除以泊位数)，使最满的几处降到同一水平；停车供需是假定的。",
    "选点在小区街道上，不知道用地和地块：须人工核实。",
    "The report does not say where the 5,000 spaces go and no list was found: the places are chosen by a simple stated "
    "rule, not by simulation, and are not the real projects.",
    "Rule: split over districts (assumed shares 40/20/20/10/10 %), at most 31 sites as in the programme of 2022–2024; "
    "within a district to the zones whose public parking is fullest on a morning, so that the fullest come down to one "
    "level. Supply of and demand for parking are assumed.",
    "Places are points on streets: nothing is known of plots or land.",
)


def _entrances(city: City) -> dict[str, list[tuple[float, float]]]:
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
