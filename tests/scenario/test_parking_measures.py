from dataclasses import replace

import pytest
from small_town import place, town

from twin.city.parking import ParkingPolicy, ParkingSite, Tariff
from twin.clock import TimeWindow
from twin.errors import ScenarioError
from twin.scenario.measure import changed_places
from twin.scenario.parking_measures import AddParking
from twin.scenario.parking_policies import BookParking, EnforceParking, GuideParking
from twin.scenario.parking_rules import LimitStay, RequirePermit, SetTariff, ShareParking
from twin.scenario.scenario import Scenario
from twin.wording import Words


def test_new_spaces_are_entered_from_the_nearest_street_and_belong_to_the_nearest_zone():
    site = AddParking(id="p", at=place(2.6, 1.1), spaces=120, name="候选场01").apply(town()).sites[-1]
    assert (site.link_id, site.zone_id, site.spaces, site.name) == ("n21-n31", "Z2", 120, "候选场01")


def test_new_spaces_on_a_street_lie_halfway_along_it():
    site = AddParking(id="p", street="红旗路", spaces=20, site_kind="kerb").apply(town()).sites[-1]
    assert site.link_id.startswith(("n01-n11", "n11-n21", "n21-n11", "n31-n21"))
    assert (site.lon, site.lat) in (place(1, 1), place(2, 1))


def test_share_taken_before_the_run_becomes_whole_spaces():
    site = AddParking(id="p", at=place(1, 1), spaces=50, taken_share=0.5).apply(town()).sites[-1]
    assert site.occupied_at_start == 25


def test_percent_where_a_share_is_meant_is_told():
    with pytest.raises(ScenarioError, match=r"taken_share is 85, must be a share from 0 to 1: for 85 % write 0\.85"):
        AddParking(id="p", at=place(1, 1), spaces=50, taken_share=85)


def test_place_far_from_any_street_is_refused():
    with pytest.raises(ScenarioError, match="no street to enter from within 150 m"):
        AddParking(id="p", at=place(0.5, 0.5), spaces=50).apply(town())


def test_tariff_is_set_for_sites_by_name():
    after = SetTariff(id="t", sites=("文化中心",), tariff=Tariff(half_hour_yuan=2.0)).apply(town())
    assert [site.tariff.half_hour_yuan for site in after.sites] == [2.0, 1.0]


def test_tariff_is_set_for_one_kind_everywhere():
    after = SetTariff(id="t", everywhere=True, site_kind="kerb", tariff=Tariff(half_hour_yuan=4.0)).apply(town())
    assert [site.tariff.half_hour_yuan for site in after.sites] == [1.0, 4.0]


def test_no_site_near_is_told_with_the_nearest():
    with pytest.raises(ScenarioError, match=r"the nearest site is 文化中心 \(garage\), 8\d\d m away"):
        SetTariff(id="t", near=place(1, 0), within_m=100, tariff=Tariff()).apply(town())


def test_unknown_site_is_told_with_the_nearest_name():
    with pytest.raises(ScenarioError, match=r"no parking site '文化中央'. Did you mean '文化中心'"):
        SetTariff(id="t", sites=("文化中央",), tariff=Tariff()).apply(town())


def test_adding_parking_leaves_the_city_it_is_given_alone():
    city = town()
    AddParking(id="p", at=place(1, 1), spaces=50).apply(city)
    assert city.sites == town().sites


DAY = (TimeWindow.between("08:00", "18:00"),)


def estate(spaces: int = 50, *, access: str = "permit", name: str = "H") -> ParkingSite:
    return ParkingSite(name, "小区", "lot", *place(2, 1), "n11-n21", "Z2", spaces, occupied_at_start=40, access=access)


def test_prices_by_zone_and_hour():
    tariff = Tariff(1.0, busy_hours=DAY, busy_half_hour_yuan=5.0)
    after = SetTariff(id="t", zones=("Z2",), tariff=tariff).apply(town())
    assert [site.tariff.price_yuan(9 * 3600) for site in after.sites] == [1.0, 5.0]
    with pytest.raises(ScenarioError, match=r"no zone 'Z9'"):
        SetTariff(id="t", zones=("Z9",), tariff=tariff).apply(town())


def test_time_limit_sends_long_stays_elsewhere():
    after = LimitStay(id="l", everywhere=True, site_kind="kerb", longest_stay_min=60).apply(town())
    assert [site.admits(9 * 3600, 7200) for site in after.sites] == [True, False]
    assert [site.admits(9 * 3600, 3600) for site in after.sites] == [True, True]


def test_permits_keep_strangers_out_but_for_the_hours_left_open():
    measure = RequirePermit(id="r", sites=("P2",), holders_share=0.25, open_hours=DAY)
    after = measure.apply(town())
    kerb = after.sites[1]
    assert after.parking.permit_share == 0.25
    assert [kerb.admits(20 * 3600, 60, has_permit=permit) for permit in (False, True)] == [False, True]
    assert kerb.admits(9 * 3600, 3600)


def test_sharing_opens_a_part_of_private_spaces_for_hours():
    city = replace(town(), private_sites=(estate(), estate(name="O", access="staff")))
    after = ShareParking(id="s", everywhere=True, use="homes", share=0.25, hours=DAY).apply(city)
    shared = after.sites[-1]
    assert (shared.id, shared.spaces, shared.occupied_at_start) == ("shared-H", 12, 0)
    assert len(after.sites) == len(city.sites) + 1
    assert [shared.admits(hour * 3600, 3600) for hour in (7, 9, 17, 17.5)] == [False, True, True, False]
    with pytest.raises(ScenarioError, match="no private parking is known"):
        ShareParking(id="s", everywhere=True, share=0.25, hours=DAY).apply(town())


def test_policies_set_what_they_say_and_leave_the_rest():
    city = GuideParking(id="g", share=0.6, delay_min=2.0).apply(town())
    city = BookParking(id="b", share=0.3).apply(city)
    city = EnforceParking(id="e", share=0.5, fine_yuan=200.0).apply(city)
    expected = ParkingPolicy(
        guided_share=0.6, guidance_delay_s=120.0, booking_share=0.3, enforcement=0.5, fine_yuan=200.0
    )
    assert city.parking == expected
    assert set(changed_places(town(), city)) == {(site.lon, site.lat) for site in town().sites}


def test_percent_in_a_policy_is_told():
    with pytest.raises(ScenarioError, match=r"share is 60, must be a share from 0 to 1: for 60 % write 0\.6"):
        GuideParking(id="g", share=60)


def test_two_policies_on_one_thing_are_a_conflict():
    measures = (GuideParking(id="g", share=0.6), GuideParking(id="h", share=0.7))
    faults = Scenario("s", Words("s", "s"), "small-town", measures=measures).faults_in(town())
    assert any("set guided_share of policy parking differently" in fault for fault in faults)
