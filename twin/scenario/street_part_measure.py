"""A measure on a part of a street: which part is meant, how it is found in a city, and how it is said."""

from collections.abc import Iterator
from dataclasses import dataclass

from twin.city.city import City
from twin.city.network import Link
from twin.errors import ScenarioError
from twin.scenario.measure import Measure, refuse
from twin.scenario.street_parts import Direction, part_of_street
from twin.wording import Language


@dataclass(frozen=True, kw_only=True)
class StreetMeasure(Measure):
    """A measure on a `street`, on its part between two `cross_streets`, or on the one link at a place `near`, which may
    have no name; `direction` keeps the links that lead that way."""

    street: str = ""
    cross_streets: tuple[str, str] | None = None
    near: tuple[float, float] | None = None
    direction: Direction = "both"

    def __post_init__(self) -> None:
        refuse(self, [*self._where_faults(), *self._own_faults()])

    def _own_faults(self) -> Iterator[str]:
        """What is wrong with the fields of the measure's own."""
        yield from ()

    def _where_faults(self) -> Iterator[str]:
        if not self._names_street:
            yield "say which street: `street`, or a place `near` it as [longitude, latitude]"
        yield from self._part_faults()

    def _part_faults(self) -> Iterator[str]:
        if self.cross_streets is not None and self.near is not None:
            yield "give `cross_streets` or `near`, not both"
        if self.cross_streets is not None and not self.street:
            yield "`cross_streets` needs `street`"

    @property
    def _names_street(self) -> bool:
        return bool(self.street) or self.near is not None

    @property
    def _called(self) -> str:
        """The street in a sentence on what is wrong."""
        return self.street or "the street"

    def part(self, city: City) -> list[Link]:
        """The links that are meant, open or not, never none. Raises ScenarioError."""
        return part_of_street(
            city.network, street=self.street, cross_streets=self.cross_streets, near=self.near,
            direction=self.direction,
        )  # fmt: skip

    def open_part(self, city: City) -> list[Link]:
        """Those of them that are open on the city's date, never none. Raises ScenarioError."""
        is_open = [link for link in self.part(city) if link.is_open_on(city.date)]
        if not is_open:
            raise ScenarioError(f"{self._called} is not open on {city.date}: there is nothing to change")
        return is_open

    def where(self, language: Language) -> str:
        """Which part, in words."""
        named = self.street or ("无名路段" if language == "zh" else "a street without a name")
        if self.cross_streets is None:
            return named
        first, second = self.cross_streets
        return f"{named}({first}—{second})" if language == "zh" else f"{named} ({first} to {second})"
