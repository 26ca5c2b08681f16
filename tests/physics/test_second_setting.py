"""Verification cases with friendly numbers: 15 m/s, wave 5 m/s, 7.5 m a stopped car, hence 0.5 veh/s."""

import numpy as np
import pandas as pd
import pytest
from roads import (
    U_CAPACITY_VPS,
    delays_s,
    entries_s,
    evenly,
    exits_s,
    in_both_flows,
    longest_line,
    network_of,
    rate_vps,
    road,
    trips_of,
    u_road,
)

from twin import chance
from twin.city.signals import Green, SignalPlan
from twin.sim.simulation import Simulation, simulate


@in_both_flows
@pytest.mark.parametrize(
    ("flow_vph", "density_vpkm"), [(1320.0, 60.0), (600.0, 100.0), (1080.0, 1000.0 / 7.5 - 60.0), (0.0, 1000.0 / 7.5)]
)
def test_61_congested_roads_lie_on_the_fundamental_diagram(flow, flow_vph, density_vpkm) -> None:
    """Behind an exit of q the density is k_j − q/w: 60 veh/km at 1,320 veh/h, 100 at 600, 133.33 at 0. One interval of
    900 s in the steady state, within half a vehicle on the road's 1.5 km.
    """
    exit_vps = flow_vph / 3600.0
    streets = network_of(u_road("1", "ab"), u_road("2", "bc", capacity_vps=max(exit_vps, 0.1)))
    closed = [] if flow_vph else [SignalPlan("b", 60.0, 0.0, (Green("1", None, 0.0, 0.0),))]
    trips = trips_of(streets, (evenly(0.5, 2700.0), "12"))
    ended = simulate(streets, trips, signals=closed, flow=flow, until_s=2700.0, keep_passages=True)
    steady = ended.links[(ended.links["link_id"] == "1") & (ended.links["interval_start_s"] == 1800.0)].iloc[0]
    assert steady["mean_density_vpkm"] == pytest.approx(density_vpkm, abs=0.5 / 1.5)
    assert rate_vps(exits_s(ended, "1"), 1800.0, 2700.0) == pytest.approx(exit_vps, abs=1 / 900)


@in_both_flows
@pytest.mark.parametrize(("flow_vph", "density_vpkm"), [(1080.0, 20.0), (1800.0, 100.0 / 3.0)])
def test_61_free_roads_lie_on_the_fundamental_diagram(flow, flow_vph, density_vpkm) -> None:
    """Up to the critical density all drive 54 km/h: 1,080 veh/h at 20 veh/km, 1,800 at 33.33. Exact."""
    streets = network_of(u_road("1", "ab"))
    ended = simulate(streets, trips_of(streets, (evenly(flow_vph / 3600.0, 2700.0), "1")), flow=flow, until_s=2700.0)
    steady = ended.links[ended.links["interval_start_s"] == 900.0].iloc[0]
    assert steady["mean_density_vpkm"] == pytest.approx(density_vpkm, abs=1e-4)
    assert steady["mean_travel_time_s"] == pytest.approx(100.0, abs=1e-6)


@in_both_flows
def test_62_free_flow(flow) -> None:
    """1,500 m at 15 m/s: 100 s each; at 0.25 veh/s 25 are on the link. Exact."""
    streets = network_of(u_road("1", "ab"))
    ended = simulate(streets, trips_of(streets, (evenly(0.25, 1800.0), "1")), flow=flow)
    assert (ended.trips["arrive_s"] - ended.trips["enter_s"] == 100.0).all()
    steady = ended.links[ended.links["interval_start_s"] == 900.0].iloc[0]
    assert steady["mean_density_vpkm"] * 1.5 == pytest.approx(25.0)


BOTTLENECK = (*evenly(0.4, 600.0), *evenly(0.1, 900.0, from_s=600.0))


@in_both_flows
def test_63_a_deterministic_queue(flow) -> None:
    """Arrivals 0.4 then 0.1, service 0.3 veh/s: 60 wait at 600 s, gone at 900 s, 270 delayed, 60 · 900 / 2 =
    27,000 veh·s, mean 100, worst 200 s. Within 1 %, two vehicles, and one headway of 3.33 s.
    """
    streets = network_of(u_road("1", "ab"), u_road("2", "bc", capacity_vps=0.3))
    ended = simulate(streets, trips_of(streets, (BOTTLENECK, "12")), flow=flow, keep_passages=True)
    arrivals, delays = np.array(BOTTLENECK) + 100.0, delays_s(ended).to_numpy()
    assert longest_line(arrivals, exits_s(ended, "1")) == pytest.approx(60, abs=1)
    assert arrivals[delays > 0].max() - 100.0 == pytest.approx(900.0, abs=10.0)  # one arrival headway
    assert (delays > 0).sum() == pytest.approx(270, abs=2)
    assert delays.sum() == pytest.approx(27_000.0, rel=0.01)
    assert delays.max() == pytest.approx(200.0, abs=10 / 3)


