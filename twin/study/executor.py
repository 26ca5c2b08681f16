"""Work spread over local processes. Every task is a pure function of files and numbers, so results do not depend on
the number of workers or on who does what; what is finished stays when the rest is interrupted.

Workers end with the process that started them, however that ends: at Ctrl-C they are stopped in the midst of their
task, and when it is killed they notice.
"""

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from twin.errors import SimulationError
from twin.files.whole_files import write_whole


def usual_jobs() -> int:
    """One worker a core."""
    return max(1, os.cpu_count() or 1)


def hand_over(path: Path, thing: Any) -> Path:
    """Put a thing where workers find it, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, pickle.dumps(thing, protocol=pickle.HIGHEST_PROTOCOL))
    return path


@lru_cache(maxsize=2)
def taken_over(path: Path) -> Any:
    """The thing handed over at that path, kept by this worker for its next task."""
    return pickle.loads(path.read_bytes())


def each(task: Callable[..., Any], calls: Iterable[tuple[Any, ...]], *, jobs: int) -> Iterator[Any]:
    """`Workers.each` by processes that work for nothing else."""
    with Workers(jobs) as workers:
        yield from workers.each(task, calls)


class Workers:
    """So many worker processes, kept from one round of work to the next while the `with` lasts."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._pool: ProcessPoolExecutor | None = None
        self._starting: list[Future[None]] = []
        self._ends: list[Connection] = []  # theirs and ours, of the line that keeps them alive

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, failure: object, *_: object) -> None:
        self._end(at_once=failure is not None)

    def start(self, task: Callable[[int], None]) -> None:
        """Start them before there is work: each does `task(number)`, from 0, while this process goes on."""
        if self._jobs > 1:
            pool = self._started(self._jobs)
            with _workers_deaf_to_ctrl_c():
                self._starting = [pool.submit(task, number) for number in range(self._jobs)]

    @property
    def are_ready(self) -> bool:
        """Whether what `start` gave them to do is done."""
        return all(future.done() for future in self._starting)

    def wait_until_ready(self) -> None:
        """Wait until it is; a failure shows when it is done again in earnest."""
        wait(self._starting)

    def each(self, task: Callable[..., Any], calls: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """Results of `task(*call)` as they are finished; with one job, or one call, in this process.

        A failed task stops the rest and names its call; a worker that dies stops all. Raises SimulationError.
        """
        calls = list(calls)
        if self._jobs <= 1 or len(calls) <= 1:
            for call in calls:
                yield task(*call)
            return
        pool = self._started(min(self._jobs, len(calls)))
        self.wait_until_ready()
        try:
            with _workers_deaf_to_ctrl_c():
                waiting: dict[Future[Any], tuple[Any, ...]] = {pool.submit(task, *call): call for call in calls}
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    call = waiting.pop(future)
                    try:
                        yield future.result()
                    except (OSError, BrokenExecutor) as error:
                        raise SimulationError(
                            f"a worker failed at {call[1:]}: {error}; finished runs are kept"
                        ) from error
        except BaseException:
            self._end(at_once=True)
            raise

    def _started(self, jobs: int) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            theirs, ours = context.Pipe(duplex=False)
            self._ends = [ours, theirs]
            self._pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_become_worker, initargs=(theirs,))
        return self._pool

    def _end(self, *, at_once: bool) -> None:
        """Let the workers go; `at_once`: in the midst of their tasks."""
        if self._pool is None:
            return
        pool, (ours, theirs) = self._pool, self._ends
        self._pool, self._ends = None, []
        if at_once:
            ours.close()
        pool.shutdown(wait=True, cancel_futures=True)
        ours.close()
        theirs.close()


@contextlib.contextmanager
def _workers_deaf_to_ctrl_c() -> Iterator[None]:
    """Processes started within never get the SIGINT that a terminal sends to all: one process decides when to stop."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)  # what came meanwhile comes now


def _become_worker(life_line: Connection) -> None:
    """Leave Ctrl-C to the process that started this one, and end when that lets go of the other end, or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(life_line,), daemon=True).start()


def _end_with(life_line: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        life_line.recv()  # nothing is ever sent
    os._exit(1)
