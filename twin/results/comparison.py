"""Before and after, paired by seed: what a study hands to tables, maps and memos.

Intervals show chance between seeds only. Leaves out how runs were made and where results are kept.
"""

import html
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from twin.clock import text_of
from twin.errors import SimulationError
from twin.records import STATUSES
from twin.results.areas import kind_of
from twin.results.bus_short import bus_rows
from twin.results.cautions import cautions_of
from twin.results.dictionary import HEADLINE, METRICS
from twin.results.drift import two_starts_of
from twin.results.junctions_compared import JUNCTION_COMPARISON_COLUMNS, compare_junctions
from twin.results.lines_compared import (
    LINE_COMPARISON_COLUMNS,
    LINE_VISIT_COLUMNS,
    compare_line_visits,
    compare_lines,
)
from twin.results.links_compared import compare_links
from twin.results.losers import pair_table
from twin.results.measuring import metric_table
from twin.results.mode_shares import no_mode_rounds, no_mode_shares, rounds_written
from twin.results.numbers import decimals_within, written
from twin.results.parking_compared import (
    CRUISING_COMPARISON_COLUMNS,
    SEARCH_ZONE_COLUMNS,
    SITE_TIME_COLUMNS,
    compare_cruising,
    compare_search_zones,
    compare_site_times,
)
from twin.results.rider_losers import rider_pair_table
from twin.results.road_flows import ROAD_FLOW_COLUMNS, road_flows
from twin.results.rows_compared import compare_rows
from twin.results.rows_written import row_written
from twin.results.run import Arm, Run
from twin.results.sites_compared import compare_sites
from twin.results.stops_compared import STOP_COMPARISON_COLUMNS, compare_stops
from twin.results.verdicts import PRIMARY_METRICS, Verdict, study_verdict, verdict_written
from twin.results.zones_compared import ZONE_COMPARISON_COLUMNS, compare_zones
from twin.wording import (
    AREAS,
    ASSUMED_DATA,
    CHANCE_ONLY,
    DEMONSTRATION,
    JOINTLY,
    ONE_START,
    PEOPLE_REACT,
    PRECISION_REACHED,
    REFUSALS,
    TWO_STARTS,
    VERDICTS,
    Language,
    Words,
)

HEADLINE_METRIC = PRIMARY_METRICS[0]

REPLICATION_COLUMNS = {
    "arm": ("word", "before or after"),
    "seed": ("integer", "the run's seed, the same in both arms"),
    "metric": ("id", "one of dictionary.METRICS"),
    "area": ("word", "as in the rows"),
    "value": ("unit", "the metric of this run"),
}
SETTLING_COLUMNS = {
    "arm": ("word", "before or after"),
    "round": ("count", "of route choice, from 1"),
    "relative_gap": ("share", "(total time − quickest) ÷ total time"),
    "vehicle_hours": ("veh·h", "of the loading of this round"),
}
BOOK_COLUMNS: dict[str, tuple[str, str]] = {
    "arm": ("word", "before or after"),
    "seed": ("integer", "the run's seed"),
    "created": ("count", "sum of the states that follow"),
    **dict.fromkeys(STATUSES, ("count", "trips in this state when the run ended")),
    "gridlocks": ("count", "cycles of full links that closed"),
    "relieved": ("count", "vehicles let on over the storage limit"),
}
MEASURE_COLUMNS = {
    "id": ("id", "the measure"),
    "group": ("word", "the programme it belongs to"),
    "text_zh": ("text", "the measure in one sentence"),
    "text_en": ("text", "the same in English"),
    "lon": ("degrees", "where it is drawn; null: nowhere"),
    "lat": ("degrees", "where it is drawn"),
    "reference": ("ids", "links or sites it changes"),
}

_TABLE_HEAD = {
    "name": Words("指标", "metric"),
    "area": Words("范围", "area"),
    "before": Words("现状", "before"),
    "after": Words("方案", "after"),
    "difference": Words("变化", "change"),
    "interval": Words("95%区间", "95 % interval"),
    "unit": Words("单位", "unit"),
    "n": Words("配对数", "pairs"),
    "correlation": Words("配对相关", "pair correlation"),
    "verdict": Words("判断", "verdict"),
}
_DETAIL_HEAD = {
    "name": Words("指标", "metric"),
    "area": Words("范围", "area"),
    "difference": Words("变化", "change"),
    "unit": Words("单位", "unit"),
    "n": Words("配对数", "pairs"),
    "interval": Words("95%区间(t)", "95 % interval (t)"),
    "bootstrap": Words("95%区间(自助法)", "95 % interval (bootstrap)"),
    "correlation": Words("配对相关", "pair correlation"),
    "pairing": Words("配对/不配对标准差", "paired / unpaired deviation"),
    "seen_from": Words("可发现的最小变化(±)", "could have seen from ±"),
    "p": Words("p", "p"),
    "p_together": Words("p(合并校正)", "p (held together)"),
}


