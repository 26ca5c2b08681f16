"""Tables of trips for the raw door: vehicles with their routes, or with the nodes between which they find one."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.city.network import Network
from twin.errors import DemandError
from twin.files.csv_tables import CsvTable, Flags, raise_faults, read_csv_table
from twin.sim.tables import CLASS_NAMES, Ints
from twin.sim.trip_table import TripTable


def read_trips(path: Path, network: Network) -> TripTable:
    """Trips of a CSV table: trip_id, depart_s (s), and route (link ids separated by spaces) or origin_node_id and
    destination_node_id; optional vehicle_class. A row with a route needs no nodes.

    Raises DemandError with every row that has an unknown link, node or class, no time of departure from 0 on, an id
    used before, or a route that turns where one cannot.
    """
    table = read_csv_table(
        path,
        required=["trip_id", "depart_s"],
        optional=["route", "origin_node_id", "destination_node_id", "vehicle_class"],
        holds="the trips",
    )
    ids = table.ids("trip_id")
    depart_s = table.numbers("depart_s", must="seconds, not negative", allows=lambda v: v >= 0, default=np.nan)
    start, end, links = _routes(table, network)
    origin, destination = _ends(table, network, has_route=end > start)
    words = table.text("vehicle_class").replace("", "car")
    kinds = pd.Index(CLASS_NAMES).get_indexer(pd.Index(words)).astype(np.int64)
    table.refuse(
        kinds < 0, lambda row: f"vehicle_class is {words.iloc[row]!r}, must be one of {', '.join(CLASS_NAMES)}"
    )
    raise_faults([table], DemandError)
    trips = TripTable(pd.Index(ids), depart_s, kinds, start, end, links, origin, destination)
    broken = trips.broken_routes(network)
    line_of = {trip_id: line for line, trip_id in enumerate(ids, start=2)} if broken else {}
    faults = sorted((line_of[trips.ids[trip]], from_link, to_link) for trip, from_link, to_link in broken)
    table.faults.extend(
        f"line {line}: route turns from link {from_link} into link {to_link}, but there is no such turn"
        for line, from_link, to_link in faults
    )
    raise_faults([table], DemandError)
    del table
    pa.default_memory_pool().release_unused()
    return trips


def _routes(table: CsvTable, network: Network) -> tuple[Ints, Ints, NDArray[np.int32]]:
    """Where each row's route starts and ends in the pool of link indices, and the pool."""
    known = pa.array([link.id for link in network.links], type=pa.string())
    pools, lengths = [np.zeros(0, dtype=np.int32)], [np.zeros(0, dtype=np.int64)]
    row = 0
    for cells in table.cells.column("route").chunks if table.has("route") else ():
        trimmed = pc.utf8_trim_whitespace(cells)
        # Splitting an empty cell gives one empty word; splitting null gives none.
        words = pc.ascii_split_whitespace(pc.if_else(pc.equal(trimmed, ""), None, trimmed))
        length = pc.fill_null(pc.list_value_length(words), 0).to_numpy(zero_copy_only=False).astype(np.int64)
        flat = words.flatten()
        pool = pc.fill_null(pc.index_in(flat, value_set=known), -1).to_numpy(zero_copy_only=False)
        for at in np.flatnonzero(pool < 0).tolist():
            line = row + int(np.searchsorted(np.cumsum(length), at, side="right")) + 2
            table.faults.append(f"line {line}: route names link {flat[at].as_py()!r}, which is not in link.csv")
        pools.append(pool)
        lengths.append(length)
        row += len(cells)
    length = np.concatenate(lengths) if table.has("route") else np.zeros(len(table), dtype=np.int64)
    pa.default_memory_pool().release_unused()
    end = np.cumsum(length)
    return end - length, end, np.concatenate(pools)


def _ends(table: CsvTable, network: Network, *, has_route: Flags) -> tuple[Ints, Ints]:
    """Node indices between which the rows without a route go; −1 for the others."""
    nodes = pd.Index([node.id for node in network.nodes])
    found = []
    for name in ("origin_node_id", "destination_node_id"):
        cells = table.text(name)
        index = nodes.get_indexer(pd.Index(cells)).astype(np.int64)
        is_empty = (cells == "").to_numpy(dtype=np.bool_)
        table.refuse_unknown(name, pd.Series(has_route | is_empty | (index >= 0)), "in node.csv")
        found.append((np.where(has_route, -1, index), is_empty))
    (origin, no_origin), (destination, no_destination) = found
    table.refuse(
        ~has_route & (no_origin | no_destination),
        lambda _: "neither a route nor both origin_node_id and destination_node_id",
    )
    return origin, destination
