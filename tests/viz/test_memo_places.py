"""The memo's tables of places and emissions: there where data are, in both languages, digits no finer than chance."""

import re

import pandas as pd
import pytest
from small_comparison import HOSTILE_NAME, meta, rows, small_comparison, with_statistics

from twin.results.junctions_compared import JUNCTION_COMPARISON_COLUMNS
from twin.results.road_flows import ROAD_FLOW_COLUMNS
from viz.memo_places import place_tables
from viz.report import report_html

NAMES = {
    "screenline:jiahe:left": {"zh": "夹河，往芝罘", "en": "Jia River, towards Zhifu"},
    "road:opening-a": {"zh": "候选A", "en": "候选A"},
}


def more_rows() -> pd.DataFrame:
    table = rows()
    extra = [
        ["mean_delay_s", "district:芝罘区", "s", 300.0, 290.0, -10.0, -12.0, -8.0, 2, "better"],
        ["screenline_vph", "screenline:jiahe:left", "veh/h", 4000.0, 4100.0, 100.0, 60.0, 140.0, 2, "neutral"],
        ["road_vehicles", "road:opening-a", "veh", 0.0, 812.0, 812.0, 792.0, 832.0, 2, "neutral"],
        ["co2_kg", "city", "kg", 90000.0, 89000.0, -1000.0, -1200.0, -800.0, 2, "better"],
        ["junction_delay_s", "city", "s/veh", 40.0, 38.0, -2.0, -2.5, -1.5, 2, "better"],
        ["mean_delay_s", "district:莱山区", "s", 200.0, 200.0, 0.0, -1.0, 1.0, 2, "no_difference"],
        ["losers_share", "district:芝罘区", "share", 0.0, 0.05, 0.05, 0.03, 0.07, 2, "neutral"],
        ["pti", "city", "ratio", 2.0, 1.9, -0.1, -0.2, 0.0, 2, "no_difference"],
    ]
    more = with_statistics(pd.DataFrame(extra, columns=list(table.columns[: len(extra[0])])))
    return pd.concat([table, more], ignore_index=True)


def junctions() -> pd.DataFrame:
    def junction(node_id, name, difference, is_clear, levels):
        ends = (difference - 1.0, difference + 1.0)
        delays = (45.0, 45.0 + difference)
        return [node_id, name, 121.39, 37.53, 900.0, 910.0, *delays, *levels, difference, *ends, is_clear]

    table = [
        junction("N1", "南大街 × 青年路", -7.0, True, (2, 2)),
        junction("N2", "", 12.0, True, (2, 3)),
        junction("N3", "北马路", -30.0, False, (2, 1)),
        junction("N4", HOSTILE_NAME, 0.0, False, (0, 0)),
    ]
    return pd.DataFrame(table, columns=list(JUNCTION_COMPARISON_COLUMNS))


def flows() -> pd.DataFrame:
    pairs = [["opening-a", "芝罘区", f"{n}区", 100.0 - n, 135.0] for n in range(6)]
    return pd.DataFrame([["opening-a", "", "芝罘区", 400.4, 400.4], *pairs], columns=list(ROAD_FLOW_COLUMNS))


@pytest.fixture
def comparison():
    return small_comparison(
        rows=more_rows(), junctions=junctions(), road_flows=flows(), meta=meta() | {"area_names": NAMES}
    )


def test_a_comparison_without_data_of_places_has_no_such_tables() -> None:
    assert place_tables(small_comparison(), "zh") == []
    assert "twin show" not in report_html(small_comparison())


def test_tables_stand_in_fixed_order_in_both_languages(comparison) -> None:
    titles = [[table.title for table in place_tables(comparison, language)] for language in ("zh", "en")]
    assert titles[0] == [
        *("分区：延误、受损与受益、可达岗位", "核查线：流量、饱和度、车速", "信号路口(CJJ 37)", "各级路口数"),
        *("延误变化最大的路口", "新路使用车辆", "新路的起讫", "能耗与排放"),
    ]
    assert titles[1][0].startswith("By district") and titles[1][-1] == "Fuel and emissions"
    html = report_html(comparison, language="en")
    assert re.findall(r"<h3>(.*?)</h3>", html)[2 : 2 + len(titles[1])] == titles[1]


def test_figures_carry_their_place_and_interval(comparison) -> None:
    districts, screenlines, *_ = place_tables(comparison, "en")
    assert [line[:2] for line in districts.lines] == [
        ("delay per trip", "芝罘区"),
        ("share that loses more than 1 min", "芝罘区"),
        ("delay per trip", "莱山区"),
    ]
    assert screenlines.lines[0][1] == "Jia River, towards Zhifu"
    assert "+60 to +140" in " ".join(screenlines.lines[0])


def test_junctions_are_counted_by_level_and_only_clear_changes_are_listed_largest_first(comparison) -> None:
    tables = {table.title: table for table in place_tables(comparison, "en")}
    assert tables["Junctions by level"].lines == (("before", "0", "3", "0", "0"), ("after", "1", "1", "1", "0"))
    changed = tables["Junctions whose delay changed most"].lines
    assert [(line[0], line[3], line[4]) for line in changed] == [
        ("unnamed junction", "+12.0 (+11.0 to +13.0)", "2 → 3"),
        ("南大街 × 青年路", "−7.0 (−8.0 to −6.0)", "2 → 2"),
    ]


def test_a_new_road_lists_its_five_largest_flows(comparison) -> None:
    tables = {table.title: table for table in place_tables(comparison, "en")}
    lines = tables["Where users of the new roads go from and to"].lines
    assert len(lines) == 5
    assert lines[0] == ("候选A", "outside (through a gate)", "芝罘区", "400", "400")


def test_the_table_of_results_stays_the_headline_set(comparison) -> None:
    words = report_html(comparison, language="en")
    assert "planning time index" not in words
    assert len(comparison.table()) == len(comparison.headline_rows) == len(rows())
    assert len(comparison.table(whole=True)) == len(more_rows())
    assert HOSTILE_NAME not in report_html(comparison)
