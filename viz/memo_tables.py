"""The memo's numbers as rows of text: each with its interval, its digits no finer than the interval."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from twin.results.comparison import Comparison
from twin.results.dictionary import HEADLINE, METRICS
from twin.results.numbers import written
from twin.results.rows_written import RowWritten, row_written
from twin.wording import BOOKS, Language
from viz import phrases
from viz.layers import change_written, direction_name, group_name, line_of, records, street_name
from viz.numbers import number_of

MOST_STREETS = 5


@dataclass(frozen=True, slots=True)
class StreetLine:
    """One street that changed beyond chance."""

    name: str
    direction: str
    speed_before: str
    speed_after: str
    change: str


@dataclass(frozen=True, slots=True)
class StreetCounts:
    """Links by what became of their delay."""

    better: int
    worse: int
    unclear: int
    opened: int
    closed: int


@dataclass(frozen=True, slots=True)
class BookLine:
    """The books of one arm, all seeds together; `is_balanced`: created is the sum of the rest."""

    arm: str
    counts: tuple[str, ...]
    gridlocks: str
    relieved: str
    is_balanced: bool


@dataclass(frozen=True, slots=True)
class MeasureGroup:
    """Measures of one group, in words."""

    name: str
    texts: tuple[str, ...]


def metric_lines(comparison: Comparison, area: str, language: Language) -> list[RowWritten]:
    """The headline set of one area, in its order."""
    rows = comparison.rows[comparison.rows["area"] == area]
    by_metric = {str(row["metric"]): row for row in records(rows)}
    return [row_written(by_metric[metric], language) for metric in HEADLINE if metric in by_metric]


def definitions(comparison: Comparison, language: Language) -> list[tuple[str, str]]:
    """Name and definition of each metric of the headline set."""
    present = set(comparison.headline_rows["metric"])
    return [
        (words.name.in_(language), words.definition.in_(language))
        for metric, words in METRICS.items()
        if metric in present
    ]


def street_lines(comparison: Comparison, language: Language, *, better: bool) -> list[StreetLine]:
    """The streets with the largest clear change, one line a street and direction; fewer where fewer are clear."""
    sign = 1.0 if better else -1.0
    links = [link for link in records(comparison.links) if _is_clear(link)]
    links = [link for link in links if sign * float(link["difference_delay_vehh"]) < 0.0]
    links.sort(key=lambda link: sign * float(link["difference_delay_vehh"]))
    named = [link for link in records(comparison.links) if link["name"]]
    lines: dict[tuple[str, str], StreetLine] = {}
    for link in links:
        line = _street_line(link, named, language)
        lines.setdefault((line.name, line.direction), line)
        if len(lines) == MOST_STREETS:
            break
    return list(lines.values())


def street_counts(comparison: Comparison) -> StreetCounts:
    """How many links gained, lost, showed nothing, were opened and were closed."""
    links = records(comparison.links)
    clear = [link for link in links if _is_clear(link)]
    better = sum(float(link["difference_delay_vehh"]) < 0.0 for link in clear)
    opened, closed = (sum(bool(link[column]) for link in links) for column in ("is_new", "is_closed"))
    return StreetCounts(better, len(clear) - better, len(links) - len(clear) - opened - closed, opened, closed)


def parking_totals(comparison: Comparison) -> dict[str, tuple[str, str]]:
    """Spaces, mean share taken and cars turned away of all sites, before and after."""
    sites = comparison.sites
    totals: dict[str, tuple[str, str]] = {}
    spaces = {arm: pd.to_numeric(sites[f"spaces_{arm}"]).fillna(0.0) for arm in ("before", "after")}
    shares, away = [], []
    for arm, number in spaces.items():
        taken = float((number * pd.to_numeric(sites[f"{arm}_occupied_share"]).fillna(0.0)).sum())
        shares.append(f"{written(100.0 * taken / number.sum(), 1)}%" if number.sum() > 0.0 else written(None, 0))
        away.append(written(float(pd.to_numeric(sites[f"{arm}_turned_away"]).fillna(0.0).sum()), 0))
    totals["spaces"] = (written(float(spaces["before"].sum()), 0), written(float(spaces["after"].sum()), 0))
    totals["taken"] = (shares[0], shares[1])
    totals["turned_away"] = (away[0], away[1])
    return totals


def book_lines(comparison: Comparison, language: Language) -> list[BookLine]:
    """Both arms' books, summed over seeds."""
    lines = []
    for arm, words in (("before", phrases.BEFORE), ("after", phrases.AFTER)):
        books = comparison.books[comparison.books["arm"] == arm]
        counts = {book: int(books[book].sum()) for book in BOOKS}
        rest = sum(count for book, count in counts.items() if book != "created")
        lines.append(
            BookLine(
                words.in_(language),
                tuple(written(count, 0) for count in counts.values()),
                written(int(books["gridlocks"].sum()), 0),
                written(int(books["relieved"].sum()), 0),
                counts["created"] == rest,
            )
        )
    return lines


def measure_groups(comparison: Comparison, language: Language) -> list[MeasureGroup]:
    """Measures by group, in the order of the scenario."""
    groups: dict[str, list[str]] = {}
    for measure in records(comparison.measures):
        groups.setdefault(str(measure["group"]), []).append(str(measure[f"text_{language}"]))
    return [MeasureGroup(group_name(group, language), tuple(texts)) for group, texts in groups.items()]


def _street_line(link: Mapping[str, Any], named: Sequence[Mapping[str, Any]], language: Language) -> StreetLine:
    speeds = [written(number_of(link[f"{arm}_speed_kmh"]), 0) for arm in ("before", "after")]
    name = street_name(link, language)
    if not link["name"] and named:
        name += f"{phrases.NEAR.in_(language)}{_nearest_name(link, named)}"
    direction = direction_name(line_of(link), language)
    return StreetLine(name, direction, speeds[0], speeds[1], change_written(link, language))


def _nearest_name(link: Mapping[str, Any], named: Sequence[Mapping[str, Any]]) -> str:
    """Name of the street with the corner nearest to the link's middle corner."""
    line = line_of(link)
    lon, lat = line[len(line) // 2]
    narrowing = math.cos(math.radians(lat))  # degrees of longitude are shorter than those of latitude

    def distance(other: Mapping[str, Any]) -> float:
        return min(math.hypot((x - lon) * narrowing, y - lat) for x, y in line_of(other))

    return str(min(named, key=distance)["name"])


def _is_clear(link: Mapping[str, Any]) -> bool:
    if bool(link["is_new"]) or bool(link["is_closed"]) or not bool(link["is_clear"]):
        return False
    return bool(number_of(link["difference_delay_vehh"]))
