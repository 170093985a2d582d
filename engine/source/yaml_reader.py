"""The strict YAML reader: text to a tree of nodes with places. Knows nothing of document kinds.

The parser is libyaml's; what its events mean is decided here (architecture.md section 5, rules 2 and 3):
closed scalars, no tags, anchors, aliases or merge keys, no duplicate keys, no empty values.
"""

from __future__ import annotations

from typing import Any

import yaml

from engine.source import codes as codes
from engine.source.about import About, Slip
from engine.source.diagnostic import Diagnostic, Diagnostics, Edit, Fix, Label, Level
from engine.source.node import Entry, Mapping, Node, Scalar, Sequence
from engine.source.span import Span
from engine.source.text_rules import (
    DEPTH_MAX,
    TooManyDigits,
    is_doubtful,
    is_word,
    quoted,
    read_text,
    resolve_plain,
    span_at,
    with_lines,
)
from engine.source.yaml_slips import comment_cuts, computed_extent, explain_syntax, is_unfinished, tab_finding


def read_yaml(content: bytes | str, file: str, diagnostics: Diagnostics) -> Node | None:
    """Read one YAML document. Returns None if anything in it is an error; the findings say what.

    ``file`` is the name that spans carry. Warnings (text that may have been meant as a number) do not
    prevent the result.
    """
    text = read_text(content, file, diagnostics)
    if text is None:
        return None
    found = Diagnostics()
    node: Node | None = None
    if "\t" in text:
        for finding in tab_finding(text, file):
            found.add(finding)
    else:
        reader = _Reader(text, file, found)
        try:
            node = reader.document()
        except _Stop:
            node = None
        except yaml.YAMLError as error:
            found.add(explain_syntax(error, text, file, reader.last_flow_value))
    diagnostics.extend(found)
    return None if found.has_errors else node


class _Stop(Exception):
    """Nothing after this can be read; the finding has been added."""


