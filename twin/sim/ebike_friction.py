"""What bicycles and e-bikes take of the capacity of cars: on right turns at signals, and on lanes that they share.

They are no vehicles of a run; a link says how many ride along it (`Link.ebikes_vph`, 0 where nobody says). Left out:
walkers, e-bikes that turn left, and where they wait.
"""

from dataclasses import replace

from twin.city.network import Movement, Network
from twin.city.signals import Green, SignalPlan
from twin.sim.turn_angles import bend_deg

RIGHT_FROM_DEG = -35.0
"""A turn bends right from this angle on (as left turns do)."""

MOST_IN_GREEN_VPH = 1900.0
"""Bicycles in green beyond which HCM's line does not go."""

SHARED_LANE_SHARE = 0.8
"""Share of a lane's capacity left where bicycles ride on it, no kerb or fence between: the coefficient for streets with
no separation of Chinese practice (非机动车影响系数 0.8, on streets whose bicycles are not more than fit)."""

FULL_VPH = 1000.0
"""Bicycles an hour from which on that share holds: what one metre of bicycle lane carries at signals (800–1,000: CJJ
37-2012). With fewer it is less, in proportion (assumed)."""


def right_turn_share(ebikes_vph: float, cycle_s: float, green_s: float) -> float:
    """Share of its saturation flow that a right turn keeps beside bicycles that go straight on in the same green.

    1 − OCC, OCC = 0.02 + v/2700, v: bicycles an hour of green, at most 1,900 (HCM 2000, equations D16-6 to D16-11, one
    receiving lane, nobody on foot). Nobody rides: 1.

    >>> right_turn_share(540.0, 90.0, 45.0)
    0.58
    """
    if ebikes_vph <= 0.0 or green_s <= 0.0:
        return 1.0
    in_green_vph = min(MOST_IN_GREEN_VPH, ebikes_vph * cycle_s / min(green_s, cycle_s))
    return round(1.0 - (0.02 + in_green_vph / 2700.0), 9)


def lane_share(ebikes_vph: float, *, is_apart: bool) -> float:
    """Share of its capacity that a lane keeps beside bicycles along the street; 1 where they have a lane of their own.

    >>> lane_share(500.0, is_apart=False)
    0.9
    """
    return 1.0 if is_apart else 1.0 - (1.0 - SHARED_LANE_SHARE) * min(1.0, ebikes_vph / FULL_VPH)


def with_shared_lanes(network: Network) -> Network:
    """The network with the capacity that bicycles leave; itself where nobody rides."""
    if not any(link.ebikes_vph for link in network.links):
        return network
    return replace(
        network,
        links=tuple(
            replace(link, capacity_vph=link.capacity_vph * lane_share(link.ebikes_vph, is_apart=link.ebikes_apart))
            for link in network.links
        ),
    )


def with_right_turns_beside(plans: tuple[SignalPlan, ...], network: Network) -> tuple[SignalPlan, ...]:
    """The plans with the saturation flows that bicycles leave to right turns; themselves where nobody rides."""
    rides = {link.id for link in network.links if link.ebikes_vph}
    if not rides:
        return plans
    return tuple(
        replace(
            plan,
            greens=tuple(_beside(network, plan, green) if green.from_link in rides else green for green in plan.greens),
        )
        for plan in plans
    )


def _beside(network: Network, plan: SignalPlan, green: Green) -> Green:
    link = network.link_by_id.get(green.from_link)
    if link is None or green.to_link is None or green.to_link not in network.link_by_id:
        return green
    if bend_deg(network, Movement(plan.node_id, green.from_link, green.to_link)) > RIGHT_FROM_DEG:
        return green
    own_vph = link.capacity_vph * link.lanes if green.saturation_flow_vph is None else green.saturation_flow_vph
    share = right_turn_share(link.ebikes_vph, plan.cycle_s, green.green_s)
    return replace(green, saturation_flow_vph=own_vph * share)
