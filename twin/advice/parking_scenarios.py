"""A placement of parking spaces as scenario documents: the plan, and as many spaces in proportion to demand."""

from collections.abc import Sequence
from pathlib import Path

from twin.advice.parking_costs import kind_of_place
from twin.advice.parking_placement import NOTHING_MIN, ParkingPlace, ParkingPlan
from twin.files.scenario_files import write_scenario
from twin.scenario.parking_measures import AddParking
from twin.scenario.scenario import Scenario
from twin.wording import Words

ANSWERS = ("work-report-2024/p12-parking-spaces",)

_NOT_THE_PROJECTS = (
    "2024年政府工作报告未说明5000个停车位建在哪里，公开渠道也未查到清单；这里的候选场由程序选出，不是真实项目；"
    "需求、泊位、造价均为假定，选点在小区街道上，不知道用地和地块：须人工核实。",
    "The report does not say where the spaces go and no list was found: the places are chosen by a program and are not "
    "the real projects. Demand, supply and costs are assumed; places are points on streets, nothing is known of plots.",
)


def plan_scenario(plan: ParkingPlan, base: Scenario, name: str) -> Scenario:
    """The plan as a scenario over its base."""
    spaces = sum(place.spaces for place in plan.places)
    return Scenario(
        name=name,
        title=Words(
            f"新增{spaces}个停车位(排队模型选点)", f"{spaces:,} new parking spaces (placed by a queueing model)"
        ),
        place=base.place,
        based_on=base.name,
        answers=ANSWERS if base.place == "yantai" else (),
        measured=plan.measured,
        measures=_measures(plan.places),
        notes=(*_NOT_THE_PROJECTS, *_plan_notes(plan)),
    )


def proportional_scenario(plan: ParkingPlan, base: Scenario, name: str) -> Scenario:
    """As many spaces as the plan has, in proportion to the drivers who come to each zone."""
    spaces = sum(place.spaces for place in plan.proportional_places)
    return Scenario(
        name=name,
        title=Words(f"新增{spaces}个停车位(按需求比例)", f"{spaces:,} new parking spaces (in proportion to demand)"),
        place=base.place,
        based_on=base.name,
        answers=ANSWERS if base.place == "yantai" else (),
        measured=plan.measured,
        measures=_measures(plan.proportional_places),
        notes=(
            *_NOT_THE_PROJECTS,
            "按到达车辆比例分配到各小区，小区内取服务车辆最多的一点：通常做法，作对照。",
            "Spaces go to zones in proportion to the drivers who come, at the point that serves most: the usual "
            "practice, to compare with.",
        ),
    )


def write_plan(
    plan: ParkingPlan, base: Scenario, folder: Path, *, name: str, proportional_name: str, command: str
) -> tuple[Path, Path]:
    """Write both documents into a folder, each with the command that wrote it."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"{name}.toml", folder / f"{proportional_name}.toml"
    write_scenario(paths[0], plan_scenario(plan, base, name), header=f"Written by: {command}")
    write_scenario(paths[1], proportional_scenario(plan, base, proportional_name), header=f"Written by: {command}")
    return paths


def _measures(places: Sequence[ParkingPlace]) -> tuple[AddParking, ...]:
    return tuple(
        AddParking(
            id=f"parking-{number:02d}",
            group="parking",
            at=(place.lon, place.lat),
            spaces=place.spaces,
            site_kind=kind_of_place(place.spaces),
            name=f"候选场{number:02d}({place.zone.name})",
        )
        for number, place in enumerate(places, start=1)
    )


def _plan_notes(plan: ParkingPlan) -> tuple[str, ...]:
    total, nothing, worth = int(plan.curve["spaces"].iloc[-1]), plan.buys_nothing, plan.worth_building
    cost = sum(place.cost_yuan for place in plan.places) / 1e4
    floors_zh = "、".join(f"{district}{n}" for district, n in plan.floors.items())
    floors_en = ", ".join(f"{district} {n}" for district, n in plan.floors.items())
    return (
        f"选点：每50个泊位放在使{plan.measured}寻找、步行和无位可停最少的地方(排队模型，不含路网)；新泊位只计500米以内步行；"
        f"每区下限({floors_zh})；每小区用地不超过0.5%。",
        f"递减：{total}个泊位中最后{nothing}个几乎不起作用(每天合计省不到{NOTHING_MIN:g}分钟)；"
        f"按假定造价，值得建的约{worth}个；造价约{cost:,.0f}万元(不含土地)。",
        f"Chosen in blocks of 50, each where it saves most search, walking and turning away in {plan.measured} (a "
        f"queueing model without streets); walks of up to 500 m count; a floor for each district ({floors_en}); at "
        "most 0.5 % of a zone's land.",
        f"Diminishing returns: the last {nothing:,} of {total:,} spaces buy nothing (less than {NOTHING_MIN:g} "
        f"minutes of all drivers a day each); about {worth:,} are worth their assumed cost; building costs "
        f"{cost / 100:,.1f} million yuan, land apart.",
    )
