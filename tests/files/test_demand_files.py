"""Folders of demand: the shipped one is read whole, and faults are told together."""

import shutil
from pathlib import Path

import pytest

from twin.errors import DataFileError
from twin.files.demand_files import read_demand
from twin.files.seed_files import read_seeds

SEEDS = Path(__file__).resolve().parents[2] / "seeds"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SEEDS / "demand" / "yantai", tmp_path / "yantai"))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults_of(folder: Path) -> str:
    with pytest.raises(DataFileError) as caught:
        read_demand(folder)
    return str(caught.value)


def test_yantai_has_its_zones_gates_and_residents(folder: Path) -> None:
    inputs = read_demand(folder)
    zones = [zone for zone in inputs.zones if zone.kind == "zone"]
    assert (len(zones), len(inputs.zones) - len(zones)) == (92, 14)
    # District totals of the sketch, rounded to tens zone by zone.
    assert sum(zone.residents for zone in zones) == pytest.approx(2_298_100, abs=920)
    assert inputs.parking.supply.kerb_spaces == 10_600


def test_every_number_says_where_it_is_from_and_few_are_observed(folder: Path) -> None:
    inputs = read_demand(folder)
    observed = {source.key for source in inputs.sources if source.is_observed}
    assert "supply.kerb_spaces" in observed and "lorries.bans[1]" in observed
    assert "level.scale" not in observed
    assert {"level.scale", "purposes.work.persons_per_car"} <= {source.key for source in inputs.assumed_values}
    assert all(zone.assumed for zone in inputs.zones)


def test_order_of_rows_changes_nothing(folder: Path) -> None:
    before = read_demand(folder).zones
    head, *rows = (folder / "zones.csv").read_text(encoding="utf-8").splitlines()
    (folder / "zones.csv").write_text("\n".join([head, *reversed(rows)]) + "\n", encoding="utf-8")
    assert read_demand(folder).zones == before


def test_all_faults_of_all_files_are_told_at_once(folder: Path) -> None:
    edit(folder / "demand.toml", "[level]\nscale = { value", "[level]\nscales = { value")
    edit(folder / "demand.toml", "persons_per_taxi = { value = 1.5", "persons_per_taxi = { value = 0.5")
    edit(folder / "demand.toml", "day_cv = { value = 0.05", "day_cv = { value = nan")
    edit(folder / "parking.toml", "drop_off = { value = 0.8", "drop_off = { value = 1.8")
    edit(folder / "parking.toml", 'kerb_resident_weight = { value = 0.3, tag = "A" }', "kerb_resident_weight = 0.3")
    edit(folder / "zones.csv", "Z002,幸福南路化工路西,zone", "Z001,幸福南路化工路西,zones")
    text = faults_of(folder)
    assert "level.scales: unknown key. Did you mean 'scale'?" in text
    assert "level.scale is missing" in text
    assert "modes.persons_per_taxi is 0.5, must be at least 1" in text
    assert "level.day_cv is nan, must be a number" in text
    assert "ends.school.drop_off is 1.8, must be between 0 and 1" in text
    assert "supply.kerb_resident_weight is 0.3, must say where it is from" in text
    assert "row 3: a second 'Z001'" in text
    assert "row 3: kind is 'zones'. Did you mean 'zone'?" in text


def test_totals_and_references_are_checked(folder: Path) -> None:
    edit(folder / "demand.toml", 'ends_at = { value = "work"', 'ends_at = { value = "works"')
    edit(folder / "demand.toml", "share_of_trips = { value = 0.4", "share_of_trips = { value = 0.5")
    edit(folder / "demand.toml", "walk = { value = [0.7,", "walk = { value = [0.9,")
    edit(folder / "demand.toml", 'start = "07:00"', 'start = "7 Uhr"')
    edit(folder / "parking.toml", 'tag = "F:31"', 'tag = "F:999"')
    edit(folder / "zones.csv", "gate,rail,", "gate,rails,")
    text = faults_of(folder)
    assert "purposes.work.ends_at is 'works', not in parking.toml [ends]. Did you mean 'work'?" in text
    assert "purposes.*.share_of_trips: shares add up to 1.1000, must be 1" in text
    assert "modes.shares.work, band 1: shares add up to 1.2000, must be 1" in text
    assert "lorries.bans[1]: '7 Uhr' is not a time of day" in text
    assert "supply.kerb_spaces: tag F:999 is not among the citations of passport.toml" in text
    assert "no kind 'rails' in demand.toml [gates.kinds]. Did you mean 'rail'?" in text


def test_a_tag_that_means_nothing_is_refused(folder: Path) -> None:
    edit(
        folder / "demand.toml",
        'trips_per_resident = { value = 2.3, tag = "A"',
        'trips_per_resident = { value = 2.3, tag = "sure"',
    )
    assert "level.trips_per_resident: tag is 'sure', must be one of S, F, D, K-h, K-m, K-l, A" in faults_of(folder)


@pytest.mark.parametrize("name", ["passport.toml", "demand.toml", "parking.toml"])
def test_another_version_is_refused(folder: Path, name: str) -> None:
    edit(folder / name, 'format = "twin-demand/1"', 'format = "twin-demand/9"')
    assert f"{name}: format is 'twin-demand/9', must be 'twin-demand/1'" in faults_of(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "zones.csv").unlink()
    assert "zones.csv: no such file; it should hold the zones and gates of the place" in faults_of(folder)


def test_a_table_of_trips_is_read_in_any_order_and_checked(folder: Path) -> None:
    path = folder / "od_work.csv"
    path.write_text("origin,destination,trips\nZ002,Z001,5\nZ001,Z002,7.5\n", encoding="utf-8")
    table = read_demand(folder).od_tables["work"]
    assert table.to_dict("list") == {"origin": ["Z001", "Z002"], "destination": ["Z002", "Z001"], "trips": [7.5, 5.0]}
    path.write_text("origin,destination,trips\nZ0O2,Z001,-5\nZ001,Z002,many\nZ001,Z002,1\n", encoding="utf-8")
    (folder / "od_wrok.csv").write_text("origin,destination,trips\n", encoding="utf-8")
    text = faults_of(folder)
    assert "row 2: no zone 'Z0O2'. Did you mean" in text
    assert "row 2: trips is -5, must not be negative" in text
    assert "row 3: trips is 'many', must be a number" in text
    assert "row 4: Z001 to Z002 again" in text
    assert "no purpose 'wrok'. Did you mean 'work'?" in text


def test_seeds_are_a_hundred_and_one_for_the_population() -> None:
    seeds = read_seeds(SEEDS / "seeds.toml")
    assert seeds.population == 20240101
    assert seeds.replications == tuple(range(1, 101))
