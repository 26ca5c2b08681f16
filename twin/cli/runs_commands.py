"""Commands on the store of finished runs. Libraries load inside them."""

from pathlib import Path

import click

from twin.cli.options import FOLDER
from twin.wording import Language


@click.group()
def runs() -> None:
    """The store of finished runs: a study makes none of them again."""


_RUNS = click.option("--runs", "folder", type=FOLDER, help="Folder of the store; default: runs/.")


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
