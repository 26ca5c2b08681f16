"""The map of a comparison: before | after by swipe, the change of delay, and parking, on one offline kepler.gl page."""

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from twin.results.comparison import Comparison
from twin.wording import Language, Words
from viz import headline, phrases, styles
from viz.basemap import bounds_of, ground_style
from viz.bus_layers import FREQUENCY
from viz.bus_views import BUS_GRADES, bus_layers_of, bus_legend
from viz.kepler_page import LegendEntry, LegendPart, Page, TimeSlider, View, page_html
from viz.layers import (
    GRADE,
    SIZE,
    WIDTH,
    LayerTable,
    change_grades,
    line_of,
    measure_places,
    opened_and_closed,
    parking_sites,
    street_changes,
    street_speeds,
)
from viz.parking_layers import TIME, cruising_over_time, first_moment_ms, occupancy_over_time

FIRST_VIEW_SHARE = 0.96  # of street corners; stubs at the edge would make the city small
FRAME_HEIGHT_PX = 680

_VIEW_NAMES = {
    "speed": Words("前后对比", "Before | after"),
    "change": Words("延误变化", "Change"),
    "parking": Words("停车", "Parking"),
    "parking_time": Words("停车过程", "Parking, by time"),
    "bus": Words("公交站点", "Bus stops"),
    "bus_change": Words("公交变化", "Bus service"),
    "access": Words("公交可达", "Access by bus"),
}
_LAYER_NAMES = {
    "before": Words("现状：车速", "before: speed"),
    "after": Words("方案：车速", "after: speed"),
    "change": Words("延误变化", "change of delay"),
    "opened": Words("新开通与封闭", "opened and closed"),
    "parking_before": Words("现状：停车占用", "before: parking"),
    "parking_after": Words("方案：停车占用", "after: parking"),
    "occupancy_before": Words("现状：各时段占用", "before: spaces taken by time"),
    "occupancy_after": Words("方案：各时段占用", "after: spaces taken by time"),
    "cruising_before": Words("现状：寻位车流", "before: cruising"),
    "cruising_after": Words("方案：寻位车流", "after: cruising"),
    "stops_before": Words("现状：每小时车次", "before: buses an hour"),
    "stops_after": Words("方案：每小时车次", "after: buses an hour"),
    "stops_change": Words("站点服务变化", "change of service at stops"),
    "access_before": Words("现状：45分钟公交可达岗位", "before: jobs within 45 min by bus"),
    "access_after": Words("方案：45分钟公交可达岗位", "after: jobs within 45 min by bus"),
    "measures": Words("措施位置", "measures"),
}
_LINES = frozenset({"before", "after", "change", "opened", "cruising_before", "cruising_after"})
_TIMED = ("occupancy_before", "occupancy_after", "cruising_before", "cruising_after")
_SLIDER_MS = 14 * 60 * 1000  # one quarter hour, and not the start of the next


