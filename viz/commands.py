"""`twin map` and `twin report`, which the command line finds by the entry points `twin.commands`.

Drawing libraries are loaded when a command runs, so that `twin --help` answers at once.
"""

from pathlib import Path
from typing import cast

import click

from twin.wording import Language


@click.command("map")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; default: map.html in FOLDER."
)
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def map_command(folder: Path, out: Path | None, language: str) -> None:
    """Draw the results in FOLDER (a comparison, an opening study, findings of `twin network check`) as an offline
    page."""
    from twin.files.advice_files import is_openings_folder, read_openings_folder
    from twin.files.network_check import is_check, read_check
    from twin.files.results_files import read_comparison
    from viz.findings_map import findings_map
    from viz.kepler_map import before_after_map
    from viz.openings_map import openings_map

    if is_openings_folder(folder):
        page = openings_map(*read_openings_folder(folder), language=cast(Language, language))
    elif is_check(folder):
        page = findings_map(read_check(folder), language=cast(Language, language))
    else:
        page = before_after_map(read_comparison(folder), language=cast(Language, language))
    click.echo(page.to_html(out or folder / "map.html"))


@click.command("report")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; default: memo.html in FOLDER."
)
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def report_command(folder: Path, out: Path | None, language: str) -> None:
    """Write the results in FOLDER as a memo for print and mail."""
    from twin.files.results_files import read_comparison
    from viz.report import write_report

    click.echo(write_report(read_comparison(folder), out or folder / "memo.html", language=cast(Language, language)))
