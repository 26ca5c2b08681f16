"""The whole chain on the town: planted effects, zero effects, workers, and studies that were stopped."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.grid_town import place, write_measures, write_scenario_text, write_town
from twin.errors import ScenarioError
from twin.files.results_files import read_comparison
from twin.files.scenario_files import read_scenario
from twin.results.comparison import Comparison
from twin.study import compare as study
from twin.study.compare import compare, run

WIDE_BRIDGE = 'kind = "change_lanes"\nstreet = "东风桥"\nlanes = 2'
SLOW_BRIDGE = 'kind = "set_speed_limit"\nstreet = "东风桥"\nspeed_kmh = 20'
STUDY = """
import sys
from twin.study.compare import compare
if __name__ == "__main__":
    compare("base", "bridge", replications=int(sys.argv[1]), base_rounds=3, arm_rounds=2, jobs=int(sys.argv[2]),
            out=sys.argv[3])
"""


def small(after: str, *, replications: int = 2, jobs: int = 1, progress: study.Progress | None = None) -> Comparison:
    return compare("base", after, replications=replications, base_rounds=3, arm_rounds=2, jobs=jobs, progress=progress)


def row(comparison: Comparison, metric: str, area: str = "city") -> "pd.Series[float]":
    rows = comparison.rows
    found: pd.Series[float] = rows[(rows["metric"] == metric) & (rows["area"] == area)].iloc[0]
    return found


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A town nobody has studied yet, with a scenario that widens the bridge."""
    monkeypatch.setenv("TWIN_HOME", str(write_town(tmp_path)))
    monkeypatch.setenv("TWIN_CACHE", str(tmp_path / "cache"))
    write_measures(tmp_path, "bridge", WIDE_BRIDGE)
    return tmp_path


def in_process_of_its_own(
    home: Path, out: Path, *, replications: int, jobs: int, **env: str
) -> "subprocess.Popen[bytes]":
    script = home / "study.py"
    script.write_text(STUDY, "utf-8")
    package = str(Path(study.__file__).parents[2])
    named = {"TWIN_HOME": str(home), "TWIN_CACHE": str(home / "cache"), "PYTHONPATH": package}
    command = [sys.executable, str(script), str(replications), str(jobs), str(out)]
    return subprocess.Popen(command, env={**os.environ, **named, **env}, cwd=home)


def made_runs(home: Path) -> dict[str, float]:
    """Finished runs of the home, and when each was finished."""
    return {path.parent.name: path.stat().st_mtime for path in (home / "runs").glob("[!.]*/run.toml")}


def test_wider_bridge_is_better_with_an_interval_away_from_zero(in_town: Path) -> None:
    write_measures(in_town, "effect-wide", WIDE_BRIDGE)
    comparison = small("effect-wide", replications=8)
    for metric in ("mean_delay_s", "vehicle_hours", "tti"):
        found = row(comparison, metric)
        assert found["verdict"] == "better" and found["ci_high"] < 0.0, metric
    assert comparison.measures["text_zh"].tolist() == ["东风桥改为单向2车道"]


def test_slower_bridge_is_worse(in_town: Path) -> None:
    write_measures(in_town, "effect-slow", SLOW_BRIDGE)
    found = row(small("effect-slow", replications=3), "mean_travel_time_s")
    assert found["verdict"] == "worse" and found["ci_low"] > 0.0


def test_an_opened_bridge_is_used_by_those_whom_its_flows_name(in_town: Path) -> None:
    """In the morning most cross the river from the west, where people live, to the east, where they work."""
    ends = [list(place(2, 2)), list(place(3, 2))]
    write_measures(in_town, "opening", f'kind = "open_link"\nends = {ends}\nname = "中桥"\nlanes = 1.0')
    comparison = small("opening")
    used = row(comparison, "road_vehicles", "road:m1")
    assert used["before"] == 0.0 and used["after"] > 50.0
    assert comparison.road_flows["vehicles"].sum() == pytest.approx(used["after"])
    assert comparison.road_flows.iloc[0][["road", "origin_district", "destination_district"]].tolist() == [
        *("m1", "西区", "东区"),
    ]
    assert comparison.meta["area_names"]["road:m1"] == {"zh": "中桥", "en": "中桥"}
    assert row(comparison, "screenline_vph", "screenline:river:right")["before"] > 100.0
    assert row(comparison, "gainers_share", "district:西区")["after"] > 0.05


def test_zero_effects_are_not_called(in_town: Path) -> None:
    write_measures(in_town, "effect-none")
    assert set(small("effect-none").rows["verdict"]) <= {"no_difference", "neutral"}


def test_more_spaces_where_they_lack_shorten_the_search(in_town: Path) -> None:
    lon, lat = 121.4 + 4 * 0.00453, 37.5 + 0.0036
    write_measures(in_town, "effect-spaces", f'kind = "add_parking"\nat = [{lon}, {lat}]\nspaces = 300')
    comparison = small("effect-spaces", replications=3)
    assert row(comparison, "no_space_share")["verdict"] == "better"
    assert row(comparison, "mean_search_s")["difference"] < 0.0
    assert row(comparison, "unfinished_share")["difference"] == 0.0


