"""UXsim's C++ mode on a loading, in platoons of n vehicles.

A platoon stands for n vehicles: every n-th vehicle of the loading is one, and passages count n times. Capacity 1800
veh/h, 15 m/s and 133.3 veh/km are a reaction time of 1.5 s in UXsim's diagram (w = 1 / (k_j · τ)). Routes are
enforced, and the periodic route choice that nobody needs is put off beyond the end.
"""

import numpy as np

from benchmarks.loadings import CAPACITY_VPH, SPEED_MPS, Loading
from benchmarks.measured import Measured, Stopwatch, peak_gb
from benchmarks.sumo_runs import NotInstalledError
from twin.city.network import DEFAULT_JAM_DENSITY_VPKM

REACTION_S = 3600.0 / CAPACITY_VPH - 1000.0 / DEFAULT_JAM_DENSITY_VPKM / SPEED_MPS
"""1 / q − 1 / (u k_j)."""


def run_uxsim(loading: Loading, platoon: int) -> Measured:
    """Drive the vehicles through UXsim in platoons."""
    try:
        from uxsim import World
    except ImportError as error:
        raise NotInstalledError("uxsim is not installed") from error
    thin = loading.thinned(platoon)
    links = loading.network.links
    watch = Stopwatch()
    with watch.on("load"):
        world = World(
            cpp=True, name="", deltan=platoon, reaction_time=REACTION_S, tmax=loading.case.until_s, random_seed=1,
            print_mode=0, save_mode=0, show_mode=0, duo_update_time=2 * loading.case.until_s,
            vehicle_logging_timestep_interval=0,
        )  # fmt: skip
        for node in loading.network.nodes:
            world.addNode(node.id, node.lon, node.lat)
        for link in links:
            world.addLink(
                link.id, link.from_node, link.to_node, link.length_m, free_flow_speed=link.free_speed_mps,
                jam_density_per_lane=link.jam_density_vpkm / 1000.0, number_of_lanes=round(link.lanes),
            )  # fmt: skip
        for i, depart_us in enumerate(thin.depart_us.tolist()):
            route = [links[j] for j in thin.routes.of(i).tolist()]
            vehicle = world.addVehicle(route[0].from_node, route[-1].to_node, depart_us / 1e6)
            vehicle.enforce_route([link.id for link in route])
        world.finalize_scenario()
    with watch.on("run"):
        world.exec_simulation()
    times_s = np.array([vehicle.travel_time for vehicle in world.VEHICLES.values()], dtype=np.float64)
    arrived = times_s > 0
    exits = sum(float(world.get_link(link.id).cum_departure[-1]) for link in links)
    return Measured(
        passages=round(exits),
        load_cpu_s=watch.spent_s["load"],
        run_cpu_s=watch.spent_s["run"],
        peak_gb=peak_gb(),
        mean_trip_s=float(times_s[arrived].mean()),
        vehicles=platoon * len(times_s),
        arrived=platoon * int(arrived.sum()),
    )
