"""Names into folders and files: places, scenarios, documents, and where results and caches go.

A name is looked for first in the folder that TWIN_HOME names, then in the working folder (marked by `twin.toml`, here
or in a folder above), then in the checkout the package was imported from, then in the copy inside the wheel.
"""

import difflib
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import twin
from twin.errors import DataFileError, ScenarioError, TwinError

HOME_VARIABLE, CACHE_VARIABLE = "TWIN_HOME", "TWIN_CACHE"
MARK = "twin.toml"
"""The file that makes a folder a working folder; its text is for people."""

PASSPORT = "network.toml"

_SAFE_NAME = re.compile(r"[0-9A-Za-z\u3400-\u9fff][0-9A-Za-z_\-\u3400-\u9fff]{0,79}")
_MARK_TEXT = "# This folder holds places, scenarios and runs of twin: networks/, seeds/, scenarios/, runs/.\n"


def checked_name(name: str, what: str, error: type[TwinError] = DataFileError) -> str:
    """The name itself, if it can be a folder anywhere: letters, digits, -, _ and Chinese characters."""
    if not _SAFE_NAME.fullmatch(name):
        raise error(
            f"{what} {name!r}: use up to 80 letters, digits, '-', '_' or Chinese characters, beginning with none of "
            f"'-' and '_'."
        )
    return name


def working_folder() -> Path | None:
    """Where new places and results are written: TWIN_HOME, else the marked folder here or above. None: neither."""
    named = os.environ.get(HOME_VARIABLE)
    if named:
        home = Path(named)
        if not home.is_dir():
            raise DataFileError(f"{HOME_VARIABLE} names {named!r}, which is no folder. Make it, or unset the variable.")
        return home
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / MARK).is_file()), None)


def mark_working_folder(folder: Path) -> Path:
    """Make a folder the working folder of all folders below it."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / MARK
    if not mark.exists():
        mark.write_text(_MARK_TEXT, encoding="utf-8")
    return folder


def homes() -> tuple[Path, ...]:
    """Folders that are searched, in order; each may hold networks/, seeds/ and scenarios/."""
    package_side = Path(twin.__file__).resolve().parent.parent
    found: list[Path] = []
    working = working_folder()
    if working is not None:
        found.append(working.resolve())
    if (package_side / "networks").is_dir() and (package_side / "pyproject.toml").is_file():
        found.append(package_side)
    if (package_side / "twin_data").is_dir():
        found.append(package_side / "twin_data")
    return tuple(dict.fromkeys(found))


def places() -> tuple[str, ...]:
    """Names of all places that have streets, in order."""
    return _names(path.parent.name for home in homes() for path in (home / "networks").glob(f"*/{PASSPORT}"))


def scenarios() -> tuple[str, ...]:
    """Names of all scenarios, in order."""
    return _names(path.stem for home in homes() for path in (home / "scenarios").glob("*.toml"))


def documents() -> tuple[str, ...]:
    """Names of all documents that commitments were taken from, in order."""
    return _names(path.name for home in homes() for path in (home / "seeds" / "documents").glob("*") if path.is_dir())


def network_folder(place: str) -> Path:
    """Folder of a place's streets, lines and passport. Raises DataFileError with the nearest name."""
    return _folder(
        "place", place, Path("networks"), PASSPORT, places(), "`twin init NAME --file X.osm.pbf` makes a new one."
    )


def demand_folder(place: str) -> Path:
    """Folder of a place's zones, demand and parking. Raises DataFileError with the nearest name."""
    known = _names(path.parent.name for home in homes() for path in (home / "seeds" / "demand").glob("*/demand.toml"))
    remedy = "`twin init NAME --file X.osm.pbf` assumes demand for a new place."
    return _folder("demand of place", place, Path("seeds", "demand"), "demand.toml", known, remedy)


def document_folder(name: str) -> Path:
    """Folder of a document. Raises DataFileError with the nearest name."""
    return _folder("document", name, Path("seeds", "documents"), "", documents(), "")


def seeds_path() -> Path:
    """The list of random seeds that studies use."""
    for home in homes():
        path = home / "seeds" / "seeds.toml"
        if path.is_file():
            return path
    raise DataFileError("seeds/seeds.toml: found in no home; reinstall the package or set TWIN_HOME.")


def scenario_path(name_or_path: str | Path) -> Path:
    """File of a scenario, by name or by path (with a folder or ending in .toml). Raises ScenarioError."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(".toml") or "/" in text or os.sep in text:
        path = Path(name_or_path)
        if path.is_file():
            return path
        raise ScenarioError(f"{path}: no such scenario document. A name without .toml is looked up in the catalogue.")
    checked_name(text, "scenario", ScenarioError)
    for home in homes():
        path = home / "scenarios" / f"{text}.toml"
        if path.is_file():
            return path
    raise ScenarioError(f"no scenario named {text!r}.{_nearest(text, scenarios())}")


def cache_folder() -> Path:
    """Where what can be made again is kept: TWIN_CACHE, else the user's cache folder of this system."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named)
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "yantai-twin"


def runs_folder() -> Path:
    """Where results go unless one says otherwise: `runs` in the working folder, else here."""
    return (working_folder() or Path.cwd()) / "runs"


def _folder(what: str, name: str, inside: Path, marker: str, known: tuple[str, ...], remedy: str) -> Path:
    checked_name(name, what)
    for home in homes():
        folder = home / inside / name
        if (folder / marker).exists():
            return folder
    raise DataFileError(f"no {what} named {name!r}.{_nearest(name, known)} {remedy}".rstrip())


def _nearest(name: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f" Did you mean {close[0]!r}?"
    return f" Known: {', '.join(known)}." if known else " None is known."


def _names(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for name in found if _SAFE_NAME.fullmatch(name)}))
