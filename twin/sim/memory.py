"""Memory of a run: tables that are zeroed, at cache lines, in large pages where the system has them; and its garbage.

An event touches a dozen places scattered over tens of megabytes; with pages of 4 kB each costs a page walk, which
was measured to be most of the run. Where large pages cannot be had, nothing changes but the speed.
"""

import contextlib
import gc
import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LARGE_PAGE = 1 << 21
_CACHE_LINE = 64


def zeros(shape: int | tuple[int, ...], dtype: Any = np.int64) -> NDArray[Any]:
    """Zeroed array that begins at a cache line."""
    kind = np.dtype(dtype)
    count = int(np.prod(shape))
    size = count * kind.itemsize
    advice = getattr(mmap, "MADV_HUGEPAGE", None)
    if size < _LARGE_PAGE // 4 or advice is None:
        raw = np.zeros(size + _CACHE_LINE, dtype=np.uint8)
        skip = -raw.ctypes.data % _CACHE_LINE
    else:
        # Private: pages of memory that could be shared with another process stay small.
        room = mmap.mmap(-1, size + 2 * _LARGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        room.madvise(advice)
        raw = np.frombuffer(room, dtype=np.uint8)
        skip = -raw.ctypes.data % _LARGE_PAGE
    array: NDArray[Any] = raw[skip : skip + size].view(kind).reshape(shape)
    return array


def copied(array: NDArray[Any]) -> NDArray[Any]:
    """The same values in memory of this kind."""
    room = zeros(array.shape, array.dtype)
    room[...] = array
    return room


@contextlib.contextmanager
def nothing_collected() -> Iterator[None]:
    """Leave circular garbage where it lies until the end of a run.

    A run makes and ends a story a driver, and the collector looks again and again through all that are under way:
    a quarter of a run's time, measured, for no memory worth having back. Nested use, or a collector that somebody
    has switched off, stays as it was.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
