from dataclasses import replace

import pytest
from small_town import network, place

from twin.errors import ScenarioError
from twin.scenario.street_parts import node_at, part_of_street


def ids(links):
    return [link.id for link in links]


def test_a_street_is_all_its_links():
    assert len(part_of_street(network(), street="红旗路")) == 6


def test_part_between_two_cross_streets_has_both_directions():
    part = part_of_street(network(), street="红旗路", cross_streets=("青年路", "解放路"))
    assert ids(part) == ["n01-n11", "n11-n01", "n11-n21", "n21-n11"]


def test_direction_keeps_the_links_that_lead_there():
    part = part_of_street(network(), street="红旗路", cross_streets=("青年路", "解放路"), direction="east")
    assert ids(part) == ["n01-n11", "n11-n21"]


def test_place_finds_the_block_it_lies_on_and_its_other_direction():
    assert ids(part_of_street(network(), street="红旗路", near=place(0.5, 1.1))) == ["n01-n11", "n11-n01"]


def test_place_alone_finds_a_street_by_nearness():
    assert ids(part_of_street(network(), near=place(2.0, 0.4), direction="north")) == ["n20-n21"]


def test_unknown_street_is_told_with_the_nearest_name():
    with pytest.raises(ScenarioError, match=r"no street '红旗大路' .*Did you mean '红旗路'"):
        part_of_street(network(), street="红旗大路")


def test_cross_street_that_does_not_meet_is_told():
    with pytest.raises(ScenarioError, match="红旗路 does not meet '南大街'"):
        part_of_street(network(), street="红旗路", cross_streets=("青年路", "南大街"))


def test_crossing_is_the_junction_of_both_streets():
    assert node_at(network(), "红旗路×解放路") == "n21"


@pytest.mark.parametrize("words", ["Essex Road×Oxford Street", "Essex Road × Oxford Street"])
def test_names_with_an_x_cross_at_the_sign(words):
    named = {"红旗路": "Essex Road", "解放路": "Oxford Street"}
    english = network().with_links(replace(link, name=named.get(link.name, link.name)) for link in network().links)
    assert node_at(english, words) == "n21"


def test_streets_that_do_not_meet_have_no_crossing():
    with pytest.raises(ScenarioError, match="红旗路 and 南大街 do not meet"):
        node_at(network(), "红旗路×南大街")


def test_place_means_the_nearest_junction_within_150_m():
    assert node_at(network(), place(2.1, 1.1)) == "n21"
    with pytest.raises(ScenarioError, match=r"within 150 m .* the nearest is 3"):
        node_at(network(), place(2.5, 1.5))
