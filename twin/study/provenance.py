"""What a study was made from: versions, and checksums of data, code and scenarios, for keys and for `run.toml`."""

import datetime
import hashlib
import platform
from importlib.metadata import version
from pathlib import Path

import twin
from twin.files.network_files import checksum_of
from twin.scenario.scenario import Scenario


def versions() -> dict[str, str]:
    """The product, the language and the libraries that decide what a run gives, as they are here."""
    libraries = ("numpy", "numba", "simpy", "pandas", "scipy", "osmnx")
    return {"twin": twin.__version__, "python": platform.python_version()} | {name: version(name) for name in libraries}


def fingerprint_of(scenario: Scenario) -> str:
    """Checksum of what a scenario does: its measures and date, not its words."""
    date = scenario.date or datetime.date.min
    text = repr((scenario.name, date, scenario.measured, scenario.inherited, scenario.measures))
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of(folder: Path, pattern: str = "*") -> str:
    """Checksum of a folder's files by name and content, those of the interpreter's cache left out."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob(pattern)):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(folder).as_posix()} {checksum_of(path)}\n".encode())
    return digest.hexdigest()
