"""Where a new street meets the streets there are: at a junction, at a street's end, or in the middle of a block.

In the middle of a block the streets are cut there, both directions; of a dual carriageway the near one, and the far
one only through a gap in the median. Streets on bridges and in tunnels, and those not open on the city's date, are
neither joined nor crossed.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.city.city import City
from twin.city.cuts import Cut
from twin.city.ground import Ground, NearLink, ground_of
from twin.city.network import Link, Network, Node
from twin.errors import ScenarioError
from twin.scenario.street_parts import NEAR_M, Place, node_at

AT_JUNCTION_M = 30.0
"""A place on a street so near to its junction means the junction (m); in a sketch, which is less exact, NEAR_M."""

ONE_LINE_M = 1.0
"""Both directions of a street are drawn on one line (m); carriageways drawn apart are joined one by one."""

ONE_CROSSING_M = 10.0
"""Crossings of a new street that lie closer are one junction (m)."""

WIDEST_MEDIAN_M = 60.0
"""The other carriageway of a street lies no farther from a place on the one (m)."""

LONGEST_EXTENSION_M = 1_000.0
"""How far a street is led straight on to look for the next (m)."""

_LOOK_BACK_M = 20.0
_AGAINST = 0.87  # cosine: carriageways of one street run against each other, within 30°
_FIRST_OWN_ID = 10**15  # OpenStreetMap's ids are shorter
_Array = NDArray[np.float64]


@dataclass(frozen=True)
class Joint:
    """A node at which a new street meets others; `cuts`: links to be cut there, () where it is a node already."""

    node: Node
    cuts: tuple[tuple[str, Cut], ...] = ()
    along_m: float = field(default=0.0, compare=False)  # from the start of the new street

    @property
    def is_new(self) -> bool:
        return bool(self.cuts)


class Streets:
    """The streets of a city that a new one can meet."""

    def __init__(self, city: City) -> None:
        self.network: Network = city.network
        self.ground: Ground = ground_of(city.network)
        self.open = [link for link in city.network.links if link.is_open_on(city.date)]
        self.driven = {node for link in self.open for node in (link.from_node, link.to_node)}
        self.level = {link.id for link in self.open if not link.is_structure and link.from_node != link.to_node}

    def joint_at(self, place: Place) -> Joint:
        """Where a street that ends at a place joins the others: a junction, or the nearest street in mid-block.

        Raises ScenarioError where neither lies within 150 m.
        """
        is_sketch = self.network.kind == "schematic"
        if isinstance(place, str):
            return self._known(node_at(self.network, place, among=self.driven))
        if is_sketch and self._nearest_driven_m(place) <= NEAR_M:
            return self._known(node_at(self.network, place, among=self.driven))
        near = self.ground.links_near(*place, NEAR_M, among=self.level)
        if not near:
            return self._known(node_at(self.network, place, among=self.driven))
        return self._on_street(near[0])

    def joints_along(self, line: shapely.LineString, start: Joint, end: Joint) -> list[Joint]:
        """Joints with the streets that a new line (in metres) crosses at grade, in order, without its ends.

        Raises ScenarioError where it runs along a street.
        """
        found = []
        for position in self.ground.link_tree.query(line, predicate="intersects"):
            link = self.network.links[int(position)]
            if link.id in self.level:
                found += self._crossings(link, line, start, end)
        joints: list[Joint] = []
        for joint in sorted(found, key=lambda j: (j.along_m, self.network.link_index[j.cuts[0][0]] if j.cuts else -1)):
            if joint.node.id in {start.node.id, end.node.id, *(j.node.id for j in joints if not j.is_new)}:
                continue
            if joints and joint.is_new and joints[-1].is_new and joint.along_m - joints[-1].along_m < ONE_CROSSING_M:
                cut_there = {link_id for link_id, _ in joints[-1].cuts}
                moved = tuple(
                    (link_id, replace(cut, node_id=joints[-1].node.id))
                    for link_id, cut in joint.cuts
                    if link_id not in cut_there
                )
                joints[-1] = replace(joints[-1], cuts=(*joints[-1].cuts, *moved))
                continue
            joints.append(joint)
        return joints

    def far_carriageway(self, joint: Joint) -> tuple[str, Cut] | None:
        """Where the other carriageway of the street that a new junction cuts would be cut too.

        None: both directions are cut, the street has no other carriageway there, or a junction of it is near.
        """
        if len(joint.cuts) != 1:
            return None
        at = joint.node.lon, joint.node.lat
        own = self.network.link_by_id[joint.cuts[0][0]]
        of_street = {k.id for k in self.open if (k.name, k.road_class) == (own.name, own.road_class)} & self.level
        near, *others = self.ground.links_near(*at, WIDEST_MEDIAN_M, among=of_street)
        for other in others:
            link = self.network.link_by_id[other.link_id]
            along = near.heading[0] * other.heading[0] + near.heading[1] * other.heading[1]
            if along <= -_AGAINST and min(other.along_m, link.length_m - other.along_m) > AT_JUNCTION_M:
                return link.id, Cut(joint.node.id, other.along_m / link.length_m)
        return None

    def straight_on(self, place: Place) -> tuple[Joint, Joint]:
        """A dead end or the stem of a T, and where it meets the next street when it is led straight on."""
        start = self.joint_at(place)
        heading = self._heading(start)
        at = self.ground.xy(start.node.lon, start.node.lat)[0]
        ray = shapely.LineString([at, at + LONGEST_EXTENSION_M * heading])
        best: tuple[float, Link] | None = None
        for position in sorted(int(p) for p in self.ground.link_tree.query(ray, predicate="intersects")):
            link = self.network.links[position]
            if link.id not in self.level or start.node.id in (link.from_node, link.to_node):
                continue
            meeting = shapely.intersection(ray, self.ground.link_lines[position])
            along_m = float(shapely.Point(at).distance(meeting))
            if best is None or along_m < best[0] - 1e-6:
                best = along_m, link
        if best is None:
            raise ScenarioError(
                f"no street lies straight on from {_words(place)} within {LONGEST_EXTENSION_M:g} m: give two `ends`"
            )
        reached = at + best[0] * heading
        lon, lat = self.ground.lonlat(*reached)
        return start, self._on_street(self.ground.links_near(lon, lat, NEAR_M, among={best[1].id})[0])

    def _heading(self, start: Joint) -> _Array:
        """Unit vector straight on from a dead end or from the stem of a T."""
        arms: dict[str, Link] = {}
        for link in self.open:
            if link.to_node == start.node.id:
                arms.setdefault(link.from_node, link)
        if start.is_new or len(arms) not in (1, 3):
            raise ScenarioError(
                f"[{start.node.lon:.5f}, {start.node.lat:.5f}] is no dead end and no T-junction, "
                f"but a place where {2 if start.is_new else len(arms)} streets meet: give two `ends`"
            )
        into = {other: self._arrival(link) for other, link in arms.items()}
        if len(into) == 1:
            return next(iter(into.values()))
        through = min(
            ((a, b) for a in sorted(into) for b in sorted(into) if a < b),
            key=lambda pair: float(into[pair[0]] @ into[pair[1]]),
        )
        return next(into[other] for other in sorted(into) if other not in through)

    def _arrival(self, link: Link) -> _Array:
        line = self.ground.link_lines[self.network.link_index[link.id]]
        end, back = line.interpolate(line.length), line.interpolate(max(0.0, line.length - _LOOK_BACK_M))
        step = np.array([end.x - back.x, end.y - back.y])
        unit: _Array = step / max(float(np.hypot(*step)), 1e-9)
        return unit

    def _known(self, node_id: str) -> Joint:
        return Joint(self.network.node_by_id[node_id])

    def _nearest_driven_m(self, place: tuple[float, float]) -> float:
        near = self.ground.nodes_near(*place, NEAR_M)
        return min((far_m for node, far_m in near if node in self.driven), default=math.inf)

    def _on_street(self, near: NearLink) -> Joint:
        """The junction at the nearer end of a link if that is close, else a cut of it."""
        link = self.network.link_by_id[near.link_id]
        line = self.ground.link_lines[self.network.link_index[link.id]]
        point = line.interpolate(near.along_m / link.length_m, normalized=True)
        return self._joint_on(link, point)

    def _joint_on(self, link: Link, point: shapely.Point, along_m: float = 0.0) -> Joint:
        line = self.ground.link_lines[self.network.link_index[link.id]]
        along = float(line.project(point))
        if min(along, line.length - along) <= AT_JUNCTION_M:
            node_id = link.from_node if along <= line.length - along else link.to_node
            return replace(self._known(node_id), along_m=along_m)
        lon, lat = (round(degrees, 6) for degrees in self.ground.lonlat(point.x, point.y))
        node = Node(own_node_id(self.network, lon, lat), lon, lat)
        if node.id in self.network.node_by_id:
            return replace(self._known(node.id), along_m=along_m)
        cuts = [(link.id, Cut(node.id, along / line.length))]
        for back in self.network.links_out[link.to_node]:
            other = self.ground.link_lines[self.network.link_index[back.id]]
            if back.id in self.level and back.to_node == link.from_node and other.distance(point) <= ONE_LINE_M:
                cuts.append((back.id, Cut(node.id, float(other.project(point, normalized=True)))))
        return Joint(node, tuple(cuts), along_m)

    def _crossings(self, link: Link, line: shapely.LineString, start: Joint, end: Joint) -> list[Joint]:
        own = self.ground.link_lines[self.network.link_index[link.id]]
        ends = {link.from_node, link.to_node}
        cut_at_ends = {link_id for joint in (start, end) for link_id, _ in joint.cuts}
        found = []
        for part in shapely.get_parts(shapely.intersection(line, own)):
            if part.length > ONE_LINE_M:
                raise ScenarioError(
                    f"the new street runs along {link.name or 'a street without a name'} for {part.length:.0f} m: "
                    "widen that one, or draw the new one beside it"
                )
            along_m = float(line.project(shapely.Point(*part.coords[0])))
            for joint, far_m in ((start, along_m), (end, line.length - along_m)):
                if far_m <= ONE_LINE_M or (
                    far_m <= AT_JUNCTION_M and (joint.node.id in ends or link.id in cut_at_ends)
                ):
                    break
            else:
                found.append(self._joint_on(link, shapely.Point(*part.coords[0]), along_m))
        return found


def own_node_id(network: Network, lon: float, lat: float) -> str:
    """Id of a node that a measure makes: from where it lies; a number where all ids of the network are numbers.

    So ids that were there keep their order, and the same place has the same id in every document.
    """
    digest = hashlib.blake2b(f"{lon:.6f},{lat:.6f}".encode(), digest_size=6)
    if network.nodes and all(node.id.isdecimal() for node in network.nodes):
        return str(_FIRST_OWN_ID + int.from_bytes(digest.digest(), "big"))
    return f"new-{digest.hexdigest()}"


def cuts_by_link(joints: Sequence[Joint]) -> dict[str, list[Cut]]:
    """The cuts of all joints by link."""
    cuts: dict[str, list[Cut]] = {}
    for joint in joints:
        for link_id, cut in joint.cuts:
            cuts.setdefault(link_id, []).append(cut)
    return cuts


def _words(place: Place) -> str:
    return place if isinstance(place, str) else f"[{place[0]}, {place[1]}]"
