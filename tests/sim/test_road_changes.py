"""Streets that change by the hour: closures and work zones that stand in the city begin and end on time."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from twin.city.network import LinkChange, Network
from twin.clock import DAY_S, TimeWindow
from twin.sim.environment import Environment
from twin.sim.flow import Fleet
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.road_changes import lanes_for_all_at, road_changes
from twin.sim.rules import MICROS
from twin.sim.tables import build_tables


def with_changes(network: Network, *changes: LinkChange) -> Network:
    """The second link with these changes."""
    return network.with_links(replace(link, changes=changes if link.id == "bc" else ()) for link in network.links)


def arrivals_s(network: Network, departs_s: Sequence[float], *, start_s: float = 0.0) -> list[float]:
    """Arrivals of cars that drive both links."""
    tables = build_tables(network)
    env = Environment(start_s)
    n = len(departs_s)
    route = np.tile(tables.segments_of(["ab", "bc"]), n)
    starts = np.arange(n, dtype=np.int64) * 2
    departs = np.round(np.array(departs_s) * MICROS).astype(np.int64)
    flow = CompiledFlow(env, tables, Fleet(departs, starts, starts + 2, route, np.zeros(n, dtype=np.int64)))
    for story, agent in road_changes(env, flow, tables):
        env.story(story, agent)
    env.run(until=start_s + 120_000.0)
    found: list[float] = (flow.finish().vehicles.arrive_us / MICROS).tolist()
    return found


def test_closure_by_the_hour_holds_cars_back_until_it_ends(one_road: Network) -> None:
    """Cars reach b at 1,000 and 2,500 s. Closed from 900 to 2,000 s: the first enters at 2,000, is there at 2,100."""
    closed = with_changes(one_road, LinkChange(TimeWindow(900.0, 2000.0), lanes=0.0))
    assert arrivals_s(closed, [900.0, 2400.0]) == [2100.0, 2600.0]


def test_cars_on_a_street_when_it_closes_drive_off(one_road: Network) -> None:
    closed = with_changes(one_road, LinkChange(TimeWindow(150.0, 2000.0), lanes=0.0))
    assert arrivals_s(closed, [0.0]) == [200.0]


def test_work_zone_halves_capacity_and_gives_it_back(one_road: Network) -> None:
    """Ten cars at 2 s reach b from 100 s on. With half a lane of 0.5 veh/s they enter 4 s apart, else 2 s."""
    departs = [2.0 * i for i in range(10)]
    narrow = with_changes(one_road, LinkChange(TimeWindow(50.0, 86_000.0), lanes=0.5))
    assert np.diff(arrivals_s(narrow, departs)).tolist() == pytest.approx([4.0] * 9)
    assert np.diff(arrivals_s(one_road, departs)).tolist() == pytest.approx([2.0] * 9)
    over = with_changes(one_road, LinkChange(TimeWindow(0.0, 60.0), lanes=0.5))
    assert arrivals_s(over, departs) == arrivals_s(one_road, departs)


def test_lower_speed_by_the_hour(one_road: Network) -> None:
    """5 m/s on the second link between 0 and 1,000 s: 100 + 200 s; later 100 + 100 s."""
    slow = with_changes(one_road, LinkChange(TimeWindow(0.0, 1000.0), free_speed_mps=5.0))
    assert arrivals_s(slow, [0.0, 2000.0]) == pytest.approx([300.0, 2200.0])


@pytest.mark.parametrize(("depart_h", "delay_h"), [(3.0, 3.0), (12.0, 0.0), (22.5, 7.5)])
def test_night_closure_holds_in_both_parts_of_the_night(one_road: Network, depart_h: float, delay_h: float) -> None:
    """Closed 22:00–06:00: whoever comes at 03:00 waits till 06:00, whoever comes at 22:30 till 06:00 next day."""
    night = with_changes(one_road, LinkChange(TimeWindow.between("22:00", "06:00"), lanes=0.0))
    arrives = arrivals_s(night, [3600.0 * depart_h - 100.0])
    assert arrives == pytest.approx([3600.0 * (depart_h + delay_h) + 100.0])


def test_run_that_starts_within_a_closure_begins_closed(one_road: Network) -> None:
    closed = with_changes(one_road, LinkChange(TimeWindow(0.0, 8000.0), lanes=0.0))
    assert arrivals_s(closed, [7200.0], start_s=7000.0) == [8100.0]
    over = with_changes(one_road, LinkChange(TimeWindow(0.0, 6000.0), lanes=0.0))
    assert arrivals_s(over, [7200.0], start_s=7000.0) == [7400.0]


def test_works_without_hours_go_on_past_midnight(one_road: Network) -> None:
    """Half a lane always: ten cars that reach b after 24:00 enter 4 s apart, as on the evening before."""
    always = with_changes(one_road, LinkChange(TimeWindow(0.0, 2.0 * DAY_S), lanes=0.5))
    for from_s in (DAY_S - 3600.0, DAY_S + 3600.0):
        arrives = arrivals_s(always, [from_s + 2.0 * i for i in range(10)], start_s=DAY_S - 7200.0)
        assert np.diff(arrives).tolist() == pytest.approx([4.0] * 9)


def test_a_closure_of_every_day_holds_after_midnight_too(one_road: Network) -> None:
    """Closed 00:00–05:00; who comes to b at 01:00 of the next day waits until 05:00."""
    early = with_changes(one_road, LinkChange(TimeWindow.between("00:00", "05:00"), lanes=0.0))
    arrives = arrivals_s(early, [DAY_S + 3600.0 - 100.0], start_s=DAY_S - 7200.0)
    assert arrives == [DAY_S + 5 * 3600.0 + 100.0]


@pytest.mark.parametrize("turned", [False, True])
def test_one_change_follows_another_whichever_is_listed_first(one_road: Network, turned: bool) -> None:
    """Closed until 1,000 s, then half a lane until 2,000 s: cars at b from 900 s on enter 4 s apart."""
    changes = [LinkChange(TimeWindow(0.0, 1000.0), lanes=0.0), LinkChange(TimeWindow(1000.0, 2000.0), lanes=0.5)]
    narrow = with_changes(one_road, *(changes[::-1] if turned else changes))
    assert np.diff(arrivals_s(narrow, [800.0 + 2.0 * i for i in range(10)])).tolist() == pytest.approx([4.0] * 9)


def test_a_tidal_lane_is_there_in_its_hours(one_road: Network) -> None:
    wide = with_changes(one_road, LinkChange(TimeWindow.between("07:00", "09:00"), lanes=2.0)).link_by_id["bc"]
    assert [lanes_for_all_at(wide, 3600.0 * hour) for hour in (6, 7, 9, 31)] == [
        (1.0, 10.0), (2.0, 10.0), (1.0, 10.0), (2.0, 10.0),
    ]  # fmt: skip
