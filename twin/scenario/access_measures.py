"""Measures on who may drive a street: lorries, by street or zone, at all hours or some."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City
from twin.city.ground import ground_of
from twin.city.network import ClassBan, Link
from twin.clock import TimeWindow
from twin.errors import ScenarioError
from twin.scenario.measure import Edit
from twin.scenario.street_part_measure import StreetMeasure
from twin.scenario.street_parts import nearest_words
from twin.wording import Language


@dataclass(frozen=True, kw_only=True)
class BanLorries(StreetMeasure):
    """Closes streets to lorries that only pass: a street or a part of it, or all streets of some zones (货车禁行).

    `between`: hours of every day; (): all. Lorries whose way begins or ends there may still drive it. A street belongs
    to the zone whose centre lies nearest to its middle.
    """

    zones: tuple[str, ...] = ()
    between: tuple[TimeWindow, ...] = ()

    def _where_faults(self) -> Iterator[str]:
        if self._names_street == bool(self.zones):
            yield "say where: `street` (or a place `near` it), or `zones`; one of them"
        yield from self._part_faults()

    def edits(self, city: City) -> tuple[Edit, ...]:
        ban = ClassBan(self.between)
        links = [link for link in self._links(city) if link.is_open_on(city.date) and ban not in link.access]
        if not links:
            raise ScenarioError(f"{self.street or ', '.join(self.zones)}: no open street that is not closed to lorries")
        return tuple(Edit("link", link.id, "access", (*link.access, ban)) for link in links)

    def _links(self, city: City) -> list[Link]:
        if not self.zones:
            return self.part(city)
        known = {zone.id: zone for zone in city.zones if zone.kind == "zone"}
        unknown = [zone for zone in self.zones if zone not in known]
        if unknown:
            raise ScenarioError(f"no zone {unknown[0]!r} in {city.place}. {nearest_words(unknown[0], known)}")
        ground, zones = ground_of(city.network), list(known.values())
        centres = ground.xy([zone.lon for zone in zones], [zone.lat for zone in zones])
        wanted = set(self.zones)
        return [
            link
            for link in city.network.links
            if zones[_nearest(centres, ground.xy(*_middle(city, link))[0])].id in wanted
        ]

    def describe(self, language: Language) -> str:
        hours = "、".join(str(window) for window in self.between)
        if language == "zh":
            where = self.street or "、".join(self.zones) or "无名路段"
            return f"{where}{hours or '全天'}禁止货车通行"
        where = self.street or ", ".join(self.zones) or "a street without a name"
        return f"no lorries through {where}{' ' + hours.replace('、', ', ') if hours else ''}"


def _middle(city: City, link: Link) -> tuple[float, float]:
    start, end = city.network.node_by_id[link.from_node], city.network.node_by_id[link.to_node]
    return (start.lon + end.lon) / 2.0, (start.lat + end.lat) / 2.0


def _nearest(centres: NDArray[np.float64], point: NDArray[np.float64]) -> int:
    return int(np.argmin(np.hypot(*(centres - point).T)))
