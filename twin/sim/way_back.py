"""The way back: who left a car somewhere fetches it when the stay is over and drives home, or looks for a space there.

A car sets out from where it stands, whichever place that came to be; from the usual one it takes the usual way, from
any other the way that is quickest by the times known. Who found no space turns back at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twin.sim.driver import driver
from twin.sim.environment import Environment, Story
from twin.sim.flow import Flow
from twin.sim.parking_day import Errand, Fate, ParkingDay

LOOK_AGAIN_S = 300.0  # who ought to leave and has not come yet (a jam) is looked for again so much later

FindWay = Callable[[int, int, int], NDArray[np.int32] | None]
"""Links of the quickest way between two nodes at a departure (ms); None: there is none."""


@dataclass(frozen=True, slots=True)
class WayBack:
    """What one driver means to do after a stay. `route`: segments from the usual place; `errand`: the search for a
    public space at its end, None where he has a place of his own; `finds_none`: he wants one and there is none."""

    row_out: int  # of the day: the way out
    origin: int  # node of the usual place
    destination: int
    route: NDArray[np.int32]
    stay_s: float
    errand: Errand | None = None
    finds_none: bool = False


def there_and_back(
    env: Environment, flow: Flow, day: ParkingDay, errand: Errand, fate: Fate, home: Callable[[int], Story]
) -> Story:
    """A driver's way out, stay and way home (`home`, from a node; −1: the usual place). Who could book no space did
    not set out, and has no way home."""
    yield from driver(env, flow, day, errand, fate)
    if fate.vehicle >= 0:
        yield from home(_stands_at(day, fate))


def fetch_the_car(env: Environment, flow: Flow, vehicle: int, back: WayBack, home: Callable[[int], Story]) -> Story:
    """The way home of somebody whose way out needed no story: once the vehicle (−1: it needed no street) has come and
    the stay is over."""
    while vehicle >= 0 and flow.arrived_s(vehicle) is None:
        yield env.timeout(LOOK_AGAIN_S)
    came_s = flow.arrived_s(vehicle) if vehicle >= 0 else None
    if came_s is not None and came_s + back.stay_s > env.now:
        yield env.timeout(came_s + back.stay_s - env.now)
    yield from home(-1)


def drive_home(
    env: Environment, flow: Flow, day: ParkingDay, find: FindWay, back: WayBack, fate: Fate, node: int
) -> Story:
    """Drive home from a node (−1: the usual place), and park there."""
    fate.set_out_s = env.now
    route = back.route
    if node not in (-1, back.origin):
        links = find(node, back.destination, round(1000 * env.now))
        if links is None:
            fate.has_no_way = True
            return
        route = day.search.tables.expand(links.astype(np.int64))
    if back.errand is not None:
        last_link = day.search.tables.link_of(int(route[-1])) if len(route) else -1
        yield from driver(env, flow, day, replace(back.errand, route=route, last_link=last_link), fate)
        return
    fate.vehicle = flow.add_vehicle("car")
    yield flow.drive(fate.vehicle, route)
    flow.leave(fate.vehicle)
    if back.finds_none:
        fate.gave_up_at_s = env.now
    else:
        fate.parked_at_s = env.now


def _stands_at(day: ParkingDay, fate: Fate) -> int:
    """The node at which a driver's car stands; −1: it was never driven."""
    if fate.site >= 0:
        return int(day.search.node[fate.site])
    return day.search.end_of(fate.here) if fate.here >= 0 else -1
