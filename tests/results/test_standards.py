"""Grades and indices at and between the bounds of the standards."""

import math

import pytest

from twin.results.standards import GRADES, JUNCTION_LEVELS, junction_level, link_grades, speed_grades, tpi_by_annex_c


@pytest.mark.parametrize(
    ("ratio", "index"),
    [(0.0, 0.0), (0.15, 1.0), (0.3, 2.0), (0.5, 4.0), (0.6, 6.0), (0.65, 7.0), (0.7, 8.0), (0.85, 9.0)],
)
def test_annex_c_is_linear_within_each_band(ratio: float, index: float) -> None:
    assert tpi_by_annex_c(ratio) == pytest.approx(index, abs=1e-9)


def test_an_index_of_nothing_is_nothing() -> None:
    assert math.isnan(tpi_by_annex_c(float("nan")))


def test_a_bound_belongs_to_the_worse_grade() -> None:
    grades = link_grades([1.0, 0.70, 0.50, 0.40, 0.30, 0.0, float("nan")]).tolist()
    assert grades == [0, 1, 2, 3, 4, 4, -1]
    assert [GRADES[grade].zh for grade in grades[:5]] == ["畅通", "基本畅通", "轻度拥堵", "中度拥堵", "严重拥堵"]


def test_the_same_speed_is_graded_by_the_class_of_road() -> None:
    grades = [int(speed_grades([38.0], road_class)[0]) for road_class in ("trunk", "primary", "tertiary")]
    assert grades == [2, 1, 0]


def test_junctions_above_60_s_have_the_lowest_level() -> None:
    levels = [JUNCTION_LEVELS[junction_level(delay_s)].zh for delay_s in (10.0, 30.0, 50.0, 60.0, 61.0)]
    assert levels == ["一级", "二级", "三级", "三级", "四级"]
