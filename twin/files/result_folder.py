"""A folder of tables with a manifest: parquet files, and `run.toml`, written last, with a checksum of each.

A killed or failed write leaves the old complete result or none: a folder without manifest, or with a file that is not
the one it lists, is not a result. The same content gives the same bytes. Leaves out what the tables mean.
"""

import contextlib
import datetime
import hashlib
import io
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w

from twin.errors import DataFileError, joined_faults

MANIFEST = "run.toml"


def write_folder(folder: Path, tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any], format_: str) -> None:
    """Write tables (file name → table) and their manifest into a folder; files it does not name stay.

    Everything is on disk under temporary names before the old result is touched. Null entries of the manifest are left
    out. Raises DataFileError where the folder cannot be written.
    """
    contents = {name: _parquet(table) for name, table in tables.items()}
    checksums = {name: _checksum(content) for name, content in contents.items()}
    document = {"format": format_, **_plain(manifest), "files": checksums}
    contents[MANIFEST] = tomli_w.dumps(document).encode()
    parts = {name: folder / f".{name}.{os.getpid()}.part" for name in contents}
    with _told(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in contents.items():
                _write_through(parts[name], content)
            (folder / MANIFEST).unlink(missing_ok=True)  # from here to the last rename there is no result
            sync_folder(folder)
            for name in tables:
                parts[name].replace(folder / name)
            sync_folder(folder)
            parts[MANIFEST].replace(folder / MANIFEST)
            sync_folder(folder)
        finally:
            for part in parts.values():
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)


def read_folder(folder: Path, format_: str) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Tables by file name, and the manifest without `format` and `files`.

    Raises DataFileError, with all faults, where the folder is not a complete result of that format.
    """
    manifest = read_manifest(folder)
    found, files = manifest.pop("format"), manifest.pop("files")
    if found != format_:
        raise DataFileError(
            f"{folder / MANIFEST}: format is {found!r}, must be {format_!r}; another version cannot be read."
        )
    tables, faults = {}, []
    for name, checksum in files.items():
        try:
            tables[name] = _listed_table(folder, name, checksum)
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise DataFileError(joined_faults(str(folder), [*faults, "the result is damaged; run it again"]))
    return tables, manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest alone, with `format` (None: names none) and `files`. Raises DataFileError where it is none."""
    path = folder / MANIFEST
    try:
        manifest = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise DataFileError(f"{folder}: holds no complete result (no {MANIFEST}); run it again.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataFileError(f"{path}: cannot be read ({error}); run it again.") from error
    manifest.setdefault("format", None)
    if not isinstance(manifest.get("files"), dict):
        raise DataFileError(f"{path}: lists no files; run it again.")
    return manifest


def folder_faults(folder: Path) -> list[str]:
    """What is wrong with a folder's files by their checksums, in sentences; nothing: it is as it was written."""
    try:
        files = read_manifest(folder)["files"]
    except DataFileError as error:
        return [str(error)]
    faults = []
    for name, checksum in files.items():
        try:
            _listed_content(folder, name, checksum)
        except ValueError as error:
            faults.append(str(error))
    return faults


def sync_folder(folder: Path) -> None:
    """Make renames in a folder outlast a power cut, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_through(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _listed_content(folder: Path, name: str, checksum: object) -> bytes:
    """A file that the manifest lists. Raises ValueError, saying what is wrong with it."""
    if Path(name).name != name:
        raise ValueError(f"{name!r} is no file of this folder")
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise ValueError(f"{name} cannot be read ({error.strerror})") from error
    if _checksum(content) != checksum:
        raise ValueError(f"{name} is not the file that {MANIFEST} describes")
    return content


def _listed_table(folder: Path, name: str, checksum: object) -> pd.DataFrame:
    """A table that the manifest lists. Raises ValueError, saying what is wrong with it."""
    content = _listed_content(folder, name, checksum)
    try:
        stored = pq.read_table(io.BytesIO(content))
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{name} is no parquet table ({error})") from error
    table: pd.DataFrame = stored.to_pandas()
    for field in stored.schema:
        if pa.types.is_list(field.type):
            cells = [None if cell is None else tuple(cell) for cell in table[field.name]]
            table[field.name] = pd.Series(cells, index=table.index, dtype=object)
    return table


def _parquet(table: pd.DataFrame) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), stream, compression="zstd")
    return stream.getvalue()


def _checksum(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _plain(value: Any) -> Any:
    """A value as TOML holds it: numbers of numpy as Python's, null entries left out."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value if inner is not None]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, str | bool | int | float | datetime.date):
        return value
    return str(value)


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Errors of the disk as one sentence."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataFileError(f"{folder}: the result could not be written ({reason}); no part of it is kept.") from error
