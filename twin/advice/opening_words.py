"""An opening study in words, 中文 and English: what is printed, written into the scenario and shown beside the map."""

import math
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from twin.city.network import ROAD_CLASSES
from twin.results.numbers import written
from twin.scenario.street_costs import STRUCTURE_FACTOR, assumed_cost
from twin.units import METRES_PER_KM
from twin.wording import CHANCE_ONLY, ROAD_CLASS_WORDS, SCREENING, Language, Words

DEMONSTRATION_MARK = Words("模型示例·非规划", "model example, no plan")
"""Stands with every candidate of a schematic network."""

SKETCH = Words(
    "示意路网：候选只到走廊一级，两端之间没有画线；图上没有的街区里有什么并不知道。模型示例·非规划。",
    "Schematic network: candidates are corridors, and no line is drawn between their ends; what lies in blocks that "
    "are not mapped is unknown. Model example, no plan.",
)
STATIC = Words(
    "一组候选按静态均衡挑选(贪心、逐步重估、再交换)；动态模型有否决权，并用另外的日子复核：挑选时的收益偏高(赢家诅咒)。",
    "The set is chosen by static equilibrium (greedy with re-evaluation, then exchanges); the dynamic model has a veto "
    "and verifies on other days: gains seen in selection are too good (the winner's curse).",
)
STATIC_ONLY = Words(
    "只做了静态筛选，没有动态模型：只排序，不下结论。",
    "Static screening only, no dynamic model: a ranking, and no verdict.",
)
LOADING = Words(
    "动态模型含信号、排队、回溢和不停站的公交，不含寻找车位；稳定过程的摆动单列，不在区间内。",
    "The dynamic model has signals, queues and spillback, and buses without stops, but no search for parking; the "
    "swing of settling stands beside the interval, which does not hold it.",
)
COSTS = Words(
    "造价按等级、车道和长度估算，全部为假定(twin.scenario.street_costs)，不含征地拆迁；跨水、跨铁路按桥计。",
    "Costs are assumed by class, lanes and length (twin.scenario.street_costs), without land and demolition; over "
    "water and rail they are those of a bridge.",
)
STREETS = Words(
    "得失道路(静态均衡，单独打通，车·小时；未命名道路按等级合计；整组的动态结果见地图)：",
    "Streets that gain and lose (static equilibrium, each alone, veh·h; those without a name together by class; for "
    "the whole set, dynamic, see the map):",
)
NO_BARRIERS = Words(
    "本地没有障碍物数据(水面、铁路、建筑、公园)：候选连线可能穿过它们，须人工核实。",
    "No barriers are known here (water, rail, buildings, parks): a candidate may lie across them and must be checked.",
)
NO_RESIDENTIAL = Words(
    "路网里没有居住区道路：看不出打通后是否有车流穿行居住区。",
    "The network has no residential streets: whether through traffic is drawn into them cannot be seen.",
)
BRAESS = Words("⚠ 打通后全网变差(布雷斯悖论)", "⚠ the total worsens (Braess's paradox)")
RIGHT_ONLY = Words("中央分隔带不开口：右进右出", "no gap in the median: right in, right out")
VERDICTS = {
    "better": Words("改善", "better"),
    "worse": Words("变差", "worse"),
    "not told apart": Words("分辨不出", "not told apart"),
    "static only": Words("仅静态", "static only"),
}
KINDS = {
    "water": Words("水面", "water"),
    "rail": Words("铁路", "rail"),
    "building": Words("建筑", "buildings"),
    "park": Words("公园绿地", "park"),
    "motorway": Words("快速路", "expressway"),
    "structure": Words("桥隧", "bridge or tunnel"),
    "not_buildable": Words("禁建区", "not buildable"),
}
STUBS = {"dead end": Words("断头路", "dead end"), "T-stem": Words("丁字路", "T-junction")}

_HEAD = (
    Words("候选", "candidate"),
    Words("从", "from"),
    Words("到", "to"),
    Words("米", "m"),
    Words("费用(万元)", "cost (10⁴ yuan)"),
    Words("时间不变", "at fixed times"),
    Words("静态(单独)", "static, alone"),
    Words("静态(组内)", "static, in the set"),
    Words("动态：挑选日", "dynamic: selection"),
    Words("动态：复核日(95%区间)", "dynamic: verification (95 %)"),
    Words("摆动", "swing"),
    Words("每公里", "per km"),
    Words("每千万元", "per 10⁷ yuan"),
    Words("判断", "verdict"),
    Words("备注", "notes"),
)


