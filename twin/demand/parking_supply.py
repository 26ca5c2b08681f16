"""Public parking: car parks somebody named, and kerb and lot spaces laid out over zones where nobody listed them.

A published total of kerb spaces is spread over zones by residents and jobs; lots follow rates for each resident and
job. Sites stand at the zones' street points. What is taken at the start follows the hour, the mix of homes and jobs,
the density of jobs, and crowded places. Everything but a published number is flagged assumed. Spaces of homes and
offices: `private_parking`.
"""

import math
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twin.city.ground import Ground, ground_of
from twin.city.network import Network
from twin.city.parking import ParkingSite, Tariff
from twin.city.zones import LoadingPoint, Zone
from twin.clock import TimeWindow
from twin.demand.inputs import DemandInputs, KnownSite, OccupancySettings, ParkingSettings
from twin.demand.zones import StreetPoints, street_points

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

START_S = 5 * 3600
"""When a morning run begins."""

_POINTS_A_KERB = 3
"""Kerb spaces take at most one in so many points of a zone, so that a zone with fewer points has none: kerbs are small,
and where they stood alone every driver would find them full."""

_ASIDE_DEG = 0.0005
"""A second kerb site at one street point is some 50 m aside: another street of the neighbourhood."""

_LAID_OUT = frozenset(
    {"name", "lon", "lat", "link_id", "spaces", "occupied_at_start", "tariff", "gate_s", "local_street_m"}
)
_WORDS = {"kerb": "路内泊位", "lot": "公共停车场"}


