"""The offline page: what is in it, what cannot run in it, and what happens where keplergl is another one."""

import base64
import gzip
import hashlib
import json
import re

import pytest
from small_comparison import HOSTILE_NAME, meta, rows, small_comparison

from twin.errors import TwinError
from twin.wording import DEMONSTRATION
from viz import kepler_page
from viz.kepler_map import before_after_map
from viz.kepler_page import checked_bundle, kepler_config, page_html

BUNDLE = (
    "class W{constructor(t,r){this.root=null;this.model=t,this.el=r,this.store=make()}}var d={};export{d as default};"
)


@pytest.fixture(scope="module")
def html() -> str:
    return page_html(before_after_map(small_comparison()).page)


def unpacked(html: str, element: str) -> str:
    packed = re.search(rf'<script type="text/plain" id="{element}">([A-Za-z0-9+/=]+)</script>', html)
    assert packed is not None
    return gzip.decompress(base64.b64decode(packed[1])).decode("utf-8")


def test_the_page_carries_its_data_as_json_without_nan(html: str) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    content = json.loads(unpacked(html, "page-data"), parse_constant=refuse)
    assert set(content["state"]["data"]) == {
        "measures",
        "parking_before",
        "parking_after",
        "occupancy_before",
        "occupancy_after",
        "cruising_before",
        "cruising_after",
        "before",
        "after",
        "change",
        "opened",
    }


def test_the_warning_stands_on_top_of_the_page_in_words(html: str) -> None:
    assert html.index(DEMONSTRATION.zh) < html.index('id="stage"')


def test_streets_and_licence_are_named_at_the_foot(html: str) -> None:
    assert "路网数据：示意路网，由公交站点推断 · 许可：MIT · 海岸线：Natural Earth 1:1000万(概略)" in html


def test_a_hostile_name_is_nowhere_in_the_text_of_the_page(html: str) -> None:
    assert HOSTILE_NAME not in html and "window.hacked" not in html


def test_a_hostile_title_is_escaped() -> None:
    hostile = meta() | {"after_title": HOSTILE_NAME, "source": HOSTILE_NAME, "warnings": [{"zh": HOSTILE_NAME}]}
    page = page_html(before_after_map(small_comparison(meta=hostile)).page)
    assert HOSTILE_NAME not in page and "&lt;/script&gt;" in page


def test_only_the_pages_own_script_may_run_and_nothing_may_be_asked_for(html: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    rules = policy[1].replace("&#39;", "'")
    script = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script[0].encode("utf-8")).digest()).decode("ascii")
    assert len(script) == 1
    assert f"script-src 'sha256-{digest}' blob:" in rules
    assert "default-src 'none'" in rules and "http" not in rules and "'unsafe-eval'" not in rules


def test_the_same_comparison_makes_the_same_page_to_the_byte(html: str) -> None:
    assert page_html(before_after_map(small_comparison()).page) == html


def test_the_first_view_is_a_swipe_with_before_on_the_left() -> None:
    config = kepler_config(before_after_map(small_comparison()).page)["config"]
    left, right = (
        {name for name, is_shown in side["layers"].items() if is_shown} for side in config["visState"]["splitMaps"]
    )
    assert (left, right) == ({"before", "opened"}, {"after", "opened"})
    assert config["mapState"]["mapSplitMode"] == "SWIPE_COMPARE"


def test_without_car_parks_there_is_no_parking_view() -> None:
    whole = small_comparison()
    empty = {name: getattr(whole, name).iloc[:0] for name in ("sites", "site_times", "cruising")}
    page = before_after_map(small_comparison(**empty)).page
    assert [view.id for view in page.views] == ["speed", "change"]
    assert all("parking" not in part.views for part in page.legend)


def test_the_legend_counts_measures_that_have_no_place() -> None:
    page = before_after_map(small_comparison()).page
    assert page.legend[-1].note == "另有 1 项没有位置，见报告。"


def test_in_a_notebook_the_map_is_a_frame_of_its_own() -> None:
    frame = before_after_map(small_comparison())._repr_html_()
    assert frame.startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')
    assert 'sandbox="allow-scripts allow-downloads"' in frame


def test_the_page_is_written_where_it_is_wanted(tmp_path) -> None:
    path = before_after_map(small_comparison(), language="en").to_html(tmp_path / "maps" / "map.html")
    assert path.read_text(encoding="utf-8").startswith('<!DOCTYPE html>\n<html lang="en">')
    assert DEMONSTRATION.en in path.read_text(encoding="utf-8")


def test_the_bundle_hands_its_store_to_the_model() -> None:
    assert "this.store=make(),t.store=this.store}" in checked_bundle(BUNDLE)


@pytest.mark.parametrize(
    "other", [BUNDLE.replace("export", "exports"), BUNDLE + BUNDLE, "", BUNDLE.replace("el", "ell")]
)
def test_a_bundle_of_another_shape_is_refused_with_the_way_out(other: str) -> None:
    with pytest.raises(TwinError, match=r"pip install keplergl==0\.4\.0"):
        checked_bundle(other)


def test_another_version_of_keplergl_is_refused_by_name(monkeypatch) -> None:
    monkeypatch.setattr(kepler_page.metadata, "version", lambda name: "0.5.0")
    kepler_page._packed_bundle.cache_clear()
    with pytest.raises(TwinError, match=r"needs keplergl 0\.4\.0, found 0\.5\.0"):
        page_html(before_after_map(small_comparison()).page)


def test_the_verdict_stands_under_the_title_and_the_legend_says_what_grey_means(html: str) -> None:
    assert "主要指标(全市)：改善" in html and "灰色：在随机波动之内" in html
    refused = small_comparison(rows=rows().assign(verdict="refused"), meta=meta() | {"refusals": ["drifting"]})
    page = before_after_map(refused, language="en").page
    assert page.verdict == "Named measures, city-wide: not judged (routes have not settled)."
    changes = next(part for part in page.legend if part.views == ("change",))
    assert [entry.text for entry in changes.entries] == ["not judged"] and "no winner is named" in changes.note
