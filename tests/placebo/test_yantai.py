"""The embedded city: the same study twice gives the same table, and measures that change nothing exactly zero."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from twin.clock import TimeWindow
from twin.results.comparison import Comparison
from twin.study.compare import compare, load_scenario, run

EMPTY = """\
format = "twin-scenario/1"
name = "empty"
title = "empty"
based_on = "baseline"
measured = ["07:00", "07:30"]
"""
WITHOUT_EFFECT = (
    'kind = "set_speed_limit"\nstreet = "北5路"\nspeed_kmh = 40',
    'kind = "change_lanes"\nstreet = "海港路"\nlanes = 2',
    'kind = "work_zone"\nstreet = "南大街"\nlanes_open = 0\nbetween = ["22:00", "05:00"]',
    'kind = "set_headway"\nline = "101路"\nfactor = 1',
)
BRIEF = {"replications": 2, "base_rounds": 2, "arm_rounds": 1}
HALF_AN_HOUR = TimeWindow.between("07:00", "07:30")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of its own: runs are made anew where another home has none of them."""
    monkeypatch.setenv("TWIN_HOME", str(tmp_path))
    monkeypatch.setenv("TWIN_CACHE", str(tmp_path / "cache"))
    return tmp_path


def assert_same(one: Comparison, other: Comparison) -> None:
    for table in ("rows", "replications", "links", "sites", "settling", "books", "measures"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table), check_exact=True)


@pytest.mark.slow
def test_programme_of_2024_twice_gives_identical_tables(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programme = replace(load_scenario("yantai-2024"), measured=HALF_AN_HOUR)
    brief = BRIEF | {"replications": 1}
    first = run(programme, jobs=2, **brief)
    again = home / "again"
    again.mkdir()
    monkeypatch.setenv("TWIN_HOME", str(again))
    monkeypatch.setenv("TWIN_CACHE", str(again / "cache"))
    assert_same(run(programme, jobs=1, **brief), first)
    assert (first.rows["difference"] != 0.0).any()
    book = first.books
    assert (book["created"] == book[["finished", "travelling", "waiting_outside", "parked", "gave_up", "unroutable"]]
            .sum(axis=1)).all()  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("measures", [(), WITHOUT_EFFECT], ids=["empty", "without-effect"])
def test_what_changes_nothing_on_yantai_is_exactly_zero(home: Path, measures: tuple[str, ...]) -> None:
    path = home / "empty.toml"
    tables = "".join(f'\n[[measures]]\nid = "m{i}"\n{measure}\n' for i, measure in enumerate(measures))
    path.write_text(EMPTY + tables, "utf-8")
    comparison = compare("baseline", path, jobs=2, **BRIEF)
    assert (comparison.rows[["difference", "ci_low", "ci_high"]].to_numpy() == 0.0).all()
    values = comparison.replications.set_index(["arm", "seed", "metric", "area"])["value"]
    pd.testing.assert_series_equal(values["after"], values["before"], check_exact=True)