def sites_of(
    network: Network,
    inputs: DemandInputs,
    points: StreetPoints | None = None,
    *,
    start_s: float = START_S,
    turns_over: bool = False,
) -> tuple[ParkingSite, ...]:
    """Public sites in order of id, with the spaces taken when a run begins at `start_s`.

    `points`: as `street_points` gives them for these streets and zones; None: made here. `turns_over`: those parked at
    the start leave during the run.
    """
    if points is None:
        points = street_points(network, inputs.zones, inputs.demand.loading)
    ground = ground_of(network)
    settings = inputs.parking
    kerb, lots = _spaces_by_zone(points, settings)
    kerb_sites = apportioned(kerb.astype(np.float64), settings.supply.kerb_sites)
    crowds = _Crowds(ground, settings)
    local_m = _local_street_m(network, points, kerb_sites, settings)
    hour = int(start_s // 3600) % 24
    sites = [_known_site(site, settings, ground, points) for site in settings.sites]
    for number, zone in enumerate(points.zones):
        taken = occupied_share(zone, settings.occupancy, hour)
        n_lots = math.ceil(lots[number] / settings.supply.spaces_per_lot)
        kerb_at, lots_at = _places(points, number, max(1, int(kerb_sites[number])) if kerb[number] else 0, n_lots)
        for kind, spaces, at in (("kerb", int(kerb[number]), kerb_at), ("lot", int(lots[number]), lots_at)):
            each = _shared_out(spaces, points.weights[at])
            for place, (index, n_spaces) in enumerate(zip(at, each, strict=False), start=1):
                point = points.points[index]
                share = max(taken, crowds.least_share(point.lon, point.lat))
                site = _laid_out(zone, point, "kerb" if kind == "kerb" else "lot", place, n_spaces, share, settings)
                if kind == "kerb":
                    again = at[: place - 1].count(index)
                    site = replace(site, lat=site.lat + again * _ASIDE_DEG, local_street_m=float(local_m[number]))
                sites.append(site)
    if turns_over and settings.occupancy.start_stay_h > 0:
        sites = [replace(site, start_stay_s=3600.0 * settings.occupancy.start_stay_h) for site in sites]
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
    has_kerb = is_served & (points.counts >= _POINTS_A_KERB)
    kerb_weight = (residents * supply.kerb_resident_weight + jobs * supply.kerb_job_weight) * has_kerb
    lots = (residents * supply.lot_spaces_per_resident + jobs * supply.lot_spaces_per_job) * is_served
    return apportioned(kerb_weight, supply.kerb_spaces), np.round(lots).astype(np.int64)


def _places(points: StreetPoints, number: int, n_kerb: int, n_lots: int) -> tuple[list[int], list[int]]:
    """Points of a zone for kerb and lot sites: kerbs in its smallest streets, lots in the largest of the rest."""
    start, count = int(points.start[number]), int(points.counts[number])
    if count == 0:
        return [], []
    smallest_first = start + np.argsort(points.weights[start : start + count], kind="stable")
    with_kerb = min(n_kerb, count // _POINTS_A_KERB)
    rest = smallest_first[with_kerb:]
    lots = rest[max(0, len(rest) - n_lots) :]
    kerb = [int(smallest_first[i % with_kerb]) for i in range(n_kerb)] if with_kerb else []
    return sorted(kerb), sorted(lots.tolist())


def _local_street_m(network: Network, points: StreetPoints, kerb_sites: Ints, settings: ParkingSettings) -> Floats:
    """Local streets off the network that a kerb site of each zone lies along (m); 0 where the network has the streets.

    The zone's streets that the network lacks, shared by its kerb sites, and no more than lie within reach of one.
    """
    supply = settings.supply
    area_km2 = np.array([zone.area_km2 for zone in points.zones], dtype=np.float64)
    drawn_km = sum(link.length_m for link in network.links) / 2000.0
    density = drawn_km / area_km2.sum() if area_km2.sum() > 0 else math.inf
    if density >= supply.sketch_km_per_km2:
        return np.zeros(len(area_km2))
    lacking = max(0.0, supply.streets_km_per_km2 - density)
    reach_m = 1000.0 * supply.streets_km_per_km2 * math.pi * (supply.search_reach_m / 1000.0) ** 2
    own_m = 1000.0 * lacking * area_km2 / np.maximum(kerb_sites, 1)
    return np.asarray(np.round(np.minimum(own_m, reach_m)), dtype=np.float64)


def _shared_out(spaces: int, weights: Floats) -> list[int]:
    """Spaces of each site by weight, at least one each (so there are no more sites than spaces)."""
    n_sites = min(len(weights), spaces)
    if n_sites == 0:
        return []
    shares = weights[:n_sites] if weights[:n_sites].sum() > 0 else np.ones(n_sites)
    each: list[int] = (1 + apportioned(shares, spaces - n_sites)).tolist()
    return each


def _laid_out(
    zone: Zone,
    point: LoadingPoint,
    kind: Literal["kerb", "lot"],
    place: int,
    spaces: int,
    taken: float,
    settings: ParkingSettings,
) -> ParkingSite:
    return ParkingSite(
        id=f"{zone.id}-{kind}-{place:02d}",
        name=f"{zone.name} {_WORDS[kind]} {place}",
        kind=kind,
        lon=point.lon,
        lat=point.lat,
        link_id=point.link_id,
        zone_id=zone.id,
        spaces=spaces,
        occupied_at_start=min(spaces, round(taken * spaces)),
        tariff=_tariff(settings),
        gate_s=_gate_s(kind, spaces, settings),
        charging_spaces=0 if kind == "kerb" else round(settings.supply.charging_share * spaces),
        assumed=_LAID_OUT,
    )


def _gate_s(kind: str, spaces: int, settings: ParkingSettings) -> float:
    """Time one car takes at the gate of a site; 0: it has none."""
    has_gate = kind != "kerb" and spaces >= settings.supply.gate_from_spaces
    return settings.supply.gate_s if has_gate else 0.0


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
        tariff=Tariff(
            price.half_hour_yuan if site.half_hour_yuan is None else site.half_hour_yuan,
            site.day_cap_yuan,
            price.night_cap_yuan,
            60.0 * site.free_min,
            site.first_half_hour_yuan,
        ),
        assumed=frozenset(site.assumed) | {"link_id", "occupied_at_start"},
        side=site.side,
        access=site.access,
        hours=window_of(site.open_hours) if site.open_hours else None,
        shared_hours=(window_of(site.shared_hours),) if site.shared_hours else (),
        longest_stay_s=60.0 * site.longest_stay_min or None,
        gate_s=_gate_s(site.kind, site.spaces, settings) if site.gate_s is None else site.gate_s,
        gates=site.gates,
        charging_spaces=site.charging_spaces,
    )


def window_of(text: str) -> TimeWindow:
    """Hours as tables write them. Raises ValueError where they are none.

    >>> window_of("22:00-06:00").duration_s
    28800
    """
    start, dash, end = text.partition("-")
    if not dash:
        raise ValueError(f"{text!r} is no window of hours such as '08:00-18:00'")
    return TimeWindow.between(start, end)


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
