"""A grid of streets, 500 m between crossings, and a handful of zones on it: small enough to check in the head."""

from dataclasses import replace

from twin.city.network import Link, Network, Node
from twin.city.zones import Zone
from twin.demand.inputs import (
    DemandInputs,
    DemandPassport,
    DemandSettings,
    GateKind,
    GateSettings,
    Level,
    LoadingSettings,
    LorryBan,
    LorrySettings,
    ModeSettings,
    OccupancySettings,
    ParkingEnd,
    ParkingSettings,
    Profile,
    PurposeSettings,
    SupplySettings,
    TariffSettings,
)

STEP = 0.0045  # degrees of latitude that make 500 m
LON0, LAT0 = 121.4, 37.5
STRETCH = 1.26  # a degree of longitude is shorter at this latitude


def place(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a crossing of the grid."""
    return LON0 + x * STEP * STRETCH, LAT0 + y * STEP


def grid(size: int = 6, *, prefix: str = "", island: bool = False) -> Network:
    """`size` × `size` crossings, streets both ways at 10 m/s; `island`: one more street that leads nowhere."""
    nodes = [Node(f"{prefix}{x}-{y}", *place(x, y)) for x in range(size) for y in range(size)]
    links = []
    for x in range(size):
        for y in range(size):
            for dx, dy in ((1, 0), (0, 1), (-1, 0), (0, -1)):
                if 0 <= x + dx < size and 0 <= y + dy < size:
                    links.append(_street(f"{prefix}{x}-{y}", f"{prefix}{x + dx}-{y + dy}"))
    if island:
        nodes += [Node("far-a", *place(40, 40)), Node("far-b", *place(41, 40))]
        links += [_street("far-a", "far-b"), _street("far-b", "far-a")]
    return Network(tuple(nodes), tuple(links), place="grid", crs="EPSG:32651")


def _street(start: str, end: str) -> Link:
    return Link(f"{start}>{end}", start, end, 500.0, 1, 10.0, 1500.0, road_class="tertiary")


def zone(name: str, x: float, y: float, residents: float, jobs: float) -> Zone:
    return Zone(name, name, "zone", "区", *place(x, y), area_km2=1.0, residents=residents, jobs=jobs)


def gate(name: str, x: float, y: float) -> Zone:
    return Zone(name, name, "gate", "road", *place(x, y))


ZONES = (
    zone("A", 1, 1, 20_000, 2_000),
    zone("B", 4, 1, 10_000, 5_000),
    zone("C", 1, 4, 5_000, 9_000),
    zone("D", 4, 4, 1_000, 12_000),
    gate("W", 0, 2),
    gate("E", 5, 3),
)

FLAT = Profile((0.03,) * 20, (0.4 / 19,) * 19)
SEVEN_TO_NINE = Profile((*[0.0] * 8, *[0.125] * 8, *[0.0] * 4), (0.0,) * 19)

WORK = PurposeSettings(
    share_of_trips=1.0,
    starts_at="home",
    ends_at="work",
    start_resident_weight=1.0,
    start_job_weight=0.0,
    end_resident_weight=0.0,
    end_job_weight=1.0,
    deterrence_per_min=0.2,
    persons_per_car=1.25,
    travels_share=0.8,
    outward=SEVEN_TO_NINE,
    homeward=FLAT,
)

DEMAND = DemandSettings(
    title="grid",
    level=Level(scale=1.0, trips_per_resident=1.0, day_cv=0.05, departure_sd_min=5.0),
    loading=LoadingSettings(points_per_zone=4, reach_m=2000.0, gate_reach_m=1000.0, class_weights={"tertiary": 1.0}),
    purposes={"work": WORK},
    modes=ModeSettings(
        bands_km=(1.0,),
        persons_per_taxi=1.5,
        shares={"work": {"walk": (0.5, 0.1), "bus": (0.1, 0.3), "car": (0.4, 0.6)}},
    ),
    gates=GateSettings(
        kinds={"road": GateKind(cars_per_day=2000.0, lorries_per_day=400.0, through_share=0.25)},
        deterrence_per_min=0.05,
        resident_weight=1.0,
        job_weight=1.0,
        least_through_km=1.0,
        travels_share=0.5,
        ends_at="visit",
        profile=FLAT,
    ),
    lorries=LorrySettings(
        trips_per_job=0.05,
        deterrence_per_min=0.1,
        travels_share=0.7,
        clear_min=30.0,
        spread_min=60.0,
        bans=(LorryBan("07:00", "08:30"),),
        profile=FLAT,
    ),
)

PARKING = ParkingSettings(
    title="grid",
    supply=SupplySettings(
        kerb_spaces=103,
        kerb_sites=4,
        kerb_resident_weight=0.0,
        kerb_job_weight=1.0,
        lot_spaces_per_resident=0.0,
        lot_spaces_per_job=0.1,
        spaces_per_lot=200.0,
    ),
    occupancy=OccupancySettings(
        near_homes=(0.5,) * 24, near_jobs=(0.5,) * 24, dense_jobs_per_km2=12_000.0, dense_extra=0.5
    ),
    tariff=TariffSettings(half_hour_yuan=1.0, day_cap_yuan=20.0, night_cap_yuan=5.0, free_min=0.0),
    ends={
        "home": ParkingEnd(own_place=1.0, drop_off=0.0, mean_stay_h=12.0, stay_cv=0.2),
        "work": ParkingEnd(own_place=0.7, drop_off=0.1, mean_stay_h=8.0, stay_cv=0.25),
        "visit": ParkingEnd(own_place=0.0, drop_off=0.0, mean_stay_h=4.0, stay_cv=0.5),
    },
)

PASSPORT = DemandPassport("grid", "grid", "synthetic", "2026-01-01", "MIT", "made by hand", {})


def inputs(zones: tuple[Zone, ...] = ZONES, demand: DemandSettings = DEMAND) -> DemandInputs:
    return DemandInputs(zones=zones, demand=demand, parking=PARKING, passport=PASSPORT)


def with_scale(scale: float) -> DemandSettings:
    return replace(DEMAND, level=replace(DEMAND.level, scale=scale))
