"""Results on disk: what is read is what was written; a killed or failed write leaves a whole result or none."""

import os
import tomllib
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from twin.clock import TimeWindow
from twin.errors import DataFileError
from twin.files.results_files import read_comparison, read_run, write_comparison, write_run
from twin.records import Records
from twin.results.comparison import Comparison
from twin.results.run import LightTraffic, Run

TABLES = ("rows", "links", "sites", "replications", "settling", "books", "measures", "junctions", "road_flows")


def comparison(value: float = 1.5) -> Comparison:
    table = pd.DataFrame({"name": ["南大街", ""], "value": [value, None], "is_clear": [True, False], "n": [3, 4]})
    return Comparison(
        **{name: table.assign(table=name) for name in TABLES},
        meta={
            "before": "baseline",
            "seeds": [np.int64(1), 2],
            "assumptions": [{"zh": "假定", "en": "assumed"}],
            "checksums": {"network": "ab12"},
            "date_before": None,
            "demonstration": True,
        },
    )


def run(seed: int = 7) -> Run:
    trips = pd.DataFrame(
        {
            "trip_id": [1, 2],
            "arrive_s": [25500.1, None],
            "status": ["finished", "travelling"],
            "found_space": pd.array([True, None], dtype="boolean"),
            "origin_district": pd.Categorical(["芝罘区", ""], categories=["", "芝罘区", "莱山区"]),
        }
    )
    return Run(
        scenario="baseline",
        arm="before",
        seed=seed,
        records=Records(
            trips=trips,
            links=pd.DataFrame({"link_id": ["1"], "left": [3]}),
            books={"created": 2, "finished": 1, "travelling": 1},
            gridlocks=pd.DataFrame({"closed_s": [1.0], "links": [("1", "2")], "relieved": [1]}),
            relieved=1,
            passages_count=12,
            end_s=36000.0,
            seconds={"run_cpu_s": 0.1},
        ),
        measured=TimeWindow.between("07:00", "09:00"),
        links=pd.DataFrame({"link_id": ["1"], "length_m": [100.0], "free_speed_mps": [0.1 + 0.2]}),
        free_times=LightTraffic({"1": 1 / 3}),
        zones=pd.DataFrame({"zone_id": ["Z1"], "jobs_30min": [1000.0]}),
        new_roads=pd.DataFrame({"road": pd.Series([], dtype="str"), "trip_id": pd.Series([], dtype="int64")}),
    )


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_comparison_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_comparison(comparison(), tmp_path)
    found = read_comparison(tmp_path)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(found, name), getattr(comparison(), name), check_exact=True)
    assert found.meta == {name: value for name, value in comparison().meta.items() if name != "date_before"}


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_run(run(), tmp_path)
    found = read_run(tmp_path)
    for field in fields(Records):
        wanted, got = getattr(run().records, field.name), getattr(found.records, field.name)
        if isinstance(wanted, pd.DataFrame):
            pd.testing.assert_frame_equal(got, wanted, check_exact=True)
        else:
            assert got == wanted, field.name
    for name in ("links", "zones", "new_roads"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(run(), name), check_exact=True)
    assert found.crossings is None
    assert (found.scenario, found.arm, found.seed, found.measured, found.free_times) == (
        *(run().scenario, run().arm, run().seed, run().measured, run().free_times),
    )


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two", "two"):
        write_comparison(comparison(), tmp_path / folder)
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")


def test_the_manifest_names_format_facts_and_a_checksum_for_each_file(tmp_path: Path) -> None:
    write_comparison(comparison(), tmp_path)
    manifest = tomllib.loads((tmp_path / "run.toml").read_text(encoding="utf-8"))
    assert manifest["format"] == "twin-comparison/2" and manifest["seeds"] == [1, 2]
    assert set(manifest["files"]) == {path.name for path in tmp_path.iterdir()} - {"run.toml"}


