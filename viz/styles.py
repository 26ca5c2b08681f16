"""One palette: what red means everywhere. Red is slow, full or worse; blue is fast, empty or better; grey says nothing.

The reds and blues are those of ColorBrewer's RdBu and RdYlBu, which people with red-green blindness can tell apart.
Before and after share every class break, so that the two sides of a map can be compared by eye.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from twin.wording import Words

NEUTRAL = "#bdbdbd"  # lighter greys vanish on the light ground
NO_DATA = "#d4d0c6"
OPENED = "#7b3294"
CLOSED = "#222222"
BETTER = "#2166ac"
WORSE = "#b2182b"
MEASURE = "#1b5e20"

LAND = "#f5f3ee"
SEA = "#cfe2ec"
SHORE = "#8fb3c4"
STREET_GROUND = "#dcd8cd"


@dataclass(frozen=True, slots=True)
class Grade:
    """One class of a legend: its words, its colour, and the upper end it reaches, itself included."""

    words: Words
    colour: str
    up_to: float


# Link grades of GB/T 33171-2016, 8.1: speed over free speed, ends 30, 40, 50 and 70 per cent.
SPEED_GRADES = (
    Grade(Words("严重拥堵 ≤30%", "severe ≤30%"), "#a50026", 0.30),
    Grade(Words("中度拥堵 30–40%", "moderate 30–40%"), "#e0502f", 0.40),
    Grade(Words("轻度拥堵 40–50%", "light 40–50%"), "#fdae61", 0.50),
    Grade(Words("基本畅通 50–70%", "mostly free 50–70%"), "#8fc3dc", 0.70),
    Grade(Words("畅通 >70%", "free >70%"), "#3a76b5", math.inf),
)

# Share of spaces taken: drivers begin to search near 85 % (Shoup 2005); 98 % leaves no space to find.
FULLNESS_GRADES = (
    Grade(Words("空余 ≤60%", "ample ≤60%"), "#3a76b5", 0.60),
    Grade(Words("适中 60–85%", "moderate 60–85%"), "#8fc3dc", 0.85),
    Grade(Words("紧张 85–98%", "tight 85–98%"), "#fdae61", 0.98),
    Grade(Words("满 >98%", "full >98%"), "#a50026", math.inf),
)

# Cruising in a street's traffic: 1–5 % of a city is plausible, streets of 20–40 % too; 10 % city-wide is an error.
CRUISING_GRADES = (
    Grade(Words("≤1%", "≤1%"), "#8fc3dc", 0.01),
    Grade(Words("1–5%", "1–5%"), "#fee08b", 0.05),
    Grade(Words("5–10%", "5–10%"), "#fdae61", 0.10),
    Grade(Words("10–30%", "10–30%"), "#e0502f", 0.30),
    Grade(Words(">30%", ">30%"), "#a50026", math.inf),
)

# Buses an hour at a stop; 4 and 10 an hour are waits of 15 and 6 min between buses (levels of TCQSM, TCRP Report 165).
FREQUENCY_GRADES = (
    Grade(Words("≤2 班/小时", "≤2 an hour"), "#a50026", 2.0),
    Grade(Words("2–4", "2–4"), "#fdae61", 4.0),
    Grade(Words("4–10", "4–10"), "#fee08b", 10.0),
    Grade(Words("10–30", "10–30"), "#8fc3dc", 30.0),
    Grade(Words(">30 班/小时", ">30 an hour"), "#3a76b5", math.inf),
)

# Share of the city's jobs within reach (assumed classes, the same before and after).
ACCESS_GRADES = (
    Grade(Words("≤10% 岗位", "≤10% of jobs"), "#a50026", 0.10),
    Grade(Words("10–25%", "10–25%"), "#fdae61", 0.25),
    Grade(Words("25–50%", "25–50%"), "#fee08b", 0.50),
    Grade(Words("50–75%", "50–75%"), "#8fc3dc", 0.75),
    Grade(Words(">75% 岗位", ">75% of jobs"), "#3a76b5", math.inf),
)

SERVICE_GRADES = {
    "lost": Grade(Words("不再有车", "no bus any more"), "#b2182b", math.nan),
    "less": Grade(Words("车次减少", "fewer buses"), "#ef8a62", math.nan),
    "more": Grade(Words("车次增加", "more buses"), "#67a9cf", math.nan),
    "new": Grade(Words("新有车", "new"), "#2166ac", math.nan),
}

NO_VEHICLES = Grade(Words("没有车辆通过", "no vehicles"), NO_DATA, math.nan)
UNCERTAIN = Grade(Words("看不出差别(在随机波动之内)", "no difference seen (within the noise)"), NEUTRAL, math.nan)
NOT_JUDGED = Grade(Words("不判断优劣", "not judged"), NEUTRAL, math.nan)
LARGE_CHANGE_VEHH = 5.0  # assumed: over two hours, 2.5 cars more or less standing there at any moment

CHANGE_GRADES = (
    Grade(Words("延误明显减少 >5 车·小时", "delay down by more than 5 veh·h"), "#2166ac", -LARGE_CHANGE_VEHH),
    Grade(Words("延误减少", "delay down"), "#67a9cf", 0.0),
    Grade(Words("延误增加", "delay up"), "#ef8a62", LARGE_CHANGE_VEHH),
    Grade(Words("延误明显增加 >5 车·小时", "delay up by more than 5 veh·h"), "#b2182b", math.inf),
)

OPENED_GRADE = Grade(Words("新开通道路", "street opened"), OPENED, math.nan)
CLOSED_GRADE = Grade(Words("封闭道路", "street closed"), CLOSED, math.nan)
MEASURE_GRADE = Grade(Words("措施位置", "place of a measure"), MEASURE, math.nan)


def grade_of(value: float | None, grades: Sequence[Grade], *, otherwise: Grade) -> Grade:
    """The class that holds a value; `otherwise` where there is none.

    >>> grade_of(0.40, SPEED_GRADES, otherwise=NO_VEHICLES).words.en
    'moderate 30–40%'
    """
    if value is None or math.isnan(value):
        return otherwise
    return next(grade for grade in grades if value <= grade.up_to)
