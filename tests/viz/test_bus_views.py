"""Buses in memo, map and diagram: what they say and draw is what they were given."""

import re

import numpy as np
import pandas as pd
import pytest
from small_comparison import EAST, MIDDLE, WEST, rows, small_comparison, with_statistics

from twin.errors import DataFileError
from twin.results.lines_compared import LINE_COMPARISON_COLUMNS, LINE_VISIT_COLUMNS
from twin.results.stops_compared import STOP_COMPARISON_COLUMNS
from twin.results.zones_compared import ZONE_COMPARISON_COLUMNS
from viz.access_layers import zone_access_layer
from viz.bus_charts import drawn_lines, time_space_chart
from viz.bus_layers import stop_changes, stop_service
from viz.kepler_map import before_after_map
from viz.memo_buses import bus_tables, stop_counts
from viz.report import report_html

SEVEN = 25_200.0
UP = "526路/上行"
NAN = float("nan")


def lines() -> pd.DataFrame:
    return pd.DataFrame(
        [
            ["526路", 12, 16, 8, 10, 20.0, 20.0, 900.0, 1100.0, 18.0, 18.4, True],
            ["101路", 20, 20, 9, 9, 30.0, 30.0, 500.0, 500.0, 20.0, 20.0, False],
        ],
        columns=list(LINE_COMPARISON_COLUMNS),
    )


def stops() -> pd.DataFrame:
    return pd.DataFrame(
        [
            ["大悦城", *WEST, 12.0, 16.0, "526路、101路", "526路、101路", 300.0, 340.0, "more", 0.0],
            ["南官庄东", *MIDDLE, 6.0, 0.0, "67路", "", 12.0, 0.0, "lost", 412.0],
            ["海港路", *EAST, 9.0, 6.0, "101路", "101路", 80.0, 60.0, "less", 0.0],
            ["西站", 121.41, 37.53, 3.0, 3.0, "101路", "101路", 5.0, 5.0, "same", 0.0],
        ],
        columns=list(STOP_COMPARISON_COLUMNS),
    )


def visits() -> pd.DataFrame:
    """One bus before, two after, over 4 km and three stops; the second after is crowded and has not arrived."""
    table = []
    for arm, run, start_s, load in (("before", "a", 0.0, 10), ("after", "a", 0.0, 10), ("after", "b", 600.0, 60)):
        for stop, name in enumerate(("大悦城", "海港路", "西站")):
            due_s = SEVEN + start_s + 300.0 * stop
            came = [NAN, NAN, NAN] if run == "b" and stop == 2 else [due_s + 60.0, due_s + 80.0, load]
            table.append([arm, UP, run, stop, name, 2000.0 * stop, due_s, *came])
    return pd.DataFrame(table, columns=list(LINE_VISIT_COLUMNS))


def comparison(**changed):
    extra = [
        ["bus_riders", "city", "riders", 6000.0, 6050.0, 50.0, 10.0, 90.0, 2, "neutral"],
        ["rider_generalised_s", "city", "s", 1800.0, 1770.0, -30.0, -40.0, -20.0, 2, "better"],
        ["bus_cost_measured_yuan", "city", "yuan", 9000.0, 9600.0, 600.0, NAN, NAN, 2, "neutral"],
        ["covered_residents_500m", "city", "share", 0.76, 0.75, -0.01, NAN, NAN, 2, "worse"],
        ["covered_residents_500m", "district:芝罘区", "share", 0.8, 0.8, 0.0, 0.0, 0.0, 2, "no_difference"],
        ["schools_bus_30min", "city", "schools", NAN, NAN, NAN, NAN, NAN, 0, "neutral"],
    ]
    more = with_statistics(pd.DataFrame(extra, columns=list(rows().columns[: len(extra[0])])))
    table = pd.concat([rows(), more], ignore_index=True)
    return small_comparison(**({"rows": table, "lines": lines(), "stops": stops(), "line_visits": visits()} | changed))


def test_a_study_without_lines_says_so() -> None:
    assert bus_tables(small_comparison(), "zh") == []
    assert "本研究没有公交线路" in report_html(small_comparison())


