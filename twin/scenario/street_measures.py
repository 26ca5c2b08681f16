"""Measures on streets: open, close, widen or narrow, slow down, dig up."""

import hashlib
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from twin.city.city import City
from twin.city.ground import ground_of
from twin.city.network import ROAD_CLASSES, Link, LinkChange, Network
from twin.clock import DAY_S, TimeWindow
from twin.errors import ScenarioError
from twin.scenario.measure import NEW, Edit, Measure, refuse
from twin.scenario.street_parts import Direction, Place, node_at, part_of_street, street_links
from twin.units import kmh_from_mps, mps_from_kmh
from twin.wording import Language

FASTEST_KMH = 130.0
MOST_LANES = 10.0


@dataclass(frozen=True, kw_only=True)
class OpenLink(Measure):
    """Opens a street: one that the network holds as planned (`street`, or the part of it at `near`), or a new
    two-way one between two `ends`, each joined to the nearest junction or street end within 150 m.

    `lanes` per direction; `speed_kmh` and `capacity_vph` per lane default to the middle (median) value of the
    network's streets of that class, `length_m` to the straight distance. Where it meets streets of a higher class and
    no signal, it gives way to them.
    """

    street: str = ""
    near: tuple[float, float] | None = None
    ends: tuple[Place, Place] | None = None
    name: str = ""
    road_class: str = "tertiary"
    lanes: float = 1.0
    speed_kmh: float | None = None
    capacity_vph: float | None = None
    length_m: float | None = None

    def __post_init__(self) -> None:
        refuse(self, self._faults())

    def _faults(self) -> Iterator[str]:
        if (self.ends is None) == (not self.street):
            yield "give either `street` (planned in the network) or two `ends` (new), and not both"
        if self.ends is not None and self.near is not None:
            yield "`near` picks a part of a planned street; a new one has `ends`"
        if self.road_class not in ROAD_CLASSES:
            yield f"road_class is {self.road_class!r}, must be one of {', '.join(ROAD_CLASSES)}"
        yield from _lane_faults("lanes", self.lanes)
        yield from _speed_faults(self.speed_kmh)
        for name in ("capacity_vph", "length_m"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                yield f"{name} is {value:g}, must be positive"

    def edits(self, city: City) -> tuple[Edit, ...]:
        if self.ends is not None:
            return tuple(Edit("link", link.id, NEW, link) for link in self._new_links(city, *self.ends))
        if self.near is None:
            links = street_links(city.network, self.street)
        else:
            links = part_of_street(city.network, street=self.street, near=self.near)
        planned = [link for link in links if link.opened_on is not None and link.opened_on > city.date]
        if not planned:
            raise ScenarioError(f"{self.street} is open already on {city.date}: there is nothing to open")
        return tuple(Edit("link", link.id, "opened_on", city.date) for link in planned)

    def _new_links(self, city: City, first: Place, second: Place) -> tuple[Link, Link]:
        network = city.network
        is_open = [link for link in network.links if link.is_open_on(city.date)]
        driven = {node for link in is_open for node in (link.from_node, link.to_node)}
        start, end = node_at(network, first, among=driven), node_at(network, second, among=driven)
        if start == end:
            raise ScenarioError(f"both ends of {self.id!r} mean one junction: nothing to join")
        if any((link.from_node, link.to_node) == (start, end) for link in is_open):
            raise ScenarioError(f"the ends of {self.id!r} are joined by a street already")
        return self._link(network, start, end), self._link(network, end, start)

    def _link(self, network: Network, start: str, end: str) -> Link:
        a, b = network.node_by_id[start], network.node_by_id[end]
        crow_m = ground_of(network).crow_m((a.lon, a.lat), (b.lon, b.lat))
        gives_way = self._gives_way(network, end)
        content = f"{a.lon:.6f},{a.lat:.6f},{b.lon:.6f},{b.lat:.6f},{self.road_class}"
        given = {"capacity_vph": self.capacity_vph, "free_speed_mps": self.speed_kmh, "length_m": self.length_m}
        speed_mps = None if self.speed_kmh is None else mps_from_kmh(self.speed_kmh)
        return Link(
            id=f"new-{hashlib.blake2b(content.encode(), digest_size=6).hexdigest()}",
            from_node=start,
            to_node=end,
            length_m=max(1.0, crow_m) if self.length_m is None else self.length_m,
            lanes=self.lanes,
            free_speed_mps=speed_mps or self._usual(network, "free_speed_mps"),
            capacity_vph=self.capacity_vph or self._usual(network, "capacity_vph"),
            road_class=self.road_class,
            name=self.name,
            priority=1 if gives_way else 2,
            assumed=frozenset(
                {"geometry"}
                | ({"priority"} if gives_way else set())
                | {name for name, value in given.items() if value is None}
            ),
        )

    def _gives_way(self, network: Network, end: str) -> bool:
        """Whether it ends, without a signal, at a street of a higher class."""
        rank = ROAD_CLASSES.index(self.road_class)
        others = [link for link in network.links_in[end] if ROAD_CLASSES.index(link.road_class) < rank]
        is_sketch = network.kind == "schematic"  # its links stand for several streets each: who gives way is not known
        return not is_sketch and network.node_by_id[end].control != "signal" and len(others) > 1

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
        if self.ends is None:
            return f"开通{name}" if language == "zh" else f"open {name}"
        if language == "zh":
            return f"新建{name}(单向{self.lanes:g}车道)"
        return f"build {name} ({_lanes(self.lanes)} each way)"


@dataclass(frozen=True, kw_only=True)
class CloseLink(Measure):
    """Closes a street or a part of it; with `between` hours only in these hours of every day."""

    street: str = ""
    cross_streets: tuple[str, str] | None = None
    near: tuple[float, float] | None = None
    direction: Direction = "both"
    between: TimeWindow | None = None

    def __post_init__(self) -> None:
        refuse(self, _part_faults(self.street, self.cross_streets, self.near))

    def edits(self, city: City) -> tuple[Edit, ...]:
        links = _open_part(city, self.street, self.cross_streets, self.near, self.direction)
        if self.between is None:
            return tuple(Edit("link", link.id, "closed_on", city.date) for link in links)
        return _changes(links, self.between, lanes=0.0)

    def describe(self, language: Language) -> str:
        where, hours = _where(self.street, self.cross_streets, language), _hours(self.between)
        return f"封闭{where}{hours}" if language == "zh" else f"close {where}{hours}"


@dataclass(frozen=True, kw_only=True)
class ChangeLanes(Measure):
    """Gives a street so many lanes per direction; capacity per lane stays."""

    lanes: float
    street: str = ""
    cross_streets: tuple[str, str] | None = None
    near: tuple[float, float] | None = None
    direction: Direction = "both"

    def __post_init__(self) -> None:
        part_faults = _part_faults(self.street, self.cross_streets, self.near)
        refuse(self, [*part_faults, *_lane_faults("lanes", self.lanes)])

    def edits(self, city: City) -> tuple[Edit, ...]:
        links = _open_part(city, self.street, self.cross_streets, self.near, self.direction)
        return tuple(Edit("link", link.id, "lanes", self.lanes) for link in links)

    def describe(self, language: Language) -> str:
        where = _where(self.street, self.cross_streets, language)
        if language == "zh":
            return f"{where}改为单向{self.lanes:g}车道"
        return f"{where}: {_lanes(self.lanes)} each way"


@dataclass(frozen=True, kw_only=True)
class SetSpeedLimit(Measure):
    """Sets the free speed of a street (km/h); capacity per lane stays."""

    speed_kmh: float
    street: str = ""
    cross_streets: tuple[str, str] | None = None
    near: tuple[float, float] | None = None
    direction: Direction = "both"

    def __post_init__(self) -> None:
        part_faults = _part_faults(self.street, self.cross_streets, self.near)
        refuse(self, [*part_faults, *_speed_faults(self.speed_kmh)])

    def edits(self, city: City) -> tuple[Edit, ...]:
        links = _open_part(city, self.street, self.cross_streets, self.near, self.direction)
        _refuse_too_slow(links, self.speed_kmh)
        return tuple(Edit("link", link.id, "free_speed_mps", mps_from_kmh(self.speed_kmh)) for link in links)

    def describe(self, language: Language) -> str:
        where = _where(self.street, self.cross_streets, language)
        if language == "zh":
            return f"{where}限速{self.speed_kmh:g}公里/小时"
        return f"{where}: speed limit {self.speed_kmh:g} km/h"


@dataclass(frozen=True, kw_only=True)
class WorkZone(Measure):
    """Leaves `lanes_open` lanes per direction (0: none) on a street, in the `between` hours of every day or always.

    Links that have no more lanes than that keep theirs. `speed_kmh` None: the speed stays.
    """

    lanes_open: float
    street: str = ""
    cross_streets: tuple[str, str] | None = None
    near: tuple[float, float] | None = None
    direction: Direction = "both"
    between: TimeWindow | None = None
    speed_kmh: float | None = None

    def __post_init__(self) -> None:
        faults = [*_part_faults(self.street, self.cross_streets, self.near), *_speed_faults(self.speed_kmh)]
        if not 0 <= self.lanes_open <= MOST_LANES:
            faults.append(f"lanes_open is {self.lanes_open:g}, must be 0 to {MOST_LANES:g}")
        refuse(self, faults)

    def edits(self, city: City) -> tuple[Edit, ...]:
        links = _open_part(city, self.street, self.cross_streets, self.near, self.direction)
        narrowed = [link for link in links if link.lanes > self.lanes_open]
        if not narrowed:
            most = max(link.lanes for link in links)
            raise ScenarioError(
                f"{self.street or 'the street'} has {most:g} lanes each way at most: "
                f"lanes_open = {self.lanes_open:g} takes none away"
            )
        if self.speed_kmh is not None and self.lanes_open > 0:
            _refuse_too_slow(narrowed, self.speed_kmh)
        window = self.between or TimeWindow(0.0, 2.0 * DAY_S)
        return _changes(narrowed, window, lanes=self.lanes_open, speed_kmh=self.speed_kmh)

    def describe(self, language: Language) -> str:
        where, hours = _where(self.street, self.cross_streets, language), _hours(self.between)
        if language == "zh":
            return f"{where}施工{hours}，单向保留{self.lanes_open:g}车道"
        return f"works on {where}{hours}, {_lanes(self.lanes_open)} open each way"


def _open_part(
    city: City,
    street: str,
    cross_streets: tuple[str, str] | None,
    near: tuple[float, float] | None,
    direction: Direction,
) -> list[Link]:
    """The part of a street that is open on the city's date."""
    links = part_of_street(city.network, street=street, cross_streets=cross_streets, near=near, direction=direction)
    is_open = [link for link in links if link.is_open_on(city.date)]
    if not is_open:
        raise ScenarioError(f"{street or 'the street'} is not open on {city.date}: there is nothing to change")
    return is_open


def _changes(
    links: list[Link], window: TimeWindow, *, lanes: float, speed_kmh: float | None = None
) -> tuple[Edit, ...]:
    """Edits that change links in the same hours of every day: hours past midnight hold in the first night too."""
    windows = [window]
    if window.end_s > DAY_S and window.start_s > 0:
        windows.insert(0, TimeWindow(0.0, window.end_s - DAY_S))
    speed_mps = None if speed_kmh is None else mps_from_kmh(speed_kmh)
    return tuple(Edit("link", link.id, "changes", LinkChange(w, lanes, speed_mps)) for link in links for w in windows)


def _part_faults(street: str, cross_streets: tuple[str, str] | None, near: tuple[float, float] | None) -> Iterator[str]:
    if not street and near is None:
        yield "say which street: `street`, or a place `near` it as [longitude, latitude]"
    if cross_streets is not None and near is not None:
        yield "give `cross_streets` or `near`, not both"
    if cross_streets is not None and not street:
        yield "`cross_streets` needs `street`"


def _lane_faults(field: str, lanes: float) -> Iterator[str]:
    if not 0 < lanes <= MOST_LANES:
        yield f"{field} is {lanes:g}, must be above 0 and at most {MOST_LANES:g} per direction"


def _speed_faults(speed_kmh: float | None) -> Iterator[str]:
    if speed_kmh is not None and not 5.0 <= speed_kmh <= FASTEST_KMH:
        yield f"speed_kmh is {speed_kmh:g}, must be 5 to {FASTEST_KMH:g}"


def _refuse_too_slow(links: list[Link], speed_kmh: float) -> None:
    """At very low speed a lane's capacity would need more than bumper-to-bumper traffic."""
    for link in links:
        slowest_kmh = link.capacity_vph / link.jam_density_vpkm
        if speed_kmh <= slowest_kmh:
            raise ScenarioError(
                f"{speed_kmh:g} km/h is too slow for {link.name or link.id}: its lanes carry {link.capacity_vph:g} "
                f"vehicles an hour, which needs more than {slowest_kmh:.1f} km/h "
                f"(it has {kmh_from_mps(link.free_speed_mps):.0f} km/h)"
            )


def _where(street: str, cross_streets: tuple[str, str] | None, language: Language) -> str:
    named = street or ("无名路段" if language == "zh" else "a street without a name")
    if cross_streets is None:
        return named
    first, second = cross_streets
    return f"{named}({first}—{second})" if language == "zh" else f"{named} ({first} to {second})"


def _lanes(count: float) -> str:
    return "1 lane" if count == 1 else f"{count:g} lanes"


def _hours(between: TimeWindow | None) -> str:
    return "" if between is None else f" {between}"
