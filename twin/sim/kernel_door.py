"""The compiled flow's door: its words with the state given as one small array of addresses.

To hand two dozen arrays from Python to compiled code costs more than most words do. So the addresses and shapes of the
arrays are written down once (`addresses`), and put together again behind the door.
"""

from typing import Any

import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array
from numpy.typing import NDArray

from twin.sim import kernel_state as k
from twin.sim.kernel_state import inlined

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


def _typed_array(_typing: Any, _address: Any, shape: Any, kind: Any) -> Any:
    """An array of that kind and shape at an address, uncounted: its type, and the code that makes it."""
    result = types.Array(kind.dtype, len(shape), "C")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        words = context.get_value_type(types.intp)
        lengths = cgutils.unpack_tuple(builder, arguments[1], len(shape))
        size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
        steps = [size]
        for length in reversed(lengths[1:]):
            steps.insert(0, builder.mul(steps[0], length))
        array = context.make_array(result)(context, builder)
        data = builder.inttoptr(arguments[0], context.get_data_type(kind.dtype).as_pointer())
        packed = [cgutils.pack_array(builder, numbers, ty=words) for numbers in (lengths, steps)]
        populate_array(array, data, packed[0], packed[1], itemsize=size, meminfo=None)
        return array._getvalue()

    return result(types.int64, shape, kind), generate


_array: Any = intrinsic(_typed_array)


@inlined
def state_at(a):
    """The state whose arrays lie at these addresses; in the order of `kernel_state.State`."""
    return k.State(
        _array(a[0, 0], (a[0, 1],), k.APPROACH),
        _array(a[1, 0], (a[1, 1],), k.ROAD),
        _array(a[2, 0], (a[2, 1],), k.TURN),
        _array(a[3, 0], (a[3, 1], a[3, 2]), np.int64),
        _array(a[4, 0], (a[4, 1],), k.GREEN),
        _array(a[5, 0], (a[5, 1],), k.CONFLICT),
        _array(a[6, 0], (a[6, 1],), k.STREAM),
        _array(a[7, 0], (a[7, 1], a[7, 2]), np.int64),
        _array(a[8, 0], (a[8, 1], a[8, 2]), np.int64),
        _array(a[9, 0], (a[9, 1],), k.EXIT),
        _array(a[10, 0], (a[10, 1],), k.VEHICLE),
        _array(a[11, 0], (a[11, 1],), k.JOURNEY),
        _array(a[12, 0], (a[12, 1],), np.int32),
        _array(a[13, 0], (a[13, 1],), np.int64),
        _array(a[14, 0], (a[14, 1],), np.int32),
        _array(a[15, 0], (a[15, 1],), k.SLOT),
        _array(a[16, 0], (a[16, 1],), np.int64),
        _array(a[17, 0], (a[17, 1], a[17, 2], a[17, 3]), np.int64),
        _array(a[18, 0], (a[18, 1],), k.PASSAGE),
        _array(a[19, 0], (a[19, 1],), np.int64),
        _array(a[20, 0], (a[20, 1],), k.CYCLE),
        _array(a[21, 0], (a[21, 1],), np.int64),
        _array(a[22, 0], (a[22, 1],), np.int64),
        _array(a[23, 0], (a[23, 1],), np.int64),
        _array(a[24, 0], (a[24, 1],), k.CONTROL),
    )
