"""Words of the metrics of bus service, its costs, and of riders who lose or gain."""

from twin.results.metric_words import DEFINED, PAIRS, SHARE, TIMETABLE, MetricWords
from twin.wording import Words

_COST = "three-variable cost allocation (TCRP Report 88, 2003); unit costs assumed"

SERVICE_WORDS: dict[str, MetricWords] = {
    "fleet": MetricWords(
        Words("公交配车数", "buses needed"),
        Words("辆", "buses"),
        "Σ over lines of blocks",
        Words(
            "按时刻表跑完全天所需车辆：每到一端最早可发的车接下一班，接不上就加车；不含备用车，不跨线",
            "to keep the day's timetable: at each end the bus ready longest takes the next run, and where none is "
            "ready another begins; reserve apart, no bus changes lines",
        ),
        "neither",
        0,
        DEFINED,
        TIMETABLE,
        ("city",),
        is_exact=True,
    ),
    "bus_runs_a_day": MetricWords(
        Words("公交全天班次", "bus runs a day"),
        Words("班", "runs"),
        "Σ departures",
        Words("全天从首站发出的班次", "departures from first stops over the whole day"),
        "neither",
        0,
        DEFINED,
        TIMETABLE,
        ("city",),
        is_exact=True,
    ),
    "bus_km_a_day": MetricWords(
        Words("公交全天营运里程", "bus kilometres a day"),
        Words("车·公里", "bus·km"),
        "Σ runs · length",
        Words("班次 × 线路长度；不含空驶", "runs times length of the line; without deadheading"),
        "neither",
        0,
        DEFINED,
        TIMETABLE,
        ("city",),
        is_exact=True,
    ),
    "bus_cost_yuan": MetricWords(
        Words("公交全天运营成本(假定单价)", "cost of the day's bus service (assumed unit costs)"),
        Words("元", "yuan"),
        "60·hours + 3·km + 300·buses",
        Words(
            "车时、车公里与配车三项，单价均为假定：看差别，不看绝对值",
            "by hours, kilometres and buses, each at an assumed unit cost: read the difference, not the level",
        ),
        "neither",
        0,
        _COST,
        TIMETABLE,
        ("city",),
        is_exact=True,
    ),
    "bus_cost_measured_yuan": MetricWords(
        Words("其中统计时段的运营成本", "part of that cost in the measured window"),
        Words("元", "yuan"),
        "Σ over lines of cost · runs in the window ÷ runs a day",
        Words(
            "各线全天成本按统计时段班次占比分摊；用于每节省一分钟的成本",
            "each line's cost by its share of runs in the window; for the cost of a minute saved",
        ),
        "neither",
        0,
        _COST,
        TIMETABLE,
        ("city",),
        is_exact=True,
    ),
    "riders_lose_share": MetricWords(
        Words("公交乘客慢5分钟以上的比例", "riders who take more than 5 min longer"),
        SHARE,
        "n(after − before > 5 min) ÷ n",
        Words(
            "同一乘客同一种子前后比较门到门时间；现状一栏按定义为0；候车有随机性，没有措施时也不为零",
            "the same rider on the same seed, door to door; 0 before by definition; waits have chance in them, so it "
            "is not 0 for small changes elsewhere",
        ),
        "neither",
        4,
        DEFINED,
        PAIRS,
        ("city",),
    ),
    "riders_gain_share": MetricWords(
        Words("公交乘客快5分钟以上的比例", "riders who take more than 5 min less"),
        SHARE,
        "n(before − after > 5 min) ÷ n",
        Words("同上，快5分钟以上", "the same, more than 5 min less"),
        "neither",
        4,
        DEFINED,
        PAIRS,
        ("city",),
    ),
}
