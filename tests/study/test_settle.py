"""Settling: routes come to rest, both arms by the same rule, and habits are kept where streets allow."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from twin.city.city import City
from twin.city.network import Link, Network, Node
from twin.city.trips import Demand
from twin.city.zones import LoadingPoint
from twin.clock import TimeWindow
from twin.records import Records
from twin.sim.stage import Habits, Stage
from twin.study.experienced import experienced_ms
from twin.study.habits import carried_over, first_habits
from twin.study.period import LOOK_S, Period, departures_of
from twin.study.settle import Settlement, continued, light_times, settle_arm, settle_base

PERIOD = Period.around(TimeWindow.between("07:15", "08:00"))


def two_routes(n: int) -> City:
    """From a to d: short by b (100 + 100 s, a neck of 900 veh/h at its end), long by c (150 + 150 s, wide).

    n travellers set out evenly between 07:00 and 08:00.
    """
    nodes = [Node(name, 121.0 + 0.01 * east, 37.0 + 0.01 * north) for name, east, north in
             (("o", -1, 0), ("a", 0, 0), ("b", 1, 1), ("c", 1, -1), ("d", 2, 0), ("z", 3, 0))]  # fmt: skip

    def link(ends: str, length_m: float, capacity_vph: float, lanes: float = 1.0) -> Link:
        return Link(ends, ends[0], ends[1], length_m, lanes, 10.0, capacity_vph)

    wide = {"oa": 500.0, "ab": 1000.0, "ac": 1500.0, "cd": 1500.0, "dz": 500.0}
    links = [link("bd", 1000.0, 900.0), *(link(ends, length_m, 1800.0, 2.0) for ends, length_m in wide.items())]
    points = (LoadingPoint("A", -0.01, 0.0, "oa"), LoadingPoint("B", 0.02, 0.0, "dz"))
    travellers = pd.DataFrame(
        {
            "traveller_id": np.arange(n),
            "purpose": "work",
            "mode": "car",
            "origin_zone": "A",
            "destination_zone": "B",
            "origin_point": 0,
            "destination_point": 1,
            "usual_depart_s": 7 * 3600 + 3600.0 * np.arange(n) / n,
            "stay_s": 3600.0,
            "parks": "private",
            "travels_share": 1.0,
            "persons": 1.0,
        }
    )
    network = Network(tuple(nodes), tuple(links), crs="EPSG:32651")
    day = pd.Timestamp("2023-12-31").date()
    return City("two-routes", "two routes", day, network, demand=Demand(travellers, points))


def on_the_long_way(settled: Settlement) -> int:
    links, routes = settled.stage.router.graph.link_index, settled.habits.routes
    return sum(links["cd"] in routes.of(i) for i in range(len(routes.start)))


def test_gap_falls_and_both_ways_are_used_where_the_short_one_is_too_narrow() -> None:
    """1,500 cars/h want a way that takes 900 an hour."""
    settled = settle_base(two_routes(1500), PERIOD, rounds=25)
    gaps = settled.rounds["relative_gap"].to_numpy()
    assert settled.rounds["round"].tolist() == list(range(1, 26))
    assert gaps[-5:].mean() < gaps[:5].mean() / 3
    assert gaps[-5:].max() < 0.04
    assert 300 < on_the_long_way(settled) < 1000


def test_all_take_the_short_way_where_there_is_room() -> None:
    settled = settle_base(two_routes(300), PERIOD, rounds=3)
    assert on_the_long_way(settled) == 0
    assert settled.rounds["relative_gap"].tolist() == [0.0, 0.0, 0.0]


def test_arm_on_the_same_streets_does_what_more_rounds_of_the_base_do() -> None:
    city = two_routes(1200)
    base = settle_base(city, PERIOD, rounds=4)
    arm = settle_arm(base, city, PERIOD, rounds=2)
    more = continued(base, PERIOD, rounds=2, first_round=5)
    pd.testing.assert_frame_equal(arm.rounds, more.rounds.tail(2).reset_index(drop=True), check_exact=True)
    assert np.array_equal(arm.habits.routes.links, more.habits.routes.links)
    assert np.array_equal(arm.cost_ms, more.cost_ms)


def test_arms_go_on_for_the_same_rounds_under_the_same_numbers() -> None:
    city = two_routes(1200)
    base = settle_base(city, PERIOD, rounds=3)
    wide = replace(city, network=city.network.with_links(
        replace(link, lanes=2.0) if link.id == "bd" else link for link in city.network.links
    ))  # fmt: skip
    arms = [settle_arm(base, there, PERIOD, rounds=3) for there in (city, wide)]
    assert [arm.rounds["round"].tolist() for arm in arms] == [[4, 5, 6], [4, 5, 6]]
    assert on_the_long_way(arms[1]) < on_the_long_way(arms[0])


@pytest.fixture(scope="module")
def town_base(grid_town: City) -> Settlement:
    return settle_base(grid_town, PERIOD, rounds=2)


def habits_on(base: Settlement, city: City) -> tuple[Stage, Habits, list[int]]:
    """The base's habits on another city, and who must find a way anew."""
    stage = Stage.of(replace(city, signals=()))
    habits, needs = carried_over(base.habits, base.stage, first_habits(stage), stage)
    return stage, habits, needs.tolist()


def route_ids(stage: Stage, habits: Habits, traveller: int) -> list[str]:
    return [stage.router.graph.link_ids[i] for i in habits.routes.of(traveller)]


