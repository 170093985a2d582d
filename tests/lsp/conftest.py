"""What the tests of the language server need of the machine."""

from __future__ import annotations

import os
import shutil

NEOVIM = "test_lsp_neovim.py"

#: Neovim is a system package, which `.ci/run` installs. Elsewhere, without it, its test is left out, and that is said.
collect_ignore = [] if shutil.which("nvim") or os.environ.get("CI") == "true" else [NEOVIM]


def pytest_report_header() -> list[str]:
    return (
        [f"NEOVIM IS NOT INSTALLED: tests/lsp/{NEOVIM} is left out (apt-get install neovim)"] if collect_ignore else []
    )
