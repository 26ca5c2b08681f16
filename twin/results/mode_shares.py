"""How people go before and after, where a study lets them react: trips and shares by mode and purpose.

Expected trips of an average day by those who usually set out in the measured window; no chance of days is in them.
Leaves out taxis, lorries and through traffic, which do not choose.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.results.numbers import written
from twin.wording import AREAS, Language, Words

MODES = {
    "car": Words("小汽车", "car"),
    "bus": Words("公交", "bus"),
    "ebike": Words("自行车、电动车", "e-bike"),
    "walk": Words("步行", "on foot"),
}
"""Modes that people choose among, in the order of tables."""
ALL_PURPOSES = "all"
ALL_MODES = "all"
MODE_SHARE_COLUMNS = {
    "area": ("word", "city, or near: the trip starts or ends within 2 km of a measure"),
    "purpose": ("word", "purpose of the trip; all: of any"),
    "mode": ("word", "car, bus, ebike or walk; all: all of them, where trips are induced or suppressed"),
    "before_trips": ("trips", "person trips in the measured window of an average day, nobody having changed"),
    "after_trips": ("trips", "the same where people react"),
    "before_share": ("share", "of the trips by all four modes"),
    "after_share": ("share", "the same where people react"),
}
MODE_ROUND_COLUMNS = {
    "round": ("count", "of choosing; 0: nobody has changed yet"),
    "gap": ("share", "of people whose mode would be another one at the costs of this round"),
    "changed": ("share", "of people who go by another mode than in the base"),
    "car": ("share", "of people who go by car"),
    "bus": ("share", "by bus"),
    "ebike": ("share", "by e-bike"),
    "walk": ("share", "on foot"),
    "gain_h": ("person-hours", "gained in generalised time, fees and fares included, by the logsum; all who choose"),
    "vehicle_hours": ("veh·h", "of the last loading of this round"),
}


def mode_shares(
    choosers: pd.DataFrame, mode_after: NDArray[np.object_], factor: NDArray[np.float64], near: NDArray[np.bool_]
) -> pd.DataFrame:
    """MODE_SHARE_COLUMNS of choosers (`city.trips.CHOOSER_COLUMNS`) of the measured window.

    `mode_after`, `factor`: how each goes after, and trips made over trips before; `near`: whether a trip starts or ends
    near a measure. An area or purpose in which nobody travels has no rows.
    """
    before = (choosers["people"] * choosers["travels_share"]).to_numpy(dtype=np.float64)
    purposes = choosers["purpose"].to_numpy(dtype=object)
    mode_before = choosers["mode"].to_numpy(dtype=object)
    rows = []
    for area, inside in (("city", np.ones(len(choosers), dtype=np.bool_)), ("near", near)):
        for purpose in (ALL_PURPOSES, *sorted(set(purposes.tolist()))):
            here = inside & ((purposes == purpose) | (purpose == ALL_PURPOSES))
            trips = {
                mode: (
                    float(before[here & (mode_before == mode)].sum()),
                    float((before * factor)[here & (mode_after == mode)].sum()),
                )
                for mode in MODES
            }
            totals = [sum(ends[arm] for ends in trips.values()) for arm in (0, 1)]
            if min(totals) <= 0.0:
                continue
            trips[ALL_MODES] = (totals[0], totals[1])
            rows += [
                (area, purpose, mode, ends[0], ends[1], ends[0] / totals[0], ends[1] / totals[1])
                for mode, ends in trips.items()
            ]
    return pd.DataFrame(rows, columns=list(MODE_SHARE_COLUMNS))


def no_mode_shares() -> pd.DataFrame:
    """The table of a study in which nobody changes mode."""
    return pd.DataFrame(columns=list(MODE_SHARE_COLUMNS))


def no_mode_rounds() -> pd.DataFrame:
    """The rounds of a study in which nobody changes mode."""
    return pd.DataFrame(columns=list(MODE_ROUND_COLUMNS))


def shares_written(table: pd.DataFrame, language: Language) -> pd.DataFrame:
    """The shares of all purposes as text, one line an area and mode: trips, shares in %, and changes."""
    head = Words(
        "范围|方式|现状 人次|方案 人次|变化|现状 %|方案 %|变化 百分点",
        "area|mode|trips before|trips after|change|before %|after %|change, points",
    )
    lines = []
    for row in table[table["purpose"] == ALL_PURPOSES].to_dict("records"):
        mode = MODES.get(str(row["mode"]), Words("合计", "together"))
        trips = [float(row[f"{arm}_trips"]) for arm in ("before", "after")]
        shares = [100.0 * float(row[f"{arm}_share"]) for arm in ("before", "after")]
        lines.append(
            (
                AREAS[str(row["area"])].in_(language),
                mode.in_(language),
                *(written(count, 0) for count in trips),
                written(trips[1] - trips[0], 0, signed=True),
                *(written(share, 2) for share in shares),
                written(shares[1] - shares[0], 2, signed=True),
            )
        )
    return pd.DataFrame(lines, columns=head.in_(language).split("|"))


def rounds_written(rounds: pd.DataFrame, language: Language) -> str:
    """How choice of mode settled, as one sentence."""
    gaps = " → ".join(f"{100.0 * float(gap):.3f}%" for gap in rounds["gap"])
    last = rounds.iloc[-1]
    gain = written(float(last["gain_h"]), 0, signed=True)
    changed = f"{100.0 * float(last['changed']):.2f}"
    return Words(
        f"方式选择与道路迭代 {int(last['round'])} 轮：按当轮费用仍想改变方式的人占比 {gaps}；最终 {changed}% 的人"
        f"改变了方式。按 logsum 计，出行者共得广义时间 {gain} 人时(含票价与停车费)。",
        f"Choice of mode settled with the road, rounds: {int(last['round'])}; people who would still go otherwise "
        f"{gaps}; in the end {changed} % go otherwise than before. By the logsum people gain {gain} hours of "
        "generalised time (fares and fees count).",
    ).in_(language)
