"""The memo: one HTML file for print and mail, with fixed sections, no script and no network."""

from importlib import resources
from pathlib import Path
from typing import Any

import jinja2

from twin.results.bus_short import cost_sentence
from twin.results.comparison import Comparison
from twin.results.dictionary import METRICS
from twin.results.drift import drift_of, run_effect_vehh
from twin.results.numbers import written
from twin.wording import AREAS, BOOKS, Language, Words
from viz import headline, phrases
from viz.bus_charts import drawn_lines, time_space_chart
from viz.charts import change_map, difference_chart, replication_chart, settling_chart
from viz.memo_buses import bus_tables, stop_counts
from viz.memo_modes import mode_tables
from viz.memo_parking import parking_tables
from viz.memo_places import place_tables
from viz.memo_tables import (
    book_lines,
    definitions,
    measure_groups,
    metric_lines,
    parking_totals,
    street_counts,
    street_lines,
)

PAIRED_METRIC = "mean_delay_s"  # whose pairs are drawn; the first metric present where it is absent
_ROUTES_UNKNOWN = Words("没有记录路径选择的轮次。", "No rounds of route choice are on record.")


def write_report(comparison: Comparison, path: str | Path, *, language: Language = "zh") -> Path:
    """Write the memo of a comparison as one HTML file (A4 when printed); returns its path."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(report_html(comparison, language=language), encoding="utf-8")
    return target


def report_html(comparison: Comparison, *, language: Language = "zh") -> str:
    """The memo as HTML text, self-contained, in 中文 or English."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(
        resources.files("viz").joinpath("templates", "memo.html.j2").read_text(encoding="utf-8")
    )
    return template.render(_content(comparison, language))


def _content(comparison: Comparison, language: Language) -> dict[str, Any]:
    def say(zh: str, en: str) -> str:
        return Words(zh, en).in_(language)

    areas = [area for area in AREAS if (comparison.rows["area"] == area).any()]
    return {
        "say": say,
        "language": language,
        "meta": comparison.meta,
        "title": headline.title(comparison, language),
        "facts": headline.facts(comparison, language),
        "warnings": comparison.warning_lines(language),
        "sources": headline.sources(comparison, language),
        "network_kind": headline.network_kind(comparison.meta, language),
        "in_this_model": _in_this_model(comparison).in_(language),
        "verdict": comparison.verdict_line(language),
        "notes": comparison.notes(language),
        "groups": measure_groups(comparison, language),
        "tables": [(AREAS[area].in_(language), metric_lines(comparison, area, language)) for area in areas],
        "definitions": definitions(comparison, language),
        "modes": mode_tables(comparison, language),
        "places": place_tables(comparison, language),
        "counts": street_counts(comparison),
        "gainers": street_lines(comparison, language, better=True),
        "losers": street_lines(comparison, language, better=False),
        "parking_places": parking_tables(comparison, language),
        "parking": parking_totals(comparison) if len(comparison.sites) else None,
        "buses": bus_tables(comparison, language),
        "drawn_line": next(iter(drawn_lines(comparison)), ""),
        "bus_cost": cost_sentence(comparison.rows, language),
        "bus_stops": stop_counts(comparison, language),
        "book_names": [words.in_(language) for words in BOOKS.values()],
        "books": book_lines(comparison, language),
        "settled": _settled(comparison, language),
        "assumptions": [str(assumption[language]) for assumption in comparison.meta["assumptions"]],
        "changers": _what_would_change(comparison, language),
        "charts": _charts(comparison, language),
        "written": written,
    }


def _in_this_model(comparison: Comparison) -> Words:
    return phrases.IN_THIS_MODEL_ASSUMED if comparison.meta["demand_assumed"] else phrases.IN_THIS_MODEL


def _charts(comparison: Comparison, language: Language) -> dict[str, str]:
    present = set(comparison.replications["metric"])
    paired = next((metric for metric in (PAIRED_METRIC, *METRICS) if metric in present), None)
    charts = {
        "differences": difference_chart(comparison, language=language).svg(),
        "map": change_map(comparison, language=language).svg(),
    }
    if paired is not None:
        charts["pairs"] = replication_chart(comparison, paired, language=language).svg()
    if drawn_lines(comparison):
        charts["time_space"] = time_space_chart(comparison, language=language).svg()
    if len(comparison.settling):
        charts["settling"] = settling_chart(comparison, language=language).svg()
    return charts


