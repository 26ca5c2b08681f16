"""`twin advise`: what it prints and what it leaves behind."""

import sys
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from twin.cli.program import program
from twin.scenario.scenario import Scenario
from twin.wording import Words

sys.path.insert(0, str(Path(__file__).resolve().parent / "advice"))
from test_parking_placement import town  # the town of three zones

BASE = Scenario("baseline", Words("现状", "Baseline"), "town", date=date(2023, 12, 31))


@pytest.fixture
def advised(monkeypatch, tmp_path):
    """The command on the town of three zones."""
    monkeypatch.setattr("twin.cli.advise_parking.load_scenario", lambda name: BASE)
    monkeypatch.setattr("twin.cli.advise_parking.city_for", lambda base, measured: base.apply_to(town()))
    monkeypatch.setattr("twin.cli.advise_parking.runs_folder", lambda: tmp_path / "runs")
    arguments = ["advise", "parking", "--spaces", "350", "--equity-floor", "0", "--language", "en"]
    return CliRunner().invoke(program, [*arguments, "--out", str(tmp_path / "scenarios")], catch_exceptions=False)


def test_advice_on_parking_prints_the_curve_the_rival_and_how_much_buys_nothing(advised) -> None:
    assert advised.exit_code == 0
    assert "in proportion to demand" in advised.output
    assert "buy nothing" in advised.output and "Induced driving" in advised.output


def test_advice_on_parking_leaves_two_scenarios_and_two_tables(advised, tmp_path) -> None:
    written = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert written == [
        "runs/advice-parking-350/curve.csv",
        "runs/advice-parking-350/places.csv",
        "scenarios/parking-350.toml",
        "scenarios/parking-proportional.toml",
    ]
    header = (tmp_path / "scenarios" / "parking-350.toml").read_text(encoding="utf-8").splitlines()[0]
    assert header == "# Written by: twin advise parking baseline --spaces 350 --equity-floor 0"
