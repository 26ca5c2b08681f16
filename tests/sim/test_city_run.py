"""A morning of the town: books close, persons are kept, no car park holds more than it can, every bus arrives."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from twin.city.city import City
from twin.city.network import BusLane
from twin.clock import TimeWindow
from twin.records import BUS_COLUMNS, LINK_COLUMNS, SITE_COLUMNS, STATUSES, STUDY_TRIP_COLUMNS, TRIP_COLUMNS, Records
from twin.sim import navigation, parking_day
from twin.sim.city_run import run_city
from twin.sim.errands import errands
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.parking_stock import ParkingStock
from twin.sim.stage import Day, Stage
from twin.study.habits import demand_of, trips_of_day
from twin.study.period import Period
from twin.study.settle import Settlement, settle_base

PERIOD = Period.around(TimeWindow.between("07:15", "08:00"))


@pytest.fixture(scope="module")
def settled(grid_town: City) -> Settlement:
    return settle_base(grid_town, PERIOD, rounds=2)


def morning(settled: Settlement, seed: int) -> Day:
    return trips_of_day(demand_of(settled.stage.city), seed, PERIOD.start_s, PERIOD.last_s)


def run(
    settled: Settlement, *, seed: int = 1, until_s: float = PERIOD.until_s, flow_class: type | None = None
) -> Records:
    options = {} if flow_class is None else {"flow_class": flow_class}
    return run_city(
        settled.stage,
        settled.habits,
        morning(settled, seed),
        seed=seed,
        start_s=PERIOD.start_s,
        until_s=until_s,
        **options,
    )


@pytest.fixture(scope="module")
def records(settled: Settlement) -> Records:
    return run(settled)


def test_books_close_and_every_trip_of_the_day_has_a_row(settled: Settlement, records: Records) -> None:
    book = dict(records.books)
    assert book.pop("created") == sum(book.values()) == len(records.trips)
    assert set(book) == set(STATUSES)
    assert records.trips["trip_id"].tolist() == sorted(morning(settled, 1).traveller.tolist())


def test_columns_are_those_of_the_tables_of_words(records: Records) -> None:
    assert list(records.trips.columns) == [*TRIP_COLUMNS, *(c for c in STUDY_TRIP_COLUMNS if c in records.trips)]
    assert list(records.links.columns) == list(LINK_COLUMNS)
    assert records.sites is not None and list(records.sites.columns) == list(SITE_COLUMNS)
    assert records.buses is not None and list(records.buses.columns) == list(BUS_COLUMNS)


def test_every_bus_reaches_its_last_stop(settled: Settlement, records: Records) -> None:
    assert records.buses is not None
    buses = records.buses
    runs_now = {line.id for line in settled.stage.city.lines if line.name != "4路"}  # which runs from 09:30 on
    assert set(buses["line_id"]) == runs_now
    assert buses["arrive_s"].notna().all()
    stops = {line.id: len(line.stops) for line in settled.stage.city.lines}
    assert (buses["stops_served"] == buses["line_id"].map(stops)).all()
    assert (buses["arrive_s"] - buses["depart_s"] >= buses["dwell_s"]).all()
    assert buses["run_id"].is_unique


def test_cars_parked_turned_away_and_given_up_agree_in_trips_and_car_parks(records: Records) -> None:
    trips, sites = records.trips, records.sites
    assert sites is not None
    assert (trips["found_space"] == True).sum() == sites["arrived"].sum()  # noqa: E712  # null: wanted none
    gave_up = trips[trips["status"] == "gave_up"]
    assert len(gave_up) > 0 and (gave_up["found_space"] == False).all()  # noqa: E712
    searched = trips[trips["search_s"] > 0]
    assert len(searched) > 0 and sites["turned_away"].sum() >= len(searched)
    assert (trips.loc[trips["search_m"] > 0, "search_s"] > 0).all()


def test_occupancy_is_what_was_there_plus_who_came_less_who_left(settled: Settlement, records: Records) -> None:
    sites = settled.stage.search.sites
    assert records.sites is not None
    table = records.sites.pivot(index="interval_start_s", columns="site_id", values="occupied")
    capacity = pd.Series({site.id: site.spaces for site in sites})
    assert (table <= capacity[table.columns]).all(axis=None) and (table >= 0).all(axis=None)
    at_start = pd.Series({site.id: site.occupied_at_start for site in sites})
    arrived = records.sites.groupby("site_id")["arrived"].sum()
    assert (table.iloc[-1] <= at_start + arrived).all()


def test_no_car_park_is_over_capacity_at_any_event(settled: Settlement, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: Counter[str] = Counter()

    class WatchedStock(ParkingStock):
        def _note(self, site: int, what: int, now_s: float) -> None:
            super()._note(site, what, now_s)
            assert 0 <= self.free(site) <= self.sites[site].spaces
            assert not self._times[:-1] or self._times[-2] <= now_s
            seen[self.sites[site].id] += 1

    monkeypatch.setattr(parking_day, "ParkingStock", WatchedStock)
    run(settled)
    assert len(seen) == len(settled.stage.search.sites)


def test_what_enters_a_street_leaves_it(settled: Settlement, records: Records) -> None:
    """Without buses to the vehicle; a bus may come or go in the middle of a link, where nobody counts."""
    assert records.books["travelling"] == records.books["waiting_outside"] == 0
    assert records.buses is not None
    assert abs(records.links["entered"].sum() - records.links["left"].sum()) <= len(records.buses)
    no_buses = replace(settled.stage, city=replace(settled.stage.city, lines=()))
    links = run(replace(settled, stage=no_buses)).links
    of_link = links.groupby("link_id")[["entered", "left"]].sum()
    assert (of_link["entered"] == of_link["left"]).all() and of_link["entered"].sum() > 5000


def test_run_cut_short_tells_who_is_under_way(settled: Settlement) -> None:
    cut_s = 7.5 * 3600
    records = run(settled, until_s=cut_s)
    trips = records.trips
    under_way = trips["status"].isin(["travelling", "waiting_outside"])
    assert under_way.sum() > 20
    assert trips.loc[under_way, "arrive_s"].isna().all()
    late = trips["depart_s"] >= cut_s
    assert late.any() and set(trips.loc[late, "status"]) <= {"waiting_outside"}
    book = dict(records.books)
    assert book.pop("created") == sum(book.values())
    assert records.end_s == cut_s


def test_both_flows_tell_the_same_story_of_the_town(settled: Settlement) -> None:
    short = 7.4 * 3600
    compiled, simpy = run(settled, until_s=short), run(settled, until_s=short, flow_class=SimpyFlow)
    pd.testing.assert_frame_equal(compiled.trips, simpy.trips, check_exact=True)
    pd.testing.assert_frame_equal(compiled.links, simpy.links, check_exact=True)
    pd.testing.assert_frame_equal(compiled.sites, simpy.sites, check_exact=True)
    pd.testing.assert_frame_equal(compiled.buses, simpy.buses, check_exact=True)


def test_same_seed_gives_the_same_day_and_another_seed_another(settled: Settlement, records: Records) -> None:
    pd.testing.assert_frame_equal(run(settled).trips, records.trips, check_exact=True)
    other = run(settled, seed=2)
    assert other.books != records.books


def test_order_of_the_day_s_rows_plays_no_part(settled: Settlement, records: Records) -> None:
    day = morning(settled, 1)
    turned = Day(*(column[::-1].copy() for column in (day.traveller, day.depart_s, day.stay_s, day.vehicle_class)))
    again = run_city(settled.stage, settled.habits, turned, seed=1, start_s=PERIOD.start_s, until_s=PERIOD.until_s)
    pd.testing.assert_frame_equal(again.trips, records.trips, check_exact=True)
    pd.testing.assert_frame_equal(again.links, records.links, check_exact=True)


def test_traveller_without_a_way_is_unroutable_and_one_at_home_is_there_at_once(settled: Settlement) -> None:
    habits, day = settled.habits, morning(settled, 1)
    nowhere, home = int(day.traveller[0]), int(day.traveller[1])
    routes = habits.routes
    length, cost_ms = routes.length.copy(), routes.cost_ms.copy()
    length[[nowhere, home]] = 0
    cost_ms[nowhere], cost_ms[home] = -1, 0
    wants = habits.wants_site.copy()
    wants[[nowhere, home]] = False
    changed = replace(habits, routes=replace(routes, length=length, cost_ms=cost_ms), wants_site=wants)
    records = run_city(settled.stage, changed, day, seed=1, start_s=PERIOD.start_s, until_s=PERIOD.until_s)
    rows = records.trips.set_index("trip_id")
    assert rows.loc[nowhere, "status"] == "unroutable" and np.isnan(rows.loc[nowhere, "arrive_s"])
    assert rows.loc[home, "status"] == "finished" and rows.loc[home, "arrive_s"] == rows.loc[home, "depart_s"]
    assert records.books["unroutable"] == 1


def test_loading_without_stories_has_no_search_and_buses_only_if_they_pass(settled: Settlement) -> None:
    loading, passing = (
        run_city(
            settled.stage, settled.habits, morning(settled, 1), seed=1, start_s=PERIOD.start_s, until_s=PERIOD.until_s,
            with_stories=False, buses_pass=buses_pass,
        )
        for buses_pass in (False, True)
    )  # fmt: skip
    assert loading.buses is not None and len(loading.buses) == 0
    assert loading.trips["search_s"].sum() == 0.0
    assert passing.links["left"].sum() > loading.links["left"].sum()
    assert passing.trips["trip_id"].equals(loading.trips["trip_id"])
    assert passing.trips["arrive_s"].sum() >= loading.trips["arrive_s"].sum()
    assert loading.books["finished"] + loading.books["gave_up"] == loading.books["created"]


def test_drivers_who_hear_of_other_ways_are_the_same_in_both_flows_and_keep_the_books(
    settled: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody hears and turns for any saving, so the day is not the usual one."""
    monkeypatch.setattr(navigation, "LEAST_SAVED_S", 0.001)
    monkeypatch.setattr(navigation, "LEAST_SAVED_SHARE", 0.0)
    short = PERIOD.start_s + 2400.0
    stage = replace(settled.stage, city=replace(settled.stage.city, reroute_share=1.0))
    told = replace(settled, stage=stage)
    compiled, simpy = run(told, until_s=short), run(told, until_s=short, flow_class=SimpyFlow)
    pd.testing.assert_frame_equal(compiled.trips, simpy.trips, check_exact=True)
    pd.testing.assert_frame_equal(compiled.links, simpy.links, check_exact=True)
    book = dict(compiled.books)
    assert book.pop("created") == sum(book.values())
    assert (compiled.trips["search_m"] >= 0).all()
    assert not compiled.trips["distance_m"].equals(run(settled, until_s=short).trips["distance_m"])


