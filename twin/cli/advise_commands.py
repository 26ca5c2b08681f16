"""Commands that propose: `twin advise openings`, `parking` and `bus`. Libraries load inside them."""

from pathlib import Path

import click

from twin.cli.options import FILE, FOLDER, INTERRUPTED_STATUS, Told, window_of
from twin.wording import Language


@click.group()
def advise() -> None:
    """Propose what to do, write it as scenarios, and simulate what it brings."""


@advise.command("openings")
@click.argument("scenario", metavar="[PLACE|SCENARIO]", default="baseline")
@click.option("--count", type=click.IntRange(1, 50), default=10, show_default=True, help="Openings of the best set.")
@click.option(
    "--max-gap", "max_gap_m", type=click.FloatRange(60.0, 2000.0), default=600.0, show_default=True, help="m."
)
@click.option("--not-buildable", type=FILE, help="GeoJSON of areas that no opening may cross.")
@click.option("--across-barriers", is_flag=True, help="Choose among gaps across water, rail, buildings … too.")
@click.option("--static-only", is_flag=True, help="No dynamic model: a minute, a ranking, and no verdict.")
@click.option("--days", type=click.IntRange(2, 50), default=5, show_default=True, help="Paired days of verification.")
@click.option("--out", type=FOLDER, help="Folder for tables and scenario; default: runs/openings-SCENARIO.")
@click.option("--jobs", type=click.IntRange(min=1), help="Worker processes; default: one a core.")
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def advise_openings(
    scenario: str,
    count: int,
    max_gap_m: float,
    not_buildable: Path | None,
    across_barriers: bool,
    static_only: bool,
    days: int,
    out: Path | None,
    jobs: int | None,
    language: Language,
) -> None:
    """Find dead ends and T-junctions worth joining to a street beyond, and the best set of them.

    Gaps are screened by skims, then by static equilibria as a set, then tried in the dynamic model on paired days and
    verified on others. Writes the tables, a scenario of the best set, and what `twin map` draws.
    """
    from twin.advice.openings import AdviceOptions
    from twin.cli.advise_openings import advise_openings_files
    from twin.study.executor import usual_jobs

    options = AdviceOptions(
        count=count,
        max_gap_m=max_gap_m,
        across_barriers=across_barriers,
        static_only=static_only,
        verification_days=days,
        jobs=jobs or usual_jobs(),
    )
    parts = [f"twin advise openings {scenario} --count {count} --max-gap {max_gap_m:g} --days {days}"]
    parts += [f"--not-buildable {not_buildable.name}"] if not_buildable else []
    parts += ["--across-barriers"] if across_barriers else []
    parts += ["--static-only"] if static_only else []
    try:
        advise_openings_files(
            scenario, out=out, not_buildable=not_buildable, language=language, options=options, command=" ".join(parts)
        )
    except KeyboardInterrupt:
        raise Told("Stopped.", INTERRUPTED_STATUS) from None


@advise.command("parking")
@click.argument("scenario", default="baseline")
@click.option("--spaces", type=click.IntRange(1, 100_000), default=5_000, show_default=True)
@click.option("--out", type=FOLDER, default=Path("scenarios"), show_default=True, help="Folder for the scenarios.")
@click.option(
    "--equity-floor",
    type=click.FloatRange(0.0, 1.0),
    default=0.5,
    show_default=True,
    help="Least part of its share by demand that each district gets.",
)
@click.option("--budget", type=click.FloatRange(min=0.0), help="Most that building may cost, million yuan.")
@click.option("--window", default="06:00-22:00", show_default=True, help="Hours whose drivers are planned for.")
@click.option("--replications", type=click.IntRange(min=0), default=0, show_default=True, help="Pairs that verify it.")
@click.option("--jobs", type=click.IntRange(min=1), help="Worker processes; default: one a core.")
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def advise_parking(
    scenario: str,
    spaces: int,
    out: Path,
    equity_floor: float,
    budget: float | None,
    window: str,
    replications: int,
    jobs: int | None,
    language: Language,
) -> None:
    """Where so many new parking SPACES over SCENARIO are worth most, and how many of them buy nothing.

    Writes parking-SPACES.toml and, to compare with, parking-proportional.toml. With --replications both are simulated.
    """
    from twin.cli.advise_parking import advise_parking as advise

    parts = [f"twin advise parking {scenario} --spaces {spaces}"]
    parts += [f"--equity-floor {equity_floor:g}"] if equity_floor != 0.5 else []
    parts += [f"--budget {budget:g}"] if budget is not None else []
    parts += [f"--window {window}"] if window != "06:00-22:00" else []
    advise(
        scenario,
        spaces=spaces,
        out=out,
        equity_floor=equity_floor,
        budget_yuan=None if budget is None else 1e6 * budget,
        replications=replications,
        measured=window_of(window),
        jobs=jobs,
        language=language,
        command=" ".join(parts),
    )


@advise.command("bus")
@click.argument("scenario", default="baseline")
@click.option("--lines", type=click.IntRange(2, 200), default=16, show_default=True, help="Lines to change.")
@click.option("--out", type=FOLDER, default=Path("scenarios"), show_default=True, help="Folder for the scenario.")
@click.option("--openings", help="A scenario of openings: name the lines that would gain from them.")
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def advise_bus(scenario: str, lines: int, out: Path, openings: str | None, language: Language) -> None:
    """Which bus LINES of SCENARIO to change and how, with no more buses; writes bus-LINES.toml."""
    from twin.cli.advise_bus import advise_bus as advise

    advise(scenario, lines=lines, out=out, openings=openings, language=language)
