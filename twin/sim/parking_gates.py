"""Gates of car parks: one car after another, a little room to wait off the street, the rest on it.

A line at a gate holds those who are served and those who wait for a space inside. Whoever finds no room off the
street stands on it: in the way of all behind where the street has one lane, in one of the lanes where it has more.
"""

from collections import deque
from collections.abc import Generator
from heapq import heappushpop
from typing import Any

from simpy.events import Event

from twin.city.parking import ParkingSite
from twin.sim.environment import Awaited, Environment


class Gate:
    """The gate of one site. `gates` cars are served at a time, each for `gate_s` (s); 0: nobody waits for service."""

    def __init__(self, env: Environment, site: ParkingSite) -> None:
        self._env = env
        self._service_s = site.gate_s
        self._free_at = [0.0] * max(1, site.gates)
        self._room = max(1, site.gate_room)  # whoever is served stands at the gate
        self._off_street = 0
        self._on_street: deque[Awaited] = deque()

    @property
    def on_street(self) -> int:
        """Cars that stand on the street for want of room."""
        return len(self._on_street)

    def has_room(self) -> bool:
        """Whether one more car can wait off the street."""
        return self._off_street < self._room

    def pull_in(self) -> None:
        """Take a place off the street, where there is one."""
        self._off_street += 1

    def wait_on_street(self, turn: Awaited) -> Awaited:
        """Stand on the street: `turn` is called with a place off it."""
        self._on_street.append(turn)
        return turn

    def drive_off(self, turn: Awaited) -> None:
        """Give up one's place on the street."""
        self._on_street.remove(turn)

    def go_in(self) -> None:
        """Give up one's place off the street: the first on the street has it."""
        if self._on_street:
            self._on_street.popleft().call()
        else:
            self._off_street -= 1

    def serve(self) -> Generator[Event, Any, None]:
        """Be served in turn."""
        if self._service_s > 0.0:
            began_s = max(self._env.now, self._free_at[0])
            heappushpop(self._free_at, began_s + self._service_s)
            yield self._env.timeout(began_s + self._service_s - self._env.now)
