"""What was done to a map on the way to a network: counted by what it was, with the map nodes where it was done."""

from collections import Counter


class Repairs(Counter[str]):
    """How often each repair was made; `nodes`: the map nodes where, in the order of making."""

    def __init__(self, before: dict[str, int] | None = None) -> None:
        super().__init__(before or {})
        self.nodes: dict[str, list[int]] = {}


def note(counts: Counter[str], what: str, node: int) -> None:
    """Count one repair made at a map node."""
    counts[what] += 1
    if isinstance(counts, Repairs):
        counts.nodes.setdefault(what, []).append(node)
