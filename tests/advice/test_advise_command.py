"""The command `twin advise openings` on the grid town: what it prints, what it writes, and what it refuses."""

import json

import pytest
from click.testing import CliRunner

from tests.grid_town import PLACE, place
from twin.cli.program import program
from twin.files.advice_files import read_openings_folder
from twin.files.scenario_files import read_scenario


def advise(*arguments):
    return CliRunner().invoke(program, ["advise", "openings", *arguments, "--static-only", "--language", "en"])


def test_it_writes_tables_and_a_scenario_that_can_be_read_again(in_town, tmp_path):
    """The river parts 东风街's neighbours: 中街, 南环街 and 北环街 end at it as stems of a T on either bank."""
    done = advise(PLACE, "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    tables, meta = read_openings_folder(tmp_path / "out")
    assert meta["scenario"] == "base"
    assert meta["chosen"] == int(tables["openings"]["is_chosen"].sum()) >= 1
    scenario = read_scenario(tmp_path / "out" / "openings.toml")
    assert [m.id for m in scenario.measures] == tables["openings"]["measure_id"][: meta["chosen"]].tolist()
    header = (tmp_path / "out" / "openings.toml").read_text("utf-8").splitlines()[0]
    assert header.startswith(f"# Written by: twin advise openings {PLACE} --count 10 --max-gap 600")
    assert "Static screening only" in done.output


def test_ground_that_must_not_be_built_on_is_respected(in_town, tmp_path):
    """The river as an area not to be built on: nothing crosses it any more."""
    corners = [place(2.3, -1), place(2.7, -1), place(2.7, 5), place(2.3, 5), place(2.3, -1)]
    area = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [corners]}}
    path = tmp_path / "river.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [area]}))
    free, barred = (
        advise(PLACE, "--out", str(tmp_path / name), *options)
        for name, options in (("free", ()), ("barred", ("--not-buildable", str(path))))
    )
    assert (free.exit_code, barred.exit_code) == (0, 0), barred.output
    gaps = [read_openings_folder(tmp_path / name)[0]["candidates"] for name in ("free", "barred")]
    west = place(2.5, 0)[0]
    across = [((table["from_lon"] - west) * (table["to_lon"] - west) < 0).sum() for table in gaps]
    assert across[0] > 0
    assert across[1] == 0


def test_an_unknown_place_is_told_in_one_sentence(in_town):
    done = advise("nowhere")
    assert done.exit_code == 2
    assert "nowhere" in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize("option", ["--count=0", "--max-gap=10"])
def test_numbers_out_of_range_are_refused(in_town, option):
    assert advise(PLACE, option).exit_code == 2