def _none(columns: Mapping[str, tuple[str, str]]) -> Callable[[], pd.DataFrame]:
    """What makes a table of these columns without rows."""
    return lambda: pd.DataFrame(columns=list(columns))


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Two arms of one study, each run with the same seeds.

    `meta`: before, after (names), before_title, after_title, place, place_title, date_before, date_after,
    measured ["07:00", "09:00"], seeds, network_kind, demand_assumed, source, licence, assumptions and warnings
    [{zh, en}], refusals (keys of wording.REFUSALS), effects_of_two_starts [veh·h, veh·h] and precision {wanted_s,
    reached_s, most_pairs} where asked for, versions, checksums, command, demonstration, area_names (area → {zh, en}, of
    screenlines and roads), zone_names (zone id → name), night_parking (`night_parking.night_accounts` of the arms),
    people_react (true: people react in `reacting`).

    `reacting`: the same study with people who choose anew how to go, before as here; None: not asked for. Only there
    `modes` and `mode_rounds` have rows.
    """

    rows: pd.DataFrame  # rows_compared.ROW_COLUMNS
    links: pd.DataFrame  # links_compared.LINK_COMPARISON_COLUMNS
    sites: pd.DataFrame  # sites_compared.SITE_COMPARISON_COLUMNS
    replications: pd.DataFrame  # REPLICATION_COLUMNS
    settling: pd.DataFrame  # SETTLING_COLUMNS
    books: pd.DataFrame  # BOOK_COLUMNS
    measures: pd.DataFrame  # MEASURE_COLUMNS
    meta: dict[str, Any]
    junctions: pd.DataFrame = field(default_factory=_none(JUNCTION_COMPARISON_COLUMNS))
    road_flows: pd.DataFrame = field(default_factory=_none(ROAD_FLOW_COLUMNS))
    site_times: pd.DataFrame = field(default_factory=_none(SITE_TIME_COLUMNS))
    cruising: pd.DataFrame = field(default_factory=_none(CRUISING_COMPARISON_COLUMNS))
    search_zones: pd.DataFrame = field(default_factory=_none(SEARCH_ZONE_COLUMNS))
    lines: pd.DataFrame = field(default_factory=_none(LINE_COMPARISON_COLUMNS))
    stops: pd.DataFrame = field(default_factory=_none(STOP_COMPARISON_COLUMNS))
    line_visits: pd.DataFrame = field(default_factory=_none(LINE_VISIT_COLUMNS))
    zones: pd.DataFrame = field(default_factory=_none(ZONE_COMPARISON_COLUMNS))
    modes: pd.DataFrame = field(default_factory=no_mode_shares)  # mode_shares.MODE_SHARE_COLUMNS
    mode_rounds: pd.DataFrame = field(default_factory=no_mode_rounds)  # mode_shares.MODE_ROUND_COLUMNS
    reacting: "Comparison | None" = None

    @property
    def headline_rows(self) -> pd.DataFrame:
        """The short set of `rows`: headline metrics, city-wide and near the measures."""
        return self.rows[self.rows["metric"].isin(HEADLINE) & self.rows["area"].isin(list(AREAS))]

    def table(self, language: Language = "zh", *, whole: bool = False) -> pd.DataFrame:
        """Each figure as text: before, after, change, 95 % interval, unit, pairs, verdict; numbers are in `rows`.

        The headline set, or the `whole` of it. Digits are no finer than the interval.
        """
        return self._written(_TABLE_HEAD, language, whole=whole)

    @property
    def has_other_lines(self) -> bool:
        """Whether a bus line differs between the arms."""
        return bool(len(self.lines)) and bool(self.lines["is_changed"].astype(bool).any())

    def bus_table(self, language: Language = "zh") -> pd.DataFrame:
        """Riders and bus service city-wide as text, in the columns of `table`: figures of `bus_short.BUS_SHORT`."""
        return self._of_rows(_TABLE_HEAD, bus_rows(self.rows), language)

    def details(self, language: Language = "zh", *, whole: bool = False) -> pd.DataFrame:
        """What the verdicts rest on, as text: intervals by t and bootstrap, what pairing was worth, p-values."""
        return self._written(_DETAIL_HEAD, language, whole=whole)

    def _written(self, head: dict[str, Words], language: Language, *, whole: bool) -> pd.DataFrame:
        return self._of_rows(head, self.rows if whole else self.headline_rows, language)

    def _of_rows(self, head: dict[str, Words], rows: pd.DataFrame, language: Language) -> pd.DataFrame:
        names = self.meta.get("area_names", {})
        lines = [row_written(row, language, names) for row in rows.to_dict("records")]
        return pd.DataFrame(
            [[getattr(line, name) for name in head] for line in lines],
            columns=[words.in_(language) for words in head.values()],
        )

    @property
    def verdict(self) -> Verdict:
        """One word for the whole comparison, from the named primary measures: see `verdicts.study_verdict`."""
        return study_verdict(self.rows)

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why no winner is named: keys of wording.REFUSALS; empty: nothing stands against a verdict."""
        return tuple(self.meta.get("refusals", ()))

    def verdict_line(self, language: Language = "zh") -> str:
        """The verdict as one sentence, above every table, map and memo."""
        return verdict_written(self.rows, self.refusals, language)

    def notes(self, language: Language = "zh") -> tuple[str, ...]:
        """What stands below a table: what intervals hold, how verdicts were held together, from which starts, and by
        which rule pairs were added."""
        starts, precision = two_starts_of(self.meta), self.meta.get("precision")
        about_starts = ONE_START.in_(language)
        if starts is not None:
            about_starts = TWO_STARTS.in_(language).format(effect=starts.effect_vehh, other=starts.other_vehh)
        notes = [CHANCE_ONLY.in_(language), JOINTLY.in_(language), about_starts]
        if len(self.mode_rounds):
            notes.append(rounds_written(self.mode_rounds, language))
        if precision and precision["reached_s"] <= precision["wanted_s"]:  # missed: among the warnings
            numbers = {"wanted": precision["wanted_s"], "reached": precision["reached_s"]}
            notes.append(PRECISION_REACHED.in_(language).format(**numbers))
        return tuple(notes)

    def warning_lines(self, language: Language = "zh") -> tuple[str, ...]:
        """The sentences a reader must see first, above every table, map and memo."""
        lines = [PEOPLE_REACT.in_(language)] if len(self.mode_rounds) else []
        if self.meta.get("demonstration"):
            lines.append(DEMONSTRATION.in_(language))
        elif self.meta.get("demand_assumed"):
            lines.append(ASSUMED_DATA.in_(language))
        lines += [str(warning[language]) for warning in self.meta.get("warnings", ())]
        return tuple(dict.fromkeys(lines))

    def __repr__(self) -> str:
        facts = [f"{len(self.meta['seeds'])} seeds", f"{self._headline()} (chance only)", self._verdict_in_short()]
        if self.meta.get("network_kind"):
            facts.append(f"{self.meta['network_kind']} network")
        if self.meta.get("demand_assumed"):
            facts.append("assumed demand")
        return f"<Comparison {self.meta['before']} → {self.meta['after']}: {', '.join(facts)}>"

    def _repr_html_(self) -> str:
        notes = [*self.warning_lines("zh"), self.verdict_line("zh"), *self.notes("zh")]
        title = f"{self.meta['before']} → {self.meta['after']}"
        paragraphs = "".join(f"<p>{html.escape(note)}</p>" for note in notes)
        return f"<div><b>{html.escape(title)}</b>{paragraphs}{self.table('zh').to_html(index=False, border=0)}</div>"

    def _verdict_in_short(self) -> str:
        if self.verdict == "neutral":
            return "no verdict"
        reasons = [REFUSALS[refusal].reason.en for refusal in self.refusals if refusal in REFUSALS]
        if self.verdict == "refused":
            return f"{VERDICTS['refused'].en}: {', '.join(reasons)}"
        return self.verdict.replace("_", " ")

    def _headline(self) -> str:
        rows = self.rows[(self.rows["metric"] == HEADLINE_METRIC) & (self.rows["area"] == "city")]
        words = METRICS[HEADLINE_METRIC]
        if rows.empty:
            return f"{words.name.en} not measured"
        row = rows.iloc[0]
        half_width = (float(row["ci_high"]) - float(row["ci_low"])) / 2.0
        decimals = decimals_within(half_width, words.decimals)
        change = written(float(row["difference"]), decimals, signed=True)
        return f"{words.name.en} {change} {words.unit.en} ± {written(half_width, decimals)}"


