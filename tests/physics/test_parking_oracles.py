"""Search and car parks where an exact answer, or a table made by another program, is known.

Everything runs through `sim.driver` and `sim.parking_stock` as studies do. Drivers who need no street start at the
site itself; those who search drive on one. Luck is keyed, so each figure is one number; tolerances are four standard
errors of it where nothing else is said.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.sim.small_streets import FREE, search_map, site, street
from twin import chance
from twin.city.network import Link, Network, Node
from twin.city.parking import ParkingSite
from twin.records import INTERVAL_S
from twin.sim.driver import driver
from twin.sim.environment import Environment, Story
from twin.sim.flow import Fleet
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.parking_day import Errand, Fate, ParkingDay
from twin.sim.parking_search import SearchMap
from twin.sim.parking_theory import erlang_b, inspected, inspected_once_each, searching

Floats = NDArray[np.float64]
HOUR = 3600.0
FOR_EVER = 1e12


@dataclass(frozen=True)
class Garage:
    """A day at one site: what became of those who came, and the site's books."""

    fates: list[Fate]
    day: ParkingDay
    waiting: float = 0.0  # mean number in line, read off every 100 s


def poisson(rate_ph: float, until_s: float, key: str) -> Floats:
    """Times of a Poisson stream (s)."""
    count = int(rate_ph * until_s / HOUR * 1.2) + 100
    times = np.cumsum(chance.exponential(1, key, np.arange(count))) * HOUR / rate_ph
    return np.round(times[times < until_s], 6)


def at_the_garage(
    garage: ParkingSite, arrivals_s: Floats, stays_s: Floats, *, until_s: float, patience_s: Floats | None = None
) -> Garage:
    """Drivers who appear at the garage's gate."""
    tables, search = search_map(street(), [garage])
    env = Environment()
    flow = SimpyFlow(env, tables, Fleet.none())
    day = ParkingDay(env, flow, search, seed=3)
    for story, agent in day.cars_there_at_start():
        env.story(story, agent)
    place = (float(search.xy[0, 0]), float(search.xy[0, 1]))
    nowhere = tables.segments_of(())
    patience = np.zeros(len(arrivals_s)) if patience_s is None else patience_s
    fates = [Fate() for _ in arrivals_s]
    for i, (at_s, stay_s) in enumerate(zip(arrivals_s.tolist(), stays_s.tolist(), strict=True)):
        errand = Errand(i, nowhere, -1, 0, place, stay_s, patience_s=float(patience[i]))
        env.story_at(at_s, driver(env, flow, day, errand, fates[i]), i)
    seen: list[int] = []

    def counts() -> Story:
        while True:
            yield env.timeout(100.0)
            seen.append(day.stock.waiting(0))

    env.story(counts())
    env.run(until=until_s)
    return Garage(fates, day, float(np.mean(seen)))


@pytest.mark.parametrize(
    ("spaces", "load", "blocked", "stays"),
    [
        (20, 18.0, 0.1092, "exponential"),
        (20, 18.0, 0.1092, "fixed"),
        (20, 18.0, 0.1092, "lognormal"),
        (100, 90.0, 0.0270, "exponential"),
    ],
)
def test_share_turned_away_is_erlang_s_whatever_the_stays(spaces: int, load: float, blocked: float, stays: str) -> None:
    """P01, P02. An hour's mean stay; who finds the garage full leaves. Insensitive: the spread of stays plays no part.

    Blocked arrivals come in clumps: with 20,000 arrivals the standard error is some 2.5 times that of independent ones.
    """
    until_s = 20_000 / load * HOUR
    arrivals_s = poisson(load, until_s, f"erlang {spaces}")
    people = np.arange(len(arrivals_s))
    if stays == "exponential":
        stays_s = HOUR * chance.exponential(2, "stay", people)
    elif stays == "fixed":
        stays_s = np.full(len(people), HOUR)
    else:
        stays_s = HOUR * np.exp(chance.normal(2, "stay", people) - 0.5)
    played = at_the_garage(site("a", spaces=spaces), arrivals_s, stays_s, until_s=until_s)
    is_late = arrivals_s > 5 * HOUR  # from empty: five mean stays until it is as full as ever
    turned_away = np.array([fate.gave_up_at_s is not None for fate in played.fates])[is_late]
    error = 2.5 * (blocked * (1 - blocked) / is_late.sum()) ** 0.5
    assert erlang_b(spaces, load) == pytest.approx(blocked, abs=5e-5)
    assert turned_away.mean() == pytest.approx(blocked, abs=4 * error)


