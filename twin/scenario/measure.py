"""Measures: what a planner does to a city, as a list of edits that never change their input.

A measure says *which* fields of *which* links, sites or lines become *what*. Applying, finding conflicts and
drawing on a map all read the same edits, so they cannot disagree.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar, get_args

from twin.city.city import City
from twin.city.cuts import Cut, Pieces, cut_streets
from twin.city.ground import ground_of
from twin.city.network import Link, Movement, Network, Node
from twin.city.parking import ParkingSite
from twin.city.signals import SignalOrder
from twin.city.transit import BusLine
from twin.errors import ScenarioError
from twin.wording import Language

Thing = Literal["node", "link", "turn", "site", "line", "signal", "policy"]
LonLat = tuple[float, float]

NEW = ""
"""Field of an edit that brings a thing which was not there."""

CUT = "cut"
"""Field of an edit that cuts a link at a node; its value is a Cut."""

ALLOWED = "allowed"
"""Field of an edit that allows or bans a turn; its value is a TurnRule."""

_Frozen = TypeVar("_Frozen", Link, ParkingSite, BusLine)


@dataclass(frozen=True, slots=True)
class TurnRule:
    """Whether one may turn from one link into another."""

    from_link: str
    to_link: str
    is_allowed: bool

    def on_pieces(self, pieces: Pieces) -> "TurnRule":
        """The rule of the pieces at the junction, where its links are cut."""
        came, gone = pieces.get(self.from_link), pieces.get(self.to_link)
        return TurnRule(came[-1].id if came else self.from_link, gone[0].id if gone else self.to_link, self.is_allowed)

    def edit(self) -> "Edit":
        """The edit that sets it."""
        return Edit("turn", f"{self.from_link} > {self.to_link}", ALLOWED, self)


@dataclass(frozen=True, slots=True)
class Edit:
    """One field of one thing set to a value. Field "changes" of a link adds its value, a LinkChange, to what is
    there; field NEW adds the value, a Node, Link, ParkingSite or BusLine, itself; field CUT puts a link's pieces in its
    place. Of a signal, `id` is its node's and the fields are those of a SignalOrder; of a turn, `id` names both its
    links; of the policy (`id` "parking") the fields are those of the city's ParkingPolicy."""

    thing: Thing
    id: str
    field: str
    value: Any


@dataclass(frozen=True, kw_only=True)
class Measure(ABC):
    """One measure. `id` names it in conflicts, attribution and reports; `group` is the programme it belongs to.

    Fields of a measure are those of its TOML table, in a planner's units. Values that cannot be meant raise
    ScenarioError when the measure is made; names the city does not have, when it is applied.
    """

    id: str
    group: str = ""

    @abstractmethod
    def edits(self, city: City) -> tuple[Edit, ...]:
        """What it changes in this city, never empty: raises ScenarioError where it finds nothing to change."""

    @abstractmethod
    def describe(self, language: Language) -> str:
        """The measure in one short sentence."""

    def apply(self, city: City) -> City:
        """The city with the measure in place."""
        return carry_out(city, self.edits(city))

    def touches(self, city: City) -> list[LonLat]:
        """Where it changes this city (lon, lat): ends of links, sites, stops of lines."""
        return places_of(city, self.edits(city))


def refuse(measure: Measure, faults: Iterable[str]) -> None:
    """Raise ScenarioError with all faults of a measure's values, if there are any."""
    listed = list(faults)
    if listed:
        raise ScenarioError("; ".join(listed))


def carry_out(city: City, edits: Iterable[Edit]) -> City:
    """The city with all edits done. At a junction that lists its turns a new link gets every turn but back."""
    return carried_out(city, edits)[0]


