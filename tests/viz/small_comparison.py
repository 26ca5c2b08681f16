"""A comparison small enough to check by eye: eight links in the middle of Yantai, three car parks, two seeds."""

import json
from dataclasses import replace
from typing import Any

import pandas as pd

from twin.results.comparison import Comparison

HOSTILE_NAME = "</script><script>window.hacked=1</script>"

WEST, MIDDLE, EAST = (121.380, 37.530), (121.390, 37.530), (121.400, 37.530)
NORTH, SOUTH = (121.390, 37.540), (121.390, 37.520)


def link(link_id: str, name: str, line: list[tuple[float, float]], **changed: Any) -> dict[str, Any]:
    """A secondary street at 60 % of its free speed whose change of delay is within the noise, unless changed."""
    usual = {
        "link_id": link_id,
        "name": name,
        "road_class": "secondary",
        "lanes": 2.0,
        "length_m": 880.0,
        "geometry": json.dumps(line),
        "assumed": "lanes,free_speed_mps",
        "is_new": False,
        "is_closed": False,
        "free_speed_kmh": 50.0,
        "before_speed_kmh": 30.0,
        "after_speed_kmh": 31.0,
        "before_ratio": 0.60,
        "after_ratio": 0.62,
        "before_flow_vph": 812.0,
        "after_flow_vph": 798.0,
        "difference_delay_vehh": -0.4,
        "ci_low": -1.1,
        "ci_high": 0.3,
        "is_clear": False,
    }
    return usual | changed


def links() -> pd.DataFrame:
    better = {"difference_delay_vehh": -6.2, "ci_low": -7.4, "ci_high": -5.0, "is_clear": True}
    worse = {"difference_delay_vehh": 2.1, "ci_low": 1.5, "ci_high": 2.7, "is_clear": True}
    absent = {"difference_delay_vehh": None, "ci_low": None, "ci_high": None}
    new = {"is_new": True, "before_speed_kmh": None, "before_ratio": None, "before_flow_vph": None} | absent
    gone = {"is_closed": True, "after_speed_kmh": None, "after_ratio": None, "after_flow_vph": None} | absent
    return pd.DataFrame(
        [
            link("1", "南大街", [WEST, MIDDLE], before_ratio=0.28, after_ratio=0.45, **better),
            link("2", "南大街", [MIDDLE, WEST]),
            link("3", "南大街", [MIDDLE, EAST], before_ratio=0.70, after_ratio=0.35, **worse),
            link("4", "", [NORTH, MIDDLE], road_class="tertiary"),
            link("5", "青年路", [MIDDLE, SOUTH]),
            link("6", HOSTILE_NAME, [SOUTH, EAST]),
            link("7", "候选A", [EAST, NORTH], **new),
            link("8", "旧路", [SOUTH, WEST], **gone),
        ]
    )


def sites() -> pd.DataFrame:
    def site(
        site_id: str, name: str, place: tuple[float, float], spaces: tuple[int, int], taken: tuple[Any, Any]
    ) -> Any:
        return {
            "site_id": site_id,
            "name": name,
            "kind": "lot",
            "lon": place[0],
            "lat": place[1],
            "zone_id": "Z1",
            "spaces_before": spaces[0],
            "spaces_after": spaces[1],
            "before_occupied_share": taken[0],
            "after_occupied_share": taken[1],
            "before_turned_away": 12.0,
            "after_turned_away": 4.0,
            "assumed": "spaces,tariff",
        }

    return pd.DataFrame(
        [
            site("P1", "大悦城", NORTH, (300, 300), (0.99, 0.84)),
            site("P2", "", EAST, (100, 100), (0.50, 0.50)),
            site("P3", "候选停车场1", SOUTH, (0, 160), (None, 0.30)),
        ]
    )


def site_times() -> pd.DataFrame:
    """P1 fills from 150 to 300 of 300 by half an hour after 07:00; P3 is there only after."""
    quarters = [(25_200.0, 150.0, 140.0), (26_100.0, 270.0, 200.0), (27_000.0, 300.0, 240.0), (99_000.0, 300.0, 300.0)]
    return pd.DataFrame(
        [("P1", start, before, after) for start, before, after in quarters]
        + [("P3", start, None, 16.0) for start, _, _ in quarters],
        columns=["site_id", "interval_start_s", "before_occupied", "after_occupied"],
    )


def cruising() -> pd.DataFrame:
    """南大街 eastbound: 8 % of the traffic searches at 07:15 before, hardly anybody after."""
    return pd.DataFrame(
        [("1", 26_100.0, 0.08, 0.004, 16.0, 0.8), ("5", 26_100.0, None, 0.02, 0.0, 0.1)],
        columns=[
            *("link_id", "interval_start_s", "before_share", "after_share", "before_searching", "after_searching"),
        ],
    )


def search_zones() -> pd.DataFrame:
    columns = [*("zone_id", "before_wanted", "after_wanted", "before_search_s", "after_search_s")]
    columns += [*("before_search_m", "after_search_m", "before_none_share", "after_none_share")]
    return pd.DataFrame([("Z1", 400.0, 401.0, 62.0, 20.0, 300.0, 90.0, 0.05, 0.0)], columns=columns)


