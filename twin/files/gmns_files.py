"""Networks as GMNS tables: `node.csv`, `link.csv`, and where there are any `movement.csv` and `signals.csv`.

The General Modeling Network Specification (GMNS, zephyrtransport.org) names the columns; `jam_density` (veh/km per
lane), `priority` and `merge_weight` of links and the table of signals are this tool's own. What has no column there
stands in a file beside the tables (`gmns_rest`), so that a network comes back as it was; other tools read the tables.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.city.network import DEFAULT_JAM_DENSITY_VPKM, ROAD_CLASSES, Control, Link, Movement, Network, Node
from twin.city.signals import Green, SignalPlan
from twin.errors import NetworkError
from twin.files.csv_tables import CsvTable, Flags, raise_faults, read_csv_table
from twin.files.gmns_rest import with_rest, write_rest
from twin.files.whole_files import write_whole_text
from twin.osm.assumptions import CLASS_TABLE
from twin.units import kmh_from_mps, mps_from_kmh

_DEFAULT = CLASS_TABLE["tertiary"]
"""What is assumed of a link where its table says nothing: an ordinary street."""

_CONTROL_OF: dict[str, Control] = {
    "": "none",
    "none": "none",
    "no_control": "none",
    "yield": "yield",
    "stop": "stop",
    "4_stop": "stop",
    "signal": "signal",
}
_NODE_COLUMNS = ["node_id", "x_coord", "y_coord", "ctrl_type"]
_LINK_COLUMNS = [
    *("link_id", "from_node_id", "to_node_id", "directed", "length", "lanes", "free_speed", "capacity"),
    *("jam_density", "priority", "merge_weight", "name", "facility_type", "geometry"),
]
_MOVEMENT_COLUMNS = ["node_id", "ib_link_id", "ob_link_id", "lanes", "capacity", "penalty"]
_SIGNAL_COLUMNS = [
    *("node_id", "cycle_s", "offset_s", "ib_link_id", "ob_link_id", "green_start_s", "green_s"),
    *("saturation_flow_vph", "permissive"),
]
_LINK_DEFAULTS = {
    "lanes": _DEFAULT.lanes,
    "free_speed": _DEFAULT.free_speed_kmh,
    "capacity": _DEFAULT.capacity_vph,
    "jam_density": DEFAULT_JAM_DENSITY_VPKM,
    "priority": 2.0,
}
_LINK_UNITS = {"lanes": "", "free_speed": " km/h", "capacity": " veh/h per lane", "jam_density": " veh/km per lane"}


@dataclass(frozen=True, eq=False)
class GmnsNetwork:
    """What a folder of GMNS tables holds. `notes`: what the tables left open and what was taken instead."""

    network: Network
    signals: tuple[SignalPlan, ...]
    notes: tuple[str, ...]


def read_gmns(folder: Path) -> GmnsNetwork:
    """The network in a folder of GMNS tables, with what stands beside them.

    Raises NetworkError with all faults of all its tables.
    """
    tables = _read_tables(folder)
    network, signals = with_rest(folder, tables.network, tables.signals)
    return GmnsNetwork(network, signals, tables.notes)


def _read_tables(folder: Path) -> GmnsNetwork:
    node_table = read_csv_table(folder / "node.csv", required=["node_id"], optional=_NODE_COLUMNS, holds="the nodes")
    link_table = read_csv_table(
        folder / "link.csv",
        required=["link_id", "from_node_id", "to_node_id", "length"],
        optional=_LINK_COLUMNS,
        holds="the directed links",
    )
    tables = [node_table, link_table]
    notes: list[str] = []
    nodes = _nodes(node_table, notes)
    links = _links(link_table, {node.id for node in nodes}, notes)
    ends = {link.id: (link.from_node, link.to_node) for link in links}
    movements: list[Movement] = []
    plans: list[SignalPlan] = []
    if (folder / "movement.csv").exists():
        table = read_csv_table(
            folder / "movement.csv",
            required=["node_id", "ib_link_id", "ob_link_id"],
            optional=_MOVEMENT_COLUMNS,
            holds="the allowed turns",
        )
        tables.append(table)
        movements = _movements(table, ends)
    if (folder / "signals.csv").exists():
        table = read_csv_table(
            folder / "signals.csv",
            required=["node_id", "cycle_s", "ib_link_id", "green_start_s", "green_s"],
            optional=_SIGNAL_COLUMNS,
            holds="the greens of signals",
        )
        tables.append(table)
        plans = _signals(table, ends, _flow_of_movements(movements, links))
    raise_faults(tables, NetworkError)
    network = Network(
        nodes=tuple(nodes),
        links=tuple(links),
        movements=tuple(movements),
        place=folder.resolve().name,
        kind="synthetic",
        crs=_metric_crs(nodes),
    )
    return GmnsNetwork(network, tuple(plans), tuple(notes))


def _positive(values: NDArray[np.float64]) -> Flags:
    return values > 0


def _not_negative(values: NDArray[np.float64]) -> Flags:
    return values >= 0


def _any(values: NDArray[np.float64]) -> Flags:
    return np.ones(len(values), dtype=np.bool_)


def _nodes(table: CsvTable, notes: list[str]) -> list[Node]:
    ids = table.ids("node_id")
    if not (table.has("x_coord") and table.has("y_coord")):
        notes.append(f"{table.path.name} has no x_coord and y_coord: all nodes are taken to lie at 0, 0")
    lon, lat = (table.numbers(name, must="a number", allows=_any, default=0.0) for name in ("x_coord", "y_coord"))
    words = table.text("ctrl_type").str.lower()
    table.refuse(
        ~words.isin(list(_CONTROL_OF)).to_numpy(),
        lambda row: f"ctrl_type is {words.iloc[row]!r}, must be no_control, yield, stop or signal",
    )
    return [
        Node(node_id, x, y, _CONTROL_OF.get(word, "none"))
        for node_id, x, y, word in zip(ids, lon.tolist(), lat.tolist(), words, strict=True)
    ]


def _links(table: CsvTable, node_ids: set[str], notes: list[str]) -> list[Link]:
    ids = table.ids("link_id")
    ends = [table.text(name) for name in ("from_node_id", "to_node_id")]
    for name, end in zip(("from_node_id", "to_node_id"), ends, strict=True):
        table.refuse_unknown(name, end.isin(list(node_ids)), "in node.csv")
    directed = table.text("directed").str.lower()
    table.refuse(
        ~directed.isin(["", "true", "1"]).to_numpy(),
        lambda row: f"directed is {directed.iloc[row]!r}, must be true: list the two directions as two links",
    )
    length = table.numbers("length", must="positive metres", allows=_positive, default=np.nan)
    values = {}
    for name, default in _LINK_DEFAULTS.items():
        if name == "priority":
            allows, must = _is_priority, "2 (has the way) or 1 (yields)"
        else:
            allows, must = _positive, "positive"
        values[name] = table.numbers(name, must=must, allows=allows, default=default)
    # Weight is capacity × lanes where the cell is empty.
    weight = table.numbers("merge_weight", must="positive", allows=_positive, default=0.0)
    _note_defaults(table, notes)
    critical = values["capacity"] / values["free_speed"]
    table.refuse(
        critical >= values["jam_density"],
        lambda row: (
            f"capacity {values['capacity'][row]:g} veh/h per lane at {values['free_speed'][row]:g} km/h needs "
            f"{critical[row]:.1f} veh/km, must be below jam_density {values['jam_density'][row]:.1f}"
        ),
    )
    classes = table.text("facility_type").str.lower()
    classes = classes.where(classes.isin(ROAD_CLASSES), _DEFAULT.road_class)
    rows = zip(
        ids, *ends, length.tolist(), *(values[name].tolist() for name in _LINK_DEFAULTS), weight.tolist(),
        classes, table.text("name"), _lines(table), strict=True,
    )  # fmt: skip
    return [
        Link(
            id=link_id,
            from_node=from_node,
            to_node=to_node,
            length_m=length_m,
            lanes=lanes,
            free_speed_mps=mps_from_kmh(speed_kmh),
            capacity_vph=capacity_vph,
            jam_density_vpkm=jam_vpkm,
            road_class=road_class,
            name=name,
            geometry=geometry,
            priority=int(priority),
            merge_weight=merge_weight or None,
        )
        for link_id, from_node, to_node, length_m, lanes, speed_kmh, capacity_vph, jam_vpkm, priority, merge_weight,
        road_class, name, geometry in rows
    ]  # fmt: skip


def _is_priority(values: NDArray[np.float64]) -> Flags:
    return np.isin(values, (1.0, 2.0))


def _note_defaults(table: CsvTable, notes: list[str]) -> None:
    """Say once which columns are missing and what is taken."""
    taken = [f"{name} {_LINK_DEFAULTS[name]:g}{unit}" for name, unit in _LINK_UNITS.items() if not table.has(name)]
    if taken:
        notes.append(f"{table.path.name} lacks columns; taken for all links: {', '.join(taken)}")


def _lines(table: CsvTable) -> list[tuple[tuple[float, float], ...]]:
    """Points of each link's WKT line; () where there is none."""
    texts = table.text("geometry").to_numpy(dtype=object)
    shapes = shapely.from_wkt([text or None for text in texts], on_invalid="ignore")
    is_line = shapely.get_type_id(shapes) == shapely.GeometryType.LINESTRING
    table.refuse((texts != "") & ~is_line, lambda row: f"geometry is {texts[row][:40]!r}, must be a WKT LINESTRING")
    counts = np.where(is_line, shapely.get_num_coordinates(shapes), 0)
    points = [tuple(point) for point in shapely.get_coordinates(shapes[is_line]).tolist()]
    ends = np.cumsum(counts).tolist()
    return [tuple(points[end - count : end]) for end, count in zip(ends, counts.tolist(), strict=True)]


