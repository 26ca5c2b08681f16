"""A driver's day as a log: drive, look, search from full site to full site in traffic, park, walk, stay, leave."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.sim.small_streets import node, search_map, site, street
from twin.city.ground import ground_of
from twin.city.network import Network
from twin.city.parking import ParkingPolicy, ParkingSite, Tariff
from twin.sim.driver import driver
from twin.sim.environment import Environment
from twin.sim.flow import Fleet, FlowRecords
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.parking_day import PATIENCE_S, Errand, Fate, ParkingDay
from twin.sim.parking_search import WALK_MPS
from twin.sim.parking_search import Plan as Going

NO_FINES_TAKEN = ParkingPolicy(enforcement=1.0, fine_yuan=10_000.0)
"""Nobody dares to stop where it is forbidden."""


@dataclass(frozen=True)
class Plan:
    """A driver from a, bound for c: when, over which links, to which site (by position), for how long."""

    depart_s: float
    route: tuple[str, ...]
    site: int
    stay_s: float = 3600.0
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class Played:
    """What came of the plans."""

    fates: list[Fate]
    day: ParkingDay
    flowed: FlowRecords


def play(
    sites: Sequence[ParkingSite],
    plans: Sequence[Plan],
    make: type = CompiledFlow,
    *,
    until_s: float = 10_000.0,
    policy: ParkingPolicy = NO_FINES_TAKEN,
    network: Network | None = None,
) -> Played:
    network = network or street()
    tables, search = search_map(network, sites)
    env = Environment()
    flow = make(env, tables, Fleet.none())
    day = ParkingDay(env, flow, search, policy=policy)
    fates = [Fate() for _ in plans]
    x, y = ground_of(network).xy(node("c").lon, node("c").lat)[0]
    for number, (plan, fate) in enumerate(zip(plans, fates, strict=True)):
        last = network.link_index[plan.route[-1]] if plan.route else -1
        route, place = tables.segments_of(plan.route), (float(x), float(y))
        errand = Errand(number, route, last, plan.site, place, plan.stay_s, **plan.more)
        env.story_at(plan.depart_s, driver(env, flow, day, errand, fate), number)
    env.run(until=until_s)
    return Played(fates, day, flow.finish())


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
    played = play([site("c"), site("d"), site("e")], plans, make, until_s=1000.0)
    assert log_of(played.fates) == [
        (None, 20.0, None),
        (120.0, 130.0, None),
        (220.0, 240.0, None),
        (None, 720.0, None),  # A left at 620
    ]
    assert [fate.searched for fate in played.fates] == [0, 1, 2, 0]
    assert [fate.search_m for fate in played.fates] == [0.0, 100.0, 200.0, 0.0]
    assert [played.day.stock.free(i) for i in range(3)] == [0, 0, 0]
    cruising = played.day.cruising_table().set_index("link_id")["searching"].to_dict()
    assert cruising == {"cd": 2, "de": 1}


@FLOWS
def test_space_freed_at_the_instant_of_arrival_is_taken(make: type) -> None:
    """A stays 100 s from 20 s on; B arrives at 120 s: the driver of lower number acts first, and B finds the space."""
    fates = play([site("c")], [Plan(0.0, TO_C, 0, 100.0), Plan(100.0, TO_C, 0)], make).fates
    assert log_of(fates) == [(None, 20.0, None), (None, 120.0, None)]


def test_who_walks_keeps_the_space_for_both_walks_as_well() -> None:
    """d is 100 m from c: 80 s there, 80 s back, and 600 s between: the space is free again at 30 + 760 s."""
    plans = [Plan(0.0, ("ab", "bc", "cd"), 0, 600.0)]
    before, after = (play([site("d")], plans, until_s=end).day.stock.free(0) for end in (785.0, 795.0))
    fate = play([site("d")], plans).fates[0]
    assert fate.walk_m == pytest.approx(100.0, abs=1.0)
    assert 2 * fate.walk_m / WALK_MPS == pytest.approx(160.0, abs=2.0)
    assert (before, after) == (0, 1)


def test_searching_driver_gives_up_where_no_site_can_be_reached_that_was_not_seen_full() -> None:
    full = [site("c", taken=1), site("d", taken=1), site("b", taken=0)]  # b lies behind, nobody can turn
    played = play(full, [Plan(0.0, TO_C, 0)])
    assert log_of(played.fates) == [(20.0, None, 30.0)] and played.fates[0].searched == 2
    away = played.day.stock.table(0.0, 100.0).set_index("site_id")["turned_away"].to_dict()
    assert away == {"Pc": 1, "Pd": 1, "Pb": 0}


def test_full_sites_at_one_corner_are_each_tried_once_and_the_search_ends() -> None:
    full = [site("c", taken=1, name=f"P{i}") for i in range(40)]
    fates = play(full, [Plan(0.0, TO_C, 0)]).fates
    assert log_of(fates) == [(20.0, None, 20.0)]
    assert fates[0].searched == 30, "as many as one chooses among"


@FLOWS
def test_searching_driver_gives_up_when_patience_ends(make: type) -> None:
    """The way to d is held up beyond all patience: at d, full, too, the driver looks no further."""
    network_sites = [site("c", taken=1), site("d", taken=1), site("e")]
    tables, search = search_map(street(), network_sites)
    env = Environment()
    flow, fate = make(env, tables, Fleet.none()), Fate()
    day = ParkingDay(env, flow, search, policy=NO_FINES_TAKEN)
    x, y = ground_of(street()).xy(node("c").lon, node("c").lat)[0]
    errand = Errand(0, tables.segments_of(TO_C), street().link_index["bc"], 0, (float(x), float(y)), 60.0)
    cd = int(tables.segments_of(["cd"])[0])

    def closed() -> Any:
        flow.change_segment(cd, lane_share=0.0, speed_share=1.0)
        yield env.timeout(20.0 + PATIENCE_S)
        flow.change_segment(cd, lane_share=1.0, speed_share=1.0)

    env.story(closed(), 99)
    env.story_at(0.0, driver(env, flow, day, errand, fate), 0)
    env.run(until=5000.0)
    # One farther place off the street is tried at the end: e, 200 m from c, has a space.
    assert log_of([fate]) == [(20.0, 20.0 + PATIENCE_S + 20.0, None)]


def test_who_has_lost_patience_tries_one_farther_site_off_the_street_and_no_kerb() -> None:
    """Patience of 5 s is over at d. e, a car park, is tried; were it a kerb the driver would give up at d."""
    plans = [Plan(0.0, TO_C, 0, more={"patience_s": 5.0})]
    for kind, log in (("garage", (20.0, 40.0, None)), ("kerb", (20.0, None, 30.0))):
        sites = [site("c", taken=1), site("d", taken=1), site("e", kind=kind)]
        assert log_of(play(sites, plans).fates) == [log]


def test_driver_who_starts_at_the_full_site_gives_up_at_once() -> None:
    assert log_of(play([site("a", taken=1), site("b")], [Plan(50.0, (), 0)]).fates) == [(50.0, None, 50.0)]


def test_driver_who_starts_at_the_site_parks_at_once() -> None:
    assert log_of(play([site("a")], [Plan(50.0, (), 0)]).fates) == [(None, 50.0, None)]


def test_driver_at_a_full_site_blocks_nobody_for_long() -> None:
    """Searching goes on in traffic: the next car through c is held by the headway (2 s) alone."""
    sites = [site("c", taken=1), site("d", spaces=9)]
    fates = play(sites, [Plan(0.0, TO_C, 0), Plan(0.0, ("ab", "bc", "cd"), 1)]).fates
    assert log_of(fates) == [(20.0, 30.0, None), (None, 32.0, None)]


# --- kerbs seen in passing ------------------------------------------------------------------------------------


@FLOWS
@pytest.mark.parametrize(("half_hour_yuan", "parks_at"), [(0.5, "Pb"), (0.4, "Pc")])
def test_kerb_space_on_the_way_is_taken_where_it_costs_no_more_than_the_goal_may(
    make: type, half_hour_yuan: float, parks_at: str
) -> None:
    """A free kerb at b is 100 m from c: there and back and counted double, 320 s. The garage at c costs two half-hours
    at 180 s a yuan, and three times in ten 480 s for being full: 324 or 288 s."""
    sites = [site("c", kind="garage", tariff=Tariff(half_hour_yuan=half_hour_yuan), spaces=9), site("b", kind="kerb")]
    fate = play(sites, [Plan(0.0, TO_C, 0, 3600.0)], make).fates[0]
    assert (sites[fate.site].id, fate.search_began_s) == (parks_at, None)


def test_acceptance_rises_near_the_destination_and_with_time_spent() -> None:
    played = play([site("c"), site("d", kind="kerb"), site("e", kind="kerb")], [])
    day, errand = played.day, Errand(0, played.day.search.tables.segments_of(TO_C), 1, 0, place_of_c(), 600.0)
    going = Going(0, (), cost_s=400.0)
    assert [day.accepts(kerb, going, errand, Fate()) for kerb in (1, 2)] == [True, False]  # 320 and 640 s of walk
    later = Fate(search_began_s=day.env.now - 200.0)
    assert day.accepts(2, going, errand, later), "200 s of search let it cost 320 s more"
    assert not day.accepts(2, going, errand, Fate(search_began_s=day.env.now - 100.0))


def place_of_c() -> tuple[float, float]:
    x, y = ground_of(street()).xy(node("c").lon, node("c").lat)[0]
    return float(x), float(y)


def test_full_kerb_in_passing_is_seen_and_driven_past() -> None:
    fates = play([site("c"), site("b", kind="kerb", taken=1, offset_m=90.0)], [Plan(0.0, TO_C, 0)]).fates
    assert log_of(fates) == [(None, 20.0, None)] and fates[0].searched == 1


# --- local streets ------------------------------------------------------------------------------------------


@FLOWS
def test_search_in_local_streets_loads_no_street_of_the_network(make: type) -> None:
    """All of a loop of 500 m at 10 km/h without a space: 180 s; then on to d by 10 s of driving."""
    local = site("c", kind="kerb", taken=1, local_street_m=500.0)
    played = play([local, site("d")], [Plan(0.0, TO_C, 0), Plan(0.0, (*TO_C, "cd"), 1, more={"patience_s": 0.0})], make)
    fate = played.fates[0]
    assert log_of([fate]) == [(20.0, None, 20.0 + 180.0 + 10.0)], "d was full by then"
    assert fate.local_m == pytest.approx(500.0)
    assert played.fates[1].parked_at_s == 32.0, "nobody stands in the way meanwhile"


def test_first_free_space_of_a_loop_comes_after_a_share_of_it_that_falls_with_free_spaces() -> None:
    """Mean L / (A + 1) over 4,000 drivers, within four standard errors (the deviation is below the mean)."""
    for free in (1, 4, 19):
        day = play([site("c", kind="kerb", spaces=30, taken=30 - free, local_street_m=1000.0)], []).day
        errands = (Errand(i, day.search.tables.segments_of(TO_C), 1, 0, place_of_c(), 60.0) for i in range(4000))
        metres = [day.metres_to_free(0, errand, 0) for errand in errands]
        mean = 1000.0 / (free + 1)
        assert sum(metres) / 4000 == pytest.approx(mean, abs=4 * mean / 4000**0.5)


# --- gates and lines ----------------------------------------------------------------------------------------


@FLOWS
def test_cars_pass_a_gate_one_after_another(make: type) -> None:
    """They come 2 s apart (the headway of a lane); a gate of 10 s lets them in at 30, 40 and 50 s."""
    garage = site("c", spaces=9, gate_s=10.0)
    played = play([garage], [Plan(0.0, TO_C, 0) for _ in range(3)], make, until_s=100.0)
    assert [fate.parked_at_s for fate in played.fates] == [30.0, 40.0, 50.0]
    assert [fate.gate_s for fate in played.fates] == [10.0, 18.0, 26.0]
    assert played.day.stock.table(0.0, 100.0)["gate_wait_s"].sum() == 54.0


@FLOWS
@pytest.mark.parametrize(("room", "arrives_s"), [(3, 36.0), (2, 42.0), (1, 52.0), (0, 52.0)])
def test_line_at_a_gate_spills_onto_a_street_of_one_lane(make: type, room: int, arrives_s: float) -> None:
    """Three cars for the garage at c come at 20, 22, 24 s, then one for d. With room for three it is through c
    at 26 s and at d at 36; with room for two the third stands in the way until the first is let in, at 30 s: 32 s;
    with room for one the second stands there until 30 s, the third, who comes 2 s behind it, from 32 until 40 s.
    The place at the gate itself is always there."""
    sites = [site("c", spaces=9, gate_s=10.0, gate_room=room), site("d", spaces=9)]
    plans = [*(Plan(0.0, TO_C, 0) for _ in range(3)), Plan(0.0, (*TO_C, "cd"), 1)]
    assert play(sites, plans, make).fates[3].parked_at_s == arrives_s


@FLOWS
def test_line_takes_one_lane_of_a_wider_street(make: type) -> None:
    """On two lanes the third car stands in one of them from 22 s on: those behind pass it."""
    wide = street().with_links(replace(link, lanes=2.0) for link in street().links)
    sites = [site("c", spaces=9, gate_s=100.0, gate_room=1), site("d", spaces=9)]
    plans = [*(Plan(0.0, TO_C, 0) for _ in range(2)), Plan(10.0, (*TO_C, "cd"), 1)]
    played = play(sites, plans, make, network=wide)
    assert [fate.parked_at_s for fate in played.fates[:2]] == [120.0, 220.0]
    assert played.fates[2].parked_at_s is not None and played.fates[2].parked_at_s < 50.0


@FLOWS
def test_who_finds_a_full_garage_with_a_gate_and_nothing_else_waits_and_has_the_next_space(make: type) -> None:
    garage = site("c", spaces=1, gate_s=1.0)
    plans = [Plan(0.0, TO_C, 0, 300.0), Plan(10.0, TO_C, 0, 300.0), Plan(20.0, TO_C, 0, more={"patience_s": 100.0})]
    played = play([garage], plans, make)
    assert log_of(played.fates) == [(None, 21.0, None), (30.0, 322.0, None), (40.0, None, 140.0)]
    assert played.day.stock.taken(0) == 0


@FLOWS
@pytest.mark.parametrize(("lanes", "waits"), [(1.0, False), (2.0, True)])
def test_nobody_waits_for_a_space_where_all_behind_would_have_to(make: type, lanes: float, waits: bool) -> None:
    """One place before the gate is taken by a car that waits; the next one waits in a lane only where there is another.
    Without it he gives up at once, and who goes on to d, 2 s behind, is not held up."""
    wide = street().with_links(replace(link, lanes=lanes) for link in street().links)
    sites = [site("c", spaces=1, gate_s=1.0, gate_room=1), site("d", spaces=9, kind="lot", offset_m=1500.0)]
    plans = [Plan(0.0, TO_C, 0, 300.0), *(Plan(10.0, TO_C, 0, 300.0) for _ in range(2)), Plan(12.0, (*TO_C, "cd"), 1)]
    played = play(sites, plans, make, network=wide, policy=ParkingPolicy(enforcement=1.0, fine_yuan=1000.0))
    first, second, third, passing = played.fates
    assert first.parked_at_s == 21.0 and second.parked_at_s == 322.0
    assert (third.parked_at_s is not None) == waits
    assert passing.parked_at_s is not None and passing.parked_at_s <= 44.0


# --- illegal stops ------------------------------------------------------------------------------------------


@FLOWS
def test_who_finds_nothing_stops_where_it_is_forbidden_and_takes_half_a_lane(make: type) -> None:
    """Without fines everybody does. Half of one lane is left: cars leave b → c 4 s apart, not 2, while it stands."""
    none = ParkingPolicy(enforcement=0.0)
    plans = [Plan(0.0, TO_C, 0, 100.0), *(Plan(30.0, (*TO_C, "cd"), 1) for _ in range(3)), *(
        Plan(200.0, (*TO_C, "cd"), 1) for _ in range(2)
    )]  # fmt: skip
    played = play([site("c", taken=1), site("d", spaces=9, kind="lot", offset_m=1500.0)], plans, make, policy=none)
    fate = played.fates[0]
    assert (fate.how, fate.parked_at_s, fate.fee_yuan) == ("illegal", 20.0, 0.0)
    arrivals = [f.parked_at_s for f in played.fates[1:]]
    assert arrivals == [60.0, 64.0, 68.0, 230.0, 232.0]
    assert played.day.cruising_table().set_index("link_id")["illegal"].to_dict() == {"bc": 1}


def test_stricter_enforcement_leaves_fewer_illegal_stops() -> None:
    """Share e^(−expected fine / 10 yuan): at 100 yuan for one in ten 36.8 %, in five 13.5 %; 4 standard errors."""
    for enforcement, share in ((0.0, 1.0), (0.1, 0.368), (0.2, 0.135)):
        day = play([site("c")], [], policy=ParkingPolicy(enforcement=enforcement, fine_yuan=100.0)).day
        errands = (Errand(i, day.search.tables.segments_of(TO_C), 1, 0, place_of_c(), 60.0) for i in range(4000))
        stops = sum(day.stops_illegally(errand, Fate(here=1)) for errand in errands) / 4000
        assert stops == pytest.approx(share, abs=4 * (share * (1 - share) / 4000) ** 0.5 + 1e-3)


# --- guidance and booking -----------------------------------------------------------------------------------


@FLOWS
def test_guided_driver_turns_off_to_a_site_that_is_shown_free(make: type) -> None:
    """At b, where the last kilometre has long begun, the board shows c full and d free: no search, 30 s to d."""
    sites = [site("c", taken=1), site("d")]
    for knows, log in (("guidance", (None, 30.0, None)), ("nothing", (20.0, 30.0, None))):
        policy = replace(NO_FINES_TAKEN, guidance_delay_s=0.0)
        assert log_of(play(sites, [Plan(0.0, TO_C, 0, more={"knows": knows})], make, policy=policy).fates) == [log]


def test_guidance_that_is_late_sends_to_a_site_that_is_full_by_now() -> None:
    """Read off at 0 and 300 s: c is taken at 20 s, and the board shows it free to who comes at 120 s."""
    policy = replace(NO_FINES_TAKEN, guidance_delay_s=300.0)
    plans = [Plan(0.0, TO_C, 0), Plan(100.0, TO_C, 0, more={"knows": "guidance"})]
    assert log_of(play([site("c"), site("d")], plans, policy=policy).fates)[1] == (120.0, 130.0, None)


@FLOWS
def test_booked_space_is_kept_and_who_finds_all_booked_stays_at_home(make: type) -> None:
    """A books c's only space at 0 s, B the one at d, C finds none left; D, who did not book, finds c kept for A."""
    books = {"books": True}
    plans = [Plan(0.0, TO_C, 0, more=books), Plan(1.0, TO_C, 0, more=books), Plan(2.0, TO_C, 0, more=books)]
    played = play([site("c"), site("d")], [*plans, Plan(3.0, TO_C, 0, more={"patience_s": 0.0})], make)
    assert log_of(played.fates[:3]) == [(None, 20.0, None), (None, 32.0, None), (None, None, 2.0)]
    assert [fate.how for fate in played.fates] == ["booked", "booked", "", ""]
    assert played.fates[2].vehicle == -1
    assert played.fates[3].search_began_s == 24.0 and played.fates[3].parked_at_s is None


# --- cars that are there at the start ------------------------------------------------------------------------


def test_cars_parked_at_the_start_leave_with_the_mean_given() -> None:
    """200 cars, an hour on the mean: e^(−1) of them, 73.6, are still there after it; four standard errors are 27."""
    sites = [site("c", spaces=200, taken=200, start_stay_s=3600.0)]
    tables, search = search_map(street(), sites)
    env = Environment()
    day = ParkingDay(env, SimpyFlow(env, tables, Fleet.none()), search)
    for story, agent in day.cars_there_at_start():
        env.story(story, agent)
    env.run(until=3600.0)
    assert 200 - day.stock.free(0) == pytest.approx(73.6, abs=27)
    env.run(until=1e6)
    assert day.stock.free(0) == 200
