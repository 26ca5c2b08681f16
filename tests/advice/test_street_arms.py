"""Arms of a node: a dual carriageway is one street, whatever nodes its carriageways come from."""

from tests.advice.gap_town import at, both_ways
from twin.advice.street_arms import arms_of
from twin.advice.stubs import stubs_of
from twin.city.network import Link, Network, Node


def one_way(start, end, name="大马路"):
    return Link(f"{start}-{end}", start, end, 440.0, 2.0, 15.0, 1800.0, road_class="primary", name=name)


def crossing(*, north: bool):
    """A dual carriageway from west to east whose carriageways lead to nodes of their own, and a street across it."""
    nodes = [
        Node("c", *at(0, 0)), Node("w1", *at(-1, 0.02)), Node("w2", *at(-1, -0.02)),
        Node("e1", *at(1, 0.02)), Node("e2", *at(1, -0.02)), Node("s", *at(0, -1)), Node("n", *at(0, 1)),
    ]  # fmt: skip
    links = [one_way("w2", "c"), one_way("c", "e2"), one_way("e1", "c"), one_way("c", "w1")]
    links += both_ways("s", "c") + (both_ways("c", "n") if north else [])
    return Network(tuple(nodes), tuple(links), crs="EPSG:32651")


def test_both_carriageways_of_a_street_are_one_arm() -> None:
    assert len(arms_of(crossing(north=True))["c"]) == 4


def test_a_street_that_ends_at_a_dual_carriageway_is_the_stem_of_a_t() -> None:
    stubs = {stub.node_id: stub for stub in stubs_of(crossing(north=False))}
    assert (stubs["c"].kind, stubs["c"].street.id) == ("T-stem", "s-c")
    assert stubs["c"].heading[1] > 0.99


def test_two_one_way_streets_of_other_names_are_two_arms() -> None:
    plain = crossing(north=False)
    renamed = tuple(one_way("w2", "c", "小马路") if link.id == "w2-c" else link for link in plain.links)
    assert len(arms_of(Network(plain.nodes, renamed, crs=plain.crs))["c"]) == 4
