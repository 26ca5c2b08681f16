"""The twin's two flows on a loading, interval statistics on."""

import numpy as np

from benchmarks.loadings import Loading
from benchmarks.measured import Measured, Stopwatch, peak_gb
from twin.sim.compiling import compile_rules
from twin.sim.environment import Environment
from twin.sim.flow import Fleet
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.rules import NEVER
from twin.sim.simulation import FlowName
from twin.sim.tables import build_tables


def run_flow(loading: Loading, flow: FlowName) -> Measured:
    """Drive the vehicles through `CompiledFlow` or `SimpyFlow`."""
    watch = Stopwatch()
    with watch.on("load"):
        compile_rules()
        env = Environment()
        tables = build_tables(loading.network, classes=("car",))
        routes = loading.routes
        kinds = np.zeros(len(loading.depart_us), dtype=np.int64)
        fleet = Fleet(loading.depart_us, routes.start, routes.start + routes.length, routes.links, kinds)
        made = (CompiledFlow if flow == "compiled" else SimpyFlow)(env, tables, fleet)
    with watch.on("run"):
        env.run(until=loading.case.until_s)
        found = made.finish()
    vehicles = found.vehicles
    arrived = vehicles.arrive_us < NEVER
    trip_us = (vehicles.arrive_us - vehicles.depart_us)[arrived]
    return Measured(
        passages=found.n_passages,
        load_cpu_s=watch.spent_s["load"],
        run_cpu_s=watch.spent_s["run"],
        peak_gb=peak_gb(),
        mean_trip_s=float(trip_us.mean()) / 1e6,
        vehicles=len(loading.depart_us),
        arrived=int(arrived.sum()),
        note=f"{len(found.cycles)} gridlocks" if found.cycles else "",
    )
