"""How single sites are run: prices, time limits, permits, and private spaces that strangers may use for hours."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from twin.city.city import City
from twin.city.ground import ground_of
from twin.city.parking import ParkingSite, SiteKind, Tariff
from twin.clock import TimeWindow
from twin.errors import ScenarioError
from twin.scenario.measure import NEW, Edit, Measure, refuse
from twin.scenario.street_parts import nearest_words
from twin.wording import Language

GUIDED_PRICE = Tariff()


@dataclass(frozen=True, kw_only=True)
class SiteMeasure(Measure):
    """A measure on sites: on `sites` by name or id, on those within `within_m` of a place `near`, on those of `zones`
    by id, or, with `everywhere`, on every site of the city; `site_kind` keeps one kind of them."""

    sites: tuple[str, ...] = ()
    near: tuple[float, float] | None = None
    within_m: float = 500.0
    zones: tuple[str, ...] = ()
    everywhere: bool = False
    site_kind: SiteKind | None = None  # None: all kinds

    def __post_init__(self) -> None:
        refuse(self, [*self._own_faults(), *self._where_faults()])

    def _own_faults(self) -> Iterator[str]:
        """What is wrong with the fields of the measure's own."""
        yield from ()

    def _where_faults(self) -> Iterator[str]:
        if [bool(self.sites), self.near is not None, bool(self.zones), self.everywhere].count(True) != 1:
            yield "say which sites: `sites`, or `near` a place, or `zones`, or `everywhere = true`"
        if not self.within_m > 0:
            yield f"within_m is {self.within_m:g}, must be positive"

    def meant(self, city: City, among: tuple[ParkingSite, ...] | None = None) -> list[ParkingSite]:
        """The sites it is about, never none. `among` None: the public sites of the city."""
        pool = city.sites if among is None else among
        found = [site for site in self._named(city, pool) if self.site_kind in (None, site.kind)]
        if not found:
            kinds = f" of kind {self.site_kind}" if self.site_kind else ""
            raise ScenarioError(f"no parking site{kinds} there; {self._nearest(city, pool)}")
        return found

    def _named(self, city: City, pool: tuple[ParkingSite, ...]) -> list[ParkingSite]:
        if self.everywhere:
            return list(pool)
        if self.near is not None:
            ground, place = ground_of(city.network), self.near
            return [s for s in pool if ground.crow_m(place, (s.lon, s.lat)) <= self.within_m]
        if self.zones:
            known = {zone.id for zone in city.zones}
            _refuse_unknown("zone", self.zones, known)
            return [site for site in pool if site.zone_id in self.zones]
        _refuse_unknown("parking site", self.sites, {name for site in pool for name in (site.id, site.name)})
        return [site for site in pool if site.id in self.sites or site.name in self.sites]

    def _nearest(self, city: City, pool: tuple[ParkingSite, ...]) -> str:
        if self.near is None or not pool:
            return f"the city has {len(pool)} sites"
        ground, place = ground_of(city.network), self.near
        far_m, site = min(((ground.crow_m(place, (s.lon, s.lat)), s) for s in pool), key=lambda pair: pair[0])
        return f"the nearest site is {site.name} ({site.kind}), {far_m:.0f} m away"

    def where(self, language: Language) -> str:
        """Which sites, in words."""
        if language == "zh":
            return "全市" if self.everywhere else "、".join(self.sites or self.zones) or f"{self.within_m:g}米范围内"
        names = ", ".join(self.sites) or (f"zones {', '.join(self.zones)}" if self.zones else "")
        return "all sites" if self.everywhere else names or f"sites within {self.within_m:g} m"


