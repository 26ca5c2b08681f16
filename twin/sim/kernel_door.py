"""The compiled flow's door: its words with the state given as one small array of addresses.

To hand two dozen arrays from Python to compiled code costs more than most words do. So the addresses and shapes of the
arrays are written down once (`addresses`), and put together again behind the door.
"""

from typing import Any

import numpy as np
from numba.core import types
from numba.extending import intrinsic
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from twin.sim import kernel, legs
from twin.sim import kernel_state as k
from twin.sim.kernel_state import compiled_with_arrays

_WORDS = 4
"""Numbers written down of an array: its address, and up to three lengths."""


def addresses(state: k.State) -> NDArray[np.int64]:
    """Where the arrays of a state lie and how long they are; holds as long as the state itself does."""
    rows = np.zeros((len(state), _WORDS), dtype=np.int64)
    for row, array in zip(rows, state, strict=True):
        if not array.flags.c_contiguous:
            raise ValueError("the compiled flow's arrays lie in one piece")
        row[0], row[1 : 1 + array.ndim] = array.ctypes.data, array.shape
    return rows


def _typed_pointer(_typing: Any, _address: Any) -> Any:
    """An address as a pointer: its type, and the code that makes it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.voidptr(types.int64), generate


_pointer: Any = intrinsic(_typed_pointer)


@compiled_with_arrays
def _state(a):
    """The state whose arrays lie at these addresses; in the order of `kernel_state.State`."""
    return k.State(
        carray(_pointer(a[0, 0]), (a[0, 1],), k.APPROACH),
        carray(_pointer(a[1, 0]), (a[1, 1],), k.ROAD),
        carray(_pointer(a[2, 0]), (a[2, 1],), k.TURN),
        carray(_pointer(a[3, 0]), (a[3, 1], a[3, 2]), np.int64),
        carray(_pointer(a[4, 0]), (a[4, 1],), k.GREEN),
        carray(_pointer(a[5, 0]), (a[5, 1],), k.CONFLICT),
        carray(_pointer(a[6, 0]), (a[6, 1],), k.STREAM),
        carray(_pointer(a[7, 0]), (a[7, 1], a[7, 2]), np.int64),
        carray(_pointer(a[8, 0]), (a[8, 1], a[8, 2]), np.int64),
        carray(_pointer(a[9, 0]), (a[9, 1],), k.EXIT),
        carray(_pointer(a[10, 0]), (a[10, 1],), k.VEHICLE),
        carray(_pointer(a[11, 0]), (a[11, 1],), k.JOURNEY),
        carray(_pointer(a[12, 0]), (a[12, 1],), np.int32),
        carray(_pointer(a[13, 0]), (a[13, 1],), np.int64),
        carray(_pointer(a[14, 0]), (a[14, 1],), np.int32),
        carray(_pointer(a[15, 0]), (a[15, 1],), k.SLOT),
        carray(_pointer(a[16, 0]), (a[16, 1],), np.int64),
        carray(_pointer(a[17, 0]), (a[17, 1], a[17, 2], a[17, 3]), np.int64),
        carray(_pointer(a[18, 0]), (a[18, 1],), k.PASSAGE),
        carray(_pointer(a[19, 0]), (a[19, 1],), np.int64),
        carray(_pointer(a[20, 0]), (a[20, 1],), k.CYCLE),
        carray(_pointer(a[21, 0]), (a[21, 1],), np.int64),
        carray(_pointer(a[22, 0]), (a[22, 1],), np.int64),
        carray(_pointer(a[23, 0]), (a[23, 1],), np.int64),
        carray(_pointer(a[24, 0]), (a[24, 1],), k.CONTROL),
    )


@compiled_with_arrays
def advance(a, until):
    """See `kernel.advance`."""
    return kernel.advance(_state(a), until)


@compiled_with_arrays
def take_off(a, v, now, status):
    """See `kernel.take_off`."""
    return kernel.take_off(_state(a), v, now, status)


@compiled_with_arrays
def start_leg(a, v, now, route, begin):
    """See `legs.start_leg`."""
    return legs.start_leg(_state(a), v, now, route, begin)


@compiled_with_arrays
def redirect(a, v, now, here, leaves, route, begin):
    """See `legs.redirect`."""
    return legs.redirect(_state(a), v, now, here, leaves, route, begin)


@compiled_with_arrays
def show_greens(a, segment, turn, green_at, green_end, now):
    """See `kernel.show_greens`."""
    return kernel.show_greens(_state(a), segment, turn, green_at, green_end, now)


@compiled_with_arrays
def close_segment(a, j, now, closed):
    """See `kernel.close_segment`."""
    return kernel.close_segment(_state(a), j, now, closed)
