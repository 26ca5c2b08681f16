"""What the map shows of buses where service changes: layers of stops and of access by bus, colours and legends."""

from collections.abc import Mapping, Sequence

from twin.results.comparison import Comparison
from twin.wording import Language, Words
from viz import styles
from viz.access_layers import zone_access_layer
from viz.bus_layers import stop_changes, stop_service
from viz.kepler_page import LegendEntry, LegendPart
from viz.layers import LayerTable

BUS_GRADES: dict[str, Sequence[styles.Grade]] = {
    "stops_before": styles.FREQUENCY_GRADES,
    "stops_after": styles.FREQUENCY_GRADES,
    "stops_change": tuple(styles.SERVICE_GRADES.values()),
    "access_before": styles.ACCESS_GRADES,
    "access_after": styles.ACCESS_GRADES,
}
"""Colours of each layer."""

_LEGENDS = (
    (
        "bus",
        "stops_after",
        Words("每小时车次", "buses an hour"),
        Words("按时刻表，没有区间。圆越大车次越多。", "By the timetable, no interval. Larger: more buses."),
    ),
    (
        "bus_change",
        "stops_change",
        Words("站点服务变化", "service at stops"),
        Words("按时刻表，没有区间；不变的站点不画。", "By the timetable, no interval; unchanged stops are not drawn."),
    ),
    (
        "access",
        "access_after",
        Words("45分钟公交可达全市岗位", "of the city's jobs within 45 min by bus"),
        Words(
            "按时刻表，没有区间；岗位为假定。圆越大居民越多。",
            "By the timetable; jobs are assumed. Larger: more residents.",
        ),
    ),
)
"""View, layer, title and note."""


def bus_layers_of(comparison: Comparison, language: Language) -> dict[str, LayerTable]:
    """Layers of bus stops and of access by bus, only where service changes: else they say nothing and weigh as much."""
    changes = stop_changes(comparison, language)
    if changes.is_empty:
        return {}
    tables = {"stops_change": changes}
    for arm in ("before", "after"):
        tables[f"stops_{arm}"] = stop_service(comparison, arm, language)
        tables[f"access_{arm}"] = zone_access_layer(comparison, arm, language)
    return tables


def bus_legend(tables: Mapping[str, LayerTable], language: Language) -> list[LegendPart]:
    """Legends of those layers that are there."""
    return [
        LegendPart(
            title.in_(language),
            tuple(LegendEntry(grade.colour, grade.words.in_(language)) for grade in BUS_GRADES[layer]),
            (view,),
            dots=True,
            note=note.in_(language),
        )
        for view, layer, title, note in _LEGENDS
        if layer in tables
    ]
