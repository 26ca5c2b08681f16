"""What a result rests on, said in sentences beside every table: the honest list."""

import re

from twin.city.city import City
from twin.city.network import Network
from twin.demand.inputs import ChoiceSettings
from twin.scenario.scenario import Scenario
from twin.study.signal_plans import junctions_that_differ
from twin.wording import Words

MOST_JUNCTIONS_NAMED = 12

_CHINESE = re.compile("[\u4e00-\u9fff]{4}")


def assumptions_of(city: City, scenario: Scenario, *, reacts: bool = False) -> tuple[Words, ...]:
    """The assumptions of a study's data and model, with the numbers that can be counted.

    `reacts`: people choose anew how to go; what is said of that is `people_that_react`.
    """
    network = city.open_network()
    assumed = sum(1 for link in network.links if link.assumed)
    sites = sum(1 for site in city.open_sites if site.assumed)
    lines = sum(1 for line in city.lines if line.assumed)
    planned = sum(1 for node in network.nodes if node.control == "signal")
    words = [
        Words(
            f"{len(network.links)} 条路段中 {assumed} 条至少有一项属性(车道、限速、通行能力等)为假定值。",
            f"{assumed} of {len(network.links)} links have at least one assumed property (lanes, speed, capacity …).",
        ),
        Words(
            f"{planned} 处信号灯的配时由模型按基准情景流量用 Webster 公式计算并冻结，不是实际配时；左转让行，"
            "流量要求时设专用相位。",
            f"Plans of {planned} signals are computed from the base's flows by Webster's formula and frozen; they are "
            "not the real plans. Left turns give way, or have a phase of their own where volumes ask for one.",
        ),
        Words(
            "出行需求由人口、岗位与重力模型合成，现状方式分担为假定比例；未用流量调查标定。",
            "Demand is synthesised from residents, jobs and a gravity model with assumed mode shares; no counts were "
            "used to calibrate it.",
        )
        if reacts
        else Words(
            "出行需求由人口、岗位与重力模型合成，方式分担为固定比例；未用流量调查标定。",
            "Demand is synthesised from residents, jobs and a gravity model with fixed mode shares; no counts were "
            "used to calibrate it.",
        ),
        Words(
            "出行者按经验时间选择路线：两个方案从同一个基准状态出发，各自再调整相同轮数。没有人改变出行时间和目的地。",
            "Drivers choose routes by experienced times; both arms go on from one settlement for the same number of "
            "rounds. Nobody changes time or destination.",
        )
        if reacts
        else Words(
            "出行者按经验时间选择路线：两个方案从同一个基准状态出发，各自再调整相同轮数。没有新增出行、改时出行和改变方式。",
            "Drivers choose routes by experienced times; both arms go on from one settlement for the same number of "
            "rounds. No induced trips, no change of time or mode.",
        ),
    ]
    if city.open_sites:
        words.append(
            Words(
                f"{len(city.open_sites)} 处公共停车场(点)中 {sites} 处为假定；开始时的占用率为假定值。",
                f"{sites} of {len(city.open_sites)} public parking sites are assumed, and so is how full they are when "
                "a run begins.",
            )
        )
    if city.lines:
        words.append(
            Words(
                f"{len(city.lines)} 条公交线路方向中 {lines} 条的发车间隔、时刻与容量等为假定；"
                "乘客按班次频率选择线路(最优策略)，客流总量只按公布的日客运量调整，未用刷卡数据。",
                f"{lines} of {len(city.lines)} bus line directions have assumed headways, timetables and capacity. "
                "Riders choose lines by how often they run (optimal strategies); their number is tuned to published "
                "boardings a day, not to card data.",
            )
        )
    return (*words, *_in_both(scenario.notes))


