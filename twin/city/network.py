"""Streets: nodes, directed links, turning movements.

A `Network` that exists is valid: ids are unique, ends exist, quantities are positive. Ids are text; where all
of a kind are integers they are ordered as integers, so that renaming which keeps the order changes nothing.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Literal

from twin.clock import DAY_S, TimeWindow
from twin.errors import NetworkError, joined_faults

Control = Literal["none", "yield", "stop", "signal"]
Kind = Literal["schematic", "surveyed", "openstreetmap", "synthetic"]

ROAD_CLASSES = ("motorway", "trunk", "primary", "secondary", "tertiary", "residential", "service")
"""From widest to narrowest, in OpenStreetMap's words; ramps have the class of their road."""

DEFAULT_JAM_DENSITY_VPKM = 1000.0 / 7.5
"""Per lane: one stopped car takes 7.5 m (HCM 2016, queue storage length of a passenger car 25 ft)."""


def id_order(ids: Iterable[str]) -> list[str]:
    """Ids in canonical order: as integers where all are integers, else as text.

    >>> id_order(["10", "9"]), id_order(["10", "9", "a"])
    (['9', '10'], ['10', '9', 'a'])
    """
    listed = list(ids)
    if all(_is_integer(text) for text in listed):
        return sorted(listed, key=lambda text: (int(text), text))
    return sorted(listed)


def _is_integer(text: str) -> bool:
    return text.isdecimal() or (text[:1] == "-" and text[1:].isdecimal())


@dataclass(frozen=True, slots=True)
class Node:
    """A junction or a street's end, at WGS-84 longitude and latitude in degrees."""

    id: str
    lon: float
    lat: float
    control: Control = "none"
    assumed: frozenset[str] = frozenset()  # names of fields that nobody observed


@dataclass(frozen=True, slots=True)
class ClassBan:
    """Lorries may not pass a link in these hours of every day; (): all day. Who begins or ends there may."""

    hours: tuple[TimeWindow, ...] = ()
    vehicle_class: Literal["truck"] = "truck"

    def holds_within(self, start_s: float, end_s: float) -> bool:
        """Whether it holds at some time of `start_s <= t < end_s`, on whatever day.

        >>> morning = ClassBan((TimeWindow.between("07:00", "09:00"),))
        >>> [morning.holds_within(hour * 3600, hour * 3600 + 1800) for hour in (6, 6.75, 8, 9, 31)]
        [False, True, True, False, True]
        """
        return not self.hours or any(
            hours.start_s + shift_s < end_s and start_s < hours.end_s + shift_s
            for hours in self.hours
            for shift_s in range(-DAY_S, int(end_s) + DAY_S, DAY_S)
        )


@dataclass(frozen=True, slots=True)
class LinkChange:
    """What a link is during a window of time: a work zone, a closure at night, a tidal lane.

    `lanes=0` closes it. `None` leaves a quantity as it is.
    """

    window: TimeWindow
    lanes: float | None = None
    free_speed_mps: float | None = None


@dataclass(frozen=True, slots=True)
class BusLane:
    """So many of a link's lanes that nobody but buses drives, in these hours of every day; (): all day."""

    hours: tuple[TimeWindow, ...] = ()
    lanes: float = 1.0

    def holds_at(self, time_s: float) -> bool:
        """Whether it is a bus lane at that time of any day."""
        return not self.hours or any((time_s - h.start_s) % DAY_S < h.duration_s for h in self.hours)


