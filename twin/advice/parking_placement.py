"""Where new parking spaces would help: a simple stated rule, no simulation yet.

The rule: spaces are split over districts by given shares; within a district they go to the zones that lack most
public spaces (cars that want one on a morning, less the public spaces free at its start), in proportion to that lack,
which counts for at most twice the mean.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from twin.city.city import City
from twin.city.ground import Ground, ground_of
from twin.city.zones import Zone
from twin.errors import DemandError
from twin.files.scenario_files import write_scenario
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

SMALLEST_SITE = 30
MOST_OF_MEAN = 2.0
"""A zone's shortage counts for at most twice the mean of those chosen: nobody builds one giant garage (assumed)."""
LARGEST_LOT = 150
"""More spaces than this in one place are taken for a garage (assumed)."""
_NO_ENTRANCE = ("motorway", "trunk")


@dataclass(frozen=True, slots=True)
class ParkingPlace:
    """A place for new spaces. `shortage`: public spaces its zone lacks on a morning."""

    zone: Zone
    lon: float
    lat: float
    spaces: int
    shortage: float


def find_parking_places(
    city: City,
    *,
    spaces: int = 5_000,
    sites: int = YANTAI_SITES,
    shares: dict[tuple[str, ...], float] = YANTAI_SHARES,
) -> tuple[ParkingPlace, ...]:
    """Places for so many new spaces in so many sites, at most one a zone, by district and shortage."""
    lack = public_shortage(city)
    where = _entrances(city)
    weights = list(shares.values())
    places: list[ParkingPlace] = []
    for districts, district_spaces, district_sites in zip(
        shares, apportioned(spaces, weights), apportioned(sites, weights), strict=True
    ):
        zones = [zone for zone in city.zones if zone.district in districts and zone.id in where]
        zones.sort(key=lambda zone: (-lack.get(zone.id, 0.0), zone.id))
        if not zones:
            raise DemandError(f"no zone of {' or '.join(districts)} has a street to put parking on")
        chosen = zones[: min(district_sites, district_spaces // SMALLEST_SITE)]
        short = [max(lack.get(zone.id, 0.0), 1.0) for zone in chosen]
        most = MOST_OF_MEAN * sum(short) / len(short)
        short = [min(cars, most) for cars in short]
        extra = apportioned(district_spaces - SMALLEST_SITE * len(chosen), short)
        for zone, more in zip(chosen, extra, strict=True):
            lon, lat = where[zone.id]
            places.append(ParkingPlace(zone, lon, lat, SMALLEST_SITE + more, lack.get(zone.id, 0.0)))
    return tuple(places)


def public_shortage(city: City) -> dict[str, float]:
    """Public spaces each zone lacks: cars that want one there, by their share of days, less those free at the start.

    Negative where spaces are left over.
    """
    if city.demand is None:
        raise DemandError(f"{city.place}: no travellers, so no shortage of parking can be told")
    travellers = city.demand.travellers
    wanting = travellers[travellers["parks"].eq("public") & travellers["mode"].eq("car")]
    wanted = pd.Series(wanting["travels_share"].to_numpy(), index=wanting["destination_zone"].to_numpy())
    cars: dict[str, float] = {str(zone): float(n) for zone, n in wanted.groupby(level=0).sum().items()}
    free: dict[str, float] = {}
    for site in city.open_sites:
        free[site.zone_id] = free.get(site.zone_id, 0.0) + site.spaces - site.occupied_at_start
    return {zone.id: cars.get(zone.id, 0.0) - free.get(zone.id, 0.0) for zone in city.zones if zone.kind == "zone"}


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


def write_parking(city: City, path: Path, *, spaces: int = 5_000, command: str) -> tuple[ParkingPlace, ...]:
    """Write the places as a scenario of new parking, named 候选场01, 02 …; `command` stands in the header."""
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
        answers=("work-report-2024/parking-spaces",),
        measures=measures,
        notes=PARKING_NOTES,
    )
    write_scenario(path, scenario, header=f"Written by: {command}")
    return places


PARKING_NOTES = (
    "2024年政府工作报告未说明5000个停车位建在哪里，公开渠道也未查到清单；这里的候选场由程序按简单规则选出，不是真实项目。",
    "规则：按区分配(芝罘40%、莱山20%、开发区20%、福山10%、高新区和牟平10%，假定)，共31处；"
    "区内按各小区公共泊位缺口(早间想找公共泊位的车辆减去空余泊位)由大到小选点，泊位数与缺口成比例(至多按平均缺口的2倍计)；31处之数取自2022—2024年计划。",
    "选点在小区街道上，不知道用地和地块：须人工核实。",
    "The report does not say where the 5,000 spaces go and no list was found: the places are chosen by a simple stated "
    "rule, not by simulation, and are not the real projects.",
    "Rule: split over districts (assumed shares 40/20/20/10/10 %), 31 sites as in the programme of 2022–2024; within a "
    "district the zones that lack most public spaces on a morning, spaces in proportion to that lack (which counts for "
    "at most twice the mean).",
    "Places are points on streets: nothing is known of plots or land.",
)


def _entrances(city: City) -> dict[str, tuple[float, float]]:
    """For each zone the point of its streets (lon, lat) nearest to its middle where cars may turn in."""
    network = city.open_network()
    ground: Ground = ground_of(network)
    among = {link.id for link in network.links if link.road_class not in _NO_ENTRANCE}
    middle = {zone.id: (zone.lon, zone.lat) for zone in city.zones if zone.kind == "zone"}
    points = city.demand.points if city.demand else ()
    nearest: dict[str, tuple[float, tuple[float, float]]] = {}
    for point in points:
        if point.zone_id not in middle:
            continue
        place = (round(point.lon, 6), round(point.lat, 6))
        far_m = ground.crow_m(middle[point.zone_id], place)
        known = nearest.get(point.zone_id)
        if (known is None or (far_m, place) < known) and ground.links_near(*place, NEAR_M, among=among):
            nearest[point.zone_id] = (far_m, place)
    return {zone_id: place for zone_id, (_, place) in nearest.items()}
