"""Results → GeoJSON for the map. Columns that a tooltip shows are named and written for readers; drawing leaves here.

Every collection is plain JSON: no NaN, longitude and latitude in degrees, lines only (a closed line stays a line).
What nobody observed is marked where it is shown. Streets within the noise are grey, whatever their mean says.
"""

import itertools
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from twin.results.comparison import Comparison
from twin.results.numbers import decimals_within, written
from twin.wording import ROAD_CLASS_WORDS, Language, Words
from viz import phrases, styles
from viz.numbers import number_of, share_written

Position = tuple[float, float]
GeoJson = dict[str, Any]

DIRECTION_SHIFT_M = 9.0  # to the right of travel, so that both directions of a street can be seen and pointed at
METRES_PER_DEGREE = 111_320.0
GRADE = Words("分级", "grade")
WIDTH = Words("线宽", "line width")
SIZE = Words("泊位数", "spaces")
_WIDTH_OF_CLASS = {"motorway": 4, "trunk": 4, "primary": 3, "secondary": 2}


@dataclass(frozen=True, slots=True)
class LayerTable:
    """One layer's features, and the columns its tooltip shows, in order."""

    features: GeoJson
    tooltip: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not self.features["features"]


_LINK_COLUMNS = {
    "street": Words("街道", "street"),
    "direction": Words("方向", "direction"),
    "road_class": Words("等级", "class"),
    "lanes": Words("车道数(单向)", "lanes (one way)"),
    "before_speed": Words("现状车速", "speed before"),
    "after_speed": Words("方案车速", "speed after"),
    "free_speed": Words("自由流车速", "free speed"),
    "before_flow": Words("现状流量", "flow before"),
    "after_flow": Words("方案流量", "flow after"),
    "difference": Words("延误变化(95%区间)", "change of delay (95 % interval)"),
    "assumed": Words("假定项", "assumed"),
}
_SITE_COLUMNS = {
    "site": Words("停车场", "car park"),
    "kind": Words("类型", "kind"),
    "before_spaces": Words("现状泊位", "spaces before"),
    "after_spaces": Words("方案泊位", "spaces after"),
    "before_full": Words("现状占用", "taken before"),
    "after_full": Words("方案占用", "taken after"),
    "before_away": Words("现状遇满", "found it full, before"),
    "after_away": Words("方案遇满", "found it full, after"),
    "assumed": Words("假定项", "assumed"),
}
_MEASURE_COLUMNS = {
    "measure": Words("措施", "measure"),
    "group": Words("类别", "group"),
    "id": Words("编号", "id"),
}


def street_speeds(comparison: Comparison, arm: str, language: Language = "zh") -> LayerTable:
    """Links of one arm ("before" or "after"), graded by speed over free speed; the slower direction is drawn last."""
    absent = "is_new" if arm == "before" else "is_closed"
    rows = [row for row in records(comparison.links) if not bool(row[absent])]
    rows.sort(key=lambda row: -_ratio(row[f"{arm}_ratio"]))
    return _street_layer(
        rows,
        lambda row: styles.grade_of(number_of(row[f"{arm}_ratio"]), styles.SPEED_GRADES, otherwise=styles.NO_VEHICLES),
        language,
        two_way=_two_way_ends(comparison.links),
    )


def street_changes(comparison: Comparison, language: Language = "zh") -> LayerTable:
    """Links of both arms, graded by the change of delay where it is outside the noise, else grey.

    All are grey where no winner is named.
    """
    rows = [row for row in records(comparison.links) if not (bool(row["is_new"]) or bool(row["is_closed"]))]
    rows.sort(key=lambda row: (bool(row["is_clear"]), abs(number_of(row["difference_delay_vehh"]) or 0.0)))
    return _street_layer(rows, change_grader(comparison), language, two_way=_two_way_ends(comparison.links))


def change_grader(comparison: Comparison) -> Callable[[Mapping[str, Any]], styles.Grade]:
    """How links are graded by their change: "not judged" for all where no winner is named."""
    return (lambda link: styles.NOT_JUDGED) if comparison.refusals else change_grade


