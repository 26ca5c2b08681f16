"""Comparisons and runs on disk.

How a folder is kept whole: `result_folder`; where finished runs are kept: `run_store`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pandas as pd

from twin.clock import TimeWindow
from twin.errors import DataFileError
from twin.files.result_folder import MANIFEST, read_folder, write_folder
from twin.records import Records
from twin.results.comparison import Comparison
from twin.results.run import Arm, LightTraffic, Run

COMPARISON_FORMAT = "twin-comparison/2"
RUN_FORMAT = "twin-run/1"

_COMPARISON_FILES = {
    "comparison.parquet": "rows",
    "links.parquet": "links",
    "sites.parquet": "sites",
    "replications.parquet": "replications",
    "settling.parquet": "settling",
    "books.parquet": "books",
    "measures.parquet": "measures",
    "junctions.parquet": "junctions",
    "road_flows.parquet": "road_flows",
    "site_times.parquet": "site_times",
    "cruising.parquet": "cruising",
    "search_zones.parquet": "search_zones",
    "lines.parquet": "lines",
    "stops.parquet": "stops",
    "line_visits.parquet": "line_visits",
    "zones.parquet": "zones",
}
_MODE_FILES = {"modes.parquet": "modes", "mode_rounds.parquet": "mode_rounds"}
REACTING_FOLDER = "people-react"
"""Within the folder of a comparison: the same study with people who react, a comparison of its own."""

_RECORD_FILES = {
    "trips.parquet": "trips",
    "links.parquet": "links",
    "sites.parquet": "sites",
    "cruising.parquet": "cruising",
    "buses.parquet": "buses",
    "bus_stops.parquet": "bus_stops",
    "riders.parquet": "riders",
    "passages.parquet": "passages",
    "gridlocks.parquet": "gridlocks",
}
_RUN_FILES = {
    "zones.parquet": "zones",
    "crossings.parquet": "crossings",
    "new_roads.parquet": "new_roads",
    "lines.parquet": "lines",
    "line_stops.parquet": "line_stops",
}
_STREETS_FILE = "streets.parquet"
_LIGHT_TRAFFIC_FILE = "light_traffic.parquet"


def write_comparison(comparison: Comparison, folder: str | Path) -> Path:
    """Write a comparison's tables and its `run.toml` into a folder, whose other files stay; returns the folder.

    Null entries of `meta` are left out. Raises DataFileError where the folder cannot be written.
    """
    if comparison.reacting is not None:
        write_comparison(comparison.reacting, Path(folder) / REACTING_FOLDER)
    files = _COMPARISON_FILES | (_MODE_FILES if len(comparison.mode_rounds) else {})
    tables = {name: cast(pd.DataFrame, getattr(comparison, field)) for name, field in files.items()}
    write_folder(Path(folder), tables, comparison.meta, COMPARISON_FORMAT)
    return Path(folder)


def read_comparison(folder: str | Path) -> Comparison:
    """The comparison in a folder. Raises DataFileError where it is not one, or not as it was written."""
    tables, meta = read_folder(Path(folder), COMPARISON_FORMAT)
    missing = [name for name in _COMPARISON_FILES if name not in tables]
    if missing:
        raise DataFileError(f"{Path(folder) / MANIFEST}: does not list {', '.join(missing)}; run the study again.")
    files = _COMPARISON_FILES | {name: field for name, field in _MODE_FILES.items() if name in tables}
    reacting = read_comparison(Path(folder) / REACTING_FOLDER) if meta.get("people_react") else None
    return Comparison(**{field: tables[name] for name, field in files.items()}, meta=meta, reacting=reacting)


def write_run(run: Run, folder: str | Path, origin: Mapping[str, Any] | None = None) -> Path:
    """Write one run's records and what its measures need into a folder; returns the folder.

    `origin` stands in `run.toml` too, for people and for questions across runs: place, date, command, what it was
    made from. Nothing in it may name a machine, a path or a time of day: the same run has the same bytes everywhere.
    """
    records = run.records
    tables = {name: getattr(records, field) for name, field in _RECORD_FILES.items()}
    tables |= {name: getattr(run, field) for name, field in _RUN_FILES.items()}
    tables = {name: table for name, table in tables.items() if table is not None}
    tables[_STREETS_FILE] = run.links
    times = pd.Series(run.free_times.times_s, dtype="float64")
    tables[_LIGHT_TRAFFIC_FILE] = pd.DataFrame({"link_id": times.index.astype("str"), "time_s": times.to_numpy()})
    facts = {
        "scenario": run.scenario,
        "arm": run.arm,
        "seed": run.seed,
        "measured_s": [run.measured.start_s, run.measured.end_s],
        "end_s": records.end_s,
        "relieved": records.relieved,
        "passages_count": records.passages_count,
        "books": records.books,
        "seconds": records.seconds,
        **(origin or {}),
    }
    write_folder(Path(folder), tables, facts, RUN_FORMAT)
    return Path(folder)


def read_run(folder: str | Path) -> Run:
    """The run in a folder. Raises DataFileError where it is not one, or not as it was written."""
    tables, facts = read_folder(Path(folder), RUN_FORMAT)
    try:
        times = tables[_LIGHT_TRAFFIC_FILE]
        records = Records(
            trips=tables["trips.parquet"],
            links=tables["links.parquet"],
            sites=tables.get("sites.parquet"),
            cruising=tables.get("cruising.parquet"),
            buses=tables.get("buses.parquet"),
            bus_stops=tables.get("bus_stops.parquet"),
            riders=tables.get("riders.parquet"),
            passages=tables.get("passages.parquet"),
            gridlocks=tables.get("gridlocks.parquet"),
            books=facts["books"],
            relieved=facts["relieved"],
            passages_count=facts["passages_count"],
            end_s=facts["end_s"],
            seconds=facts["seconds"],
        )
        return Run(
            scenario=facts["scenario"],
            arm=cast(Arm, facts["arm"]),
            seed=facts["seed"],
            records=records,
            measured=TimeWindow(*facts["measured_s"]),
            links=tables[_STREETS_FILE],
            free_times=LightTraffic(dict(zip(times["link_id"], times["time_s"], strict=True))),
            **{field: tables.get(name) for name, field in _RUN_FILES.items()},
        )
    except KeyError as error:
        raise DataFileError(f"{Path(folder) / MANIFEST}: does not hold {error}; make the run again.") from None
