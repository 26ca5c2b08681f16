"""The map of a checked network: every finding at its place, over the streets, on one offline kepler.gl page."""

from typing import Any

from twin.files.network_check import WEIGHTS, NetworkCheck
from twin.wording import Language, Words
from viz import styles
from viz.basemap import bounds_of, ground_style
from viz.kepler_map import FIRST_VIEW_SHARE, TwinMap, colour_range, grade_entries, kepler_layer
from viz.kepler_page import LegendPart, Page, View
from viz.layers import GRADE, LayerTable, line_of, point_layer, records

GRADES = {
    "error": styles.Grade(WEIGHTS["error"], "#a50026", 0.0),
    "look": styles.Grade(WEIGHTS["look"], "#fdae61", 0.0),
    "repair": styles.Grade(WEIGHTS["repair"], "#3a76b5", 0.0),
    "fact": styles.Grade(WEIGHTS["fact"], "#8a8f94", 0.0),
}
"""Red: trips fail there; orange: probably drawn wrong; blue: repaired while reading; grey: how the network is."""

_VIEW_NAMES = {
    "check": Words("待处理", "To look at"),
    "repair": Words("读入时处理", "While reading"),
    "fact": Words("路网情况", "Facts"),
}
_LAYERS_OF_VIEW = {"check": ("error", "look"), "repair": ("repair",), "fact": ("fact",)}
_COLUMNS = {
    "what": Words("发现", "finding"),
    "street": Words("道路", "street"),
    "about": Words("编号", "id"),
}


def findings_map(check: NetworkCheck, *, language: Language = "zh") -> TwinMap:
    """The map of a check, with a view for what to look at, what was repaired, and how the network is."""
    tables = {weight: _layer_of(check, weight, language) for weight in GRADES}
    shown = {name: table for name, table in tables.items() if not table.is_empty}
    views = [
        View(view, _VIEW_NAMES[view].in_(language), tuple(name for name in names if name in shown))
        for view, names in _LAYERS_OF_VIEW.items()
        if any(name in shown for name in names)
    ]
    page = Page(
        title=Words(f"路网检查：{check.title}", f"Check of streets: {check.title}").in_(language),
        facts=_counts(check, language),
        verdict="",
        warnings=(),
        sources=check.source,
        datasets={name: table.features for name, table in shown.items()},
        layers=[_layer(name, language, is_visible=name in views[0].left) for name in shown],
        tooltips={name: table.tooltip for name, table in shown.items()},
        ground=ground_style(check.links),
        bounds=bounds_of([line_of({"geometry": line}) for line in check.links["geometry"]], FIRST_VIEW_SHARE),
        views=tuple(views),
        legend=tuple(_legend(check, view, language) for view in views),
        language=language,
    )
    return TwinMap(page)


def _layer_of(check: NetworkCheck, weight: str, language: Language) -> LayerTable:
    names = {key: words.in_(language) for key, words in _COLUMNS.items()}
    rows = []
    for row in records(check.findings[check.findings["weight"] == weight]):
        texts = {
            names["what"]: str(row[language]),
            names["street"]: str(row["street"] or ""),
            names["about"]: row["about"],
        }
        rows.append(
            (float(row["lon"]), float(row["lat"]), texts | {GRADE.in_(language): WEIGHTS[weight].in_(language)})
        )
    return point_layer(rows, tuple(names.values()))


def _counts(check: NetworkCheck, language: Language) -> str:
    counts = check.findings["weight"].value_counts()
    return " · ".join(
        f"{WEIGHTS[weight].in_(language)} {int(counts.get(weight, 0)):,}" for weight in GRADES if counts.get(weight, 0)
    )


def _layer(name: str, language: Language, *, is_visible: bool) -> dict[str, Any]:
    look = {
        "opacity": 0.85,
        "filled": True,
        "stroked": True,
        "strokeColor": [255, 255, 255],
        "thickness": 0.8,
        "radius": 14,
        "colorRange": colour_range((GRADES[name],), language),
    }
    layer = kepler_layer(name, WEIGHTS[name].in_(language), look, is_visible=is_visible)
    layer["visualChannels"] = {
        "colorField": {"name": GRADE.in_(language), "type": "string"},
        "colorScale": "customOrdinal",
    }
    return layer


def _legend(check: NetworkCheck, view: View, language: Language) -> LegendPart:
    """The grades of a view, and how often each kind was found."""
    grades = tuple(GRADES[name] for name in view.left)
    found = check.findings[check.findings["weight"].isin(view.left)]
    kinds = found.groupby(language, sort=False).size().sort_values(ascending=False, kind="stable")
    said = "; ".join(f"{what}: {count:,}" for what, count in kinds.items())
    return LegendPart(view.name, grade_entries(grades, language), (view.id,), dots=True, note=said)
