"""The way back as a log: fetch the car when the stay is over, from wherever it stands, and drive home."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest

from tests.sim.small_streets import node, search_map, site, street
from tests.sim.test_driver import NO_FINES_TAKEN
from twin.city.ground import ground_of
from twin.city.network import Network
from twin.city.parking import ParkingSite
from twin.routing.paths import Router
from twin.sim.environment import Environment
from twin.sim.flow import Fleet
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.parking_day import Errand, Fate, ParkingDay
from twin.sim.rules import MICROS
from twin.sim.way_back import WayBack, drive_home, fetch_the_car, there_and_back

FLOWS = pytest.mark.parametrize("make", [CompiledFlow, SimpyFlow])
OUT, HOME = ("ab", "bc"), ("cb", "ba")
STAY_S = 600.0


class Town:
    """The street of four blocks of 10 s; a driver comes from a and is bound for c, where he usually parks."""

    def __init__(self, sites: Sequence[ParkingSite], make: type, fleet: Fleet | None = None) -> None:
        self.network: Network = street()
        self.tables, self.search = search_map(self.network, sites)
        self.env = Environment()
        self.flow = make(self.env, self.tables, fleet or Fleet.none())
        self.parking = ParkingDay(self.env, self.flow, self.search, policy=NO_FINES_TAKEN)
        self.out, self.home = Fate(), Fate()
        router = Router(self.network)
        self.node = router.graph.node_index
        self.find = router.way_finder(router.free_cost_ms, 900_000)

    def errand(self, route: tuple[str, ...], to: str, site_number: int) -> Errand:
        x, y = ground_of(self.network).xy(node(to).lon, node(to).lat)[0]
        last = self.network.link_index[route[-1]]
        return Errand(1, self.tables.segments_of(route), last, site_number, (float(x), float(y)), STAY_S)

    def way_back(self, errand: Errand | None = None) -> WayBack:
        route = self.tables.segments_of(HOME) if errand is None else errand.route
        return WayBack(0, self.node["c"], self.node["a"], np.array(route, dtype=np.int32), STAY_S, errand)

    def goes_out_and_home(self, errand_home: Errand | None = None) -> list[float | None]:
        """When the driver who sets out at 0 parks or gives up, sets out for home, and is there."""
        back = self.way_back(errand_home)
        home = partial(drive_home, self.env, self.flow, self.parking, self.find, back, self.home)
        self.env.story_at(
            0.0, there_and_back(self.env, self.flow, self.parking, self.errand(OUT, "c", 0), self.out, home), 1
        )
        return self.log()

    def fetches(self, planned_s: float) -> list[float | None]:
        """The same of one who has a place of his own, and means to leave at a time."""
        back = self.way_back()
        home = partial(drive_home, self.env, self.flow, self.parking, self.find, back, self.home)
        self.env.story_at(planned_s, fetch_the_car(self.env, self.flow, 0, back, home), 1)
        return self.log()

    def log(self) -> list[float | None]:
        self.env.run(until=10_000.0)
        ended = self.out.parked_at_s if self.out.parked_at_s is not None else self.out.gave_up_at_s
        times = (ended, self.home.set_out_s, self.home.parked_at_s)
        return [None if time_s is None else round(time_s, 3) for time_s in times]


def one_car(segments: Sequence[int], depart_s: float = 0.0) -> Fleet:
    one = np.array([0], dtype=np.int64)
    route = np.array(segments, dtype=np.int32)
    return Fleet(np.array([round(depart_s * MICROS)]), one, one + len(route), route, one)


@FLOWS
def test_a_car_leaves_its_space_when_the_stay_is_over_and_drives_home(make: type) -> None:
    town = Town([site("c")], make)
    assert town.goes_out_and_home() == [20.0, 620.0, 640.0]
    assert town.parking.stock.free(0) == 1


@FLOWS
def test_a_car_that_had_to_park_elsewhere_sets_out_from_there(make: type) -> None:
    """c is full: the car stands at d, 80 s on foot from c (half a metre more), and has a block more to drive home."""
    town = Town([site("c", taken=1), site("d")], make)
    assert town.goes_out_and_home() == pytest.approx([30.0, 30.0 + STAY_S + 160.0, 790.0 + 30.0], abs=1.0)


@FLOWS
def test_who_finds_no_space_turns_back_at_once(make: type) -> None:
    town = Town([site("c", taken=1)], make)
    assert town.goes_out_and_home() == [20.0, 20.0, 40.0]
    assert town.out.gave_up_at_s == 20.0


@FLOWS
def test_who_has_no_place_at_home_looks_for_a_space_there(make: type) -> None:
    """The space at his home, b, is taken when he comes at 630; the next is at a."""
    town = Town([site("c"), site("b", taken=1), site("a")], make)
    assert town.goes_out_and_home(town.errand(("cb",), "b", 1)) == [20.0, 620.0, 640.0]
    assert town.home.site == 2 and town.home.search_began_s == 630.0


@FLOWS
def test_a_place_of_ones_own_is_left_at_the_time_planned(make: type) -> None:
    town = Town([], make, one_car(street_segments()))
    assert town.fetches(1000.0) == [None, 1000.0, 1020.0]


@FLOWS
def test_who_came_late_stays_as_long_all_the_same(make: type) -> None:
    """Out at 300 and there at 320, though he meant to leave at 400: at 920."""
    town = Town([], make, one_car(street_segments(), depart_s=300.0))
    assert town.fetches(400.0) == [None, 920.0, 940.0]


@FLOWS
def test_nobody_drives_home_who_has_not_come(make: type) -> None:
    """He means to leave at 100 but sets out at 9,990: the car is looked for every five minutes, in vain."""
    town = Town([], make, one_car(street_segments(), depart_s=9_990.0))
    assert town.fetches(100.0) == [None, None, None]


def street_segments() -> list[int]:
    tables, _ = search_map(street(), [])
    return list(tables.segments_of(OUT))
