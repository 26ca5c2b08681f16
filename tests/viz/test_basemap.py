"""The ground under the map."""

import pandas as pd
from shapely.geometry import Point, shape
from small_comparison import link, links, small_comparison

from viz.basemap import bounds_of, ground_style


def style_layers(style):
    return [layer["id"] for layer in style["layers"]]


def test_yantai_lies_at_a_sea_with_its_districts_named() -> None:
    style = ground_style(small_comparison().links)
    sea = shape(style["sources"]["sea"]["data"]["features"][0]["geometry"])
    assert sea.contains(Point(121.5, 37.6)) and not sea.contains(Point(121.39, 37.50))
    names = {feature["properties"]["name"] for feature in style["sources"]["places"]["data"]["features"]}
    assert names == {"芝罘区", "莱山区", "福山区", "牟平区", "开发区", "高新区"}


def test_a_place_elsewhere_has_streets_and_no_sea() -> None:
    moved = links()
    moved["geometry"] = moved["geometry"].str.replace("121.", "24.").str.replace("37.", "60.")
    assert style_layers(ground_style(small_comparison(links=moved).links)) == [
        "background",
        "road-ground",
        "street-label",
    ]


def test_streets_stand_on_ground_even_where_the_rough_coast_has_water() -> None:
    at_sea = links()
    at_sea["geometry"] = at_sea["geometry"].str.replace("37.5", "37.6")
    sea = shape(ground_style(small_comparison(links=at_sea).links)["sources"]["sea"]["data"]["features"][0]["geometry"])
    assert not sea.contains(Point(121.39, 37.63)) and sea.contains(Point(121.39, 37.66))


def test_only_names_in_chinese_characters_are_labels_for_letters_would_ask_a_server() -> None:
    features = ground_style(small_comparison().links)["sources"]["names"]["data"]["features"]
    assert {feature["properties"]["name"] for feature in features} == {"南大街", "青年路", "旧路"}


def test_a_street_of_two_directions_is_drawn_once_on_the_ground() -> None:
    assert len(ground_style(small_comparison().links)["sources"]["streets"]["data"]["features"]) == 7


def test_a_first_view_leaves_outliers_aside() -> None:
    lines = [[(float(x), 0.0)] for x in [-900, *range(1, 99), 900]]
    assert bounds_of(lines, 0.9)[0] == 5.0 and bounds_of(lines)[0] == -900.0


def test_a_dense_net_on_the_water_becomes_one_piece_of_ground() -> None:
    """Once one buffer around all streets together took more memory than there is."""
    ends = [(121.55 + 0.001 * i, 37.60 + 0.001 * j) for i in range(30) for j in range(30)]
    table = pd.DataFrame([link(str(i), "", [end, (end[0] + 0.001, end[1])]) for i, end in enumerate(ends)])
    sea = shape(ground_style(small_comparison(links=table).links)["sources"]["sea"]["data"]["features"][0]["geometry"])
    assert not sea.contains(Point(121.565, 37.615)) and sea.contains(Point(121.60, 37.615))
