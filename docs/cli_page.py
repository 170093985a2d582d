"""The reference page of the command line, from the commands' own declarations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from cli import SECTIONS, LazyGroup, tieout

_INTRODUCTION = """\
# Command line

Written from the commands' own declarations; `tieout COMMAND --help` prints the same.

| Exit code | Means |
|---|---|
| 0 | clean |
| 1 | findings: something is wrong with what was looked at, or waits for a person |
| 2 | wrong usage or configuration, or a system that cannot be reached |
| 3 | a defect of Tieout; its details are in the file that is named |

Where a command has `--json` it prints one JSON value on standard output and nothing else there.
`--workspace`, `--state`, `--store` and `--environment` mean the same everywhere.
"""


def cli_page() -> str:
    """The page as Markdown."""
    context = click.Context(tieout, info_name="tieout")
    overview = "".join(
        f"\n| {heading} | |\n|---|---|\n"
        + "".join(f"| [`{name}`](#tieout-{name}) | {line} |\n" for name, (_, line) in listed.items())
        for heading, listed in SECTIONS.items()
    )
    assert isinstance(tieout, LazyGroup)
    sections = [_INTRODUCTION + overview]
    for name, command in commands(tieout, context):
        sections.append("\n".join(_section(name, command)))
    return "\n".join(sections).rstrip("\n") + "\n"


def commands(group: click.Group, context: click.Context, prefix: str = "tieout") -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, groups before what is in them."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        full = f"{prefix} {name}"
        yield full, command
        if isinstance(command, click.Group):
            yield from commands(command, context, full)


def options(command: click.Command) -> list[click.Option]:
    """The options of a command that can be seen, without `--help`."""
    return [each for each in command.params if isinstance(each, click.Option) and not each.hidden]


def spelling(option: click.Option) -> str:
    """All spellings of an option, as they are typed: `--keep`, `--watch/--no-watch`, `--port INTEGER`."""
    names = ", ".join(option.opts)
    if option.secondary_opts:
        return f"{names}/{'/'.join(option.secondary_opts)}"
    if option.is_flag:
        return names
    return f"{names} {option.metavar or _value(option.type, option.name or '')}"


def _value(type_: click.ParamType[Any], name: str) -> str:
    if isinstance(type_, click.Choice):
        return "|".join(str(each) for each in type_.choices)
    if isinstance(type_, click.Path):
        return "FOLDER" if not type_.file_okay else "FILE"
    if isinstance(type_, click.types.FloatParamType):
        return "NUMBER"
    if isinstance(type_, click.types.IntParamType):
        return "NUMBER"
    return name.removesuffix("_").upper().replace("_", "-")


def _section(name: str, command: click.Command) -> Iterator[str]:
    yield f"## {name}"
    yield ""
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    usage = [name, *(each.make_metavar(click.Context(command)) for each in arguments)]
    if isinstance(command, click.Group):
        usage.append("COMMAND")
    if options(command):
        usage.append("[OPTIONS]")
    yield f"`{' '.join(usage)}`"
    yield ""
    yield " ".join((command.help or "").split())
    yield ""
    if options(command):
        yield "| Option | Means |"
        yield "|---|---|"
        for option in options(command):
            yield f"| `{_cell(spelling(option))}` | {_cell(_meaning(option))} |"
        yield ""
    if command.epilog:
        example = command.epilog.removeprefix("Example: ")
        yield f"Example: `{example}`"
        yield ""


def _meaning(option: click.Option) -> str:
    parts = [" ".join((option.help or "").split())]
    if option.required:
        parts.append("Required.")
    elif isinstance(option.show_default, str):
        parts.append(f"Default: {option.show_default}.")
    elif option.show_default and option.secondary_opts:
        parts.append(f"Default: `{option.opts[0] if option.default else option.secondary_opts[0]}`.")
    elif option.show_default:
        parts.append(f"Default: `{option.default}`.")
    if option.show_envvar and option.envvar:
        parts.append(f"Also from the environment: `{option.envvar}`.")
    return " ".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
