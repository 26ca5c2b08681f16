"""Work spread over processes: the same results from one or two, and a failure that says where."""

import os
from pathlib import Path

import pytest

from twin.errors import SimulationError
from twin.study.executor import each, hand_over, taken_over


def squared(number: int) -> int:
    return number * number


def missing_file(path: Path, number: int) -> bytes:
    return path.read_bytes()


def dies(code: int) -> None:
    os._exit(code)


def test_one_job_works_here_in_order() -> None:
    assert list(each(squared, [(3,), (1,), (2,)], jobs=1)) == [9, 1, 4]


def test_two_jobs_give_the_same_results_as_they_are_finished() -> None:
    assert sorted(each(squared, [(3,), (1,), (2,)], jobs=2)) == [1, 4, 9]


def test_failed_worker_is_told_with_its_task(tmp_path: Path) -> None:
    calls = [(tmp_path / "none", 7), (tmp_path / "none", 8)]
    with pytest.raises(SimulationError, match=r"a worker failed at \([78],\)"):
        list(each(missing_file, calls, jobs=2))


def test_worker_that_dies_stops_all_with_one_sentence() -> None:
    with pytest.raises(SimulationError, match="finished runs are kept"):
        list(each(dies, [(3,), (3,)], jobs=2))


def test_thing_handed_over_is_taken_over_whole(tmp_path: Path) -> None:
    path = hand_over(tmp_path / "deep" / "thing.pickle", {"a": 1})
    assert taken_over(path) == {"a": 1}
    assert [p.name for p in path.parent.iterdir()] == ["thing.pickle"]
