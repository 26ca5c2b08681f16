"""SUMO's mesoscopic mode on a loading, through libsumo, so that load and run are measured apart.

Equal physics: a link of capacity q per lane, free speed u and jam density k_j gets an edge type of its own with
headways `tau = 1/q − spacing/u` (SUMO adds the time in which a car drives its own room) and, between jammed
segments, the time a hole takes past one car, spacing/w. Source: SUMO documentation, "Simulation/Meso".
"""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.loadings import Loading
from benchmarks.measured import Measured
from benchmarks.sumo_runs import NotInstalledError, call, rows
from twin.city.network import Link

STATISTICS_S = 900


def run_sumo_meso(loading: Loading, folder: Path, *, equal_physics: bool) -> Measured:
    """Drive the vehicles through SUMO meso, with the taus of equal physics and no teleports, or with its defaults."""
    outputs = folder / ("equal" if equal_physics else "default")
    outputs.mkdir(parents=True, exist_ok=True)
    write_inputs(loading, folder)
    words = [
        "--mesosim", "-n", str(folder / "net.net.xml"), "-r", str(folder / "routes.rou.xml"),
        "-a", _additional(loading, outputs, equal_physics=equal_physics), "--route-steps", "0", "--begin", "0",
        "--tripinfo-output", str(outputs / "trips.xml"), "--statistic-output", str(outputs / "statistics.xml"),
        "--no-step-log", "--no-warnings", "--xml-validation", "never",
        *(("--time-to-teleport", "-1") if equal_physics else ()),
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.libsumo_run", str(loading.case.until_s), *words],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    cost = json.loads(done.stdout.splitlines()[-1])
    if "missing" in cost:
        raise NotInstalledError(cost["missing"])
    trip_s = [
        float(r.attrib["duration"]) + float(r.attrib["departDelay"]) for r in rows(outputs / "trips.xml", "tripinfo")
    ]
    teleports = int(next(rows(outputs / "statistics.xml", "teleports")).get("total", "0"))
    return Measured(
        passages=sum(int(r.get("left", "0")) + int(r.get("arrived", "0")) for r in rows(outputs / "edges.xml", "edge")),
        mean_trip_s=float(np.mean(trip_s)) if trip_s else math.nan,
        vehicles=len(loading.depart_us),
        arrived=len(trip_s),
        note=f"{teleports} teleports" if teleports else "",
        **cost,
    )


def write_inputs(loading: Loading, folder: Path) -> None:
    """Write the network and the routes as SUMO reads them, once a folder."""
    if (folder / "routes.rou.xml").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    network = loading.network
    scale = math.cos(math.radians(network.nodes[0].lat)) * 111_320.0
    lines = [
        f'<node id="{n.id}" x="{(n.lon - network.nodes[0].lon) * scale:.2f}" '
        f'y="{(n.lat - network.nodes[0].lat) * 111_320.0:.2f}" type="priority"/>'
        for n in network.nodes
    ]
    _write(folder / "plain.nod.xml", "nodes", lines)
    lines = [
        f'<edge id="{e.id}" from="{e.from_node}" to="{e.to_node}" numLanes="{_lanes(e)}" '
        f'speed="{e.free_speed_mps:.4f}" length="{e.length_m:.3f}" type="{edge_type(e)}"/>'
        for e in network.links
    ]
    _write(folder / "plain.edg.xml", "edges", lines)
    turns = [f'<connection from="{t.from_link}" to="{t.to_link}"/>' for t in network.turns()]
    _write(folder / "plain.con.xml", "connections", turns)
    call(
        "netconvert", "-n", "plain.nod.xml", "-e", "plain.edg.xml", "-x", "plain.con.xml", "-o", "net.net.xml",
        "--no-turnarounds", "--no-internal-links", "--offset.disable-normalization", "--no-warnings", folder=folder,
    )  # fmt: skip
    ids = np.array([link.id for link in network.links], dtype=object)
    jam_vpkm = network.links[0].jam_density_vpkm
    with (folder / "routes.rou.xml").open("w", encoding="utf-8") as file:
        file.write(f'<routes>\n<vType id="car" length="{1000 / jam_vpkm - 2.5:.4f}" minGap="2.5" speedDev="0"/>\n')
        for i, depart_us in enumerate(loading.depart_us.tolist()):
            edges = " ".join(ids[loading.routes.of(i)])
            file.write(
                f'<vehicle id="{i}" type="car" depart="{depart_us / 1e6:.2f}"><route edges="{edges}"/></vehicle>\n'
            )
        file.write("</routes>\n")


def edge_type(link: Link) -> str:
    """Name of the type of edges with the link's physics."""
    return f"q{link.capacity_vph:.0f}u{link.free_speed_mps * 10:.0f}k{link.jam_density_vpkm:.0f}"


def headways_s(link: Link) -> tuple[float, float]:
    """SUMO's tau from a free segment, and between jammed ones (s).

    >>> headways_s(Link("", "", "", 200.0, 1, 15.0, 1800.0))
    (1.5, 1.5)
    """
    spacing_m, flow_vps = 1000.0 / link.jam_density_vpkm, link.capacity_vph / 3600.0
    wave_mps = flow_vps / (1.0 / spacing_m - flow_vps / link.free_speed_mps)
    return round(1.0 / flow_vps - spacing_m / link.free_speed_mps, 6), round(spacing_m / wave_mps, 6)


def _additional(loading: Loading, outputs: Path, *, equal_physics: bool) -> str:
    """Interval statistics, and the headways of each type of edge where physics are to be equal."""
    types = {edge_type(link): headways_s(link) for link in loading.network.links} if equal_physics else {}
    rows = [
        f'<type id="{name}"><meso tauff="{free}" taufj="{free}" taujf="{free}" taujj="{jam}"/></type>'
        for name, (free, jam) in types.items()
    ]
    rows.append(f'<edgeData id="edges" file="{outputs / "edges.xml"}" freq="{STATISTICS_S}" excludeEmpty="true"/>')
    _write(outputs / "additional.xml", "additional", rows)
    return str(outputs / "additional.xml")


def _lanes(link: Link) -> int:
    return max(1, round(link.lanes))


def _write(path: Path, root: str, lines: list[str]) -> None:
    path.write_text("\n".join([f"<{root}>", *lines, f"</{root}>", ""]), encoding="utf-8")
