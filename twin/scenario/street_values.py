"""Values that measures on streets share: what may be meant, and how it is said."""

from collections.abc import Iterator

FASTEST_KMH = 130.0
MOST_LANES = 10.0


def lane_faults(field: str, lanes: float) -> Iterator[str]:
    if not 0 < lanes <= MOST_LANES:
        yield f"{field} is {lanes:g}, must be above 0 and at most {MOST_LANES:g} per direction"


def speed_faults(speed_kmh: float | None) -> Iterator[str]:
    if speed_kmh is not None and not 5.0 <= speed_kmh <= FASTEST_KMH:
        yield f"speed_kmh is {speed_kmh:g}, must be 5 to {FASTEST_KMH:g}"


def lane_words(count: float) -> str:
    return "1 lane" if count == 1 else f"{count:g} lanes"
