"""How fast the engine moves vehicles: grids of growing size, both flows, fixed routes, interval statistics on.

`python benchmarks/engine.py` writes RESULTS.md beside this file. Speeds hold for the machine and minute they were
measured in; only ratios within one run say something elsewhere. Peers are not measured here yet.
"""

import argparse
import datetime
import itertools
import platform
import resource
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twin import __version__, chance
from twin.city.network import Link, Network, Node
from twin.routing.paths import Router
from twin.sim.environment import Environment
from twin.sim.flow import Fleet
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.simulation import compile_rules
from twin.sim.tables import FlowTables, build_tables

LENGTH_M, SPEED_MPS, CAPACITY_VPH = 200.0, 15.0, 1800.0
SPAN_S = 3600.0


@dataclass(frozen=True)
class Case:
    """One loading: `side` nodes a side, vehicles between random nodes within an hour."""

    name: str
    side: int
    vehicles: int
    flows: tuple[str, ...]


CASES = (
    Case("400 nodes, free", 20, 4_000, ("compiled", "simpy")),
    Case("400 nodes, busy", 20, 40_000, ("compiled", "simpy")),
    Case("1,600 nodes, free", 40, 30_000, ("compiled",)),
    Case("1,600 nodes, busy", 40, 100_000, ("compiled",)),
    Case("6,400 nodes, 200,000 vehicles", 80, 200_000, ("compiled",)),
)


def grid(side: int) -> Network:
    """A square grid of one-lane links, 200 m each."""
    ids = np.arange(side * side).reshape(side, side)
    nodes = tuple(Node(str(i), 121.0 + 0.002 * (i % side), 37.0 + 0.002 * (i // side)) for i in range(side * side))
    ends = [(a, b) for row in (ids, ids.T) for line in row for a, b in itertools.pairwise(line)]
    links = [
        Link(str(number), str(a), str(b), LENGTH_M, 1, SPEED_MPS, CAPACITY_VPH)
        for number, (a, b) in enumerate(sorted([*ends, *((b, a) for a, b in ends)]))
    ]
    return Network(nodes, tuple(links))


def fleet_of(case: Case, network: Network) -> Fleet:
    """Vehicles between nodes drawn by key, on their quickest ways, numbered by departure."""
    ids = np.arange(case.vehicles)
    nodes = [np.floor(chance.uniform(1, end, ids) * case.side**2).astype(np.int64) for end in ("origin", "destination")]
    depart_us = np.sort(np.rint(1e6 * SPAN_S * chance.uniform(1, "departs", ids)).astype(np.int64))
    routes = Router(network).routes(*nodes)
    drives = np.flatnonzero(routes.length > 0).astype(np.int64)
    routes = routes.select(drives)
    kinds = np.zeros(len(drives), dtype=np.int64)
    return Fleet(depart_us[drives], routes.start, routes.start + routes.length, routes.links, kinds)


def measured(case: Case, flow: str, tables: FlowTables, fleet: Fleet) -> tuple[str, ...]:
    """One run: a row of the table."""
    env = Environment()
    made = (CompiledFlow if flow == "compiled" else SimpyFlow)(env, tables, fleet)
    began = time.process_time()
    env.run()
    cpu_s = time.process_time() - began
    found = made.finish()
    done = found.vehicles.arrive_us < 1 << 62
    mean_s = float((found.vehicles.arrive_us - found.vehicles.depart_us)[done].mean()) / 1e6
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    per_s = found.n_passages / cpu_s / 1e6
    return (case.name, flow, f"{found.n_passages:,}", f"{cpu_s:.2f}", f"{per_s:.2f}", f"{mean_s:.1f}", f"{peak_gb:.2f}")


def main() -> None:
    """Measure every case and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest-side", type=int, default=80, help="leave out larger grids")
    largest = parser.parse_args().largest_side
    compile_rules()
    head = ("case", "flow", "passages", "CPU s", "M passages per CPU s", "mean trip s", "peak GB so far")
    rows = []
    for case in (case for case in CASES if case.side <= largest):
        network = grid(case.side)
        tables, fleet = build_tables(network, classes=("car",)), fleet_of(case, network)
        for flow in case.flows:
            rows.append(measured(case, flow, tables, fleet))
            print(*rows[-1], sep=" | ", flush=True)
    lines = [
        "# Speed of the engine",
        "",
        f"Written by `python benchmarks/engine.py` on {datetime.date.today()}: twin {__version__}, "
        f"Python {platform.python_version()}, {platform.machine()}. Ratios within this table carry over to other "
        "machines; seconds do not. Peers are not measured yet.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
    ]
    (Path(__file__).parent / "RESULTS.md").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
