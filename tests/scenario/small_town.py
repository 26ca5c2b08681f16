"""A town of four by four junctions 440 m apart, built by hand: named streets, two car parks, one bus line."""

import datetime

from twin.city.city import City
from twin.city.network import Link, Movement, Network, Node
from twin.city.parking import ParkingSite
from twin.city.transit import BusLine, Headway, Stop
from twin.city.zones import Zone
from twin.clock import TimeWindow

ROWS = ("港城大街", "红旗路", "南大街", "北马路")  # from south to north
COLUMNS = ("青年路", "海港路", "解放路", "观海路")  # from west to east
DAY = datetime.date(2023, 12, 31)
PLANNED = {"n20-n30", "n30-n20"}


def place(column: float, row: float) -> tuple[float, float]:
    """(lon, lat) of a junction; fractions lie between junctions."""
    return round(121.40 + 0.005 * column, 6), round(37.50 + 0.004 * row, 6)


def street(start: str, end: str, name: str) -> list[Link]:
    """Both directions of one block: 440 m, two lanes each way, 50 km/h."""
    quantities = {"length_m": 440.0, "lanes": 2.0, "free_speed_mps": 50 / 3.6, "capacity_vph": 1500.0}
    opened_on = datetime.date.max if f"{start}-{end}" in PLANNED else None
    return [
        Link(f"{a}-{b}", a, b, **quantities, road_class="secondary", name=name, opened_on=opened_on)
        for a, b in ((start, end), (end, start))
    ]


def network(*, movements: tuple[Movement, ...] = ()) -> Network:
    nodes = tuple(Node(f"n{i}{j}", *place(i, j)) for i in range(4) for j in range(4))
    links: list[Link] = []
    for j, name in enumerate(ROWS):
        for i in range(3):
            links += street(f"n{i}{j}", f"n{i + 1}{j}", name)
    for i, name in enumerate(COLUMNS):
        for j in range(3):
            links += street(f"n{i}{j}", f"n{i}{j + 1}", name)
    return Network(nodes, tuple(links), movements, place="town", crs="EPSG:32651")


def town() -> City:
    """The town on 31 December 2023; 港城大街 is planned from 解放路 to 观海路."""
    peak, day = TimeWindow.between("06:30", "08:30"), TimeWindow.between("08:30", "16:30")
    route = ("n00-n01", "n01-n11", "n11-n21", "n21-n31")
    stops = tuple(Stop(name, *place(i, 1), link) for i, (name, link) in enumerate(zip("甲乙丙丁", route, strict=True)))
    return City(
        place="town",
        title="town",
        date=DAY,
        network=network(),
        zones=(
            Zone("Z1", "西", "zone", "芝罘区", *place(0, 1), residents=5000, jobs=1000),
            Zone("Z2", "东", "zone", "莱山区", *place(3, 1), residents=1000, jobs=5000),
            Zone("G1", "gate", "gate", "port", *place(3, 3)),
        ),
        sites=(
            ParkingSite("P1", "文化中心", "garage", *place(1, 2), "n02-n12", "Z1", 200, 100),
            ParkingSite("P2", "路内", "kerb", *place(2, 2), "n12-n22", "Z2", 50),
        ),
        lines=(BusLine("10路/上行", "10路", "上行", stops, route, (Headway(peak, 480.0), Headway(day, 720.0))),),
    )
