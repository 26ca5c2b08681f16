"""The memo's tables of parking: the city, districts of destination, the zones where drivers search longest, the
streets where they cruise most, by quarter hours, and the spaces short at night.
"""

from collections.abc import Mapping
from typing import Any

from twin.clock import text_of
from twin.records import INTERVAL_S
from twin.results.comparison import Comparison
from twin.results.numbers import written
from twin.results.parking_words import PARKING_WORDS
from twin.wording import Language, Words
from viz.layers import direction_name, line_of, records, street_name
from viz.memo_places import PlaceTable, rows_table
from viz.numbers import number_of, share_written

CITY_METRICS = ("mean_search_s", "p95_search_s", "no_space_share", *PARKING_WORDS)
DISTRICT_METRICS = ("mean_search_s", "no_space_share", "mean_walk_m", "parking_utilisation", "parking_turnover")
MOST_ZONES = 6
MOST_STREETS = 6
LEAST_VEHICLES = 5.0
"""Passages in search a quarter hour, in either arm, below which a street is not listed: a share of few says little."""


def parking_tables(comparison: Comparison, language: Language) -> list[PlaceTable]:
    """All tables of parking for which there are data."""
    tables = [
        _city(comparison, language),
        _districts(comparison, language),
        _zones(comparison, language),
        _streets(comparison, language),
        _night(comparison, language),
    ]
    return [table for table in tables if table is not None and table.lines]


def _city(comparison: Comparison, language: Language) -> PlaceTable | None:
    title = Words("停车指标(全市)", "Measures of parking, city-wide")
    note = Words(
        "寻位车流占比只计路网上的行驶；路网之外支路上的寻找在里程里，不在占比里。",
        "The share of cruising is of driving on the network; search in local streets off it is in the distance alone.",
    )
    return rows_table(comparison, "city", CITY_METRICS, title, note, language)


def _districts(comparison: Comparison, language: Language) -> PlaceTable | None:
    title = Words("分区停车(按目的地)", "Parking by district of destination")
    note = Words("泊位需求发生在目的地，故按目的地所在区。", "By the district where the space is wanted.")
    return rows_table(comparison, "destination", DISTRICT_METRICS, title, note, language)


def _zones(comparison: Comparison, language: Language) -> PlaceTable:
    """The zones where drivers searched longest in all before."""
    head = Words(
        "小区|需要泊位 辆|现状 秒/辆|方案 秒/辆|现状 米/辆|方案 米/辆|现状未找到|方案未找到",
        "zone|cars that want a space|before s/car|after s/car|before m/car|after m/car|none before|none after",
    )
    found = [zone for zone in records(comparison.search_zones) if number_of(zone["before_search_s"])]
    found.sort(key=lambda zone: -float(zone["before_search_s"]) * float(zone["before_wanted"]))
    lines = []
    for zone in found[:MOST_ZONES]:
        cells = [written(number_of(zone["before_wanted"]), 0)]
        cells += [written(number_of(zone[f"{arm}_search_s"]), 1) for arm in ("before", "after")]
        cells += [written(number_of(zone[f"{arm}_search_m"]), 0) for arm in ("before", "after")]
        cells += [share_written(number_of(zone[f"{arm}_none_share"])) for arm in ("before", "after")]
        lines.append((_zone_name(comparison, str(zone["zone_id"])), *cells))
    title = Words("寻找车位最多的小区", "Zones with most search")
    note = Words("各种子合计，没有区间。", "All seeds together, no interval.")
    return PlaceTable(title.in_(language), tuple(head.in_(language).split("|")), tuple(lines), note.in_(language))


def _streets(comparison: Comparison, language: Language) -> PlaceTable:
    """The streets and quarter hours with the largest share of cruising before, one line a street."""
    head = Words("街道|方向|时段|现状占比|方案占比", "street|direction|quarter hour|share before|share after")
    links = {str(link["link_id"]): link for link in records(comparison.links)}
    found = [row for row in records(comparison.cruising) if _is_listed(row) and str(row["link_id"]) in links]
    found.sort(key=lambda row: (-(number_of(row["before_share"]) or 0.0), str(row["link_id"])))
    lines: dict[str, tuple[str, ...]] = {}
    for row in found:
        link = links[str(row["link_id"])]
        start_s = float(row["interval_start_s"])
        quarter = f"{text_of(start_s)}–{text_of(start_s + INTERVAL_S)}"
        shares = [share_written(number_of(row[f"{arm}_share"])) for arm in ("before", "after")]
        name = street_name(link, language)
        lines.setdefault(name, (name, direction_name(line_of(link), language), quarter, *shares))
        if len(lines) == MOST_STREETS:
            break
    title = Words("寻位车流占比最高的街道", "Streets with the largest share of cruising")
    note = Words(
        "每条街只列最高的15分钟；各种子合计，没有区间。",
        "Each street by its worst quarter hour; all seeds together, no interval.",
    )
    return PlaceTable(
        title.in_(language), tuple(head.in_(language).split("|")), tuple(lines.values()), note.in_(language)
    )


def _night(comparison: Comparison, language: Language) -> PlaceTable:
    """Cars of residents without a space at 02:00: an account of spaces, the same on every day."""
    head = Words(
        "区|过夜车辆|泊位(现状)|泊位(方案)|缺口(现状)|缺口(方案)",
        "district|cars at night|spaces before|spaces after|short before|short after",
    )
    fields = ("cars", "spaces_before", "spaces_after", "deficit_before", "deficit_after")
    accounts = comparison.meta.get("night_parking", ())
    lines = [(str(row["district"]), *(written(float(row[name]), 0) for name in fields)) for row in accounts]
    title = Words("夜间停车缺口(02:00)", "Spaces short at night (02:00)")
    note = Words(
        "居民车辆与可停到早上6点的泊位之差，按小区算后合计；不是模拟结果。车辆按人口假定。",
        "Cars that residents keep, less spaces one may stay in until 06:00, by zone and then summed; an account, not a "
        "simulation. Cars are assumed from residents.",
    )
    return PlaceTable(title.in_(language), tuple(head.in_(language).split("|")), tuple(lines), note.in_(language))


def _is_listed(row: Mapping[str, Any]) -> bool:
    return max(number_of(row[f"{arm}_searching"]) or 0.0 for arm in ("before", "after")) >= LEAST_VEHICLES


def _zone_name(comparison: Comparison, zone_id: str) -> str:
    names = comparison.meta.get("zone_names", {})
    return str(names.get(zone_id, zone_id))
