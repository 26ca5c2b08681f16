"""Screenlines on disk: `screenlines.toml` beside a place's zones, each with its tag. A place may have none."""

from dataclasses import dataclass
from pathlib import Path

from twin.city.screenlines import Screenline
from twin.errors import DataFileError
from twin.files.sourced_toml import SourcedToml
from twin.wording import Words

FORMAT = "twin-screenlines/1"
SCREENLINES_FILE = "screenlines.toml"
_SEPARATOR = " / "
_OBSERVED_TAGS = ("S", "F")


@dataclass(frozen=True)
class _Entry:
    """One screenline as written; names are "中文 / English"."""

    id: str
    name: str
    line: tuple[tuple[float, ...], ...]
    left: str
    right: str


@dataclass(frozen=True)
class _Document:
    screenlines: tuple[_Entry, ...]
    title: str = ""


def read_screenlines(folder: Path) -> tuple[Screenline, ...]:
    """The screenlines of a place's demand folder; none where it has no such file.

    Raises DataFileError with all faults of the file.
    """
    path = folder / SCREENLINES_FILE
    if not path.is_file():
        return ()
    file = SourcedToml(path, expected_format=FORMAT, holds="screenlines")
    document = file.table(_Document, file.document)
    entries = document.screenlines if document else ()
    ids = [entry.id for entry in entries]
    file.faults += [f"screenlines: a second {one!r}" for one in sorted({one for one in ids if ids.count(one) > 1})]
    for number, entry in enumerate(entries, start=1):
        if len(entry.line) < 2 or any(len(corner) != 2 for corner in entry.line):
            file.faults.append(f"screenlines[{number}].line must be two or more corners [lon, lat]")
        elif any(abs(lon) > 180.0 or abs(lat) > 85.0 for lon, lat in entry.line):
            file.faults.append(f"screenlines[{number}].line holds no longitude and latitude in degrees")
    if file.message():
        raise DataFileError("\n".join(file.message()))
    return tuple(
        Screenline(
            id=entry.id,
            name=_words(entry.name),
            line=tuple((corner[0], corner[1]) for corner in entry.line),
            left=_words(entry.left),
            right=_words(entry.right),
            assumed=not source.tag.startswith(_OBSERVED_TAGS),
            note=source.note,
        )
        for entry, source in zip(entries, file.sources, strict=True)
    )


def _words(text: str) -> Words:
    zh, separator, en = text.partition(_SEPARATOR)
    return Words(zh.strip(), en.strip()) if separator else Words(text, text)
