"""A small opening study: one candidate, one street that wins and one that cannot be told apart."""

import math

import pandas as pd
from small_comparison import small_comparison

from twin.advice.opening_findings import STREET_COLUMNS
from twin.advice.opening_table import OPENING_COLUMNS


def opening(**changes):
    row = dict.fromkeys(OPENING_COLUMNS, math.nan) | {
        "measure_id": "opening-A", "name": "候选A", "is_chosen": True, "from_street": "甲路", "to_street": "乙路",
        "stub": "dead end", "from_lon": 121.40, "from_lat": 37.50, "to_lon": 121.40, "to_lat": 37.504,
        "length_m": 440.0, "round_m": 1800.0, "road_class": "tertiary", "lanes": 1.0, "crosses": "", "cost_yuan": 6e6,
        "fixed_vehh": 9.0, "static_vehh": 8.0, "in_set_vehh": 7.0, "selection_vehh": 9.5, "verified_vehh": 5.0,
        "verified_low_vehh": 2.0, "verified_high_vehh": 8.0, "swing_vehh": 1.0, "verdict": "better", "braess": False,
        "gaining_streets": "南大街 −3.0", "losing_streets": "", "bus_lines": "", "refused": "",
    }  # fmt: skip
    return row | changes


def tables(*rows):
    street = {"measure_id": "", "street": "南大街", "change_vehh": -3.0, "low_vehh": -4.0, "high_vehh": -2.0,
              "change_vehicles": -50.0, "is_clear": True}  # fmt: skip
    unclear = street | {"street": "青年路", "is_clear": False}
    return {
        "openings": pd.DataFrame(rows, columns=list(OPENING_COLUMNS)),
        "candidates": pd.DataFrame({"key": ["a"]}),
        "streets": pd.DataFrame([street, unclear], columns=list(STREET_COLUMNS)),
        "ground": small_comparison().links,
    }


META = {
    "network_kind": "schematic", "chosen": 1, "static_set_vehh": 8.0, "static_greedy_vehh": 8.0,
    "static_best_alone_vehh": 8.0, "static_before_vehh": 1000.0, "static_doubt_vehh": 0.5, "place_title": "小城",
    "scenario": "base",
    "verification_seeds": [1, 2], "command": "twin advise openings", "attribution": "made up", "licence": "MIT",
}  # fmt: skip
