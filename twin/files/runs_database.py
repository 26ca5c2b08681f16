"""Questions across runs: the store of runs as tables of a DuckDB database, to be asked in SQL.

    runs_database().sql("select scenario, avg(arrive_s - depart_s) from trips join runs using (run) group by scenario")

Nothing is copied: views read the parquet files where they lie. Damaged runs are left out.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from twin.errors import DataFileError
from twin.files.catalogue import runs_folder
from twin.files.run_inventory import StoredRun, stored_runs
from twin.records import BUS_COLUMNS, CYCLE_COLUMNS, LINK_COLUMNS, SITE_COLUMNS, STATUSES, TRIP_COLUMNS

RUN_COLUMNS: dict[str, tuple[str, str]] = {
    "run": ("id", "key of the run; joins it with the other views"),
    "place": ("text", "the place"),
    "scenario": ("text", "the scenario"),
    "arm": ("word", "before or after"),
    "seed": ("integer", "the day"),
    "city_date": ("date", "the day on which streets are open or closed"),
    "measured_from_s": ("s", "start of the measured window"),
    "measured_to_s": ("s", "end of the measured window"),
    "end_s": ("s", "when the run ended"),
    "created": ("count", "trips: sum of the states that follow"),
    **dict.fromkeys(STATUSES, ("count", "trips in this state when the run ended")),
    "relieved": ("count", "vehicles let on over the storage limit"),
    "belongs_to": ("text", "comparisons made of it"),
    "command": ("text", "what first made it"),
    "size_bytes": ("bytes", "on disk"),
}
VIEWS = {
    "trips": ("trips.parquet", TRIP_COLUMNS),
    "links": ("links.parquet", LINK_COLUMNS),
    "buses": ("buses.parquet", BUS_COLUMNS),
    "parking": ("sites.parquet", SITE_COLUMNS),
    "gridlocks": ("gridlocks.parquet", CYCLE_COLUMNS),
    "streets": ("streets.parquet", {"link_id": ("id", "the link")}),
}
"""Views beside `runs`: each has the columns of the records, and the key of the run in front."""

_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,  # a sum of floats does not hang on who adds what
    "autoinstall_known_extensions": False,  # nothing is fetched from anywhere
    "autoload_known_extensions": False,
}


def runs_database(folder: str | Path | None = None) -> duckdb.DuckDBPyConnection:
    """A database in memory with the table `runs` (RUN_COLUMNS) and the views of VIEWS over the runs in a folder.

    `folder` None: where studies keep their runs.
    """
    runs = [run for run in stored_runs(Path(folder or runs_folder())) if not run.faults]
    database = duckdb.connect(":memory:", config=_SETTINGS)
    table = pd.DataFrame([_row(run) for run in runs], columns=list(RUN_COLUMNS))
    database.register("stored_runs", table.astype({"run": "str"}))
    database.execute("CREATE TABLE runs AS SELECT * FROM stored_runs")
    database.unregister("stored_runs")
    for name, (file, columns) in VIEWS.items():
        database.execute(f"CREATE VIEW {name} AS {_select(runs, file, columns)}")
    return database


def asked(query: str, folder: str | Path | None = None) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Names of the columns and the rows that a query gives. Raises DataFileError where it cannot be answered."""
    with runs_database(folder) as database:
        try:
            found = database.execute(query)
            return tuple(column[0] for column in found.description or ()), found.fetchall()
        except duckdb.Error as error:
            tables = ", ".join(["runs", *VIEWS])
            raise DataFileError(f"the question cannot be answered: {error}\nThere are {tables}.") from error


def _row(run: StoredRun) -> dict[str, Any]:
    facts, books = run.facts, run.facts["books"]
    from_s, to_s = facts["measured_s"]
    return {
        "run": run.key,
        **{name: facts.get(name) for name in ("place", "scenario", "arm", "seed", "city_date", "end_s", "command")},
        "measured_from_s": from_s,
        "measured_to_s": to_s,
        **{state: books.get(state, 0) for state in ("created", *STATUSES)},
        "relieved": facts["relieved"],
        "belongs_to": ", ".join(run.belongs_to),
        "size_bytes": run.size_bytes,
    }


def _select(runs: list[StoredRun], file: str, columns: Mapping[str, object]) -> str:
    """The rows of one file of all runs that have it, with the run's key; without any, the columns alone."""
    paths = [run.folder.resolve() / file for run in runs if file in run.facts["files"]]
    if not paths:
        return "SELECT " + ", ".join(f'NULL AS "{name}"' for name in ("run", *columns)) + " WHERE false"
    listed = ", ".join(_text(path.as_posix()) for path in paths)
    return (
        "SELECT parse_path(filename)[-2] AS run, * EXCLUDE (filename) "
        f"FROM read_parquet([{listed}], filename = true, union_by_name = true)"
    )


def _text(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"
