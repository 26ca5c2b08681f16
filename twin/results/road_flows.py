"""Who uses a new road: its select-link flow by district of origin and destination."""

from collections.abc import Sequence

import pandas as pd

from twin.results.run import Run

ROAD_FLOW_COLUMNS = {
    "road": ("id", "the measure that opens it"),
    "origin_district": ("name", "district in which the trips start; empty: they come in through a gate"),
    "destination_district": ("name", "district in which they end; empty: they leave through a gate"),
    "vehicles": ("veh", "measured trips whose usual route uses the road, mean over seeds"),
    "persons": ("count", "people in them, mean over seeds"),
}

_PAIR = ["road", "origin_district", "destination_district"]


def road_flows(after: Sequence[Run]) -> pd.DataFrame:
    """Flows of all new roads, with ROAD_FLOW_COLUMNS; of a road the largest first. Runs without districts give none."""
    parts = []
    for run in after:
        trips = run.measured_trips()
        if run.new_roads is None or not len(run.new_roads) or "origin_district" not in trips:
            continue
        users = run.new_roads.merge(trips[["trip_id", *_PAIR[1:], "persons"]], on="trip_id")
        parts.append(users.astype(dict.fromkeys(_PAIR[1:], "str")))
    if not parts:
        return pd.DataFrame(columns=list(ROAD_FLOW_COLUMNS))
    flows = pd.concat(parts).groupby(_PAIR, sort=True)["persons"].agg(["size", "sum"]) / len(after)
    table = flows.reset_index().rename(columns={"size": "vehicles", "sum": "persons"})
    table = table.sort_values(["road", "vehicles"], ascending=[True, False], kind="stable", ignore_index=True)
    return table[list(ROAD_FLOW_COLUMNS)]
