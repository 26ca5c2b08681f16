import datetime
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_town import DAY, network, place, town

from twin.city.network import BusLane, Movement
from twin.clock import TimeWindow
from twin.errors import ScenarioError
from twin.scenario.street_measures import AddBusLane, ChangeLanes, CloseLink, SetSpeedLimit, WorkZone
from twin.scenario.street_openings import OpenLink


def changed_links(before, after):
    old = before.network.link_by_id
    return [link.id for link in after.network.links if old.get(link.id) != link]


def test_planned_street_opens_on_the_city_s_date():
    after = OpenLink(id="a", street="港城大街").apply(town())
    assert changed_links(town(), after) == ["n20-n30", "n30-n20"]
    assert {after.network.link_by_id[i].opened_on for i in ("n20-n30", "n30-n20")} == {DAY}
    assert len(after.open_network().links) == len(town().open_network().links) + 2


def test_street_that_is_open_cannot_be_opened():
    with pytest.raises(ScenarioError, match="红旗路 is open already on 2023-12-31"):
        OpenLink(id="a", street="红旗路").apply(town())


def test_new_street_joins_the_junctions_nearest_to_its_ends():
    after = OpenLink(id="a", ends=(place(0.05, 0), "红旗路×海港路"), name="候选A", road_class="secondary").apply(town())
    there, back = (after.network.link_by_id[i] for i in changed_links(town(), after))
    assert {(there.from_node, there.to_node), (back.from_node, back.to_node)} == {("n00", "n11"), ("n11", "n00")}
    assert there.name == "候选A" and there.length_m == pytest.approx(626, abs=3)


def test_new_street_takes_the_middle_values_of_its_class():
    after = OpenLink(id="a", ends=(place(0, 0), place(1, 1)), road_class="secondary").apply(town())
    link = after.network.link_by_id[changed_links(town(), after)[0]]
    assert (link.capacity_vph, link.free_speed_mps) == (1500.0, 50 / 3.6)
    assert link.assumed == {"geometry", "capacity_vph", "free_speed_mps", "length_m"}


def test_class_unknown_to_the_network_needs_speed_and_capacity():
    with pytest.raises(ScenarioError, match=r"has no tertiary street to take .* from: give speed_kmh and capacity_vph"):
        OpenLink(id="a", ends=(place(0, 0), place(1, 1))).apply(town())
    after = OpenLink(id="a", ends=(place(0, 0), place(1, 1)), speed_kmh=36, capacity_vph=900).apply(town())
    link = after.network.link_by_id[changed_links(town(), after)[0]]
    assert (link.capacity_vph, link.free_speed_mps) == (900.0, 10.0)


def test_new_street_gives_way_where_it_ends_at_a_higher_class_without_a_signal():
    """All streets of the town are secondary. A signal at n11 decides there; at n00 nothing does."""
    new = OpenLink(id="a", ends=(place(0, 0), place(1, 1)), speed_kmh=36, capacity_vph=900)
    city = town()
    nodes = tuple(replace(n, control="signal") if n.id == "n11" else n for n in city.network.nodes)
    after = new.apply(replace(city, network=replace(city.network, nodes=nodes)))
    links = {link.to_node: link for link in after.network.links if link.id.startswith("new-")}
    assert (links["n00"].priority, links["n11"].priority) == (1, 2)
    assert "priority" in links["n00"].assumed and "priority" not in links["n11"].assumed
    same_class = replace(new, road_class="secondary").apply(city)
    assert all(link.priority == 2 for link in same_class.network.links)


def test_ids_of_new_links_come_from_content_not_from_the_measure_s_name():
    first, second = (
        OpenLink(id=name, ends=(place(0, 0), place(1, 1)), road_class="secondary").apply(town()) for name in "ab"
    )
    assert changed_links(town(), first) == changed_links(town(), second)


def test_joined_junctions_need_no_new_street():
    with pytest.raises(ScenarioError, match="joined by a street already"):
        OpenLink(id="a", ends=(place(0, 0), place(1, 0))).apply(town())


def test_new_street_may_be_turned_into_where_turns_are_listed():
    listed = network(movements=(Movement("n11", "n01-n11", "n11-n21"),))
    after = OpenLink(id="a", ends=(place(0, 0), place(1, 1)), road_class="secondary").apply(
        replace(town(), network=listed)
    )
    new = set(changed_links(town(), after))
    onto = {(turn.from_link, turn.to_link) for turn in after.network.turns() if turn.node_id == "n11"}
    assert {to for start, to in onto if start in new} == {"n11-n01", "n11-n12", "n11-n21", "n11-n10"}
    assert {start for start, to in onto if to in new} == {"n01-n11", "n12-n11", "n21-n11", "n10-n11"}
    assert ("n01-n11", "n11-n21") in onto and ("n01-n11", "n11-n10") not in onto


