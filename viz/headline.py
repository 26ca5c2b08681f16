"""What stands on top and at the foot of every map, chart and memo: title, warnings, facts of the study, sources."""

from typing import Any

from twin.results.comparison import Comparison
from twin.wording import CHANCE_ONLY, Language, Words
from viz import phrases

_SEPARATOR = " · "


def title(comparison: Comparison, language: Language = "zh") -> str:
    """Place, and which scenario is compared with which."""
    meta = comparison.meta
    if language == "zh":
        return f"{meta['place_title']}：{meta['after_title']} 与 {meta['before_title']} 对比"
    return f"{meta['place_title']}: {meta['after_title']} compared with {meta['before_title']}"


def facts(comparison: Comparison, language: Language = "zh") -> str:
    """Scenarios, dates, measured window, number of seeds and kind of data in one line."""
    meta = comparison.meta
    begin, end = meta["measured"]
    parts = [
        f"{meta['before']} ({meta['date_before']}) → {meta['after']} ({meta['date_after']})",
        Words(f"统计时段 {begin}–{end}", f"measured {begin}–{end}").in_(language),
        Words(f"{len(meta['seeds'])} 个随机种子配对", f"{len(meta['seeds'])} paired seeds").in_(language),
        network_kind(meta, language),
    ]
    if meta["demand_assumed"]:
        parts.append(Words("假定需求", "assumed demand").in_(language))
    return _SEPARATOR.join([*parts, CHANCE_ONLY.in_(language)])


def network_kind(meta: dict[str, Any], language: Language = "zh") -> str:
    """The kind of street network in words."""
    kind = str(meta["network_kind"])
    return phrases.NETWORK_KINDS[kind].in_(language) if kind in phrases.NETWORK_KINDS else kind


def sources(comparison: Comparison, language: Language = "zh") -> str:
    """Where the streets are from, and under which licence."""
    meta = comparison.meta
    return Words(
        f"路网数据：{meta['source']}{_SEPARATOR}许可：{meta['licence']}",
        f"Streets: {meta['source']}{_SEPARATOR}Licence: {meta['licence']}",
    ).in_(language)
