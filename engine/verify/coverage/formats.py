"""Coverage for people and for the systems that show it: a table, Cobertura, lcov, JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import orjson

from engine.report.xml_text import xml_attribute
from engine.verify.coverage.measure import Coverage, FileCoverage
from engine.verify.coverage.points import Point, PointKind

FORMAT_VERSION = 1
_WORDS: dict[PointKind, str] = {
    PointKind.STEP: "steps",
    PointKind.CASE: "cases",
    PointKind.RULE: "rules",
    PointKind.TARGET: "mapped fields",
    PointKind.CLAUSE: "error clauses",
}


def human(coverage: Coverage) -> str:
    """What is reached by kind and by file, and every place that is not."""
    lines = ["Reached by the tests:"]
    for kind, (reached, all_) in coverage.by_kind().items():
        lines.append(f"  {_WORDS[kind]:<14} {reached:>5} of {all_:<5} {100.0 * reached / all_:6.1f} %")
    lines.append(f"  {'in all':<14} {coverage.reached:>5} of {coverage.points:<5} {coverage.percent:6.1f} %")
    missed = [each for each in coverage.files if each.missed]
    if missed:
        lines += ["", "Not reached:"]
    for each in missed:
        lines.append(f"  {each.file}  {each.reached} of {len(each.hits)}, {each.percent:.1f} %")
        lines += [f"    {each.file}:{point.line}  {point.kind} {point.name}" for point in each.missed]
    lines += [f"below the threshold: {said}" for said in coverage.shortfalls()]
    return "\n".join(lines) + "\n"


def as_json(coverage: Coverage) -> dict[str, Any]:
    """The coverage as a JSON-like value."""
    return {
        "format_version": FORMAT_VERSION,
        "percent": round(coverage.percent, 2),
        "reached": coverage.reached,
        "points": coverage.points,
        "passed": coverage.passed,
        "shortfalls": list(coverage.shortfalls()),
        "kinds": {str(kind): {"reached": some, "points": all_} for kind, (some, all_) in coverage.by_kind().items()},
        "files": [
            {
                "file": each.file,
                "percent": round(each.percent, 2),
                "reached": each.reached,
                "points": [
                    {"line": point.line, "kind": str(point.kind), "name": point.name, "hits": count}
                    for point, count in each.hits.items()
                ],
            }
            for each in coverage.files
        ],
    }


def json(coverage: Coverage) -> str:
    """The coverage as JSON text."""
    return orjson.dumps(as_json(coverage), option=orjson.OPT_INDENT_2).decode() + "\n"


def _by_line(each: FileCoverage) -> dict[int, dict[Point, int]]:
    lines: dict[int, dict[Point, int]] = {}
    for point, count in each.hits.items():
        lines.setdefault(point.line, {})[point] = count
    return dict(sorted(lines.items()))


def _hits(points: Mapping[Point, int]) -> int:
    """How often a line was reached: its own point if it has one, else whatever lies on it."""
    own = [count for point, count in points.items() if point.kind in (PointKind.STEP, PointKind.RULE, PointKind.TARGET)]
    return max(own or points.values())


def _branches(points: Mapping[Point, int]) -> list[tuple[Point, int]]:
    return [(point, count) for point, count in points.items() if point.kind in (PointKind.CASE, PointKind.CLAUSE)]


#: The public description of the form, which readers may check it against.
DOCTYPE = '<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">'


def cobertura(coverage: Coverage) -> str:
    """Cobertura's XML: a class per file, a line per line with points, its cases and clauses as conditions."""
    branches = [each for file in coverage.files for each in _branches(file.hits)]
    lines = [count for file in coverage.files for count in map(_hits, _by_line(file).values())]
    taken = sum(count > 0 for _, count in branches)
    reached = sum(count > 0 for count in lines)
    head = (
        f'<coverage line-rate="{_rate(reached, len(lines))}" branch-rate="{_rate(taken, len(branches))}" '
        f'lines-covered="{reached}" lines-valid="{len(lines)}" branches-covered="{taken}" '
        f'branches-valid="{len(branches)}" complexity="0" version="tieout" timestamp="0">'
    )
    text = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        DOCTYPE,
        head,
        "  <sources><source>.</source></sources>",
        "  <packages>",
    ]
    folders: dict[str, list[FileCoverage]] = {}
    for each in coverage.files:
        folders.setdefault(str(PurePosixPath(each.file).parent), []).append(each)
    for folder, files in folders.items():
        text.append(f'    <package name={xml_attribute(folder)} {_rates(files)} complexity="0">')
        text.append("      <classes>")
        for each in files:
            text += _class(each)
        text += ["      </classes>", "    </package>"]
    return "\n".join([*text, "  </packages>", "</coverage>"]) + "\n"


def _class(each: FileCoverage) -> Iterator[str]:
    name = PurePosixPath(each.file).name
    yield (
        f"        <class name={xml_attribute(name)} filename={xml_attribute(each.file)} {_rates([each])} "
        'complexity="0"><methods/><lines>'
    )
    for number, points in _by_line(each).items():
        branches = _branches(points)
        taken = sum(count > 0 for _, count in branches)
        condition = ""
        if branches:
            share = f"{100 * taken // len(branches)}% ({taken}/{len(branches)})"
            condition = f' branch="true" condition-coverage="{share}"'
        yield f'          <line number="{number}" hits="{_hits(points)}"{condition}/>'
    yield "        </lines></class>"


def _rates(files: list[FileCoverage]) -> str:
    lines = [count for each in files for count in map(_hits, _by_line(each).values())]
    branches = [count for each in files for _, count in _branches(each.hits)]
    reached, taken = sum(count > 0 for count in lines), sum(count > 0 for count in branches)
    return f'line-rate="{_rate(reached, len(lines))}" branch-rate="{_rate(taken, len(branches))}"'


def _rate(some: int, all_: int) -> str:
    return f"{some / all_:.4f}" if all_ else "1.0000"


def lcov(coverage: Coverage) -> str:
    """A tracefile of lcov: lines, and cases and clauses as branches of their line."""
    text: list[str] = []
    for each in coverage.files:
        lines = _by_line(each)
        branches = [(number, position, count) for number, points in lines.items()
                    for position, (_, count) in enumerate(_branches(points))]  # fmt: skip
        text += ["TN:", f"SF:{each.file}"]
        hits = {number: _hits(points) for number, points in lines.items()}
        text += [f"BRDA:{number},0,{at},{count if hits[number] else '-'}" for number, at, count in branches]
        text += [f"BRF:{len(branches)}", f"BRH:{sum(count > 0 for *_, count in branches)}"]
        text += [f"DA:{number},{count}" for number, count in hits.items()]
        text += [f"LF:{len(hits)}", f"LH:{sum(count > 0 for count in hits.values())}", "end_of_record"]
    return "\n".join(text) + "\n"


FORMATS: dict[str, Callable[[Coverage], str]] = {"cobertura": cobertura, "lcov": lcov, "json": json}