def test_closed_street_is_gone_from_the_open_network():
    after = CloseLink(id="a", street="红旗路", cross_streets=("青年路", "海港路"), direction="east").apply(town())
    gone = set(town().open_network().link_by_id) - set(after.open_network().link_by_id)
    assert gone == {"n01-n11"}


def test_night_works_hold_in_both_nights_that_touch_the_day():
    works = WorkZone(id="a", street="红旗路", lanes_open=1, between=TimeWindow.between("22:00", "06:00"))
    link = works.apply(town()).network.link_by_id["n01-n11"]
    assert [(str(change.window), change.lanes) for change in link.changes] == [("00:00–06:00", 1), ("22:00–30:00", 1)]


def test_works_that_take_no_lane_are_refused():
    with pytest.raises(ScenarioError, match="has 2 lanes each way at most: lanes_open = 3 takes none away"):
        WorkZone(id="a", street="红旗路", lanes_open=3).apply(town())


def test_closure_by_hours_leaves_no_lane_in_them():
    closure = CloseLink(id="a", street="红旗路", between=TimeWindow.between("07:00", "08:00"))
    link = closure.apply(town()).network.link_by_id["n01-n11"]
    assert [(change.window.start_s, change.lanes) for change in link.changes] == [(25200, 0.0)]


PEAKS = (TimeWindow.between("07:00", "09:00"), TimeWindow.between("17:00", "19:00"))


def bus_lanes(city):
    return {link.id: link.bus_lane for link in city.network.links if link.bus_lane is not None}


def test_bus_lane_is_one_of_the_lanes_that_there_are():
    after = AddBusLane(id="a", street="红旗路", direction="east", hours=PEAKS).apply(town())
    assert bus_lanes(after) == {f"n{i}1-n{i + 1}1": BusLane(PEAKS) for i in range(3)}
    link = after.network.link_by_id["n01-n11"]
    assert (link.lanes, link.lanes_for_all) == (2.0, 2.0)
    all_day = AddBusLane(id="a", street="红旗路").apply(town())
    assert {link.lanes_for_all for link in all_day.network.links if link.name == "红旗路"} == {1.0}


def test_bus_lane_on_a_street_of_one_lane_is_refused_left_out_or_built():
    """红旗路 has two lanes each way, but one of its three blocks eastward has only one."""
    narrow = ChangeLanes(id="n", street="红旗路", near=place(1.5, 1), direction="east", lanes=1).apply(town())
    with pytest.raises(
        ScenarioError, match=r"1 of 6 links of 红旗路 have no second lane to give \(link n11-n21: 1 lane"
    ):
        AddBusLane(id="a", street="红旗路").apply(narrow)
    left_out = AddBusLane(id="a", street="红旗路", narrow="leave_out").apply(narrow)
    assert len(bus_lanes(left_out)) == 5 and "n11-n21" not in bus_lanes(left_out)
    widened = AddBusLane(id="a", street="红旗路", narrow="widen").apply(narrow)
    assert len(bus_lanes(widened)) == 6
    assert [widened.network.link_by_id[i].lanes for i in ("n01-n11", "n11-n21")] == [2.0, 2.0]


def test_hours_of_a_bus_lane_come_beside_those_it_has():
    morning, evening = ((hours,) for hours in PEAKS)
    after = AddBusLane(id="a", street="红旗路", hours=morning).apply(town())
    both = AddBusLane(id="b", street="红旗路", hours=evening).apply(after)
    assert set(bus_lanes(both).values()) == {BusLane(PEAKS)}
    assert set(bus_lanes(AddBusLane(id="c", street="红旗路").apply(both)).values()) == {BusLane()}
    with pytest.raises(ScenarioError, match="红旗路 has that bus lane already"):
        AddBusLane(id="d", street="红旗路", hours=morning).apply(both)


def test_no_measure_takes_the_last_lane_beside_a_bus_lane():
    after = AddBusLane(id="a", street="红旗路").apply(town())
    with pytest.raises(ScenarioError, match="红旗路 has a bus lane: 1 lane leave none for all"):
        ChangeLanes(id="b", street="红旗路", lanes=1).apply(after)


