"""Coefficients of the choice of mode on disk."""

from pathlib import Path

import pytest

from twin.demand.inputs import Nest
from twin.errors import DataFileError
from twin.files.choice_files import choice_path, read_choice


def test_the_shipped_file_is_read_with_the_source_of_every_value() -> None:
    settings, sources = read_choice(choice_path("yantai"))
    assert settings.utils_per_min == 0.03
    assert settings.nests["bus_and_ebike"] == Nest(("bus", "ebike"), 0.7)
    assert {source.key for source in sources} >= {"bus_fare_yuan", "nests.bus_and_ebike.scale", "purpose_scale.other"}
    assert not any(source.is_observed for source in sources), "all are priors"


def test_all_faults_are_told_together(tmp_path: Path) -> None:
    text = choice_path("yantai").read_text("utf-8")
    text = text.replace('modes = { value = ["car"]', 'modes = { value = ["car", "bus"]').replace(
        "trips_per_logsum = { value = 0.2", "trips_per_logsum = { value = 2"
    )
    path = tmp_path / "mode_choice.toml"
    path.write_text(text.replace("other = { value = 0.7", "fun = { value = 0.7"), "utf-8")
    with pytest.raises(DataFileError, match="trips_per_logsum is 2, must be between 0 and 1"):
        read_choice(path)
    path.write_text(
        path.read_text("utf-8").replace("trips_per_logsum = { value = 2", "trips_per_logsum = { value = 0.2"), "utf-8"
    )
    with pytest.raises(DataFileError) as told:
        read_choice(path)
    for words in ("bus stands in 2 nests, must stand in one", "purpose_scale.other is missing", "unknown purpose"):
        assert words in str(told.value)


def test_a_place_may_have_coefficients_of_its_own(in_town: Path) -> None:
    general = choice_path("grid-town")
    own = in_town / "seeds" / "demand" / "grid-town" / "mode_choice.toml"
    own.write_text(general.read_text("utf-8"), "utf-8")
    try:
        assert choice_path("grid-town") == own != general
    finally:
        own.unlink()