def _refuse_unknown(kind: str, names: tuple[str, ...], known: set[str]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ScenarioError("; ".join(f"no {kind} {name!r}. {nearest_words(name, known)}" for name in unknown))


@dataclass(frozen=True, kw_only=True)
class SetTariff(SiteMeasure):
    """Sets the price of parking, in `busy_hours` of the tariff another one."""

    tariff: Tariff

    def _own_faults(self) -> Iterator[str]:
        yield from tariff_faults(self.tariff)

    def edits(self, city: City) -> tuple[Edit, ...]:
        return tuple(Edit("site", site.id, "tariff", self.tariff) for site in self.meant(city))

    def describe(self, language: Language) -> str:
        price, where = self.tariff.half_hour_yuan, self.where(language)
        busy, hours = self.tariff.busy_half_hour_yuan, ", ".join(map(str, self.tariff.busy_hours))
        if language == "zh":
            return f"{where}停车价格改为每半小时{price:g}元" + (f"，{hours}为{busy:g}元" if hours else "")
        return f"{where}: {price:g} yuan a half-hour" + (f", {busy:g} in {hours}" if hours else "")


@dataclass(frozen=True, kw_only=True)
class LimitStay(SiteMeasure):
    """Nobody may stay longer than so many minutes. Drivers obey: who wants to stay longer goes elsewhere."""

    longest_stay_min: float

    def _own_faults(self) -> Iterator[str]:
        if not 1.0 <= self.longest_stay_min <= 10_000.0:
            yield f"longest_stay_min is {self.longest_stay_min:g}, must be 1 to 10,000 minutes"

    def edits(self, city: City) -> tuple[Edit, ...]:
        longest_s = 60.0 * self.longest_stay_min
        return tuple(Edit("site", site.id, "longest_stay_s", longest_s) for site in self.meant(city))

    def describe(self, language: Language) -> str:
        where, minutes = self.where(language), self.longest_stay_min
        return f"{where}限时停车{minutes:g}分钟" if language == "zh" else f"{where}: {minutes:g} minutes at most"


@dataclass(frozen=True, kw_only=True)
class RequirePermit(SiteMeasure):
    """Only holders of a permit may park; `holders_share`: of the drivers who look for public spaces. `open_hours`: when
    everybody may."""

    holders_share: float
    open_hours: tuple[TimeWindow, ...] = ()

    def _own_faults(self) -> Iterator[str]:
        yield from share_faults("holders_share", self.holders_share)

    def edits(self, city: City) -> tuple[Edit, ...]:
        sites = self.meant(city)
        return (
            Edit("policy", "parking", "permit_share", self.holders_share),
            *(Edit("site", site.id, "access", "permit") for site in sites),
            *(Edit("site", site.id, "shared_hours", self.open_hours) for site in sites if self.open_hours),
        )

    def describe(self, language: Language) -> str:
        where, percent = self.where(language), 100 * self.holders_share
        if language == "zh":
            return f"{where}凭证停车，{percent:g}%的停车者持证"
        return f"{where}: permits only, held by {percent:g} % of drivers"


@dataclass(frozen=True, kw_only=True)
class ShareParking(SiteMeasure):
    """Opens spaces of housing estates and offices to anybody in `hours` (错时共享): of each private lot meant, `share`
    of all its spaces. `use` keeps one of the two. Who parks there must be gone when the hours end.

    Its own users keep the rest; that they need the shared ones back outside the hours is why a stay must end within.
    """

    hours: tuple[TimeWindow, ...]
    share: float
    use: Literal["homes", "offices"] | None = None  # None: both
    tariff: Tariff = GUIDED_PRICE

    def _own_faults(self) -> Iterator[str]:
        yield from share_faults("share", self.share)
        yield from tariff_faults(self.tariff)
        if not self.hours:
            yield "hours is empty: say when strangers may park, such as [['08:00', '18:00']]"

    def edits(self, city: City) -> tuple[Edit, ...]:
        pool = tuple(site for site in city.private_sites if self.use in (None, use_of(site)))
        if not pool:
            raise ScenarioError(f"no private parking{f' of {self.use}' if self.use else ''} is known in {city.place}")
        shared = [self._shared(site) for site in self.meant(city, pool)]
        edits = tuple(Edit("site", site.id, NEW, site) for site in shared if site.spaces > 0)
        if not edits:
            raise ScenarioError(f"a share of {self.share:g} is not one space of any private lot there")
        return edits

    def _shared(self, site: ParkingSite) -> ParkingSite:
        """The part of a private lot that is shared, empty when the run begins: its users stand on the rest."""
        return replace(
            site, id=f"shared-{site.id}", spaces=int(self.share * site.spaces), occupied_at_start=0,
            shared_hours=self.hours, tariff=self.tariff,
        )  # fmt: skip

    def describe(self, language: Language) -> str:
        where, percent, hours = self.where(language), 100 * self.share, ", ".join(map(str, self.hours))
        if language == "zh":
            whose = {"homes": "居住区", "offices": "单位", None: "居住区和单位"}[self.use]
            return f"{where}{whose}泊位{percent:g}%错时共享({hours})"
        whose = {"homes": "housing estates", "offices": "offices", None: "housing estates and offices"}[self.use]
        return f"{where}: {percent:g} % of the spaces of {whose} open to all, {hours}"


def use_of(site: ParkingSite) -> Literal["homes", "offices"]:
    """Whose a private lot is: permits are of residents, the rest of those who work there."""
    return "homes" if site.access == "permit" else "offices"


def tariff_faults(tariff: Tariff) -> Iterator[str]:
    """What is wrong with the numbers of a tariff."""
    for name in ("half_hour_yuan", "day_cap_yuan", "night_cap_yuan", "free_s"):
        if not 0.0 <= getattr(tariff, name) < 100_000.0:
            yield f"tariff.{name} is {getattr(tariff, name):g}, must be at least 0 and below 100,000"
    for field in ("first_half_hour_yuan", "busy_half_hour_yuan"):
        value = getattr(tariff, field)
        if value is not None and not 0.0 <= value < 100_000.0:
            yield f"tariff.{field} is {value:g}, must be at least 0 and below 100,000"


def share_faults(name: str, share: float) -> Iterator[str]:
    """What is wrong with a share."""
    if not 0.0 <= share <= 1.0:
        yield f"{name} is {share:g}, must be a share from 0 to 1{percent_hint(share)}"


def percent_hint(share: float) -> str:
    """What to write where somebody meant per cent."""
    return f": for {share:g} % write {share / 100:g}" if 1.0 < share <= 100.0 else ""
