"""Blocks of spaces against optima that are known: by enumeration, and planted in a town of three quarters."""

import itertools

import numpy as np
import pytest

from twin.advice.parking_allocation import Limits, Room, allocate
from twin.advice.parking_surrogate import ParkingModel

FREE = [Room("a", 1000), Room("a", 1000), Room("b", 1000)]


def served(needs):
    """Value of spaces that serve as many as there is need for, place by place."""
    return lambda plan: float(np.minimum(plan, needs).sum())


def test_spaces_go_where_they_are_needed_and_the_curve_ends_where_nobody_needs_them() -> None:
    found = allocate(served([100, 0, 50]), FREE, spaces=200, block=50)
    assert found.spaces[[0, 2]].tolist()[0] >= 100 and found.spaces[2] >= 50
    assert [step.gain for step in found.steps] == [50.0, 50.0, 50.0, 0.0]
    assert found.value == 150.0


def test_a_place_takes_no_more_than_its_land_allows() -> None:
    found = allocate(served([100, 0, 50]), [Room("a", 50), Room("a", 100), Room("b", 100)], spaces=150, block=50)
    assert found.spaces.tolist() == [50, 50, 50]


def test_each_group_gets_its_floor_however_little_it_is_worth() -> None:
    found = allocate(served([500, 0, 10]), FREE, spaces=300, block=50, limits=Limits({"a": 0, "b": 100}))
    assert found.spaces.tolist() == [200, 0, 100]


def test_with_a_budget_spaces_go_where_they_are_worth_most_for_the_money() -> None:
    """Two places need 100 each; a space of the first costs four times as much: 100 yuan buy 100 of the second."""

    def value(plan):
        return float(1.5 * min(plan[0], 100) + min(plan[1], 100))

    def cost(place, spaces):
        return spaces * (4.0, 1.0)[place]

    rooms = [Room("a", 100), Room("a", 100)]
    assert allocate(value, rooms, spaces=100, block=50, cost_yuan=cost).spaces.tolist() == [100, 0]
    budget = Limits({}, budget_yuan=100.0)
    assert allocate(value, rooms, spaces=100, block=50, limits=budget, cost_yuan=cost).spaces.tolist() == [0, 100]


def test_an_exchange_mends_what_greed_spoiled() -> None:
    """The middle place is best alone, but the outer two together serve all: greed takes the middle first."""
    needs = {frozenset(): 0.0, frozenset({0}): 6.0, frozenset({1}): 7.0, frozenset({2}): 6.0, frozenset({0, 2}): 12.0}

    def value(plan):
        opened = frozenset(np.flatnonzero(plan).tolist())
        return needs.get(opened, 11.0)

    rooms = [Room("a", 10)] * 3
    found = allocate(value, rooms, spaces=20, block=10)
    assert found.spaces.tolist() == [10, 0, 10] and found.value == 12.0
    assert found.exchanged == 1.0


QUARTERS = np.array([[0.0, 0.0], [5_000.0, 0.0], [10_000.0, 0.0]])


def town(drivers, spaces):
    """Three quarters out of each other's reach: each with its drivers over two hours, a site, and a place for more."""
    arrivals = np.repeat(np.array(drivers, dtype=np.float64)[:, None, None] / 24, 24, axis=1)
    sites = np.concatenate([QUARTERS, QUARTERS + np.array([100.0, 0.0])])
    model = ParkingModel.laid_out(
        arrivals, np.array([7200.0]), QUARTERS, sites, reach_m=np.full(6, 500.0), taken_at_start=np.zeros(6)
    )
    return lambda plan: -model.outcome(np.concatenate([spaces, plan])).cost_h


def test_spaces_find_the_planted_shortage() -> None:
    """Only the second quarter is short (300 drivers, 80 spaces; the others have spaces for all): all 150 go there."""
    found = allocate(town([100, 300, 200], [400, 80, 600]), FREE, spaces=150, block=25)
    assert found.spaces.tolist() == [0, 150, 0]


@pytest.mark.parametrize("drivers", [(300, 300, 300), (400, 250, 150), (120, 500, 330)])
def test_the_optimum_of_a_planted_town_is_found(drivers) -> None:
    """All 28 ways to give six blocks of 25 to three quarters are tried; none is better than the one found."""
    value = town(drivers, [100, 100, 100])
    ways = [way for way in itertools.product(range(7), repeat=3) if sum(way) == 6]
    assert len(ways) == 28
    best = max(ways, key=lambda way: value(25 * np.array(way)))
    found = allocate(value, FREE, spaces=150, block=25)
    assert found.spaces.tolist() == (25 * np.array(best)).tolist()


def test_equal_quarters_get_equal_spaces() -> None:
    found = allocate(town([300, 300, 300], [100, 100, 100]), FREE, spaces=150, block=25)
    assert found.spaces.tolist() == [50, 50, 50]
