"""A store that this user may not write is refused in words when it is opened."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path
from engine.base.clock import SystemClock
from engine.base.errors import UserError
from engine.base.identity import Identity
from engine.store.store import open_store

clock = SystemClock()
def opened():
    return open_store(sys.argv[1], workspace="w", environment="test", clock=clock, identity=Identity(clock))
opened().close()
Path(sys.argv[1]).chmod(0o444)
try:
    opened()
except UserError as refused:
    print(refused.message)
"""
#: prctl(2): take a capability from all that is executed from now on; root's right to write everything is the first.
_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE = 24, 1


def without_the_rights_of_root() -> None:
    ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE)


def test_a_store_that_may_not_be_written_is_refused_in_words(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(store)], capture_output=True, text=True, timeout=60, check=False,
        cwd=Path(__file__).parents[2], preexec_fn=without_the_rights_of_root,
    )  # fmt: skip
    said = f"the store {store} cannot be opened: attempt to write a readonly database\n"
    assert (done.returncode, done.stdout) == (0, said), done.stderr
