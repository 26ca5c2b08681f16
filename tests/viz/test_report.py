"""The memo: what it must say, in which order, and what it must not."""

import re

import pandas as pd
import pytest
from small_comparison import HOSTILE_NAME, books, link, links, meta, rows, settling, small_comparison

from twin.results.drift import drift_of
from twin.wording import BOOKS, DEMONSTRATION
from viz.memo_tables import book_lines, metric_lines, parking_totals, street_counts, street_lines
from viz.report import report_html, write_report


def words_of(html: str) -> str:
    body = re.sub(r"<(style|svg).*?</\1>", "", html[html.index("<body>") :], flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.fixture(scope="module")
def memo() -> str:
    return report_html(small_comparison())


def test_the_first_words_are_the_warning(memo: str) -> None:
    assert words_of(memo).strip().startswith(DEMONSTRATION.zh)


def test_sections_stand_in_their_fixed_order(memo: str) -> None:
    assert re.findall(r"<h2>(.*?)</h2>", memo) == [
        "一、问题与措施",
        "二、结果",
        "三、谁得谁失",
        "四、停车",
        "五、公交",
        "六、账目与稳定性",
        "七、假定",
        "八、什么会改变答案",
        "九、复现",
        "附录：措施清单",
    ]


def test_the_memo_runs_no_script_and_asks_for_nothing(memo: str) -> None:
    assert "<script" not in memo and "default-src 'none'" in memo
    assert not re.search(r'(?:src|href)="(?:https?:)?//', memo)


def test_a_hostile_name_is_escaped_everywhere(memo: str) -> None:
    table = pd.DataFrame([link("1", HOSTILE_NAME, [(121.38, 37.53), (121.39, 37.53)], is_clear=True)])
    html = report_html(small_comparison(links=table, meta=meta() | {"command": HOSTILE_NAME}))
    assert HOSTILE_NAME not in html and html.count("&lt;/script&gt;") >= 2
    assert HOSTILE_NAME not in memo


def test_each_number_has_its_interval_and_n_and_digits_no_finer_than_the_interval() -> None:
    delay, hours = metric_lines(small_comparison(), "city", "zh")[:2]
    assert (delay.before, delay.difference, delay.interval, delay.n, delay.verdict) == (
        "402",
        "−4",
        "−7 ~ −2",
        "2",
        "改善",
    )
    assert (hours.before, hours.difference, hours.interval) == ("54,300", "0", "−300 ~ +200")


def test_an_end_of_an_interval_shows_on_which_side_of_zero_it_lies() -> None:
    close = rows()
    close.loc[0, ["difference", "ci_low", "ci_high"]] = [-4.2, -8.1, -0.3]
    assert metric_lines(small_comparison(rows=close), "city", "en")[0].interval == "−8.1 to −0.3"


def test_streets_that_gain_and_lose_are_only_those_beyond_chance() -> None:
    gainers, losers = (street_lines(small_comparison(), "zh", better=better) for better in (True, False))
    assert [(line.name, line.direction, line.change) for line in gainers] == [
        ("南大街", "向东", "−6.2 (−7.4 ~ −5.0) 车·小时")
    ]
    assert [line.name for line in losers] == ["南大街"]
    counts = street_counts(small_comparison())
    assert (counts.better, counts.worse, counts.unclear, counts.opened, counts.closed) == (1, 1, 4, 1, 1)


def test_an_unnamed_street_in_the_memo_is_found_by_its_neighbour() -> None:
    table = links()
    table.loc[table["link_id"] == "4", ["is_clear", "difference_delay_vehh"]] = [True, -9.0]
    best = street_lines(small_comparison(links=table), "zh", better=True)[0]
    assert best.name == "未命名道路(支路)，近南大街"


def test_no_more_than_five_streets_are_listed() -> None:
    lines = [[(121.0 + i / 100, 37.0), (121.01 + i / 100, 37.0)] for i in range(9)]
    clear = {"is_clear": True, "difference_delay_vehh": -3.0}
    table = pd.DataFrame([link(str(i), f"街{i}", line, **clear) for i, line in enumerate(lines)])
    assert len(street_lines(small_comparison(links=table), "zh", better=True)) == 5


def test_books_balance_over_all_seeds_and_say_so() -> None:
    before, after = book_lines(small_comparison(), "zh")
    assert dict(zip(BOOKS, before.counts, strict=True))["created"] == "2,000"
    assert (before.gridlocks, after.gridlocks, before.is_balanced) == ("1", "0", True)


def test_books_that_do_not_balance_are_told() -> None:
    lost = books()
    lost.loc[0, "finished"] = 989
    assert not book_lines(small_comparison(books=lost), "zh")[0].is_balanced
    assert "不符" in report_html(small_comparison(books=lost))


def test_parking_is_weighted_by_spaces() -> None:
    totals = parking_totals(small_comparison())
    # before (300·0.99 + 100·0.5) / 400; after (300·0.84 + 100·0.5 + 160·0.3) / 560
    assert totals == {"spaces": ("400", "560"), "taken": ("86.8%", "62.5%"), "turned_away": ("36", "12")}


def test_an_effect_that_stands_still_is_settled() -> None:
    drift = drift_of(small_comparison().settling)  # after less before in the last two of six rounds: −4, −4
    assert drift is not None
    assert (drift.effect_vehh, drift.drift_vehh, drift.is_settled) == (-4.0, 0.0, True)


def test_an_effect_that_still_moves_by_more_than_half_of_itself_gets_no_verdict() -> None:
    moving = settling()
    moving.loc[moving.index[-1], "vehicle_hours"] = 49.0  # the effect: −4, then −1
    drift = drift_of(small_comparison(settling=moving).settling)
    assert drift is not None and not drift.is_settled
    assert "尚未稳定" in report_html(small_comparison(settling=moving))


def test_a_study_without_rounds_says_that_none_are_on_record() -> None:
    assert "没有记录路径选择的轮次" in report_html(small_comparison(settling=settling().iloc[:0]))


def test_reproduction_names_command_seeds_versions_and_checksums(memo: str) -> None:
    text = words_of(memo)
    for wanted in ("twin run yantai-2024 --replications 2", "1 2", "twin 0.1.0", "ab12"):
        assert wanted in text


def test_measures_are_counted_first_and_listed_in_the_appendix(memo: str) -> None:
    text = words_of(memo)
    assert "公交线路： 1 项" in text.replace("：", "： ").replace("  ", " ")
    assert "1路间隔 8 分钟" in text[text.index("附录") :]


def test_a_scenario_without_measures_car_parks_or_rounds_still_makes_a_memo() -> None:
    whole = small_comparison()
    bare = small_comparison(measures=whole.measures.iloc[:0], sites=whole.sites.iloc[:0], settling=settling().iloc[:0])
    text = words_of(report_html(bare))
    assert "没有措施" in text and "本研究没有停车场" in text and "附录" not in text


def test_the_memo_of_observed_data_neither_warns_nor_says_assumed() -> None:
    observed = meta() | {"demonstration": False, "demand_assumed": False, "network_kind": "surveyed", "warnings": []}
    html = report_html(small_comparison(meta=observed), language="en")
    assert DEMONSTRATION.en not in html and 'class="warning"' not in html
    assert "In this model:" in words_of(html)


def test_the_english_memo_has_no_chinese_but_names(tmp_path) -> None:
    latin = meta() | {
        "before_title": "end of 2023",
        "after_title": "plan of 2024",
        "place_title": "Yantai",
        "source": "x",
    }
    named = links().assign(name="Main Street")
    path = write_report(small_comparison(meta=latin, links=named), tmp_path / "memo.html", language="en")
    assert re.findall(r"[\u4e00-\u9fff]+", words_of(path.read_text(encoding="utf-8"))) == []


def test_the_verdict_stands_above_the_tables_and_its_grounds_below_them(memo: str) -> None:
    text = words_of(memo)
    assert text.index("主要指标(全市)：改善 (改善：每次出行延误)") < text.index("统计细节") < text.index("指标定义")
    hours = metric_lines(small_comparison(), "city", "zh")[1]
    assert hours.verdict == "差别不大于 300 车·小时；±300 起可发现" and hours.verdict in text
    assert (hours.bootstrap, hours.correlation, hours.pairing) == ("−200 ~ +200", "0.75", "50%")
    assert "0.75" in text and "自助法" in text


def test_no_winner_in_the_memo_where_none_is_named() -> None:
    refused = rows().assign(verdict="refused")
    page = report_html(small_comparison(rows=refused, meta=meta() | {"refusals": ["starts_apart"]}), language="en")
    text = words_of(page)
    assert "not judged (the effect differs between two starting points)" in text
    assert 'class="text verdict better"' not in page and 'class="text verdict worse"' not in page
    assert text.count("not judged") == 1 + len(refused)
