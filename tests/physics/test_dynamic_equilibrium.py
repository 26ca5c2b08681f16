"""Routes settled by repeated loading, held against dynamic user equilibria that can be derived with a pencil.

The public chain: `settle_base` on a small city, then one run on the routes it gives. A trip starts at the downstream
end of its first link, so the link before the first junction only gives it a place, and `LAST_S` is driven by all.
"""

import numpy as np
import pandas as pd
import pytest

from twin.city.city import City
from twin.city.network import Link, Network, Node
from twin.city.trips import Demand
from twin.city.zones import LoadingPoint
from twin.clock import TimeWindow
from twin.sim.city_run import run_city
from twin.study.habits import demand_of, trips_of_day
from twin.study.period import Period
from twin.study.settle import SETTLING_SEED, Settlement, settle_base

PERIOD = Period.around(TimeWindow.between("07:00", "08:00"))
ARRIVALS_VPS = 0.6
NECK_VPH = 1440.0  # 0.4 vehicles a second
WIDE_VPH = 1800.0
LAST_S = 10.0


def street(ends: str, time_s: float, capacity_vph: float, lanes: float = 2.0) -> Link:
    """10 m/s, named by its two nodes."""
    return Link(ends, ends[0], ends[1], 10.0 * time_s, lanes, 10.0, capacity_vph)


def city_of(links: list[Link], duration_s: float) -> City:
    """Drivers set out evenly from the end of the first link, bound for the end of the last."""
    names = sorted({end for link in links for end in (link.from_node, link.to_node)})
    nodes = tuple(Node(name, 121.0 + 0.01 * i, 37.0 + 0.01 * (i % 2)) for i, name in enumerate(names))
    points = (LoadingPoint("A", 121.0, 37.0, links[0].id), LoadingPoint("B", 121.0, 37.0, links[-1].id))
    n = round(ARRIVALS_VPS * duration_s)
    travellers = pd.DataFrame(
        {
            "traveller_id": np.arange(n),
            "purpose": "work",
            "mode": "car",
            "origin_zone": "A",
            "destination_zone": "B",
            "origin_point": 0,
            "destination_point": 1,
            "usual_depart_s": PERIOD.measured.start_s + np.arange(n) / ARRIVALS_VPS,
            "stay_s": 3600.0,
            "parks": "private",
            "travels_share": 1.0,
        }
    )
    day = pd.Timestamp("2023-12-31").date()
    network = Network(nodes, tuple(links), crs="EPSG:32651")
    return City("case", "case", day, network, demand=Demand(travellers, points))


def times_s(settled: Settlement) -> np.ndarray:
    """Time of each trip from departure on, without the last link, by departure."""
    day = trips_of_day(demand_of(settled.stage.city), SETTLING_SEED, PERIOD.start_s, PERIOD.last_s)
    records = run_city(
        settled.stage, settled.habits, day, seed=SETTLING_SEED, start_s=PERIOD.start_s, until_s=PERIOD.until_s,
        with_stories=False,
    )  # fmt: skip
    trips = records.trips.sort_values("depart_s")
    return (trips["arrive_s"] - trips["depart_s"]).to_numpy() - LAST_S


def drives_over(settled: Settlement, link_id: str) -> np.ndarray:
    link, routes = settled.stage.router.graph.link_index[link_id], settled.habits.routes
    return np.array([link in routes.of(i) for i in range(len(routes.start))])


def test_T16_two_routes_fill_until_both_take_120_s() -> None:
    """Routes of 100 and 120 s, each through a neck of 0.4/s, for 0.6/s during 1800 s. All take the first until its
    queue lasts 20 s, that is until (0.6/0.4 − 1) t = 20: t = 40 s. Then it gets 0.4 and the other 0.2, 120 s on both:
    40 s · 0.6 · 110 s + 1760 s · 0.6 · 120 s = 129,360 s. Within 3 %.
    """
    links = [
        street("oa", 20, WIDE_VPH), street("ab", 50, WIDE_VPH), street("bd", 50, NECK_VPH, 1.0),
        street("ac", 60, WIDE_VPH), street("cd", 60, NECK_VPH, 1.0), street("dz", LAST_S, WIDE_VPH),
    ]  # fmt: skip
    settled = settle_base(city_of(links, 1800.0), PERIOD, rounds=40)
    times = times_s(settled)
    assert times.sum() == pytest.approx(129_360.0, rel=0.03)
    assert settled.rounds["relative_gap"].iloc[-5:].max() < 0.01
    by_first, by_second = times[drives_over(settled, "bd")], times[drives_over(settled, "cd")]
    assert by_first.mean() == pytest.approx(120.0, rel=0.03)
    assert by_second.mean() == pytest.approx(120.0, rel=0.03)


def braess(bridge: bool) -> City:
    """From s by x and a neck to a (50 s), on to t (200 s); or to b (200 s), on by y and a neck to t (50 s); the
    bridge leads from a to b in 30 s. In equilibrium the streets before the necks hold their queues; on the way there
    the first one overflows, and those who wait outside it must count their wait."""
    links = [
        street("os", 20, WIDE_VPH, 4.0),
        street("sx", 30, WIDE_VPH), street("xa", 20, NECK_VPH, 1.0), street("at", 200, WIDE_VPH),
        street("sb", 200, WIDE_VPH), street("by", 30, WIDE_VPH, 8.0), street("yt", 20, NECK_VPH, 1.0),
        *([street("ab", 30, WIDE_VPH)] if bridge else []),
        street("tz", LAST_S, WIDE_VPH, 4.0),
    ]  # fmt: skip
    return city_of(links, 3600.0)


def test_dynamic_braess_opening_the_bridge_makes_everybody_slower() -> None:
    """0.6/s against necks of c = 0.4/s. Without the bridge 0.3/s go each way, nobody queues: 250 s.

    With it the way over both necks takes 50 + 30 + 50 = 130 s and draws all. Queue times before the necks, d, grow by
    0.6/0.4 − 1 = 1/2 second a second: at a until the way round by b is as quick, 50 + d + 30 = 200, d = 120 s, after
    240 s; then 0.4/s enter the first neck and 0.2/s go round to the second, whose queue grows to 120 s in 240 s more;
    from then on all three ways take 370 s. By departure: 130 to 250 s for 240 s, 250 to 370 s for 240 s, 370 s for
    3120 s, 354 s on average. Within 5 %; 5-minute means of times smooth what happens in 4 minutes.
    """
    closed, opened = (settle_base(braess(bridge), PERIOD, rounds=50) for bridge in (False, True))
    without, with_bridge = times_s(closed), times_s(opened)
    assert without.mean() == pytest.approx(250.0, rel=0.01)
    assert with_bridge.mean() == pytest.approx(354.0, rel=0.05)
    late = with_bridge[round(0.6 * 900) :]
    assert late.mean() == pytest.approx(370.0, rel=0.05)
    assert opened.rounds["relative_gap"].iloc[-5:].mean() < 0.02
    assert drives_over(opened, "ab").sum() > 0
