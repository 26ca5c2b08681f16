"""Jobs reached, screenlines, and who uses a new road, of tiny runs checked in the head."""

import math

import pandas as pd
import pytest
from small_runs import NINE, SEVEN, links_of, run_of, trip, trips_of

from twin.results.measuring import metric_table
from twin.results.road_flows import ROAD_FLOW_COLUMNS, road_flows

ZONES = pd.DataFrame(
    {
        "zone_id": ["Z1", "Z2", "Z3"],
        "district": ["芝罘区", "芝罘区", "莱山区"],
        "residents": [300.0, 100.0, 100.0],
        "jobs_30min": [1000.0, 200.0, 0.0],
        "jobs_45min": [2000.0, 2000.0, 500.0],
    }
)
CROSSINGS = pd.DataFrame({"screenline": "jiahe", "towards": ["left", "left", "right"], "link_id": ["1", "2", "3"]})


def value(run, metric, area="city", roads=()):
    return metric_table(run, roads=roads).set_index(["area", "metric"])["value"][area, metric]


def test_jobs_reached_are_averaged_over_residents() -> None:
    run = run_of(zones=ZONES)
    assert value(run, "jobs_30min", "district:芝罘区") == (300 * 1000 + 100 * 200) / 400
    assert value(run, "jobs_30min") == (300 * 1000 + 100 * 200) / 500
    assert value(run, "jobs_45min", "district:莱山区") == 500.0


def test_a_run_without_zones_has_no_rows_of_jobs() -> None:
    assert not set(metric_table(run_of())["metric"]) & {"jobs_30min", "jobs_45min"}


def test_a_screenline_adds_up_the_links_that_cross_it_one_way() -> None:
    # 07:00–09:00 is 2 h. Street 1: 300 at 100 s, 100 at 200 s; street 2: 100 at 300 s. Lanes 2 and 1, 1,000 PCU/h each.
    links = links_of(("1", SEVEN, 300, 100.0), ("1", SEVEN + 900, 100, 200.0), ("2", SEVEN, 100, 300.0))
    run = run_of(links=links, crossings=CROSSINGS)
    area = "screenline:jiahe:left"
    assert value(run, "screenline_vph", area) == 250.0
    assert value(run, "screenline_vc", area) == pytest.approx(250.0 / 3000.0)
    # 500 km in 300·100 + 100·200 + 100·300 = 80,000 s.
    assert value(run, "screenline_speed_kmh", area) == pytest.approx(500.0 / (80_000.0 / 3600.0))


def test_a_screenline_that_nobody_crosses_has_no_flow_and_no_speed() -> None:
    run = run_of(links=links_of(("1", SEVEN, 1, 100.0), ("2", NINE, 9, 100.0)), crossings=CROSSINGS[1:2])
    area = "screenline:jiahe:left"
    assert (value(run, "screenline_vph", area), value(run, "screenline_vc", area)) == (0.0, 0.0)
    assert math.isnan(value(run, "screenline_speed_kmh", area))


ROADS = pd.DataFrame({"road": ["a", "a", "b"], "trip_id": [1, 2, 1]})


def test_vehicles_on_a_new_road_are_measured_trips_whose_route_uses_it() -> None:
    trips = trips_of(trip(1, 300.0), trip(2, 300.0, depart_s=NINE), trip(3, 300.0))
    run = run_of(trips, new_roads=ROADS)
    roads = ["road:a", "road:b", "road:c"]
    assert [value(run, "road_vehicles", road, roads) for road in roads] == [1.0, 1.0, 0.0]
    assert math.isnan(value(run_of(trips), "road_vehicles", "road:a", roads))


def test_flows_of_a_new_road_are_told_by_district_the_largest_first() -> None:
    trips = trips_of(
        trip(1, 300.0, persons=2.0),
        trip(2, 300.0, origin_district="", persons=1.0),
        trip(3, 300.0, persons=1.0),
    )
    runs = [
        run_of(trips, new_roads=pd.DataFrame({"road": "a", "trip_id": ids}), arm="after") for ids in ([1, 2, 3], [1])
    ]
    flows = road_flows(runs)
    assert list(flows) == list(ROAD_FLOW_COLUMNS)
    # 芝罘区 → 莱山区: trips 1 and 3 on the first seed, 1 on the second; through a gate: trip 2 on the first.
    assert flows.to_numpy().tolist() == [["a", "芝罘区", "莱山区", 1.5, 2.5], ["a", "", "莱山区", 0.5, 0.5]]


def test_without_new_roads_there_are_no_flows() -> None:
    assert road_flows([run_of()]).empty and list(road_flows([])) == list(ROAD_FLOW_COLUMNS)
