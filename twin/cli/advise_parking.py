"""What `twin advise parking` does: propose, write the proposal as scenarios, and let the engine say what it does."""

from pathlib import Path

import pandas as pd

from twin.advice.city_parking import city_for
from twin.advice.parking_costs import kind_of_place
from twin.advice.parking_placement import NOTHING_MIN, ParkingPlan, plan_parking
from twin.advice.parking_scenarios import write_plan
from twin.cli.tables import StudyProgress, print_comparison, print_lines, print_table
from twin.clock import TimeWindow
from twin.files.catalogue import runs_folder
from twin.files.whole_files import write_whole
from twin.results.comparison import Comparison
from twin.study.compare import compare, load_scenario
from twin.wording import Language, Words

_CURVE_HEAD = ("spaces", "zone", "district", "kind", "min a space, day", "h a day in all", "10⁴ yuan", "worth its cost")
_SHOWN_ROWS = 12


def advise_parking(
    base_name: str,
    *,
    spaces: int,
    out: Path,
    equity_floor: float,
    budget_yuan: float | None,
    replications: int,
    measured: TimeWindow,
    jobs: int | None,
    language: Language,
    command: str,
) -> None:
    """Place the spaces, write the plan and its rival as scenarios, and compare the plan with the base and the rival."""
    base = load_scenario(base_name)
    name, rival = f"parking-{spaces}", "parking-proportional"
    with StudyProgress(language) as progress:
        progress("city", 0, 1)
        city = city_for(base, measured)
        progress("city", 1, 1)
        plan = plan_parking(
            city,
            measured,
            spaces=spaces,
            equity_floor=equity_floor,
            budget_yuan=budget_yuan,
            tell=lambda done, total: progress("place", done, total),
        )
    paths = write_plan(plan, base, out, name=name, proportional_name=rival, command=command)
    tables = runs_folder() / f"advice-{name}"
    tables.mkdir(parents=True, exist_ok=True)
    write_whole(tables / "curve.csv", plan.curve.to_csv(index=False).encode())
    write_whole(tables / "places.csv", _place_table(plan).to_csv(index=False).encode())
    _print_plan(plan, language)
    print_lines([str(path) for path in (*paths, tables / "curve.csv", tables / "places.csv")])
    if replications:
        for first, second in ((base.name, paths[0]), (str(paths[1]), paths[0])):
            _print_verified(first, second, replications=replications, jobs=jobs, language=language)


def _print_plan(plan: ParkingPlan, language: Language) -> None:
    """The curve, what the model says of the plan and its rival, and what is worth what."""
    curve = plan.curve
    shown = sorted({round(i * (len(curve) - 1) / (_SHOWN_ROWS - 1)) for i in range(_SHOWN_ROWS)})
    rows = [
        (
            f"{row['spaces']:,}",
            str(row["zone"]),
            str(row["district"]),
            str(row["kind"]),
            f"{row['gain_min_per_space']:.1f}",
            f"{row['gain_h']:,.1f}",
            f"{row['cost_yuan'] / 1e4:,.0f}",
            "yes" if row["is_worth_it"] else "no",
        )
        for row in curve.iloc[shown].to_dict("records")
    ]
    print_table(_CURVE_HEAD, rows)
    outcomes = {"before": plan.before, "plan": plan.after, "in proportion to demand": plan.proportional}
    print_table(
        ("queueing model", "drivers", "find none", "search s", "walk m", "h of search, walk, none"),
        [
            (name, f"{o.drivers:,.0f}", f"{o.turned_away:,.1f}", f"{o.searching_s / o.drivers:.2f}",
             f"{o.walking_m / max(o.drivers - o.turned_away, 1.0):.1f}", f"{o.cost_h:,.1f}")
            for name, o in outcomes.items()
        ],
    )  # fmt: skip
    print_lines([sentence.in_(language) for sentence in plan_sentences(plan)])


def plan_sentences(plan: ParkingPlan) -> tuple[Words, ...]:
    """What the plan comes to, in sentences."""
    total, cost = int(plan.curve["spaces"].iloc[-1]), sum(place.cost_yuan for place in plan.places) / 1e6
    induced = plan.induced
    return (
        Words(
            f"{total}个泊位放在{len(plan.places)}处，造价约{cost:,.1f}百万元(假定，不含土地)；"
            f"最后{plan.buys_nothing}个几乎不起作用(每天合计省不到{NOTHING_MIN:g}分钟)，按假定造价值得建的约{plan.worth_building}个。",
            f"{total:,} spaces in {len(plan.places)} places for {cost:,.1f} million yuan (assumed, land apart): the "
            f"last {plan.buys_nothing:,} buy nothing (less than {NOTHING_MIN:g} minutes of all drivers a day each), "
            f"about {plan.worth_building:,} are worth their cost.",
        ),
        Words(
            f"诱增：停车更方便约多{induced.trips:,.0f}次小汽车出行(弹性假定)，原有收益仍剩{induced.gain_left:.1%}。",
            f"Induced driving: about {induced.trips:,.0f} more car trips (assumed elasticity) leave "
            f"{induced.gain_left:.1%} of the gain.",
        ),
        Words(
            "选点只用排队模型的均值，没有用任何随机种子；模拟才用种子检验。",
            "Places were chosen on means of the queueing model, with no seed at all; the simulation checks them "
            "on seeds.",
        ),
    )


def _place_table(plan: ParkingPlan) -> pd.DataFrame:
    rows = [
        (
            *(place.zone.name, place.zone.district, place.lon, place.lat, place.spaces),
            *(kind_of_place(place.spaces), place.cost_yuan),
        )
        for place in plan.places
    ]
    return pd.DataFrame(rows, columns=["zone", "district", "lon", "lat", "spaces", "kind", "cost_yuan"])


def _print_verified(first: str, second: Path, *, replications: int, jobs: int | None, language: Language) -> None:
    after = load_scenario(second)
    before = load_scenario(first)
    folder = runs_folder() / f"{before.name}--{after.name}"
    with StudyProgress(language) as progress:
        found: Comparison = compare(before, after, replications=replications, jobs=jobs, out=folder, progress=progress)
    print_comparison(found, language)
    print_lines([str(folder)])
