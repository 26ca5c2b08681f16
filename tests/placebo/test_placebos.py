"""Changing nothing changes nothing: exactly zero in every metric for five seeds, through demand, choice of ways and
sites, settling, traffic, parking, buses and comparison. A new limb brings its own placebo here.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.grid_town import FAR, PLACE, TownFiles, place, write_measures, write_town
from twin.files.city_files import load_city
from twin.results.comparison import Comparison
from twin.results.dictionary import METRICS
from twin.study.compare import compare

SEEDS = 5
WIDE_BRIDGE = 'kind = "change_lanes"\nstreet = "东风桥"\nlanes = 2'
CLOSE_ALLEY = 'kind = "close_link"\nstreet = "小巷"'
CLOSE_FAR = 'kind = "close_link"\nstreet = "后山路"'
CLOSE_FAR_FOR_HOURS = f'{CLOSE_FAR}\nbetween = ["07:00", "08:00"]'
NO_LORRIES_FAR = 'kind = "ban_lorries"\nstreet = "后山路"\nbetween = [["07:00", "08:30"]]'
NO_EBIKES = 'kind = "set_ebikes"\nroad_classes = ["tertiary"]\nebikes_vph = 0\napart = false'
SAME_SPEED = 'kind = "set_speed_limit"\nstreet = "东风桥"\nspeed_kmh = 40'
SAME_LANES = 'kind = "change_lanes"\nstreet = "东风桥"\nlanes = 1'
SAME_HEADWAY = 'kind = "set_headway"\nline = "1路"\npeak_headway_min = 6\noffpeak_headway_min = 12'
SAME_FACTOR = 'kind = "set_headway"\nline = "2路"\nfactor = 1'
UNUSED_HEADWAY = 'kind = "set_headway"\nline = "4路"\noffpeak_headway_min = 180'
UNUSED_STOP = 'kind = "remove_stop"\nline = "4路"\nstop = "4路4-2"'
SAME_TARIFF = 'kind = "set_tariff"\neverywhere = true\n[measures.tariff]\nhalf_hour_yuan = 1.0\nday_cap_yuan = 20.0'
WORK_AT_NIGHT = 'kind = "work_zone"\nstreet = "解放桥"\nlanes_open = 0\nbetween = ["22:00", "06:00"]'
WORK_LATER = 'kind = "work_zone"\nstreet = "东风桥"\nlanes_open = 0\nbetween = ["13:00", "18:00"]'
FAR_PARKING = f'kind = "add_parking"\nat = [{FAR[0]}, {FAR[1]}]\nspaces = 500'
FAR_GARAGE = f'{FAR_PARKING}\nsite_kind = "garage"\ngate_s = 10'
NO_LIMIT = 'kind = "limit_stay"\neverywhere = true\nlongest_stay_min = 10000'
SAME_FINES = 'kind = "enforce_parking"\nshare = 0.1\nfine_yuan = 100'
NOBODY_GUIDED = 'kind = "guide_parking"\nshare = 0.0\ndelay_min = 60'
NOBODY_BOOKS = 'kind = "book_parking"\nshare = 0.0'
NIGHT_PRICE = (
    'kind = "set_tariff"\neverywhere = true\n[measures.tariff]\nhalf_hour_yuan = 1.0\nbusy_hours = [["20:00", "20:30"]]'
    "\nbusy_half_hour_yuan = 1.0"
)
BUS_LANE_FAR = 'kind = "add_bus_lane"\nstreet = "后山路"\nhours = [["07:00", "09:00"]]'
PRIORITY_FOR_NOBODY = 'kind = "signal_priority"\nlines = ["4路"]'
BAN_UNUSED_TURN = 'kind = "set_turn"\nat = "解放街×二路"\nto_street = "后山路"'
FROM_MID_BLOCK = (
    'kind = "open_link"\nends = [[{}, {}], [{}, {}]]\nname = "新巷"\n'
    'road_class = "residential"\nspeed_kmh = 5\ncapacity_vph = 300'
).format(*place(0.45, 0), *place(0.45, 4))
"""From the middle of one block to that of another, across three streets and an alley; so slow that nobody drives it."""
NEAR_THE_BRIDGE = 'kind = "add_parking"\nat = [{}, {}]\nspaces = 40'.format(*place(3.9, 0.9))


def study(after: str) -> Comparison:
    return compare("base", after, replications=SEEDS, base_rounds=3, arm_rounds=2, jobs=1)


OF_SITES = ("parking_utilisation", "parking_turnover", "full_spaces_share")
"""Figures of all sites: another one, though nobody parks there, is in them."""


OF_THE_DAY = ("fleet", "bus_runs_a_day", "bus_km_a_day", "bus_cost_yuan")
"""Figures of the whole day's timetable: a line that does not run in the morning is in them."""


