"""Words of the metrics of buses and their riders."""

from twin.results.metric_words import BUSES, DEFINED, RATIO, SECONDS, SHARE, MetricWords
from twin.wording import Words

RIDERS = Words("统计时段出门的公交乘客逐人记录", "records of each bus rider who leaves in the measured window")

BUS_WORDS: dict[str, MetricWords] = {
    "bus_riders": MetricWords(
        Words("公交乘客", "bus riders"),
        Words("人", "riders"),
        "n",
        Words(
            "统计时段出门且至少乘一次公交的人数",
            "riders who leave in the window and board at least one bus",
        ),
        "neither",
        0,
        DEFINED,
        RIDERS,
        ("city",),
    ),
    "rider_time_s": MetricWords(
        Words("公交乘客门到门时间", "door-to-door time of riders"),
        SECONDS,
        "Σ (walk + wait + ride) ÷ n",
        Words(
            "步行、候车、乘车时间之和的平均；未到达者计至结束时",
            "walk, wait and ride, mean; who has not arrived counts with the time so far",
        ),
        "lower",
        1,
        DEFINED,
        RIDERS,
        ("city",),
    ),
    "p95_rider_time_s": MetricWords(
        Words("公交乘客门到门时间 P95", "door-to-door time of riders, P95"),
        SECONDS,
        "Q95 (walk + wait + ride)",
        Words(
            "95% 的乘客不超过的时间",
            "not exceeded by 95 % of riders",
        ),
        "lower",
        1,
        DEFINED,
        RIDERS,
        ("city",),
    ),
    "rider_generalised_s": MetricWords(
        Words("公交广义出行时间", "generalised time of riders"),
        SECONDS,
        "2·walk + 2·wait + ride + 300·changes",
        Words(
            "步行与候车按2倍、换乘每次加5分钟折算为乘车时间，取平均",
            "walk and wait count double, a change 5 min more, in seconds aboard; mean",
        ),
        "lower",
        1,
        DEFINED,
        RIDERS,
        ("city",),
    ),
    "rider_wait_s": MetricWords(
        Words("公交候车时间", "wait of riders"),
        SECONDS,
        "Σ wait ÷ n",
        Words(
            "每位乘客各站候车时间之和的平均",
            "at all stops of a trip together, mean",
        ),
        "lower",
        1,
        DEFINED,
        RIDERS,
        ("city",),
    ),
    "excess_wait_s": MetricWords(
        Words("额外候车时间", "excess wait"),
        SECONDS,
        "Σh² ÷ 2Σh − Σh ÷ 2n",
        Words(
            "实际车头时距下的平均候车时间，减去同一段时间由应到各班均匀到站时的；"
            "按线路、站点和计划间隔分组，按时间加权，不小于0",
            "mean wait at the headways kept less that of the same time shared evenly by the buses due in it; by line, "
            "stop and scheduled headway, weighted by time, never below 0",
        ),
        "lower",
        1,
        DEFINED,
        BUSES,
        ("city",),
    ),
    "boardings_per_rider": MetricWords(
        Words("人均乘车次数", "boardings per rider"),
        RATIO,
        "Σ boardings ÷ n",
        Words(
            "乘车者每次出行的乘车次数(1+换乘)",
            "1 + changes, of those who board",
        ),
        "lower",
        3,
        DEFINED,
        RIDERS,
        ("city",),
    ),
    "refused_share": MetricWords(
        Words("因满载未能上车的乘客比例", "riders left behind by a full bus"),
        SHARE,
        "n(refused > 0) ÷ n",
        Words(
            "至少一次因车满未能上车的乘客",
            "riders whom at least one full bus left behind",
        ),
        "lower",
        4,
        DEFINED,
        RIDERS,
        ("city",),
    ),
    "riders_given_up_share": MetricWords(
        Words("放弃候车的乘客比例", "riders who gave up waiting"),
        SHARE,
        "n(gave up) ÷ n",
        Words(
            "在一站候车满1小时而放弃的乘客",
            "riders who gave up after an hour at one stop",
        ),
        "lower",
        4,
        DEFINED,
        RIDERS,
        ("city",),
    ),
    "no_way_share": MetricWords(
        Words("没有公交可乘的乘客比例", "riders whom no line takes"),
        SHARE,
        "n(no way) ÷ n(all)",
        Words(
            "起讫点之间没有线路可乘、步行又太远的乘客；不计入其他乘客指标",
            "no line joins their origin and destination and it is too far to walk; in no other figure of riders",
        ),
        "lower",
        4,
        DEFINED,
        RIDERS,
        ("city",),
    ),
    "crowded_share": MetricWords(
        Words("乘车时间中站立的比例", "share of time aboard standing"),
        SHARE,
        "Σ (load − seats)⁺·t ÷ Σ load·t",
        Words(
            "站间载客超过座位数的人时 ÷ 全部载客人时",
            "person-seconds above the seats over all person-seconds between stops",
        ),
        "lower",
        4,
        DEFINED,
        BUSES,
        ("city",),
    ),
    "punctual_share": MetricWords(
        Words("公交准点率(末站)", "punctual runs (last stop)"),
        SHARE,
        "n(late ≤ 5 min) ÷ n",
        Words(
            "末站晚点不超过5分钟的班次比例；时刻表为假定",
            "runs that reach the last stop no more than 5 min late; timetables are assumed",
        ),
        "higher",
        4,
        DEFINED,
        BUSES,
        ("city",),
    ),
}
