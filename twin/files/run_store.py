"""The store of runs already made, from which a study that was stopped goes on: each in a folder named by what it was
made from, so that a run is made once and what stands there is never something else.

Which stored runs there are, what they belong to, and which nobody needs: `run_inventory`.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from twin.errors import DataFileError
from twin.files.result_folder import MANIFEST, folder_faults, sync_folder
from twin.files.results_files import read_run, write_run
from twin.results.run import Run

State = Literal["none", "damaged", "whole"]

_KEY = re.compile(r"[0-9a-z][0-9a-z_-]*")


@dataclass(frozen=True, slots=True)
class RunStore:
    """Runs already made, each in a folder named by what it was made from (`key_of`)."""

    folder: Path

    def state(self, key: str) -> State:
        """Whether the run of that key is there; damaged: it is not as it was written, and is to be made again."""
        place = self._place(key)
        if not place.exists():
            return "none"
        return "damaged" if folder_faults(place) else "whole"

    def get(self, key: str) -> Run | None:
        """The run of that key; None: not made yet, or damaged and to be made again."""
        place = self._place(key)
        if not (place / MANIFEST).is_file():
            return None
        with contextlib.suppress(DataFileError):
            return read_run(place)
        return None

    def put(self, key: str, run: Run, origin: Mapping[str, Any] | None = None) -> None:
        """Keep a run under its key, in one step; a whole one that is there already stays. `origin`: as `write_run`."""
        place = self._place(key)
        part = self.folder / f".{key}.{os.getpid()}.part"
        try:
            write_run(run, part, origin)
            if self.state(key) != "whole":
                shutil.rmtree(place, ignore_errors=True)  # a damaged one
                try:
                    part.rename(place)
                    sync_folder(self.folder)
                except OSError as error:
                    if self.state(key) != "whole":  # else another worker was quicker with the same run
                        raise DataFileError(f"{place}: the run could not be kept ({error.strerror}).") from error
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _place(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no key of a run: lower-case letters, digits, _ and - only")
        return self.folder / key


def key_of(made_from: Mapping[str, Any]) -> str:
    """Key of a run by all that decides it (names, checksums, seed, versions): 32 hexadecimal digits, in any order.

    >>> key_of({"seed": 1, "city": "ab"}) == key_of({"city": "ab", "seed": 1}) != key_of({"city": "ab", "seed": 2})
    True
    """
    text = json.dumps(made_from, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def run_key(arm: str, seed: int) -> str:
    """Key of the run of an arm (by the key of its settlement) with a seed."""
    return f"{arm}-{seed}"
