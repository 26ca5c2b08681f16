"""By what: shares of modes by purpose and band of distance, as the base has them.

How they answer to times and prices is `nested_logit`; who may go otherwise is `choosers`.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.demand.inputs import ModeSettings

Floats = NDArray[np.float64]


def band_of(km: Floats, settings: ModeSettings) -> NDArray[np.int64]:
    """Band of each distance: band b reaches up to and without `bands_km[b]`; the last is open."""
    return np.searchsorted(np.asarray(settings.bands_km, dtype=np.float64), km, side="right").astype(np.int64)


def mode_tables(table: Floats, km: Floats, purpose: str, settings: ModeSettings) -> Mapping[str, Floats]:
    """Person trips by mode, matrices of the shape of `table`; together they are the table.

    Shares of a band that were rounded when written are brought to a total of exactly 1.
    """
    band = band_of(km, settings)
    shares = {mode: np.asarray(values, dtype=np.float64) for mode, values in settings.shares[purpose].items()}
    whole = np.sum(list(shares.values()), axis=0)
    return {mode: table * (values / whole)[band] for mode, values in shares.items()}
