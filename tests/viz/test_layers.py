"""Results → layers: what is drawn, in which class, and what a tooltip says."""

import json
import math

import pandas as pd
import pytest
from small_comparison import HOSTILE_NAME, links, meta, small_comparison

from viz import styles
from viz.layers import (
    assumed_fields,
    change_written,
    measure_places,
    opened_and_closed,
    parking_sites,
    shifted_right,
    street_changes,
    street_speeds,
)


def columns(table, *names):
    return [tuple(feature["properties"][name] for name in names) for feature in table.features["features"]]


def test_each_arm_draws_the_links_it_has_with_the_slowest_on_top() -> None:
    before = columns(street_speeds(small_comparison(), "before"), "街道", "分级")
    after = columns(street_speeds(small_comparison(), "after"), "街道", "分级")
    assert before[-1] == ("南大街", "严重拥堵 ≤30%") and after[-1] == ("南大街", "中度拥堵 30–40%")
    assert ("旧路", "基本畅通 50–70%") in before and "旧路" not in dict(after)
    assert "候选A" in dict(after) and "候选A" not in dict(before)


def test_before_and_after_share_every_class_break() -> None:
    for grade, next_grade in zip(styles.SPEED_GRADES, styles.SPEED_GRADES[1:], strict=False):
        assert styles.grade_of(grade.up_to, styles.SPEED_GRADES, otherwise=styles.NO_VEHICLES) is grade
        just_above = math.nextafter(grade.up_to, 1.0)
        assert styles.grade_of(just_above, styles.SPEED_GRADES, otherwise=styles.NO_VEHICLES) is next_grade


def test_a_change_inside_the_noise_is_grey_whatever_its_mean_says() -> None:
    table = links()
    table.loc[table["link_id"] == "5", "difference_delay_vehh"] = -50.0
    changes = dict(columns(street_changes(small_comparison(links=table)), "街道", "分级"))
    assert changes["青年路"] == styles.UNCERTAIN.words.zh
    assert styles.UNCERTAIN.colour == "#bdbdbd"


def test_clear_changes_are_graded_and_drawn_over_the_grey_ones() -> None:
    grades = [grade for (grade,) in columns(street_changes(small_comparison()), "分级")]
    assert grades[-2:] == ["延误增加", "延误明显减少 >5 车·小时"]
    assert set(grades[:-2]) == {styles.UNCERTAIN.words.zh}


def test_opened_and_closed_streets_have_a_layer_of_their_own() -> None:
    drawn = columns(opened_and_closed(small_comparison()), "街道", "分级")
    assert drawn == [("候选A", "新开通道路"), ("旧路", "封闭道路")]


def test_a_tooltip_says_which_way_how_fast_and_what_is_assumed() -> None:
    table = street_speeds(small_comparison(), "before")
    told = next(f["properties"] for f in table.features["features"] if f["properties"]["街道"] == "青年路")
    assert {name: told[name] for name in table.tooltip} == {
        "街道": "青年路",
        "方向": "向南",
        "等级": "次干路",
        "车道数(单向)": "2 (假定)",
        "现状车速": "30 公里/小时",
        "方案车速": "31 公里/小时",
        "自由流车速": "50 公里/小时 (假定)",
        "现状流量": "810 辆/小时",
        "方案流量": "800 辆/小时",
        "延误变化(95%区间)": "−0.4 (−1.1 ~ +0.3) 车·小时",
        "假定项": "车道数、自由流车速",
    }


def test_a_street_without_a_name_is_called_unnamed_with_its_class() -> None:
    assert "未命名道路(支路)" in dict(columns(street_speeds(small_comparison(), "before"), "街道", "等级"))


def test_the_same_layer_speaks_english() -> None:
    table = street_speeds(small_comparison(), "before", "en")
    assert columns(table, "street", "direction", "lanes (one way)")[-1] == ("南大街", "eastbound", "2 (assumed)")


