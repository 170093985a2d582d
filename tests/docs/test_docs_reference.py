"""The reference pages are those that the declarations make, and leave nothing out."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from benchmarks.run import GOALS
from cli import tieout
from docs.cli_page import commands
from docs.figures import FIGURES, figures_text
from docs.generate import FOLDER, PAGES
from engine.connect.declaration import ManifestForm
from engine.spec.kinds import KINDS
from engine.spec.shape import FIELD

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_current(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == PAGES[name](), "write it anew with `make docs`"


def test_every_command_and_option_is_documented() -> None:
    page = (FOLDER / "cli.md").read_text("utf-8")
    sections = dict(re.findall(r"^## (tieout[^\n]*)\n(.*?)(?=^## |\Z)", page, flags=re.S | re.M))
    found = dict(commands(typing.cast("click.Group", tieout), click.Context(tieout, info_name="tieout")))
    assert sections.keys() == found.keys()
    missing = [
        f"{name} {option}"
        for name, command in found.items()
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
        if isinstance(parameter, click.Option) and not re.search(rf"{re.escape(option)}[`,/ ]", sections[name])
    ]
    assert missing == []
    undescribed = [
        f"{name} {parameter.opts[0]}"
        for name, command in found.items()
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert undescribed == []


def shapes(root: type[Any], known: set[type[Any]]) -> Iterator[type[Any]]:
    """Every declared shape that a document may hold, from the types of the dataclasses' fields."""
    if root in known:
        return
    known.add(root)
    yield root
    for hint in typing.get_type_hints(root).values():
        waiting = [hint]
        while waiting:
            each = waiting.pop()
            waiting += typing.get_args(each)
            declared = isinstance(each, type) and dataclasses.is_dataclass(each)
            if declared and any(FIELD in field.metadata for field in dataclasses.fields(each)):
                yield from shapes(each, known)


def test_every_key_of_every_document_is_documented() -> None:
    page = (FOLDER / "documents.md").read_text("utf-8")
    sections = dict(re.findall(r"^##+ ([^\n]*)\n(.*?)(?=^##|\Z)", page, flags=re.S | re.M))
    missing = []
    roots = {**{name: kind.shape for name, kind in KINDS.items()}, "connector": ManifestForm}
    known: set[type[Any]] = set()
    for kind, root in roots.items():
        for shape in list(shapes(root, known)):
            title = kind if shape is root else f"{kind}: {shape.__name__}"
            keys = [field.name.removesuffix("_") for field in dataclasses.fields(shape) if field.name != "span"]
            missing += [f"{title}.{key}" for key in keys if f"`{key}`" not in sections.get(title, "")]
    assert missing == []


def test_every_metric_and_crash_point_is_documented() -> None:
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "engine").rglob("*.py"))
    points = set(re.findall(r'^ +reach\("(CP-\d\d)"\)', code, flags=re.M))
    page = (FOLDER / "crash-points.md").read_text("utf-8")
    assert points and [point for point in sorted(points) if point not in page] == []
    metrics = (ROOT / "engine/serve/metrics.py").read_text("utf-8")
    counters = re.findall(r'^    "(\w+)": "', metrics, flags=re.M)
    names = {f"tieout_{name}" for name in counters} | set(re.findall(r'"(tieout_\w+)"', metrics))
    page = (FOLDER / "metrics.md").read_text("utf-8")
    assert len(counters) >= 16 and [name for name in sorted(names) if f"`{name}`" not in page] == []


def test_every_decision_has_its_three_parts() -> None:
    pages = sorted((ROOT / "docs/decisions").glob("*.md"))
    numbers = [page.name[:4] for page in pages]
    assert numbers == [f"{number:04}" for number in range(1, len(pages) + 1)]
    for page in pages:
        text = page.read_text("utf-8")
        assert text.startswith(f"# {page.name[:4]} ")
        assert [part for part in ("**Context.**", "**Decision.**", "**Consequences.**") if part not in text] == []
        assert len(text.splitlines()) <= 50, "one screen"


def test_figures_name_everything_that_is_measured() -> None:
    assert [key for key, *_ in FIGURES] == [key for key, *_ in GOALS]
    measured = {key: 1.0 for key, *_ in FIGURES}
    details = {
        "machine": {"processors": 3, "system": "Somewhere", "python": "3.11", "load_before": 0.5},
        "size": {"events": 20_000, "producers": 64},
        "repetitions": 5,
        "end_to_end": {"script": {"events_per_second": 1234.0, "cpu_milliseconds_per_event": 0.25}},
    }
    text = figures_text({**measured, "details": details})
    assert [title for _, title, _ in FIGURES if title not in text] == []
    assert "1,234 events/s" in text and "3 processors" in text
