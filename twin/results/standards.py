"""Grades and indices of Chinese standards: GB/T 33171-2016, CJJ 37, and the absolute speeds cities publish.

The tables were taken from secondary copies of the standards; each says where. Leaves out Annexes A and B of
GB/T 33171, which give other values for the same hour: always name the annex with the index.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.wording import Words

GRADES = (
    Words("畅通", "free"),
    Words("基本畅通", "mostly free"),
    Words("轻度拥堵", "lightly congested"),
    Words("中度拥堵", "congested"),
    Words("严重拥堵", "severely congested"),
)
"""Grades 0 to 4 of GB/T 33171-2016, 8.1."""

JUNCTION_LEVELS = (
    Words("一级", "level 1"),
    Words("二级", "level 2"),
    Words("三级", "level 3"),
    Words("四级", "level 4"),
)
"""Levels of service 0 to 3 of a signalised junction, CJJ 37-2012 (2016)."""

# GB/T 33171-2016 Annex C: delay-time ratio at the bounds of the index's bands 0, 2, 4, 6, 8, 10.
_ANNEX_C_DTP = (0.0, 0.3, 0.5, 0.6, 0.7, 1.0)
_ANNEX_C_TPI = (0.0, 2.0, 4.0, 6.0, 8.0, 10.0)

# GB/T 33171-2016, 8.1: a link is of the grade while its speed over free speed is above the bound.
_RATIO_BOUNDS = (0.70, 0.50, 0.40, 0.30)

# CJJ 37-2012 (2016): mean control delay in s up to which a junction has the level.
_JUNCTION_DELAY_S = (30.0, 50.0, 60.0)

# HCM 6 (2016), urban streets: a level holds while speed over base free-flow speed is above the bound (v/c below 1).
_STREET_LOS_BOUNDS = (0.80, 0.67, 0.50, 0.40, 0.30)
_STREET_LOS = np.array(["A", "B", "C", "D", "E", "F"])

# Speeds in km/h above which a street has the grade, as several Chinese cities publish them: expressways, arterials
# (主干路), and others (次干路, 支路). Which cities: see the list of sources of the place's documents.
_ABSOLUTE_KMH = {
    "motorway": (65.0, 50.0, 35.0, 20.0),
    "trunk": (65.0, 50.0, 35.0, 20.0),
    "primary": (40.0, 30.0, 20.0, 15.0),
}
_ABSOLUTE_OTHERS_KMH = (35.0, 25.0, 15.0, 10.0)


def tpi_by_annex_c(delay_time_ratio: float) -> float:
    """Traffic performance index, 0–10, of a delay-time ratio (share of travel time that is delay, 0–1).

    Linear within each band; NaN stays NaN. Source: GB/T 33171-2016 Annex C.

    >>> tpi_by_annex_c(0.3), tpi_by_annex_c(0.4), tpi_by_annex_c(1.0)
    (2.0, 3.0, 10.0)
    """
    # Rounded at the 12th digit so that a bound such as 0.3 gives its band's bound and not the float before it.
    return round(float(np.interp(delay_time_ratio, _ANNEX_C_DTP, _ANNEX_C_TPI)), 12)


def link_grades(speed_ratios: ArrayLike) -> NDArray[np.int64]:
    """Grade 0 (畅通) to 4 (严重拥堵) of each speed over free speed (0–1); −1 where it is NaN. GB/T 33171-2016, 8.1.

    >>> link_grades([0.71, 0.70, 0.41, 0.40, 0.30]).tolist()
    [0, 1, 2, 3, 4]
    """
    ratios = np.asarray(speed_ratios, dtype=np.float64)
    return _grades(ratios, np.asarray(_RATIO_BOUNDS))


def speed_grades(speeds_kmh: ArrayLike, road_class: str) -> NDArray[np.int64]:
    """Grade 0 (畅通) to 4 (严重拥堵) of speeds (km/h) on a class of road, by absolute speed; −1 where it is NaN.

    >>> speed_grades([66, 30, 10], "trunk").tolist(), speed_grades([36, 10], "tertiary").tolist()
    ([0, 3, 4], [0, 4])
    """
    bounds = _ABSOLUTE_KMH.get(road_class, _ABSOLUTE_OTHERS_KMH)
    return _grades(np.asarray(speeds_kmh, dtype=np.float64), np.asarray(bounds))


def street_los(speed_ratios: ArrayLike) -> NDArray[np.str_]:
    """Level of service A to F of a street by speed over free speed (0–1); empty where it is NaN.

    Source: HCM 6 (2016), urban street segments; known, not looked up. Volume over capacity above 1 (F) is left out.

    >>> street_los([0.81, 0.67, 0.5, 0.3, float("nan")]).tolist()
    ['A', 'C', 'D', 'F', '']
    """
    ratios = np.asarray(speed_ratios, dtype=np.float64)
    levels: NDArray[np.str_] = np.where(
        np.isnan(ratios), "", _STREET_LOS[np.maximum(0, _grades(ratios, np.asarray(_STREET_LOS_BOUNDS)))]
    )
    return levels


def junction_level(mean_delay_s: float) -> int:
    """Level of service 0 (一级) to 3 (四级) of a signalised junction by its mean control delay (s).

    Source: CJJ 37-2012 (2016): below 30, 30–50, 50–60, above 60 s.

    >>> junction_level(29.9), junction_level(30.0), junction_level(60.0), junction_level(60.1)
    (0, 1, 2, 3)
    """
    first, second, third = _JUNCTION_DELAY_S
    if mean_delay_s > third:
        return 3
    return int(mean_delay_s >= first) + int(mean_delay_s >= second)


def _grades(values: NDArray[np.float64], bounds: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many bounds a value does not exceed."""
    grades = (~(values[..., np.newaxis] > bounds)).sum(axis=-1).astype(np.int64)
    return np.where(np.isnan(values), -1, grades)
