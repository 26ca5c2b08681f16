"""The scenario that advice on bus lines writes, with what it rests on in its notes."""

from collections.abc import Sequence
from pathlib import Path

from twin.advice.bus_lines import BusAdvice
from twin.city.city import City
from twin.files.scenario_files import write_scenario
from twin.scenario.scenario import Scenario
from twin.wording import Words


def bus_scenario(name: str, city: City, base: str, advice: BusAdvice, gaining: Sequence[tuple[str, float]]) -> Scenario:
    """The changes as a scenario; `gaining`: lines that openings would shorten, with minutes."""
    count = len(advice.changes)
    return Scenario(
        name=name,
        title=Words(f"优化{count}条公交线路(候选)", f"{count} bus lines changed (candidates)"),
        place=city.place,
        based_on=base,
        answers=("work-report-2024/p03-bus-lines",) if city.place == "yantai" else (),
        measures=tuple(change.measure for change in advice.changes),
        notes=(*_notes(advice), *_gaining(gaining)),
    )


def write_bus_scenario(path: Path, scenario: Scenario, command: str) -> None:
    """Write it with the command that makes it again as its header."""
    write_scenario(path, scenario, header=f"Written by: {command}")


def _notes(advice: BusAdvice) -> tuple[str, ...]:
    before, after = advice.cost_h
    saved = (before - after) / before
    buses_before, buses_after = advice.fleet
    reasons_zh = "；".join(change.why.zh for change in advice.changes)
    reasons_en = "; ".join(change.why.en for change in advice.changes)
    return (
        "线路名单不是公布的清单；候选由程序按乘客广义出行时间预测选出，不是真实调整方案。发车间隔、客流均为假定。",
        f"预测(不含随机性、拥堵与满载)：早高峰乘客广义时间由{before:.0f}降至{after:.0f}人时(−{saved:.1%})；"
        f"所需车辆由{buses_before}变为{buses_after}辆，不增加。预测不是结论：须以配对模拟检验。",
        f"理由：{reasons_zh}。",
        "The lines are no published list: candidates are chosen by a forecast of riders' generalised time and are not "
        "the real changes. Headways and riders are assumed.",
        f"Forecast (no chance, no congestion, no full bus): generalised time of the morning's riders from "
        f"{before:.0f} to {after:.0f} hours (−{saved:.1%}); buses needed {buses_before} before and {buses_after} "
        "after, no more. A forecast is no answer: a study of paired days tests it.",
        f"Reasons: {reasons_en}.",
    )


def _gaining(gaining: Sequence[tuple[str, float]]) -> tuple[str, ...]:
    if not gaining:
        return ()
    zh = "、".join(f"{line}({minutes:.0f}分钟)" for line, minutes in gaining)
    en = ", ".join(f"{line} ({minutes:.0f} min)" for line, minutes in gaining)
    return (
        f"打通道路后可缩短的线路(最多省时的一段)：{zh}。",
        f"Lines that the openings would shorten (on their best stretch): {en}.",
    )
