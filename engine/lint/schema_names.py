"""Schemas that are not found because `$id` says something else than the file's name: one finding, at `$id`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from engine.source.diagnostic import Diagnostic, Edit, Fix, Label
from engine.source.node import Mapping, Scalar
from engine.spec.workspace import LoadedWorkspace

_SHOWN_MAX = 3


def at_ids(found: Sequence[Diagnostic], workspace: LoadedWorkspace) -> list[Diagnostic]:
    """The findings; those about a schema whose file is there under another id are one finding."""
    lost: dict[str, list[Diagnostic]] = defaultdict(list)
    for each in found:
        for name in each.about.unknown if each.about.kind == "schema" else ():
            lost[name].append(each)
    if not lost:
        return list(found)
    kept = list(found)
    for file in workspace.schemas:
        called = file.path.rpartition("/")[2].removesuffix(".schema.json")
        identity = file.node.get("$id") if isinstance(file.node, Mapping) else None
        places = [*lost.get(called, ()), *lost.get(called.partition("@")[0], ())]
        if places and isinstance(identity, Scalar) and not str(identity.value).endswith(f"/{called}"):
            kept = [_told(called, identity, places), *(each for each in kept if each not in places)]
    return kept if len(kept) == len(found) else sorted(kept, key=Diagnostic.sort_key)


def _told(called: str, identity: Scalar, places: Sequence[Diagnostic]) -> Diagnostic:
    other = str(identity.value).rpartition("/")[2]
    message = f"the file is called {called}, but `$id` says {other}, so that nothing finds {called}"
    labels = tuple(Label(each.span, f"looks for {called}") for each in places[:_SHOWN_MAX])
    meant = f"tieout:schema/{called}"
    fix = Fix(f"write {meant}", (Edit(identity.span, f'"{meant}"'),), safe=False)
    return Diagnostic("SCHEMA001", message, identity.span, help=f"write {meant}", labels=labels, fix=fix)
