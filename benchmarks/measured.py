"""What one run of one tool costs and says: the words between the tools and the table."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """One run in its own process. `passages`: vehicles that left a link, the last of their route included.

    `load_cpu_s`: all before the first vehicle moves; `run_cpu_s`: from then until the last has arrived or the end.
    `mean_trip_s`: from the wished departure to the arrival, of those that arrived. `peak_gb` of the whole process.
    """

    passages: int
    load_cpu_s: float
    run_cpu_s: float
    peak_gb: float
    mean_trip_s: float
    vehicles: int
    arrived: int
    note: str = ""

    @property
    def per_cpu_s(self) -> float:
        """Passages per CPU-second of the run."""
        return self.passages / self.run_cpu_s


@dataclass
class Stopwatch:
    """CPU seconds of this process, by what they were spent on."""

    spent_s: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        """Count the CPU time of the block under that name."""
        began = time.process_time()
        yield
        self.spent_s[name] = self.spent_s.get(name, 0.0) + time.process_time() - began


def peak_gb() -> float:
    """Largest resident memory of this process so far (GB).

    Linux keeps `ru_maxrss` of the process it was started from; the high-water mark in /proc is its own.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return float(line.split()[1]) * 1024 / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