def people_that_react(settings: ChoiceSettings, *, induced: bool) -> tuple[Words, ...]:
    """How people choose their mode, with the numbers they choose by."""
    hours = settings.driver_time_yuan_per_h
    nests = "、".join(f"{'+'.join(nest.modes)} θ={nest.scale:g}" for nest in settings.nests.values())
    trips = settings.trips_per_logsum
    return (
        Words(
            "出行方式：以现状分担率为支点的巢式 logit(小汽车、公交、电动车、步行；出租车不变)，按广义费用与现状之差"
            f"调整，并与道路迭代。参数为先验值，未经标定：每分钟 −{settings.utils_per_min:g} 效用；"
            f"时间价值(停车费)上班 "
            f"{hours['work']:g}、公务 {hours['business']:g} 元/时，乘客 {settings.rider_time_yuan_per_h:g} 元/时，票价 "
            f"{settings.bus_fare_yuan:g} 元/次；巢：{nests}。每次出行单独选择，不考虑是否有车。",
            "Mode: a nested logit that pivots about the base's shares (car, bus, e-bike, on foot; taxis stay), by "
            "generalised cost against before, iterated with the road. Priors, not estimated: "
            f"−{settings.utils_per_min:g} utils a minute; time of drivers (for parking fees) {hours['work']:g} yuan/h "
            f"to work, {hours['business']:g} on business, of riders {settings.rider_time_yuan_per_h:g}; fare "
            f"{settings.bus_fare_yuan:g} yuan a boarding; nests: {nests}. Each trip chooses by itself, whoever owns a "
            "car.",
        ),
        Words(
            f"出行次数随便利程度增减：exp({trips:g} × logsum 之差)，假定值。"
            if induced
            else "出行次数不变：没有诱增或抑制的出行。",
            f"Trips are made more or less often: times exp({trips:g} × change of the logsum), assumed."
            if induced
            else "Trips are made as often as before: none are induced or suppressed.",
        ),
    )


def signals_that_differ(before: City, after: City) -> tuple[Words, ...]:
    """Which junctions have other signal plans in the one arm than in the other, and by what rule; () where none.

    `before`, `after`: the cities as settled, with their plans.
    """
    ids = junctions_that_differ(before.signals, after.signals)
    if not ids:
        return ()
    network = after.open_network()
    names = [_junction_name(network, node_id) for node_id in ids[:MOST_JUNCTIONS_NAMED]]
    more = len(ids) - len(names)
    zh = f"等 {len(ids)} 处" if more else ""
    en = f" and {more} more" if more else ""
    return (
        Words(
            f"两个方案中信号配时不同的路口：{'、'.join(names)}{zh}。措施改动的路口沿用原周期与绿灯，"
            "新进口道并入轴线最近的相位；重新配时与自适应控制只因措施而有。",
            f"Junctions whose signals differ between the scenarios: {', '.join(names)}{en}. Where streets change, "
            "cycle and greens stay and a new approach joins the phase of the nearest axis; new plans and control "
            "by traffic come from measures alone.",
        ),
    )


def _junction_name(network: Network, node_id: str) -> str:
    """The streets that meet at a node, and its id."""
    streets = dict.fromkeys(link.name for link in network.links_in.get(node_id, ()) if link.name)
    return f"{'×'.join(streets)} ({node_id})" if streets else node_id


def not_answered(before: City, after: City) -> tuple[Words, ...]:
    """What the scenarios change that the model does not react to yet, so that no effect is no answer."""
    tariffs = {site.id: site.tariff for site in before.open_sites}
    if any(tariffs.get(site.id, site.tariff) != site.tariff for site in after.open_sites):
        return (
            Words(
                "停车价格有变化：驾驶人按价格在停车场之间选择，但没有人因此改乘公交、改变停留时间或放弃出行。",
                "Parking prices change: drivers choose among sites by them, but nobody takes the bus, stays "
                "shorter or stays at home because of them.",
            ),
        )
    return ()


def _in_both(notes: tuple[str, ...]) -> list[Words]:
    """A scenario's notes, paired where each is written in 中文 and then in English; else the same in both."""
    chinese = [note for note in notes if _CHINESE.search(note)]
    english = [note for note in notes if not _CHINESE.search(note)]
    if len(chinese) == len(english):
        return [Words(zh, en) for zh, en in zip(chinese, english, strict=True)]
    return [Words(note, note) for note in notes]
