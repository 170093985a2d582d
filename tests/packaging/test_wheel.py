"""The distribution as a user gets it: built from the sources, installed fresh, used from an empty folder."""

from __future__ import annotations

import email
import json
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKSPACE = ("tieout.yaml", "mappings", "schemas", "policies")
WORKSPACE_IN_WHEEL = "engine/_workspace/"
SECONDS_MAX = 120

#: The fixture builds and installs once: all tests of this file share one worker.
pytestmark = pytest.mark.xdist_group("wheel")


@dataclass(frozen=True, slots=True)
class Installed:
    """A built wheel, and an environment that has it and nothing of the checkout."""

    wheel: Path
    venv: Path
    home: Path

    def tieout(self, *arguments: str, cwd: Path, exit_code: int = 0) -> str:
        """What the installed command prints. Asserts its exit code, and that it wrote no traceback."""
        done = run([str(self.venv / "bin" / "tieout"), *arguments], cwd, self.environment)
        assert (done.returncode, "Traceback" in done.stderr) == (exit_code, False), done.stdout + done.stderr
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the developer's: another home, a plain locale, no Python settings."""
        return {"PATH": "/usr/bin:/bin", "HOME": str(self.home), "LC_ALL": "C"}

    def names(self) -> list[str]:
        """The paths of the wheel's files."""
        with zipfile.ZipFile(self.wheel) as archive:
            return archive.namelist()

    def text(self, suffix: str) -> str:
        """The text of the one file whose path ends so."""
        with zipfile.ZipFile(self.wheel) as archive:
            (found,) = [name for name in archive.namelist() if name.endswith(suffix)]
            return archive.read(found).decode()


def run(command: list[str], cwd: Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=SECONDS_MAX,
        check=False,
    )  # fmt: skip


def sources() -> list[str]:
    """What a clone holds: tracked files, and those that are about to be."""
    listed = run(["git", "ls-files", "-co", "--exclude-standard", "-z"], ROOT)
    assert listed.returncode == 0, listed.stderr
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def copy_sources(target: Path) -> None:
    for name in sources():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target / name)


def build(tree: Path, target: Path) -> Path:
    """The wheel, built by way of the source archive: what is left out there fails here."""
    done = run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(tree)], tree)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (wheel,) = target.glob("tieout-*-py3-none-any.whl")
    return wheel


def install(wheel: Path, target: Path) -> None:
    """Into a new environment that takes the dependencies from the tests' own, so that nothing is fetched."""
    venv.create(target, symlinks=True, with_pip=False)
    python = target / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    done = run([*pip, str(wheel)], target)
    assert done.returncode == 0, done.stderr
    (packages,) = (target / "lib").glob("python3*/site-packages")
    # A path that a .pth file adds has its own .pth files ignored: the checkout's editable installation stays unseen.
    lines = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    (packages / "dependencies.pth").write_text("\n".join(lines) + "\n", "utf-8")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("tree", "dist", "home"):
        (folder / name).mkdir()
    copy_sources(folder / "tree")
    wheel = build(folder / "tree", folder / "dist")
    install(wheel, folder / "venv")
    return Installed(wheel, folder / "venv", folder / "home")


def test_the_wheel_holds_the_program_and_the_workspace_and_nothing_else(installed: Installed) -> None:
    names = installed.names()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"cli.py", "engine", "connectors", "demo"}
    assert [name for name in names if name.endswith(".pyc") or "__pycache__" in name or "/." in name] == []
    assert "engine/py.typed" in names


def test_the_wheel_holds_every_file_that_the_program_needs(installed: Installed) -> None:
    packed = {
        (WORKSPACE_IN_WHEEL if name.split("/")[0] in WORKSPACE else "") + name
        for name in sources()
        if name.split("/")[0] in (*WORKSPACE, "engine", "connectors", "demo", "cli.py")
    }
    assert packed - set(installed.names()) == set()
    assert {name for name in installed.names() if ".dist-info/" not in name} - packed == set()


def test_the_metadata_names_the_licence_the_readme_and_the_command(installed: Installed) -> None:
    metadata = email.message_from_string(installed.text(".dist-info/METADATA"))
    assert (metadata["Name"], metadata["License-Expression"], metadata["License-File"]) == (
        "tieout", "Apache-2.0", "LICENSE",
    )  # fmt: skip
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert str(metadata.get_payload()).strip() == (ROOT / "README.md").read_text("utf-8").strip()
    assert installed.text(".dist-info/licenses/LICENSE") == (ROOT / "LICENSE").read_text("utf-8")
    assert "tieout = cli:script" in installed.text(".dist-info/entry_points.txt")


def test_an_installed_tieout_makes_checks_and_tests_a_workspace(installed: Installed, tmp_path: Path) -> None:
    code = (
        "import engine, connectors, demo, cli; print(engine.__file__, connectors.__file__, demo.__file__, cli.__file__)"
    )
    where = run([str(installed.venv / "bin" / "python"), "-c", code], tmp_path, installed.environment)
    assert all(Path(file).is_relative_to(installed.venv) for file in where.stdout.split()), where.stdout + where.stderr
    assert len(where.stdout.split()) == 4

    version = installed.tieout("--version", cwd=tmp_path).split()
    assert version == ["tieout", installed.wheel.name.split("-")[1]]
    installed.tieout("init", "ws", cwd=tmp_path)
    workspace = tmp_path / "ws"
    made = sorted(path.relative_to(workspace).as_posix() for path in workspace.rglob("*") if path.is_file())
    assert made == sorted(name for name in sources() if name.split("/")[0] in WORKSPACE)

    assert installed.tieout("lint", cwd=workspace).strip() == "no findings"
    report = json.loads(installed.tieout("test", "--json", cwd=workspace))
    assert (report["passed"], report["failed"], report["diagnostics"]) == (True, 0, [])
    assert report["cases"] == len(report["results"]) >= 100
    assert "YAML001" in installed.tieout("explain", "YAML001", cwd=tmp_path)


def test_an_installed_tieout_reports_findings_and_misuse_by_its_exit_code(installed: Installed, tmp_path: Path) -> None:
    installed.tieout("init", "ws", cwd=tmp_path)
    flow = sorted((tmp_path / "ws" / "mappings" / "flows").glob("*.flow.yaml"))[0]
    flow.write_text(flow.read_text("utf-8") + "surprise: 1\n", "utf-8")
    assert "surprise" in installed.tieout("lint", cwd=tmp_path / "ws", exit_code=1)
    installed.tieout("lint", cwd=tmp_path, exit_code=2)
    installed.tieout("init", "ws", cwd=tmp_path, exit_code=2)


def test_the_packed_workspace_is_never_committed() -> None:
    assert [name for name in sources() if "_workspace/" in name] == []
    ignored = run(["git", "check-ignore", "--quiet", f"{WORKSPACE_IN_WHEEL}tieout.yaml"], ROOT)
    assert ignored.returncode == 0, ignored.stderr
