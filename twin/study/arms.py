"""One arm of a study: a settled city, the free times it is measured against, and who is near the measures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twin.city.city import City
from twin.city.ground import ground_of
from twin.city.screenlines import crossings_of
from twin.records import STUDY_SITE_COLUMNS
from twin.results.links_compared import streets_of
from twin.results.run import Arm as ArmName
from twin.results.run import LightTraffic, Run
from twin.routing.paths import Routes
from twin.sim.city_run import run_city
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.memory import nothing_collected
from twin.sim.stage import KnownTimes, Stage
from twin.study.access import zone_access
from twin.study.bus_reach import bus_reach
from twin.study.bus_service import line_stop_table, line_table
from twin.study.habits import demand_of, trips_of_day
from twin.study.period import LOOK_S, Period
from twin.study.rider_plans import RiderPlan, plan_riders, riders_of_day
from twin.study.settle import Settlement

NEAR_M = 2000.0
"""The influence area: within 2 km of a measure, beside the city's totals."""


@dataclass(frozen=True, eq=False)
class ModeTables:
    """How people go in an arm in which they react: MODE_SHARE_COLUMNS, and MODE_ROUND_COLUMNS of how that settled."""

    shares: pd.DataFrame
    rounds: pd.DataFrame


@dataclass(frozen=True, eq=False)
class ArmService:
    """What the timetable of an arm decides alone, the same for all its runs: whom stops serve and what is reached by
    bus from each zone (`bus_reach`), lines (LINE_COLUMNS) and their stops (LINE_STOP_COLUMNS)."""

    by_bus: pd.DataFrame
    lines: pd.DataFrame
    line_stops: pd.DataFrame


@dataclass(frozen=True, eq=False)
class StudyArm:
    """What a worker needs to make the runs of one arm. `near`: travellers whose trip starts or ends near a measure.

    `new_roads`: links that only this arm has, by the measure that opens them. `riders`: what bus riders do; None: buses
    run empty. `service`: None: not told, figures of lines, coverage and access by bus are null. `modes`: how people go;
    None: as in the base.
    """

    scenario: str
    arm: ArmName
    settlement: Settlement
    period: Period
    free_times: LightTraffic
    near: NDArray[np.bool_]
    new_roads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    riders: RiderPlan | None = None
    service: ArmService | None = None
    modes: ModeTables | None = None


def riders_of(settled: Settlement, period: Period) -> RiderPlan | None:
    """The plan of an arm's bus riders for the hours that are run."""
    return plan_riders(settled.stage.city, settled.stage.network, period.start_s, period.last_s)


def service_of(settled: Settlement, period: Period) -> ArmService:
    """The bus service of an arm in the measured window."""
    city, network, window = settled.stage.city, settled.stage.network, period.measured
    return ArmService(
        bus_reach(city, network, window), line_table(city, network, window), line_stop_table(city, network, window)
    )


@nothing_collected()
def make_run(study_arm: StudyArm, seed: int, *, flow_class: type[Any] = CompiledFlow) -> Run:
    """One day of the arm, with the tables its metrics need."""
    settled, period = study_arm.settlement, study_arm.period
    stage, habits = settled.stage, settled.habits
    day = trips_of_day(demand_of(stage.city), seed, period.start_s, period.last_s)
    riders = riders_of_day(stage.city, study_arm.riders, seed, period.start_s, period.last_s)
    records = run_city(
        stage, habits, day, seed=seed, start_s=period.start_s, until_s=period.until_s, flow_class=flow_class,
        riders=riders, known=KnownTimes(settled.cost_ms, round(1000 * LOOK_S)),
    )  # fmt: skip
    streets, crossings = _ground_of_runs(stage)
    free_s = study_arm.free_times.over(streets).to_numpy(dtype=np.float64)
    person = records.trips["trip_id"].to_numpy(dtype=np.int64)
    routes = habits.routes.select(person)
    along = np.concatenate([[0.0], np.cumsum(free_s[routes.links])])
    travellers = demand_of(stage.city).travellers
    trips = records.trips.assign(
        free_travel_s=along[routes.start + routes.length] - along[routes.start],
        near=study_arm.near[person],
        origin_district=_districts(stage.city, travellers["origin_zone"]).take(person),
        destination_district=_districts(stage.city, travellers["destination_zone"]).take(person),
        destination_zone=travellers["destination_zone"].astype("category").take(person).to_numpy(),
        persons=travellers["persons"].to_numpy(dtype=np.float64)[person],
    )
    sites = None if records.sites is None else _with_places(records.sites, stage.city)
    service = study_arm.service
    return Run(
        scenario=study_arm.scenario,
        arm=study_arm.arm,
        seed=seed,
        records=replace(records, trips=trips, sites=sites),
        measured=period.measured,
        links=streets,
        free_times=study_arm.free_times,
        zones=zone_access(stage, records, period, service.by_bus if service else None),
        crossings=crossings,
        new_roads=_users_of(study_arm.new_roads, stage.router.graph.link_index, routes, person),
        lines=service.lines if service else None,
        line_stops=service.line_stops if service else None,
    )


