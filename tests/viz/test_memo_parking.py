"""The memo's chapter on parking."""

import pandas as pd
from small_comparison import meta, rows, small_comparison, with_statistics

from viz.memo_parking import parking_tables
from viz.report import report_html


def parking_rows():
    columns = ["metric", "area", "unit", "before", "after", "difference", "ci_low", "ci_high", "n", "verdict"]
    told = [
        ["mean_search_m", "city", "m", 300.0, 90.0, -210.0, -230.0, -190.0, 2, "better"],
        ["cruising_share", "city", "share", 0.021, 0.004, -0.017, -0.018, -0.016, 2, "better"],
        ["parking_turnover", "destination:芝罘区", "1/h", 0.4, 0.5, 0.1, 0.05, 0.15, 2, "neutral"],
    ]
    return pd.concat([rows(), with_statistics(pd.DataFrame(told, columns=columns))], ignore_index=True)


def tables():
    named = meta() | {"zone_names": {"Z1": "南大街"}}
    return {table.title: table for table in parking_tables(small_comparison(rows=parking_rows(), meta=named), "en")}


def test_parking_is_told_for_the_city_by_district_by_zone_and_by_street() -> None:
    found = tables()
    assert list(found) == [
        "Measures of parking, city-wide",
        "Parking by district of destination",
        "Zones with most search",
        "Streets with the largest share of cruising",
    ]
    assert found["Parking by district of destination"].lines[0][1] == "芝罘区"


def test_zones_and_streets_are_named_and_say_before_and_after() -> None:
    found = tables()
    assert found["Zones with most search"].lines == (("南大街", "400", "62.0", "20.0", "300", "90", "5%", "0%"),)
    assert found["Streets with the largest share of cruising"].lines == (
        ("南大街", "eastbound", "07:15–07:30", "8%", "0%"),
    )


def test_the_memo_holds_the_chapter_and_a_study_without_parking_does_not() -> None:
    assert "Zones with most search" in report_html(small_comparison(), language="en")
    whole = small_comparison()
    empty = {name: getattr(whole, name).iloc[:0] for name in ("sites", "site_times", "cruising", "search_zones")}
    assert "Zones with most search" not in report_html(small_comparison(**empty), language="en")
