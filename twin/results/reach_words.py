"""Words of the metrics of coverage and access: whom bus stops serve, what residents reach by car and by bus."""

from twin.records import REACH_MIN, WALKED_M
from twin.results.metric_words import SHARE, SKIMS, TIMETABLE, MetricWords
from twin.wording import Words

HANDY_NIEMEIER = "Handy & Niemeier 1997, cumulative opportunities"

_PEOPLE = {"residents": Words("居民", "residents"), "jobs": Words("岗位", "jobs")}
_PLACES = {
    "jobs": (Words("岗位", "jobs"), Words("个", "jobs"), 0),
    "schools": (Words("学校", "schools"), Words("所", "schools"), 1),
    "hospitals": (Words("医院", "hospitals"), Words("家", "hospitals"), 1),
}


def _covered(who: str, metres: int) -> MetricWords:
    people = _PEOPLE[who]
    return MetricWords(
        Words(f"公交站点{metres}米覆盖率({people.zh})", f"{people.en} within {metres} m of a stop"),
        SHARE,
        f"Σ {who[0].upper()}_i · share of zone i with 1.2·crow ≤ {metres} m ÷ Σ {who[0].upper()}_i",
        Words(
            f"步行{metres}米(直线×1.2)之内有统计时段停车的站点的{people.zh}比例；"
            "人和岗位在小区用地上均匀分布(假定)。规范的服务半径按直线计，覆盖率会更高",
            f"{people.en} within a walk of {metres} m (straight line × 1.2) of a stop at which a bus halts in the "
            "measured window; spread evenly over the ground of their zone (assumed). The code's radius is a straight "
            "line and covers more",
        ),
        "higher",
        4,
        "公交站点覆盖率: GB 50220-95 (300 m, 500 m), GB/T 51328-2018",
        TIMETABLE,
        ("city", "district"),
        is_exact=True,
    )


def _reached(what: str, minutes: int, by: str) -> MetricWords:
    places, unit, decimals = _PLACES[what]
    is_car = by == "car"
    assumed = Words("岗位为假定", "jobs are assumed")
    listed = Words("只计地点表所列", "only those that the table of places lists")
    car = Words(
        "按统计时段中点出发的实际路段时间，不含步行与停车",
        "on experienced times, setting out at the middle of the measured window, walk and parking apart",
    )
    bus = Words(
        "步行、候车(平均半个间隔)与乘车之和，按时刻表，不计晚点与满载；步行按直线×1.2、每秒1.25米；"
        "居民在小区用地上均匀分布，目的小区以中心计",
        "walk, wait (half a headway on the mean) and ride, by the timetable, neither late nor full; walks are straight "
        "lines × 1.2 at 1.25 m/s; residents evenly over the ground of their zone, jobs at the centre of theirs",
    )
    way, note = (car if is_car else bus), (assumed if what == "jobs" else listed)
    return MetricWords(
        Words(
            f"{minutes}分钟{'小汽车' if is_car else '公交'}可达{places.zh}",
            f"{places.en} within {minutes} min by {'car' if is_car else 'bus'}",
        ),
        unit,
        f"Σ R_i · Σ_j N_j[t_ij ≤ {minutes} min] ÷ Σ R_i",
        Words(f"居民加权平均；{way.zh}；{note.zh}", f"mean over residents; {way.en}; {note.en}"),
        "higher",
        decimals,
        HANDY_NIEMEIER,
        SKIMS if is_car else TIMETABLE,
        ("city", "district"),
        is_exact=not is_car,
    )


REACH_WORDS: dict[str, MetricWords] = {
    **{f"covered_{who}_{metres}m": _covered(who, metres) for who in _PEOPLE for metres in WALKED_M},
    **{f"{what}_bus_{minutes}min": _reached(what, minutes, "bus") for what in _PLACES for minutes in REACH_MIN},
    **{f"{what}_{minutes}min": _reached(what, minutes, "car") for what in _PLACES for minutes in REACH_MIN},
}
