"""Commitments of a government work report as facts: what was promised, how much of it, and which scenario answers."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from twin.errors import DataFileError
from twin.files.sourced_toml import SourcedToml, is_tag

FORMAT = "twin-commitments/1"
NOT_MODELLED = "not modelled yet"
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Commitment:
    """One transport commitment or reported result. `number` None: the report gives none."""

    id: str
    year: int
    kind: Literal["result", "plan"]
    term: str  # the official words, shortened, in 中文
    number: float | None
    unit: str
    area: str  # "全市", "城区", "not stated" …
    answered_by: tuple[str, ...]  # scenario names; empty: not modelled yet
    tag: str
    note: str

    @property
    def is_modelled(self) -> bool:
        """Whether a scenario answers it."""
        return bool(self.answered_by)


@dataclass(frozen=True, slots=True)
class _Row:
    """A commitment as written in the file."""

    id: str
    year: int
    kind: Literal["result", "plan"]
    term: str
    unit: str
    area: str
    answered_by: str | tuple[str, ...]
    tag: str
    note: str = ""
    number: float | None = None


@dataclass(frozen=True, slots=True)
class _Document:
    title: str
    source: str
    retrieved: str
    licence: str
    commitments: tuple[_Row, ...]


def read_commitments(path: Path) -> tuple[Commitment, ...]:
    """The commitments of a document, in its order. Raises DataFileError with all faults."""
    file = SourcedToml(path, expected_format=FORMAT, holds="the commitments of a work report")
    document = file.table(_Document, file.document, sourced=False)
    rows = document.commitments if document is not None else ()
    commitments = []
    seen: set[str] = set()
    for number, row in enumerate(rows, start=1):
        if _SLUG.fullmatch(row.id) is None:
            file.faults.append(f"commitments[{number}].id is {row.id!r}, must be small letters, digits and hyphens")
        if row.id in seen:
            file.faults.append(f"commitments[{number}].id: a second {row.id!r}")
        seen.add(row.id)
        if row.number is not None and row.number < 0:
            file.faults.append(f"commitments[{number}].number is {row.number:g}, must not be negative")
        if not is_tag(row.tag):
            file.faults.append(f"commitments[{number}].tag is {row.tag!r}, must be S, D, A or F:number")
        if not row.term:
            file.faults.append(f"commitments[{number}].term is empty")
        answers = _answers(row.answered_by)
        if answers is None:
            file.faults.append(
                f"commitments[{number}].answered_by is {row.answered_by!r}, must be scenario names in [ ] "
                f"or {NOT_MODELLED!r}"
            )
        commitments.append(
            Commitment(
                id=row.id,
                year=row.year,
                kind=row.kind,
                term=row.term,
                number=row.number,
                unit=row.unit,
                area=row.area,
                answered_by=answers or (),
                tag=row.tag,
                note=row.note,
            )
        )
    if file.faults:
        raise DataFileError("\n".join(file.message()))
    return tuple(commitments)


def _answers(written: str | tuple[str, ...]) -> tuple[str, ...] | None:
    """Scenario names; () where nothing is modelled yet; None for neither."""
    if written == NOT_MODELLED:
        return ()
    if isinstance(written, str) or not written:
        return None
    return written if all(_SLUG.fullmatch(name) for name in written) else None
