import datetime

import pytest
from small_town import place, town

from twin.clock import TimeWindow
from twin.errors import ScenarioError
from twin.scenario.bus_measures import SetHeadway
from twin.scenario.measure import changed_places
from twin.scenario.parking_measures import AddParking
from twin.scenario.scenario import Scenario
from twin.scenario.street_measures import ChangeLanes, CloseLink, SetSpeedLimit, WorkZone
from twin.scenario.street_openings import OpenLink
from twin.wording import Words


def scenario(*measures, **fields):
    return Scenario(name="s", title=Words("试", "try"), place="town", measures=measures, **fields)


def test_scenario_without_measures_gives_the_city_back():
    city = town()
    assert scenario().apply_to(city) is city


def test_measures_are_carried_out_in_order_after_the_inherited_ones():
    opening = OpenLink(id="o", street="港城大街")
    wider = ChangeLanes(id="w", street="港城大街", near=place(2.5, 0), lanes=3)
    after = scenario(wider, inherited=(opening,)).apply_to(town())
    assert after.network.link_by_id["n20-n30"].lanes == 3


def test_two_measures_that_set_one_thing_differently_are_refused_by_name():
    with pytest.raises(ScenarioError, match="measures 'a' and 'b' set lanes of link n01-n11 differently, and 5 more"):
        scenario(ChangeLanes(id="a", street="红旗路", lanes=3), ChangeLanes(id="b", street="红旗路", lanes=1)).apply_to(
            town()
        )


def test_two_measures_that_agree_are_no_conflict():
    both = scenario(ChangeLanes(id="a", street="红旗路", lanes=3), ChangeLanes(id="b", street="红旗路", lanes=3))
    assert both.faults_in(town()) == []


def test_opening_and_closing_one_street_is_a_conflict():
    faults = scenario(OpenLink(id="a", street="港城大街"), CloseLink(id="b", street="港城大街")).faults_in(town())
    assert len(faults) == 1 and "'a' and 'b' set whether it is open" in faults[0]


def test_works_at_different_hours_are_no_conflict_but_overlapping_ones_are():
    night = WorkZone(id="a", street="红旗路", lanes_open=1, between=TimeWindow.between("22:00", "06:00"))
    morning = WorkZone(id="b", street="红旗路", lanes_open=1, between=TimeWindow.between("09:00", "11:00"))
    dawn = WorkZone(id="c", street="红旗路", lanes_open=0, between=TimeWindow.between("05:00", "07:00"))
    assert scenario(night, morning).faults_in(town()) == []
    assert "'a' and 'c' set changes" in scenario(night, morning, dawn).faults_in(town())[0]


def test_the_same_new_site_twice_is_refused():
    faults = scenario(*(AddParking(id=i, at=place(1, 1), spaces=50) for i in "ab")).faults_in(town())
    assert "the same one twice" in faults[0]


def test_one_id_for_two_measures_is_refused():
    with pytest.raises(ScenarioError, match="two measures are called 'a'"):
        scenario(SetHeadway(id="a", line="10路", factor=0.5), SetHeadway(id="a", line="11路", factor=0.5))


def test_all_faults_are_told_together_and_each_measure_is_named():
    faults = scenario(
        SetHeadway(id="bus", line="99路", factor=0.5),
        SetSpeedLimit(id="slow", street="红旗街", speed_kmh=30),
        ChangeLanes(id="fine", street="红旗路", lanes=1),
    ).faults_in(town())
    assert len(faults) == 2
    assert faults[0].startswith("measure 'bus': no bus line '99路'")
    assert faults[1].startswith("measure 'slow': no street '红旗街'")


def test_scenario_of_another_place_is_refused():
    with pytest.raises(ScenarioError, match="it is about 'elsewhere', not about 'town'"):
        Scenario(name="s", title=Words("", ""), place="elsewhere").apply_to(town())


def test_date_decides_what_is_open():
    after = scenario(OpenLink(id="o", street="港城大街"), date=datetime.date(2024, 6, 1)).apply_to(town())
    assert after.date == datetime.date(2024, 6, 1)
    assert after.network.link_by_id["n20-n30"].opened_on == after.date


def test_cities_differ_where_measures_lie():
    before = town()
    after = scenario(
        OpenLink(id="o", street="港城大街"),
        AddParking(id="p", at=place(1, 3), spaces=10),
        SetHeadway(id="h", line="10路", factor=0.5),
    ).apply_to(before)
    stops = [place(i, 1) for i in range(4)]
    assert set(changed_places(before, after)) == {place(2, 0), place(3, 0), place(1, 3), *stops}
    assert changed_places(before, town()) == []
