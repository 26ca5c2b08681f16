"""Whom stops serve and what is reached by bus, on a grid of 500 m with one line that can be reckoned in the head."""

import datetime
from dataclasses import replace

import numpy as np
import pytest

from tests.demand.grid_demand import grid, place
from twin.city.city import City
from twin.city.places import KnownPlace
from twin.city.transit import BusLine, Headway, Stop
from twin.city.zones import Zone
from twin.clock import TimeWindow
from twin.records import LINE_COLUMNS, LINE_STOP_COLUMNS
from twin.study.bus_reach import bus_reach
from twin.study.bus_service import line_stop_table, line_table
from twin.study.zone_ground import GRID_M, zone_ground

WINDOW = TimeWindow.between("07:00", "09:00")
STREETS = tuple(f"{x}-0>{x + 1}-0" for x in range(5))
LINE = BusLine(
    "1路/上行",
    "1路",
    "上行",
    tuple(Stop(f"站{x}", *place(x, 0), f"{x - 1}-0>{x}-0") for x in (1, 3, 5)),
    STREETS,
    (Headway(TimeWindow.between("06:00", "10:00"), 600.0),),
    running_s=(0.0, 600.0, 1200.0),
)
"""Every 10 min along the southern street, 20 min from the first stop to the last."""


def spot(name: str, x: float, y: float, **changed: float) -> Zone:
    """A zone without area: all live and work at its centre."""
    return Zone(name, name, "zone", "区", *place(x, y), **changed)


ZONES = (
    spot("A", 1, 0, residents=100.0),
    spot("B", 5, 0, jobs=50.0),
    spot("C", 1, 1, residents=100.0),
    spot("D", 1, 0.8, residents=100.0),
)
CITY = City(
    "grid", "grid", datetime.date(2024, 1, 1), grid(), zones=ZONES, lines=(LINE,),
    places=(KnownPlace("医院", "hospital", *place(3, 0)), KnownPlace("市场", "mall_market", *place(3, 0))),
)  # fmt: skip


def reach(city: City = CITY):
    return bus_reach(city, city.open_network(), WINDOW)


def test_coverage_counts_the_way_walked_and_not_the_straight_line() -> None:
    """C is 500 m from the stop, 600 m to walk; D 400 m, 480 m to walk; A stands on it."""
    table = reach()
    assert table["covered_500m"].to_dict() == {"A": 1.0, "B": 1.0, "C": 0.0, "D": 1.0}
    assert table["covered_300m"].to_dict() == {"A": 1.0, "B": 1.0, "C": 0.0, "D": 0.0}


def test_jobs_are_reached_by_walk_wait_and_ride() -> None:
    """To B: from A 5 min of wait and 20 of ride; from C and D 8 and 6.4 min of walk before: 33 and 31.4 min."""
    table = reach()
    assert table["jobs_bus_30min"].to_dict() == {"A": 50.0, "B": 50.0, "C": 0.0, "D": 0.0}
    assert table["jobs_bus_45min"].tolist() == [50.0] * 4


def test_twice_the_buses_save_half_the_wait() -> None:
    """Every 5 min the wait is 2.5 min: D comes to B in 28.9 min."""
    denser = replace(LINE, headways=(Headway(TimeWindow.between("06:00", "10:00"), 300.0),))
    table = reach(replace(CITY, lines=(denser,)))
    assert table["jobs_bus_30min"].to_dict() == {"A": 50.0, "B": 50.0, "C": 0.0, "D": 50.0}


def test_where_no_bus_runs_in_the_window_people_walk_and_nobody_is_covered() -> None:
    """On foot B is 2,000 m from A in a straight line: 32 min."""
    late = replace(LINE, headways=(Headway(TimeWindow.between("12:00", "14:00"), 600.0),))
    table = reach(replace(CITY, lines=(late,)))
    assert not table["covered_500m"].any()
    assert (table.loc["A", "jobs_bus_30min"], table.loc["A", "jobs_bus_45min"]) == (0.0, 50.0)


def test_only_hospitals_count_as_hospitals_and_unknown_schools_are_null() -> None:
    table = reach()
    assert table.loc["A", "hospitals_bus_30min"] == 1.0
    assert table["schools_bus_60min"].isna().all()


def test_a_city_without_lines_has_no_figures_of_buses() -> None:
    table = reach(replace(CITY, lines=()))
    assert list(table.index) == ["A", "B", "C", "D"] and not len(table.columns)


def test_the_ground_of_a_zone_is_as_large_as_its_area_around_its_centre() -> None:
    """1 km² is 25 points 200 m apart, none farther than half a grid beyond the circle of that area (564 m)."""
    city = replace(CITY, zones=(spot("A", 1, 1, area_km2=1.0),))
    ground = zone_ground(city, city.open_network())
    assert len(ground.xy) == 1e6 / GRID_M**2 == 25
    assert np.hypot(*(ground.xy - ground.xy.mean(axis=0)).T).max() < 564 + GRID_M / 2 * 2**0.5


def test_ground_belongs_to_the_zone_whose_centre_is_nearest() -> None:
    city = replace(CITY, zones=(spot("A", 1, 1, area_km2=4.0), spot("B", 2, 1, area_km2=4.0), spot("C", 3, 3)))
    ground = zone_ground(city, city.open_network())
    assert np.bincount(ground.zone).tolist()[2] == 1, "a zone without area is the point of its centre"
    east = ground.xy[:, 0]
    assert east[ground.zone == 0].max() <= east[ground.zone == 1].min()
    assert ground.mean_of(ground.zone.astype(float)).tolist() == [0.0, 1.0, 2.0]


def test_lines_are_told_with_runs_buses_times_and_distances() -> None:
    """06:00–10:00 every 10 min is 24 runs, 12 of them from 07:00 to 09:00. Nobody runs back: a bus a run."""
    network = CITY.open_network()
    lines = line_table(CITY, network, WINDOW)
    assert list(lines) == list(LINE_COLUMNS)
    assert lines.iloc[0].tolist() == ["1路/上行", "1路", "上行", 3, 2000.0, 1200.0, 24, 12, 24]
    stops = line_stop_table(CITY, network, WINDOW)
    assert list(stops) == list(LINE_STOP_COLUMNS)
    assert stops[["along_m", "due_s", "buses_ph"]].to_numpy().tolist() == [
        [0.0, 0.0, 6.0], [1000.0, 600.0, 6.0], [2000.0, 1200.0, 6.0],
    ]  # fmt: skip


def test_a_line_on_a_closed_street_runs_nowhere() -> None:
    network = CITY.open_network()
    closed = type(network)(
        network.nodes, tuple(link for link in network.links if link.id != STREETS[2]), place="grid", crs=network.crs
    )
    lines = line_table(CITY, closed, WINDOW)
    assert lines[["runs_a_day", "runs_measured", "buses"]].iloc[0].tolist() == [0, 0, 0]
    assert np.isnan(lines["scheduled_s"][0])
    assert not line_stop_table(CITY, closed, WINDOW)["buses_ph"].any()
    assert not bus_reach(CITY, closed, WINDOW)["covered_500m"].any()


@pytest.mark.parametrize("kind", ["school", "hospital"])
def test_places_of_each_kind_are_counted(kind: str) -> None:
    city = replace(CITY, places=(KnownPlace("x", kind, *place(1, 0)), KnownPlace("y", kind, *place(5, 0))))
    assert reach(city).loc["A", f"{kind}s_bus_30min"] == 2.0
