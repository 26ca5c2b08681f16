"""One run of one tool in a process of its own: `python -m benchmarks.one_run CASE PEER SCRATCH [--osm FILE]`.

Prints one line of JSON: what `measured.Measured` holds, or why there is nothing to measure.
"""

import argparse
import dataclasses
import json
from pathlib import Path

import numpy as np

from benchmarks.loadings import CASES, Loading, kept_loading
from benchmarks.measured import Measured, Stopwatch, peak_gb
from benchmarks.sumo_meso import run_sumo_meso
from benchmarks.sumo_runs import NotInstalledError
from benchmarks.twin_flows import run_flow
from benchmarks.uxsim_peer import run_uxsim
from twin.routing.paths import Router

PEERS = {
    "compiled": "CompiledFlow",
    "simpy": "SimpyFlow",
    "sumo": "SUMO meso, equal physics",
    "sumo-default": "SUMO meso, defaults",
    "uxsim-5": "UXsim C++, platoons of 5",
    "uxsim-1": "UXsim C++, platoons of 1",
    "city": "full run: drivers who park, buses",
    "city-search": "full run: all drivers search, buses",
    "routes": "routes alone",
}


def run(peer: str, loading: Loading, scratch: Path) -> Measured:
    """The run of a peer on a loading."""
    match peer:
        case "compiled":
            return run_flow(loading, "compiled")
        case "simpy":
            return run_flow(loading, "simpy")
        case "sumo" | "sumo-default":
            return run_sumo_meso(loading, scratch / loading.case.name, equal_physics=peer == "sumo")
        case "city" | "city-search":
            # Imported here for its memory: the city needs libraries that the flows do not.
            from benchmarks.city_day import run_city_day

            return run_city_day(loading, all_search=peer == "city-search")
        case "routes":
            return find_routes(loading)
        case _:
            return run_uxsim(loading, int(peer.rpartition("-")[2]))


def find_routes(loading: Loading) -> Measured:
    """Find the routes of all vehicles anew; `passages` are their links."""
    watch = Stopwatch()
    with watch.on("load"):
        router = Router(loading.network)
        index, links, routes = router.graph.node_index, loading.network.links, loading.routes
        first, last = routes.links[routes.start], routes.links[routes.start + routes.length - 1]
        origins = np.array([index[links[i].from_node] for i in first.tolist()], dtype=np.int64)
        ends = np.array([index[links[i].to_node] for i in last.tolist()], dtype=np.int64)
        router.routes(origins[:1], ends[:1])  # has the code compiled
    with watch.on("run"):
        found = router.routes(origins, ends)
    n = len(origins)
    return Measured(
        passages=int(found.length.sum()),
        load_cpu_s=watch.spent_s["load"],
        run_cpu_s=watch.spent_s["run"],
        peak_gb=peak_gb(),
        mean_trip_s=float(found.cost_ms.mean()) / 1000.0,
        vehicles=n,
        arrived=int((found.cost_ms >= 0).sum()),
        note=f"{len(links):,} links",
    )


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--osm", type=Path)
    args = parser.parse_args()
    try:
        found = run(args.peer, kept_loading(CASES[args.case], args.scratch, args.osm), args.scratch)
        print(json.dumps(dataclasses.asdict(found)))
    except NotInstalledError as missing:
        print(json.dumps({"missing": str(missing)}))


if __name__ == "__main__":
    main()
