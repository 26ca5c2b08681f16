"""Commands on places and what they hold: streets, lines, demand, scenarios. Libraries load inside them."""

import math
from pathlib import Path

import click

from twin.cli.options import FILE, FOLDER
from twin.wording import ASSUMED_DATA, Language


@click.command()
@click.argument("name")
@click.option("--file", type=FILE, help="OpenStreetMap extract: .osm, .osm.gz or .osm.pbf.")
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


@click.group()
def network() -> None:
    """Streets of a place."""


@network.command("replace")
@click.argument("place")
@click.argument("file", type=FILE)
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
@click.option("--out", type=FOLDER, help="Folder for the findings with their places; `twin map` draws it.")
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
@click.argument("folder", type=FOLDER)
def network_export(place: str, folder: Path) -> None:
    """Write the streets of PLACE as GMNS tables into FOLDER, with all that the twin knows of them."""
    from twin.cli.tables import print_lines
    from twin.files.gmns_files import write_gmns
    from twin.files.network_files import load_network

    streets, _ = load_network(place)
    write_gmns(streets, folder)
    print_lines([f"{folder}: {len(streets.nodes):,} nodes, {len(streets.links):,} links"])


@click.command()
@click.argument("place")
def streets(place: str) -> None:
    """List the names of streets in PLACE, as scenarios use them."""
    from twin.cli.tables import print_lines
    from twin.files.network_files import load_network

    print_lines(list(load_network(place)[0].street_names))


@click.command()
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


@click.command()
@click.argument("place")
@click.option("--mode-choice", is_flag=True, help="What people weigh when they choose how to go, and where it is from.")
def demand(place: str, mode_choice: bool) -> None:
    """Show who travels in PLACE on a weekday: trips by mode and purpose, and how long car trips are."""
    from twin.cli.tables import print_histogram, print_lines, print_table
    from twin.files.choice_files import choice_path, read_choice
    from twin.files.city_files import load_city
    from twin.study.habits import demand_of

    if mode_choice:
        path = choice_path(place)
        weighed = [(source.key, source.value, source.tag, source.note) for source in read_choice(path)[1]]
        print_lines([str(path)])
        print_table(("coefficient", "value", "source", "note"), weighed)
        return
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


@click.command()
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


@click.command()
def metrics() -> None:
    """List the metrics in 中文 and English: unit, better direction, formula, source and method."""
    from twin.cli.metric_list import metric_lines
    from twin.cli.tables import print_lines

    print_lines(metric_lines())


@click.command("lines")
@click.argument("scenario", default="baseline")
@click.option(
    "--gtfs", "feed", type=click.Path(dir_okay=False, path_type=Path), help="Write the lines as a feed (zip)."
)
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def lines_of(scenario: str, feed: Path | None, language: Language) -> None:
    """List the bus lines of SCENARIO: way, speed, riders, crowding, buses needed, and what is wrong with each."""
    from twin.cli.advise_bus import list_lines

    list_lines(scenario, feed=feed, language=language)


PLACE_COMMANDS = (init, network, streets, places, demand, scenarios, lines_of, metrics)
