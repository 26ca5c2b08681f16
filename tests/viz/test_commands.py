"""`twin map` and `twin report` write beside the results, or where they are told to."""

import pytest
from click.testing import CliRunner
from small_comparison import small_comparison

from twin.errors import DataFileError
from viz.commands import map_command, report_command


@pytest.fixture
def results(monkeypatch, tmp_path):
    """A folder whose results are the small comparison."""
    results_files = pytest.importorskip("twin.files.results_files")
    monkeypatch.setattr(results_files, "read_comparison", lambda folder: small_comparison())
    return tmp_path


def test_the_map_lies_beside_the_results_unless_told_otherwise(results) -> None:
    answer = CliRunner().invoke(map_command, [str(results)])
    assert (answer.exit_code, answer.output.strip()) == (0, str(results / "map.html"))
    CliRunner().invoke(map_command, [str(results), "--out", str(results / "other.html"), "--language", "en"])
    assert (results / "other.html").read_text(encoding="utf-8").startswith('<!DOCTYPE html>\n<html lang="en">')


def test_the_memo_lies_beside_the_results_unless_told_otherwise(results) -> None:
    answer = CliRunner().invoke(report_command, [str(results)])
    assert (answer.exit_code, answer.output.strip()) == (0, str(results / "memo.html"))


def test_a_folder_without_results_is_named_and_nothing_is_written(tmp_path) -> None:
    pytest.importorskip("twin.files.results_files")
    answer = CliRunner().invoke(map_command, [str(tmp_path)])
    assert isinstance(answer.exception, DataFileError)
    assert not list(tmp_path.iterdir())
