"""What is said of a metric: name, unit, which way is good, formula, source and method; and the words they share."""

from dataclasses import dataclass
from typing import Literal

from twin.results.areas import Kind
from twin.wording import Words

EVERYWHERE: tuple[Kind, ...] = ("city", "near")
BY_DISTRICT: tuple[Kind, ...] = ("city", "near", "district")
WHERE_WANTED: tuple[Kind, ...] = ("city", "near", "destination")  # of parking: by the district it is wanted in

TRIPS = Words("统计时段出发的出行逐条记录", "records of each trip that departs in the measured window")
LINKS = Words("路段每15分钟统计", "statistics of links by 15 minutes")
BUSES = Words("统计时段发出的公交班次", "bus runs that start in the measured window")
TIMETABLE = Words("方案的时刻表与站点(不含随机性)", "the arm's timetable and stops (no chance)")
SKIMS = Words("按本次模拟的实际路段时间求最短路", "quickest ways on the times experienced in the run")
ROUTES = Words("出行者的习惯路线", "usual routes of travellers")
PAIRS = Words("同一种子下同一出行者前后配对", "the same traveller in both arms of one seed")
FACTORS = Words(
    "每次出行的里程 × 按其平均车速的排放因子(见 emissions 因子表，含假定)",
    "distance of each trip × factor at its mean speed (table of factors in `emissions`; some are assumed)",
)

FHWA = "FHWA, Travel Time Reliability (2006)"
GBT_33171 = "GB/T 33171-2016"
CJJ_37 = "CJJ 37-2012 (2016)"
HCM = "HCM 6 (2016)"
MEE = "生态环境部《道路机动车大气污染物排放清单编制技术指南(试行)》(2014)"
DEFINED = "definition / 定义"


@dataclass(frozen=True, slots=True)
class MetricWords:
    """How a metric is called and defined. `better` says which direction is good: "lower", "higher" or "neither".

    `formula` is one line of symbols, `definition` the same in words. `kinds`: the areas it is measured for. `is_exact`:
    it holds no chance, the same on every seed, so that a difference needs no interval.
    """

    name: Words
    unit: Words
    formula: str
    definition: Words
    better: Literal["lower", "higher", "neither"]
    decimals: int
    source: str
    method: Words
    kinds: tuple[Kind, ...] = EVERYWHERE
    is_exact: bool = False


SECONDS = Words("秒", "s")
RATIO = Words("倍", "ratio")
SHARE = Words("比例", "share")
KM = Words("公里", "km")
KMH = Words("公里/小时", "km/h")
KG = Words("千克", "kg")
COUNT = Words("次", "trips")
