"""Which gaps SUMO's drivers take: critical gap and follow-up time by kind of turn, for `driving.py`.

`python -m benchmarks.sumo_gaps` builds a crossing that no compared net holds: arms of one lane, 600 m at 13.89 m/s,
west–east has the way. A queue that never ends makes one turn; random traffic (Poisson) has the way. Of each of
four flows the capacity is counted over 50 minutes, and Harders' formula q e^(−q t_c) / (1 − e^(−q t_f)) is fitted.
"""

import tempfile
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from defusedxml.ElementTree import parse
from scipy.optimize import least_squares

from benchmarks.sumo_runs import call

FLOWS_VPH = (300, 500, 700, 900)
SEEDS = (1, 2, 3)
WARM_UP_S, END_S = 600, 3600

TURNS = {  # kind: the turn that waits (from arm, to arm), and the streams that have the way
    "minor right": (("s", "e"), (("w", "e"),)),
    "minor through": (("s", "n"), (("w", "e"), ("e", "w"))),
    "minor left": (("s", "w"), (("w", "e"), ("e", "w"))),
    "left against oncoming traffic": (("w", "n"), (("e", "w"),)),
}

_ARMS = {"n": (0, 600), "s": (0, -600), "e": (600, 0), "w": (-600, 0)}


def build(folder: Path) -> Path:
    """The crossing as a net file."""
    nodes = "".join(f'<node id="{arm}" x="{x}" y="{y}"/>' for arm, (x, y) in _ARMS.items())
    (folder / "x.nod.xml").write_text(f'<nodes>{nodes}<node id="m" x="0" y="0" type="priority"/></nodes>')
    edges = ""
    for arm in _ARMS:
        shape = f'numLanes="1" speed="13.89" priority="{2 if arm in "we" else 1}"'
        edges += f'<edge id="{arm}m" from="{arm}" to="m" {shape}/><edge id="m{arm}" from="m" to="{arm}" {shape}/>'
    (folder / "x.edg.xml").write_text(f"<edges>{edges}</edges>")
    call("netconvert", "-n", "x.nod.xml", "-e", "x.edg.xml", "-o", "x.net.xml", "--no-turnarounds", folder=folder)
    return folder / "x.net.xml"


def capacity_vph(folder: Path, kind: str, flow_vph: float, seed: int) -> tuple[float, float]:
    """What really flows with the way, and how many of the queue turn, each an hour."""
    waits, streams = TURNS[kind]
    rate = flow_vph / len(streams) / 3600
    rows = f'<flow id="q" begin="0" end="{END_S}" period="2.0" departSpeed="max" from="{waits[0]}m" to="m{waits[1]}"/>'
    for a, b in streams:
        rows += (
            f'<flow id="{a}{b}" begin="0" end="{END_S}" period="exp({rate})" departSpeed="max" from="{a}m" to="m{b}"/>'
        )
    (folder / "x.rou.xml").write_text(f"<routes>{rows}</routes>")
    call(
        "sumo", "-n", "x.net.xml", "-r", "x.rou.xml", "--end", str(END_S), "--seed", str(seed), "--no-step-log",
        "--time-to-teleport", "-1", "--vehroute-output", "x.out.xml", "--vehroute-output.exit-times", folder=folder,
    )  # fmt: skip
    root: Element = parse(folder / "x.out.xml").getroot()
    turned = major = 0
    for vehicle in root.iter("vehicle"):
        route = vehicle.find("route")
        out_s = float(route.attrib["exitTimes"].split()[0]) if route is not None else -1.0
        if WARM_UP_S <= out_s < END_S:
            is_queue = vehicle.attrib["id"].startswith("q.")
            turned, major = turned + is_queue, major + (not is_queue)
    an_hour = 3600 / (END_S - WARM_UP_S)
    return major * an_hour, turned * an_hour


def fitted(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Critical gap and follow-up time (s) of Harders' formula through (flow, capacity), an hour."""
    q, c = np.array(points).T / 3600.0

    def misses(x: np.ndarray) -> np.ndarray:
        return np.asarray(q * np.exp(-q * x[0]) / -np.expm1(-q * x[1]) - c)

    found = least_squares(misses, (4.0, 2.5), bounds=((0.5, 1.0), (12.0, 6.0)))
    return float(found.x[0]), float(found.x[1])


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        build(folder)
        for kind in TURNS:
            points = [capacity_vph(folder, kind, flow, seed) for flow in FLOWS_VPH for seed in SEEDS]
            critical_s, follow_s = fitted(points)
            shown = ", ".join(f"{q:.0f}: {c:.0f}" for q, c in points)
            print(f"{kind}: critical gap {critical_s:.2f} s, follow-up {follow_s:.2f} s ({shown})", flush=True)


if __name__ == "__main__":
    main()
