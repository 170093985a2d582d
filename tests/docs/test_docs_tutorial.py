"""The tutorial as a newcomer follows it: every file written, every command run, every line of output seen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
SECONDS_MAX = 120
#: Commands whose findings are the point: they end with 1.
FINDING = ("tieout lint", "tieout backtest", "tieout plan")


class Newcomer:
    """Follows the text from block to block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands: list[str] = []
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        author = {
            f"GIT_{who}_{what}": "ana@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        self.environment = {**os.environ, "PATH": path, "GIT_CONFIG_GLOBAL": "/dev/null", **author}

    def follow(self, text: str) -> None:
        before = ""
        for part in re.split(r"(```\w+\n.*?```\n)", text, flags=re.S):
            if not part.startswith("```"):
                before = part
                self.replace(before)
            elif part.startswith("```console"):
                self.run(part.split("\n")[1:-2])
            else:
                self.write(before, part.split("\n", 1)[1].removesuffix("```\n"))

    def run(self, lines: list[str]) -> None:
        """Each command; the lines after it must stand in its output in this order."""
        at = 0
        while at < len(lines):
            command = lines[at].removeprefix("$ ")
            assert command != lines[at], f"not a command: {command}"
            at += 1
            expected = []
            while at < len(lines) and not lines[at].startswith("$ "):
                expected.append(lines[at])
                at += 1
            self.one(command, expected)

    def one(self, command: str, expected: list[str]) -> None:
        if command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
            return
        done = subprocess.run(
            command, shell=True, cwd=self.folder, env=self.environment, capture_output=True, text=True,
            timeout=SECONDS_MAX, check=False,
        )  # fmt: skip
        assert done.returncode == int(command.startswith(FINDING)), f"{command}\n{done.stdout}{done.stderr}"
        said = iter(done.stdout.split("\n"))
        for line in expected:
            assert any(line == each.rstrip() for each in said), f"{command}: {line!r} is not in\n{done.stdout}"
        if command.startswith("tieout"):
            self.commands.append(command)

    def named_file(self, before: str) -> Path:
        """The last path that the text before a block names."""
        return self.folder / re.findall(r"`((?:mappings|schemas)/[^`]+)`", before)[-1]

    def write(self, before: str, content: str) -> None:
        file = self.named_file(before)
        if "for the last two lines:" in before:
            kept = file.read_text("utf-8").rstrip("\n").split("\n")[:-2]
            content = "\n".join([*kept, content])
        elif "Add to the end of" in before:
            content = file.read_text("utf-8") + content
        file.write_text(content, "utf-8")

    def replace(self, prose: str) -> None:
        """``In `file`, write `new` for `old` ...``: each pair once."""
        prose = " ".join(prose.split())
        for sentence in re.findall(r"In `(?:mappings|schemas)/[^`]+`, write .*?(?:\.(?: |$)|:$)(?=[A-Z]|$)", prose):
            file = self.named_file(sentence)
            text = file.read_text("utf-8")
            pairs = re.findall(r"`([^`]+)` for `([^`]+)`", sentence.split(", write ", 1)[1])
            assert pairs, sentence
            for new, old in pairs:
                assert text.count(old) >= 1, f"{old} is not in {file.name}"
                text = text.replace(old, new, 1)
            file.write_text(text, "utf-8")


def test_the_tutorial_works_as_written_in_under_ten_commands(tmp_path: Path) -> None:
    newcomer = Newcomer(tmp_path)
    newcomer.follow(TEXT)
    assert len(newcomer.commands) < 10, newcomer.commands
    used = {command.split()[1] for command in newcomer.commands}
    assert used == {"init", "new", "lint", "test", "backtest", "plan"}


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (ROOT / "docs" / target).is_file(), target
