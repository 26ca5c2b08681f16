"""What `twin runs` prints: the store of runs, one run, what may go, and answers to questions across runs."""

import datetime
import time
from pathlib import Path
from typing import Any

from twin.cli.tables import print_lines, print_table
from twin.files.catalogue import cache_folder
from twin.files.results_files import read_run
from twin.files.run_inventory import StoredRun, leftovers, remove, run_of, short_key, stored_runs
from twin.results.dictionary import HEADLINE, METRICS
from twin.results.measuring import metric_table
from twin.results.numbers import written
from twin.wording import AREAS, Language

_HEAD = ("run", "scenario", "arm", "seed", "city date", "made", "MB", "belongs to")
_MB = 1e6


def list_runs(folder: Path, *, check: bool) -> None:
    """Print a line a run, and what they take in all."""
    runs = stored_runs(folder, check=check)
    print_table(_HEAD, [_row(run) for run in runs])
    damaged = [run for run in runs if run.faults]
    print_lines(
        [
            f"{folder}: {len(runs)} runs, {sum(run.size_bytes for run in runs) / _MB:,.1f} MB",
            *(f"{short_key(run.key)} is damaged and is made again when it is asked for: {run.faults[0]}"
              for run in damaged),
        ]
    )  # fmt: skip


def show_run(folder: Path, key: str, language: Language) -> None:
    """Print what a run was made from, and its key figures."""
    stored = run_of(folder, key)
    run = read_run(stored.folder)
    facts = {name: value for name, value in stored.facts.items() if name != "files"}
    print_lines([f"{stored.folder}", *_flat(facts), f"belongs to: {', '.join(stored.belongs_to) or '—'}"])
    rows = []
    for metric, area, value in metric_table(run).itertuples(index=False):
        if metric not in HEADLINE or area not in AREAS:
            continue
        words = METRICS[metric]
        figure = written(float(value), words.decimals)
        rows.append((words.name.in_(language), AREAS[area].in_(language), figure, words.unit.in_(language)))
    print_table(("metric", "area", "value", "unit") if language == "en" else ("指标", "范围", "数值", "单位"), rows)


def clear_runs(folder: Path, *, days: int, is_trial: bool) -> None:
    """Delete what nobody needs, or with `is_trial` print what would go."""
    caches = [cache_folder() / name for name in ("settlements", "networks")]
    found = leftovers(folder, caches, days=days, now_s=time.time())
    gone = [leftover for leftover in found if is_trial or remove(leftover)]
    done = "would go" if is_trial else "is gone"
    print_lines(
        [
            *(f"{done}: {one.path} ({one.size_bytes / _MB:,.1f} MB; {one.why})" for one in gone),
            f"{len(gone)} in all, {sum(one.size_bytes for one in gone) / _MB:,.1f} MB"
            + ("; `--delete` deletes them" if is_trial and gone else ""),
        ]
    )


def print_answer(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Print the rows that a question across runs gives."""
    print_table(columns, [tuple("—" if cell is None else str(cell) for cell in row) for row in rows])


def _row(run: StoredRun) -> tuple[str, ...]:
    facts = run.facts
    made = datetime.datetime.fromtimestamp(run.touched_s).strftime("%Y-%m-%d %H:%M")
    belongs_to = "damaged" if run.faults else ", ".join(run.belongs_to) or "—"
    named = tuple(str(facts.get(name, "—")) for name in ("scenario", "arm", "seed", "city_date"))
    return (short_key(run.key), *named, made, f"{run.size_bytes / _MB:,.1f}", belongs_to)


def _flat(facts: dict[str, Any], before: str = "") -> list[str]:
    """Facts as lines, tables within tables with their names joined."""
    lines: list[str] = []
    for name, value in facts.items():
        lines += _flat(value, f"{before}{name}.") if isinstance(value, dict) else [f"{before}{name}: {value}"]
    return lines
