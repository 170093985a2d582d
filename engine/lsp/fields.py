"""Which schema declares a field: from the type that an expression reads it of to its place in the schema's file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.expr.checked import Checked
from engine.expr.nodes import (
    Ast,
    Call,
    Chain,
    ExpressionReference,
    Field,
    Filter,
    MultiList,
    MultiObject,
    Project,
    ProjectValues,
    children,
)
from engine.lsp.names import Names
from engine.plan.library import Library
from engine.schema.types import ANY, Array, Object, Recursive, Type, members, without_null
from engine.source.node import Entry, Mapping, Node, Scalar, Sequence

_DEEP = 24


@dataclass(frozen=True, slots=True, eq=False)
class Owner:
    """An object that a schema declares: the nodes that list its properties (its own and those of ``allOf``)."""

    schema: str
    nodes: tuple[Mapping, ...]

    def property(self, name: str) -> Entry | None:
        """Where a field is declared."""
        for node in self.nodes:
            listed = node.get("properties")
            for entry in listed.entries if isinstance(listed, Mapping) else ():
                if entry.key == name:
                    return entry
        return None


class FieldIndex:
    """Owners by the objects of the type lattice."""

    def __init__(self, library: Library, names: Names) -> None:
        self._files: dict[str, Mapping] = {}
        for schema in library.schemas:
            document = names.documents.get(schema.span.file)
            if document is not None and isinstance(document.tree, Mapping):
                self._files[schema.reference] = document.tree
        self._owners: dict[int, Owner] = {}
        self._types: list[Type] = []  # kept, so that no other object gets one of their ids
        self._by_fields: dict[frozenset[str], list[tuple[Object, Owner]]] = {}
        for schema in library.schemas:
            root = self._files.get(schema.reference)
            if root is not None:
                self._walk(schema.type, root, schema.reference, 0)

    def owner(self, type_: Type) -> Owner | None:
        """The schema's object that a type is, through null and narrowing; None if that is not certain."""
        for member in members(type_):
            if isinstance(member, Object):
                found = self._owners.get(id(member))
                if found is not None:
                    return found
                alike = self._by_fields.get(frozenset(member.fields), [])
                same = {tuple(map(id, owner.nodes)): owner for known, owner in alike if _alike(known, member)}
                if len(same) == 1:
                    return next(iter(same.values()))
        return None

    def owner_or_none(self, type_: Type | None) -> Owner | None:
        return None if type_ is None else self.owner(type_)

    @property
    def owners(self) -> tuple[Owner, ...]:
        """Every object that a schema of the workspace declares."""
        return tuple(self._owners.values())

    # ------------------------------------------------------------------ building

    def _walk(self, type_: Type, node: Node, schema: str, depth: int) -> None:
        if depth > _DEEP:
            return
        schema, parts = self._resolved(node, schema, 0)
        for member in members(type_):
            if isinstance(member, Array):
                for part in parts:
                    items = part.get("items")
                    if items is not None:
                        self._walk(member.element, items, schema, depth + 1)
            elif isinstance(member, Object) and id(member) not in self._owners:
                own = self._alternatives(member, parts, schema)
                if own:
                    self._register(member, own, schema, depth)

    def _register(self, type_: Object, parts: tuple[Mapping, ...], schema: str, depth: int) -> None:
        owner = Owner(schema, parts)
        self._owners[id(type_)] = owner
        self._types.append(type_)
        self._by_fields.setdefault(frozenset(type_.fields), []).append((type_, owner))
        for name, below in type_.fields.items():
            entry = owner.property(name)
            if entry is not None:
                self._walk(below, entry.value, schema, depth + 1)

    def _alternatives(self, type_: Object, parts: tuple[Mapping, ...], schema: str) -> tuple[Mapping, ...]:
        """The parts that list this object's properties: all, or of alternatives the one with the same fields."""
        wanted = set(type_.fields)
        if wanted <= _listed(parts):
            return parts
        for part in parts:
            for keyword in ("oneOf", "anyOf"):
                choices = part.get(keyword)
                for choice in choices.items if isinstance(choices, Sequence) else ():
                    _, inner = self._resolved(choice, schema, 0)
                    if _listed(inner) == wanted:
                        return inner
        return ()

    def _resolved(self, node: Node, schema: str, depth: int) -> tuple[str, tuple[Mapping, ...]]:
        """A schema's node with references followed and ``allOf`` laid side by side."""
        if not isinstance(node, Mapping) or depth > _DEEP:
            return schema, ()
        reference = node.get("$ref")
        if isinstance(reference, Scalar) and isinstance(reference.value, str):
            target, pointer = reference.value.removeprefix("tieout:schema/").partition("#")[::2]
            schema = target or schema
            found: Node | None = self._files.get(schema)
            for part in filter(None, pointer.split("/")):
                found = found.get(part) if isinstance(found, Mapping) else None
            return (schema, ()) if found is None else self._resolved(found, schema, depth + 1)
        parts: tuple[Mapping, ...] = (node,)
        every = node.get("allOf")
        for each in every.items if isinstance(every, Sequence) else ():
            parts += self._resolved(each, schema, depth + 1)[1]
        return schema, parts