def test_habits_are_kept_where_streets_stay(town_base: Settlement, grid_town: City) -> None:
    _, habits, needs = habits_on(town_base, grid_town)
    assert needs == np.flatnonzero(town_base.habits.routes.cost_ms < 0).tolist()
    assert np.array_equal(habits.routes.links, town_base.habits.routes.links)


def test_only_who_drove_a_closed_street_must_find_another_way(town_base: Settlement, grid_town: City) -> None:
    bridge = {link.id for link in grid_town.network.links if link.name == "东风桥"}
    closed = replace(
        grid_town,
        network=grid_town.network.with_links(link for link in grid_town.network.links if link.id not in bridge),
    )
    stage, habits, needs = habits_on(town_base, closed)
    n = len(town_base.habits.routes.start)
    used = [i for i in range(n) if bridge & set(route_ids(town_base.stage, town_base.habits, i))]
    assert used and needs == used
    for traveller in (i for i in range(0, n, 50) if i not in set(needs)):
        assert route_ids(stage, habits, traveller) == route_ids(town_base.stage, town_base.habits, traveller)
    settled = settle_arm(town_base, closed, PERIOD, rounds=1)
    assert (settled.habits.routes.cost_ms[needs] >= 0).all()
    assert not any(bridge & set(route_ids(settled.stage, settled.habits, i)) for i in needs)


def seen_s(base: Settlement, left: dict[int, float], standing: tuple[int, ...] = ()) -> list[float]:
    """Times over one link (s) by interval of entry, 07:00 on, from means of those that left by interval of exit."""
    stage = base.stage
    numbers = sorted({*left, *standing})
    rows = pd.DataFrame(
        {
            "link_id": stage.network.links[0].id,
            "interval_start_s": [7 * 3600.0 + LOOK_S * number for number in numbers],
            "mean_travel_time_s": [left.get(number, np.nan) for number in numbers],
            "mean_density_vpkm": [3.0 if number in standing else 0.0 for number in numbers],
        }
    )
    seen = experienced_ms(Records(trips=pd.DataFrame(), links=rows, books={}), stage, PERIOD)[0]
    first = int(7 * 3600 / LOOK_S)
    return [float(ms) / 1000.0 for ms in seen[first : first + 6]]


def test_times_are_those_of_who_enters_not_of_who_leaves(town_base: Settlement) -> None:
    """Who left at 150 s after 100 s entered at 50, who left at 750 s after 400 s at 350 s: 1 s longer each second.
    So an entry at 150 s takes 200 s; one at 450 s or later is held to take as long as the last known, 400 s."""
    assert LOOK_S == 300.0
    assert seen_s(town_base, {0: 100.0, 2: 400.0}) == [200.0, 400.0, 400.0, 400.0, 400.0, 400.0]


def test_times_of_quarter_hours_are_those_of_their_middle_too(town_base: Settlement) -> None:
    """Who left at 07:07:30 after 100 s entered at 350 s, who left at 07:22:30 after 400 s at 950 s: half a second more
    each second, so an entry at 450 s takes 150 s and one at 750 s takes 300 s."""
    stage = town_base.stage
    rows = pd.DataFrame(
        {
            "link_id": stage.network.links[0].id,
            "interval_start_s": [7 * 3600.0, 7 * 3600.0 + 900.0],
            "mean_travel_time_s": [100.0, 400.0],
            "mean_density_vpkm": [3.0, 3.0],
        }
    )
    quarters = Records(trips=pd.DataFrame(), links=rows, books={})
    seen = experienced_ms(quarters, stage, PERIOD, interval_s=900.0)[0]
    first = int(7 * 3600 / LOOK_S)
    assert seen[first : first + 4].tolist() == [100_000, 150_000, 300_000, 400_000]


def test_a_link_that_nobody_leaves_while_somebody_stands_there_takes_a_quarter_of_an_hour_at_least(
    town_base: Settlement,
) -> None:
    assert seen_s(town_base, {0: 40.0}, standing=(1, 2))[:4] == [40.0, 900.0, 900.0, 40.0]


def test_a_link_that_nobody_drove_takes_its_free_time(town_base: Settlement) -> None:
    stage = town_base.stage
    free_s = stage.router.free_cost_ms[0, 0] / 1000.0
    assert seen_s(town_base, {}) == [free_s] * 6


def test_light_times_are_near_free_speed_and_never_below(town_base: Settlement) -> None:
    times = light_times(town_base, PERIOD)
    links = town_base.stage.network.links
    assert set(times) == {link.id for link in links}
    ratio = np.array([times[link.id] / link.free_time_s for link in links])
    assert ratio.min() >= 1.0 - 1e-6
    at_signal = np.array([town_base.stage.network.node_by_id[link.to_node].control == "signal" for link in links])
    assert np.median(ratio[~at_signal]) < 1.05 < np.mean(ratio[at_signal]) - 0.05


@pytest.mark.parametrize(
    ("measured", "departs"),
    [
        (("07:15", "08:15"), ("05:00", "10:00")),
        (("06:00", "22:00"), ("05:30", "22:10")),
        (("01:30", "02:30"), ("01:00", "02:40")),
    ],
)
def test_travellers_of_a_study_are_those_of_its_hours(measured: tuple[str, str], departs: tuple[str, str]) -> None:
    assert departures_of(Period.around(TimeWindow.between(*measured))) == TimeWindow.between(*departs)
