"""Where the sensitive fields of schemas are: what is never shown."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from engine.schema.forms import ArrayForm, ChoiceForm, Definitions, Form, Named, NullableForm, ObjectForm

#: Definitions that use each other twice can have more paths than there are atoms.
PATHS_MAX = 10_000


class SensitivePaths:
    """The paths of sensitive fields below the definitions of a workspace."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._leading = _leading(definitions)

    def of(self, form: Form) -> tuple[str, ...] | None:
        """Those below a form, each once; None if there are too many to name."""
        found = tuple(islice(self._below(form, "", frozenset()), PATHS_MAX + 1))
        return None if len(found) > PATHS_MAX else tuple(dict.fromkeys(found))

    def _below(self, form: Form, path: str, inside: frozenset[str]) -> Iterator[str]:
        """A definition is not entered again inside itself, nor one that leads to no sensitive field."""
        if isinstance(form, Named):
            if form.name in self._leading and form.name not in inside:
                yield from self._below(self._definitions.forms[form.name], path, inside | {form.name})
        elif isinstance(form, NullableForm):
            yield from self._below(form.form, path, inside)
        elif isinstance(form, ArrayForm):
            yield from self._below(form.element, f"{path}[]", inside)
        elif isinstance(form, ChoiceForm):
            for case in form.cases.values():
                yield from self._below(case, path, inside)
        elif isinstance(form, ObjectForm):
            for name, field in form.fields.items():
                below = f"{path}.{name}" if path else name
                if name in form.sensitive:
                    yield below
                else:
                    yield from self._below(field, below, inside)
            if form.extra is not None:
                yield from self._below(form.extra, f"{path}.*" if path else "*", inside)


def _leading(definitions: Definitions) -> frozenset[str]:
    """The names of definitions that have a sensitive field, or refer to one that has."""
    users: dict[str, list[str]] = {}
    found: set[str] = set()
    for name, form in definitions.forms.items():
        pending = [form]
        while pending:
            at = pending.pop()
            if isinstance(at, Named):
                users.setdefault(at.name, []).append(name)
            elif isinstance(at, ObjectForm) and at.sensitive:
                found.add(name)
            pending += _inner(at)
    reached = list(found)
    while reached:
        for user in users.get(reached.pop(), ()):
            if user not in found:
                found.add(user)
                reached.append(user)
    return frozenset(found)


def _inner(form: Form) -> list[Form]:
    if isinstance(form, NullableForm):
        return [form.form]
    if isinstance(form, ArrayForm):
        return [form.element]
    if isinstance(form, ChoiceForm):
        return list(form.cases.values())
    if isinstance(form, ObjectForm):
        return [*form.fields.values(), *(() if form.extra is None else (form.extra,))]
    return []
