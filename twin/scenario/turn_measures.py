"""A measure on turns: what may be turned at a junction, from street to street."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from twin.city.city import City
from twin.city.ground import ground_of
from twin.city.network import Link
from twin.errors import ScenarioError
from twin.scenario.measure import Edit, Measure, TurnRule, refuse
from twin.scenario.street_parts import Direction, Place, leads, nearest_words, node_at
from twin.wording import Language, Words

TurnKind = Literal["left", "through", "right", "u_turn"]

STRAIGHT_DEG = 35.0
"""Turns that bend less than this lead straight on, as for signals."""

_KIND_WORDS: dict[str, Words] = {
    "": Words("通行", "turns"),
    "left": Words("左转", "left turns"),
    "through": Words("直行", "going straight on"),
    "right": Words("右转", "right turns"),
    "u_turn": Words("掉头", "U-turns"),
}


@dataclass(frozen=True, kw_only=True)
class SetTurn(Measure):
    """Bans turns at a junction, or allows them (`allowed = true`).

    `at`: the junction; `from_street`, `to_street` "": any; `turn`: left, through, right or u_turn, else all but
    U-turns; `direction`: which way those travel who come to the junction.
    """

    at: Place
    from_street: str = ""
    to_street: str = ""
    turn: TurnKind | None = None
    direction: Direction = "both"
    allowed: bool = False

    def __post_init__(self) -> None:
        refuse(self, self._faults())

    def _faults(self) -> Iterator[str]:
        if not self.from_street and not self.to_street and self.turn is None:
            yield "say which turns: `from_street`, `to_street` or `turn`"
        if self.turn is not None and self.turn not in get_args(TurnKind):
            yield f"turn is {self.turn!r}, must be one of {', '.join(get_args(TurnKind))}"

    def edits(self, city: City) -> tuple[Edit, ...]:
        network = city.open_network()
        node = node_at(network, self.at)
        into = self._of_street(city, network.links_in[node], self.from_street)
        out_of = self._of_street(city, network.links_out[node], self.to_street)
        meant = [
            (came.id, gone.id)
            for came in into
            if leads(network, came, self.direction)
            for gone in out_of
            if self._is_meant(city, came, gone)
        ]
        now = {(turn.from_link, turn.to_link) for turn in network.turns() if turn.node_id == node}
        changed = [turn for turn in meant if (turn in now) != self.allowed]
        if not changed:
            state = "allowed" if self.allowed else "banned"
            raise ScenarioError(f"no such turn at {self.at}, or all of them are {state} already: nothing to change")
        if not self.allowed:
            left = now - set(changed)
            for came in into:
                was = any(turn[0] == came.id for turn in now)
                if was and not any(turn[0] == came.id for turn in left):
                    raise ScenarioError(f"nobody could go on from {came.name or came.id}: close that street instead")
        return tuple(TurnRule(came, gone, self.allowed).edit() for came, gone in changed)

    def _of_street(self, city: City, links: tuple[Link, ...], street: str) -> list[Link]:
        found = [link for link in links if not street or link.name == street]
        if not found:
            names = {link.name for link in links if link.name}
            raise ScenarioError(f"{street} does not lead there at {self.at}. {nearest_words(street, names)}")
        return found

    def _is_meant(self, city: City, came: Link, gone: Link) -> bool:
        is_back = gone.to_node == came.from_node
        if is_back or self.turn == "u_turn":
            return is_back and self.turn == "u_turn"
        bend = ground_of(city.network).bend_deg(came.id, gone.id)
        kind = "left" if bend > STRAIGHT_DEG else "right" if bend < -STRAIGHT_DEG else "through"
        return self.turn is None or kind == self.turn

    def describe(self, language: Language) -> str:
        what = _KIND_WORDS[self.turn or ""].in_(language)
        place = self.at if isinstance(self.at, str) else f"[{self.at[0]:.5f}, {self.at[1]:.5f}]"
        if language == "zh":
            way = (f"由{self.from_street}" if self.from_street else "") + (
                f"往{self.to_street}" if self.to_street else ""
            )
            return f"{place}{'允许' if self.allowed else '禁止'}{way}{what}"
        way = (f" from {self.from_street}" if self.from_street else "") + (
            f" to {self.to_street}" if self.to_street else ""
        )
        return f"{'allow' if self.allowed else 'ban'} {what}{way} at {place}"
