"""Before and after, paired by seed: what a study hands to tables, maps and memos."""

from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two arms of one study, each run with the same seeds. Tables have the columns named beside them."""

    rows: pd.DataFrame  # ROW_COLUMNS
    links: pd.DataFrame
    sites: pd.DataFrame
    replications: pd.DataFrame
    settling: pd.DataFrame
    books: pd.DataFrame
    measures: pd.DataFrame
    meta: dict[str, Any]