def test_bus_lane_is_said_in_both_languages():
    assert AddBusLane(id="a", street="红旗路").describe("zh") == "红旗路设公交专用道(全天)"
    assert AddBusLane(id="a", street="红旗路", hours=PEAKS[:1]).describe("en") == "bus lane on 红旗路 07:00–09:00"


def test_speed_too_low_for_the_capacity_is_refused():
    with pytest.raises(ScenarioError, match=r"10 km/h is too slow for 红旗路: .* more than 11\.2 km/h"):
        SetSpeedLimit(id="a", street="红旗路", speed_kmh=10).apply(town())


def test_values_that_cannot_be_meant_are_told_together():
    with pytest.raises(ScenarioError, match=r"speed_kmh is 500, must be 5 to 130") as error:
        OpenLink(id="a", road_class="boulevard", lanes=0, speed_kmh=500)
    assert (
        "either `street`" in str(error.value) and "boulevard" in str(error.value) and "lanes is 0" in str(error.value)
    )


def test_street_that_is_not_open_yet_cannot_be_changed():
    with pytest.raises(ScenarioError, match="not open on 2023-12-31"):
        ChangeLanes(id="a", street="港城大街", near=place(2.5, 0), lanes=3).apply(town())


street_measures = st.one_of(
    st.builds(ChangeLanes, id=st.just("m"), street=st.sampled_from(["红旗路", "解放路"]), lanes=st.integers(1, 5)),
    st.builds(
        SetSpeedLimit, id=st.just("m"), street=st.sampled_from(["红旗路", "解放路"]), speed_kmh=st.floats(20, 80)
    ),
    st.builds(
        WorkZone, id=st.just("m"), street=st.sampled_from(["红旗路", "解放路"]), lanes_open=st.sampled_from([0, 1])
    ),
    st.just(OpenLink(id="m", street="港城大街")),
    st.just(OpenLink(id="m", ends=(place(0, 0), place(1, 1)), road_class="secondary")),
    st.just(CloseLink(id="m", street="解放路")),
)


@given(street_measures)
def test_no_measure_changes_its_input(measure):
    city, pristine = town(), town()
    measure.apply(city)
    assert city.network == pristine.network and city.sites == pristine.sites and city.lines == pristine.lines


@given(street_measures)
def test_a_measure_lies_where_it_changes_the_city(measure):
    city = town()
    places = measure.touches(city)
    assert places and all(121.39 < lon < 121.42 and 37.49 < lat < 37.52 for lon, lat in places)


def test_undoing_gives_the_city_back():
    wider = ChangeLanes(id="a", street="红旗路", lanes=3)
    narrower = ChangeLanes(id="b", street="红旗路", lanes=2)
    slower = SetSpeedLimit(id="c", street="红旗路", speed_kmh=30)
    faster = SetSpeedLimit(id="d", street="红旗路", speed_kmh=50)
    city = town()
    for measure in (wider, slower, faster, narrower):
        city = measure.apply(city)
    assert city.network == town().network


def test_city_of_an_earlier_day_lacks_what_opened_later():
    later = OpenLink(id="a", street="港城大街").apply(town())
    assert len(later.on(datetime.date(2023, 12, 30)).open_network().links) == len(town().open_network().links)


@pytest.mark.parametrize("kind", [WorkZone, CloseLink])
def test_works_with_dates_hold_on_their_days_only(kind):
    dates = (datetime.date(2024, 4, 1), datetime.date(2024, 6, 30))
    values = {"lanes_open": 1} if kind is WorkZone else {}
    works = kind(id="a", street="红旗路", dates=dates, **values)
    with pytest.raises(
        ScenarioError, match="holds from 2024-04-01 to 2024-06-30, and the scenario's date is 2023-12-31"
    ):
        works.apply(town())
    for day in dates:
        assert works.apply(town().on(day)).network != town().network
    with pytest.raises(ScenarioError, match="dates end on 2024-04-01, before they begin on 2024-06-30"):
        kind(id="a", street="红旗路", dates=dates[::-1], **values)


def test_works_by_dates_and_hours_hold_in_the_hours():
    dates = (DAY, DAY)
    works = WorkZone(id="a", street="红旗路", lanes_open=1, dates=dates, between=TimeWindow.between("10:00", "12:00"))
    (change,) = works.apply(town()).network.link_by_id["n01-n11"].changes
    assert (str(change.window), change.lanes) == ("10:00–12:00", 1)
    assert works.describe("en").endswith("10:00–12:00 2023-12-31–2023-12-31, 1 lane open each way")
