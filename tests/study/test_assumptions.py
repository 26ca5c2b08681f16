"""What a study says of itself."""

from dataclasses import replace

from twin.city.city import City
from twin.city.parking import Tariff
from twin.study.assumptions import not_answered


def test_a_change_of_price_is_told_not_to_be_answered(grid_town: City) -> None:
    dearer = tuple(replace(site, tariff=Tariff(half_hour_yuan=9.0)) for site in grid_town.sites)
    assert "price" in not_answered(grid_town, replace(grid_town, sites=dearer))[0].en


def test_new_spaces_alone_need_no_such_word(grid_town: City) -> None:
    more = (*grid_town.sites, replace(grid_town.sites[0], id="new", spaces=50))
    assert not_answered(grid_town, replace(grid_town, sites=more)) == ()
