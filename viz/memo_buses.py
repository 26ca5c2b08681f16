"""The memo's tables of buses: riders and service city-wide, coverage and access by district, lines that changed, stops
that lose service.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from twin.results.bus_metrics import BUS_METRICS
from twin.results.comparison import Comparison
from twin.results.numbers import written
from twin.results.rider_losers import RIDER_PAIR_METRICS
from twin.results.service_metrics import SERVICE_METRICS
from twin.wording import Language, Words
from viz import phrases
from viz.layers import records
from viz.memo_places import PlaceTable, rows_table
from viz.numbers import number_of

CITY_METRICS = (*BUS_METRICS, *RIDER_PAIR_METRICS, *SERVICE_METRICS)
COVERED = tuple(f"covered_{who}_{metres}m" for who in ("residents", "jobs") for metres in (300, 500))
REACHED_BY_BUS = ("jobs_bus_30min", "jobs_bus_45min", "jobs_bus_60min", "schools_bus_30min", "hospitals_bus_45min")
BY_DISTRICT = ("covered_residents_500m", "jobs_bus_45min", "jobs_45min", "hospitals_bus_45min")
MOST_LINES = 24
MOST_STOPS = 20


def bus_tables(comparison: Comparison, language: Language) -> list[PlaceTable]:
    """All tables of buses for which there are data, in fixed order; none where the study has no lines."""
    if not len(comparison.lines):
        return []
    comparison = replace(comparison, rows=comparison.rows[comparison.rows["n"] > 0])  # what was measured
    tables = [
        _city(comparison, language),
        _reach(comparison, language),
        _districts(comparison, language),
        _lines(comparison, language),
        _stops(comparison, language),
    ]
    return [table for table in tables if table is not None and table.lines]


def stop_counts(comparison: Comparison, language: Language) -> str:
    """How many stops have no bus any more, fewer, more, or are new, and how many riders boarded at those lost."""
    stops = comparison.stops
    counts = stops["service"].value_counts()
    lost = stops[stops["service"] == "lost"]
    n = {word: int(counts.get(word, 0)) for word in ("lost", "less", "same", "more", "new")}
    riders = written(float(lost["before_boardings"].sum()), 0)
    return Words(
        f"站点(同一位置计一处)：{n['lost']} 处不再有车(原有 {riders} 人上车)，{n['less']} 处车次减少，"
        f"{n['more']} 处增加，{n['new']} 处新增，{n['same']} 处不变。",
        f"Stops (one position, one stop): {n['lost']} have no bus any more ({riders} riders boarded there), "
        f"{n['less']} have fewer, {n['more']} more, {n['new']} are new, {n['same']} unchanged.",
    ).in_(language)


def _city(comparison: Comparison, language: Language) -> PlaceTable | None:
    title = Words("乘客与线路服务(全市)", "Riders and service, city-wide")
    note = Words(
        "标“定值”的只取决于时刻表，每个种子相同，没有区间。成本单价与客流为假定。",
        "“No chance”: rests on the timetable alone, the same on every seed. Unit costs and riders are assumed.",
    )
    return rows_table(comparison, "city", CITY_METRICS, title, note, language)


def _reach(comparison: Comparison, language: Language) -> PlaceTable | None:
    title = Words("站点覆盖与公交可达(全市)", "Coverage and access by bus, city-wide")
    note = Words(
        "步行按直线×1.2；人在小区用地上均匀分布(假定)；可达按时刻表，含步行与候车，不计晚点与满载。",
        "Walks are straight lines × 1.2; people evenly over the ground of their zone (assumed); access by the "
        "timetable, walk and wait included, neither late nor full.",
    )
    return rows_table(comparison, "city", (*COVERED, *REACHED_BY_BUS), title, note, language)


def _districts(comparison: Comparison, language: Language) -> PlaceTable | None:
    title = Words("分区：站点覆盖与可达", "By district: coverage and access")
    note = Words(
        "按居住地所在区；小汽车可达按本次模拟的实际路段时间，有区间。",
        "By the district of the home; access by car on the times experienced, hence with an interval.",
    )
    return rows_table(comparison, "district", BY_DISTRICT, title, note, language)


def _lines(comparison: Comparison, language: Language) -> PlaceTable:
    """The lines that changed, most riders first."""
    head = Words(
        "线路|班次 现状→方案|配车|长度 公里|乘客|车速 公里/小时",
        "line|runs before → after|buses|km|riders|speed km/h",
    )
    found = [line for line in records(comparison.lines) if line["is_changed"]]
    found.sort(key=lambda line: (-(number_of(line["before_boardings"]) or 0.0), str(line["name"])))
    columns = (("runs", 0), ("buses", 0), ("km", 1), ("boardings", 0), ("speed_kmh", 1))
    lines = [(str(line["name"]), *(_both(line, name, digits) for name, digits in columns)) for line in found]
    title = Words("改动的线路", "Lines that changed")
    note = Words(
        f"统计时段，两个方向合计，至多 {MOST_LINES} 条；各种子平均，没有区间。",
        f"Measured window, both directions, at most {MOST_LINES} lines; mean over seeds, no interval.",
    )
    return PlaceTable(
        title.in_(language), tuple(head.in_(language).split("|")), tuple(lines[:MOST_LINES]), note.in_(language)
    )


def _stops(comparison: Comparison, language: Language) -> PlaceTable:
    """Stops that lose service, those that lose all of it first, then by riders touched."""
    head = Words(
        "站点|服务变化|每小时车次|线路 现状|线路 方案|上车人数 现状|最近有车站点 米",
        "stop|service|buses an hour|lines before|lines after|boarded before|nearest served stop, m",
    )
    order = {"lost": 0, "less": 1}
    found = [stop for stop in records(comparison.stops) if stop["service"] in order]
    found.sort(key=lambda stop: (order[str(stop["service"])], -_touched(stop)))
    lines = [
        (
            str(stop["name"]),
            phrases.SERVICE[str(stop["service"])].in_(language),
            _both(stop, "ph", 1),
            _short(str(stop["before_lines"])),
            _short(str(stop["after_lines"])),
            written(number_of(stop["before_boardings"]), 0),
            written(number_of(stop["next_stop_m"]), -1),
        )
        for stop in found[:MOST_STOPS]
    ]
    title = Words("服务减少的站点", "Stops that lose service")
    note = Words(
        f"至多 {MOST_STOPS} 处，先列不再有车的，再按上车人数×车次减少比例；距离为直线；车次为定值，人数没有区间。",
        f"At most {MOST_STOPS}: without any bus first, then by riders × share of buses lost; distances are straight "
        "lines; buses an hour hold no chance, riders no interval.",
    )
    return PlaceTable(title.in_(language), tuple(head.in_(language).split("|")), tuple(lines), note.in_(language))


def _touched(stop: Mapping[str, Any]) -> float:
    """Riders who board there, times the share of its buses that it loses."""
    before_ph = float(stop["before_ph"])
    return (number_of(stop["before_boardings"]) or 0.0) * (before_ph - float(stop["after_ph"])) / before_ph


def _both(row: Mapping[str, Any], name: str, digits: int) -> str:
    before, after = (written(number_of(row[f"{arm}_{name}"]), digits) for arm in ("before", "after"))
    return before if before == after else f"{before} → {after}"


def _short(lines: str, most: int = 4) -> str:
    """Some names of lines, and how many more.

    >>> _short("1路、2路、3路、4路、5路")
    '1路、2路、3路、4路 +1'
    """
    names = [name for name in lines.split("、") if name]
    more = f" +{len(names) - most}" if len(names) > most else ""
    return "、".join(names[:most]) + more if names else "—"
