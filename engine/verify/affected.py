"""Which tests a change of files can affect: those about what the files define or use, and those written in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from engine.plan.library import Library
from engine.plan.model import Plan
from engine.plan.versions import version_number
from engine.source.node import plain
from engine.spec.documents.test import Test
from engine.spec.kinds import CALCULATING
from engine.spec.workspace import WORKSPACE_FILE, LoadedWorkspace

_SUFFIXES = (".yaml", ".yml", ".json", ".csv")


def affected_tests(workspace: LoadedWorkspace, plan: Plan, library: Library, changed: frozenset[str]) -> frozenset[str]:
    """The ids of the tests that may come to another result because of these files (paths below the root)."""
    if WORKSPACE_FILE in changed or any(map(partial(_is_gone, workspace), changed)):
        return frozenset(test.id for test in workspace.tests)
    names = _names(workspace)
    connectors = {path.split("/")[1] for path in changed if path.startswith("connectors/")}
    touched = {name for name, files in names.items() if files & changed} | {f"connector:{each}" for each in connectors}
    return frozenset(
        test.id
        for test in workspace.tests
        if _files(test) & changed or set(_parts(test, workspace, plan, library)) & touched
    )


def _is_gone(workspace: LoadedWorkspace, file: str) -> bool:
    """Whether a file of a definition was deleted: what it said is not known any more, so it may reach anything."""
    path = PurePosixPath(file)
    inside = any(path.is_relative_to(folder) for folder in workspace.folders)
    return inside and path.suffix in _SUFFIXES and not (workspace.root / file).exists()


def _files(test: Test) -> set[str]:
    """The test's own file and those that it reads."""
    folder = PurePosixPath(test.span.file).parent
    values = [plain(tree.node) for _, tree in test.given]
    named = {value["file"] for value in values if isinstance(value, dict) and set(value) == {"file"}}
    return {test.span.file} | {_normal(folder / str(name)) for name in named}


def _normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _names(workspace: LoadedWorkspace) -> dict[str, set[str]]:
    """The files of every definition, by its name in a bundle: ``kind:id@version``; schemas by major version."""
    names: dict[str, set[str]] = {}
    groups: Mapping[str, tuple[Any, ...]] = {
        "flow": workspace.flows,
        "mapping": workspace.mappings,
        "policy": workspace.policies,
        "source": workspace.sources,
        "table": workspace.tables,
        **workspace.calculating,
    }
    for kind, documents in groups.items():
        for each in documents:
            files = names.setdefault(f"{kind}:{each.id}@{each.version}", set())
            files.add(each.span.file)
            if getattr(each, "file", None):
                files.add(_normal(PurePosixPath(each.span.file).parent / each.file))
    for schema in workspace.schemas:
        content = plain(schema.node)
        if isinstance(content, dict):
            names.setdefault(f"schema:{str(content.get('$id', '')).rpartition('/')[2]}", set()).add(schema.path)
    for connection in workspace.connections:
        names.setdefault(f"connection:{connection.id}", set()).add(connection.span.file)
    return names


def _parts(test: Test, workspace: LoadedWorkspace, plan: Plan, library: Library) -> Iterator[str]:
    """What the test's target is made of."""
    for part in _raw_parts(test, workspace, plan, library):
        kind, _, rest = part.partition(":")
        id_, _, version = rest.partition("@")
        yield f"schema:{id_}@{version_number(version)[0]}" if kind == "schema" else part


def _raw_parts(test: Test, workspace: LoadedWorkspace, plan: Plan, library: Library) -> Iterator[str]:
    target = test.target
    if target.flow is not None:
        for flow in plan.flows.get(str(target.flow), ()):
            yield from flow.bundle
            yield from (f"connection:{connection}" for connection in plan.connections)
    shelves: tuple[tuple[Any, Mapping[Any, Any]], ...] = (
        (target.mapping, library.mappings),
        (target.policy, library.policies),
    )
    for reference, shelf in shelves:
        if reference is not None and (reference.id, reference.major) in shelf:
            yield from shelf[(reference.id, reference.major)].parts
    for kind in CALCULATING:
        reference = getattr(target, kind)
        if reference is not None and (kind, reference.id, reference.major) in library.calculations:
            yield from library.calculations[(kind, reference.id, reference.major)].parts
    if target.source is not None:
        yield from _of_source(target.source.text, workspace, library)


def _of_source(name: str, workspace: LoadedWorkspace, library: Library) -> Iterator[str]:
    for source in workspace.sources:
        if source.id != name:
            continue
        yield f"source:{source.id}@{source.version}"
        yield f"connection:{source.connection}"
        for case in source.cases:
            for emission in case.emit:
                mapping = emission.data.mapping
                callee = library.mappings.get((mapping.id, mapping.major))
                yield from () if callee is None else callee.parts
