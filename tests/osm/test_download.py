"""Streets by name or box: a stand-in for Nominatim and Overpass answers once, later answers come from the cache.

Offline, a busy server, half an answer and a place nobody knows are one sentence each.
"""

import json
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import osmnx
import pytest
from click.testing import CliRunner

from tests.osm.maps import xml_of
from twin.cli.program import program
from twin.errors import DataFileError
from twin.osm import download
from twin.osm.download import NOMINATIM_VARIABLE, OVERPASS_VARIABLE, download_streets
from twin.osm.streets import read_network

BOX = (121.40, 37.50, 121.42, 37.52)
NOTHING_LISTENS = "http://127.0.0.1:9/"
STREET = {"highway": "primary", "name": "魁富路", "lanes": "4", "maxspeed": "60"}
MAP = xml_of(
    {1: (0, -400), 2: (-400, 0), 3: (0, 400), 4: (400, 0), 5: (0, 0)},
    [*((10 + end, [end, 5], STREET) for end in (1, 2, 3, 4)), (20, [1, 4, 3, 2, 1], {"highway": "secondary"})],
    None,
    [(7, [("way", 11, "from"), ("node", 5, "via"), ("way", 12, "to")], {"restriction": "no_left_turn"})],
)
"""A cross of four streets and the square round it; nobody turns left from the south."""

BORDER = [[121.40, 37.50], [121.42, 37.50], [121.42, 37.52], [121.40, 37.52], [121.40, 37.50]]


@dataclass
class StandIn:
    """What the servers were asked, and what they answer: statuses first, then the map."""

    asked: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    busy: list[int] = field(default_factory=list)
    map: str = MAP
    places: str = json.dumps(
        [
            {
                "place_id": 1, "osm_type": "relation", "osm_id": 5, "class": "boundary", "type": "administrative",
                "lat": "37.51", "lon": "121.41", "importance": 0.5, "display_name": "某区", "name": "某区",
                "boundingbox": ["37.50", "37.52", "121.40", "121.42"],
                "geojson": {"type": "Polygon", "coordinates": [BORDER]},
            }
        ]
    )  # fmt: skip


