"""Measures on lines in a town of sixteen crossings; line 10路 drives east along 红旗路, stops 甲 乙 丙 丁."""

from dataclasses import replace

import pytest
from small_town import place, town

from twin.city.city import City
from twin.city.transit import BusLine, Headway, Stop
from twin.clock import TimeWindow
from twin.errors import ScenarioError
from twin.scenario.bus_detours import with_buses_on_open_streets
from twin.scenario.bus_measures import RemoveStop, SetHeadway, times_kept_s
from twin.scenario.line_measures import AddStop, MergeLines, RerouteLine, SplitLine
from twin.scenario.street_measures import CloseLink
from twin.scenario.timetable_measures import ExpressRun, HoldBuses, SetSpan


def line_of(city: City, line_id: str = "10路/上行") -> BusLine:
    return next(line for line in city.lines if line.id == line_id)


def names(line: BusLine) -> list[str]:
    return [stop.name for stop in line.stops]


def with_line(city: City, *lines: BusLine) -> City:
    return replace(city, lines=(*city.lines, *lines))


def northern() -> BusLine:
    """20路 from 观海路 (where 10路 ends) north to 北马路, stops 丁 戊 己."""
    stops = tuple(
        Stop(name, *place(3, j), link)
        for name, j, link in (("丁站", 1, "n21-n31"), ("戊", 2, "n31-n32"), ("己", 3, "n32-n33"))
    )
    hours = (Headway(TimeWindow.between("06:30", "08:30"), 600.0),)
    return BusLine("20路/上行", "20路", "上行", stops, ("n21-n31", "n31-n32", "n32-n33"), hours)


def test_a_line_drives_over_the_street_named_and_loses_the_stops_between() -> None:
    """Between 乙 and 丁 north by 海港路, along 南大街, back by 解放路; 丙 is passed by no more."""
    measure = RerouteLine(id="r", line="10路", from_stop="乙", to_stop="丁", via=("南大街",))
    line = line_of(measure.apply(town()))
    assert line.route == ("n00-n01", "n01-n11", "n11-n12", "n12-n22", "n22-n21", "n21-n31")
    assert names(line) == ["甲", "乙", "丁"]
    assert line.running_s == ()


def test_a_line_that_is_moved_halts_where_others_have_stops() -> None:
    west_east = Stop("文化中心", *place(1.5, 2), "n12-n22")
    other = BusLine("30路/上行", "30路", "上行", (west_east, replace(west_east, name="海滨")), ("n12-n22",), ())
    measure = RerouteLine(id="r", line="10路", from_stop="乙", to_stop="丁", via=("南大街",))
    assert names(line_of(measure.apply(with_line(town(), other)))) == ["甲", "乙", "文化中心", "海滨", "丁"]
    without = replace(measure, new_stops=False)
    assert names(line_of(without.apply(with_line(town(), other)))) == ["甲", "乙", "丁"]


def test_a_street_that_is_not_open_cannot_be_driven_by_a_line() -> None:
    measure = RerouteLine(id="r", line="10路", from_stop="乙", to_stop="癸", via=("南大街",))
    with pytest.raises(ScenarioError, match="does not go from 乙 to 癸"):
        measure.apply(town())
    with pytest.raises(ScenarioError, match="drives that way already"):
        replace(measure, to_stop="丙", via=("红旗路",)).apply(town())


