"""The map of an opening study: marks instead of lines in a sketch, and colours by what was found."""

import pytest
from small_comparison import small_comparison
from small_openings import META, opening, tables

from twin.files.advice_files import is_openings_folder, read_openings_folder, write_openings_folder
from viz.openings_map import candidates_layer, openings_map, streets_layer
from viz.street_table import street_table


def kinds(layer):
    return [feature["geometry"]["type"] for feature in layer.features["features"]]


def test_in_a_sketch_a_candidate_is_a_mark_at_the_middle_of_its_corridor_and_no_line() -> None:
    layer = candidates_layer(tables(opening())["openings"], is_sketch=True)
    assert kinds(layer) == ["Point"]
    assert layer.features["features"][0]["geometry"]["coordinates"] == [121.4, 37.502]
    assert layer.features["features"][0]["properties"]["性质"] == "模型示例·非规划"


def test_on_a_real_map_a_candidate_is_a_line_between_its_ends() -> None:
    layer = candidates_layer(tables(opening())["openings"], "en", is_sketch=False)
    assert kinds(layer) == ["LineString"]
    assert (
        layer.features["features"][0]["properties"]["saved, dynamic (verification, 95 %)"] == "+5.0 (+2.0 ~ +8.0) veh·h"
    )


@pytest.mark.parametrize(
    ("changes", "grade"),
    [
        ({}, "in the best set"),
        ({"is_chosen": False}, "looked at, not chosen"),
        ({"crosses": "water", "is_chosen": False}, "across a barrier"),
        ({"braess": True}, "the total worsens"),
    ],
)
def test_colour_says_what_was_found_of_a_candidate(changes, grade) -> None:
    layer = candidates_layer(tables(opening(**changes))["openings"], "en", is_sketch=True)
    assert layer.features["features"][0]["properties"]["grade"] == grade


def test_only_streets_outside_the_noise_are_drawn() -> None:
    all_tables = tables(opening())
    layer = streets_layer(all_tables["streets"], all_tables["ground"], "en")
    assert {feature["properties"]["street"] for feature in layer.features["features"]} == {"南大街"}


def test_page_and_folder_carry_the_mark_of_a_model_example(tmp_path) -> None:
    write_openings_folder(tmp_path, tables(opening(), opening(name="", braess=True, is_chosen=False)), META)
    assert is_openings_folder(tmp_path)
    read, meta = read_openings_folder(tmp_path)
    page = openings_map(read, meta).page
    assert "模型示例·非规划" in page.warnings[0]
    assert page.legend[0].note == "模型示例·非规划"
    assert "候选" in page.layers[0]["config"]["label"]


def test_table_of_streets_says_that_a_street_is_not_there() -> None:
    table = street_table(small_comparison(), ["没有的路"], language="en")
    assert table.iloc[0].tolist() == ["没有的路", "—", "—", "—", "—"]


def test_table_of_streets_shows_the_busiest_link_of_a_street() -> None:
    comparison = small_comparison()
    name = next(name for name in comparison.links["name"] if name)
    busiest = comparison.links[comparison.links["name"] == name]["before_flow_vph"].max()
    assert street_table(comparison, [name], language="en").iloc[0]["before (veh/h)"] == f"{busiest:,.0f}"
