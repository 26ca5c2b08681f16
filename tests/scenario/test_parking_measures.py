import pytest
from small_town import place, town

from twin.city.parking import Tariff
from twin.errors import ScenarioError
from twin.scenario.parking_measures import AddParking, SetTariff


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
