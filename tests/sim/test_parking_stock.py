"""Spaces: taken at once, given back at the same instant, and written down by quarter hours."""

from typing import Any

import pytest

from twin.city.parking import ParkingSite
from twin.records import SITE_COLUMNS
from twin.sim.environment import Awaited, Environment
from twin.sim.parking_stock import ParkingStock


def site(name: str = "A", *, spaces: int = 1, taken: int = 0) -> ParkingSite:
    return ParkingSite(name, name, "lot", 121.0, 37.0, "ab", "Z", spaces, occupied_at_start=taken)


def test_second_car_is_turned_away_when_the_only_bay_is_taken() -> None:
    stock = ParkingStock([site()])
    assert [stock.try_park(0, 10.0), stock.try_park(0, 20.0)] == [True, False]
    assert stock.free(0) == 0


def test_spaces_taken_before_the_run_are_not_free() -> None:
    stock = ParkingStock([site(spaces=3, taken=2)])
    assert [stock.try_park(0, 10.0), stock.try_park(0, 10.0)] == [True, False]


def test_freed_space_is_taken_at_the_same_instant() -> None:
    env, stock = Environment(), ParkingStock([site()])
    log: list[tuple[float, str]] = []

    def stays(name: str, arrives_s: float, stay_s: float) -> Any:
        yield env.timeout(arrives_s)
        parks = stock.try_park(0, env.now)
        log.append((env.now, f"{name} parks" if parks else f"{name} is turned away"))
        if parks:
            yield env.timeout(stay_s)
            stock.leave(0, env.now)
            log.append((env.now, f"{name} leaves"))

    for agent, (name, arrives_s, stay_s) in enumerate((("A", 0.0, 600.0), ("B", 10.0, 5.0), ("C", 600.0, 5.0))):
        env.story(stays(name, arrives_s, stay_s), agent)
    env.run()
    assert log == [
        (0.0, "A parks"),
        (10.0, "B is turned away"),
        (600.0, "A leaves"),
        (600.0, "C parks"),
        (605.0, "C leaves"),
    ]


def test_table_counts_by_quarter_hours_from_the_one_in_which_the_run_starts() -> None:
    stock = ParkingStock([site("A", spaces=2, taken=1), site("B", spaces=5)])
    stock.try_park(0, 1000.0)
    stock.try_park(0, 1799.0)
    stock.leave(0, 1800.0)
    stock.try_park(1, 1800.0)
    table = stock.table(950.0, 2700.0)
    assert list(table.columns) == list(SITE_COLUMNS)
    counted = ["site_id", "interval_start_s", "occupied", "arrived", "turned_away", "left"]
    assert table[counted].values.tolist() == [
        ["A", 900.0, 2, 1, 1, 0],
        ["B", 900.0, 0, 0, 0, 0],
        ["A", 1800.0, 1, 0, 0, 1],
        ["B", 1800.0, 1, 1, 0, 0],
        ["A", 2700.0, 1, 0, 0, 0],
        ["B", 2700.0, 1, 0, 0, 0],
    ]


def test_fees_and_waits_at_the_gate_are_added_up_by_quarter_hours() -> None:
    stock = ParkingStock([site("A", spaces=2)])
    for at_s, fee_yuan, gate_s in ((100.0, 2.0, 10.0), (800.0, 3.0, 0.0), (900.0, 4.0, 5.0)):
        stock.pay(0, at_s, fee_yuan, gate_s)
    table = stock.table(0.0, 1000.0)
    assert table[["revenue_yuan", "gate_wait_s"]].values.tolist() == [[5.0, 10.0], [4.0, 5.0]]


def test_booked_space_is_kept_for_who_booked_it() -> None:
    stock = ParkingStock([site(spaces=1)])
    assert stock.book(0, 0.0) and not stock.book(0, 1.0) and not stock.try_park(0, 2.0)
    stock.park_booked(0, 3.0)
    assert (stock.taken(0), stock.free(0)) == (1, 0)
    stock.leave(0, 4.0)
    assert stock.book(0, 5.0)
    stock.cancel(0, 6.0)
    assert (stock.taken(0), stock.free(0)) == (0, 1)


def test_guidance_shows_what_was_free_when_it_was_read_off() -> None:
    stock = ParkingStock([site(spaces=9)], delay_s=60.0)
    for at_s in (10.0, 59.0, 61.0):
        stock.try_park(0, at_s)
    assert [int(stock.shown(at_s)[0]) for at_s in (61.0, 119.0, 120.0)] == [7, 7, 6]


def test_space_that_is_freed_goes_to_the_first_who_waits() -> None:
    env, stock = Environment(), ParkingStock([site(spaces=1, taken=1)])
    log: list[tuple[float, str, bool]] = []

    def waits(name: str, from_s: float, longest_s: float) -> Any:
        yield env.timeout(from_s)
        turn = stock.wait(0, Awaited(env, longest_s))
        has_it = yield turn
        if not has_it:
            stock.wait_no_more(0, turn)
        log.append((env.now, name, has_it))

    def leaves() -> Any:
        for at_s in (100.0, 200.0):
            yield env.timeout(at_s - env.now)
            stock.leave(0, env.now)

    for agent, (name, from_s, longest_s) in enumerate((("A", 1.0, 50.0), ("B", 2.0, 500.0), ("C", 3.0, 500.0))):
        env.story(waits(name, from_s, longest_s), agent)
    env.story(leaves(), 9)
    env.run(until=300.0)
    assert log == [(51.0, "A", False), (100.0, "B", True), (200.0, "C", True)]
    assert (stock.free(0), stock.taken(0), stock.waiting(0)) == (0, 1, 0)


@pytest.mark.parametrize("count", [0, 2])
def test_quiet_sites_have_rows_too(count: int) -> None:
    table = ParkingStock([site(name, taken=1) for name in "AB"[:count]]).table(0.0, 800.0)
    assert table["occupied"].tolist() == [1] * count
