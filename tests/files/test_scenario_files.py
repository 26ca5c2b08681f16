import dataclasses
import datetime
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.city.parking import Tariff
from twin.clock import TimeWindow
from twin.errors import ScenarioError
from twin.files.catalogue import scenarios
from twin.files.scenario_files import read_scenario, write_scenario
from twin.scenario.access_measures import BanLorries
from twin.scenario.bus_measures import RemoveStop, SetHeadway
from twin.scenario.ebike_measures import SetEbikes
from twin.scenario.kinds import MEASURE_KINDS
from twin.scenario.line_measures import AddStop, MergeLines, RerouteLine, SplitLine
from twin.scenario.parking_measures import AddParking
from twin.scenario.parking_policies import BookParking, EnforceParking, GuideParking
from twin.scenario.parking_rules import LimitStay, RequirePermit, SetTariff, ShareParking
from twin.scenario.scenario import Scenario
from twin.scenario.signal_measures import AdaptiveSignals, RetimeSignals, SignalPriority
from twin.scenario.street_measures import AddBusLane, ChangeLanes, CloseLink, SetSpeedLimit, WorkZone
from twin.scenario.street_openings import OpenLink
from twin.scenario.timetable_measures import ExpressRun, HoldBuses, SetSpan
from twin.scenario.turn_measures import SetTurn
from twin.wording import Words

BASE = """
name = "base"
title = "现状 / Today"
place = "yantai"
date = 2023-12-31
measured = ["07:00", "09:00"]
"""

WORKS = """
name = "works"
title = "青年路夜间施工 / Night works on Qingnian Road"
based_on = "base"
date = 2024-04-15

[[measures]]
id = "night-works"
group = "works"
kind = "work_zone"
street = "青年路"
between = ["22:00", "06:00"]
lanes_open = 1
"""


def written(folder, **documents):
    for name, text in documents.items():
        (folder / f"{name.replace('_', '-')}.toml").write_text(text, encoding="utf-8")
    return folder


def faults(path):
    with pytest.raises(ScenarioError) as error:
        read_scenario(path)
    return str(error.value)


def test_document_of_the_house_reads_as_it_says(tmp_path):
    works = read_scenario(written(tmp_path, base=BASE, works=WORKS) / "works.toml")
    assert works.measures == (
        WorkZone(
            id="night-works",
            group="works",
            street="青年路",
            between=TimeWindow(22 * 3600, 30 * 3600),
            lanes_open=1.0,
        ),
    )
    assert works.title == Words("青年路夜间施工", "Night works on Qingnian Road")
    assert works.date == datetime.date(2024, 4, 15)
    assert works.before == "base"


def test_place_window_and_date_come_from_the_base(tmp_path):
    text = 'name = "next"\nbased_on = "works"\n'
    last = read_scenario(written(tmp_path, base=BASE, works=WORKS, next=text) / "next.toml")
    assert last.place == "yantai" and str(last.measured) == "07:00–09:00"
    assert last.date == datetime.date(2024, 4, 15)
    assert [measure.id for measure in last.inherited] == ["night-works"] and last.measures == ()


def test_share_of_drivers_who_hear_of_other_ways_is_read_written_and_comes_from_the_base(tmp_path):
    base = BASE.replace('place = "yantai"', 'place = "yantai"\nreroute_share = 0.3')
    assert base != BASE
    folder = written(tmp_path, base=base, works=WORKS)
    works = read_scenario(folder / "works.toml")
    assert works.reroute_share == 0.3
    write_scenario(folder / "again.toml", replace(works, name="again", reroute_share=0.25))
    assert read_scenario(folder / "again.toml").reroute_share == 0.25
    wrong = written(tmp_path, base=BASE.replace('place = "yantai"', 'place = "yantai"\nreroute_share = 30'))
    assert "reroute_share is 30, must be a share from 0 to 1" in faults(wrong / "base.toml")


def test_whether_people_react_is_read_written_and_comes_from_the_base(tmp_path):
    base = BASE.replace('place = "yantai"', 'place = "yantai"\npeople_react = true\ninduced = true')
    folder = written(tmp_path, base=base, works=WORKS)
    works = read_scenario(folder / "works.toml")
    assert (works.people_react, works.induced) == (True, True)
    write_scenario(folder / "again.toml", replace(works, name="again", induced=False, people_react=True))
    assert read_scenario(folder / "again.toml").people_react
    calm = WORKS.replace('based_on = "base"', 'based_on = "base"\npeople_react = false')
    still = read_scenario(written(tmp_path, calm=calm) / "calm.toml")
    assert (still.people_react, still.induced) == (False, False), "who does not react makes no more trips"
    wrong = written(tmp_path, base=BASE.replace('place = "yantai"', 'place = "yantai"\ninduced = true'))
    assert "induced is true: trips are made more or less often only where people_react" in faults(wrong / "base.toml")


