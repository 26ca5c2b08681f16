"""Names into folders: the order of homes, safe names, the nearest match."""

from pathlib import Path

import pytest

from twin.errors import DataFileError, ScenarioError
from twin.files import catalogue


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of one's own with a place and a scenario, named by TWIN_HOME."""
    place = tmp_path / "networks" / "小城"
    place.mkdir(parents=True)
    (place / catalogue.PASSPORT).write_text("")
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "what-if.toml").write_text("")
    monkeypatch.setenv(catalogue.HOME_VARIABLE, str(tmp_path))
    return tmp_path


def test_ones_own_home_comes_before_what_is_shipped(home: Path) -> None:
    assert catalogue.homes()[0] == home
    assert {"小城", "yantai"} <= set(catalogue.places())
    assert catalogue.network_folder("小城") == home / "networks" / "小城"
    mine = home / "networks" / "yantai"
    mine.mkdir()
    (mine / catalogue.PASSPORT).write_text("")
    assert catalogue.network_folder("yantai") == mine


def test_a_marked_folder_is_the_home_of_all_below_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(catalogue.HOME_VARIABLE, raising=False)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert catalogue.working_folder() is None
    assert catalogue.runs_folder() == below / "runs"
    catalogue.mark_working_folder(tmp_path)
    assert catalogue.working_folder() == tmp_path
    assert catalogue.runs_folder() == tmp_path / "runs"


def test_a_home_that_is_no_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(catalogue.HOME_VARIABLE, str(tmp_path / "none"))
    with pytest.raises(DataFileError, match="which is no folder"):
        catalogue.homes()


@pytest.mark.parametrize("name", ["", "../secret", "a/b", "a b", ".hidden", "-x", "x" * 81, "a\0", "C:"])
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(DataFileError, match="letters, digits"):
        catalogue.network_folder(name)
    with pytest.raises(DataFileError, match="letters, digits"):
        catalogue.demand_folder(name)


def test_an_unknown_name_gets_the_nearest_one(home: Path) -> None:
    with pytest.raises(DataFileError, match="Did you mean 'yantai'"):
        catalogue.network_folder("yantei")
    with pytest.raises(ScenarioError, match="Did you mean 'what-if'"):
        catalogue.scenario_path("what-iff")


def test_scenarios_are_found_by_name_and_by_path(home: Path) -> None:
    path = home / "scenarios" / "what-if.toml"
    assert catalogue.scenario_path("what-if") == path
    assert catalogue.scenario_path(path) == path
    assert catalogue.scenario_path(str(path)) == path
    with pytest.raises(ScenarioError, match="no such scenario document"):
        catalogue.scenario_path("elsewhere/what-if.toml")


def test_the_shipped_places_have_their_demand_documents_and_seeds() -> None:
    assert catalogue.demand_folder("yantai").name == "yantai"
    assert "work-report-2024" in catalogue.documents()
    assert catalogue.document_folder("work-report-2024").is_dir()
    assert catalogue.seeds_path().name == "seeds.toml"


def test_the_cache_goes_where_one_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(catalogue.CACHE_VARIABLE, str(tmp_path))
    assert catalogue.cache_folder() == tmp_path
