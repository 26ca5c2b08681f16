"""Turns banned and allowed at a junction, from street to street."""

import pytest
from small_town import network, town

from twin.errors import ScenarioError
from twin.scenario.scenario import Scenario
from twin.scenario.street_openings import OpenLink
from twin.scenario.turn_measures import SetTurn
from twin.wording import Words

CROSS = "红旗路×海港路"  # n11: 红旗路 west to east, 海港路 south to north


def turns_at(city, node="n11"):
    return {(t.from_link, t.to_link) for t in city.network.turns() if t.node_id == node}


def gone(measure, city=None):
    city = city or town()
    return turns_at(city) - turns_at(measure.apply(city))


def test_left_turns_from_one_street_are_banned_in_both_its_directions():
    ban = SetTurn(id="a", at=CROSS, from_street="红旗路", turn="left")
    assert gone(ban) == {("n01-n11", "n11-n12"), ("n21-n11", "n11-n10")}


def test_direction_and_street_pick_one_turn():
    ban = SetTurn(id="a", at=CROSS, from_street="红旗路", to_street="海港路", turn="right", direction="east")
    assert gone(ban) == {("n01-n11", "n11-n10")}


def test_what_was_banned_may_be_allowed_again():
    ban = SetTurn(id="a", at=CROSS, turn="left")
    closed = ban.apply(town())
    opened = SetTurn(id="b", at=CROSS, from_street="海港路", turn="left", allowed=True).apply(closed)
    assert turns_at(opened) - turns_at(closed) == {("n10-n11", "n11-n01"), ("n12-n11", "n11-n21")}


def test_a_u_turn_that_is_allowed_lists_all_turns_of_the_junction():
    city = SetTurn(id="a", at=CROSS, from_street="红旗路", turn="u_turn", direction="east", allowed=True).apply(town())
    assert turns_at(city) == turns_at(town()) | {("n01-n11", "n11-n01")}


def test_turns_that_are_so_already_and_streets_that_are_not_there_are_refused():
    with pytest.raises(ScenarioError, match="banned already: nothing to change"):
        SetTurn(id="a", at=CROSS, turn="u_turn").apply(town())
    with pytest.raises(ScenarioError, match=r"北马路 does not lead there at 红旗路×海港路\. There is 海港路, 红旗路"):
        SetTurn(id="a", at=CROSS, from_street="北马路").apply(town())
    with pytest.raises(ScenarioError, match="say which turns"):
        SetTurn(id="a", at=CROSS)


def test_nobody_is_left_without_a_way_on():
    with pytest.raises(ScenarioError, match="nobody could go on from 红旗路: close that street instead"):
        SetTurn(id="a", at=CROSS, from_street="红旗路").apply(town())


def in_scenario(*measures):
    return Scenario("s", Words("s", "s"), "town", measures=measures)


def test_a_turn_banned_and_allowed_is_a_conflict_by_name_also_where_the_street_was_cut_between():
    ban = SetTurn(id="ban", at=CROSS, from_street="红旗路", turn="left")
    allow = SetTurn(id="allow", at=CROSS, from_street="红旗路", turn="left", allowed=True)
    (fault,) = in_scenario(ban, allow).faults_in(town())
    assert fault.startswith("measures 'ban' and 'allow' set allowed of turn n01-n11 > n11-n12 differently, and 1 more")
    cut = OpenLink(id="o", ends=((121.4025, 37.504), "南大街×海港路"), speed_kmh=36, capacity_vph=900)
    (fault,) = in_scenario(ban, cut, allow).faults_in(town())
    assert fault.startswith("measures 'ban' and 'allow' set allowed of turn")


def test_it_says_what_it_does_in_both_languages():
    ban = SetTurn(id="a", at=CROSS, from_street="红旗路", turn="left")
    assert ban.describe("zh") == "红旗路×海港路禁止由红旗路左转"
    assert ban.describe("en") == "ban left turns from 红旗路 at 红旗路×海港路"
    assert ban.touches(town()) == [(network().node_by_id["n11"].lon, network().node_by_id["n11"].lat)]
