"""Zones as a layer: the share of the city's jobs that residents reach by bus in 45 minutes, in each arm."""

from twin.results.comparison import Comparison
from twin.results.numbers import written
from twin.wording import Language, Words
from viz import styles
from viz.layers import GRADE, SIZE, LayerTable, point_layer, records
from viz.numbers import number_of, share_written

PERSONS_PER_SIZE = 1000.0
"""Circles grow with residents, one step a thousand."""

_COLUMNS = {
    "zone": Words("小区", "zone"),
    "district": Words("区", "district"),
    "residents": Words("居民", "residents"),
    "before": Words("现状45分钟公交可达岗位", "jobs within 45 min by bus before"),
    "after": Words("方案45分钟公交可达岗位", "jobs within 45 min by bus after"),
    "car_before": Words("现状45分钟小汽车可达岗位", "jobs within 45 min by car before"),
    "car_after": Words("方案45分钟小汽车可达岗位", "jobs within 45 min by car after"),
    "covered_before": Words("现状500米覆盖", "within 500 m of a stop before"),
    "covered_after": Words("方案500米覆盖", "within 500 m of a stop after"),
}


def zone_access_layer(comparison: Comparison, arm: str, language: Language = "zh") -> LayerTable:
    """Zones with residents at their centres, graded; empty where access by bus is not known."""
    names = comparison.meta.get("zone_names", {})
    rows = [row for row in records(comparison.zones) if number_of(row[f"{arm}_jobs_bus_45min"]) is not None]
    all_jobs = sum(float(row["jobs"]) for row in rows)
    features = []
    for row in rows:
        if not float(row["residents"]) > 0.0 or not all_jobs > 0.0:
            continue
        share = float(row[f"{arm}_jobs_bus_45min"]) / all_jobs
        grade = styles.grade_of(share, styles.ACCESS_GRADES, otherwise=styles.NO_VEHICLES)
        texts = {
            "zone": str(names.get(str(row["zone_id"]), row["zone_id"])),
            "district": str(row["district"]),
            "residents": written(float(row["residents"]), -2),
            "before": written(number_of(row["before_jobs_bus_45min"]), -2),
            "after": written(number_of(row["after_jobs_bus_45min"]), -2),
            "car_before": written(number_of(row["before_jobs_45min"]), -2),
            "car_after": written(number_of(row["after_jobs_45min"]), -2),
            "covered_before": share_written(number_of(row["before_covered_500m"])),
            "covered_after": share_written(number_of(row["after_covered_500m"])),
        }
        shown = {_COLUMNS[key].in_(language): text for key, text in texts.items()}
        drawn = {
            GRADE.in_(language): grade.words.in_(language),
            SIZE.in_(language): max(1, round(float(row["residents"]) / PERSONS_PER_SIZE)),
        }
        features.append((float(row["lon"]), float(row["lat"]), shown | drawn))
    return point_layer(features, tuple(words.in_(language) for words in _COLUMNS.values()))
