"""Every diagnostic code with its meaning: what messages, ``explain`` and the reference page are made from.

A package declares its own codes in a module ``codes`` by calling :func:`register` on import. This module
knows only the names of those modules (never imports them at its own import), so that layers stay in order.
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache

from engine.base.errors import Defect
from engine.base.record import frozen
from engine.source.diagnostic import Level

PREFIXES: tuple[str, ...] = (
    "YAML", "SPEC", "FLOW", "MAP", "EXPR", "TYPE", "MONEY", "SCHEMA", "VERS",
    "SAFE", "POL", "SEC", "CONN", "FIN", "TEST", "DOC", "RUN",
)  # fmt: skip

#: The version that codes without a `since` of their own came with.
FIRST_VERSION = "0.1.0"

#: Modules that declare codes, by dotted name. One that does not exist declares none.
CODE_MODULES: tuple[str, ...] = (
    "engine.source.codes",
    "engine.spec.codes",
    "engine.schema.codes",
    "engine.expr.codes",
    "engine.finance.codes",
    "engine.finance.meter.codes",
    "engine.finance.pricing.codes",
    "engine.finance.proration.codes",
    "engine.finance.totals.codes",
    "engine.finance.wallet.codes",
    "engine.finance.commission.codes",
    "engine.finance.revenue.codes",
    "engine.finance.journal.codes",
    "engine.finance.settlement.codes",
    "engine.finance.metrics.codes",
    "engine.connect.codes",
    "engine.plan.codes",
    "engine.lint.codes",
    "engine.lint.codes_money",
    "engine.store.codes",
    "engine.run.codes",
    "engine.verify.codes",
    "engine.reconcile.codes",
    "engine.release.codes",
    "engine.observe.codes",
    "engine.serve.codes",
)


@frozen
class Code:
    """One kind of finding. ``code`` is never reused or renumbered; ``name`` is its name in kebab case.

    ``avoid`` and ``prefer`` are fragments of the file the finding is about, ``why`` says what would go
    wrong, ``fixable`` whether an edit is offered. ``exceptions`` says when it is right to accept the finding
    (empty: never), ``since`` in which version of the program it came.
    """

    code: str
    name: str
    level: Level
    summary: str
    avoid: str = ""
    prefer: str = ""
    why: str = ""
    fixable: bool = False
    exceptions: str = ""
    since: str = FIRST_VERSION

    @property
    def prefix(self) -> str:
        return self.code.rstrip("0123456789")

    def sort_key(self) -> tuple[int, str]:
        return (PREFIXES.index(self.prefix), self.code)


CODES: dict[str, Code] = {}


def register(*codes: Code) -> None:
    """Add codes to the catalogue. Raises Defect for an unknown prefix, a wrong form or a number used twice."""
    for code in codes:
        number = code.code[len(code.prefix) :]
        if code.prefix not in PREFIXES or len(number) != 3:
            raise Defect(f"{code.code} is not a code: use a known prefix and three digits")
        known = CODES.get(code.code)
        if known is not None and known != code:
            raise Defect(f"{code.code} is declared twice: {known.name} and {code.name}")
        CODES[code.code] = code


def load_all() -> dict[str, Code]:
    """Every code of every package that exists, in order of prefix and number."""
    _import_modules()
    return dict(sorted(CODES.items(), key=lambda entry: entry[1].sort_key()))


@cache
def _import_modules() -> None:
    for name in CODE_MODULES:
        package = name.rpartition(".")[0]
        if importlib.util.find_spec(package) is not None and importlib.util.find_spec(name) is not None:
            importlib.import_module(name)


def find_code(code: str) -> Code | None:
    """The code, in any letter case, or None."""
    _import_modules()
    return CODES.get(code.upper())


def sections(code: Code) -> list[tuple[str, str, bool]]:
    """What is told of a code after its summary, in order: title, text, and whether the text is a fragment of a file."""
    fix = "Yes, by `tieout lint --fix`; where the finding says so, with `--unsafe`." if code.fixable else "No."
    told = [
        ("Avoid", code.avoid, True),
        ("Prefer", code.prefer, True),
        ("Why", code.why, False),
        ("Exceptions", code.exceptions or "None.", False),
        ("Fixable", fix, False),
        ("Since", code.since, False),
    ]
    return [section for section in told if section[1]]


def as_markdown(codes: dict[str, Code]) -> str:
    """The reference page of all codes."""
    lines = [
        "# Diagnostic codes",
        "",
        "Written from the catalogue; `tieout explain CODE` prints one entry. Codes are never reused or renumbered.",
        "",
    ]
    for code in codes.values():
        lines += [f"## {code.code} {code.name}", "", f"{code.level.capitalize()}. {code.summary}", ""]
        for title, text, is_fragment in sections(code):
            lines += [f"{title}:", "", "```yaml", text, "```", ""] if is_fragment else [f"{title}: {text}", ""]
    return "\n".join(lines).rstrip("\n") + "\n"
