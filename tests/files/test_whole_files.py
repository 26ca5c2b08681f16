"""Files are whole or not there."""

from pathlib import Path

import pytest

from twin.files import whole_files
from twin.files.whole_files import write_whole, write_whole_text


def test_text_is_written_as_it_is(tmp_path: Path) -> None:
    write_whole_text(tmp_path / "deep" / "file", "烟台\n\r\n")
    assert (tmp_path / "deep" / "file").read_bytes() == "烟台\n\r\n".encode()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["file"]


def test_a_file_that_cannot_be_written_whole_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
