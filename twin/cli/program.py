"""The command `twin`: parse, call, print. Libraries load inside the commands, so that `twin --help` answers at once.

Errors a person can mend are one sentence on stderr and the exit status of their class; nothing is half-written.
"""

import errno
import traceback
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import click

import twin
from twin.cli.advise_commands import advise
from twin.cli.options import FILE, FOLDER, INTERRUPTED_STATUS, Told, window_of
from twin.cli.place_commands import PLACE_COMMANDS
from twin.cli.runs_commands import runs
from twin.errors import TwinError
from twin.wording import SCREENING, STOPPED, Language

if TYPE_CHECKING:
    from twin.results.comparison import Comparison

PLUG_INS = "twin.commands"
"""Group of entry points by which other packages add commands."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


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
@click.argument("network_dir", type=FOLDER)
@click.argument("trips_csv", type=FILE)
@click.option("--out", type=FOLDER, required=True, help="Folder for trips, links and summary.json.")
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
        click.option("--out", type=FOLDER, help="Folder for the tables; default: runs/BEFORE--AFTER."),
        click.option("--jobs", type=click.IntRange(min=1), help="Worker processes; default: one a core."),
        click.option(
            "--two-starts", is_flag=True, help="Settle from a second start too: no winner where the effect differs."
        ),
        click.option(
            "--people-react/--nobody-changes-mode",
            default=None,
            help="Answer a second time, with people who choose anew how to go.  [default: as the scenario says]",
        ),
        click.option(
            "--induced/--no-induced",
            default=None,
            help="With people who react: trips are made more or less often too.  [default: as the scenario says]",
        ),
        click.option(
            "--window",
            metavar="06:00-22:00",
            help="Hours whose departures count, in place of the scenarios' own. Longer than a morning: whole days, in "
            "which who parked drives home again.",
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
    people_react: bool | None,
    induced: bool | None,
    window: str | None,
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
    hours = None if window is None else window_of(window)
    try:
        with StudyProgress(language) as progress:
            comparison: Comparison = compare(
                first,
                after,
                replications=replications,
                precision_s=wanted.half_width_s if wanted else None,
                precision_share=wanted.half_width_share if wanted else None,
                two_starts=two_starts,
                people_react=people_react,
                induced=induced,
                window=hours,
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
@click.argument("folders", metavar="FOLDER", type=FOLDER, nargs=-1, required=True)
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


for command in (*PLACE_COMMANDS, advise, runs):
    program.add_command(command)
