"""Hiding real streets and looking for them: how many come back among the first forty gaps.

A hidden street is *shown from both ends* where both its ends are left as dead ends or stems of a T that point along it,
*from one end* where one is. The first is a gap on the map; the second looks like any T-junction that faces a street, of
which there are hundreds in a city that were never meant to go on, so few of them can be among forty.
"""

import math
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from twin import chance
from twin.advice.opening_candidates import LEAST_DETOUR, MAX_GAP_M, SHORTEST_M, WIDEST_TURN_DEG, find_candidates
from twin.advice.street_arms import arms_of
from twin.advice.stubs import EXPRESS, stubs_of
from twin.city.city import City
from twin.city.ground import ground_of
from twin.city.network import Link, Network, Node

SHANGHAI = Path(__file__).parents[3] / "shared" / "data" / "osm" / "shanghai_center.osm"
FIRST = 40
HIDDEN = 20
TRIALS = 5
SAME_M = 60.0


class Hiding:
    """The streets of a network that may be hidden, and what came back of those that were."""

    def __init__(self, network: Network) -> None:
        self.network, self.ground = network, ground_of(network)
        self.missed: Counter[tuple[int, str]] = Counter()
        self.index = {node.id: i for i, node in enumerate(network.nodes)}
        ends = Counter(tuple(sorted((k.from_node, k.to_node))) for k in network.links if self.is_plain(k))
        self.streets = sorted(
            pair for pair, n in ends.items() if n == 2 and SHORTEST_M <= self.apart_m(pair) <= MAX_GAP_M
        )

    @staticmethod
    def is_plain(link: Link) -> bool:
        return link.road_class not in EXPRESS and not link.is_structure

    def apart_m(self, pair) -> float:
        return float(np.hypot(*(self.at(pair[0]) - self.at(pair[1]))))

    def at(self, node: str):
        return self.ground.node_xy[self.index[node]]

    def without(self, hidden) -> City:
        gone = set(hidden)
        kept = [k for k in self.network.links if tuple(sorted((k.from_node, k.to_node))) not in gone]
        return City("hidden", "", date(2025, 1, 1), self.network.with_links(kept))

    def pointing_ends(self, stubs, pair) -> int:
        """How many ends of a hidden street are stubs (by node) that point along it."""
        count = 0
        for here, there in (pair, pair[::-1]):
            along = (self.at(there) - self.at(here)) / self.apart_m(pair)
            stub = stubs.get(here)
            count += stub is not None and float(along @ stub.heading) >= np.cos(np.radians(WIDEST_TURN_DEG))
        return count

    def rank_of(self, pair, places) -> float:
        """Place (from 0) of the first of these gaps, (n, 2 ends, 2), that is a hidden street; infinite: none is."""
        ends = np.array([self.at(node) for node in pair])
        apart_m = [np.hypot(*np.moveaxis(turned - ends, 2, 0)).max(axis=1) for turned in (places, places[:, ::-1])]
        hits = np.flatnonzero(np.minimum(*apart_m) <= SAME_M)
        return float(hits[0]) if len(hits) else math.inf

    def places_of(self, candidates):
        """Both ends of each candidate in metres: (n, 2 ends, 2)."""
        places = np.array([place for candidate in candidates for place in candidate.places]).reshape(-1, 2)
        return self.ground.xy(places[:, 0], places[:, 1]).reshape(-1, 2, 2)

    def recall(self, hidden):
        """Of each hidden street how many ends point along it, and its place among the gaps, most plausible first."""
        place = self.without(hidden)
        candidates = sorted(find_candidates(place).candidates, key=lambda c: (-c.plausibility, c.key))
        places = self.places_of(candidates)
        stubs = {stub.node_id: stub for stub in stubs_of(place.network)}
        found = []
        for pair in hidden:
            ends, rank = self.pointing_ends(stubs, pair), self.rank_of(pair, places)
            found.append((ends, rank))
            if rank >= FIRST:
                why = self.why_missed(place, pair, ends) if math.isinf(rank) else "a gap, but not among the first forty"
                self.missed[ends, why] += 1
        return found

    def why_missed(self, place: City, pair, ends: int) -> str:
        """The first reason that holds for a hidden street that is no gap by the rule."""
        if ends == 0:
            return "no dead end and no stem of a T points along it"
        graph = nx.Graph()
        graph.add_nodes_from(self.index)
        graph.add_weighted_edges_from((k.from_node, k.to_node, k.length_m) for k in place.network.links)
        try:
            round_m = nx.shortest_path_length(graph, *pair, weight="weight")
        except nx.NetworkXNoPath:
            round_m = np.inf
        if round_m < LEAST_DETOUR * self.apart_m(pair):
            return "the way round is less than one and a half times as long"
        arms = arms_of(place.network)
        if max(len(arms[node]) for node in pair) > 3:
            return "it ends where four streets meet already"
        return "another street lies between, or it would run beside one"

    def drawn(self, trial: int, among):
        order = np.argsort(chance.uniform(trial, "hides a street", np.arange(len(among)), 0), kind="stable")
        return [among[i] for i in order[:HIDDEN]]


