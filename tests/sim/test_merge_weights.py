"""Who shares a merge, and how, hangs on those who come: never on an approach that nobody drives."""

import random

import pandas as pd
import pytest

from tests.physics.roads import network_of, road
from twin.city.network import Network
from twin.sim.simulation import simulate
from twin.sim.trip_table import Trip, TripTable

WEIGHTS = [(3300, 3300, 3400), (1700, 1700, 5400), (1700, 3300, 7000), (1, 7, 3400), (1650, 3300, 7000)]


def arrivals(network: Network, trips: list[Trip]) -> "pd.Series[float]":
    return simulate(network, TripTable.of(network, trips)).trips["arrive_s"]


@pytest.mark.parametrize(("first", "second", "unused"), WEIGHTS)
def test_unused_approach_of_more_weight_changes_no_arrival(first: float, second: float, unused: float) -> None:
    """Steps of fair queueing that were taken relative to the heaviest approach were rounded otherwise with it."""
    drawn = random.Random(1)
    kinds = ("car", "truck", "ebike")
    trips = [
        Trip(f"{link}{i}", drawn.uniform(0, 600), route=(link, "4"), vehicle_class=drawn.choice(kinds))
        for link in "12"
        for i in range(250)
    ]
    used = [road("1", "ax", merge_weight=first), road("2", "bx", merge_weight=second)]
    onward = road("4", "xd", capacity_vps=0.5)
    alone = arrivals(network_of(*used, onward), trips)
    beside = arrivals(network_of(*used, road("3", "cx", merge_weight=unused), onward), trips)
    pd.testing.assert_series_equal(alone, beside, check_exact=True)
