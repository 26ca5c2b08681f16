"""What a new parking space costs, and from how many minutes of drivers' time a day it is worth that.

All numbers are assumed [A]: no bill of quantities for Yantai is published. They are here to be replaced.
"""

from dataclasses import dataclass

from twin.city.parking import SiteKind
from twin.clock import TimeWindow

LARGEST_LOT = 150
"""More spaces than this in one place are taken for a garage (assumed)."""


@dataclass(frozen=True, slots=True)
class SpaceCost:
    """A kind of space: to build (yuan), to run for a year (yuan), and land it takes (m²)."""

    build_yuan: float
    run_yuan_a_year: float
    land_m2: float


SPACE_COSTS: dict[SiteKind, SpaceCost] = {
    "kerb": SpaceCost(1_000.0, 300.0, 0.0),  # paint, sign and meter [A]
    "lot": SpaceCost(15_000.0, 500.0, 30.0),  # paving, drainage, gate; land apart [A]
    "garage": SpaceCost(80_000.0, 1_500.0, 6.0),  # 停车楼 of five floors; underground costs about twice as much [A]
}

YEARS = 25  # life of a space [A]
INTEREST = 0.05  # a year [A]
DAYS_A_YEAR = 250  # working days
TIME_YUAN_H = 20.0  # value of a driver's hour: β_ivt ÷ β_cost of domain notes 5.4 [A]
LONGEST_MORNING_S = 4 * 3600.0
DAY_PER_MORNING = 2.5  # what a space saves in a day, over what it saves in the morning [A]


def kind_of_place(spaces: int) -> SiteKind:
    """What so many new spaces in one place are: a lot, or above 150 a garage."""
    return "garage" if spaces > LARGEST_LOT else "lot"


def build_cost_yuan(spaces: int) -> float:
    """What so many new spaces in one place cost to build (yuan), land apart.

    >>> build_cost_yuan(150), build_cost_yuan(200)
    (2250000.0, 16000000.0)
    """
    return spaces * SPACE_COSTS[kind_of_place(spaces)].build_yuan


def yearly_cost_yuan(kind: SiteKind) -> float:
    """Cost of one space a year (yuan): interest and repayment over 25 years, and upkeep.

    Capital recovery i/(1−(1+i)^−n).

    >>> round(yearly_cost_yuan("lot"))
    1564
    """
    recovery = INTEREST / (1.0 - (1.0 + INTEREST) ** -YEARS)
    return SPACE_COSTS[kind].build_yuan * recovery + SPACE_COSTS[kind].run_yuan_a_year


def break_even_min(kind: SiteKind) -> float:
    """Minutes of drivers' time that one space must save in a day to be worth its cost.

    >>> round(break_even_min("lot"), 1), round(break_even_min("garage"), 1)
    (18.8, 85.9)
    """
    return 60.0 * yearly_cost_yuan(kind) / (DAYS_A_YEAR * TIME_YUAN_H)


def day_over(hours: TimeWindow) -> float:
    """What a space saves in a day over what it saves in these hours: some hours of a morning stand for a day.

    >>> day_over(TimeWindow.between("07:00", "09:00")), day_over(TimeWindow.between("06:00", "22:00"))
    (2.5, 1.0)
    """
    return DAY_PER_MORNING if hours.duration_s <= LONGEST_MORNING_S else 1.0
