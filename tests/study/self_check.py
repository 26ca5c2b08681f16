"""The whole chain tested as a statistician would: do intervals hold the truth, and is nothing called where nothing is?

`python -m tests.study.self_check` makes a hundred small studies of a planted effect (a bridge of the grid town gets a
second lane) and a hundred of none, each with seeds of its own, and prints how often the 95 % interval held the truth
and how often anything was called. `docs/statistics.md` records what it printed; `test_self_check.py` is a short form.

The chain: town by hand, demand, settling of both arms, pairs of days, comparison with its verdicts.

The truth of the planted effect is not known beforehand. It is the limit of the difference for many days, estimated by
the same chain from several hundred pairs with seeds that no study uses; its own standard error is printed beside it.
No effect: one arm on ten days, called "before", and the same arm on ten other days, called "after". Neither day is
better than the other in expectation, and the differences are as noisy as days are. (The same days would differ by
exactly nothing: `tests/placebo`.)
"""

import argparse
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from tests.grid_town import PLACE, write_measures, write_town
from twin.files.city_files import load_city
from twin.files.scenario_files import read_scenario
from twin.results.comparison import MEASURE_COLUMNS, Comparison, compare_runs
from twin.results.estimates import Estimate, paired
from twin.results.links_compared import streets_of
from twin.results.run import Arm, LightTraffic, Run
from twin.results.sites_compared import sites_of
from twin.results.verdicts import PRIMARY_METRICS
from twin.study.arms import StudyArm, make_run, riders_of, service_of
from twin.study.executor import each, hand_over, taken_over, usual_jobs
from twin.study.period import Period
from twin.study.settle import light_times, settle_arm, settle_base

MEASURE = 'kind = "change_lanes"\nstreet = "东风桥"\nlanes = 2'
BASE_ROUNDS, ARM_ROUNDS = 3, 2
SEEDS_OF_EFFECT, SEEDS_OF_NONE, SEEDS_OF_TRUTH = 10_000, 1_000_000, 5_000_000
MOST_PAIRS = 50
BLOCK = 20


@dataclass(frozen=True, eq=False)
class Chain:
    """Both arms, settled, from which any day can be run."""

    before: StudyArm
    after: StudyArm


def settled_chain(home: Path) -> Chain:
    """Write the town into `home` and settle both arms."""
    os.environ["TWIN_HOME"] = str(home)
    write_measures(write_town(home), "planted", MEASURE)
    city, base, planted = load_city(PLACE), read_scenario("base"), read_scenario("planted")
    cities = {"before": base.apply_to(city), "after": planted.apply_to(city)}
    period = Period.around(planted.measured)
    settled = settle_base(cities["before"], period, rounds=BASE_ROUNDS)
    free_times = LightTraffic(light_times(settled, period))
    near = np.zeros(len(city.demand.travellers), dtype=np.bool_) if city.demand is not None else np.zeros(0, np.bool_)

    def arm(name: Arm) -> StudyArm:
        settlement = settle_arm(settled, cities[name], period, rounds=ARM_ROUNDS)
        riders, service = riders_of(settlement, period), service_of(settlement, period)
        return StudyArm(name, name, settlement, period, free_times, near, riders=riders, service=service)

    return Chain(arm("before"), arm("after"))


def study_of_effect(chain: Chain, seeds: Sequence[int]) -> Comparison:
    """The planted effect, paired by seed."""
    return _compared(chain, [(chain.before, seed) for seed in seeds], [(chain.after, seed) for seed in seeds])


def study_of_nothing(chain: Chain, seeds: Sequence[int]) -> Comparison:
    """The arm "before" on these days, and on as many others."""
    return _compared(
        replace(chain, after=chain.before),
        [(chain.before, seed) for seed in seeds],
        [(chain.before, seed + MOST_PAIRS) for seed in seeds],
    )


def _compared(chain: Chain, before: list[tuple[StudyArm, int]], after: list[tuple[StudyArm, int]]) -> Comparison:
    runs = {"before": _runs("before", before), "after": _runs("after", after)}
    stages = {"before": chain.before.settlement.stage, "after": chain.after.settlement.stage}
    rounds = [
        arm.settlement.rounds.assign(arm=name) for name, arm in (("before", chain.before), ("after", chain.after))
    ]
    return compare_runs(
        runs["before"],
        runs["after"],
        links_before=streets_of(stages["before"].network, stages["before"].city.signals),
        links_after=streets_of(stages["after"].network, stages["after"].city.signals),
        sites_before=sites_of(stages["before"].city.open_sites),
        sites_after=sites_of(stages["after"].city.open_sites),
        near=(),
        measures=pd.DataFrame(columns=list(MEASURE_COLUMNS)),
        settling=pd.concat(rounds, ignore_index=True),
        meta={},
    )


def _runs(name: Arm, days: list[tuple[StudyArm, int]]) -> list[Run]:
    """Runs under the arm's name, numbered as pairs; without cruising, for whose share so full a town is refused."""
    return [
        replace(run, scenario=name, arm=name, seed=number, records=replace(run.records, cruising=None))
        for number, run in enumerate(make_run(arm, seed) for arm, seed in days)
    ]


