"""Screenlines: which links cross them, and the file they stand in."""

from pathlib import Path

import pytest

from twin.city.network import Link, Network, Node
from twin.city.screenlines import CROSSING_COLUMNS, Screenline, crossings_of
from twin.errors import DataFileError
from twin.files.catalogue import demand_folder
from twin.files.network_files import load_network
from twin.files.screenline_files import SCREENLINES_FILE, read_screenlines
from twin.wording import Words

NORTHWARD = ((121.00, 36.99), (121.00, 37.01))
HEAD = 'format = "twin-screenlines/1"\n[[screenlines]]\n'


def town(*lines: tuple[tuple[float, float], ...]) -> Network:
    """A one-way link along each line, between nodes of its own."""
    nodes, links = [], []
    for number, line in enumerate(lines, start=1):
        ends = [Node(f"{number}{end}", *line[at]) for end, at in (("a", 0), ("b", -1))]
        nodes += ends
        links.append(Link(str(number), ends[0].id, ends[1].id, 100.0, 1.0, 10.0, 1800.0, geometry=line))
    return Network(tuple(nodes), tuple(links), crs="EPSG:32651")


def crossing(*lines: tuple[tuple[float, float], ...], line=NORTHWARD) -> list[tuple[str, str, str]]:
    screenline = Screenline("s", Words("河", "river"), line, Words("西", "west"), Words("东", "east"))
    table = crossings_of(town(*lines), [screenline])
    assert list(table) == list(CROSSING_COLUMNS)
    return [tuple(row) for row in table.to_numpy().tolist()]


def test_of_a_line_that_runs_north_the_left_is_west() -> None:
    eastward = ((120.99, 37.0), (121.01, 37.0))
    assert crossing(eastward, eastward[::-1]) == [("s", "right", "1"), ("s", "left", "2")]


def test_a_link_beside_the_line_does_not_cross_and_one_that_comes_back_neither() -> None:
    beside = ((121.001, 36.99), (121.001, 37.01))
    there_and_back = ((120.99, 37.0), (121.01, 37.0005), (120.99, 37.001))
    assert crossing(beside, there_and_back) == []


def test_a_link_that_crosses_three_times_has_the_direction_of_the_last() -> None:
    zigzag = ((120.99, 37.0), (121.01, 37.0005), (120.99, 37.001), (121.01, 37.002))
    assert crossing(zigzag) == [("s", "right", "1")]


def test_crossing_at_a_corner_of_the_link_or_of_the_screenline_counts_once() -> None:
    through_its_corner = ((120.99, 37.0), (121.0, 37.0), (121.01, 37.0))
    assert crossing(through_its_corner) == [("s", "right", "1")]
    bent = ((121.00, 36.99), (121.0, 37.0), (121.00, 37.01))
    assert crossing(((120.99, 37.0), (121.01, 37.0)), line=bent) == [("s", "right", "1")]


def test_a_screenline_of_yantai_parts_the_city_in_two_and_its_sides_are_its_districts() -> None:
    """Without the crossing links no way leads over: nothing goes round the line, and every link is needed for it."""
    network, _ = load_network("yantai")
    screenlines = {screenline.id: screenline for screenline in read_screenlines(demand_folder("yantai"))}
    assert list(screenlines) == ["jiahe", "zhifu-laishan"]
    assert all(screenline.assumed and screenline.note for screenline in screenlines.values())
    places = {  # a street that crosses, a place on the right, a place on the left
        "jiahe": ("长江路", (121.2146, 37.5640), (121.3680, 37.5417)),
        "zhifu-laishan": ("山海路", (121.3680, 37.5417), (121.4450, 37.4790)),
    }
    for screenline in screenlines.values():
        street, right, left = places[screenline.id]
        crossings = crossings_of(network, [screenline])
        assert street in {network.link_by_id[link_id].name for link_id in crossings["link_id"]}
        side_of = {}
        for towards, link_id in zip(crossings["towards"], crossings["link_id"], strict=True):
            link = network.link_by_id[link_id]
            side_of[link.to_node] = towards
            side_of[link.from_node] = "left" if towards == "right" else "right"
        rest = network.with_links(link for link in network.links if link.id not in set(crossings["link_id"]))
        sides = spread(rest, side_of)
        assert len(sides) == len(network.nodes)
        assert (sides[nearest(network, right)], sides[nearest(network, left)]) == ("right", "left")


def spread(network: Network, side_of: dict[str, str]) -> dict[str, str]:
    """The side of each node, by links that do not cross; a node on both sides fails."""
    found, todo = dict(side_of), list(side_of)
    while todo:
        node = todo.pop()
        for link in (*network.links_out[node], *network.links_in[node]):
            for end in (link.from_node, link.to_node):
                assert found.get(end, found[node]) == found[node], f"{link.id} leads round the screenline"
                if end not in found:
                    found[end] = found[node]
                    todo.append(end)
    return found


def nearest(network: Network, at: tuple[float, float]) -> str:
    return min(network.nodes, key=lambda node: (node.lon - at[0]) ** 2 + (node.lat - at[1]) ** 2).id


def test_a_place_without_the_file_has_no_screenlines(tmp_path: Path) -> None:
    assert read_screenlines(tmp_path) == ()


@pytest.mark.parametrize(
    ("line", "tag", "message"),
    [
        ("line = [[121.0, 37.0], [121.0, 37.1]]", "", "tag is None"),
        ("line = [[121.0, 37.0]]", 'tag = "A"', "two or more corners"),
        ("line = [[121.0, 95.0], [121.0, 37.0]]", 'tag = "A"', "in degrees"),
        ("", 'tag = "A"', "line is missing"),
    ],
)
def test_a_faulty_file_is_told(tmp_path: Path, line: str, tag: str, message: str) -> None:
    body = f'id = "s"\nname = "河 / river"\nleft = "西"\nright = "东"\n{line}\n{tag}\n'
    (tmp_path / SCREENLINES_FILE).write_text(HEAD + body, "utf-8")
    with pytest.raises(DataFileError, match=message):
        read_screenlines(tmp_path)