def grid_of(columns: int, rows: int) -> Network:
    """Streets 200 m by 150 m, each with a name of its own, so that hiding one leaves two stems face to face."""
    nodes = [
        Node(f"{x:02}-{y:02}", 121.4 + 0.00225 * x, 37.5 + 0.00135 * y) for x in range(columns) for y in range(rows)
    ]
    pairs = [((x, y), (x + 1, y), f"东西{y}街") for x in range(columns - 1) for y in range(rows)]
    pairs += [((x, y), (x, y + 1), f"南北{x}路") for x in range(columns) for y in range(rows - 1)]
    links = []
    for a, b, name in pairs:
        for (x1, y1), (x2, y2) in ((a, b), (b, a)):
            length_m = 200.0 if y1 == y2 else 150.0
            ends = f"{x1:02}-{y1:02}", f"{x2:02}-{y2:02}"
            links.append(Link("→".join(ends), *ends, length_m, 1.0, 10.0, 1200.0, name=name))
    return Network(tuple(nodes), tuple(links), crs="EPSG:32651")


def crossings(hiding: Hiding, arms_at_ends):
    """Streets whose two nodes have so many arms."""
    arms = arms_of(hiding.network)
    return [pair for pair in hiding.streets if all(len(arms[node]) in arms_at_ends for node in pair)]


def test_a_street_hidden_in_a_grid_is_the_first_gap_that_is_found() -> None:
    hiding = Hiding(grid_of(6, 6))
    (pair,) = [pair for pair in hiding.streets if pair == ("02-02", "03-02")]
    assert hiding.recall([pair]) == [(2, 0.0)]


def test_every_street_hidden_in_a_made_town_that_both_ends_show_comes_back() -> None:
    """Twenty of the inner streets of a grid of 12 × 12, five times; where two hidden meet, ends may show none."""
    hiding = Hiding(grid_of(12, 12))
    inner = crossings(hiding, (4,))
    found = [row for trial in range(TRIALS) for row in hiding.recall(hiding.drawn(trial, inner))]
    shown = [rank for ends, rank in found if ends == 2]
    assert len(shown) >= 50
    assert np.mean(np.array(shown) < FIRST) >= 0.95


def test_of_t_junctions_that_face_a_street_nothing_tells_which_one_once_went_on() -> None:
    """Grid of 6 × 6, the inner columns cut off from the northern street: four stems 150 m short of it, all alike."""
    hiding = Hiding(grid_of(6, 6))
    hidden = [(f"{column:02}-04", f"{column:02}-05") for column in range(1, 5)]
    assert [ends for ends, _ in hiding.recall(hidden)] == [1, 1, 1, 1]
    found = find_candidates(hiding.without(hidden)).candidates
    assert [c.plausibility for c in found] == [pytest.approx(0.5, abs=0.01)] * 4


@pytest.mark.slow
@pytest.mark.skipif(not SHANGHAI.is_file(), reason="the Shanghai extract is not on this machine")
def test_hidden_streets_of_shanghai_that_both_ends_show_come_back_among_forty(capsys) -> None:
    """Twenty real streets, five times: drawn from all, and drawn from those between two crossings of four (or
    dead ends), so that nearly all of the twenty are shown."""
    from twin.osm.streets import read_network

    hiding = Hiding(read_network(SHANGHAI)[0])
    for words, among in (
        ("all streets", hiding.streets),
        ("streets between crossings", crossings(hiding, (2, 4))),
    ):
        hiding.missed.clear()
        found = [row for trial in range(TRIALS) for row in hiding.recall(hiding.drawn(trial, among))]
        by_ends = {ends: np.array([rank for shown, rank in found if shown == ends]) for ends in (2, 1, 0)}
        with capsys.disabled():
            for ends, ranks in by_ends.items():
                counts = ", ".join(f"{(ranks < most).sum()} in {most}" for most in (FIRST, 100, 200))
                told = f"{counts}, {np.isfinite(ranks).sum()} at all, of {len(ranks)}"
                sys.stdout.write(f"\n{words}, {ends} ends point along it: {told}")
            for (ends, why), n in sorted(hiding.missed.items()):
                sys.stdout.write(f"\n  missed, {ends} ends: {n} × {why}")
        assert len(by_ends[2]) >= 5
        assert (by_ends[2] < FIRST).mean() >= 0.8
