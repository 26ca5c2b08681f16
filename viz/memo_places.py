"""The memo's compact tables of places: districts, screenlines, junctions, new roads; and of emissions.

A table stands only where the comparison has data for it. Figures with intervals are written as in the table of results.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from twin.results.areas import Kind, area_words, kind_of, road_area
from twin.results.comparison import Comparison
from twin.results.emissions import BUS_EMISSION_METRICS, EMISSION_METRICS
from twin.results.numbers import decimals_within, written
from twin.results.place_metrics import ROAD_METRICS, SCREENLINE_METRICS
from twin.results.standards import JUNCTION_LEVELS
from twin.wording import Language, Words
from viz.layers import records
from viz.numbers import number_of

DISTRICT_METRICS = ("mean_delay_s", "losers_share", "gainers_share", "jobs_45min")
JUNCTION_METRICS = ("junction_delay_s", "junctions_level_4_share")
MOST_JUNCTIONS = 6
MOST_FLOWS = 5

OUTSIDE = Words("区外(出入口)", "outside (through a gate)")
UNNAMED_JUNCTION = Words("未命名路口", "unnamed junction")


@dataclass(frozen=True, slots=True)
class PlaceTable:
    """One table of the memo, written: title, head, lines of cells, and what a reader must know of it."""

    title: str
    head: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    note: str


def place_tables(comparison: Comparison, language: Language) -> list[PlaceTable]:
    """All tables for which there are data, in fixed order."""
    tables = [
        by_district(comparison, language),
        by_screenline(comparison, language),
        *junctions(comparison, language),
        *new_roads(comparison, language),
        emissions(comparison, language),
    ]
    return [table for table in tables if table is not None and table.lines]


def by_district(comparison: Comparison, language: Language) -> PlaceTable | None:
    """Delay, who loses and gains, and jobs reached, by district of origin."""
    title = Words("分区：延误、受损与受益、可达岗位", "By district: delay, who loses and gains, jobs reached")
    note = Words(
        "按出行起点所在区；受损、受益指同一出行者在同一种子下慢或快1分钟以上，现状一栏按定义为0；"
        "岗位数为假定，按实际路段时间以小汽车可达。",
        "By the district in which a trip starts. Losing or gaining is more than 1 min of one traveller on one seed, 0 "
        "before by definition; jobs are assumed, reached by car on the times experienced.",
    )
    return rows_table(comparison, "district", DISTRICT_METRICS, title, note, language)


def by_screenline(comparison: Comparison, language: Language) -> PlaceTable | None:
    """Flow, volume over capacity and speed over each screenline, by direction."""
    title = Words("核查线：流量、饱和度、车速", "Screenlines: flow, v/c, speed")
    note = Words(
        "车辆不折算为标准车；通行能力为路段值，不计路口，故饱和度偏低。",
        "Vehicles are not in PCU; capacity is that of the streets, junctions apart, so v/c is low.",
    )
    return rows_table(comparison, "screenline", SCREENLINE_METRICS, title, note, language)


def emissions(comparison: Comparison, language: Language) -> PlaceTable | None:
    """Fuel, electricity and exhaust, city-wide."""
    title = Words("能耗与排放", "Fuel and emissions")
    note = Words(
        "统计时段出发的出行；因子多为一般知识或假定(见 `twin metrics` 与 twin/results/emissions.py)："
        "看变化，不看绝对值；不含货车与公交的污染物。",
        "Trips that depart in the measured window. Most factors are general knowledge or assumed (`twin metrics`, "
        "twin/results/emissions.py): read the change, not the level; pollutants of lorries and buses are left out.",
    )
    return rows_table(comparison, "city", (*EMISSION_METRICS, *BUS_EMISSION_METRICS), title, note, language)


def junctions(comparison: Comparison, language: Language) -> list[PlaceTable | None]:
    """Delay at signal junctions, how many are of which level by CJJ 37, and those that changed most beyond chance."""
    found = records(comparison.junctions)
    if not any(junction["before_level"] or junction["after_level"] for junction in found):
        return []
    title = Words("信号路口(CJJ 37)", "Junctions (CJJ 37)")
    note = Words(
        "进口路段时间减自由流时间，含回溢排队；分级界限为30、50、60秒。",
        "Time over the approach less that at free speed, queues that spill back included; levels at 30, 50 and 60 s.",
    )
    overview = rows_table(comparison, "city", JUNCTION_METRICS, title, note, language)
    return [overview, _levels(found, language), _changed_junctions(found, language)]


def _levels(found: list[dict[str, Any]], language: Language) -> PlaceTable:
    head = ("", *(level.in_(language) for level in JUNCTION_LEVELS))
    lines = []
    for arm, words in (("before", Words("现状", "before")), ("after", Words("方案", "after"))):
        levels = [int(junction[f"{arm}_level"]) for junction in found]
        lines.append((words.in_(language), *(str(levels.count(n)) for n in range(1, len(JUNCTION_LEVELS) + 1))))
    title = Words("各级路口数", "Junctions by level")
    note = Words(
        "一级延误最小；全部种子合计，没有区间。", "Level 1 has the least delay; all seeds together, no interval."
    )
    return PlaceTable(title.in_(language), head, tuple(lines), note.in_(language))


def _changed_junctions(found: list[dict[str, Any]], language: Language) -> PlaceTable:
    clear = [junction for junction in found if junction["is_clear"] and number_of(junction["difference_delay_s"])]
    clear.sort(key=lambda junction: -abs(float(junction["difference_delay_s"])))
    head = Words(
        "路口|现状 秒/车|方案 秒/车|变化(95%区间)|级别", "junction|before s/veh|after s/veh|change (95 %)|level"
    )
    lines = []
    for junction in clear[:MOST_JUNCTIONS]:
        low, high = number_of(junction["ci_low"]), number_of(junction["ci_high"])
        half_width = None if low is None or high is None else (high - low) / 2.0
        decimals = decimals_within(half_width, 1)
        joint = " ~ " if language == "zh" else " to "
        interval = f"{written(low, decimals, signed=True)}{joint}{written(high, decimals, signed=True)}"
        change = f"{written(number_of(junction['difference_delay_s']), decimals, signed=True)} ({interval})"
        delays = [written(number_of(junction[f"{arm}_delay_s"]), decimals) for arm in ("before", "after")]
        levels = f"{int(junction['before_level'])} → {int(junction['after_level'])}"
        lines.append((str(junction["name"]) or UNNAMED_JUNCTION.in_(language), *delays, change, levels))
    title = Words("延误变化最大的路口", "Junctions whose delay changed most")
    note = Words(
        "只列随机波动之外的变化，已作多重检验校正。", "Only changes beyond chance, all junctions tested together."
    )
    return PlaceTable(title.in_(language), tuple(head.in_(language).split("|")), tuple(lines), note.in_(language))


def new_roads(comparison: Comparison, language: Language) -> list[PlaceTable | None]:
    """Vehicles that use each new road, and where they go from and to."""
    title = Words("新路使用车辆", "Who uses the new roads")
    note = Words(
        "统计时段出发、习惯路线经过新路的出行；不含寻找车位时的绕行。",
        "Trips of the measured window whose usual route uses the road; detours in search of a space are left out.",
    )
    return [rows_table(comparison, "road", ROAD_METRICS, title, note, language), _flows(comparison, language)]


def _flows(comparison: Comparison, language: Language) -> PlaceTable:
    names = comparison.meta.get("area_names", {})
    head = Words("新路|从|到|车辆|人", "new road|from|to|vehicles|people")
    lines, listed = [], dict[str, int]()
    for flow in records(comparison.road_flows):
        road = str(flow["road"])
        listed[road] = listed.get(road, 0) + 1
        if listed[road] <= MOST_FLOWS:
            ends = [str(flow[end]) or OUTSIDE.in_(language) for end in ("origin_district", "destination_district")]
            counts = [written(number_of(flow[count]), 0) for count in ("vehicles", "persons")]
            lines.append((area_words(road_area(road), names).in_(language), *ends, *counts))
    title = Words("新路的起讫", "Where users of the new roads go from and to")
    note = Words(
        f"每条路最多列 {MOST_FLOWS} 对；各种子平均，没有区间；载客数为假定。",
        f"At most {MOST_FLOWS} pairs a road; mean over seeds, no interval; loads are assumed.",
    )
    return PlaceTable(title.in_(language), tuple(head.in_(language).split("|")), tuple(lines), note.in_(language))


def rows_table(
    comparison: Comparison, kind: Kind, metrics: Collection[str], title: Words, note: Words, language: Language
) -> PlaceTable | None:
    """Rows of a kind of area, by area, written as in the table of results; None where there are none."""
    rows = comparison.rows
    kept = rows[rows["area"].map(kind_of).eq(kind) & rows["metric"].isin(list(metrics))]
    if kept.empty:
        return None
    places = {area: place for place, area in enumerate(dict.fromkeys(kept["area"]))}
    order = {metric: place for place, metric in enumerate(metrics)}
    by_area = kept.assign(area_place=kept["area"].map(places), metric_place=kept["metric"].map(order))
    ordered = kept.loc[by_area.sort_values(["area_place", "metric_place"], kind="stable").index]
    table = replace(comparison, rows=ordered).table(language, whole=True)
    return PlaceTable(
        title.in_(language), tuple(str(name) for name in table.columns), _cells(records(table)), note.in_(language)
    )


def _cells(lines: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(str(cell) for cell in line.values()) for line in lines)
