"""Results of an opening study on disk: its tables, and `run.toml` with what they were made from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from twin.errors import DataFileError
from twin.files.result_folder import read_folder, read_manifest, write_folder

OPENINGS_FORMAT = "twin-openings/1"
_TABLES = ("openings", "candidates", "streets", "ground")


def write_openings_folder(folder: Path, tables: Mapping[str, pd.DataFrame], meta: Mapping[str, Any]) -> None:
    """Write the tables "openings", "candidates", "streets" and "ground" (the links of today, for the map)."""
    write_folder(folder, {f"{name}.parquet": tables[name] for name in _TABLES}, meta, OPENINGS_FORMAT)


def read_openings_folder(folder: Path) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """The tables by name, and the facts. Raises DataFileError where the folder is no complete opening study."""
    tables, meta = read_folder(folder, OPENINGS_FORMAT)
    missing = [f"{name}.parquet" for name in _TABLES if f"{name}.parquet" not in tables]
    if missing:
        raise DataFileError(f"{folder}: {', '.join(missing)} is missing; run `twin advise openings` again.")
    return {name: tables[f"{name}.parquet"] for name in _TABLES}, meta


def is_openings_folder(folder: Path) -> bool:
    """Whether a folder holds an opening study rather than a comparison."""
    try:
        return read_manifest(folder).get("format") == OPENINGS_FORMAT
    except DataFileError:
        return False
