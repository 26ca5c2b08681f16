"""Cells of tables as numbers and shares; how numbers are written is `twin.results.numbers`."""

import math
from typing import Any

from twin.results.numbers import MISSING, written


def number_of(value: Any) -> float | None:
    """A cell of a table as a float; None for null, NaN, infinite or anything that is no number."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def share_written(value: float | None, decimals: int = 0) -> str:
    """A share as per cent, for a legend or tooltip.

    >>> share_written(0.734)
    '73%'
    """
    return MISSING if value is None else f"{written(100.0 * value, decimals)}%"
