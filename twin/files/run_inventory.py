"""What lies in the store of runs: what each run is and belongs to, what is damaged or half-written, and what may go.

A run belongs to the comparisons beside it that were made of it. Nothing here deletes what may still be written.
"""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.errors import DataFileError
from twin.files.result_folder import MANIFEST, folder_faults, read_manifest
from twin.files.results_files import COMPARISON_FORMAT, RUN_FORMAT
from twin.files.run_store import run_key

WRITING_S = 3600.0
"""What was touched within this time may still be written, and stays (s); a run is written in seconds."""

_DAY_S = 86_400.0
# Only folders that a store named are looked at: a result that a person keeps under runs/ has a name of their own.
_RUN_NAME = re.compile(r"[0-9a-f]{32}-\d+")
_PART_NAME = re.compile(r"\..+\.\d+\.part")


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run in the store. `facts`: its `run.toml`; `belongs_to`: names of comparisons; `faults`: none where whole."""

    key: str
    folder: Path
    facts: dict[str, Any]
    belongs_to: tuple[str, ...]
    size_bytes: int
    touched_s: float  # when it was last written to (s since 1970)
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leftover:
    """A file or folder that may go, and why."""

    path: Path
    why: str
    size_bytes: int
    touched_s: float


def stored_runs(folder: Path, *, check: bool = False) -> tuple[StoredRun, ...]:
    """All runs in the store, by scenario, arm and seed; damaged ones last.

    Without `check` a run counts as whole where its files are all there; with it every checksum is compared.
    """
    owners = _owners(folder)
    found = []
    for place in _folders(folder):
        if not _RUN_NAME.fullmatch(place.name):
            continue
        facts, faults = _facts(place)
        if not faults:
            faults = folder_faults(place) if check else _missing(place, facts)
        size, touched_s = _measured(place)
        belongs_to = tuple(sorted(owners.get(place.name, ())))
        found.append(StoredRun(place.name, place, facts, belongs_to, size, touched_s, tuple(faults)))
    return tuple(sorted(found, key=_order))


def run_of(folder: Path, start: str) -> StoredRun:
    """The one run whose key begins so; "ab12-3" means seed 3 of the arm whose key begins with ab12.

    Raises DataFileError where there is none, or more than one.
    """
    runs = stored_runs(folder)
    arm, _, seed = start.partition("-")
    found = [run for run in runs if run.key == start] or [
        run for run in runs if run.key.startswith(arm) and (not seed or run.key.endswith(f"-{seed}"))
    ]
    if not found:
        raise DataFileError(f"{folder}: no run {start!r}. `twin runs list` shows the {len(runs)} there are.")
    if len(found) > 1:
        some = ", ".join(short_key(run.key) for run in found[:5])
        raise DataFileError(f"{folder}: {len(found)} runs begin with {start!r}: {some}. Say more of the key.")
    return found[0]


def short_key(key: str) -> str:
    """Ten digits of the arm's key and the seed: enough to name a run.

    >>> short_key("0123456789abcdef0123456789abcdef-7")
    '0123456789-7'
    """
    arm, dash, seed = key.rpartition("-")
    return f"{arm[:10]}{dash}{seed}"


def leftovers(folder: Path, caches: Sequence[Path], *, days: float, now_s: float) -> tuple[Leftover, ...]:
    """What may go from the store: runs that no comparison refers to and nobody wrote to for so many days, damaged
    runs, and what killed writes left half-done (in the caches, too). `now_s`: seconds since 1970.
    """
    found = []
    for run in stored_runs(folder):
        if run.faults:
            why = f"damaged: {run.faults[0]}"
        elif not run.belongs_to and now_s - run.touched_s > days * _DAY_S:
            why = f"no comparison refers to it, {(now_s - run.touched_s) / _DAY_S:.0f} days old"
        else:
            continue
        found.append(Leftover(run.folder, why, run.size_bytes, run.touched_s))
    parts = [part for place in (folder, *_folders(folder)) for part in _entries(place) if _is_part(part)]
    parts += [part for cache in caches for part in _entries(cache) if part.name.startswith(".") and part.is_file()]
    for part in parts:
        size, touched_s = _measured(part)
        found.append(Leftover(part, "half-written by a program that was killed", size, touched_s))
    return tuple(leftover for leftover in found if now_s - leftover.touched_s > WRITING_S)


def remove(leftover: Leftover) -> bool:
    """Delete it, unless somebody has written to it since it was found; whether it is gone."""
    _, touched_s = _measured(leftover.path)
    if touched_s != leftover.touched_s:
        return False
    if leftover.path.is_dir():
        (leftover.path / MANIFEST).unlink(missing_ok=True)  # a half-deleted run is none
        shutil.rmtree(leftover.path)
    else:
        leftover.path.unlink(missing_ok=True)
    return True


def _owners(folder: Path) -> dict[str, set[str]]:
    """Comparisons in the folder, by key of the runs they were made of."""
    owners: dict[str, set[str]] = {}
    for place in _folders(folder):
        try:
            facts = read_manifest(place)
        except DataFileError:
            continue
        if facts["format"] == COMPARISON_FORMAT:
            for arm in facts.get("arms", {}).values():
                for seed in facts.get("seeds", ()):
                    owners.setdefault(run_key(arm, seed), set()).add(place.name)
    return owners


def _facts(place: Path) -> tuple[dict[str, Any], list[str]]:
    """The manifest of a run, and what is wrong with it."""
    try:
        facts = read_manifest(place)
    except DataFileError as error:
        return {}, [str(error)]
    if facts["format"] != RUN_FORMAT:
        return {}, [f"{place / MANIFEST}: format is {facts['format']!r}, not {RUN_FORMAT!r}"]
    return facts, []


def _is_part(path: Path) -> bool:
    """Whether a write that was killed left it: the store and `result_folder` name such files and folders so."""
    return _PART_NAME.fullmatch(path.name) is not None


def _folders(folder: Path) -> list[Path]:
    return [place for place in _entries(folder) if place.is_dir()]


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _missing(place: Path, facts: dict[str, Any]) -> list[str]:
    return [f"{name} is missing" for name in facts["files"] if not (place / name).is_file()]


def _measured(path: Path) -> tuple[int, float]:
    """Size of a file or of a folder's files (bytes), and when any of it was last written to (s since 1970)."""
    size, touched_s = 0, 0.0
    for one in [path, *(path.iterdir() if path.is_dir() else ())]:
        try:
            fact = one.stat()
        except FileNotFoundError:  # moved into its place, or deleted, while we look
            continue
        size += 0 if one.is_dir() else fact.st_size
        touched_s = max(touched_s, fact.st_mtime)
    return size, touched_s


def _order(run: StoredRun) -> tuple[bool, str, bool, int, str]:
    facts = run.facts
    is_after = facts.get("arm") == "after"
    return not facts, str(facts.get("scenario", "")), is_after, int(facts.get("seed", 0)), run.key
