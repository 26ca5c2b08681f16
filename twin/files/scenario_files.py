"""Scenario documents: TOML, checked at the door, all faults of a file told together with the nearest match."""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from twin.clock import TimeWindow
from twin.errors import ScenarioError, TwinError, joined_faults
from twin.files.catalogue import document_folder, scenario_path
from twin.files.document_files import read_commitments
from twin.files.toml_values import nearest_name, read_document, read_fields, table_of
from twin.scenario.kinds import KIND_OF, MEASURE_KINDS
from twin.scenario.measure import Measure
from twin.scenario.scenario import DEFAULT_MEASURED, Scenario, repeated_ids
from twin.wording import Words

FORMAT = "twin-scenario/1"
_TITLE_SEPARATOR = " / "
_LONGEST_LIST = 100
# A list whose lines hold no quotation mark inside text, which would make a comma or bracket there look like the list's.
_SPREAD_LIST = re.compile(r"\[\n((?: +(?:[-+.\w]+|\"[^\"\n]*\"|\[[^\"\n]*\]),\n)+) *\]")


@dataclass(frozen=True)
class _Document:
    """The fields of a scenario document besides its measures; what is left out comes from the base."""

    name: str
    format: str = FORMAT
    title: str = ""
    place: str = ""
    based_on: str = ""
    compare_with: str = ""
    date: datetime.date | None = None
    measured: TimeWindow | None = None
    answers: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reroute_share: float | None = None
    people_react: bool | None = None
    induced: bool | None = None


def read_scenario(name_or_path: str | Path) -> Scenario:
    """A scenario by name or path, with the measures of those it includes and of its bases.

    Names in it are looked for beside the document first, then in the catalogue. Raises ScenarioError with all
    faults of the document; names of streets, lines and sites are checked when it is applied to a city.
    """
    return _read(scenario_path(name_or_path), ())


def write_scenario(path: Path, scenario: Scenario, *, header: str = "") -> None:
    """Write a scenario as a document that `read_scenario` reads back; `header`: lines of comment above it.

    Measures of its bases are not written: they stay in their own documents.
    """
    document = _Document(
        name=scenario.name,
        title=_joined_title(scenario.title),
        place=scenario.place,
        based_on=scenario.based_on,
        compare_with=scenario.compare_with,
        date=scenario.date,
        measured=scenario.measured,
        answers=scenario.answers,
        notes=scenario.notes,
        reroute_share=scenario.reroute_share or None,
        people_react=scenario.people_react or None,
        induced=scenario.induced or None,
    )
    table = {"format": FORMAT, **table_of(document)}
    if scenario.measures:
        table["measures"] = [measure_table(measure) for measure in scenario.measures]
    comment = "".join(f"# {line}\n" if line else "#\n" for line in header.splitlines())
    body = _on_one_line(tomli_w.dumps(table))
    text = f"{comment}\n{body}" if comment else body
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def _on_one_line(text: str) -> str:
    """Short lists, which the writer spreads over lines, as a person would write them; innermost lists first."""
    while True:
        shorter = _SPREAD_LIST.sub(_joined_list, text)
        if shorter == text:
            return text
        text = shorter


def _joined_list(match: re.Match[str]) -> str:
    joined = f"[{', '.join(line.strip().rstrip(',') for line in match[1].strip().splitlines())}]"
    return joined if len(joined) <= _LONGEST_LIST else match[0]


def measure_table(measure: Measure) -> dict[str, Any]:
    """A measure as a table of a scenario document: id, group and kind first, then what differs from the defaults."""
    fields = table_of(measure)
    head = {"id": fields.pop("id"), "group": fields.pop("group", None), "kind": KIND_OF[type(measure)]}
    return {name: value for name, value in {**head, **fields}.items() if value is not None}