@dataclass(frozen=True, slots=True)
class Link:
    """One direction of a street between two nodes.

    `capacity_vph` and `jam_density_vpkm` are per lane; `lanes` are all it has, a bus lane among them; `opened_on` None:
    open since before records began; `opened_on` date.max: planned or under construction, no date known. `assumed` names
    the fields not observed.
    """

    id: str
    from_node: str
    to_node: str
    length_m: float
    lanes: float
    free_speed_mps: float
    capacity_vph: float
    jam_density_vpkm: float = DEFAULT_JAM_DENSITY_VPKM
    road_class: str = "tertiary"
    name: str = ""
    geometry: tuple[tuple[float, float], ...] = ()  # (lon, lat) from end to end; empty: straight
    priority: int = 2  # 2 has the way, 1 yields to it
    merge_weight: float | None = None  # None: capacity × lanes
    opened_on: date | None = None
    closed_on: date | None = None  # first day on which it is gone
    access: tuple[ClassBan, ...] = ()  # whom it is closed to, and when; (): nobody
    ebikes_vph: float = 0.0  # bicycles and e-bikes an hour along it; they are no vehicles, but in the way of some
    ebikes_apart: bool = False  # they have a lane of their own behind a kerb or fence
    changes: tuple[LinkChange, ...] = ()
    is_structure: bool = False  # bridge or tunnel: never joined to the street below
    source_ids: tuple[str, ...] = ()  # ids of the ways it was made from
    part_of: str = ""  # id of the link that it is a piece of, where a street was cut at a new junction
    assumed: frozenset[str] = frozenset()
    bus_lane: BusLane | None = None  # None: all lanes are for all

    @property
    def free_time_s(self) -> float:
        """Time to drive the link alone at free speed (s), without junction delay."""
        return self.length_m / self.free_speed_mps

    @property
    def lanes_for_all(self) -> float:
        """Lanes that anybody may drive at some time of the day: without one that is for buses all day."""
        return self.lanes - self.bus_lane.lanes if self.bus_lane is not None and not self.bus_lane.hours else self.lanes

    def is_open_on(self, day: date) -> bool:
        """Whether the link may be driven on that day."""
        return (self.opened_on is None or self.opened_on <= day) and (self.closed_on is None or day < self.closed_on)


@dataclass(frozen=True, slots=True)
class Movement:
    """A turn from one link into another at a node. A node with movements allows only those listed.

    `lane_group`: turns of one link with the same number share the `lanes` they have; None: lanes of its own.
    """

    node_id: str
    from_link: str
    to_link: str
    lanes: float | None = None  # None: all lanes of the approach
    capacity_vph: float | None = None  # of the whole movement; None: not limited beyond the links
    penalty_s: float = 0.0
    lane_group: int | None = None


@dataclass(frozen=True)
class Network:
    """Nodes and directed links of a place, in canonical id order; validated when made.

    `crs` is the metric coordinate system (for example "EPSG:32651") in which lengths and distances are taken.
    Raises NetworkError, listing every fault.
    """

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    movements: tuple[Movement, ...] = ()
    place: str = ""
    kind: Kind = "synthetic"
    crs: str = "EPSG:3857"
    banned_turns: frozenset[tuple[str, str]] = field(default_factory=frozenset)  # (from link, to link)

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise NetworkError(joined_faults(f"network {self.place!r}", faults[:50]))
        ordered_nodes = {node.id: node for node in self.nodes}
        ordered_links = {link.id: link for link in self.links}
        object.__setattr__(self, "nodes", tuple(ordered_nodes[i] for i in id_order(ordered_nodes)))
        object.__setattr__(self, "links", tuple(ordered_links[i] for i in id_order(ordered_links)))

    @cached_property
    def node_by_id(self) -> dict[str, Node]:
        return {node.id: node for node in self.nodes}

    @cached_property
    def link_by_id(self) -> dict[str, Link]:
        return {link.id: link for link in self.links}

    @cached_property
    def link_index(self) -> dict[str, int]:
        """Position of each link id in `links`."""
        return {link.id: index for index, link in enumerate(self.links)}

    @cached_property
    def links_out(self) -> dict[str, tuple[Link, ...]]:
        """Links that leave each node, in canonical order."""
        return _grouped(self, "from_node")

    @cached_property
    def links_in(self) -> dict[str, tuple[Link, ...]]:
        """Links that reach each node, in canonical order."""
        return _grouped(self, "to_node")

    @cached_property
    def street_names(self) -> tuple[str, ...]:
        return tuple(sorted({link.name for link in self.links if link.name}))

    def turns(self) -> list[Movement]:
        """Every allowed turn, in canonical order of (from link, to link).

        At a node with listed movements only those; elsewhere every pair of an incoming and an outgoing link
        except U-turns (which need a listed movement) and banned turns. At a dead end nothing turns.
        """
        listed: dict[str, list[Movement]] = {}
        for movement in self.movements:
            listed.setdefault(movement.node_id, []).append(movement)
        turns = []
        for link in self.links:
            if link.to_node in listed:
                here = [m for m in listed[link.to_node] if m.from_link == link.id]
                here.sort(key=lambda m: self.link_index[m.to_link])
                turns += [m for m in here if (m.from_link, m.to_link) not in self.banned_turns]
                continue
            for onward in self.links_out.get(link.to_node, ()):
                is_u_turn = onward.to_node == link.from_node
                if not is_u_turn and (link.id, onward.id) not in self.banned_turns:
                    turns.append(Movement(link.to_node, link.id, onward.id))
        return turns

    def open_on(self, day: date) -> "Network":
        """The network of that day: links not open are left out, with the turns that used them."""
        links = tuple(link for link in self.links if link.is_open_on(day))
        if len(links) == len(self.links):
            return self
        return self.with_links(links)

    def with_links(self, links: Iterable[Link]) -> "Network":
        """The same nodes with other links; turns of links that are gone go with them."""
        links = tuple(links)
        ids = {link.id for link in links}
        return replace(
            self,
            links=links,
            movements=tuple(m for m in self.movements if m.from_link in ids and m.to_link in ids),
            banned_turns=frozenset(t for t in self.banned_turns if t[0] in ids and t[1] in ids),
        )

    def ends_of(self, link: Link) -> tuple[tuple[float, float], ...]:
        """The link's line as (lon, lat), straight between its nodes where no geometry is known."""
        if link.geometry:
            return link.geometry
        start, end = self.node_by_id[link.from_node], self.node_by_id[link.to_node]
        return ((start.lon, start.lat), (end.lon, end.lat))