@pytest.mark.parametrize("arrivals_ph", [220, 240])
def test_search_with_patience_is_the_queue_m_m_c_m(arrivals_ph: int) -> None:
    """§4.3: 200 spaces, an hour's stay, ten minutes of patience; who waits has any freed space at once.

    50 h from a full garage whose cars leave as the others do. Occupancy, share unserved and search against the table;
    standard errors by the twelfths of the run (batch means).
    """
    until_s = 50 * HOUR
    arrivals_s = poisson(arrivals_ph, until_s, f"mmcm {arrivals_ph}")
    people = np.arange(len(arrivals_s))
    garage = site("a", spaces=200, taken=200, start_stay_s=HOUR, gate_s=1e-6, gate_room=10_000)
    played = at_the_garage(
        garage, arrivals_s, HOUR * chance.exponential(2, "stay", people), until_s=until_s,
        patience_s=600.0 * chance.exponential(2, "patience", people),
    )  # fmt: skip
    ended = [fate for fate in played.fates if fate.parked_at_s is not None or fate.gave_up_at_s is not None]
    unserved = np.array([fate.gave_up_at_s is not None for fate in ended], dtype=np.float64)
    search_s = np.array([_searched_s(fate) for fate in ended])
    exact = searching(200, arrivals_ph, HOUR, 600.0)
    for measured, value in ((unserved, exact.unserved), (search_s, exact.search_s)):
        batches = [batch.mean() for batch in np.array_split(measured, 12)]
        assert measured.mean() == pytest.approx(value, abs=4 * np.std(batches, ddof=1) / 12**0.5)
    table = played.day.stock.table(0.0, until_s - 1.0)
    assert table["occupied"].mean() / 200 == pytest.approx(exact.occupancy, abs=0.012)
    assert table["occupied"].max() <= 200
    # Little: cars in search = arrivals a second × mean search, here to the reading every 100 s.
    assert played.waiting == pytest.approx(search_s.sum() / until_s, rel=0.1, abs=0.05)


def _searched_s(fate: Fate) -> float:
    ended = fate.parked_at_s if fate.parked_at_s is not None else fate.gave_up_at_s
    return 0.0 if fate.search_began_s is None or ended is None else ended - fate.search_began_s


def test_books_of_a_garage_close_to_the_car() -> None:
    """Arrived = parked + gave up + still in line; parked = left + standing."""
    arrivals_s = poisson(240.0, 20 * HOUR, "books")
    people = np.arange(len(arrivals_s))
    stays_s = HOUR * chance.exponential(5, "stay", people)
    garage = site("a", spaces=200, gate_s=2.0, gate_room=10)
    played = at_the_garage(garage, arrivals_s, stays_s, until_s=15 * HOUR, patience_s=np.full(len(people), 300.0))
    came = arrivals_s < 15 * HOUR
    fates = [fate for fate, is_there in zip(played.fates, came, strict=True) if is_there]
    parked = sum(fate.parked_at_s is not None for fate in fates)
    gave_up = sum(fate.gave_up_at_s is not None for fate in fates)
    table = played.day.stock.table(0.0, 15 * HOUR)
    in_line = len(fates) - parked - gave_up
    at_the_gate = table["arrived"].sum() - parked  # have a space and pass the gate
    assert in_line == played.day.stock.waiting(0) + played.day.gate(0).on_street + at_the_gate
    assert table["arrived"].sum() - table["left"].sum() == played.day.stock.taken(0) == 200 - played.day.stock.free(0)
    assert gave_up > 0 and in_line > 0 and table["gate_wait_s"].sum() > 0


