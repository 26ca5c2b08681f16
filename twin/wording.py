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

VERDICTS = {
    "better": Words("改善", "better"),
    "worse": Words("变差", "worse"),
    "no_difference": Words("看不出差别", "no difference seen"),
    "depends": Words("视假定而定", "depends"),
    "neutral": Words("—", "—"),
}

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

CHANCE_ONLY = Words("区间只反映随机波动，不含数据误差", "intervals show chance only, not errors of data")

STOPPED = Words(
    "已停止。已完成的模拟均已保存，重新输入同一命令即可接着进行。",
    "Stopped. Finished runs are kept: the same command goes on from them.",
)
