"""The chosen openings as a scenario document, with the notes a reader of it must see."""

from typing import Any

from twin.advice.opening_words import BRAESS, COSTS, NO_BARRIERS, SKETCH, STATIC, summary_lines
from twin.advice.openings import OpeningAdvice
from twin.scenario.scenario import Scenario
from twin.wording import SCREENING, Words

TEN_OPENINGS = "work-report-2024/p02-dead-ends-2024"
"""The commitment of the work report that ten openings in Yantai answer."""

_NOT_LISTED = Words(
    "2024年政府工作报告未列出这十条路的名称，公开渠道也未查到清单；候选由程序选出，不是真实项目。",
    "The report names none of the ten roads and no list was found: the candidates are chosen by the program and are "
    "not the real projects.",
)
_RULE = Words(
    "规则：断头路端点或丁字路口，沿原方向(±60°)60–{gap:.0f}米内有路，绕行至少为直线的1.5倍，连线不穿过已有道路，不取公交首末站。",
    "Rule: a dead end or the stem of a T led straight on (within 60°) to a street 60–{gap:.0f} m away, way round at "
    "least one and a half times the straight line, no street crossed, bus terminals left out.",
)


def opening_scenario(before: Scenario, found: OpeningAdvice, meta: dict[str, Any], *, name: str) -> Scenario:
    """The scenario that opens the chosen set on top of `before`."""
    count = len(found.chosen)
    answers = (TEN_OPENINGS,) if before.place == "yantai" and count == 10 else ()
    notes = [_NOT_LISTED] if answers else []
    rule = Words(_RULE.zh.format(gap=meta["max_gap_m"]), _RULE.en.format(gap=meta["max_gap_m"]))
    notes += [rule, STATIC if meta["verification_seeds"] else SCREENING, COSTS]
    notes += [SKETCH] if meta["network_kind"] == "schematic" else []
    notes += [] if meta["barriers"] else [NO_BARRIERS]
    warned = found.table[found.table["is_chosen"] & found.table["braess"]]["name"].tolist()
    notes += [Words(f"{'、'.join(warned)}：{BRAESS.zh}", f"{', '.join(warned)}: {BRAESS.en}")] if warned else []
    skip = 1 if meta["network_kind"] == "schematic" else 0
    measured = [summary_lines(meta, "zh")[skip:], summary_lines(meta, "en")[skip:]]
    return Scenario(
        name=name,
        title=Words(f"打通{count}条断头路、丁字路(候选)", f"{count} missing links opened (candidates)"),
        place=before.place,
        based_on=before.name,
        measured=before.measured,
        answers=answers,
        measures=found.chosen,
        notes=(*(note.zh for note in notes), *measured[0], *(note.en for note in notes), *measured[1]),
    )