def assert_nothing_changed(comparison: Comparison, *, but: tuple[str, ...] = (), same_gap: bool = True) -> None:
    rows = comparison.rows
    assert set(rows["metric"]) == set(METRICS) - {"road_vehicles"}, "every metric is measured; no road is new"
    assert (rows["n"] == SEEDS).all(), "every row is measured with every seed"
    told = comparison.replications[~comparison.replications["metric"].isin(but)]
    values = told.set_index(["arm", "seed", "metric", "area"])["value"]
    pd.testing.assert_series_equal(values["after"], values["before"], check_exact=True)
    rows = rows[~rows["metric"].isin(but)]
    assert (rows[["difference", "ci_low", "ci_high"]].to_numpy() == 0.0).all()
    assert not set(rows["verdict"]) & {"better", "worse"}
    books = comparison.books.set_index(["arm", "seed"])
    pd.testing.assert_frame_equal(books.loc["after"], books.loc["before"])
    changes = comparison.junctions[["difference_delay_s", "ci_low", "ci_high"]]
    assert len(changes) and (changes == 0.0).all(axis=None) and comparison.road_flows.empty
    before, after = (comparison.settling[comparison.settling["arm"] == arm] for arm in ("before", "after"))
    assert before["vehicle_hours"].tolist() == after["vehicle_hours"].tolist()
    assert not same_gap or before["relative_gap"].tolist() == after["relative_gap"].tolist()


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


@pytest.mark.parametrize(("name", "street"), [("close-far", "后山路"), ("close-alley", "小巷")])
def test_closing_a_street_that_nobody_uses(in_town: Path, name: str, street: str) -> None:
    write_measures(in_town, name, {"后山路": CLOSE_FAR, "小巷": CLOSE_ALLEY}[street])
    comparison = study(name)
    assert entered(comparison, street) == 0.0
    assert_nothing_changed(comparison)


@pytest.mark.parametrize(
    ("name", "measures"),
    [
        ("close-hours", (CLOSE_FAR_FOR_HOURS, NO_LORRIES_FAR, NO_EBIKES)),
        ("same-speed", (SAME_SPEED,)),
        ("same-lanes", (SAME_LANES,)),
        ("far-parking", (FAR_PARKING,)),
        ("same-tariff", (SAME_TARIFF,)),
        ("far-garage", (FAR_GARAGE,)),
        ("parking-rules", (NO_LIMIT, SAME_FINES, NOBODY_GUIDED, NOBODY_BOOKS, NIGHT_PRICE)),
        ("same-headway", (SAME_HEADWAY, SAME_FACTOR)),
        ("unused-stop", (UNUSED_STOP, UNUSED_HEADWAY)),
        ("unused-turn", (BAN_UNUSED_TURN,)),
        ("unused-bus-lane", (BUS_LANE_FAR, PRIORITY_FOR_NOBODY)),
        ("work-out-of-hours", (WORK_AT_NIGHT, WORK_LATER)),
        ("all-at-once", (CLOSE_FAR, CLOSE_ALLEY, SAME_SPEED, SAME_HEADWAY, UNUSED_STOP, SAME_TARIFF, WORK_AT_NIGHT)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_measure_that_changes_nothing_changes_nothing(in_town: Path, name: str, measures: tuple[str, ...]) -> None:
    write_measures(in_town, name, *measures)
    but = OF_SITES if name in ("far-parking", "far-garage") else OF_THE_DAY if UNUSED_STOP in measures else ()
    # A turn that nobody makes may still be on the quickest way of somebody who stays on his own.
    assert_nothing_changed(study(name), but=but, same_gap=name != "unused-turn")


def test_a_new_street_that_cuts_others_and_that_nobody_drives(in_town: Path) -> None:
    """Both arms have the streets cut; the row of the new road itself says nobody."""
    write_measures(in_town, "mid-block", FROM_MID_BLOCK)
    comparison = study("mid-block")
    pieces = comparison.links[comparison.links["link_id"].str.contains("~")]
    assert len(pieces) == 6 * 2 * 2 and not pieces["is_new"].any()
    assert comparison.links["is_new"].sum() == 2 * 5
    is_road = comparison.replications["metric"] == "road_vehicles"
    assert (comparison.replications[is_road]["value"] == 0.0).all() and is_road.any()
    values = comparison.replications[~is_road].set_index(["arm", "seed", "metric", "area"])["value"]
    pd.testing.assert_series_equal(values["after"], values["before"], check_exact=True)


def test_placebos_on_top_of_a_measure(in_town: Path) -> None:
    """The measure does its work, and with the placebos beside it does exactly the same."""
    write_measures(in_town, "alone", WIDE_BRIDGE)
    write_measures(in_town, "in-company", WIDE_BRIDGE, FAR_PARKING, CLOSE_ALLEY)
    told = [
        "metric",
        "area",
        "before",
        "after",
        "difference",
        "ci_low",
        "ci_high",
        "n",
    ]  # p-values: of all rows together
    alone, company = (
        study(name).rows.query("area == 'city' and metric not in @OF_SITES")[told].reset_index(drop=True)
        for name in ("alone", "in-company")
    )
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


def test_nothing_changes_nothing_and_people_who_may_react_do_not(in_town: Path) -> None:
    write_measures(in_town, "empty")
    comparison = compare(
        "base", "empty", replications=SEEDS, base_rounds=3, arm_rounds=2, jobs=1, people_react=True, induced=True
    )
    assert_nothing_changed(comparison)
    people = comparison.reacting
    assert people is not None and people.mode_rounds["changed"].tolist() == [0.0, 0.0]
    assert people.modes["before_trips"].tolist() == people.modes["after_trips"].tolist()
    assert_nothing_changed(people)