def carried_out(city: City, edits: Iterable[Edit]) -> tuple[City, Pieces]:
    """The city with all edits done, and the pieces of links that were cut; links change after they are cut."""
    by_thing: dict[Thing, list[Edit]] = {thing: [] for thing in get_args(Thing)}
    for edit in edits:
        by_thing[edit.thing].append(edit)
    cuts: dict[str, list[Cut]] = {}
    for edit in by_thing["link"]:
        if edit.field == CUT:
            cuts.setdefault(edit.id, []).append(edit.value)
    pieces: Pieces = {}
    if by_thing["node"] or cuts:
        city, pieces = cut_streets(city, [edit.value for edit in by_thing["node"]], cuts)
    changes = [edit for edit in by_thing["link"] if edit.field != CUT]
    if changes:
        city = replace(city, network=_edited_network(city.network, changes))
    if by_thing["turn"]:
        city = replace(city, network=_with_turns(city.network, [edit.value for edit in by_thing["turn"]]))
    if by_thing["site"]:
        city = replace(city, sites=_edited(city.sites, by_thing["site"]))
    if by_thing["line"]:
        city = replace(city, lines=_edited(city.lines, by_thing["line"]))
    if by_thing["signal"]:
        city = replace(city, signal_orders=_ordered(city.signal_orders, by_thing["signal"]))
    if by_thing["policy"]:
        fields: dict[str, Any] = {edit.field: edit.value for edit in by_thing["policy"]}
        city = replace(city, parking=replace(city.parking, **fields))
    return city, pieces


def _with_turns(network: Network, rules: list[TurnRule]) -> Network:
    """The network with turns allowed or banned. A junction that must list its turns for one (a U-turn) lists all."""
    banned = set(network.banned_turns)
    movements = list(network.movements)
    for rule in rules:
        turn = (rule.from_link, rule.to_link)
        banned.discard(turn)
        if not rule.is_allowed:
            banned.add(turn)
            continue
        node_id = network.link_by_id[rule.from_link].to_node
        changed = replace(network, movements=tuple(movements), banned_turns=frozenset(banned))
        here = [m for m in changed.turns() if m.node_id == node_id]
        if turn not in {(m.from_link, m.to_link) for m in here}:
            if not any(m.node_id == node_id for m in movements):
                movements += here
            movements.append(Movement(node_id, *turn))
    return replace(network, movements=tuple(movements), banned_turns=frozenset(banned))


def _ordered(orders: tuple[SignalOrder, ...], edits: list[Edit]) -> tuple[SignalOrder, ...]:
    """What is wanted of signals, with the edits: one order a node."""
    by_node = {order.node_id: order for order in orders}
    for edit in edits:
        fields: dict[str, Any] = {edit.field: edit.value}
        by_node[edit.id] = replace(by_node.get(edit.id, SignalOrder(edit.id)), **fields)
    return tuple(by_node.values())


def _edited_network(network: Network, edits: list[Edit]) -> Network:
    new = [edit.value for edit in edits if edit.field == NEW]
    changed = network.with_links(_edited(network.links, edits))
    movements = [m for link in new for m in _movements_at_ends(changed, link)]
    if not movements:
        return changed
    return replace(changed, movements=tuple(dict.fromkeys([*changed.movements, *movements])))


def _movements_at_ends(network: Network, link: Link) -> list[Movement]:
    """Turns into and out of a new link at ends where turns are listed one by one."""
    listed = {movement.node_id for movement in network.movements}
    found = []
    if link.from_node in listed:
        found += [
            _in_lanes(network, Movement(link.from_node, before.id, link.id))
            for before in network.links_in[link.from_node]
            if before.from_node != link.to_node
        ]
    if link.to_node in listed:
        found += [
            Movement(link.to_node, link.id, onward.id)
            for onward in network.links_out[link.to_node]
            if onward.to_node != link.from_node
        ]
    return found


def _in_lanes(network: Network, new: Movement) -> Movement:
    """A new turn in the lanes of the turn nearest to it in direction, where the lanes of its approach are marked."""
    beside = [m for m in network.movements if m.from_link == new.from_link]
    if not beside or any(m.lane_group is None for m in beside):
        return new
    ground = ground_of(network)
    bend = ground.bend_deg(new.from_link, new.to_link)
    like = min(beside, key=lambda m: (abs(ground.bend_deg(m.from_link, m.to_link) - bend), m.to_link))
    return replace(new, lanes=like.lanes, lane_group=like.lane_group)


