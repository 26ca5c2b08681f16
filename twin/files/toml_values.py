"""TOML tables to typed values and back: each field is read as the type its dataclass says.

Understands what documents need: text, numbers, yes/no, dates, hours ["07:00", "09:00"], places [lon, lat], choices,
lists, and tables for nested dataclasses. FieldsError come back as sentences, all of a table at once.
"""

import dataclasses
import datetime
import difflib
import math
import tomllib
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from twin.clock import DAY_S, TimeWindow, seconds_of, text_of
from twin.errors import DataFileError, TwinError

Take = Callable[[Any, Any, str], Any]

_WORDS = {str: "text in quotes", int: "a whole number", float: "a number", bool: "true or false"}


class FieldsError(ValueError):
    """What is wrong with a value, in whole sentences that name its key."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("; ".join(sentences))
        self.sentences = sentences


def read_document(path: Path, holds: str, error: type[TwinError] = DataFileError) -> dict[str, Any]:
    """The tables of a TOML file. Raises `error` where it is missing or none; `holds`: what should be in it."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise error(f"{path}: no such file; it should hold {holds}") from None
    except (OSError, UnicodeDecodeError) as fault:
        raise error(f"{path}: cannot be read as text in UTF-8 ({fault})") from fault
    except tomllib.TOMLDecodeError as fault:
        raise error(f"{path}: not a TOML document ({fault})") from fault


def read_fields(
    kind: type[Any], table: Mapping[str, Any], *, also: Iterable[str] = (), key: str = "", take: Take | None = None
) -> tuple[dict[str, Any], list[str]]:
    """Fields of a dataclass from a TOML table, and what is wrong with it.

    `also`: keys of the table that belong to somebody else. `key`: where the table stands in its document. `take`:
    how a field's value is read, given its type, itself and its key; None: `taken`.
    """
    take = take or taken
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    values: dict[str, Any] = {}
    faults = []
    for name, value in table.items():
        if name in also:
            continue
        if name not in fields:
            faults.append(f"{joined_key(key, name)}: unknown key. {nearest_name(name, [*fields, *also])}")
            continue
        try:
            values[name] = take(hints[name], value, joined_key(key, name))
        except FieldsError as found:
            faults += found.sentences
    for name, field in fields.items():
        is_required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if is_required and name not in table:
            faults.append(f"{joined_key(key, name)} is missing")
    return values, faults


def taken(wanted: Any, value: Any, key: str) -> Any:
    """A TOML value as the type wanted, tables as dataclasses. Raises FieldsError with all that is wrong with it."""
    kinds = [part for part in typing.get_args(wanted) if part is not type(None)]
    if typing.get_origin(wanted) in (typing.Union, types.UnionType) and len(kinds) == 1:
        return taken(kinds[0], value, key)
    if dataclasses.is_dataclass(wanted) and isinstance(wanted, type) and wanted is not TimeWindow:
        if not isinstance(value, Mapping):
            names = ", ".join(field.name for field in dataclasses.fields(wanted))
            raise FieldsError([f"{key} is {value!r}, must be a table of {names}"])
        values, faults = read_fields(wanted, value, key=key)
        if faults:
            raise FieldsError(faults)
        return wanted(**values)
    try:
        return as_type(value, wanted)
    except ValueError as error:
        raise FieldsError([f"{key} {error}"]) from None


def joined_key(key: str, name: str) -> str:
    """The key of a name within a table; "" is the document."""
    return f"{key}.{name}" if key else name


def nearest_name(name: str, known: Iterable[str]) -> str:
    """ "Did you mean …?", or all that is known."""
    known = list(dict.fromkeys(known))
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}."


def as_type(value: Any, wanted: Any) -> Any:
    """A TOML value that is no table as the type wanted. Raises ValueError, whose text goes on from the key."""
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (typing.Union, types.UnionType):
        return _as_one_of(value, [part for part in arguments if part is not type(None)])
    if origin is typing.Literal:
        if value not in arguments:
            raise ValueError(f"is {value!r}. {nearest_name(str(value), arguments)}")
        return value
    if wanted == tuple[float, float]:
        return _as_place(value)
    if origin is tuple:
        return _as_tuple(value, arguments)
    if wanted is TimeWindow:
        return _as_window(value)
    if wanted is datetime.date:
        if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
            raise ValueError(f"is {value!r}, must be a date such as 2023-12-31, without quotes")
        return value
    return _as_plain(value, wanted)


def _as_plain(value: Any, wanted: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if wanted is float and is_number and math.isfinite(value):
        return float(value)
    if wanted is int and is_number and isinstance(value, int):
        return value
    if wanted in (str, bool) and isinstance(value, wanted):
        return value
    raise ValueError(f"is {value!r}, must be {_WORDS[wanted]}")


def _as_one_of(value: Any, wanted: list[Any]) -> Any:
    if len(wanted) == 1:
        return as_type(value, wanted[0])
    if isinstance(value, str) and str in wanted:
        return value
    return as_type(value, next(part for part in wanted if part is not str))


def _as_place(value: Any) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(f"is {value!r}, must be a place as [longitude, latitude] in degrees")
    lon, lat = (_as_plain(part, float) for part in value)
    if abs(lon) <= 90 < abs(lat) <= 180:
        raise ValueError(f"is {value!r}: longitude comes first, write [{lat}, {lon}]")
    if abs(lon) > 180 or abs(lat) > 85:
        raise ValueError(f"is {value!r}, no longitude and latitude in degrees")
    return lon, lat


def _as_tuple(value: Any, parts: tuple[Any, ...]) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"is {value!r}, must be a list in [ ]")
    if len(parts) == 2 and parts[1] is Ellipsis:
        return tuple(as_type(item, parts[0]) for item in value)
    if len(value) != len(parts):
        raise ValueError(f"has {len(value)} entries, must have {len(parts)}")
    return tuple(as_type(item, part) for item, part in zip(value, parts, strict=True))


def _as_window(value: Any) -> TimeWindow:
    if not isinstance(value, list | tuple) or len(value) != 2 or not all(isinstance(part, str) for part in value):
        raise ValueError(f"is {value!r}, must be two times of day such as ['07:00', '09:00']")
    try:
        if max(seconds_of(part) for part in value) > DAY_S:
            raise ValueError("times of day end at 24:00")
    except ValueError as error:
        raise ValueError(f"is {value!r}: {error}") from None
    return TimeWindow.between(*value)


def table_of(thing: Any) -> dict[str, Any]:
    """A dataclass as a TOML table: fields that differ from their default, in order."""
    table = {}
    for field in dataclasses.fields(thing):
        value = getattr(thing, field.name)
        if value != field.default and value is not None:
            table[field.name] = plain_of(value)
    return table


def plain_of(value: Any) -> Any:
    """A value as TOML holds it: hours as texts, tuples as lists, nested dataclasses as tables."""
    if isinstance(value, TimeWindow):
        end_s = value.end_s - DAY_S if value.end_s > DAY_S else value.end_s
        return [_time_text(value.start_s), _time_text(end_s)]
    if isinstance(value, tuple):
        return [plain_of(item) for item in value]
    if dataclasses.is_dataclass(value):
        return table_of(value)
    return value


def _time_text(time_s: float) -> str:
    seconds = round(time_s) % 60
    return f"{text_of(time_s)}:{seconds:02d}" if seconds else text_of(time_s)
