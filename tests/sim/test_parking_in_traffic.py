"""Cars in search are cars in traffic: through traffic on the same street waits for them, and not where all book.

A main street w–x–y–z of one lane, and a block beside it: who finds no space at x goes round x–y–v–u–x, where kerbs lie.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from tests.sim.small_streets import FREE, search_map
from twin.city.network import Link, Network, Node
from twin.city.parking import ParkingSite
from twin.sim.driver import driver
from twin.sim.environment import Environment
from twin.sim.flow import Fleet
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.parking_day import Errand, Fate, ParkingDay
from twin.sim.rules import MICROS

BLOCK = ("xy", "yv", "vu", "ux")
DRIVERS, THROUGH = 120, 300
HOUR = 3600.0
PLACES = {"w": (-3, 0), "x": (0, 0), "y": (1, 0), "z": (4, 0), "u": (0, 1), "v": (1, 1)}


def block() -> Network:
    """Streets of 100 m (the main street's ends 300 m) at 10 m/s, 1,200 cars an hour."""
    nodes = tuple(Node(name, 121.0 + 0.00113 * x, 37.0 + 0.0009 * y) for name, (x, y) in PLACES.items())
    lengths = {"wx": 300.0, "yz": 300.0, **dict.fromkeys(BLOCK, 100.0)}
    links = tuple(Link(name, name[0], name[1], length, 1.0, 10.0, 1200.0) for name, length in lengths.items())
    return Network(nodes, links, crs="EPSG:32651")


def kerbs(spaces: int) -> list[ParkingSite]:
    """So many spaces along each street of the block."""
    where = {"xy": "y", "yv": "v", "vu": "u", "ux": "x"}
    return [
        ParkingSite(f"k{link}", "", "kerb", 121.0 + 0.00113 * PLACES[end][0], 37.0 + 0.0009 * PLACES[end][1], link, "Z",
                    spaces, tariff=FREE)
        for link, end in where.items()
    ]  # fmt: skip


@dataclass(frozen=True)
class Morning:
    """Mean time of the through traffic (s), what became of the drivers, and the day."""

    through_s: float
    times_us: list[int]
    fates: list[Fate]
    day: ParkingDay


def morning(spaces: int, *, books: bool = False, who: list[int] | None = None) -> Morning:
    """A car a dozen seconds passes w → z, one in thirty comes to park beside x for the rest of the morning."""
    network = block()
    tables, search = search_map(network, kerbs(spaces))
    env = Environment()
    route = tables.segments_of(("wx", "xy", "yz"))
    depart_us = (np.arange(THROUGH) * 12 * MICROS).astype(np.int64)
    start = np.arange(THROUGH, dtype=np.int64) * len(route)
    kinds = np.zeros(THROUGH, dtype=np.int64)
    fleet = Fleet(depart_us, start, start + len(route), np.tile(route, THROUGH), kinds)
    flow = CompiledFlow(env, tables, fleet)
    day = ParkingDay(env, flow, search)
    fates = [Fate() for _ in range(DRIVERS)]
    first = search.sites.index(next(site for site in search.sites if site.link_id == "xy"))
    place = (float(search.xy[first, 0]), float(search.xy[first, 1]))
    for i in range(DRIVERS) if who is None else who:
        errand = Errand(
            i, tables.segments_of(("wx", "xy")), network.link_index["xy"], first, place, 3 * HOUR, books=books
        )
        env.story_at(7.0 + 30.0 * i, driver(env, flow, day, errand, fates[i]), i)
    env.run(until=6 * HOUR)
    vehicles = flow.finish().vehicles
    times_us = (vehicles.arrive_us - vehicles.depart_us)[:THROUGH]
    return Morning(float(times_us.mean()) / MICROS, times_us.tolist(), fates, day)


def test_search_below_demand_slows_through_traffic_and_booking_slows_nobody() -> None:
    """120 drivers an hour for 400 spaces and for 60. Free way: 70 s. With 60 the second half go round the block, and
    each round they pass x → y before those who want to go through."""
    plenty, short = morning(100), morning(15)
    assert sum(fate.how == "site" for fate in plenty.fates) == DRIVERS
    assert sum(fate.how == "site" for fate in short.fates) == 60
    laps = sum(fate.search_m for fate in short.fates) / 400.0
    assert laps > 300, "who finds nothing goes round until patience ends"
    assert short.through_s - plenty.through_s > 3.0
    booked = morning(15, books=True)
    served = [i for i, fate in enumerate(booked.fates) if fate.how == "booked"]
    assert len(served) == 60 and sum(fate.search_m for fate in booked.fates) == 0.0
    same_cars_no_booking = morning(100, who=served)
    assert booked.times_us == same_cars_no_booking.times_us, "no search, no delay: to the microsecond"
    assert booked.through_s <= plenty.through_s


def test_cars_in_search_are_counted_on_the_links_they_drive() -> None:
    short = morning(15)
    table = short.day.cruising_table()
    passed = table.groupby("link_id")["searching"].sum()
    assert set(passed.index) == set(BLOCK)
    assert passed.sum() * 100.0 == pytest.approx(sum(fate.search_m for fate in short.fates))
    assert table["illegal"].sum() == sum(fate.how == "illegal" for fate in short.fates) > 0


def test_books_of_the_morning_close_and_no_kerb_is_over_capacity() -> None:
    short = morning(15)
    ended = [fate for fate in short.fates if fate.parked_at_s is not None or fate.gave_up_at_s is not None]
    assert len(ended) == DRIVERS
    table = short.day.stock.table(0.0, 6 * HOUR)
    assert (table["occupied"] <= 15).all() and (table["occupied"] >= 0).all()
    assert table["arrived"].sum() == 60 and table["left"].sum() == sum(
        f.parked_at_s is not None and f.how == "site" and f.parked_at_s + 3 * HOUR + 2 * f.walk_m / 1.25 < 6 * HOUR
        for f in short.fates
    )
