"""The records of one raw run on disk.

A folder holds `trips.parquet`, `links.parquet`, where asked for `passages.parquet`, and, written last,
`summary.json`: a folder without it is not a result.
"""

import json
import platform
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import twin
from twin.errors import DataFileError
from twin.files.whole_files import whole_file, write_whole_text
from twin.records import Records
from twin.units import hours_from_seconds, km_from_metres

FORMAT = "twin-simulate/1"
SUMMARY = "summary.json"
_TRIP_COLUMNS = ["trip_id", "depart_s", "enter_s", "arrive_s", "distance_m", "free_flow_s", "status"]
_LIBRARIES = ("numpy", "numba", "simpy", "pandas", "pyarrow")


def write_simulation(
    folder: Path, records: Records, *, engine: str, seed: int, notes: Sequence[str] = ()
) -> dict[str, Any]:
    """Write the records of a run and answer what `summary.json` says; an old result there is replaced.

    Raises DataFileError where the folder cannot be written.
    """
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SUMMARY).unlink(missing_ok=True)
        _write_parquet(folder / "trips.parquet", records.trips[_TRIP_COLUMNS])
        _write_parquet(folder / "links.parquet", records.links)
        if records.passages is None:
            (folder / "passages.parquet").unlink(missing_ok=True)
        else:
            _write_parquet(folder / "passages.parquet", records.passages)
        seconds = {
            **records.seconds,
            "write_cpu_s": time.process_time() - cpu_s,
            "write_wall_s": time.perf_counter() - wall_s,
        }
        summary = _summary(records, seconds) | {"engine": engine, "seed": seed, "notes": list(notes)}
        write_whole_text(folder / SUMMARY, json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise DataFileError(
            f"{folder}: cannot be written ({error.strerror or error}). Choose another --out."
        ) from error
    return summary


def vehicle_hours(trips: pd.DataFrame, end_s: float) -> float:
    """Time of all vehicles from departure to arrival (h), waiting outside included.

    Those under way count until `end_s`, when the run ended; those with no way to go do not count.
    """
    spent_s = trips["arrive_s"].fillna(end_s) - trips["depart_s"]
    counts = trips["status"] != "unroutable"
    return hours_from_seconds(float(np.maximum(spent_s, 0.0)[counts].sum()))


def _summary(records: Records, seconds: Mapping[str, float]) -> dict[str, Any]:
    gridlocks = 0 if records.gridlocks is None else len(records.gridlocks)
    return {
        "format": FORMAT,
        "books": records.books,
        "vehicle_hours": vehicle_hours(records.trips, records.end_s),
        "vehicle_km": km_from_metres(float(records.trips["distance_m"].sum())),
        "gridlocks": gridlocks,
        "relieved": records.relieved,
        **{name: round(value, 6) for name, value in seconds.items()},
        "passages": records.passages_count,
        "end_s": records.end_s,
        "versions": {
            "twin": twin.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
    }


def _write_parquet(path: Path, table: pd.DataFrame) -> None:
    with whole_file(path) as part:
        pq.write_table(pa.Table.from_pandas(table, preserve_index=False), part, compression="zstd")
