"""Names of candidates: A, B … Z, AA, AB …"""

import itertools
from collections.abc import Iterator


def letters() -> Iterator[str]:
    """A, B … Z, AA, AB …"""
    alphabet = [chr(ord("A") + i) for i in range(26)]
    for length in itertools.count(1):
        yield from ("".join(word) for word in itertools.product(alphabet, repeat=length))