def _refuse_wrong_turns(table: CsvTable, ends: dict[str, tuple[str, str]], *, all_turns: bool) -> None:
    """Faults where a turn's links are not at its node; an empty ob_link_id means every turn unless `all_turns`."""
    columns = zip(*(table.text(name) for name in ("node_id", "ib_link_id", "ob_link_id")), strict=True)
    for row, (node, into, out) in enumerate(columns):
        line = f"line {row + 2}:"
        if into not in ends or ends[into][1] != node:
            table.faults.append(f"{line} ib_link_id {into!r} is no link that leads to node {node!r}")
        if (out or all_turns) and (out not in ends or ends[out][0] != node):
            table.faults.append(f"{line} ob_link_id {out!r} is no link that leaves node {node!r}")


def _movements(table: CsvTable, ends: dict[str, tuple[str, str]]) -> list[Movement]:
    _refuse_wrong_turns(table, ends, all_turns=True)
    node, into, out = (table.text(name) for name in ("node_id", "ib_link_id", "ob_link_id"))
    table.refuse(
        (into + "\n" + out).duplicated().to_numpy(),
        lambda row: f"turn {into.iloc[row]} to {out.iloc[row]} is there twice",
    )
    # 0 stands for an empty cell: all lanes, no capacity of its own.
    lanes = table.numbers("lanes", must="positive", allows=_positive, default=0.0)
    capacity = table.numbers("capacity", must="positive veh/h", allows=_positive, default=0.0)
    penalty = table.numbers("penalty", must="seconds, not negative", allows=_not_negative, default=0.0)
    return [
        Movement(at, from_link, to_link, lane_count or None, vph or None, wait_s)
        for at, from_link, to_link, lane_count, vph, wait_s in zip(
            node, into, out, lanes.tolist(), capacity.tolist(), penalty.tolist(), strict=True
        )
    ]


