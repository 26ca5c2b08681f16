"""The dictionary of metrics as lines of text, in 中文 and English."""

from twin.results.areas import KIND_WORDS
from twin.results.dictionary import HEADLINE, METRICS
from twin.results.metric_words import MetricWords
from twin.wording import Words

BETTER = {
    "lower": Words("越低越好", "lower is better"),
    "higher": Words("越高越好", "higher is better"),
    "neither": Words("不分好坏", "neither is better"),
}


def metric_lines() -> list[str]:
    """Some lines a metric: key, names, unit and better direction; formula; definitions; source, method, areas.

    A star marks the headline set that every study prints.
    """
    lines = ["* : 主表 / the headline set; `--all-metrics`: 全部 / all of them", ""]
    for key, words in METRICS.items():
        lines += _lines_of(key, words)
    return lines


def _lines_of(key: str, words: MetricWords) -> list[str]:
    star = " *" if key in HEADLINE else ""
    kinds = [KIND_WORDS[kind] for kind in words.kinds]
    return [
        f"{key}{star}  {_both(words.name)}  [{_both(words.unit)}]  {_both(BETTER[words.better])}",
        f"    = {words.formula}",
        f"    {words.definition.zh}",
        f"    {words.definition.en}",
        *(["    不含随机性，没有区间 / holds no chance, no interval"] if words.is_exact else []),
        f"    来源 / source: {words.source}",
        f"    方法 / method: {_both(words.method)}",
        f"    范围 / areas: {'、'.join(kind.zh for kind in kinds)} / {', '.join(kind.en for kind in kinds)}",
        "",
    ]


def _both(words: Words) -> str:
    return words.zh if words.zh == words.en else f"{words.zh} / {words.en}"
