"""What `twin advise openings` does: read the place, weigh its gaps, write table, scenario and facts, and print."""

from pathlib import Path
from typing import Any

import pandas as pd

from twin.advice.opening_scenario import opening_scenario
from twin.advice.opening_words import cost_lines, foot_lines, head, printed_rows, street_lines, summary_lines
from twin.advice.openings import AdviceOptions, advise_openings
from twin.city.city import City
from twin.cli.tables import StudyProgress, print_lines, print_table
from twin.errors import ScenarioError
from twin.files.advice_files import write_openings_folder
from twin.files.barrier_files import read_barriers_of, read_places_of
from twin.files.catalogue import cache_folder, network_folder, places, runs_folder, scenarios
from twin.files.city_files import load_city
from twin.files.network_files import read_passport
from twin.files.scenario_files import read_scenario, write_scenario
from twin.files.seed_files import read_seeds
from twin.results.links_compared import streets_of
from twin.scenario.scenario import Scenario
from twin.wording import Language

MOST_PRINTED = 24
_OWN_NAME = "ten-openings"


def base_scenario(name: str) -> Scenario:
    """The scenario of that name or path; of a place the one that stands alone. Raises ScenarioError."""
    if name not in places():
        return read_scenario(name)
    standing = [s for s in map(read_scenario, scenarios()) if s.place == name and not s.before]
    preferred = [s for s in standing if s.name in ("baseline", f"{name}-baseline")]
    if not standing:
        raise ScenarioError(f"place {name!r} has no scenario that stands alone; name one: `twin scenarios` lists them.")
    return (preferred or standing)[0]


def advise_openings_files(
    name: str,
    *,
    out: Path | None,
    not_buildable: Path | None,
    language: Language,
    options: AdviceOptions,
    command: str,
) -> None:
    """Weigh the gaps of a scenario's city and write what was found into a folder."""
    before = base_scenario(name)
    folder = out or runs_folder() / f"openings-{before.name}"
    with StudyProgress(language) as progress:
        progress("city", 0, 1)
        base = before.apply_to(load_city(before.place))
        progress("city", 1, 1)
        network_home = network_folder(before.place)
        barriers = read_barriers_of(network_home, not_buildable=not_buildable)
        found = advise_openings(
            base,
            before.measured,
            read_seeds().replications,
            options=options,
            folder=cache_folder() / "openings",
            barriers=barriers,
            places=read_places_of(network_home),
            tell=progress,
        )
    passport = read_passport(network_home)
    meta: dict[str, Any] = {
        **found.facts,
        "place": before.place,
        "place_title": passport.title,
        "scenario": before.name,
        "network_kind": passport.kind,
        "measured": [str(before.measured)],
        "chosen": len(found.chosen),
        "barriers": len(barriers),
        "source": passport.source,
        "licence": passport.licence,
        "attribution": passport.attribution,
        "command": command,
    }
    tables = {
        "openings": found.table,
        "candidates": found.candidates,
        "streets": found.streets,
        "ground": _ground(base),
    }
    write_openings_folder(folder, tables, meta)
    scenario = opening_scenario(before, found, meta, name=_OWN_NAME if len(found.chosen) == 10 else "openings")
    path = folder / f"{scenario.name}.toml"
    write_scenario(path, scenario, header=f"Written by: {command}")
    print_lines(["", *summary_lines(meta, language)])
    print_table(head(language), printed_rows(found.table, language, most=MOST_PRINTED))
    print_lines([*street_lines(found.table, language), "", *cost_lines(found.table, language)])
    print_lines([*foot_lines(found.table, meta, language), "", str(folder), str(path), f"  twin map {folder}"])


def _ground(base: City) -> pd.DataFrame:
    """Today's streets, for the map."""
    return streets_of(base.open_network(), base.signals)
