"""Lines on a street of five junctions 880 m apart, with a side street north from the middle one."""

from itertools import pairwise

from twin.city.network import Link, Network, Node
from twin.transit.map_match import MapMatcher, StopPoint


def at(column, row=0.0):
    return 121.40 + 0.01 * column, 37.50 + 0.008 * row


def both_ways(start, end, name=""):
    return [Link(f"{a}-{b}", a, b, 880.0, 1.0, 12.5, 1500.0, name=name) for a, b in ((start, end), (end, start))]


def street(*, without=()):
    nodes = [Node(f"n{i}", *at(i)) for i in range(5)] + [Node("side", *at(2, 1))]
    links = [link for i in range(4) for link in both_ways(f"n{i}", f"n{i + 1}")] + both_ways("n2", "side")
    return Network(tuple(nodes), tuple(link for link in links if link.id not in without), crs="EPSG:32651")


def stops(*places):
    return [StopPoint(f"站{i}", *place) for i, place in enumerate(places)]


def test_eastbound_stops_lie_on_eastbound_links():
    line = MapMatcher(street()).match(stops(at(0.3), at(1.5), at(2.6), at(3.4)))
    assert line.stop_links == ("n0-n1", "n1-n2", "n2-n3", "n3-n4")
    assert line.route == line.stop_links
    assert line.notes == ()


def test_westbound_stops_at_the_same_places_lie_on_the_other_side():
    line = MapMatcher(street()).match(stops(at(3.4), at(2.6), at(1.5), at(0.3)))
    assert line.stop_links == ("n4-n3", "n3-n2", "n2-n1", "n1-n0")


def test_two_stops_on_one_link_share_it():
    line = MapMatcher(street()).match(stops(at(0.2), at(0.7), at(1.5)))
    assert line.stop_links == ("n0-n1", "n0-n1", "n1-n2")
    assert line.route == ("n0-n1", "n1-n2")


def test_route_fills_the_links_between_stops():
    line = MapMatcher(street()).match(stops(at(0.5), at(3.5)))
    assert line.route == ("n0-n1", "n1-n2", "n2-n3", "n3-n4")


def test_stop_far_from_every_street_is_not_served_and_told():
    line = MapMatcher(street()).match(stops(at(0.5), at(1.5, 0.5), at(2.5)))
    assert line.served == (0, 2)
    assert line.notes == ("stop 站1 lies more than 150 m from any street and is not served",)


def test_bus_does_not_turn_round_in_a_dead_end():
    """Out on the side street and back the same way cannot be driven: the longer part stays, and that is told."""
    line = MapMatcher(street()).match(stops(at(0.5), at(1.5), at(2, 0.8), at(2.5), at(3.5)))
    assert all(a[0] != b[-1] or a[-1] != b[0] for a, b in pairwise(line.route))
    assert line.served == (0, 1, 3, 4)
    assert line.notes == ("stop 站2 is not served: no way leads there and on",)


def test_gap_cuts_the_line_and_the_longer_part_is_kept():
    broken = street(without=("n2-n3", "n3-n2"))
    line = MapMatcher(broken).match(stops(at(0.2), at(0.7), at(1.2), at(1.7), at(3.2), at(3.5), at(3.8)))
    assert line.served == (0, 1, 2, 3)
    assert line.notes == ("cut: no way from 站3 to 站4, last 3 stops left out",)


def test_line_no_two_stops_of_which_are_joined_is_none():
    assert MapMatcher(street()).match(stops(at(0.5), at(9, 9))) is None


def test_long_way_round_is_told():
    """The direct street is missing; the bus may drive round by 2.6 km where 0.9 km would do."""
    nodes = [Node(f"n{i}", *at(i)) for i in range(4)] + [Node("a", *at(1, 1)), Node("b", *at(2, 1))]
    links = [
        link for u, v in (("n0", "n1"), ("n1", "a"), ("a", "b"), ("b", "n2"), ("n2", "n3")) for link in both_ways(u, v)
    ]
    line = MapMatcher(Network(tuple(nodes), tuple(links), crs="EPSG:32651")).match(stops(at(0.97), at(2.03)))
    assert line.route == ("n0-n1", "n1-a", "a-b", "b-n2", "n2-n3")
    assert line.notes[0].startswith("站0 to 站1: 2640 m driven for 9")