def change_grades(comparison: Comparison) -> tuple[styles.Grade, ...]:
    """The grades that `change_grader` may give, in the order of the legend."""
    return (styles.NOT_JUDGED,) if comparison.refusals else (*styles.CHANGE_GRADES, styles.UNCERTAIN)


def change_grade(link: Mapping[str, Any]) -> styles.Grade:
    """The class of a link's change of delay; uncertain unless it is outside the noise."""
    change = number_of(link["difference_delay_vehh"])
    if not bool(link["is_clear"]) or change == 0.0:
        return styles.UNCERTAIN
    return styles.grade_of(change, styles.CHANGE_GRADES, otherwise=styles.UNCERTAIN)


def opened_and_closed(comparison: Comparison, language: Language = "zh") -> LayerTable:
    """Links that only one arm has."""
    rows = [row for row in records(comparison.links) if bool(row["is_new"]) or bool(row["is_closed"])]
    return _street_layer(
        rows,
        lambda row: styles.OPENED_GRADE if bool(row["is_new"]) else styles.CLOSED_GRADE,
        language,
        two_way=_two_way_ends(comparison.links),
    )


def parking_sites(comparison: Comparison, arm: str, language: Language = "zh") -> LayerTable:
    """Car parks of one arm that have spaces there, graded by the share of spaces taken."""
    names = {key: words.in_(language) for key, words in _SITE_COLUMNS.items()}
    features = []
    for row in records(comparison.sites):
        spaces = number_of(row[f"spaces_{arm}"])
        if not spaces:
            continue
        share = number_of(row[f"{arm}_occupied_share"])
        grade = styles.grade_of(share, styles.FULLNESS_GRADES, otherwise=styles.NO_VEHICLES)
        shown = {
            names["site"]: str(row["name"] or "") or phrases.UNNAMED_SITE.in_(language),
            names["kind"]: _word(phrases.SITE_KINDS, str(row["kind"]), language),
            names["before_spaces"]: written(number_of(row["spaces_before"]), 0),
            names["after_spaces"]: written(number_of(row["spaces_after"]), 0),
            names["before_full"]: share_written(number_of(row["before_occupied_share"])),
            names["after_full"]: share_written(number_of(row["after_occupied_share"])),
            names["before_away"]: _with_unit(row["before_turned_away"], 1, Words("辆次", "cars"), language),
            names["after_away"]: _with_unit(row["after_turned_away"], 1, Words("辆次", "cars"), language),
            names["assumed"]: assumed_fields(str(row["assumed"] or ""), language),
        }
        drawn = {GRADE.in_(language): grade.words.in_(language), SIZE.in_(language): int(spaces)}
        position = [round(float(row["lon"]), 6), round(float(row["lat"]), 6)]
        features.append(_feature({"type": "Point", "coordinates": position}, shown | drawn))
    return LayerTable(_collection(features), tuple(names.values()))