def test_included_measures_keep_their_group(tmp_path):
    both = (
        BASE
        + 'includes = ["works"]\n[[measures]]\nid = "slow"\nkind = "set_speed_limit"\n'
        + 'street = "青年路"\nspeed_kmh = 40\n'
    )
    scenario = read_scenario(written(tmp_path, base=BASE, works=WORKS, both=both.replace("base", "both")) / "both.toml")
    assert [(measure.id, measure.group) for measure in scenario.measures] == [("night-works", "works"), ("slow", "")]


def test_one_measure_included_twice_is_refused(tmp_path):
    again = 'name = "again"\nplace = "yantai"\nincludes = ["works"]\n'
    twice = 'name = "twice"\nplace = "yantai"\nincludes = ["works", "again"]\n'
    folder = written(tmp_path, base=BASE, works=WORKS, again=again, twice=twice)
    assert "two measures are called 'night-works'" in faults(folder / "twice.toml")


def test_all_faults_are_told_at_once_with_the_nearest_match(tmp_path):
    text = """
    name = "bad"
    titel = "x"
    place = "yantai"
    date = "tomorrow"
    measured = ["7 o'clock", "09:00"]

    [[measures]]
    id = "a"
    kind = "workzone"

    [[measures]]
    id = "b"
    kind = "work_zone"
    stret = "青年路"
    lanes_open = "one"

    [[measures]]
    kind = "add_parking"
    id = "c"
    spaces = 50
    at = [37.5, 121.4]

    [[measures]]
    kind = "add_parking"
    id = "d"
    spaces = 50.5
    at = [121.4, 37.5]
    site_kind = "barn"
    tariff = { half_hour = 1 }
    """
    told = faults(written(tmp_path, bad=text) / "bad.toml")
    for expected in (
        "titel: unknown key. Did you mean 'title'?",
        "date is 'tomorrow', must be a date such as 2023-12-31",
        "measured is [\"7 o'clock\", '09:00']: \"7 o'clock\" is not a time of day",
        "measure 1 (a): unknown kind 'workzone'. Did you mean 'work_zone'?",
        "measure 2 (b): stret: unknown key. Did you mean 'street'?",
        "measure 2 (b): lanes_open is 'one', must be a number",
        "measure 3 (c): at is [37.5, 121.4]: longitude comes first, write [121.4, 37.5]",
        "measure 4 (d): spaces is 50.5, must be a whole number",
        "measure 4 (d): site_kind is 'barn'.",
        "measure 4 (d): tariff.half_hour: unknown key. Did you mean 'half_hour_yuan'?",
    ):
        assert expected in told


def test_values_that_cannot_be_meant_are_told_with_the_measure(tmp_path):
    text = BASE + '[[measures]]\nid = "p"\nkind = "add_parking"\nspaces = 9\nat = [121.4, 37.5]\ntaken_share = 85\n'
    told = faults(written(tmp_path, base=text) / "base.toml")
    assert "measure 1 (p): taken_share is 85, must be a share from 0 to 1: for 85 % write 0.85" in told


def test_scenarios_that_lead_in_a_circle_are_told(tmp_path):
    folder = written(
        tmp_path,
        hen='name = "hen"\nplace = "yantai"\nbased_on = "egg"\n',
        egg='name = "egg"\nplace = "yantai"\nincludes = ["hen"]\n',
    )
    assert "in a circle" in faults(folder / "hen.toml") and "hen → egg → hen" in faults(folder / "hen.toml")


def test_unknown_base_and_unknown_fact_are_told(tmp_path):
    text = 'name = "x"\nplace = "yantai"\nbased_on = "no-such-base"\nanswers = ["no-such-report/roads"]\n'
    told = faults(written(tmp_path, x=text) / "x.toml")
    assert "based_on: no scenario named 'no-such-base'" in told and "answers: 'no-such-report/roads'" in told


def test_base_of_another_place_is_refused(tmp_path):
    text = 'name = "x"\nplace = "weihai"\nbased_on = "base"\n'
    assert "base is about yantai, this one about weihai" in faults(written(tmp_path, base=BASE, x=text) / "x.toml")


def test_broken_toml_is_told_with_its_line(tmp_path):
    told = faults(written(tmp_path, x='name = "x\n') / "x.toml")
    assert "not a TOML document (" in told and "at line 1" in told


@pytest.mark.parametrize("name", [name for name in scenarios() if not name.endswith(("-baseline", "-first"))])
def test_shipped_scenario_reads(name):
    assert read_scenario(name).place == "yantai"


def test_programme_of_2024_holds_ten_openings_5000_spaces_and_16_lines():
    programme = read_scenario("yantai-2024")
    groups = [measure.group for measure in programme.measures]
    assert (groups.count("openings"), groups.count("buses")) == (10, 16)
    assert sum(measure.spaces for measure in programme.measures if isinstance(measure, AddParking)) == 5000
    for part in ("ten-openings", "parking-5000", "bus-16"):
        assert any("候选" in note for note in read_scenario(part).notes)


