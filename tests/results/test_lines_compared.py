"""Lines and stops of two arms: what is called changed, who boards, what is drawn, and which stops lose service."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from small_runs import SEVEN, run_of
from test_comparison import compared

from twin.cli.tables import print_comparison
from twin.records import LINE_COLUMNS, LINE_STOP_COLUMNS, ZONE_COLUMNS
from twin.results.lines_compared import (
    LINE_COMPARISON_COLUMNS,
    LINE_VISIT_COLUMNS,
    changed_lines,
    compare_line_visits,
    compare_lines,
)
from twin.results.rider_losers import rider_pair_table
from twin.results.run import Run
from twin.results.stops_compared import STOP_COMPARISON_COLUMNS, compare_stops
from twin.results.zones_compared import ZONE_COMPARISON_COLUMNS, compare_zones

UP, DOWN, OTHER = "1路/上行", "1路/下行", "2路/上行"
PLACES = {"南大街": (121.38, 37.53), "青年路": (121.39, 37.53), "北马路": (121.40, 37.53)}


def lines_of(*, runs_up: int = 2, buses: int = 3) -> pd.DataFrame:
    """Line 1 both ways, 10 km each in 1,000 s, and line 2."""
    return pd.DataFrame(
        [
            [UP, "1路", "上行", 3, 10_000.0, 1000.0, 10 * runs_up, runs_up, buses],
            [DOWN, "1路", "下行", 2, 10_000.0, 1000.0, 20, 2, buses],
            [OTHER, "2路", "上行", 2, 5_000.0, 500.0, 20, 2, 1],
        ],
        columns=list(LINE_COLUMNS),
    )


def stops_of(*names: str, per_hour: float = 1.0) -> pd.DataFrame:
    """Line 1 up with these stops, 5 km and 500 s apart; line 2 halts at 南大街 and 北马路 once an hour."""
    rows = [(UP, i, name, *PLACES[name], 5000.0 * i, 500.0 * i, per_hour) for i, name in enumerate(names)]
    rows += [(OTHER, i, name, *PLACES[name], 5000.0 * i, 500.0 * i, 1.0) for i, name in enumerate(("南大街", "北马路"))]
    return pd.DataFrame(rows, columns=list(LINE_STOP_COLUMNS))


ALL = ("南大街", "青年路", "北马路")


def arm(name: str, lines: pd.DataFrame, stops: pd.DataFrame, *, on: int = 4, seed: int = 1) -> Run:
    """Two runs of line 1 up at seven and half an hour later; `on` riders board each at each stop."""
    runs = [("a", SEVEN), ("b", SEVEN + 1800.0)]
    buses = pd.DataFrame(
        {
            "run_id": ["a", "b"], "line_id": UP, "depart_s": [t for _, t in runs], "on": 2 * on,
            "distance_m": 10_000.0, "arrive_s": [t + 1000.0 for _, t in runs], "seats": 30,
        }
    )  # fmt: skip
    halts = stops[stops["line_id"] == UP]
    visits = pd.DataFrame(
        [
            (run, stop, t + due, t + due + 20.0, on, 0, on, 0)
            for run, t in runs
            for stop, due in zip(halts["stop"], halts["due_s"], strict=True)
        ],
        columns=["run_id", "stop", "arrive_s", "leave_s", "on", "off", "load", "left_behind"],
    )
    run = run_of(arm=name, seed=seed, lines=lines, line_stops=stops, buses=buses)
    return replace(run, records=replace(run.records, bus_stops=visits))


BEFORE = arm("before", lines_of(), stops_of(*ALL))
SAME = replace(BEFORE, arm="after")
AFTER = arm("after", lines_of(runs_up=3, buses=4), stops_of("南大街", "北马路", per_hour=1.5), on=6)


def test_a_line_is_changed_where_its_stops_or_runs_are() -> None:
    assert changed_lines(BEFORE, SAME) == ()
    assert changed_lines(BEFORE, AFTER) == (UP,), "the other direction only shares its buses"
    moved = stops_of(*ALL).assign(due_s=lambda table: table["due_s"] + 1.0)
    assert changed_lines(BEFORE, replace(SAME, line_stops=moved)) == (UP, OTHER)
    assert changed_lines(BEFORE, replace(SAME, lines=None)) == ()


def test_lines_are_told_with_runs_buses_riders_and_speed() -> None:
    """Line 1: 4 then 5 runs; 8 riders a run and 12; 10 km in 1,000 s is 36 km/h."""
    table = compare_lines([BEFORE], [AFTER])
    assert list(table) == list(LINE_COMPARISON_COLUMNS)
    one, two = table.to_dict("records")
    assert (one["name"], one["before_runs"], one["after_runs"], one["before_buses"], one["after_buses"]) == (
        "1路", 4, 5, 3, 4,
    )  # fmt: skip
    assert (one["before_boardings"], one["after_boardings"], one["before_speed_kmh"]) == (16.0, 24.0, 36.0)
    assert one["before_km"] == 20.0 and one["is_changed"] and not two["is_changed"]
    assert np.isnan(two["before_speed_kmh"]), "nobody saw it run"


def test_riders_of_a_line_are_the_mean_of_the_seeds() -> None:
    more = [BEFORE, arm("before", lines_of(), stops_of(*ALL), on=8, seed=2)]
    table = compare_lines(more, [replace(run, arm="after") for run in more])
    assert table["before_boardings"][0] == (16.0 + 32.0) / 2


def test_only_changed_lines_have_their_halts_kept_with_the_timetable() -> None:
    assert compare_line_visits([BEFORE], [SAME]).empty
    table = compare_line_visits([BEFORE], [AFTER])
    assert list(table) == list(LINE_VISIT_COLUMNS)
    before = table[table["arm"] == "before"]
    assert before["along_m"].tolist() == [0.0, 5000.0, 10_000.0] * 2
    assert before["due_s"].tolist()[:3] == [SEVEN, SEVEN + 500.0, SEVEN + 1000.0]
    assert (table["arm"] == "after").sum() == 4


def test_stops_that_lose_service_are_named_with_who_boarded_and_how_far_the_next_is() -> None:
    """青年路 loses its only line; 0.01° of longitude at 37.53° is 883 m. The ends get half a bus an hour more."""
    table = compare_stops([BEFORE], [AFTER]).set_index("name")
    assert [*table.reset_index()] == list(STOP_COMPARISON_COLUMNS)
    assert table["service"].to_dict() == {"南大街": "more", "青年路": "lost", "北马路": "more"}
    gone = table.loc["青年路"]
    assert (gone["before_ph"], gone["after_ph"], gone["before_lines"], gone["after_lines"]) == (1.0, 0.0, "1路", "")
    assert (gone["before_boardings"], gone["next_stop_m"]) == (8.0, pytest.approx(883.0, abs=1.0))
    assert (table.loc["南大街", ["before_ph", "after_ph", "next_stop_m"]] == [2.0, 2.5, 0.0]).all()
    assert table.loc["南大街", "before_lines"] == "1路、2路"


def test_what_changes_nothing_leaves_every_stop_as_it_was() -> None:
    table = compare_stops([BEFORE], [SAME])
    assert set(table["service"]) == {"same"}
    assert (table["before_boardings"] == table["after_boardings"]).all()
    assert compare_stops([run_of()], [run_of(arm="after")]).empty


def test_zones_stand_side_by_side_with_means_over_seeds() -> None:
    """By car the two seeds reach 100 and 300 jobs, by bus always 50."""

    def zones(by_car: float) -> pd.DataFrame:
        columns = {name: [0.0] for name in ZONE_COLUMNS} | {"zone_id": ["Z1"], "district": ["芝罘区"]}
        return pd.DataFrame(columns | {"jobs_45min": [by_car], "jobs_bus_45min": [50.0]})

    runs = [run_of(zones=zones(jobs), seed=seed) for seed, jobs in ((1, 100.0), (2, 300.0))]
    table = compare_zones(runs, [replace(run, arm="after") for run in runs])
    assert list(table) == list(ZONE_COMPARISON_COLUMNS)
    assert table.loc[0, ["before_jobs_45min", "after_jobs_bus_45min"]].tolist() == [200.0, 50.0]
    assert compare_zones([run_of()], [run_of(arm="after")]).empty


def riders(*times_s: float) -> pd.DataFrame:
    table = pd.DataFrame({"rider_id": range(len(times_s)), "ride_s": times_s, "depart_s": SEVEN, "status": "arrived"})
    return table.assign(walk_s=0.0, wait_s=0.0, boardings=1, refused=0)


def test_riders_lose_or_gain_where_they_take_more_than_five_minutes_longer_or_less() -> None:
    """Of four riders in both arms one takes 301 s longer, one 301 s less; the fifth rides only before."""
    runs = [run_of(riders=riders(1000, 1000, 1000, 1000, 50)), run_of(riders=riders(1301, 1300, 699, 700), arm="after")]
    table = rider_pair_table(runs[:1], runs[1:]).set_index(["arm", "metric"])["value"]
    assert table["after", "riders_lose_share"] == table["after", "riders_gain_share"] == 0.25
    assert table["before", "riders_lose_share"] == 0.0
    assert rider_pair_table([run_of()], [run_of(arm="after")]).empty


def test_a_study_that_changes_lines_prints_a_short_table_of_buses(capsys: pytest.CaptureFixture[str]) -> None:
    """Fleet: 3 + 1 buses before, 4 + 1 after; no riders are told, so no cost of a minute either."""
    comparison = compared([BEFORE], [AFTER])
    assert comparison.has_other_lines
    table = comparison.bus_table("en").set_index("metric")
    assert table.loc["buses needed", ["before", "after", "change", "95 % interval"]].tolist() == [
        "4", "5", "+1", "no chance",
    ]  # fmt: skip
    print_comparison(comparison, "en")
    printed = capsys.readouterr().out
    assert "Bus lines differ:" in printed and "Cost of a minute saved: cannot be told." in printed


def test_a_study_that_leaves_lines_alone_prints_none(capsys: pytest.CaptureFixture[str]) -> None:
    comparison = compared([BEFORE], [SAME])
    assert not comparison.has_other_lines
    print_comparison(comparison, "en")
    assert "Bus lines differ" not in capsys.readouterr().out