def measure_places(comparison: Comparison, language: Language = "zh") -> LayerTable:
    """Measures that have a place; those without one (bus lines, city-wide rules) are in the memo only."""
    names = {key: words.in_(language) for key, words in _MEASURE_COLUMNS.items()}
    features = []
    for row in records(comparison.measures):
        lon, lat = number_of(row["lon"]), number_of(row["lat"])
        if lon is None or lat is None:
            continue
        shown = {
            names["measure"]: str(row[f"text_{language}"]),
            names["group"]: group_name(str(row["group"]), language),
            names["id"]: str(row["id"]),
        }
        drawn = {GRADE.in_(language): styles.MEASURE_GRADE.words.in_(language)}
        features.append(_feature({"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]}, shown | drawn))
    return LayerTable(_collection(features), tuple(names.values()))


def point_layer(rows: Iterable[tuple[float, float, Mapping[str, Any]]], tooltip: tuple[str, ...]) -> LayerTable:
    """Points at (lon, lat) with what is said of each."""
    features = [
        _feature({"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]}, texts) for lon, lat, texts in rows
    ]
    return LayerTable(_collection(features), tooltip)


def street_name(link: Mapping[str, Any], language: Language = "zh") -> str:
    """The street's name as it is in the data; without one, "unnamed" and its class."""
    name = str(link["name"] or "").strip()
    if name:
        return name
    road_class = _word(ROAD_CLASS_WORDS, str(link["road_class"]), language)
    return Words(f"{phrases.UNNAMED.zh}({road_class})", f"{phrases.UNNAMED.en} ({road_class})").in_(language)


def direction_name(geometry: Sequence[Position], language: Language = "zh") -> str:
    """Where a line leads, to the nearest of eight points of the compass.

    >>> direction_name([(121.0, 37.0), (121.1, 37.0)], "en")
    'eastbound'
    """
    (lon_0, lat_0), (lon_1, lat_1) = geometry[0], geometry[-1]
    east = (lon_1 - lon_0) * math.cos(math.radians((lat_0 + lat_1) / 2.0))
    eighth = round(math.degrees(math.atan2(east, lat_1 - lat_0)) / 45.0) % 8
    return phrases.COMPASS[eighth].in_(language)


def group_name(group: str, language: Language = "zh") -> str:
    """A group of measures in words; a group without words keeps its own name."""
    return _word(phrases.GROUPS, group, language)


def assumed_fields(assumed: str, language: Language = "zh") -> str:
    """The fields nobody observed, in words, from their names separated by commas."""
    fields = [field.strip() for field in assumed.split(",") if field.strip()]
    separator = "、" if language == "zh" else ", "
    words = dict.fromkeys(_word(phrases.FIELDS, field, language) for field in fields)
    return separator.join(words) or phrases.NONE.in_(language)


def line_of(link: Mapping[str, Any]) -> list[Position]:
    """A link's line from its GeoJSON coordinates, longitude before latitude."""
    return [(float(lon), float(lat)) for lon, lat in json.loads(link["geometry"])]


def shifted_right(line: Sequence[Position], distance_m: float) -> list[Position]:
    """The line moved to the right of its direction, corner by corner along the mean of the two normals.

    Corners given twice in a row count once; a line of one place stays where it is.
    """
    corners = [corner for corner, _ in itertools.groupby(line)]
    if len(corners) < 2:
        return list(line)
    metres_per_lon = METRES_PER_DEGREE * math.cos(math.radians(corners[0][1]))
    normals = []
    for (lon_0, lat_0), (lon_1, lat_1) in itertools.pairwise(corners):
        east, north = (lon_1 - lon_0) * metres_per_lon, (lat_1 - lat_0) * METRES_PER_DEGREE
        length = math.hypot(east, north)
        normals.append((north / length, -east / length))
    moved = []
    for i, (lon, lat) in enumerate(corners):
        before, after = normals[max(i - 1, 0)], normals[min(i, len(normals) - 1)]
        east, north = before[0] + after[0], before[1] + after[1]
        length = math.hypot(east, north)
        scale = distance_m / length if length > 0.0 else 0.0  # 0: the line turns right back
        moved.append((lon + east * scale / metres_per_lon, lat + north * scale / METRES_PER_DEGREE))
    return moved


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table's rows as dictionaries, with None where a cell is null."""
    return [
        {str(column): None if pd.isna(value) else value for column, value in row.items()}
        for row in table.to_dict("records")
    ]


def _street_layer(
    rows: Iterable[Mapping[str, Any]],
    grade_of_row: Callable[[Mapping[str, Any]], styles.Grade],
    language: Language,
    *,
    two_way: set[tuple[Position, Position]],
) -> LayerTable:
    features = []
    for row in rows:
        line = line_of(row)
        drawn_line = shifted_right(line, DIRECTION_SHIFT_M) if (line[-1], line[0]) in two_way else line
        drawn = {
            GRADE.in_(language): grade_of_row(row).words.in_(language),
            WIDTH.in_(language): _WIDTH_OF_CLASS.get(str(row["road_class"]), 1),
        }
        coordinates = [[round(lon, 6), round(lat, 6)] for lon, lat in drawn_line]
        geometry = {"type": "LineString", "coordinates": coordinates}
        features.append(_feature(geometry, _link_texts(row, line, language) | drawn))
    return LayerTable(_collection(features), tuple(words.in_(language) for words in _LINK_COLUMNS.values()))


def _link_texts(row: Mapping[str, Any], line: Sequence[Position], language: Language) -> dict[str, str]:
    kmh, vph = Words("公里/小时", "km/h"), Words("辆/小时", "veh/h")
    assumed = {field.strip() for field in str(row["assumed"] or "").split(",")}
    count = number_of(row["lanes"])
    lanes = written(count, 0 if count is None or count == round(count) else 1)
    texts = {
        "street": street_name(row, language),
        "direction": direction_name(line, language),
        "road_class": _word(ROAD_CLASS_WORDS, str(row["road_class"]), language),
        "lanes": _marked(lanes, "lanes" in assumed, language),
        "before_speed": _with_unit(row["before_speed_kmh"], 0, kmh, language),
        "after_speed": _with_unit(row["after_speed_kmh"], 0, kmh, language),
        "free_speed": _marked(
            _with_unit(row["free_speed_kmh"], 0, kmh, language),
            not assumed.isdisjoint({"free_speed_mps", "free_speed_kmh"}),
            language,
        ),
        "before_flow": _with_unit(row["before_flow_vph"], -1, vph, language),
        "after_flow": _with_unit(row["after_flow_vph"], -1, vph, language),
        "difference": change_written(row, language),
        "assumed": assumed_fields(str(row["assumed"] or ""), language),
    }
    return {_LINK_COLUMNS[key].in_(language): text for key, text in texts.items()}


def change_written(link: Mapping[str, Any], language: Language = "zh") -> str:
    """Change of delay on a link with its interval (vehicle-hours in the window), or a dash where one arm lacks it."""
    change, low, high = (number_of(link[column]) for column in ("difference_delay_vehh", "ci_low", "ci_high"))
    if change is None:
        return written(None, 0)
    unit = Words("车·小时", "veh·h").in_(language)
    if low is None or high is None:
        return f"{written(change, 1, signed=True)} {unit}"
    decimals = decimals_within((high - low) / 2.0, 1)
    low_text, high_text = written(low, decimals, signed=True), written(high, decimals, signed=True)
    interval = f"({low_text} ~ {high_text})" if language == "zh" else f"({low_text} to {high_text})"
    return f"{written(change, decimals, signed=True)} {interval} {unit}"


def _marked(text: str, is_assumed: bool, language: Language) -> str:
    return f"{text} ({phrases.ASSUMED.in_(language)})" if is_assumed else text


def _with_unit(value: Any, decimals: int, unit: Words, language: Language) -> str:
    number = number_of(value)
    return written(None, 0) if number is None else f"{written(number, decimals)} {unit.in_(language)}"


def _word(table: Mapping[str, Words], key: str, language: Language) -> str:
    return table[key].in_(language) if key in table else key


def _ratio(value: Any) -> float:
    """Speed over free speed; infinite where nobody drove, so that it is drawn under all others."""
    ratio = number_of(value)
    return math.inf if ratio is None else ratio


def _two_way_ends(links: pd.DataFrame) -> set[tuple[Position, Position]]:
    lines = [line_of({"geometry": geometry}) for geometry in links["geometry"]]
    return {(line[0], line[-1]) for line in lines}


def _feature(geometry: GeoJson, properties: Mapping[str, Any]) -> GeoJson:
    return {"type": "Feature", "geometry": geometry, "properties": dict(properties)}


def _collection(features: list[GeoJson]) -> GeoJson:
    return {"type": "FeatureCollection", "features": features}