def test_both_directions_of_a_street_lie_side_by_side_and_a_one_way_street_stays() -> None:
    features = street_speeds(small_comparison(), "before").features["features"]
    lats = {f["properties"]["街道"] + f["properties"]["方向"]: f["geometry"]["coordinates"][0][1] for f in features}
    metres = {name: (lat - 37.53) * 111_320.0 for name, lat in lats.items()}
    assert lats["青年路向南"] == 37.53
    westbound = metres["南大街向西"]
    assert westbound == pytest.approx(9.0, abs=0.1)  # drives on the right: north of the axis


def test_a_line_with_a_doubled_corner_is_shifted_as_if_it_had_it_once() -> None:
    line = [(121.0, 37.0), (121.0, 37.0), (121.01, 37.0)]
    assert [round((lat - 37.0) * 111_320.0, 6) for _, lat in shifted_right(line, 9.0)] == [-9.0, -9.0]


def test_a_line_of_one_place_stays_where_it_is() -> None:
    assert shifted_right([(121.0, 37.0), (121.0, 37.0)], 9.0) == [(121.0, 37.0), (121.0, 37.0)]


def test_a_link_that_no_vehicle_used_says_so() -> None:
    table = links().assign(before_ratio=None, before_speed_kmh=None)
    drawn = columns(street_speeds(small_comparison(links=table), "before"), "分级", "现状车速")
    assert set(drawn) == {("没有车辆通过", "—")}


def test_a_car_park_is_drawn_only_in_the_arm_that_has_it() -> None:
    before = columns(parking_sites(small_comparison(), "before"), "停车场", "分级", "泊位数")
    after = columns(parking_sites(small_comparison(), "after"), "停车场", "分级", "泊位数")
    assert before == [("大悦城", "满 >98%", 300), ("未命名停车场", "空余 ≤60%", 100)]
    assert after[-1] == ("候选停车场1", "空余 ≤60%", 160)


def test_a_measure_without_a_place_is_not_on_the_map() -> None:
    assert columns(measure_places(small_comparison()), "编号", "类别") == [
        ("opening-a", "新开通道路"),
        ("parking-01", "停车泊位"),
    ]


def test_layers_are_plain_json_without_nan() -> None:
    comparison = small_comparison()
    tables = [street_speeds(comparison, "after"), street_changes(comparison), parking_sites(comparison, "before")]
    for table in tables:
        text = json.dumps(table.features, allow_nan=False)
        assert json.loads(text)["type"] == "FeatureCollection"


def test_a_hostile_name_stays_text() -> None:
    assert HOSTILE_NAME in dict(columns(street_speeds(small_comparison(), "before"), "街道", "等级"))


def test_a_missing_change_is_a_dash_and_a_zero_change_is_zero() -> None:
    absent = {"difference_delay_vehh": None, "ci_low": None, "ci_high": None}
    placebo = {"difference_delay_vehh": 0.0, "ci_low": 0.0, "ci_high": 0.0}
    assert [change_written(absent), change_written(placebo, "en")] == ["—", "0.0 (0.0 to 0.0) veh·h"]


def test_assumed_fields_are_told_once_each() -> None:
    assert [assumed_fields("lon, lat,spaces"), assumed_fields("")] == ["位置、泊位数", "无"]


def test_no_layer_changes_the_comparison() -> None:
    comparison = small_comparison()
    street_changes(comparison)
    parking_sites(comparison, "after")
    pd.testing.assert_frame_equal(comparison.links, links())


def test_all_streets_are_grey_and_not_judged_where_no_winner_is_named() -> None:
    refused = small_comparison(meta=meta() | {"refusals": ["drifting"]})
    grades = {grade for (grade,) in columns(street_changes(refused), "分级")}
    assert grades == {styles.NOT_JUDGED.words.zh} and styles.NOT_JUDGED.colour == styles.NEUTRAL
