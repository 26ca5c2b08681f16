import datetime
from itertools import pairwise

import pytest
from small_town import town

from twin.clock import TimeWindow
from twin.errors import ScenarioError
from twin.scenario.bus_measures import RemoveStop, SetHeadway
from twin.scenario.scenario import Scenario
from twin.scenario.street_measures import CloseLink
from twin.wording import Words


def headways_min(city):
    return [part.headway_s / 60 for part in city.lines[0].headways]


def test_peak_headway_changes_the_peak_only():
    assert headways_min(SetHeadway(id="h", line="10路", peak_headway_min=5).apply(town())) == [5, 12]


def test_factor_changes_the_whole_day():
    assert headways_min(SetHeadway(id="h", line="10路", factor=0.5).apply(town())) == [4, 6]


def test_undoing_a_headway_gives_the_line_back():
    changed = SetHeadway(id="h", line="10路", peak_headway_min=5).apply(town())
    assert SetHeadway(id="h", line="10路", peak_headway_min=8).apply(changed).lines == town().lines


def test_unknown_line_is_told_with_the_nearest_name():
    with pytest.raises(ScenarioError, match=r"no bus line '10' here. Did you mean '10路'"):
        SetHeadway(id="h", line="10", factor=0.5).apply(town())


def test_percent_where_a_factor_is_meant_is_told():
    with pytest.raises(ScenarioError, match=r"factor is 80, .*for 80 % write 0\.8"):
        SetHeadway(id="h", line="10路", factor=80)


def test_bus_no_longer_halts_at_a_removed_stop():
    after = RemoveStop(id="r", line="10路", stop="乙").apply(town())
    assert [stop.name for stop in after.lines[0].stops] == ["甲", "丙", "丁"]
    assert after.lines[0].route == town().lines[0].route


def test_line_keeps_its_first_stop():
    with pytest.raises(ScenarioError, match="甲 is where line 10路/上行 begins or ends"):
        RemoveStop(id="r", line="10路", stop="甲").apply(town())


def closing(street, **part):
    measure = CloseLink(id="c", street=street, **part)
    return Scenario(name="s", title=Words("s", "s"), place="town", measures=(measure,))


def test_buses_drive_round_a_closed_street():
    after = closing("红旗路", cross_streets=("海港路", "解放路")).apply_to(town())
    line = after.lines[0]
    assert [stop.name for stop in line.stops] == ["甲", "乙", "丁"]
    assert line.route[:2] == ("n00-n01", "n01-n11") and line.route[-1] == "n21-n31" and "n11-n21" not in line.route
    assert after.notes == ("bus line 10路/上行 drives round closed streets, not serving 丙",)
    links = after.network.link_by_id
    assert all(links[a].to_node == links[b].from_node for a, b in pairwise(line.route))


@pytest.mark.parametrize(
    ("closed", "drives_round"),
    [(("07:30", "07:45"), True), (("06:00", "07:01"), True), (("22:00", "07:00"), False), (("09:00", "07:00"), False)],
)
def test_buses_drive_round_only_what_is_closed_in_the_hours_that_are_run(closed, drives_round):
    scenario = closing("红旗路", cross_streets=("海港路", "解放路"), between=TimeWindow.between(*closed))
    after = scenario.apply_to(town(), TimeWindow.between("07:00", "09:00"))
    assert (after.lines != town().lines) is drives_round


def test_line_without_any_way_left_does_not_run_and_is_told():
    after = closing("红旗路").apply_to(town())
    assert after.lines == ()
    assert after.notes == ("bus line 10路/上行 does not run: its streets are closed and no way leads round",)


def test_day_before_an_opening_has_no_bus_on_the_street():
    city = town()
    earlier = Scenario(name="s", title=Words("s", "s"), place="town", date=datetime.date(2023, 6, 1))
    assert earlier.apply_to(city).lines == city.lines
