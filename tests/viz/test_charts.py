"""Charts: what they show, that they are the same each time, and that they need no Chinese font."""

from collections.abc import Iterator

import pytest
from matplotlib import font_manager
from small_comparison import rows, small_comparison

from viz import charts, styles
from viz.charts import WIDEST_SHARE, change_map, difference_chart, replication_chart, settling_chart

CHARTS = [difference_chart, replication_chart, settling_chart, change_map]


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_is_one_svg_element_without_links_and_the_same_each_time(chart) -> None:
    first = chart(small_comparison()).svg()
    assert first.startswith("<svg") and first.rstrip().endswith("</svg>")
    assert 'href="http' not in first
    assert chart(small_comparison()).svg() == first


@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_says_scenarios_window_seeds_and_that_it_is_a_demonstration(chart) -> None:
    caption = chart(small_comparison(), language="en").figure.get_supxlabel()
    assert caption == "baseline → yantai-2024 · 07:00–09:00 · 2 seeds · demonstration only"


def test_the_axis_never_passes_ten_per_cent_however_large_a_ratio() -> None:
    axes = difference_chart(small_comparison()).figure.axes[0]  # unfinished trips grew by 800 %
    assert max(abs(end) for end in axes.get_xlim()) <= WIDEST_SHARE * 1.1
    assert [line.get_marker() for line in axes.lines if line.get_color() == styles.WORSE] == [">"]


def test_a_difference_stands_at_its_share_of_the_value_before() -> None:
    axes = difference_chart(small_comparison()).figure.axes[0]
    better = [
        line.get_xdata()[0] for line in axes.lines if line.get_color() == styles.BETTER and len(line.get_xdata()) == 1
    ]
    assert better == pytest.approx([-4.23 / 402.34, -10.0 / 420.0])


def test_a_placebo_of_nothing_but_zeros_can_be_drawn() -> None:
    zeros = rows().assign(difference=0.0, ci_low=0.0, ci_high=0.0, verdict="no_difference")
    assert difference_chart(small_comparison(rows=zeros)).svg()


def test_each_seed_is_one_line_from_before_to_after() -> None:
    axes = replication_chart(small_comparison()).figure.axes[0]
    assert [list(line.get_ydata()) for line in axes.lines] == [[401.0, 396.5], [403.7, 399.7]]


def test_without_a_chinese_font_labels_are_english(monkeypatch) -> None:
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    charts._newly_installed_chinese_font.cache_clear()
    labels = [label.get_text() for label in difference_chart(small_comparison()).figure.axes[0].get_yticklabels()]
    assert charts.chinese_font() is None
    assert labels == ["delay per trip", "vehicle-hours", "vehicle-kilometres", "share of unfinished trips"]


def test_a_font_that_came_after_matplotlib_listed_them_is_found(monkeypatch) -> None:
    if charts.chinese_font() is None:
        pytest.skip("no Chinese font is installed (fonts-noto-cjk)")
    fonts = font_manager.fontManager.ttflist
    chinese = {font.fname for font in fonts if font.name in charts.CHINESE_FONTS}
    known = [font for font in fonts if font.fname not in chinese]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", known)
    charts._newly_installed_chinese_font.cache_clear()
    assert charts.chinese_font() in charts.CHINESE_FONTS


@pytest.fixture(autouse=True)
def _fonts_are_looked_for_anew() -> Iterator[None]:
    yield
    charts._newly_installed_chinese_font.cache_clear()


def test_a_chart_is_saved_as_its_ending_says(tmp_path) -> None:
    chart = settling_chart(small_comparison())
    assert chart.save(tmp_path / "gap.svg").read_bytes().startswith(b"<svg")
    assert chart.save(tmp_path / "gap.png").read_bytes().startswith(b"\x89PNG")
