"""One day of a city: everybody's trips, the buses, the car parks, on one flow.

Who has nothing to decide on the way (a place of one's own, through traffic, lorries) is moved by the flow alone;
who wants a public space is a story (`driver`), and so is every bus.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin import chance
from twin.city.city import City
from twin.city.network import Network
from twin.city.parking import ParkingPolicy
from twin.records import BUS_STOP_COLUMNS, INTERVAL_S, Records
from twin.routing.kernel import INTERVAL_MS
from twin.routing.paths import Router, Routes
from twin.sim.bus import BusFate, BusRun, BusService, bus, bus_blocks, first_rows
from twin.sim.bus_lanes import BusLanes
from twin.sim.buses_ahead import BusesAhead
from twin.sim.driver import driver
from twin.sim.ebike_friction import with_right_turns_beside, with_shared_lanes
from twin.sim.environment import Environment
from twin.sim.flow import Fleet, Flow, FlowRecords, GridlockPolicy
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.gridlock import gridlock_table
from twin.sim.kernel_state import GONE, OUTSIDE
from twin.sim.lane_groups import detector_groups, given_groups, planned_groups
from twin.sim.lanes_taken import LanesTaken
from twin.sim.link_table import link_table
from twin.sim.navigation import NAVIGATION_AGENT, navigation
from twin.sim.parking_choice import holds_permit
from twin.sim.parking_day import PATIENCE_S, Errand, Fate, ParkingDay
from twin.sim.parking_knowledge import Knows
from twin.sim.parking_search import SearchMap
from twin.sim.passengers import Passengers, RiderDay, RiderWays
from twin.sim.road_changes import road_changes
from twin.sim.rules import MICROS, NEVER
from twin.sim.signals import first_plans, nodes_with_detectors, signal_stories
from twin.sim.simulation import books
from twin.sim.tables import CLASS_NAMES, SEGMENT_M, FlowTables, build_tables
from twin.sim.way_back import WayBack, drive_home, fetch_the_car, there_and_back

Ints = NDArray[np.int64]

HABIT_SEED = 0
"""Which site a driver heads for is a habit, not a matter of the day: it is drawn with this seed."""

BUSES_RUN_ON_S = 1800.0
"""Buses leave for so long after the last driver has: whoever set out by bus then still finds one to change to."""


@dataclass(frozen=True, eq=False)
class Stage:
    """A city made ready for runs: its open streets as a graph and as the engine's tables, and what drivers know."""

    city: City
    network: Network
    router: Router
    tables: FlowTables
    search: SearchMap

    @classmethod
    def of(cls, city: City) -> "Stage":
        """The stage of a city on its date, with the signal plans it has."""
        network = with_shared_lanes(city.open_network())
        router = Router(network)
        plans = first_plans(plan for plan in city.signals if plan.node_id in network.node_by_id)
        plans = with_right_turns_beside(plans, network)
        groups = (
            detector_groups(network, nodes_with_detectors(city.signals))
            | planned_groups(network, plans)
            | given_groups(network)
        )
        tables = build_tables(network, plans, segment_m=SEGMENT_M, classes=("car", "bus", "truck"), groups=groups)
        return cls(city, network, router, tables, SearchMap(city.network, tables, router, city.open_sites))


@dataclass(frozen=True, eq=False)
class Habits:
    """Where each traveller starts and heads for (node indices), the site of first choice, and the usual route.

    One entry a traveller, in order of traveller id. `site`: −1 for none. `wants_site`: looks for a public space.
    `usual`: chances of a space that earlier days taught, (n_sites, half-hours); None: there were none. `stands_at`: the
    public site at which the car of a way out stands until then, −1 for none; None: in studies of a few hours.
    """

    origin: Ints
    destination: Ints
    site: Ints
    wants_site: NDArray[np.bool_]
    target_x: NDArray[np.float64]
    target_y: NDArray[np.float64]
    routes: Routes
    usual: NDArray[np.float64] | None = None
    stands_at: Ints | None = None


