"""Runs the cases of a folder and reports them."""

from __future__ import annotations

import json
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases.adapters import adapters
from cases.compare import differences
from cases.model import Adapter, Case, case_of

FAMILIES = ("pricing", "revenue")


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one case; ``problems`` is empty if it gives exactly its number."""

    case: Case
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.problems


def load(folder: Path) -> list[Case]:
    """The cases of a folder's ``pricing.json`` and ``revenue.json``."""
    found = []
    for family in FAMILIES:
        file = folder / f"{family}.json"
        if file.is_file():
            found += [case_of(family, raw) for raw in continued(json.loads(file.read_bytes())["cases"])]
    return found


def continued(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cases, those that continue another one with that one's input too. What they continue is named by its id or
    title; failing that, it is the case of their topic before them."""
    named = {str(raw.get(key)): raw for raw in cases for key in ("title", "id")}
    before: dict[str, dict[str, Any]] = {}
    found = []
    for raw in cases:
        topic = str(raw.get("topic"))
        other = raw["input"].get("continues")
        if other:
            source = named.get(str(other)) or before.get(topic)
            inherited = dict(source["input"]) if source is not None else {}
            raw = {**raw, "input": {**inherited, **raw["input"]}}
        before[topic] = raw
        found.append(raw)
    return found


def run_case(case: Case, known: dict[str, Adapter]) -> Result:
    """Run one case. Whatever goes wrong is a problem of that case alone."""
    adapter = known.get(f"{case.family} {case.name}") or known.get(case.name)  # a name may occur in both families
    if adapter is None:
        return Result(case, (f"no adapter for {case.name}",))
    try:
        actual = adapter(case)
        problems = []
        for key, expected in case.expected.items():
            scale = case.compare_scale.get(key)
            if key not in actual:
                problems.append(f"{key} is missing")
            else:
                problems += differences(expected, actual[key], None if scale is None else int(scale), key)
    except Exception as error:  # a case that cannot run is counted, not hidden
        last = traceback.extract_tb(error.__traceback__)[-1]
        problems = [f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"]
    return Result(case, tuple(problems))


def run_folder(folder: Path) -> list[Result]:
    """Run every case of a folder."""
    known = adapters()
    return [run_case(case, known) for case in load(folder)]


def print_report(results: list[Result], *, verbose: bool = False) -> None:
    """One line per group and topic, the cases that fail, and a last line with the totals."""
    totals: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    for result in results:
        for name in {f"{result.case.family} {result.case.group}", result.case.family}:
            totals[name] += 1
            passed[name] += result.passed
    for name in sorted(set(totals) - set(FAMILIES)):
        print(f"{name.partition(' ')[2]} {passed[name]}/{totals[name]}")
    for result in results:
        if not result.passed:
            shown = result.problems if verbose else result.problems[:1]
            print(f"  {result.case.id} ({result.case.name}): {'; '.join(shown)}")
    print(" ".join(f"{family} {passed[family]}/{totals[family]}" for family in FAMILIES))
