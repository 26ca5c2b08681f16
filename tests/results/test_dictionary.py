"""The dictionary of metrics: complete in both languages, and exactly what is measured."""

from dataclasses import replace

import pandas as pd
import pytest
from small_runs import (
    SEVEN,
    bus_morning,
    cruising_of,
    links_of,
    parked,
    run_of,
    sites_of_run,
    trip,
    trips_of,
)

from twin.records import LINE_COLUMNS, ZONE_COLUMNS
from twin.results.areas import KINDS, area_words, kind_of
from twin.results.dictionary import HEADLINE, METRICS
from twin.results.losers import pair_table
from twin.results.measuring import FUNCTIONS, metric_table
from twin.results.rider_losers import rider_pair_table

ZONES = pd.DataFrame(
    {
        "zone_id": ["Z1", "Z2"],
        "district": ["芝罘区", "莱山区"],
        "residents": [300.0, 100.0],
        "jobs": [100.0, 300.0],
        **{name: [0.5, 1.0] for name in ("covered_300m", "covered_500m")},
        **{name: [1000.0, 200.0] for name in ZONE_COLUMNS if name.endswith("min")},
    }
)
LINES = pd.DataFrame(
    [["1路/上行", "1路", "上行", 2, 9000.0, 1700.0, 100, 12, 8]],
    columns=list(LINE_COLUMNS),
)
CROSSINGS = pd.DataFrame({"screenline": ["jiahe", "jiahe"], "towards": ["left", "right"], "link_id": ["1", "2"]})
NEW_ROADS = pd.DataFrame({"road": ["opening-a"], "trip_id": [1]})


def everything(**changed):
    """A run in which every metric is measured somewhere."""
    buses, visits, riders = bus_morning()
    trips = trips_of(parked(1, 300.0), trip(2, 500.0, vehicle_class="truck"))
    links = links_of(("1", SEVEN, 1, 200.0), ("2", SEVEN, 1, 150.0))
    sites = sites_of_run(("P1", SEVEN, 7, 3, 1), spaces=9, district="莱山区")
    parking = {"sites": sites, "cruising": cruising_of(("1", SEVEN, 1))}
    run = run_of(
        trips,
        links,
        buses=buses,
        **parking,
        zones=ZONES,
        crossings=CROSSINGS,
        new_roads=NEW_ROADS,
        lines=LINES,
        **changed,
    )
    return replace(run, records=replace(run.records, bus_stops=visits, riders=riders))


def test_each_metric_has_one_function_and_each_function_its_words() -> None:
    assert set(FUNCTIONS) == set(METRICS)
    assert all(function.__name__ == metric and function.__doc__ for metric, function in FUNCTIONS.items())


@pytest.mark.parametrize("metric", list(METRICS))
def test_a_metric_is_told_in_both_languages_with_unit_formula_source_and_method(metric: str) -> None:
    words = METRICS[metric]
    for text in (words.name, words.definition, words.method):
        assert any("一" <= sign <= "鿿" for sign in text.zh), f"{text.zh} is not Chinese"
        assert text.en.isascii() or not text.en[:1].isspace()
        assert text.en != text.zh
    assert words.unit.zh and words.unit.en and words.formula and words.source
    assert words.better in ("lower", "higher", "neither") and set(words.kinds) <= set(KINDS)


def test_names_are_not_used_twice() -> None:
    assert (
        len({words.name.zh for words in METRICS.values()}) == len({w.name.en for w in METRICS.values()}) == len(METRICS)
    )


def test_the_headline_set_comes_first_and_is_short() -> None:
    assert tuple(METRICS)[: len(HEADLINE)] == HEADLINE
    assert len(HEADLINE) <= 12


def test_every_metric_is_measured_for_the_kinds_of_area_that_its_words_name() -> None:
    run = everything()
    rows = metric_table(run, {"1"}, roads=["road:opening-a"])
    other = everything(arm="after")
    pairs = pd.concat([pair_table([run], [other], near={"1"}), rider_pair_table([run], [other])])
    found = {metric: set() for metric in METRICS}
    for metric, area in zip([*rows["metric"], *pairs["metric"]], [*rows["area"], *pairs["area"]], strict=True):
        found[metric].add(kind_of(area))
    assert found == {metric: set(words.kinds) for metric, words in METRICS.items()}
    city = rows[rows["area"] == "city"]
    assert city["value"].notna().all()
    assert city["metric"].tolist() == [metric for metric in METRICS if metric in set(city["metric"])]


def test_areas_are_named_from_what_the_study_says_of_them() -> None:
    names = {"screenline:jiahe:left": {"zh": "夹河，往芝罘", "en": "Jia River, towards Zhifu"}}
    assert area_words("screenline:jiahe:left", names).en == "Jia River, towards Zhifu"
    assert area_words("near", names).zh == "措施周边2公里"
    assert area_words("road:opening-a", names).en == "opening-a"
