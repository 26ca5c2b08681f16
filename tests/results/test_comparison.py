"""Two arms, paired by seed: rows, links, sites, books, warnings, and how they are told."""

import math
from dataclasses import replace

import pandas as pd
import pytest
from small_runs import NINE, SEVEN, STREETS, cruising_of, links_of, parked, run_of, sites_of_run, trip, trips_of

from twin.city.network import Link, Network, Node
from twin.city.parking import ParkingSite
from twin.errors import SimulationError
from twin.results.comparison import (
    BOOK_COLUMNS,
    MEASURE_COLUMNS,
    REPLICATION_COLUMNS,
    SETTLING_COLUMNS,
    Comparison,
    compare_runs,
)
from twin.results.links_compared import LINK_COMPARISON_COLUMNS, STREET_TABLE_COLUMNS, streets_of
from twin.results.rows_compared import ROW_COLUMNS
from twin.results.sites_compared import SITE_COMPARISON_COLUMNS, sites_of
from twin.wording import CHANCE_ONLY, DEMONSTRATION

SITES = sites_of(
    [
        ParkingSite("P1", "大悦城", "lot", 121.39, 37.53, "1", "Z1", spaces=100, assumed=frozenset({"spaces"})),
        ParkingSite("P2", "", "kerb", 121.40, 37.53, "2", "Z1", spaces=10),
    ]
)
NO_SITES = SITES.iloc[:0]
META = {
    "before_title": "2023 年底现状",
    "after_title": "2024 年方案",
    "place": "yantai",
    "network_kind": "schematic",
    "demand_assumed": True,
    "demonstration": True,
    "warnings": [{"zh": "412 条路段的车道数为假定值。", "en": "412 links have assumed lanes."}],
}


def five(arm, times_s, **changed):
    """One run a seed, in which the only car takes so long."""
    return [
        run_of(trips_of(trip(1, time_s)), arm=arm, seed=seed, **changed) for seed, time_s in enumerate(times_s, start=1)
    ]


def compared(before, after, **changed) -> Comparison:
    usual = {
        "links_before": STREETS,
        "links_after": STREETS,
        "sites_before": NO_SITES,
        "sites_after": NO_SITES,
        "near": (),
        "measures": pd.DataFrame(columns=list(MEASURE_COLUMNS)),
        "settling": pd.DataFrame(columns=list(SETTLING_COLUMNS)),
        "meta": META,
    }
    return compare_runs(before, after, **(usual | changed))


def row(comparison, metric, area="city"):
    return comparison.rows.set_index(["area", "metric"]).loc[(area, metric)]


BEFORE_S = [600.0, 610.0, 620.0, 630.0, 640.0]
AFTER_S = [597.0, 604.0, 615.0, 626.0, 633.0]


def test_each_row_is_the_mean_of_paired_differences_with_its_interval() -> None:
    found = row(compared(five("before", BEFORE_S), five("after", AFTER_S)), "mean_travel_time_s")
    assert found[["before", "after", "difference", "n", "verdict"]].tolist() == [620.0, 615.0, -5.0, 5, "better"]
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((-6.963, -3.037), abs=0.001)


def test_pairs_are_made_by_seed_whatever_the_order_of_runs() -> None:
    straight = compared(five("before", BEFORE_S), five("after", AFTER_S))
    mixed = compared(five("before", BEFORE_S)[::-1], five("after", AFTER_S))
    pd.testing.assert_frame_equal(straight.rows, mixed.rows, check_exact=True)
    pd.testing.assert_frame_equal(straight.replications, mixed.replications, check_exact=True)


def test_an_arm_compared_with_itself_differs_by_exactly_nothing() -> None:
    buses = pd.DataFrame({"depart_s": [SEVEN], "arrive_s": [SEVEN + 700.0], "distance_m": [3333.3]})
    trips = trips_of(*(parked(i, 100.0 / 3 * i, search_s=i / 7, near=True) for i in range(1, 50)))
    sites = sites_of_run(("P1", SEVEN, 7, 3, 1), spaces=9, district="莱山区")
    parking = {"sites": sites, "cruising": cruising_of(("1", SEVEN, 1))}
    arms = (
        [run_of(trips, arm=arm, seed=seed, buses=buses, **parking) for seed in (1, 2, 3)] for arm in ("before", "after")
    )
    comparison = compared(*arms, near={"1"})
    measured = comparison.rows[comparison.rows["before"].notna()]  # nobody rides these buses
    assert len(measured) > 80 and (measured[["difference", "ci_low", "ci_high"]] == 0.0).all(axis=None)
    assert set(measured["verdict"]) == {"no_difference"}
    assert (comparison.links[["difference_delay_vehh", "ci_low", "ci_high"]] == 0.0).all(axis=None)
    assert not comparison.links["is_clear"].any()