def head(language: Language) -> tuple[str, ...]:
    """Column names of the printed table; gains are vehicle-hours of the window."""
    return tuple(words.in_(language) for words in _HEAD)


def printed_rows(table: pd.DataFrame, language: Language, *, most: int) -> list[tuple[str, ...]]:
    """The first rows as text: the set, then others that were tried, flagged or give warning."""
    return [_row(row, language) for row in rows_of(table.head(most))]


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as dictionaries."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def notes_of(row: dict[str, Any], language: Language) -> list[str]:
    """Warnings and side effects of one candidate, in short."""
    notes = []
    if row["braess"]:
        notes.append(BRAESS.in_(language))
    if row["crosses"]:
        kinds = [KINDS[kind].in_(language) for kind in str(row["crosses"]).split()]
        notes.append(Words("穿越：", "crosses: ").in_(language) + "、".join(kinds))
    if not math.isnan(row["residential_vehkm"]) and row["residential_vehkm"] > 0:
        km = written(row["residential_vehkm"], 0, signed=True)
        notes.append(Words(f"居住区道路 {km} 车·公里", f"residential streets {km} veh·km").in_(language))
    for column, words in (
        ("school_residents", Words("学校", "school")),
        ("hospital_residents", Words("医院", "hospital")),
    ):
        if not math.isnan(row[column]) and row[column] > 0:
            people = written(row[column], 0)
            notes.append(Words(f"{people} 人离{words.zh}更近", f"{people} people nearer to a {words.en}").in_(language))
    if row["one_sided_ends"] > 0:
        notes.append(RIGHT_ONLY.in_(language))
    if row["bus_lines"]:
        notes.append(Words("公交可用：", "bus lines: ").in_(language) + str(row["bus_lines"]))
    if row["refused"]:
        notes.append(str(row["refused"]))
    return notes


def _row(row: dict[str, Any], language: Language) -> tuple[str, ...]:
    name = str(row["name"]) or STUBS[str(row["stub"])].in_(language)
    interval = _number(row["verified_vehh"])
    if not math.isnan(row["verified_low_vehh"]):
        interval += f" ({_number(row['verified_low_vehh'])} ~ {_number(row['verified_high_vehh'])})"
    return (
        ("● " if row["is_chosen"] else "") + name,
        streets_in_words(row["from_street"], language),
        streets_in_words(row["to_street"], language),
        f"{row['length_m']:.0f}",
        f"{row['cost_yuan'] / 1e4:,.0f}",
        _number(row["fixed_vehh"]),
        _number(row["static_vehh"]),
        _number(row["in_set_vehh"]),
        _number(row["selection_vehh"]),
        interval,
        "—" if math.isnan(row["swing_vehh"]) else f"{row['swing_vehh']:.1f}",
        _number(row["static_vehh_per_km"]),
        _number(row["static_vehh_per_10m_yuan"]),
        VERDICTS[str(row["verdict"])].in_(language),
        "；".join(notes_of(row, language)) if language == "zh" else "; ".join(notes_of(row, language)),
    )


def streets_in_words(text: str, language: Language) -> str:
    """A text of streets in which those without a name, told by their class, are called that.

    >>> streets_in_words("(tertiary)×北马路", "zh")
    '未命名支路×北马路'
    """

    def unnamed(found: re.Match[str]) -> str:
        words = ROAD_CLASS_WORDS.get(found[1])
        return found[0] if words is None else Words(f"未命名{words.zh}", f"unnamed {words.en}").in_(language)

    return re.sub(r"\((\w+)\)", unnamed, str(text))


def _number(value: float) -> str:
    return "—" if math.isnan(value) else written(value, 1, signed=True)


