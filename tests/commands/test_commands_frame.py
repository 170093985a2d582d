"""The frame of the command line: help with examples, light start, exit codes, and errors in words."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import cli
from engine.base.errors import Defect, Failure
from engine.commands.show import machine_says


def every_command(group: click.Group, *before: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*before, name), command
        if isinstance(command, click.Group):
            yield from every_command(command, *before, name)


EVERY = list(every_command(cli.tieout))


@pytest.mark.parametrize(("path", "command"), EVERY, ids=[" ".join(path) for path, _ in EVERY])
def test_every_command_has_help_with_an_example(tieout: Any, path: tuple[str, ...], command: click.Command) -> None:
    said = tieout(*path, "--help")
    assert said.code == 0
    assert f"tieout {path[0]}" in (command.epilog or "")
    flat = " ".join(said.out.split())
    assert "Example: tieout" in flat
    assert (command.help or "").strip()
    undocumented = [option.name for option in command.params if isinstance(option, click.Option) and not option.help]
    assert undocumented == []


def test_commands_that_report_can_report_json() -> None:
    groups = {"exceptions", "audit", "connector", "docs"}
    #: They write another machine-readable form: log lines, CSV or XLSX, the language server protocol.
    in_another_form = {"serve", "exceptions export", "lsp"}
    without = {
        " ".join(path)
        for path, command in EVERY
        if not any("--json" in option.opts for option in command.params if isinstance(option, click.Option))
    }
    assert without == groups | in_another_form


def test_the_overview_lists_every_command_of_the_issue(tieout: Any) -> None:
    said = tieout("--help")
    names = {
        "init", "lint", "test", "trace", "run", "serve", "call", "status", "runs", "exceptions", "retry", "lineage",
        "audit", "explain", "doctor", "demo", "eval",
    }  # fmt: skip
    listed = {line.split()[0] for line in said.out.splitlines() if line.startswith("  ") and line.strip()}
    assert (said.code, names - listed) == (0, set())


def test_the_overview_has_every_command_once_under_what_one_wants_to_do(tieout: Any) -> None:
    said = tieout("--help").out
    listed = [name for each in cli.SECTIONS.values() for name in each]
    assert sorted(listed) == sorted(set(listed)) == sorted(cli.COMMANDS)
    assert all(f"{heading}:\n  {next(iter(commands))} " in said for heading, commands in cli.SECTIONS.items())


def test_a_reader_that_has_seen_enough_is_no_finding() -> None:
    program = "import sys, cli\nsys.argv = ['tieout', 'explain', 'YAML001', '--json']\ncli.main()"
    ended = subprocess.run(
        ["bash", "-c", '"$0" -c "$1" | :; echo "${PIPESTATUS[0]}"',
         sys.executable, program],
        capture_output=True, text=True, timeout=60, check=True, cwd=Path(cli.__file__).parent,
    )  # fmt: skip
    assert (ended.stdout, ended.stderr) == ("0\n", "")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "Permission denied", "/srv/state"), "cannot use /srv/state: Permission denied"),
        (OSError(28, "No space left on device", b"/srv/f"), "cannot use /srv/f: No space left on device"),
        (ModuleNotFoundError("No module named 'psycopg'", name="psycopg"), "install `tieout[postgresql]`"),
        (ModuleNotFoundError("No module named 'engine.x'", name="engine.x"), None),
        (FileNotFoundError(2, "No such file or directory", "/srv/f"), None),
    ],
    ids=["rights", "room", "extra", "own_module", "own_file"],
)
def test_what_the_machine_refuses_is_told_from_our_mistakes(error: Exception, said: str | None) -> None:
    found = machine_says(error)
    assert found is None if said is None else said in (found or "")


def test_help_imports_nothing_heavy() -> None:
    heavy = (
        "sqlalchemy",
        "jinja2",
        "httpx",
        "jsonschema",
        "yaml",
        "starlette",
        "uvicorn",
        "orjson",
        "rich",
        "engine.api",
    )
    program = (
        "import sys, cli\nsys.argv = ['tieout', '--help']\n"
        "try:\n    cli.main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True,
        cwd=Path(cli.__file__).parent,
    )  # fmt: skip
    assert done.stderr.strip() == "[]"


def test_what_is_not_a_command_or_an_option_is_a_usage_error_with_a_hint(tieout: Any) -> None:
    said = tieout("lnit")
    assert (said.code, "Did you mean" in said.err) == (2, True)
    assert tieout("lint", "--formt", "json").code == 2
    assert tieout("runs", "--limit", "0").code == 2
    assert tieout("explain").code == 2


def test_a_place_without_a_workspace_is_said_in_words(
    tieout: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in ("lint", "test", "status", "doctor"):
        said = tieout(command)
        assert (said.code, "tieout init" in said.err) == (2, True), command
        assert "Traceback" not in said.err


def test_a_failure_of_the_world_is_2_and_a_defect_is_3_with_a_report(
    tieout: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    checking = importlib.import_module("engine.commands.checking")

    def command_that(error: Exception) -> click.Command:
        def fail() -> None:
            raise error

        return click.Command("explain", callback=fail)

    monkeypatch.setitem(checking.COMMANDS, "explain", command_that(Failure("transient", "no answer")))  # type: ignore[arg-type]
    said = tieout("explain")
    assert (said.code, said.err) == (2, "error: no answer\n")
    monkeypatch.setitem(checking.COMMANDS, "explain", command_that(Defect("two heads")))
    said = tieout("explain")
    assert said.code == 3
    report = Path(said.err.split(" in ")[-1].strip().rstrip("."))
    text = report.read_text()
    report.unlink()
    assert "Defect: two heads" in text
    assert "two heads" not in said.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("lint", "--json", "--nope"), "No such option '--nope'"),
        (("trace", "x", "--json"), "Missing option '--event'"),
        (("nope", "--json"), "There is no command `nope`"),
    ],
)
def test_a_wrong_command_is_told_to_programs_as_json(tieout: Any, arguments: tuple[str, ...], said: str) -> None:
    done = tieout(*arguments)
    assert done.code == 2
    assert said in done.json["error"] and done.json["diagnostics"] == []
    assert said in done.err
