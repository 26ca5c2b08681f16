"""The store of runs: what was put is given back, whole or not at all, and only what nobody needs is cleared away."""

import os
import platform
import tomllib
from pathlib import Path

import pytest

from tests.files.test_results_files import FailingDisk, comparison, run
from twin.errors import DataFileError
from twin.files.results_files import write_comparison
from twin.files.run_inventory import leftovers, remove, run_of, stored_runs
from twin.files.run_store import RunStore, key_of, run_key

ARM, OTHER_ARM = "a" * 32, "b" * 32
NOW_S = 2_000_000_000.0
DAY_S = 86_400.0


def test_the_store_gives_back_what_was_put_and_nothing_else(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs")
    assert store.get("ab12") is None
    store.put("ab12", run())
    found = store.get("ab12")
    assert found is not None and found.seed == 7 and store.get("ab13") is None
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["ab12"]


def test_a_damaged_run_is_as_good_as_none_and_is_put_anew(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.put("ab12", run())
    (tmp_path / "ab12" / "trips.parquet").write_bytes(b"half")
    assert store.get("ab12") is None
    assert store.state("ab12") == "damaged"
    store.put("ab12", run())
    assert store.get("ab12") is not None and store.state("ab12") == "whole"


def test_a_whole_run_in_the_store_stays_as_it_is(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.put("ab12", run(seed=7))
    store.put("ab12", run(seed=8))
    found = store.get("ab12")
    assert found is not None and found.seed == 7


def test_a_put_that_fails_anywhere_leaves_no_run_behind(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    for allowed in range(12):
        with pytest.MonkeyPatch.context() as monkeypatch:
            FailingDisk(monkeypatch, allowed)
            with pytest.raises(DataFileError):
                store.put("ab12", run())
        assert store.get("ab12") is None and not list(tmp_path.iterdir())


@pytest.mark.parametrize("key", ["", "../x", "A", ".hidden", "a/b"])
def test_keys_that_could_leave_the_store_are_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="is no key of a run"):
        RunStore(tmp_path).get(key)


def test_the_key_tells_runs_apart_by_all_they_are_made_from() -> None:
    made_from = {"city": "ab12", "seed": 1, "versions": {"twin": "0.1.0"}}
    assert key_of(made_from) == key_of(dict(reversed(made_from.items())))
    assert len({key_of(made_from), key_of(made_from | {"seed": 2}), key_of(made_from | {"seed": "1"})}) == 3


ORIGIN = {"place": "yantai", "city_date": "2023-12-31", "command": "twin run x", "made_from": {"network": "sha256:0"}}


def kept_at(path: Path, when_s: float) -> None:
    """Set when a file, or all of a folder, was last written to."""
    for one in (path, *path.rglob("*")):
        os.utime(one, (when_s, when_s))


def store_with_runs(folder: Path) -> RunStore:
    """Seeds 1 and 2 of one arm, of which a comparison was made, and seed 1 of another; all forty days old."""
    store = RunStore(folder)
    for arm, seed in ((ARM, 1), (ARM, 2), (OTHER_ARM, 1)):
        store.put(run_key(arm, seed), run(seed=seed), ORIGIN)
    made_of = comparison()
    made_of.meta["arms"] = {"before": ARM}
    write_comparison(made_of, folder / "baseline--x")
    kept_at(folder, NOW_S - 40 * DAY_S)
    return store


def cleared(folder: Path, *, days: float = 30.0, caches: tuple[Path, ...] = ()) -> list[str]:
    return [one.path.name for one in leftovers(folder, caches, days=days, now_s=NOW_S)]


def test_a_run_says_what_it_was_made_from_and_names_no_machine(tmp_path: Path) -> None:
    store = store_with_runs(tmp_path / "runs")
    manifest = (store.folder / run_key(ARM, 1) / "run.toml").read_text(encoding="utf-8")
    facts = tomllib.loads(manifest)
    assert ORIGIN.items() <= facts.items()
    assert (facts["scenario"], facts["arm"], facts["seed"]) == ("baseline", "before", 1)
    assert str(tmp_path) not in manifest and platform.node() not in manifest


def test_runs_are_listed_with_the_comparisons_made_of_them(tmp_path: Path) -> None:
    store = store_with_runs(tmp_path)
    found = {one.key: one.belongs_to for one in stored_runs(store.folder)}
    assert found == {
        run_key(ARM, 1): ("baseline--x",), run_key(ARM, 2): ("baseline--x",), run_key(OTHER_ARM, 1): ()
    }  # fmt: skip


def test_a_damaged_run_is_listed_as_such(tmp_path: Path) -> None:
    store = store_with_runs(tmp_path)
    (tmp_path / run_key(ARM, 1) / "run.toml").write_bytes(b"half")
    (tmp_path / run_key(ARM, 2) / "links.parquet").unlink()
    (tmp_path / run_key(OTHER_ARM, 1) / "trips.parquet").write_bytes(b"half")
    told = {one.key: one.faults for one in stored_runs(store.folder)}
    assert "cannot be read" in told[run_key(ARM, 1)][0]
    assert told[run_key(ARM, 2)] == ("links.parquet is missing",)
    assert told[run_key(OTHER_ARM, 1)] == (), "its content is looked at where one asks for it"
    checked = {one.key: one.faults for one in stored_runs(store.folder, check=True)}
    assert checked[run_key(OTHER_ARM, 1)] == ("trips.parquet is not the file that run.toml describes",)


def test_a_run_is_found_by_the_beginning_of_its_key(tmp_path: Path) -> None:
    store = store_with_runs(tmp_path)
    assert run_of(store.folder, "aaaa-2").key == run_key(ARM, 2)
    assert run_of(store.folder, "b").key == run_key(OTHER_ARM, 1)
    with pytest.raises(DataFileError, match="2 runs begin with 'a': aaaaaaaaaa-1, aaaaaaaaaa-2"):
        run_of(store.folder, "a")
    with pytest.raises(DataFileError, match="no run 'c'"):
        run_of(store.folder, "c")


def test_what_no_comparison_refers_to_goes_when_it_is_old(tmp_path: Path) -> None:
    store = store_with_runs(tmp_path)
    assert cleared(store.folder, days=41.0) == []
    (old,) = leftovers(store.folder, (), days=30.0, now_s=NOW_S)
    assert old.path.name == run_key(OTHER_ARM, 1) and old.why == "no comparison refers to it, 40 days old"
    assert remove(old)
    assert [one.key for one in stored_runs(store.folder)] == [run_key(ARM, 1), run_key(ARM, 2)]


def test_runs_of_a_comparison_that_was_deleted_go_too(tmp_path: Path) -> None:
    store = store_with_runs(tmp_path)
    (tmp_path / "baseline--x" / "run.toml").unlink()
    assert len(cleared(store.folder)) == 3


def test_what_a_killed_write_left_goes_but_not_what_is_being_written(tmp_path: Path) -> None:
    store, cache = store_with_runs(tmp_path / "runs"), tmp_path / "cache"
    cache.mkdir()
    parts = [store.folder / f".{run_key(ARM, 3)}.4711.part", cache / ".ab12.pickle.x8"]
    parts[0].mkdir()
    (parts[0] / "trips.parquet").touch()
    parts[1].touch()
    (cache / "ab12.pickle").touch()
    for age_s, gone in ((60.0, []), (4000.0, [part.name for part in parts])):
        for part in parts:
            kept_at(part, NOW_S - age_s)
        assert cleared(store.folder, days=50.0, caches=(cache,)) == gone


def test_a_damaged_run_goes_but_not_while_somebody_makes_it_anew(tmp_path: Path) -> None:
    store = store_with_runs(tmp_path)
    place = tmp_path / run_key(ARM, 1)
    (place / "run.toml").unlink()
    kept_at(place, NOW_S - 4000.0)
    (damaged,) = leftovers(store.folder, (), days=50.0, now_s=NOW_S)
    store.put(run_key(ARM, 1), run(seed=1), ORIGIN)
    assert not remove(damaged), "it was written to after it was found"
    assert store.state(run_key(ARM, 1)) == "whole"


def test_results_that_a_person_keeps_beside_the_runs_stay(tmp_path: Path) -> None:
    store = store_with_runs(tmp_path)
    own = tmp_path / "my-simulation"
    own.mkdir()
    (own / "trips.parquet").touch()
    kept_at(own, 0.0)
    assert own.name not in cleared(store.folder, days=1.0)


def test_a_store_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert stored_runs(tmp_path / "none") == () and leftovers(tmp_path / "none", (), days=1.0, now_s=NOW_S) == ()