@dataclass(frozen=True, slots=True)
class Told:
    """What one study said: estimates and words of the primary measures, its word for all, streets that it calls."""

    estimates: dict[str, Estimate]
    words: dict[str, str]
    verdict: str
    called_streets: int

    @classmethod
    def by(cls, comparison: Comparison) -> "Told":
        """Read from a comparison. Refuses one that names no winner: it would pass for a wrong reason."""
        assert comparison.refusals == (), comparison.refusals
        rows = comparison.rows[comparison.rows["area"] == "city"].set_index("metric")
        return cls(
            {
                metric: Estimate(*rows.loc[metric, ["difference", "ci_low", "ci_high", "n"]])
                for metric in PRIMARY_METRICS
            },
            {metric: str(rows.loc[metric, "verdict"]) for metric in PRIMARY_METRICS},
            comparison.verdict,
            int(comparison.links["is_clear"].sum()),
        )


def effect_told(chain_path: Path, number: int, pairs: int) -> Told:
    """Study `number` of the planted effect (a task for a worker)."""
    first = SEEDS_OF_EFFECT + 2 * MOST_PAIRS * number
    return Told.by(study_of_effect(taken_over(chain_path), range(first, first + pairs)))


def nothing_told(chain_path: Path, number: int, pairs: int) -> Told:
    """Study `number` of no effect (a task for a worker)."""
    first = SEEDS_OF_NONE + 2 * MOST_PAIRS * number
    return Told.by(study_of_nothing(taken_over(chain_path), range(first, first + pairs)))


def block_of_truth(chain_path: Path, number: int, pairs: int) -> pd.DataFrame:
    """Values of further pairs for the truth: columns seed, metric, before, after (a task for a worker)."""
    first = SEEDS_OF_TRUTH + number * BLOCK
    table = study_of_effect(taken_over(chain_path), range(first, first + pairs)).replications
    table = table[(table["area"] == "city") & table["metric"].isin(PRIMARY_METRICS)]
    return table.pivot(index=["seed", "metric"], columns="arm", values="value").reset_index().assign(block=number)


def truth_of(chain_path: Path, pairs: int, *, jobs: int) -> dict[str, Estimate]:
    """The mean difference of each primary measure over many pairs, from disjoint seeds."""
    blocks = range(-(-pairs // BLOCK))
    tables = list(each(block_of_truth, [(chain_path, number, BLOCK) for number in blocks], jobs=jobs))
    table = pd.concat(tables).sort_values(["block", "seed"])
    return {str(metric): paired(found["before"], found["after"]) for metric, found in table.groupby("metric")}


def main() -> None:
    """Run the check and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=100)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--truth", type=int, default=600, help="pairs that the truth is estimated from")
    parser.add_argument("--jobs", type=int, default=usual_jobs())
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        path = hand_over(home / "chain.pickle", settled_chain(home))
        truth = truth_of(path, asked.truth, jobs=asked.jobs)
        calls = [(path, number, asked.pairs) for number in range(asked.studies)]
        effects = list(each(effect_told, calls, jobs=asked.jobs))
        nothings = list(each(nothing_told, calls, jobs=asked.jobs))
    report(truth, effects, nothings)


def report(truth: dict[str, Estimate], effects: Sequence[Told], nothings: Sequence[Told]) -> None:
    """Print how often intervals held the truth, and how often anything was called."""
    n = len(effects)
    lines = [
        "| measure | truth ± standard error | inside 95 % | called better | called worse "
        "| no effect: interval without 0 | no effect: called |",
        "|---|---|---|---|---|---|---|",
    ]
    for metric in PRIMARY_METRICS:
        true = truth[metric]
        inside = sum(told.estimates[metric].low <= true.mean <= told.estimates[metric].high for told in effects)
        right = sum(told.words[metric] == "better" for told in effects)
        wrong = sum(told.words[metric] == "worse" for told in effects)
        alone = sum(told.estimates[metric].excludes_zero for told in nothings)
        called = sum(told.words[metric] in ("better", "worse") for told in nothings)
        error = true.sd / true.n**0.5
        cells = [f"{true.mean:.4g} ± {error:.2g} ({true.n} pairs)", inside, right, wrong, alone, called]
        lines.append(f"| {metric} | {' | '.join(map(str, cells))} |")
    lines += [
        f"of {n} studies each; verdict of the study with an effect: "
        f"{sum(told.verdict == 'better' for told in effects)} better, "
        f"{sum(told.verdict in ('worse', 'depends') for told in effects)} worse or depends",
        f"studies of nothing whose verdict is better, worse or depends: "
        f"{sum(told.verdict in ('better', 'worse', 'depends') for told in nothings)}; "
        f"with a street called: {sum(told.called_streets > 0 for told in nothings)}",
    ]
    print("\n".join(lines))  # noqa: T201  # a report, read in a terminal


if __name__ == "__main__":
    main()