def summary_lines(meta: dict[str, Any], language: Language) -> list[str]:
    """What stands above the table: the whole set in one model and the other, and what it rests on."""
    lines = []
    if meta["network_kind"] == "schematic":
        lines.append(SKETCH.in_(language))
    static, greedy, alone = meta["static_set_vehh"], meta["static_greedy_vehh"], meta["static_best_alone_vehh"]
    lines.append(
        Words(
            f"静态：{meta['chosen']} 条一起节省 {static:,.1f} 车·小时(贪心 {greedy:,.1f}；单独最好的"
            f" {meta['chosen']} 条一起 {alone:,.1f})，基数 {meta['static_before_vehh']:,.0f}，"
            f"收敛误差 ±{meta['static_doubt_vehh']:.1f}。",
            f"Static: the {meta['chosen']} together save {static:,.1f} veh·h (greedy {greedy:,.1f}; the "
            f"{meta['chosen']} best alone together {alone:,.1f}) of {meta['static_before_vehh']:,.0f}; the gap's share "
            f"is ±{meta['static_doubt_vehh']:.1f}.",
        ).in_(language)
    )
    if "set_verification" in meta:
        sel, ver, verdict = meta["set_selection"], meta["set_verification"], VERDICTS[meta["set_verdict"]]
        lines.append(
            Words(
                f"动态：整组在挑选日 {len(meta['selection_seeds'])} 天节省 {sel[0]:,.1f}，在复核日 "
                f"{len(meta['verification_seeds'])} 天节省 {ver[0]:,.1f} ({ver[1]:,.1f} ~ {ver[2]:,.1f})，基数 "
                f"{meta['dynamic_before_vehh']:,.0f} 车·小时；稳定过程的摆动 {meta['set_swing_vehh']:,.1f}。"
                f"判断：{verdict.zh}。每条单独：{_counted(meta['verdicts_alone'], 'zh')}。",
                f"Dynamic: the set saves {sel[0]:,.1f} on the {len(meta['selection_seeds'])} days of selection, "
                f"{ver[0]:,.1f} ({ver[1]:,.1f} to {ver[2]:,.1f}) on the {len(meta['verification_seeds'])} of "
                f"verification, of {meta['dynamic_before_vehh']:,.0f} veh·h; the swing of settling is "
                f"{meta['set_swing_vehh']:,.1f}. Verdict: {verdict.en}. Each of them alone: "
                f"{_counted(meta['verdicts_alone'], 'en')}.",
            ).in_(language)
        )
    if not meta["verification_seeds"]:
        lines.append(STATIC_ONLY.in_(language))
    return lines


def _counted(verdicts: Mapping[str, int], language: Language) -> str:
    parts = [f"{words.in_(language)} {verdicts[verdict]}" for verdict, words in VERDICTS.items() if verdict in verdicts]
    return ("，" if language == "zh" else ", ").join(parts)


def street_lines(table: pd.DataFrame, language: Language) -> list[str]:
    """Which streets gain and lose by each chosen opening alone, in static equilibrium; one line an opening."""
    lines = []
    for row in rows_of(table[table["is_chosen"].astype(bool)]):
        gaining, losing = (streets_in_words(row[f"{side}_streets"], language) or "—" for side in ("gaining", "losing"))
        words = Words(f"减时 {gaining}；增时 {losing}", f"less time: {gaining}; more time: {losing}")
        lines.append(f"{row['name']}  {words.in_(language)}")
    return [STREETS.in_(language), *lines] if lines else []


def cost_lines(table: pd.DataFrame, language: Language) -> list[str]:
    """The assumed unit costs behind the costs of the table, one sentence."""
    kinds = sorted({(str(row["road_class"]), float(row["lanes"])) for row in rows_of(table)}, key=_by_width)
    costs = [(*kind, assumed_cost(*kind, METRES_PER_KM).yuan / 1e4) for kind in kinds]
    zh = "，".join(f"{ROAD_CLASS_WORDS[c].zh}单向{lanes:g}车道 {cost:,.0f}" for c, lanes, cost in costs)
    en = ", ".join(f"{ROAD_CLASS_WORDS[c].en} of {lanes:g} lanes each way {cost:,.0f}" for c, lanes, cost in costs)
    words = Words(
        f"造价假定(万元/公里)：{zh}；桥梁为其 {STRUCTURE_FACTOR:g} 倍。",
        f"Assumed costs (10⁴ yuan a km): {en}; a bridge {STRUCTURE_FACTOR:g} times as much.",
    )
    return [words.in_(language)] if costs else []


def _by_width(kind: tuple[str, float]) -> tuple[int, float]:
    return ROAD_CLASSES.index(kind[0]), kind[1]


def foot_lines(table: pd.DataFrame, meta: dict[str, Any], language: Language) -> list[str]:
    """What stands below the table."""
    left_out = "; ".join(f"{reason}: {n}" for reason, n in meta.get("left_out", {}).items())
    lines = [STATIC, LOADING, COSTS, CHANCE_ONLY] if meta["verification_seeds"] else [SCREENING, COSTS]
    if not meta["barriers"]:
        lines.append(NO_BARRIERS)
    if len(table) and table["residential_vehkm"].isna().all():
        lines.append(NO_RESIDENTIAL)
    looked = Words(
        f"查看缺口 {meta['gaps_found']} 处，其中穿越障碍 {meta['gaps_across_barriers']} 处。",
        f"{meta['gaps_found']} gaps were looked at, {meta['gaps_across_barriers']} of them across barriers"
        + (f"; left out: {left_out}." if left_out else "."),
    )
    return [words.in_(language) for words in (*lines, looked)]