def test_other_files_of_the_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "memo.html").write_text("memo")
    write_comparison(comparison(), tmp_path)
    assert (tmp_path / "memo.html").read_text() == "memo"


def test_a_folder_without_manifest_is_no_result(tmp_path: Path) -> None:
    write_comparison(comparison(), tmp_path)
    (tmp_path / "run.toml").unlink()
    with pytest.raises(DataFileError, match="holds no complete result"):
        read_comparison(tmp_path)
    with pytest.raises(DataFileError, match="holds no complete result"):
        read_comparison(tmp_path / "nowhere")


def test_every_damaged_file_is_named(tmp_path: Path) -> None:
    write_comparison(comparison(), tmp_path)
    (tmp_path / "links.parquet").write_bytes((tmp_path / "links.parquet").read_bytes()[:-1])
    (tmp_path / "sites.parquet").unlink()
    with pytest.raises(DataFileError, match=r"(?s)links.parquet is not the file.*sites.parquet cannot be read"):
        read_comparison(tmp_path)


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"\xff\xfe",
        b"format = 3",
        b'format = "twin-comparison/2"',
        b'format = "twin-comparison/2"\n[files]\n"../x.parquet" = "sha256:0"',
        b'format = "twin-comparison/2"\n[files]\n',
        b'format = "twin-run/1"\n[files]\n',
    ],
)
def test_a_hostile_manifest_is_refused_with_a_sentence(tmp_path: Path, manifest: bytes) -> None:
    (tmp_path / "run.toml").write_bytes(manifest)
    with pytest.raises(DataFileError, match=str(tmp_path)):
        read_comparison(tmp_path)


def test_a_run_is_not_a_comparison(tmp_path: Path) -> None:
    write_run(run(), tmp_path)
    with pytest.raises(DataFileError, match="format is 'twin-run/1', must be 'twin-comparison/2'"):
        read_comparison(tmp_path)


class FailingDisk:
    """Lets `allowed` calls of fsync, rename and unlink through, then refuses them all, as a pulled disk would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, allowed: int) -> None:
        self.left = allowed
        for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink")):
            monkeypatch.setattr(owner, name, self._counted(getattr(owner, name)))

    def _counted(self, call):
        def counted(*arguments, **options):
            self.left -= 1
            if self.left < 0:
                raise OSError(28, "No space left on device")
            return call(*arguments, **options)

        return counted


def test_a_write_that_fails_anywhere_leaves_the_old_result_or_none(tmp_path: Path) -> None:
    outcomes = []
    while outcomes[-1:] != ["new"]:
        folder = tmp_path / str(len(outcomes))
        write_comparison(comparison(1.0), folder)
        with pytest.MonkeyPatch.context() as monkeypatch:
            FailingDisk(monkeypatch, allowed=len(outcomes))
            outcomes.append(attempt(comparison(2.0), folder))
        write_comparison(comparison(3.0), folder)
        assert read_comparison(folder).rows["value"][0] == 3.0 and not list(folder.glob(".*"))
    # The 17 files are on disk before the old manifest goes; the new result counts once its manifest is renamed.
    assert outcomes == ["old"] * 18 + ["none"] * 19 + ["new, but not sure to outlast a power cut", "new"]


def attempt(new: Comparison, folder: Path) -> str:
    """Write; say what a reader finds then."""
    try:
        write_comparison(new, folder)
    except DataFileError as error:
        assert "No space left on device" in str(error)
        unsure = ", but not sure to outlast a power cut"
    else:
        unsure = ""
    try:
        value = float(read_comparison(folder).rows["value"][0])
    except DataFileError as error:
        assert "holds no complete result" in str(error)
        return "none"
    return {1.0: "old", 2.0: f"new{unsure}"}[value]


def test_a_failed_write_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Path) -> None:
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(DataFileError, match="Permission denied"):
        write_comparison(comparison(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataFileError, match="could not be written"):
        write_comparison(comparison(), tmp_path / "file")