def _flow_of_movements(movements: Iterable[Movement], links: Iterable[Link]) -> dict[tuple[str, str], float]:
    """Saturation flow (veh/h) of the turns that have lanes of their own: capacity of a lane × those lanes."""
    lane_vph = {link.id: link.capacity_vph for link in links}
    return {
        (m.from_link, m.to_link): lane_vph[m.from_link] * m.lanes
        for m in movements
        if m.lanes is not None and m.from_link in lane_vph
    }


def _signals(
    table: CsvTable, ends: dict[str, tuple[str, str]], turn_vph: dict[tuple[str, str], float]
) -> list[SignalPlan]:
    _refuse_wrong_turns(table, ends, all_turns=False)
    cycle = table.numbers("cycle_s", must="positive seconds", allows=_positive, default=np.nan)
    offset = table.numbers("offset_s", must="seconds", allows=_any, default=0.0)
    start = table.numbers("green_start_s", must="seconds", allows=_any, default=np.nan)
    green = table.numbers("green_s", must="seconds, not negative", allows=_not_negative, default=np.nan)
    flow = table.numbers("saturation_flow_vph", must="positive veh/h", allows=_positive, default=0.0)
    yields = table.numbers("permissive", must="0 or 1", allows=lambda v: (v == 0) | (v == 1), default=0.0)
    table.refuse(green > cycle, lambda row: f"green_s {green[row]:g} is longer than cycle_s {cycle[row]:g}")
    node, into, out = (table.text(name) for name in ("node_id", "ib_link_id", "ob_link_id"))
    first: dict[str, int] = {}
    greens: dict[str, list[Green]] = {}
    for row, (at, from_link, to_link) in enumerate(zip(node, into, out, strict=True)):
        head = first.setdefault(at, row)
        if (cycle[row], offset[row]) != (cycle[head], offset[head]) and not np.isnan(cycle[[row, head]]).any():
            table.faults.append(
                f"line {row + 2}: node {at!r} has cycle {cycle[row]:g} and offset {offset[row]:g} s here, but "
                f"{cycle[head]:g} and {offset[head]:g} s in line {head + 2}; one plan a node"
            )
        vph = flow[row] or turn_vph.get((from_link, to_link))
        greens.setdefault(at, []).append(
            Green(
                from_link, to_link or None, float(start[row]), float(green[row]), vph and float(vph), bool(yields[row])
            )
        )
    return [SignalPlan(at, float(cycle[row]), float(offset[row]), tuple(greens[at])) for at, row in first.items()]


