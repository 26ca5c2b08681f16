"""Public parking: car parks somebody named, and kerb and lot spaces laid out over zones where nobody listed them.

A published total of kerb spaces is spread over zones by residents and jobs; lots follow rates for each resident and
job. Sites stand at the zones' street points. What is taken at the start follows the hour, the mix of homes and jobs,
the density of jobs, and crowded places. Everything but a published number is flagged assumed.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twin.city.ground import Ground, ground_of
from twin.city.network import Network
from twin.city.parking import ParkingSite, Tariff
from twin.city.zones import Zone
from twin.demand.inputs import DemandInputs, KnownSite, OccupancySettings, ParkingSettings
from twin.demand.zones import StreetPoints, street_points

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

START_S = 5 * 3600
"""When a morning run begins."""

_LAID_OUT = frozenset({"name", "lon", "lat", "link_id", "spaces", "occupied_at_start", "tariff"})
_WORDS = {"kerb": "路内泊位", "lot": "公共停车场"}


def sites_of(
    network: Network, inputs: DemandInputs, points: StreetPoints | None = None, *, start_s: float = START_S
) -> tuple[ParkingSite, ...]:
    """Public sites in order of id, with the spaces taken when a run begins at `start_s`.

    `points`: as `street_points` gives them for these streets and zones; None: made here.
    """
    if points is None:
        points = street_points(network, inputs.zones, inputs.demand.loading)
    ground = ground_of(network)
    settings = inputs.parking
    kerb, lots = _spaces_by_zone(points, settings)
    kerb_sites = apportioned(kerb.astype(np.float64), settings.supply.kerb_sites)
    crowds = _Crowds(ground, settings)
    hour = int(start_s // 3600) % 24
    sites = [_known_site(site, settings, ground, points) for site in settings.sites]
    for number, zone in enumerate(points.zones):
        taken = occupied_share(zone, settings.occupancy, hour)
        n_lots = math.ceil(lots[number] / settings.supply.spaces_per_lot)
        for kind, spaces, wanted in (
            ("kerb", int(kerb[number]), int(kerb_sites[number])),
            ("lot", int(lots[number]), n_lots),
        ):
            kind_word: Literal["kerb", "lot"] = "kerb" if kind == "kerb" else "lot"
            sites += _laid_out(zone, number, kind_word, spaces, wanted, points, settings, crowds, taken)
    return tuple(sorted(sites, key=lambda site: site.id))


def occupied_share(zone: Zone, settings: OccupancySettings, hour: int) -> float:
    """Share of a zone's public spaces taken at the hour by cars that stay: homes and jobs mixed, more where dense."""
    people = zone.residents + zone.jobs
    job_part = zone.jobs / people if people > 0 else 0.0
    base = job_part * settings.near_jobs[hour] + (1.0 - job_part) * settings.near_homes[hour]
    density = zone.jobs / zone.area_km2 if zone.area_km2 > 0 else 0.0
    dense = min(1.0, density / settings.dense_jobs_per_km2)
    return base + (1.0 - base) * settings.dense_extra * dense


def apportioned(weights: Floats, total: int) -> Ints:
    """Whole numbers in proportion to the weights that add up to the total (largest remainders, first come first)."""
    whole = weights.sum()
    if whole <= 0 or total <= 0:
        return np.zeros(len(weights), dtype=np.int64)
    exact = weights * (total / whole)
    counts = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - counts), kind="stable")
    counts[order[: total - int(counts.sum())]] += 1
    return np.asarray(counts, dtype=np.int64)


def _spaces_by_zone(points: StreetPoints, settings: ParkingSettings) -> tuple[Ints, Ints]:
    """Kerb and lot spaces of each zone; none where no street is in reach."""
    supply = settings.supply
    residents = np.array([zone.residents for zone in points.zones], dtype=np.float64)
    jobs = np.array([zone.jobs for zone in points.zones], dtype=np.float64)
    is_served = np.array([zone.kind == "zone" for zone in points.zones]) & (points.counts > 0)
    kerb_weight = (residents * supply.kerb_resident_weight + jobs * supply.kerb_job_weight) * is_served
    lots = (residents * supply.lot_spaces_per_resident + jobs * supply.lot_spaces_per_job) * is_served
    return apportioned(kerb_weight, supply.kerb_spaces), np.round(lots).astype(np.int64)


