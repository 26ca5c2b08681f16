import pandas as pd
import pytest

from twin.city.network import Link, Network, Node
from twin.transit.line_tables import build_lines, runs_in_tables


def street():
    nodes = tuple(Node(f"n{i}", 121.40 + 0.01 * i, 37.50) for i in range(3))
    pairs = [("n0", "n1"), ("n1", "n2"), ("n2", "n1"), ("n1", "n0")]
    links = tuple(Link(f"{a}-{b}", a, b, 880.0, 1.0, 12.5, 1500.0) for a, b in pairs)
    return Network(nodes, links, crs="EPSG:32651")


def tables(headways=((10.0, 20.0),)):
    lines = pd.DataFrame(
        [(f"{n}路", way, seq, name, 121.40 + 0.01 * x, 37.50, "whole")
         for n in range(1, len(headways) + 1)
         for way, places in (("上行", (0.4, 1.6)), ("下行", (1.6, 0.4)))
         for seq, (name, x) in enumerate(zip("甲乙", places, strict=True))],
        columns=["line", "direction", "seq", "stop_name", "lon", "lat", "coverage"],
    )  # fmt: skip
    rows = [(f"{n}路", "市区线", peak, off, "assumed") for n, (peak, off) in enumerate(headways, start=1)]
    columns = ["line", "type", "peak_headway_min", "offpeak_headway_min", "source"]
    return lines, pd.DataFrame(rows, columns=columns)


def test_each_direction_becomes_a_line_on_its_links():
    lines, notes = build_lines(*tables(), street())
    assert [(line.id, line.route) for line in lines] == [
        ("1路/上行", ("n0-n1", "n1-n2")),
        ("1路/下行", ("n2-n1", "n1-n0")),
    ]
    assert notes == []


def test_peak_and_off_peak_headways_hold_in_their_windows():
    lines, _ = build_lines(*tables(), street())
    windows = [(str(part.window), part.headway_s) for part in lines[0].headways]
    assert windows == [
        ("05:30–06:30", 1200.0),
        ("06:30–08:30", 600.0),
        ("08:30–16:30", 1200.0),
        ("16:30–18:30", 600.0),
        ("18:30–22:00", 1200.0),
    ]


def test_tables_make_peak_and_off_peak_runs_of_both_directions():
    """4 h at 10 min and 12.5 h at 20 min are 24 + 37.5 runs a direction."""
    assert runs_in_tables(*tables()) == pytest.approx(2 * (24 + 37.5))


def test_headways_are_stretched_to_the_published_number_of_runs():
    lines, _ = build_lines(*tables(((10.0, 20.0), (5.0, 0.0))), street(), runs_a_day=100.0)
    assert sum(len(line.departures_s(0, 86_400)) for line in lines) == pytest.approx(100, abs=len(lines) * 2)
    assert lines[2].headways[0].headway_s == pytest.approx(300 * 219 / 100)


def test_line_without_off_peak_headway_runs_in_the_peaks_only():
    lines, _ = build_lines(*tables(((10.0, 0.0),)), street())
    assert [str(part.window) for part in lines[0].headways] == ["06:30–08:30", "16:30–18:30"]


def test_line_off_the_map_is_left_out_with_a_note():
    stops, headways = tables()
    stops["lat"] = stops["lat"].where(stops["direction"].ne("下行"), 38.0)
    lines, notes = build_lines(stops, headways, street())
    assert [line.id for line in lines] == ["1路/上行"]
    assert notes == ["bus line 1路/下行 is left out: no two of its 2 stops are joined by streets"]


def test_row_order_changes_nothing():
    stops, headways = tables(((10.0, 20.0), (5.0, 15.0)))
    backwards = build_lines(stops[::-1], headways[::-1], street())
    assert backwards == build_lines(stops, headways, street())


def test_nothing_assumed_looks_observed():
    lines, _ = build_lines(*tables(), street())
    assert lines[0].assumed == {"headways", "capacity", "route"}
