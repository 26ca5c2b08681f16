"""Words of the metrics of parking."""

from twin.results.areas import Kind
from twin.results.metric_words import DEFINED, EVERYWHERE, SHARE, TRIPS, WHERE_WANTED, MetricWords
from twin.wording import Words

OF_SITES: tuple[Kind, ...] = ("city", "destination")

SITES = Words("停车场每15分钟记录", "records of sites by 15 minutes")
CRUISING = Words("路段每15分钟统计与寻找车位的车辆", "statistics of links by 15 minutes, and cars in search on them")
METRES = Words("米", "m")
YUAN = Words("元", "yuan")
CARS = Words("辆次", "cars")
SHOUP = "Shoup, The High Cost of Free Parking (2005)"
FHWA_CRUISING = "FHWA-HOP-23-004"
GBT_51149 = "GB/T 51149-2016"

PARKING_WORDS: dict[str, MetricWords] = {
    "mean_search_m": MetricWords(
        Words("平均寻找车位里程", "mean distance of search"),
        METRES,
        "Σ m ÷ n_wanted",
        Words(
            "需要公共车位的出行寻找时行驶的里程，含路网之外的支路，未寻找的计0",
            "driven in search by trips that want a public space, local streets off the network included; "
            "0 if not searched",
        ),
        "lower",
        1,
        DEFINED,
        TRIPS,
        WHERE_WANTED,
    ),
    "searching_share": MetricWords(
        Words("须寻找车位的比例", "share that had to search"),
        SHARE,
        "n[s > 0] ÷ n_wanted",
        Words("需要公共车位的出行中有寻找过程的比例", "of trips that want a public space, those that searched"),
        "lower",
        4,
        DEFINED,
        TRIPS,
        WHERE_WANTED,
    ),
    "mean_walk_m": MetricWords(
        Words("平均步行距离(单程)", "mean walk, one way"),
        METRES,
        "Σ walk ÷ n_parked",
        Words(
            "停入公共车位的出行：车位到目的地的直线距离",
            "trips that parked in public: from the space to the destination, as the crow flies",
        ),
        "lower",
        1,
        DEFINED,
        TRIPS,
        WHERE_WANTED,
    ),
    "p95_walk_m": MetricWords(
        Words("第95百分位步行距离", "95th percentile of walk"),
        METRES,
        "P95(walk)",
        Words(
            "停入公共车位的出行中95%的步行不超过此值", "95 % of trips that parked in public walk no farther than this"
        ),
        "lower",
        0,
        DEFINED,
        TRIPS,
        WHERE_WANTED,
    ),
    "illegal_stops": MetricWords(
        Words("违法停车", "illegal stops"),
        CARS,
        "n[illegal]",
        Words(
            "未找到车位而停在禁停处的车辆(占用车道)",
            "cars that found no space and stopped where it is forbidden, taking part of a lane",
        ),
        "lower",
        0,
        DEFINED,
        TRIPS,
        WHERE_WANTED,
    ),
    "mean_fee_yuan": MetricWords(
        Words("平均停车费", "mean parking fee"),
        YUAN,
        "Σ fee ÷ n_parked",
        Words("停入公共车位的出行整个停放的费用", "of the whole stay, trips that parked in public"),
        "neither",
        2,
        "烟发改价格〔2022〕77号",
        TRIPS,
        WHERE_WANTED,
    ),
    "cruising_share": MetricWords(
        Words("寻位车流占比", "share of cruising in traffic"),
        SHARE,
        "Σ n_search·L ÷ Σ n·L",
        Words(
            "路网上行驶里程中处于寻找车位状态的部分；全市超过10%按错误提示，不作结论",
            "of the distance driven on the network, the part in search of a space; above 10 % city-wide it is flagged "
            "as an error, not a finding",
        ),
        "lower",
        4,
        FHWA_CRUISING,
        CRUISING,
        (*EVERYWHERE, "quarter"),
    ),
    "parking_utilisation": MetricWords(
        Words("泊位利用率", "utilisation of spaces"),
        SHARE,
        "Σ occupied ÷ Σ spaces",
        Words("统计时段公共泊位平均被占用的比例", "spaces taken over spaces, mean over the measured window"),
        "neither",
        3,
        GBT_51149,
        SITES,
        OF_SITES,
    ),
    "parking_turnover": MetricWords(
        Words("泊位周转率(每小时)", "turnover of spaces an hour"),
        Words("辆/泊位·小时", "cars per space and hour"),
        "n_parked ÷ (spaces × h)",
        Words("统计时段停入的车辆 ÷ 泊位 ÷ 小时", "cars that parked in the measured window over spaces and hours"),
        "neither",
        3,
        GBT_51149,
        SITES,
        OF_SITES,
    ),
    "full_spaces_share": MetricWords(
        Words("85%以上停车场的泊位比例", "share of spaces in sites over 85 % full"),
        SHARE,
        "Σ spaces[occupied > 0.85·spaces] ÷ Σ spaces",
        Words(
            "占用超过85%的停车场的泊位比例，各15分钟平均",
            "spaces of sites more than 85 % full over all spaces, mean over the intervals",
        ),
        "lower",
        4,
        SHOUP,
        SITES,
        OF_SITES,
    ),
    "turned_away": MetricWords(
        Words("遇满次数", "times a site was found full"),
        CARS,
        "n[full]",
        Words("到达时停车场已满的次数，同一车可多次", "cars that found a site full, each site they tried"),
        "lower",
        0,
        DEFINED,
        SITES,
        OF_SITES,
    ),
    "parking_revenue_yuan": MetricWords(
        Words("停车收入", "parking revenue"),
        YUAN,
        "Σ fee",
        Words(
            "统计时段停入车辆整个停放的费用合计", "fees of the whole stays of cars that parked in the measured window"
        ),
        "neither",
        0,
        "烟发改价格〔2022〕77号",
        SITES,
        OF_SITES,
    ),
}
