"""Files are read again whenever they may have changed, and only then."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.base.clock import FixedClock, SystemClock
from engine.spec.kept_bytes import KeptBytes

#: Long after every file of these tests was written.
LATER = FixedClock("2999-01-01T00:00:00Z")


def test_a_file_is_not_read_again_while_its_stamp_stays(tmp_path: Path) -> None:
    kept, path = KeptBytes(LATER), tmp_path / "a"
    path.write_bytes(b"one")
    first = kept.read(str(path))
    assert kept.read(str(path)) is first
    path.write_bytes(b"other")
    assert kept.read(str(path)) == b"other"


def test_another_file_of_the_same_size_and_time_in_its_place_is_read(tmp_path: Path) -> None:
    kept, path, other = KeptBytes(LATER), tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"one")
    other.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    os.utime(other, ns=(1, 1))
    assert kept.read(str(path)) == b"one"
    other.replace(path)
    assert kept.read(str(path)) == b"two"


def test_what_was_written_just_now_is_read_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes twice within one tick leaves the same stamp."""
    kept, path = KeptBytes(SystemClock()), tmp_path / "a"
    path.write_bytes(b"one")
    assert kept.read(str(path)) == b"one"
    stamp = path.stat()
    monkeypatch.setattr(os, "stat", lambda *_, **__: stamp)
    path.write_bytes(b"two")
    assert kept.read(str(path)) == b"two"


def test_a_file_that_is_gone_is_an_error_and_its_return_is_seen(tmp_path: Path) -> None:
    kept, path = KeptBytes(LATER), tmp_path / "a"
    path.write_bytes(b"one")
    kept.read(str(path))
    path.unlink()
    with pytest.raises(FileNotFoundError):
        kept.read(str(path))
    path.write_bytes(b"two")
    assert kept.read(str(path)) == b"two"
