"""One day of a city: everybody's trips, the buses, the car parks, on one flow.

Who has nothing to decide on the way (a place of one's own, through traffic, lorries) is moved by the flow alone;
who wants a public space is a story (`driver`), and so is every bus.
"""

from collections.abc import Generator, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin import chance
from twin.records import INTERVAL_S, Records
from twin.routing.kernel import INTERVAL_MS
from twin.sim.bus import STOPPING_S, BusFate, BusRun, BusService, bus, bus_blocks, first_rows, passing_buses
from twin.sim.bus_lanes import BusLanes
from twin.sim.buses_ahead import BusesAhead
from twin.sim.city_tables import bus_table, trip_table, visit_table
from twin.sim.driver import driver
from twin.sim.environment import Environment
from twin.sim.errands import by_departure, cars_at_sites, errands, fleet_of, leads_back, ways_back
from twin.sim.flow import Fleet, Flow, GridlockPolicy
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.gridlock import gridlock_table
from twin.sim.lanes_taken import LanesTaken
from twin.sim.link_table import link_table
from twin.sim.navigation import NAVIGATION_AGENT, navigation
from twin.sim.parking_day import Fate, ParkingDay
from twin.sim.passengers import Passengers, RiderDay, RiderWays
from twin.sim.road_changes import road_changes
from twin.sim.signals import first_plans, signal_stories
from twin.sim.simulation import books
from twin.sim.stage import HABIT_SEED, Day, Habits, KnownTimes, Stage
from twin.sim.tables import CLASS_NAMES
from twin.sim.way_back import drive_home, fetch_the_car, there_and_back

Ints = NDArray[np.int64]

BUSES_RUN_ON_S = 1800.0
"""Buses leave for so long after the last driver has: whoever set out by bus then still finds one to change to."""


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
    buses_pass: bool = False,
    flow_class: type[Any] = CompiledFlow,
    interval_s: float = INTERVAL_S,
    riders: tuple[RiderWays, RiderDay] | None = None,
    known: KnownTimes | None = None,
) -> Records:
    """Run the day from `start_s` to `until_s` (trips that depart in between) and write down what happened.

    `with_stories` False: everybody parks at once at the site of first choice, and there are no buses or, with
    `buses_pass`, they drive through without a stop: the loading that settles routes. `interval_s`: length of the
    intervals that links are counted by. `riders`: what bus riders do on that day; None: buses run empty. `known`: times
    over links that drivers know who come from another place than usual; None: those at free speed. `records.trips` has
    a row for each trip, by traveller id; a way back that was not begun, since the stay lasts or the way out was not
    made, is no trip.
    """
    if with_stories and buses_pass:
        raise ValueError("buses either have stories or pass")
    env = Environment(start_s)
    decides = habits.wants_site[day.traveller] & (habits.site[day.traveller] >= 0) & with_stories
    has_way = habits.routes.cost_ms[day.traveller] >= 0
    comes_back = leads_back(day, has_way) & with_stories
    backs = ways_back(stage, habits, day, np.flatnonzero(comes_back), has_way)
    decides &= ~comes_back
    drives = has_way & ~decides & ~comes_back & (habits.routes.length[day.traveller] > 0)
    fleet, fleet_rows = fleet_of(stage.tables, habits, day, drives)
    buses_until_s = min(until_s, float(day.depart_s.max(initial=start_s)) + BUSES_RUN_ON_S)
    if buses_pass:
        fleet = fleet.and_then(_passing_buses(stage, start_s, buses_until_s))
    flow: Flow = flow_class(env, stage.tables, fleet, gridlock=gridlock, interval_s=interval_s)
    lanes = LanesTaken(flow, stage.tables)
    for generator, agent in road_changes(env, lanes, stage.tables):
        env.story(generator, agent)
    buses_ahead = BusesAhead(env, flow, stage.city.signals)
    for generator, agent in signal_stories(
        env, flow, stage.tables, stage.city.signals, first_plans(stage.city.signals), buses_ahead
    ):
        env.story(generator, agent)
    own_cars = cars_at_sites(habits, day, stage) if with_stories else []
    parking = ParkingDay(
        env, flow, stage.search, policy=stage.city.parking, usual=habits.usual, lanes=lanes, seed=seed,
        own_cars=np.bincount([site for _, _, site in own_cars], minlength=len(stage.search.sites)),
    )  # fmt: skip
    fates: dict[int, Fate] = {}
    runs: list[BusRun] = []
    bus_fates: list[BusFate] = []
    service = BusService(
        Passengers(*(riders or _nobody(stage))),
        lanes=BusLanes.of(stage.tables), signals=buses_ahead if buses_ahead.are_heard else None,
        stopping_s=STOPPING_S,
    )  # fmt: skip
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
            for row, errand in errands(stage, habits, day, by_departure(day, rows))
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
        for block in bus_blocks(stage.network, stage.city.lines, stage.halts, start_s=start_s, end_s=buses_until_s):
            block_fates = [BusFate() for _ in block]
            runs += block
            bus_fates += block_fates
            env.story_at(block[0].depart_s, bus(env, flow, service, block, block_fates), block[0].agent)
        if stage.city.reroute_share > 0:
            env.story(_navigation(env, flow, stage, day, fleet_rows, fates), NAVIGATION_AGENT)
    env.run(until=until_s)
    flowed = flow.finish()
    trips = trip_table(stage, habits, day, flowed, fleet_rows, fates, until_s, has_way, comes_back)
    return Records(
        trips=trips,
        links=link_table(flowed, stage.tables, start_s, interval_s=interval_s),
        books=books(trips["status"]),
        sites=parking.stock.table(start_s, until_s),
        cruising=parking.cruising_table(),
        buses=bus_table(runs, bus_fates, flowed),
        bus_stops=visit_table(service),
        riders=service.passengers.table(until_s),
        gridlocks=gridlock_table(flowed, stage.tables),
        relieved=flowed.relieved,
        passages_count=flowed.n_passages,
        end_s=until_s,
    )


@lru_cache(maxsize=2)
def _passing_buses(stage: Stage, start_s: float, end_s: float) -> Fleet:
    """The same in every round in which routes settle."""
    return passing_buses(stage.network, stage.tables, stage.city.lines, stage.halts, start_s=start_s, end_s=end_s)


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


def _nobody(stage: Stage) -> tuple[RiderWays, RiderDay]:
    """Riders of a day on which nobody rides."""
    n_rows = sum(len(line.stops) for line in stage.city.lines)
    return RiderWays.none(first_rows(stage.city.lines), n_rows), RiderDay.none()
