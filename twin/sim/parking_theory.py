"""Formulas for car parks and search: what queues of drivers and spaces come to where an exact answer is known.

The engine calls none of them: its drivers are held against them in tests, and advice ranks places by them before
anything is simulated. All are stationary: they say nothing of how a morning fills up.
"""

import math
from dataclasses import dataclass

import numpy as np

HOUR_S = 3600.0


def erlang_b(spaces: int, load: float) -> float:
    """Share of drivers turned away by a site that they leave at once when it is full; `load`: arrivals × mean stay.

    Insensitive to how stays are spread (Erlang 1917; Sevastyanov 1957).

    >>> round(erlang_b(20, 18.0), 4)
    0.1092
    """
    if spaces <= 0:
        return 1.0
    blocked = 1.0
    for n in range(1, spaces + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c_wait_s(spaces: int, arrivals_ph: float, stay_s: float) -> float:
    """Mean wait for a space (s) of drivers whose patience never ends; infinite where more come than can leave."""
    load = arrivals_ph * stay_s / HOUR_S
    if load >= spaces:
        return math.inf
    blocked = erlang_b(spaces, load)
    waits = blocked / (1.0 - load / spaces * (1.0 - blocked))
    return waits * stay_s / (spaces - load)


@dataclass(frozen=True, slots=True)
class Searching:
    """Long-run means. `occupancy`: share of spaces taken; `cruisers`: drivers in search; `unserved`: share who leave;
    `search_s`: mean over all who come."""

    occupancy: float
    cruisers: float
    unserved: float
    search_s: float


def searching(spaces: int, arrivals_ph: float, stay_s: float, patience_s: float) -> Searching:
    """The queue M/M/c+M: drivers search until one of c spaces is freed or their patience ends (exponential both).

    Whoever searches finds a freed space at once: the most that information can give. Birth and death chain; states
    beyond which less than 1e-15 of the time is spent are left out.
    """
    arrive, leave, tire = arrivals_ph / HOUR_S, 1.0 / stay_s, 1.0 / patience_s
    if arrive <= 0.0:
        return Searching(0.0, 0.0, 0.0, 0.0)
    most = spaces + math.ceil(max(50.0, 4.0 * arrive / tire + 20.0 * math.sqrt(arrive / tire) + 50.0))
    n = np.arange(1, most + 1)
    death = np.minimum(n, spaces) * leave + np.maximum(n - spaces, 0) * tire
    weight = np.concatenate([[0.0], np.cumsum(np.log(arrive) - np.log(death))])
    chance = np.exp(weight - weight.max())
    chance /= chance.sum()
    states = np.arange(most + 1)
    parked = float((chance * np.minimum(states, spaces)).sum())
    cruisers = float((chance * np.maximum(states - spaces, 0)).sum())
    occupancy = parked / spaces if spaces > 0 else 1.0
    return Searching(occupancy, cruisers, cruisers * tire / arrive, cruisers / arrive)


def inspected(taken_share: float) -> float:
    """Mean number of spaces a driver looks at where each is taken independently of the others: 1/(1−ρ).

    A lower bound for streets: full blocks come together, and real searchers look at more (Arnott & Williams 2017).
    """
    return math.inf if taken_share >= 1.0 else 1.0 / (1.0 - taken_share)


def inspected_once_each(spaces: int, free: int) -> float:
    """Mean number of spaces looked at until one of `free` among `spaces` is met, none looked at twice: (N+1)/(k+1).

    >>> round(inspected_once_each(100, 10), 2)
    9.18
    """
    return math.inf if free <= 0 else (spaces + 1) / (free + 1)


def break_even_search_s(
    stay_s: float,
    *,
    off_street_yuan_h: float,
    kerb_yuan_h: float,
    fuel_yuan_h: float,
    persons: float,
    value_yuan_h: float,
) -> float:
    """How long it pays to search for a kerb space instead of paying off the street (s): t(m − p)/(f + n·v).

    Shoup (2005), The High Cost of Free Parking, ch. 13. 0 where the kerb is not cheaper.
    """
    saved_yuan = stay_s / HOUR_S * (off_street_yuan_h - kerb_yuan_h)
    return max(0.0, HOUR_S * saved_yuan / (fuel_yuan_h + persons * value_yuan_h))


def saturated_search_s(spaces: int, stay_s: float, cruisers: float) -> float:
    """Mean search where all spaces are taken and so many drivers cruise (s): C·l/P.

    Arnott & Inci (2006), J. Urban Economics 60(3): spaces are freed at the rate P/l, one for each searcher.
    """
    return cruisers * stay_s / spaces


def fee_that_ends_search_yuan_h(spaces: int, cruisers: float, value_yuan_h: float) -> float:
    """Rise of the fee that removes this cruising at no loss to drivers (yuan per hour parked): ρ·C/P.

    Drivers pay in money what they paid in time (Arnott & Inci 2006): the fee times the stay is worth the search.
    """
    return value_yuan_h * cruisers / spaces
