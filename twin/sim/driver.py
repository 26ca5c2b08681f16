"""A driver's day, as one reads it aloud: depart, drive, look for a space, park or search on, walk, stay, leave."""

from collections.abc import Generator
from typing import Any

from simpy.events import Event

from twin.sim.environment import Awaited, Environment, Story
from twin.sim.flow import Flow
from twin.sim.parking_day import Errand, Fate, ParkingDay
from twin.sim.parking_search import LOCAL_SEARCH_MPS, WALK_MPS, Plan

Part = Generator[Event, Any, bool]
"""Part of a driver's story; it answers whether he has a space."""


def driver(env: Environment, flow: Flow, day: ParkingDay, errand: Errand, fate: Fate) -> Story:
    """Book a space or set out without; drive, park or search; walk there and back, stay; leave and free the space."""
    if errand.books and not day.book(errand, fate):
        fate.gave_up_at_s = env.now  # all is booked: stays at home
        return
    fate.vehicle = flow.add_vehicle("car")
    has_space = yield from park_or_search(env, flow, day, errand, fate)
    flow.leave(fate.vehicle)
    if not has_space:
        fate.gave_up_at_s = env.now
        return
    yield env.timeout(errand.stay_s + 2.0 * fate.walk_m / WALK_MPS)
    day.drives_off(fate)


def park_or_search(env: Environment, flow: Flow, day: ParkingDay, errand: Errand, fate: Fate) -> Part:
    """Drive the usual way, then from site to site in traffic until one has a space or patience ends."""
    plan: Plan | None = day.first_plan(errand, fate)
    while plan is not None:
        if (yield from drive_and_look(env, flow, day, plan, errand, fate)):
            return True
        if plan.site < 0:  # guided or booked: here is where one turns off the usual way
            plan = day.next_plan(errand, fate) or day.rest_of_usual_way(errand, fate)
            continue
        if (yield from take_a_space(env, flow, day, plan.site, errand, fate)):
            return True
        if patience_left_s(env, errand, fate) <= 0.0:
            break
        here, plan = plan.site, day.next_plan(errand, fate)
        if day.waits_at(here, errand, fate, plan):
            if (yield from wait_in_line(env, flow, day, here, errand, fate)):
                return True
            break
    return (yield from last_resort(env, flow, day, errand, fate))


def patience_left_s(env: Environment, errand: Errand, fate: Fate) -> float:
    """How much longer a driver searches (s)."""
    began_s = env.now if fate.search_began_s is None else fate.search_began_s
    return errand.patience_s - (env.now - began_s)


def drive_and_look(env: Environment, flow: Flow, day: ParkingDay, plan: Plan, errand: Errand, fate: Fate) -> Part:
    """Drive the legs of a plan; a kerb space passed on the way that is free and good enough is taken."""
    for leg in plan.legs:
        began_s = env.now
        yield flow.drive(fate.vehicle, leg.segments)
        day.drove(leg, fate, began_s)
        for kerb in leg.kerbs:
            if kerb != plan.site and day.accepts(kerb, plan, errand, fate):
                if day.stock.try_park(kerb, env.now):
                    day.parked(kerb, errand, fate, "site")
                    return True
                day.sees_full(kerb, fate)
    return False


def take_a_space(env: Environment, flow: Flow, day: ParkingDay, site: int, errand: Errand, fate: Fate) -> Part:
    """Take a space of the site one has come to: booked, along local streets, at the kerb, or through a gate."""
    if site == fate.booked:
        day.stock.park_booked(site, env.now)
    elif day.search.sites[site].local_street_m > 0.0:
        return (yield from search_local_streets(env, flow, day, site, errand, fate))
    elif not day.stock.try_park(site, env.now):
        day.begin_search(fate)
        day.sees_full(site, fate)
        return False
    if day.has_gate(site):
        yield from pass_the_gate(env, flow, day, site, fate)
    day.parked(site, errand, fate, "booked" if site == fate.booked else "site")
    return True


