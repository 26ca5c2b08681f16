"""Verification cases of merges, signals and gridlock; first setting: 20 m/s, wave 5 m/s, hence 0.8 veh/s."""

import numpy as np
import pytest
from roads import delays_s, evenly, exits_s, in_both_flows, longest_line, network_of, rate_vps, road, trips_of

from twin import chance
from twin.city.network import Link, Network, Node
from twin.city.signals import Green, SignalPlan
from twin.sim.simulation import simulate
from twin.sim.trip_table import Trip, TripTable


def signal(red_starts_s: float, *, red_s: float = 30.0, cycle_s: float = 60.0) -> SignalPlan:
    """A signal at node b for link 1, red from a time on."""
    return SignalPlan("b", cycle_s, red_starts_s + red_s, (Green("1", None, 0.0, cycle_s - red_s),))


def signalled():
    """1000 m to a signal at b, and 1000 m on."""
    return network_of(road("1", "ab"), road("2", "bc"))


@in_both_flows
def test_T09_red_delays_by_half_its_square_over_the_cycle(flow) -> None:
    """Red 30 of 60 s, q 0.2, s 0.8: mean delay r² / (2 C (1 − q/s)) = 10 s where the first vehicle comes 1.875 s
    into red. Six wait at the end of red, the queue is gone 0.2 · 30 / 0.6 = 10 s into green, 8 of 12 stop; the tail
    moves back at 0.2/0.19 = 1.053 m/s and meets the start wave 38 s after red began, 40 m back. Within 2 %.
    """
    streets = signalled()
    trips = trips_of(streets, (evenly(0.2, 600.0), "12"))
    ended = simulate(streets, trips, signals=[signal(50.0 - 1.875)], flow=flow, keep_passages=True)
    delays = delays_s(ended)
    assert delays.mean() == pytest.approx(10.0, rel=0.02)
    assert (delays > 0).mean() == pytest.approx(2 / 3)
    arrivals = np.array(evenly(0.2, 600.0)) + 50.0
    assert longest_line(arrivals, exits_s(ended, "1")) == 6
    assert ended.links.loc[ended.links["link_id"] == "1", "max_queue_m"].max() == pytest.approx(40.0, rel=0.02)
    exits = exits_s(ended, "1")
    into_green_s = (exits - (50.0 - 1.875 + 30.0)) % 60.0
    delayed = exits - arrivals > 0
    # The eighth of a platoon leaves 7 headways after green began; the fluid queue of 8 takes 8.
    assert into_green_s[delayed].max() == pytest.approx(10.0 - 1.25, abs=1.25)


@in_both_flows
def test_T10_random_arrivals_at_a_signal_wait_longer(flow) -> None:
    """T09 with Poisson arrivals: Webster's two terms give 11.25 s, direct simulation of the fixed-cycle queue 10.33 s.
    40,000 vehicles: 3 % is some four standard errors.
    """
    streets = signalled()
    gaps = chance.exponential(4, "test of random arrivals", np.arange(40_000)) / 0.2
    trips = trips_of(streets, (np.cumsum(gaps).tolist(), "12"))
    ended = simulate(streets, trips, signals=[signal(0.0)], flow=flow)
    assert delays_s(ended).mean() == pytest.approx(10.33, rel=0.03)


@in_both_flows
def test_T11_an_overloaded_signal_leaves_a_rest(flow) -> None:
    """0.5 veh/s against 0.8 · 30/60 = 0.4 for 1800 s, red when the first vehicle comes: 900 came, 720 were served,
    180 are left. Delay of the overload (x − 1) T / 2 = 225 s and of red r/2 = 15 s: 240 s. Within 2 %.
    """
    streets = signalled()
    trips = trips_of(streets, (evenly(0.5, 1800.0), "12"))
    ended = simulate(streets, trips, signals=[signal(50.0)], flow=flow, keep_passages=True)
    served = (exits_s(ended, "1") < 1850.0).sum()
    assert 900 - served == pytest.approx(180, rel=0.02)
    assert delays_s(ended).mean() == pytest.approx(240.0, rel=0.02)


@in_both_flows
@pytest.mark.parametrize(
    ("demand", "weights", "expected"),
    [
        ((0.8, 0.8), (1.0, 1.0), (0.4, 0.4)),
        ((0.8, 0.8), (1.0, 2.0), (0.2667, 0.5333)),
        ((0.8, 0.3), (1.0, 1.0), (0.5, 0.3)),
        ((0.3, 0.4), (1.0, 1.0), (0.3, 0.4)),
    ],
)
def test_T12_a_merge_shares_by_weight_what_is_wanted(flow, demand, weights, expected) -> None:
    """Two roads into 0.8 veh/s. Full roads share by merge weight; who wants less than its share gets what it wants
    and the other the rest; together below 0.8 nobody is held. Counted over 1000 s from 500 s on, within 2 %.
    """
    streets = network_of(
        road("1", "ac", merge_weight=weights[0]), road("2", "bc", merge_weight=weights[1]), road("3", "cd")
    )
    streams = [(evenly(rate, 1500.0), (link, "3")) for rate, link in zip(demand, "12", strict=True)]
    ended = simulate(streets, trips_of(streets, *streams), flow=flow, until_s=1500.0, keep_passages=True)
    rates = [rate_vps(exits_s(ended, link), 500.0, 1500.0) for link in "12"]
    assert rates == [pytest.approx(rate, rel=0.02) for rate in expected]


