"""TOML documents whose numbers say where they are from: each value is `{ value = 2.3, tag = "A", note = "why" }`.

Which keys there are, and how a value becomes its type, is `toml_values`; here are origins and bounds.

A document becomes frozen dataclasses, or all its faults are told together. The dataclass is the schema: its field
names are the keys allowed, its annotations the bounds (`twin.demand.inputs.Within`, `Length`).
"""

from collections.abc import Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin

from twin.demand.inputs import TAGS, Length, SourcedValue, Within
from twin.errors import joined_faults
from twin.files.toml_values import FieldsError, joined_key, nearest_name, read_document, read_fields, taken

T = TypeVar("T")
MOST_FAULTS = 40
_SOURCE_KEYS = ("value", "tag", "note")
_PLAIN_KEYS = ("title",)
"""Words that name the document itself; they need no origin."""


class SourcedToml:
    """One document, its faults so far and the origin of its values."""

    def __init__(self, path: Path, *, expected_format: str, holds: str) -> None:
        self.path = path
        self.faults: list[str] = []
        self.sources: list[SourcedValue] = []
        self.document = read_document(path, holds)
        found = self.document.pop("format", None)
        if found != expected_format:
            self.faults.append(f"format is {found!r}, must be {expected_format!r}; another version cannot be read")

    def message(self) -> list[str]:
        """The faults of this file as one message in a list; an empty list for none."""
        faults = list(dict.fromkeys(self.faults))
        if len(faults) > MOST_FAULTS:
            faults = [*faults[:MOST_FAULTS], f"and {len(faults) - MOST_FAULTS} more"]
        return [joined_faults(str(self.path), faults)] if faults else []

    def table(self, cls: type[T], raw: object, key: str = "", *, sourced: bool = True) -> T | None:
        """The dataclass that a table holds; None when it has faults, which are then collected.

        `sourced` false: plain values, whose origin stands elsewhere.
        """
        if not isinstance(raw, Mapping):
            self.faults.append(f"{key} is {raw!r}, must be a table")
            return None
        before = len(self.faults)
        values, faults = read_fields(
            cls, raw, key=key, take=lambda hint, value, at: self._value(hint, value, at, sourced)
        )
        self.faults += faults
        return cls(**values) if len(self.faults) == before else None

    def _value(self, hint: Any, raw: object, key: str, sourced: bool) -> Any:
        bare = get_args(hint)[0] if get_origin(hint) is Annotated else hint
        if is_dataclass(bare) and isinstance(bare, type):
            return self.table(bare, raw, key, sourced=sourced)
        if get_origin(bare) in (dict, Mapping):
            return self._named(get_args(bare)[1], raw, key, sourced)
        if get_origin(bare) is tuple and is_dataclass(get_args(bare)[0]):
            return self._entries(get_args(bare)[0], raw, key, sourced)
        if sourced and key not in _PLAIN_KEYS:
            if not isinstance(raw, Mapping) or "value" not in raw:
                form = '{ value = …, tag = "A", note = "…" }'
                self.faults.append(f"{key} is {raw!r}, must say where it is from: {form}")
                return None
            self._note_source(key, raw)
            raw = raw["value"]
        return self._leaf(hint, raw, key)

    def _named(self, hint: Any, raw: object, key: str, sourced: bool) -> dict[str, Any] | None:
        if not isinstance(raw, Mapping):
            self.faults.append(f"{key} is {raw!r}, must be a table of names")
            return None
        return {name: self._value(hint, inner, joined_key(key, name), sourced) for name, inner in raw.items()}

    def _entries(self, cls: type[Any], raw: object, key: str, sourced: bool) -> tuple[Any, ...] | None:
        """A list of tables; where origins are asked for, each entry has one tag for all its values."""
        if not isinstance(raw, list):
            self.faults.append(f"{key} is {raw!r}, must be a list of tables: [[{key}]]")
            return None
        entries = []
        for number, inner in enumerate(raw, start=1):
            entry_key = f"{key}[{number}]"
            if sourced and isinstance(inner, Mapping):
                plain = {name: value for name, value in inner.items() if name not in ("tag", "note")}
                summary = ", ".join(f"{name} {value}" for name, value in plain.items())
                origin = {name: inner[name] for name in ("tag", "note") if name in inner}
                self._note_source(entry_key, {"value": summary, **origin})
                inner = plain
            entries.append(self.table(cls, inner, entry_key, sourced=False))
        return tuple(entries)

    def _note_source(self, key: str, raw: Mapping[str, object]) -> None:
        for name in raw:
            if name not in _SOURCE_KEYS:
                self.faults.append(f"{joined_key(key, name)}: unknown key. {nearest_name(name, _SOURCE_KEYS)}")
        tag = raw.get("tag")
        if not is_tag(tag):
            self.faults.append(f"{key}: tag is {tag!r}, must be one of {', '.join(TAGS)} (F with a number: 'F:31')")
        else:
            self.sources.append(SourcedValue(key, str(raw["value"]), str(tag), str(raw.get("note", ""))))

    def _leaf(self, hint: Any, raw: object, key: str) -> Any:
        bounds: tuple[Any, ...] = ()
        if get_origin(hint) is Annotated:
            hint, *bounds_listed = get_args(hint)
            bounds = tuple(bounds_listed)
        if get_origin(hint) is tuple:
            return self._list(get_args(hint)[0], raw, key, bounds)
        try:
            value = taken(hint, raw, key)
        except FieldsError as found:
            self.faults += found.sentences
            return None
        for bound in bounds:
            if isinstance(bound, Within) and not bound.allows(value):
                self.faults.append(f"{key} is {value:g}, must be {bound}")
        return value

    def _list(self, hint: Any, raw: object, key: str, bounds: tuple[Any, ...]) -> tuple[Any, ...] | None:
        if not isinstance(raw, list):
            self.faults.append(f"{key} is {raw!r}, must be a list in [ ]")
            return None
        for bound in bounds:
            if isinstance(bound, Length) and len(raw) != bound.count:
                self.faults.append(f"{key} has {len(raw)} entries, must have {bound.count}")
        return tuple(self._leaf(hint, inner, f"{key}[{number}]") for number, inner in enumerate(raw, start=1))


def is_tag(tag: object) -> bool:
    """Whether it names an origin: one of TAGS, found figures with the number of their source ("F:31").

    >>> is_tag("F:31"), is_tag("F"), is_tag("K-m"), is_tag("sure")
    (True, False, True, False)
    """
    if not isinstance(tag, str):
        return False
    if tag.startswith("F"):
        return tag[:2] == "F:" and tag[2:].isdecimal()
    return tag in TAGS
