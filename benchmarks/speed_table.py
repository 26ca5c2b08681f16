"""RESULTS.md: the speed table with what it must be, what is aimed at and what was measured, and every run below it."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.loadings import CASES, Case
from benchmarks.measured import Measured
from benchmarks.one_run import PEERS

Found = Mapping[str, Mapping[str, Measured | str]]

AGREES_WITHIN = 0.02
"""Where theory says that models agree: they do within 2 %, what a step of 1 s takes of a trip of some minutes."""

FEWEST_VEHICLES = 50_000
"""Cases with fewer vehicles do not count for the ratios to peers."""


@dataclass(frozen=True)
class Row:
    """One requirement on speed. `measured` None: not run."""

    what: str
    beside: str
    must: str
    aim: str
    measured: str | None
    is_met: bool | None
    reaches_aim: bool | None = None


def document(results: Found, about: str, version_s: float) -> str:
    """The whole text."""
    lines = [
        "# Speed of the engine beside its peers",
        "",
        f"Written by `make bench`. {about}. Each run is a process of its own, tools in turns, medians over rounds. "
        "A passage is a vehicle that leaves a link, the last of its route included. CPU-seconds are of the run alone, "
        "interval statistics on; ratios within the table carry over to other machines, seconds do not.",
        "",
        "| what | beside | must be | aim | measured | met |",
        "|---|---|---|---|---|---|",
        *(_requirement(row) for row in requirements(results, version_s)),
        "",
        "SUMO is its mesoscopic mode through `libsumo`. *Equal physics*: headways set so that capacity, free speed and "
        "jam density are the twin's, no teleports; *defaults*: as it comes. UXsim's platoons of n carry n vehicles.",
        "",
    ]
    for name, case in CASES.items():
        if name in results:
            lines += [*_case_table(case, results[name]), ""]
    return "\n".join(lines)


def requirements(results: Found, version_s: float) -> list[Row]:
    """The rows of the speed table."""
    routes, sumo = _of(results, "6400-free", "routes"), _of(results, "6400-free", "sumo")
    parking = {
        "who park or search on": _of(results, "6400-free", "city"),
        "whose first place is full": _of(results, "6400-free", "city-search"),
    }
    memory = _of(results, "6400-free", "compiled")
    free, locked = _of(results, "osm", "compiled"), _of(results, "osm-gridlocked", "compiled")
    all_of_them, tenth = _of(results, "400-free", "compiled"), _of(results, "400-tenth", "compiled")
    return [
        _ratios(results, "compiled", "sumo", 10.0, 25.0),
        _ratios(results, "compiled", "uxsim-5", 2.0, 5.0),
        _ratios(results, "simpy", "sumo", None, 1.5),
        *(
            _at_least(
                f"full run: 200,000 drivers {who}, and buses",
                "SUMO meso, cars only",
                sumo.run_cpu_s / city.run_cpu_s if city and sumo else None,
                1.0,
                2.0,
            )
            for who, city in parking.items()
        ),
        _at_most("memory, 200,000 vehicles on 25,280 links", "SUMO 0.36 GB, UXsim 13 GB (as the design says)",
                 memory.peak_gb if memory else None, 0.6, 0.45, " GB"),
        _at_most("gridlocked network, time per passage", "the same network uncongested",
                 free.per_cpu_s / locked.per_cpu_s if free and locked else None, 3.0, 1.5, " ×"),
        _at_most("ten times the vehicles, time", "a tenth",
                 all_of_them.run_cpu_s / tenth.run_cpu_s if all_of_them and tenth else None, 11.0, None, " ×"),
        _at_most("200,000 city-wide routes on 25,280 links", "–",
                 routes.run_cpu_s if routes else None, 10.0, 4.0, " s"),
        _at_most("`twin --version`, wall time", "–", version_s, 0.5, None, " s"),
    ]  # fmt: skip


def _of(results: Found, case: str, peer: str) -> Measured | None:
    found = results.get(case, {}).get(peer)
    return found if isinstance(found, Measured) else None


def _ratios(results: Found, ours: str, peer: str, must: float | None, aim: float) -> Row:
    """Passages per CPU-second over those of the peer, in every case that both ran; the least counts."""
    ratios = {}
    for name, case in CASES.items():
        mine, theirs = _of(results, name, ours), _of(results, name, peer)
        if mine and theirs and case.vehicles >= FEWEST_VEHICLES and case.state in ("free", "queued"):
            ratios[name] = mine.per_cpu_s / theirs.per_cpu_s
    what = f"`{PEERS[ours]}`, fixed routes"
    must_text = "reported" if must is None else f"{must:g} ×"
    if not ratios:
        return Row(what, PEERS[peer], must_text, f"{aim:g} ×", None, None)
    least = min(ratios.values())
    told = ", ".join(f"{name} {ratio:.1f} ×" for name, ratio in ratios.items())
    return Row(what, PEERS[peer], must_text, f"{aim:g} ×", told, None if must is None else least >= must, least >= aim)


def _at_least(what: str, beside: str, value: float | None, must: float, aim: float) -> Row:
    told = None if value is None else f"{value:.2f} ×"
    is_met, reaches = (None, None) if value is None else (value >= must, value >= aim)
    return Row(what, beside, f"≥ {must:g} ×", f"{aim:g} ×", told, is_met, reaches)


def _at_most(what: str, beside: str, value: float | None, must: float, aim: float | None, unit: str) -> Row:
    told = None if value is None else f"{value:.2f}{unit}"
    is_met = None if value is None else value <= must
    reaches = None if value is None or aim is None else value <= aim
    return Row(what, beside, f"≤ {must:g}{unit}", "–" if aim is None else f"≤ {aim:g}{unit}", told, is_met, reaches)


def _requirement(row: Row) -> str:
    if row.measured is None:
        met = "not run"
    elif row.is_met is None:
        met = "reported" + (", aim reached" if row.reaches_aim else "")
    else:
        met = ("yes" if row.is_met else "**no**") + (", aim too" if row.reaches_aim else "")
    cells = (row.what, row.beside, row.must, row.aim, row.measured or "–", met)
    return "| " + " | ".join(cells) + " |"


def _case_table(case: Case, found: Mapping[str, Measured | str]) -> list[str]:
    theory = (
        "Theory says that all models give one mean trip time."
        if case.must_agree
        else "Mean trip times need not agree: models differ in who goes first at merges and where queues spill back."
    )
    span = f"{case.vehicles:,} vehicles within {case.span_s:,.0f} s"
    head = (
        "| tool | passages | run, CPU s | M passages / CPU s | `CompiledFlow` is | load, CPU s | peak GB "
        "| mean trip s | agrees | arrived | |"
    )
    lines = [f"## {case.title}", "", f"{span}. {theory}", "", head, "|" + "---|" * 11]
    mine = found.get("compiled")
    for peer, run in found.items():
        if isinstance(run, str):
            lines.append(f"| {PEERS[peer]} |" + " – |" * 9 + f" {run} |")
            continue
        ratio = f"{mine.per_cpu_s / run.per_cpu_s:.1f} ×" if isinstance(mine, Measured) and peer != "routes" else "–"
        lines.append(
            f"| {PEERS[peer]} | {run.passages:,} | {run.run_cpu_s:.2f} | {run.per_cpu_s / 1e6:.2f} | {ratio} "
            f"| {run.load_cpu_s:.1f} | {run.peak_gb:.2f} | {run.mean_trip_s:.1f} | {_agrees(case, peer, run, mine)} "
            f"| {run.arrived / run.vehicles:.1%} | {run.note} |"
        )
    return lines


def _agrees(case: Case, peer: str, run: Measured, mine: Measured | str | None) -> str:
    """Whether the mean trip time is the compiled flow's, where it must be."""
    if not isinstance(mine, Measured) or peer in ("compiled", "city", "city-search", "routes"):
        return "–"
    within = abs(run.mean_trip_s / mine.mean_trip_s - 1) <= AGREES_WITHIN
    if peer == "sumo-default" or not case.must_agree:
        return "need not; does" if within else "need not; does not"
    return "must; does" if within else "must; does not"