def test_every_table_has_the_columns_it_promises() -> None:
    comparison = compared(five("before", BEFORE_S), five("after", AFTER_S), sites_before=SITES, sites_after=SITES)
    promised = {
        "rows": ROW_COLUMNS,
        "links": LINK_COMPARISON_COLUMNS,
        "sites": SITE_COMPARISON_COLUMNS,
        "replications": REPLICATION_COLUMNS,
        "books": BOOK_COLUMNS,
    }
    for table, columns in promised.items():
        assert list(getattr(comparison, table)) == list(columns)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ([1, 2], [1, 3], "not pairs: seeds \\[1, 2\\] before and \\[1, 3\\] after"),
        ([1, 1], [1, 1], "not pairs"),
        ([], [], "not pairs"),
    ],
)
def test_runs_that_are_no_pairs_are_refused(before, after, message: str) -> None:
    arms = [[run_of(arm=arm, seed=seed) for seed in seeds] for arm, seeds in (("before", before), ("after", after))]
    with pytest.raises(SimulationError, match=message):
        compared(*arms)


def test_runs_of_the_wrong_arm_or_window_are_refused() -> None:
    with pytest.raises(SimulationError, match="several arms"):
        compared([run_of(arm="after")], [run_of(arm="after")])
    other = run_of(arm="after")
    other = replace(other, measured=type(other.measured)(SEVEN, NINE - 900.0))
    with pytest.raises(SimulationError, match="07:00–08:45, 07:00–09:00; both arms must measure the same"):
        compared([run_of()], [other])


def test_a_link_where_everybody_is_slower_shows_its_delay_in_vehicle_hours() -> None:
    def runs(arm, time_s, noise_s):
        return [
            run_of(
                arm=arm, seed=seed, links=links_of(("1", SEVEN, 36, time_s), ("2", SEVEN, 36, 150.0 + seed * noise_s))
            )
            for seed in (1, 2, 3)
        ]

    links = compared(runs("before", 200.0, 0.0), runs("after", 250.0, 1.0)).links.set_index("link_id")
    first = links.loc["1"]
    assert first[["difference_delay_vehh", "ci_low", "ci_high", "is_clear"]].tolist() == [0.5, 0.5, 0.5, True]
    assert first[["before_speed_kmh", "after_speed_kmh"]].tolist() == pytest.approx([18.0, 14.4])
    assert first[["before_ratio", "after_ratio"]].tolist() == pytest.approx([0.5, 0.4])
    assert first[["before_flow_vph", "after_flow_vph"]].tolist() == [18.0, 18.0]
    assert first[["before_los", "after_los"]].tolist() == ["D", "E"]  # half and two fifths of free speed
    # 36 vehicles × 1, 2, 3 s: mean 0.02 veh·h, interval ± 4.303 · 0.01 / √3 = 0.0248, so not clear.
    assert links.loc["2", "difference_delay_vehh"] == pytest.approx(0.02)
    assert not links.loc["2", "is_clear"]


def test_new_and_closed_links_have_one_arm_only() -> None:
    new = STREETS.assign(link_id=["2", "3"], name=["青年路", "候选A"])
    before = [run_of(seed=seed) for seed in (1, 2)]
    after = [
        run_of(arm="after", seed=seed, streets=new, links=links_of(("2", SEVEN, 1, 100.0), ("3", SEVEN, 1, 125.0)))
        for seed in (1, 2)
    ]
    links = compared(before, after, links_after=new).links.set_index("link_id")
    assert links["is_new"].tolist() == [False, False, True]
    assert links["is_closed"].tolist() == [True, False, False]
    assert math.isnan(links.loc["3", "before_flow_vph"]) and links.loc["3", "after_speed_kmh"] == pytest.approx(28.8)
    assert links["difference_delay_vehh"].isna().tolist() == [True, False, True]
    assert links.loc["1", "name"] == "南大街"


def test_a_link_nobody_drives_has_no_speed_and_no_change() -> None:
    links = compared(*(five(arm, BEFORE_S, links=links_of()) for arm in ("before", "after"))).links
    assert links["before_speed_kmh"].isna().all() and links["before_los"].eq("").all()
    assert links["before_flow_vph"].tolist() == [0.0, 0.0]
    assert not links["is_clear"].any()


def test_sites_tell_how_full_they_are_when_the_window_ends() -> None:
    table = sites_of_run(
        ("P1", SEVEN - 900.0, 10, 0, 50),
        ("P1", SEVEN, 60, 50, 3),
        ("P1", NINE - 900.0, 90, 30, 4),
        ("P1", NINE, 99, 9, 50),
    )
    emptier = table.assign(occupied=table["occupied"] - 20)
    before = [run_of(seed=1, sites=table), run_of(seed=2, sites=emptier)]
    after = [run_of(arm="after", seed=seed, sites=table) for seed in (1, 2)]
    sites = compared(before, after, sites_before=SITES.iloc[:1], sites_after=SITES).sites.set_index("site_id")
    first = sites.loc["P1"]
    assert first[["before_occupied_share", "after_occupied_share"]].tolist() == [0.8, 0.9]
    assert first[["before_turned_away", "after_turned_away", "assumed"]].tolist() == [7.0, 7.0, "spaces"]
    assert sites.loc["P2", ["spaces_before", "spaces_after"]].tolist() == [0, 10]
    assert math.isnan(sites.loc["P2", "before_occupied_share"])


