"""What `twin simulate` does: read, run, write, and say how it ended."""

import dataclasses
import math
import time
from pathlib import Path
from typing import Any

import click

from twin.files.gmns_files import read_gmns
from twin.files.simulate_files import write_simulation
from twin.files.trip_files import read_trips
from twin.records import INTERVAL_S, STATUSES
from twin.sim.flow import GridlockPolicy
from twin.sim.simulation import FlowName, Simulation
from twin.wording import BOOKS


def simulate_files(
    network_dir: Path,
    trips_csv: Path,
    out: Path,
    *,
    engine: FlowName,
    until_s: float | None,
    seed: int,
    gridlock: GridlockPolicy,
    keep_passages: bool,
) -> None:
    """Run the trips of a table over a folder of GMNS tables, write the records, and print the books."""
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    streets = read_gmns(network_dir)
    trips = read_trips(trips_csv, streets.network)
    first_s = float(trips.depart_s.min(initial=math.inf)) if len(trips) else 0.0
    run = Simulation(
        streets.network,
        trips,
        signals=streets.signals,
        until_s=until_s,
        seed=seed,
        flow=engine,
        gridlock=gridlock,
        keep_passages=keep_passages,
        # Intervals before anything departs would be rows of zeros.
        start_s=first_s // INTERVAL_S * INTERVAL_S,
        any_class=False,
    )
    del trips  # its routes are in the run now
    load = {"load_cpu_s": time.process_time() - cpu_s, "load_wall_s": time.perf_counter() - wall_s}
    notes = (*streets.notes, *run.notes)
    for note in notes:
        click.echo(f"Note: {note}.", err=True)
    records = run.run()
    records = dataclasses.replace(records, seconds={**records.seconds, **load})
    _print_summary(write_simulation(out, records, engine=engine, seed=seed, notes=notes), out)


def _print_summary(summary: dict[str, Any], out: Path) -> None:
    books = summary["books"]
    parts = " + ".join(f"{BOOKS[status].en} {books[status]:,}" for status in STATUSES)
    click.echo(f"{BOOKS['created'].en} {books['created']:,} = {parts}")
    click.echo(f"{summary['vehicle_hours']:,.2f} vehicle-hours, {summary['vehicle_km']:,.2f} vehicle-kilometres")
    if summary["gridlocks"]:
        click.echo(f"{summary['gridlocks']:,} gridlocks closed; {summary['relieved']:,} vehicles let on to open them")
    click.echo(
        f"{summary['passages']:,} passages by {summary['engine']} in {summary['run_cpu_s']:.2f} CPU-s "
        f"(load {summary['load_cpu_s']:.2f}, write {summary['write_cpu_s']:.2f}): {out}"
    )
