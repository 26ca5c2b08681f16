"""A measure that opens a street: one the network holds as planned, or a new one, with the junctions at which it meets
others designed anew by a stated rule.

The rule. In the middle of a block the street there is cut, both directions. A junction made so has a signal where both
streets are secondary or wider, with the shortest cycle and equal greens; else the lower class gives way. On a dual
carriageway such a signal stands at a gap in the median and both carriageways are joined; without one the near
carriageway is, right in and right out (assumed; `median_gap` says otherwise). At a junction
that has a plan, cycle, offset and greens stay and the new approach goes with the phase of its axis
(`twin.study.signal_plans.adapted_plans`). With `retime` the signals it meets are planned anew from the volumes that
settle with it, so that "opened" and "opened and re-timed" are two scenarios.
"""

import datetime
import hashlib
import itertools
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import shapely
import shapely.ops

from twin.city.city import City
from twin.city.cuts import cut_streets
from twin.city.ground import Ground, ground_of
from twin.city.network import ROAD_CLASSES, Link, Network, Node
from twin.errors import ScenarioError
from twin.scenario.measure import CUT, NEW, Edit, Measure, refuse
from twin.scenario.street_costs import Cost, assumed_cost
from twin.scenario.street_joints import Joint, Streets, cuts_by_link
from twin.scenario.street_parts import Place, part_of_street, street_links
from twin.scenario.street_values import lane_faults, lane_words, speed_faults
from twin.units import mps_from_kmh
from twin.wording import Language

NARROWEST_WITH_SIGNAL = "secondary"
"""A new junction of two streets of this class or wider has a signal (assumed)."""