@lru_cache(maxsize=2)
def _ground_of_runs(stage: Stage) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Streets, and which of them cross screenlines: the same for all runs of an arm."""
    city = stage.city
    return streets_of(stage.network, city.signals), crossings_of(stage.network, city.screenlines)


def _with_places(sites: pd.DataFrame, city: City) -> pd.DataFrame:
    """Records of sites with STUDY_SITE_COLUMNS."""
    district = {zone.id: zone.district for zone in city.zones}
    places = pd.DataFrame(
        [(site.id, site.spaces, district.get(site.zone_id, "")) for site in city.open_sites],
        columns=["site_id", *STUDY_SITE_COLUMNS],
    ).set_index("site_id")
    here = places.reindex(sites["site_id"])
    return sites.assign(spaces=here["spaces"].to_numpy(), district=pd.Categorical(here["district"].fillna("")))


def _districts(city: City, zone_of_traveller: pd.Series) -> pd.Categorical:
    """The district of each traveller's zone; empty for a gate, and for a zone that the city does not list."""
    district = {zone.id: zone.district for zone in city.zones if zone.kind == "zone"}
    names = sorted({"", *district.values()})
    known = zone_of_traveller.astype("category").cat
    of_zone = [names.index(district.get(zone, "")) for zone in known.categories]
    codes = np.array([*of_zone, names.index("")], dtype=np.int64)[known.codes.to_numpy()]  # -1, no zone: the last
    return pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype="str"))


def _users_of(
    new_roads: Mapping[str, tuple[str, ...]], link_index: Mapping[str, int], routes: Routes, person: NDArray[np.int64]
) -> pd.DataFrame:
    """Trips whose usual route uses a new road, with NEW_ROAD_COLUMNS; `routes` are those of the trips of `person`."""
    parts = [pd.DataFrame({"road": pd.Series(dtype="str"), "trip_id": pd.Series(dtype="int64")})]
    for road, link_ids in new_roads.items():
        at = [link_index[link_id] for link_id in link_ids if link_id in link_index]
        used = np.concatenate([[0], np.cumsum(np.isin(routes.links, at))])
        uses = used[routes.start + routes.length] > used[routes.start]
        parts.append(pd.DataFrame({"road": road, "trip_id": person[uses]}).astype({"road": "str"}))
    return pd.concat(parts, ignore_index=True)


def near_travellers(city: City, places: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    """Whether each traveller's trip starts or ends within 2 km of one of the places (lon, lat)."""
    return near_trips(city, demand_of(city).travellers, places)


def near_trips(city: City, trips: pd.DataFrame, places: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    """Whether each of these trips (rows of travellers or choosers) starts or ends within 2 km of one of the places."""
    points = np.array([(point.lon, point.lat) for point in demand_of(city).points])
    is_near = _is_near(city, points, places)
    starts, ends = (trips[end].to_numpy(dtype=np.int64) for end in ("origin_point", "destination_point"))
    near: NDArray[np.bool_] = is_near[starts] | is_near[ends]
    return near


def near_links(city: City, places: Sequence[tuple[float, float]]) -> frozenset[str]:
    """Ids of the city's links with an end within 2 km of one of the places (lon, lat)."""
    nodes = city.network.nodes
    is_near = _is_near(city, np.array([(node.lon, node.lat) for node in nodes]), places)
    close = {node.id for node, near in zip(nodes, is_near, strict=True) if near}
    return frozenset(link.id for link in city.network.links if link.from_node in close or link.to_node in close)


def _is_near(city: City, points: NDArray[np.float64], places: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    if len(places) == 0 or len(points) == 0:
        return np.zeros(len(points), dtype=np.bool_)
    ground = ground_of(city.network)
    there = np.array(places)
    tree = cKDTree(ground.xy(there[:, 0], there[:, 1]))
    distance, _ = tree.query(ground.xy(points[:, 0], points[:, 1]))
    return np.asarray(distance <= NEAR_M, dtype=np.bool_)