@in_both_flows
@pytest.mark.parametrize("segment_m", [None, 250.0])
def test_64_the_queue_reaches_as_far_back_as_its_shock_wave(flow, segment_m) -> None:
    """The queue of 6.3 has 133.33 − 60 = 73.33 veh/km and grows by 0.1 / 0.04667 = 2.143 m/s until the lighter stream
    meets its tail: 1,125 m, 525 s after the first vehicle came to the exit. Within two vehicles of 13.6 m.
    """
    streets = network_of(u_road("1", "ab"), u_road("2", "bc", capacity_vps=0.3))
    ended = simulate(streets, trips_of(streets, (BOTTLENECK, "12")), flow=flow, segment_m=segment_m)
    longest_m = ended.links.loc[ended.links["link_id"] == "1", "max_queue_m"].max()
    assert longest_m == pytest.approx(1125.0, abs=2 * 1000 / 73.33)


@in_both_flows
def test_65_a_short_link_spills_back_and_then_passes_the_exit_rate_on(flow) -> None:
    """600 m behind an exit of 0.3, 0.4 in: the tail needs 600 / 2.143 = 280 s from the first arrival at 40 s: full at
    320 s with 73.33 · 0.6 = 44 vehicles; then 0.3 comes in. (A point queue would take 0.4 for ever.) Within 2 %.
    """
    streets = network_of(u_road("0", "xa"), u_road("1", "ab", length_m=600.0), u_road("2", "bc", capacity_vps=0.3))
    trips = trips_of(streets, (evenly(0.4, 1500.0), "012"))
    ended = simulate(streets, trips, flow=flow, until_s=1500.0, keep_passages=True)
    entries, exits = entries_s(ended, "1"), exits_s(ended, "1")
    free = np.array(evenly(0.4, 1500.0))[: len(entries)] + 100.0
    full_s = float(entries[entries > free + 0.1][0])
    assert full_s - entries[0] == pytest.approx(320.0, rel=0.02)
    assert (entries < full_s).sum() - (exits < full_s).sum() == pytest.approx(44, abs=1)
    assert rate_vps(entries, 600.0, 1500.0) == pytest.approx(0.3, abs=1 / 900)


@in_both_flows
def test_66_a_queue_starts_at_saturation_headways(flow) -> None:
    """Ten wait at red; from green on they cross the stop line every 1 / 0.5 = 2 s. The n-th starts to move when the
    wave of 5 m/s has run 7.5 (n − 1) m: 1.5 s a vehicle, so it needs 0.5 s a vehicle to roll up. Exact.
    """
    streets = network_of(u_road("1", "ab"), u_road("2", "bc"))
    red = SignalPlan("b", 1e4, 300.0, (Green("1", None, 0.0, 9700.0),))
    trips = trips_of(streets, (evenly(0.5, 20.0), "12"))
    ended = simulate(streets, trips, signals=[red], flow=flow, keep_passages=True)
    assert exits_s(ended, "1").tolist() == [300.0 + 2.0 * n for n in range(10)]


def signal_delay_s(departures: list[float], flow: str) -> float:
    """Mean delay at a signal with 30 s of green in 60; the first red begins when a first vehicle at 0 s comes."""
    streets = network_of(u_road("1", "ab"), u_road("2", "bc"))
    plan = SignalPlan("b", 60.0, 130.0, (Green("1", None, 0.0, 30.0),))
    return float(delays_s(simulate(streets, trips_of(streets, (departures, "12")), signals=[plan], flow=flow)).mean())


@in_both_flows
def test_67_uniform_arrivals_at_a_signal(flow) -> None:
    """C (1 − g/C)² / (2 (1 − q/s)) = 12.50 s of a fluid. Of whole vehicles, 12 a cycle, the k-th comes o + 5 k s into
    red and leaves 30 + 2 k s after it began: 30 − 3 k − o each as long as that is positive. Where the first comes as
    red begins (o = 0): 165 / 12 = 13.75 s. Mean over o from 0 to 5 s: ((165 · 3 − 45) + (162 · 2 − 72)) / 5 / 12 =
    11.70 s. Exact; the mean by ten offsets within 0.1 %.
    """
    at_once = signal_delay_s(evenly(0.2, 3600.0), flow)
    offsets = [signal_delay_s(evenly(0.2, 3600.0, from_s=5.0 * (i + 0.5) / 10), flow) for i in range(10)]
    assert at_once == pytest.approx(13.75)
    assert np.mean(offsets) == pytest.approx(11.70, rel=0.001)


