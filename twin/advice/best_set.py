"""The best set of so many things whose worth depends on each other: greedy with re-evaluation, then exchanges.

Greedy in the lazy form (Minoux 1978): what a thing added when the set was smaller stands until it would be taken, then
it is looked at anew. Exact greedy where worth falls as the set grows; where two help each other, exchanges may find it.
No proof that no other set is better.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Worth = Callable[[frozenset[str]], float]
"""What a set is worth; the empty set 0."""


WEAKEST = 3
"""So many members, those without which the set loses least, may go for a newcomer."""


@dataclass(frozen=True, slots=True)
class BestSet:
    """`chosen`: in the order of greedy, exchanged ones at the end; `worth`: of the set; `greedy_worth`: before
    exchanges; `best_alone`: the things with most worth alone; `best_alone_worth`: their worth together."""

    chosen: tuple[str, ...]
    worth: float
    greedy_worth: float
    exchanges: tuple[tuple[str, str], ...]  # (out, in)
    best_alone: tuple[str, ...]
    best_alone_worth: float


def best_set(
    things: Sequence[str],
    worth: Worth,
    *,
    count: int,
    least_gain: float = 0.0,
    spare: int = 5,
    tell: Callable[[int, int], None] | None = None,
) -> BestSet:
    """The best `count` of these things; fewer where a further one would add no more than `least_gain`.

    `spare`: so many that were not chosen, those that would add most, are tried in exchanges. `tell`: told of steps done
    and in all.
    """
    alone = {thing: worth(frozenset([thing])) for thing in things}
    chosen = _greedy(alone, worth, count, least_gain, tell)
    greedy_worth = worth(frozenset(chosen))
    left = [thing for thing in sorted(things, key=lambda t: (-alone[t], t)) if thing not in chosen][:spare]
    chosen, exchanges = _exchanged(chosen, left, worth, least_gain, tell)
    best_alone = tuple(sorted(things, key=lambda t: (-alone[t], t))[: len(chosen)])
    return BestSet(
        tuple(chosen), worth(frozenset(chosen)), greedy_worth, exchanges, best_alone, worth(frozenset(best_alone))
    )


def _greedy(
    alone: dict[str, float], worth: Worth, count: int, least_gain: float, tell: Callable[[int, int], None] | None
) -> list[str]:
    chosen: list[str] = []
    so_far, bound, seen_at = 0.0, dict(alone), dict.fromkeys(alone, 0)
    while len(chosen) < count and bound:
        thing = min(bound, key=lambda t: (-bound[t], t))
        if seen_at[thing] < len(chosen):
            bound[thing] = worth(frozenset([*chosen, thing])) - so_far
            seen_at[thing] = len(chosen)
            continue
        if bound.pop(thing) <= least_gain:
            break
        chosen.append(thing)
        so_far = worth(frozenset(chosen))
        if tell is not None:
            tell(len(chosen), count)
    return chosen


def _exchanged(
    chosen: list[str],
    left: Iterable[str],
    worth: Worth,
    least_gain: float,
    tell: Callable[[int, int], None] | None,
) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    """Exchanges one by one, the best of each newcomer, until none gains more than `least_gain`."""
    exchanges: list[tuple[str, str]] = []
    waiting, done = list(left), 0
    while waiting:
        newcomer = waiting.pop(0)
        whole = frozenset(chosen)
        weakest = sorted(chosen, key=lambda t: (-worth(whole - {t}), t))[:WEAKEST]
        rivals = [(worth(frozenset([*chosen, newcomer]) - {out}), out) for out in weakest]
        best, out = max(rivals, key=lambda rival: (rival[0], rival[1]), default=(float("-inf"), ""))
        if best > worth(frozenset(chosen)) + max(least_gain, 1e-9):
            chosen = [*(thing for thing in chosen if thing != out), newcomer]
            exchanges.append((out, newcomer))
        done += 1
        if tell is not None:
            tell(done, done + len(waiting))
    return chosen, tuple(exchanges)
