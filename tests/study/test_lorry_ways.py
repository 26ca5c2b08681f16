"""Streets closed to lorries: they go round, cars do not; deliveries come to the door; hours count."""

from dataclasses import replace

import numpy as np
import pandas as pd

from tests.study.test_settle import PERIOD, two_routes
from twin.city.city import City
from twin.city.network import ClassBan
from twin.clock import TimeWindow
from twin.sim.city_run import run_city
from twin.study.habits import demand_of, trips_of_day
from twin.study.lorry_ways import break_bans
from twin.study.settle import Settlement, settle_arm, settle_base

MORNING = ClassBan((TimeWindow.between("07:00", "08:30"),))


def town(*, closed: str = "", ban: ClassBan = MORNING, n: int = 200) -> City:
    """Two routes from a to d, both free: by b 200 s, by c 300 s; every second traveller a lorry."""
    city = two_routes(n)
    demand = demand_of(city)
    mode = pd.array(np.where(np.arange(n) % 2, "truck", "car"), dtype="str")
    links = [replace(link, access=(ban,)) if link.id == closed else link for link in city.network.links]
    return replace(
        city,
        network=city.network.with_links(links),
        demand=replace(demand, travellers=demand.travellers.assign(mode=mode)),
    )


def on(settled: Settlement, link: str) -> tuple[int, int]:
    """Cars and lorries whose usual route passes a link."""
    index, routes = settled.stage.router.graph.link_index[link], settled.habits.routes
    uses = np.array([index in routes.of(i) for i in range(len(routes.start))])
    return int(uses[::2].sum()), int(uses[1::2].sum())


def test_lorries_go_round_a_street_that_is_closed_to_them() -> None:
    free, closed = (settle_base(town(closed=link), PERIOD, rounds=2) for link in ("", "ab"))
    assert on(free, "ab") == (100, 100) and on(free, "ac") == (0, 0)
    assert on(closed, "ab") == (100, 0) and on(closed, "ac") == (0, 100)


def test_a_ban_at_other_hours_moves_nobody() -> None:
    """All set out from 07:00 to 08:00; a ban from 09:30 on is more than an hour away from the last of them."""
    late = settle_base(town(closed="ab", ban=ClassBan((TimeWindow.between("09:30", "11:00"),))), PERIOD, rounds=2)
    assert on(late, "ab") == (100, 100)
    soon = settle_base(town(closed="ab", ban=ClassBan((TimeWindow.between("08:30", "11:00"),))), PERIOD, rounds=2)
    assert on(soon, "ab") == (100, 50)  # who sets out from 07:30 on may still be on the way at half past eight


def test_a_lorry_whose_door_lies_on_the_street_drives_it() -> None:
    """All begin their way on o–a or at its end and end behind d–z: there is no way but by d–z."""
    at_the_door = settle_base(town(closed="dz", ban=ClassBan()), PERIOD, rounds=2)
    assert on(at_the_door, "dz") == (100, 100)


def test_a_ban_that_comes_with_a_measure_moves_the_lorries_of_that_arm() -> None:
    base = settle_base(town(), PERIOD, rounds=2)
    arm = settle_arm(base, town(closed="ab"), PERIOD, rounds=1)
    assert on(arm, "ab") == (100, 0)
    assert len(break_bans(arm.stage, arm.habits, depart_ms=np.full(200, 7 * 3_600_000))) == 0


def test_no_lorry_is_on_the_closed_street_in_a_run() -> None:
    """Of 200 vehicles the 100 cars enter a–b, by the counts of the engine."""
    arm = settle_base(town(closed="ab"), PERIOD, rounds=2)
    day = trips_of_day(demand_of(arm.stage.city), 1, PERIOD.start_s, PERIOD.last_s)
    records = run_city(arm.stage, arm.habits, day, seed=1, start_s=PERIOD.start_s, until_s=PERIOD.until_s)
    entered = records.links.groupby("link_id")["entered"].sum()
    assert (entered["ab"], entered["ac"]) == (100, 100)