def _grouped(network: Network, end: Literal["from_node", "to_node"]) -> dict[str, tuple[Link, ...]]:
    groups: dict[str, list[Link]] = {node.id: [] for node in network.nodes}
    for link in network.links:
        groups[getattr(link, end)].append(link)
    return {node_id: tuple(links) for node_id, links in groups.items()}


def _faults(network: Network) -> Iterable[str]:
    node_ids = {node.id for node in network.nodes}
    link_ids = {link.id for link in network.links}
    if len(node_ids) < len(network.nodes):
        yield "two nodes have one id"
    if len(link_ids) < len(network.links):
        yield "two links have one id"
    for node in network.nodes:
        if not (math.isfinite(node.lon) and math.isfinite(node.lat)):
            yield f"node {node.id}: no position ({node.lon}, {node.lat})"
    for link in network.links:
        yield from _link_faults(link, node_ids)
    for movement in network.movements:
        for link_id in (movement.from_link, movement.to_link):
            if link_id not in link_ids:
                yield f"movement at node {movement.node_id}: no link {link_id}"


def _link_faults(link: Link, node_ids: set[str]) -> Iterable[str]:
    for node_id in (link.from_node, link.to_node):
        if node_id not in node_ids:
            yield f"link {link.id}: no node {node_id}"
    for quantity in ("length_m", "lanes", "free_speed_mps", "capacity_vph", "jam_density_vpkm"):
        value = getattr(link, quantity)
        if not (math.isfinite(value) and value > 0):
            yield f"link {link.id}: {quantity} is {value}, must be positive"
            return
    if link.bus_lane is not None and not 0.0 < link.bus_lane.lanes < link.lanes:
        yield f"link {link.id}: {link.bus_lane.lanes:g} of its {link.lanes:g} lanes for buses leave no lane for others"
    critical_vpkm = link.capacity_vph / (link.free_speed_mps * 3.6)
    if critical_vpkm >= link.jam_density_vpkm:
        yield (
            f"link {link.id}: capacity {link.capacity_vph:g} veh/h per lane at {link.free_speed_mps * 3.6:g} km/h "
            f"needs {critical_vpkm:.1f} veh/km, not below its jam density {link.jam_density_vpkm:.1f}"
        )
