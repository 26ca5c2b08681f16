"""The map page in a real browser with no network: it draws, it asks for nothing, it answers to a hand.

Needs the system's Chromium; skipped where there is none, except in continuous integration (CI set), where it must run.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from small_comparison import MIDDLE, small_comparison
from small_openings import META, opening, tables

from twin.wording import DEMONSTRATION
from viz.kepler_map import before_after_map
from viz.openings_map import openings_map

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",  # draws without a graphics card
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 120_000
STATE = "Object.values(window.twinMap.store.getState().keplerGl)[0]"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def requests() -> list[str]:
    """Every address the page asked for over a network."""
    return []


@pytest.fixture(scope="module")
def faults() -> list[str]:
    """Errors that the page's scripts raised or logged."""
    return []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM is not None, "continuous integration needs Chromium: apt-get install chromium fonts-noto-cjk"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


def opened(browser: Browser, path: Path, requests: list[str], faults: list[str]) -> Page:
    """A map file in a browser that has no network."""
    page = browser.new_context(viewport={"width": 1200, "height": 800}, offline=True).new_page()
    page.set_default_timeout(PATIENCE_MS)
    local = ("file:", "blob:", "data:")
    page.on("request", lambda request: None if request.url.startswith(local) else requests.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda told: faults.append(told.text) if told.type == "error" else None)
    page.goto(path.as_uri())
    page.wait_for_function("() => window.twinMap && (window.twinMap.ready || window.twinMap.error)")
    return page


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory, requests: list[str], faults: list[str]) -> Page:
    path = before_after_map(small_comparison()).to_html(tmp_path_factory.mktemp("map") / "map.html")
    return opened(browser, path, requests, faults)


def layers_shown(page: Page) -> list[list[str]]:
    """Ids of the visible layers on each side of the map (one side where there is no swipe)."""
    shown: list[list[str]] = page.evaluate(
        f"""() => {{
          const {{ layers, splitMaps }} = {STATE}.visState;
          const visible = layers.filter((layer) => layer.config.isVisible).map((layer) => layer.id);
          return splitMaps.length ? splitMaps.map((side) => visible.filter((id) => side.layers[id])) : [visible];
        }}"""
    )
    return shown


def place_on_screen(page: Page, lon: float, lat: float) -> tuple[float, float]:
    """Where a place lies on the page, in pixels, by the map's own state (web mercator)."""
    x, y = page.evaluate(
        f"""([lon, lat]) => {{
          const map = {STATE}.mapState, world = 512 * 2 ** map.zoom;
          const east = (degrees) => ((degrees + 180) / 360) * world;
          const south = (degrees) => (1 - Math.asinh(Math.tan((degrees * Math.PI) / 180)) / Math.PI) / 2 * world;
          const stage = document.getElementById("stage").getBoundingClientRect();
          return [
            stage.left + stage.width / 2 + east(lon) - east(map.longitude),
            stage.top + stage.height / 2 + south(lat) - south(map.latitude),
          ];
        }}""",
        [lon, lat],
    )
    return x, y


def test_the_page_starts_and_its_layers_hold_the_streets(page: Page) -> None:
    assert page.evaluate("() => window.twinMap.error || null") is None
    rows: dict[str, Any] = page.evaluate(
        f"""() => Object.fromEntries(Object.entries({STATE}.visState.datasets)
          .map(([id, dataset]) => [id, dataset.dataContainer.numRows()]))"""
    )
    assert rows == {
        "measures": 2,
        "parking_before": 2,
        "parking_after": 3,
        "occupancy_before": 3,
        "occupancy_after": 6,
        "cruising_before": 1,
        "cruising_after": 1,
        "before": 7,
        "after": 7,
        "change": 6,
        "opened": 2,
    }
    assert page.evaluate(f"() => {STATE}.visState.layers.filter((layer) => layer.errorMessage).length") == 0


def test_the_warning_can_be_seen(page: Page) -> None:
    assert page.locator("#warnings").is_visible()
    assert DEMONSTRATION.zh in page.locator("#warnings").inner_text()


def test_the_first_view_is_a_swipe_and_the_buttons_change_it(page: Page) -> None:
    assert layers_shown(page) == [["before", "opened"], ["after", "opened"]]
    page.get_by_role("button", name="延误变化").click()
    assert layers_shown(page) == [["measures", "change", "opened"]]
    assert page.get_by_text("看不出差别(在随机波动之内)").is_visible()
    page.get_by_role("button", name="停车", exact=True).click()
    assert layers_shown(page) == [["parking_before"], ["parking_after"]]
    page.get_by_role("button", name="前后对比").click()
    assert layers_shown(page) == [["before", "opened"], ["after", "opened"]]


