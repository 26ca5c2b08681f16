"""A full run: everybody in a loading looks for a space and parks, among buses, each a SimPy process.

On a grid: a site of `SPACES` at every junction, a bus line along every second row with a stop every 800 m and a bus
every five minutes. Drivers head for the site where their route ends; where it is full they search on. With `all_search`
all those sites are full from the start, and another at every second junction, `ROOMY` spaces each, is not: so everybody
searches (`python -m benchmarks.one_run 6400-free city-search FOLDER`).
"""

import datetime
from collections.abc import Iterator

import numpy as np

from benchmarks.loadings import Loading
from benchmarks.measured import Measured, Stopwatch, peak_gb
from twin.city.city import City
from twin.city.ground import Ground
from twin.city.network import Network
from twin.city.parking import ParkingSite
from twin.city.transit import BusLine, Headway, Stop
from twin.clock import TimeWindow
from twin.sim.city_run import run_city
from twin.sim.compiling import compile_rules
from twin.sim.stage import Day, Habits, Stage

SPACES = 40
"""A site of the 6,400-node grid is the first choice of 31 of 200,000 drivers on average: some 5 % of sites fill up."""

ROOMY = 160
"""Four times as many at every second junction: one has space within a block or two."""

STAY_S = 8 * 3600.0
LINKS_BETWEEN_STOPS = 4
BUS_HEADWAY_S = 300.0


def run_city_day(loading: Loading, *, all_search: bool = False) -> Measured:
    """Run the drivers and the buses; passages are those of both."""
    watch = Stopwatch()
    with watch.on("load"):
        compile_rules()
        network, side = loading.network, loading.case.side
        sites, lines = (
            tuple(sites_of(network, all_search=all_search)),
            tuple(lines_of(network, side, loading.case.span_s)),
        )
        stage = Stage.of(City("grid", "grid", datetime.date(2024, 1, 1), network, sites=sites, lines=lines))
        n = len(loading.depart_us)
        last = loading.routes.links[loading.routes.start + loading.routes.length - 1]
        index = stage.router.graph.node_index
        ends = np.array([index[link.to_node] for link in network.links], dtype=np.int64)[last]
        site_at = np.empty(len(network.nodes), dtype=np.int64)
        first = sites[: len(network.nodes)]
        site_at[[index[network.link_by_id[site.link_id].to_node] for site in first]] = np.arange(len(first))
        origins = np.zeros(n, dtype=np.int64)
        nodes = [network.nodes[i] for i in ends.tolist()]
        xy = Ground(network).xy([node.lon for node in nodes], [node.lat for node in nodes])
        habits = Habits(origins, ends, site_at[ends], np.ones(n, dtype=np.bool_), xy[:, 0], xy[:, 1], loading.routes)
        day = Day(np.arange(n), loading.depart_us / 1e6, np.full(n, STAY_S), np.zeros(n, dtype=np.int64))
    with watch.on("run"):
        records = run_city(stage, habits, day, seed=1, start_s=0.0, until_s=3 * loading.case.span_s, gridlock="report")
    trips = records.trips
    arrived = trips["status"] == "finished"
    searched = int((trips["search_s"] > 0).sum())
    return Measured(
        passages=records.passages_count,
        load_cpu_s=watch.spent_s["load"],
        run_cpu_s=watch.spent_s["run"],
        peak_gb=peak_gb(),
        mean_trip_s=float((trips["arrive_s"] - trips["depart_s"])[arrived].mean()),
        vehicles=n,
        arrived=int(arrived.sum()),
        note=f"{searched:,} searched; {0 if records.buses is None else len(records.buses)} bus runs",
    )


def sites_of(network: Network, *, all_search: bool = False) -> Iterator[ParkingSite]:
    """A site at the end of the first link into each junction; `all_search`: full, and a roomy one at every second."""
    taken = SPACES if all_search else 0
    for number, node in enumerate(network.nodes):
        link = network.links_in[node.id][0]
        yield ParkingSite(str(number), f"site {node.id}", "lot", node.lon, node.lat, link.id, "", SPACES, taken)
    for number, node in enumerate(network.nodes[::2] if all_search else ()):
        link = network.links_in[node.id][0]
        yield ParkingSite(f"roomy {number}", f"roomy {node.id}", "lot", node.lon, node.lat, link.id, "", ROOMY)


def lines_of(network: Network, side: int, span_s: float) -> Iterator[BusLine]:
    """A line along every second row of the grid, from its first junction to its last."""
    between = {(link.from_node, link.to_node): link for link in network.links}
    hours = (Headway(TimeWindow(0.0, span_s), BUS_HEADWAY_S),)
    for row in range(0, side, 2):
        route = [between[str(row * side + i), str(row * side + i + 1)] for i in range(side - 1)]
        halts = [route[0], *route[LINKS_BETWEEN_STOPS::LINKS_BETWEEN_STOPS]]
        ends = [network.node_by_id[link.to_node] for link in halts]
        stops = tuple(
            Stop(f"{row}-{i}", end.lon, end.lat, link.id) for i, (end, link) in enumerate(zip(ends, halts, strict=True))
        )
        ids = tuple(link.id for link in route[: route.index(halts[-1]) + 1])
        yield BusLine(f"{row}/east", str(row), "east", stops, ids, hours)
