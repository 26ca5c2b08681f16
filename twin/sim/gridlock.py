"""The cycles of full links that a run found, named by the streets' links."""

import pandas as pd

from twin.sim.flow import FlowRecords
from twin.sim.rules import MICROS
from twin.sim.tables import FlowTables


def gridlock_table(records: FlowRecords, tables: FlowTables) -> pd.DataFrame:
    """One row each time a cycle closed: when (s), and the ids of its links in waiting order, separated by spaces."""
    links = tables.network.links
    rows = []
    for time_us, segments in records.cycles:
        around = [int(tables.segment_link[segment]) for segment in segments]
        named = [link for i, link in enumerate(around) if i == 0 or link != around[i - 1]]
        rows.append((time_us / MICROS, " ".join(links[link].id for link in named)))
    return pd.DataFrame(rows, columns=["closed_s", "links"])
