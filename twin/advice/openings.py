"""Which dead ends to open: candidates, screened by skims, then by static equilibria as a set, then tried in the dynamic
model on paired days and verified on others.

The story is `weighed`; its chapters are the files beside this one. A set is chosen by the static model, where gains of
a few vehicle-hours can be told apart; the dynamic model has a veto (a member that makes the total worse, Braess's
paradox, gives way to the next) and tells what the chosen ones do with signals, queues and spillback.
"""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.advice.best_set import BestSet, best_set
from twin.advice.letters import letters
from twin.advice.offered_streets import OfferedStreets, offered, opening_of, with_openings
from twin.advice.opening_candidates import MAX_GAP_M, Candidate, find_candidates
from twin.advice.opening_equilibria import OpeningEquilibria
from twin.advice.opening_findings import STREET_COLUMNS, streets_changed
from twin.advice.opening_skims import detour_gains_vehh
from twin.advice.opening_table import Weighed, candidate_table, opening_table, verdict_of
from twin.advice.opening_trials import BEFORE, DynamicArm, effect_vehh, settled_base, swing_vehh, trials
from twin.city.barriers import Barrier
from twin.city.city import City
from twin.city.cuts import with_cuts_of
from twin.city.places import KnownPlace
from twin.clock import TimeWindow
from twin.results.estimates import Estimate
from twin.scenario.street_openings import OpenLink
from twin.study.period import Period
from twin.study.settle import ARM_ROUNDS, BASE_ROUNDS

Tell = Callable[[str, int, int], None]
Floats = NDArray[np.float64]

SET = "all"
"""Key of the arm in which the whole set is built."""


@dataclass(frozen=True, slots=True)
class AdviceOptions:
    """How far to look. `shortlist`: candidates that go to the static model; `spare`: how many more than `count` go to
    the dynamic one; `selection_days`, `verification_days`: paired days, all different; `across_barriers`: whether
    candidates that cross water, rail, buildings … may be chosen."""

    count: int = 10
    max_gap_m: float = MAX_GAP_M
    shortlist: int = 24
    spare: int = 1
    selection_days: int = 3
    verification_days: int = 5
    across_barriers: bool = False
    static_only: bool = False  # no dynamic trial, hence no verdict
    base_rounds: int = BASE_ROUNDS
    arm_rounds: int = ARM_ROUNDS
    jobs: int = 2


@dataclass(frozen=True, eq=False)
class OpeningAdvice:
    """What was found. `table`: opening_table.OPENING_COLUMNS, chosen ones first; `candidates`: all that were looked at;
    `streets`: opening_findings.STREET_COLUMNS; `chosen`: the measures of the set; `facts`: numbers of the whole
    study."""

    table: pd.DataFrame
    candidates: pd.DataFrame
    streets: pd.DataFrame
    chosen: tuple[OpenLink, ...]
    facts: dict[str, Any] = field(default_factory=dict)


def advise_openings(
    base: City,
    measured: TimeWindow,
    seeds: Sequence[int],
    *,
    options: AdviceOptions,
    folder: Path,
    barriers: Sequence[Barrier] = (),
    places: Sequence[KnownPlace] = (),
    tell: Tell = lambda what, done, total: None,
) -> OpeningAdvice:
    """The best set of openings of a city that has its other measures in place. `seeds`: days, in order of use."""
    tell("candidates", 0, 1)
    discovery = find_candidates(base, max_gap_m=options.max_gap_m, barriers=barriers)
    tell("candidates", 1, 1)
    found = weighed(
        base, discovery.candidates, measured, seeds, options=options, folder=folder, places=places, tell=tell
    )
    return replace(found, facts={**found.facts, "left_out": discovery.left_out})


def weighed(
    base: City,
    candidates: Sequence[Candidate],
    measured: TimeWindow,
    seeds: Sequence[int],
    *,
    options: AdviceOptions,
    folder: Path,
    places: Sequence[KnownPlace] = (),
    tell: Tell = lambda what, done, total: None,
) -> OpeningAdvice:
    """What candidates are worth alone and as a set, and the best set of them."""
    fixed_vehh = fixed_gains_vehh(base, candidates, measured)
    order = sorted(range(len(candidates)), key=lambda i: (-fixed_vehh[i], candidates[i].key))
    listed = _shortlist([candidates[i] for i in order], fixed_vehh[order], options)
    streets = offered(base, [opening_of(c, f"c{i}", c.key) for i, c in enumerate(listed)])
    by_id = {f"c{i}": candidate for i, candidate in enumerate(listed)}
    equilibria = OpeningEquilibria(base, streets, measured)
    alone = _alone(equilibria, streets, tell)
    free = [key for key in alone if options.across_barriers or not by_id[key].crosses]
    best = best_set(
        free,
        lambda built: equilibria.saved_vehh(built),
        count=options.count,
        least_gain=equilibria.doubt_vehh,
        tell=lambda done, total: tell("best set", done, total),
    )
    finalists = _finalists(best, free, alone, options)
    named = _named(finalists, by_id)
    tried = _tried(base, named, best, measured, seeds, options, folder, tell)
    named = _named([*tried.chosen, *(key for key in finalists if key not in tried.chosen)], by_id)  # A, B … are the set
    rows = [
        Weighed(
            key=key,
            opening=named.get(key),
            candidate=candidate,
            fixed_vehh=float(fixed_vehh[candidates.index(candidate)]),
            static_vehh=alone.get(key, math.nan),
            in_set_vehh=_in_set(equilibria, tried.chosen, key),
            is_chosen=key in tried.chosen,
            refused=streets.refused.get(key, ""),
            selection=tried.selection.get(key),
            verification=tried.verification.get(key),
            swing_vehh=tried.swing.get(key, math.nan),
        )
        for key, candidate in by_id.items()
    ]
    table = opening_table(rows, base, equilibria, places)
    return OpeningAdvice(
        table=table,
        candidates=candidate_table(candidates, fixed_vehh, {c.key: key for key, c in by_id.items()}, alone),
        streets=_streets(tried, named),
        chosen=tuple(named[key] for key in tried.chosen),
        facts=_facts(equilibria, best, tried, candidates, options),
    )


