"""Measures on streets that are there: close, widen or narrow, slow down, dig up, give a lane to buses."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from twin.city.city import City
from twin.city.network import BusLane, Link, LinkChange
from twin.clock import DAY_S, TimeWindow
from twin.errors import ScenarioError
from twin.scenario.measure import Edit
from twin.scenario.street_part_measure import StreetMeasure
from twin.scenario.street_values import MOST_LANES, lane_faults, lane_words, speed_faults
from twin.units import kmh_from_mps, mps_from_kmh
from twin.wording import Language

Dates = tuple[datetime.date, datetime.date]
"""First and last day on which a measure holds."""


@dataclass(frozen=True, kw_only=True)
class CloseLink(StreetMeasure):
    """Closes a street or a part of it; with `between` hours only in these hours of every day.

    `dates`: first and last day; the city's date must lie between them.
    """

    between: TimeWindow | None = None
    dates: Dates | None = None

    def _own_faults(self) -> Iterator[str]:
        yield from _date_faults(self.dates)

    def edits(self, city: City) -> tuple[Edit, ...]:
        _refuse_other_days(city, self.dates)
        links = self.open_part(city)
        if self.between is None:
            return tuple(Edit("link", link.id, "closed_on", city.date) for link in links)
        return _changes(links, self.between, lanes=0.0)

    def describe(self, language: Language) -> str:
        where, hours = self.where(language), _hours(self.between)
        return f"封闭{where}{hours}" if language == "zh" else f"close {where}{hours}"


@dataclass(frozen=True, kw_only=True)
class ChangeLanes(StreetMeasure):
    """Gives a street so many lanes per direction; capacity per lane stays."""

    lanes: float

    def _own_faults(self) -> Iterator[str]:
        yield from lane_faults("lanes", self.lanes)

    def edits(self, city: City) -> tuple[Edit, ...]:
        links = self.open_part(city)
        for link in links:
            if link.bus_lane is not None and self.lanes <= link.bus_lane.lanes:
                raise ScenarioError(
                    f"{link.name or link.id} has a bus lane: {lane_words(self.lanes)} leave none for all"
                )
        return tuple(Edit("link", link.id, "lanes", self.lanes) for link in links)

    def describe(self, language: Language) -> str:
        where = self.where(language)
        if language == "zh":
            return f"{where}改为单向{self.lanes:g}车道"
        return f"{where}: {lane_words(self.lanes)} each way"


@dataclass(frozen=True, kw_only=True)
class SetSpeedLimit(StreetMeasure):
    """Sets the free speed of a street (km/h); capacity per lane stays."""

    speed_kmh: float

    def _own_faults(self) -> Iterator[str]:
        yield from speed_faults(self.speed_kmh)

    def edits(self, city: City) -> tuple[Edit, ...]:
        links = self.open_part(city)
        _refuse_too_slow(links, self.speed_kmh)
        return tuple(Edit("link", link.id, "free_speed_mps", mps_from_kmh(self.speed_kmh)) for link in links)

    def describe(self, language: Language) -> str:
        where = self.where(language)
        if language == "zh":
            return f"{where}限速{self.speed_kmh:g}公里/小时"
        return f"{where}: speed limit {self.speed_kmh:g} km/h"


@dataclass(frozen=True, kw_only=True)
class WorkZone(StreetMeasure):
    """Leaves `lanes_open` lanes per direction (0: none) on a street, in the `between` hours of every day or always.

    Links that have no more lanes than that keep theirs. `speed_kmh` None: the speed stays. `dates`: first and last day
    of the works; the city's date must lie between them.
    """

    lanes_open: float
    between: TimeWindow | None = None
    speed_kmh: float | None = None
    dates: Dates | None = None

    def _own_faults(self) -> Iterator[str]:
        yield from speed_faults(self.speed_kmh)
        if not 0 <= self.lanes_open <= MOST_LANES:
            yield f"lanes_open is {self.lanes_open:g}, must be 0 to {MOST_LANES:g}"
        yield from _date_faults(self.dates)

    def edits(self, city: City) -> tuple[Edit, ...]:
        _refuse_other_days(city, self.dates)
        links = self.open_part(city)
        narrowed = [link for link in links if link.lanes > self.lanes_open]
        if not narrowed:
            most = max(link.lanes for link in links)
            raise ScenarioError(
                f"{self._called} has {most:g} lanes each way at most: lanes_open = {self.lanes_open:g} takes none away"
            )
        if self.speed_kmh is not None and self.lanes_open > 0:
            _refuse_too_slow(narrowed, self.speed_kmh)
        window = self.between or TimeWindow(0.0, 2.0 * DAY_S)
        return _changes(narrowed, window, lanes=self.lanes_open, speed_kmh=self.speed_kmh)

    def describe(self, language: Language) -> str:
        where, hours = self.where(language), _hours(self.between) + _days(self.dates)
        if language == "zh":
            return f"{where}施工{hours}，单向保留{self.lanes_open:g}车道"
        return f"works on {where}{hours}, {lane_words(self.lanes_open)} open each way"


@dataclass(frozen=True, kw_only=True)
class AddBusLane(StreetMeasure):
    """Gives one lane per direction of a street to buses, in these `hours` of every day; (): all day.

    The lane is at the kerb. `narrow`: what is done where a direction has fewer than two lanes: "refuse" the measure,
    "leave_out" those links, or "widen" them by the lane. Links that have a bus lane get the hours beside its own.
    """

    hours: tuple[TimeWindow, ...] = ()
    narrow: Literal["refuse", "leave_out", "widen"] = "refuse"

    def edits(self, city: City) -> tuple[Edit, ...]:
        links = self.open_part(city)
        with_lane = [(link, self._bus_lane_of(link)) for link in links]
        changed = [(link, lane) for link, lane in with_lane if lane != link.bus_lane]
        if not changed:
            raise ScenarioError(f"{self._called} has that bus lane already: there is nothing to change")
        wide = [(link, lane) for link, lane in changed if link.bus_lane is not None or link.lanes >= 2.0]
        if len(wide) < len(changed) and self.narrow == "refuse":
            narrow = next(link for link, _ in changed if link.bus_lane is None and link.lanes < 2.0)
            raise ScenarioError(
                f"{len(changed) - len(wide)} of {len(changed)} links of {self._called} have no second "
                f"lane to give (link {narrow.id}: {lane_words(narrow.lanes)}): choose another part, or write "
                "narrow = 'leave_out' or 'widen'"
            )
        if not wide and self.narrow == "leave_out":
            raise ScenarioError(f"no link of {self._called} has a second lane to give")
        widened = [] if self.narrow == "leave_out" else [link for link, lane in changed if (link, lane) not in wide]
        edits = [Edit("link", link.id, "lanes", link.lanes + 1.0) for link in widened]
        kept = wide if self.narrow == "leave_out" else changed
        return (*edits, *(Edit("link", link.id, "bus_lane", lane) for link, lane in kept))

    def _bus_lane_of(self, link: Link) -> BusLane:
        """The bus lane that a link has then."""
        old = link.bus_lane
        if old is None:
            return BusLane(self.hours)
        if not self.hours or not old.hours:
            return replace(old, hours=())
        return replace(old, hours=tuple(dict.fromkeys((*old.hours, *self.hours))))

    def describe(self, language: Language) -> str:
        where = self.where(language)
        hours = " ".join(str(window) for window in self.hours)
        if language == "zh":
            return f"{where}设公交专用道{f' {hours}' if hours else '(全天)'}"
        return f"bus lane on {where} {hours or 'all day'}"


def _changes(
    links: list[Link], window: TimeWindow, *, lanes: float, speed_kmh: float | None = None
) -> tuple[Edit, ...]:
    """Edits that change links in the same hours of every day: hours past midnight hold in the first night too."""
    windows = [window]
    if window.end_s > DAY_S and window.start_s > 0:
        windows.insert(0, TimeWindow(0.0, window.end_s - DAY_S))
    speed_mps = None if speed_kmh is None else mps_from_kmh(speed_kmh)
    return tuple(Edit("link", link.id, "changes", LinkChange(w, lanes, speed_mps)) for link in links for w in windows)


def _date_faults(dates: Dates | None) -> Iterator[str]:
    if dates is not None and dates[1] < dates[0]:
        yield f"dates end on {dates[1]}, before they begin on {dates[0]}"


def _refuse_other_days(city: City, dates: Dates | None) -> None:
    if dates is not None and not dates[0] <= city.date <= dates[1]:
        raise ScenarioError(
            f"it holds from {dates[0]} to {dates[1]}, and the scenario's date is {city.date}: set `date` to a day of it"
        )


def _days(dates: Dates | None) -> str:
    return "" if dates is None else f" {dates[0]}–{dates[1]}"


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


def _hours(between: TimeWindow | None) -> str:
    return "" if between is None else f" {between}"