@dataclass(frozen=True, eq=False)
class Day:
    """The trips of one day: rows of travellers (positions), when they depart, and for how long they stay (s).

    `way_out`: row of the trip that each leads back from, −1 for none; None: nobody comes back.
    """

    traveller: Ints
    depart_s: NDArray[np.float64]
    stay_s: NDArray[np.float64]
    vehicle_class: NDArray[np.int64]
    way_out: Ints | None = None


@dataclass(frozen=True, eq=False)
class KnownTimes:
    """Times over links that drivers know (ms): (n_links, n_intervals), in intervals of so long from 00:00."""

    cost_ms: Ints
    interval_ms: int


def run_city(
    stage: Stage,
    habits: Habits,
    day: Day,
    *,
    seed: int,
    start_s: float,
    until_s: float,
    gridlock: GridlockPolicy = "relieve",
    with_stories: bool = True,
    flow_class: type[Any] = CompiledFlow,
    interval_s: float = INTERVAL_S,
    riders: tuple[RiderWays, RiderDay] | None = None,
    known: KnownTimes | None = None,
) -> Records:
    """Run the day from `start_s` to `until_s` (trips that depart in between) and write down what happened.

    `with_stories` False: no buses, and everybody parks at once at the site of first choice: the loading that settles
    routes. `interval_s`: length of the intervals that links are counted by. `riders`: what bus riders do on that day;
    None: buses run empty. `known`: times over links that drivers know who come from another place than usual; None:
    those at free speed. `records.trips` has a row for each trip, by traveller id; a way back that was not begun, since
    the stay lasts or the way out was not made, is no trip.
    """
    env = Environment(start_s)
    decides = habits.wants_site[day.traveller] & (habits.site[day.traveller] >= 0) & with_stories
    has_way = habits.routes.cost_ms[day.traveller] >= 0
    comes_back = _comes_back(day, has_way) & with_stories
    backs = _ways_back(stage, habits, day, np.flatnonzero(comes_back), has_way)
    decides &= ~comes_back
    drives = has_way & ~decides & ~comes_back & (habits.routes.length[day.traveller] > 0)
    fleet, fleet_rows = _fleet(stage.tables, habits, day, drives)
    flow: Flow = flow_class(env, stage.tables, fleet, gridlock=gridlock, interval_s=interval_s)
    lanes = LanesTaken(flow, stage.tables)
    for generator, agent in road_changes(env, lanes, stage.tables):
        env.story(generator, agent)
    buses_ahead = BusesAhead(env, flow, stage.city.signals)
    for generator, agent in signal_stories(
        env, flow, stage.tables, stage.city.signals, first_plans(stage.city.signals), buses_ahead
    ):
        env.story(generator, agent)
    own_cars = _cars_of_travellers(habits, day, stage) if with_stories else []
    parking = ParkingDay(
        env, flow, stage.search, policy=stage.city.parking, usual=habits.usual, lanes=lanes, seed=seed,
        own_cars=np.bincount([site for _, _, site in own_cars], minlength=len(stage.search.sites)),
    )  # fmt: skip
    fates: dict[int, Fate] = {}
    runs: list[BusRun] = []
    bus_fates: list[BusFate] = []
    service = BusService(Passengers(*(riders or _nobody(stage))), lanes=BusLanes.of(stage.tables), signals=buses_ahead)
    if with_stories:
        for generator, agent in parking.cars_there_at_start():
            env.story(generator, agent)
        env.stories_at((depart_s, traveller, partial(parking.sets_out, site)) for depart_s, traveller, site in own_cars)
        rows = np.flatnonzero(decides & has_way)
        fates = {row: Fate() for row in (*rows.tolist(), *backs)}
        times = known or KnownTimes(stage.router.free_cost_ms, INTERVAL_MS)
        find = stage.router.way_finder(times.cost_ms, times.interval_ms)
        home = {
            back.row_out: partial(drive_home, env, flow, parking, find, back, fates[row]) for row, back in backs.items()
        }
        env.stories_at(
            (
                float(day.depart_s[row]),
                errand.traveller,
                partial(there_and_back, env, flow, parking, errand, fates[row], home[row])
                if row in home
                else partial(driver, env, flow, parking, errand, fates[row]),
            )
            for row, errand in _errands(stage, habits, day, _by_departure(day, rows))
        )
        vehicle = dict(zip(fleet_rows.tolist(), range(len(fleet_rows)), strict=True))
        env.stories_at(
            (
                float(day.depart_s[row]),
                int(day.traveller[row]),
                partial(fetch_the_car, env, flow, vehicle.get(back.row_out, -1), back, home[back.row_out]),
            )
            for row, back in backs.items()
            if not decides[back.row_out]
        )
        end_s = min(until_s, float(day.depart_s.max(initial=start_s)) + BUSES_RUN_ON_S)
        for block in bus_blocks(stage.network, stage.tables, stage.city.lines, start_s=start_s, end_s=end_s):
            block_fates = [BusFate() for _ in block]
            runs += block
            bus_fates += block_fates
            env.story_at(block[0].depart_s, bus(env, flow, service, block, block_fates), block[0].agent)
        if stage.city.reroute_share > 0:
            env.story(_navigation(env, flow, stage, day, fleet_rows, fates), NAVIGATION_AGENT)
    env.run(until=until_s)
    flowed = flow.finish()
    trips = _trip_table(stage, habits, day, flowed, fleet_rows, fates, until_s, has_way, comes_back)
    return Records(
        trips=trips,
        links=link_table(flowed, stage.tables, start_s, interval_s=interval_s),
        books=books(trips["status"]),
        sites=parking.stock.table(start_s, until_s),
        cruising=parking.cruising_table(),
        buses=_bus_table(runs, bus_fates, flowed),
        bus_stops=_visit_table(service),
        riders=service.passengers.table(until_s),
        gridlocks=gridlock_table(flowed, stage.tables),
        relieved=flowed.relieved,
        passages_count=flowed.n_passages,
        end_s=until_s,
    )


