"""Words a user reads, in 中文 and English: areas, books, verdicts, warnings. One table, so that map, memo and table say
the same thing. Metrics have a dictionary of their own: `twin.results.dictionary`.
"""

from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Words:
    """One phrase in both languages."""

    zh: str
    en: str

    def in_(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


AREAS = {
    "city": Words("全市", "city-wide"),
    "near": Words("措施周边2公里", "within 2 km of the measures"),
}

BOOKS = {
    "created": Words("产生", "created"),
    "finished": Words("完成", "finished"),
    "travelling": Words("在途", "travelling"),
    "waiting_outside": Words("网外等待", "waiting outside"),
    "parked": Words("暂停(还会再走)", "parked, will drive again"),
    "gave_up": Words("放弃", "gave up"),
    "unroutable": Words("无路可达", "unroutable"),
}

ROAD_CLASS_WORDS = {
    "motorway": Words("高速公路", "motorway"),
    "trunk": Words("快速路", "expressway"),
    "primary": Words("主干路", "primary street"),
    "secondary": Words("次干路", "secondary street"),
    "tertiary": Words("支路", "tertiary street"),
    "residential": Words("居住区道路", "residential street"),
    "service": Words("内部道路", "service road"),
}

VERDICTS = {
    "better": Words("改善", "better"),
    "worse": Words("变差", "worse"),
    "no_difference": Words("差别不大于 {bound}", "no difference larger than {bound}"),
    "identical": Words("完全相同", "exactly the same"),
    "depends": Words("因指标或范围而异", "depends"),
    "refused": Words("不判断", "not judged"),
    "neutral": Words("—", "—"),
}
"""The only words for an answer. "identical" is "no_difference" where before and after are equal to the last digit;
"neutral": the metric has no good direction, or one pair only. How they are found: `twin.results.verdicts`."""

NO_CHANCE = Words("定值", "no chance")
"""In place of an interval, where a figure is the same on every seed."""

SEEN_FROM = Words("±{bound} 起可发现", "could have seen from ± {bound} on")


@dataclass(frozen=True, slots=True)
class RefusalWords:
    """Why no winner is named: in short, and as a sentence with its numbers."""

    reason: Words
    sentence: Words


REFUSALS = {
    "unfinished_apart": RefusalWords(
        Words("未完成出行比例相差过大", "shares of unfinished trips differ too much"),
        Words(
            "两种情形的未完成出行比例相差超过 1 个百分点（{before:.1%} 与 {after:.1%}）：不判断优劣。",
            "The shares of unfinished trips differ by more than 1 percentage point ({before:.1%} before, {after:.1%} "
            "after): no winner is named.",
        ),
    ),
    "gaps_apart": RefusalWords(
        Words("两种情形的相对差距相差过大", "relative gaps differ too much"),
        Words(
            "两种情形的路径选择稳定程度不同：相对差距为 {before:.2%} 与 {after:.2%}，相差可达 {worth:,.1f} 车·小时，"
            "超过变化({effect:,.1f})的一半：不判断优劣。",
            "The arms have not settled alike: relative gaps of {before:.2%} before and {after:.2%} after are up to "
            "{worth:,.1f} vehicle-hours apart, more than half of the effect ({effect:,.1f}): no winner is named.",
        ),
    ),
    "drifting": RefusalWords(
        Words("路径选择尚未稳定", "routes have not settled"),
        Words(
            "路径选择尚未稳定：全市车小时的变化在最后几轮仍摆动 {drift:,.1f}，"
            "超过变化({effect:,.1f})的一半：不判断优劣。",
            "Routes have not settled: the effect on vehicle-hours still moved by {drift:,.1f} over the last "
            "rounds, more than half of what it is ({effect:,.1f}): no winner is named.",
        ),
    ),
    "cruising": RefusalWords(
        Words("寻位车流占比不可信", "the share of cruising is not credible"),
        Words(
            "错误提示：全市行驶里程中寻找车位的占比为 {before:.1%} 与 {after:.1%}，超过 10%：停车供给或需求数据有误，"
            "不判断优劣。",
            "Error flag: of all driving in the city {before:.1%} before and {after:.1%} after is search for parking, "
            "above 10 %: supply or demand of parking is wrong, no winner is named.",
        ),
    ),
    "starts_apart": RefusalWords(
        Words("两个起点得出的变化不同", "the effect differs between two starting points"),
        Words(
            "从两个起点稳定路径，全市车小时的变化分别为 {effect:,.1f} 与 {other:,.1f}，"
            "相差超过其自身的一半：不判断优劣。",
            "Settled from two starting points, the effect on vehicle-hours is {effect:,.1f} and {other:,.1f}: they "
            "differ by more than half of it, no winner is named.",
        ),
    ),
}

ONE_START = Words(
    "未检验变化是否与路径选择的起点有关(--two-starts)。",
    "Not checked whether the effect depends on where the routes started from (--two-starts).",
)
TWO_STARTS = Words(
    "从两个起点稳定路径，全市车小时的变化分别为 {effect:,.1f} 与 {other:,.1f}。",
    "Settled from two starting points, the effect on vehicle-hours is {effect:,.1f} and {other:,.1f}.",
)
JOINTLY = Words(
    "判断经多重检验校正：主要指标用 Holm 法(任一误报 ≤5%)，停车、可达、其他指标与路段各自控制误报比例 ≤5%。",
    "Verdicts are held together: Holm for the named measures (any false alarm: 5 %), false discoveries at 5 % each "
    "for parking, access, all others and streets.",
)
PRECISION_REACHED = Words(
    "配对数按事先规定的规则增加：要求每次出行延误 ±{wanted:.3g} 秒，达到 ±{reached:.3g} 秒。",
    "Pairs were added by a rule fixed beforehand: ± {wanted:.3g} s of delay per trip asked for, ± {reached:.3g} s "
    "reached.",
)
PRECISION_MISSED = Words(
    "要求 ±{wanted:.3g} 秒(每次出行延误)，已达配对上限 {pairs}，只到 ±{reached:.3g} 秒。",
    "± {wanted:.3g} s of delay per trip were asked for; with the most pairs allowed ({pairs}) it is ± {reached:.3g} s.",
)

DEMONSTRATION = Words(
    "本结果基于由公交站点推断的示意路网和假定需求，只示范方法，不能作为决策依据；"
    "十条道路、16 条线路、5000 个泊位的清单未见公布。",
    "These results rest on a schematic network inferred from bus stops and on assumed demand: they demonstrate the "
    "method and are no basis for decisions. No list of the ten roads, the 16 lines or the 5,000 spaces is published.",
)

ASSUMED_DATA = Words(
    "需求、停车等输入为假定值，未经标定：结果只示范方法。",
    "Demand, parking and other inputs are assumed and not calibrated: the results demonstrate the method.",
)

SCREENING = Words(
    "筛选用的静态均衡近似：没有排队回溢、信号配时、公交和寻找车位；只用来给方案排序，不是研究结论。",
    "A surrogate for screening, by static equilibrium: no spillback, signal plans, buses or search for parking; it "
    "ranks candidates and is no study's answer.",
)

NOBODY_CHANGES_MODE = Words("没有人改变出行方式", "Nobody changes mode")
PEOPLE_REACT = Words(
    "出行者改变出行方式：前后开车的不全是同一批人，每次出行的平均值各按当时开车的人计。",
    "People react: they choose anew how to go. Means per trip are of those who drive in each arm, not the same people.",
)

CHANCE_ONLY = Words("区间只反映随机波动，不含数据误差", "intervals show chance only, not errors of data")

STOPPED = Words(
    "已停止。已完成的模拟均已保存，重新输入同一命令即可接着进行。",
    "Stopped. Finished runs are kept: the same command goes on from them.",
)