def _alike(known: Object, other: Object) -> bool:
    """Whether an object is a declared one of whose fields a condition told more: that they are not null."""
    return all(without_null(known.fields[name]) == without_null(type_) for name, type_ in other.fields.items())


def _listed(parts: tuple[Mapping, ...]) -> set[str]:
    found: set[str] = set()
    for part in parts:
        listed = part.get("properties")
        if isinstance(listed, Mapping):
            found.update(entry.key for entry in listed.entries)
    return found


# ----------------------------------------------------------------------------- fields in expressions


@dataclass(frozen=True, slots=True)
class Read:
    """A field that an expression reads, and the type of what it reads it of; None for a name in scope. ``group`` is
    the name in scope that it is read of directly: ``steps``, ``values``."""

    node: Field
    owner: Type | None
    group: str = ""


def fields_read(checked: Checked) -> Iterator[Read]:
    """Every name and field that a computed value reads."""
    yield from _reads(checked.ast, None, checked)


def element(type_: Type) -> Type:
    """What the elements of an array are; any if it is none."""
    for member in members(type_):
        if isinstance(member, Array):
            return member.element
    return ANY


def _reads(node: Ast, current: Type | None, checked: Checked, group: str = "") -> Iterator[Read]:
    """``current`` is what names are read of, None where they are those in scope; ``group`` is its name in scope."""
    match node:
        case Field():
            yield Read(node, current, group)
        case Chain():
            yield from _reads(node.left, current, checked, group)
            inner = node.left.name if isinstance(node.left, Field) and current is None else ""
            yield from _reads(node.right, checked.of(node.left), checked, inner)
        case Project():
            yield from _reads(node.left, current, checked, group)
            yield from _reads(node.right, element(checked.of(node.left)), checked)
        case Filter():
            yield from _reads(node.left, current, checked, group)
            inside = element(checked.of(node.left))
            yield from _reads(node.condition, inside, checked)
            yield from _reads(node.right, inside, checked)
        case ProjectValues():
            yield from _reads(node.left, current, checked, group)
            yield from _reads(node.right, ANY, checked)
        case MultiObject():
            for _, each in node.pairs:
                yield from _reads(each, current, checked, group)
        case MultiList():
            for each in node.elements:
                yield from _reads(each, current, checked, group)
        case Call():
            arrays = [checked.of(each) for each in node.arguments if not isinstance(each, ExpressionReference)]
            inside = next((element(each) for each in arrays if element(each) != ANY), ANY)
            for argument in node.arguments:
                if isinstance(argument, ExpressionReference):
                    yield from _reads(argument, inside, checked)
                else:
                    yield from _reads(argument, current, checked, group)
        case _:
            for child in children(node):
                yield from _reads(child, current, checked, group)


def fields_of(type_: Type) -> dict[str, Type]:
    """The fields that can be read of a value, with null where one may be missing."""
    found: dict[str, Type] = {}
    for member in members(type_):
        opened = member.unfold() if isinstance(member, Recursive) else member
        if isinstance(opened, Object):
            for name in opened.fields:
                read = opened.read(name)
                if read is not None:
                    found.setdefault(name, read)
    return found


def names_of(node: Ast) -> tuple[str, ...] | None:
    """The names of a path of fields alone; None for anything else."""
    if isinstance(node, Field):
        return (node.name,)
    if isinstance(node, Chain) and isinstance(node.right, Field):
        left = names_of(node.left)
        return None if left is None else (*left, node.right.name)
    return None
