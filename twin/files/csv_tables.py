"""CSV tables as columns of text, read fast; numbers and ids are taken from them with every fault told by its line."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from twin.errors import DataFileError, TwinError

FAULTS_SHOWN = 20
"""Faults of one table that are told word by word; the others are counted."""

_BLOCK_BYTES = 1 << 22
"""Read at a time: what is made of a column for a while stays this small."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class CsvTable:
    """One table of text, and the faults found in it so far. An empty cell is ""."""

    path: Path
    cells: pa.Table
    faults: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return int(self.cells.num_rows)

    def has(self, name: str) -> bool:
        """Whether the table has the column."""
        return name in self.cells.column_names

    def text(self, name: str) -> pd.Series:
        """A column without blanks around; of empty cells where the table lacks it."""
        if not self.has(name):
            return pd.Series(pd.array([""], dtype="str").take(np.zeros(len(self), dtype=np.int64)))
        return pd.Series(pd.array(pc.utf8_trim_whitespace(self.cells.column(name)).to_pandas(), dtype="str"))

    def numbers(
        self, name: str, *, must: str, allows: Callable[[NDArray[np.float64]], Flags], default: float
    ) -> NDArray[np.float64]:
        """A column of numbers; the default where a cell is empty, NaN as default: an empty cell is a fault.

        Cells that hold no finite number, or one that `allows` refuses, become faults: what the value `must` be.
        """
        if not self.has(name):
            return np.full(len(self), default)
        cells = self.text(name)
        values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan).copy()
        is_empty = (cells == "").to_numpy(dtype=np.bool_)
        with np.errstate(invalid="ignore"):
            is_bad = ~(np.isfinite(values) & allows(values))
        if not np.isnan(default):
            is_bad &= ~is_empty
        self.refuse(is_bad, lambda row: f"{name} is {cells.iloc[row]!r}, must be {must}")
        values[is_empty] = default
        return values

    def ids(self, name: str) -> pd.Series:
        """A column of ids; empty and repeated ones become faults."""
        ids = self.text(name)
        is_empty = (ids == "").to_numpy(dtype=np.bool_)
        self.refuse(is_empty, lambda row: f"{name} is empty")
        self.refuse(~is_empty & ids.duplicated().to_numpy(), lambda row: f"{name} {ids.iloc[row]!r} is there twice")
        return ids

    def refuse_unknown(self, name: str, is_known: pd.Series, where: str) -> None:
        """Note a fault for each cell of a column that is not known; `where` says in what it should be."""
        cells = self.text(name)
        self.refuse(~is_known.to_numpy(dtype=np.bool_), lambda row: f"{name} {cells.iloc[row]!r} is not {where}")

    def refuse(self, is_bad: Flags, sentence: Callable[[int], str]) -> None:
        """Note a fault for each row that is bad; the sentence is made of the row's number from 0."""
        for row in np.flatnonzero(is_bad).tolist():
            self.faults.append(f"line {row + 2}: {sentence(row)}")


def read_csv_table(path: Path, *, required: Sequence[str], optional: Sequence[str] = (), holds: str) -> CsvTable:
    """The named columns of a table in UTF-8; other columns are ignored. Lines of the wrong length become faults.

    Raises DataFileError where there is no such table, or it lacks a required column.
    """
    faults: list[str] = []

    def note_line(line: arrow_csv.InvalidRow) -> str:
        faults.append(f"{line.actual_columns} cells where the header has {line.expected_columns}: {line.text[:60]!r}")
        return "skip"

    try:
        header = _header(path)
        wanted = [name for name in dict.fromkeys((*required, *optional)) if name in header]
        missing = [f"column {name} is missing" for name in required if name not in header]
        missing += [f"column {name} is there twice" for name in wanted if header.count(name) > 1]
        if missing:
            raise DataFileError(f"{path}: {'; '.join(missing)}. It has the columns {', '.join(header)}.")
        cells = arrow_csv.read_csv(
            path,
            read_options=arrow_csv.ReadOptions(column_names=header, skip_rows=1, block_size=_BLOCK_BYTES),
            parse_options=arrow_csv.ParseOptions(invalid_row_handler=note_line),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=False
            ),
        )
    except FileNotFoundError:
        raise DataFileError(f"{path}: no such file; it should hold {holds}.") from None
    except (OSError, UnicodeDecodeError, pa.ArrowInvalid) as error:
        raise DataFileError(f"{path}: cannot be read as a CSV table in UTF-8 ({error}).") from error
    return CsvTable(path, cells, faults)


def _header(path: Path) -> list[str]:
    """Names of the columns, without blanks around."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        names = next(csv.reader(stream), [])
    if not any(names):
        raise DataFileError(f"{path}: empty; the first line must name the columns.")
    return [name.strip() for name in names]


def raise_faults(tables: Sequence[CsvTable], error: type[TwinError] = DataFileError) -> None:
    """Tell the faults of all tables in one message: their number, and the first of each; return where there is none."""
    lines = []
    for table in tables:
        count = len(table.faults)
        if count == 1:
            lines.append(f"{table.path}: {table.faults[0]}")
        elif count:
            lines.append(f"{table.path}: {count} faults")
            lines += [f"  - {fault}" for fault in table.faults[:FAULTS_SHOWN]]
            if count > FAULTS_SHOWN:
                lines.append(f"  - and {count - FAULTS_SHOWN} more")
    if lines:
        raise error("\n".join(lines))
