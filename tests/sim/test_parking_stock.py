"""Spaces: taken at once, given back at the same instant, and written down by quarter hours."""

from typing import Any

import pytest

from twin.city.parking import ParkingSite
from twin.records import SITE_COLUMNS
from twin.sim.environment import Environment
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
    assert table.values.tolist() == [
        ["A", 900.0, 2, 1, 1],
        ["B", 900.0, 0, 0, 0],
        ["A", 1800.0, 1, 0, 0],
        ["B", 1800.0, 1, 1, 0],
        ["A", 2700.0, 1, 0, 0],
        ["B", 2700.0, 1, 0, 0],
    ]


@pytest.mark.parametrize("count", [0, 2])
def test_quiet_sites_have_rows_too(count: int) -> None:
    table = ParkingStock([site(name, taken=1) for name in "AB"[:count]]).table(0.0, 800.0)
    assert table["occupied"].tolist() == [1] * count
