"""Effect of one opening, 双河东路 on Yantai, against how far routes have settled: static and dynamic.

`python -m benchmarks.settling static` takes both arms to ever smaller relative gaps; `… dynamic --base-rounds 10` lets
both go on, round by round, from one settlement of the base. Each keeps its rows in docs/settling.csv, prints them and
draws docs/settling.png anew.
"""

import argparse
import datetime
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from benchmarks.loadings import CASES, make_loading
from twin.city.city import City
from twin.city.trips import Demand
from twin.city.zones import LoadingPoint
from twin.clock import TimeWindow
from twin.files.city_files import load_city
from twin.files.scenario_files import read_scenario
from twin.study.period import Period
from twin.study.screen import city_equilibrium
from twin.study.settle import settle_arm, settle_base

SCENARIO = "double-river-east"
GAPS = (1e-2, 1e-3, 5e-4, 1e-4, 5e-5, 2e-5, 1e-5, 1e-6, 1e-7)
TABLE = Path(__file__).parent.parent / "docs" / "settling.csv"
COLUMNS = ["kind", "base_rounds", "round", "gap_before", "gap_after", "before_vh", "change_vh"]


def static_effects(cities: dict[str, City], period: Period) -> pd.DataFrame:
    """One row a gap, with the rounds that the base took to it and vehicle-hours of the measured window.

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
        gaps = (before["relative_gap"], after["relative_gap"])
        rows.append(("static", 0, int(before["round"]), *gaps, hours * before["vehicle_hours"], change))
    return pd.DataFrame(rows, columns=COLUMNS).drop_duplicates()


def dynamic_effects(cities: dict[str, City], period: Period, *, base_rounds: int, arm_rounds: int) -> pd.DataFrame:
    """One row a round of both arms, which go on from one settlement of the base; one day, without stories."""
    base = settle_base(cities["before"], period, rounds=base_rounds)
    print(base.rounds.to_string(index=False), flush=True)
    arms = {name: settle_arm(base, city, period, rounds=arm_rounds).rounds for name, city in cities.items()}
    return pd.DataFrame(
        {
            "kind": "dynamic",
            "base_rounds": base_rounds,
            "round": arms["before"]["round"] - base_rounds,
            "gap_before": arms["before"]["relative_gap"],
            "gap_after": arms["after"]["relative_gap"],
            "before_vh": arms["before"]["vehicle_hours"],
            "change_vh": arms["after"]["vehicle_hours"] - arms["before"]["vehicle_hours"],
        }
    )


def grid_rounds(rounds: int) -> pd.DataFrame:
    """Rounds of the 1,600-node grid with queues, everybody setting out between 07:00 and 08:00."""
    loading = make_loading(CASES["1600-queued"])
    network, links = loading.network, loading.routes.links
    ends = loading.routes.start + loading.routes.length - 1
    points = tuple(LoadingPoint("grid", node.lon, node.lat, network.links_in[node.id][0].id) for node in network.nodes)
    point_of = {node.id: number for number, node in enumerate(network.nodes)}
    measured = TimeWindow.between("07:00", "08:00")
    n = len(loading.depart_us)
    travellers = pd.DataFrame(
        {
            "traveller_id": np.arange(n),
            "purpose": "work",
            "mode": "car",
            "origin_zone": "grid",
            "destination_zone": "grid",
            "origin_point": [point_of[network.links[i].from_node] for i in links[loading.routes.start].tolist()],
            "destination_point": [point_of[network.links[i].to_node] for i in links[ends].tolist()],
            "usual_depart_s": measured.start_s + loading.depart_us / 1e6,
            "stay_s": 3600.0,
            "parks": "private",
            "travels_share": 1.0,
        }
    )
    city = City("grid", "grid", datetime.date(2024, 1, 1), network, demand=Demand(travellers, points))
    return settle_base(city, Period.around(measured), rounds=rounds).rounds


def keep(rows: pd.DataFrame) -> pd.DataFrame:
    """The table with these rows in place of those of their kind and base."""
    kept = pd.read_csv(TABLE) if TABLE.is_file() else pd.DataFrame(columns=COLUMNS)
    same = (kept["kind"] == rows["kind"].iloc[0]) & (kept["base_rounds"] == rows["base_rounds"].iloc[0])
    table = pd.concat([kept[~same], rows]) if len(kept[~same]) else rows
    table = table.sort_values(["kind", "base_rounds", "round"], ignore_index=True)
    table.to_csv(TABLE, index=False, float_format="%.6g")
    return table


def draw(table: pd.DataFrame) -> None:
    """Two panels: change of vehicle-hours against the static gap, and against dynamic rounds."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True, layout="constrained")
    static = table[table["kind"] == "static"]
    left.semilogx(static["gap_before"], static["change_vh"], "o-", color="#1f5f8b")
    left.invert_xaxis()
    left.set(xlabel="relative gap of both arms (static)", ylabel="change, vehicle-hours, 07:00-09:00")
    for base_rounds, rows in table[table["kind"] == "dynamic"].groupby("base_rounds"):
        right.plot(rows["round"], rows["change_vh"], "o-", label=f"from a base of {base_rounds} rounds")
    right.set(xlabel="rounds of both arms (dynamic, one day)")
    right.legend(frameon=False)
    for axes in (left, right):
        axes.axhline(0.0, color="#999999", linewidth=0.8)
        axes.spines[["top", "right"]].set_visible(False)
    title = "Opening of Shuanghe East Road: effect against settling (schematic network, assumed demand)"
    figure.suptitle(title, fontsize=10)
    figure.savefig(TABLE.with_suffix(".png"), dpi=110)


def main() -> None:
    """One kind of rows, the table and the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("static", "dynamic", "grid"))
    parser.add_argument("--base-rounds", type=int, default=10)
    parser.add_argument("--arm-rounds", type=int, default=12)
    options = parser.parse_args()
    if options.kind == "grid":
        print(grid_rounds(options.base_rounds).to_string(index=False))
        return
    after = read_scenario(SCENARIO)
    city = load_city(after.place)
    cities = {"before": read_scenario(after.before).apply_to(city), "after": after.apply_to(city)}
    period = Period.around(after.measured)
    if options.kind == "static":
        rows = static_effects(cities, period)
    else:
        rows = dynamic_effects(cities, period, base_rounds=options.base_rounds, arm_rounds=options.arm_rounds)
    print(rows.to_string(index=False))
    draw(keep(rows))


if __name__ == "__main__":
    main()
