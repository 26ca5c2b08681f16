"""Chinese map grids: GCJ-02 (public maps of China) and BD-09 (Baidu) to WGS-84 and back.

Inside China, public maps move every point by some hundred metres. The forward formulas are the published
approximations; the way back is found by iteration until it is exact to well below a millimetre.
Outside China's box GCJ-02 equals WGS-84.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Degrees = NDArray[np.float64]
LonLat = tuple[Degrees, Degrees]

KRASOVSKY_AXIS_M = 6_378_245.0
KRASOVSKY_ECCENTRICITY_SQUARED = 0.00669342162296594323
_BAIDU_TURN = np.pi * 3000.0 / 180.0
_BAIDU_SHIFT = (0.0065, 0.006)  # degrees east and north
_CHINA = (72.004, 137.8347, 0.8293, 55.8271)  # west, east, south, north of the box the grid covers
_EXACT_DEG = 1e-11
_MOST_ROUNDS = 50


def gcj02_from_wgs84(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """GCJ-02 of WGS-84 positions (degrees). At Yantai it lies 465 m east and 114 m north."""
    lon, lat = _degrees(lon), _degrees(lat)
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (ripple + 20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (ripple + 20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0

    radians = np.radians(lat)
    flattened = 1.0 - KRASOVSKY_ECCENTRICITY_SQUARED * np.sin(radians) ** 2
    meridian_m = KRASOVSKY_AXIS_M * (1.0 - KRASOVSKY_ECCENTRICITY_SQUARED) / flattened**1.5
    parallel_m = KRASOVSKY_AXIS_M / np.sqrt(flattened) * np.cos(radians)
    inside = _is_in_china(lon, lat)
    return (
        np.where(inside, lon + np.degrees(east / parallel_m), lon),
        np.where(inside, lat + np.degrees(north / meridian_m), lat),
    )


def bd09_from_gcj02(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """BD-09 of GCJ-02 positions (degrees)."""
    lon, lat = _degrees(lon), _degrees(lat)
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU_TURN)
    return radius * np.cos(angle) + _BAIDU_SHIFT[0], radius * np.sin(angle) + _BAIDU_SHIFT[1]


def wgs84_from_gcj02(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """WGS-84 of GCJ-02 positions (degrees)."""
    return _inverse(gcj02_from_wgs84, lon, lat)


def gcj02_from_bd09(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """GCJ-02 of BD-09 positions (degrees)."""
    return _inverse(bd09_from_gcj02, lon, lat)


def wgs84_from_bd09(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """WGS-84 of BD-09 positions (degrees)."""
    return wgs84_from_gcj02(*gcj02_from_bd09(lon, lat))


def bd09_from_wgs84(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """BD-09 of WGS-84 positions (degrees)."""
    return bd09_from_gcj02(*gcj02_from_wgs84(lon, lat))


def _inverse(forward: Callable[[ArrayLike, ArrayLike], LonLat], lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """Positions whose forward image is (lon, lat): the shift changes slowly, so repeated correction converges."""
    wanted_lon, wanted_lat = _degrees(lon), _degrees(lat)
    found_lon, found_lat = wanted_lon.copy(), wanted_lat.copy()
    for _ in range(_MOST_ROUNDS):
        image_lon, image_lat = forward(found_lon, found_lat)
        error_lon, error_lat = wanted_lon - image_lon, wanted_lat - image_lat
        found_lon, found_lat = found_lon + error_lon, found_lat + error_lat
        if max(np.max(np.abs(error_lon), initial=0.0), np.max(np.abs(error_lat), initial=0.0)) < _EXACT_DEG:
            break
    return found_lon, found_lat


def _degrees(values: ArrayLike) -> Degrees:
    return np.atleast_1d(np.asarray(values, dtype=np.float64))


def _is_in_china(lon: Degrees, lat: Degrees) -> NDArray[np.bool_]:
    west, east, south, north = _CHINA
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