@dataclass(frozen=True, slots=True)
class TwinMap:
    """An offline map: shown in a notebook by itself, written to a file by `to_html`."""

    page: Page

    def to_html(self, path: str | Path) -> Path:
        """Write the page as one file that opens by double click; returns its path."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page_html(self.page), encoding="utf-8")
        return target

    def _repr_html_(self) -> str:
        # A frame of its own: the page's policy and styles stay inside, and it needs no file beside the notebook.
        document, title = html.escape(page_html(self.page)), html.escape(self.page.title)
        return (
            f'<iframe srcdoc="{document}" sandbox="allow-scripts allow-downloads" title="{title}" '
            f'style="width:100%;height:{FRAME_HEIGHT_PX}px;border:1px solid #d9dde1"></iframe>'
        )


def before_after_map(comparison: Comparison, *, language: Language = "zh") -> TwinMap:
    """The map of a comparison, with views of streets, change and parking, and of buses where service changes."""
    tables = _tables(comparison, language)
    names = tuple(tables)
    views = [
        _view("speed", ("before", "opened"), ("after", "opened"), names, language),
        View("change", _VIEW_NAMES["change"].in_(language), _present(("change", "opened", "measures"), names)),
        _view("parking", ("parking_before",), ("parking_after",), names, language),
        replace(
            _view(
                "parking_time",
                ("occupancy_before", "cruising_before"),
                ("occupancy_after", "cruising_after"),
                names,
                language,
            ),
            has_slider=True,
        ),
    ]
    if "stops_change" in names:
        views += [
            _view("bus", ("stops_before",), ("stops_after",), names, language),
            View("bus_change", _VIEW_NAMES["bus_change"].in_(language), _present(("stops_change", "opened"), names)),
            _view("access", ("access_before",), ("access_after",), names, language),
        ]
    lines = [line_of({"geometry": geometry}) for geometry in comparison.links["geometry"]]
    ground = ground_style(comparison.links)
    page = Page(
        title=headline.title(comparison, language),
        facts=headline.facts(comparison, language),
        verdict=comparison.verdict_line(language),
        warnings=comparison.warning_lines(language),
        sources=_sources(comparison, ground, language),
        datasets={name: table.features for name, table in tables.items()},
        layers=_layers(comparison, tables, language),
        tooltips={name: table.tooltip for name, table in tables.items()},
        ground=ground,
        bounds=bounds_of(lines, FIRST_VIEW_SHARE),
        views=tuple(view for view in views if view.left or view.right),
        legend=_legend(comparison, tables, language),
        language=language,
        slider=_slider(comparison, names, language),
    )
    return TwinMap(page)


def _slider(comparison: Comparison, names: Sequence[str], language: Language) -> TimeSlider | None:
    """The slider of the layers with times, at the first quarter hour of the measured window; None: there are none."""
    timed = _present(_TIMED, names)
    if not timed:
        return None
    first_ms = first_moment_ms(comparison)
    return TimeSlider(TIME.in_(language), timed, first_ms, first_ms + _SLIDER_MS)


def _sources(comparison: Comparison, ground: dict[str, Any], language: Language) -> str:
    coast = Words(" · 海岸线：Natural Earth 1:1000万(概略)", " · Coast: Natural Earth 1:10m (rough)").in_(language)
    return headline.sources(comparison, language) + (coast if "sea" in ground["sources"] else "")


def _tables(comparison: Comparison, language: Language) -> dict[str, LayerTable]:
    """Layers that hold anything, top first."""
    tables = {
        "measures": measure_places(comparison, language),
        "parking_before": parking_sites(comparison, "before", language),
        "parking_after": parking_sites(comparison, "after", language),
        "occupancy_before": occupancy_over_time(comparison, "before", language),
        "occupancy_after": occupancy_over_time(comparison, "after", language),
        "cruising_before": cruising_over_time(comparison, "before", language),
        "cruising_after": cruising_over_time(comparison, "after", language),
        **bus_layers_of(comparison, language),
        "before": street_speeds(comparison, "before", language),
        "after": street_speeds(comparison, "after", language),
        "change": street_changes(comparison, language),
        "opened": opened_and_closed(comparison, language),
    }
    return {name: table for name, table in tables.items() if not table.is_empty}


def _view(
    view_id: str, left: tuple[str, ...], right: tuple[str, ...], names: Sequence[str], language: Language
) -> View:
    return View(
        view_id,
        _VIEW_NAMES[view_id].in_(language),
        _present(left, names),
        _present(right, names),
        (phrases.BEFORE.in_(language), phrases.AFTER.in_(language)),
    )


def _present(wanted: tuple[str, ...], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in wanted if name in names)


def _layers(comparison: Comparison, tables: dict[str, LayerTable], language: Language) -> list[dict[str, Any]]:
    grades: dict[str, Sequence[styles.Grade]] = {
        "before": (*styles.SPEED_GRADES, styles.NO_VEHICLES),
        "after": (*styles.SPEED_GRADES, styles.NO_VEHICLES),
        "change": change_grades(comparison),
        "opened": (styles.OPENED_GRADE, styles.CLOSED_GRADE),
        "parking_before": (*styles.FULLNESS_GRADES, styles.NO_VEHICLES),
        "parking_after": (*styles.FULLNESS_GRADES, styles.NO_VEHICLES),
        "occupancy_before": (*styles.FULLNESS_GRADES, styles.NO_VEHICLES),
        "occupancy_after": (*styles.FULLNESS_GRADES, styles.NO_VEHICLES),
        "cruising_before": styles.CRUISING_GRADES,
        "cruising_after": styles.CRUISING_GRADES,
        **BUS_GRADES,
        "measures": (styles.MEASURE_GRADE,),
    }
    shown_first = {"before", "after", "opened"}
    layers = []
    for name in tables:
        is_line = name in _LINES
        make = _line_layer if is_line else _point_layer
        layers.append(make(name, grades[name], language, is_visible=name in shown_first))
    return layers


def _line_layer(name: str, grades: Sequence[styles.Grade], language: Language, *, is_visible: bool) -> dict[str, Any]:
    widths = [3.4, 4.6] if name == "opened" else [1.2, 3.2]
    look = {
        "opacity": 0.95,
        "strokeOpacity": 0.95,
        "thickness": 0.5,
        "strokeColor": None,
        "strokeColorRange": colour_range(grades, language),
        "sizeRange": widths,
        "stroked": True,
        "filled": False,
    }
    layer = kepler_layer(name, _LAYER_NAMES[name].in_(language), look, is_visible=is_visible)
    layer["visualChannels"] = {
        "strokeColorField": {"name": GRADE.in_(language), "type": "string"},
        "strokeColorScale": "customOrdinal",
        "sizeField": {"name": WIDTH.in_(language), "type": "integer"},
        "sizeScale": "linear",
    }
    return layer


def _point_layer(name: str, grades: Sequence[styles.Grade], language: Language, *, is_visible: bool) -> dict[str, Any]:
    look = {
        "opacity": 0.9,
        "filled": True,
        "stroked": True,
        "strokeColor": [255, 255, 255],
        "thickness": 0.8,
        "radius": 20,
        "radiusRange": [12, 44],
        "colorRange": colour_range(grades, language),
    }
    layer = kepler_layer(name, _LAYER_NAMES[name].in_(language), look, is_visible=is_visible)
    channels: dict[str, Any] = {
        "colorField": {"name": GRADE.in_(language), "type": "string"},
        "colorScale": "customOrdinal",
    }
    if name != "measures":
        size = FREQUENCY if name.startswith("stops_") else SIZE
        channels |= {"radiusField": {"name": size.in_(language), "type": "integer"}, "radiusScale": "sqrt"}
    layer["visualChannels"] = channels
    return layer


def kepler_layer(name: str, label: str, look: dict[str, Any], *, is_visible: bool) -> dict[str, Any]:
    """A layer of GeoJSON as kepler.gl configures it."""
    return {
        "id": name,
        "type": "geojson",
        "config": {
            "dataId": name,
            "columnMode": "geojson",
            "columns": {"geojson": "_geojson"},
            "label": label,
            "color": [120, 120, 120],
            "highlightColor": [252, 242, 26, 255],
            "isVisible": is_visible,
            "visConfig": look,
        },
    }


def colour_range(grades: Sequence[styles.Grade], language: Language) -> dict[str, Any]:
    """Colours by the words of grades, as kepler.gl takes them."""
    return {
        "name": "twin",
        "type": "customOrdinal",
        "category": "Custom",
        "colors": [grade.colour for grade in grades],
        "colorMap": [[grade.words.in_(language), grade.colour] for grade in grades],
    }


def _about_grey(comparison: Comparison) -> Words:
    if comparison.refusals:
        return Words("全部为灰：不判断优劣，原因见上。", "All grey: no winner is named, the reason stands above.")
    return Words(
        "灰色：在随机波动之内(所有路段一并检验，误报比例 ≤5%)。",
        "Grey: within the noise (all links tested together, false discoveries at 5 %).",
    )


def _legend(comparison: Comparison, tables: dict[str, LayerTable], language: Language) -> tuple[LegendPart, ...]:
    speeds = LegendPart(
        Words("车速 ÷ 自由流车速(GB/T 33171)", "speed over free speed (GB/T 33171)").in_(language),
        grade_entries((*styles.SPEED_GRADES, styles.NO_VEHICLES), language),
        ("speed",),
        note=Words(
            "左右拖动中线对比。双向并排；缩小时较慢的方向在上。",
            "Drag the middle line. The slower direction is on top.",
        ).in_(language),
    )
    changes = LegendPart(
        Words("延误变化(配对平均)", "change of delay (paired mean)").in_(language),
        grade_entries(change_grades(comparison), language),
        ("change",),
        note=_about_grey(comparison).in_(language),
    )
    parking = LegendPart(
        Words("泊位占用(圆越大泊位越多)", "spaces taken (larger: more spaces)").in_(language),
        grade_entries(styles.FULLNESS_GRADES, language),
        ("parking",),
        dots=True,
    )
    parts = [speeds, changes]
    if "parking_before" in tables or "parking_after" in tables:
        parts.append(parking)
    parts += _timed_parts(tables, language)
    parts += bus_legend(tables, language)
    grades = tuple(
        grade
        for grade, column in ((styles.OPENED_GRADE, "is_new"), (styles.CLOSED_GRADE, "is_closed"))
        if comparison.links[column].astype(bool).any()
    )
    if grades:
        title = Words("道路增减", "streets opened or closed").in_(language)
        parts.append(LegendPart(title, grade_entries(grades, language), ("speed", "change")))
    if "measures" in tables:
        parts.append(_measures_part(comparison, tables["measures"], language))
    return tuple(parts)


def _timed_parts(tables: dict[str, LayerTable], language: Language) -> list[LegendPart]:
    """Legends of the layers with times."""
    parts = []
    if "occupancy_before" in tables or "occupancy_after" in tables:
        note = Words(
            "下方时间条：拖动或播放，每次看一个15分钟。", "The bar below: drag it or play it, a quarter hour at a time."
        )
        title = Words("各时段泊位占用", "spaces taken, by time").in_(language)
        grades = grade_entries(styles.FULLNESS_GRADES, language)
        parts.append(LegendPart(title, grades, ("parking_time",), dots=True, note=note.in_(language)))
    if "cruising_before" in tables or "cruising_after" in tables:
        title = Words("寻位车流占路段车流", "cruising in the street's traffic").in_(language)
        parts.append(LegendPart(title, grade_entries(styles.CRUISING_GRADES, language), ("parking_time",)))
    return parts


def _measures_part(comparison: Comparison, places: LayerTable, language: Language) -> LegendPart:
    missing = len(comparison.measures) - len(places.features["features"])
    note = Words(f"另有 {missing} 项没有位置，见报告。", f"{missing} more have no place: see the memo.").in_(language)
    return LegendPart(
        Words("措施", "measures").in_(language),
        grade_entries((styles.MEASURE_GRADE,), language),
        ("change",),
        dots=True,
        note=note if missing else "",
    )


def grade_entries(grades: Sequence[styles.Grade], language: Language) -> tuple[LegendEntry, ...]:
    """Entries of a legend."""
    return tuple(LegendEntry(grade.colour, grade.words.in_(language)) for grade in grades)
