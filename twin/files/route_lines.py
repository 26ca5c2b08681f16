"""Bus lines that a map file holds as relations, onto the streets of the same map: tables, and what does not fit.

Stops are matched in order by `twin.transit.map_match`; the ways that a line is mapped on are what its route is held
against, not what it is made from, since many of them lie outside an extract or are closed to cars. Headways are those
that the map tells, else assumed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from twin.city.network import Network
from twin.city.transit import BusLine
from twin.files.line_files import HEADWAY_COLUMNS, LINE_COLUMNS
from twin.files.whole_files import write_whole_text
from twin.osm.route_relations import MappedLine
from twin.transit.line_tables import build_lines

PEAK_MIN, OFF_PEAK_MIN = 10.0, 15.0
"""Headways where the map tells none (min): usual for urban lines in Chinese cities (assumed)."""

BESIDE_SHARE = 0.1
"""A line that drives more of its way than this beside the ways it is mapped on is told."""


@dataclass(frozen=True)
class RouteLines:
    """Lines of relations on streets. `mapped`: those with two stops or more in the file, by (line, direction).

    `notes`: in sentences, what is not served, cut, far round, or beside the mapped ways. `told`: how many relations'
    directions there are, those with too few stops among them.
    """

    mapped: dict[tuple[str, str], MappedLine]
    lines: tuple[BusLine, ...]
    notes: tuple[str, ...]
    told: int

    @property
    def summary(self) -> str:
        """One sentence on what became of the relations."""
        return (
            f"{self.told:,} directions of bus lines are mapped; {len(self.mapped):,} have two stops or more here, and "
            f"{len(self.lines):,} can be driven."
        )


def lines_on_streets(found: Sequence[MappedLine], network: Network) -> RouteLines:
    """The lines of a map file on its streets. A direction with fewer than two stops is no line here."""
    mapped = {(line.line, line.direction): line for line in found if len(line.stops) >= 2}
    if not mapped:
        return RouteLines({}, (), (), len(found))
    lines, notes = build_lines(*line_tables(list(mapped.values())), network)
    beside = [note for line in lines if (note := _beside(network, line, mapped[line.name, line.direction]))]
    return RouteLines(mapped, lines, (*notes, *beside), len(found))


def line_tables(mapped: Sequence[MappedLine]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Stops (LINE_COLUMNS) and headways (HEADWAY_COLUMNS) of mapped lines; a stop without a name has its number."""
    stops = [
        (line.line, line.direction, seq, stop.name or f"#{seq}", stop.lon, stop.lat, _coverage(line))
        for line in mapped
        for seq, stop in enumerate(line.stops, start=1)
    ]
    told = {line.line: line.interval_min for line in mapped if line.interval_min is not None}
    headways = [
        (name, "bus", minutes, minutes, "interval of the map")
        if (minutes := told.get(name)) is not None
        else (name, "bus", PEAK_MIN, OFF_PEAK_MIN, "assumed: the map tells none")
        for name in sorted({line.line for line in mapped})
    ]
    table = pd.DataFrame(stops, columns=list(LINE_COLUMNS))
    return table, pd.DataFrame(headways, columns=list(HEADWAY_COLUMNS))


def write_line_tables(folder: Path, mapped: Sequence[MappedLine]) -> None:
    """Write the tables of mapped lines beside the streets, as `read_lines` reads them."""
    stops, headways = line_tables(mapped)
    write_whole_text(folder / "bus_lines.csv", stops.to_csv(index=False, lineterminator="\n"))
    write_whole_text(folder / "bus_headways.csv", headways.to_csv(index=False, lineterminator="\n"))


def _coverage(line: MappedLine) -> str:
    return "part" if line.outside else "whole"


def _beside(network: Network, line: BusLine, mapped: MappedLine) -> str:
    """How much of a line's way lies beside the ways that it is mapped on; "" where little does, or none is known."""
    ways = {str(way) for way in mapped.ways}
    links = [network.link_by_id[link_id] for link_id in line.route]
    all_m = sum(link.length_m for link in links)
    beside_m = sum(link.length_m for link in links if ways.isdisjoint(link.source_ids))
    if not ways or beside_m <= BESIDE_SHARE * all_m:
        return ""
    return (
        f"bus line {line.id}: {beside_m:,.0f} of {all_m:,.0f} m lie beside the ways that relation {mapped.relation} "
        "is mapped on"
    )