def test_the_bar_of_time_shows_one_quarter_hour_of_each_site_and_goes_with_its_view(page: Page) -> None:
    bar = f"{STATE}.visState.filters[0]"
    drawn = f"() => {STATE}.visState.datasets.occupancy_before.gpuFilter.filterRange[0]"  # ms after the first moment
    page.get_by_role("button", name="停车过程").click()
    assert layers_shown(page) == [["occupancy_before", "cruising_before"], ["occupancy_after", "cruising_after"]]
    assert page.evaluate(f"() => {bar}.view") == "minified"
    first_ms = page.evaluate(f"() => {bar}.value[0]")
    assert page.evaluate(drawn) == [0, 14 * 60_000]  # the first of three quarter hours
    later = [first_ms + 15 * 60_000, first_ms + 29 * 60_000]
    moved = f'{{ type: "@@kepler.gl/SET_FILTER", idx: 0, prop: "value", value: {later} }}'
    page.evaluate(f"() => {{ window.twinMap.store.dispatch({moved}); }}")
    assert page.evaluate(drawn) == [15 * 60_000, 29 * 60_000]
    page.get_by_role("button", name="前后对比").click()
    assert page.evaluate(f"() => {bar}.view") == "side"


def test_the_ground_has_the_sea_and_chinese_labels_over_the_streets(page: Page) -> None:
    style = f"{STATE}.mapStyle"
    page.wait_for_function(f"() => {style}.bottomMapStyle && {style}.topMapStyle")
    assert "water-sea" in page.evaluate(f"() => {style}.bottomMapStyle.layers.map((layer) => layer.id)")
    assert page.evaluate(f"() => {style}.topMapStyle.layers.map((layer) => layer.id)") == [
        "street-label",
        "place-label",
    ]


def told_at(page: Page, lon: float, lat: float) -> str:
    """What the map tells of the thing under a hand that comes to a place."""
    x, y = place_on_screen(page, lon, lat)
    tooltip = page.locator(".map-popover")
    for _ in range(40):  # the first frames of a software renderer come late
        page.mouse.move(x - 25.0, y - 25.0)
        page.mouse.move(x, y, steps=4)
        page.wait_for_timeout(250)
        if tooltip.count():
            break
    return tooltip.first.inner_text()


def test_a_hand_over_a_street_reads_its_chinese_name_and_speeds(page: Page) -> None:
    page.get_by_role("button", name="延误变化").click()
    told = told_at(page, MIDDLE[0] + 0.004, MIDDLE[1] - 9.0 / 111_320.0)  # on link 3, shifted 9 m south
    assert "南大街" in told and "向东" in told and "30 公里/小时" in told


def test_no_request_leaves_the_page_and_no_name_became_code(page: Page, requests: list[str], faults: list[str]) -> None:
    assert requests == []
    assert faults == []
    assert page.evaluate("() => window.hacked === undefined")
    assert page.evaluate("() => window.twinMap.blocked.length") <= 1  # kepler.gl asks for its usual base map once


def test_candidates_of_a_real_map_are_lines_that_tell_what_they_are(browser: Browser, tmp_path: Path) -> None:
    """The middle of the candidate, 440 m from south to north, is read by a hand; its view has no streets in it."""
    asked: list[str] = []
    faults: list[str] = []
    lon, lat = MIDDLE[0] + 0.002, MIDDLE[1]
    line = opening(from_lon=lon, from_lat=lat - 0.002, to_lon=lon, to_lat=lat + 0.002)
    found = openings_map(tables(line), META | {"network_kind": "openstreetmap"})
    page = opened(browser, found.to_html(tmp_path / "map.html"), asked, faults)
    assert page.evaluate("() => window.twinMap.error || null") is None
    assert layers_shown(page) == [["candidates"]]
    assert page.locator("#warnings").is_hidden()
    told = told_at(page, lon, lat)
    assert "候选A" in told and "440 米，绕行 1,800 米" in told
    page.get_by_role("button", name="得失路段").click()
    assert layers_shown(page) == [["candidates", "streets"]]
    assert (asked, faults) == ([], [])
    page.context.close()