class _Reader:
    """Walks the parser's events once."""

    def __init__(self, text: str, file: str, diagnostics: Diagnostics) -> None:
        self._text = text
        self._file = file
        self._diagnostics = diagnostics
        self._parser = yaml.CSafeLoader(text)
        self._next = self._parser.get_event
        #: Start of the latest unquoted computed value within braces or brackets.
        self.last_flow_value: int | None = None

    def document(self) -> Node | None:
        self._next()  # the stream's start
        event = self._next()
        if event.__class__ is yaml.StreamEndEvent:
            self._diagnostics.error("YAML017", "the file holds no document", Span(self._file))
            return None
        self._directives(event)
        event = self._next()
        if event.__class__ is yaml.ScalarEvent and event.value == "" and event.style == "":
            self._diagnostics.error("YAML017", "the file holds no document", Span(self._file))
            return None
        node = self._node(event, 1, False, "the document")
        self._next()  # the document's end
        event = self._next()
        if event.__class__ is not yaml.StreamEndEvent:
            message = "a second document begins here; a file holds one"
            self._diagnostics.error("YAML008", message, self._span(event), "put it into a file of its own")
            return None
        return node

    def _directives(self, event: Any) -> None:
        if event.version is not None or event.tags:
            help = "remove the line that begins with %"
            self._diagnostics.error("YAML018", "directives are not part of the language", self._span(event), help)

    def _span(self, event: Any) -> Span:
        start, end = event.start_mark, event.end_mark
        return Span(self._file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def _node(self, event: Any, depth: int, flow: bool, owner: str) -> Node:
        kind = event.__class__
        if kind is yaml.ScalarEvent:
            return self._scalar(event, flow, owner)
        if kind is yaml.AliasEvent:
            help = "repeat the value here"
            self._diagnostics.error("YAML005", f"alias *{event.anchor} is not allowed", self._span(event), help)
            return Scalar(None, self._span(event))
        if depth > DEPTH_MAX:
            self._diagnostics.error("YAML012", f"nested more than {DEPTH_MAX} deep", self._span(event))
            raise _Stop
        if event.tag is not None or event.anchor is not None:
            self._refuse_properties(event)
        if kind is yaml.MappingStartEvent:
            return self._mapping(event, depth, event.flow_style or flow)
        return self._sequence(event, depth, event.flow_style or flow, owner)

    def _refuse_properties(self, event: Any) -> None:
        mark = event.start_mark
        span = Span(self._file, mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)
        if event.tag is not None:
            help = "remove it; the type of a value comes from its declaration"
            self._diagnostics.error("YAML004", "tags are not allowed", span, help)
        if event.anchor is not None:
            message = f"anchor &{event.anchor} is not allowed"
            self._diagnostics.error("YAML005", message, span, "remove it; write values where they are used")

    # ------------------------------------------------------------------ scalars

    def _scalar(self, event: Any, flow: bool, owner: str) -> Scalar:
        value: str = event.value
        style: str = event.style
        if event.tag is not None or event.anchor is not None:
            self._refuse_properties(event)
        if style and style in "'\"":
            return Scalar(value, self._over_lines(event, value), True)
        if style:
            return self._block(event)
        span = self._span(event)
        if value == "":
            about = About(owner=owner)
            help = 'write the value, `null` or `""`'
            self._diagnostics.error("YAML007", f"{owner} has no value", span, help, about=about)
            return Scalar(None, span)
        if value[0] == "=":
            self._check_computed(event, value, flow)
            return Scalar(value, self._over_lines(event, value))
        if is_word(value):
            return Scalar(value, span)
        try:
            resolved = resolve_plain(value)
        except TooManyDigits:
            self._report("YAML016", "a number of more than 38 digits", span, value)
            return Scalar(value, span)
        if resolved is value and is_doubtful(value):
            message = f"{value} is text here, but a number or boolean to other YAML readers"
            self._report("YAML015", message, span, value, Level.WARNING)
        return Scalar(resolved, span)

    def _report(self, code: str, message: str, span: Span, text: str, level: Level = Level.ERROR) -> None:
        fix = Fix("quote it", (Edit(span, f'"{text}"'),))
        self._diagnostics.add(Diagnostic(code, message, span, level, f'if text is meant, write "{text}"', fix=fix))

    def _block(self, event: Any) -> Scalar:
        """Block text. The parser ends it at the next key; the span ends where the text ends."""
        start = event.start_mark.index
        source = self._text[start : event.end_mark.index].rstrip()
        written = _margin(source.partition("\n")[2])
        column = written - _margin(event.value) + 1  # spaces behind the margin, after `|2`, are text
        span = with_lines(span_at(self._file, self._text, start, start + len(source)), source, event.value, 1)
        return Scalar(event.value, span, True, column)

    def _over_lines(self, event: Any, value: str) -> Span:
        """The place of plain or quoted text, with that of each of its lines if there are several."""
        span = self._span(event)
        if span.line == span.end_line:
            return span
        return with_lines(span, self._text[event.start_mark.index : event.end_mark.index], value, 0)

    def _check_computed(self, event: Any, value: str, flow: bool) -> None:
        """A computed value that YAML has cut short would be another computation."""
        start, end = event.start_mark.index, event.end_mark.index
        if flow:
            self.last_flow_value = start
        if flow and is_unfinished(value):
            stop = computed_extent(self._text, start)
            whole = span_at(self._file, self._text, start, stop)
            fix = Fix("quote the value", (Edit(whole, quoted(self._text[start:stop])),))
            message = "this computed value ends at the comma; quote it"
            help = f"write {quoted(self._text[start:stop])}"
            self._diagnostics.add(Diagnostic("YAML021", message, whole, help=help, fix=fix))
            raise _Stop
        if not flow and comment_cuts(self._text, end) and is_unfinished(value):
            line_end = self._text.find("\n", end)
            stop = len(self._text) if line_end < 0 else line_end
            rest = self._text[start:stop].rstrip()
            whole = span_at(self._file, self._text, start, start + len(rest))
            fix = Fix("quote the value", (Edit(whole, quoted(rest)),), safe=False)
            message = "this computed value ends at ` #`, which begins a comment; quote it"
            self._diagnostics.add(Diagnostic("YAML023", message, whole, help=f"write {quoted(rest)}", fix=fix))

    # ------------------------------------------------------------------ collections

    def _sequence(self, event: Any, depth: int, flow: bool, owner: str) -> Sequence:
        items: list[Node] = []
        start = event.start_mark
        entry = f"an entry of {owner}"
        while True:
            event = self._next()
            if event.__class__ is yaml.SequenceEndEvent:
                break
            items.append(self._node(event, depth + 1, flow, entry))
        return Sequence(tuple(items), self._collection_span(start, event, items[-1].span if items else None, flow))

    def _mapping(self, event: Any, depth: int, flow: bool) -> Mapping:
        entries: list[Entry] = []
        known: dict[str, Span] = {}
        start = event.start_mark
        while True:
            event = self._next()
            if event.__class__ is yaml.MappingEndEvent:
                break
            key, key_span = self._key(event, depth, flow)
            first = known.setdefault(key, key_span)
            value = self._node(self._next(), depth + 1, flow, f"`{key}`")
            if first is not key_span:
                labels = (Label(first, "written here first"),)
                message = f"key `{key}` is written twice in this object"
                self._diagnostics.error("YAML002", message, key_span, "keep one of the two", labels)
                continue
            entries.append(Entry(key, key_span, value))
        last = entries[-1].value.span if entries else None
        return Mapping(tuple(entries), self._collection_span(start, event, last, flow))

    def _key(self, event: Any, depth: int, flow: bool) -> tuple[str, Span]:
        start, end = event.start_mark, event.end_mark
        span = Span(self._file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)
        if event.__class__ is not yaml.ScalarEvent:
            if event.__class__ is yaml.AliasEvent:
                self._node(event, depth + 1, flow, "a key")
            else:
                about = About(slip=Slip.KEY_NO_TEXT)
                self._diagnostics.error("YAML013", "a key is text, not an object or a list", span, about=about)
            raise _Stop
        if event.tag is not None or event.anchor is not None:
            self._refuse_properties(event)
        key: str = event.value
        if event.style or is_word(key):
            return key, span
        if key == "":
            self._diagnostics.error("YAML013", "a key is missing before the colon", span)
        elif key == "<<":
            self._diagnostics.error("YAML003", "merge keys are not allowed", span, "write the keys out")
        else:
            try:
                resolved = resolve_plain(key)
            except TooManyDigits:
                resolved = None
            if resolved is not key:
                self._report("YAML013", f"key {key} is not text", span, key)
        return key, span

    def _collection_span(self, start: Any, end: Any, last: Span | None, flow: bool) -> Span:
        """Block collections end where their last value ends; the parser says where the next token begins."""
        if flow or last is None:
            mark = end.end_mark
            return Span(self._file, start.line + 1, start.column + 1, mark.line + 1, mark.column + 1)
        return Span(self._file, start.line + 1, start.column + 1, last.end_line, last.end_column)


def _margin(text: str) -> int:
    """The spaces before the first line that has anything else."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    return len(first) - len(first.lstrip(" "))
