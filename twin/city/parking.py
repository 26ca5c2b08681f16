"""Parking: sites with spaces, and what they cost."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

SiteKind = Literal["kerb", "lot", "garage"]


@dataclass(frozen=True, slots=True)
class Tariff:
    """Price of parking. Yantai's guided price: 1 yuan a half-hour, 20 a day, 5 a night (烟发改价格〔2022〕77号)."""

    half_hour_yuan: float = 1.0
    day_cap_yuan: float = 20.0
    night_cap_yuan: float = 5.0
    free_s: float = 0.0

    def fee_yuan(self, stay_s: float) -> float:
        """Fee of one daytime stay (yuan), by started half-hours, capped for each started 24 h.

        >>> Tariff().fee_yuan(2 * 3600)
        4.0
        """
        if stay_s <= self.free_s:
            return 0.0
        days, rest_s = divmod(stay_s, 86_400.0)
        half_hours = -(-rest_s // 1800.0)
        return days * self.day_cap_yuan + min(self.day_cap_yuan, half_hours * self.half_hour_yuan)


@dataclass(frozen=True, slots=True)
class ParkingSite:
    """Public spaces reached from the downstream end of `link_id`; placed on the ground by lon and lat.

    `occupied_at_start`: spaces taken when a run begins, by cars that stay through it.
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
