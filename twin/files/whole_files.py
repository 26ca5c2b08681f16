"""Files that are whole or not there: written under a temporary name beside their place, then moved into it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary path to write to; it takes the place of `path` at the end, or is removed where writing fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    part = Path(name)
    try:
        yield part
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
        part.chmod(0o644)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes) -> None:
    """Write a file in one step: a killed program leaves the old one or the new one, never a half."""
    with whole_file(path) as part:
        part.write_bytes(content)


def write_whole_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8 in one step, its lines ended as they are in the text."""
    write_whole(path, text.encode())
