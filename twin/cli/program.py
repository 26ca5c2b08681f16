"""The command `twin`: parse, call, print. Libraries load inside the commands, so that `twin --help` answers at once.

Errors a person can mend are one sentence on stderr and the exit status of their class; nothing is half-written.
"""

import errno
import math
import traceback
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import click

import twin
from twin.errors import TwinError
from twin.wording import ASSUMED_DATA, SCREENING, STOPPED, Language

if TYPE_CHECKING:
    from twin.results.comparison import Comparison

PLUG_INS = "twin.commands"
"""Group of entry points by which other packages add commands."""

INTERRUPTED_STATUS = 130

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_Command = TypeVar("_Command", bound=Callable[..., Any])


class Told(click.ClickException):
    """An error that is told in its own words, with its own exit status."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: Any = None) -> None:
        """Print the message to stderr."""
        click.echo(self.message, err=True, file=file)


class Program(click.Group):
    """The group of all commands: its own, and those of plug-ins, which load when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, in order."""
        return sorted({*super().list_commands(ctx), *_plug_ins()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None where there is none."""
        own = super().get_command(ctx, cmd_name)
        if own is not None or cmd_name not in _plug_ins():
            return own
        return cast(click.Command, _plug_ins()[cmd_name].load())

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands; those of plug-ins by name alone, as their modules are not loaded for it."""
        rows = []
        for name in self.list_commands(ctx):
            own = super().get_command(ctx, name)
            package = _plug_ins()[name].module.split(".")[0] if own is None else ""
            rows.append((name, own.get_short_help_str(90) if own else f"Added by {package}: twin {name} --help."))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and tell its errors."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            raise Told("Stopped.", INTERRUPTED_STATUS) from None
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            if ctx.params.get("debug"):
                traceback.print_exc()
            raise _told(error) from None


def _told(error: Exception) -> Told:
    if isinstance(error, TwinError):
        return Told(f"Error: {error}", error.exit_status)
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith("twin"):
        return Told(f"Error: {error.name} is not installed. `pip install 'yantai-twin[viz]'` adds maps and memos.", 1)
    return Told(f"Error: {type(error).__name__}: {error}. `twin --debug …` shows where; this should not happen.", 1)


def _plug_ins() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=PLUG_INS)}


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(twin.__version__, prog_name="twin")
@click.option("--debug", is_flag=True, help="Show where an error arose.")
def program(debug: bool) -> None:
    """A traffic and parking digital twin: what a change brings, before and after."""


def main() -> None:
    """Entry point of the command."""
    program(prog_name="twin")


@program.command()
@click.argument("network_dir", type=_FOLDER)
@click.argument("trips_csv", type=_FILE)
@click.option("--out", type=_FOLDER, required=True, help="Folder for trips, links and summary.json.")
@click.option("--engine", type=click.Choice(["compiled", "simpy"]), default="compiled", show_default=True)
@click.option("--until", "until_s", type=click.FloatRange(min=0.0), help="End (s); default: when all have arrived.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--gridlock", type=click.Choice(["report", "relieve"]), default="report", show_default=True)
@click.option("--passages", is_flag=True, help="Write every passage of a link too.")
def simulate(
    network_dir: Path,
    trips_csv: Path,
    out: Path,
    engine: Literal["compiled", "simpy"],
    until_s: float | None,
    seed: int,
    gridlock: Literal["report", "relieve"],
    passages: bool,
) -> None:
    """Move the vehicles of TRIPS_CSV over the GMNS tables in NETWORK_DIR.

    node.csv, link.csv, and if there are any movement.csv and signals.csv; trips with trip_id, depart_s, and either
    route or origin_node_id and destination_node_id. Times are seconds.
    """
    from twin.cli.simulate import simulate_files

    simulate_files(
        network_dir,
        trips_csv,
        out,
        engine=engine,
        until_s=until_s,
        seed=seed,
        gridlock=gridlock,
        keep_passages=passages,
    )


def _study_options(command: _Command) -> _Command:
    """Options that `run` and `compare` share."""
    for option in (
        click.option("--all-metrics", is_flag=True, help="Print every metric and area, not the headline set."),
        click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True),
        click.option("--out", type=_FOLDER, help="Folder for the tables; default: runs/BEFORE--AFTER."),
        click.option("--jobs", type=click.IntRange(min=1), help="Worker processes; default: one a core."),
        click.option(
            "--two-starts", is_flag=True, help="Settle from a second start too: no winner where the effect differs."
        ),
        click.option(
            "--precision",
            metavar="2s|0.5%",
            help="Half-width of the 95 % interval of delay per trip to go on to, in seconds or of its value before.",
        ),
        click.option(
            "--replications",
            type=click.IntRange(min=1),
            help="Paired runs; with --precision the most.  [default: 10; with --precision every seed there is]",
        ),
    ):
        command = option(command)
    return command


@program.command()
@click.argument("scenario")
@_study_options
def run(scenario: str, **options: Any) -> None:
    """Compare SCENARIO (a name, or a path to its TOML) with the one it is based on."""
    from twin.errors import ScenarioError
    from twin.study.compare import load_scenario

    after = load_scenario(scenario)
    if not after.before:
        raise ScenarioError(
            f"{after.name!r} has neither based_on nor compare_with: `twin compare BEFORE {scenario}` names one."
        )
    _study(after.before, after, **options)


@program.command()
@click.argument("before")
@click.argument("after")
@_study_options
def compare(before: str, after: str, **options: Any) -> None:
    """Compare two scenarios of one place, the same travellers and seeds in both."""
    from twin.study.compare import load_scenario

    _study(before, load_scenario(after), **options)


def _study(
    before: str,
    after: Any,
    *,
    replications: int | None,
    precision: str | None,
    two_starts: bool,
    jobs: int | None,
    out: Path | None,
    language: Language,
    all_metrics: bool,
) -> None:
    from twin.cli.tables import StudyProgress, print_comparison
    from twin.files.catalogue import runs_folder
    from twin.study.compare import compare, load_scenario
    from twin.study.stopping import Precision

    first = load_scenario(before)
    folder = out or runs_folder() / f"{first.name}--{after.name}"
    wanted = None if precision is None else Precision.read(precision)
    try:
        with StudyProgress(language) as progress:
            comparison: Comparison = compare(
                first,
                after,
                replications=replications,
                precision_s=wanted.half_width_s if wanted else None,
                precision_share=wanted.half_width_share if wanted else None,
                two_starts=two_starts,
                jobs=jobs,
                out=folder,
                progress=progress,
            )
    except KeyboardInterrupt:
        raise Told(STOPPED.in_(language), INTERRUPTED_STATUS) from None
    print_comparison(comparison, language, whole=all_metrics)
    click.echo(f"\n{folder}")
    for name in _plug_ins():
        click.echo(f"  twin {name} {folder}")


@program.command()
@click.argument("folders", metavar="FOLDER", type=_FOLDER, nargs=-1, required=True)
@click.option("--all", "all_metrics", is_flag=True, help="Print every metric and area, not the headline set.")
@click.option("--details", is_flag=True, help="Also both kinds of interval, what pairing was worth, and p-values.")
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def show(folders: tuple[Path, ...], all_metrics: bool, details: bool, language: Language) -> None:
    """Print the results in FOLDER again; of several with one base, side by side in one table."""
    from twin.cli.tables import print_alternatives, print_comparison, print_details
    from twin.files.results_files import read_comparison

    if len(folders) > 1:
        print_alternatives([read_comparison(folder) for folder in folders], language)
        return
    comparison = read_comparison(folders[0])
    print_comparison(comparison, language, whole=all_metrics)
    if details:
        print_details(comparison, language, whole=all_metrics)


@program.command()
@click.argument("scenario", metavar="SCENARIO", nargs=-1, required=True)
@click.option(
    "--gap", type=click.FloatRange(1e-9, 0.1), default=1e-5, show_default=True, help="Relative gap of each arm."
)
def screen(scenario: tuple[str, ...], gap: float) -> None:
    """Screen SCENARIOs by static equilibrium, each against what it is based on: seconds, and no answer of a study.

    No queue spills back, no signal, bus or search for parking is in it. `twin run` answers.
    """
    from twin.cli.tables import print_lines, print_table
    from twin.study.screen import screen as screened

    rows = []
    for name in scenario:
        found = screened(name, gap=gap)
        before, after = found.vehicle_hours
        rows.append(
            (found.after_scenario, found.before_scenario, f"{before:,.1f}", f"{after:,.1f}", f"{after - before:+,.1f}",
             f"±{found.doubt_vehicle_hours:,.1f}", f"{found.before.relative_gap:.1e} / {found.after.relative_gap:.1e}")
        )  # fmt: skip
    print_lines([SCREENING.zh, SCREENING.en])
    print_table(
        (
            "scenario",
            "compared with",
            "前 before (veh·h)",
            "后 after (veh·h)",
            "差 change",
            "gap's share",
            "gap reached",
        ),
        rows,
    )


@program.command()
@click.argument("name")
@click.option("--file", type=_FILE, help="OpenStreetMap extract: .osm, .osm.gz or .osm.pbf.")
@click.option("--place", "where", help="A place by name, fetched from OpenStreetMap's servers.")
@click.option("--box", type=float, nargs=4, metavar="W S E N", help="A box in degrees, fetched likewise.")
def init(name: str, file: Path | None, where: str | None, box: tuple[float, float, float, float] | None) -> None:
    """Make a place NAME of a map: a minimal city that runs, with demand that is assumed and says so."""
    from twin.cli.tables import print_lines
    from twin.files.place_init import init_place

    made = init_place(name, _map_file(file, where, box), home=_home())
    print_lines(
        [
            f"{made.place}: {made.network.nodes:,} nodes, {made.network.links:,} links, "
            f"{made.network.length_km:,.0f} km; {made.zones} zones, {made.gates} gates, {made.car_parks} car parks "
            f"(people placed by {made.people_from}; all demand is assumed)",
            *made.network.sentences(),
            *made.notes,
            *(f"twin run {scenario}" for scenario in made.scenarios[1:]),
        ]
    )


def _map_file(file: Path | None, where: str | None, box: tuple[float, float, float, float] | None) -> Path:
    """The map that one of three options names, fetched where it lies on a server."""
    if sum(given is not None for given in (file, where, box)) != 1:
        raise click.UsageError("Give one of --file, --place and --box.")
    if file is not None:
        return file
    from twin.files.catalogue import cache_folder
    from twin.osm.download import download_streets

    asked = where if where is not None else box
    assert asked is not None
    return download_streets(asked, cache_folder())


def _home() -> Path:
    """Where a new place is written: the working folder, or this one, which then becomes it."""
    from twin.files.catalogue import mark_working_folder, working_folder

    return working_folder() or mark_working_folder(Path.cwd())


@program.group()
def advise() -> None:
    """Propose what to do, write it as scenarios, and simulate what it brings."""


@advise.command("openings")
@click.argument("scenario", metavar="[PLACE|SCENARIO]", default="baseline")
@click.option("--count", type=click.IntRange(1, 50), default=10, show_default=True, help="Openings of the best set.")
@click.option(
    "--max-gap", "max_gap_m", type=click.FloatRange(60.0, 2000.0), default=600.0, show_default=True, help="m."
)
@click.option("--not-buildable", type=_FILE, help="GeoJSON of areas that no opening may cross.")
@click.option("--across-barriers", is_flag=True, help="Choose among gaps across water, rail, buildings … too.")
@click.option("--static-only", is_flag=True, help="No dynamic model: a minute, a ranking, and no verdict.")
@click.option("--days", type=click.IntRange(2, 50), default=5, show_default=True, help="Paired days of verification.")
@click.option("--out", type=_FOLDER, help="Folder for tables and scenario; default: runs/openings-SCENARIO.")
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
    from twin.cli.advise import advise_openings_files
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


@program.group()
def network() -> None:
    """Streets of a place."""


@network.command("replace")
@click.argument("place")
@click.argument("file", type=_FILE)
def network_replace(place: str, file: Path) -> None:
    """Give PLACE the streets of another map file; zones, lines and car parks attach anew."""
    from twin.cli.tables import print_lines
    from twin.files.place_init import replace_network

    report = replace_network(place, file, home=_home())
    print_lines(
        [
            f"{report.folder}: {report.network.nodes:,} nodes, {report.network.links:,} links",
            *report.network.sentences(),
            *(f"{what}: {held} of {total} stand on a street" for what, (held, total) in report.attached.items()),
            *(f"lost: {what}" for what in report.lost),
            *(f"far from any street, as before: {what}" for what in report.far),
            *report.line_notes,
        ]
    )


@network.command("check")
@click.argument("streets", metavar="PLACE|FILE|FOLDER")
@click.option("--out", type=_FOLDER, help="Folder for the findings with their places; `twin map` draws it.")
def network_check(streets: str, out: Path | None) -> None:
    """Read the streets of a place, a map file or a folder of GMNS tables, and say what is assumed, repaired and odd."""
    from twin.cli.tables import print_lines, print_table
    from twin.files.network_check import WEIGHTS, check_network, write_check

    check = check_network(streets)
    print_lines([check.title, *check.sentences])
    rows = [
        (f"{WEIGHTS[weight].zh} {WEIGHTS[weight].en}", what, f"{count:,}", f"{km:,.1f}" if km else "")
        for weight, what, count, km in check.summary()
    ]
    print_table(("", "发现 finding", "次数 count", "公里 km"), rows)
    if check.source:
        print_lines([check.source])
    if out is not None:
        write_check(check, out)
        print_lines([f"{out}", f"  twin map {out}"])


@network.command("export")
@click.argument("place")
@click.argument("folder", type=_FOLDER)
def network_export(place: str, folder: Path) -> None:
    """Write the streets of PLACE as GMNS tables into FOLDER, with all that the twin knows of them."""
    from twin.cli.tables import print_lines
    from twin.files.gmns_files import write_gmns
    from twin.files.network_files import load_network

    streets, _ = load_network(place)
    write_gmns(streets, folder)
    print_lines([f"{folder}: {len(streets.nodes):,} nodes, {len(streets.links):,} links"])


@program.command()
@click.argument("place")
def streets(place: str) -> None:
    """List the names of streets in PLACE, as scenarios use them."""
    from twin.cli.tables import print_lines
    from twin.files.network_files import load_network

    print_lines(list(load_network(place)[0].street_names))


@program.command()
def places() -> None:
    """List the places that have streets."""
    from twin.cli.tables import print_table
    from twin.files.catalogue import network_folder, places
    from twin.files.network_files import read_passport

    rows = []
    for place in places():
        passport = read_passport(network_folder(place))
        rows.append((place, passport.title, passport.kind, str(passport.city_date)))
    print_table(("place", "title", "streets", "date"), rows)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "—" if math.isnan(value) else f"{value:,.2f}"
    return str(value)


@program.command()
@click.argument("place")
def demand(place: str) -> None:
    """Show who travels in PLACE on a weekday: trips by mode and purpose, and how long car trips are."""
    from twin.cli.tables import print_histogram, print_lines, print_table
    from twin.files.city_files import load_city
    from twin.study.habits import demand_of

    tables = demand_of(load_city(place)).tables
    print_lines([ASSUMED_DATA.zh, ASSUMED_DATA.en])
    for name in ("modes", "purposes"):
        shown = tables[name]
        rows = [tuple(_cell(value) for value in row) for row in shown.to_numpy()]
        print_table(tuple(shown.columns), rows)
    lengths = tables["trip_lengths"]
    cars = lengths[(lengths["mode"] == "car") & (lengths["unit"] == "vehicles")]
    edges = zip(cars["from_km"], cars["to_km"], strict=True)
    print_histogram("car trips by length (km)", [f"{a:g}–{b:g}" for a, b in edges], cars["trips"].tolist())


@program.command()
def scenarios() -> None:
    """List the scenarios, and what each is compared with."""
    from twin.cli.tables import print_table
    from twin.files.catalogue import scenarios
    from twin.files.scenario_files import read_scenario

    read = [read_scenario(name) for name in scenarios()]
    print_table(
        ("scenario", "place", "compared with", "题目", "title"),
        [(s.name, s.place, s.before or "—", s.title.zh, s.title.en) for s in read],
    )


@program.command()
def metrics() -> None:
    """List the metrics in 中文 and English: unit, better direction, formula, source and method."""
    from twin.cli.metric_list import metric_lines
    from twin.cli.tables import print_lines

    print_lines(metric_lines())


@advise.command("parking")
@click.argument("scenario", default="baseline")
@click.option("--spaces", type=click.IntRange(1, 100_000), default=5_000, show_default=True)
@click.option("--out", type=_FOLDER, default=Path("scenarios"), show_default=True, help="Folder for the scenarios.")
@click.option(
    "--equity-floor",
    type=click.FloatRange(0.0, 1.0),
    default=0.5,
    show_default=True,
    help="Least part of its share by demand that each district gets.",
)
@click.option("--budget", type=click.FloatRange(min=0.0), help="Most that building may cost, million yuan.")
@click.option("--replications", type=click.IntRange(min=0), default=0, show_default=True, help="Pairs that verify it.")
@click.option("--jobs", type=click.IntRange(min=1), help="Worker processes; default: one a core.")
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def advise_parking(
    scenario: str,
    spaces: int,
    out: Path,
    equity_floor: float,
    budget: float | None,
    replications: int,
    jobs: int | None,
    language: Language,
) -> None:
    """Where so many new parking SPACES over SCENARIO are worth most, and how many of them buy nothing.

    Writes parking-SPACES.toml and, to compare with, parking-proportional.toml. With --replications both are simulated.
    """
    from twin.cli.advice import advise_parking as advise

    parts = [f"twin advise parking {scenario} --spaces {spaces}"]
    parts += [f"--equity-floor {equity_floor:g}"] if equity_floor != 0.5 else []
    parts += [f"--budget {budget:g}"] if budget is not None else []
    advise(
        scenario,
        spaces=spaces,
        out=out,
        equity_floor=equity_floor,
        budget_yuan=None if budget is None else 1e6 * budget,
        replications=replications,
        jobs=jobs,
        language=language,
        command=" ".join(parts),
    )


@advise.command("bus")
@click.argument("scenario", default="baseline")
@click.option("--lines", type=click.IntRange(2, 200), default=16, show_default=True, help="Lines to change.")
@click.option("--out", type=_FOLDER, default=Path("scenarios"), show_default=True, help="Folder for the scenario.")
@click.option("--openings", help="A scenario of openings: name the lines that would gain from them.")
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def advise_bus(scenario: str, lines: int, out: Path, openings: str | None, language: Language) -> None:
    """Which bus LINES of SCENARIO to change and how, with no more buses; writes bus-LINES.toml."""
    from twin.cli.advise_bus import advise_bus as advise

    advise(scenario, lines=lines, out=out, openings=openings, language=language)


@program.command("lines")
@click.argument("scenario", default="baseline")
@click.option(
    "--gtfs", "feed", type=click.Path(dir_okay=False, path_type=Path), help="Write the lines as a feed (zip)."
)
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def lines_of(scenario: str, feed: Path | None, language: Language) -> None:
    """List the bus lines of SCENARIO: way, speed, riders, crowding, buses needed, and what is wrong with each."""
    from twin.cli.advise_bus import list_lines

    list_lines(scenario, feed=feed, language=language)


@program.group()
def runs() -> None:
    """The store of finished runs: a study makes none of them again."""


_RUNS = click.option("--runs", "folder", type=_FOLDER, help="Folder of the store; default: runs/.")


def _store(folder: Path | None) -> Path:
    from twin.files.catalogue import runs_folder

    return folder or runs_folder()


@runs.command("list")
@_RUNS
@click.option("--check", is_flag=True, help="Compare every file with its checksum.")
def runs_list(folder: Path | None, check: bool) -> None:
    """List the runs: scenario, arm, seed, date, size, and the comparisons they belong to."""
    from twin.cli.runs import list_runs

    list_runs(_store(folder), check=check)


@runs.command("show")
@click.argument("key")
@_RUNS
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def runs_show(key: str, folder: Path | None, language: Language) -> None:
    """Show the run whose key begins with KEY: what it was made from, and its key figures."""
    from twin.cli.runs import show_run

    show_run(_store(folder), key, language)


@runs.command("gc")
@_RUNS
@click.option("--days", type=click.IntRange(min=1), default=30, show_default=True, help="Younger runs stay.")
@click.option("--dry-run/--delete", "is_trial", default=True, show_default=True, help="Only say what would go.")
def runs_gc(folder: Path | None, days: int, is_trial: bool) -> None:
    """Clear away old runs that no comparison beside them refers to, and what killed programs left half-written."""
    from twin.cli.runs import clear_runs

    clear_runs(_store(folder), days=days, is_trial=is_trial)


@runs.command("sql")
@click.argument("query")
@_RUNS
def runs_sql(query: str, folder: Path | None) -> None:
    """Ask across runs in SQL, of the tables runs, trips, links, buses, parking, gridlocks and streets."""
    from twin.cli.runs import print_answer
    from twin.files.runs_database import asked

    print_answer(*asked(query, _store(folder)))
