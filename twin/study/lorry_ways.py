"""Ways of lorries where streets are closed to them: round about, but for those that begin or end there.

A ban counts for who sets out while it holds or within MOST_DRIVE_S before. It makes a link dear, not impassable, so a
lorry drives it only where no other way leads: from or to its own door, as deliveries may. Nobody waits under way for a
ban to end; lorries keep clear of bans over the whole town by when they set out (`demand.sampling`).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.city.network import ClassBan
from twin.routing.paths import Routes
from twin.sim.stage import Habits, Stage
from twin.study.habits import demand_of

Ints = NDArray[np.int64]
Bans = Mapping[tuple[ClassBan, ...], Ints]
"""Links (indices) by what they are closed to lorries by."""

MOST_DRIVE_S = 3600.0  # no way across a city takes a lorry longer (assumed)
BANNED_MS = 20_000_000
"""Added to a link that a lorry may not pass (5½ h): more than any way round."""


def bans_of(stage: Stage) -> Bans:
    """The bans of a stage's streets; empty: lorries may drive all."""
    found: dict[tuple[ClassBan, ...], list[int]] = {}
    for index, link in enumerate(stage.network.links):
        if link.access:
            found.setdefault(link.access, []).append(index)
    return {access: np.array(links, dtype=np.int64) for access, links in found.items()}


def lawful_routes(
    stage: Stage,
    habits: Habits,
    rows: Ints,
    *,
    depart_ms: Ints,
    cost_ms: Ints,
    wait_ms: Ints | None = None,
    interval_ms: int,
) -> Routes:
    """Quickest ways of some travellers that obey bans; times and waits as for `Router.routes`."""
    known: dict[str, Any] = {"wait_ms": wait_ms, "interval_ms": interval_ms}
    origin, destination = habits.origin[rows], habits.destination[rows]
    routes = stage.router.routes(origin, destination, depart_ms=depart_ms, cost_ms=cost_ms, **known)
    for some, banned in _lorries(stage, rows, depart_ms):
        dear_ms = cost_ms.copy()
        dear_ms[banned] += BANNED_MS
        ways = stage.router.routes(origin[some], destination[some], depart_ms=depart_ms[some], cost_ms=dear_ms, **known)
        routes = routes.replaced(some, ways)
    return routes


def break_bans(stage: Stage, habits: Habits, *, depart_ms: Ints) -> Ints:
    """Travellers whose usual route passes a link that is closed to them."""
    everybody = np.arange(len(habits.origin), dtype=np.int64)
    found = [np.zeros(0, dtype=np.int64)]
    for some, banned in _lorries(stage, everybody, depart_ms):
        routes = habits.routes.select(some)
        passed = np.concatenate([[0], np.cumsum(np.isin(routes.links, banned))])
        found.append(some[passed[routes.start + routes.length] > passed[routes.start]])
    return np.unique(np.concatenate(found))


def _lorries(stage: Stage, rows: Ints, depart_ms: Ints) -> list[tuple[Ints, Ints]]:
    """Positions among `rows` of the lorries to which the same links are closed, and those links."""
    bans = bans_of(stage)
    if not bans:
        return []
    is_lorry = demand_of(stage.city).travellers["mode"].eq("truck").to_numpy(dtype=np.bool_)[rows]
    lorries = np.flatnonzero(is_lorry).astype(np.int64)
    minutes, minute = np.unique(depart_ms[lorries] // 60_000, return_inverse=True)
    closed = np.array(
        [
            [any(ban.holds_within(60.0 * at, 60.0 * at + 60.0 + MOST_DRIVE_S) for ban in access) for access in bans]
            for at in minutes.tolist()
        ],
        dtype=np.bool_,
    ).reshape(len(minutes), len(bans))
    states, state = np.unique(closed[minute], axis=0, return_inverse=True)
    state = state.reshape(-1)
    links = list(bans.values())
    return [
        (lorries[state == number], np.concatenate([links[i] for i in np.flatnonzero(which)]))
        for number, which in enumerate(states)
        if which.any()
    ]