def rows() -> pd.DataFrame:
    columns = ["metric", "area", "unit", "before", "after", "difference", "ci_low", "ci_high", "n", "verdict"]
    told = pd.DataFrame(
        [
            ["mean_delay_s", "city", "s", 402.34, 398.11, -4.23, -6.9, -1.6, 2, "better"],
            ["vehicle_hours", "city", "veh·h", 54321.0, 54310.0, -11.0, -251.0, 228.0, 2, "no_difference"],
            ["vehicle_km", "city", "veh·km", 1000.0, 1020.0, 20.0, 10.0, 30.0, 2, "neutral"],
            ["unfinished_share", "city", "share", 0.0001, 0.0009, 0.0008, 0.0006, 0.0010, 2, "worse"],
            ["mean_delay_s", "near", "s", 420.0, 410.0, -10.0, -12.0, -8.0, 2, "better"],
        ],
        columns=columns,
    )
    return with_statistics(told)


def with_statistics(told: pd.DataFrame) -> pd.DataFrame:
    """The rows with what their verdicts rest on: the paired deviation is half the unpaired one."""
    half_width = (told["ci_high"] - told["ci_low"]) / 2.0
    return told.assign(
        bootstrap_low=told["ci_low"] + half_width / 10.0,
        bootstrap_high=told["ci_high"] - half_width / 10.0,
        paired_sd=half_width / 2.0,
        unpaired_sd=half_width,
        correlation=0.75,
        seen_from=half_width * 1.4,
        p=0.01,
        p_together=0.02,
        is_primary=told["metric"] == "mean_delay_s",
    )


def replications() -> pd.DataFrame:
    values = {("before", 1): 401.0, ("before", 2): 403.7, ("after", 1): 396.5, ("after", 2): 399.7}
    return pd.DataFrame(
        [
            {"arm": arm, "seed": seed, "metric": "mean_delay_s", "area": "city", "value": value}
            for (arm, seed), value in values.items()
        ]
    )


def settling() -> pd.DataFrame:
    hours = {"before": [60.0, 52.0, 50.0, 50.0, 50.0, 50.0], "after": [59.0, 49.0, 46.0, 45.0, 46.0, 46.0]}
    return pd.DataFrame(
        [
            {"arm": arm, "round": number, "relative_gap": 0.1 / number, "vehicle_hours": value}
            for arm, values in hours.items()
            for number, value in enumerate(values, start=1)
        ]
    )


def books() -> pd.DataFrame:
    def book(arm: str, seed: int, gridlocks: int) -> dict[str, Any]:
        counts = {"created": 1000, "finished": 990, "travelling": 4, "waiting_outside": 2, "parked": 1, "gave_up": 2}
        return {"arm": arm, "seed": seed, **counts, "unroutable": 1, "gridlocks": gridlocks, "relieved": 0}

    return pd.DataFrame([book("before", 1, 1), book("before", 2, 0), book("after", 1, 0), book("after", 2, 0)])


def measures() -> pd.DataFrame:
    def measure(measure_id: str, group: str, zh: str, en: str, lon: Any, lat: Any) -> dict[str, Any]:
        return {"id": measure_id, "group": group, "text_zh": zh, "text_en": en, "lon": lon, "lat": lat, "reference": ""}

    return pd.DataFrame(
        [
            measure("opening-a", "openings", "开通候选A", "Open candidate A", 121.395, 37.535),
            measure("parking-01", "parking", "新增 160 个泊位", "Add 160 spaces", *SOUTH),
            measure("bus-01", "buses", "1路间隔 8 分钟", "Line 1 every 8 minutes", None, None),
        ]
    )


def meta() -> dict[str, Any]:
    return {
        "before": "baseline",
        "after": "yantai-2024",
        "before_title": "2023 年底现状",
        "after_title": "2024 年方案",
        "place": "yantai",
        "place_title": "烟台",
        "date_before": "2023-12-31",
        "date_after": "2024-12-31",
        "measured": ["07:00", "09:00"],
        "seeds": [1, 2],
        "network_kind": "schematic",
        "demand_assumed": True,
        "source": "示意路网，由公交站点推断",
        "licence": "MIT",
        "assumptions": [{"zh": "车道数按等级假定。", "en": "Lanes are assumed by class."}],
        "warnings": [{"zh": "412 条路段的车道数为假定值。", "en": "412 links have assumed lanes."}],
        "versions": {"twin": "0.1.0"},
        "checksums": {"network": "ab12"},
        "command": "twin run yantai-2024 --replications 2",
        "demonstration": True,
    }


def small_comparison(**changed: Any) -> Comparison:
    """The comparison of this file, with whole tables replaced where named."""
    usual = Comparison(
        rows=rows(),
        links=links(),
        sites=sites(),
        replications=replications(),
        settling=settling(),
        books=books(),
        measures=measures(),
        meta=meta(),
        site_times=site_times(),
        cruising=cruising(),
        search_zones=search_zones(),
    )
    return replace(usual, **changed)