def test_a_longer_day_keeps_the_first_and_last_headways() -> None:
    """06:30–08:30 every 8 min, 08:30–16:30 every 12 min: from 06:00 to 20:00 it is the same before and after."""
    line = line_of(SetSpan(id="s", line="10路", first="06:00", last="20:00").apply(town()))
    assert [(part.window, part.headway_s) for part in line.headways] == [
        (TimeWindow.between("06:00", "08:30"), 480.0),
        (TimeWindow.between("08:30", "20:00"), 720.0),
    ]
    short = line_of(SetSpan(id="s", line="10路", first="07:00", last="08:00").apply(town()))
    assert [part.window for part in short.headways] == [TimeWindow.between("07:00", "08:00")]


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [("08:00", "07:00", "must leave before the last"), ("8 Uhr", "20:00", "not a time of day")],
)
def test_hours_that_cannot_be_meant_are_told(first: str, last: str, told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        SetSpan(id="s", line="10路", first=first, last=last)


def test_a_stop_is_added_where_it_lies_on_the_way_and_taken_away_again() -> None:
    added = AddStop(id="a", line="10路", stop="新站", at=place(1.5, 1)).apply(town())
    assert names(line_of(added)) == ["甲", "乙", "新站", "丙", "丁"]
    assert line_of(added).stops[2].link_id == "n11-n21"
    assert RemoveStop(id="b", line="10路", stop="新站").apply(added).lines == town().lines
    with pytest.raises(ScenarioError, match="no street within 60 m of 远处"):
        AddStop(id="a", line="10路", stop="远处", at=place(1.5, 3)).apply(town())


def test_a_line_cut_in_two_serves_the_stop_of_the_cut_twice() -> None:
    after = SplitLine(id="s", line="10路", at="丙").apply(town())
    first, second = line_of(after), line_of(after, "10路支线/上行")
    assert (names(first), names(second)) == (["甲", "乙", "丙"], ["丙", "丁"])
    assert (first.route, second.route) == (("n00-n01", "n01-n11", "n11-n21"), ("n11-n21", "n21-n31"))
    assert first.headways == second.headways == line_of(town()).headways
    with pytest.raises(ScenarioError, match="cannot be cut at 甲"):
        SplitLine(id="s", line="10路", at="甲").apply(town())


def test_lines_whose_ends_meet_become_one() -> None:
    after = MergeLines(id="m", line="10路", other="20路").apply(with_line(town(), northern()))
    line = line_of(after)
    assert names(line) == ["甲", "乙", "丙", "丁", "丁站", "戊", "己"]
    assert line.route == ("n00-n01", "n01-n11", "n11-n21", "n21-n31", "n31-n32", "n32-n33")
    assert line_of(after, "20路/上行").departures_s(0.0, 86_400.0) == []
    far = replace(northern(), stops=tuple(replace(stop, lon=stop.lon + 0.1) for stop in northern().stops))
    with pytest.raises(ScenarioError, match="do not meet"):
        MergeLines(id="m", line="10路", other="20路").apply(with_line(town(), far))


def test_every_other_bus_is_an_express() -> None:
    """As many departures as before: those of even number halt at 甲, 丙 and 丁 only."""
    after = ExpressRun(id="e", line="10路", stops=("丙",)).apply(town())
    slow, fast = line_of(after), line_of(after, "10路快车/上行")
    assert (names(slow), names(fast)) == (["甲", "乙", "丙", "丁"], ["甲", "丙", "丁"])
    before = line_of(town()).departures_s(0.0, 86_400.0)
    assert sorted([*slow.timetable_s, *fast.timetable_s]) == before
    assert fast.timetable_s[0] == before[1]


def test_an_express_run_refuses_a_stop_that_its_line_does_not_have() -> None:
    with pytest.raises(ScenarioError, match="line 10路 has no stop '癸'"):
        ExpressRun(id="e", line="10路", stops=("丙", "癸")).apply(town())


def test_an_express_run_without_stops_says_what_it_wants() -> None:
    with pytest.raises(ScenarioError, match="at least one stop"):
        ExpressRun(id="e", line="10路", stops=())


def test_a_line_cannot_turn_off_from_a_closed_street() -> None:
    closed = CloseLink(id="c", street="红旗路", cross_streets=("青年路", "海港路")).apply(town())
    with pytest.raises(ScenarioError, match="is closed; choose another stop"):
        RerouteLine(id="r", line="10路", from_stop="乙", to_stop="丁").apply(closed)


def test_stops_after_a_removed_one_keep_their_times_on_a_loop_too() -> None:
    """A line round the block ends where it begins: 0, 60, 120, 180 s; without its second stop 0, 120, 180 s."""
    line = line_of(town())
    home = line.stops[0]
    loop = replace(line, stops=(*line.stops[:3], home), running_s=(0.0, 60.0, 120.0, 180.0))
    assert times_kept_s(loop, (home, line.stops[2], home)) == (0.0, 120.0, 180.0)
    assert times_kept_s(loop, (home, line.stops[3], home)) == ()


def test_a_line_with_a_timetable_that_loses_a_stop_to_a_closed_street_keeps_its_other_times() -> None:
    """乙 lies on the closed block: 甲, 丙 and 丁 are due after 0, 120 and 180 s, as before."""
    timed = replace(line_of(town()), running_s=(0.0, 60.0, 120.0, 180.0))
    closed = CloseLink(id="c", street="红旗路", cross_streets=("青年路", "海港路"))
    city = closed.apply(replace(town(), lines=(timed,)))
    moved = line_of(with_buses_on_open_streets(city))
    assert (names(moved), moved.running_s) == (["甲", "丙", "丁"], (0.0, 120.0, 180.0))


def test_a_line_with_a_timetable_takes_headways_by_its_hours() -> None:
    """Six buses from seven to eight, every 10 min: half as many at twice the headway."""
    line = replace(line_of(town()), headways=(), timetable_s=tuple(25_200.0 + 600.0 * i for i in range(6)))
    city = replace(town(), lines=(line,))
    after = line_of(SetHeadway(id="h", line="10路", factor=2.0).apply(city))
    assert after.timetable_s == () and [part.headway_s for part in after.headways] == [1200.0]
    assert len(after.departures_s(0.0, 86_400.0)) == 3


def test_buses_are_held_at_the_stops_named() -> None:
    line = line_of(HoldBuses(id="h", line="10路", control="headway", at=("乙",)).apply(town()))
    assert (line.control, line.held_at) == ("headway", ("乙",))
    with pytest.raises(ScenarioError, match="no stop '癸'"):
        HoldBuses(id="h", line="10路", control="headway", at=("癸",)).apply(town())


@pytest.mark.parametrize(
    "measure",
    [
        RerouteLine(id="r", line="10路", from_stop="乙", to_stop="丁", via=("南大街",)),
        SetSpan(id="s", line="10路", first="06:00", last="20:00"),
        AddStop(id="a", line="10路", stop="新站", at=place(1.5, 1)),
        SplitLine(id="s", line="10路", at="丙"),
        MergeLines(id="m", line="10路", other="20路"),
        ExpressRun(id="e", line="10路", stops=("丙",)),
        HoldBuses(id="h", line="10路", control="timetable"),
    ],
    ids=lambda measure: type(measure).__name__,
)
def test_a_measure_leaves_its_input_alone_and_tells_itself_in_both_languages(measure) -> None:
    city = with_line(town(), northern())
    lines = city.lines
    assert measure.apply(city).lines != lines and city.lines is lines
    assert measure.touches(city)
    assert measure.describe("zh") != measure.describe("en")
