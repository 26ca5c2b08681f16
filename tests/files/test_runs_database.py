"""Questions across runs, in SQL over the files where they lie."""

from pathlib import Path

import pytest

import twin
from tests.files.test_run_store import ARM, store_with_runs
from twin.errors import DataFileError
from twin.files.run_store import run_key
from twin.files.runs_database import VIEWS, asked, runs_database


def test_runs_are_asked_for_by_scenario_and_seed(tmp_path: Path) -> None:
    store = store_with_runs(tmp_path)
    columns, rows = asked("select run, seed, created, finished, belongs_to, place from runs order by all", store.folder)
    assert columns == ("run", "seed", "created", "finished", "belongs_to", "place")
    assert rows[:2] == [(run_key(ARM, seed), seed, 2, 1, "baseline--x", "yantai") for seed in (1, 2)]
    assert len(rows) == 3


def test_trips_are_joined_with_their_runs(tmp_path: Path) -> None:
    """Each run has a trip that arrives at 25,500.1 s and one that does not."""
    store = store_with_runs(tmp_path)
    query = "select seed, count(*), sum(arrive_s) from trips join runs using (run) group by seed order by seed"
    assert asked(query, store.folder)[1] == [(1, 4, 51000.2), (2, 2, 25500.1)]


def test_every_view_is_there_with_and_without_runs(tmp_path: Path) -> None:
    store = store_with_runs(tmp_path / "runs")
    for folder in (store.folder, tmp_path / "none"):
        with runs_database(folder) as database:
            for view in ("runs", *VIEWS):
                assert "run" in [column[0] for column in database.execute(f"select * from {view}").description]


def test_damaged_runs_are_left_out(tmp_path: Path) -> None:
    store = store_with_runs(tmp_path)
    (tmp_path / run_key(ARM, 1) / "trips.parquet").unlink()
    assert asked("select count(*) from runs", store.folder)[1] == [(2,)]
    assert asked("select count(*) from trips", store.folder)[1] == [(4,)]


def test_folders_with_quotes_and_spaces_in_their_names_are_read(tmp_path: Path) -> None:
    store = store_with_runs(tmp_path / "it's a folder 烟台")
    assert asked("select count(*) from trips", store.folder)[1] == [(6,)]


def test_a_question_that_cannot_be_answered_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"(?s)trip.*There are runs, trips, links, buses, parking"):
        asked("select * from trip", tmp_path)


def test_nothing_is_installed_or_fetched_for_a_question(tmp_path: Path) -> None:
    with runs_database(tmp_path) as database:
        for setting in ("autoinstall_known_extensions", "autoload_known_extensions"):
            assert database.execute(f"select current_setting('{setting}')").fetchall() == [(False,)]
    with pytest.raises(DataFileError, match="cannot be answered"):
        asked("select * from read_csv('https://example.invalid/a.csv')", tmp_path)


def test_the_face_of_the_package_hands_it_out() -> None:
    assert twin.runs_database is runs_database
