"""Who of a day is out for what: those without a story, those who want a space, those who come back, cars that stand
there already.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin import chance
from twin.city.parking import ParkingPolicy
from twin.routing.paths import Routes
from twin.sim.flow import Fleet
from twin.sim.parking_choice import holds_permit
from twin.sim.parking_day import PATIENCE_S, Errand
from twin.sim.parking_knowledge import Knows
from twin.sim.rules import MICROS
from twin.sim.stage import HABIT_SEED, Day, Habits, Stage
from twin.sim.tables import FlowTables
from twin.sim.way_back import WayBack

Ints = NDArray[np.int64]


def fleet_of(tables: FlowTables, habits: Habits, day: Day, drives: NDArray[np.bool_]) -> tuple[Fleet, Ints]:
    """Vehicles without a story, numbered by departure, and the rows of the day they stand for."""
    rows = np.flatnonzero(drives)
    rows = rows[np.lexsort((day.traveller[rows], day.depart_s[rows]))].astype(np.int64)
    routes = habits.routes.select(day.traveller[rows])
    segments, parts = _segments(tables, routes)
    return (
        Fleet(
            depart_us=np.rint(day.depart_s[rows] * MICROS).astype(np.int64),
            route_start=parts[routes.start],
            route_end=parts[routes.start + routes.length],
            route=segments,
            vehicle_class=day.vehicle_class[rows],
        ),
        rows,
    )


def errands(stage: Stage, habits: Habits, day: Day, rows: Ints) -> Iterator[tuple[int, Errand]]:
    """What the drivers in these rows of the day are out for; their routes are cut into segments all at once."""
    people = day.traveller[rows]
    routes = habits.routes.select(people)
    segments, parts = _segments(stage.tables, routes)
    begins, ends = parts[routes.start].tolist(), parts[routes.start + routes.length].tolist()
    last = np.append(routes.links, -1)[np.where(routes.length > 0, routes.start + routes.length - 1, -1)].tolist()
    places = zip(habits.target_x[people].tolist(), habits.target_y[people].tolist(), strict=True)
    policy = stage.city.parking
    books = chance.uniform(HABIT_SEED, "books a space", people) < policy.booking_share
    patience_s = PATIENCE_S * (0.5 + chance.uniform(HABIT_SEED, "patience", people))
    for row, person, begin, end, link, site, place, stay_s, knows, booking, permit, patient_s in zip(
        rows.tolist(), people.tolist(), begins, ends, last, habits.site[people].tolist(), places,
        day.stay_s[rows].tolist(), what_drivers_know(people, policy), books.tolist(),
        holds_permit(HABIT_SEED, people, policy).tolist(), patience_s.tolist(), strict=True,
    ):  # fmt: skip
        yield row, Errand(person, segments[begin:end], link, site, place, stay_s, knows, booking, permit, patient_s)


def what_drivers_know(people: Ints, policy: ParkingPolicy) -> list[Knows]:
    """What each traveller knows of how full sites are: a habit, so that more guidance takes it from nobody."""
    is_guided = chance.uniform(HABIT_SEED, "is guided", people) < policy.guided_share
    is_experienced = chance.uniform(HABIT_SEED, "is experienced", people) < policy.experienced_share
    words: tuple[Knows, Knows, Knows] = ("guidance", "experience", "nothing")
    return [words[which] for which in np.where(is_guided, 0, np.where(is_experienced, 1, 2)).tolist()]


def ways_back(stage: Stage, habits: Habits, day: Day, rows: Ints, has_way: NDArray[np.bool_]) -> dict[int, WayBack]:
    """What is meant in these rows of a day, by row in order of departure; those of ways out that lead nowhere are left
    out."""
    if day.way_out is None:
        return {}
    rows = by_departure(day, rows[has_way[day.way_out[rows]]])
    people, out = day.traveller[rows], day.way_out[rows]
    wants, has_site = habits.wants_site[people], habits.site[people] >= 0
    errand_of = dict(errands(stage, habits, day, rows[wants & has_site]))
    routes = habits.routes.select(people)
    segments, parts = _segments(stage.tables, routes)
    ends = zip(parts[routes.start].tolist(), parts[routes.start + routes.length].tolist(), strict=True)
    columns = out.tolist(), habits.origin[people].tolist(), habits.destination[people].tolist()
    return {
        row: WayBack(row_out, origin, destination, segments[begin:end], stay_s, errand_of.get(row), finds_none)
        for row, (begin, end), row_out, origin, destination, stay_s, finds_none in zip(
            rows.tolist(), ends, *columns, day.stay_s[out].tolist(), (wants & ~has_site).tolist(), strict=True
        )
    }


def leads_back(day: Day, has_way: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which trips are ways back of others of the day, and can be driven."""
    return np.zeros(len(day.traveller), dtype=np.bool_) if day.way_out is None else (day.way_out >= 0) & has_way


def cars_at_sites(habits: Habits, day: Day, stage: Stage) -> list[tuple[float, int, int]]:
    """Cars that stand at public sites at the start and set out today: when, whose, and from which site; no more of a
    site than it has spaces, those that set out first."""
    if habits.stands_at is None:
        return []
    site = habits.stands_at[day.traveller]
    rows = by_departure(day, np.flatnonzero(site >= 0))
    nth = pd.Series(site[rows]).groupby(site[rows]).cumcount().to_numpy()
    rows = rows[nth < stage.search.spaces[site[rows]]]
    columns = day.depart_s[rows].tolist(), day.traveller[rows].tolist(), site[rows].tolist()
    return list(zip(*columns, strict=True))


def by_departure(day: Day, rows: Ints) -> Ints:
    """Rows of a day in order of departure, then traveller."""
    ordered: Ints = rows[np.lexsort((rows, day.traveller[rows], np.rint(day.depart_s[rows] * MICROS)))]
    return ordered


def _segments(tables: FlowTables, routes: Routes) -> tuple[NDArray[np.int32], Ints]:
    """The segments of a pool of routes, and where in them each of its links begins (one more at the end)."""
    parts = np.concatenate([[0], np.cumsum(np.diff(tables.segment_start)[routes.links])]).astype(np.int64)
    return tables.expand(routes.links.astype(np.int64)), parts