def full_ring() -> tuple[Network, TripTable, list[SignalPlan]]:
    """Four links in a ring; 200 vehicles fill each while all signals are red until 1000 s, and each wants the next."""
    corners = "abcd"
    links = [
        Link(f"{i}", corners[i], corners[(i + 1) % 4], 1000.0, 1.0, 20.0, 2880.0, jam_density_vpkm=200.0)
        for i in range(4)
    ]
    trips = [Trip(f"{i}-{n}", n * 1.25, (str(i), str((i + 1) % 4))) for i in range(4) for n in range(200)]
    streets = Network(tuple(Node(c, 121.0, 37.0) for c in corners), tuple(links))
    day_s = 1e6
    plans = [
        SignalPlan(corners[(i + 1) % 4], day_s, 1000.0, (Green(str(i), None, 0.0, day_s - 1000.0),)) for i in range(4)
    ]
    return streets, TripTable.of(streets, trips), plans


@in_both_flows
def test_T35_a_ring_of_full_links_stands_and_is_named(flow) -> None:
    """4 · 0.2 · 1000 = 800 cars, each front car wants the next full link: flow 0, also when all get green. The cycle
    closes as the 200th car comes onto its link, at 199 / 0.8 = 248.75 s, is found then, once, with its four links.
    Exact.
    """
    streets, trips, plans = full_ring()
    ended = simulate(streets, trips, signals=plans, flow=flow, until_s=5000.0, keep_passages=True)
    assert ended.books["travelling"] == ended.books["created"] == 800
    assert all(len(exits_s(ended, link)) == 0 for link in "0123")
    assert ended.gridlocks["closed_s"].tolist() == [248.75]
    assert sorted(ended.gridlocks["links"].iloc[0].split()) == ["0", "1", "2", "3"]
    assert simulate(streets, trips, signals=plans, flow=flow).books == ended.books  # and it ends without a horizon


@in_both_flows
def test_T35_patience_opens_the_ring_and_counts_what_it_did(flow) -> None:
    """Under the policy `relieve` one vehicle after 300 s is let on over the storage limit, again and again while a
    cycle stands: in the end everybody has arrived, and each such move is counted.
    """
    streets, trips, plans = full_ring()
    ended = simulate(streets, trips, signals=plans, flow=flow, gridlock="relieve")
    assert ended.books["finished"] == 800
    assert ended.relieved == len(ended.gridlocks) > 0
    assert ended.end_s > 1300.0


@in_both_flows
def test_T31_littles_law_holds_at_a_signal(flow) -> None:
    """T09: 0.2 veh/s with 10 s of delay are 2 cars delayed on average, and 0.2 · 60 = 12 on the road. Within 2 %.

    Vehicles on the road come from the interval statistics, times from the trips: two counts of one thing.
    """
    streets = signalled()
    trips = trips_of(streets, (evenly(0.2, 3600.0), "12"))
    ended = simulate(streets, trips, signals=[signal(50.0 - 1.875)], flow=flow, keep_passages=True)
    road_1 = ended.links[(ended.links["link_id"] == "1") & ended.links["interval_start_s"].between(900.0, 1800.0)]
    assert road_1["mean_density_vpkm"].tolist() == pytest.approx([12.0, 12.0], rel=0.02)
    assert 0.2 * delays_s(ended).mean() == pytest.approx(2.0, rel=0.02)


@in_both_flows
def test_T33_a_flat_capacity_of_half_the_green_has_no_delay(flow) -> None:
    """T09 with the green averaged away: 0.2 veh/s at a steady 0.4 do not wait; the signal costs 10 s."""
    streets = network_of(road("1", "ab"), road("2", "bc", capacity_vps=0.4))
    ended = simulate(streets, trips_of(streets, (evenly(0.2, 600.0), "12")), flow=flow)
    assert delays_s(ended).abs().max() < 1e-5


@in_both_flows
def test_T30_arrivals_in_platoons_of_five_move_the_mean_delay_by_less_than_a_platoon(flow) -> None:
    """T04's queue, where five come at once and then nobody: at most 5 · 1.5 s = 7.5 s more or less (bound)."""
    streets = network_of(road("1", "ab"), road("2", "bc", capacity_vps=2 / 3))
    alone = [*evenly(0.8, 500.0), *evenly(0.4, 1000.0, from_s=500.0)]
    together = [time_s for time_s in alone[::5] for _ in range(5)][: len(alone)]
    means = [
        delays_s(simulate(streets, trips_of(streets, (times, "12")), flow=flow)).mean() for times in (alone, together)
    ]
    assert means[0] == pytest.approx(31.25, rel=0.01)
    assert abs(means[1] - means[0]) <= 7.5
