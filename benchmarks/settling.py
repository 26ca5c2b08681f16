"""Effect of one opening, 双河东路 on Yantai, against how far routes have settled: static and dynamic.

`python benchmarks/settling.py` prints the tables of docs/settling.md and draws docs/settling.png. Static: both arms to
the same relative gap. Dynamic: both arms go on from one settlement of the base, round by round; once from a base of
`--base-rounds` rounds, once from one of twice as many.
"""

import argparse
import time
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from twin.city.city import City
from twin.files.city_files import load_city
from twin.files.scenario_files import read_scenario
from twin.study.screen import city_equilibrium
from twin.study.settle import Period, Settlement, continued, settle_arm, settle_base

SCENARIO = "double-river-east"
GAPS = (1e-2, 1e-3, 5e-4, 1e-4, 5e-5, 2e-5, 1e-5, 1e-6, 1e-7)
PICTURE = Path(__file__).parent.parent / "docs" / "settling.png"


def static_effects(cities: dict[str, City], period: Period) -> pd.DataFrame:
    """gap asked, gap and rounds of both arms, before and change (veh·h).

    The way to the smallest gap leads through all larger ones: one search an arm gives every row.
    """
    hours = period.measured.duration_s / 3600.0
    ways = {}
    for name, city in cities.items():
        began = time.process_time()
        ways[name] = city_equilibrium(city, period.measured, gap=min(GAPS)).rounds
        print(f"static, {name}: {len(ways[name])} rounds, {time.process_time() - began:.1f} s CPU", flush=True)
    rows = []
    for gap in GAPS:
        before, after = (way[way["relative_gap"] <= gap].iloc[0] for way in (ways["before"], ways["after"]))
        change = hours * (after["vehicle_hours"] - before["vehicle_hours"])
        rows.append(
            (
                gap,
                before["relative_gap"],
                after["relative_gap"],
                before["round"],
                hours * before["vehicle_hours"],
                change,
            )
        )
    return pd.DataFrame(rows, columns=["gap_asked", "gap_before", "gap_after", "rounds", "before_vh", "change_vh"])


def dynamic_effects(base: Settlement, cities: dict[str, City], period: Period, *, rounds: int) -> pd.DataFrame:
    """round, gap of both arms, before and change (veh·h): each arm goes on from one settlement of the base."""
    arms = {name: settle_arm(base, city, period, rounds=rounds).rounds for name, city in cities.items()}
    return pd.DataFrame(
        {
            "round": arms["before"]["round"],
            "gap_before": arms["before"]["relative_gap"],
            "gap_after": arms["after"]["relative_gap"],
            "before_vh": arms["before"]["vehicle_hours"],
            "change_vh": arms["after"]["vehicle_hours"] - arms["before"]["vehicle_hours"],
        }
    )


def draw(static: pd.DataFrame, dynamic: dict[int, pd.DataFrame]) -> None:
    """Two panels: change of vehicle-hours against the static gap, and against dynamic rounds."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True, layout="constrained")
    left.semilogx(static["gap_before"], static["change_vh"], "o-", color="#1f5f8b")
    left.invert_xaxis()
    left.set(xlabel="relative gap of both arms (static)", ylabel="change of vehicle-hours, 07:00-09:00")
    for start, rows in dynamic.items():
        right.plot(rows["round"] - start, rows["change_vh"], "o-", label=f"base of {start} rounds")
    right.set(xlabel="rounds of both arms (dynamic, one day)")
    right.legend(frameon=False)
    for axes in (left, right):
        axes.axhline(0.0, color="#999999", linewidth=0.8)
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(
        "Opening of Shuanghe East Road: effect against settling (schematic network, assumed demand)", fontsize=10
    )
    figure.savefig(PICTURE, dpi=110)


def main() -> None:
    """Both tables, and the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-rounds", type=int, default=10)
    parser.add_argument("--arm-rounds", type=int, default=12)
    options = parser.parse_args()
    after = read_scenario(SCENARIO)
    city = load_city(after.place)
    cities = {"before": read_scenario(after.before).apply_to(city), "after": after.apply_to(city)}
    period = Period.around(after.measured)
    static = static_effects(cities, period)
    print(static.to_string(index=False), flush=True)
    first = settle_base(cities["before"], period, rounds=options.base_rounds)
    second = continued(first, period, rounds=options.base_rounds, first_round=options.base_rounds + 1)
    dynamic = {}
    for base in (first, second):
        start = len(base.rounds)
        dynamic[start] = dynamic_effects(base, cities, period, rounds=options.arm_rounds)
        print(f"\nbase of {start} rounds, gap {base.rounds['relative_gap'].iloc[-1]:.4f}")
        print(dynamic[start].to_string(index=False), flush=True)
    draw(static, dynamic)


if __name__ == "__main__":
    main()
