"""Two streets 440 m apart that meet only at their ends, and a spur that ends 290 m short of the other street."""

from datetime import date

import numpy as np
import pandas as pd

from twin.city.city import City
from twin.city.network import Link, Network, Node
from twin.city.trips import Demand
from twin.city.zones import LoadingPoint, Zone


def at(column, row):
    return 121.40 + 0.005 * column, 37.50 + 0.004 * row


def both_ways(start, end, length_m=440.0, road_class="tertiary", name="", **other):
    quantities = {"lanes": 1.0, "free_speed_mps": 10.0, "capacity_vph": 1200.0, "road_class": road_class, "name": name}
    return [Link(f"{a}-{b}", a, b, length_m, **quantities, **other) for a, b in ((start, end), (end, start))]


def city(*, extra_nodes=(), extra_links=(), lines=(), spur="spur", kind="synthetic", trips=()):
    """`trips`: (from link, to link, how many an hour)."""
    nodes = [Node(f"{row}{i}", *at(i, j)) for j, row in enumerate("ab") for i in range(5)] + [
        Node("spur", *at(2, 0.35))
    ]
    pairs = [(f"{row}{i}", f"{row}{i + 1}") for row in "ab" for i in range(4)] + [("a0", "b0"), ("a4", "b4")]
    links = [link for pair in pairs for link in both_ways(*pair)] + both_ways("a2", "spur", 155.0, name="断头街")
    network = Network((*nodes, *extra_nodes), (*links, *extra_links), place="yantai", kind=kind, crs="EPSG:32651")
    zone = Zone("Z1", "中", "zone", "芝罘区", *at(2, 0.5), residents=10_000)
    return City("yantai", "", date(2023, 12, 31), network, zones=(zone,), lines=lines, demand=demand_of(trips))


def demand_of(trips):
    """Cars from the end of one link to that of another, evenly between 7 and 8 o'clock."""
    ends = list(dict.fromkeys(link for start, end, _ in trips for link in (start, end)))
    points = tuple(LoadingPoint("Z1", *at(2, 0.5), link) for link in ends)
    rows = [
        (ends.index(start), ends.index(end), 7 * 3600.0 + 3600.0 * k / n) for start, end, n in trips for k in range(n)
    ]
    return Demand(
        pd.DataFrame(
            {
                "traveller_id": np.arange(len(rows)),
                "purpose": "work",
                "mode": "car",
                "origin_zone": "Z1",
                "destination_zone": "Z1",
                "origin_point": [row[0] for row in rows],
                "destination_point": [row[1] for row in rows],
                "usual_depart_s": [row[2] for row in rows],
                "stay_s": 3600.0,
                "parks": "private",
                "travels_share": 1.0,
                "persons": 1.0,
            }
        ),
        points,
    )