def _settled(comparison: Comparison, language: Language) -> str:
    in_runs_vehh = run_effect_vehh(comparison.replications)
    drift = drift_of(comparison.settling, in_runs_vehh=in_runs_vehh)
    if drift is None:
        return _ROUTES_UNKNOWN.in_(language)
    gaps = f"{written(100.0 * drift.gap_before, 2)}% / {written(100.0 * drift.gap_after, 2)}%"
    effect, runs = written(drift.effect_vehh, 1, signed=True), written(drift.run_effect_vehh, 1, signed=True)
    drifted, worth = written(drift.drift_vehh, 1), written(drift.gaps_worth_vehh, 1)
    facts = Words(
        f"路径选择 {drift.rounds} 轮；最后一轮相对差距(现状/方案)：{gaps}，其差可达 {worth} 车·小时。"
        f"全市车小时的变化在最后一轮为 {effect}，最后三分之一轮次内摆动 {drifted}；"
        f"各次模拟(含寻位与公交)平均为 {runs}。",
        f"{drift.rounds} rounds of route choice; relative gap in the last one (before / after): {gaps}, up to {worth} "
        f"vehicle-hours apart. The effect on vehicle-hours is {effect} in the last round and moved by {drifted} over "
        f"the last third; in the runs, with search and buses, it is {runs}.",
    ).in_(language)
    verdict = Words(
        "摆动不超过变化的一半，视为已稳定。" if drift.is_settled else "摆动超过变化的一半：尚未稳定，不宜下结论。",
        " It moved by no more than half of the larger: settled."
        if drift.is_settled
        else " It moved by more than half of the larger: not settled, no verdict should be drawn.",
    ).in_(language)
    return facts + verdict


def _what_would_change(comparison: Comparison, language: Language) -> list[str]:
    """What, if it were known or other, could turn the answer: from the kind of data this study rests on."""
    meta = comparison.meta
    reasons = []
    if meta["network_kind"] == "schematic":
        reasons.append(
            Words(
                "真实路网：示意路网缺少没有公交的街道、单行与匝道；"
                "换成实测或 OpenStreetMap 路网后，绕行与拥堵位置会变。",
                "A real network: the sketch lacks streets without buses, one-way streets and ramps; with a surveyed or "
                "OpenStreetMap network detours and bottlenecks move.",
            )
        )
    if meta["demand_assumed"]:
        reasons.append(
            Words(
                "实际的出行量与起讫点：需求总量、分布和高峰形状都是假定，拥堵时延误随需求急剧变化。",
                "Observed demand: totals, pattern and peak are assumed, and delay rises steeply near capacity.",
            )
        )
    if meta["demonstration"]:
        reasons.append(
            Words(
                "公布的项目清单：道路、线路、泊位的位置是按简单规则选的候选，不是实际项目。",
                "The published lists: places of streets, lines and spaces are candidates chosen by a simple rule.",
            )
        )
    reasons += [
        Words(
            "信号配时：方案沿用现状配时；随路网重新配时可能带来更多或更少的改善。",
            "Signal timing: plans stay as they are before; re-timing could bring more or less.",
        ),
        Words(
            "出行者的其他反应：没有改变出行时间和目的地；改变方式的程度取决于先验参数。",
            "Other responses: time and destination are not chosen anew, and how many change mode rests on priors.",
        )
        if comparison.reacting is not None or len(comparison.modes)
        else Words(
            "出行者的其他反应：本次只重新选择路径与停车位，没有改变出行方式、时间和目的地。",
            "Other responses: only routes and parking places are chosen anew, not mode, time or destination.",
        ),
        Words(
            f"更多随机种子：{len(meta['seeds'])} 个种子决定了区间的宽度。",
            f"More seeds: {len(meta['seeds'])} of them set the width of the intervals.",
        ),
    ]
    return [reason.in_(language) for reason in reasons]
