"""A scenario: one question a planner asks of a place, and the measures that answer it."""

import datetime
from dataclasses import dataclass, replace

from twin.city.city import City
from twin.city.cuts import Pieces
from twin.city.network import LinkChange
from twin.clock import TimeWindow
from twin.errors import ScenarioError, joined_faults
from twin.scenario.bus_detours import ALL_DAY, with_buses_on_open_streets
from twin.scenario.measure import CUT, NEW, Edit, Measure, TurnRule, carried_out, carry_out
from twin.wording import Words

DEFAULT_MEASURED = TimeWindow.between("07:00", "09:00")
"""Departures that count where no scenario of the chain says: the published index window (domain notes 3.4)."""

_IS_OPEN = "whether it is open"
_FIELD_OF = {"opened_on": _IS_OPEN, "closed_on": _IS_OPEN}


@dataclass(frozen=True)
class Scenario:
    """A question: measures on a place, on a date, over a base.

    `measures` are this scenario's own (with those it includes); `inherited` come from the scenarios it is based
    on and are in place before. `date` None: the place's own date. `answers`: facts in seeds/documents.
    `reroute_share`: of drivers, who hear of other ways on the road. `people_react`: a study also answers what comes
    when people choose anew how to go; `induced`: and how often.
    """

    name: str
    title: Words
    place: str
    based_on: str = ""  # "": stands alone
    compare_with: str = ""  # "": compared with its base
    date: datetime.date | None = None
    measured: TimeWindow = DEFAULT_MEASURED
    answers: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    inherited: tuple[Measure, ...] = ()
    notes: tuple[str, ...] = ()
    reroute_share: float = 0.0
    people_react: bool = False
    induced: bool = False

    def __post_init__(self) -> None:
        faults = repeated_ids((*self.inherited, *self.measures))
        if not 0.0 <= self.reroute_share <= 1.0:
            faults = [*faults, f"reroute_share is {self.reroute_share:g}, must be a share from 0 to 1"]
        if self.induced and not self.people_react:
            faults = [*faults, "induced is true: trips are made more or less often only where people_react is true"]
        if faults:
            raise ScenarioError(joined_faults(f"scenario {self.name}", faults))

    @property
    def before(self) -> str:
        """Name of the scenario it is compared with; "" where it stands alone."""
        return self.compare_with or self.based_on

    def apply_to(self, city: City, hours: TimeWindow = ALL_DAY) -> City:
        """The city on the scenario's date with all measures in place and buses on streets open in `hours`.

        `hours`: the part of the day that is run; a street closed at other times sends no bus round.
        Raises ScenarioError with every fault: names the city does not have, measures that change nothing,
        two measures that set the same thing differently.
        """
        changed, faults = self._carried_out(city)
        if faults:
            raise ScenarioError(joined_faults(f"scenario {self.name}", faults))
        return with_buses_on_open_streets(changed, hours)

    def faults_in(self, city: City) -> list[str]:
        """What keeps the measures from being carried out in this city, in sentences; [] if nothing."""
        return self._carried_out(city)[1]

    def _carried_out(self, city: City) -> tuple[City, list[str]]:
        faults = []
        if self.place != city.place:
            faults.append(f"it is about {self.place!r}, not about {city.place!r}")
        changed = city if self.date is None else city.on(self.date)
        if changed.reroute_share != self.reroute_share:
            changed = replace(changed, reroute_share=self.reroute_share)
        done: list[tuple[Measure, Edit]] = []
        for measure in (*self.inherited, *self.measures):
            try:
                edits = measure.edits(changed)
            except ScenarioError as error:
                faults.append(f"measure {measure.id!r}: {error}")
                continue
            conflicts = conflicts_of(measure, edits, done)
            faults += conflicts
            if not conflicts:
                changed, pieces = carried_out(changed, edits)
                done = [*_on_pieces(done, pieces), *((measure, edit) for edit in edits)]
        return changed, faults

    def edits_in(self, city: City) -> dict[str, tuple[Edit, ...]]:
        """The edits of each measure of its own, by its id, in a city that has the inherited ones in place.

        A measure finds the city as those before it left it: a new street may end on a new street.
        """
        found = {}
        for measure in self.measures:
            found[measure.id] = measure.edits(city)
            city = carry_out(city, found[measure.id])
        return found


def conflicts_of(measure: Measure, edits: tuple[Edit, ...], done: list[tuple[Measure, Edit]]) -> list[str]:
    """Where a measure sets what an earlier one has set differently: one sentence for each pair of measures.

    Works in different hours of one street are no conflict.
    """
    earlier: dict[tuple[str, str, str], list[tuple[Measure, Edit]]] = {}
    for other, edit in done:
        earlier.setdefault(_key(edit), []).append((other, edit))
    clashes: dict[str, tuple[Measure, Edit, int]] = {}
    for edit in edits:
        for other, old in earlier.get(_key(edit), ()):
            if _clash(old, edit):
                first = clashes.get(other.id, (other, edit, 0))
                clashes[other.id] = (other, first[1], first[2] + 1)
    return [
        f"measures {other.id!r} and {measure.id!r} set {_what(edit)} differently"
        + (f", and {count - 1} more" if count > 1 else "")
        + ": keep one of them"
        for other, edit, count in clashes.values()
    ]


def _on_pieces(done: list[tuple[Measure, Edit]], pieces: Pieces) -> list[tuple[Measure, Edit]]:
    """Edits done so far, those of links that are cut now as edits of their pieces."""
    if not pieces:
        return done
    found = []
    for measure, edit in done:
        if edit.thing == "link" and edit.id in pieces:
            found += [(measure, replace(edit, id=piece.id)) for piece in pieces[edit.id]]
        elif isinstance(edit.value, TurnRule):
            found.append((measure, edit.value.on_pieces(pieces).edit()))
        else:
            found.append((measure, edit))
    return found


def _key(edit: Edit) -> tuple[str, str, str]:
    return edit.thing, edit.id, _FIELD_OF.get(edit.field, edit.field)


def _clash(old: Edit, new: Edit) -> bool:
    if new.field == NEW:
        return new.thing != "node" or old.value != new.value
    if new.field == CUT:
        return False
    if isinstance(old.value, LinkChange) and isinstance(new.value, LinkChange):
        overlap = (
            old.value.window.start_s < new.value.window.end_s and new.value.window.start_s < old.value.window.end_s
        )
        return overlap and old.value != new.value
    return (old.field, old.value) != (new.field, new.value)


def _what(edit: Edit) -> str:
    if edit.field == NEW:
        return f"new {edit.thing} {edit.id} (the same one twice)"
    return f"{_FIELD_OF.get(edit.field, edit.field)} of {edit.thing} {edit.id}"


def repeated_ids(measures: tuple[Measure, ...]) -> list[str]:
    """Sentences on measure ids that stand for two measures."""
    seen: set[str] = set()
    faults = []
    for measure in measures:
        if measure.id in seen:
            faults.append(f"two measures are called {measure.id!r}: each is named once, included ones too")
        seen.add(measure.id)
    return list(dict.fromkeys(faults))
