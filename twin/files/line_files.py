"""Bus lines on disk: `bus_lines.csv` (stops of each line in order) and `bus_headways.csv`, checked at the door."""

import difflib
from pathlib import Path

import pandas as pd

from twin.errors import DataFileError, joined_faults

LINE_COLUMNS = {
    "line": "name of the line, e.g. 10路",
    "direction": "上行 or 下行, or any other word, one for each way",
    "seq": "order of the stop, whole number, ascending",
    "stop_name": "name of the stop",
    "lon": "WGS-84 degrees",
    "lat": "WGS-84 degrees",
    "coverage": "whole, or part where the line leaves the area",
}

HEADWAY_COLUMNS = {
    "line": "name of the line",
    "type": "kind of line",
    "peak_headway_min": "minutes between departures in the peaks; 0: none",
    "offpeak_headway_min": "minutes between departures outside the peaks; 0: none",
    "source": "where the numbers are from",
}

COVERAGES = ("whole", "part")
_MOST_FAULTS = 30


def read_lines(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Stops and headways of a place: (LINE_COLUMNS sorted by line, direction, seq; HEADWAY_COLUMNS sorted by line).

    Row order of the files does not matter and further columns are left aside. Raises DataFileError with all faults.
    """
    stops_path, headways_path = folder / "bus_lines.csv", folder / "bus_headways.csv"
    stops, stop_faults = _checked(stops_path, LINE_COLUMNS, whole=("seq",), decimal=("lon", "lat"))
    headways, headway_faults = _checked(
        headways_path, HEADWAY_COLUMNS, decimal=("peak_headway_min", "offpeak_headway_min")
    )
    if not stop_faults:
        stop_faults = _stop_faults(stops)
    if not headway_faults:
        headway_faults = _headway_faults(headways)
    if not stop_faults and not headway_faults:
        headway_faults = _pairing_faults(stops, headways)
    messages = [
        joined_faults(str(path), _shortened(faults))
        for path, faults in ((stops_path, stop_faults), (headways_path, headway_faults))
        if faults
    ]
    if messages:
        raise DataFileError("\n".join(messages))
    stops["seq"] = stops["seq"].astype("int64")
    return (
        stops.sort_values(["line", "direction", "seq"], ignore_index=True),
        headways.sort_values("line", ignore_index=True),
    )


def _checked(
    path: Path, columns: dict[str, str], *, whole: tuple[str, ...] = (), decimal: tuple[str, ...] = ()
) -> tuple[pd.DataFrame, list[str]]:
    """The table with numbers as numbers, and what is wrong with its columns and cells."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataFileError(f"{path}: no such file; a place with buses has it beside its streets") from None
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataFileError(f"{path}: not a CSV table in UTF-8 ({error})") from error
    missing = [name for name in columns if name not in table.columns]
    if missing:
        return table, [_missing_column(name, columns[name], list(table.columns)) for name in missing]
    table = table[list(columns)].copy()
    faults = []
    for name in (*whole, *decimal):
        numbers = pd.to_numeric(table[name].str.strip(), errors="coerce")
        bad = numbers.isna() | numbers.abs().eq(float("inf"))
        if name in whole:
            bad |= numbers % 1 != 0
        kind = "a whole number" if name in whole else "a number"
        faults += [f"row {i + 2}: {name} is {table[name][i]!r}, must be {kind}" for i in table.index[bad]]
        table[name] = numbers
    for name in ("line", "direction"):
        if name in columns:
            table[name] = table[name].str.strip()
            faults += [f"row {i + 2}: {name} is empty" for i in table.index[table[name].eq("")]]
    return table, faults


def _missing_column(name: str, meaning: str, present: list[str]) -> str:
    close = difflib.get_close_matches(name, present, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"no column {name!r} ({meaning}).{hint}"


def _stop_faults(stops: pd.DataFrame) -> list[str]:
    stops.loc[stops["coverage"].eq(""), "coverage"] = "whole"
    faults = []
    outside = ~(stops["lon"].between(-180, 180) & stops["lat"].between(-85, 85))
    for i in stops.index[outside]:
        place = f"({stops['lon'][i]:g}, {stops['lat'][i]:g})"
        faults.append(f"row {i + 2}: {place} is no longitude and latitude in degrees")
    for i in stops.index[~stops["coverage"].isin(COVERAGES)]:
        faults.append(f"row {i + 2}: coverage is {stops['coverage'][i]!r}, must be one of {', '.join(COVERAGES)}")
    for i in stops.index[stops.duplicated(["line", "direction", "seq"])]:
        row = stops.loc[i]
        faults.append(f"row {i + 2}: {row['line']} {row['direction']} has a second stop number {row['seq']:g}")
    alone = stops[~stops.duplicated(["line", "direction"], keep=False)]
    for i in alone.index:
        faults.append(f"row {i + 2}: {stops['line'][i]} {stops['direction'][i]} has only this one stop")
    return faults


def _headway_faults(headways: pd.DataFrame) -> list[str]:
    faults = []
    for name in ("peak_headway_min", "offpeak_headway_min"):
        for i in headways.index[headways[name] < 0]:
            faults.append(f"row {i + 2}: {name} is {headways[name][i]:g}, must not be negative (0: no service)")
    for i in headways.index[headways.duplicated("line")]:
        faults.append(f"row {i + 2}: a second row for {headways['line'][i]}")
    return faults


def _pairing_faults(stops: pd.DataFrame, headways: pd.DataFrame) -> list[str]:
    with_stops, with_headways = set(stops["line"]), set(headways["line"])
    faults = [f"no headway for line {line}, which has stops" for line in sorted(with_stops - with_headways)]
    for line in sorted(with_headways - with_stops):
        close = difflib.get_close_matches(line, sorted(with_stops), n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        faults.append(f"headway for {line!r}, which has no stops.{hint}")
    return faults


def _shortened(faults: list[str]) -> list[str]:
    if len(faults) <= _MOST_FAULTS:
        return faults
    return [*faults[:_MOST_FAULTS], f"and {len(faults) - _MOST_FAULTS} more"]
