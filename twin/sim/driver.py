"""A driver's day, as one reads it aloud: depart, drive, park or search, stay, leave."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from simpy.events import Event

from twin.sim.environment import Environment
from twin.sim.flow import Flow
from twin.sim.parking_search import MOST_TRIES, PATIENCE_S, SearchMap
from twin.sim.parking_stock import ParkingStock


@dataclass(frozen=True, slots=True)
class Errand:
    """What one driver is out for. `destination`: metres in the network's own system; `stay_s`: time parked."""

    traveller: int
    route: NDArray[np.int32]  # segments to the site of first choice
    last_link: int  # index of the route's last link; −1: starts at the site's own junction
    site: int
    destination: tuple[float, float]
    stay_s: float


@dataclass(slots=True)
class Fate:
    """What became of a driver; times in s, None where it has not happened."""

    vehicle: int = -1
    parked_at_s: float | None = None
    gave_up_at_s: float | None = None
    search_began_s: float | None = None
    searched: int = 0  # sites found full
    detour_m: float = 0.0  # by how much longer than usual the way to the first site became, by other ways taken


def driver(env: Environment, flow: Flow, stock: ParkingStock, search: SearchMap, errand: Errand, fate: Fate) -> Any:
    """Drive to the site of first choice, park there or search on; stay; leave and free the space."""
    fate.vehicle = flow.add_vehicle("car")
    yield flow.drive(fate.vehicle, errand.route)
    site = yield from park_or_search(env, flow, stock, search, errand, fate)
    flow.leave(fate.vehicle)
    if site >= 0:
        yield env.timeout(errand.stay_s)
        stock.leave(site, env.now)


def park_or_search(
    env: Environment, flow: Flow, stock: ParkingStock, search: SearchMap, errand: Errand, fate: Fate
) -> Generator[Event, Any, int]:
    """Take a space, or drive on from full site to full site in traffic; −1: gave up."""
    site, here, tried = errand.site, errand.last_link, [errand.site]
    while not stock.try_park(site, env.now):
        if fate.search_began_s is None:
            fate.search_began_s = env.now
        fate.searched += 1
        site = -1
        if here >= 0 and len(tried) < MOST_TRIES and env.now - fate.search_began_s < PATIENCE_S:
            site = search.next_site(here, *errand.destination, tried)
        if site < 0:
            fate.gave_up_at_s = env.now
            return -1
        tried.append(site)
        way = search.way(here, site)
        assert way is not None  # next_site offers only sites that can be reached
        if len(way[0]):
            yield flow.drive(fate.vehicle, way[0])
            here = flow.tables.link_of(int(way[0][-1]))
    fate.parked_at_s = env.now
    return site