def compare_runs(
    before: Sequence[Run],
    after: Sequence[Run],
    *,
    links_before: pd.DataFrame,
    links_after: pd.DataFrame,
    sites_before: pd.DataFrame,
    sites_after: pd.DataFrame,
    near: Collection[str],
    measures: pd.DataFrame,
    settling: pd.DataFrame,
    meta: dict[str, Any],
    figures: Mapping[tuple[Arm, int], pd.DataFrame] | None = None,
) -> Comparison:
    """Compare two arms whose runs have the same seeds.

    `links_…` as `links_compared.streets_of` gives them, `sites_…` as `sites_compared.sites_of`; `near`: ids of links
    within 2 km of the measures, empty: no rows for that area; `measures` with MEASURE_COLUMNS, `settling` with
    SETTLING_COLUMNS. `figures`: those of each run by arm and seed (`figures_of`), where they are measured already.
    Names, seeds and window in `meta` are taken from the runs; found warnings are added to it.
    Raises SimulationError where the runs are not pairs.
    """
    before, after = _paired_runs(before, after)
    roads = roads_among(meta.get("area_names", {}))
    if figures is None:
        figures = {(run.arm, run.seed): figures_of(run, near, roads) for run in (*before, *after)}
    of_pairs = [pair_table(before, after, near=near), rider_pair_table(before, after)]
    of_runs = [figures[run.arm, run.seed] for run in (*before, *after)]
    replications = pd.concat([*of_runs, *(table for table in of_pairs if len(table))], ignore_index=True)
    books = pd.DataFrame([_book(run) for run in (*before, *after)], columns=list(BOOK_COLUMNS))
    cautions = cautions_of(replications, books, settling, two_starts_of(meta))
    found = [{"zh": warning.zh, "en": warning.en} for warning in cautions.warnings]
    window = before[0].measured
    links = compare_links(before, after, links_before, links_after)
    junctions = compare_junctions(before, after, links_before, links_after)
    if cautions.refusals:  # map and memo name no winner either
        links["is_clear"] = junctions["is_clear"] = False
    return Comparison(
        rows=compare_rows(replications, cautions.refusals),
        links=links,
        sites=compare_sites(before, after, sites_before, sites_after),
        replications=replications,
        settling=settling[list(SETTLING_COLUMNS)].reset_index(drop=True),
        books=books,
        measures=measures[list(MEASURE_COLUMNS)].reset_index(drop=True),
        meta={
            **meta,
            "before": before[0].scenario,
            "after": after[0].scenario,
            "seeds": [run.seed for run in before],
            "measured": [text_of(window.start_s), text_of(window.end_s)],
            "warnings": [*meta.get("warnings", ()), *found],
            "refusals": list(cautions.refusals),
        },
        junctions=junctions,
        road_flows=road_flows(after),
        site_times=compare_site_times(before, after),
        cruising=compare_cruising(before, after),
        search_zones=compare_search_zones(before, after),
        lines=compare_lines(before, after),
        stops=compare_stops(before, after),
        line_visits=compare_line_visits(before, after),
        zones=compare_zones(before, after),
    )


