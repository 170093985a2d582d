"""How commands find a daemon, and that no password is written down on the way."""

from __future__ import annotations

import os
from pathlib import Path

from engine.serve.presence import FILE, Presence, announce, find_presence, is_running, withdraw
from engine.store.driver import without_password


def test_a_daemon_announces_an_address_that_can_be_reached(tmp_path: Path) -> None:
    for host, address in (
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("10.1.2.3", "http://10.1.2.3:80"),
    ):
        announce(tmp_path, host, 80, "store.db")
        assert find_presence(tmp_path) == Presence(address, os.getpid(), "store.db")
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_only_the_process_that_announced_itself_withdraws(tmp_path: Path) -> None:
    announce(tmp_path, "127.0.0.1", 80, "store.db")
    other = (tmp_path / FILE).read_text().replace(str(os.getpid()), "4194305")
    (tmp_path / FILE).write_text(other)
    withdraw(tmp_path)
    found = find_presence(tmp_path)
    assert found is not None
    assert not is_running(found)
    announce(tmp_path, "127.0.0.1", 80, "store.db")
    withdraw(tmp_path)
    assert find_presence(tmp_path) is None


def test_a_file_that_cannot_be_read_is_no_daemon(tmp_path: Path) -> None:
    for content in ("", "{", "[]", '{"address": 1}', '{"address": "x", "process": "y", "store": ""}'):
        (tmp_path / FILE).write_text(content)
        assert find_presence(tmp_path) is None


def test_passwords_of_stores_are_not_shown() -> None:
    assert without_password("/var/lib/store.db") == "/var/lib/store.db"
    for url in ("postgresql://tieout:canary@db:5432/t", "postgres://tieout@db/t?password=canary&sslmode=require"):
        shown = without_password(url)
        assert "canary" not in shown
        assert "db" in shown