def test_both_arms_go_on_from_one_settlement_for_the_same_rounds(in_town: Path) -> None:
    write_measures(in_town, "effect-wide", WIDE_BRIDGE)
    settling = small("effect-wide").settling
    rounds = {arm: rows["round"].tolist() for arm, rows in settling.groupby("arm")}
    assert rounds["before"] == rounds["after"]
    assert len(rounds["before"]) >= 2


def test_run_compares_with_the_base_of_a_scenario(in_town: Path) -> None:
    write_measures(in_town, "effect-wide", WIDE_BRIDGE)
    by_run = run("effect-wide", replications=2, base_rounds=3, arm_rounds=2, jobs=1)
    pd.testing.assert_frame_equal(by_run.rows, small("effect-wide").rows, check_exact=True)
    assert (by_run.meta["before"], by_run.meta["after"]) == ("base", "effect-wide")


def test_before_without_a_base_is_refused(in_town: Path) -> None:
    with pytest.raises(ScenarioError, match="neither based_on nor compare_with"):
        run(read_scenario("base"))


def test_more_replications_than_seeds_are_refused(in_town: Path) -> None:
    write_measures(in_town, "effect-none")
    with pytest.raises(ScenarioError, match="lists only 10 seeds"):
        small("effect-none", replications=11)
    with pytest.raises(ScenarioError, match="must be at least 1"):
        small("effect-none", replications=0)


def test_two_places_are_not_compared(in_town: Path) -> None:
    path = write_scenario_text(in_town, "elsewhere", 'place = "yantai"\n')
    with pytest.raises(ScenarioError, match="is about"):
        compare("base", path)


def test_result_is_written_whole_and_reads_back(in_town: Path, tmp_path: Path) -> None:
    write_measures(in_town, "effect-wide", WIDE_BRIDGE)
    comparison = compare("base", "effect-wide", replications=2, base_rounds=3, arm_rounds=2, jobs=1, out=tmp_path)
    again = read_comparison(tmp_path)
    pd.testing.assert_frame_equal(again.rows, comparison.rows, check_exact=True)
    assert again.meta["seeds"] == [1, 2]


def test_study_that_was_interrupted_goes_on_from_its_finished_runs(own_home: Path) -> None:
    def stop_at_three(what: str, done: int, total: int) -> None:
        if what == "runs" and done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small("bridge", replications=3, progress=stop_at_three)
    finished = made_runs(own_home)
    assert len(finished) == 3
    told: list[tuple[str, int, int]] = []
    comparison = small("bridge", replications=3, progress=lambda *step: told.append(step))
    assert [done for what, done, _ in told if what == "runs"] == [3, 4, 5, 6]
    assert finished.items() <= made_runs(own_home).items()
    again: list[tuple[str, int, int]] = []
    pd.testing.assert_frame_equal(
        small("bridge", replications=3, progress=lambda *step: again.append(step)).rows, comparison.rows
    )
    assert [done for what, done, _ in again if what == "runs"] == [6]


def test_damaged_run_is_made_again(own_home: Path) -> None:
    first = small("bridge")
    victim = sorted((own_home / "runs").glob("[!.]*/trips.parquet"))[0]
    victim.write_bytes(b"half")
    told: list[tuple[str, int, int]] = []
    again = small("bridge", progress=lambda *step: told.append(step))
    pd.testing.assert_frame_equal(again.rows, first.rows, check_exact=True)
    assert victim.stat().st_size > 1000
    assert ("damaged", 1, 1) in told and [done for what, done, _ in told if what == "runs"] == [3, 4]


