"""Work spread over processes: the same results from one or two, and a failure that says where."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
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


def sleeps(folder: Path, number: int) -> None:
    (folder / f"{os.getpid()}.worker").touch()
    time.sleep(60.0)


SLEEPERS = """
import sys
from pathlib import Path
from tests.study.test_executor import sleeps
from twin.study.executor import each
if __name__ == "__main__":
    list(each(sleeps, [(Path(sys.argv[1]), 1), (Path(sys.argv[1]), 2)], jobs=2))
"""


def is_alive(pid: int) -> bool:
    """Whether a process works still; one that ended and that nobody has asked about does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def within(seconds: float, is_so: Callable[[], bool]) -> bool:
    """Whether it comes true in that time."""
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks /proc which processes there are")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_the_process_that_started_them(tmp_path: Path, how: signal.Signals) -> None:
    script = tmp_path / "sleepers.py"
    script.write_text(SLEEPERS, "utf-8")
    here = {"PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)], env={**os.environ, **here}, stderr=subprocess.PIPE
    )
    assert within(60.0, lambda: len(list(tmp_path.glob("*.worker"))) == 2)
    workers = [int(path.stem) for path in tmp_path.glob("*.worker")]
    assert all(is_alive(worker) for worker in workers)
    process.send_signal(how)
    _, told = process.communicate(timeout=20.0)
    assert within(10.0, lambda: not any(is_alive(worker) for worker in workers))
    assert told.count(b"Traceback") <= (how == signal.SIGINT), "the one that is asked to stop says so, no worker does"


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
