"""What always holds on one path of links, for any demand and any lengths (on networks it need not: Braess)."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.city.network import Link, Network, Node
from twin.records import Records
from twin.sim.simulation import simulate
from twin.sim.trip_table import Trip, TripTable

departures = st.lists(st.integers(0, 600), min_size=1, max_size=60)
paths = st.lists(
    st.tuples(st.integers(10, 800), st.sampled_from([900.0, 1300.0, 1800.0]), st.sampled_from([1.0, 2.0])),
    min_size=1,
    max_size=5,
)


def path_of(parts: list[tuple[int, float, float]]) -> Network:
    """Links one after another: length (m), capacity (veh/h and lane), lanes; 15 m/s."""
    nodes = tuple(Node(str(i), 121.0 + 0.01 * i, 37.0) for i in range(len(parts) + 1))
    links = tuple(
        Link(str(i), str(i), str(i + 1), float(length), lanes, 15.0, capacity)
        for i, (length, capacity, lanes) in enumerate(parts)
    )
    return Network(nodes, links)


def driven(network: Network, departs_s: list[int], flow: str = "compiled") -> Records:
    """Everybody drives the whole path; trip i departs at the i-th time."""
    route = tuple(link.id for link in network.links)
    trips = [Trip(str(i), float(depart_s), route) for i, depart_s in enumerate(departs_s)]
    return simulate(network, TripTable.of(network, trips), flow=flow, keep_passages=True)  # type: ignore[arg-type]


def arrivals_s(records: Records) -> np.ndarray:
    return records.trips["arrive_s"].to_numpy()


@settings(max_examples=40, deadline=None)
@given(paths, departures)
def test_both_flows_give_one_answer_and_nobody_is_faster_than_free(parts, departs_s) -> None:
    network = path_of(parts)
    by_kernel, by_simpy = driven(network, departs_s), driven(network, departs_s, "simpy")
    assert by_kernel.trips.equals(by_simpy.trips)
    assert by_kernel.passages is not None
    assert by_simpy.passages is not None
    assert by_kernel.passages.equals(by_simpy.passages)
    spent = arrivals_s(by_kernel) - np.array(departs_s)
    assert (spent >= sum(part[0] for part in parts) / 15.0 - 1e-5).all()


@settings(max_examples=40, deadline=None)
@given(paths, departures, st.lists(st.integers(0, 600), min_size=1, max_size=20))
def test_more_demand_shortens_nobody_s_trip(parts, departs_s, more_s) -> None:
    network = path_of(parts)
    with_more = arrivals_s(driven(network, departs_s + more_s))[: len(departs_s)]
    # Of two who depart together the one of the lower number goes first in both runs.
    assert (with_more >= arrivals_s(driven(network, departs_s)) - 1e-6).all()


@settings(max_examples=40, deadline=None)
@given(paths, departures, st.integers(0, 4))
def test_a_wider_link_lengthens_nobody_s_trip(parts, departs_s, which) -> None:
    which %= len(parts)
    network = path_of(parts)
    wider = network.with_links(
        replace(link, lanes=link.lanes + 1) if i == which else link for i, link in enumerate(network.links)
    )
    # A microsecond a vehicle: rates are whole microseconds.
    assert (arrivals_s(driven(wider, departs_s)) <= arrivals_s(driven(network, departs_s)) + 1e-4).all()


@settings(max_examples=30, deadline=None)
@given(paths, departures)
def test_first_in_is_first_out_on_every_link(parts, departs_s) -> None:
    passages = driven(path_of(parts), departs_s).passages
    assert passages is not None
    for _, link in passages.groupby("link_id"):
        in_order = link.sort_values("entry_s", kind="stable")
        assert in_order["entry_s"].is_unique
        assert in_order["exit_s"].is_monotonic_increasing


@settings(max_examples=20, deadline=None)
@given(st.integers(100, 800), st.integers(20, 60))
def test_twice_the_demand_on_twice_the_lanes_keeps_the_mean_within_a_headway(length_m, count) -> None:
    """Doubled demand, capacity and storage: means move by less than one headway of the single lane, 2 s."""
    one = [(500, 1800.0, 1.0), (length_m, 1300.0, 1.0)]
    two = [(500, 1800.0, 2.0), (length_m, 1300.0, 2.0)]
    departs_s = list(range(count))
    single = arrivals_s(driven(path_of(one), departs_s)) - departs_s
    double_s = np.repeat(departs_s, 2)
    double = arrivals_s(driven(path_of(two), double_s.tolist())) - double_s
    assert double.mean() == pytest.approx(single.mean(), abs=3600 / 1300)