def _metric_crs(nodes: Sequence[Node]) -> str:
    """The UTM zone of the nodes' centre; a plane without a place where their coordinates are no degrees."""
    lon = np.array([node.lon for node in nodes] or [0.0])
    lat = np.array([node.lat for node in nodes] or [0.0])
    if np.abs(lon).max() > 180 or np.abs(lat).max() > 84:
        return "EPSG:3857"
    zone = min(60, int((lon.mean() + 180) // 6) + 1)
    return f"EPSG:{(32600 if lat.mean() >= 0 else 32700) + zone}"


def write_gmns(network: Network, folder: Path, signals: Sequence[SignalPlan] = ()) -> None:
    """Write a network as `read_gmns` reads it; tables of an old network there are replaced or removed.

    Raises NetworkError for plans that the table of signals cannot hold: of a part of the day, or under other control.
    """
    beyond = sorted({plan.node_id for plan in signals if plan.window is not None or plan.control != "fixed"})
    if beyond:
        raise NetworkError(
            f"{folder}: signals.csv holds fixed plans of all day; those of node {', '.join(beyond[:5])} hold in a "
            "window or under control by traffic. Give the plans of one moment (twin.sim.signals.plans_at)."
        )
    control_words = {"none": "no_control"}
    _write_table(
        folder / "node.csv",
        _NODE_COLUMNS,
        [(n.id, n.lon, n.lat, control_words.get(n.control, n.control)) for n in network.nodes],
    )
    _write_table(
        folder / "link.csv",
        _LINK_COLUMNS,
        [_link_row(link) for link in network.links],
    )
    _write_table(
        folder / "movement.csv",
        ["mvmt_id", *_MOVEMENT_COLUMNS],
        [
            (number, m.node_id, m.from_link, m.to_link, m.lanes, m.capacity_vph, m.penalty_s)
            for number, m in enumerate(_movements_to_write(network), start=1)
        ],
    )
    _write_table(
        folder / "signals.csv",
        _SIGNAL_COLUMNS,
        [
            (plan.node_id, plan.cycle_s, plan.offset_s, green.from_link, green.to_link, green.start_s, green.green_s,
             green.saturation_flow_vph, int(green.permissive))
            for plan in signals
            for green in plan.greens
        ],
    )  # fmt: skip
    read = _read_tables(folder)
    write_rest(folder, network, tuple(signals), read.network, read.signals)


def _link_row(link: Link) -> tuple[object, ...]:
    line = shapely.LineString(link.geometry).wkt if link.geometry else ""
    return (
        link.id, link.from_node, link.to_node, "true", link.length_m, link.lanes, kmh_from_mps(link.free_speed_mps),
        link.capacity_vph, link.jam_density_vpkm, link.priority, link.merge_weight, link.name, link.road_class, line,
    )  # fmt: skip


def _movements_to_write(network: Network) -> list[Movement]:
    """Listed turns, and at nodes with a banned turn every turn that is allowed: GMNS knows no bans."""
    to_node = {link.id: link.to_node for link in network.links}
    listed = {movement.node_id for movement in network.movements}
    banned = {to_node[from_link] for from_link, _ in network.banned_turns if from_link in to_node}
    return [movement for movement in network.turns() if movement.node_id in listed | banned]


def _write_table(path: Path, columns: list[str], rows: Sequence[tuple[object, ...]]) -> None:
    """Write a table; an optional one without rows is removed."""
    if not rows and path.name in ("movement.csv", "signals.csv"):
        path.unlink(missing_ok=True)
        return
    write_whole_text(path, pd.DataFrame(rows, columns=columns).to_csv(index=False, lineterminator="\n"))
