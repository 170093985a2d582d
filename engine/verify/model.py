"""What a run of tests found, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.plan.model import BusinessException, CanonicalEvent
from engine.source.diagnostic import Diagnostic
from engine.verify.coverage.measure import Coverage


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as expected. ``expected`` and ``actual`` are texts for people; ``about`` says which
    account and amount the field belongs to, or how far apart two amounts are."""

    path: str
    expected: str
    actual: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """What a case led to. ``problems`` are sentences about the case itself: a reply that is missing or unused."""

    outcome: str
    path: tuple[str, ...] = ()
    output: Any = None
    sent: Mapping[str, Any] = field(default_factory=dict)
    attempts: Mapping[str, int] = field(default_factory=dict)
    waits: Mapping[str, float] = field(default_factory=dict)  # seconds, by post step
    emitted: tuple[CanonicalEvent, ...] = ()
    violations: tuple[str, ...] = ()
    exceptions: tuple[BusinessException, ...] = ()
    waits_for: str = ""
    problems: tuple[str, ...] = ()
    steps: frozenset[str] = frozenset()  # the ids of all steps that the flow has
    misfit: str = ""  # the input that does not fit its contract, so that the target was not asked at all


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case. ``target`` is what was tested, such as ``flow:invoice_posted@1``."""

    test: str
    case: str
    target: str
    file: str
    line: int
    differences: tuple[Difference, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    tried: str = ""  # of a case for all inputs: how many were tried, and what they led to

    @property
    def name(self) -> str:
        """``test id/case id``, as outcome tables name it."""
        return f"{self.test}/{self.case}"

    @property
    def passed(self) -> bool:
        return not self.differences and not self.problems


@dataclass(frozen=True, slots=True)
class TestReport:
    """All cases that ran. ``diagnostics`` are why none could, where the workspace does not compile."""

    __test__ = False

    results: tuple[CaseResult, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, str]
    seconds: float
    coverage: Coverage | None = None  # where it was asked for
    problem: str = ""  # why nothing could run, where that is no finding

    @property
    def failures(self) -> tuple[CaseResult, ...]:
        return tuple(result for result in self.results if not result.passed)

    @property
    def passed(self) -> bool:
        return (
            not self.problem
            and not self.diagnostics
            and not self.failures
            and (self.coverage is None or self.coverage.passed)
        )
