"""The steps of a study, in their order: settle, run, measure, compare; and what its result says of itself."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

import twin
from twin.city.city import City
from twin.city.cuts import with_cuts_of
from twin.city.network import id_order
from twin.city.screenlines import SIDES
from twin.clock import TimeWindow
from twin.demand.night_parking import night_accounts
from twin.files.catalogue import demand_folder, network_folder, runs_folder
from twin.files.city_files import load_city
from twin.files.demand_files import read_demand
from twin.files.network_files import read_passport
from twin.files.run_store import RunStore, key_of, run_key
from twin.files.seed_files import read_seeds
from twin.results.areas import road_area, screenline_area
from twin.results.comparison import MEASURE_COLUMNS, Comparison, compare_runs, roads_among
from twin.results.links_compared import streets_of
from twin.results.run import Arm, LightTraffic, Run
from twin.results.sites_compared import sites_of
from twin.scenario.measure import carry_out, changed_places, places_of
from twin.scenario.scenario import Scenario
from twin.study.arms import StudyArm, near_links, near_travellers
from twin.study.assumptions import assumptions_of, not_answered, signals_that_differ
from twin.study.choice_arm import (
    PeopleChoosing,
    meta_of_reacting,
    people_choosing,
    settle_choice,
    with_people_reacting,
)
from twin.study.executor import Workers, hand_over, taken_over
from twin.study.people_react import MODE_ROUNDS
from twin.study.period import Period, departures_of
from twin.study.provenance import digest_of, fingerprint_of, versions
from twin.study.settle import Settlement, base_to_settle, continued, light_times, settle_from_free_flow
from twin.study.stopping import Precision, runs_until
from twin.study.tasks import fetched, forget_old, get_ready, measure_one, settle_one, settlements_folder
from twin.wording import Words

Progress = Callable[[str, int, int], None]
"""Told (what is being done, steps done, steps in all)."""


@dataclass(frozen=True, eq=False)
class Study:
    """The steps of one study; each rests on files named by what they were made from."""

    before: Scenario
    after: Scenario
    base_rounds: int
    arm_rounds: int
    two_starts: bool
    workers: Workers
    progress: Progress

    def compared(self, seeds: tuple[int, ...], precision: Precision | None, command: str) -> Comparison:
        """Settle, run, compare. With a precision, `seeds` are the most that may be used."""
        self.workers.start(get_ready)
        self.progress("city", 0, 1)
        period = Period.around(self.after.measured)
        city = load_city(self.after.place, hours=departures_of(period))
        hours = TimeWindow(period.start_s, period.until_s)
        applied = self.before.apply_to(city, hours), self.after.apply_to(city, hours)
        cities = {"before": with_cuts_of(applied[0], applied[1]), "after": with_cuts_of(applied[1], applied[0])}
        self.progress("city", 1, 1)
        places = changed_places(cities["before"], cities["after"])
        made_from = self._made_from(period, cities["before"])
        base = self._settled_base(cities["before"], period, made_from)
        arms = self._settled_arms(base, cities, period, places, made_from)
        others: dict[Arm, Path] = {}
        used = {base, *arms.values()}
        if self.two_starts:
            made_otherwise = {**made_from, "start": "free flow"}
            other = self._settled_otherwise(base, period, made_otherwise)
            others = self._settled_arms(other, cities, period, places, made_otherwise)
            used |= {other, *others.values()}
        choosing = self._choosing(made_from) if self.after.people_react else None
        forget_old(settlements_folder(), used if choosing is None else used | {choosing.path})
        settlements = {arm: taken_over(path).settlement for arm, path in arms.items()}
        meta = {
            **self._meta(cities, made_from, command, settlements),
            "arms": {arm: path.stem for arm, path in arms.items()},
        }
        origins = self._origins(cities, made_from, command)
        if others:
            other_settlements = {arm: taken_over(others[arm]).settlement for arm in arms}
            meta["effects_of_two_starts"] = [_effect_vehh(settlements), _effect_vehh(other_settlements)]
        near, roads = near_links(cities["after"], places), roads_among(meta["area_names"])
        figures: dict[tuple[Arm, int], pd.DataFrame] = {}

        def made(more: tuple[int, ...]) -> dict[str, list[Run]]:
            figures.update(self._figures(arms, more, origins, near, roads))
            return self._runs(arms, more, origins)

        if precision is None:
            runs = made(seeds)
        else:
            runs, reached = runs_until(precision, seeds, made)
            meta["precision"] = asdict(reached)
            meta["warnings"] = [*meta["warnings"], *reached.warnings()]
        nobody_changes = self._compared_runs(runs, cities, near, settlements, meta, figures)
        if choosing is None:
            return nobody_changes
        arm = self._settled_choice(choosing, base, arms, cities, period, places)
        origins = self._origins(cities, {**made_from, "people": choosing.made_from}, command)
        reacts: dict[Arm, Path] = {"after": choosing.path}
        done = tuple(run.seed for run in runs["before"])
        figures = figures | self._figures(reacts, done, origins, near, roads)
        runs = runs | self._runs(reacts, done, origins)
        settlements = {**settlements, "after": arm.settlement}
        meta = meta_of_reacting(meta, cities, self.after, settlements, choosing)
        people = self._compared_runs(runs, cities, near, settlements, meta, figures)
        return with_people_reacting(nobody_changes, people, arm.modes, choosing)

    def _compared_runs(
        self,
        runs: dict[str, list[Run]],
        cities: dict[str, City],
        near: frozenset[str],
        settlements: Mapping[Arm, Settlement],
        meta: dict[str, Any],
        figures: Mapping[tuple[Arm, int], pd.DataFrame],
    ) -> Comparison:
        return compare_runs(
            runs["before"],
            runs["after"],
            links_before=_streets(settlements["before"]),
            links_after=_streets(settlements["after"]),
            sites_before=sites_of(cities["before"].open_sites),
            sites_after=sites_of(cities["after"].open_sites),
            near=near,
            measures=_measure_table(self.after, cities["before"].on(cities["after"].date)),
            settling=_settling(settlements),
            meta=meta,
            figures=figures,
        )

    def _choosing(self, made_from: dict[str, Any]) -> PeopleChoosing:
        """How people choose in this study, and where the arm in which they do is kept."""
        key = {**made_from, "arm": "after", "with": fingerprint_of(self.after), "rounds": self.arm_rounds}
        return people_choosing(self.after, key, settlements_folder())

    def _settled_choice(
        self,
        choosing: PeopleChoosing,
        base: Path,
        arms: Mapping[Arm, Path],
        cities: dict[str, City],
        period: Period,
        places: list[tuple[float, float]],
    ) -> StudyArm:
        """The arm after, its modes and routes settled together."""
        if not choosing.path.is_file():
            self.progress("modes", 0, MODE_ROUNDS)
            others = self.before, self._new_roads(cities)
            settle_choice(choosing, base, arms, self.after, *others, period, self.arm_rounds, places, self.progress)
        arm: StudyArm = taken_over(choosing.path)
        return arm

    def _made_from(self, period: Period, before: City) -> dict[str, Any]:
        """All that decides the base's settlement: data, code, window and rounds, and where its streets are cut."""
        place = self.after.place
        pieces = [link.id for link in before.network.links if link.part_of]
        return {
            **({"pieces": hashlib.sha256(" ".join(pieces).encode()).hexdigest()} if pieces else {}),
            "network": read_passport(network_folder(place)).checksum,
            "lines": digest_of(network_folder(place)),
            "demand": digest_of(demand_folder(place)),
            "population": read_seeds().population,
            "code": digest_of(Path(twin.__file__).parent, "*.py"),
            "base": fingerprint_of(self.before),
            "period": [period.start_s, period.last_s, period.until_s],
            "base_rounds": self.base_rounds,
            "versions": versions(),
        }

    def _settled_base(self, city: City, period: Period, made_from: dict[str, Any]) -> Path:
        path = settlements_folder() / f"{key_of(made_from)}.pickle"
        if not path.is_file():
            start = base_to_settle(city, period)
            self._wait_for_engine()
            base = continued(start, period, rounds=self.base_rounds, first_round=1, tell=self.progress)
            hand_over(path, (base, LightTraffic(light_times(base, period))))
        return path

    def _wait_for_engine(self) -> None:
        """Until workers have compiled it, on a machine that has not run it yet: better than a third that compiles."""
        if not self.workers.are_ready:
            self.progress("engine", 0, 1)
            self.workers.wait_until_ready()
            self.progress("engine", 1, 1)

    def _settled_otherwise(self, base_path: Path, period: Period, made_from: dict[str, Any]) -> Path:
        """The base settled from its second start; free times stay those of the first."""
        path = settlements_folder() / f"{key_of(made_from)}.pickle"
        if not path.is_file():
            base, free_times = taken_over(base_path)

            def tell(_: str, done: int, total: int) -> None:
                self.progress("second start", done, total)

            other = settle_from_free_flow(base, period, rounds=self.base_rounds, tell=tell)
            hand_over(path, (other, free_times))
        return path

    def _settled_arms(
        self,
        base_path: Path,
        cities: dict[str, City],
        period: Period,
        places: list[tuple[float, float]],
        made_from: dict[str, Any],
    ) -> dict[Arm, Path]:
        paths: dict[Arm, Path] = {}
        calls = []
        scenarios: dict[Arm, Scenario] = {"before": self.before, "after": self.after}
        for arm, scenario in scenarios.items():
            key = key_of({**made_from, "arm": arm, "with": fingerprint_of(self.after), "rounds": self.arm_rounds})
            paths[arm] = settlements_folder() / f"{key}.pickle"
            if not paths[arm].is_file():
                near = near_travellers(cities["before"], places)
                new_roads = self._new_roads(cities) if arm == "after" else {}
                calls.append(
                    (base_path, cities[arm], scenario.name, arm, period, self.arm_rounds, near, new_roads, paths[arm])
                )
        for done, _ in enumerate(self.workers.each(settle_one, calls), start=1):
            self.progress("arms", done, len(calls))
        return paths

    def _origins(self, cities: dict[str, City], made_from: dict[str, Any], command: str) -> dict[str, dict[str, Any]]:
        """What `run.toml` says of a run of each arm beside its seed and books."""
        return {
            arm: {
                "place": self.after.place,
                "city_date": city.date.isoformat(),
                "command": command,
                "made_from": {**made_from, "with": fingerprint_of(self.after), "arm_rounds": self.arm_rounds},
            }
            for arm, city in cities.items()
        }

    def _new_roads(self, cities: dict[str, City]) -> dict[str, tuple[str, ...]]:
        """Links that may be driven only after, by the measure that opens them."""
        open_links = {arm: set(city.open_network().link_by_id) for arm, city in cities.items()}
        new = open_links["after"] - open_links["before"]
        edits = self.after.edits_in(cities["before"].on(cities["after"].date))
        roads = {
            measure_id: tuple(id_order(new & {edit.id for edit in found if edit.thing == "link"}))
            for measure_id, found in edits.items()
        }
        return {road: link_ids for road, link_ids in roads.items() if link_ids}

    def _area_names(self, cities: dict[str, City]) -> dict[str, dict[str, str]]:
        """What the areas of rows are called that only this study has: screenlines and new roads."""
        names = {
            screenline_area(line.id, side): line.towards(side) for line in cities["after"].screenlines for side in SIDES
        }
        links = cities["after"].network.link_by_id
        for road, link_ids in self._new_roads(cities).items():
            streets = "、".join(dict.fromkeys(links[i].name for i in link_ids if links[i].name)) or road
            names[road_area(road)] = Words(streets, streets)
        return {area: {"zh": words.zh, "en": words.en} for area, words in names.items()}

    def _figures(
        self,
        arms: dict[Arm, Path],
        seeds: tuple[int, ...],
        origins: dict[str, dict[str, Any]],
        near: frozenset[str],
        roads: list[str],
    ) -> dict[tuple[Arm, int], pd.DataFrame]:
        """Make the runs that are not in the store, and measure all."""
        store = RunStore(runs_folder())
        calls = [
            (path, seed, run_key(path.stem, seed), origins[arm], near, roads)
            for seed in seeds
            for arm, path in arms.items()
        ]
        states = [store.state(key) for _, _, key, *_ in calls]
        damaged = sum(state == "damaged" for state in states)
        if damaged:
            self.progress("damaged", damaged, damaged)
        made = sum(state == "whole" for state in states)
        self.progress("runs", made, len(calls))
        found = {}
        for arm, seed, was_whole, table in self.workers.each(measure_one, calls):
            if not was_whole:
                made += 1
                self.progress("runs", made, len(calls))
            found[arm, seed] = table
        return found

    def _runs(
        self, arms: dict[Arm, Path], seeds: tuple[int, ...], origins: dict[str, dict[str, Any]]
    ) -> dict[str, list[Run]]:
        """The runs, which are in the store."""
        store = RunStore(runs_folder())
        return {
            arm: [fetched(store, path, seed, run_key(path.stem, seed), origins[arm]) for seed in seeds]
            for arm, path in arms.items()
        }

    def _meta(
        self, cities: dict[str, City], made_from: dict[str, Any], command: str, settlements: Mapping[Arm, Settlement]
    ) -> dict[str, Any]:
        signalled = {arm: settled.stage.city for arm, settled in settlements.items()}
        signals = signals_that_differ(signalled["before"], signalled["after"])
        assumed = (*assumptions_of(cities["after"], self.after), *signals)
        passport = read_passport(network_folder(self.after.place))
        is_sketch = passport.kind == "schematic"
        demand = cities["before"].demand
        return {
            "before_title": self.before.title.zh,
            "after_title": self.after.title.zh,
            "place": self.after.place,
            "place_title": passport.title,
            "date_before": cities["before"].date.isoformat(),
            "date_after": cities["after"].date.isoformat(),
            "network_kind": passport.kind,
            "demand_assumed": demand is None or bool(demand.assumed),
            "demonstration": is_sketch,
            "area_names": self._area_names(cities),
            "zone_names": {zone.id: zone.name for zone in cities["after"].zones},
            "night_parking": night_accounts(cities, read_demand(demand_folder(self.after.place))),
            "source": passport.source,
            "licence": passport.licence,
            "assumptions": [{"zh": words.zh, "en": words.en} for words in assumed],
            "warnings": [{"zh": words.zh, "en": words.en} for words in not_answered(cities["before"], cities["after"])],
            "versions": versions(),
            "checksums": {name: str(made_from[name]) for name in ("network", "lines", "demand")},
            "command": command,
        }


def _effect_vehh(settlements: Mapping[Arm, Settlement]) -> float:
    """Vehicle-hours of the last round, after less before."""
    last = {arm: float(settlement.rounds["vehicle_hours"].iloc[-1]) for arm, settlement in settlements.items()}
    return last["after"] - last["before"]


def _streets(settlement: Settlement) -> pd.DataFrame:
    return streets_of(settlement.stage.network, settlement.stage.city.signals)


def _settling(settlements: Mapping[Arm, Settlement]) -> pd.DataFrame:
    return pd.concat([s.rounds.assign(arm=arm) for arm, s in settlements.items()], ignore_index=True)


def _measure_table(scenario: Scenario, city: City) -> pd.DataFrame:
    rows = []
    for measure in scenario.measures:
        edits = measure.edits(city)
        places = places_of(city, edits)
        lon, lat = places[0] if places else (None, None)
        things = " ".join(sorted({edit.id for edit in edits}))
        rows.append((measure.id, measure.group, measure.describe("zh"), measure.describe("en"), lon, lat, things))
        city = carry_out(city, edits)
    return pd.DataFrame(rows, columns=list(MEASURE_COLUMNS))
