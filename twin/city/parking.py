"""Parking: sites with spaces, what they cost, who may use them when, and how the city runs them.

Leaves out who parks where: that is of the day (`twin.sim.driver`).
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from twin.clock import DAY_S, TimeWindow

SiteKind = Literal["kerb", "lot", "garage"]
Access = Literal["public", "permit", "staff"]
"""Who may park: anybody; holders of a permit (residents of the quarter); those who belong to the house."""

HALF_HOUR_S = 1800.0
NIGHT = TimeWindow.between("20:00", "08:00")
"""Hours in which the night cap holds (assumed: the tariff says 夜间 and no hours)."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """Price of parking. Yantai's guided price: 1 yuan a half-hour, 20 a day, 5 a night (烟发改价格〔2022〕77号).

    In `busy_hours` a half-hour costs `busy_half_hour_yuan` instead.
    """

    half_hour_yuan: float = 1.0
    day_cap_yuan: float = 20.0
    night_cap_yuan: float = 5.0
    free_s: float = 0.0
    first_half_hour_yuan: float | None = None  # None: as every other
    busy_hours: tuple[TimeWindow, ...] = ()
    busy_half_hour_yuan: float = 0.0

    def fee_yuan(self, stay_s: float, *, from_s: float | None = None) -> float:
        """Fee of one stay (yuan), by started half-hours, capped for each started 24 h and each night.

        `from_s` None: a stay by day, outside busy hours.

        >>> Tariff().fee_yuan(2 * 3600)
        4.0
        >>> Tariff().fee_yuan(12 * 3600, from_s=20 * 3600)
        5.0
        """
        if stay_s <= self.free_s or stay_s <= 0.0:
            return 0.0
        half_hours = int(-(-stay_s // HALF_HOUR_S))
        slot = -1 if from_s is None else int(from_s % DAY_S // HALF_HOUR_S)
        return _fee_yuan(self, half_hours, slot)

    def price_yuan(self, at_s: float) -> float:
        """Price of a half-hour that begins at that time of day (yuan), caps left aside."""
        is_busy = any(_is_within(window, at_s) for window in self.busy_hours)
        return self.busy_half_hour_yuan if is_busy else self.half_hour_yuan


@lru_cache(maxsize=1 << 16)
def _fee_yuan(tariff: Tariff, half_hours: int, slot: int) -> float:
    """Fee of so many half-hours from the given one of the day on; slot −1: all of them by day."""
    a_day = int(DAY_S // HALF_HOUR_S)
    days, rest = divmod(half_hours, a_day)
    first_day = _day_yuan(tariff, min(half_hours, a_day), slot, tariff.first_half_hour_yuan)
    if days == 0 or half_hours == a_day:
        return first_day
    return first_day + (days - 1) * _day_yuan(tariff, a_day, slot, None) + _day_yuan(tariff, rest, slot, None)


def _day_yuan(tariff: Tariff, half_hours: int, slot: int, first_yuan: float | None) -> float:
    """Fee of half-hours within 24 h; `first_yuan`: price of the first, None: as the others."""
    by_day = by_night = 0.0
    for number in range(half_hours):
        at_s = (slot + number) * HALF_HOUR_S
        price = tariff.half_hour_yuan if slot < 0 else tariff.price_yuan(at_s)
        if number == 0 and first_yuan is not None:
            price = first_yuan
        if slot >= 0 and _is_within(NIGHT, at_s):
            by_night += price
        else:
            by_day += price
    return min(tariff.day_cap_yuan, by_day + min(tariff.night_cap_yuan, by_night))


def _is_within(window: TimeWindow, at_s: float) -> bool:
    """Whether a time of day lies in a window that may run over midnight."""
    at_s = at_s % DAY_S
    return at_s in window or at_s + DAY_S in window


@dataclass(frozen=True, slots=True)
class ParkingSite:
    """Spaces reached from the downstream end of `link_id`; placed on the ground by lon and lat.

    `occupied_at_start`: spaces taken when a run begins. `shared_hours`: when anybody may use spaces that are not
    public (错时共享); who comes must be gone by the end. `local_street_m`: the spaces lie along so many metres of local
    streets that the network does not have, and are looked for there (0: along the link itself, seen in passing).
    """

    id: str
    name: str
    kind: SiteKind
    lon: float
    lat: float
    link_id: str
    zone_id: str
    spaces: int
    occupied_at_start: int = 0
    tariff: Tariff = Tariff()
    opened_on: date | None = None
    assumed: frozenset[str] = frozenset()
    side: Literal["", "left", "right"] = ""  # of the street, for kerb spaces; "": not known, or no kerb
    access: Access = "public"
    hours: TimeWindow | None = None  # None: open day and night
    shared_hours: tuple[TimeWindow, ...] = ()
    longest_stay_s: float | None = None  # None: no limit
    gate_s: float = 0.0  # time one car takes at the gate; 0: no gate
    gates: int = 1
    gate_room: int = 3  # cars that wait for the gate off the street
    charging_spaces: int = 0  # among `spaces`
    local_street_m: float = 0.0
    start_stay_s: float | None = None  # mean time until those parked at the start leave; None: not in this run

    def admits(self, from_s: float, stay_s: float, *, has_permit: bool = False) -> bool:
        """Whether a stranger (or holder of a permit) may stay there from a time of day on for so long.

        >>> night = (TimeWindow.between("18:00", "07:00"),)
        >>> office = ParkingSite("P", "", "lot", 0.0, 0.0, "a", "Z", 9, access="staff", shared_hours=night)
        >>> [office.admits(hour * 3600, 3600) for hour in (3, 6.5, 12, 18)]
        [True, False, False, True]
        """
        if self.longest_stay_s is not None and stay_s > self.longest_stay_s:
            return False
        if self.hours is not None and not _is_within(self.hours, from_s):
            return False
        if self.access == "public" or (self.access == "permit" and has_permit):
            return True
        return any(_holds(window, from_s, stay_s) for window in self.shared_hours)


def _holds(window: TimeWindow, from_s: float, stay_s: float) -> bool:
    """Whether a stay lies within a window of the day."""
    from_s = from_s % DAY_S
    return any(window.start_s <= start and start + stay_s <= window.end_s for start in (from_s, from_s + DAY_S))


@dataclass(frozen=True, slots=True)
class ParkingPolicy:
    """How parking is run, city-wide; the defaults are Yantai as it is (assumed).

    Shares are of drivers who look for a public space. Who is guided sees how full sites are, as it was up to
    `guidance_delay_s` ago; of the others `experienced_share` know how full they usually are at the hour. Who books
    has a space kept from setting out on, or does not set out. `enforcement`: chance that an illegal stop is fined.
    """

    experienced_share: float = 0.7
    guided_share: float = 0.0
    guidance_delay_s: float = 300.0
    booking_share: float = 0.0
    permit_share: float = 0.0
    enforcement: float = 0.1
    fine_yuan: float = 100.0


AS_IT_IS = ParkingPolicy()
"""No guidance, no booking, little enforcement."""
