"""Parking by quarter hours on the map: what each feature says, and the slider over their times."""

import pandas as pd
from small_comparison import cruising, site_times, small_comparison

from viz.kepler_map import before_after_map
from viz.kepler_page import kepler_config
from viz.parking_layers import cruising_over_time, first_moment_ms, occupancy_over_time


def told(table):
    return [feature["properties"] for feature in table.features["features"]]


def test_each_site_has_a_feature_a_quarter_hour_that_says_how_full_it_is() -> None:
    first, second, third = told(occupancy_over_time(small_comparison(), "before", "en"))
    assert (first["car park"], first["quarter of an hour"], first["taken"], first["share taken"]) == (
        "大悦城",
        "07:00–07:15",
        "150",
        "50%",
    )
    assert [first["grade"], second["grade"], third["grade"]] == ["ample ≤60%", "tight 85–98%", "full >98%"]
    assert first["time"] == "2023-12-31 07:00:00"


def test_a_site_that_only_one_arm_has_is_drawn_there_alone_and_hours_outside_the_window_nowhere() -> None:
    after = told(occupancy_over_time(small_comparison(), "after", "en"))
    assert sorted({feature["car park"] for feature in after}) == ["候选停车场1", "大悦城"]
    assert len(after) == 2 * (len(site_times()) // 2 - 1)


def test_streets_with_cars_in_search_are_graded_by_their_share_of_the_traffic() -> None:
    (street,) = told(cruising_over_time(small_comparison(), "before", "en"))
    assert (street["street"], street["share of cruising"], street["grade"]) == ("南大街", "8%", "5–10%")
    assert street["time"] == "2023-12-31 07:15:00"
    assert [feature["cars in search"] for feature in told(cruising_over_time(small_comparison(), "after", "en"))] == [
        "0.8"
    ]


def test_the_page_has_one_slider_over_all_layers_with_times_and_shows_it_in_their_view_only() -> None:
    page = before_after_map(small_comparison()).page
    (bar,) = kepler_config(page)["config"]["visState"]["filters"]
    assert bar["dataId"] == ["occupancy_before", "occupancy_after", "cruising_before", "cruising_after"]
    assert bar["name"] == ["时刻"] * 4 and bar["view"] == "side"
    assert bar["value"][0] == first_moment_ms(small_comparison())
    assert [view.id for view in page.views if view.has_slider] == ["parking_time"]


def test_a_study_without_parking_has_no_slider() -> None:
    empty = {"site_times": site_times().iloc[:0], "cruising": cruising().iloc[:0]}
    page = before_after_map(small_comparison(**empty)).page
    assert page.slider is None and kepler_config(page)["config"]["visState"]["filters"] == []
    assert "parking_time" not in [view.id for view in page.views]


def test_moments_are_the_wall_clock_of_the_city_s_date() -> None:
    shown = pd.Timestamp(first_moment_ms(small_comparison()), unit="ms")
    assert str(shown) == "2023-12-31 07:00:00"
