"""From estimates to words: what counts as better or worse when many figures are looked at, and when nobody wins.

The named primary measures are fixed before a study runs; all else explores. Words: `twin.wording.VERDICTS`.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.results.areas import kind_of
from twin.results.dictionary import METRICS
from twin.results.estimates import FALSE_DISCOVERIES, Estimate, false_discovery, holm
from twin.results.parking_words import PARKING_WORDS
from twin.results.reach_words import REACH_WORDS
from twin.results.rows_written import row_written
from twin.wording import AREAS, REFUSALS, VERDICTS, Language, Words

PRIMARY_METRICS = ("mean_delay_s", "tti", "mean_search_s", "bus_speed_kmh")
"""The named measures: driving, congestion, parking, buses. The first is the one that precision is asked of."""

FALSE_ALARM = 0.05
"""Accepted chance that any of the named measures is called where nothing changed."""

Verdict = Literal["better", "worse", "no_difference", "depends", "refused", "neutral"]
Better = Literal["lower", "higher", "neither"]

_OPPOSITE = {"better": "worse", "worse": "better"}


def verdict_of(estimate: Estimate, better: Better) -> Verdict:
    """One word for an estimate alone: "better" or "worse" only where the interval leaves 0 out.

    "neutral": the metric has no good direction, or there is no interval to judge by.

    >>> verdict_of(Estimate(-5.0, -7.0, -3.0, 5), "lower"), verdict_of(Estimate(0.0, 0.0, 0.0, 5), "lower")
    ('better', 'no_difference')
    """
    if estimate.mean == estimate.low == estimate.high == 0.0:
        return "no_difference"
    if better == "neither" or not np.isfinite([estimate.low, estimate.high]).all():
        return "neutral"
    if not estimate.excludes_zero:
        return "no_difference"
    return "better" if (estimate.mean < 0.0) == (better == "lower") else "worse"


def adjusted(metrics: Sequence[str], areas: Sequence[str], p: Sequence[float]) -> NDArray[np.float64]:
    """p-values of rows of one table, held together; NaN where a metric has no good direction or no p.

    The primary measures of an area are one family, by Holm: any false alarm among them is as rare as FALSE_ALARM. Of
    all other rows those of parking are one family, those of access another, and the rest a third, by Benjamini &
    Hochberg: so rare a share of false alarms among what is called.
    """
    raw = np.asarray(p, dtype=np.float64)
    judged = np.array([METRICS[metric].better != "neither" for metric in metrics], dtype=np.bool_) & np.isfinite(raw)
    primary = np.array([metric in PRIMARY_METRICS for metric in metrics], dtype=np.bool_)
    area_of = np.asarray(areas, dtype=object)
    together = np.full(len(raw), np.nan)
    for area in dict.fromkeys(areas):
        family = np.flatnonzero(judged & primary & (area_of == area))
        together[family] = holm(raw[family].tolist())
    subject = np.array([_subject_of(*row) for row in zip(metrics, areas, strict=True)], dtype=object)
    for one in dict.fromkeys(subject):
        family = np.flatnonzero(judged & ~primary & (subject == one))
        together[family] = false_discovery(raw[family])
    return together


def _subject_of(metric: str, area: str) -> str:
    """Which family of rows a row is judged with."""
    if metric in PARKING_WORDS or kind_of(area) == "destination":
        return "parking"
    return "access" if metric in REACH_WORDS else "rest"


def exact_verdict(difference: float, better: Better) -> Verdict:
    """The word for a figure without chance: any difference is one.

    >>> exact_verdict(-0.02, "higher"), exact_verdict(0.0, "higher"), exact_verdict(3.0, "neither")
    ('worse', 'no_difference', 'neutral')
    """
    if difference == 0.0:
        return "no_difference"
    if better == "neither" or not np.isfinite(difference):
        return "neutral"
    return "better" if (difference < 0.0) == (better == "lower") else "worse"


def held_together(verdict: Verdict, metric: str, p_adjusted: float) -> Verdict:
    """The word that is left when all rows are judged together: better and worse need an adjusted p of 5 % or less."""
    most = FALSE_ALARM if metric in PRIMARY_METRICS else FALSE_DISCOVERIES
    return "no_difference" if verdict in _OPPOSITE and not p_adjusted <= most else verdict


def refused_where(verdict: Verdict, estimate: Estimate, metric: str, refusals: Collection[str]) -> Verdict:
    """No word where the arms cannot be compared, but of unfinished trips and where before and after are identical.

    `refusals`: keys of wording.REFUSALS, empty: nothing stands against a verdict.
    """
    is_identical = estimate.mean == estimate.low == estimate.high == 0.0
    if not refusals or verdict == "neutral" or is_identical or metric == "unfinished_share":
        return verdict
    return "refused"


def study_verdict(rows: pd.DataFrame) -> Verdict:
    """One word for a whole comparison, from its rows of the primary measures.

    "refused" where a row of them is. "depends": city-wide, one is better and another worse; or one of them is better
    city-wide and any is worse within the influence area, or the reverse. Else the word of those that are called
    city-wide; else "no_difference", or "neutral" where nothing could be judged.
    """
    primary = rows[rows["metric"].isin(PRIMARY_METRICS)]
    words = {area: set(primary[primary["area"] == area]["verdict"]) for area in AREAS}
    if "refused" in words["city"] | words["near"]:
        return "refused"
    called = words["city"] & set(_OPPOSITE)
    if len(called) == 2 or any(_OPPOSITE[word] in words["near"] for word in called):
        return "depends"
    if called:
        return "better" if "better" in called else "worse"
    return "no_difference" if "no_difference" in words["city"] else "neutral"


def verdict_written(rows: pd.DataFrame, refusals: Sequence[str], language: Language) -> str:
    """The study's verdict as one sentence: the word, and which of the named measures say so, or why none is given."""
    verdict = study_verdict(rows)
    primary = rows[rows["metric"].isin(PRIMARY_METRICS) & rows["area"].isin(list(AREAS))].to_dict("records")
    city = [row for row in primary if row["area"] == "city"]
    if verdict == "refused":
        why = [REFUSALS[refusal].reason.in_(language) for refusal in refusals if refusal in REFUSALS]
    else:
        why = _grouped(primary if verdict == "depends" else city, language)
    word = VERDICTS[verdict].in_(language)
    if verdict == "no_difference":
        line = row_written(next(row for row in city if row["verdict"] == verdict), language)
        word = f"{line.name} {line.verdict}"
    head = Words("主要指标(全市)：", "Named measures, city-wide: ").in_(language)
    detail = f" ({Words('；', '; ').in_(language).join(why)})" if why else ""
    return head + word + detail + Words("。", ".").in_(language)


def _grouped(rows: Sequence[Mapping[Any, Any]], language: Language) -> list[str]:
    """Metrics by what is said of them: "better: delay per trip, …". Areas are named where they are not the city."""
    groups = {word: [row for row in rows if row["verdict"] == word] for word in ("better", "worse", "no_difference")}
    heads = {**VERDICTS, "no_difference": Words("看不出差别", "no difference seen")}
    return [
        heads[word].in_(language)
        + Words("：", ": ").in_(language)
        + Words("、", ", ").in_(language).join(_called(row, language) for row in found)
        for word, found in groups.items()
        if found
    ]


def _called(row: Mapping[Any, Any], language: Language) -> str:
    name = METRICS[str(row["metric"])].name.in_(language)
    return name if row["area"] == "city" else f"{name} ({AREAS[str(row['area'])].in_(language)})"