def by_command(home: Path, jobs: int) -> "subprocess.Popen[bytes]":
    """`twin compare base bridge` in a process group of its own, as a terminal starts it."""
    package = str(Path(study.__file__).parents[2])
    named = {"TWIN_HOME": str(home), "TWIN_CACHE": str(home / "cache"), "PYTHONPATH": package, "PYTHONUTF8": "1"}
    options = ["--replications", "5", "--jobs", str(jobs), "--out", str(home / "out"), "--language", "en"]
    return subprocess.Popen(
        [sys.executable, "-m", "twin", "compare", "base", "bridge", *options],
        env={**os.environ, **named},
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def result_bytes(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (home / "out").iterdir()}


@pytest.fixture(scope="module")
def of_one_piece(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Every file of the study's result where nobody stops it."""
    home = tmp_path_factory.mktemp("whole")
    write_measures(write_town(home), "bridge", WIDE_BRIDGE)
    assert by_command(home, 1).wait(timeout=120) == 0
    return result_bytes(home)


@pytest.mark.slow
@pytest.mark.parametrize(("how", "jobs"), [(signal.SIGKILL, 2), (signal.SIGINT, 1), (signal.SIGINT, 2)])
def test_stopped_study_goes_on_from_its_finished_runs_to_the_same_bytes(
    own_home: Path, of_one_piece: dict[str, bytes], how: signal.Signals, jobs: int
) -> None:
    """kill −9 of the study alone, and Ctrl-C, which a terminal sends to the workers too, after the first finished run.
    The finished runs stay as they are; nobody works on; the result is that of a study of one piece, byte for byte.
    """
    process = by_command(own_home, jobs)
    deadline = time.monotonic() + 120.0
    while not made_runs(own_home) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    stop = os.killpg if how is signal.SIGINT else os.kill
    stop(process.pid, how)
    _, told = process.communicate(timeout=60)  # ends when the last worker has let go of the pipe
    if how is signal.SIGINT:
        assert process.returncode == 130
        assert b"Stopped. Finished runs are kept: the same command goes on from them." in told
        assert b"Traceback" not in told
    finished = made_runs(own_home)
    assert 1 <= len(finished) < 10 and not (own_home / "out").exists()
    assert by_command(own_home, 2).wait(timeout=120) == 0
    after = made_runs(own_home)
    assert len(after) == 10 and finished.items() <= after.items()
    assert result_bytes(own_home) == of_one_piece


@pytest.mark.slow
def test_number_of_workers_and_hash_seed_change_no_byte(tmp_path: Path) -> None:
    results = []
    for jobs, hash_seed in ((1, "0"), (2, "1"), (4, "random")):
        home = tmp_path / f"home-{jobs}"
        home.mkdir()
        write_measures(write_town(home), "bridge", WIDE_BRIDGE)
        process = in_process_of_its_own(home, home / "out", replications=3, jobs=jobs, PYTHONHASHSEED=hash_seed)
        assert process.wait(timeout=120) == 0
        results.append(result_bytes(home))
    assert results[0] == results[1] == results[2]
    assert np.abs(read_comparison(home / "out").rows["difference"]).max() > 0.0
    runs = [
        {path.parent.name: path.read_bytes() for path in (tmp_path / f"home-{jobs}" / "runs").glob("*/run.toml")}
        for jobs in (1, 2, 4)
    ]
    assert len(runs[0]) == 6 and runs[0] == runs[1] == runs[2], "runs too, with their checksums and origins"


def test_precision_adds_pairs_until_the_interval_is_narrow_and_uses_runs_already_made(own_home: Path) -> None:
    """± 30 s needs no more than the pilot of ten; ± 0.1 % of a few seconds is beyond the ten seeds that are listed."""
    told: list[tuple[str, int, int]] = []
    wide = compare("base", "bridge", precision_s=30.0, base_rounds=3, arm_rounds=2, jobs=1)
    assert wide.meta["seeds"] == list(range(1, 11)) and wide.meta["precision"]["reached_s"] <= 30.0
    assert not [w for w in wide.meta["warnings"] if "asked for" in w["en"]]
    assert wide.meta["command"] == "twin run bridge --precision 30s"
    assert any("± 30 s of delay per trip asked for" in note for note in wide.notes("en"))
    narrow = compare(
        "base",
        "bridge",
        precision_share=0.001,
        base_rounds=3,
        arm_rounds=2,
        jobs=1,
        progress=lambda *step: told.append(step),
    )
    assert [step for step in told if step[0] == "runs"] == [("runs", 20, 20)], "nothing is made again"
    assert "with the most pairs allowed (10)" in narrow.meta["warnings"][-1]["en"]
    pd.testing.assert_frame_equal(narrow.rows, wide.rows, check_exact=True)


def test_replications_are_the_most_pairs_where_a_precision_is_asked_for(own_home: Path) -> None:
    few = compare("base", "bridge", precision_s=0.001, replications=3, base_rounds=3, arm_rounds=2, jobs=1)
    assert few.meta["seeds"] == [1, 2, 3] and few.meta["precision"]["most_pairs"] == 3
    with pytest.raises(ScenarioError, match="either seconds or a share"):
        compare("base", "bridge", precision_s=2.0, precision_share=0.1)


def test_second_start_is_another_settlement_of_the_same_base(own_home: Path) -> None:
    """Runs and rows are those of the first start; the second only says whether its effect agrees."""
    once = small("bridge")
    twice = compare("base", "bridge", replications=2, base_rounds=3, arm_rounds=2, jobs=1, two_starts=True)
    pd.testing.assert_frame_equal(twice.replications, once.replications, check_exact=True)
    first, second = twice.meta["effects_of_two_starts"]
    hours = once.settling.set_index(["arm", "round"])["vehicle_hours"]
    assert first == hours["after", 5] - hours["before", 5]
    assert second != first
    assert any("two starting points" in text for text in (*twice.notes("en"), *twice.warning_lines("en")))


def test_nothing_changed_from_two_starts_is_nothing_from_both(own_home: Path) -> None:
    write_measures(own_home, "nothing")
    comparison = compare("base", "nothing", replications=2, base_rounds=3, arm_rounds=2, jobs=1, two_starts=True)
    assert comparison.meta["effects_of_two_starts"] == [0.0, 0.0] and comparison.refusals == ()
    assert set(comparison.rows["verdict"]) <= {"no_difference", "neutral"}
