"""A whole day of the town, 06:00 to 22:00 and beyond: out, stay, home; a car park ends about as full as it began."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.grid_town import PLACE
from twin.city.city import City
from twin.clock import TimeWindow
from twin.files.city_files import load_city
from twin.records import Records
from twin.sim.city_run import run_city
from twin.sim.flow_simpy import SimpyFlow
from twin.study.habits import demand_of, trips_of_day
from twin.study.period import Period, departures_of
from twin.study.settle import Settlement, settle_base
from twin.study.turn_volumes import busiest_window, plan_hours, planning_windows

HOUR = 3600.0
PERIOD = Period.around(TimeWindow.between("06:00", "22:00"))


@pytest.fixture(scope="module")
def whole_day(town_home: object) -> City:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWIN_HOME", str(town_home))
        return load_city(PLACE, hours=departures_of(PERIOD))


@pytest.fixture(scope="module")
def settled(whole_day: City) -> Settlement:
    return settle_base(replace(whole_day, lines=()), PERIOD, rounds=1)


def run(settled: Settlement, *, until_s: float = PERIOD.until_s, flow_class: type | None = None) -> Records:
    options = {} if flow_class is None else {"flow_class": flow_class}
    day = trips_of_day(demand_of(settled.stage.city), 1, PERIOD.start_s, PERIOD.last_s)
    return run_city(settled.stage, settled.habits, day, seed=1, start_s=PERIOD.start_s, until_s=until_s, **options)


@pytest.fixture(scope="module")
def records(settled: Settlement) -> Records:
    return run(settled)


def there_and_back(settled: Settlement, records: Records) -> pd.DataFrame:
    """Ways home beside their ways out (columns with `_out`)."""
    way_out = demand_of(settled.stage.city).way_out
    assert way_out is not None
    trips = records.trips.assign(out=way_out[records.trips["trip_id"].to_numpy(dtype=np.int64)])
    both = trips[trips["out"] >= 0].merge(trips, left_on="out", right_on="trip_id", suffixes=("", "_out"))
    assert len(both) > 500
    return both


def test_books_close_over_the_day_and_all_who_left_are_home(settled: Settlement, records: Records) -> None:
    book = dict(records.books)
    assert book.pop("created") == sum(book.values()) == len(records.trips)
    assert book["finished"] + book["gave_up"] == len(records.trips)
    assert records.trips["trip_id"].is_unique


def test_cars_there_at_the_start_and_come_are_those_gone_and_there_at_the_end(records: Records) -> None:
    """Site by site, from the first quarter of an hour on."""
    assert records.sites is not None
    for _, site in records.sites.groupby("site_id"):
        first = site["occupied"].iloc[0] - site["arrived"].iloc[0] + site["left"].iloc[0]
        assert first + site["arrived"].sum() - site["left"].sum() == site["occupied"].iloc[-1]
    assert records.sites["left"].sum() > 100


def test_nobody_drives_home_before_the_stay_is_over(settled: Settlement, records: Records) -> None:
    both = there_and_back(settled, records)
    stay_s = demand_of(settled.stage.city).travellers["stay_s"].to_numpy()[both["out"].to_numpy(dtype=np.int64)]
    found = both["status_out"].eq("finished").to_numpy()
    assert (both["depart_s"] - both["arrive_s_out"] - stay_s)[found].min() >= -1e-6
    gave_up = both[both["status_out"].eq("gave_up") & both["knows_out"].ne("")]
    assert np.allclose(gave_up["depart_s"], gave_up["arrive_s_out"])  # they turn back at once


def test_every_hour_of_the_afternoon_has_ways_home(records: Records) -> None:
    """Out 07:00–09:00, ways home even over the day, as the town's profiles say."""
    by_hour = (records.trips["depart_s"] // HOUR).value_counts().sort_index()
    assert by_hour.loc[7:8].min() > by_hour.loc[12:20].max()
    assert by_hour.loc[12:20].min() > 50


def test_who_parks_in_public_at_home_frees_the_space_in_the_morning(whole_day: City, records: Records) -> None:
    """Half of the homes have no place of their own: as many cars stand at home in the evening as in the morning."""
    demand = demand_of(whole_day)
    assert demand.way_out is not None
    tied = np.flatnonzero(demand.way_out >= 0)
    travellers = demand.travellers.copy()
    parks = travellers["parks"].to_numpy(dtype=object).copy()
    parks[tied[::2]] = "public"
    city = replace(whole_day, demand=replace(demand, travellers=travellers.assign(parks=pd.array(parks, dtype="str"))))
    base = settle_base(replace(city, lines=()), PERIOD, rounds=1)
    stands_at = base.habits.stands_at
    assert stands_at is not None
    assert (stands_at[demand.way_out[tied[::2]]] == base.habits.site[tied[::2]]).all()
    left = []
    for sites in (records.sites, run(base, until_s=9 * HOUR).sites):
        assert sites is not None
        left.append(sites.loc[sites["interval_start_s"].between(7 * HOUR, 9 * HOUR - 1), "left"].sum())
    assert left[1] > left[0] + 50


def test_both_flows_tell_the_same_day(settled: Settlement) -> None:
    short = 8.0 * HOUR
    compiled, simpy = run(settled, until_s=short), run(settled, until_s=short, flow_class=SimpyFlow)
    pd.testing.assert_frame_equal(compiled.trips, simpy.trips, check_exact=True)
    pd.testing.assert_frame_equal(compiled.sites, simpy.sites, check_exact=True)


def test_signals_of_a_whole_day_are_planned_for_busy_hours(whole_day: City) -> None:
    assert planning_windows(TimeWindow.between("07:00", "09:00")) == [TimeWindow.between("07:00", "09:00")]
    assert len(planning_windows(PERIOD.measured)) == 15
    assert busiest_window(whole_day, PERIOD.measured) == TimeWindow.between("07:00", "09:00")
    assert plan_hours(whole_day, TimeWindow.between("07:00", "09:00")) == []
    hours = plan_hours(whole_day, PERIOD.measured)
    assert [str(window) for window in hours[:2]] == ["05:00–07:00", "07:00–09:00"]
    assert hours[-1].end_s >= PERIOD.measured.end_s > hours[-1].start_s