@in_both_flows
@pytest.mark.parametrize(("rate", "monte_carlo_s", "webster_s"), [(0.1, 9.79, 10.52), (0.2, 16.51, 17.77)])
def test_68_random_arrivals_at_a_signal(flow, rate, monte_carlo_s, webster_s) -> None:
    """Poisson arrivals: the fixed-cycle queue by Monte Carlo within 3 %, Webster's formula within 10 %."""
    gaps = chance.exponential(5, "test of random arrivals", np.arange(40_000)) / rate
    delay_s = signal_delay_s(np.cumsum(gaps).tolist(), flow)
    assert delay_s == pytest.approx(monte_carlo_s, rel=0.03)
    assert delay_s == pytest.approx(webster_s, rel=0.10)


@in_both_flows
def test_617_who_comes_first_leaves_first(flow) -> None:
    """First in, first out on every link, through a bottleneck and a merge: no violation."""
    streets = network_of(u_road("1", "ac"), u_road("2", "bc"), u_road("3", "cd"), u_road("4", "de", capacity_vps=0.3))
    streams = [(evenly(0.3, 900.0), "134"), (evenly(0.25, 900.0), "234")]
    ended = simulate(streets, trips_of(streets, *streams), flow=flow, keep_passages=True)
    for _, passages in ended.passages.groupby("link_id"):
        assert passages.sort_values("entry_s")["exit_s"].is_monotonic_increasing


@in_both_flows
def test_618_nobody_is_lost(flow) -> None:
    """At whatever time one looks: created = finished + travelling + waiting outside, and entered − left = on a link."""
    streets = network_of(u_road("1", "ab"), u_road("2", "bc", capacity_vps=0.3))
    trips = trips_of(streets, (evenly(0.4, 600.0), "12"))
    for until_s in (0.0, 57.3, 333.3, 600.0, 900.0, 5000.0):
        ended = simulate(streets, trips, flow=flow, until_s=until_s)
        states = ("finished", "travelling", "waiting_outside")
        assert sum(ended.books[state] for state in states) == ended.books["created"] == 240
        assert ended.links["entered"].sum() - ended.links["left"].sum() == ended.books["travelling"]


@in_both_flows
def test_623_edits_that_change_nothing_change_nothing(flow) -> None:
    """Closing a link nobody uses changes no byte; cutting links into parts rounds headways anew, by up to
    1 µs a vehicle: 1 ms in all.
    """
    links = (u_road("1", "ab"), u_road("2", "bc", capacity_vps=0.3))
    streets, wider = network_of(*links), network_of(*links, u_road("9", "xb"))
    streams = (evenly(0.4, 600.0), "12")
    plain = simulate(streets, trips_of(streets, streams), flow=flow).trips
    run = Simulation(wider, trips_of(wider, streams), flow=flow)
    run.flow.change_segment(int(run.route(["9"])[0]), lane_share=0.0, speed_share=1.0)
    pd.testing.assert_frame_equal(run.run().trips, plain, check_exact=True)
    cut = simulate(streets, trips_of(streets, streams), flow=flow, segment_m=750.0).trips
    pd.testing.assert_frame_equal(cut, plain, check_exact=False, atol=1e-3, rtol=0.0)


@in_both_flows
def test_624_lengths_and_speeds_doubled_change_no_time(flow) -> None:
    """Length and speed ×2, spacing ×2 (density ÷ 2): the same times, also in the queue. Within 10 µs of rounding."""

    def times(scale: float) -> pd.DataFrame:
        roads = [
            road(link, ends, length_m=1500.0 * scale, speed_mps=15.0 * scale, capacity_vps=vps, jam_vpm=1 / 7.5 / scale)
            for link, ends, vps in (("1", "ab", U_CAPACITY_VPS), ("2", "bc", 0.3))
        ]
        streets = network_of(*roads)
        return simulate(streets, trips_of(streets, (BOTTLENECK, "12")), flow=flow).trips[["enter_s", "arrive_s"]]

    pd.testing.assert_frame_equal(times(1.0), times(2.0), check_exact=False, atol=1e-5, rtol=0.0)


@in_both_flows
def test_624_a_later_day_is_the_same_day(flow) -> None:
    """All departures 10,000 s later: all times 10,000 s later, to the microsecond. Exact."""
    streets = network_of(u_road("1", "ab"), u_road("2", "bc", capacity_vps=0.3))
    now = simulate(streets, trips_of(streets, (BOTTLENECK, "12")), flow=flow).trips
    later = simulate(streets, trips_of(streets, ([t + 10_000.0 for t in BOTTLENECK], "12")), flow=flow).trips
    assert np.rint((later["arrive_s"] - now["arrive_s"]) * 1e6).eq(10_000_000_000).all()
