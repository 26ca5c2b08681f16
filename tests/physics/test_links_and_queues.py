"""Verification cases of links and queues; first setting: 20 m/s, wave 5 m/s, 0.2 veh/m, hence 0.8 veh/s."""

import numpy as np
import pandas as pd
import pytest
from roads import (
    delays_s,
    entries_s,
    evenly,
    exits_s,
    in_both_flows,
    longest_line,
    network_of,
    road,
    trips_of,
)

from twin import chance
from twin.city.signals import Green, SignalPlan
from twin.records import Records
from twin.sim.simulation import simulate

TWO_RATES = (*evenly(0.8, 500.0), *evenly(0.4, 1000.0, from_s=500.0))
"""Demand of T04: 0.8 veh/s for 500 s, then 0.4 veh/s for 1000 s."""


def bottleneck(*, speed_mps: float = 20.0):
    """1000 m, then 1000 m that let 2/3 veh/s in."""
    return network_of(road("1", "ab"), road("2", "bc", speed_mps=speed_mps, capacity_vps=2 / 3))


def system_time_s(records: Records, end_s: float) -> float:
    """Vehicle-seconds from departure to arrival, or to the end."""
    return float((records.trips["arrive_s"].fillna(end_s) - records.trips["depart_s"]).sum())


@in_both_flows
def test_T01_an_uncongested_road_takes_its_free_time(flow) -> None:
    """1000 m / 20 m/s = 50 s for each of 0.5 · 500 = 250 vehicles, as 0.5 veh/s is below 0.8. Exact."""
    streets = network_of(road("1", "ab"))
    ended = simulate(streets, trips_of(streets, (evenly(0.5, 500.0), "1")), flow=flow)
    assert ended.books["finished"] == ended.books["created"] == 250
    assert (ended.trips["arrive_s"] - ended.trips["depart_s"] == 50.0).all()
    assert system_time_s(ended, ended.end_s) == 12_500.0


@in_both_flows
def test_T02_free_times_of_two_links_add_up(flow) -> None:
    """1000 m at 20 m/s and 1000 m at 10 m/s: 50 + 100 = 150 s, 250 vehicles: 37,500 veh·s. Exact."""
    streets = network_of(road("1", "ab"), road("2", "bc", speed_mps=10.0, capacity_vps=2 / 3))
    ended = simulate(streets, trips_of(streets, (evenly(0.5, 500.0), "12")), flow=flow)
    assert (ended.trips["arrive_s"] - ended.trips["depart_s"] == 150.0).all()
    assert system_time_s(ended, ended.end_s) == 37_500.0


@in_both_flows
def test_T03_who_does_not_fit_waits_outside_and_the_horizon_hides_it(flow) -> None:
    """2 veh/s want into 0.8 veh/s for 500 s. Let in by 500 s: 0.8 · 500 = 400, of which the last 50 s' worth, 40,
    are on the road and 360 through; 600 wait. Vehicle i is let in at 1.25 i, departs at 0.5 i: delay 0.75 i. Mean of
    the 360: 50 + 0.75 · 180 = 185 s; of all 1000: 50 + 0.75 · 500 = 425 s. System time to 500 s: 500²·2/2 less
    0.8 · 450²/2 = 169,000. Within one vehicle and 1 %.
    """
    streets = network_of(road("1", "ab"))
    trips = trips_of(streets, (evenly(2.0, 500.0), "1"))
    ended = simulate(streets, trips, until_s=500.0, flow=flow)
    assert [ended.books[word] for word in ("finished", "travelling", "waiting_outside")] == [
        pytest.approx(count, abs=1) for count in (360, 40, 600)
    ]
    assert (delays_s(ended) + 50.0).mean() == pytest.approx(185.0, rel=0.01)
    assert system_time_s(ended, 500.0) == pytest.approx(169_000.0, rel=0.01)
    assert (delays_s(simulate(streets, trips, flow=flow)) + 50.0).mean() == pytest.approx(425.0, rel=0.01)


@in_both_flows
@pytest.mark.parametrize(("speed_mps", "total_s"), [(20.0, 105_000.0), (10.0, 145_000.0)])
def test_T04_a_bottleneck_queues_by_cumulative_counts(flow, speed_mps, total_s) -> None:
    """Arrivals 0.8 then 0.4, service 2/3 veh/s. The queue grows by 0.1333 veh/s to 66.67 at 500 s, shrinks by
    0.2667 veh/s and is gone 250 s later. Area: 66.67 · 750 / 2 = 25,000 veh·s over 800 vehicles: mean 31.25 s; worst
    66.67 / (2/3) = 100 s. Total: 800 · 100 s (150 s where the second link drives 10 m/s) + 25,000. Within 1 %.
    """
    streets = bottleneck(speed_mps=speed_mps)
    ended = simulate(streets, trips_of(streets, (TWO_RATES, "12")), flow=flow, keep_passages=True)
    arrivals = np.array(TWO_RATES) + 50.0
    assert longest_line(arrivals, exits_s(ended, "1")) == pytest.approx(66.67, abs=1.0)
    delays = delays_s(ended).to_numpy()
    assert arrivals[delays > 0.5].max() - arrivals[0] == pytest.approx(750.0, rel=0.01)
    assert delays.sum() == pytest.approx(25_000.0, rel=0.01)
    assert delays.max() == pytest.approx(100.0, rel=0.01)
    assert system_time_s(ended, ended.end_s) == pytest.approx(total_s, rel=0.01)


