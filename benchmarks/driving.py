"""How SUMO's cars drive, in the numbers of a queue: headways, lost times, speeds of streets and turns.

Measured once on a lane of its own that no compared network holds: 600 m at 13.89 m/s, 57 s green, 3 s yellow and
60 s red, a queue that never clears, default cars and cars of 4.3 + 1.5 m (SUMO 1.28, micro mode, 50 cycles). The
n-th car of a green crosses the line `3.4 + (n − 1) · headway` seconds after the lamp turned; 1.952 s apart for
7.5 m of road a car, 1.795 s for 5.8 m; 28.8 and 31.3 cars a cycle.
"""

from benchmarks.sumo_routes import VehicleType

START_LOST_S = 3.4
"""From the lamp's green to the first car over the line, extrapolated from the steady headway (measured as above)."""

YELLOW_USED_S = 1.6
"""How far into the yellow cars still cross (measured as above: what the cars per cycle leave of green and yellow)."""

_HEADWAY_TAU, _HEADWAY_SPACING_S_PER_M = 1.26, 0.0924
"""Headway out of a queue = 1.26 τ + 0.0924 s/m · spacing: the line through the two measured cars."""


def saturation_headway_s(kind: VehicleType) -> float:
    """Headway of cars that leave a queue in one lane (s).

    >>> round(saturation_headway_s(VehicleType()), 2), round(saturation_headway_s(VehicleType(length_m=3.3)), 2)
    (1.95, 1.8)
    """
    return _HEADWAY_TAU * kind.tau_s + _HEADWAY_SPACING_S_PER_M * kind.spacing_m


def headway_at_s(kind: VehicleType, speed_mps: float) -> float:
    """Headway of cars that leave a queue through a turn or along a street of that speed (s).

    As out of any queue, but at least τ and the time in which a car drives its own room (Krauss 1998).
    """
    return max(saturation_headway_s(kind), kind.tau_s + kind.spacing_m / speed_mps)


def free_speed_mps(kind: VehicleType, limit_mps: float) -> float:
    """Mean speed of a car alone (m/s): its factor times the limit, less what dawdling takes.

    Krauss (1998): each second a car loses up to σ · a; at its wished speed it makes that good in the next, so it is
    slower by σ · a / 2 on average.
    """
    return max(0.5 * limit_mps, kind.speed_factor * limit_mps - kind.sigma * kind.accel_mps2 / 2)


def turn_time_s(kind: VehicleType, inner_m: float, inner_mps: float, street_mps: float) -> float:
    """Time in a junction (s): its inner length at the turn's speed, and the slowing before and speeding up after it.

    Braking from v to v' at rate b loses (v − v')² / 2 b v against driving on; the same with a for speeding up.
    """
    if inner_m <= 0 or inner_mps <= 0:
        return 0.0
    slower = max(0.0, street_mps - inner_mps)
    lost_s = slower**2 / (2 * street_mps) * (1 / kind.decel_mps2 + 1 / kind.accel_mps2)
    return inner_m / min(inner_mps, street_mps) + lost_s
