"""More spaces: kerbs, car parks and garages that are built. How parking is run: `parking_rules`, `parking_policies`."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from twin.city.city import City
from twin.city.ground import ground_of
from twin.city.network import Link
from twin.city.parking import ParkingSite, SiteKind, Tariff
from twin.city.zones import Zone
from twin.errors import ScenarioError
from twin.scenario.measure import NEW, Edit, Measure, refuse
from twin.scenario.parking_rules import GUIDED_PRICE, percent_hint, tariff_faults
from twin.scenario.street_parts import NEAR_M, part_of_street
from twin.wording import Language

_KINDS = {"kerb": ("路内", "kerb"), "lot": ("地面停车场", "a car park"), "garage": ("停车楼或地下库", "a garage")}
_NO_ENTRANCE = ("motorway", "trunk")


@dataclass(frozen=True, kw_only=True)
class AddParking(Measure):
    """New public spaces `at` a place, or halfway along a `street` (or its part between two cross streets).

    Drivers enter from the nearest street within 150 m that is no motorway or trunk road. `taken_share`: share of
    the new spaces taken before a run begins (0 to 1). `tariff` left out: Yantai's guided price. `gate_s`: seconds one
    car takes at the gate; 0: none. Kerb spaces at a place lie along the street they are entered from.
    """

    spaces: int
    site_kind: SiteKind = "lot"
    at: tuple[float, float] | None = None
    street: str = ""
    cross_streets: tuple[str, str] | None = None
    name: str = ""
    tariff: Tariff = GUIDED_PRICE
    taken_share: float = 0.0
    gate_s: float = 0.0
    charging_spaces: int = 0

    def __post_init__(self) -> None:
        refuse(self, self._faults())

    def _faults(self) -> Iterator[str]:
        if (self.at is None) == (not self.street):
            yield "say where: either `at` as [longitude, latitude], or `street`"
        if self.cross_streets is not None and not self.street:
            yield "`cross_streets` needs `street`"
        if not 1 <= self.spaces <= 20_000:
            yield f"spaces is {self.spaces}, must be 1 to 20,000"
        if self.site_kind not in get_args(SiteKind):
            yield f"site_kind is {self.site_kind!r}, must be one of {', '.join(get_args(SiteKind))}"
        if not 0.0 <= self.taken_share <= 1.0:
            yield f"taken_share is {self.taken_share:g}, must be a share from 0 to 1{percent_hint(self.taken_share)}"
        if not 0.0 <= self.gate_s <= 600.0:
            yield f"gate_s is {self.gate_s:g}, must be 0 to 600 s"
        if not 0 <= self.charging_spaces <= self.spaces:
            yield f"charging_spaces is {self.charging_spaces}, must be 0 to {self.spaces}"
        yield from tariff_faults(self.tariff)

    def edits(self, city: City) -> tuple[Edit, ...]:
        (lon, lat), link = self._place(city)
        content = f"{lon:.6f},{lat:.6f},{self.site_kind},{self.spaces}"
        site = ParkingSite(
            id=f"new-{hashlib.blake2b(content.encode(), digest_size=6).hexdigest()}",
            name=self.name or self.id,
            kind=self.site_kind,
            lon=lon,
            lat=lat,
            link_id=link.id,
            zone_id=_zone_at(city, lon, lat),
            spaces=self.spaces,
            occupied_at_start=round(self.spaces * self.taken_share),
            tariff=self.tariff,
            gate_s=self.gate_s,
            charging_spaces=self.charging_spaces,
            assumed=frozenset({"entrance"}),
        )
        return (Edit("site", site.id, NEW, site),)

    def _place(self, city: City) -> tuple[tuple[float, float], Link]:
        network = city.network
        if self.at is None:
            links = part_of_street(network, street=self.street, cross_streets=self.cross_streets)
            is_open = [link for link in links if link.is_open_on(city.date)]
            if not is_open:
                raise ScenarioError(f"{self.street} is not open on {city.date}: nobody could park there")
            return _middle(city, is_open)
        among = {
            link.id for link in network.links if link.is_open_on(city.date) and link.road_class not in _NO_ENTRANCE
        }
        near = ground_of(network).links_near(*self.at, NEAR_M, among=among)
        if not near:
            raise ScenarioError(
                f"no street to enter from within {NEAR_M:.0f} m of [{self.at[0]}, {self.at[1]}] "
                "(motorways and trunk roads left aside): move the place nearer to a street"
            )
        # Of the two directions of the street take the one whose end is nearer: the entrance is at a link's end.
        closest = [n for n in near if n.distance_m <= near[0].distance_m + 1.0]
        link_of = network.link_by_id
        best = min(closest, key=lambda n: link_of[n.link_id].length_m - n.along_m)
        return self.at, link_of[best.link_id]

    def describe(self, language: Language) -> str:
        zh, en = _KINDS[self.site_kind]
        where = self.name or self.street or self.id
        return f"{where}新增{zh}泊位{self.spaces}个" if language == "zh" else f"{self.spaces} spaces in {en}: {where}"


def _middle(city: City, links: list[Link]) -> tuple[tuple[float, float], Link]:
    """The end of the link halfway along a stretch: where its entrance is."""
    nodes, ground = city.network.node_by_id, ground_of(city.network)
    ends = [nodes[link.to_node] for link in links]
    xy = ground.xy([node.lon for node in ends], [node.lat for node in ends])
    offset = ((xy - xy.mean(axis=0)) ** 2).sum(axis=1)
    at = int(offset.argmin())
    return (ends[at].lon, ends[at].lat), links[at]


def _zone_at(city: City, lon: float, lat: float) -> str:
    """The zone whose middle is nearest; "" in a city without zones."""
    zones: list[Zone] = [zone for zone in city.zones if zone.kind == "zone"]
    if not zones:
        return ""
    ground = ground_of(city.network)
    return min(zones, key=lambda zone: (ground.crow_m((lon, lat), (zone.lon, zone.lat)), zone.id)).id