def _paired_runs(before: Sequence[Run], after: Sequence[Run]) -> tuple[list[Run], list[Run]]:
    """Both arms in order of seeds."""
    arms: dict[Arm, list[Run]] = {"before": sorted(before, key=_seed), "after": sorted(after, key=_seed)}
    seeds = {arm: [run.seed for run in runs] for arm, runs in arms.items()}
    if not seeds["before"] or seeds["before"] != seeds["after"] or len(set(seeds["before"])) < len(seeds["before"]):
        raise SimulationError(
            f"the runs are not pairs: seeds {seeds['before']} before and {seeds['after']} after; "
            "each seed must be run once in both arms."
        )
    windows = {run.measured for runs in arms.values() for run in runs}
    if len(windows) > 1:
        raise SimulationError(
            f"the runs measure different times: {', '.join(sorted(map(str, windows)))}; "
            "both arms must measure the same."
        )
    for arm, runs in arms.items():
        if any(run.arm != arm or run.scenario != runs[0].scenario for run in runs):
            raise SimulationError(f"the runs given as {arm!r} are of several arms or scenarios: {runs}.")
    return arms["before"], arms["after"]


def _seed(run: Run) -> int:
    return run.seed


def roads_among(areas: Collection[str]) -> list[str]:
    """Those of the areas that are new roads."""
    return [area for area in areas if kind_of(area) == "road"]


def figures_of(run: Run, near: Collection[str], roads: Sequence[str]) -> pd.DataFrame:
    """All figures of one run, with REPLICATION_COLUMNS; `near` and `roads` as for `metric_table`."""
    return metric_table(run, near, roads=roads).assign(arm=run.arm, seed=run.seed)[list(REPLICATION_COLUMNS)]


def _book(run: Run) -> dict[str, Any]:
    records = run.records
    counts: dict[str, Any] = {status: records.books.get(status, 0) for status in STATUSES}
    gridlocks = 0 if records.gridlocks is None else len(records.gridlocks)
    fixed = {"arm": run.arm, "seed": run.seed, "created": records.books["created"]}
    return {**fixed, **counts, "gridlocks": gridlocks, "relieved": records.relieved}
