"""The command `twin`: one sentence for a mistake, its exit status, and nothing half-written."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import EntryPoint

import pandas as pd
import pytest
from click.testing import CliRunner

import twin
from tests.grid_town import write_measures, write_town
from twin.cli import program as cli
from twin.cli.program import program
from twin.cli.tables import print_comparison
from twin.errors import DataFileError, SimulationError
from twin.files.results_files import write_comparison
from twin.results.dictionary import METRICS
from twin.study.compare import compare
from twin.wording import STOPPED

NODES = "node_id,x_coord,y_coord,ctrl_type\n1,121.41,37.5,no_control\n2,121.42,37.5,signal\n3,121.43,37.5,\n"
LINKS = (
    "link_id,from_node_id,to_node_id,directed,length,lanes,free_speed,capacity,jam_density\n"
    "a,1,2,true,1000,1,72,2880,200\nb,2,3,true,1000,1,72,2880,200\n"
)
SIGNALS = "node_id,cycle_s,offset_s,ib_link_id,ob_link_id,green_start_s,green_s\n2,60,48.125,a,,30,30\n"


@pytest.fixture
def town(tmp_path):
    """Case T09 as tables: a signal between two links of 1000 m, a car every 5 s."""
    folder = tmp_path / "town"
    folder.mkdir()
    for name, text in (("node", NODES), ("link", LINKS), ("signals", SIGNALS)):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    rows = "\n".join(f"{i},{5 * i},a b" for i in range(120))
    (tmp_path / "trips.csv").write_text(f"trip_id,depart_s,route\n{rows}\n", encoding="utf-8")
    return tmp_path


def simulate(town, *options: str):
    arguments = ["simulate", str(town / "town"), str(town / "trips.csv"), "--out", str(town / "out"), *options]
    return CliRunner().invoke(program, arguments)


@pytest.mark.parametrize("engine", ["compiled", "simpy"])
def test_T09_through_the_raw_door(town, engine) -> None:
    """Red 30 of 60 s, 0.2 veh/s against 0.8: r² / (2 C (1 − q/s)) = 10 s of delay on 100 s of driving."""
    answer = simulate(town, "--engine", engine, "--passages")
    assert answer.exit_code == 0, answer.output
    assert "created 120 = finished 120" in answer.output
    trips = pd.read_parquet(town / "out" / "trips.parquet")
    assert list(trips.columns) == [
        "trip_id", "depart_s", "enter_s", "arrive_s", "distance_m", "free_flow_s", "status"
    ]  # fmt: skip
    assert (trips["arrive_s"] - trips["depart_s"]).mean() == pytest.approx(110.0, rel=0.002)
    assert len(pd.read_parquet(town / "out" / "passages.parquet")) == 240
    assert pd.read_parquet(town / "out" / "links.parquet")["entered"].sum() == 240
    summary = json.loads((town / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["books"] == {
        "created": 120, "finished": 120, "travelling": 0, "waiting_outside": 0, "parked": 0, "gave_up": 0,
        "unroutable": 0,
    }  # fmt: skip
    assert summary["vehicle_hours"] == pytest.approx(120 * 110 / 3600, rel=0.002)
    assert summary["vehicle_km"] == pytest.approx(240.0)
    assert (summary["passages"], summary["engine"], summary["gridlocks"], summary["relieved"]) == (240, engine, 0, 0)
    assert summary["versions"]["twin"] == twin.__version__
    for stage in ("load", "run", "write"):
        assert summary[f"{stage}_cpu_s"] >= 0.0
        assert summary[f"{stage}_wall_s"] >= 0.0


def test_both_engines_write_the_same_tables(town) -> None:
    for engine in ("compiled", "simpy"):
        simulate(town, "--engine", engine, "--passages")
        (town / "out").rename(town / engine)
    for name in ("trips", "links", "passages"):
        tables = [(town / engine / f"{name}.parquet").read_bytes() for engine in ("compiled", "simpy")]
        assert tables[0] == tables[1]


def test_T03_through_the_raw_door_with_a_horizon(town) -> None:
    """2 veh/s want into 0.8 veh/s for 500 s: 360 through, 40 on the road, 600 outside, within one vehicle."""
    rows = "\n".join(f"{i},{0.5 * i},1,2" for i in range(1000))
    (town / "trips.csv").write_text(f"trip_id,depart_s,origin_node_id,destination_node_id\n{rows}\n", encoding="utf-8")
    assert simulate(town, "--until", "500").exit_code == 0
    books = json.loads((town / "out" / "summary.json").read_text(encoding="utf-8"))["books"]
    assert [books[word] for word in ("finished", "travelling", "waiting_outside")] == [
        pytest.approx(count, abs=1) for count in (360, 40, 600)
    ]


def test_wrong_input_is_one_sentence_status_2_and_writes_nothing(town) -> None:
    (town / "trips.csv").write_text("trip_id,depart_s,route\n1,-4,a b\n", encoding="utf-8")
    answer = simulate(town)
    assert answer.exit_code == 2
    assert answer.stderr == f"Error: {town / 'trips.csv'}: line 2: depart_s is '-4', must be seconds, not negative\n"
    assert not (town / "out").exists()


def test_an_old_result_is_gone_before_a_new_one_is_whole(town, monkeypatch) -> None:
    simulate(town, "--passages")

    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.write_table", full_disk)
    answer = simulate(town)
    assert (answer.exit_code, answer.stderr) == (
        2,
        f"Error: {town / 'out'}: cannot be written (No space left on device). Choose another --out.\n",
    )
    assert sorted(path.name for path in (town / "out").iterdir()) == [
        "links.parquet", "passages.parquet", "trips.parquet"
    ]  # fmt: skip


def test_notes_stand_on_stderr(town) -> None:
    (town / "town" / "signals.csv").unlink()
    assert simulate(town).stderr == "Note: 1 signal nodes have no plan and act as uncontrolled, e.g. 2.\n"


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (DataFileError("map.osm: no such file."), 2, "Error: map.osm: no such file.\n"),
        (SimulationError("a worker died."), 3, "Error: a worker died.\n"),
        (KeyboardInterrupt(), 130, "Stopped.\n"),
        (KeyError("x"), 1, "Error: KeyError: 'x'. `twin --debug …` shows where; this should not happen.\n"),
    ],
)
def test_errors_have_their_status_and_no_traceback_unless_asked(monkeypatch, error, status, told) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(program.commands["metrics"], "callback", fail)
    answer = CliRunner().invoke(program, ["metrics"])
    assert (answer.exit_code, answer.stderr) == (status, told)
    if status != 130:
        assert "Traceback" in CliRunner().invoke(program, ["--debug", "metrics"]).stderr


def test_commands_of_plug_ins_are_listed_without_loading_them(monkeypatch) -> None:
    point = EntryPoint("draw", "no_such_package.commands:draw", cli.PLUG_INS)
    monkeypatch.setattr(cli, "entry_points", lambda group: [point])
    listed = CliRunner().invoke(program, ["--help"])
    assert "Added by no_such_package: twin draw --help." in listed.output
    called = CliRunner().invoke(program, ["draw"])
    assert (called.exit_code, "no_such_package is not installed" in called.stderr) == (1, True)


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys\nfrom twin.cli import main\nsys.argv = ['twin', '--help']\ntry:\n    main()\nexcept SystemExit:\n"
        "    print(sorted({'numpy', 'pandas', 'numba', 'rich', 'viz', 'simpy', 'duckdb'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert said.stdout.splitlines()[-1] == "[]"


def test_metrics_are_told_in_both_languages() -> None:
    output = CliRunner().invoke(program, ["metrics"]).output
    for key, words in METRICS.items():
        told = (key, words.name.zh, words.name.en, words.unit.zh, words.formula, words.source, words.method.zh)
        assert all(text in output for text in told), key


def test_what_people_weigh_is_shown_with_its_sources() -> None:
    output = CliRunner().invoke(program, ["demand", "yantai", "--mode-choice"]).output
    assert "mode_choice.toml" in output and "utils_per_min" in output and "Cherry & Cervero 2007" in output


@pytest.mark.parametrize(
    ("flags", "asked"),
    [
        ([], (None, None)),
        (["--people-react"], (True, None)),
        (["--nobody-changes-mode"], (False, None)),
        (["--induced"], (None, True)),
    ],
)
def test_whether_people_react_reaches_the_study(monkeypatch, tmp_path, flags, asked) -> None:
    taken = {}

    def stopped(*arguments, **options):
        taken.update(options)
        raise DataFileError("enough")

    monkeypatch.setattr("twin.study.compare.compare", stopped)
    CliRunner().invoke(program, ["run", "bus-16", "--out", str(tmp_path), *flags])
    assert (taken["people_react"], taken["induced"]) == asked


def test_lists_of_places_and_scenarios_name_what_ships() -> None:
    assert "烟台" in CliRunner().invoke(program, ["places"]).output
    assert "baseline" in CliRunner().invoke(program, ["scenarios"]).output


@pytest.mark.parametrize("arguments", [["run", "no-such-thing"], ["compare", "baseline", "yantai-2042"]])
def test_an_unknown_scenario_is_told_with_the_nearest(arguments) -> None:
    answer = CliRunner().invoke(program, arguments)
    assert answer.exit_code == 2
    assert answer.stderr.startswith("Error: no scenario named")


def test_a_scenario_without_a_base_cannot_be_run_alone() -> None:
    answer = CliRunner().invoke(program, ["run", "baseline"])
    assert (answer.exit_code, "`twin compare BEFORE baseline` names one" in answer.stderr) == (2, True)


def test_printing_needs_a_comparison_and_prints_its_caution(capsys) -> None:
    comparison = pytest.importorskip("tests.viz.small_comparison").small_comparison()
    print_comparison(comparison, "zh")
    printed = capsys.readouterr().out
    for line in comparison.warning_lines("zh"):
        assert line in printed.replace("\n", "")
    assert all(name in printed for name in comparison.table("zh")["指标"])
    assert "产生" in printed


def test_a_precision_that_is_none_is_one_sentence_before_anything_is_run() -> None:
    answer = CliRunner().invoke(program, ["run", "yantai-2024", "--precision", "2 minutes"])
    assert answer.exit_code == 2
    assert (
        answer.stderr == "Error: --precision is '2 minutes', must be seconds or a share of delay per trip: 2s, 0.5%\n"
    )


def test_options_of_a_study_reach_it(monkeypatch, tmp_path) -> None:
    asked = {}

    def compare(before, after, **options):
        asked.update(options)
        return pytest.importorskip("tests.viz.small_comparison").small_comparison()

    monkeypatch.setattr("twin.study.compare.compare", compare)
    arguments = ["run", "yantai-2024", "--precision", "0.5%", "--two-starts", "--out", str(tmp_path)]
    assert CliRunner().invoke(program, arguments).exit_code == 0
    assert (asked["precision_s"], asked["precision_share"], asked["two_starts"]) == (None, 0.005, True)
    assert asked["replications"] is None


def test_a_finished_study_is_shown_again_with_its_details(tmp_path) -> None:
    comparison = pytest.importorskip("tests.viz.small_comparison").small_comparison()
    write_comparison(comparison, tmp_path)
    shown = CliRunner().invoke(program, ["show", str(tmp_path), "--language", "en"]).output
    assert comparison.verdict_line("en") in shown and "bootstrap" not in shown
    detailed = CliRunner().invoke(program, ["show", str(tmp_path), "--details", "--language", "en"]).output
    assert "bootstrap" in detailed and "−200 to +200" in detailed and "50%" in detailed


def runs_command(*arguments: str) -> str:
    answer = CliRunner().invoke(program, ["runs", *arguments])
    assert answer.exit_code == 0, answer.output
    return answer.output


@pytest.fixture
def kept_runs(tmp_path):
    """A study of the small town: two runs of each arm in the store."""
    home = tmp_path / "home"
    write_measures(write_town(home), "wide", 'kind = "change_lanes"\nstreet = "东风桥"\nlanes = 2')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWIN_HOME", str(home))
        patch.setenv("TWIN_CACHE", str(tmp_path / "cache"))
        compare("base", "wide", replications=2, base_rounds=1, arm_rounds=1, jobs=1, out=home / "runs" / "base--wide")
        yield home / "runs"


def test_runs_are_listed_shown_asked_and_cleared(kept_runs) -> None:
    listed = runs_command("list")
    assert listed.count("base--wide") == 4 and "4 runs" in listed
    for part in ("wide", "before", "after", "2023-12-31"):
        assert part in listed
    key = next(path.name for path in kept_runs.iterdir() if path.name.endswith("-1"))
    shown = runs_command("show", key[:8] + "-1", "--language", "en")
    for part in ("seed: 1", "made_from.network: sha256:", "made_from.versions.numba: ", "belongs to: base--wide",
                 "command: twin run wide --replications 2", METRICS["mean_delay_s"].name.en):  # fmt: skip
        assert part in shown, part
    answer = runs_command("sql", "select arm, count(distinct run) as n from trips join runs using (run) group by arm")
    assert answer.count(" 2") == 2 and "arm" in answer
    assert runs_command("gc").startswith("0 in all")
    shutil.rmtree(kept_runs / "base--wide")
    for path in (kept_runs / key, *(kept_runs / key).iterdir()):
        os.utime(path, (0, 0))
    would = runs_command("gc")
    assert f"would go: {kept_runs / key}" in would and "--delete" in would and (kept_runs / key).exists()
    assert f"is gone: {kept_runs / key}" in runs_command("gc", "--delete") and not (kept_runs / key).exists()
    assert "3 runs" in runs_command("list")


def test_a_run_that_is_not_there_is_one_sentence_and_status_2(tmp_path) -> None:
    answer = CliRunner().invoke(program, ["runs", "show", "ab", "--runs", str(tmp_path)])
    assert answer.exit_code == 2
    assert answer.stderr == f"Error: {tmp_path}: no run 'ab'. `twin runs list` shows the 0 there are.\n"


def test_a_study_that_is_stopped_says_how_to_go_on(monkeypatch) -> None:
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("twin.study.compare.compare", stopped)
    answer = CliRunner().invoke(program, ["run", "yantai-2024"])
    assert answer.exit_code == 130
    assert answer.stderr.strip().endswith(STOPPED.zh) and "Traceback" not in answer.output


def test_a_result_is_shown_again_in_short_or_whole(tmp_path) -> None:
    comparison = pytest.importorskip("tests.viz.small_comparison").small_comparison()
    more = comparison.rows.assign(metric="pti").iloc[:1]
    rows = pd.concat([comparison.rows, more], ignore_index=True)
    write_comparison(replace(comparison, rows=rows), tmp_path)
    short = CliRunner().invoke(program, ["show", str(tmp_path), "--language", "en"])
    whole = CliRunner().invoke(program, ["show", str(tmp_path), "--language", "en", "--all"])
    assert (short.exit_code, whole.exit_code) == (0, 0)
    assert METRICS["mean_delay_s"].name.en in short.output and METRICS["pti"].name.en not in short.output
    assert METRICS["pti"].name.en in whole.output


def test_showing_a_folder_without_results_says_so(tmp_path) -> None:
    answer = CliRunner().invoke(program, ["show", str(tmp_path)])
    assert answer.exit_code == 2 and "holds no complete result" in answer.stderr
