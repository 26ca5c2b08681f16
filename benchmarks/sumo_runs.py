"""Runs of SUMO's programs and what they write: trips and edges, micro and meso.

Found through the package `eclipse-sumo` (module `sumo`); nets and demand through the folder of `sumo-rl`.
"""

import importlib.util
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
import pandas as pd
from defusedxml.ElementTree import iterparse

MESO = ("--mesosim", "--meso-junction-control")


class NotInstalledError(RuntimeError):
    """A peer or its data is not on this machine."""


@dataclass(frozen=True, eq=False)
class SumoResult:
    """What one run wrote. `trips`: duration_s and depart_delay_s by id. `edges`: see `edge_table`. `teleports`: cars
    that SUMO moved on because they stood for 300 s.
    """

    trips: pd.DataFrame
    edges: pd.DataFrame
    teleports: int


def package_folder(module: str) -> Path:
    """Where an installed package lies; raises NotInstalledError."""
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise NotInstalledError(f"{module} is not installed")
    return Path(next(iter(spec.submodule_search_locations)))


def sumo_program(name: str) -> Path:
    """One of the programs of eclipse-sumo; raises NotInstalledError."""
    found = package_folder("sumo") / "bin" / name
    if not found.exists():
        raise NotInstalledError(f"eclipse-sumo has no {name}")
    return found


def call(program: str, *options: str, folder: Path) -> None:
    """Run one of SUMO's programs; raises RuntimeError with its last words where it fails."""
    words = [str(sumo_program(program)), "--xml-validation", "never", *options]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{program} failed: {done.stderr.strip()[-600:]}")


def fixed_routes(net: Path, demand: Path, out: Path, *, begin_s: float, end_s: float) -> None:
    """Write the vehicles of `demand` that depart in the window with the routes they drive: quickest at free flow."""
    call(
        "duarouter", "-n", str(net), "-r", str(demand), "-o", str(out), "--begin", str(begin_s), "--end", str(end_s),
        "--ignore-errors", "--no-step-log", "--no-warnings", "--seed", "1", folder=out.parent,
    )  # fmt: skip


def run_sumo(
    net: Path, routes: Path, folder: Path, *, begin_s: float, hour_end_s: float, seed: int, options: Sequence[str] = ()
) -> SumoResult:
    """Run until the last car has arrived; edges over the whole run, counts within the hour of demand too.

    A finished run that lies in the folder is read, not made again.
    """
    if (folder / "statistics.xml").exists():
        return read_run(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "edges.add.xml").write_text(
        "<additional>"
        f'<edgeData id="all" file="all.xml" withInternal="true" excludeEmpty="true"/>'
        f'<edgeData id="hour" file="hour.xml" begin="{begin_s}" end="{hour_end_s}" excludeEmpty="true"/>'
        "</additional>",
        encoding="utf-8",
    )
    call(
        "sumo", "-n", str(net), "-r", str(routes), "-a", "edges.add.xml", "--begin", str(begin_s),
        "--tripinfo-output", "trips.xml", "--statistic-output", "statistics.xml", "--seed", str(seed),
        "--no-step-log", "--no-warnings", "--ignore-route-errors", *options, folder=folder,
    )  # fmt: skip
    return read_run(folder)


def read_run(folder: Path) -> SumoResult:
    """What a run wrote."""
    teleports = next(rows(folder / "statistics.xml", "teleports"))
    return SumoResult(_trips(folder / "trips.xml"), edge_table(folder), int(teleports.get("total", "0")))


def edge_table(folder: Path) -> pd.DataFrame:
    """Of each edge (inner ones too): time all cars spent on it (s), how many left it, how many entered in the hour."""
    spent = [
        (
            row.attrib["id"],
            float(row.get("sampledSeconds", "0")),
            int(row.get("left", "0")) + int(row.get("arrived", "0")),
        )
        for row in rows(folder / "all.xml", "edge")
    ]
    entered = {
        row.attrib["id"]: int(row.get("entered", "0")) + int(row.get("departed", "0"))
        for row in rows(folder / "hour.xml", "edge")
    }
    table = pd.DataFrame(spent, columns=["edge", "seconds", "left"]).set_index("edge")
    table["entered_in_hour"] = table.index.map(lambda edge: entered.get(edge, 0)).astype(np.int64)
    return table


def _trips(path: Path) -> pd.DataFrame:
    found = [
        (r.attrib["id"], float(r.attrib["duration"]), float(r.attrib["departDelay"])) for r in rows(path, "tripinfo")
    ]
    return pd.DataFrame(found, columns=["trip_id", "duration_s", "depart_delay_s"]).set_index("trip_id")


def rows(path: Path, tag: str) -> Iterator[Element]:
    """The elements of one name; each is emptied when the next is asked for."""
    for _, element in iterparse(path):
        if element.tag == tag:
            yield element
            element.clear()