def test_full_at_a_hundred_and_eighty_turned_away() -> None:
    """P07. A car a minute, 100 places. Stays of 180 min: full after 100, 80 turned away by then; of 60: never full."""
    arrivals_s = 60.0 * np.arange(180)
    long, short = (
        at_the_garage(site("a", spaces=100), arrivals_s, np.full(180, stay_s), until_s=180 * 60.0)
        for stay_s in (180 * 60.0, 60 * 60.0)
    )
    assert [fate.gave_up_at_s is not None for fate in long.fates] == [False] * 100 + [True] * 80
    assert all(fate.parked_at_s is not None for fate in short.fates)
    assert short.day.stock.taken(0) == 60


def test_an_empty_garage_takes_hours_to_fill() -> None:
    """P09. A hundred times 60 an hour for two hours on the mean: 12,000 (1 − e^(−t/2 h)) after t; Poisson: ± 4 √n."""
    until_s = 4 * HOUR
    arrivals_s = poisson(6000.0, until_s, "filling")
    stays_s = 2 * HOUR * chance.exponential(2, "stay", np.arange(len(arrivals_s)))
    played = at_the_garage(site("a", spaces=10**6), arrivals_s, stays_s, until_s=until_s)
    taken = played.day.stock.table(0.0, until_s).set_index("interval_start_s")["occupied"]
    for hours, per_hundred in ((1, 47.2), (2, 75.9), (4, 103.8)):
        expected = 100 * per_hundred
        assert taken[hours * HOUR - INTERVAL_S] == pytest.approx(expected, abs=4 * expected**0.5 + 5)


def test_wait_at_a_gate_is_that_of_m_d_1() -> None:
    """P11. Ten seconds a car, 300 an hour: ρ = 5/6, ρ · 10 / (2 (1 − ρ)) = 25 s of waiting before the service; 5 %."""
    until_s = 200 * HOUR
    arrivals_s = poisson(300.0, until_s, "gate")
    garage = site("a", spaces=10**6, gate_s=10.0, gate_room=10**6)
    played = at_the_garage(garage, arrivals_s, np.full(len(arrivals_s), 60.0), until_s=until_s)
    waits_s = [fate.gate_s - 10.0 for fate in played.fates if fate.parked_at_s is not None]
    assert np.mean(waits_s) == pytest.approx(25.0, rel=0.05)


# --- probes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "free", "looks"), [(20, 3, 5.25), (30, 10, 31 / 11), (30, 1, 15.5)])
def test_no_site_is_tried_twice_in_one_search(n: int, free: int, looks: float) -> None:
    """P04. k free of N in random places, tried one after another at one corner: (N + 1) / (k + 1), not N / k."""
    tables, search = search_map(street(), [site("c", name=f"P{i:02d}") for i in range(n)])
    place = (float(search.xy[0, 0]), float(search.xy[0, 1]))
    route, last = tables.segments_of(("ab", "bc")), tables.network.link_index["bc"]
    counts = []
    for number in range(500):
        env = Environment()
        flow = SimpyFlow(env, tables, Fleet.none())
        day, fate = ParkingDay(env, flow, search), Fate()
        order = np.argsort(chance.uniform(number, "which are free", np.arange(n)))
        for full in order[free:].tolist():
            day.stock.try_park(full, 0.0)
        first = int(chance.uniform_one(number, "where first", 0) * n)
        errand = Errand(number, route, last, first, place, FOR_EVER, patience_s=FOR_EVER)
        env.story_at(0.0, driver(env, flow, day, errand, fate), 0)
        env.run(until=100.0)
        counts.append(fate.searched + 1)
    assert inspected_once_each(n, free) == pytest.approx(looks)
    assert np.mean(counts) == pytest.approx(looks, abs=4 * np.std(counts) / len(counts) ** 0.5)


# --- the ring ---------------------------------------------------------------------------------------------------

RING, SPACE_S = 100, 2.4


def ring() -> Network:
    """A hundred blocks of one space each, 2.4 s apart, one way round; wide, so that cars do not hold each other up."""
    nodes = tuple(Node(f"{i:02d}", 121.0 + i * 1e-6, 37.0) for i in range(RING))
    links = tuple(
        Link(f"{i:02d}", f"{i:02d}", f"{(i + 1) % RING:02d}", 6.5, 30.0, 6.5 / SPACE_S, 900.0) for i in range(RING)
    )
    return Network(nodes, links, crs="EPSG:32651")