def fixed_gains_vehh(base: City, candidates: Sequence[Candidate], measured: TimeWindow) -> Floats:
    """The first screen: vehicle-hours of the window that each candidate saves at the times of today's equilibrium."""
    if not candidates:
        return np.zeros(0)
    equilibria = OpeningEquilibria(base, offered(base, ()), measured)
    speed_mps = {
        road_class: statistics.median(k.free_speed_mps for k in base.network.links if k.road_class == road_class)
        for road_class in {link.road_class for link in base.network.links}
    }
    gains = detour_gains_vehh(
        equilibria.network,
        equilibria.pairs,
        equilibria.equilibrium(()).time_s,
        candidates,
        lambda c: c.crow_m / speed_mps.get(c.road_class, 11.0),
        router=equilibria.router,
    )
    return gains * equilibria.hours


def _shortlist(ordered: Sequence[Candidate], gains: Floats, options: AdviceOptions) -> list[Candidate]:
    """The first by the first screen, and of those that cross a barrier as many again as have a gain among them."""
    useful = [c for c, gain in zip(ordered, gains, strict=True) if gain > 0.0]
    free = [c for c in useful if not c.crosses][: options.shortlist]
    flagged = [c for c in useful if c.crosses][: options.shortlist // 2]
    return sorted([*free, *flagged], key=lambda c: list(ordered).index(c))


def _alone(equilibria: OpeningEquilibria, streets: OfferedStreets, tell: Tell) -> dict[str, float]:
    alone: dict[str, float] = {}
    for opening in streets.openings:
        alone[opening.id] = equilibria.saved_vehh([opening.id])
        tell("static", len(alone), len(streets.openings))
    return alone


def _finalists(best: BestSet, free: Sequence[str], alone: Mapping[str, float], options: AdviceOptions) -> list[str]:
    """The best set, then the next best alone."""
    others = [key for key in sorted(free, key=lambda k: (-alone[k], k)) if key not in best.chosen]
    return [*best.chosen, *others[: options.spare]]


def _named(finalists: Sequence[str], by_id: Mapping[str, Candidate]) -> dict[str, OpenLink]:
    """Measures of the finalists, 候选A, B … in their order."""
    return {
        key: opening_of(by_id[key], f"opening-{letter}", f"候选{letter}")
        for key, letter in zip(finalists, letters(), strict=False)
    }


def _in_set(equilibria: OpeningEquilibria, chosen: Sequence[str], key: str) -> float:
    """What one adds to the others of the set in the static model; of one that is not in it, to the set."""
    others = frozenset(chosen) - {key}
    if key not in chosen:
        return math.nan
    return equilibria.saved_vehh(frozenset(chosen)) - equilibria.saved_vehh(others)


@dataclass(frozen=True, eq=False)
class _Tried:
    """What the dynamic model said of the finalists alone and of the chosen set."""

    chosen: tuple[str, ...]
    vetoed: tuple[str, ...]
    arms: dict[str, DynamicArm]
    before: DynamicArm | None  # None: no dynamic trial
    city: City
    selection_seeds: tuple[int, ...]
    verification_seeds: tuple[int, ...]
    selection: dict[str, Estimate]
    verification: dict[str, Estimate]
    swing: dict[str, float]


def _tried(
    base: City,
    named: Mapping[str, OpenLink],
    best: BestSet,
    measured: TimeWindow,
    seeds: Sequence[int],
    options: AdviceOptions,
    folder: Path,
    tell: Tell,
) -> _Tried:
    """Finalists alone and the best set together, on all days; where the days of selection veto a member, the set anew
    with the next best in its place."""
    selection = tuple(seeds[: options.selection_days])
    verification = tuple(seeds[options.selection_days : options.selection_days + options.verification_days])
    everything = with_openings(base, named.values())
    period = Period.around(measured)

    if options.static_only or not named:
        return _Tried(best.chosen, (), {}, None, everything, (), (), {}, {}, {})

    def arm(openings: Sequence[OpenLink]) -> City:
        return with_cuts_of(with_openings(base, openings), everything)

    cities = {BEFORE: arm(())} | {key: arm([opening]) for key, opening in named.items()}
    if len(best.chosen) > 1:  # the whole set goes with its members, so that all workers have work to the end
        cities[SET] = arm([named[key] for key in best.chosen])
    with settled_base(cities[BEFORE], period, folder=folder, rounds=options.base_rounds, tell=tell) as settled:

        def loaded(cities: Mapping[str, City], step: str) -> dict[str, DynamicArm]:
            return trials(
                cities, settled, period, (*selection, *verification), rounds=options.arm_rounds, jobs=options.jobs,
                tell=lambda _, done, total: tell(step, done, total),
            )  # fmt: skip

        arms = loaded(cities, "trials")
        before = arms.pop(BEFORE)
        fit = [key for key in named if not is_worse(*_effect(before, arms[key], selection))]
        vetoed = tuple(key for key in best.chosen if key not in fit)
        spare = [key for key in fit if key not in best.chosen]
        chosen = (*(key for key in best.chosen if key in fit), *spare[: len(vetoed)])
        if vetoed:
            arms.pop(SET, None)
        if len(chosen) == 1:
            arms[SET] = arms[chosen[0]]
        elif chosen and SET not in arms:
            arms |= loaded({SET: arm([named[key] for key in chosen])}, "whole set")
    return _Tried(
        chosen=chosen,
        vetoed=vetoed,
        arms=arms,
        before=before,
        city=everything,
        selection_seeds=selection,
        verification_seeds=verification,
        selection={key: effect_vehh(before, one, selection) for key, one in arms.items()},
        verification={key: effect_vehh(before, one, verification) for key, one in arms.items()},
        swing={key: swing_vehh(before, one) for key, one in arms.items()},
    )


def _effect(before: DynamicArm, after: DynamicArm, seeds: Sequence[int]) -> tuple[Estimate, float]:
    """The effect on these days, and its swing."""
    return effect_vehh(before, after, seeds), swing_vehh(before, after)


def is_worse(effect: Estimate, swing_vehh: float) -> bool:
    """Whether the total is worse beyond the noise of days and the swing of settling."""
    return effect.low > 0.0 and effect.mean > swing_vehh


def _streets(tried: _Tried, named: Mapping[str, OpenLink]) -> pd.DataFrame:
    """Streets that win and lose by each arm; none is called clear where the arm's effect is within its swing."""
    names = {SET: "", **{key: opening.id for key, opening in named.items()}}
    parts = []
    for key, arm in tried.arms.items():
        if tried.before is None:
            continue
        part = streets_changed(names[key], tried.before, arm, tried.verification_seeds, tried.city.network)
        settled = abs(tried.verification[key].mean) > tried.swing[key]
        parts.append(part.assign(is_clear=part["is_clear"] & settled))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(STREET_COLUMNS))