def _laid_out(
    zone: Zone,
    number: int,
    kind: Literal["kerb", "lot"],
    spaces: int,
    wanted: int,
    points: StreetPoints,
    settings: ParkingSettings,
    crowds: "_Crowds",
    taken: float,
) -> list[ParkingSite]:
    """A zone's spaces of one kind at as many of its points as wanted, shared out by the points' weights."""
    start, count = int(points.start[number]), int(points.counts[number])
    if spaces <= 0 or count == 0:
        return []
    weights = points.weights[start : start + count]
    n_sites = max(1, min(wanted, count, spaces))
    at = sorted(np.argsort(-weights, kind="stable")[:n_sites].tolist())
    shares = weights[at] if weights[at].sum() > 0 else np.ones(n_sites)
    # Every site gets a space first, so that none is empty.
    each = 1 + apportioned(shares, spaces - n_sites)
    sites = []
    for place, (offset, n_spaces) in enumerate(zip(at, each.tolist(), strict=True), start=1):
        point = points.points[start + offset]
        share = max(taken, crowds.least_share(point.lon, point.lat))
        sites.append(
            ParkingSite(
                id=f"{zone.id}-{kind}-{place:02d}",
                name=f"{zone.name} {_WORDS[kind]} {place}",
                kind=kind,
                lon=point.lon,
                lat=point.lat,
                link_id=point.link_id,
                zone_id=zone.id,
                spaces=n_spaces,
                occupied_at_start=min(n_spaces, round(share * n_spaces)),
                tariff=_tariff(settings),
                assumed=_LAID_OUT,
            )
        )
    return sites


def _tariff(settings: ParkingSettings) -> Tariff:
    price = settings.tariff
    return Tariff(price.half_hour_yuan, price.day_cap_yuan, price.night_cap_yuan, 60.0 * price.free_min)


def _known_site(site: KnownSite, settings: ParkingSettings, ground: Ground, points: StreetPoints) -> ParkingSite:
    """A named car park, entered from the street point nearest to it; in the zone whose centre is nearest."""
    at = ground.xy(site.lon, site.lat)[0]
    here = ground.xy([p.lon for p in points.points], [p.lat for p in points.points])
    nearest = points.points[int(np.argmin(np.hypot(*(here - at).T)))]
    owns = [zone for zone in points.zones if zone.kind == "zone"] or list(points.zones)
    centres = ground.xy([zone.lon for zone in owns], [zone.lat for zone in owns])
    price = settings.tariff
    return ParkingSite(
        id=site.id,
        name=site.name,
        kind=site.kind,
        lon=site.lon,
        lat=site.lat,
        link_id=nearest.link_id,
        zone_id=owns[int(np.argmin(np.hypot(*(centres - at).T)))].id,
        spaces=site.spaces,
        occupied_at_start=min(site.spaces, round(site.occupied * site.spaces)),
        tariff=Tariff(price.half_hour_yuan, site.day_cap_yuan, price.night_cap_yuan, 60.0 * site.free_min),
        assumed=frozenset(site.assumed) | {"link_id", "occupied_at_start"},
    )


class _Crowds:
    """Crowded places laid out in metres."""

    def __init__(self, ground: Ground, settings: ParkingSettings) -> None:
        self.ground = ground
        self.places = settings.crowded_places
        self.xy: Floats = (
            ground.xy([place.lon for place in self.places], [place.lat for place in self.places])
            if self.places
            else np.zeros((0, 2))
        )

    def least_share(self, lon: float, lat: float) -> float:
        """The largest share taken of any crowded place within reach; 0 for none."""
        distance_m = np.hypot(*(self.xy - self.ground.xy(lon, lat)[0]).T)
        near = [place.occupied for place, d in zip(self.places, distance_m, strict=True) if d <= place.radius_m]
        return max(near, default=0.0)
