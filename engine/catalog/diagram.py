"""A flow's steps as a drawing: deterministic SVG, readable without scripts, in print and by screen readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

LINE, PAD, GAP, SIDE = 17, 9, 22, 18
_CHARACTER = 7.2
_WIDTH_MIN, _CHARACTERS_MAX = 150, 46


@dataclass(frozen=True, slots=True)
class Box:
    """One step: its name, the key that says its kind, and what it works with."""

    title: str
    kind: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fork:
    """A branch: one column per case, the first that applies counts."""

    box: Box
    columns: tuple[tuple[str, tuple[Block, ...]], ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """Steps for every element."""

    box: Box
    blocks: tuple[Block, ...]


Block: TypeAlias = Box | Fork | Loop


def draw(title: str, blocks: Sequence[Block]) -> str:
    """The drawing as an ``<svg>`` element, as wide and high as it needs. ``title`` is read aloud."""
    width, height = _size_of_list(blocks)
    parts: list[str] = []
    _draw_list(blocks, SIDE + width / 2, SIDE, parts)
    w, h = round(width + 2 * SIDE), round(height + 2 * SIDE)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="diagram" role="img" viewBox="0 0 {w} {h}" '
        f'width="{w}" height="{h}"><title>{escape(title)}</title>'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" class="tip"/></marker></defs>' + "".join(parts) + "</svg>"
    )


def _texts(box: Box) -> list[str]:
    return [_cut(f"{box.kind}: {box.title}" if box.kind else box.title), *(_cut(line) for line in box.lines)]


def _cut(text: str) -> str:
    return text if len(text) <= _CHARACTERS_MAX else text[: _CHARACTERS_MAX - 1] + "…"


def _size_of_box(box: Box) -> tuple[float, float]:
    texts = _texts(box)
    width = max(_WIDTH_MIN, max(len(each) for each in texts) * _CHARACTER + 2 * PAD)
    return width, len(texts) * LINE + 2 * PAD


def _size(block: Block) -> tuple[float, float]:
    if isinstance(block, Box):
        return _size_of_box(block)
    width, height = _size_of_box(block.box)
    if isinstance(block, Loop):
        inner = _size_of_list(block.blocks)
        return max(width, inner[0] + 2 * PAD), height + GAP + inner[1] + PAD
    columns = [_size_of_column(label, blocks) for label, blocks in block.columns]
    across = sum(each[0] for each in columns) + SIDE * (len(columns) - 1)
    return max(width, across), height + GAP + max(each[1] for each in columns)


def _size_of_column(label: str, blocks: Sequence[Block]) -> tuple[float, float]:
    width, height = _size_of_list(blocks)
    return max(width, len(_cut(label)) * _CHARACTER + 2 * PAD), LINE + PAD + height


def _size_of_list(blocks: Sequence[Block]) -> tuple[float, float]:
    sizes = [_size(each) for each in blocks]
    if not sizes:
        return 0.0, 0.0
    return max(each[0] for each in sizes), sum(each[1] for each in sizes) + GAP * (len(sizes) - 1)


def _draw_list(blocks: Sequence[Block], middle: float, top: float, parts: list[str]) -> None:
    for at, block in enumerate(blocks):
        if at:
            parts.append(_line(middle, top - GAP, middle, top, tip=True))
        _draw(block, middle, top, parts)
        top += _size(block)[1] + GAP


def _draw(block: Block, middle: float, top: float, parts: list[str]) -> None:
    if isinstance(block, Box):
        _draw_box(block, middle, top, parts)
        return
    height = _size_of_box(block.box)[1]
    if isinstance(block, Loop):
        width, whole = _size(block)
        parts.append(
            f'<rect class="loop" x="{_n(middle - width / 2)}" y="{_n(top + height / 2)}" width="{_n(width)}" '
            f'height="{_n(whole - height / 2)}" rx="8"/>'
        )
        _draw_box(block.box, middle, top, parts)
        parts.append(_line(middle, top + height, middle, top + height + GAP, tip=True))
        _draw_list(block.blocks, middle, top + height + GAP, parts)
        return
    _draw_box(block.box, middle, top, parts)
    columns = [_size_of_column(label, blocks) for label, blocks in block.columns]
    left = middle - (sum(each[0] for each in columns) + SIDE * (len(columns) - 1)) / 2
    for (label, blocks), (width, _) in zip(block.columns, columns, strict=True):
        centre, below = left + width / 2, top + height + GAP
        parts.append(_line(middle, top + height, centre, below, tip=False))
        parts.append(f'<text class="case" x="{_n(centre)}" y="{_n(below + LINE - 5)}">{escape(_cut(label))}</text>')
        _draw_list(blocks, centre, below + LINE + PAD, parts)
        left += width + SIDE


def _draw_box(box: Box, middle: float, top: float, parts: list[str]) -> None:
    width, height = _size_of_box(box)
    kind = box.kind or "start"
    parts.append(
        f'<g class="step {escape(kind)}"><rect x="{_n(middle - width / 2)}" y="{_n(top)}" width="{_n(width)}" '
        f'height="{_n(height)}" rx="5"/>'
    )
    for at, text in enumerate(_texts(box)):
        style = "name" if at == 0 else "line"
        y = top + PAD + LINE * (at + 1) - 5
        parts.append(f'<text class="{style}" x="{_n(middle)}" y="{_n(y)}">{escape(text)}</text>')
    parts.append("</g>")


def _line(x1: float, y1: float, x2: float, y2: float, *, tip: bool) -> str:
    end = ' marker-end="url(#tip)"' if tip else ""
    return f'<path class="edge" d="M{_n(x1)} {_n(y1)}L{_n(x2)} {_n(y2)}"{end}/>'


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