def test_hearing_when_nothing_saves_a_minute_changes_nothing(
    settled: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(navigation, "LEAST_SAVED_S", 1e6)
    stage = replace(settled.stage, city=replace(settled.stage.city, reroute_share=1.0))
    short = PERIOD.start_s + 2400.0
    told, untold = run(replace(settled, stage=stage), until_s=short), run(settled, until_s=short)
    pd.testing.assert_frame_equal(told.trips, untold.trips, check_exact=True)
    pd.testing.assert_frame_equal(told.links, untold.links, check_exact=True)


def given_way(settled: Settlement, *, lanes: bool, priority: bool) -> Settlement:
    """The town with a bus lane beside the others along line 1路, or with priority for its buses at all signals."""
    city = settled.stage.city
    mine = [line for line in city.lines if line.name == "1路"]
    route = {link_id for line in mine for link_id in line.route}
    if lanes:
        links = [
            replace(link, lanes=link.lanes + 1.0, bus_lane=BusLane()) if link.id in route else link
            for link in city.network.links
        ]
        city = replace(city, network=city.network.with_links(links))
    if priority:
        ids = tuple(line.id for line in mine)
        plans = tuple(replace(plan, control="bus_priority", lines=ids) for plan in city.signals)
        city = replace(city, signals=plans)
    return replace(settled, stage=Stage.of(city))


def test_lanes_and_signals_of_their_own_make_buses_faster_one_by_one_and_together(
    settled: Settlement, records: Records
) -> None:
    """Mean time under way of line 1路, some 250 s without either; cars hardly notice the few buses' greens."""

    def under_way_s(found: Records) -> float:
        assert found.buses is not None
        buses = found.buses[found.buses["line_id"].str.startswith("1路/")]
        return float((buses["arrive_s"] - buses["depart_s"] - buses["dwell_s"]).mean())

    def hours(found: Records) -> float:
        return float((found.trips["arrive_s"] - found.trips["depart_s"]).sum()) / 3600.0

    lanes = run(given_way(settled, lanes=True, priority=False))
    priority = run(given_way(settled, lanes=False, priority=True))
    both = run(given_way(settled, lanes=True, priority=True))
    assert under_way_s(both) < min(under_way_s(lanes), under_way_s(priority))
    assert max(under_way_s(lanes), under_way_s(priority)) < under_way_s(records)
    assert hours(priority) == pytest.approx(hours(records), rel=0.02)


def test_both_flows_tell_the_same_story_of_bus_lanes_and_priority(settled: Settlement) -> None:
    told, short = given_way(settled, lanes=True, priority=True), 7.0 * 3600
    compiled, simpy = run(told, until_s=short), run(told, until_s=short, flow_class=SimpyFlow)
    assert compiled.buses is not None and simpy.buses is not None
    pd.testing.assert_frame_equal(compiled.trips, simpy.trips)
    pd.testing.assert_frame_equal(compiled.buses, simpy.buses)
    pd.testing.assert_frame_equal(compiled.links, simpy.links)


def test_drivers_who_stand_where_they_want_to_park_need_no_route(settled: Settlement) -> None:
    """Only those are out whose way has no link: they are out for a space all the same."""
    habits, day = settled.habits, morning(settled, 1)
    nobody = np.zeros_like(habits.routes.length)
    at_once = replace(habits, routes=replace(habits.routes, start=nobody, length=nobody))
    out_for = list(errands(settled.stage, at_once, day, np.arange(3)))
    assert [(errand.last_link, len(errand.route)) for _, errand in out_for] == [(-1, 0)] * 3
