"""A measure on bicycles and e-bikes: how many ride along streets, and whether on a lane of their own."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from twin.city.city import City
from twin.city.network import ROAD_CLASSES, Link
from twin.errors import ScenarioError
from twin.scenario.measure import Edit
from twin.scenario.street_part_measure import StreetMeasure
from twin.scenario.street_parts import nearest_words
from twin.wording import Language


@dataclass(frozen=True, kw_only=True)
class SetEbikes(StreetMeasure):
    """Says how many bicycles and e-bikes ride along a street, or along all of some classes (非机动车).

    `ebikes_vph`: an hour and direction; None: as many as before. `apart`: they have a lane behind a kerb or fence. They
    slow right turns at signals, and where they have no lane of their own all lanes (`twin.sim.ebike_friction`).
    """

    road_classes: tuple[str, ...] = ()
    ebikes_vph: float | None = None
    apart: bool | None = None

    def _where_faults(self) -> Iterator[str]:
        if self._names_street == bool(self.road_classes):
            yield "say where: `street` (or a place `near` it), or `road_classes`; one of them"
        yield from self._part_faults()

    def _own_faults(self) -> Iterator[str]:
        for name in self.road_classes:
            if name not in ROAD_CLASSES:
                yield f"no road class {name!r}. {nearest_words(name, ROAD_CLASSES)}"
        if self.ebikes_vph is None and self.apart is None:
            yield "say `ebikes_vph`, `apart`, or both"
        if self.ebikes_vph is not None and not (math.isfinite(self.ebikes_vph) and self.ebikes_vph >= 0.0):
            yield f"ebikes_vph is {self.ebikes_vph:g}, must be at least 0"

    def edits(self, city: City) -> tuple[Edit, ...]:
        links = [link for link in self._links(city) if link.is_open_on(city.date)]
        if not links:
            raise ScenarioError(f"{self.street or ', '.join(self.road_classes)}: no open street")
        given = {"ebikes_vph": self.ebikes_vph, "ebikes_apart": self.apart}
        return tuple(
            Edit("link", link.id, name, value) for link in links for name, value in given.items() if value is not None
        )

    def _links(self, city: City) -> list[Link]:
        if self.road_classes:
            return [link for link in city.network.links if link.road_class in self.road_classes]
        return self.part(city)

    def describe(self, language: Language) -> str:
        if language == "zh":
            where = self.street or "、".join(self.road_classes) or "无名路段"
            riders = "" if self.ebikes_vph is None else f"每小时{self.ebikes_vph:g}辆"
            lane = {None: "", True: "，机非隔离", False: "，机非混行"}[self.apart]
            return f"{where}非机动车{riders}{lane}"
        where = self.street or ", ".join(self.road_classes) or "a street without a name"
        riders = "e-bikes" if self.ebikes_vph is None else f"{self.ebikes_vph:g} e-bikes an hour"
        lane = {None: "", True: ", on a lane of their own", False: ", among the cars"}[self.apart]
        return f"{riders} on {where}{lane}"
