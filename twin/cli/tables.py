"""Printing: tables, lines and the bar of progress."""

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import pandas as pd
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from twin.records import STATUSES
from twin.results.alternatives import side_by_side
from twin.results.bus_short import cost_sentence
from twin.results.comparison import Comparison
from twin.results.mode_shares import shares_written
from twin.wording import BOOKS, CHANCE_ONLY, NOBODY_CHANGES_MODE, Language, Words

_STEPS = {
    "city": Words("读入城市", "read the city"),
    "place": Words("排队模型选点", "place spaces by the queueing model"),
    "engine": Words("准备引擎(第一次需编译)", "get the engine ready (compiled the first time)"),
    "settle": Words("路线稳定(现状)", "settle routes of the base"),
    "arms": Words("两个方案各自稳定", "settle both arms"),
    "second start": Words("从另一起点稳定", "settle from another start"),
    "damaged": Words("存档损坏，重新模拟", "kept runs that are damaged, made again"),
    "modes": Words("方式与路线一起稳定", "settle modes and routes together"),
    "runs": Words("配对模拟", "paired runs"),
    "candidates": Words("查找断头路、丁字路缺口", "look for gaps"),
    "static": Words("静态均衡：逐个", "static equilibria, one by one"),
    "best set": Words("静态均衡：最佳组合", "static equilibria, the best set"),
    "trials": Words("动态模型：逐个", "dynamic model, one by one"),
    "whole set": Words("动态模型：整组", "dynamic model, the whole set"),
}
_ARMS = {"before": Words("现状", "before"), "after": Words("方案", "after")}
_NARROWEST = 100
"""Columns of text where nobody watches (a file, a pipe): wide enough for the tables."""


def _console(*, stderr: bool = False) -> Console:
    is_watched = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, highlight=False, markup=False, width=None if is_watched else 2 * _NARROWEST)


def print_lines(lines: Sequence[str]) -> None:
    """Print lines as they are."""
    console = _console()
    for line in lines:
        console.print(line, soft_wrap=True)


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows of text under a head."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    _console().print(table)


def print_histogram(title: str, bins: Sequence[str], counts: Sequence[float]) -> None:
    """Print a bar a bin, the longest forty characters wide; empty bins at the end are left out."""
    last = max((i for i, count in enumerate(counts) if count > 0), default=-1)
    most = max(counts, default=0.0) or 1.0
    shown = list(zip(bins, counts, strict=True))[: last + 1]
    print_table((title, "trips", ""), [(name, f"{n:,.0f}", "█" * round(40 * n / most)) for name, n in shown])


def print_comparison(comparison: Comparison, language: Language = "zh", *, whole: bool = False) -> None:
    """Print what a reader must know first, the table of before and after (the `whole` of it), and the books beneath.

    Where people react in a second answer, that too, with how they go.
    """
    console = _console()
    for line in comparison.warning_lines(language):
        console.print(line, style="bold")
    if comparison.reacting is not None:
        console.print(f"\n{NOBODY_CHANGES_MODE.in_(language)}", style="bold")
    _print_answer(console, comparison, language, whole=whole)
    if comparison.reacting is not None:
        console.print()
        for line in comparison.reacting.warning_lines(language):
            if line not in comparison.warning_lines(language):
                console.print(line, style="bold")
        _print_answer(console, comparison.reacting, language, whole=whole)


def _print_answer(console: Console, comparison: Comparison, language: Language, *, whole: bool) -> None:
    titles = [str(comparison.meta.get(f"{arm}_title") or comparison.meta[arm]) for arm in _ARMS]
    console.print(f"\n{titles[0]} → {titles[1]}")
    figures = comparison.table(language, whole=whole)
    console.print(_figure_table(figures))
    if comparison.has_other_lines and not whole:
        console.print(Words("公交线路有改动：", "Bus lines differ:").in_(language))
        console.print(_figure_table(comparison.bus_table(language)))
        console.print(cost_sentence(comparison.rows, language))
    console.print(comparison.verdict_line(language), style="bold")
    if len(comparison.modes):
        shares = shares_written(comparison.modes, language)
        print_table([str(name) for name in shares.columns], [[str(cell) for cell in row] for row in shares.to_numpy()])
    for note in comparison.notes(language):
        console.print(note)
    for arm, words in _ARMS.items():
        books = comparison.books[comparison.books["arm"] == arm].sum(numeric_only=True)
        parts = " + ".join(f"{BOOKS[status].in_(language)} {int(books[status]):,}" for status in STATUSES)
        console.print(f"{words.in_(language)}: {BOOKS['created'].in_(language)} {int(books['created']):,} = {parts}")


def _figure_table(figures: pd.DataFrame) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in figures.columns:
        is_number = name in figures.columns[2:6]
        table.add_column(str(name), justify="right" if is_number else "left", overflow="fold")
    for row in figures.itertuples(index=False):
        table.add_row(*(str(cell) for cell in row))
    return table


def print_alternatives(comparisons: Sequence[Comparison], language: Language = "zh") -> None:
    """Print several answers to one question side by side, with what a reader must know first."""
    lines = [line for comparison in comparisons for line in comparison.warning_lines(language)]
    print_lines(list(dict.fromkeys(lines)))
    table = side_by_side(comparisons, language=language)
    print_table([str(name) for name in table.columns], [[str(cell) for cell in row] for row in table.to_numpy()])
    print_lines([CHANCE_ONLY.in_(language)])


def print_details(comparison: Comparison, language: Language = "zh", *, whole: bool = False) -> None:
    """Print what the verdicts rest on: both kinds of interval, what pairing was worth, p-values."""
    details = comparison.details(language, whole=whole)
    print_table([str(name) for name in details.columns], [[str(cell) for cell in row] for row in details.to_numpy()])


class StudyProgress:
    """A bar of progress on stderr with the time left, one line for each step of a study; called with
    (step, done, total)."""

    def __init__(self, language: Language = "zh") -> None:
        self._language = language
        self._tasks: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=_console(stderr=True),
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show how far a step is."""
        if step not in self._tasks:
            words = _STEPS.get(step)
            name = words.in_(self._language) if words else step
            self._tasks[step] = self._progress.add_task(name, total=max(total, 1))
        self._progress.update(self._tasks[step], completed=done if total else 1, total=max(total, 1))