def _by_departure(day: Day, rows: Ints) -> Ints:
    """Rows of a day in order of departure, then traveller."""
    ordered: Ints = rows[np.lexsort((rows, day.traveller[rows], np.rint(day.depart_s[rows] * MICROS)))]
    return ordered


def _cars_of_travellers(habits: Habits, day: Day, stage: Stage) -> list[tuple[float, int, int]]:
    """Cars that stand at public sites at the start and set out today: when, whose, and from which site; no more of a
    site than it has spaces, those that set out first."""
    if habits.stands_at is None:
        return []
    site = habits.stands_at[day.traveller]
    rows = _by_departure(day, np.flatnonzero(site >= 0))
    nth = pd.Series(site[rows]).groupby(site[rows]).cumcount().to_numpy()
    rows = rows[nth < stage.search.spaces[site[rows]]]
    columns = day.depart_s[rows].tolist(), day.traveller[rows].tolist(), site[rows].tolist()
    return list(zip(*columns, strict=True))


def _comes_back(day: Day, has_way: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which trips are ways back of others of the day, and can be driven."""
    return np.zeros(len(day.traveller), dtype=np.bool_) if day.way_out is None else (day.way_out >= 0) & has_way


def _ways_back(stage: Stage, habits: Habits, day: Day, rows: Ints, has_way: NDArray[np.bool_]) -> dict[int, WayBack]:
    """What is meant in these rows of a day, by row in order of departure; those of ways out that lead nowhere are left
    out."""
    if day.way_out is None:
        return {}
    rows = _by_departure(day, rows[has_way[day.way_out[rows]]])
    people, out = day.traveller[rows], day.way_out[rows]
    wants, has_site = habits.wants_site[people], habits.site[people] >= 0
    errands = dict(_errands(stage, habits, day, rows[wants & has_site]))
    routes = habits.routes.select(people)
    segments, parts = _segments(stage.tables, routes)
    ends = zip(parts[routes.start].tolist(), parts[routes.start + routes.length].tolist(), strict=True)
    columns = out.tolist(), habits.origin[people].tolist(), habits.destination[people].tolist()
    return {
        row: WayBack(row_out, origin, destination, segments[begin:end], stay_s, errands.get(row), finds_none)
        for row, (begin, end), row_out, origin, destination, stay_s, finds_none in zip(
            rows.tolist(), ends, *columns, day.stay_s[out].tolist(), (wants & ~has_site).tolist(), strict=True
        )
    }


def _navigation(
    env: Environment, flow: Flow, stage: Stage, day: Day, fleet_rows: Ints, fates: Mapping[int, Fate]
) -> Generator[Any, Any, None]:
    """The story of those who hear of other ways: a keyed share of travellers, the same in both arms. Where streets are
    closed to lorries these keep to the ways they know."""
    hears = chance.uniform(HABIT_SEED, "hears of other ways", day.traveller) < stage.city.reroute_share
    if any(link.access for link in stage.network.links):
        hears &= day.vehicle_class != CLASS_NAMES.index("truck")
    of_fleet = np.flatnonzero(hears[fleet_rows]).tolist()
    listeners = [fate for row, fate in fates.items() if hears[row]]

    def hear() -> Iterator[int]:
        yield from of_fleet
        yield from (fate.vehicle for fate in listeners if fate.vehicle >= 0)

    yield from navigation(env, flow, stage.router, hear)


def _fleet(tables: FlowTables, habits: Habits, day: Day, drives: NDArray[np.bool_]) -> tuple[Fleet, Ints]:
    """Vehicles without a story, numbered by departure, and the rows of the day they stand for."""
    rows = np.flatnonzero(drives)
    rows = rows[np.lexsort((day.traveller[rows], day.depart_s[rows]))].astype(np.int64)
    routes = habits.routes.select(day.traveller[rows])
    segments, parts = _segments(tables, routes)
    return (
        Fleet(
            depart_us=np.rint(day.depart_s[rows] * MICROS).astype(np.int64),
            route_start=parts[routes.start],
            route_end=parts[routes.start + routes.length],
            route=segments,
            vehicle_class=day.vehicle_class[rows],
        ),
        rows,
    )


def _errands(stage: Stage, habits: Habits, day: Day, rows: Ints) -> Iterator[tuple[int, Errand]]:
    """What the drivers in these rows of the day are out for; their routes are cut into segments all at once."""
    people = day.traveller[rows]
    routes = habits.routes.select(people)
    segments, parts = _segments(stage.tables, routes)
    begins, ends = parts[routes.start].tolist(), parts[routes.start + routes.length].tolist()
    last = np.where(routes.length > 0, routes.links[np.maximum(routes.start + routes.length - 1, 0)], -1).tolist()
    places = zip(habits.target_x[people].tolist(), habits.target_y[people].tolist(), strict=True)
    policy = stage.city.parking
    books = chance.uniform(HABIT_SEED, "books a space", people) < policy.booking_share
    patience_s = PATIENCE_S * (0.5 + chance.uniform(HABIT_SEED, "patience", people))
    for row, person, begin, end, link, site, place, stay_s, knows, booking, permit, patient_s in zip(
        rows.tolist(), people.tolist(), begins, ends, last, habits.site[people].tolist(), places,
        day.stay_s[rows].tolist(), what_drivers_know(people, policy), books.tolist(),
        holds_permit(HABIT_SEED, people, policy).tolist(), patience_s.tolist(), strict=True,
    ):  # fmt: skip
        yield row, Errand(person, segments[begin:end], link, site, place, stay_s, knows, booking, permit, patient_s)


def what_drivers_know(people: Ints, policy: ParkingPolicy) -> list[Knows]:
    """What each traveller knows of how full sites are: a habit, so that more guidance takes it from nobody."""
    is_guided = chance.uniform(HABIT_SEED, "is guided", people) < policy.guided_share
    is_experienced = chance.uniform(HABIT_SEED, "is experienced", people) < policy.experienced_share
    words: tuple[Knows, Knows, Knows] = ("guidance", "experience", "nothing")
    return [words[which] for which in np.where(is_guided, 0, np.where(is_experienced, 1, 2)).tolist()]


def _segments(tables: FlowTables, routes: Routes) -> tuple[NDArray[np.int32], Ints]:
    """The segments of a pool of routes, and where in them each of its links begins (one more at the end)."""
    parts = np.concatenate([[0], np.cumsum(np.diff(tables.segment_start)[routes.links])]).astype(np.int64)
    return tables.expand(routes.links.astype(np.int64)), parts


def _nobody(stage: Stage) -> tuple[RiderWays, RiderDay]:
    """Riders of a day on which nobody rides."""
    n_rows = sum(len(line.stops) for line in stage.city.lines)
    return RiderWays.none(first_rows(stage.city.lines), n_rows), RiderDay.none()


def _trip_table(
    stage: Stage,
    habits: Habits,
    day: Day,
    flowed: FlowRecords,
    fleet_rows: Ints,
    fates: dict[int, Fate],
    until_s: float,
    has_way: NDArray[np.bool_],
    comes_back: NDArray[np.bool_],
) -> pd.DataFrame:
    n = len(day.traveller)
    vehicles = flowed.vehicles
    depart_s, sets_out = day.depart_s.copy(), ~comes_back
    number = np.full(n, -1, dtype=np.int64)
    number[fleet_rows] = np.arange(len(fleet_rows))
    story_rows = np.array(list(fates), dtype=np.int64)
    number[story_rows] = [fate.vehicle for fate in fates.values()]
    known = number >= 0
    enter_s, arrive_s, distance_m, free_s = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n), np.zeros(n)
    enter_s[known] = _seconds(vehicles.enter_us[number[known]])
    arrive_s[known] = _seconds(vehicles.arrive_us[number[known]])
    distance_m[known] = vehicles.driven_mm[number[known]] / 1000.0
    free_s[known] = vehicles.free_us[number[known]] / MICROS
    status = np.full(n, "travelling", dtype=object)
    doing = np.full(n, GONE)
    doing[known] = vehicles.status[number[known]]
    status[doing == OUTSIDE] = "waiting_outside"
    status[doing == GONE] = "finished"
    stands_at_home = has_way & ~known & (habits.routes.length[day.traveller] == 0)
    arrive_s[stands_at_home] = day.depart_s[stands_at_home]
    wants = habits.wants_site[day.traveller]
    status[(doing == GONE) & wants & (habits.site[day.traveller] < 0)] = "gave_up"
    search_s, search_m = np.zeros(n), np.zeros(n)
    local_m, walk_m, fee_yuan = np.zeros(n), np.full(n, np.nan), np.full(n, np.nan)
    search_from_s, gate_s = np.full(n, np.nan), np.zeros(n)
    how, knows, site_id = (np.full(n, "", dtype=object) for _ in range(3))
    story = np.array(sorted(fates), dtype=np.int64)
    story = story[wants[story] & (habits.site[day.traveller[story]] >= 0)]
    knows[story] = what_drivers_know(day.traveller[story], stage.city.parking)
    found = np.full(n, None, dtype=object)
    found[wants & (status == "finished")] = True
    found[status == "gave_up"] = False
    sites = stage.search.sites
    for row, fate in fates.items():
        if fate.set_out_s is not None:
            depart_s[row], sets_out[row] = fate.set_out_s, True
        ended = fate.parked_at_s if fate.parked_at_s is not None else fate.gave_up_at_s
        arrive_s[row] = np.nan if ended is None else ended
        if ended is None:
            is_outside = fate.vehicle < 0 or doing[row] == OUTSIDE
            status[row] = "waiting_outside" if is_outside else "travelling"
            found[row] = None
        else:
            status[row] = "finished" if fate.parked_at_s is not None else "gave_up"
            found[row] = fate.site >= 0 if wants[row] else None
        if fate.parked_at_s is not None and wants[row]:
            how[row], walk_m[row], fee_yuan[row] = fate.how, fate.walk_m, fate.fee_yuan
            site_id[row] = sites[fate.site].id if fate.site >= 0 else ""
        if fate.search_began_s is not None:
            search_from_s[row] = fate.search_began_s
            search_s[row] = (until_s if ended is None else ended) - fate.search_began_s
        search_m[row], local_m[row], gate_s[row] = fate.search_m, fate.local_m, fate.gate_s
        if fate.has_no_way:
            status[row], found[row] = "unroutable", None
    distance_m += local_m
    status[~has_way] = "unroutable"
    found[~has_way] = None
    arrive_s[(status == "travelling") | (status == "waiting_outside") | (status == "unroutable")] = np.nan
    trips = pd.DataFrame(
        {
            "trip_id": day.traveller,
            "vehicle_class": np.array(CLASS_NAMES)[day.vehicle_class],
            "depart_s": depart_s,
            "enter_s": enter_s,
            "arrive_s": arrive_s,
            "distance_m": distance_m,
            "free_flow_s": free_s,
            "status": status,
            "search_s": search_s,
            "search_m": search_m,
            "found_space": pd.array(found, dtype="boolean"),
            "search_from_s": search_from_s,
            "local_search_m": local_m,
            "site_id": site_id,
            "walk_m": walk_m,
            "fee_yuan": fee_yuan,
            "gate_s": gate_s,
            "parked_how": how,
            "knows": knows,
        }
    ).astype(dict.fromkeys(("status", "vehicle_class", "site_id", "parked_how", "knows"), "str"))
    return trips[sets_out].sort_values("trip_id", kind="stable", ignore_index=True)


def _seconds(times_us: Ints) -> NDArray[np.float64]:
    return np.where(times_us >= NEVER, np.nan, times_us / MICROS)


def _bus_table(runs: Sequence[BusRun], fates: Sequence[BusFate], flowed: FlowRecords) -> pd.DataFrame:
    """One row a run, by line and departure, columns as in records.BUS_COLUMNS."""
    vehicles = np.array([fate.vehicle for fate in fates], dtype=np.int64)
    driven = np.zeros(len(runs))
    began = vehicles >= 0
    driven[began] = flowed.vehicles.driven_mm[vehicles[began]] / 1000.0
    table = pd.DataFrame(
        {
            "run_id": pd.Series([run.run_id for run in runs], dtype="str"),
            "line_id": pd.Series([run.line_id for run in runs], dtype="str"),
            "depart_s": np.array([run.depart_s for run in runs], dtype=np.float64),
            "started_s": _known([fate.started_s for fate in fates]),
            "arrive_s": _known([fate.arrived_s for fate in fates]),
            "due_s": np.array([run.depart_s + run.halts[-1].due_s for run in runs], dtype=np.float64),
            "distance_m": driven,
            **{
                name: np.array([getattr(fate, name) for fate in fates], dtype=kind)
                for name, kind in (
                    ("dwell_s", np.float64),
                    ("held_s", np.float64),
                    ("stops_served", np.int64),
                    ("on", np.int64),
                    ("off", np.int64),
                    ("left_behind", np.int64),
                    ("max_load", np.int64),
                )
            },
            "capacity": np.array([run.capacity for run in runs], dtype=np.int64),
            "seats": np.array([run.seats for run in runs], dtype=np.int64),
        }
    )
    return table.sort_values(["line_id", "depart_s"], kind="stable", ignore_index=True)


def _known(times_s: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if time_s is None else time_s for time_s in times_s], dtype=np.float64)


def _visit_table(service: BusService) -> pd.DataFrame:
    """One row a stop of a run that a bus has left, columns as in records.BUS_STOP_COLUMNS."""
    table = pd.DataFrame(service.visits, columns=list(BUS_STOP_COLUMNS))
    kinds = {"run_id": "str", "arrive_s": "float64", "leave_s": "float64"}
    return table.astype({name: kinds.get(name, "int64") for name in BUS_STOP_COLUMNS})
