"""The build step that a declaration cannot say: the wheel carries the shipped workspace inside the engine's package."""

from __future__ import annotations

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
WORKSPACE_FILE = "tieout.yaml"
WORKSPACE_FOLDERS = ("mappings", "schemas", "policies")
PACKED = Path("engine") / "_workspace"


def workspace_files() -> list[Path]:
    """The files of the shipped workspace, relative to the root; hidden ones and Python's own are left out."""
    found = [Path(WORKSPACE_FILE)]
    for folder in WORKSPACE_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            relative = path.relative_to(ROOT)
            if path.is_file() and not any(part.startswith((".", "__")) for part in relative.parts):
                found.append(relative)
    return found


class BuildWithWorkspace(build_py):
    """Copies the workspace into the build, never into the checkout: an editable installation reads the checkout's."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        for file in workspace_files():
            target = Path(self.build_lib) / PACKED / file
            self.mkpath(str(target.parent))
            self.copy_file(str(ROOT / file), str(target), preserve_mode=False)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        outputs: list[str] = super().get_outputs(include_bytecode)
        if self.editable_mode:
            return outputs
        return outputs + [str(Path(self.build_lib) / PACKED / file) for file in workspace_files()]


setup(cmdclass={"build_py": BuildWithWorkspace})