def _read(path: Path, trail: tuple[Path, ...]) -> Scenario:
    path = path.resolve()
    if path in trail:
        circle = " → ".join(step.stem for step in (*trail[trail.index(path) :], path))
        raise ScenarioError(f"{path}: scenarios lead in a circle by `based_on` or `includes`: {circle}")
    table = read_document(path, "a scenario", ScenarioError)
    document, faults = _document(path, table)
    measures, measure_faults = _measures(table.get("measures", []))
    base, included, other_faults = _others(path, document, (*trail, path))
    place = document.place or (base.place if base else "")
    if not place:
        faults.append("place is missing")
    for other in [*included, *([base] if base else [])]:
        if other.place != place:
            faults.append(f"{other.name} is about {other.place}, this one about {place}")
    own = (*(measure for scenario in included for measure in scenario.measures), *measures)
    inherited = (*base.inherited, *base.measures) if base else ()
    faults += [*other_faults, *measure_faults, *repeated_ids((*inherited, *own))]
    if faults:
        raise ScenarioError(joined_faults(str(path), faults))
    date, measured = (base.date, base.measured) if base else (None, DEFAULT_MEASURED)
    reacts = bool(base and base.people_react) if document.people_react is None else document.people_react
    induced = reacts and bool(base and base.induced) if document.induced is None else document.induced
    return Scenario(
        name=document.name,
        title=_split_title(document.title or document.name),
        place=place,
        based_on=document.based_on,
        compare_with=document.compare_with,
        date=document.date or date,
        measured=document.measured or measured,
        answers=document.answers,
        measures=own,
        inherited=inherited,
        notes=document.notes,
        reroute_share=(base.reroute_share if base else 0.0)
        if document.reroute_share is None
        else document.reroute_share,
        people_react=reacts,
        induced=induced,
    )


def _document(path: Path, table: dict[str, Any]) -> tuple[_Document, list[str]]:
    values, faults = read_fields(_Document, table, also=("measures",))
    document = _Document(**{"name": path.stem, **values})
    if document.format != FORMAT:
        faults.append(f"format is {document.format!r}, this version reads {FORMAT!r}")
    return document, [*faults, *_answer_faults(document.answers)]


def _others(
    path: Path, document: _Document, trail: tuple[Path, ...]
) -> tuple[Scenario | None, list[Scenario], list[str]]:
    """The scenario it is based on, those it includes, and what is wrong with any it names."""
    base, faults = _other(path, document.based_on, "based_on", trail)
    included = []
    for name in document.includes:
        scenario, include_faults = _other(path, name, "includes", trail)
        faults += include_faults
        included += [scenario] if scenario is not None else []
    if document.compare_with:
        faults += _find(path, document.compare_with, "compare_with")[1]
    return base, included, faults


def _measures(tables: Any) -> tuple[list[Measure], list[str]]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        return [], ["measures must be tables, each headed [[measures]]"]
    measures, faults = [], []
    for number, table in enumerate(tables, start=1):
        measure, found = _measure(table)
        where = f"measure {number} ({table.get('id', table.get('kind', 'no id'))})"
        faults += [f"{where}: {fault}" for fault in found]
        if measure is not None:
            measures.append(measure)
    return measures, faults


def _measure(table: Mapping[str, Any]) -> tuple[Measure | None, list[str]]:
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in MEASURE_KINDS:
        said = "kind is missing" if kind is None else f"unknown kind {kind!r}"
        return None, [f"{said}. {nearest_name(str(kind or ''), MEASURE_KINDS)}"]
    values, faults = read_fields(MEASURE_KINDS[kind], table, also=("kind",))
    if faults:
        return None, faults
    try:
        return MEASURE_KINDS[kind](**values), []
    except ScenarioError as error:
        return None, [str(error)]


def _answer_faults(answers: tuple[str, ...]) -> list[str]:
    """Whether each fact a scenario answers stands in its document, as "document/fact"."""
    faults = []
    for answer in answers:
        document, _, fact = answer.partition("/")
        try:
            known = [commitment.id for commitment in read_commitments(document_folder(document) / "commitments.toml")]
        except TwinError as error:
            faults.append(f"answers: {answer!r}: {error}")
            continue
        if fact not in known:
            faults.append(f"answers: no fact {fact!r} in document {document!r}. {nearest_name(fact, known)}")
    return faults


def _other(path: Path, name: str, field: str, trail: tuple[Path, ...]) -> tuple[Scenario | None, list[str]]:
    """Another scenario that this one names; what is wrong with it is told in its own words."""
    if not name:
        return None, []
    found, faults = _find(path, name, field)
    if found is None:
        return None, faults
    try:
        return _read(found, trail), []
    except ScenarioError as error:
        return None, [f"{field}: {error}"]


def _find(path: Path, name: str, field: str) -> tuple[Path | None, list[str]]:
    beside = path.parent / f"{name}.toml"
    if Path(name).name == name and beside.is_file():
        return beside, []
    try:
        return scenario_path(name), []
    except TwinError as error:
        return None, [f"{field}: {error}"]


def _split_title(title: str) -> Words:
    """ "中文 / English" in its two halves; one language stands for both."""
    zh, separator, en = title.partition(_TITLE_SEPARATOR)
    return Words(zh.strip(), en.strip()) if separator else Words(title, title)


def _joined_title(title: Words) -> str:
    return title.zh if title.zh == title.en else f"{title.zh}{_TITLE_SEPARATOR}{title.en}"