Geometry = tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class OpenLink(Measure):
    """Opens a street: one that the network holds as planned (`street`, or its part at `near`), or a new two-way one.

    A new one lies between two `ends`, along a `geometry` ([longitude, latitude] as in a GeoJSON LineString), or leads a
    dead end or the stem of a T straight on to the next street (`extend`: where it stops now). An end within 30 m of a
    junction (150 m in a sketch) joins it, else the nearest street within 150 m, which is cut there. Streets that it
    crosses at grade are cut too, unless it is a `bridge`.

    `median_gap`: whether an end in the middle of a block of a dual carriageway joins both; None: by the rule.
    `lanes` per direction; `speed_kmh` and `capacity_vph` per lane default to the middle (median) value of the network's
    streets of that class, `length_m` to the line's length. Without a signal it gives way to streets of a higher class.
    `opens_on`: first day; the city's date must not be before it. `cost_yuan`: None: assumed by class.
    """

    street: str = ""
    near: tuple[float, float] | None = None
    ends: tuple[Place, Place] | None = None
    geometry: Geometry = ()
    extend: Place | None = None
    name: str = ""
    road_class: str = "tertiary"
    lanes: float = 1.0
    speed_kmh: float | None = None
    capacity_vph: float | None = None
    length_m: float | None = None
    bridge: bool = False
    retime: bool = False
    median_gap: bool | None = None  # None: where the new junction has a signal
    opens_on: datetime.date | None = None
    cost_yuan: float | None = None

    def __post_init__(self) -> None:
        refuse(self, self._faults())

    @property
    def _is_new(self) -> bool:
        return self.ends is not None or bool(self.geometry) or self.extend is not None

    def _faults(self) -> Iterator[str]:
        if self._is_new == bool(self.street):
            yield "give either `street` (planned in the network) or `ends`, `geometry` or `extend` (new), and not both"
        if self.extend is not None and (self.ends is not None or self.geometry):
            yield "`extend` finds its own end: give it without `ends` and `geometry`"
        if len(self.geometry) == 1:
            yield "`geometry` has one point, must have two or more"
        if self._is_new and self.near is not None:
            yield "`near` picks a part of a planned street; a new one has `ends`"
        if self.road_class not in ROAD_CLASSES:
            yield f"road_class is {self.road_class!r}, must be one of {', '.join(ROAD_CLASSES)}"
        yield from lane_faults("lanes", self.lanes)
        yield from speed_faults(self.speed_kmh)
        for name in ("capacity_vph", "length_m", "cost_yuan"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                yield f"{name} is {value:g}, must be positive"

    def edits(self, city: City) -> tuple[Edit, ...]:
        if self.opens_on is not None and city.date < self.opens_on:
            raise ScenarioError(
                f"it opens on {self.opens_on}, after the scenario's date {city.date}: set a later `date`"
            )
        if self._is_new:
            return self._new_street(city)
        return self._planned_street(city)

    def cost(self, city: City) -> Cost:
        """What it costs: as given, else by class, lanes and length, assumed."""
        if self.cost_yuan is not None:
            return Cost(self.cost_yuan, is_assumed=False)
        new = [edit.value for edit in self.edits(city) if edit.thing == "link" and edit.field == NEW]
        planned = [
            city.network.link_by_id[e.id] for e in self.edits(city) if e.thing == "link" and e.field == "opened_on"
        ]
        links = [link for link in (*new, *planned) if isinstance(link, Link)]
        both_ways = {frozenset((link.from_node, link.to_node)): link for link in links}
        costs = [
            assumed_cost(link.road_class, link.lanes, link.length_m, is_structure=link.is_structure)
            for link in both_ways.values()
        ]
        return Cost(sum(cost.yuan for cost in costs), is_assumed=True)

    def _planned_street(self, city: City) -> tuple[Edit, ...]:
        if self.near is None:
            links = street_links(city.network, self.street)
        else:
            links = part_of_street(city.network, street=self.street, near=self.near)
        planned = [link for link in links if link.opened_on is not None and link.opened_on > city.date]
        if not planned:
            raise ScenarioError(f"{self.street} is open already on {city.date}: there is nothing to open")
        opened = tuple(Edit("link", link.id, "opened_on", city.date) for link in planned)
        ends = {node for link in planned for node in (link.from_node, link.to_node)}
        signals = [node for node in city.network.nodes if node.id in ends and node.control == "signal"]
        return (*opened, *(self._retimed(signals) if self.retime else ()))

    def _new_street(self, city: City) -> tuple[Edit, ...]:
        streets = Streets(city)
        line, joints = self._laid_out(streets)
        nodes = [self._designed(city.network, joint) for joint in joints if joint.is_new]
        cuts = cuts_by_link([joint for joint in joints if joint.is_new])
        cut = cut_streets(city, nodes, cuts)[0]
        links = self._links(cut.network, streets.ground, line, [joint.node.id for joint in joints])
        met = [cut.network.node_by_id[joint.node.id] for joint in joints]
        return (
            *(Edit("node", node.id, NEW, node) for node in nodes),
            *(Edit("link", link_id, CUT, one) for link_id, several in cuts.items() for one in several),
            *(Edit("link", link.id, NEW, link) for link in links),
            *(edit for node in met for edit in self._who_gives_way(cut, node)),
            *(self._retimed([node for node in met if node.control == "signal"]) if self.retime else ()),
        )

    def _laid_out(self, streets: Streets) -> tuple[shapely.LineString, list[Joint]]:
        """The line of the street in metres, and where it meets others, from end to end."""
        between: Sequence[tuple[float, float]] = ()
        if self.extend is not None:
            start, end = streets.straight_on(self.extend)
        else:
            first, last = self.ends or (self.geometry[0], self.geometry[-1])
            between = self.geometry[1:-1]
            start, end = streets.joint_at(first), streets.joint_at(last)
        start, end = (self._through_median(streets, joint) for joint in (start, end))
        if start.node.id == end.node.id:
            raise ScenarioError(f"both ends of {self.id!r} mean one junction: nothing to join")
        if not self.geometry and (start.node.id, end.node.id) in {(k.from_node, k.to_node) for k in streets.open}:
            raise ScenarioError(f"the ends of {self.id!r} are joined by a street already")
        points = [(start.node.lon, start.node.lat), *between, (end.node.lon, end.node.lat)]
        lons, lats = zip(*points, strict=True)
        line = shapely.LineString(streets.ground.xy(lons, lats))
        crossed = [] if self.bridge else streets.joints_along(line, start, end)
        return line, [replace(start, along_m=0.0), *crossed, replace(end, along_m=line.length)]

    def _designed(self, network: Network, joint: Joint) -> Node:
        """The node of a new junction, with a signal where both streets are wide."""
        has_signal = self._makes_signal(network, joint)
        return replace(joint.node, control="signal" if has_signal else "none", assumed=frozenset({"control"}))

    def _makes_signal(self, network: Network, joint: Joint) -> bool:
        """Whether both streets at a new junction are wide."""
        narrowest = ROAD_CLASSES.index(NARROWEST_WITH_SIGNAL)
        crossed = min(ROAD_CLASSES.index(network.link_by_id[link_id].road_class) for link_id, _ in joint.cuts)
        return max(crossed, ROAD_CLASSES.index(self.road_class)) <= narrowest

    def _through_median(self, streets: Streets, joint: Joint) -> Joint:
        """The joint with both carriageways where the median has a gap there."""
        if not joint.is_new:
            return joint
        opens = self._makes_signal(streets.network, joint) if self.median_gap is None else self.median_gap
        far = streets.far_carriageway(joint) if opens else None
        return joint if far is None else replace(joint, cuts=(*joint.cuts, far))

    def one_sided_ends(self, city: City) -> int:
        """At how many ends it joins one carriageway of a dual one only: right in, right out."""
        if not self._is_new:
            return 0
        streets = Streets(city)
        _, joints = self._laid_out(streets)
        return sum(streets.far_carriageway(joint) is not None for joint in (joints[0], joints[-1]))

    def _links(self, network: Network, ground: Ground, line: shapely.LineString, node_ids: Sequence[str]) -> list[Link]:
        """Both directions of each part between two joints."""
        nodes = [network.node_by_id[node_id] for node_id in node_ids]
        at_m = [0.0]
        for node in nodes[1:-1]:
            at_m.append(float(line.project(shapely.Point(ground.xy(node.lon, node.lat)[0]))))
        at_m.append(float(line.length))
        links = []
        for (start, from_m), (end, to_m) in itertools.pairwise(zip(nodes, at_m, strict=True)):
            drawn = self._drawn(ground, line, start, end, from_m, to_m)
            share = (to_m - from_m) / line.length
            links.append(self._link(network, start, end, drawn, share, to_m - from_m))
            links.append(self._link(network, end, start, drawn[::-1], share, to_m - from_m))
        return links

    def _drawn(
        self, ground: Ground, line: shapely.LineString, start: Node, end: Node, from_m: float, to_m: float
    ) -> Geometry:
        """The drawn points of a part; () where it is straight."""
        if not self.geometry:
            return ()
        part = shapely.ops.substring(line, from_m, to_m).coords
        between = [tuple(round(degrees, 7) for degrees in ground.lonlat(x, y)) for x, y in list(part)[1:-1]]
        return ((start.lon, start.lat), *((lon, lat) for lon, lat in between), (end.lon, end.lat)) if between else ()

    def _link(self, network: Network, a: Node, b: Node, drawn: Geometry, share: float, line_m: float) -> Link:
        crow_m = ground_of(network).crow_m((a.lon, a.lat), (b.lon, b.lat))
        gives_way = self._gives_way(network, b.id)
        content = f"{a.lon:.6f},{a.lat:.6f},{b.lon:.6f},{b.lat:.6f},{self.road_class}"
        content += "".join(f",{lon:.6f},{lat:.6f}" for lon, lat in drawn[1:-1])
        given = {"capacity_vph": self.capacity_vph, "free_speed_mps": self.speed_kmh, "length_m": self.length_m}
        speed_mps = None if self.speed_kmh is None else mps_from_kmh(self.speed_kmh)
        length_m = max(1.0, line_m if drawn else crow_m) if self.length_m is None else self.length_m * share
        return Link(
            id=f"new-{hashlib.blake2b(content.encode(), digest_size=6).hexdigest()}",
            from_node=a.id,
            to_node=b.id,
            length_m=length_m,
            lanes=self.lanes,
            free_speed_mps=speed_mps or self._usual(network, "free_speed_mps"),
            capacity_vph=self.capacity_vph or self._usual(network, "capacity_vph"),
            road_class=self.road_class,
            name=self.name,
            geometry=drawn,
            priority=1 if gives_way else 2,
            opened_on=self.opens_on,
            is_structure=self.bridge,
            assumed=frozenset(
                (set() if self.geometry else {"geometry"})
                | ({"priority"} if gives_way else set())
                | {name for name, value in given.items() if value is None}
            ),
        )

    def _gives_way(self, network: Network, end: str) -> bool:
        """Whether it ends, without a signal, at a street of a higher class."""
        rank = ROAD_CLASSES.index(self.road_class)
        arrive, leave = (
            [link for link in links if ROAD_CLASSES.index(link.road_class) < rank]
            for links in (network.links_in[end], network.links_out[end])
        )
        passes = any(came.from_node != gone.to_node for came in arrive for gone in leave)
        is_sketch = network.kind == "schematic"  # its links stand for several streets each: who gives way is not known
        return not is_sketch and network.node_by_id[end].control != "signal" and passes

    def _who_gives_way(self, city: City, node: Node) -> list[Edit]:
        """Links of a lower class that must let the new street pass, where no signal and no sign decides."""
        network, rank = city.network, ROAD_CLASSES.index(self.road_class)
        approaches = [link for link in network.links_in[node.id] if link.is_open_on(city.date)]
        is_told = node.control == "signal" or any(k.priority == 1 and "priority" not in k.assumed for k in approaches)
        if network.kind == "schematic" or is_told or len({link.from_node for link in approaches}) < 2:
            return []
        lower = [k for k in approaches if ROAD_CLASSES.index(k.road_class) > rank and k.priority == 2]
        return [
            Edit("link", link.id, field, value)
            for link in lower
            for field, value in (("priority", 1), ("assumed", link.assumed | {"priority"}))
        ]

    def _retimed(self, signals: Sequence[Node]) -> list[Edit]:
        return [Edit("signal", node.id, "retime", "alone") for node in signals]

    def _usual(self, network: Network, quantity: str) -> float:
        values = [getattr(link, quantity) for link in network.links if link.road_class == self.road_class]
        if not values:
            raise ScenarioError(
                f"network {network.place!r} has no {self.road_class} street to take {quantity} from: "
                "give speed_kmh and capacity_vph"
            )
        return float(statistics.median(values))

    def describe(self, language: Language) -> str:
        name = self.name or self.street or self.id
        again = ("，并重新配时" if language == "zh" else ", signals re-timed") if self.retime else ""
        if not self._is_new:
            return (f"开通{name}" if language == "zh" else f"open {name}") + again
        if language == "zh":
            return f"新建{name}(单向{self.lanes:g}车道){again}"
        return f"build {name} ({lane_words(self.lanes)} each way){again}"
