import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.transit.chinese_grids import (
    bd09_from_gcj02,
    bd09_from_wgs84,
    gcj02_from_bd09,
    gcj02_from_wgs84,
    wgs84_from_bd09,
    wgs84_from_gcj02,
)

YANTAI = (121.39, 37.53)
METRES_NORTH_PER_DEG = 111_000.0
METRES_EAST_PER_DEG = 111_320.0 * np.cos(np.radians(YANTAI[1]))


def test_gcj02_lies_465_m_east_and_114_m_north_at_yantai():
    lon, lat = gcj02_from_wgs84(*YANTAI)
    assert (lon[0] - YANTAI[0]) * METRES_EAST_PER_DEG == pytest.approx(465, abs=0.5)
    assert (lat[0] - YANTAI[1]) * METRES_NORTH_PER_DEG == pytest.approx(114, abs=0.5)


def test_bd09_adds_some_hundred_metres_more():
    lon, lat = bd09_from_gcj02(*YANTAI)
    assert 0.0063 < lon[0] - YANTAI[0] < 0.0067 and 0.0055 < lat[0] - YANTAI[1] < 0.0065


@given(st.floats(75, 135), st.floats(18, 53))
def test_the_way_back_is_exact(lon, lat):
    for forth, back in (
        (gcj02_from_wgs84, wgs84_from_gcj02),
        (bd09_from_gcj02, gcj02_from_bd09),
        (bd09_from_wgs84, wgs84_from_bd09),
    ):
        found = back(*forth(lon, lat))
        # 1e-9 degrees are 0.1 mm.
        assert found[0][0] == pytest.approx(lon, abs=1e-9) and found[1][0] == pytest.approx(lat, abs=1e-9)


def test_outside_china_gcj02_is_wgs84():
    lon, lat = gcj02_from_wgs84([24.94, 2.35], [60.17, 48.85])
    assert lon.tolist() == [24.94, 2.35] and lat.tolist() == [60.17, 48.85]
