"""Canonical formatting of definitions: comments, order and meaning stay, spelling and layout become one."""

from __future__ import annotations

from engine.base.errors import Defect, UserError
from engine.rewrite.comments import read_comments
from engine.rewrite.layout import lay_out
from engine.source.diagnostic import Diagnostics
from engine.source.node import Node, plain
from engine.source.yaml_reader import read_yaml


def format_text(text: str, file: str = "<text>") -> str:
    """The document in canonical form. Raises UserError with the findings of a text that cannot be read, Defect if
    the result would not mean the same."""
    text = text.replace("\r\n", "\n")
    root = _read(text, file)
    result = lay_out(text, root)
    again = _read(result, file)
    if _typed(plain(again)) != _typed(plain(root)):
        if not text.endswith(
            "\n"
        ):  # a block text that the end of the file cuts off has no line break, and would get one
            raise UserError(f"{file} ends without a line break, within a text: add one first")
        raise Defect(f"formatting would change what {file} means")
    if _comments(result, again) != _comments(text, root):
        raise Defect(f"formatting would change the comments of {file}")
    return result


def _read(text: str, file: str) -> Node:
    found = Diagnostics()
    root = read_yaml(text, file, found)
    found.raise_errors(f"{file} cannot be formatted before it can be read")
    assert root is not None
    return root


def _comments(text: str, root: Node) -> list[str]:
    return sorted(each.text for each in read_comments(text.split("\n"), root))


def _typed(value: object) -> object:
    """With types, order of keys and digits: 1, 1.0 and true are not the same."""
    if isinstance(value, dict):
        return [(key, _typed(each)) for key, each in value.items()]
    if isinstance(value, list):
        return ("list", [_typed(each) for each in value])
    return (type(value).__name__, str(value))
