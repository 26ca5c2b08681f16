"""A row of a comparison as text, the same in table, memo and map: digits no finer than the interval."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from twin.results.areas import area_words
from twin.results.dictionary import METRICS
from twin.results.numbers import MISSING, decimals_within, written
from twin.wording import NO_CHANCE, SEEN_FROM, VERDICTS, Language, Words

AreaNames = Mapping[str, Mapping[str, Any]]

_PURE_NUMBERS = ("ratio", "share", "0–10")  # units that are not said after a number


@dataclass(frozen=True, slots=True)
class RowWritten:
    """One row of the table of results. `verdict_id`: the verdict's key in wording.VERDICTS."""

    name: str
    area: str
    unit: str
    before: str
    after: str
    difference: str
    interval: str
    bootstrap: str
    n: str
    correlation: str
    pairing: str
    seen_from: str
    p: str
    p_together: str
    verdict: str
    verdict_id: str


def row_written(row: Mapping[Any, Any], language: Language, names: AreaNames = MappingProxyType({})) -> RowWritten:
    """A row of `Comparison.rows` in words; `names`: the `area_names` of its meta.

    `pairing` is paired over unpaired standard deviation, as per cent.
    """
    words = METRICS[str(row["metric"])]
    low, high = _number(row["ci_low"]), _number(row["ci_high"])
    decimals = decimals_within((high - low) / 2.0, words.decimals)
    if any(math.isfinite(end) and end and not round(end, decimals) for end in (low, high)):
        decimals += 1  # an end that is not zero shows on which side of zero it lies
    difference, is_exact = _number(row["difference"]), words.is_exact and math.isfinite(_number(row["difference"]))
    if is_exact and difference and not round(difference, decimals):
        decimals = 1 - math.floor(math.log10(abs(difference)))  # a difference without chance shows, however small
    verdict = str(row["verdict"])
    is_identical = _number(row["difference"]) == low == high == 0.0
    seen_from = written(_number(row["seen_from"]), decimals)
    paired_sd, unpaired_sd = _number(row["paired_sd"]), _number(row["unpaired_sd"])
    interval = NO_CHANCE.in_(language) if is_exact else _interval(low, high, decimals, language)
    return RowWritten(
        name=words.name.in_(language),
        area=area_words(str(row["area"]), names).in_(language),
        unit=words.unit.in_(language),
        before=written(_number(row["before"]), decimals),
        after=written(_number(row["after"]), decimals),
        difference=written(_number(row["difference"]), decimals, signed=True),
        interval=interval,
        bootstrap=interval
        if is_exact
        else _interval(_number(row["bootstrap_low"]), _number(row["bootstrap_high"]), decimals, language),
        n=str(int(row["n"])),
        correlation=written(_number(row["correlation"]), 2),
        pairing=f"{written(100.0 * paired_sd / unpaired_sd, 0)}%" if unpaired_sd > 0.0 else MISSING,
        seen_from=seen_from,
        p=_chance(_number(row["p"])),
        p_together=_chance(_number(row["p_together"])),
        verdict=_verdict(verdict, low, high, decimals, seen_from, words.unit, is_identical, language),
        verdict_id=verdict,
    )


def bound_written(low: float, high: float, decimals: int) -> str:
    """The larger absolute end of an interval, rounded up: no difference larger than that is within it.

    >>> bound_written(-4.21, 1.0, 1)
    '4.3'
    """
    scale = 10.0**decimals
    return written(math.ceil(round(max(abs(low), abs(high)) * scale, 6)) / scale, decimals)


def _verdict(
    verdict: str,
    low: float,
    high: float,
    decimals: int,
    seen_from: str,
    unit: Words,
    is_identical: bool,
    language: Language,
) -> str:
    if is_identical and verdict == "no_difference":
        return VERDICTS["identical"].in_(language)
    text = VERDICTS[verdict].in_(language)
    if verdict != "no_difference":
        return text
    joint = Words("；", "; ").in_(language)
    bound = bound_written(low, high, decimals)
    if unit.en not in _PURE_NUMBERS:
        bound += f" {unit.in_(language)}"
    seen = SEEN_FROM.in_(language).format(bound=seen_from)
    return text.format(bound=bound) + joint + seen


def _interval(low: float, high: float, decimals: int, language: Language) -> str:
    ends = [written(end, decimals, signed=True) for end in (low, high)]
    return MISSING if MISSING in ends else Words(" ~ ", " to ").in_(language).join(ends)


def _chance(p: float) -> str:
    """A p-value with two digits; below 0.0001 as that.

    >>> _chance(0.0123), _chance(1e-9)
    ('0.012', '<0.0001')
    """
    if not math.isfinite(p):
        return MISSING
    return "<0.0001" if p < 0.0001 else f"{p:.2g}"


def _number(value: Any) -> float:
    """A cell as a float; null is NaN."""
    return float("nan") if value is None else float(value)
