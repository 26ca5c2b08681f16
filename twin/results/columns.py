"""Columns of records as numbers, and the two ways to average them; nothing to average is NaN, never 0."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

NAN = float("nan")


def numbers(table: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """A column as floats, null as NaN."""
    return pd.to_numeric(table[column]).to_numpy(dtype=np.float64, na_value=np.nan)


def of_links(known: pd.Series, links: pd.DataFrame) -> NDArray[np.float64]:
    """A value by link id, for each row of interval statistics."""
    return known.reindex(links["link_id"]).to_numpy(dtype=np.float64)


def mean_of(values: NDArray[np.float64]) -> float:
    """The mean; NaN for no values."""
    return float(values.mean()) if len(values) else NAN


def quantile_of(values: NDArray[np.float64], share: float) -> float:
    """The value that a share (0–1) does not exceed, linear between the two nearest; NaN for no values."""
    return float(np.quantile(values, share)) if len(values) else NAN


def ratio_of(above: float, below: float) -> float:
    """above ÷ below; NaN where there is nothing to divide by."""
    return above / below if below > 0.0 else NAN