def test_the_memo_tells_riders_coverage_lines_stops_and_cost() -> None:
    html = report_html(comparison(), language="en")
    section = html[html.index("5. Buses") : html.index("6. Books")]
    assert re.findall(r"<h3>(.*?)</h3>", section) == [
        "Riders and service, city-wide", "Coverage and access by bus, city-wide", "By district: coverage and access",
        "Lines that changed", "Stops that lose service",
    ]  # fmt: skip
    assert "0.20 yuan a minute saved (interval 0.15–0.30)" in section
    assert "1 have no bus any more (12 riders boarded there), 1 have fewer, 1 more, 0 are new, 1 unchanged" in section
    assert "no chance" in section and "schools" not in section, "what was not measured is not listed"
    assert "Time–space diagram" in section and "<svg" in section


def test_losers_stand_first_and_only_changed_lines_are_listed() -> None:
    tables = {table.title: table for table in bus_tables(comparison(), "zh")}
    assert tables["服务减少的站点"].lines == (
        ("南官庄东", "不再有车", "6.0 → 0.0", "67路", "—", "12", "410"),
        ("海港路", "车次减少", "9.0 → 6.0", "101路", "101路", "80", "0"),
    )
    assert tables["改动的线路"].lines == (("526路", "12 → 16", "8 → 10", "20.0", "900 → 1,100", "18.0 → 18.4"),)
    assert "1 处不再有车(原有 12 人上车)" in stop_counts(comparison(), "zh")


def told(table):
    return [feature["properties"] for feature in table.features["features"]]


def test_the_map_draws_changed_stops_with_those_without_a_bus_on_top() -> None:
    changes = told(stop_changes(comparison(), "en"))
    assert [(stop["stop"], stop["grade"]) for stop in changes] == [
        ("大悦城", "more buses"), ("海港路", "fewer buses"), ("南官庄东", "no bus any more"),
    ]  # fmt: skip
    before, after = (told(stop_service(comparison(), arm, "en")) for arm in ("before", "after"))
    assert [stop["grade"] for stop in before] == ["10–30", "4–10", "4–10", "2–4"]
    assert "南官庄东" not in {stop["stop"] for stop in after}


def test_the_map_has_views_of_buses_only_where_service_changes() -> None:
    views = {view.id: view for view in before_after_map(comparison()).page.views}
    assert (views["bus"].left, views["bus"].right) == (("stops_before",), ("stops_after",))
    assert views["bus_change"].left[0] == "stops_change"
    same = stops().assign(service="same")
    assert "bus" not in {view.id for view in before_after_map(comparison(stops=same)).page.views}


def test_zones_are_graded_by_the_share_of_all_jobs_within_reach() -> None:
    """Of 1,000 jobs 80 then 300 are reached from A; nobody lives in B, so it is not drawn."""
    figures = [0.5, 0.6, 80.0, 300.0, 900.0, 900.0, 1.0, 1.0]
    zones = pd.DataFrame(
        [["A", "芝罘区", *WEST, 12_400.0, 0.0, *figures], ["B", "芝罘区", *EAST, 0.0, 1000.0, *figures]],
        columns=list(ZONE_COMPARISON_COLUMNS),
    )
    told_of = comparison(zones=zones)
    (before,), (after,) = (told(zone_access_layer(told_of, arm, "en")) for arm in ("before", "after"))
    assert (before["grade"], after["grade"]) == ("≤10% of jobs", "25–50%")
    assert (before["residents"], before["within 500 m of a stop after"], before["spaces"]) == ("12,400", "60%", 12)
    assert "access" in {view.id for view in before_after_map(told_of).page.views}


def test_a_diagram_draws_every_bus_at_its_times_and_distances() -> None:
    """A bus stands 20 s at each of three stops 2 km apart; the crowded one is drawn apart as far as it came."""
    chart = time_space_chart(comparison(), UP, language="en")
    before, after = chart.figure.axes
    due, seated, crowded = (collection.get_segments() for collection in before.collections)
    assert len(due) == 1 and len(seated) == 3 and crowded == []
    assert np.array(seated[0]).tolist() == [[SEVEN + 60, 0.0], [SEVEN + 80, 0.0], [SEVEN + 360, 2.0]]
    assert [len(collection.get_segments()) for collection in after.collections] == [2, 3, 2]
    assert "<svg" in chart.svg()


def test_only_lines_that_changed_can_be_drawn() -> None:
    assert drawn_lines(comparison()) == (UP,) and drawn_lines(small_comparison()) == ()
    with pytest.raises(DataFileError, match="526路/上行"):
        time_space_chart(comparison(), "101路/上行")
