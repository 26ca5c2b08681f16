"""Changing nothing changes nothing: exactly zero in every row, through demand, settling, runs and comparison.

Rows that no seed can measure (no value in either arm) have no difference; all others must be 0.0 with interval [0, 0].
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.grid_town import FAR, PLACE, TownFiles, place, write_measures, write_town
from twin.files.city_files import load_city
from twin.results.comparison import Comparison
from twin.study.compare import compare

SEEDS = 2
MANY_SEEDS = 5
WIDE_BRIDGE = 'kind = "change_lanes"\nstreet = "东风桥"\nlanes = 2'
CLOSE_ALLEY = 'kind = "close_link"\nstreet = "小巷"'
CLOSE_FAR = 'kind = "close_link"\nstreet = "后山路"'
SAME_SPEED = 'kind = "set_speed_limit"\nstreet = "东风桥"\nspeed_kmh = 40'
FAR_PARKING = f'kind = "add_parking"\nat = [{FAR[0]}, {FAR[1]}]\nspaces = 500'
NEAR_THE_BRIDGE = 'kind = "add_parking"\nat = [{}, {}]\nspaces = 40'.format(*place(3.9, 0.9))


def study(after: str, *, seeds: int = SEEDS) -> Comparison:
    return compare("base", after, replications=seeds, base_rounds=3, arm_rounds=2, jobs=1)


def assert_nothing_changed(comparison: Comparison, *, seeds: int = SEEDS) -> None:
    rows = comparison.rows
    assert (rows["n"] == seeds).all(), "every row is measured with every seed"
    values = comparison.replications.set_index(["arm", "seed", "metric", "area"])["value"]
    pd.testing.assert_series_equal(values["after"], values["before"], check_exact=True)
    assert (rows[["difference", "ci_low", "ci_high"]].to_numpy() == 0.0).all()
    assert not set(rows["verdict"]) & {"better", "worse"}
    books = comparison.books.set_index(["arm", "seed"])
    pd.testing.assert_frame_equal(books.loc["after"], books.loc["before"])
    before, after = (comparison.settling[comparison.settling["arm"] == arm] for arm in ("before", "after"))
    assert before["vehicle_hours"].tolist() == after["vehicle_hours"].tolist()
    assert before["relative_gap"].tolist() == after["relative_gap"].tolist()


def entered(comparison: Comparison, street: str) -> float:
    links = comparison.links[comparison.links["name"] == street]
    assert len(links), f"no street {street}"
    return float(links["before_flow_vph"].sum())


def test_town_has_what_placebos_must_survive(in_town: Path) -> None:
    """Queues, searches that end with no space, and buses: or zero would be cheap."""
    write_measures(in_town, "empty-town")
    before = study("empty-town").rows.set_index(["metric", "area"])["before"]
    assert before["tti", "city"] > 1.1
    assert before["mean_search_s", "city"] > 10.0
    assert 0.0 < before["no_space_share", "city"] < 0.5
    assert 0.0 < before["bus_speed_kmh", "city"] < 40.0


def test_empty_scenario(in_town: Path) -> None:
    write_measures(in_town, "empty")
    assert_nothing_changed(study("empty"))


@pytest.mark.parametrize(
    ("name", "street", "measure"), [("close-far", "后山路", CLOSE_FAR), ("close-alley", "小巷", CLOSE_ALLEY)]
)
def test_closing_a_street_that_nobody_uses(in_town: Path, name: str, street: str, measure: str) -> None:
    write_measures(in_town, name, measure)
    comparison = study(name)
    assert entered(comparison, street) == 0.0
    assert_nothing_changed(comparison)


def test_closing_an_unused_street_by_the_hour(in_town: Path) -> None:
    write_measures(in_town, "close-hours", f'{CLOSE_FAR}\nbetween = ["07:00", "08:00"]')
    assert_nothing_changed(study("close-hours"))


def test_setting_a_speed_to_what_it_is(in_town: Path) -> None:
    write_measures(in_town, "same-speed", SAME_SPEED)
    assert_nothing_changed(study("same-speed"))


def test_car_park_that_nobody_reaches_on_foot(in_town: Path) -> None:
    write_measures(in_town, "far-parking", FAR_PARKING)
    assert_nothing_changed(study("far-parking"))


def test_all_placebos_at_once(in_town: Path) -> None:
    write_measures(in_town, "all-at-once", CLOSE_FAR, CLOSE_ALLEY, SAME_SPEED)
    assert_nothing_changed(study("all-at-once", seeds=MANY_SEEDS), seeds=MANY_SEEDS)


def test_placebos_on_top_of_a_measure(in_town: Path) -> None:
    """The measure does its work, and with the placebos beside it does exactly the same."""
    write_measures(in_town, "alone", WIDE_BRIDGE)
    write_measures(in_town, "in-company", WIDE_BRIDGE, FAR_PARKING, CLOSE_ALLEY)
    alone, company = (study(name).rows.query("area == 'city'") for name in ("alone", "in-company"))
    pd.testing.assert_frame_equal(alone, company, check_exact=True)
    assert (alone["difference"] != 0.0).any()


@pytest.mark.parametrize("how", [TownFiles(reverse=True), TownFiles(renamed=True)], ids=["reversed", "renamed"])
def test_order_of_rows_and_names_of_things_change_nothing(
    in_town: Path, how: TownFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same town in files whose rows run backward, or whose nodes, ways and zones have other names in one order."""
    write_measures(in_town, "bridge-and-parking", WIDE_BRIDGE, NEAR_THE_BRIDGE)
    plain = study("bridge-and-parking")
    plain_city = load_city(PLACE)
    write_measures(write_town(tmp_path, how), "bridge-and-parking", WIDE_BRIDGE, NEAR_THE_BRIDGE)
    monkeypatch.setenv("TWIN_HOME", str(tmp_path))
    monkeypatch.setenv("TWIN_CACHE", str(tmp_path / "cache"))
    other = study("bridge-and-parking")
    assert len(load_city(PLACE).demand.travellers) == len(plain_city.demand.travellers)
    pd.testing.assert_frame_equal(other.rows, plain.rows, check_exact=True)
    pd.testing.assert_frame_equal(other.replications, plain.replications, check_exact=True)
    assert np.abs(plain.rows["difference"]).max() > 0.0
