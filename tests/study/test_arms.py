"""What a run of an arm knows beyond its records: districts, people, jobs reached, crossings, who uses a new road."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_settle import PERIOD, on_the_long_way, two_routes

from twin.city.city import City
from twin.city.places import KnownPlace
from twin.city.screenlines import Screenline
from twin.city.zones import LoadingPoint, Zone
from twin.results.run import LightTraffic
from twin.study.access import zone_access
from twin.study.arms import StudyArm, make_run
from twin.study.habits import demand_of
from twin.study.settle import Settlement, settle_base
from twin.wording import Words

ACROSS = Screenline(
    "middle", Words("中线", "middle"), ((121.005, 36.9), (121.005, 37.1)), Words("西", "west"), Words("东", "east")
)
"""Over both ways of the town, from south to north, between the corner a and the corners b and c."""


def city_of(n: int, **changed: object) -> City:
    """The town of two ways with zones: A is where all live, B where all work, G a gate."""
    zones = (
        Zone("A", "西", "zone", "西区", 120.99, 37.0, residents=300.0, jobs=10.0),
        Zone("B", "东", "zone", "东区", 121.03, 37.0, residents=100.0, jobs=200.0),
        Zone("G", "口", "gate", "road", 121.03, 37.0),
    )
    return replace(two_routes(n), zones=zones, screenlines=(ACROSS,), **changed)


@pytest.fixture(scope="module")
def settled() -> Settlement:
    return settle_base(city_of(1500), PERIOD, rounds=10)


def run_of(settled: Settlement, **changed: object):
    n = len(demand_of(settled.stage.city).travellers)
    arm = StudyArm("s", "after", settled, PERIOD, LightTraffic({}), np.zeros(n, dtype=np.bool_), **changed)
    return make_run(arm, seed=1)


def test_trips_carry_district_and_people_and_a_gate_has_no_district(settled: Settlement) -> None:
    trips = run_of(settled).records.trips
    assert trips["origin_district"].astype(str).unique().tolist() == ["西区"]
    assert trips["destination_district"].astype(str).unique().tolist() == ["东区"]
    assert trips["persons"].eq(1.0).all()
    demand = demand_of(settled.stage.city)
    by_gate = replace(demand, travellers=demand.travellers.assign(destination_zone="G", persons=1.5))
    stage = replace(settled.stage, city=replace(settled.stage.city, demand=by_gate))
    trips = run_of(replace(settled, stage=stage)).records.trips
    assert trips["destination_district"].astype(str).unique().tolist() == [""]
    assert trips["persons"].eq(1.5).all()


def test_users_of_a_new_road_are_those_whose_route_has_one_of_its_links(settled: Settlement) -> None:
    run = run_of(settled, new_roads={"long": ("ac", "cd"), "unused": ("no such link",)})
    users = run.new_roads
    assert users["road"].unique().tolist() == ["long"]
    travels = set(run.records.trips["trip_id"])
    routes, link = settled.habits.routes, settled.stage.router.graph.link_index["cd"]
    assert set(users["trip_id"]) == {i for i in travels if link in routes.of(i)}
    assert 0 < len(users) <= on_the_long_way(settled)
    assert run_of(settled).new_roads.empty


def test_crossings_are_found_on_the_streets_of_the_arm(settled: Settlement) -> None:
    crossings = run_of(settled).crossings
    assert crossings["link_id"].tolist() == ["ab", "ac"]
    assert crossings["towards"].tolist() == ["right", "right"]


def test_jobs_within_reach_fall_where_traffic_takes_longer_than_half_an_hour(settled: Settlement) -> None:
    """At free speed B is 200 s from A; nobody drives from B to A, and no street leads there."""
    run = run_of(settled)
    zones = run.zones.set_index("zone_id")
    assert zones.index.tolist() == ["A", "B"]
    assert zones["jobs_45min"].tolist() == [210.0, 200.0]
    assert zones.loc["B", ["district", "residents"]].tolist() == ["东区", 100.0]
    slow = run.records.links.assign(
        mean_travel_time_s=lambda t: t["mean_travel_time_s"].where(t["link_id"] != "dz", 2000.0)
    )
    reached = zone_access(settled.stage, replace(run.records, links=slow), PERIOD).set_index("zone_id")
    assert reached["jobs_30min"].tolist() == [10.0, 200.0]
    assert reached["jobs_45min"].tolist() == [210.0, 200.0]


def test_reach_is_by_the_times_of_the_middle_of_the_window_and_not_of_its_beginning(settled: Settlement) -> None:
    """The last street takes 2,000 s either in the hour around the middle, or before that: only the first is felt."""
    records = run_of(settled).records
    middle_s = (PERIOD.measured.start_s + PERIOD.measured.end_s) / 2.0
    is_last, start_s = records.links["link_id"] == "dz", records.links["interval_start_s"]
    is_around = (start_s > middle_s - 1800.0) & (start_s < middle_s + 1800.0)
    for is_slow, jobs in ((is_last & is_around, 10.0), (is_last & (start_s < middle_s - 1800.0), 210.0)):
        time_s = records.links["mean_travel_time_s"].where(~is_last, 50.0).where(~is_slow, 2000.0)
        links = records.links.assign(mean_travel_time_s=time_s)
        reached = zone_access(settled.stage, replace(records, links=links), PERIOD).set_index("zone_id")
        assert reached.loc["A", "jobs_30min"] == jobs


def test_hospitals_are_reached_at_the_junction_nearest_to_them_and_unknown_schools_are_null(
    settled: Settlement,
) -> None:
    """B's hospital is half an hour from A once the last street takes 2,000 s, and always at hand in B."""
    hospital = KnownPlace("医院", "hospital", 121.03, 37.0)
    stage = replace(settled.stage, city=replace(settled.stage.city, places=(hospital,)))
    records = run_of(settled).records
    assert zone_access(stage, records, PERIOD)["hospitals_30min"].tolist() == [1.0, 1.0]
    slow = records.links.assign(
        mean_travel_time_s=lambda t: t["mean_travel_time_s"].where(t["link_id"] != "dz", 2000.0)
    )
    reached = zone_access(stage, replace(records, links=slow), PERIOD)
    assert reached["hospitals_30min"].tolist() == [0.0, 1.0]
    assert reached["hospitals_45min"].tolist() == [1.0, 1.0]
    assert reached[["schools_60min", "jobs_bus_60min", "covered_500m"]].isna().all(axis=None)


def test_the_loading_point_nearest_to_the_centre_stands_for_a_zone(settled: Settlement) -> None:
    demand = demand_of(settled.stage.city)
    far = replace(demand, points=(*demand.points, LoadingPoint("A", 121.02, 37.0, "bd")))
    stage = replace(settled.stage, city=replace(settled.stage.city, demand=far))
    run = run_of(settled)
    pd.testing.assert_frame_equal(zone_access(stage, run.records, PERIOD), run.zones)