@in_both_flows
def test_T29_means_of_finished_trips_alone_mislead(flow) -> None:
    """T04 stopped at 700 s: the bottleneck has served 2/3 · 650 s = 433, of which 2/3 · 600 s = 400 arrived; their
    delays grow evenly from 0 to 100 s: mean 50 s, not 31.25. 400 + 0.4 · 200 = 480 departed, so 80 are inside. 1 %.
    """
    streets = bottleneck()
    ended = simulate(streets, trips_of(streets, (TWO_RATES, "12")), flow=flow, until_s=700.0)
    assert ended.books["finished"] == pytest.approx(400, abs=1)
    assert delays_s(ended).mean() == pytest.approx(50.0, rel=0.01)
    departed = ended.trips["depart_s"] < 700.0
    assert (departed & (ended.trips["status"] != "finished")).sum() == pytest.approx(80, abs=1)


@in_both_flows
@pytest.mark.parametrize("segment_m", [None, 250.0])
def test_T07_a_stopped_road_fills_to_its_storage(flow, segment_m) -> None:
    """No green ever: 1000 m hold 0.2 · 1000 = 200. The tail moves back at 0.5 / (0.2 − 0.5/20) = 2.857 m/s and the
    road is full 350 s after the first vehicle stopped, at 400 s: 500 m at 225 s. Within 2 %.
    """
    streets = network_of(road("1", "ab"), road("2", "bc"))
    never = SignalPlan("b", 60.0, 0.0, (Green("1", None, 0.0, 0.0),))
    trips = trips_of(streets, (evenly(0.5, 600.0), "12"))

    def run(until_s: float) -> Records:
        return simulate(
            streets, trips, signals=[never], flow=flow, until_s=until_s, segment_m=segment_m, keep_passages=True
        )

    full = run(600.0)
    assert full.books["travelling"] == 200
    assert full.books["waiting_outside"] == 100
    assert entries_s(full, "1").max() == pytest.approx(400.0, rel=0.02)
    assert full.links.loc[0, "max_queue_m"] == pytest.approx(1000.0, rel=0.02)
    assert run(225.0).links.loc[0, "max_queue_m"] == pytest.approx(2.857 * 175.0, rel=0.02)


@in_both_flows
@pytest.mark.parametrize("segment_m", [None, 100.0])
def test_T20_a_queue_reaches_the_road_behind_when_the_wave_model_says(flow, segment_m) -> None:
    """0.6 in, 0.3 out. Behind the exit the queue's density is 0.2 − 0.3/5 = 0.14, before it 0.6/20 = 0.03 veh/m: its
    tail moves back at 0.3 / 0.11 = 2.727 m/s and covers 1000 m in 366.7 s; the first vehicle came there at 100 s. So
    link 1 is hit at 466.7 s, with 0.14 · 1000 = 140 on link 2 (a model of storage alone: 666.7 s and 200). 2 %.
    """
    streets = network_of(road("1", "ab"), road("2", "bc"), road("3", "cd", capacity_vps=0.3))
    trips = trips_of(streets, (evenly(0.6, 700.0), "123"))
    ended = simulate(streets, trips, flow=flow, until_s=700.0, segment_m=segment_m, keep_passages=True)
    entries, exits = entries_s(ended, "2"), exits_s(ended, "2")
    free = np.array(evenly(0.6, 700.0))[: len(entries)] + 50.0
    hit_s = float(entries[entries > free + 0.1][0])
    assert hit_s == pytest.approx(466.7, rel=0.02)
    assert (entries < hit_s).sum() - (exits < hit_s).sum() == pytest.approx(140, rel=0.02)


@in_both_flows
def test_T24_an_origin_queue_is_a_queue(flow) -> None:
    """1.2 veh/s for 300 s want into 0.8 veh/s: the queue grows by 0.4 veh/s to 120 and is gone at 360 / 0.8 = 450 s.
    120 · 450 / 2 = 27,000 veh·s over 360 vehicles: mean 75 s, worst 120 / 0.8 = 150 s. Within 1 %.
    """
    streets = network_of(road("1", "ab"))
    departures = np.array(evenly(1.2, 300.0))
    ended = simulate(streets, trips_of(streets, (departures, "1")), flow=flow)
    waits = ended.trips["enter_s"] - ended.trips["depart_s"]
    assert longest_line(departures, ended.trips["enter_s"].to_numpy()) == pytest.approx(120, rel=0.01)
    assert ended.trips["enter_s"].max() == pytest.approx(450.0, rel=0.01)
    assert waits.sum() == pytest.approx(27_000.0, rel=0.01)
    assert waits.max() == pytest.approx(150.0, rel=0.01)


@in_both_flows
def test_T26_random_arrivals_wait_by_pollaczek_and_khinchine(flow) -> None:
    """Poisson 0.5 veh/s, fixed service 1.25 s: ρ = 0.625, mean wait ρ · 1.25 / (2 (1 − ρ)) = 1.0417 s; regular
    arrivals do not wait. 1e5 vehicles: 5 % is some four standard errors.
    """
    streets = network_of(road("1", "ab"))
    gaps = chance.exponential(1, "test of random arrivals", np.arange(100_000)) / 0.5
    ended = simulate(streets, trips_of(streets, (np.cumsum(gaps).tolist(), "1")), flow=flow)
    assert (ended.trips["enter_s"] - ended.trips["depart_s"]).mean() == pytest.approx(1.0417, rel=0.05)


@in_both_flows
def test_T32_demand_of_exactly_the_capacity_does_not_queue(flow) -> None:
    """0.8 veh/s for 500 s into 0.8 veh/s, over two links: delay 0, as time is whole microseconds. Exact."""
    streets = network_of(road("1", "ab"), road("2", "bc"))
    ended = simulate(streets, trips_of(streets, (evenly(0.8, 500.0), "12")), flow=flow)
    assert pd.Series(delays_s(ended)).abs().max() == 0.0
