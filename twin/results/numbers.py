"""How numbers are written: digits no finer than what chance allows, a true minus sign, a dash for what is missing."""

import math

MISSING = "—"


def decimals_within(half_width: float | None, most: int) -> int:
    """Decimals that an interval of that half-width supports, at most `most`; negative means tens, hundreds, …

    The last digit shown is the first digit of the half-width, or its second where the first is a 1. Without an
    interval (None, NaN, or of no width) it is `most`.

    >>> decimals_within(0.34, 3), decimals_within(0.12, 3), decimals_within(240.0, 0), decimals_within(0.0, 1)
    (1, 2, -2, 1)
    """
    if half_width is None or not half_width > 0.0:
        return most
    return min(most, -math.floor(math.log10(half_width / 2.0)))


def written(value: float | None, decimals: int, *, signed: bool = False) -> str:
    """A number as text, rounded, with thousands marked.

    >>> written(-12345.6, -2), written(0.04, 1, signed=True), written(3.2, 1, signed=True), written(float("nan"), 1)
    ('−12,300', '0.0', '+3.2', '—')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    rounded = round(value, decimals) + 0.0  # + 0.0 turns -0.0 into 0.0
    text = f"{abs(rounded):,.{max(decimals, 0)}f}"
    if rounded < 0.0:
        return f"−{text}"
    return f"+{text}" if signed and rounded > 0.0 else text
