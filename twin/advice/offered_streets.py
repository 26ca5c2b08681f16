"""Candidates as measures, and a city in which all of them are built: the streets on which sets are compared.

Every candidate is an `OpenLink` with a name of its own; what it built, pieces included, is known by that name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from twin.advice.opening_candidates import Candidate
from twin.city.barriers import BarrierKind
from twin.city.city import City
from twin.errors import ScenarioError
from twin.scenario.measure import carry_out
from twin.scenario.street_openings import OpenLink

GROUP = "openings"

BRIDGED: tuple[BarrierKind, ...] = ("water", "rail", "motorway", "structure")
"""What is crossed on a bridge; a building or a park is a matter of buying and planning, and costs as at grade."""


@dataclass(frozen=True, eq=False)
class OfferedStreets:
    """`city`: all openings that can be built are. `links`: the links of each, by measure id; `refused`: why not."""

    city: City
    openings: tuple[OpenLink, ...]
    links: dict[str, tuple[str, ...]]
    refused: dict[str, str]


def opening_of(candidate: Candidate, measure_id: str, name: str) -> OpenLink:
    """The measure that builds a candidate."""
    return OpenLink(
        id=measure_id,
        group=GROUP,
        ends=candidate.places,
        name=name,
        road_class=candidate.road_class,
        lanes=candidate.lanes,
        bridge=any(kind in BRIDGED for kind in candidate.crosses),
    )


def offered(city: City, openings: Sequence[OpenLink]) -> OfferedStreets:
    """The city with every opening built, one after the other; those that cannot be built are left out and told.

    Names must differ from each other and from those of streets.
    """
    refused: dict[str, str] = {}
    built: list[OpenLink] = []
    for opening in openings:
        try:
            city = carry_out(city, opening.edits(city))
        except ScenarioError as error:
            refused[opening.id] = str(error)
            continue
        built.append(opening)
    names = {opening.name: opening.id for opening in built}
    links: dict[str, list[str]] = {opening.id: [] for opening in built}
    for link in city.network.links:
        if link.name in names:
            links[names[link.name]].append(link.id)
    return OfferedStreets(city, tuple(built), {key: tuple(ids) for key, ids in links.items()}, refused)


def with_openings(city: City, openings: Iterable[OpenLink]) -> City:
    """The city with these openings built, in their order."""
    for opening in openings:
        city = carry_out(city, opening.edits(city))
    return city


def without_lines(city: City) -> City:
    """The city with no buses and no signal plans: what a static model looks at."""
    return replace(city, lines=(), signals=())
