"""Reads schema files into forms, and reports what is outside the profile or cannot hold.

In a vendor schema everything outside the profile is AnyForm and nothing is reported about it here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from engine.base.record import frozen
from engine.schema.choices import read_all_of, read_one_of
from engine.schema.formats import READERS
from engine.schema.forms import (
    MONEY_NAME,
    AnyForm,
    ArrayForm,
    BooleanForm,
    Definitions,
    Form,
    FormatForm,
    IntegerForm,
    MoneyForm,
    Named,
    NullableForm,
    NullForm,
    NumberForm,
    ObjectForm,
    TextForm,
    compile_pattern,
)
from engine.schema.keywords import BY_TYPE, INSTEAD, ROOT_ONLY, is_annotation
from engine.schema.patterns import why_slow
from engine.source import node as tree
from engine.source.about import NO_MORE, About
from engine.source.diagnostic import Diagnostics
from engine.source.node import Node
from engine.source.span import Span
from engine.spec.nearest import suggestion

_LOCAL = re.compile(r"#/\$defs/([A-Za-z0-9_.-]+)")
_OTHER = re.compile(r"(tieout:schema/[A-Za-z0-9_.-]+@[0-9]+)(?:#(/\$defs/[A-Za-z0-9_.-]+)?)?")


@frozen
class Definition:
    """One node that can be referred to: ``owner`` is the name of the schema that it stands in."""

    owner: str
    node: Node
    vendor: bool


class FormReader:
    """Reads definitions on demand, each once. ``definitions`` holds what was read.

    ``unread`` are the short names of schemas that are there but have findings: they are not called missing.
    """

    def __init__(
        self, sources: Mapping[str, Definition], diagnostics: Diagnostics, unread: frozenset[str] = frozenset()
    ) -> None:
        self.sources = sources
        self.unread = unread
        self.definitions = Definitions()
        self.diagnostics = diagnostics
        self._open: list[str] = []

    def read(self, name: str) -> Form:
        """The form of a definition that exists."""
        known = self.definitions.forms.get(name)
        if known is None:
            source = self.sources[name]
            self._open.append(name)
            known = MoneyForm() if name == MONEY_NAME else Place(self, source).form(source.node)
            self._open.pop()
            self.definitions.forms[name] = known
        return known

    def check_references(self, name: str) -> None:
        """Report references that lead nowhere, also where the profile does not look."""
        source = self.sources[name]
        place = Place(self, source)
        pending: list[Node] = [source.node]
        while pending:
            node = pending.pop()
            if isinstance(node, tree.Mapping):
                reference = node.get("$ref")
                if isinstance(reference, tree.Scalar):
                    place.reference(reference)
                pending += [entry.value for entry in node.entries]
            elif isinstance(node, tree.Sequence):
                pending += node.items

    def is_open(self, name: str) -> bool:
        """Whether the definition is being read just now."""
        return name in self._open

    def content(self, form: Form, span: Span) -> Form | None:
        """The form behind names, read now; None, with a finding, if it is made of itself."""
        seen: list[str] = []
        while isinstance(form, Named):
            if form.name in seen or self.is_open(form.name):
                message = f"{short_name(form.name)} is made of itself"
                self.diagnostics.error("SCHEMA009", message, span, "put a field or an element in between")
                return None
            seen.append(form.name)
            form = self.read(form.name)
        return form


def target_of(node: Node | None, owner: str) -> str:
    """The name of the definition that a reference in a schema means; empty if it has not the form of one."""
    text = node.value if isinstance(node, tree.Scalar) else None
    if not isinstance(text, str):
        return ""
    if text == "#":
        return owner
    local = _LOCAL.fullmatch(text)
    if local is not None:
        return f"{owner}#/$defs/{local.group(1)}"
    other = _OTHER.fullmatch(text)
    if other is None:
        return ""
    return other.group(1) + (f"#{other.group(2)}" if other.group(2) else "")


class Place:
    """Reads the nodes of one definition."""

    def __init__(self, reader: FormReader, source: Definition) -> None:
        self.reader = reader
        self.owner = source.owner
        self.vendor = source.vendor

    # ------------------------------------------------------------------ findings

    def report(self, code: str, message: str, span: Span, help: str = "", about: About = NO_MORE) -> AnyForm:
        self.reader.diagnostics.error(code, message, span, help, about=about)
        return AnyForm()

    def outside(self, message: str, span: Span, help: str = "", code: str = "SCHEMA005") -> AnyForm:
        """Something outside the profile: a finding, or in a vendor schema no concern of ours."""
        return AnyForm() if self.vendor else self.report(code, message, span, help)

    def allow(self, node: tree.Mapping, keywords: Iterable[str]) -> None:
        """Report keys of the node that are neither these, nor annotations."""
        if self.vendor:
            return
        allowed = frozenset(keywords)
        is_root = self.reader.sources[self.owner].node is node
        for entry in node.entries:
            if entry.key in allowed or is_annotation(entry.key) or (is_root and entry.key in ROOT_ONLY):
                continue
            help = INSTEAD.get(entry.key) or suggestion(entry.key, allowed)
            self.report("SCHEMA005", f"`{entry.key}` is outside the profile here", entry.key_span, help)

    # ------------------------------------------------------------------ forms

    def form(self, node: Node) -> Form:
        if not isinstance(node, tree.Mapping):
            if isinstance(node, tree.Scalar) and isinstance(node.value, bool):
                return self.outside("a schema that allows anything or nothing is outside the profile", node.span)
            return self.report("SCHEMA011", "a schema is an object", node.span)
        reference = node.get("$ref")
        if reference is not None:
            self.allow(node, ("$ref",))
            return self.reference(reference)
        if node.get("allOf") is not None:
            return read_all_of(self, node)
        if node.get("oneOf") is not None:
            return read_one_of(self, node)
        return self._typed(node)

    def reference(self, node: Node) -> Form:
        text = node.value if isinstance(node, tree.Scalar) else None
        if not isinstance(text, str):
            return self.report("SCHEMA011", "`$ref` is text", node.span)
        name = self._target(node)
        if not name:
            help = "write `tieout:schema/<id>@<major>` or `#/$defs/<name>`"
            return self.report("SCHEMA004", f"{text!r} is not a reference within the workspace", node.span, help)
        if short_name(name) in self.reader.unread:
            return AnyForm()
        if name not in self.reader.sources:
            near = suggestion(short_name(name), map(short_name, self.reader.sources))
            if short_name(name) == "money@1":
                near = "`tieout new schema money` makes it"
            about = About(unknown=(short_name(name),), kind="schema")
            return self.report("SCHEMA003", f"there is no schema {short_name(name)}", node.span, near, about)
        return MoneyForm() if name == MONEY_NAME else Named(name)

    def _target(self, node: Node | None) -> str:
        return target_of(node, self.owner)

    def _typed(self, node: tree.Mapping) -> Form:
        kind = node.get("type")
        if isinstance(kind, tree.Sequence):
            return self._nullable(node, kind)
        if kind is None:
            constants = node.get("enum") or node.get("const")
            if constants is not None:
                return self._constants(node, None)
            if node.get("properties") is not None and not self.vendor:
                return self.report("SCHEMA005", "the type is missing", node.span, 'write `"type": "object"`')
            return self.outside("the type is missing", node.span, "write `type`, `enum`, `const` or `$ref`")
        if not isinstance(kind, tree.Scalar) or not isinstance(kind.value, str):
            return self.report("SCHEMA011", "`type` is text", kind.span)
        return self._of_type(node, kind.value, kind.span)

    def _nullable(self, node: tree.Mapping, kinds: tree.Sequence) -> Form:
        names = [kind.value for kind in kinds if isinstance(kind, tree.Scalar)]
        others = [name for name in names if name != "null"]
        if len(names) != 2 or len(others) != 1 or not isinstance(others[0], str):
            return self.outside("a list of types", kinds.span, 'only one type and null, like `["string", "null"]`')
        inner = self._of_type(node, others[0], kinds.span, nullable=True)
        return NullableForm(inner)

    def _of_type(self, node: tree.Mapping, kind: str, span: Span, nullable: bool = False) -> Form:
        if kind == "number":
            if self.vendor:
                return NumberForm()
            help = (
                'write `"type": "string", "format": "decimal"`, or `integer` for a count; '
                'a description of a vendor\'s own messages says `"x-vendor": true` and may have numbers'
            )
            return self.report("SCHEMA006", "numbers with a fraction are written as text", span, help)
        allowed = BY_TYPE.get(kind)
        if allowed is None:
            return self.report("SCHEMA011", f"{kind!r} is not a type", span, suggestion(kind, BY_TYPE))
        self.allow(node, allowed | {"type"})
        if node.get("enum") is not None or node.get("const") is not None:
            return self._constants(node, kind, nullable)
        if kind == "object":
            return self.object_(node)
        if kind == "array":
            return self._array(node)
        if kind == "string":
            return self._text(node)
        if kind == "integer":
            return IntegerForm(None, self.whole(node, "minimum"), self.whole(node, "maximum"))
        return BooleanForm() if kind == "boolean" else NullForm()

    def object_(self, node: tree.Mapping) -> ObjectForm:
        fields: dict[str, Form] = {}
        sensitive: set[str] = set()
        properties = node.get("properties")
        if isinstance(properties, tree.Mapping):
            for entry in properties.entries:
                fields[entry.key] = self.form(entry.value)
                if self._is_sensitive(entry.value, frozenset()):
                    sensitive.add(entry.key)
        elif properties is not None:
            self.report("SCHEMA011", "`properties` is an object of schemas", properties.span)
        extra = self.extra_form(node, "additionalProperties")
        if extra is not None and node.get("unevaluatedProperties") is not None:
            extra = self.extra_form(node, "unevaluatedProperties")
        required = self._required(node, fields, extra)
        if self.vendor and node.get("patternProperties") is not None:
            extra = AnyForm()
        return ObjectForm(fields, required, extra, frozenset(sensitive))

    def _is_sensitive(self, node: Node | None, seen: frozenset[str]) -> bool:
        """Whether a field is marked, or what it refers to or what it holds directly: then all of it is redacted."""
        if not isinstance(node, tree.Mapping):
            return False
        if is_true(node.get("x-sensitive")):
            return True
        name = self._target(node.get("$ref"))
        target = self.reader.sources.get(name)
        if target is not None and name not in seen and self._is_sensitive(target.node, seen | {name}):
            return True
        return any(self._is_sensitive(node.get(inner), seen) for inner in ("items", "additionalProperties"))

    def extra_form(self, node: tree.Mapping, keyword: str) -> Form | None:
        value = node.get(keyword)
        if value is None:
            return AnyForm()
        if isinstance(value, tree.Scalar) and isinstance(value.value, bool):
            return AnyForm() if value.value else None
        return self.form(value)

    def _required(self, node: tree.Mapping, fields: Mapping[str, Form], extra: Form | None) -> frozenset[str]:
        required = node.get("required")
        if required is None:
            return frozenset()
        names: set[str] = set()
        if not isinstance(required, tree.Sequence):
            self.report("SCHEMA011", "`required` is a list of names", required.span)
            return frozenset()
        for entry in required:
            name = entry.value if isinstance(entry, tree.Scalar) else None
            if not isinstance(name, str):
                self.report("SCHEMA011", "`required` is a list of names", entry.span)
            elif name not in fields and extra is None:
                message = f"`{name}` is required, but the closed object has no such field"
                self.report("SCHEMA010", message, entry.span, suggestion(name, fields))
            else:
                names.add(name)
        return frozenset(names)

    def _array(self, node: tree.Mapping) -> Form:
        elements = node.get("items")
        if elements is None:
            element: Form = self.outside("`items` is missing", node.span, "say what the elements are")
        else:
            element = self.form(elements)
        return ArrayForm(element, self.whole(node, "minItems") or 0, self.whole(node, "maxItems"))

    def _text(self, node: tree.Mapping) -> Form:
        format_ = node.get("format")
        if isinstance(format_, tree.Scalar) and isinstance(format_.value, str):
            if format_.value in READERS:
                others = [key for key in ("pattern", "minLength", "maxLength") if node.get(key) is not None]
                if others and not self.vendor:
                    self.report("SCHEMA005", f"`{others[0]}` cannot stand beside `format`", format_.span)
                return FormatForm(format_.value)
            near = suggestion(format_.value, READERS)
            self.outside(f"format {format_.value!r} is not checked here", format_.span, near, "SCHEMA014")
            if not self.vendor:
                return AnyForm()  # what it is instead is not known
        pattern = node.get("pattern")
        return TextForm(
            None,
            None if pattern is None or self.vendor else self._pattern(pattern),
            0 if self.vendor else self.whole(node, "minLength") or 0,
            None if self.vendor else self.whole(node, "maxLength"),
        )

    def _pattern(self, node: Node) -> str | None:
        pattern = node.value if isinstance(node, tree.Scalar) else None
        if not isinstance(pattern, str):
            self.report("SCHEMA011", "`pattern` is text", node.span)
            return None
        try:
            compile_pattern(pattern)
            reason = why_slow(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            self.report("SCHEMA008", f"the pattern cannot be read: {error}", node.span)
            return None
        if reason is not None:
            help = "make each part of a repetition begin with what the one before it cannot hold"
            self.report("SCHEMA007", f"the pattern takes exponential time: {reason}", node.span, help)
            return None
        return pattern

    def _constants(self, node: tree.Mapping, kind: str | None, nullable: bool = False) -> Form:
        constant, listed = node.get("const"), node.get("enum")
        if kind is None:
            self.allow(node, ("enum", "const"))
        if listed is not None and not isinstance(listed, tree.Sequence):
            return self.report("SCHEMA011", "`enum` is a list", listed.span)
        nodes = list(listed) if listed is not None else [constant] if constant is not None else []
        values = [each.value for each in nodes if isinstance(each, tree.Scalar)]
        has_null = None in values
        values = [value for value in values if value is not None]
        form: Form
        if len(values) + has_null != len(nodes) or not nodes:
            return self.outside("constants are texts, integers, true or false", node.span)
        if all(isinstance(value, str) for value in values) and kind in (None, "string"):
            form = TextForm(frozenset(str(value) for value in values)) if values else NullForm()
        elif all(type(value) is int for value in values) and kind in (None, "integer"):
            form = IntegerForm(frozenset(value for value in values if isinstance(value, int)))
        elif len(values) == 1 and isinstance(values[0], bool) and kind in (None, "boolean"):
            form = BooleanForm(values[0])
        else:
            return self.outside("constants are all texts or all integers, of the declared type", node.span)
        return NullableForm(form) if has_null and values and (kind is None or nullable) else form

    def whole(self, node: tree.Mapping, keyword: str) -> int | None:
        """The whole number that a keyword holds."""
        found = node.get(keyword)
        if found is None:
            return None
        value = found.value if isinstance(found, tree.Scalar) else None
        if type(value) is not int:
            self.outside(f"`{keyword}` is a whole number", found.span, code="SCHEMA011")
            return None
        return value


def is_true(node: Node | None) -> bool:
    return isinstance(node, tree.Scalar) and node.value is True


def short_name(name: str) -> str:
    return name.removeprefix("tieout:schema/")