def search_local_streets(env: Environment, flow: Flow, day: ParkingDay, site: int, errand: Errand, fate: Fate) -> Part:
    """Leave the streets of the network and drive along local ones until a space is met, or the loop is driven."""
    day.begin_search(fate)
    step_aside(flow, fate)
    look = 0
    while patience_left_s(env, errand, fate) > 0.0:
        was_full = day.stock.free(site) <= 0
        metres = day.metres_to_free(site, errand, look)
        metres = min(metres, patience_left_s(env, errand, fate) * LOCAL_SEARCH_MPS)
        yield env.timeout(metres / LOCAL_SEARCH_MPS)
        day.searched_locally(metres, fate)
        if day.stock.try_park(site, env.now):
            day.parked(site, errand, fate, "site")
            return True
        look += 1
        if was_full:
            break
    day.sees_full(site, fate)
    return False


def pass_the_gate(env: Environment, flow: Flow, day: ParkingDay, site: int, fate: Fate) -> Part:
    """Stand in line at a gate, on the street while there is no room off it, and be let in."""
    came_s, gate = env.now, day.gate(site)
    yield from come_off_the_street(env, flow, day, site, fate, None)
    yield from gate.serve()
    gate.go_in()
    fate.gate_s += env.now - came_s
    return True


def wait_in_line(env: Environment, flow: Flow, day: ParkingDay, site: int, errand: Errand, fate: Fate) -> Part:
    """Wait at the gate of a full site until one of its spaces is freed, or patience ends."""
    came_s, gate = env.now, day.gate(site)
    ends_s = env.now + patience_left_s(env, errand, fate)
    if not (yield from come_off_the_street(env, flow, day, site, fate, ends_s)):
        return False
    if day.stock.free(site) > 0:
        day.stock.try_park(site, env.now)
    else:
        turn = day.stock.wait(site, Awaited(env, ends_s - env.now))
        if not (yield turn):
            day.stock.wait_no_more(site, turn)
            gate.go_in()
            return False
    yield from gate.serve()
    gate.go_in()
    fate.gate_s += env.now - came_s
    day.parked(site, errand, fate, "site")
    return True


def come_off_the_street(
    env: Environment, flow: Flow, day: ParkingDay, site: int, fate: Fate, ends_s: float | None
) -> Part:
    """Take a place before the gate. Where there is none stand on the street: in a lane of it, or, where it has but one,
    in the way of all behind. False: patience has ended (`ends_s`; None: it does not)."""
    gate = day.gate(site)
    if gate.has_room():
        gate.pull_in()
        step_aside(flow, fate)
        return True
    lane = -1
    if not fate.is_aside and day.lanes_at(fate.here) >= 2.0:
        step_aside(flow, fate)
        lane = day.kerb_lane(fate.here)
        day.lanes.take(lane, 1.0)
    turn = gate.wait_on_street(Awaited(env, None if ends_s is None else ends_s - env.now))
    called = yield turn
    if lane >= 0:
        day.lanes.give_back(lane, 1.0)
    if called:
        step_aside(flow, fate)
    else:
        gate.drive_off(turn)
    return bool(called)


def last_resort(env: Environment, flow: Flow, day: ParkingDay, errand: Errand, fate: Fate) -> Part:
    """Nothing found: one farther place off the street, else stop where it is forbidden, else give up."""
    plan = None if errand.books else day.farther_plan(errand, fate)
    if plan is not None:
        for leg in plan.legs:
            began_s = env.now
            yield flow.drive(fate.vehicle, leg.segments)
            day.drove(leg, fate, began_s)
        if (yield from take_a_space(env, flow, day, plan.site, errand, fate)):
            return True
    if day.stops_illegally(errand, fate):
        day.stopped_illegally(errand, fate)
        return True
    return False


def step_aside(flow: Flow, fate: Fate) -> None:
    """Leave the road's way, if one stands in it."""
    if not fate.is_aside:
        flow.hold(fate.vehicle)
        fate.is_aside = True