EVERY_KIND = (
    OpenLink(id="1", group="g", street="塔山北路", near=(121.36, 37.52)),
    OpenLink(id="2", ends=((121.4, 37.5), "青年路×南大街"), name="候选A", lanes=1.5, speed_kmh=40.0, length_m=500.0),
    OpenLink(
        id="101",
        geometry=((121.4, 37.5), (121.41, 37.5), (121.41, 37.51)),
        bridge=True,
        retime=True,
        opens_on=datetime.date(2023, 12, 1),
        cost_yuan=3e6,
    ),
    OpenLink(id="102", extend="青年路×南大街"),
    SetTurn(id="103", at="青年路×南大街", from_street="青年路", turn="left", direction="north"),
    WorkZone(id="104", street="南大街", lanes_open=1.0, dates=(datetime.date(2024, 1, 1), datetime.date(2024, 2, 1))),
    CloseLink(id="3", street="青年路", cross_streets=("南大街", "北马路"), direction="north"),
    ChangeLanes(id="4", street="青年路", lanes=1.0),
    SetSpeedLimit(id="5", near=(121.4, 37.5), speed_kmh=30.0),
    WorkZone(id="6", street="青年路", lanes_open=0.0, between=TimeWindow.between("22:00", "06:30"), speed_kmh=20.0),
    BanLorries(id="6b", street="青年路", between=(TimeWindow.between("07:00", "08:30"),)),
    BanLorries(id="6c", zones=("Z001",)),
    SetEbikes(id="6d", road_classes=("secondary", "tertiary"), ebikes_vph=600.0, apart=False),
    AddParking(id="7", at=(121.4, 37.5), spaces=50, site_kind="garage", tariff=Tariff(2.0, 30.0, 5.0, 900.0)),
    SetTariff(id="8", sites=("文化中心",), tariff=Tariff()),
    SetTariff(
        id="8b",
        zones=("Z001",),
        tariff=Tariff(busy_hours=(TimeWindow.between("08:00", "11:00"),), busy_half_hour_yuan=3.0),
    ),
    LimitStay(id="13", everywhere=True, site_kind="kerb", longest_stay_min=60.0),
    RequirePermit(id="14", zones=("Z001",), holders_share=0.2, open_hours=(TimeWindow.between("08:00", "18:00"),)),
    ShareParking(id="15", everywhere=True, use="homes", share=0.2, hours=(TimeWindow.between("08:00", "18:00"),)),
    GuideParking(id="16", share=0.6, delay_min=2.0),
    BookParking(id="17", share=0.3),
    EnforceParking(id="18", share=0.5, fine_yuan=200.0),
    SetHeadway(id="9", line="10路", peak_headway_min=5.0),
    RemoveStop(id="10", line="10路", stop="南山公园"),
    RetimeSignals(id="11", at="青年路×南大街", within_m=500.0, coordinate=True),
    AdaptiveSignals(id="12", control="max_pressure", street="青年路"),
    SignalPriority(id="19", lines=("10路", "17路"), street="青年路"),
    AddBusLane(
        id="20",
        street="南大街",
        direction="east",
        hours=(TimeWindow.between("07:00", "09:00"), TimeWindow.between("17:00", "19:00")),
        narrow="leave_out",
    ),
    RerouteLine(id="b13", line="10路", from_stop="甲", to_stop="乙", via=("青年路",), new_stops=False),
    SetSpan(id="b14", line="10路", first="05:30", last="22:00"),
    AddStop(id="b15", line="10路", stop="新站", at=(121.4, 37.5)),
    SplitLine(id="b16", line="10路", at="乙", second_name="10路东线"),
    MergeLines(id="b17", line="10路", other="11路"),
    ExpressRun(id="b18", line="10路", stops=("甲", "丙"), every=3),
    HoldBuses(id="b19", line="10路", control="headway", at=("乙",)),
)


def test_every_kind_of_measure_is_written_and_read_back(tmp_path):
    assert {type(measure) for measure in EVERY_KIND} == set(MEASURE_KINDS.values())
    measures = tuple(dataclasses.replace(measure, id=f"m{n}") for n, measure in enumerate(EVERY_KIND))
    scenario = Scenario(
        name="all",
        title=Words("全部", "all"),
        place="yantai",
        date=datetime.date(2024, 1, 1),
        measured=TimeWindow.between("06:30", "08:30"),
        measures=measures,
        notes=("候选", "a note"),
    )
    write_scenario(tmp_path / "all.toml", scenario, header="Written by: a test\n\nnot a plan")
    assert read_scenario(tmp_path / "all.toml") == scenario
    assert (tmp_path / "all.toml").read_text(encoding="utf-8").startswith("# Written by: a test\n#\n# not a plan\n")
    assert [path.name for path in tmp_path.iterdir()] == ["all.toml"]


hours = st.builds(
    lambda start, length: TimeWindow(start * 60.0, (start + length) * 60.0), st.integers(0, 1439), st.integers(1, 1440)
)


@given(hours)
def test_hours_read_back_as_written(tmp_path_factory, window):
    path = tmp_path_factory.mktemp("hours") / "s.toml"
    works = WorkZone(id="w", street="青年路", lanes_open=1.0, between=window)
    write_scenario(path, Scenario(name="s", title=Words("s", "s"), place="yantai", measures=(works,)))
    assert read_scenario(path).measures == (works,)