def _facts(
    equilibria: OpeningEquilibria,
    best: BestSet,
    tried: _Tried,
    candidates: Sequence[Candidate],
    options: AdviceOptions,
) -> dict[str, Any]:
    """Numbers of the whole study for the report's head and foot."""
    facts: dict[str, Any] = {
        "gaps_found": len(candidates),
        "gaps_across_barriers": sum(bool(c.crosses) for c in candidates),
        "static_before_vehh": equilibria.vehicle_hours(),
        "static_set_vehh": equilibria.saved_vehh(tried.chosen),
        "static_greedy_vehh": best.greedy_worth,
        "static_best_alone_vehh": best.best_alone_worth,
        "static_doubt_vehh": equilibria.doubt_vehh,
        "static_equilibria": equilibria.evaluations,
        "exchanges": len(best.exchanges),
        "vetoed": len(tried.vetoed),
        "selection_seeds": list(tried.selection_seeds),
        "verification_seeds": list(tried.verification_seeds),
        "max_gap_m": options.max_gap_m,
        "rounds": [options.base_rounds, options.arm_rounds],
    }
    if tried.before is not None and SET in tried.arms:
        facts["dynamic_before_vehh"] = float(tried.before.on(tried.verification_seeds).mean())
        for name, effect in (("selection", tried.selection[SET]), ("verification", tried.verification[SET])):
            facts[f"set_{name}"] = [-effect.mean, -effect.high, -effect.low]
        facts["set_swing_vehh"] = tried.swing[SET]
        facts["set_verdict"] = verdict_of(tried.verification[SET], tried.swing[SET])
        facts["verdicts_alone"] = dict(
            Counter(verdict_of(tried.verification[key], tried.swing[key]) for key in sorted(tried.chosen))
        )
    return facts
