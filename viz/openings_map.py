"""The map of an opening study: candidates at their places, and the streets that win and lose by the best set.

In a schematic network a candidate is a mark at the middle of its corridor, never a line: nothing is drawn through
blocks that are not mapped.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from twin.advice.opening_words import (
    DEMONSTRATION_MARK,
    SKETCH,
    STUBS,
    VERDICTS,
    notes_of,
    rows_of,
    streets_in_words,
    summary_lines,
)
from twin.results.numbers import written
from twin.wording import CHANCE_ONLY, Language, Words
from viz import phrases, styles
from viz.basemap import bounds_of, ground_style
from viz.kepler_map import FIRST_VIEW_SHARE, TwinMap, colour_range, grade_entries, kepler_layer
from viz.kepler_page import LegendPart, Page, View
from viz.layers import GRADE, GeoJson, LayerTable, direction_name, line_of, records
from viz.numbers import number_of

GRADES = {
    "chosen": styles.Grade(Words("入选", "in the best set"), "#7b3294", 0.0),
    "other": styles.Grade(Words("未入选", "looked at, not chosen"), "#8a8f94", 0.0),
    "flagged": styles.Grade(Words("穿越障碍", "across a barrier"), "#e08214", 0.0),
    "warned": styles.Grade(Words("打通后全网变差", "the total worsens"), "#a50026", 0.0),
}
_WON = styles.Grade(Words("时间减少", "less time spent"), styles.BETTER, 0.0)
_LOST = styles.Grade(Words("时间增加", "more time spent"), styles.WORSE, 0.0)

_VIEW = Words("候选", "Candidates")
_STREETS_VIEW = Words("得失路段", "Streets")
_COLUMNS = {
    "name": Words("候选", "candidate"),
    "mark": Words("性质", "nature"),
    "from": Words("从", "from"),
    "to": Words("到", "to"),
    "gap": Words("缺口", "gap"),
    "static": Words("静态节省", "saved, static"),
    "dynamic": Words("动态节省(复核，95%区间)", "saved, dynamic (verification, 95 %)"),
    "cost": Words("费用(假定)", "cost (assumed)"),
    "verdict": Words("判断", "verdict"),
    "gaining": Words("减时道路(静态)", "streets that gain (static)"),
    "losing": Words("增时道路(静态)", "streets that lose (static)"),
    "notes": Words("备注", "notes"),
}
_STREET_COLUMNS = {
    "street": Words("街道", "street"),
    "direction": Words("方向", "direction"),
    "change": Words("整组：时间变化(95%区间)", "the whole set: change of time spent (95 %)"),
}


def openings_map(tables: Mapping[str, pd.DataFrame], meta: Mapping[str, Any], *, language: Language = "zh") -> TwinMap:
    """The map of an opening study from its tables "openings", "streets" and "ground" and its facts."""
    is_sketch = meta["network_kind"] == "schematic"
    layers = {
        "candidates": candidates_layer(tables["openings"], language, is_sketch=is_sketch),
        "streets": streets_layer(tables["streets"], tables["ground"], language),
    }
    shown = {name: table for name, table in layers.items() if not table.is_empty}
    views = [View("candidates", _VIEW.in_(language), tuple(n for n in ("candidates",) if n in shown))]
    if "streets" in shown:
        views.append(
            View("streets", _STREETS_VIEW.in_(language), tuple(n for n in ("candidates", "streets") if n in shown))
        )
    lines = [line_of({"geometry": geometry}) for geometry in tables["ground"]["geometry"]]
    summary = summary_lines(dict(meta), language)
    page = Page(
        title=Words(f"断头路、丁字路：{meta['place_title']}", f"Openings: {meta['place_title']}").in_(language),
        facts=f"{meta['scenario']} · {meta['command']} · {CHANCE_ONLY.in_(language)}",
        verdict=summary[-1],
        warnings=(SKETCH.in_(language),) if is_sketch else (),
        sources=f"{meta['attribution']} · {meta['licence']}",
        datasets={name: table.features for name, table in shown.items()},
        layers=[_layer(name, language, is_line=name == "streets" or not is_sketch) for name in shown],
        tooltips={name: table.tooltip for name, table in shown.items()},
        ground=ground_style(tables["ground"]),
        bounds=bounds_of(lines, FIRST_VIEW_SHARE),
        views=tuple(view for view in views if view.left),
        legend=tuple(_legend(shown, language, is_sketch=is_sketch)),
        language=language,
    )
    return TwinMap(page)


def candidates_layer(openings: pd.DataFrame, language: Language = "zh", *, is_sketch: bool) -> LayerTable:
    """Candidates as lines; in a sketch as marks in the middle of their corridors. The chosen ones are drawn last."""
    names = {key: words.in_(language) for key, words in _COLUMNS.items()}
    features = []
    for row in sorted(rows_of(openings), key=lambda row: bool(row["is_chosen"])):
        ends = [[row["from_lon"], row["from_lat"]], [row["to_lon"], row["to_lat"]]]
        middle = [round((a + b) / 2.0, 6) for a, b in zip(*ends, strict=True)]
        geometry: GeoJson = (
            {"type": "Point", "coordinates": middle} if is_sketch else {"type": "LineString", "coordinates": ends}
        )
        texts = _texts(row, language, is_sketch=is_sketch)
        shown = {names[key]: text for key, text in texts.items()}
        drawn = {GRADE.in_(language): _grade(row).words.in_(language)}
        features.append({"type": "Feature", "geometry": geometry, "properties": shown | drawn})
    return LayerTable({"type": "FeatureCollection", "features": features}, tuple(names.values()))


def streets_layer(streets: pd.DataFrame, ground: pd.DataFrame, language: Language = "zh") -> LayerTable:
    """Streets on which the whole set changes the time spent, outside the noise; others are not drawn."""
    names = {key: words.in_(language) for key, words in _STREET_COLUMNS.items()}
    clear = streets[(streets["measure_id"] == "") & streets["is_clear"].astype(bool)]
    changes = {str(row["street"]): row for row in clear.to_dict("records")}
    features = []
    for link in records(ground):
        row = changes.get(str(link["name"] or ""))
        if row is None:
            continue
        line = line_of(link)
        grade = _WON if row["change_vehh"] < 0.0 else _LOST
        low, high = (written(row[name], 1, signed=True) for name in ("low_vehh", "high_vehh"))
        shown = {
            names["street"]: str(row["street"]),
            names["direction"]: direction_name(line, language),
            names["change"]: f"{written(row['change_vehh'], 1, signed=True)} ({low} ~ {high}) {_unit(language)}",
            GRADE.in_(language): grade.words.in_(language),
        }
        geometry = {"type": "LineString", "coordinates": [[round(x, 6), round(y, 6)] for x, y in line]}
        features.append({"type": "Feature", "geometry": geometry, "properties": shown})
    return LayerTable({"type": "FeatureCollection", "features": features}, tuple(names.values()))


def _texts(row: Mapping[str, Any], language: Language, *, is_sketch: bool) -> dict[str, str]:
    verified = written(row["verified_vehh"], 1, signed=True)
    if number_of(row["verified_low_vehh"]) is not None:
        low, high = (written(row[f"verified_{end}_vehh"], 1, signed=True) for end in ("low", "high"))
        verified = f"{verified} ({low} ~ {high})"
    million = row["cost_yuan"] / 1e6
    return {
        "name": str(row["name"]) or STUBS[str(row["stub"])].in_(language),
        "mark": DEMONSTRATION_MARK.in_(language) if is_sketch else phrases.ASSUMED.in_(language),
        "from": streets_in_words(row["from_street"], language),
        "to": streets_in_words(row["to_street"], language),
        "gap": Words(
            f"{row['length_m']:.0f} 米，绕行 {row['round_m']:,.0f} 米",
            f"{row['length_m']:.0f} m, way round {row['round_m']:,.0f} m",
        ).in_(language),
        "static": f"{written(row['static_vehh'], 1, signed=True)} {_unit(language)}",
        "dynamic": f"{verified} {_unit(language)}",
        "cost": Words(f"{100 * million:,.0f} 万元", f"{million:,.1f} million yuan").in_(language),
        "verdict": VERDICTS[str(row["verdict"])].in_(language),
        "gaining": streets_in_words(row["gaining_streets"], language) or phrases.NONE.in_(language),
        "losing": streets_in_words(row["losing_streets"], language) or phrases.NONE.in_(language),
        "notes": ("；" if language == "zh" else "; ").join(notes_of(dict(row), language)) or phrases.NONE.in_(language),
    }


def _unit(language: Language) -> str:
    return Words("车·小时", "veh·h").in_(language)


def _grade(row: Mapping[str, Any]) -> styles.Grade:
    if row["braess"]:
        return GRADES["warned"]
    if row["crosses"]:
        return GRADES["flagged"]
    return GRADES["chosen" if row["is_chosen"] else "other"]


def _layer(name: str, language: Language, *, is_line: bool) -> dict[str, Any]:
    grades = tuple(GRADES.values()) if name == "candidates" else (_WON, _LOST)
    colours = colour_range(grades, language)
    field = {"name": GRADE.in_(language), "type": "string"}
    if is_line:
        look: dict[str, Any] = {
            "opacity": 0.95,
            "strokeOpacity": 0.95,
            "thickness": 3.0 if name == "candidates" else 1.6,
            "strokeColor": None,
            "strokeColorRange": colours,
            "stroked": True,
            "filled": False,
        }
        channels = {"strokeColorField": field, "strokeColorScale": "customOrdinal"}
    else:
        look = {
            "opacity": 0.9,
            "filled": True,
            "stroked": True,
            "strokeColor": [255, 255, 255],
            "thickness": 0.8,
            "radius": 26,
            "colorRange": colours,
        }
        channels = {"colorField": field, "colorScale": "customOrdinal"}
    label = _VIEW if name == "candidates" else _STREETS_VIEW
    layer = kepler_layer(name, label.in_(language), look, is_visible=name == "candidates")
    layer["visualChannels"] = channels
    return layer


def _legend(shown: Mapping[str, LayerTable], language: Language, *, is_sketch: bool) -> list[LegendPart]:
    present = {
        feature["properties"][GRADE.in_(language)] for table in shown.values() for feature in table.features["features"]
    }
    parts = []
    for name, grades in (("candidates", tuple(GRADES.values())), ("streets", (_WON, _LOST))):
        there = tuple(grade for grade in grades if grade.words.in_(language) in present)
        if name in shown and there:
            is_mark = name == "candidates" and is_sketch
            note = DEMONSTRATION_MARK.in_(language) if is_mark else ""
            views = ("candidates", "streets") if name == "candidates" else ("streets",)
            title = (_VIEW if name == "candidates" else _STREETS_VIEW).in_(language)
            parts.append(LegendPart(title, grade_entries(there, language), views, dots=is_mark, note=note))
    return parts
