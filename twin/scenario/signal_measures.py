"""Measures on signals: new plans from the volumes with the other measures in place, control by traffic, and priority
for buses.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from twin.city.city import City
from twin.city.ground import ground_of
from twin.city.network import Node
from twin.errors import ScenarioError
from twin.scenario.bus_measures import directions_of
from twin.scenario.measure import Edit, Measure, refuse
from twin.scenario.street_parts import Place, node_at, street_links
from twin.wording import Language

TrafficControl = Literal["actuated", "max_pressure"]

_CONTROL_WORDS = {
    "actuated": ("感应控制", "actuated control"),
    "max_pressure": ("最大压力控制", "max-pressure control"),
}
FARTHEST_WITHIN_M = 50_000.0


@dataclass(frozen=True, kw_only=True)
class RetimeSignals(Measure):
    """Makes plans of signals anew, by the rule of the base, from the volumes that settle with all measures in place.

    All signals, those along `street`, or those `within_m` of the junction `at`.

    `coordinate`: with green waves along their streets.
    """

    street: str = ""
    at: Place | None = None
    within_m: float | None = None
    coordinate: bool = False

    def __post_init__(self) -> None:
        refuse(self, _where_faults(self.street, self.at, self.within_m))

    def edits(self, city: City) -> tuple[Edit, ...]:
        nodes = _signals(city, self.street, self.at, self.within_m)
        return tuple(Edit("signal", node.id, "retime", "coordinated" if self.coordinate else "alone") for node in nodes)

    def describe(self, language: Language) -> str:
        where = _where(self.street, self.at, self.within_m, language)
        if language == "zh":
            return f"{where}信号重新配时" + ("并协调(绿波)" if self.coordinate else "")
        return f"re-time signals {where}" + (" with green waves" if self.coordinate else "")


@dataclass(frozen=True, kw_only=True)
class AdaptiveSignals(Measure):
    """Lets traffic decide how long phases last ("actuated", "max_pressure"); which turns go together stays.

    All signals, those along `street`, or those `within_m` of the junction `at`.
    """

    control: TrafficControl
    street: str = ""
    at: Place | None = None
    within_m: float | None = None

    def __post_init__(self) -> None:
        faults = list(_where_faults(self.street, self.at, self.within_m))
        if self.control not in get_args(TrafficControl):
            faults.append(f"control is {self.control!r}, must be one of {', '.join(get_args(TrafficControl))}")
        refuse(self, faults)

    def edits(self, city: City) -> tuple[Edit, ...]:
        nodes = _signals(city, self.street, self.at, self.within_m)
        return tuple(Edit("signal", node.id, "control", self.control) for node in nodes)

    def describe(self, language: Language) -> str:
        where = _where(self.street, self.at, self.within_m, language)
        zh, en = _CONTROL_WORDS[self.control]
        return f"{where}信号改为{zh}" if language == "zh" else f"{en} of signals {where}"


@dataclass(frozen=True, kw_only=True)
class SignalPriority(Measure):
    """Lets signals extend a green for a bus that is near, and cut a red short for one that waits; the cycle stays.

    The signals that buses of `lines` (by name; (): of all lines) pass: all of them, those along `street`, or those
    `within_m` of the junction `at`.
    """

    lines: tuple[str, ...] = ()
    street: str = ""
    at: Place | None = None
    within_m: float | None = None

    def __post_init__(self) -> None:
        refuse(self, _where_faults(self.street, self.at, self.within_m))

    def edits(self, city: City) -> tuple[Edit, ...]:
        nodes = _signals(city, self.street, self.at, self.within_m)
        lines = [line for name in self.lines for line in directions_of(city, name)] if self.lines else city.lines
        links = city.network.link_by_id
        passed = {links[link_id].to_node for line in lines for link_id in line.route[:-1]}
        passing = [node for node in nodes if node.id in passed]
        if not passing:
            whose = f"line {', '.join(self.lines)}" if self.lines else "any line"
            raise ScenarioError(
                f"no bus of {whose} passes a signal {_where(self.street, self.at, self.within_m, 'en')}"
            )
        edits = [Edit("signal", node.id, "control", "bus_priority") for node in passing]
        if self.lines:
            ids = tuple(line.id for line in lines)
            edits += [Edit("signal", node.id, "lines", ids) for node in passing]
        return tuple(edits)

    def describe(self, language: Language) -> str:
        where = _where(self.street, self.at, self.within_m, language)
        if language == "zh":
            return f"{where}信号公交优先{'(' + '、'.join(self.lines) + ')' if self.lines else ''}"
        whose = f" of line {', '.join(self.lines)}" if self.lines else ""
        return f"priority for buses{whose} at signals {where}"


def _signals(city: City, street: str, at: Place | None, within_m: float | None) -> list[Node]:
    """The signal nodes that are meant. Raises ScenarioError where there is none."""
    network = city.network
    nodes = [node for node in network.nodes if node.control == "signal"]
    if street:
        along = {end for link in street_links(network, street) for end in (link.from_node, link.to_node)}
        nodes = [node for node in nodes if node.id in along]
    if at is not None:
        centre = network.node_by_id[node_at(network, at)]
        here, ground = (centre.lon, centre.lat), ground_of(network)
        nodes = [n for n in nodes if n.id == centre.id or ground.crow_m(here, (n.lon, n.lat)) <= (within_m or 0.0)]
    if not nodes:
        raise ScenarioError(
            f"no junction with a signal {_where(street, at, within_m, 'en')}: there is nothing to change"
        )
    return nodes


def _where_faults(street: str, at: Place | None, within_m: float | None) -> Iterator[str]:
    if street and at is not None:
        yield "give `street` or a junction `at`, not both; with neither all signals are meant"
    if within_m is not None and at is None:
        yield "`within_m` needs the junction `at` that it is measured from"
    if within_m is not None and not 0 <= within_m <= FARTHEST_WITHIN_M:
        yield f"within_m is {within_m:g}, must be 0 to {FARTHEST_WITHIN_M:g}"


def _where(street: str, at: Place | None, within_m: float | None, language: Language) -> str:
    if street:
        return f"{street}沿线" if language == "zh" else f"along {street}"
    if at is None:
        return "全部" if language == "zh" else "everywhere"
    place = at if isinstance(at, str) else f"[{at[0]:.5f}, {at[1]:.5f}]"
    if not within_m:
        return f"{place}处" if language == "zh" else f"at {place}"
    return f"{place}周围{within_m:g}米" if language == "zh" else f"within {within_m:g} m of {place}"
