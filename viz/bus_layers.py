"""Bus stops as layers: how many buses an hour halt there in each arm, and which stops lose or gain service."""

from twin.results.comparison import Comparison
from twin.results.numbers import written
from twin.wording import Language, Words
from viz import phrases, styles
from viz.layers import GRADE, LayerTable, point_layer, records
from viz.numbers import number_of

FREQUENCY = Words("每小时车次(整数)", "buses an hour, whole")

_COLUMNS = {
    "stop": Words("站点", "stop"),
    "service": Words("服务变化", "service"),
    "before": Words("现状每小时车次", "buses an hour before"),
    "after": Words("方案每小时车次", "buses an hour after"),
    "lines_before": Words("现状线路", "lines before"),
    "lines_after": Words("方案线路", "lines after"),
    "boardings_before": Words("现状上车人数", "boarded before"),
    "boardings_after": Words("方案上车人数", "boarded after"),
}


def stop_service(comparison: Comparison, arm: str, language: Language = "zh") -> LayerTable:
    """Stops of one arm with a bus in the measured window, graded by buses an hour."""
    rows = [row for row in records(comparison.stops) if (number_of(row[f"{arm}_ph"]) or 0.0) > 0.0]
    return point_layer(
        (
            (
                float(row["lon"]),
                float(row["lat"]),
                _texts(row, language)
                | {GRADE.in_(language): _frequency_grade(float(row[f"{arm}_ph"])).words.in_(language)}
                | {FREQUENCY.in_(language): max(1, round(float(row[f"{arm}_ph"])))},
            )
            for row in rows
        ),
        tuple(words.in_(language) for words in _COLUMNS.values()),
    )


def stop_changes(comparison: Comparison, language: Language = "zh") -> LayerTable:
    """Stops whose service changes, graded; those without any bus any more are drawn last, empty where none changes."""
    drawn_last = ("more", "new", "less", "lost")
    rows = [row for row in records(comparison.stops) if row["service"] in drawn_last]
    rows.sort(key=lambda row: drawn_last.index(str(row["service"])))
    return point_layer(
        (
            (
                float(row["lon"]),
                float(row["lat"]),
                _texts(row, language)
                | {GRADE.in_(language): styles.SERVICE_GRADES[str(row["service"])].words.in_(language)}
                | {FREQUENCY.in_(language): max(1, round(max(float(row["before_ph"]), float(row["after_ph"]))))},
            )
            for row in rows
        ),
        tuple(words.in_(language) for words in _COLUMNS.values()),
    )


def _frequency_grade(buses_ph: float) -> styles.Grade:
    return styles.grade_of(buses_ph, styles.FREQUENCY_GRADES, otherwise=styles.NO_VEHICLES)


def _texts(row: dict[str, object], language: Language) -> dict[str, object]:
    lines = {arm: str(row[f"{arm}_lines"]) or phrases.NONE.in_(language) for arm in ("before", "after")}
    texts = {
        "stop": str(row["name"]),
        "service": phrases.SERVICE[str(row["service"])].in_(language),
        "before": written(number_of(row["before_ph"]), 1),
        "after": written(number_of(row["after_ph"]), 1),
        "lines_before": lines["before"],
        "lines_after": lines["after"],
        "boardings_before": written(number_of(row["before_boardings"]), 0),
        "boardings_after": written(number_of(row["after_boardings"]), 0),
    }
    return {_COLUMNS[key].in_(language): text for key, text in texts.items()}
