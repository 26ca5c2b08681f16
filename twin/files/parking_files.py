"""A table of parking sites, `parking_sites.csv` beside `parking.toml`: kerbs by street and side, lots, garages.

One row a site, with the fields of `demand.inputs.KnownSite` as columns. Columns that are not there, and cells that are
empty, mean "as everywhere in the place". A survey of 155 roads belongs here rather than into a settings file.
"""

import dataclasses
import typing
from pathlib import Path
from typing import Any

import pandas as pd

from twin.demand.inputs import KnownSite, Within
from twin.errors import DataFileError
from twin.files.toml_values import FieldsError, nearest_name, read_fields, taken

PARKING_SITES_FILE = "parking_sites.csv"
_REQUIRED = ("id", "name", "kind", "lon", "lat", "spaces")
_USUALLY: dict[str, Any] = {"occupied": 0.5, "day_cap_yuan": 20.0, "free_min": 0.0, "assumed": ()}
"""What a row that leaves them out means; they are flagged assumed, as every field that the column `assumed` names."""


def read_parking_sites(folder: Path) -> tuple[tuple[KnownSite, ...], list[str]]:
    """The sites of a folder's table, and what is wrong with it; none where there is no table."""
    path = folder / PARKING_SITES_FILE
    if not path.is_file():
        return (), []
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataFileError(f"{path}: not a CSV table in UTF-8 ({error})") from error
    known = [field.name for field in dataclasses.fields(KnownSite)]
    faults = [f"no column {name!r}" for name in _REQUIRED if name not in table.columns]
    faults += [f"unknown column {name!r}. {nearest_name(name, known)}" for name in table.columns if name not in known]
    if faults:
        return (), faults
    sites = []
    for number, row in enumerate(table.to_dict("records"), start=2):
        cells = {str(name): str(text).strip() for name, text in row.items()}
        site, found = _site({name: text for name, text in cells.items() if text})
        faults += [f"row {number}: {fault}" for fault in found]
        if site is not None:
            sites.append(site)
    return tuple(sites), faults


def _site(cells: dict[str, str]) -> tuple[KnownSite | None, list[str]]:
    left_out = [name for name in ("occupied", "day_cap_yuan") if name not in cells]
    values, faults = read_fields(KnownSite, {**_USUALLY, **cells}, take=_cell)
    if faults:
        return None, faults
    assumed = {"occupied": "occupied_at_start", "day_cap_yuan": "tariff"}
    values["assumed"] = tuple(dict.fromkeys([*values["assumed"], *(assumed[name] for name in left_out)]))
    return KnownSite(**values), []


def _cell(hint: Any, text: Any, key: str) -> Any:
    """The value of a cell as the type of its field, within the field's bounds."""
    bounds: tuple[Any, ...] = ()
    if typing.get_origin(hint) is typing.Annotated:
        hint, *listed = typing.get_args(hint)
        bounds = tuple(listed)
    value = text
    if isinstance(text, str):
        kinds = [part for part in typing.get_args(hint) if part is not type(None)] or [hint]
        if typing.get_origin(hint) is tuple:
            value = tuple(text.split())
        elif kinds[0] in (int, float):
            value = _number(text, kinds[0], key)
        else:
            value = taken(hint, text, key)
    for bound in bounds:
        if isinstance(bound, Within) and not bound.allows(value):
            raise FieldsError([f"{key} is {value:g}, must be {bound}"])
    return value


def _number(text: str, kind: type[int] | type[float], key: str) -> int | float:
    try:
        return kind(text)
    except ValueError:
        words = "a whole number" if kind is int else "a number"
        raise FieldsError([f"{key} is {text!r}, must be {words}"]) from None
