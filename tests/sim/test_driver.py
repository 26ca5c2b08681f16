"""A driver's day as a log: drive, search from full site to full site in traffic, park, stay, leave."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.sim.small_streets import node, search_map, site, street
from twin.city.ground import ground_of
from twin.city.parking import ParkingSite
from twin.sim.driver import Errand, Fate, driver
from twin.sim.environment import Environment
from twin.sim.flow import Fleet
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.parking_search import MOST_TRIES, PATIENCE_S
from twin.sim.parking_stock import ParkingStock


@dataclass(frozen=True)
class Plan:
    """A driver from a: when, over which links, to which site (by position), for how long."""

    depart_s: float
    route: tuple[str, ...]
    site: int
    stay_s: float = 3600.0


def drive_all(
    sites: Sequence[ParkingSite], plans: Sequence[Plan], make: type = CompiledFlow, until_s: float = 10_000.0
) -> tuple[list[Fate], ParkingStock]:
    network = street()
    tables, search = search_map(network, sites)
    env = Environment()
    flow = make(env, tables, Fleet.none())
    stock, fates = ParkingStock(sites), [Fate() for _ in plans]
    x, y = ground_of(network).xy(node("c").lon, node("c").lat)[0]
    for number, (plan, fate) in enumerate(zip(plans, fates, strict=True)):
        last = network.link_index[plan.route[-1]] if plan.route else -1
        errand = Errand(number, tables.segments_of(plan.route), last, plan.site, (float(x), float(y)), plan.stay_s)
        env.story_at(plan.depart_s, driver(env, flow, stock, search, errand, fate), number)
    env.run(until=until_s)
    flow.finish()
    return fates, stock


def log_of(fates: Sequence[Fate]) -> list[tuple[float | None, ...]]:
    """(search began, parked, gave up) of each."""
    return [
        tuple(None if t is None else round(t, 3) for t in (f.search_began_s, f.parked_at_s, f.gave_up_at_s))
        for f in fates
    ]


TO_C = ("ab", "bc")
FLOWS = pytest.mark.parametrize("make", [CompiledFlow, SimpyFlow])


@FLOWS
def test_drivers_park_are_turned_away_drive_on_and_leave(make: type) -> None:
    """Two blocks of 10 s to c. A takes its only space, B drives on to d (10 s), C finds both full and the next, e."""
    plans = [Plan(0.0, TO_C, 0, 600.0), Plan(100.0, TO_C, 0), Plan(200.0, TO_C, 0), Plan(700.0, TO_C, 0)]
    fates, stock = drive_all([site("c"), site("d"), site("e")], plans, make, until_s=1000.0)
    assert log_of(fates) == [
        (None, 20.0, None),
        (120.0, 130.0, None),
        (220.0, 240.0, None),
        (None, 720.0, None),  # A left at 620
    ]
    assert [fate.searched for fate in fates] == [0, 1, 2, 0]
    assert [stock.free(i) for i in range(3)] == [0, 0, 0]


@FLOWS
def test_space_freed_at_the_instant_of_arrival_is_taken(make: type) -> None:
    """A stays 100 s from 20 s on; B arrives at 120 s: the driver of lower number acts first, and B finds the space."""
    fates, _ = drive_all([site("c")], [Plan(0.0, TO_C, 0, 100.0), Plan(100.0, TO_C, 0)], make)
    assert log_of(fates) == [(None, 20.0, None), (None, 120.0, None)]


def test_searching_driver_gives_up_where_no_untried_site_can_be_reached() -> None:
    full = [site("c", taken=1), site("d", taken=1), site("b", taken=0)]  # b lies behind, nobody can turn
    fates, stock = drive_all(full, [Plan(0.0, TO_C, 0)])
    assert log_of(fates) == [(20.0, None, 30.0)] and fates[0].searched == 2
    assert stock.table(0.0, 100.0).set_index("site_id")["turned_away"].to_dict() == {"Pc": 1, "Pd": 1, "Pb": 0}


def test_searching_driver_gives_up_after_so_many_sites() -> None:
    """Eight full sites at one corner cost no driving: the tries end the search."""
    full = [site("c", taken=1, name=f"P{i}") for i in range(MOST_TRIES + 2)]
    fates, _ = drive_all(full, [Plan(0.0, TO_C, 0)])
    assert log_of(fates) == [(20.0, None, 20.0)]
    assert fates[0].searched == MOST_TRIES


def test_searching_driver_gives_up_when_patience_ends() -> None:
    """The way to d is held up beyond all patience: at d, full, too, the driver looks no further."""
    network_sites = [site("c", taken=1), site("d", taken=1), site("e")]
    tables, search = search_map(street(), network_sites)
    env = Environment()
    flow, fate, stock = CompiledFlow(env, tables, Fleet.none()), Fate(), ParkingStock(network_sites)
    x, y = ground_of(street()).xy(node("c").lon, node("c").lat)[0]
    errand = Errand(0, tables.segments_of(TO_C), street().link_index["bc"], 0, (float(x), float(y)), 60.0)

    def closed():  # type: ignore[no-untyped-def]
        flow.change_segment(int(tables.segments_of(["cd"])[0]), lane_share=0.0, speed_share=1.0)
        yield env.timeout(20.0 + PATIENCE_S)
        flow.change_segment(int(tables.segments_of(["cd"])[0]), lane_share=1.0, speed_share=1.0)

    env.story(closed(), 99)
    env.story_at(0.0, driver(env, flow, stock, search, errand, fate), 0)
    env.run(until=5000.0)
    assert log_of([fate]) == [(20.0, None, 20.0 + PATIENCE_S + 10.0)]


def test_driver_who_starts_at_the_full_site_gives_up_at_once() -> None:
    fates, _ = drive_all([site("a", taken=1), site("b")], [Plan(50.0, (), 0)])
    assert log_of(fates) == [(50.0, None, 50.0)]


def test_driver_who_starts_at_the_site_parks_at_once() -> None:
    fates, _ = drive_all([site("a")], [Plan(50.0, (), 0)])
    assert log_of(fates) == [(None, 50.0, None)]


def test_driver_at_a_full_site_blocks_nobody_for_long() -> None:
    """Searching goes on in traffic: the next car through c is held by the headway (2 s) alone."""
    sites = [site("c", taken=1), site("d", spaces=9)]
    fates, _ = drive_all(sites, [Plan(0.0, TO_C, 0), Plan(0.0, ("ab", "bc", "cd"), 1)])
    assert log_of(fates) == [(20.0, 30.0, None), (None, 32.0, None)]