def _edited(things: tuple[_Frozen, ...], edits: list[Edit]) -> tuple[_Frozen, ...]:
    table = {thing.id: thing for thing in things}
    for edit in edits:
        if edit.field == NEW:
            table[edit.id] = edit.value
        elif edit.field == "changes":
            link: Any = table[edit.id]
            table[edit.id] = replace(link, changes=(*link.changes, edit.value))
        else:
            fields: dict[str, Any] = {edit.field: edit.value}
            table[edit.id] = replace(table[edit.id], **fields)
    return tuple(table.values())


def places_of(city: City, edits: Iterable[Edit]) -> list[LonLat]:
    """Where edits lie (lon, lat), each place once, in order; a policy lies where the sites are."""
    edits = list(edits)
    changed = carry_out(city, edits)
    links = city.network.link_by_id | changed.network.link_by_id
    sites = {site.id: site for site in changed.sites}
    lines = {line.id: line for line in city.lines}
    places: list[LonLat] = []
    for edit in edits:
        if edit.field == CUT:
            places.append(_place(changed.network.node_by_id[edit.value.node_id]))
        elif edit.thing == "link":
            places += _link_ends(changed.network, links[edit.id])
        elif edit.thing == "turn":
            places.append(_place(changed.network.node_by_id[links[edit.value.from_link].to_node]))
        elif edit.thing == "site":
            places.append((sites[edit.id].lon, sites[edit.id].lat))
        elif edit.thing == "policy":
            places += [(site.lon, site.lat) for site in city.open_sites]
        elif edit.thing in ("node", "signal"):
            places.append(_place(changed.network.node_by_id[edit.id]))
        else:
            line = edit.value if edit.field == NEW else lines[edit.id]
            places += [(stop.lon, stop.lat) for stop in line.stops]
    return list(dict.fromkeys(places))


def _place(node: Node) -> LonLat:
    return node.lon, node.lat


def changed_places(before: City, after: City) -> list[LonLat]:
    """Where two cities differ (lon, lat): links open, built or changed, sites, lines, signals. For areas of influence.

    Compares the things themselves, so an opening by date counts like one by measure.
    """
    places: list[LonLat] = []
    links_before, links_after = before.open_network().link_by_id, after.open_network().link_by_id
    for link_id in sorted(links_before.keys() | links_after.keys()):
        old, new = links_before.get(link_id), links_after.get(link_id)
        if old != new:
            places += _link_ends(after.network if new else before.network, new or links_before[link_id])
    turns_before, turns_after = _turn_rules(before.network), _turn_rules(after.network)
    for from_link, to_link in sorted(turns_before ^ turns_after):
        for network in (before.network, after.network):
            if {from_link, to_link} <= network.link_by_id.keys():
                places.append(_place(network.node_by_id[network.link_by_id[from_link].to_node]))
    sites_before = {site.id: site for site in before.open_sites}
    sites_after = {site.id: site for site in after.open_sites}
    for site_id in sorted(sites_before.keys() | sites_after.keys()):
        if sites_before.get(site_id) != sites_after.get(site_id):
            site = sites_after.get(site_id) or sites_before[site_id]
            places.append((site.lon, site.lat))
    if before.parking != after.parking:
        places += [(site.lon, site.lat) for site in after.open_sites]
    lines_before = {line.id: line for line in before.lines}
    lines_after = {line.id: line for line in after.lines}
    for line_id in sorted(lines_before.keys() | lines_after.keys()):
        if lines_before.get(line_id) != lines_after.get(line_id):
            line = lines_after.get(line_id) or lines_before[line_id]
            places += [(stop.lon, stop.lat) for stop in line.stops]
    ordered_before = set(before.signal_orders)
    nodes = [after.network.node_by_id[o.node_id] for o in after.signal_orders if o not in ordered_before]
    places += [(node.lon, node.lat) for node in nodes]
    return list(dict.fromkeys(places))


def _turn_rules(network: Network) -> set[tuple[str, str]]:
    """Turns that a network lists or bans: where two networks differ in them, somebody may turn who might not."""
    return {(m.from_link, m.to_link) for m in network.movements} ^ set(network.banned_turns)


def _link_ends(network: Network, link: Link) -> list[LonLat]:
    start, end = network.node_by_id[link.from_node], network.node_by_id[link.to_node]
    return [(start.lon, start.lat), (end.lon, end.lat)]
