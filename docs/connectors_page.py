"""The reference page of the shipped connectors: settings, secrets, operations and what each relies on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[1] / "connectors"

_INTRODUCTION = """\
# Shipped connectors

Written from the manifests. How to write one is in [the guide](../guides/connectors.md), what a manifest may say in
[documents](documents.md#connector).

For operations that change something, the tables say how the system knows a repetition: the key travels in a `header`
or in the `body`, the change is `natural` (saying it twice changes nothing) or an `upsert`. Then whether the system
itself refuses duplicates, how long after a lost connection it may still commit, and whether the outcome can be read
back. The engine settles unknown outcomes from these; they are upper bounds, not averages.
"""


def connectors_page() -> str:
    """The page as Markdown."""
    sections = [_INTRODUCTION]
    for file in sorted(FOLDER.glob("*/manifest.yaml")):
        sections.append("\n".join(_connector(yaml.safe_load(file.read_text("utf-8")))))
    return "\n".join(sections).rstrip("\n") + "\n"


def _connector(manifest: dict[str, Any]) -> Iterator[str]:
    yield f"## {manifest['name']}"
    yield ""
    yield f"{_line(manifest['summary'])} Tested with {manifest['tested']}."
    yield ""
    if manifest.get("settings"):
        yield from _table(("Setting", "If left out", "Means"), _settings(manifest["settings"]))
    if manifest.get("secrets"):
        yield from _table(("Secret", "Needed", "What it is"), _secrets(manifest["secrets"]))
    writes = [each for each in manifest["operations"] if each["kind"] == "write"]
    reads = [each for each in manifest["operations"] if each["kind"] != "write"]
    if writes:
        headings = ("Operation", "Input", "Mechanism", "Refuses duplicates", "May commit within", "Read back")
        yield from _table(headings, (_write(each) for each in writes))
        yield from (f"- `{each['name']}`: {_line(each['summary'])}" for each in writes)
        yield ""
    if reads:
        yield "Asked, without changing anything:"
        yield ""
        yield from (f"- `{each['name']}`: {_line(each['summary'])}" for each in reads)
        yield ""
    if "webhook" in manifest:
        yield "Takes webhooks, signed as the vendor signs."
        yield ""


def _settings(settings: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, setting in settings.items():
        given = (
            "must be given" if setting.get("required") else f"`{setting.get('default', '')}`".replace("``", "nothing")
        )
        yield f"`{name}`", given, _line(setting["doc"])


def _secrets(secrets: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, secret in secrets.items():
        yield f"`{name}`", "yes" if secret.get("required", True) else "no", _line(secret["doc"])


def _write(operation: dict[str, Any]) -> tuple[str, ...]:
    known = operation.get("idempotency", {})
    refuses = "no"
    if known.get("refuses_duplicates"):
        refuses = f"for {known['window']}" if "window" in known else "always"
    within = (
        f"`{known['commit_within_setting']}`" if "commit_within_setting" in known else known.get("commit_within", "-")
    )
    schema = f"`{operation['input']}`" if "input" in operation else "any"
    back = "yes" if "read_back" in operation else "no"
    return f"`{operation['name']}`", schema, known.get("mechanism", "none"), refuses, within, back


def _table(headings: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|{'---|' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def _line(text: str) -> str:
    return " ".join(text.split())
