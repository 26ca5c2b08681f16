"""Conversions at the doors. Inside, everything is SI: metres, seconds, metres per second."""

SECONDS_PER_HOUR = 3600.0
SECONDS_PER_MIN = 60.0
METRES_PER_KM = 1000.0
KMH_PER_MPS = SECONDS_PER_HOUR / METRES_PER_KM
MPH_IN_KMH = 1.609344
KNOT_IN_KMH = 1.852


def mps_from_kmh(speed_kmh: float) -> float:
    """Metres per second from kilometres per hour.

    >>> mps_from_kmh(36.0)
    10.0
    """
    return speed_kmh / KMH_PER_MPS


def kmh_from_mps(speed_mps: float) -> float:
    """Kilometres per hour from metres per second."""
    return speed_mps * KMH_PER_MPS


def hours_from_seconds(duration_s: float) -> float:
    """Hours from seconds."""
    return duration_s / SECONDS_PER_HOUR


def km_from_metres(length_m: float) -> float:
    """Kilometres from metres."""
    return length_m / METRES_PER_KM
