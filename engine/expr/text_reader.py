"""Reads texts with blanks by Jinja2's own parser: every form that it has, and a finding for what a blank may not be.

Of Jinja2 only a path, a format and a default are let through; nothing of it is there when a message runs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.expr.blanks import CHARACTERS_MAX, Blank, Parts
from engine.expr.formats import FORMATS
from engine.expr.nearest import about_unknown, did_you_mean
from engine.expr.nodes import Ast, Chain, Field
from engine.source.about import NO_MORE, About, Slip
from engine.source.span import Span


class NotABlank(Exception):  # a mistake in a text, caught in this module
    def __init__(self, message: str, span: Span, help: str = "", about: About = NO_MORE) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.help = help
        self.about = about


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)


_ALLOWED = "a blank holds a field path, and after | a format or default('...')"


class Reader:
    """Reads one text by Jinja2's own parser and keeps of it what a blank may be."""

    def __init__(self, text: str, place: Callable[[int, int], Span]) -> None:
        self._text = text
        self._place = place
        self._whole = place(0, len(text))

    def read(self) -> Parts:
        if len(self._text) > CHARACTERS_MAX:
            raise NotABlank(f"a text is at most {CHARACTERS_MAX} characters long", self._whole)
        try:
            spans = self._blank_spans()
            body = _environment().parse(self._text).body
        except TemplateSyntaxError as error:
            about = About(slip=Slip.UNREADABLE_BLANK)
            raise NotABlank(f"the blanks cannot be read: {error.message}", self._whole, _ALLOWED, about) from error
        parts: list[str | Blank] = []
        for output in body:
            if not isinstance(output, nodes.Output):
                raise NotABlank("statements have no place in a text", self._whole, _ALLOWED)
            for node in output.nodes:
                parts.append(node.data if isinstance(node, nodes.TemplateData) else self._blank(node, *spans.pop(0)))
        return tuple(parts)

    def _blank_spans(self) -> list[tuple[Span, list[tuple[int, int]]]]:
        """Where each blank stands, and where each word in it does."""
        spans: list[tuple[Span, list[tuple[int, int]]]] = []
        words: list[tuple[int, int]] = []
        position = start = 0
        for _, kind, written in _environment().lex(self._text):
            position = max(self._text.find(written, position), position)
            if kind == "variable_begin":
                start, words = position, []
            elif kind == "name":
                words.append((position, position + len(written)))
            position += len(written)
            if kind == "variable_end":
                spans.append((self._place(start, position), words))
            if kind in {"block_begin", "comment_begin"} or (kind.startswith("variable") and "-" in written):
                raise NotABlank(f"{written!r} has no place in a text", self._place(position - 2, position), _ALLOWED)
        return spans

    def _blank(self, node: nodes.Node, span: Span, words: list[tuple[int, int]]) -> Blank:
        format, default = "", None
        while isinstance(node, nodes.Filter) and node.node is not None:
            name = node.name
            if name == "default" and default is None:
                default = self._default(node, span)
            elif name in FORMATS and not format and not node.args and not node.kwargs:
                format = name
            else:
                known = [*FORMATS, "default"]
                if name not in known:
                    about = about_unknown(name, known)
                    raise NotABlank(f"there is no format `{name}`", span, did_you_mean(name, known), about)
                about = About(named=(name,), kind="format")
                raise NotABlank(f"{name} cannot be used so in a blank", span, _ALLOWED, about)
            node = node.node
        path, written = self._path(node, span, words)
        return Blank(path, written, format or "plain", default, span)

    def _default(self, node: nodes.Filter, span: Span) -> str:
        only = node.args[0] if len(node.args) == 1 and not node.kwargs else None
        if isinstance(only, nodes.Const) and isinstance(only.value, str):
            return only.value
        raise NotABlank("default takes one text", span, "default('none')")

    def _path(self, node: nodes.Node, span: Span, words: list[tuple[int, int]]) -> tuple[Ast, str]:
        """The path, its names at their places: those of ``words`` that come first."""
        if isinstance(node, nodes.Name):
            return Field(node.name, span=self._place(*words[0])), node.name
        if isinstance(node, nodes.Const) and node.value in (None, True, False):
            raise NotABlank(_ALLOWED, span)
        if isinstance(node, nodes.Getattr):
            left, written = self._path(node.node, span, words)
            begin, end = words[written.count(".") + 1]
            whole = self._place(words[0][0], end)
            return Chain(left, Field(node.attr, span=self._place(begin, end)), span=whole), f"{written}.{node.attr}"
        raise NotABlank("a blank computes nothing", span, _ALLOWED)
