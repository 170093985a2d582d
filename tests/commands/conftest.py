"""Commands run in this process, as the script would run them, on a workspace and a state of their own."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from daemon_world import WORKSPACE, Ledger, environment

import cli


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.out)


Tieout = Callable[..., Said]


@pytest.fixture
def tieout(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Tieout:
    """Runs one command line; ``stdin`` is what is piped into it."""

    def run(*arguments: str, stdin: bytes = b"") -> Said:
        monkeypatch.setattr(sys, "argv", ["tieout", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, said.out, said.err)

    return run


@pytest.fixture(scope="session")
def ledger() -> Iterator[Ledger]:
    service = Ledger()
    with service.serving():
        yield service


@pytest.fixture
def place(tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small workspace in it, which is the current folder; its state is ``.tieout`` inside."""
    for name, value in environment(ledger.url).items():
        if name.startswith("SMALL_"):
            monkeypatch.setenv(name, value)
    for name in ("TIEOUT_STATE", "TIEOUT_STORE", "TIEOUT_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "workspace"
    shutil.copytree(WORKSPACE, root)
    monkeypatch.chdir(root)
    return root