def test_no_winner_is_named_where_unfinished_trips_differ_by_more_than_one_point() -> None:
    def runs(arm, slow_s, lost):
        finished = [trip(i, slow_s) for i in range(100 - lost)]
        stuck = [trip(900 + i, None) for i in range(lost)]
        return [run_of(trips_of(*finished, *stuck), arm=arm, seed=seed) for seed in (1, 2)]

    even = compared(runs("before", 300.0, 0), runs("after", 200.0, 1))
    apart = compared(runs("before", 300.0, 0), runs("after", 200.0, 2))
    assert row(even, "p95_travel_time_s")["verdict"] == "better" and len(even.meta["warnings"]) == 1
    assert row(apart, "p95_travel_time_s")["verdict"] == "refused"
    assert row(apart, "unfinished_share")["verdict"] == "worse"
    assert "0.0% before, 2.0% after" in apart.meta["warnings"][1]["en"]
    assert "不判断优劣" in apart.warning_lines("zh")[-1]


def test_gridlock_and_vehicles_let_on_over_the_limit_are_warned_of() -> None:
    cycles = pd.DataFrame({"closed_s": [SEVEN], "links": [("1", "2")], "relieved": [1]})
    before = [run_of(trips_of(*(trip(i, 300.0) for i in range(50))), gridlocks=cycles, relieved=1)]
    after = [run_of(trips_of(*(trip(i, 300.0) for i in range(50))), arm="after")]
    comparison = compared(before, after)
    assert comparison.books[["gridlocks", "relieved"]].to_numpy().tolist() == [[1, 1], [0, 0]]
    assert [warning["en"].split(":")[0] for warning in comparison.meta["warnings"][1:]] == [
        "Gridlock occurred",
        "Vehicles let on over the storage limit to open gridlock",
    ]


def test_the_books_of_each_run_balance() -> None:
    trips = trips_of(trip(1, 300.0), trip(2, None), trip(3, 400.0, status="gave_up"))
    books = compared([run_of(trips)], [run_of(trips, arm="after")]).books
    assert books["created"].tolist() == [3, 3]
    assert (books.drop(columns=["arm", "seed", "created", "gridlocks", "relieved"]).sum(axis=1) == 3).all()


def test_names_seeds_and_window_are_those_of_the_runs_and_the_input_stays() -> None:
    comparison = compared(five("before", BEFORE_S), five("after", AFTER_S))
    told = {name: comparison.meta[name] for name in ("before", "after", "seeds", "measured")}
    assert told == {
        "before": "baseline",
        "after": "yantai-2024",
        "seeds": [1, 2, 3, 4, 5],
        "measured": ["07:00", "09:00"],
    }
    assert "seeds" not in META and len(META["warnings"]) == 1


def test_the_comparison_says_in_one_line_what_it_rests_on() -> None:
    comparison = compared(five("before", BEFORE_S), five("after", AFTER_S))
    assert repr(comparison) == (
        "<Comparison baseline → yantai-2024: 5 seeds, delay per trip −5.0 s ± 2.0 (chance only), better, schematic "
        "network, assumed demand>"
    )


def test_the_table_has_no_digits_finer_than_the_interval() -> None:
    comparison = compared(five("before", BEFORE_S), five("after", AFTER_S))
    table = comparison.table("en").set_index("metric")
    assert table.loc["mean travel time"].tolist() == [
        *("city-wide", "620.0", "615.0", "−5.0", "−7.0 to −3.0", "s", "5", "1.00", "better"),
    ]
    assert table.loc["mean search for parking", "before"] == "—"
    assert " ".join(comparison.table()) == "指标 范围 现状 方案 变化 95%区间 单位 配对数 配对相关 判断"


def test_in_a_notebook_the_warnings_come_first_and_names_are_escaped() -> None:
    runs = (five(arm, BEFORE_S, scenario="<b>") for arm in ("before", "after"))
    page = compared(*runs)._repr_html_()
    assert "&lt;b&gt;" in page and "<b><b>" not in page
    assert 0 < page.index(DEMONSTRATION.zh) < page.index(CHANCE_ONLY.zh) < page.index("<table")


def test_streets_and_sites_are_tables_of_the_city() -> None:
    nodes = (Node("a", 121.0, 37.0), Node("b", 121.5, 37.0))
    link = Link("1", "a", "b", 1000.0, 2.0, 10.0, 1800.0, name="南大街", assumed=frozenset({"lanes", "capacity_vph"}))
    streets = streets_of(Network(nodes, (link,)))
    assert list(streets) == list(STREET_TABLE_COLUMNS)
    assert streets.iloc[0][["geometry", "assumed"]].tolist() == ["[[121.0,37.0],[121.5,37.0]]", "capacity_vph,lanes"]
    assert SITES["assumed"].tolist() == ["spaces", ""]