def kerbs_of_the_ring(load: float) -> Iterator[ParkingSite]:
    """A space along each block, all within 10 m, so that they are as good; taken at first with the chance `load`."""
    is_taken = chance.uniform(9, "taken", np.arange(RING)) < load
    for i in range(RING):
        yield ParkingSite(
            f"{i:02d}", "", "kerb", 121.0 + i * 1e-6, 37.0, f"{i:02d}", "Z", 1, int(is_taken[i]), FREE,
            start_stay_s=HOUR,
        )  # fmt: skip


def inspected_on_the_ring(load: float, drivers: int) -> tuple[Floats, float]:
    """Spaces looked at by each who parked, and mean occupancy: arrivals at random places, stays of 1,500 spaces."""
    network = ring()
    tables, search = search_map(network, list(kerbs_of_the_ring(load)))
    env = Environment()
    flow = SimpyFlow(env, tables, Fleet.none())
    day = ParkingDay(env, flow, search, seed=4)
    for story, agent in day.cars_there_at_start():
        env.story(story, agent)
    stay_s = 1500 * SPACE_S
    until_s = drivers * stay_s / (load * RING)
    arrivals_s = poisson(load * RING * HOUR / stay_s, until_s, f"ring {load}")
    people = np.arange(len(arrivals_s))
    where = (chance.uniform(6, "where", people) * RING).astype(np.int64)
    stays_s = stay_s * chance.exponential(6, "stay", people)
    fates = [Fate() for _ in people]
    place = (float(search.xy[0, 0]), float(search.xy[0, 1]))
    for i in people.tolist():
        block = int(where[i])
        route = tables.segments_of([f"{block:02d}"])
        errand = Errand(i, route, block, block, place, float(stays_s[i]), patience_s=FOR_EVER)
        env.story_at(float(arrivals_s[i]), driver(env, flow, day, errand, fates[i]), i)
    env.run(until=until_s)
    counts = [f.searched + 1 for f in fates if f.parked_at_s is not None and f.parked_at_s > 2 * stay_s]
    table = day.stock.table(0.0, until_s)
    late = table[table["interval_start_s"] > 2 * stay_s]
    return np.array(counts, dtype=np.float64), float(late.groupby("interval_start_s")["occupied"].sum().mean()) / RING


TABLE = {0.501: 2.35, 0.700: 4.86, 0.801: 9.56, 0.848: 17.2, 0.905: 63.0}
"""§4.4: mean looks by occupancy on a ring of 100 spaces, from 4.5 million space-times each."""


def assert_as_in_the_table(load: float, drivers: int, tolerance: float) -> None:
    """Mean looks within the tolerance of the table at the occupancy that came about, and more than independence gives.

    Between its rows the table is taken as exponential. A run's occupancy misses its load by a hundredth or two, and the
    looks rise by a tenth for each hundredth, so they are compared at the one and not at the other.
    """
    counts, occupancy = inspected_on_the_ring(load, drivers)
    assert occupancy == pytest.approx(load, abs=0.03)
    looks = float(np.exp(np.interp(occupancy, list(TABLE), np.log(list(TABLE.values())))))
    assert counts.mean() == pytest.approx(looks, rel=tolerance)
    assert counts.mean() > 1.1 * inspected(occupancy)


@pytest.mark.parametrize(("load", "tolerance"), [(0.5, 0.05), (0.7, 0.1), (0.8, 0.15)])
def test_search_round_a_block_meets_full_stretches(load: float, tolerance: float) -> None:
    """§4.4 with 6,000 drivers each: standard errors of 1, 2 and 5 %. Fuller rings need a hundred times the drivers."""
    assert_as_in_the_table(load, 6000, tolerance)


def test_map_of_the_ring_has_a_kerb_along_each_block() -> None:
    _, search = search_map(ring(), list(kerbs_of_the_ring(0.0)))
    assert isinstance(search, SearchMap) and search.has_kerbs_along.all()