@pytest.fixture(autouse=True)
def settings_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cache_folder", "use_cache", "nominatim_url"):
        monkeypatch.setattr(osmnx.settings, name, getattr(osmnx.settings, name))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    stand_in = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            stand_in.asked.append(self.path.partition("?")[0])
            self._answer(200, stand_in.places, "application/json")

        def do_POST(self) -> None:
            stand_in.asked.append(self.path)
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            stand_in.queries.append(urllib.parse.parse_qs(form)["data"][0])
            if stand_in.busy:
                self._answer(stand_in.busy.pop(0), "busy", "text/plain", {"Retry-After": "0"})
            else:
                self._answer(200, stand_in.map, "application/osm3s+xml")

        def _answer(self, status: int, body: str, kind: str, more: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": kind, **(more or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    monkeypatch.setenv(OVERPASS_VARIABLE, f"http://127.0.0.1:{listening.server_port}/api")
    monkeypatch.setenv(NOMINATIM_VARIABLE, f"http://127.0.0.1:{listening.server_port}/")
    yield stand_in
    listening.shutdown()
    thread.join()
    listening.server_close()


def test_a_box_becomes_a_file_that_reads_like_any_other_and_is_fetched_once(server: StandIn, tmp_path: Path) -> None:
    path = download_streets(BOX, tmp_path)
    network, _ = read_network(path)
    assert server.asked == ["/api/interpreter"]
    assert "(37.500000,121.400000,37.520000,121.420000)" in server.queries[0]
    link = network.link_by_id["1-5"]
    assert (link.name, link.lanes, round(3.6 * link.free_speed_mps)) == ("魁富路", 2.0, 60)
    assert download_streets(BOX, tmp_path) == path
    assert len(server.asked) == 1


def test_turn_restrictions_come_with_the_streets(server: StandIn, tmp_path: Path) -> None:
    network, _ = read_network(download_streets(BOX, tmp_path))
    assert network.banned_turns == {("1-5", "5-2")}
    assert 'rel(bw.streets)["type"~"^restriction"]' in server.queries[0]


def test_a_place_is_looked_up_by_name_and_its_streets_fetched_within_its_border(
    server: StandIn, tmp_path: Path
) -> None:
    path = download_streets("某区", tmp_path)
    assert server.asked == ["/search", "/api/interpreter"]
    assert '(poly:"' in server.queries[0]
    lats = [float(part) for part in server.queries[0].split('poly:"')[1].split('"')[0].split()[::2]]
    assert min(lats) == pytest.approx(37.499, abs=4e-4) and max(lats) == pytest.approx(37.521, abs=4e-4)
    assert len(read_network(path)[0].links) == 16
    assert download_streets("某区", tmp_path) == path and len(server.asked) == 2


def test_a_busy_server_is_asked_again_and_then_left_alone(
    server: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(download.time, "sleep", waited.append)
    server.busy = [429, 504]
    download_streets(BOX, tmp_path)
    assert len(server.asked) == 3 and waited == [0.0, 0.0]
    server.busy = [429] * 9
    with pytest.raises(DataFileError, match=r"no answer from OpenStreetMap's servers \(HTTPError\)"):
        download_streets((121.40, 37.50, 121.42, 37.53), tmp_path)
    assert len(server.asked) == 3 + download.ASKED_AT_MOST


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (MAP[: len(MAP) // 2], "no whole map"),
        ("Too many people ask.", "no whole map"),
        (MAP.replace("</osm>", "<remark>runtime error: out of memory</remark></osm>"), "gave up .*out of memory"),
        ('<osm version="0.6"></osm>', "know no streets there"),
    ],
)
def test_half_an_answer_is_refused_and_not_kept(answer: str, said: str, server: StandIn, tmp_path: Path) -> None:
    server.map = answer
    with pytest.raises(DataFileError, match=said):
        download_streets(BOX, tmp_path)
    assert not list((tmp_path / "osm").iterdir())


def test_a_place_that_nobody_knows_is_named(server: StandIn, tmp_path: Path) -> None:
    server.places = "[]"
    with pytest.raises(DataFileError, match=r"无此地: OpenStreetMap's servers know no such place"):
        download_streets("无此地", tmp_path)
    assert server.asked == ["/search"]


def test_a_place_as_wide_as_a_region_is_not_asked_for(server: StandIn, tmp_path: Path) -> None:
    server.places = server.places.replace("121.42", "123.42")
    with pytest.raises(DataFileError, match="wider than 1 degree"):
        download_streets("大区", tmp_path)
    assert server.asked == ["/search"]


def test_without_a_connection_one_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OVERPASS_VARIABLE, NOTHING_LISTENS)
    monkeypatch.setenv(NOMINATIM_VARIABLE, NOTHING_LISTENS)
    for where in (BOX, "烟台"):
        with pytest.raises(DataFileError, match=r"no answer .* or use a file"):
            download_streets(where, tmp_path)
    assert not list(tmp_path.rglob("*.osm"))


@pytest.mark.parametrize(
    "box", [(1.0, 2.0, 0.5, 3.0), (0.0, 0.0, 0.0, 1.0), (0.0, 91.0, 1.0, 92.0), (0.0, 0.0, 5.0, 5.0)]
)
def test_a_box_that_is_none_or_too_wide_is_refused(box: tuple[float, float, float, float], tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="box"):
        download_streets(box, tmp_path)


def test_a_place_is_made_of_what_the_server_knows(
    server: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWIN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TWIN_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    made = CliRunner().invoke(program, ["init", "newtown", "--place", "某区"])
    assert made.exit_code == 0, made.output
    assert (tmp_path / "networks" / "newtown" / "network.toml").is_file()
    both = CliRunner().invoke(program, ["init", "other", "--place", "某区", "--box", "1", "2", "3", "4"])
    assert both.exit_code == 2 and "Give one of --file, --place and --box." in both.output
