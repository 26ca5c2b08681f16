"""Parking over time as layers: how full each site is, and where cars cruise, by quarter hours.

Times are wall-clock times of the comparison's date, as kepler.gl shows them; a filter on the time column is the slider.
"""

import datetime
from collections.abc import Mapping
from typing import Any

import pandas as pd

from twin.clock import seconds_of, text_of
from twin.records import INTERVAL_S
from twin.results.comparison import Comparison
from twin.results.numbers import written
from twin.wording import Language, Words
from viz import phrases, styles
from viz.layers import (
    DIRECTION_SHIFT_M,
    GRADE,
    SIZE,
    WIDTH,
    GeoJson,
    LayerTable,
    direction_name,
    line_of,
    records,
    shifted_right,
    street_name,
)
from viz.numbers import number_of, share_written

TIME = Words("时刻", "time")
BEFORE_S = 1800.0  # shown before the measured window: the warm-up
LEAST_SEARCHING = 0.5  # passages in search a quarter hour, mean over seeds, below which a link is left out

_SITE_COLUMNS = {
    "site": Words("停车场", "car park"),
    "clock": Words("时段", "quarter of an hour"),
    "taken": Words("已停", "taken"),
    "spaces": Words("泊位", "spaces"),
    "share": Words("占用", "share taken"),
}
_STREET_COLUMNS = {
    "street": Words("街道", "street"),
    "direction": Words("方向", "direction"),
    "clock": Words("时段", "quarter of an hour"),
    "share": Words("寻位车流占比", "share of cruising"),
    "searching": Words("寻找车位的车辆", "cars in search"),
}


def occupancy_over_time(comparison: Comparison, arm: str, language: Language = "zh") -> LayerTable:
    """Sites of one arm at the end of each quarter hour, graded by the share of spaces taken."""
    names = {key: words.in_(language) for key, words in _SITE_COLUMNS.items()}
    sites = {str(site["site_id"]): site for site in records(comparison.sites)}
    features = []
    for row in records(_in_window(comparison, comparison.site_times)):
        site = sites.get(str(row["site_id"]))
        taken = number_of(row[f"{arm}_occupied"])
        spaces = number_of(site[f"spaces_{arm}"]) if site is not None else None
        if site is None or not spaces or taken is None:
            continue
        grade = styles.grade_of(taken / spaces, styles.FULLNESS_GRADES, otherwise=styles.NO_VEHICLES)
        shown = {
            names["site"]: str(site["name"] or "") or phrases.UNNAMED_SITE.in_(language),
            names["clock"]: _quarter(float(row["interval_start_s"])),
            names["taken"]: written(taken, 0),
            names["spaces"]: written(spaces, 0),
            names["share"]: share_written(taken / spaces),
        }
        drawn = {SIZE.in_(language): int(spaces)} | _drawn(comparison, row, grade, language)
        place = {"type": "Point", "coordinates": [round(float(site["lon"]), 6), round(float(site["lat"]), 6)]}
        features.append(_feature(place, shown | drawn))
    return LayerTable({"type": "FeatureCollection", "features": features}, tuple(names.values()))


def cruising_over_time(comparison: Comparison, arm: str, language: Language = "zh") -> LayerTable:
    """Streets of one arm by quarter hour where cars in search drive, graded by their share of the traffic."""
    names = {key: words.in_(language) for key, words in _STREET_COLUMNS.items()}
    links = {str(link["link_id"]): link for link in records(comparison.links)}
    features = []
    for row in records(comparison.cruising):
        share, searching = number_of(row[f"{arm}_share"]), number_of(row[f"{arm}_searching"])
        link = links.get(str(row["link_id"]))
        if link is None or share is None or searching is None or searching < LEAST_SEARCHING:
            continue
        line = line_of(link)
        shown = {
            names["street"]: street_name(link, language),
            names["direction"]: direction_name(line, language),
            names["clock"]: _quarter(float(row["interval_start_s"])),
            names["share"]: share_written(share),
            names["searching"]: written(searching, 1),
        }
        grade = styles.grade_of(share, styles.CRUISING_GRADES, otherwise=styles.NO_VEHICLES)
        drawn = {WIDTH.in_(language): 2} | _drawn(comparison, row, grade, language)
        corners = [[round(lon, 6), round(lat, 6)] for lon, lat in shifted_right(line, DIRECTION_SHIFT_M)]
        features.append(_feature({"type": "LineString", "coordinates": corners}, shown | drawn))
    return LayerTable({"type": "FeatureCollection", "features": features}, tuple(names.values()))


def first_moment_ms(comparison: Comparison) -> int:
    """Start of the measured window, as the time column counts it (ms)."""
    return _moment_ms(comparison, seconds_of(str(comparison.meta["measured"][0])))


def _in_window(comparison: Comparison, table: pd.DataFrame) -> pd.DataFrame:
    """From the warm-up to the end of the measured window."""
    start_s, end_s = (seconds_of(str(clock)) for clock in comparison.meta["measured"])
    times = table["interval_start_s"]
    return table[(times >= start_s - BEFORE_S) & (times < end_s)]


def _drawn(
    comparison: Comparison, row: Mapping[str, Any], grade: styles.Grade, language: Language
) -> dict[str, str | int]:
    moment = _moment(comparison, float(row["interval_start_s"]))
    return {GRADE.in_(language): grade.words.in_(language), TIME.in_(language): moment.strftime("%Y-%m-%d %H:%M:%S")}


def _moment(comparison: Comparison, time_s: float) -> datetime.datetime:
    day = datetime.datetime.fromisoformat(str(comparison.meta["date_before"]))
    return day + datetime.timedelta(seconds=time_s)


def _moment_ms(comparison: Comparison, time_s: float) -> int:
    return round(_moment(comparison, time_s).replace(tzinfo=datetime.UTC).timestamp() * 1000)


def _quarter(start_s: float) -> str:
    return f"{text_of(start_s)}–{text_of(start_s + INTERVAL_S)}"


def _feature(geometry: GeoJson, properties: Mapping[str, Any]) -> GeoJson:
    return {"type": "Feature", "geometry": geometry, "properties": dict(properties)}
